//! Writes to the apiserver, as values, and how they end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::endpoint_slice::{AddressType, Endpoint, EndpointPort};
use crate::endpoints::EndpointSubset;
use crate::id::{ResourceVersion, Uid};
use crate::kind::Kind;
use crate::labels::LabelSet;
use crate::meta::{ControllerReference, Meta};
use crate::name::{Name, ObjectName};
use crate::pod::{ContainerRole, PodTemplate};
use crate::replication_controller::ReplicationControllerStatus;
use crate::sidecar_workload::SidecarWorkloadStatus;
use crate::time::Timestamp;

/// One request that changes one object. Each names its object and carries the precondition that makes it harmless when
/// it arrives late or twice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Write {
    /// Makes a pod from a template, under a name that we chose.
    CreatePod(CreatePod),
    /// Adds our controller reference to a pod that has none.
    AdoptPod(AdoptPod),
    /// Takes our controller reference off a pod.
    ReleasePod(ReleasePod),
    /// Deletes a pod.
    DeletePod(DeletePod),
    /// Writes the status of a ReplicationController.
    PatchReplicationControllerStatus(StatusPatch<ReplicationControllerStatus>),
    /// Makes an Endpoints.
    CreateEndpoints(CreateEndpoints),
    /// Writes an Endpoints anew.
    UpdateEndpoints(UpdateEndpoints),
    /// Makes an EndpointSlice, under a name that we chose.
    CreateEndpointSlice(CreateEndpointSlice),
    /// Writes an EndpointSlice anew.
    UpdateEndpointSlice(UpdateEndpointSlice),
    /// Deletes an object that belongs to its controller from end to end.
    DeleteObject(DeleteObject),
    /// Makes a ControllerRevision, under a name that we chose.
    CreateControllerRevision(CreateControllerRevision),
    /// Changes what may change in a ControllerRevision.
    PatchControllerRevision(PatchControllerRevision),
    /// Changes what may change in a running pod.
    PatchPod(PatchPod),
    /// Sets a condition of a pod.
    PatchPodCondition(PatchPodCondition),
    /// Writes the status of a SidecarWorkload.
    PatchSidecarWorkloadStatus(StatusPatch<SidecarWorkloadStatus>),
}

impl Write {
    /// The kind of the object that is written: the kind whose cache must reach the version of the answer.
    pub fn kind(&self) -> Kind {
        match self {
            Write::CreatePod(_)
            | Write::AdoptPod(_)
            | Write::ReleasePod(_)
            | Write::DeletePod(_)
            | Write::PatchPod(_)
            | Write::PatchPodCondition(_) => Kind::Pod,
            Write::PatchReplicationControllerStatus(_) => Kind::ReplicationController,
            Write::CreateEndpoints(_) | Write::UpdateEndpoints(_) => Kind::Endpoints,
            Write::CreateEndpointSlice(_) | Write::UpdateEndpointSlice(_) => Kind::EndpointSlice,
            Write::DeleteObject(delete) => delete.kind,
            Write::CreateControllerRevision(_) | Write::PatchControllerRevision(_) => {
                Kind::ControllerRevision
            }
            Write::PatchSidecarWorkloadStatus(_) => Kind::SidecarWorkload,
        }
    }

    /// The object that is written.
    pub fn object(&self) -> &ObjectName {
        match self {
            Write::CreatePod(create) => &create.pod,
            Write::AdoptPod(adopt) => &adopt.pod,
            Write::ReleasePod(release) => &release.pod,
            Write::DeletePod(delete) => &delete.pod,
            Write::PatchReplicationControllerStatus(patch) => &patch.object,
            Write::CreateEndpoints(create) => &create.endpoints,
            Write::UpdateEndpoints(update) => &update.endpoints,
            Write::CreateEndpointSlice(create) => &create.slice,
            Write::UpdateEndpointSlice(update) => &update.slice,
            Write::DeleteObject(delete) => &delete.object,
            Write::CreateControllerRevision(create) => &create.revision,
            Write::PatchControllerRevision(patch) => &patch.revision,
            Write::PatchPod(patch) => &patch.pod,
            Write::PatchPodCondition(patch) => &patch.pod,
            Write::PatchSidecarWorkloadStatus(patch) => &patch.object,
        }
    }

    /// The UID that the object must have; `None` for what is to be made.
    pub fn uid(&self) -> Option<Uid> {
        match self {
            Write::CreatePod(_)
            | Write::CreateEndpoints(_)
            | Write::CreateEndpointSlice(_)
            | Write::CreateControllerRevision(_) => None,
            Write::AdoptPod(adopt) => Some(adopt.uid),
            Write::ReleasePod(release) => Some(release.uid),
            Write::DeletePod(delete) => Some(delete.uid),
            Write::PatchReplicationControllerStatus(patch) => Some(patch.uid),
            Write::UpdateEndpoints(update) => Some(update.uid),
            Write::UpdateEndpointSlice(update) => Some(update.uid),
            Write::DeleteObject(delete) => Some(delete.uid),
            Write::PatchControllerRevision(patch) => Some(patch.uid),
            Write::PatchPod(patch) => Some(patch.uid),
            Write::PatchPodCondition(patch) => Some(patch.uid),
            Write::PatchSidecarWorkloadStatus(patch) => Some(patch.uid),
        }
    }

