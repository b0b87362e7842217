use mainstay_model::{ContainerRole, ContainerState, Kind, Object, WorkloadPod};

use super::{UID, entries, field, metadata, number, read, read_damaged, text};
use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::core::{
    self, Container, ContainerStateWaiting, ContainerStatus, Pod, PodCondition, PodReadinessGate, PodSpec,
    PodStatus,
};
use crate::protobuf::meta::ObjectMeta;

fn labelled(annotations: &[(&str, &str)]) -> ObjectMeta {
    let labels = entries(&[("mainstay.dev/workload", "web")]);
    ObjectMeta { labels, annotations: entries(annotations), ..metadata() }
}

fn workload(metadata: ObjectMeta, spec: PodSpec, status: PodStatus) -> Option<WorkloadPod> {
    let message = Pod { metadata: Some(metadata), spec: Some(spec), status: Some(status) };
    let Ok(Object::Pod(pod)) = read(Kind::Pod, &message) else { panic!("not read: {message:?}") };
    pod.workload.as_deref().cloned()
}

fn container(name: &str, restart_policy: &str) -> Container {
    Container {
        name: text(name),
        image: text(&format!("{name}:1")),
        restart_policy: text(restart_policy),
        ..Container::default()
    }
}

#[test]
fn only_pods_of_a_workload_carry_what_it_needs() {
    let spec = PodSpec { containers: vec![container("main", "")], ..PodSpec::default() };
    assert_eq!(workload(metadata(), spec.clone(), PodStatus::default()), None);
    let found = workload(labelled(&[]), spec, PodStatus::default()).unwrap();
    let main = ContainerState {
        name: "main".into(),
        role: ContainerRole::Main,
        image: "main:1".into(),
        id: None,
        started: false,
        ready: false,
        restarts: 0,
        waiting: None,
    };
    assert_eq!(found, WorkloadPod { containers: [main].into(), ..WorkloadPod::default() });
}

#[test]
fn each_container_has_its_role_and_the_status_of_its_name() {
    let status = |name: &str, id: &str| ContainerStatus {
        name: text(name),
        container_id: text(id),
        ..ContainerStatus::default()
    };
    let waiting =
        |reason: &str| core::ContainerState { waiting: Some(ContainerStateWaiting { reason: text(reason) }) };
    let spec = PodSpec {
        containers: vec![container("main", "")],
        init_containers: vec![
            container("setup", ""),
            container("proxy", "Always"),
            container("logs", "Always"),
        ],
        ..PodSpec::default()
    };
    let pod_status = PodStatus {
        container_statuses: vec![
            // Another list, another container.
            status("proxy", "containerd://other"),
            ContainerStatus {
                ready: true,
                restart_count: 2,
                started: Some(true),
                ..status("main", "containerd://main")
            },
        ],
        init_container_statuses: vec![
            ContainerStatus {
                state: Some(waiting("ImagePullBackOff")),
                restart_count: 5,
                started: Some(false),
                ..status("proxy", "containerd://proxy")
            },
            ContainerStatus {
                state: Some(core::ContainerState { waiting: None }),
                ready: true,
                ..status("setup", "")
            },
        ],
        ..PodStatus::default()
    };
    let found = workload(labelled(&[]), spec, pod_status).unwrap();
    let lines: Vec<String> = found
        .containers
        .iter()
        .map(|each| {
            let ContainerState { name, role, image, id, started, ready, restarts, waiting } = each;
            format!("{name} {role:?} {image} {id:?} {started} {ready} {restarts} {waiting:?}")
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"main Main main:1 Some("containerd://main") true true 2 None"#,
            r#"setup Init setup:1 None false true 0 None"#,
            r#"proxy Sidecar proxy:1 Some("containerd://proxy") false false 5 Some("ImagePullBackOff")"#,
            r#"logs Sidecar logs:1 None false false 0 None"#,
        ]
    );
}

#[test]
fn conditions_gate_and_step_of_an_update() {
    let condition = |condition_type: &str, status: &str| PodCondition {
        condition_type: text(condition_type),
        status: text(status),
        last_transition_time: None,
    };
    let gate = |condition_type: &str| PodReadinessGate { condition_type: text(condition_type) };
    let serving = "mainstay.dev/serving";
    for (gates, conditions, expected) in [
        (vec![], vec![], (false, false, None)),
        (vec![gate("example.com/other")], vec![condition("Initialized", "True")], (true, false, None)),
        (vec![gate(serving)], vec![condition("Initialized", "False")], (false, true, None)),
        (vec![gate(serving)], vec![condition(serving, "True")], (false, true, Some(true))),
        (vec![gate(serving)], vec![condition(serving, "False")], (false, true, Some(false))),
        (vec![], vec![condition(serving, "Unknown")], (false, false, Some(false))),
    ] {
        let spec = PodSpec { readiness_gates: gates, ..PodSpec::default() };
        let status = PodStatus { conditions, observed_generation: 4, ..PodStatus::default() };
        let found = workload(labelled(&[("mainstay.dev/inplace", "{}")]), spec, status).unwrap();
        assert_eq!((found.initialized, found.has_serving_gate, found.serving), expected);
        assert_eq!((found.observed_generation, found.in_place.as_deref()), (4, Some("{}")));
    }
}

