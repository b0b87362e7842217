use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use mainstay_model::{
    ControllerReference, CreatePod, Kind, Object, ObjectName, PodTemplate, Selector, Uid, Write,
};
use prost::Message;

use super::{entries, metadata, read, text};
use crate::protobuf::core::{
    PodWithRawSpec, ReplicationController, ReplicationControllerCondition, ReplicationControllerSpec,
    ReplicationControllerStatus,
};
use crate::protobuf::meta::{AnyObject, List, ListMeta, ObjectMeta};
use crate::{envelope, list, request};

fn controller(
    spec: ReplicationControllerSpec,
    status: ReplicationControllerStatus,
) -> Arc<mainstay_model::ReplicationController> {
    let message =
        ReplicationController { metadata: Some(metadata()), spec: Some(spec), status: Some(status) };
    let Ok(Object::ReplicationController(controller)) = read(Kind::ReplicationController, &message) else {
        panic!("not read: {message:?}")
    };
    controller
}

#[test]
fn replicas_are_one_where_nothing_is_said() {
    for (replicas, expected) in
        [(None, 1), (Some(0), 0), (Some(7), 7), (Some(-7), -7), (Some(i32::MIN), i32::MIN)]
    {
        let spec = ReplicationControllerSpec { replicas, ..Default::default() };
        assert_eq!(controller(spec, Default::default()).replicas, expected);
    }
}

#[test]
fn a_controller_without_spec_and_template_is_read() {
    let message = ReplicationController { metadata: Some(metadata()), ..Default::default() };
    let Ok(Object::ReplicationController(controller)) = read(Kind::ReplicationController, &message) else {
        panic!("not read")
    };
    assert_eq!(controller.replicas, 1);
    assert_eq!(controller.template, None);
    assert_eq!(controller.selector, Selector::default());
}

#[test]
fn an_empty_template_is_not_an_absent_one() {
    let spec = ReplicationControllerSpec { template: Some(PodWithRawSpec::default()), ..Default::default() };
    assert_eq!(controller(spec, Default::default()).template.as_deref(), Some(&PodTemplate::default()));
}

#[test]
fn counts_and_conditions_are_data() {
    let conditions = vec![
        ReplicationControllerCondition { message: b"caf\xc3"[..].into(), ..Default::default() },
        ReplicationControllerCondition { condition_type: text("ReplicaFailure"), ..Default::default() },
    ];
    let status = ReplicationControllerStatus {
        replicas: -1,
        fully_labeled_replicas: i32::MIN,
        ready_replicas: i32::MAX,
        available_replicas: 3,
        observed_generation: i64::MIN,
        conditions,
    };
    let spec = ReplicationControllerSpec { min_ready_seconds: -4, ..Default::default() };
    let controller = controller(spec, status);
    assert_eq!(controller.min_ready_seconds, -4);
    let status = &controller.status;
    assert_eq!(
        (status.replicas, status.fully_labeled_replicas, status.ready_replicas, status.available_replicas),
        (-1, i32::MIN, i32::MAX, 3)
    );
    assert_eq!(status.observed_generation, i64::MIN);
    assert_eq!(status.conditions[0].message, "caf\u{fffd}");
    assert_eq!(status.conditions[1].kind, "ReplicaFailure");
}

/// A field that holds bytes, under any number.
fn field(number: u32, value: &[u8]) -> Bytes {
    let mut buffer = BytesMut::new();
    // A tag and a length are written alike.
    prost::encode_length_delimiter((number << 3 | 2) as usize, &mut buffer).unwrap();
    prost::encode_length_delimiter(value.len(), &mut buffer).unwrap();
    buffer.put_slice(value);
    buffer.freeze()
}

