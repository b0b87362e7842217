//! Answers to everything but lists and watches.

use std::time::Duration;

use bytes::Bytes;
use mainstay_model::{
    Found, Kind, LeaseRecord, ObservedLease, ReadOutcome, Refusal, ResourceVersion, Write, WriteOutcome,
};
use prost::Message;

use crate::convert::metadata::{self, lossy};
use crate::convert::object;
use crate::envelope;
use crate::error::DecodeError;
use crate::list;
use crate::protobuf::coordination::Lease;
use crate::protobuf::meta::ObjectMeta;
pub use crate::status::ServerStatus;
use crate::time;

/// Words of both messages with which an apiserver refuses a delete whose UID does not fit (apiserver:
/// `Preconditions.Check` in pkg/storage/interfaces.go and `BeforeDelete` in pkg/registry/rest/delete.go). The Status itself
/// says no more than Conflict, which it also says where two writers met.
const UID_CONFLICTS: [&str; 2] = ["UID in precondition", "the UID in the precondition"];

/// What the server's answer says of a write.
///
/// A delete whose object is gone has succeeded, and so has that of a pod whose name belongs to another UID by now. An answer that does not tell whether the
/// write was executed is `Unknown`: a 5xx can come after the commit, a redirect from a proxy, 408 from either side.
/// `retry_after` is the header of that name; without it the Status is asked.
pub fn outcome(write: &Write, code: u16, retry_after: Option<Duration>, body: &[u8]) -> WriteOutcome {
    if (200..300).contains(&code) {
        return WriteOutcome::Acknowledged { version: object_version(body) };
    }
    let status = ServerStatus::read(code, body);
    if is_done(write, &status) {
        return WriteOutcome::Acknowledged { version: None };
    }
    let message = describe(&status);
    match code {
        408 => WriteOutcome::Unknown { message },
        400..500 => WriteOutcome::Refused(refusal(write, status, retry_after, message)),
        _ => WriteOutcome::Unknown { message },
    }
}

/// What the server's answer to a live read says. A 404 counts only in the apiserver's own words: that of a proxy says
/// nothing about the object.
pub fn read(kind: Kind, code: u16, body: &[u8]) -> ReadOutcome {
    if (200..300).contains(&code) {
        return match found(kind, body) {
            Ok(found) => ReadOutcome::Found(found),
            Err(error) => ReadOutcome::Failed { message: error.to_string() },
        };
    }
    let status = ServerStatus::read(code, body);
    if code == 404 && status.reason == "NotFound" {
        return ReadOutcome::NotFound;
    }
    ReadOutcome::Failed { message: describe(&status) }
}

/// The error in an answer, in whichever encoding it came.
pub fn status(code: u16, body: &[u8]) -> ServerStatus {
    ServerStatus::read(code, body)
}

/// The lease in an answer.
pub fn lease(body: &[u8]) -> Result<ObservedLease, DecodeError> {
    let raw = envelope::open_kind("lease", "Lease", Bytes::copy_from_slice(body))?;
    let lease = Lease::decode(raw).map_err(|source| DecodeError::Malformed { field: "Lease", source })?;
    let metadata = lease.metadata.unwrap_or_default();
    let spec = lease.spec.unwrap_or_default();
    Ok(ObservedLease {
        record: LeaseRecord {
            holder: spec.holder_identity.as_deref().map(lossy).unwrap_or_default(),
            duration_seconds: spec.lease_duration_seconds.unwrap_or(0),
            acquired: time::from_micro_time(spec.acquire_time.as_ref()),
            renewed: time::from_micro_time(spec.renew_time.as_ref()),
            transitions: spec.lease_transitions.unwrap_or(0),
        },
        version: metadata::version(&metadata.resource_version)?,
    })
}

/// The version in the answer to [`crate::request::newest_version`].
pub fn newest_version(body: &[u8]) -> Result<ResourceVersion, DecodeError> {
    list::version(body)
}

fn refusal(write: &Write, status: ServerStatus, retry_after: Option<Duration>, message: String) -> Refusal {
    let code = status.code;
    match code {
        403 if status.cause_reasons.iter().any(|reason| reason == "NamespaceTerminating") => {
            Refusal::NamespaceTerminating { message }
        }
        403 => Refusal::Forbidden { message },
        // That of a proxy says nothing about the object.
        404 if status.reason == "NotFound" => Refusal::NotFound { message },
        409 if already_exists(write, &status) => Refusal::AlreadyExists,
        409 => Refusal::Conflict { message },
        422 => Refusal::Invalid { message },
        429 => Refusal::TooManyRequests { retry_after: retry_after.or(status.retry_after), message },
        _ => Refusal::Other { code, message },
    }
}

/// A create is also refused with 409 where two requests met at a quota, so the reason decides. A 409 without a reason is taken
/// for the one after which the name is looked up.
fn already_exists(write: &Write, status: &ServerStatus) -> bool {
    write.uid().is_none() && (status.reason == "AlreadyExists" || status.reason.is_empty())
}

/// Whether a delete that was refused with this finds its work done. A 404 that is not the apiserver's own says nothing.
///
/// A delete with a version as well is told of the first precondition that does not fit. So a conflict is left to the controller,
/// which looks again in either case.
fn is_done(write: &Write, status: &ServerStatus) -> bool {
    match (write, status.code) {
        (Write::DeletePod(_) | Write::DeleteObject(_), 404) => status.reason == "NotFound",
        (Write::DeletePod(_), 409) => UID_CONFLICTS.iter().any(|words| status.message.contains(words)),
        _ => false,
    }
}

/// What an answer that is no success says, for people.
pub(crate) fn words(code: u16, body: &[u8]) -> String {
    describe(&ServerStatus::read(code, body))
}

fn describe(status: &ServerStatus) -> String {
    if status.message.is_empty() {
        format!("the server answered {}", status.code)
    } else {
        status.message.clone()
    }
}

/// The metadata of whatever object an answer holds.
fn object_meta(body: &[u8]) -> Result<ObjectMeta, DecodeError> {
    let unknown = envelope::open("object", Bytes::copy_from_slice(body))?;
    if unknown.is("Status") {
        return Err(DecodeError::UnexpectedKind {
            expected: "an object".to_owned(),
            found: "Status".to_owned(),
        });
    }
    object::object_meta(unknown.raw)
}

fn object_version(body: &[u8]) -> Option<ResourceVersion> {
    object_meta(body).ok().and_then(|metadata| metadata::version(&metadata.resource_version).ok())
}

fn found(kind: Kind, body: &[u8]) -> Result<Found, DecodeError> {
    let unknown = envelope::open("object", Bytes::copy_from_slice(body))?;
    if !unknown.is("PartialObjectMetadata") {
        envelope::expect_kind(kind.name(), unknown.kind())?;
    }
    let metadata = object::object_meta(unknown.raw)?;
    let controller = metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
    Ok(Found {
        uid: metadata::uid(&metadata)?,
        version: metadata::version(&metadata.resource_version)?,
        deleting: time::from_time(metadata.deletion_timestamp.as_ref()).is_some(),
        controller: controller.and_then(metadata::owner_uid),
    })
}
