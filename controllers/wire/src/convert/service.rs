//! Services.

use mainstay_model::{ClusterIp, IpFamily, Kind, Name, Selector, Service, ServicePort, TargetPort};

use crate::convert::{address, metadata};
use crate::error::DecodeError;
use crate::protobuf::meta::{MapEntry, ObjectMeta};
use crate::protobuf::service as messages;

/// Comes first: it is the older one.
const TOPOLOGY_AWARE_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
/// The form of a port that is a name; every other one is a number.
const BY_NAME: i64 = 1;

/// Reads a service.
pub(crate) fn service(message: &messages::Service) -> Result<Service, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_spec = messages::ServiceSpec::default();
    let object_meta = message.metadata.as_ref().unwrap_or(&absent_metadata);
    let spec = message.spec.as_ref().unwrap_or(&absent_spec);
    let selector = metadata::map("spec.selector", &spec.selector)?;
    Ok(Service {
        meta: metadata::meta(Kind::Service, object_meta)?,
        selector: (!selector.is_empty()).then_some(Selector(selector)),
        external_name: spec.service_type == "ExternalName",
        cluster_ip: cluster_ip(metadata::text("spec.clusterIP", &spec.cluster_ip)?),
        ip_families: spec.ip_families.iter().filter_map(|family| ip_family(family)).collect(),
        ports: spec.ports.iter().map(port).collect::<Result<_, _>>()?,
        publish_not_ready: spec.publish_not_ready_addresses,
        traffic_distribution: metadata::optional(
            "spec.trafficDistribution",
            spec.traffic_distribution.as_ref(),
        )?,
        topology_mode: topology_mode(&object_meta.annotations)?,
    })
}

fn cluster_ip(text: &str) -> ClusterIp {
    match text {
        "" => ClusterIp::Unset,
        "None" => ClusterIp::None,
        _ => address::parse(text).map_or(ClusterIp::Unreadable, ClusterIp::Address),
    }
}

/// The API knows two; another one could have no address here.
fn ip_family(text: &[u8]) -> Option<IpFamily> {
    match text {
        b"IPv4" => Some(IpFamily::V4),
        b"IPv6" => Some(IpFamily::V6),
        _ => None,
    }
}

fn port(message: &messages::ServicePort) -> Result<ServicePort, DecodeError> {
    Ok(ServicePort {
        name: metadata::text("spec.ports.name", &message.name)?.into(),
        protocol: metadata::protocol("spec.ports.protocol", &message.protocol)?,
        app_protocol: metadata::optional("spec.ports.appProtocol", message.app_protocol.as_ref())?,
        port: message.port,
        target: match &message.target_port {
            Some(target) if target.form == BY_NAME => {
                TargetPort::Name(metadata::text("spec.ports.targetPort", &target.text)?.into())
            }
            target => TargetPort::Number(target.as_ref().map_or(0, |target| target.number)),
        },
    })
}

fn topology_mode(annotations: &[MapEntry]) -> Result<Option<Name>, DecodeError> {
    let value = |key| metadata::value(annotations, key);
    metadata::optional("metadata.annotations", value(TOPOLOGY_AWARE_HINTS).or_else(|| value(TOPOLOGY_MODE)))
}
