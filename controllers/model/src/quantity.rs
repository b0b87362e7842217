//! Quantities, such as `500m`, `2Gi` or `7`: texts that are kept as they came, and are numbers when they are compared or added.
//!
//! Upstream: apimachinery/pkg/api/resource/quantity.go, which never writes more than nine places behind the point.

use std::cmp::Ordering;

/// Compares two quantities; `None` if either is none, or too large to tell.
pub fn compare(left: &str, right: &str) -> Option<Ordering> {
    Some(billionths(left)?.cmp(&billionths(right)?))
}

/// The quantity in billionths; `None` if it is none, or too large to tell.
pub fn billionths(text: &str) -> Option<i128> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let (number, suffix) = (digits.get(..end)?, digits.get(end..)?);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_readable =
        fraction.len() <= 9 && !fraction.contains('.') && !(whole.is_empty() && fraction.is_empty());
    let value: i128 = format!("{whole}{fraction:0<9}").parse().ok().filter(|_| is_readable)?;
    let value = scaled(value, suffix)?;
    Some(if is_negative { -value } else { value })
}

fn scaled(value: i128, suffix: &str) -> Option<i128> {
    let by_tens = |exponent: i32| {
        let factor = 10_i128.checked_pow(exponent.unsigned_abs())?;
        if exponent < 0 { Some(value / factor) } else { value.checked_mul(factor) }
    };
    match suffix {
        "" => Some(value),
        "n" => by_tens(-9),
        "u" => by_tens(-6),
        "m" => by_tens(-3),
        "k" => by_tens(3),
        "M" => by_tens(6),
        "G" => by_tens(9),
        "T" => by_tens(12),
        "P" => by_tens(15),
        "E" => by_tens(18),
        "Ki" => value.checked_mul(1 << 10),
        "Mi" => value.checked_mul(1 << 20),
        "Gi" => value.checked_mul(1 << 30),
        "Ti" => value.checked_mul(1 << 40),
        "Pi" => value.checked_mul(1 << 50),
        "Ei" => value.checked_mul(1 << 60),
        exponent => by_tens(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_compared_by_what_they_mean() {
        let ascending = [
            "-1", "0", "1n", "1u", "0.5m", "1m", "999m", "1", "1.5", "9", "10", "1k", "1Ki", "1500", "2e3",
            "1M", "1Mi", "1G", "1Gi", "1T", "1Ti", "1P", "1Pi", "1E", "1Ei",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Some(Ordering::Less), "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Some(Ordering::Greater), "{pair:?}");
        }
        for (left, right) in
            [("1000m", "1"), ("1.0", "1"), ("+1", "1"), ("1024Mi", "1Gi"), ("1E3", "1k"), (".5", "500m")]
        {
            assert_eq!(compare(left, right), Some(Ordering::Equal), "{left} {right}");
        }
    }

    #[test]
    fn quantities_can_be_added_as_billionths() {
        assert_eq!(billionths("1500m"), Some(1_500_000_000));
        assert_eq!(billionths("-2"), Some(-2_000_000_000));
        assert_eq!(billionths("two"), None);
    }

    #[test]
    fn what_is_no_quantity_compares_with_nothing() {
        let long = "9".repeat(60);
        for text in [
            "",
            ".",
            "-",
            "x",
            "1x",
            "1.2.3",
            "1e",
            "1e999999999",
            "--1",
            "1 ",
            "é",
            "1Kié",
            "0.0000000001",
            "9e30",
            &long,
        ] {
            assert_eq!(compare(text, "1"), None, "{text}");
        }
    }
}
