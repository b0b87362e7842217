//! Objects that are written as a whole: an Endpoints and an EndpointSlice belong to their controller from end to end, and the
//! content of a ControllerRevision never changes.
//!
//! Equal content gives equal bytes, and what was left out stays out.

use bytes::Bytes;
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{
    CreateControllerRevision, CreateEndpointSlice, CreateEndpoints, EndpointSliceContent, EndpointsContent,
    Kind, LabelSet, ObjectName, ResourceVersion, Uid, UpdateEndpointSlice, UpdateEndpoints,
};
use prost::Message;

use crate::convert::metadata::bytes;
use crate::convert::{endpoint_slice, endpoints};
use crate::envelope;
use crate::protobuf::apps::ControllerRevision;
use crate::protobuf::discovery::EndpointSlice;
use crate::protobuf::endpoints::Endpoints;
use crate::protobuf::meta::{MapEntry, ObjectMeta};
use crate::protobuf::runtime::RawExtension;
use crate::request::owner_reference;

/// The body that makes an Endpoints.
pub(crate) fn new_endpoints(create: &CreateEndpoints) -> Bytes {
    let content = &create.content;
    let metadata = named(&create.endpoints, &content.labels, &content.annotations);
    endpoints_body(metadata.encode_to_vec(), content)
}

/// The body that writes an Endpoints anew.
pub(crate) fn updated_endpoints(update: &UpdateEndpoints) -> Bytes {
    let content = &update.content;
    let metadata = named(&update.endpoints, &content.labels, &content.annotations);
    endpoints_body(seen(metadata, update.uid, update.version, &update.kept), content)
}

/// The body that makes an EndpointSlice.
pub(crate) fn new_slice(create: &CreateEndpointSlice) -> Bytes {
    let content = &create.content;
    let metadata = ObjectMeta {
        generate_name: bytes(&create.generate_name),
        owner_references: vec![owner_reference(&create.owner)],
        ..named(&create.slice, &content.labels, &content.annotations)
    };
    slice_body(metadata.encode_to_vec(), content)
}

/// The body that writes an EndpointSlice anew.
pub(crate) fn updated_slice(update: &UpdateEndpointSlice) -> Bytes {
    let content = &update.content;
    let metadata = named(&update.slice, &content.labels, &content.annotations);
    slice_body(seen(metadata, update.uid, update.version, &update.kept), content)
}

/// The body that makes a ControllerRevision.
pub(crate) fn new_revision(create: &CreateControllerRevision) -> Bytes {
    let labels = LabelSet::new([(WORKLOAD_LABEL.into(), create.owner.name.clone())]);
    let metadata = ObjectMeta {
        owner_references: vec![owner_reference(&create.owner)],
        ..named(&create.revision, &labels, &LabelSet::default())
    };
    let message = ControllerRevision {
        metadata: Some(metadata),
        data: Some(RawExtension { raw: create.data.clone() }),
        revision: create.number,
    };
    envelope::seal(Kind::ControllerRevision.api_version(), Kind::ControllerRevision.name(), &message)
}

fn named(object: &ObjectName, labels: &LabelSet, annotations: &LabelSet) -> ObjectMeta {
    ObjectMeta {
        name: bytes(&object.name),
        namespace: bytes(&object.namespace),
        labels: entries(labels),
        annotations: entries(annotations),
        ..ObjectMeta::default()
    }
}

/// The metadata of an object that was seen. UID and version are preconditions. Fields of protobuf may stand in any order, so what
/// is handed back follows as it is.
fn seen(metadata: ObjectMeta, uid: Uid, version: ResourceVersion, kept: &[u8]) -> Vec<u8> {
    let metadata = ObjectMeta {
        uid: bytes(&uid.to_string()),
        resource_version: bytes(&version.to_string()),
        ..metadata
    };
    let mut encoded = metadata.encode_to_vec();
    encoded.extend_from_slice(kept);
    encoded
}

fn endpoints_body(metadata: Vec<u8>, content: &EndpointsContent) -> Bytes {
    let message = Endpoints {
        metadata: metadata.into(),
        subsets: content.subsets.iter().map(endpoints::subset_message).collect(),
    };
    envelope::seal(Kind::Endpoints.api_version(), Kind::Endpoints.name(), &message)
}

fn slice_body(metadata: Vec<u8>, content: &EndpointSliceContent) -> Bytes {
    let message = EndpointSlice {
        metadata: metadata.into(),
        endpoints: content.endpoints.iter().map(endpoint_slice::endpoint_message).collect(),
        ports: content.ports.iter().map(endpoint_slice::port_message).collect(),
        address_type: endpoint_slice::address_type_text(content.address_type),
    };
    envelope::seal(Kind::EndpointSlice.api_version(), Kind::EndpointSlice.name(), &message)
}

/// A set of labels or annotations as messages.
pub(crate) fn entries(set: &LabelSet) -> Vec<MapEntry> {
    set.iter().map(|(key, value)| MapEntry { key: bytes(key), value: bytes(value) }).collect()
}
