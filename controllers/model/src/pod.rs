//! Pods and the templates that they are made from.

use core::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::labels::LabelSet;
use crate::meta::Meta;
use crate::name::Name;
use crate::time::Timestamp;

/// What controllers need to know of a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pod {
    /// Metadata.
    pub meta: Meta,
    /// Where the pod is in its life.
    pub phase: PodPhase,
    /// Why it has come to its end, in a word such as `Evicted` or `OutOfcpu`; `None` where nobody has said so.
    pub end_reason: Option<Name>,
    /// The node it is bound to; `None` before it is scheduled.
    pub node: Option<Name>,
    /// Its addresses, the primary one first: `status.podIPs`, or `status.podIP` where that is empty. What is no address is left out.
    pub ips: Box<[IpAddr]>,
    /// `spec.hostname`; `None` where it is empty.
    pub hostname: Option<Name>,
    /// `spec.subdomain`; `None` where it is empty.
    pub subdomain: Option<Name>,
    /// The ports that have a name, those of the containers first, then those of the native sidecars; each group in the object's order.
    pub named_ports: Arc<[ContainerPort]>,
    /// Whether the condition `Ready` is True.
    pub ready: bool,
    /// `lastTransitionTime` of the condition `Ready`, whatever its status; `None` without the condition or the time.
    pub ready_since: Option<Timestamp>,
    /// Annotation `controller.kubernetes.io/pod-deletion-cost`; 0 if absent, or what [`deletion_cost`] takes for none.
    pub deletion_cost: i32,
    /// The highest restart count among the main containers.
    pub restarts: i32,
    /// The highest restart count among the native sidecars (init containers with `restartPolicy: Always`).
    pub sidecar_restarts: i32,
    /// What a SidecarWorkload needs to know of its containers, of pods that have the label
    /// [`WORKLOAD_LABEL`](crate::sidecar_workload::WORKLOAD_LABEL); `None` for all others, so that those stay small.
    pub workload: Option<Arc<WorkloadPod>>,
}

/// The cost that the annotation `controller.kubernetes.io/pod-deletion-cost` names: an int32 without a plus and without zeros in front, but
/// for those behind a minus (upstream: `GetDeletionCostFromPodAnnotations` in pkg/apis/core/helper/helpers.go). `None` where it is none.
pub fn deletion_cost(text: &str) -> Option<i32> {
    let begins_well = text == "0" || text.starts_with(|first| matches!(first, '-' | '1'..='9'));
    text.parse().ok().filter(|_| begins_well)
}

impl Pod {
    /// A pod that has just been made, without ports and hostname: no scheduler and no kubelet has seen it.
    pub fn new(meta: Meta) -> Pod {
        Pod {
            meta,
            phase: PodPhase::Pending,
            end_reason: None,
            node: None,
            ips: Box::default(),
            hostname: None,
            subdomain: None,
            named_ports: Arc::default(),
            ready: false,
            ready_since: None,
            deletion_cost: 0,
            restarts: 0,
            sidecar_restarts: 0,
            workload: None,
        }
    }

    /// Whether the pod counts for its controller: neither finished nor on its way out
    /// (upstream: `IsPodActive` in pkg/controller/controller_utils.go).
    pub fn is_active(&self) -> bool {
        !self.phase.is_finished() && !self.meta.is_deleting()
    }

    /// From when the pod counts as available, if it is to have been ready for so long (upstream: `IsPodAvailable` in
    /// pkg/api/v1/pod/util.go). `None` where it is not ready, or where nobody says since when and a time is asked for. Less than a second asks
    /// for none: the beginning of time is the answer then.
    pub fn available_from(&self, min_ready_seconds: i32) -> Option<Timestamp> {
        match u64::try_from(min_ready_seconds) {
            _ if !self.ready => None,
            Ok(wait) if wait > 0 => self.ready_since.map(|since| since.after(Duration::from_secs(wait))),
            _ => Some(Timestamp(i64::MIN)),
        }
    }
}

/// What a SidecarWorkload needs to know of a pod, beyond what others need.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WorkloadPod {
    /// The annotation [`IN_PLACE_ANNOTATION`](crate::sidecar_workload::IN_PLACE_ANNOTATION), as it came.
    pub in_place: Option<Name>,
    /// `status.observedGeneration`: the newest generation of the spec that the kubelet has seen; 0 where it does not say so.
    pub observed_generation: i64,
    /// Whether the condition `Initialized` is True: the init steps are over.
    pub initialized: bool,
    /// Whether the pod has the readiness gate [`SERVING_GATE`](crate::sidecar_workload::SERVING_GATE).
    pub has_serving_gate: bool,
    /// The condition of that name; `None` without it.
    pub serving: Option<bool>,
    /// Its containers: `spec.containers` first, then `spec.initContainers`, each in the object's order.
    pub containers: Box<[ContainerState]>,
}

/// A container of a pod, as it is wanted and as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContainerState {
    /// Its name.
    pub name: Name,
    /// What it is there for.
    pub role: ContainerRole,
    /// The image in the spec.
    pub image: Name,
    /// `containerID` of its status: another one after each restart; `None` before it was started.
    pub id: Option<Name>,
    /// Whether it has started: its startup probe has succeeded, or it runs and has none.
    pub started: bool,
    /// Whether it is ready.
    pub ready: bool,
    /// How often it was restarted.
    pub restarts: i32,
    /// Why it waits, in a word such as `ImagePullBackOff`; `None` where it does not wait.
    pub waiting: Option<Name>,
}

/// What a container is there for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ContainerRole {
    /// One of `spec.containers`.
    Main,
    /// An init container that ends.
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
}

/// A port of a container that has a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ContainerPort {
    /// The name.
    pub name: Name,
    /// `TCP`, `UDP` or `SCTP`; `TCP` where it was left out.
    pub protocol: Name,
    /// The number.
    pub number: i32,
}

/// `status.phase`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum PodPhase {
    /// Accepted, not all containers started. Also what an absent phase counts as.
    #[default]
    Pending,
    /// At least one container runs or restarts.
    Running,
    /// All containers ended well and will not be restarted.
    Succeeded,
    /// All containers ended, at least one badly.
    Failed,
    /// The kubelet cannot be asked, or a value that this version does not know.
    Unknown,
}

impl PodPhase {
    /// Whether the pod will never run again.
    pub fn is_finished(self) -> bool {
        matches!(self, PodPhase::Succeeded | PodPhase::Failed)
    }
}

/// A pod template. The metadata that a controller copies is read; the spec stays bytes, so that a field newer than
/// this program survives on its way into the pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodTemplate {
    /// Labels of the pods.
    pub labels: LabelSet,
    /// Annotations of the pods.
    pub annotations: LabelSet,
    /// Finalizers of the pods, in the template's order.
    pub finalizers: Box<[Name]>,
    /// The pod spec.
    pub spec: PodSpec,
}

/// A pod spec as bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PodSpec {
    /// In protobuf, as the apiserver sent it in a template.
    Protobuf(Bytes),
    /// In JSON, rendered here.
    Json(Bytes),
}

impl Default for PodSpec {
    /// The spec without any field.
    fn default() -> PodSpec {
        PodSpec::Protobuf(Bytes::new())
    }
}
