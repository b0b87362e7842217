//! What users are told of the writes to pods (upstream: `RealPodControl` in pkg/controller/controller_utils.go).

use mainstay_engine::Store;
use mainstay_model::{
    CreatePod, DeletePod, Event, EventType, Kind, ObjectName, ObjectReference, Refusal,
    ReplicationController, Write, WriteOutcome,
};

const COMPONENT: &str = "replication-controller";

/// The event for a write that has ended; none where the ReplicationController that it would be about is gone.
pub(crate) fn report(
    store: &Store,
    key: &ObjectName,
    write: &Write,
    outcome: &WriteOutcome,
) -> Option<Event> {
    let controller = store.replication_controllers().get(key)?;
    let (event_type, reason, message) = match write {
        Write::CreatePod(create) if create.owner.uid == controller.meta.uid => created(create, outcome)?,
        Write::DeletePod(delete) => deleted(delete, outcome)?,
        // Of the others it sends, nobody is told; the rest it never sends.
        _ => return None,
    };
    Some(about(controller, event_type, reason, message))
}

/// An event about a ReplicationController.
pub(crate) fn about(
    controller: &ReplicationController,
    event_type: EventType,
    reason: &'static str,
    message: String,
) -> Event {
    Event {
        regarding: ObjectReference::of(Kind::ReplicationController, &controller.meta),
        event_type,
        reason,
        message,
        component: COMPONENT,
    }
}

type Words = (EventType, &'static str, String);

fn created(create: &CreatePod, outcome: &WriteOutcome) -> Option<Words> {
    let message = match outcome {
        WriteOutcome::Acknowledged { .. } => {
            let message = format!("Created pod: {}", create.pod.name);
            return Some((EventType::Normal, "SuccessfulCreate", message));
        }
        // A name that is in use is settled by the engine; in a namespace that goes away no create can succeed, which
        // is nobody's fault; and what was not sent has not failed.
        WriteOutcome::Refused(Refusal::AlreadyExists | Refusal::NamespaceTerminating { .. })
        | WriteOutcome::NotSent { .. } => return None,
        WriteOutcome::Refused(refusal) => refusal.message(),
        WriteOutcome::Unknown { message } => message,
    };
    Some((EventType::Warning, "FailedCreate", format!("Error creating: {message}")))
}

fn deleted(delete: &DeletePod, outcome: &WriteOutcome) -> Option<Words> {
    let message = match outcome {
        WriteOutcome::Acknowledged { .. } => {
            let message = format!("Deleted pod: {}", delete.pod.name);
            return Some((EventType::Normal, "SuccessfulDelete", message));
        }
        WriteOutcome::NotSent { .. } => return None,
        WriteOutcome::Refused(refusal) => refusal.message(),
        WriteOutcome::Unknown { message } => message,
    };
    Some((EventType::Warning, "FailedDelete", format!("Error deleting: {message}")))
}
