//! Objects of any kind.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion};
use prost::Message;

use crate::convert::{
    endpoint_slice, endpoints, metadata, node, pod, replication_controller, resource_quota, service,
};
use crate::error::DecodeError;
use crate::protobuf::meta::{AnyObject, ObjectMeta};
use crate::protobuf::{self, core, discovery};

/// Reads an object from the bytes inside the envelope.
pub(crate) fn object(kind: Kind, raw: Bytes) -> Result<Object, DecodeError> {
    let malformed = |source| DecodeError::Malformed { field: kind.name(), source };
    match kind {
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
    }
}

/// Reads the metadata of an object of any kind from the bytes inside the envelope.
pub(crate) fn object_meta(raw: Bytes) -> Result<ObjectMeta, DecodeError> {
    let message =
        AnyObject::decode(raw).map_err(|source| DecodeError::Malformed { field: "metadata", source })?;
    Ok(message.metadata.unwrap_or_default())
}

/// What can be said of an object that cannot be read.
pub(crate) fn identity(kind: Kind, raw: Bytes) -> (Option<ObjectName>, Option<ResourceVersion>) {
    let Ok(metadata) = object_meta(raw) else { return (None, None) };
    (metadata::object_name(kind, &metadata).ok(), metadata::version(&metadata.resource_version).ok())
}
