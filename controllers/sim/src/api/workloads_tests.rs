//! SidecarWorkloads, their revisions and their pods at the server.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, REVISION_LABEL, SERVING_GATE, WORKLOAD_LABEL};
use mainstay_model::{
    ContainerImage, ContainerRole, ControllerReference, ControllerRevision, CreateControllerRevision,
    CreatePod, DeleteObject, Kind, LabelSet, Meta, Name, Object, ObjectName, PatchControllerRevision,
    PatchPod, PatchPodCondition, Pod, PodSpec, PodTemplate, Refusal, ResourceVersion, SidecarWorkload,
    SidecarWorkloadStatus, StatusPatch, Timestamp, Uid, WorkloadPod, Write, WriteOutcome,
};

use super::ApiServer;
use super::changes::{Part, Replacement};
use super::refused::Refused;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const SPEC: &str = r#"{"containers": [{"name": "main", "image": "app:1"}],
    "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}]}"#;

fn name(name: &str) -> ObjectName {
    ObjectName::new("shop", name)
}

fn owner() -> ControllerReference {
    ControllerReference { kind: Kind::SidecarWorkload, name: "red".into(), uid: Uid(77) }
}

fn send(server: &mut ApiServer, write: Write) -> WriteOutcome {
    server.write(&write, NOW)
}

fn done(server: &mut ApiServer, write: Write) {
    let outcome = send(server, write);
    assert!(matches!(outcome, WriteOutcome::Acknowledged { .. }), "{outcome:?}");
}

fn is_conflict(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Refused(Refusal::Conflict { .. }))
}

fn is_invalid(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Refused(Refusal::Invalid { .. }))
}

fn with_pod() -> (ApiServer, PatchPod) {
    let mut server = ApiServer::default();
    let labels = [(WORKLOAD_LABEL, "red"), (REVISION_LABEL, "red-1")].into_iter().collect();
    let spec = PodSpec::Json(Bytes::from_static(SPEC.as_bytes()));
    let template = PodTemplate { labels, spec, ..PodTemplate::default() };
    let create = CreatePod {
        pod: name("red-x"),
        generate_name: "red-".into(),
        owner: owner(),
        template: Arc::new(template),
    };
    done(&mut server, Write::CreatePod(create));
    let patch = patch(&server);
    (server, patch)
}

/// A patch of nothing.
fn patch(server: &ApiServer) -> PatchPod {
    let meta = &pod(server).meta;
    PatchPod {
        pod: meta.name.clone(),
        uid: meta.uid,
        version: meta.version,
        images: [].into(),
        labels: [].into(),
        annotations: [].into(),
    }
}

fn pod(server: &ApiServer) -> Arc<Pod> {
    server.pod(&name("red-x")).unwrap().clone()
}

fn containers(server: &ApiServer) -> WorkloadPod {
    WorkloadPod::clone(pod(server).workload.as_ref().unwrap())
}

fn image(container: &str, role: ContainerRole, image: &str) -> Box<[ContainerImage]> {
    [ContainerImage { container: container.into(), role, image: image.into() }].into()
}

#[test]
fn a_new_image_is_a_new_generation_and_labels_are_not() {
    let (mut server, patch_of) = with_pod();
    let images = image("proxy", ContainerRole::Sidecar, "proxy:2");
    done(&mut server, Write::PatchPod(PatchPod { images: images.clone(), ..patch_of.clone() }));
    assert_eq!(pod(&server).meta.generation, 2);
    let seen: Vec<Name> = containers(&server).containers.iter().map(|found| found.image.clone()).collect();
    assert_eq!(seen, ["app:1".into(), "proxy:2".into()]);
    let again = Write::PatchPod(PatchPod { images: images.clone(), ..patch_of });
    assert!(is_conflict(&send(&mut server, again)), "it has changed since");

    let before = server.revision();
    let patched = PatchPod { images, ..patch(&server) };
    done(&mut server, Write::PatchPod(patched));
    assert_eq!(server.revision(), before, "nothing has changed");

    let labels = [(REVISION_LABEL.into(), Some("red-2".into())), ("gone".into(), None)].into();
    let annotations = [(IN_PLACE_ANNOTATION.into(), Some("step 1".into()))].into();
    let patched = PatchPod { labels, annotations, ..patch(&server) };
    done(&mut server, Write::PatchPod(patched));
    let found = pod(&server);
    assert_eq!(found.meta.generation, 2);
    assert_eq!(found.meta.labels.get(REVISION_LABEL), Some(&"red-2".into()));
    assert_eq!(containers(&server).in_place, Some("step 1".into()));
    let annotations = [(IN_PLACE_ANNOTATION.into(), None)].into();
    let patched = PatchPod { annotations, ..patch(&server) };
    done(&mut server, Write::PatchPod(patched));
    assert_eq!(containers(&server).in_place, None);
}

