//! Objects that are written as a whole are created once, replaced as they were seen, and deleted as they were seen.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_model::{
    AddressType, ClusterIp, ControllerReference, CreateEndpointSlice, CreateEndpoints, DeleteObject,
    Endpoint, EndpointAddress, EndpointSlice, EndpointSliceContent, EndpointSubset, Endpoints,
    EndpointsContent, IpFamily, Kind, LabelSet, Meta, Node, Object, ObjectName, Refusal, ResourceVersion,
    Service, Timestamp, Uid, UpdateEndpointSlice, UpdateEndpoints, Write, WriteOutcome,
};

use super::ApiServer;
use super::changes::{Part, Replacement};
use super::deletion::Deletion;
use super::refused::Refused;
use super::selection::{FieldRequirement, Selection};

const NOW: Timestamp = Timestamp::from_seconds(5);

fn name() -> ObjectName {
    ObjectName::new("shop", "web")
}

fn send(server: &mut ApiServer, write: Write) -> WriteOutcome {
    server.write(&write, NOW)
}

fn acknowledged(outcome: WriteOutcome) -> Option<ResourceVersion> {
    match outcome {
        WriteOutcome::Acknowledged { version } => version,
        other => panic!("{other:?}"),
    }
}

fn is_conflict(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Refused(Refusal::Conflict { .. }))
}

fn slice_content(addresses: &[&str], label: &str) -> Arc<EndpointSliceContent> {
    let endpoint = |address: &&str| Endpoint {
        addresses: [(*address).into()].into(),
        conditions: Default::default(),
        hostname: None,
        node: None,
        zone: None,
        target: None,
        zone_hints: [].into(),
        node_hints: [].into(),
    };
    Arc::new(EndpointSliceContent {
        labels: [("label", label)].into_iter().collect(),
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints: addresses.iter().map(endpoint).collect(),
        ports: [].into(),
    })
}

fn create_slice(content: Arc<EndpointSliceContent>) -> Write {
    let owner = ControllerReference { kind: Kind::Service, name: "web".into(), uid: Uid(7) };
    Write::CreateEndpointSlice(CreateEndpointSlice {
        slice: name(),
        generate_name: "web-".into(),
        owner,
        content,
    })
}

fn slice(server: &ApiServer) -> Arc<EndpointSlice> {
    let Some(Object::EndpointSlice(slice)) = server.get(Kind::EndpointSlice, &name()) else { panic!("none") };
    slice
}

fn update_slice(seen: &EndpointSlice, content: Arc<EndpointSliceContent>) -> UpdateEndpointSlice {
    UpdateEndpointSlice {
        slice: name(),
        uid: seen.meta.uid,
        version: seen.meta.version,
        kept: seen.kept.clone(),
        content,
    }
}

fn endpoints_content(address: &str) -> Arc<EndpointsContent> {
    let address = EndpointAddress { ip: address.into(), hostname: None, node: None, target: None };
    let subset = EndpointSubset { ready: [address].into(), ..EndpointSubset::default() };
    Arc::new(EndpointsContent {
        labels: LabelSet::default(),
        annotations: LabelSet::default(),
        subsets: [subset].into(),
    })
}

fn endpoints(server: &ApiServer) -> Arc<Endpoints> {
    let Some(Object::Endpoints(endpoints)) = server.get(Kind::Endpoints, &name()) else { panic!("none") };
    endpoints
}

#[test]
fn a_slice_is_made_once_and_counts_the_changes_of_content_and_labels() {
    let mut server = ApiServer::default();
    acknowledged(send(&mut server, create_slice(slice_content(&["10.0.0.1"], "a"))));
    let again = send(&mut server, create_slice(slice_content(&[], "a")));
    assert_eq!(again, WriteOutcome::Refused(Refusal::AlreadyExists));
    let generation = |server: &ApiServer| slice(server).meta.generation;
    assert_eq!(generation(&server), 1);
    assert_eq!(slice(&server).meta.created, Some(NOW));
    for (content, expected) in [
        (slice_content(&["10.0.0.1"], "a"), 1),
        (slice_content(&["10.0.0.2"], "a"), 2),
        (slice_content(&["10.0.0.2"], "b"), 3),
        (
            Arc::new(EndpointSliceContent {
                annotations: [("note", "x")].into_iter().collect(),
                ..(*slice_content(&["10.0.0.2"], "b")).clone()
            }),
            3,
        ),
    ] {
        let update = update_slice(&slice(&server), content);
        acknowledged(send(&mut server, Write::UpdateEndpointSlice(update)));
        assert_eq!(generation(&server), expected);
        assert_eq!(slice(&server).meta.controller().and_then(|owner| owner.uid), Some(Uid(7)), "handed back");
    }
}

