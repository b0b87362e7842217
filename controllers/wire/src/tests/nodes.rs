use mainstay_model::{Kind, Object, ObjectName, Timestamp};

use super::{UID, field, metadata, read, read_damaged, text};
use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::core::{Quantity, QuantityEntry};
use crate::protobuf::meta::ObjectMeta;
use crate::protobuf::node::{Node, NodeCondition, NodeStatus, NodeSystemInfo};

fn node(status: NodeStatus) -> mainstay_model::Node {
    let metadata = ObjectMeta { namespace: text(""), ..metadata() };
    let message = Node { metadata: Some(metadata), status: Some(status) };
    let Ok(Object::Node(node)) = read(Kind::Node, &message) else { panic!("not read: {message:?}") };
    (*node).clone()
}

#[test]
fn a_node_has_no_namespace() {
    let node = node(NodeStatus::default());
    assert_eq!(node.meta.name, ObjectName::new("", "web"));
    assert_eq!((node.ready, node.allocatable_cpu, node.kubelet), (false, None, None));
    assert_eq!(
        read(
            Kind::Pod,
            &Node { metadata: Some(ObjectMeta { namespace: text(""), ..metadata() }), status: None }
        ),
        Err(DecodeError::Missing { field: "metadata.namespace" })
    );
}

#[test]
fn readiness_is_the_first_condition_of_that_type() {
    let condition = |condition_type: &str, status: &str| NodeCondition {
        condition_type: text(condition_type),
        status: text(status),
        last_transition_time: None,
    };
    for (conditions, ready) in [
        (vec![condition("MemoryPressure", "True")], false),
        (vec![condition("MemoryPressure", "False"), condition("Ready", "True")], true),
        (vec![condition("Ready", "Unknown"), condition("Ready", "True")], false),
    ] {
        assert_eq!(node(NodeStatus { conditions, ..NodeStatus::default() }).ready, ready);
    }
}

#[test]
fn processors_as_they_are_written() {
    let entry = |key: &str, amount: Option<&str>| QuantityEntry {
        key: text(key),
        value: amount.map(|amount| Quantity { text: text(amount) }),
    };
    for (allocatable, expected) in [
        (vec![entry("memory", Some("1Gi"))], None),
        (vec![entry("cpu", Some("3920m")), entry("memory", Some("1Gi"))], Some("3920m")),
        (vec![entry("cpu", Some("1")), entry("cpu", Some("2"))], Some("2")),
        (vec![entry("cpu", None)], None),
    ] {
        let node = node(NodeStatus { allocatable, ..NodeStatus::default() });
        assert_eq!(node.allocatable_cpu.as_deref(), expected);
    }
}

#[test]
fn of_the_kubelet_major_and_minor_version_are_read() {
    for (version, expected) in [
        ("v1.36.3", Some((1, 36))),
        ("v1.34.1+k3s1", Some((1, 34))),
        ("v1.36.0-gke.1498000", Some((1, 36))),
        ("v1.36+", Some((1, 36))),
        ("v2.0", Some((2, 0))),
        ("1.36.3", None),
        ("v1", None),
        ("v1.x", None),
        ("v1.99999", None),
        ("", None),
    ] {
        let node_info = Some(NodeSystemInfo { kubelet_version: text(version) });
        assert_eq!(node(NodeStatus { node_info, ..NodeStatus::default() }).kubelet, expected, "{version}");
    }
}

/// Byte for byte after api/core/v1/generated.proto, past the messages that are declared here.
#[test]
fn the_bytes_are_those_of_the_api() {
    let label = [field(1, b"topology.kubernetes.io/zone"), field(2, b"north")].concat();
    let metadata = [field(1, b"web"), field(5, UID.as_bytes()), field(6, b"42"), field(11, &label)].concat();
    let cpu = [field(1, b"cpu"), field(2, &field(1, b"4"))].concat();
    let more = [field(1, b"cpu"), field(2, &field(1, b"8"))].concat();
    let ready_since = [8, 42];
    let ready =
        [field(1, b"Ready"), field(2, b"True"), field(4, &ready_since), field(5, b"KubeletReady")].concat();
    let info = [field(5, b"a system"), field(7, b"v1.36.3"), field(8, b"v1.30.0")].concat();
    let status = [field(1, &more), field(2, &cpu), field(4, &ready), field(5, b""), field(7, &info)].concat();
    let bytes = [field(1, &metadata), field(2, &field(1, b"10.0.0.0/24")), field(3, &status)].concat();
    let Ok(Object::Node(node)) = object::object(Kind::Node, bytes.clone().into()) else { panic!("not read") };
    assert!(node.ready);
    assert_eq!(node.ready_since, Some(Timestamp::from_seconds(42)));
    assert_eq!(node.zone().map(|zone| &**zone), Some("north"));
    assert_eq!(node.allocatable_cpu.as_deref(), Some("4"));
    assert_eq!(node.kubelet, Some((1, 36)));
    read_damaged(Kind::Node, &bytes);
}