#[test]
fn an_annotation_is_a_new_version_whoever_reads_it() {
    const NOTE: &str = "example.com/note";
    const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    let (mut server, _) = with_pod();
    for (key, value, is_new, cost) in [
        (NOTE, Some("one"), true, 0),
        (NOTE, Some("one"), false, 0),
        (NOTE, Some("two"), true, 0),
        (NOTE, None, true, 0),
        (NOTE, None, false, 0),
        (COST, Some("0"), true, 0),
        (COST, Some("-7"), true, -7),
        (COST, None, true, 0),
    ] {
        let annotations = [(key.into(), value.map(Name::from))].into();
        let patched = PatchPod { annotations, ..patch(&server) };
        let before = server.revision();
        done(&mut server, Write::PatchPod(patched));
        assert_eq!(server.revision() > before, is_new, "{key} {value:?}");
        assert_eq!(pod(&server).deletion_cost, cost, "{key} {value:?}");
    }
    for cost in ["", "one", "+1", "01", "2147483648"] {
        let annotations = [(COST.into(), Some(cost.into()))].into();
        let patched = PatchPod { annotations, ..patch(&server) };
        assert!(is_invalid(&send(&mut server, Write::PatchPod(patched))), "{cost}");
        let annotations = [(COST, cost)].into_iter().collect();
        let template = Arc::new(PodTemplate { annotations, ..PodTemplate::default() });
        let (pod, owner) = (name("blue-x"), owner());
        let create = CreatePod { pod, generate_name: "blue-".into(), owner, template };
        assert!(is_invalid(&send(&mut server, Write::CreatePod(create))), "{cost}");
    }
}

#[test]
fn a_patch_cannot_add_a_container_or_hit_another_pod() {
    let (mut server, patch) = with_pod();
    for images in [
        image("other", ContainerRole::Sidecar, "x"),
        image("proxy", ContainerRole::Main, "x"),
        image("main", ContainerRole::Sidecar, "x"),
    ] {
        assert!(is_invalid(&send(&mut server, Write::PatchPod(PatchPod { images, ..patch.clone() }))));
    }
    let other = PatchPod { uid: Uid(99), ..patch };
    assert!(is_invalid(&send(&mut server, Write::PatchPod(other))));
}

#[test]
fn containers_are_shown_as_long_as_the_label_is_there() {
    let (mut server, _) = with_pod();
    let labels = |labels: LabelSet| Replacement {
        kind: Kind::Pod,
        object: name("red-x"),
        uid: None,
        version: None,
        part: Part::Labels(labels),
    };
    server.replace_part(&labels(LabelSet::default())).unwrap();
    assert_eq!(pod(&server).workload, None);
    server.replace_part(&labels([(WORKLOAD_LABEL, "red")].into_iter().collect())).unwrap();
    assert_eq!(containers(&server).containers.len(), 2);
}

#[test]
fn the_condition_of_the_gate_is_kept() {
    let (mut server, patch) = with_pod();
    let condition = |uid, status| {
        Write::PatchPodCondition(PatchPodCondition {
            pod: patch.pod.clone(),
            uid,
            condition: SERVING_GATE.into(),
            status,
            reason: "Drained",
            at: NOW,
        })
    };
    done(&mut server, condition(patch.uid, false));
    assert_eq!((containers(&server).serving, pod(&server).meta.generation), (Some(false), 1));
    assert!(is_invalid(&send(&mut server, condition(Uid(99), true))));
}

#[test]
fn a_pod_whose_spec_cannot_be_read_is_not_made() {
    let mut server = ApiServer::default();
    let create = |spec: &'static str| {
        let template = PodTemplate { spec: PodSpec::Json(spec.into()), ..PodTemplate::default() };
        let (pod, template) = (name("red-x"), Arc::new(template));
        Write::CreatePod(CreatePod { pod, generate_name: "red-".into(), owner: owner(), template })
    };
    let refused = send(&mut server, create("{"));
    assert!(matches!(refused, WriteOutcome::Refused(Refusal::Other { code: 400, .. })), "{refused:?}");
    assert!(is_invalid(&send(&mut server, create("{}"))));
}

fn create_revision(data: &'static str) -> CreateControllerRevision {
    CreateControllerRevision { revision: name("red-1"), owner: owner(), number: 1, data: data.into() }
}

fn revision(server: &ApiServer) -> Arc<ControllerRevision> {
    server.revisions().next().unwrap().clone()
}

