//! Answers of both sides in the same words, which are compared and counted.

use mainstay_model::{Refusal, WriteOutcome};
use mainstay_runtime::connection::Answer;
use mainstay_sim::api::refused::Refused;
use mainstay_wire::{ServerStatus, answer};

/// The model's words.
pub fn said<T>(result: &Result<T, Refused>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(Refused { code, reason, cause }) => format!("{code} {reason} {cause}").trim_end().to_owned(),
    }
}

/// The server's words, in the same form.
pub fn answered(found: &Answer) -> String {
    if (200..300).contains(&found.code) {
        return "done".to_owned();
    }
    status_words(&answer::status(found.code, &found.body))
}

/// An error of the server in the form of [`said`]. Of the causes those count on which our clients depend.
pub fn status_words(status: &ServerStatus) -> String {
    let matters =
        |cause: &&String| ["NamespaceTerminating", "ResourceVersionTooLarge"].contains(&cause.as_str());
    let cause = status.cause_reasons.iter().find(matters).map_or("", String::as_str);
    format!("{} {} {cause}", status.code, status.reason).trim_end().to_owned()
}

/// How a write has ended, without the words for people.
pub fn ended(outcome: &WriteOutcome) -> String {
    match outcome {
        WriteOutcome::Acknowledged { .. } => "acknowledged".to_owned(),
        WriteOutcome::Refused(refusal) => match refusal {
            Refusal::AlreadyExists => "refused: AlreadyExists".to_owned(),
            Refusal::Conflict { .. } => "refused: Conflict".to_owned(),
            Refusal::NotFound { .. } => "refused: NotFound".to_owned(),
            Refusal::NamespaceTerminating { .. } => "refused: NamespaceTerminating".to_owned(),
            Refusal::Forbidden { .. } => "refused: Forbidden".to_owned(),
            Refusal::Invalid { .. } => "refused: Invalid".to_owned(),
            other => format!("refused: {other:?}"),
        },
        other => format!("{other:?}"),
    }
}