#[test]
fn texts_that_are_none_are_named_where_somebody_needs_them() {
    let bad = || bytes::Bytes::from_static(b"\xff");
    let nameless = || Container { name: bad(), ..Container::default() };
    let imageless = || Container { image: bad(), ..container("main", "") };
    let status = || ContainerStatus { name: text("main"), container_id: bad(), ..ContainerStatus::default() };
    let main = |main| PodSpec { containers: vec![main], ..PodSpec::default() };
    let init = |init| PodSpec { init_containers: vec![init], ..PodSpec::default() };
    for (spec, status, field) in [
        (main(nameless()), PodStatus::default(), "spec.containers.name"),
        (main(imageless()), PodStatus::default(), "spec.containers.image"),
        (init(nameless()), PodStatus::default(), "spec.initContainers.name"),
        (init(imageless()), PodStatus::default(), "spec.initContainers.image"),
        (
            main(container("main", "")),
            PodStatus { container_statuses: vec![status()], ..PodStatus::default() },
            "status.containerStatuses.containerID",
        ),
        (
            init(container("main", "")),
            PodStatus { init_container_statuses: vec![status()], ..PodStatus::default() },
            "status.initContainerStatuses.containerID",
        ),
    ] {
        let pod = |metadata| Pod {
            metadata: Some(metadata),
            spec: Some(spec.clone()),
            status: Some(status.clone()),
        };
        assert_eq!(read(Kind::Pod, &pod(labelled(&[]))), Err(DecodeError::NotText { field }));
        assert!(read(Kind::Pod, &pod(metadata())).is_ok(), "{field}");
    }
}

/// Byte for byte after api/core/v1/generated.proto, past the fields that are not read.
#[test]
fn the_bytes_are_those_of_the_api() {
    let label = [field(1, b"mainstay.dev/workload"), field(2, b"web")].concat();
    let step = [field(1, b"mainstay.dev/inplace"), field(2, b"step")].concat();
    let metadata = [
        field(1, b"web-1"),
        field(3, b"shop"),
        field(5, UID.as_bytes()),
        field(6, b"42"),
        number(7, 9),
        field(11, &label),
        field(12, &step),
    ];
    let main = [field(1, b"main"), field(2, b"main:2"), field(3, b"run")].concat();
    let proxy = [field(1, b"proxy"), field(2, b"proxy:1"), field(24, b"Always")].concat();
    let gate = field(1, b"mainstay.dev/serving");
    let spec = [field(2, &main), field(20, &proxy), field(28, &gate)].concat();
    let condition = |name: &[u8], status: &[u8]| field(2, &[field(1, name), field(2, status)].concat());
    let state = field(1, &[field(1, b"CrashLoopBackOff"), field(2, b"back-off")].concat());
    let last_state = field(1, &field(1, b"Other"));
    let proxy_status = [
        field(1, b"proxy"),
        field(2, &state),
        field(3, &last_state),
        number(4, 0),
        number(5, 6),
        field(6, b"proxy:0"),
        field(7, b"sha256:1"),
        field(8, b"containerd://2"),
        number(9, 1),
    ];
    let main_status =
        [field(1, b"main"), number(4, 1), number(5, 0), field(8, b"containerd://1"), number(9, 1)];
    let status = [
        field(1, b"Running"),
        condition(b"Initialized", b"True"),
        condition(b"mainstay.dev/serving", b"False"),
        field(8, &main_status.concat()),
        field(10, &proxy_status.concat()),
        number(17, 8),
    ];
    let bytes = [field(1, &metadata.concat()), field(2, &spec), field(3, &status.concat())].concat();
    let Ok(Object::Pod(pod)) = object::object(Kind::Pod, bytes.clone().into()) else { panic!("not read") };
    assert_eq!(pod.meta.generation, 9);
    let main = ContainerState {
        name: "main".into(),
        role: ContainerRole::Main,
        image: "main:2".into(),
        id: Some("containerd://1".into()),
        started: true,
        ready: true,
        restarts: 0,
        waiting: None,
    };
    let proxy = ContainerState {
        name: "proxy".into(),
        role: ContainerRole::Sidecar,
        image: "proxy:1".into(),
        id: Some("containerd://2".into()),
        started: true,
        ready: false,
        restarts: 6,
        waiting: Some("CrashLoopBackOff".into()),
    };
    let expected = WorkloadPod {
        in_place: Some("step".into()),
        observed_generation: 8,
        initialized: true,
        has_serving_gate: true,
        serving: Some(false),
        containers: [main, proxy].into(),
    };
    assert_eq!(pod.workload.as_deref(), Some(&expected));
    read_damaged(Kind::Pod, &bytes);
}
