//! Times: as protobuf messages and as RFC 3339 text.

use mainstay_model::Timestamp;

use crate::protobuf::meta::Time;

/// 0001-01-01T00:00:00Z, which Go holds for "no time".
const ZERO_TIME_SECONDS: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can write.
const LAST_SECOND: i64 = 253_402_300_799;

/// Reads a time with the precision of objects, a second; nanoseconds are ignored, as the apiserver does.
pub(crate) fn from_time(time: Option<&Time>) -> Option<Timestamp> {
    seconds(time?).map(Timestamp::from_seconds)
}

/// Reads a time with the precision of leases, a microsecond.
pub(crate) fn from_micro_time(time: Option<&Time>) -> Option<Timestamp> {
    let time = time?;
    let whole = Timestamp::from_seconds(seconds(time)?);
    Some(Timestamp(whole.0.saturating_add(i64::from(time.nanos.unwrap_or(0) / 1000))))
}

fn seconds(time: &Time) -> Option<i64> {
    if time.seconds.is_none() && time.nanos.is_none() {
        return None;
    }
    Some(time.seconds.unwrap_or(0)).filter(|seconds| *seconds != ZERO_TIME_SECONDS)
}

/// Writes a time with the precision of a second.
pub(crate) fn to_time(timestamp: Timestamp) -> Time {
    Time { seconds: Some(timestamp.seconds()), nanos: Some(0) }
}

/// Writes a time with the precision of a microsecond.
pub(crate) fn to_micro_time(timestamp: Timestamp) -> Time {
    let nanos = timestamp.0.rem_euclid(1_000_000).saturating_mul(1000);
    Time { seconds: Some(timestamp.seconds()), nanos: Some(i32::try_from(nanos).unwrap_or(0)) }
}

/// Reads a time in the form of RFC 3339, to the microsecond.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(|time: jiff::Timestamp| Timestamp(time.as_microsecond()))
}

/// Writes a time as RFC 3339 with the precision of a second; `None` for a time that this form cannot express.
pub(crate) fn to_rfc3339(timestamp: Timestamp) -> Option<String> {
    let seconds =
        Some(timestamp.seconds()).filter(|seconds| (ZERO_TIME_SECONDS..=LAST_SECOND).contains(seconds))?;
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}
