//! Objects of any kind.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion};
use prost::Message;

use crate::convert::{
    controller_revision, endpoint_slice, endpoints, json_metadata, metadata, node, pod,
    pod_disruption_budget, replication_controller, resource_quota, service, sidecar_workload,
};
use crate::error::DecodeError;
use crate::protobuf::meta::{AnyObject, ObjectMeta};
use crate::protobuf::{self, apps, core, discovery, policy};

/// Reads an object from what the kind's encoding makes of it: the bytes inside the envelope, or for a custom kind its JSON.
pub(crate) fn object(kind: Kind, raw: Bytes) -> Result<Object, DecodeError> {
    let malformed = |source| DecodeError::Malformed { field: kind.name(), source };
    match kind {
        Kind::ControllerRevision => {
            let message = apps::ControllerRevision::decode(raw).map_err(malformed)?;
            let object = controller_revision::controller_revision(&message)?;
            Ok(Object::ControllerRevision(Arc::new(object)))
        }
        Kind::Endpoints => {
            let message = protobuf::endpoints::Endpoints::decode(raw).map_err(malformed)?;
            Ok(Object::Endpoints(Arc::new(endpoints::endpoints(&message)?)))
        }
        Kind::EndpointSlice => {
            let message = discovery::EndpointSlice::decode(raw).map_err(malformed)?;
            Ok(Object::EndpointSlice(Arc::new(endpoint_slice::endpoint_slice(&message)?)))
        }
        Kind::Node => {
            let message = protobuf::node::Node::decode(raw).map_err(malformed)?;
            Ok(Object::Node(Arc::new(node::node(&message)?)))
        }
        Kind::Pod => {
            let message = core::Pod::decode(raw).map_err(malformed)?;
            Ok(Object::Pod(Arc::new(pod::pod(&message)?)))
        }
        Kind::PodDisruptionBudget => {
            let message = policy::PodDisruptionBudget::decode(raw).map_err(malformed)?;
            let object = pod_disruption_budget::pod_disruption_budget(&message)?;
            Ok(Object::PodDisruptionBudget(Arc::new(object)))
        }
        Kind::ReplicationController => {
            let message = core::ReplicationController::decode(raw).map_err(malformed)?;
            let object = replication_controller::replication_controller(&message)?;
            Ok(Object::ReplicationController(Arc::new(object)))
        }
        Kind::ResourceQuota => {
            let message = core::ResourceQuota::decode(raw).map_err(malformed)?;
            Ok(Object::ResourceQuota(Arc::new(resource_quota::resource_quota(&message)?)))
        }
        Kind::Service => {
            let message = protobuf::service::Service::decode(raw).map_err(malformed)?;
            Ok(Object::Service(Arc::new(service::service(&message)?)))
        }
        Kind::SidecarWorkload => {
            Ok(Object::SidecarWorkload(Arc::new(sidecar_workload::sidecar_workload(&raw)?)))
        }
    }
}

/// Reads nothing but the metadata of what [`object`] reads.
pub(crate) fn metadata(kind: Kind, raw: Bytes) -> Result<ObjectMeta, DecodeError> {
    if kind.is_custom() { json_metadata::object_meta(&raw) } else { object_meta(raw) }
}

/// Reads the metadata of any message of an object. PartialObjectMetadata is one, also that of a custom kind.
pub(crate) fn object_meta(raw: Bytes) -> Result<ObjectMeta, DecodeError> {
    let message =
        AnyObject::decode(raw).map_err(|source| DecodeError::Malformed { field: "metadata", source })?;
    Ok(message.metadata.unwrap_or_default())
}

/// What can be said of an object that cannot be read.
pub(crate) fn identity(kind: Kind, raw: Bytes) -> (Option<ObjectName>, Option<ResourceVersion>) {
    let Ok(metadata) = metadata(kind, raw) else { return (None, None) };
    (metadata::object_name(kind, &metadata).ok(), metadata::version(&metadata.resource_version).ok())
}
