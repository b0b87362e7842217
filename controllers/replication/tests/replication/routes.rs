//! Which keys a change touches.

use mainstay_engine::{Change, Controller as _};
use mainstay_model::{Object, PodPhase};
use mainstay_replication::ReplicationControllers;

use crate::objects::{TestPod, controller, pod, seconds_ago};
use crate::world::World;

/// The keys of a change between `web` (of `app: web`, UID 0xa), `mail` (of `app: mail`, UID 0xb) and, in an unlikely
/// clash, `front` (of `app: web` and `tier: front`, UID 0xc).
#[track_caller]
fn check(old: Option<Object>, new: Option<Object>, expected: &[&str]) {
    let mut world = World::of([
        controller(1).object(),
        controller(1).named("mail", 0xb).selector(&[("app", "mail")]).object(),
        controller(1).named("front", 0xc).selector(&[("app", "web"), ("tier", "front")]).object(),
    ]);
    if let Some(new) = &new {
        world.store.apply(new.clone());
    }
    let mut keys = Vec::new();
    ReplicationControllers::default().route(&world.store, &Change { old, new }, &mut keys);
    let mut names: Vec<&str> = keys.iter().map(|key| &*key.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, expected);
}

#[track_caller]
fn check_pod(old: Option<TestPod>, new: Option<TestPod>, expected: &[&str]) {
    check(old.map(|pod| pod.object()), new.map(|pod| pod.object()), expected);
}

const MAIL: &[(&str, &str)] = &[("app", "mail")];
const FRONT: &[(&str, &str)] = &[("app", "web"), ("tier", "front")];

fn of_mail() -> TestPod {
    pod("a").owner("ReplicationController", "mail", 0xb, true)
}

#[test]
fn test_watch_controllers() {
    let web = controller(1);
    check(None, Some(web.object()), &["web"]);
    check(Some(web.object()), Some(controller(2).object()), &["web"]);
    check(Some(web.object()), Some(web.clone().selector(MAIL).object()), &["web"]);
    check(Some(web.object()), Some(web.clone().deleting().object()), &["web"]);
    check(Some(web.object()), None, &["web"]);
}

#[test]
fn test_watch_pods() {
    check_pod(None, Some(pod("a").of_web()), &["web"]);
    check_pod(Some(pod("a").of_web()), Some(pod("a").of_web().phase(PodPhase::Failed)), &["web"]);
    check_pod(Some(pod("a").of_web()), Some(pod("a").of_web().ready(seconds_ago(1))), &["web"]);
    check_pod(Some(pod("a").of_web()), None, &["web"]);
}

#[test]
fn test_update_pods() {
    // Its labels changed: its controller's business.
    check_pod(Some(of_mail()), Some(of_mail().labels(MAIL)), &["mail"]);
    // Freed by its controller, and its labels fit another one: both.
    check_pod(Some(of_mail()), Some(pod("a")), &["mail", "web"]);
    check_pod(Some(of_mail().labels(MAIL)), Some(pod("a").labels(MAIL)), &["mail"]);
    // From one controller to another.
    check_pod(Some(of_mail()), Some(pod("a").of_web()), &["mail", "web"]);
}

#[test]
fn test_pod_controller_lookup() {
    // Pods without a controller concern all that would adopt them.
    check_pod(None, Some(pod("a").labels(FRONT)), &["front", "web"]);
    check_pod(None, Some(pod("a").labels(&[("app", "none")])), &[]);
    check_pod(None, Some(pod("a").namespace("elsewhere")), &[]);
    // Reports of how they are do not change that, nor their end.
    check_pod(Some(pod("a")), Some(pod("a").ready(seconds_ago(1))), &[]);
    check_pod(Some(pod("a")), None, &[]);
    check_pod(None, Some(pod("a").deleting()), &[]);
    // Should one that was given up run again, it is somebody's business again.
    check_pod(Some(pod("a").phase(PodPhase::Unknown)), Some(pod("a")), &[]);
    check_pod(Some(pod("a").phase(PodPhase::Failed)), Some(pod("a")), &["web"]);
    // New labels concern who wanted it and who wants it now; so does a new controller.
    check_pod(Some(pod("a").labels(FRONT)), Some(pod("a").labels(MAIL)), &["front", "mail", "web"]);
    check_pod(Some(pod("a").labels(FRONT)), Some(pod("a").labels(FRONT).of_web()), &["front", "web"]);
}

#[test]
fn test_overlapping_rss() {
    // Only the pod's controller, though others select the pod, too.
    check_pod(None, Some(pod("a").labels(FRONT).of_web()), &["web"]);
}

#[test]
fn test_deletion_timestamp() {
    check_pod(None, Some(pod("a").of_web().deleting()), &["web"]);
    check_pod(Some(pod("a").of_web()), Some(pod("a").of_web().deleting()), &["web"]);
    check_pod(Some(pod("a").of_web().deleting()), None, &["web"]);
}

#[test]
fn a_reference_must_fit_in_kind_name_and_uid() {
    check_pod(None, Some(pod("a").owner("ReplicaSet", "web", 0xa, true)), &[]);
    check_pod(None, Some(pod("a").owner("ReplicationController", "web", 0xdead, true)), &[]);
    check_pod(None, Some(pod("a").owner("ReplicationController", "gone", 0xa, true)), &[]);
    check_pod(None, Some(pod("a").of_web().namespace("elsewhere")), &[]);
}
