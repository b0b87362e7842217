//! Lists.

use bytes::Bytes;
use mainstay_model::{Kind, Object, ObjectName, ResourceVersion, Uid};
use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::convert::metadata::{self, bytes};
use crate::convert::object;
use crate::envelope;
use crate::error::DecodeError;
use crate::json;
use crate::protobuf::meta::{List, ListMeta};

/// One page of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct ListPage {
    /// Every object of the page that could be read, in the server's order.
    pub objects: Vec<Object>,
    /// Objects that are there but could not be read, and why; the name where at least that could be.
    pub unreadable: Vec<(Option<ObjectName>, DecodeError)>,
    /// The version of the list; the same on each of its pages.
    pub version: ResourceVersion,
    /// What the request for the next page must carry; `None` on the last page.
    pub continue_token: Option<String>,
}

/// One page of a list of which only metadata was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetadataPage {
    /// Identity and version of each object, but for objects whose identity or version cannot be read.
    pub entries: Vec<(Uid, ResourceVersion)>,
    /// The version of the list.
    pub version: ResourceVersion,
    /// What the request for the next page must carry; `None` on the last page.
    pub continue_token: Option<String>,
}

/// A list in JSON, its items still text: one that cannot be read leaves the others readable.
#[derive(Deserialize)]
struct JsonList<'a> {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: JsonListMeta,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonListMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    continue_token: String,
}

/// Reads the answer to [`crate::request::list`].
pub fn decode(kind: Kind, body: &[u8]) -> Result<ListPage, DecodeError> {
    let open = if kind.is_custom() { open_json } else { open };
    let (metadata, items) = open(list_kind(kind), body)?;
    let mut page = ListPage {
        objects: Vec::with_capacity(items.len()),
        unreadable: Vec::new(),
        version: metadata::version(&metadata.resource_version)?,
        continue_token: continue_token(&metadata)?,
    };
    for item in items {
        match object::object(kind, item.clone()) {
            Ok(object) => page.objects.push(object),
            Err(error) => page.unreadable.push((object::identity(kind, item).0, error)),
        }
    }
    Ok(page)
}

/// Reads the answer to [`crate::request::metadata_list`].
pub fn decode_metadata(body: &[u8]) -> Result<MetadataPage, DecodeError> {
    let (metadata, items) = open("PartialObjectMetadataList", body)?;
    let entry = |item: Bytes| {
        let metadata = object::object_meta(item).ok()?;
        Some((metadata::uid(&metadata).ok()?, metadata::version(&metadata.resource_version).ok()?))
    };
    Ok(MetadataPage {
        entries: items.into_iter().filter_map(entry).collect(),
        version: metadata::version(&metadata.resource_version)?,
        continue_token: continue_token(&metadata)?,
    })
}

/// Reads nothing but the version of a list.
pub(crate) fn version(body: &[u8]) -> Result<ResourceVersion, DecodeError> {
    let (metadata, _) = open("PartialObjectMetadataList", body)?;
    metadata::version(&metadata.resource_version)
}

/// The items of a list, still bytes.
pub(crate) fn items(kind: &str, body: &[u8]) -> Result<Vec<Bytes>, DecodeError> {
    Ok(open(kind, body)?.1)
}

fn open(kind: &str, body: &[u8]) -> Result<(ListMeta, Vec<Bytes>), DecodeError> {
    let raw = envelope::open_kind("list", kind, Bytes::copy_from_slice(body))?;
    let list = List::decode(raw).map_err(|source| DecodeError::Malformed { field: "list", source })?;
    Ok((list.metadata.unwrap_or_default(), list.items))
}

fn open_json(kind: &str, body: &[u8]) -> Result<(ListMeta, Vec<Bytes>), DecodeError> {
    let list: JsonList<'_> = serde_json::from_slice(body).map_err(|error| json::malformed("list", &error))?;
    envelope::expect_kind(kind, list.kind.as_bytes())?;
    let JsonListMeta { resource_version, continue_token } = list.metadata;
    let metadata =
        ListMeta { resource_version: resource_version.into(), continue_token: continue_token.into() };
    let items = list.items.unwrap_or_default();
    Ok((metadata, items.into_iter().map(|item| bytes(item.get())).collect()))
}

fn list_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::ControllerRevision => "ControllerRevisionList",
        Kind::Endpoints => "EndpointsList",
        Kind::EndpointSlice => "EndpointSliceList",
        Kind::Node => "NodeList",
        Kind::Pod => "PodList",
        Kind::PodDisruptionBudget => "PodDisruptionBudgetList",
        Kind::ReplicationController => "ReplicationControllerList",
        Kind::ResourceQuota => "ResourceQuotaList",
        Kind::Service => "ServiceList",
        Kind::SidecarWorkload => "SidecarWorkloadList",
    }
}

fn continue_token(metadata: &ListMeta) -> Result<Option<String>, DecodeError> {
    let token = metadata::text("metadata.continue", &metadata.continue_token)?;
    Ok(if token.is_empty() { None } else { Some(token.to_owned()) })
}
