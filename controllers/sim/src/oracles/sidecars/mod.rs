//! What must hold where SidecarWorkloads are rolled out, looked at from outside.
//!
//! | oracle | promise |
//! |---|---|
//! | `availability` | on its view, a plan never leaves fewer available pods than `replicas - maxUnavailable`; those in a step in place count as gone |
//! | `surge` | on its view, a plan never makes more pods than `replicas + maxSurge`; at the server `count` says so |
//! | `batch` | a plan moves at most `maxUnavailable` pods at once, and at least may move one, beside those that are too many |
//! | `first` | a revision that has never been healthy begins with one pod, and goes on when that is available |
//! | `partition` | a rollout goes no further than the partition lets it, at any time |
//! | `step` | one container of a pod is replaced at a time, and the next one, or none, follows when the kubelet runs what was asked for |
//! | `drain` | a sidecar that is to be drained is replaced when its pod is out of its services, or has had a minute for that |
//! | `clock` | the deadline of a rollout is put off by progress alone, and by no new leader |
//! | `health` | a revision is marked as healthy when all replicas are of it and available |
//! | `main` | a pod that is made has one main container; one that runs starts main again for main's sake alone |
//! | `pause` | a rollout that is paused, waits for deletions, or may not patch or not replace, does not |
//! | `budget` | pods are not taken down in place where a PodDisruptionBudget does not allow that |
//! | `kubelet` | a sidecar is replaced in place only where the kubelet can |
//! | `pod` | a pod that is made is one of a revision, in each image, and says so |
//! | `image` | a container gets no image but that of what the spec asks for, of what was healthy, or of what its pod was: main none for a sidecar's sake |
//! | `ping-pong` | what has failed is not tried again before the spec or the annotation for that has changed |
//! | `revision` | no revision is deleted that a pod carries, or alone has an image of one, or the spec or the status names |
//! | `ownership` | no write hits a pod or a revision of somebody else |
//! | `idle` | no write is carried out that changes nothing |
//! | `plan` | nothing is done for a SidecarWorkload on its way out, nor to pods on theirs |
//! | `end` | at rest each is updated, or says why not; the status says what is, and what is healthy is marked |
//!
//! Beside these, `leader`, `dispatch`, `adoption`, `count`, `pace`, `names`, `gate`, `bound`, `rest` and `leak` of [`super`] look here, too.
//!
//! Map: [`spec`] reckons what objects ask for, [`plans`] judges plans, `course` where they lead, [`nodes`] looks at what kubelets do, `rest` at
//! what is left.

mod course;
pub mod nodes;
mod plans;
mod rest;
mod spec;

use mainstay_engine::Store;
use mainstay_model::{Kind, Object, ObjectName, Timestamp, Write};

use crate::api::ApiServer;
use crate::stage::Stage;

pub use plans::{Judged, judge};
pub use spec::{Content, Limits, is_in_place, partition};

/// All that is not as it is to be at rest.
pub fn wrong_at_rest(server: &ApiServer, now: Timestamp) -> Vec<String> {
    let mut truth = Store::default();
    for object in Stage::Sidecars.kinds().iter().flat_map(|kind| server.list(*kind)) {
        truth.apply(object);
    }
    rest::wrong_at_rest(&truth, now)
}

/// The SidecarWorkload that a write is for, as far as its sender knows.
pub fn key(write: &Write, view: &Store) -> Option<ObjectName> {
    let namespace = &write.object().namespace;
    let owner = match write {
        Write::CreateControllerRevision(create) => Some(create.owner.name.clone()),
        Write::PatchPod(_) | Write::PatchPodCondition(_) => {
            let pod = view.pods().get(write.object()).filter(|pod| Some(pod.meta.uid) == write.uid());
            pod.and_then(|pod| pod.meta.controller()).map(|owner| owner.name.clone())
        }
        Write::PatchControllerRevision(_) | Write::DeleteObject(_) => {
            match view.get(Kind::ControllerRevision, write.object()) {
                Some(Object::ControllerRevision(revision)) => {
                    revision.meta.controller().map(|owner| owner.name.clone())
                }
                _ => None,
            }
        }
        Write::PatchSidecarWorkloadStatus(patch) => Some(patch.object.name.clone()),
        _ => None,
    };
    Some(ObjectName::new(namespace.clone(), owner?))
}
