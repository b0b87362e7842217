//! Faults that a person puts at a place of their choice, beside those that are drawn.

use std::fmt;
use std::time::Duration;

use crate::fault::Fault;

/// A fault at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Injection {
    /// What happens.
    pub fault: Fault,
    /// Where or when.
    pub place: Place,
}

/// Where or when a fault happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// At so many occasions of that name, from 0: a write by its verb, `lease`, `read`, `list` or `watch`.
    Occasion {
        /// The name, as in the table of what was covered.
        what: String,
        /// Which one.
        number: u64,
    },
    /// At a time.
    Time {
        /// After the beginning of the world.
        at: Duration,
        /// For how long it lasts, if it does.
        lasts: Duration,
    },
}

impl Injection {
    /// Reads `answer-lost@create:3` or `freeze@30:20`, the latter in seconds.
    pub fn parse(text: &str) -> Result<Injection, String> {
        let wanted = || {
            format!(
                "{text}: wanted is FAULT@OCCASION:NUMBER as in answer-lost@create:3, or FAULT@SECOND[:SECONDS] as in freeze@30:20"
            )
        };
        let (name, place) = text.split_once('@').ok_or_else(wanted)?;
        let fault = *Fault::ALL.iter().find(|fault| fault.name() == name).ok_or_else(wanted)?;
        let (first, second) = place.split_once(':').unwrap_or((place, "0"));
        let seconds = |text: &str| {
            let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            seconds.ok_or_else(wanted)
        };
        let place = match (seconds(first), Fault::AT_TIMES.contains(&fault)) {
            (Ok(at), true) => Place::Time { at, lasts: seconds(second)? },
            (Err(_), false) => {
                let number = second.parse().map_err(|_| wanted())?;
                Place::Occasion { what: first.to_owned(), number }
            }
            (Ok(_), false) => {
                return Err(format!("{text}: {fault} needs an occasion, as in {fault}@create:0"));
            }
            (Err(_), true) => return Err(format!("{text}: {fault} needs a time, as in {fault}@30:20")),
        };
        Ok(Injection { fault, place })
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Occasion { what, number } => write!(f, "{}@{what}:{number}", self.fault),
            Place::Time { at, lasts } => {
                write!(f, "{}@{}:{}", self.fault, at.as_secs_f64(), lasts.as_secs_f64())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_reads_as_it_prints() {
        for text in ["answer-lost@create:3", "freeze@30:20", "crash@12.5:0", "event-lost@watch:0"] {
            assert_eq!(Injection::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Injection::parse("crash@7").unwrap().to_string(), "crash@7:0");
        for text in ["crash@create:1", "answer-lost@30", "answer-lost", "earthquake@3", "crash@x", "crash@-1"]
        {
            assert!(Injection::parse(text).is_err(), "{text}");
        }
    }
}
