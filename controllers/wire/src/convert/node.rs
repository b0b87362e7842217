//! Nodes.

use mainstay_model::{Kind, Name, Node};

use crate::convert::metadata;
use crate::error::DecodeError;
use crate::protobuf::meta::ObjectMeta;
use crate::protobuf::node as messages;
use crate::time;

/// Reads a node.
pub(crate) fn node(message: &messages::Node) -> Result<Node, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_status = messages::NodeStatus::default();
    let status = message.status.as_ref().unwrap_or(&absent_status);
    let ready = status.conditions.iter().find(|condition| condition.condition_type == "Ready");
    Ok(Node {
        meta: metadata::meta(Kind::Node, message.metadata.as_ref().unwrap_or(&absent_metadata))?,
        ready: ready.is_some_and(|condition| condition.status == "True"),
        ready_since: ready.and_then(|condition| time::from_time(condition.last_transition_time.as_ref())),
        allocatable_cpu: allocatable_cpu(status)?,
        kubelet: status.node_info.as_ref().and_then(|info| version(&info.kubelet_version)),
    })
}

/// Of several entries the last one counts, as in a map that is filled in order.
fn allocatable_cpu(status: &messages::NodeStatus) -> Result<Option<Name>, DecodeError> {
    let Some(entry) = status.allocatable.iter().rev().find(|entry| entry.key == "cpu") else {
        return Ok(None);
    };
    metadata::optional("status.allocatable", entry.value.as_ref().map(|quantity| &quantity.text))
}

/// Major and minor version in a text such as `v1.36.3` or `v1.34.1+k3s1`.
fn version(text: &[u8]) -> Option<(u16, u16)> {
    let (major, rest) = std::str::from_utf8(text).ok()?.strip_prefix('v')?.split_once('.')?;
    let minor = rest.split(|each: char| !each.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
