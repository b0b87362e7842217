use mainstay_model::{Kind, Object, PodPhase, Timestamp};

use super::{entries, metadata, read, text};
use crate::error::DecodeError;
use crate::protobuf::core::{
    Container, ContainerPort, ContainerStatus, Pod, PodCondition, PodIp, PodSpec, PodStatus,
};
use crate::protobuf::meta::{ObjectMeta, Time};

fn pod(spec: PodSpec, status: PodStatus) -> mainstay_model::Pod {
    let message = Pod { metadata: Some(metadata()), spec: Some(spec), status: Some(status) };
    let Ok(Object::Pod(pod)) = read(Kind::Pod, &message) else { panic!("not read: {message:?}") };
    (*pod).clone()
}

fn statuses(counts: &[(&str, i32)]) -> Vec<ContainerStatus> {
    counts
        .iter()
        .map(|(name, restart_count)| ContainerStatus {
            name: text(name),
            restart_count: *restart_count,
            ..ContainerStatus::default()
        })
        .collect()
}

#[test]
fn a_pod_of_which_nothing_is_said() {
    let pod = pod(PodSpec::default(), PodStatus::default());
    assert_eq!(pod.phase, PodPhase::Pending);
    assert_eq!(pod.node, None);
    assert!(!pod.ready);
    assert_eq!(pod.ready_since, None);
    assert_eq!((pod.deletion_cost, pod.restarts, pod.sidecar_restarts), (0, 0, 0));
    assert_eq!((pod.hostname, pod.subdomain), (None, None));
    assert_eq!((pod.ips.len(), pod.named_ports.len()), (0, 0));
    assert_eq!(pod.workload, None);
}

#[test]
fn phases() {
    for (phase, expected) in [
        ("", PodPhase::Pending),
        ("Pending", PodPhase::Pending),
        ("Running", PodPhase::Running),
        ("Succeeded", PodPhase::Succeeded),
        ("Failed", PodPhase::Failed),
        ("Unknown", PodPhase::Unknown),
        ("failed", PodPhase::Unknown),
        ("Evaporated", PodPhase::Unknown),
    ] {
        let status = PodStatus { phase: text(phase), ..PodStatus::default() };
        assert_eq!(pod(PodSpec::default(), status).phase, expected, "{phase}");
    }
}

#[test]
fn why_a_pod_has_ended() {
    for (phase, reason, expected) in [
        ("Failed", "OutOfcpu", Some("OutOfcpu")),
        ("Succeeded", "Completed", Some("Completed")),
        ("Failed", "", None),
        ("Running", "NodeLost", None),
    ] {
        let status = PodStatus { phase: text(phase), reason: text(reason), ..PodStatus::default() };
        assert_eq!(pod(PodSpec::default(), status).end_reason.as_deref(), expected, "{phase} {reason}");
    }
    let status = PodStatus { phase: text("Failed"), reason: b"Out\xff"[..].into(), ..PodStatus::default() };
    assert_eq!(pod(PodSpec::default(), status).end_reason.as_deref(), Some("Out\u{fffd}"));
}

#[test]
fn deletion_costs() {
    for (cost, expected) in [
        ("0", 0),
        ("7", 7),
        ("-7", -7),
        ("2147483647", i32::MAX),
        ("-2147483648", i32::MIN),
        ("2147483648", 0),
        ("+7", 0),
        ("007", 0),
        ("-0", 0),
        ("-05", -5),
        ("00", 0),
        ("-", 0),
        (" 7", 0),
        ("7.0", 0),
        ("", 0),
        ("seven", 0),
    ] {
        let annotations = entries(&[("other", "1"), ("controller.kubernetes.io/pod-deletion-cost", cost)]);
        let message = Pod { metadata: Some(ObjectMeta { annotations, ..metadata() }), ..Pod::default() };
        let Ok(Object::Pod(pod)) = read(Kind::Pod, &message) else { panic!("not read: {cost}") };
        assert_eq!(pod.deletion_cost, expected, "{cost}");
    }
}

#[test]
fn readiness_is_the_first_condition_of_that_type() {
    let condition = |condition_type: &str, status: &str, seconds: Option<i64>| PodCondition {
        condition_type: text(condition_type),
        status: text(status),
        last_transition_time: seconds.map(|seconds| Time { seconds: Some(seconds), nanos: Some(0) }),
    };
    let since = |seconds| Some(Timestamp::from_seconds(seconds));
    for (conditions, ready, ready_since) in [
        (vec![], false, None),
        (vec![condition("ContainersReady", "True", Some(1))], false, None),
        (vec![condition("Other", "True", Some(1)), condition("Ready", "True", Some(2))], true, since(2)),
        (vec![condition("Ready", "False", Some(3))], false, since(3)),
        (vec![condition("Ready", "true", None)], false, None),
        (vec![condition("Ready", "True", None), condition("Ready", "False", Some(1))], true, None),
    ] {
        let pod = pod(PodSpec::default(), PodStatus { conditions, ..PodStatus::default() });
        assert_eq!((pod.ready, pod.ready_since), (ready, ready_since));
    }
}

