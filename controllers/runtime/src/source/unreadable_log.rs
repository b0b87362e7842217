//! Says which objects cannot be read, without filling the log when there are many.

use std::time::{Duration, Instant};

use mainstay_model::{Kind, ObjectName};
use mainstay_wire::DecodeError;

/// So many are named in each period; the others are counted.
const NAMED_PER_PERIOD: u32 = 10;
const PERIOD: Duration = Duration::from_secs(60);

/// The log of one source.
pub(super) struct UnreadableLog {
    kind: Kind,
    period_began: Option<Instant>,
    named: u32,
    unnamed: u64,
}

impl UnreadableLog {
    pub(super) fn new(kind: Kind) -> UnreadableLog {
        UnreadableLog { kind, period_began: None, named: 0, unnamed: 0 }
    }

    /// Names the object, or counts it for the next line.
    pub(super) fn log(&mut self, now: Instant, object: Option<&ObjectName>, error: &DecodeError) {
        if self.period_began.is_none_or(|began| now.saturating_duration_since(began) >= PERIOD) {
            self.period_began = Some(now);
            self.named = 0;
        }
        if self.named >= NAMED_PER_PERIOD {
            self.unnamed += 1;
            return;
        }
        self.named += 1;
        tracing::error!(
            kind = %self.kind,
            object = object.map_or_else(|| "unknown".to_owned(), ToString::to_string),
            error = %error,
            more_since_the_last_line = std::mem::take(&mut self.unnamed),
            "an object cannot be read; what was known of it before stays"
        );
    }
}
