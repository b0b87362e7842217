//! Durations as Go programs write them: `500ms`, `15s`, `1h30m`, `1.5h`.

use std::time::Duration;

use thiserror::Error;

/// The units, and how many nanoseconds each has. Both of Unicode's micro signs are in use.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Why a text is no duration.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DurationError {
    #[error("is empty; {HOW}")]
    Empty,
    #[error("is negative; {HOW}")]
    Negative,
    #[error("has no number where one is needed, at {0:?}; {HOW}")]
    NoNumber(String),
    #[error("has no unit after {0}; {HOW}")]
    NoUnit(String),
    #[error("has the unit {0:?}, which is none of ns, us, ms, s, m, h; {HOW}")]
    UnknownUnit(String),
    #[error("is too long; the longest duration is about 292 years")]
    TooLong,
}

const HOW: &str = "a duration is written like 500ms, 15s, 2m or 1h30m";

/// Reads a duration: numbers, each followed by its unit, and added up. A lone `0` needs no unit.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    if unsigned.starts_with('-') {
        return Err(DurationError::Negative);
    }
    if unsigned == "0" {
        return Ok(Duration::ZERO);
    }
    if unsigned.is_empty() {
        return Err(DurationError::Empty);
    }
    let mut rest = unsigned;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (number, after_number) = split_at_first(rest, |letter| !letter.is_ascii_digit() && letter != '.');
        let (unit, after_unit) =
            split_at_first(after_number, |letter| letter.is_ascii_digit() || letter == '.');
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(DurationError::NoNumber(rest.to_owned()));
        }
        if unit.is_empty() {
            return Err(DurationError::NoUnit(number.to_owned()));
        }
        let nanoseconds = UNITS
            .iter()
            .find_map(|(name, nanoseconds)| (*name == unit).then_some(*nanoseconds))
            .ok_or_else(|| DurationError::UnknownUnit(unit.to_owned()))?;
        total = scale(whole, fraction, nanoseconds)
            .and_then(|part| total.checked_add(part))
            .ok_or(DurationError::TooLong)?;
        rest = after_unit;
    }
    // Go counts in signed nanoseconds; a longer duration could not be handed to a program of its kind.
    let nanoseconds = i64::try_from(total).map_err(|_| DurationError::TooLong)?;
    Ok(Duration::from_nanos(nanoseconds.unsigned_abs()))
}

/// `whole.fraction` times the unit, in nanoseconds, rounded down.
fn scale(whole: &str, fraction: &str, unit: u128) -> Option<u128> {
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Digits beyond these are less than a nanosecond of the largest unit.
    let fraction = fraction.get(..fraction.len().min(18))?;
    let numerator: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let denominator = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    whole.checked_mul(unit)?.checked_add(numerator.checked_mul(unit)? / denominator)
}

fn split_at_first(text: &str, stops: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stops).unwrap_or(text.len()))
}

/// Writes a duration as [`parse`] reads it, in the largest units that need no fraction: `2m`, `90s` as `1m30s`.
pub fn show(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    for (unit, nanoseconds) in UNITS.iter().rev().filter(|(unit, _)| !matches!(*unit, "µs" | "μs")) {
        let count = rest / nanoseconds;
        rest %= nanoseconds;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_read_alike() {
        let milliseconds = Duration::from_millis;
        for (text, expected) in [
            ("0", Duration::ZERO),
            ("+0", Duration::ZERO),
            ("0s", Duration::ZERO),
            ("5s", milliseconds(5_000)),
            ("+5s", milliseconds(5_000)),
            ("30s", milliseconds(30_000)),
            ("500ms", milliseconds(500)),
            ("2m", milliseconds(120_000)),
            ("1h30m", milliseconds(5_400_000)),
            ("1.5h", milliseconds(5_400_000)),
            ("5.s", milliseconds(5_000)),
            (".5s", milliseconds(500)),
            ("5.004s", milliseconds(5_004)),
            ("1h15m30.918s", milliseconds(4_530_918)),
            ("10m10m", milliseconds(1_200_000)),
            ("12µs", Duration::from_micros(12)),
            ("12μs", Duration::from_micros(12)),
            ("12us", Duration::from_micros(12)),
            ("1.9ns", Duration::from_nanos(1)),
            ("0.3333333333333333333333h", Duration::from_nanos(1_199_999_999_999)),
            ("9223372036854775807ns", Duration::from_nanos(i64::MAX.unsigned_abs())),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        let text = |text: &str| text.to_owned();
        for (input, expected) in [
            ("", DurationError::Empty),
            ("+", DurationError::Empty),
            ("-5s", DurationError::Negative),
            ("15", DurationError::NoUnit(text("15"))),
            ("1m15", DurationError::NoUnit(text("15"))),
            ("1d", DurationError::UnknownUnit(text("d"))),
            ("2 m", DurationError::UnknownUnit(text(" m"))),
            ("2minutes", DurationError::UnknownUnit(text("minutes"))),
            ("15S", DurationError::UnknownUnit(text("S"))),
            (" 15s", DurationError::NoNumber(text(" 15s"))),
            ("s", DurationError::NoNumber(text("s"))),
            (".s", DurationError::NoNumber(text(".s"))),
            ("1.2.3s", DurationError::NoNumber(text("1.2.3s"))),
            ("9223372036854775808ns", DurationError::TooLong),
            ("3000000h", DurationError::TooLong),
            ("99999999999999999999999999999999999999999h", DurationError::TooLong),
        ] {
            assert_eq!(parse(input), Err(expected), "{input}");
        }
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for text in ["0s", "15s", "2m", "1m30s", "500ms", "1h0m1s", "1h30m", "12us", "1s1ns"] {
            let duration = parse(text).unwrap();
            assert_eq!(parse(&show(duration)), Ok(duration), "{text}");
        }
        assert_eq!(show(Duration::from_secs(5_400)), "1h30m");
        assert_eq!(show(Duration::ZERO), "0s");
    }
}