#[test]
fn restarts_of_main_containers_and_of_sidecars() {
    let container = |name: &str, restart_policy: &str| Container {
        name: text(name),
        restart_policy: text(restart_policy),
        ..Container::default()
    };
    let spec = PodSpec {
        node_name: text("node-1"),
        init_containers: vec![container("first", ""), container("side", "Always"), container("odd", "Never")],
        ..PodSpec::default()
    };
    for (main, init, expected) in [
        (vec![], vec![], (0, 0)),
        (vec![("a", 1), ("b", 4)], vec![("first", 9), ("side", 2), ("odd", 8), ("unknown", 7)], (4, 2)),
        (vec![("a", -3)], vec![("side", i32::MIN)], (0, 0)),
        (vec![("a", i32::MAX)], vec![("side", 1), ("side", 3)], (i32::MAX, 3)),
    ] {
        let status = PodStatus {
            container_statuses: statuses(&main),
            init_container_statuses: statuses(&init),
            ..PodStatus::default()
        };
        let pod = pod(spec.clone(), status);
        assert_eq!((pod.restarts, pod.sidecar_restarts), expected);
        assert_eq!(pod.node.as_deref(), Some("node-1"));
    }
}

#[test]
fn a_node_name_that_is_no_text_is_named() {
    let spec = PodSpec { node_name: b"\xff"[..].into(), ..PodSpec::default() };
    let message = Pod { metadata: Some(metadata()), spec: Some(spec), status: None };
    assert_eq!(read(Kind::Pod, &message), Err(DecodeError::NotText { field: "spec.nodeName" }));
}

#[test]
fn addresses() {
    for (first, all, expected) in [
        ("10.0.0.1", vec![], vec!["10.0.0.1"]),
        ("", vec![], vec![]),
        ("10.0.0.1", vec!["fd00::1", "10.0.0.2"], vec!["fd00::1", "10.0.0.2"]),
        ("10.0.0.1", vec!["", "nowhere", "10.0.0.3"], vec!["10.0.0.3"]),
        ("10.0.0.1", vec![""], vec![]),
    ] {
        let status = PodStatus {
            pod_ip: text(first),
            pod_ips: all.iter().map(|ip| PodIp { ip: text(ip) }).collect(),
            ..PodStatus::default()
        };
        let pod = pod(PodSpec::default(), status);
        assert_eq!(pod.ips.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{first} {all:?}");
    }
}

#[test]
fn names_of_the_pod_in_dns() {
    let spec = PodSpec { hostname: text("web-0"), subdomain: text("web"), ..PodSpec::default() };
    let pod = pod(spec, PodStatus::default());
    assert_eq!((pod.hostname.as_deref(), pod.subdomain.as_deref()), (Some("web-0"), Some("web")));
}

fn port(name: &str, protocol: &str, number: i32) -> ContainerPort {
    ContainerPort { name: text(name), protocol: text(protocol), container_port: number }
}

#[test]
fn ports_with_a_name_are_those_of_the_containers_and_then_those_of_the_sidecars() {
    let container = |restart_policy: &str, ports: Vec<ContainerPort>| Container {
        name: text("main"),
        ports,
        restart_policy: text(restart_policy),
        ..Container::default()
    };
    let spec = PodSpec {
        init_containers: vec![
            container("", vec![port("init", "", 1)]),
            container("Always", vec![port("side", "SCTP", 2), port("", "", 3)]),
        ],
        containers: vec![
            container("", vec![port("http", "", 80), port("", "TCP", 81)]),
            container("", vec![port("dns", "UDP", 53), port("http", "TCP", 8080)]),
        ],
        ..PodSpec::default()
    };
    let pod = pod(spec, PodStatus::default());
    let ports: Vec<String> = pod
        .named_ports
        .iter()
        .map(|port| format!("{} {} {}", port.name, port.protocol, port.number))
        .collect();
    assert_eq!(ports, ["http TCP 80", "dns UDP 53", "http TCP 8080", "side SCTP 2"]);
}

#[test]
fn texts_that_are_none_are_named() {
    let bad = || bytes::Bytes::from_static(b"\xff");
    let container = |port| Container { ports: vec![port], ..Container::default() };
    for (spec, status, field) in [
        (PodSpec { hostname: bad(), ..PodSpec::default() }, PodStatus::default(), "spec.hostname"),
        (PodSpec { subdomain: bad(), ..PodSpec::default() }, PodStatus::default(), "spec.subdomain"),
        (
            PodSpec {
                containers: vec![container(ContainerPort { name: bad(), ..port("", "", 1) })],
                ..PodSpec::default()
            },
            PodStatus::default(),
            "spec.containers.ports.name",
        ),
        (
            PodSpec {
                containers: vec![container(ContainerPort { protocol: bad(), ..port("a", "", 1) })],
                ..PodSpec::default()
            },
            PodStatus::default(),
            "spec.containers.ports.protocol",
        ),
        (PodSpec::default(), PodStatus { pod_ip: bad(), ..PodStatus::default() }, "status.podIP"),
        (
            PodSpec::default(),
            PodStatus { pod_ips: vec![PodIp { ip: bad() }], ..PodStatus::default() },
            "status.podIPs",
        ),
    ] {
        let message = Pod { metadata: Some(metadata()), spec: Some(spec), status: Some(status) };
        assert_eq!(read(Kind::Pod, &message), Err(DecodeError::NotText { field }));
    }
}
