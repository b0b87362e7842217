//! Pods that end soon after they were made.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use mainstay_engine::Plan;
use mainstay_model::{Kind, Pod, PodPhase, Timestamp, Write};

use crate::objects::{Controller, NOW, TestPod, controller, create, name, pod, seconds_ago};
use crate::world::{World, check, render};

fn with(controller: Controller, pods: impl IntoIterator<Item = TestPod>) -> World {
    World::of(std::iter::once(controller.object()).chain(pods.into_iter().map(|pod| pod.object())))
}

fn creates(plan: &Plan) -> usize {
    plan.writes.iter().filter(|write| matches!(write, Write::CreatePod(_))).count()
}

impl World {
    /// A kubelet rejects all that is there and has not ended.
    fn reject_all(&mut self) {
        let is_active = |pod: &&Arc<Pod>| pod.is_active();
        let pods: Vec<_> = self.store.pods().iter().filter(is_active).map(|pod| pod.meta.clone()).collect();
        for meta in pods {
            self.change_pod(&meta.name, meta.uid, |pod| {
                pod.phase = PodPhase::Failed;
                pod.end_reason = Some("OutOfcpu".into());
            });
        }
    }

    fn write_all(&mut self, plan: &Plan) {
        plan.writes.iter().for_each(|write| self.write(write));
    }

    /// An hour with a kubelet that rejects each pod at once: when pods are made, in seconds after the beginning, and what is told.
    fn an_hour_of_rejection(&mut self) -> (Vec<Duration>, Vec<String>) {
        let end = self.now.wall.after(Duration::from_secs(3600));
        let (mut made, mut told) = (vec![], vec![]);
        while self.now.wall < end {
            let plan = self.plan(&name("web"));
            self.write_all(&plan);
            made.extend((0..creates(&plan)).map(|_| self.now.wall.since(NOW).unwrap()));
            told.extend(plan.events.iter().map(|event| event.message.clone()));
            self.reject_all();
            match plan.requeue_at.filter(|_| plan.writes.is_empty()) {
                Some(next) => self.now.wall = next,
                None => assert!(!plan.writes.is_empty(), "nothing is left to be done"),
            }
        }
        (made, told)
    }
}

#[test]
fn issue_72593_each_pod_that_is_rejected_waits_longer_than_the_one_before() {
    let mut world = with(controller(1), []);
    let (made, _) = world.an_hour_of_rejection();
    let seconds: Vec<u64> = made.iter().map(Duration::as_secs).collect();
    assert_eq!(
        seconds,
        [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1411, 1711, 2011, 2311, 2611, 2911, 3211, 3511]
    );
}

#[test]
fn issue_38806_a_round_of_many_pods_is_one_step_of_the_delay() {
    let (made, told) = with(controller(40), []).an_hour_of_rejection();
    assert_eq!(made.len(), 20 * 40);
    assert_eq!(made[40..80], [Duration::from_secs(1); 40]);
    assert_eq!(
        told.first().map(String::as_str),
        Some("Back-off 2s before replacing pods that ended soon after they were made: OutOfcpu")
    );
    let mut messages = told;
    messages.dedup();
    assert_eq!(messages.len(), 9, "one for each delay but the first: {messages:?}");
}

