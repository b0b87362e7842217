//! Which ends of writes are failures that users are told of.

use mainstay_model::{Refusal, WriteOutcome};

/// What went wrong. Nothing did where somebody else was faster, where the namespace goes away, or where nothing was sent.
pub(crate) fn failure(outcome: &WriteOutcome) -> Option<&str> {
    match outcome {
        WriteOutcome::Acknowledged { .. }
        | WriteOutcome::NotSent { .. }
        | WriteOutcome::Refused(
            Refusal::AlreadyExists
            | Refusal::Conflict { .. }
            | Refusal::NotFound { .. }
            | Refusal::NamespaceTerminating { .. },
        ) => None,
        WriteOutcome::Refused(refusal) => Some(refusal.message()),
        WriteOutcome::Unknown { message } => Some(message),
    }
}
