//! Endpoints with more addresses than fit.

use mainstay_model::{Endpoints as Stored, Object, Write};

use crate::objects::{TestPod, TestService, address, endpoints, name, pod, service};
use crate::world::{ENDPOINTS, World};

const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

/// So many pods, whose addresses differ, with a port of that name.
fn pods(kind: &str, count: usize, ready: bool) -> Vec<TestPod> {
    let pods = (0..count).map(|number| {
        let block = u32::from(kind.bytes().next().unwrap()) - u32::from(b'a');
        let ip = format!("10.{block}.{}.{}", number / 250, number % 250 + 1);
        let pod = pod(&format!("{kind}{number:04}"), &ip).named_port(kind, 80, "TCP");
        if ready { pod.ready(5) } else { pod }
    });
    pods.collect()
}

fn world(service: &TestService, pods: &[Vec<TestPod>]) -> World {
    let pods = pods.iter().flatten().map(|pod| pod.object());
    World::of(pods.chain([service.object()]))
}

fn settled(world: &mut World) -> Stored {
    world.settle(&ENDPOINTS, &name("web"));
    (**world.store.endpoints().get(&name("web")).unwrap()).clone()
}

fn counts(stored: &Stored) -> Vec<(usize, usize)> {
    stored.subsets.iter().map(|subset| (subset.ready.len(), subset.not_ready.len())).collect()
}

fn annotation(stored: &Stored) -> Option<&str> {
    stored.annotations.get(OVER_CAPACITY).map(|value| &**value)
}

#[test]
fn test_endpoint_truncate() {
    let mut pods = pods("a", 1001, true);
    let mut world = world(&service("web"), &[pods.clone()]);
    let stored = settled(&mut world);
    assert_eq!((counts(&stored), annotation(&stored)), (vec![(1000, 0)], Some("truncated")));
    // What happens to the one that is left out is nobody's business.
    let last = pods.pop().unwrap();
    world.apply(last.clone().unready(9).object());
    assert_eq!(world.settle(&ENDPOINTS, &name("web")), []);
    world.apply(last.object());
    world.delete(&pods[0].object());
    world.delete(&pods[1].object());
    let stored = settled(&mut world);
    assert_eq!((counts(&stored), annotation(&stored)), (vec![(999, 0)], None));
}

/// Ready and unready pods; what is left of them; the annotation.
#[test]
fn test_sync_service_over_capacity() {
    let cases = [
        ((0, 0), vec![], None),
        ((997, 4), vec![(997, 3)], Some("truncated")),
        ((1000, 10), vec![(1000, 0)], Some("truncated")),
        ((999, 0), vec![(999, 0)], None),
        ((1000, 0), vec![(1000, 0)], None),
        ((1001, 0), vec![(1000, 0)], Some("truncated")),
    ];
    for ((ready, not_ready), expected, expected_annotation) in cases {
        for before in [None, Some("truncated"), Some("warning")] {
            let mut world = world(&service("web"), &[pods("a", ready, true), pods("b", not_ready, false)]);
            if let Some(before) = before {
                let stored = endpoints("web").annotation(OVER_CAPACITY, before);
                let stored = stored.subset(&[address("6.7.8.9")], &[], &[":8080/TCP"]);
                world.apply(stored.object());
            }
            let stored = settled(&mut world);
            assert_eq!((counts(&stored), annotation(&stored)), (expected.clone(), expected_annotation));
        }
    }
}

#[test]
fn test_truncate_endpoints() {
    let cases = [
        (
            vec![50, 100, 100, 100, 100],
            vec![50, 100, 100, 100, 100],
            vec![(50, 50), (100, 100), (100, 100), (100, 100), (100, 100)],
        ),
        (vec![100; 5], vec![100; 5], vec![(100, 100); 5]),
        (
            vec![90, 110, 50, 10, 20],
            vec![101, 200, 200, 201, 298],
            vec![(90, 73), (110, 144), (50, 144), (10, 145), (20, 214)],
        ),
        (
            vec![205, 400, 402, 400, 693],
            vec![100, 200, 200, 200, 300],
            vec![(98, 0), (191, 0), (192, 0), (191, 0), (328, 0)],
        ),
        // A subset that is left with nothing is not written: the server would refuse it.
        (vec![1001, 0], vec![0, 5], vec![(1000, 0)]),
    ];
    for (ready, not_ready, expected) in cases {
        let mut service = service("web").portless();
        let mut all = Vec::new();
        for (kind, (ready, not_ready)) in
            ["a", "c", "e", "g", "i"].into_iter().zip(ready.into_iter().zip(not_ready))
        {
            service = service.port_by_name(kind, kind, "TCP");
            let mut both = pods(kind, ready + not_ready, true);
            both.iter_mut().skip(ready).for_each(|pod| pod.0.ready = false);
            all.push(both);
        }
        let stored = settled(&mut world(&service, &all));
        assert_eq!(counts(&stored), expected);
        assert!(counts(&stored).iter().map(|(ready, not_ready)| ready + not_ready).sum::<usize>() <= 1000);
    }
}

/// An object at its limit is compared with what is written, not with what there is.
#[test]
fn issue_127429_a_truncated_endpoints_is_not_written_again() {
    let mut world = world(&service("web"), &[pods("a", 1500, true)]);
    assert_eq!(world.settle(&ENDPOINTS, &name("web")).len(), 1);
    assert_eq!(world.plan_of(&ENDPOINTS, &name("web")).writes, []);
    world.apply(pods("c", 1, true)[0].object());
    assert_eq!(world.plan_of(&ENDPOINTS, &name("web")).writes, []);
}

/// What was too much is left out by all who look at it, whatever order it was stored in.
#[test]
fn issue_125638_a_truncated_endpoints_in_another_order_is_not_written_again() {
    let mut world = world(&service("web"), &[pods("a", 1500, true)]);
    let mut stored = settled(&mut world);
    let mut subset = stored.subsets[0].clone();
    subset.ready.reverse();
    stored.subsets = [subset].into();
    world.apply(Object::Endpoints(stored.into()));
    assert_eq!(world.plan_of(&ENDPOINTS, &name("web")).writes, []);
}

#[test]
fn an_annotation_without_need_goes() {
    let mut world = world(&service("web"), &[pods("a", 1, true)]);
    let mut stored = settled(&mut world);
    stored.annotations = [(OVER_CAPACITY, "truncated"), ("other", "stays")].into_iter().collect();
    world.apply(Object::Endpoints(stored.into()));
    let [Write::UpdateEndpoints(update)] = &*world.plan_of(&ENDPOINTS, &name("web")).writes else {
        panic!("no update");
    };
    assert_eq!(update.content.annotations, [("other", "stays")].into_iter().collect());
}