#[test]
fn a_pod_spec_survives_byte_for_byte_whatever_is_in_it() {
    // Containers with a field that nobody knows, the spec with another, its fields in no order, and one of them twice.
    let container = [field(1, b"main"), field(9999, b"in a container"), field(2, b"image")].concat();
    let init_container = [field(9999, &field(9999, b"deep")), field(1, b"side")].concat();
    let spec = [
        field(9999, b"\x00\xff newer than this program"),
        field(20, &init_container),
        field(3, b"Never"),
        field(2, &container),
        field(3, b"Always"),
    ]
    .concat();
    let template = PodWithRawSpec {
        metadata: Some(ObjectMeta { labels: entries(&[("app", "web")]), ..ObjectMeta::default() }),
        spec: spec.clone().into(),
    };
    let message = ReplicationController {
        metadata: Some(metadata()),
        spec: Some(ReplicationControllerSpec { template: Some(template), ..Default::default() }),
        status: None,
    };
    let list = List {
        metadata: Some(ListMeta { resource_version: text("50"), continue_token: Bytes::new() }),
        items: vec![message.encode_to_vec().into()],
    };
    let body = envelope::seal("v1", "ReplicationControllerList", &list);

    let page = list::decode(Kind::ReplicationController, &body).unwrap();
    let Some(Object::ReplicationController(controller)) = page.objects.first() else { panic!("{page:?}") };
    let owner = ControllerReference { kind: Kind::ReplicationController, name: "web".into(), uid: Uid(1) };
    let create = CreatePod {
        pod: ObjectName::new("shop", "web-1"),
        generate_name: "web-".into(),
        owner,
        template: Arc::clone(controller.template.as_ref().unwrap()),
    };
    let request = request::write(&Write::CreatePod(create));

    let pod = envelope::open_kind("pod", "Pod", request.body).unwrap();
    assert!(pod.ends_with(&field(2, &spec)), "the spec is the last field, as it was sent");
    let metadata = AnyObject::decode(pod).unwrap().metadata.unwrap();
    assert_eq!(metadata.name, "web-1");
    assert_eq!(metadata.labels, entries(&[("app", "web")]));
}

#[test]
fn one_object_that_cannot_be_read_takes_no_other_with_it() {
    let good = ReplicationController { metadata: Some(metadata()), ..Default::default() };
    let mut bad = good.clone();
    bad.metadata.as_mut().unwrap().uid = text("UPPER");
    let broken = [good.encode_to_vec(), vec![0xff; 3]].concat();
    let spec_is_broken = AnyObject { metadata: Some(metadata()) }.encode_to_vec();
    let spec_is_broken = [spec_is_broken, field(2, b"\xff").to_vec()].concat();
    let list = List {
        metadata: Some(ListMeta { resource_version: text("50"), continue_token: text("next") }),
        items: vec![
            good.encode_to_vec().into(),
            bad.encode_to_vec().into(),
            broken.into(),
            spec_is_broken.into(),
            good.encode_to_vec().into(),
        ],
    };
    let page =
        list::decode(Kind::ReplicationController, &envelope::seal("v1", "ReplicationControllerList", &list))
            .unwrap();
    assert_eq!(page.objects.len(), 2);
    assert_eq!(page.continue_token.as_deref(), Some("next"));
    let found: Vec<String> = page
        .unreadable
        .iter()
        .map(|(name, error)| {
            let name = name.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{name}: {}", error.to_string().split(':').next().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        found,
        ["shop/web: metadata.uid", ": ReplicationController", "shop/web: ReplicationController"]
    );
}

#[test]
fn a_list_of_another_kind_is_refused() {
    let body = envelope::seal("v1", "PodList", &List::default());
    let error = list::decode(Kind::ReplicationController, &body).unwrap_err();
    assert_eq!(error.to_string(), "kind: expected ReplicationControllerList, found \"PodList\"");
    let error = list::decode(Kind::Pod, &body).unwrap_err();
    assert_eq!(error.to_string(), "metadata.resourceVersion: missing");
    let error = list::decode(Kind::Pod, b"{\"kind\":\"PodList\"}").unwrap_err();
    assert_eq!(error.to_string(), "list: not a Kubernetes protobuf message");
}
