//! Which services a change touches.

use mainstay_endpoints::EndpointSliceMirroring;
use mainstay_engine::{Change, Controller};
use mainstay_model::{Object, PodPhase};

use crate::objects::{TestPod, endpoints, mirror, pod, service};
use crate::world::{ENDPOINTS, World};

/// The keys of a change between `web` (of `app: web`), `front` (of `app: web` and `tier: front`), `mail` (of `app: mail`) and `free`
/// (without selector).
#[track_caller]
fn check(controller: &dyn Controller, old: Option<Object>, new: Option<Object>, expected: &[&str]) {
    let mut world = World::of([
        service("web").object(),
        service("front").selector(FRONT).object(),
        service("mail").selector(MAIL).object(),
        service("free").selectorless().object(),
        service("web").namespace("elsewhere").object(),
    ]);
    match (&old, &new) {
        (_, Some(new)) => drop(world.apply(new.clone())),
        (Some(old), None) => {
            world.apply(old.clone());
            world.delete(old);
        }
        (None, None) => {}
    }
    let mut keys = Vec::new();
    controller.route(&world.store, &Change { old, new }, &mut keys);
    let mut names: Vec<&str> = keys.iter().map(|key| &*key.name).collect();
    assert!(keys.iter().all(|key| &*key.namespace == "shop"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, expected);
}

#[track_caller]
fn check_pod(old: Option<TestPod>, new: Option<TestPod>, expected: &[&str]) {
    check(&ENDPOINTS, old.map(|pod| pod.object()), new.map(|pod| pod.object()), expected);
}

const MAIL: &[(&str, &str)] = &[("app", "mail")];
const FRONT: &[(&str, &str)] = &[("app", "web"), ("tier", "front")];

fn plain() -> TestPod {
    pod("a", "10.0.0.1")
}

#[test]
fn a_pod_that_comes_or_goes() {
    check_pod(None, Some(plain()), &["web"]);
    check_pod(Some(plain()), None, &["web"]);
    check_pod(Some(plain().labels(FRONT)), None, &["front", "web"]);
    check_pod(None, Some(plain().labels(&[])), &[]);
    // As long as it has nothing to publish, nobody cares.
    check_pod(None, Some(plain().ips(&[])), &[]);
    check_pod(Some(plain().ips(&[])), Some(plain().ips(&[]).ready(5)), &[]);
    check_pod(Some(plain().ips(&[])), Some(plain()), &["web"]);
    check_pod(Some(plain().phase(PodPhase::Failed)), None, &[]);
}

#[test]
fn a_pod_that_changes() {
    let changed = [
        plain().ready(5),
        plain().deleting(),
        plain().ips(&["10.0.0.2"]),
        plain().ips(&["10.0.0.1", "2001:db8::1"]),
        plain().ips(&[]),
        plain().phase(PodPhase::Failed),
        plain().phase(PodPhase::Succeeded),
        plain().node("n2"),
        plain().host("a", "web"),
        plain().named_port("http", 80, "TCP"),
    ];
    for changed in changed {
        check_pod(Some(plain()), Some(changed.clone()), &["web"]);
        check_pod(Some(changed), Some(plain()), &["web"]);
    }
    let mut restarted = plain();
    restarted.0.restarts = 5;
    restarted.0.meta.version.0 = 9;
    let same = [plain(), plain().phase(PodPhase::Pending), plain().unready(9), restarted];
    for same in same {
        check_pod(Some(plain()), Some(same), &[]);
    }
}

#[test]
fn a_pod_that_is_relabelled() {
    check_pod(Some(plain()), Some(plain().labels(MAIL)), &["mail", "web"]);
    // What selects it as before sees no difference, unless there is another one.
    check_pod(Some(plain()), Some(plain().labels(FRONT)), &["front"]);
    check_pod(Some(plain().labels(FRONT)), Some(plain()), &["front"]);
    check_pod(Some(plain().labels(FRONT)), Some(plain().ready(5)), &["front", "web"]);
    check_pod(Some(plain()), Some(plain().label("any", "other")), &[]);
    // An address that comes with the labels.
    check_pod(Some(plain().ips(&[])), Some(plain().labels(MAIL)), &["mail", "web"]);
}

#[test]
fn a_service_that_changes() {
    let new = || Some(service("web").object());
    check(&ENDPOINTS, None, new(), &["web"]);
    check(&ENDPOINTS, new(), None, &["web"]);
    check(&ENDPOINTS, new(), Some(service("web").selectorless().object()), &["web"]);
    let mirroring = EndpointSliceMirroring::default();
    check(&mirroring, None, new(), &[]);
    check(&mirroring, new(), Some(service("web").label("a", "b").object()), &[]);
    check(&mirroring, new(), Some(service("web").selectorless().object()), &["web"]);
    check(&mirroring, Some(service("web").selectorless().object()), new(), &["web"]);
    check(&mirroring, Some(service("web").selectorless().object()), None, &["web"]);
}

#[test]
fn an_endpoints_that_changes() {
    let of = |name| Some(endpoints(name).object());
    check(&ENDPOINTS, None, of("web"), &["web"]);
    check(&ENDPOINTS, of("web"), of("web"), &["web"]);
    check(&ENDPOINTS, of("nobody"), None, &["nobody"]);
    let mirroring = EndpointSliceMirroring::default();
    // The service has a selector: nothing to mirror.
    check(&mirroring, None, of("web"), &[]);
    check(&mirroring, None, of("free"), &["free"]);
    check(&mirroring, of("free"), None, &["free"]);
    check(&mirroring, None, of("nobody"), &["nobody"]);
}

#[test]
fn a_slice_that_changes() {
    let mirroring = EndpointSliceMirroring::default();
    let slice = || mirror("web-1");
    let other = || slice().managed_by("somebody-else");
    check(&mirroring, None, Some(slice().object()), &["web"]);
    check(&mirroring, Some(slice().object()), None, &["web"]);
    check(&mirroring, None, Some(other().object()), &[]);
    check(&mirroring, Some(other().object()), Some(slice().object()), &["web"]);
    check(&mirroring, Some(slice().object()), Some(other().object()), &["web"]);
    let moved = slice().label("kubernetes.io/service-name", "mail");
    check(&mirroring, Some(slice().object()), Some(moved.object()), &["mail", "web"]);
    check(&mirroring, Some(slice().object()), Some(slice().labels(&[]).object()), &["web"]);
    check(&ENDPOINTS, None, Some(slice().object()), &[]);
}
