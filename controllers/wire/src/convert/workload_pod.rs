//! What a SidecarWorkload needs to know of a pod.

use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, SERVING_GATE, WORKLOAD_LABEL};
use mainstay_model::{ContainerRole, ContainerState, Name, WorkloadPod};

use crate::convert::metadata;
use crate::convert::pod::is_sidecar;
use crate::error::DecodeError;
use crate::protobuf::core as messages;
use crate::protobuf::meta::ObjectMeta;

/// Reads it; `None` for a pod without the label, which is of no SidecarWorkload.
pub(crate) fn workload_pod(
    object_meta: &ObjectMeta,
    spec: &messages::PodSpec,
    status: &messages::PodStatus,
) -> Result<Option<WorkloadPod>, DecodeError> {
    if metadata::value(&object_meta.labels, WORKLOAD_LABEL).is_none() {
        return Ok(None);
    }
    let annotation = metadata::value(&object_meta.annotations, IN_PLACE_ANNOTATION);
    let condition = |condition_type: &str| {
        let condition = status.conditions.iter().find(|condition| condition.condition_type == condition_type);
        condition.map(|condition| condition.status == "True")
    };
    let main = spec.containers.iter().map(|main| {
        let fields =
            ["spec.containers.name", "spec.containers.image", "status.containerStatuses.containerID"];
        container(main, ContainerRole::Main, &status.container_statuses, fields)
    });
    let init = spec.init_containers.iter().map(|init| {
        let role = if is_sidecar(init) { ContainerRole::Sidecar } else { ContainerRole::Init };
        let fields = [
            "spec.initContainers.name",
            "spec.initContainers.image",
            "status.initContainerStatuses.containerID",
        ];
        container(init, role, &status.init_container_statuses, fields)
    });
    Ok(Some(WorkloadPod {
        in_place: metadata::optional("metadata.annotations", annotation)?,
        observed_generation: status.observed_generation,
        initialized: condition("Initialized") == Some(true),
        has_serving_gate: spec.readiness_gates.iter().any(|gate| gate.condition_type == SERVING_GATE),
        serving: condition(SERVING_GATE),
        containers: main.chain(init).collect::<Result<_, _>>()?,
    }))
}

/// A container with its status, which is the one of the same name: statuses may be in another order, and some not there yet.
fn container(
    container: &messages::Container,
    role: ContainerRole,
    statuses: &[messages::ContainerStatus],
    [name_field, image_field, id_field]: [&'static str; 3],
) -> Result<ContainerState, DecodeError> {
    let absent = messages::ContainerStatus::default();
    let status = statuses.iter().find(|status| status.name == container.name).unwrap_or(&absent);
    let waiting = status.state.as_ref().and_then(|state| state.waiting.as_ref());
    Ok(ContainerState {
        name: metadata::text(name_field, &container.name)?.into(),
        role,
        image: metadata::text(image_field, &container.image)?.into(),
        id: metadata::nonempty(id_field, &status.container_id)?,
        started: status.started == Some(true),
        ready: status.ready,
        restarts: status.restart_count,
        waiting: waiting.map(|waiting| Name::from(metadata::lossy(&waiting.reason))),
    })
}
