//! A step of an update in place: one container of one pod gets another image.
//!
//! It is kept in an annotation of the pod, so that a new process goes on where the one before has stopped.

use std::time::Duration;

use mainstay_model::{Name, Pod, Timestamp};
use serde::{Deserialize, Serialize};

/// The content of the annotation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    /// The revision that the pod is on its way to.
    pub(crate) revision: String,
    /// The container that is replaced.
    pub(crate) container: String,
    /// What is being done.
    pub(crate) phase: Phase,
    /// The container's ID before: another one shows that the kubelet has replaced it. An ID and not an image, since two tags may be one image.
    #[serde(default, rename = "containerID", skip_serializing_if = "Option::is_none")]
    pub(crate) container_id: Option<String>,
    /// How often it had been restarted by then.
    #[serde(default)]
    pub(crate) restarts: i32,
    /// Whether it was waiting for what hardly comes, such as an image, before: a kubelet goes on saying so for a while.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) was_waiting: bool,
    /// When the step began, in seconds since 1970.
    pub(crate) since: i64,
    /// While the pod is drained: since when no EndpointSlice shows it as ready any more, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<i64>,
    /// What has come up, where it has to show that it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) proof: Option<Proof>,
}

/// A container of a revision that nobody knows yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proof {
    /// Its ID: one that is started again has to begin anew.
    #[serde(rename = "containerID")]
    pub(crate) container_id: String,
    /// When it was seen first, in seconds since 1970.
    pub(crate) since: i64,
}

/// What is being done to a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// The pod is taken out of its services.
    Drain,
    /// The new image is set, and the container has to come up with it.
    Replace,
    /// The image before is set again, since the new one has failed.
    Revert,
}

impl Step {
    /// The step that a pod is in.
    pub(crate) fn of(pod: &Pod) -> Option<Step> {
        pod.workload.as_ref().and_then(|state| state.in_place.as_deref()).and_then(Step::read)
    }

    /// Reads the annotation; nothing where it says nothing that we have written.
    pub(crate) fn read(text: &str) -> Option<Step> {
        serde_json::from_str(text).ok()
    }

    /// What the annotation says.
    pub(crate) fn text(&self) -> Name {
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// The step with no time that lies ahead, if it has one: a process whose clock was ahead has noted it, and whoever goes on would wait for as
    /// long as that.
    pub(crate) fn brought_back_to(&self, now: Timestamp) -> Option<Step> {
        let now = now.seconds();
        let mut step = self.clone();
        let times =
            [Some(&mut step.since), step.left.as_mut(), step.proof.as_mut().map(|proof| &mut proof.since)];
        for time in times.into_iter().flatten() {
            *time = (*time).min(now);
        }
        (step != *self).then_some(step)
    }

    /// When it has lasted for that long.
    pub(crate) fn after(&self, delay: Duration) -> Timestamp {
        Timestamp::from_seconds(self.since).after(delay)
    }
}