#[test]
fn the_first_is_hardly_felt() {
    let first = |seconds| with(controller(1), [pod("a").of_web().failed(seconds, "NodeAffinity")]);
    check(
        &first(0),
        expect![[r#"
            1 held back for 1s
            again in Some(1s)
        "#]],
    );
    check(
        &first(1),
        expect![[r#"
            create web-4mplg
        "#]],
    );
}

#[test]
fn one_that_ran_for_long_is_replaced_at_once() {
    let evicted = |seconds| pod(&format!("p{seconds}")).of_web().failed(seconds, "Evicted");
    check(
        &with(controller(1), [evicted(86_400)]),
        expect![[r#"
            create web-vdbwg
        "#]],
    );
    // Such a pod is a step of the delay no more after ten minutes.
    check(
        &with(controller(2), [evicted(601), evicted(0)]),
        expect![[r#"
            create web-tnqw5
            1 held back for 1s
            again in Some(1s)
        "#]],
    );
    check(
        &with(controller(2), [evicted(600), evicted(0)]),
        expect![[r#"
            create web-gxmv4
            1 held back for 2s
            again in Some(2s)
            event Back-off 2s before replacing pods that ended soon after they were made: Evicted
        "#]],
    );
}

#[test]
fn what_is_missing_for_another_reason_is_made_at_once() {
    let rejected = || [pod("a").of_web().failed(9, ""), pod("b").of_web().failed(1, "OutOfcpu")];
    // One waits; two of those that were healthy are gone.
    check(
        &with(
            controller(4).status(1, 0, 0),
            rejected().into_iter().chain([pod("c").of_web().created(Some(seconds_ago(60)))]),
        ),
        expect![[r#"
            create web-gn5sv web-65fqw
            1 held back for 1s
            again in Some(1s)
            event Back-off 2s before replacing pods that ended soon after they were made: OutOfcpu
        "#]],
    );
    // Fewer are missing than have ended.
    check(
        &with(
            controller(1).status(1, 0, 0),
            rejected().into_iter().chain([pod("c").of_web().created(Some(seconds_ago(60)))]),
        ),
        expect![[r#"
        nothing
    "#]],
    );
    // What has ended and is nobody's, or another's, has no replacement here.
    let others = [
        pod("d").failed(0, "OutOfcpu"),
        pod("e").owner("ReplicationController", "other", 0xb, true).failed(0, "OutOfcpu"),
        pod("f").of_web().labels(&[("app", "mail")]).failed(0, "OutOfcpu"),
    ];
    check(
        &with(controller(1), others),
        expect![[r#"
            create web-mkvd2
        "#]],
    );
}

#[test]
fn a_new_spec_is_tried_at_once() {
    let round =
        |seconds| (0..3).map(move |number| pod(&format!("p{number}-{seconds}")).of_web().failed(seconds, ""));
    let pods = [400, 200, 100, 50, 25, 0].into_iter().flat_map(round);
    let mut world = with(controller(3), pods);
    assert_eq!(world.plan(&name("web")).requeue_at, Some(NOW.after(Duration::from_secs(32))));
    let mended = controller(3).generation(2).object();
    world.store.apply(mended);
    let plan = world.plan(&name("web"));
    assert_eq!((creates(&plan), plan.held_back), (3, None));

    // The new pods take the place of those: one of them that goes is replaced at once.
    world.now.wall = NOW.after(Duration::from_secs(5));
    world.write_all(&plan);
    world.now.wall = NOW.after(Duration::from_secs(10));
    let gone = world.store.pods().iter().find(|pod| pod.is_active()).unwrap().clone();
    world.store.remove(Kind::Pod, &gone.meta.name, gone.meta.uid);
    let plan = world.plan(&name("web"));
    assert_eq!((creates(&plan), plan.held_back), (1, None));
    world.write_all(&plan);

    // If they end like the others, the delay goes on from where it was.
    world.reject_all();
    let plan = world.plan(&name("web"));
    assert_eq!((creates(&plan), plan.requeue_at), (0, Some(NOW.after(Duration::from_secs(5 + 32)))));
}

#[test]
fn whatever_the_clocks_say_nothing_waits_for_longer_than_the_cap() {
    let cap = Duration::from_secs(300);
    let times = [i64::MIN, -3, 0, 1, 299, 300, 301, 86_400, i64::MAX];
    for first in times {
        for second in times {
            let made = |offset: i64| Some(Timestamp(NOW.0.saturating_add(offset.saturating_mul(1_000_000))));
            let pods = [("a", first), ("b", second)]
                .map(|(name, offset)| pod(name).of_web().phase(PodPhase::Failed).created(made(offset)));
            let plan = with(controller(2), pods).plan(&name("web"));
            let latest = plan.held_back.map(|held| held.until);
            assert!(latest.is_none_or(|until| until <= NOW.after(cap)), "{first} {second}: {plan:?}");
            assert!(plan.requeue_at <= latest && plan.requeue_at.is_none_or(|next| next > NOW));
            assert_eq!(creates(&plan) + plan.held_back.map_or(0, |held| held.count), 2);
        }
    }
    let without_a_time = pod("a").of_web().phase(PodPhase::Failed).created(None);
    assert_eq!(creates(&with(controller(1), [without_a_time]).plan(&name("web"))), 1);
}

#[test]
fn a_create_in_doubt_waits_too_and_a_failure_stays_told() {
    let pods = || [pod("a").of_web().failed(0, "OutOfcpu")];
    let world =
        with(controller(1), pods()).remembering(|memory| memory.unsettled = vec![create("web-first")]);
    assert_eq!(creates(&world.plan(&name("web"))), 0);
    let world = with(controller(1), pods()).failed(Write::CreatePod(create("web-x")), "quota exceeded");
    expect![[r#"
        status 0 replicas, 0 fully labelled, 0 ready, 0 available, generation 1
          ReplicaFailure True for 0ns: FailedCreate: quota exceeded
        1 held back for 1s
        again in Some(1s)
    "#]]
    .assert_eq(&render(&world.plan(&name("web"))));
}

#[test]
fn the_earlier_of_both_reasons_to_look_again() {
    let pods = [pod("a").of_web().failed(0, ""), pod("b").of_web().ready(seconds_ago(3))];
    let plan = |wait| with(controller(2).min_ready_seconds(wait), pods.clone()).plan(&name("web")).requeue_at;
    assert_eq!(plan(30), Some(NOW.after(Duration::from_secs(1))));
    let mut later = with(controller(2).min_ready_seconds(4), pods.clone());
    later.now.wall = NOW.after(Duration::from_millis(500));
    assert_eq!(later.plan(&name("web")).requeue_at, Some(NOW.after(Duration::from_secs(1))));
}

#[test]
fn thousands_of_ended_pods_take_milliseconds() {
    let pods = (0..20_000).map(|number| pod(&format!("p{number}")).of_web().failed(number / 7, "OutOfcpu"));
    let world = with(controller(3_000), pods);
    let held = world.plan(&name("web")).held_back.unwrap();
    assert_eq!(held.until, NOW.after(Duration::from_secs(300)));
}