    /// The verb and what it is for, for logs and metrics.
    pub fn verb(&self) -> &'static str {
        match self {
            Write::CreatePod(_)
            | Write::CreateEndpoints(_)
            | Write::CreateEndpointSlice(_)
            | Write::CreateControllerRevision(_) => "create",
            Write::AdoptPod(_) => "adopt",
            Write::ReleasePod(_) => "release",
            Write::DeletePod(_) | Write::DeleteObject(_) => "delete",
            Write::UpdateEndpoints(_) | Write::UpdateEndpointSlice(_) => "update",
            Write::PatchControllerRevision(_) | Write::PatchPod(_) => "patch",
            Write::PatchPodCondition(_) => "condition",
            Write::PatchReplicationControllerStatus(_) | Write::PatchSidecarWorkloadStatus(_) => "status",
        }
    }
}

/// A pod to create. Sent twice it makes one pod, since the name is ours and fixed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreatePod {
    /// Namespace and the name that we chose.
    pub pod: ObjectName,
    /// Goes into `metadata.generateName`, as upstream's pods have it; the name is set nevertheless.
    pub generate_name: Name,
    /// The controller that the pod belongs to.
    pub owner: ControllerReference,
    /// What the pod is made from.
    pub template: Arc<PodTemplate>,
}

/// A pod to adopt; refused by the server (422) if the name now belongs to another UID.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdoptPod {
    /// The pod.
    pub pod: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The new controller.
    pub owner: ControllerReference,
}

/// A pod to release; refused by the server (422) if the name now belongs to another UID.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReleasePod {
    /// The pod.
    pub pod: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The controller that lets go.
    pub owner: Uid,
}

/// A pod to delete, with its own grace period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeletePod {
    /// The pod.
    pub pod: ObjectName,
    /// Its UID, as precondition: a pod that has taken the name since is never hit.
    pub uid: Uid,
}

/// A new status; refused by the server (409) if the object has changed since `version`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusPatch<S> {
    /// The object.
    pub object: ObjectName,
    /// Its UID, as precondition of a built-in kind. Of a custom resource the server ignores it.
    pub uid: Uid,
    /// The version that the status was computed from, as precondition. No other object that takes the name has had it, so that it alone
    /// is enough.
    pub version: ResourceVersion,
    /// The whole status.
    pub status: S,
}

/// An Endpoints to make. Its name is its service's: sent twice it makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateEndpoints {
    /// Namespace and name, those of the service.
    pub endpoints: ObjectName,
    /// All that is in it.
    pub content: Arc<EndpointsContent>,
}

/// An Endpoints to write anew; refused by the server (409) if the object has changed since `version`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpdateEndpoints {
    /// The object.
    pub endpoints: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The version that was seen, as precondition.
    pub version: ResourceVersion,
    /// [`Endpoints::kept`](crate::Endpoints::kept) of what was seen.
    pub kept: Bytes,
    /// All that is in it.
    pub content: Arc<EndpointsContent>,
}

/// All of an Endpoints that is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointsContent {
    /// All labels.
    pub labels: LabelSet,
    /// All annotations.
    pub annotations: LabelSet,
    /// The addresses.
    pub subsets: Arc<[EndpointSubset]>,
}

/// An EndpointSlice to make. Sent twice it makes one, since the name is ours and fixed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateEndpointSlice {
    /// Namespace and the name that we chose.
    pub slice: ObjectName,
    /// Goes into `metadata.generateName`, as upstream's slices have it; the name is set nevertheless.
    pub generate_name: Name,
    /// The Service, or the Endpoints that is mirrored.
    pub owner: ControllerReference,
    /// All that is in it.
    pub content: Arc<EndpointSliceContent>,
}

/// An EndpointSlice to write anew; refused by the server (409) if the object has changed since `version`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UpdateEndpointSlice {
    /// The object.
    pub slice: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The version that was seen, as precondition.
    pub version: ResourceVersion,
    /// [`EndpointSlice::kept`](crate::EndpointSlice::kept) of what was seen.
    pub kept: Bytes,
    /// All that is in it.
    pub content: Arc<EndpointSliceContent>,
}

/// All of an EndpointSlice that is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EndpointSliceContent {
    /// All labels.
    pub labels: LabelSet,
    /// All annotations.
    pub annotations: LabelSet,
    /// What its addresses are. The server refuses to change it.
    pub address_type: AddressType,
    /// The endpoints.
    pub endpoints: Arc<[Endpoint]>,
    /// The ports that each of them serves.
    pub ports: Arc<[EndpointPort]>,
}

