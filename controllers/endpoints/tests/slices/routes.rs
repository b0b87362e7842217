//! Which changes concern which services. The shared part is tested with the routes; here is what only slices need.

use mainstay_engine::{Change, Controller as _};
use mainstay_model::{Node, Object};

use crate::objects::{IntoObject, name, node, slice, with_label};
use crate::world::World;

fn routed(world: &mut World, object: Object) -> bool {
    let changes: Vec<Change> = world.store.apply(object);
    let mut keys = Vec::new();
    changes.iter().for_each(|change| world.controller().route(&world.store, change, &mut keys));
    keys.contains(&name("web"))
}

#[test]
fn slices_of_ours_are_watched_over_before_and_after() {
    let mut world = World::with_pods(1);
    let ours = slice("web-1", []);
    let mut others = ours.clone();
    others.meta.labels =
        with_label(&ours.meta.labels, "endpointslice.kubernetes.io/managed-by", "somebody.else");
    let mut mail = ours.clone();
    mail.meta.labels = with_label(&ours.meta.labels, "kubernetes.io/service-name", "mail");
    assert!(!routed(&mut world, others.clone().object()));
    assert!(routed(&mut world, ours.clone().object()));
    assert!(routed(&mut world, others.clone().object()));
    assert!(!routed(&mut world, others.object()));
    assert!(routed(&mut world, ours.object()));
    assert!(routed(&mut world, mail.object()));
}

#[test]
fn nodes_matter_by_zone_and_by_weight_to_those_that_share() {
    let mut world = World::with_pods(1);
    assert!(routed(&mut world, node("node-a", "zone-a").object()));
    assert!(!routed(&mut world, Node { ready: false, ..node("node-a", "zone-a") }.object()));
    assert!(!routed(&mut world, node("node-b", "zone-a").object()));
    world.change_service(|service| service.topology_mode = Some("Auto".into()));
    assert!(routed(&mut world, node("node-a", "zone-a").object()));
    assert!(routed(&mut world, node("node-c", "zone-a").object()));
}