#[test]
fn an_update_that_changes_nothing_makes_no_version() {
    let mut server = ApiServer::default();
    acknowledged(send(&mut server, create_slice(slice_content(&["10.0.0.1"], "a"))));
    let before = slice(&server);
    let update = update_slice(&before, slice_content(&["10.0.0.1"], "a"));
    let version = acknowledged(send(&mut server, Write::UpdateEndpointSlice(update)));
    assert_eq!((version, server.revision()), (Some(before.meta.version), before.meta.version));
}

#[test]
fn an_update_is_for_what_was_seen() {
    let mut server = ApiServer::default();
    acknowledged(send(&mut server, create_slice(slice_content(&[], "a"))));
    let seen = slice(&server);
    let content = slice_content(&["10.0.0.1"], "a");
    let update = update_slice(&seen, content.clone());
    for wrong in [
        UpdateEndpointSlice { uid: Uid(99), ..update.clone() },
        UpdateEndpointSlice { version: ResourceVersion(1), ..update.clone() },
    ] {
        assert!(is_conflict(&send(&mut server, Write::UpdateEndpointSlice(wrong))));
    }
    let other = EndpointSliceContent { address_type: AddressType::Ip(IpFamily::V6), ..(*content).clone() };
    let other = UpdateEndpointSlice { content: Arc::new(other), ..update.clone() };
    let refused = send(&mut server, Write::UpdateEndpointSlice(other));
    assert!(matches!(refused, WriteOutcome::Refused(Refusal::Invalid { .. })), "{refused:?}");
    let invented = UpdateEndpointSlice { kept: Bytes::from_static(b"invented"), ..update.clone() };
    let refused = send(&mut server, Write::UpdateEndpointSlice(invented));
    assert!(matches!(refused, WriteOutcome::Refused(Refusal::Other { code: 400, .. })), "{refused:?}");
    let bare = UpdateEndpointSlice { kept: Bytes::new(), ..update.clone() };
    acknowledged(send(&mut server, Write::UpdateEndpointSlice(bare)));
    assert!(
        slice(&server).meta.owners.is_empty() && slice(&server).kept.is_empty(),
        "nothing was handed back"
    );
    server.remove(Kind::EndpointSlice, &name());
    let gone = send(&mut server, Write::UpdateEndpointSlice(update));
    assert!(matches!(gone, WriteOutcome::Refused(Refusal::NotFound { .. })), "{gone:?}");
}

#[test]
fn endpoints_are_made_replaced_and_deleted() {
    let mut server = ApiServer::default();
    let create =
        Write::CreateEndpoints(CreateEndpoints { endpoints: name(), content: endpoints_content("10.0.0.1") });
    acknowledged(send(&mut server, create.clone()));
    assert_eq!(send(&mut server, create), WriteOutcome::Refused(Refusal::AlreadyExists));
    let hold = |finalizers: &[&str]| Replacement {
        kind: Kind::Endpoints,
        object: name(),
        uid: None,
        version: None,
        part: Part::Finalizers(finalizers.iter().map(|name| (*name).into()).collect()),
    };
    server.replace_part(&hold(&["hold"])).unwrap();
    let seen = endpoints(&server);
    let update = UpdateEndpoints {
        endpoints: name(),
        uid: seen.meta.uid,
        version: seen.meta.version,
        kept: seen.kept.clone(),
        content: endpoints_content("10.0.0.2"),
    };
    acknowledged(send(&mut server, Write::UpdateEndpoints(update.clone())));
    assert!(is_conflict(&send(&mut server, Write::UpdateEndpoints(update))), "it has changed since");
    let seen = endpoints(&server);
    assert_eq!((&*seen.subsets[0].ready[0].ip, seen.meta.generation), ("10.0.0.2", 0));
    let delete = DeleteObject {
        kind: Kind::Endpoints,
        object: name(),
        uid: seen.meta.uid,
        version: seen.meta.version,
    };
    for wrong in [
        DeleteObject { uid: Uid(99), ..delete.clone() },
        DeleteObject { version: ResourceVersion(1), ..delete.clone() },
    ] {
        assert!(is_conflict(&send(&mut server, Write::DeleteObject(wrong))));
    }
    acknowledged(send(&mut server, Write::DeleteObject(delete.clone())));
    assert!(endpoints(&server).meta.is_deleting(), "the finalizer was handed back, and holds it");
    server.replace_part(&hold(&[])).unwrap();
    assert_eq!(server.get(Kind::Endpoints, &name()), None);
    assert_eq!(acknowledged(send(&mut server, Write::DeleteObject(delete))), None, "it is gone already");
}

