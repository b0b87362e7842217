//! How long most of many things took.

use std::time::Duration;

/// The time, in milliseconds, within which this share of them was done; `None` of none. They are in order.
pub fn milliseconds(took: &[Duration], share: f64) -> Option<f64> {
    let index = (took.len() as f64 * share) as usize;
    took.get(index).map(|took| took.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_may_take_longer() {
        let took: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(milliseconds(&took, 0.5), Some(101.0));
        assert_eq!(milliseconds(&took, 0.99), Some(199.0));
        assert_eq!(milliseconds(&took[..1], 0.99), Some(1.0));
        assert_eq!(milliseconds(&[], 0.5), None);
    }
}