/// An object to delete; refused by the server (409) if it has changed since `version` or is another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeleteObject {
    /// [`Kind::Endpoints`], [`Kind::EndpointSlice`] or [`Kind::ControllerRevision`].
    pub kind: Kind,
    /// The object.
    pub object: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The version that was seen, as precondition.
    pub version: ResourceVersion,
}

impl DeleteObject {
    /// Deletes this object, as it was seen.
    pub fn of(kind: Kind, meta: &Meta) -> DeleteObject {
        DeleteObject { kind, object: meta.name.clone(), uid: meta.uid, version: meta.version }
    }
}

/// A ControllerRevision to make. Sent twice it makes one, since the name is ours and follows from the content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CreateControllerRevision {
    /// Namespace and the name that we chose.
    pub revision: ObjectName,
    /// The SidecarWorkload. Its name is also the value of the label that all its revisions have.
    pub owner: ControllerReference,
    /// The first number.
    pub number: i64,
    /// `data`, which is a JSON object.
    pub data: Bytes,
}

/// A ControllerRevision to change; refused by the server (409) if it has changed since `version`. What is `None` stays as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchControllerRevision {
    /// The object.
    pub revision: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The version that was seen, as precondition.
    pub version: ResourceVersion,
    /// The new number.
    pub number: Option<i64>,
    /// The new controller, of a revision that has none.
    pub owner: Option<ControllerReference>,
    /// The annotation [`HEALTHY_ANNOTATION`](crate::sidecar_workload::HEALTHY_ANNOTATION).
    pub healthy_at: Option<Timestamp>,
}

/// A running pod to change; refused by the server (409) if it has changed since `version`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchPod {
    /// The pod.
    pub pod: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The version that was seen, as precondition.
    pub version: ResourceVersion,
    /// New images, in the order in which the containers stand in the pod: the server would else move them, which it refuses (422).
    pub images: Box<[ContainerImage]>,
    /// Labels to set; `None` takes the label off.
    pub labels: Box<[(Name, Option<Name>)]>,
    /// Annotations to set; `None` takes the annotation off.
    pub annotations: Box<[(Name, Option<Name>)]>,
}

/// A container's new image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerImage {
    /// The container.
    pub container: Name,
    /// Which of the pod's two lists it is in: that of the main container, or that of init steps and sidecars.
    pub role: ContainerRole,
    /// The image.
    pub image: Name,
}

/// A condition of a pod to set, whatever else its status says; refused by the server (422) if the name now belongs to another UID.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchPodCondition {
    /// The pod.
    pub pod: ObjectName,
    /// Its UID, as precondition.
    pub uid: Uid,
    /// The condition's type.
    pub condition: Name,
    /// Whether it is True or False.
    pub status: bool,
    /// A word in CamelCase that says why.
    pub reason: &'static str,
    /// When it became so.
    pub at: Timestamp,
}

/// How a write ended, as far as can be known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WriteOutcome {
    /// The server has committed it.
    Acknowledged {
        /// The version that it was committed at, where the answer carries one (a delete's answer may not).
        version: Option<ResourceVersion>,
    },
    /// The server has refused it and changed nothing.
    Refused(Refusal),
    /// Sent, and no answer that tells whether it was committed: time-out, reset connection, a 5xx.
    Unknown {
        /// What went wrong, for people.
        message: String,
    },
    /// Certainly never sent: no connection, no leadership, or the process is stopping.
    NotSent {
        /// Why, for people.
        message: String,
    },
}

/// Why a server refused a write. The variants are those that controllers or the engine treat differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// 409 AlreadyExists: an object of that name is there, perhaps our own from an earlier try.
    AlreadyExists,
    /// 409 Conflict: a precondition on UID or version failed.
    Conflict {
        /// The server's words.
        message: String,
    },
    /// 404: the object is not there (or, for a create, its namespace).
    NotFound {
        /// The server's words.
        message: String,
    },
    /// 403 with the cause NamespaceTerminating.
    NamespaceTerminating {
        /// The server's words.
        message: String,
    },
    /// Any other 403: quota, missing rights, an admission rule.
    Forbidden {
        /// The server's words.
        message: String,
    },
    /// 422, also for a patch whose UID no longer fits.
    Invalid {
        /// The server's words.
        message: String,
    },
    /// 429: come back later.
    TooManyRequests {
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// The server's words.
        message: String,
    },
    /// Any other 4xx.
    Other {
        /// HTTP status code.
        code: u16,
        /// The server's words.
        message: String,
    },
}

impl Refusal {
    /// The server's words.
    pub fn message(&self) -> &str {
        match self {
            Refusal::AlreadyExists => "an object of that name exists already",
            Refusal::Conflict { message }
            | Refusal::NotFound { message }
            | Refusal::NamespaceTerminating { message }
            | Refusal::Forbidden { message }
            | Refusal::Invalid { message }
            | Refusal::TooManyRequests { message, .. }
            | Refusal::Other { message, .. } => message,
        }
    }
}