#[test]
fn what_has_no_address_or_too_many_endpoints_is_not_valid() {
    let mut server = ApiServer::default();
    let subsets = [EndpointSubset::default()].into();
    let content = Arc::new(EndpointsContent { subsets, ..(*endpoints_content("10.0.0.1")).clone() });
    let many = slice_content(&["10.0.0.1"; 1001], "a");
    let mut bare = (*slice_content(&["10.0.0.1"], "a")).clone();
    bare.endpoints =
        bare.endpoints.iter().map(|each| Endpoint { addresses: [].into(), ..each.clone() }).collect();
    for write in [
        Write::CreateEndpoints(CreateEndpoints { endpoints: name(), content }),
        create_slice(many),
        create_slice(Arc::new(bare)),
    ] {
        let refused = send(&mut server, write);
        assert!(matches!(refused, WriteOutcome::Refused(Refusal::Invalid { .. })), "{refused:?}");
    }
}

fn service() -> Object {
    Object::Service(Arc::new(Service {
        meta: Meta::new(name(), Uid(0)),
        selector: None,
        external_name: false,
        cluster_ip: ClusterIp::None,
        ip_families: [].into(),
        ports: [].into(),
        publish_not_ready: false,
        traffic_distribution: None,
        topology_mode: None,
    }))
}

#[test]
fn endpoints_that_go_already_are_not_marked_again_when_their_service_goes() {
    let mut server = ApiServer::default();
    server.create_object(service(), NOW).unwrap();
    let content = endpoints_content("10.0.0.1");
    acknowledged(send(&mut server, Write::CreateEndpoints(CreateEndpoints { endpoints: name(), content })));
    let part = Part::Finalizers(vec!["example.com/held".into()]);
    let (kind, object) = (Kind::Endpoints, name());
    server.replace_part(&Replacement { kind, object, uid: None, version: None, part }).unwrap();
    server.delete(&Deletion::of(Kind::Endpoints, &name()), NOW).unwrap();
    let marked = server.get(Kind::Endpoints, &name());
    server.delete(&Deletion::of(Kind::Service, &name()), NOW).unwrap();
    assert_eq!(server.get(Kind::Endpoints, &name()), marked);
}

#[test]
fn services_and_nodes_are_made_listed_and_deleted() {
    let mut server = ApiServer::default();
    let north = ObjectName::new("", "north");
    let node = Node {
        meta: Meta::new(north.clone(), Uid(0)),
        ready: true,
        ready_since: None,
        allocatable_cpu: None,
        kubelet: None,
    };
    let (service, node) = (service(), Object::Node(Arc::new(node)));
    server.create_object(service.clone(), NOW).unwrap();
    server.create_object(node, NOW).unwrap();
    assert_eq!(server.create_object(service, NOW), Err(Refused::ALREADY_EXISTS));
    let by = |field: &str, value: &str| Selection {
        fields: vec![FieldRequirement { field: field.into(), equal: true, value: value.into() }],
        ..Selection::default()
    };
    let count =
        |kind, selection: &Selection| server.list_selected(kind, selection, None).map(|found| found.len());
    assert_eq!(count(Kind::Service, &by("spec.clusterIP", "None")), Ok(1));
    assert_eq!(count(Kind::Service, &by("spec.clusterIP", "10.0.0.1")), Ok(0));
    assert_eq!(count(Kind::Node, &by("metadata.name", "north")), Ok(1));
    assert_eq!(count(Kind::Node, &by("metadata.namespace", "")), Err(Refused::BAD_REQUEST));
    assert_eq!(server.list(Kind::Service)[0].meta().generation, 0);
    server.delete(&Deletion::of(Kind::Node, &north), NOW).unwrap();
    server.delete(&Deletion::of(Kind::Service, &name()), NOW).unwrap();
    assert!(server.list(Kind::Node).is_empty() && server.list(Kind::Service).is_empty());
}
