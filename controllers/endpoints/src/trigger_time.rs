//! When something happened that an object's content answers to: the annotation that kube-proxy measures its delay from.
//!
//! Upstream's `TriggerTimeTracker` (k8s.io/endpointslice) remembers what it has seen of each pod. Here nothing is
//! remembered: what was published before says which pods have changed. A first write answers to the service's creation; any
//! other one to the earliest change of readiness among those pods that are now published otherwise than before. Pods that
//! only left, or only began to terminate, have no such time: their last change of readiness may be long ago, and is not what
//! made the difference. Without any time the annotation goes.
//!
//! So, other than upstream: after a restart of this program, a change is not said to be as old as the service.

use std::fmt::Write as _;

use mainstay_model::{LabelSet, Name, Pod, Service, Timestamp};

/// The annotation.
pub(crate) const LAST_CHANGE_TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The time that the first write for a service answers to.
pub(crate) fn of_first_write(service: &Service) -> Option<Timestamp> {
    service.meta.created
}

/// The time that a later write answers to: `pods` are those that are published anew, or with another readiness than before.
pub(crate) fn of_changes<'a>(pods: impl IntoIterator<Item = &'a Pod>) -> Option<Timestamp> {
    pods.into_iter().filter_map(|pod| pod.ready_since).min()
}

/// The annotations with this time, or without any.
pub(crate) fn annotate(annotations: &LabelSet, time: Option<Timestamp>) -> LabelSet {
    let others = annotations.iter().filter(|(key, _)| ***key != *LAST_CHANGE_TRIGGER_TIME);
    let own = time.map(|time| (Name::from(LAST_CHANGE_TRIGGER_TIME), Name::from(rfc3339(time))));
    LabelSet::new(others.map(|(key, value)| (key.clone(), value.clone())).chain(own))
}

/// A time as RFC 3339 has it, in UTC, with as many decimals as it needs.
fn rfc3339(time: Timestamp) -> String {
    let (days, second) = (time.seconds().div_euclid(86_400), time.seconds().rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let micros = time.0.rem_euclid(1_000_000);
    if micros != 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ".{micros:06}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('Z');
    text
}

/// Year, month and day of a day that is counted from 1970-01-01, in the Gregorian calendar. Years are taken to begin in
/// March, so that the leap day is the last one.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"),
            (951_868_799_000_000, "2000-02-29T23:59:59Z"),
            (1_709_251_199_500_000, "2024-02-29T23:59:59.5Z"),
            (1_735_689_600_000_010, "2025-01-01T00:00:00.00001Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in cases {
            assert_eq!(rfc3339(Timestamp(micros)), text);
        }
    }
}
