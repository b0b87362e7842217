//! Nodes.

use mainstay_model::{Kind, Name, Node};

use crate::convert::metadata;
use crate::error::DecodeError;
use crate::protobuf::meta::ObjectMeta;
use crate::protobuf::node as messages;

/// Reads a node.
pub(crate) fn node(message: &messages::Node) -> Result<Node, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_status = messages::NodeStatus::default();
    let status = message.status.as_ref().unwrap_or(&absent_status);
    let ready = status.conditions.iter().find(|condition| condition.condition_type == "Ready");
    Ok(Node {
        meta: metadata::meta(Kind::Node, message.metadata.as_ref().unwrap_or(&absent_metadata))?,
        ready: ready.is_some_and(|condition| condition.status == "True"),
        allocatable_cpu: allocatable_cpu(status)?,
    })
}

/// Of several entries the last one counts, as in a map that is filled in order.
fn allocatable_cpu(status: &messages::NodeStatus) -> Result<Option<Name>, DecodeError> {
    let Some(entry) = status.allocatable.iter().rev().find(|entry| entry.key == "cpu") else {
        return Ok(None);
    };
    metadata::optional("status.allocatable", entry.value.as_ref().map(|quantity| &quantity.text))
}
