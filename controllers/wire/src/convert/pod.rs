//! Pods.

use core::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{ContainerPort, Kind, Name, Pod, PodPhase};

use crate::convert::{address, metadata, workload_pod};
use crate::error::DecodeError;
use crate::protobuf::core as messages;
use crate::protobuf::meta::ObjectMeta;
use crate::time;

const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
/// The restart policy that makes an init container a sidecar.
const ALWAYS: &str = "Always";

/// Reads a pod.
pub(crate) fn pod(message: &messages::Pod) -> Result<Pod, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_spec = messages::PodSpec::default();
    let absent_status = messages::PodStatus::default();
    let object_meta = message.metadata.as_ref().unwrap_or(&absent_metadata);
    let spec = message.spec.as_ref().unwrap_or(&absent_spec);
    let status = message.status.as_ref().unwrap_or(&absent_status);
    let ready = status.conditions.iter().find(|condition| condition.condition_type == "Ready");
    let phase = phase(&status.phase);
    Ok(Pod {
        meta: metadata::meta(Kind::Pod, object_meta)?,
        phase,
        end_reason: end_reason(phase, &status.reason),
        node: metadata::nonempty("spec.nodeName", &spec.node_name)?,
        ips: ips(status)?,
        hostname: metadata::nonempty("spec.hostname", &spec.hostname)?,
        subdomain: metadata::nonempty("spec.subdomain", &spec.subdomain)?,
        named_ports: named_ports(spec)?,
        ready: ready.is_some_and(|condition| condition.status == "True"),
        ready_since: ready.and_then(|condition| time::from_time(condition.last_transition_time.as_ref())),
        deletion_cost: metadata::value(&object_meta.annotations, DELETION_COST).map_or(0, deletion_cost),
        restarts: restarts(status.container_statuses.iter()),
        sidecar_restarts: restarts(status.init_container_statuses.iter().filter(|container| {
            spec.init_containers.iter().any(|each| each.name == container.name && is_sidecar(each))
        })),
        workload: workload_pod::workload_pod(object_meta, spec, status)?.map(Arc::new),
    })
}

fn phase(text: &[u8]) -> PodPhase {
    match text {
        b"" | b"Pending" => PodPhase::Pending,
        b"Running" => PodPhase::Running,
        b"Succeeded" => PodPhase::Succeeded,
        b"Failed" => PodPhase::Failed,
        _ => PodPhase::Unknown,
    }
}

/// It is for people only, so what is no text is read as far as it is.
fn end_reason(phase: PodPhase, text: &[u8]) -> Option<Name> {
    (phase.is_finished() && !text.is_empty()).then(|| metadata::lossy(text).into())
}

fn ips(status: &messages::PodStatus) -> Result<Box<[IpAddr]>, DecodeError> {
    if status.pod_ips.is_empty() {
        return Ok(address::parse(metadata::text("status.podIP", &status.pod_ip)?).into_iter().collect());
    }
    let ips = status.pod_ips.iter();
    ips.filter_map(|each| metadata::text("status.podIPs", &each.ip).map(address::parse).transpose()).collect()
}

/// Only ports with a name can be asked for by one, and most have none.
fn named_ports(spec: &messages::PodSpec) -> Result<Arc<[ContainerPort]>, DecodeError> {
    let sidecars = spec.init_containers.iter().filter(|container| is_sidecar(container));
    let containers = spec.containers.iter().chain(sidecars);
    containers
        .flat_map(|container| &container.ports)
        .filter(|port| !port.name.is_empty())
        .map(|port| {
            Ok(ContainerPort {
                name: metadata::text("spec.containers.ports.name", &port.name)?.into(),
                protocol: metadata::protocol("spec.containers.ports.protocol", &port.protocol)?,
                number: port.container_port,
            })
        })
        .collect()
}

fn deletion_cost(text: &Bytes) -> i32 {
    std::str::from_utf8(text).ok().and_then(mainstay_model::deletion_cost).unwrap_or(0)
}

/// The highest restart count, and at least 0 (upstream: `maxContainerRestarts` in pkg/controller/controller_utils.go).
fn restarts<'a>(containers: impl Iterator<Item = &'a messages::ContainerStatus>) -> i32 {
    containers.map(|container| container.restart_count).fold(0, i32::max)
}

/// Whether an init container runs beside the main containers.
pub(crate) fn is_sidecar(init_container: &messages::Container) -> bool {
    init_container.restart_policy == ALWAYS
}