#[test]
fn a_revision_is_made_once_changed_and_deleted() {
    let mut server = ApiServer::default();
    assert!(is_invalid(&send(&mut server, Write::CreateControllerRevision(create_revision("[]")))));
    done(&mut server, Write::CreateControllerRevision(create_revision("{}")));
    let again = send(&mut server, Write::CreateControllerRevision(create_revision("{}")));
    assert_eq!(again, WriteOutcome::Refused(Refusal::AlreadyExists));
    let seen = revision(&server);
    assert_eq!(seen.meta.labels.get(WORKLOAD_LABEL), Some(&"red".into()));
    assert_eq!(seen.meta.controller().and_then(|owner| owner.uid), Some(Uid(77)));

    let patch = PatchControllerRevision {
        revision: seen.meta.name.clone(),
        uid: seen.meta.uid,
        version: seen.meta.version,
        number: Some(2),
        owner: None,
        healthy_at: None,
    };
    done(&mut server, Write::PatchControllerRevision(patch.clone()));
    assert!(is_conflict(&send(&mut server, Write::PatchControllerRevision(patch.clone()))));
    let version = revision(&server).meta.version;
    let healthy = PatchControllerRevision { version, number: None, healthy_at: Some(NOW), ..patch.clone() };
    done(&mut server, Write::PatchControllerRevision(healthy));
    let seen = revision(&server);
    assert_eq!((seen.number, seen.healthy_at), (2, Some(NOW)));
    let version = seen.meta.version;
    let thief = ControllerReference { uid: Uid(78), ..owner() };
    let stolen = PatchControllerRevision { version, owner: Some(thief), ..patch };
    assert!(is_invalid(&send(&mut server, Write::PatchControllerRevision(stolen))));

    let delete = DeleteObject::of(Kind::ControllerRevision, &seen.meta);
    let wrong = DeleteObject { version: ResourceVersion(1), ..delete.clone() };
    assert!(is_conflict(&send(&mut server, Write::DeleteObject(wrong))));
    done(&mut server, Write::DeleteObject(delete));
    assert_eq!(server.revisions().count(), 0);
}

fn create_workload(server: &mut ApiServer, replicas: i32) -> Result<ResourceVersion, Refused> {
    let template = Bytes::from_static(b"{}");
    let workload = SidecarWorkload::new(Meta::new(name("red"), Uid(0)), replicas, template);
    server.create_object(Object::SidecarWorkload(Arc::new(workload)), NOW)
}

#[test]
fn a_namespace_that_ends_is_told_before_the_schema_and_that_before_a_name_in_use() {
    let mut server = ApiServer::default();
    assert_eq!(create_workload(&mut server, -1), Err(Refused::INVALID));
    create_workload(&mut server, 3).unwrap();
    for (replicas, refused) in [(-1, Refused::INVALID), (3, Refused::ALREADY_EXISTS)] {
        assert_eq!(create_workload(&mut server, replicas), Err(refused), "{replicas} replicas");
    }
    let shrunk = server.replace_workload(&name("red"), |workload| workload.replicas = -1);
    assert_eq!(shrunk, Err(Refused::INVALID));
    server.terminate_namespace(&"shop".into());
    for replicas in [-1, 3] {
        let refused = create_workload(&mut server, replicas);
        assert_eq!(refused, Err(Refused::NAMESPACE_TERMINATING), "{replicas} replicas");
    }
}

#[test]
fn the_version_alone_decides_about_a_status() {
    let mut server = ApiServer::default();
    let (object, status) = (name("red"), SidecarWorkloadStatus::default());
    let patch = StatusPatch { object, uid: Uid(99), version: ResourceVersion(1), status };
    let missing = send(&mut server, Write::PatchSidecarWorkloadStatus(patch.clone()));
    assert!(matches!(missing, WriteOutcome::Refused(Refusal::NotFound { .. })), "{missing:?}");
    let version = create_workload(&mut server, 3).unwrap();
    let uid = server.workload(&name("red")).unwrap().meta.uid;
    for (uid, version, is_refused) in [
        (uid, ResourceVersion(1), true),
        (Uid(99), ResourceVersion(1), true),
        (Uid(99), version, false),
        (uid, version, false),
    ] {
        let patch = StatusPatch { uid, version, ..patch.clone() };
        let outcome = send(&mut server, Write::PatchSidecarWorkloadStatus(patch));
        assert_eq!(is_conflict(&outcome), is_refused, "{uid} at {version}: {outcome:?}");
    }
    assert_eq!(server.workload(&name("red")).unwrap().meta.uid, uid);
}

#[test]
fn a_spec_has_generations_and_a_status_has_none() {
    let mut server = ApiServer::default();
    create_workload(&mut server, 3).unwrap();
    let seen = |server: &ApiServer| server.workload(&name("red")).unwrap().clone();
    let made = seen(&server);
    assert_eq!(made.meta.generation, 1);
    let status = SidecarWorkloadStatus { replicas: 2, ..SidecarWorkloadStatus::default() };
    let patch = StatusPatch { object: name("red"), uid: made.meta.uid, version: made.meta.version, status };
    done(&mut server, Write::PatchSidecarWorkloadStatus(patch.clone()));
    assert!(is_conflict(&send(&mut server, Write::PatchSidecarWorkloadStatus(patch))));
    server.replace_workload(&name("red"), |workload| workload.retry = Some("now".into())).unwrap();
    assert_eq!(seen(&server).meta.generation, 1, "an annotation is no spec");
    let change = |workload: &mut SidecarWorkload| {
        workload.replicas = 4;
        workload.status.replicas = 99;
    };
    server.replace_workload(&name("red"), change).unwrap();
    let seen = seen(&server);
    assert_eq!((seen.meta.generation, seen.replicas, seen.status.replicas), (2, 4, 2));
}
