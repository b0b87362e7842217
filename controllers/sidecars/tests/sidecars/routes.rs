//! Which changes call for which plans. That none is missed is looked at with each change in each test.

use std::sync::Arc;

use mainstay_engine::{Change, Controller};
use mainstay_model::sidecar_workload::WORKLOAD_LABEL;
use mainstay_model::{DeletePod, InPlace, Object, ObjectName, Uid, Write};
use mainstay_sidecars::SidecarWorkloads;

use crate::objects::{disruption_budget, foreign_revision, name, node, pod, slice, workload};
use crate::world::World;

fn routed(world: &World, old: Option<Object>, new: Option<Object>) -> Vec<ObjectName> {
    let mut keys = Vec::new();
    SidecarWorkloads::default().route(&world.store, &Change { old, new }, &mut keys);
    keys
}

#[test]
fn what_concerns_nobody_is_routed_to_nobody() {
    let world = World::at_rest(workload(2));
    let stranger = pod("stranger", Uid(7), &[("app", "web")]);
    assert!(routed(&world, None, Some(Object::Pod(Arc::new(stranger)))).is_empty());
    assert!(routed(&world, None, Some(foreign_revision("db-1"))).is_empty());
    let labelled = pod("labelled", Uid(8), &[(WORKLOAD_LABEL, "nobody")]);
    assert!(routed(&world, None, Some(Object::Pod(Arc::new(labelled)))).is_empty());
}

#[test]
fn budgets_slices_and_nodes_make_no_plan_for_what_is_at_rest() {
    let world = World::at_rest(workload(2));
    let budget = Object::PodDisruptionBudget(Arc::new(disruption_budget(1, 2)));
    assert!(routed(&world, None, Some(budget)).is_empty());
    let pods: Vec<_> = world.pods().into_iter().map(|pod| &**pod).collect();
    let slice = Object::EndpointSlice(Arc::new(slice(&pods, 7)));
    assert!(routed(&world, None, Some(slice)).is_empty());
    let node = || Some(Object::Node(Arc::new(node("node", (1, 36)))));
    assert!(routed(&world, node(), node()).is_empty());
}

#[test]
fn a_kubelet_that_becomes_new_enough_ends_the_wait_for_it() {
    let mut spec = workload(2);
    spec.rollout.in_place = InPlace::Only;
    let mut world = World::at_rest(spec);
    world.set_node(node("node", (1, 31)));
    world.set_sidecar("proxy:2");
    world.run();
    world.expect_condition("Stalled", "True", "CannotUpdateInPlace");
    world.set_node(node("node", (1, 36)));
    world.run();
    world.expect_condition("Ready", "True", "Ready");
}

#[test]
fn a_budget_is_waited_for_on_the_way_back_to_the_current_revision_too() {
    let mut world = World::at_rest(workload(3));
    world.set_sidecar("proxy:2");
    assert!(world.run_until(|world| world.status().updated_replicas == 1), "{}", world.story());
    world.set_budget(|budget| {
        budget.desired_healthy = 3;
        budget.disruptions_allowed = 0;
    });
    world.set_sidecar("proxy:1");
    world.run();
    world.set_budget(|budget| {
        budget.desired_healthy = 1;
        budget.disruptions_allowed = 2;
    });
    world.run();
    world.expect_condition("Ready", "True", "Ready");
    assert_eq!(world.images("proxy"), ["proxy:1"; 3]);
}

#[test]
fn a_deletion_of_a_pod_that_was_let_go_is_void() {
    let mut world = World::at_rest(workload(1));
    let pod = world.pods()[0].meta.clone();
    let delete = Write::DeletePod(DeletePod { pod: pod.name.clone(), uid: pod.uid });
    let controller = SidecarWorkloads::default();
    assert!(!controller.is_void(&world.store, &name("web"), &delete));
    world.change_pod(&pod.name.name, |pod| pod.meta.owners = Box::default());
    assert!(controller.is_void(&world.store, &name("web"), &delete));
}
