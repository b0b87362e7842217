//! How long ago something was, as kubectl says it.

use jiff::Timestamp;

/// The time between two moments in the largest units that say enough: 45s, 3m20s, 12m, 5h, 2d3h, 40d.
pub fn age(since: Option<Timestamp>, now: Timestamp) -> String {
    let Some(since) = since else { return "<unknown>".to_owned() };
    let seconds = now.as_second().saturating_sub(since.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let pair = |large: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{small_unit}"),
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(days, "d", hours % 24, "h"),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_has_at_most_two_units() {
        let now = Timestamp::UNIX_EPOCH;
        for (seconds, expected) in [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (720, "12m"),
            (10_860, "3h1m"),
            (36_000, "10h"),
            (183_600, "2d3h"),
            (172_800, "2d"),
            (3_456_000, "40d"),
        ] {
            let since = Timestamp::from_second(-seconds).unwrap();
            assert_eq!(age(Some(since), now), expected, "{seconds}");
        }
        assert_eq!(age(None, now), "<unknown>");
    }
}
