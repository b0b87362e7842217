//! What users are told.

use mainstay_engine::Store;
use mainstay_model::sidecar_workload::IN_PLACE_ANNOTATION;
use mainstay_model::{
    Event, EventType, Kind, ObjectName, ObjectReference, PatchPod, Refusal, SidecarWorkload, Write,
    WriteOutcome,
};

use crate::step::{Phase, Step};

const COMPONENT: &str = "sidecarworkload-controller";

type Words = (EventType, &'static str, String);

/// The event for a write that has ended; none where the SidecarWorkload that it would be about is gone.
pub(crate) fn report(
    store: &Store,
    key: &ObjectName,
    write: &Write,
    outcome: &WriteOutcome,
) -> Option<Event> {
    let workload = store.sidecar_workloads().get(key)?;
    let (event_type, reason, message) = match outcome {
        WriteOutcome::Acknowledged { .. } => done(write)?,
        WriteOutcome::Refused(refusal) => refused(write, refusal)?,
        // Whether it was done will be seen; what was not sent has not failed.
        WriteOutcome::Unknown { .. } | WriteOutcome::NotSent { .. } => return None,
    };
    Some(about(workload, event_type, reason, message))
}

/// An event about a SidecarWorkload.
pub(crate) fn about(
    workload: &SidecarWorkload,
    event_type: EventType,
    reason: &'static str,
    message: String,
) -> Event {
    Event {
        regarding: ObjectReference::of(Kind::SidecarWorkload, &workload.meta),
        event_type,
        reason,
        message,
        component: COMPONENT,
    }
}

fn done(write: &Write) -> Option<Words> {
    let (reason, message) = match write {
        Write::CreatePod(create) => ("PodCreated", format!("Created pod {}", create.pod.name)),
        Write::DeletePod(delete) => ("PodDeleted", format!("Deleted pod {}", delete.pod.name)),
        Write::CreateControllerRevision(create) => {
            ("RevisionCreated", format!("Created revision {}", create.revision.name))
        }
        Write::PatchPod(patch) => return patched(patch),
        _ => return None,
    };
    Some((EventType::Normal, reason, message))
}

fn patched(patch: &PatchPod) -> Option<Words> {
    let pod = &patch.pod.name;
    let (_, step) = patch.annotations.iter().find(|(key, _)| **key == *IN_PLACE_ANNOTATION)?;
    let Some(text) = step else {
        return Some((EventType::Normal, "InPlaceCompleted", format!("Pod {pod} is of its revision")));
    };
    let step = Step::read(text)?;
    let image = patch.images.first().map(|image| &*image.image).unwrap_or_default();
    let Step { container, revision, .. } = &step;
    Some(match step.phase {
        Phase::Drain if step.left.is_some() => return None,
        Phase::Drain => (
            EventType::Normal,
            "InPlaceStarted",
            format!("Pod {pod} leaves its services before container {container} is replaced"),
        ),
        // A note that it has come up, which is nothing yet, or of when it began.
        Phase::Replace | Phase::Revert if patch.images.is_empty() => return None,
        Phase::Replace => (
            EventType::Normal,
            "InPlaceStarted",
            format!("Container {container} of pod {pod} gets image {image}, for revision {revision}"),
        ),
        Phase::Revert => (
            EventType::Warning,
            "InPlaceReverted",
            format!("Container {container} of pod {pod} gets image {image} back"),
        ),
    })
}

fn refused(write: &Write, refusal: &Refusal) -> Option<Words> {
    let message = refusal.message();
    match (write, refusal) {
        // A name that is in use is settled by the engine; in a namespace that goes away no create can succeed, which is nobody's fault.
        (_, Refusal::AlreadyExists | Refusal::NamespaceTerminating { .. } | Refusal::Conflict { .. }) => None,
        (Write::CreatePod(_), Refusal::Forbidden { message }) if message.contains("exceeded quota") => {
            Some((EventType::Warning, "QuotaExceeded", format!("Error creating pod: {message}")))
        }
        (Write::CreatePod(_), _) => {
            Some((EventType::Warning, "FailedCreate", format!("Error creating pod: {message}")))
        }
        (Write::DeletePod(_), _) => {
            Some((EventType::Warning, "FailedDelete", format!("Error deleting pod: {message}")))
        }
        (Write::PatchPod(patch), _) => Some((
            EventType::Warning,
            "FailedUpdate",
            format!("Error patching pod {}: {message}", patch.pod.name),
        )),
        _ => None,
    }
}
