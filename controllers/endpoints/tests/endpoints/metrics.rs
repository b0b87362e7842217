//! What is counted of mirrored slices.

use mainstay_endpoints::EndpointSliceMirroring;
use mainstay_endpoints::mirroring::Settings;
use mainstay_engine::Controller;

use crate::objects::{address, endpoints, mirror, name, service};
use crate::world::World;

/// What a plan tells, in upstream's names without what they begin with.
fn figures(world: &World) -> Vec<String> {
    let settings = Settings { max_endpoints_per_subset: 3, ..Settings::default() };
    let controller = EndpointSliceMirroring::new(settings);
    let mut told = Vec::new();
    for figure in world.plan_of(&controller, &name("web")).figures {
        assert!(controller.metrics().iter().any(|metric| metric.name == figure.metric), "{}", figure.metric);
        let short = figure.metric.strip_prefix("endpoint_slice_mirroring_controller_").unwrap();
        told.push(format!("{short} {}", figure.value));
    }
    told
}

fn selectorless() -> mainstay_model::Object {
    service("web").selectorless().object()
}

#[test]
fn what_a_mirror_gains_and_loses_and_what_it_leaves_out() {
    let wanted = endpoints("web").of_user(&["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "nowhere"]);
    let before = mirror("web-a")
        .ports(&["http:80/TCP"])
        .endpoint("10.0.0.1", true)
        .endpoint("10.0.0.2", false)
        .endpoint("10.0.0.9", true);
    let world = World::of([selectorless(), wanted.object(), before.object()]);
    let expected = [
        "endpoints_added_per_sync 1",
        "endpoints_updated_per_sync 1",
        "endpoints_removed_per_sync 1",
        "addresses_skipped_per_sync 2",
        "endpoints_desired 3",
        "num_endpoint_slices 1",
        "desired_endpoint_slices 1",
    ];
    assert_eq!(figures(&world), expected);
}

#[test]
fn a_mirror_at_rest_changes_nothing() {
    // One address is ready on one port and not on another.
    let [one, two] = ["10.0.0.1", "10.0.0.2"].map(address);
    let wanted = endpoints("web").subset(&[one.clone(), two], &[], &["http:80/TCP"]).subset(
        &[],
        &[one],
        &["http:81/TCP"],
    );
    let mut world = World::of([selectorless(), wanted.object()]);
    let first = |world: &World| figures(world)[..3].to_vec();
    let expected = |added: &str| {
        let added = format!("endpoints_added_per_sync {added}");
        [added, "endpoints_updated_per_sync 0".to_owned(), "endpoints_removed_per_sync 0".to_owned()]
    };
    assert_eq!(first(&world), expected("3"));
    world.settle(&EndpointSliceMirroring::default(), &name("web"));
    assert_eq!(first(&world), expected("0"));
}

#[test]
fn what_is_not_mirrored_tells_nothing() {
    let world = World::of([service("web").object(), endpoints("web").of_user(&["10.0.0.1"]).object()]);
    assert_eq!(figures(&world), [""; 0]);
}
