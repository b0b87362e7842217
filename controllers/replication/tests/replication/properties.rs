//! What holds whatever the store contains.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use mainstay_engine::{Controller as _, Memory};
use mainstay_model::{Found, Kind, Object, PodPhase, ReadOutcome, Uid, Write};
use mainstay_replication::ReplicationControllers;
use proptest::prelude::*;
use proptest::sample::select;

use crate::objects::{Controller, NOW, SHOP, TestPod, WEB, controller, create, name, pod, seconds_ago};
use crate::world::World;

const LABELS: [&[(&str, &str)]; 4] =
    [&[("app", "web")], &[("app", "web"), ("tier", "front")], &[("app", "mail")], &[]];

fn any_time() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), select(vec![-5_i64, 0, 1, 3, 4, 5, 70, 100, 7200]).prop_map(Some)]
}

prop_compose! {
    /// A pod that runs or waits, controlled by `web`.
    fn active_pod()(
        node in any::<bool>(),
        phase in select(vec![PodPhase::Pending, PodPhase::Running, PodPhase::Running, PodPhase::Unknown]),
        ready in any::<bool>(),
        since in any_time(),
        created in any_time(),
        cost in select(vec![0, 0, 0, -1, 7]),
        restarts in (0..3, 0..3),
        uid in any::<u32>(),
    ) -> TestPod {
        let mut pod = pod("placeholder").of_web().phase(phase).deletion_cost(cost).restarts(restarts.0, restarts.1);
        pod.0.ready = ready;
        pod.0.ready_since = since.map(seconds_ago);
        pod.0.node = pod.0.node.filter(|_| node);
        pod.0.meta.created = created.map(seconds_ago);
        pod.0.meta.uid = Uid(u128::from(uid) << 16);
        pod
    }
}

/// Distinct active pods of `web`.
pub fn pods_of_web(count: RangeInclusive<usize>) -> impl Strategy<Value = Vec<TestPod>> {
    prop::collection::vec(active_pod(), count).prop_map(|mut pods| {
        for (position, pod) in pods.iter_mut().enumerate() {
            pod.0.meta.name = name(&format!("p{position:02}"));
            pod.0.meta.uid.0 += position as u128;
        }
        pods
    })
}

fn any_pod() -> impl Strategy<Value = TestPod> {
    (active_pod(), 0..8_u8, select(LABELS.to_vec()), 0..8_u8, any::<bool>()).prop_map(
        |(mut pod, owner, labels, end, elsewhere)| {
            pod.0.meta.owners = Box::default();
            pod = pod.labels(labels);
            pod = match owner {
                0..=3 => pod.of_web(),
                4 => pod.owner("ReplicationController", "other", 0xb, true),
                5 => pod.owner("ReplicaSet", "web", WEB.0, true),
                6 => pod.owner("ReplicationController", "web", WEB.0, false),
                _ => pod,
            };
            match end {
                0 => pod = pod.deleting(),
                1 => pod = pod.phase(PodPhase::Failed),
                2 if elsewhere => pod = pod.namespace("elsewhere"),
                _ => {}
            }
            pod
        },
    )
}

fn any_pods() -> impl Strategy<Value = Vec<TestPod>> {
    prop::collection::vec(any_pod(), 0..12).prop_map(|mut pods| {
        for (position, pod) in pods.iter_mut().enumerate() {
            pod.0.meta.name.name = format!("p{position:02}").into();
            pod.0.meta.uid.0 += position as u128;
        }
        pods
    })
}

fn any_controller() -> impl Strategy<Value = Controller> {
    (0..8, select(vec![0, 0, 4, 60]), select(LABELS.to_vec()), 0..10_u8, 0..10_u8).prop_map(
        |(replicas, min_ready_seconds, template, odd, failed)| {
            let mut controller = controller(replicas).min_ready_seconds(min_ready_seconds);
            match odd {
                0 => controller = controller.deleting(),
                1 => controller = controller.template_labels(template),
                2 => controller = controller.no_template(),
                3 => controller = controller.generation(2),
                _ => {}
            }
            if failed == 0 {
                controller = controller.condition("ReplicaFailure", "True", "before", seconds_ago(60));
            }
            controller.condition("Foreign", "True", "stays", NOW)
        },
    )
}

/// Objects and memories to make a world of.
#[derive(Clone, Debug)]
struct Case {
    objects: Vec<Object>,
    memory: Memory,
    burst: usize,
}

impl Case {
    fn world(&self) -> World {
        World::of(self.objects.clone())
            .burst(self.burst)
            .remembering(|memory| memory.clone_from(&self.memory))
    }
}

prop_compose! {
    fn any_case()(
        controller in any_controller(),
        pods in any_pods(),
        burst in select(vec![1_usize, 2, 500]),
        unsettled in 0..4_usize,
        doomed in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) -> Case {
        let other = crate::objects::controller(0).named("other", 0xb);
        let mut objects: Vec<Object> = pods.iter().map(TestPod::object).collect();
        objects.extend([controller.object(), other.object()]);
        let in_doubt = ["web-one", "web-two", "web-three"].map(create).into_iter();
        let doomed = doomed.iter().filter(|_| !pods.is_empty());
        let memory = Memory {
            unsettled: in_doubt.take(unsettled).collect(),
            doomed: doomed.map(|index| index.get(&pods).0.meta.uid).collect(),
            ..Memory::default()
        };
        Case { objects, memory, burst }
    }
}

/// The answer that lets adoption go on.
fn alive() -> ReadOutcome {
    ReadOutcome::Found(Found { uid: WEB, version: Default::default(), deleting: false, controller: None })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn doing_what_is_planned_leads_to_rest(case in any_case()) {
        let mut world = case.world();
        world.burst = 500;
        let plans = world.settle(&name("web"));
        // A read, the claims, creates or deletes with the status before them, the status after them; creates and status
        // once more for each pod that has ended and whose replacement waits.
        let ended = case.objects.iter().filter(|object| matches!(object, Object::Pod(pod) if pod.phase.is_finished()));
        prop_assert!(plans.len() <= 4 + 2 * ended.count(), "{plans:#?}");
        let controller = world.store.replication_controllers().get(&name("web")).unwrap();
        let active: Vec<_> = world.store.pods().controlled_by(WEB)
            .filter(|pod| pod.is_active() && &*pod.meta.name.namespace == SHOP)
            .filter(|pod| &*pod.meta.controller().unwrap().kind == "ReplicationController")
            .filter(|pod| controller.selector.matches(&pod.meta.labels))
            .collect();
        let usable = controller.template.as_ref().is_some_and(|template| controller.selector.matches(&template.labels));
        if !controller.meta.is_deleting() && (usable || active.len() > controller.replicas as usize) {
            prop_assert_eq!(active.len(), controller.replicas as usize);
        }
        prop_assert_eq!(controller.status.replicas as usize, active.len());
        prop_assert_eq!(controller.status.observed_generation, controller.meta.generation);
        prop_assert!(controller.status.conditions.iter().any(|condition| condition.kind == "Foreign"));
    }

    #[test]
    fn small_steps_lead_to_the_same_rest(case in any_case()) {
        let (mut world, mut at_once) = (case.world(), case.world().burst(500));
        at_once.settle(&name("web"));
        world.settle(&name("web"));
        let status = |world: &World| {
            let status = &world.store.replication_controllers().get(&name("web")).unwrap().status;
            (status.replicas, status.conditions.len())
        };
        prop_assert_eq!(status(&at_once), status(&world));
    }

    #[test]
    fn the_order_of_deltas_does_not_matter(
        case in any_case(),
        keys in prop::collection::vec(any::<u64>(), 16),
    ) {
        let mut shuffled: Vec<(u64, Object)> = keys.into_iter().cycle().zip(case.objects.clone()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled = Case { objects: shuffled.into_iter().map(|(_, object)| object).collect(), ..case.clone() };
        let (world, again) = (case.world(), shuffled.world());
        let (world, again) = (world.answered(alive()), again.answered(alive()));
        prop_assert_eq!(world.plan(&name("web")), again.plan(&name("web")));
        prop_assert_eq!(world.plan(&name("web")), world.plan(&name("web")));
    }

    #[test]
    fn writes_are_few_and_only_to_what_is_its_own(case in any_case(), backing_off in any::<bool>()) {
        let mut world = case.world().answered(alive());
        world.memory.backing_off = backing_off;
        let plan = world.plan(&name("web"));
        prop_assert!(plan.reads.is_empty(), "what was answered is not asked again");
        prop_assert!(plan.writes.len() <= world.burst + 1);
        let controller = world.store.replication_controllers().get(&name("web")).unwrap();
        let find = |name, uid| world.store.pods().get(name).filter(|pod: &&_| pod.meta.uid == uid).unwrap();
        for write in &plan.writes {
            match write {
                Write::CreatePod(create) => {
                    prop_assert_eq!(create.owner.uid, WEB);
                    prop_assert_eq!(&*create.pod.namespace, SHOP);
                    prop_assert!(world.store.pods().get(&create.pod).is_none());
                    prop_assert_eq!(Some(&create.template), controller.template.as_ref());
                }
                Write::AdoptPod(adopt) => {
                    let pod = find(&adopt.pod, adopt.uid);
                    prop_assert!(pod.is_active() && pod.meta.controller().is_none());
                    prop_assert!(controller.selector.matches(&pod.meta.labels));
                }
                Write::ReleasePod(release) => {
                    let pod = find(&release.pod, release.uid);
                    prop_assert_eq!(pod.meta.controller().unwrap().uid, Some(WEB));
                    prop_assert!(!controller.selector.matches(&pod.meta.labels));
                }
                Write::DeletePod(delete) => {
                    let pod = find(&delete.pod, delete.uid);
                    prop_assert_eq!(pod.meta.controller().unwrap().uid, Some(WEB));
                    prop_assert!(pod.is_active());
                }
                Write::PatchReplicationControllerStatus(patch) => {
                    prop_assert_eq!((&patch.object, patch.uid), (&controller.meta.name, WEB));
                    prop_assert_ne!(&patch.status, &controller.status);
                }
                other => prop_assert!(false, "not for this controller: {other:?}"),
            }
        }
        let verbs: BTreeSet<_> = plan.writes.iter().map(Write::verb).collect();
        let claims = verbs.contains("adopt") || verbs.contains("release");
        prop_assert!(!claims || !verbs.iter().any(|verb| ["create", "delete", "status"].contains(verb)));
        prop_assert!(!(verbs.contains("create") && verbs.contains("delete")));
    }

    /// At rest, nothing that calls for a plan goes by unrouted.
    #[test]
    fn a_change_that_calls_for_a_plan_is_routed(
        case in any_case(),
        mut pod in any_pod(), index in any::<prop::sample::Index>(),
    ) {
        let mut world = case.world();
        world.settle(&name("web"));
        let before = world.plan(&name("web"));
        let pods: Vec<_> = world.store.all(Kind::Pod);
        if let Some(Object::Pod(present)) = pods.get(index.index(pods.len() + 1)) {
            pod.0.meta.name = present.meta.name.clone();
            pod.0.meta.uid = present.meta.uid;
        }
        let mut keys = Vec::new();
        for change in world.store.apply(pod.object()) {
            ReplicationControllers::default().route(&world.store, &change, &mut keys);
        }
        if world.plan(&name("web")) != before {
            prop_assert!(keys.contains(&name("web")), "{:?}", pod.0);
        }
    }

    #[test]
    fn names_are_valid_and_unique(
        text in "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        uid in any::<u128>(),
        replicas in 0..300,
    ) {
        let controller = controller(replicas).named(&text, uid);
        let world = World::of([controller.object()]);
        let plan = world.plan(&name(&text));
        let names: BTreeSet<_> = plan.writes.iter()
            .filter(|write| matches!(write, Write::CreatePod(_)))
            .map(|write| write.object().name.clone())
            .collect();
        prop_assert_eq!(names.len(), replicas as usize);
        for chosen in names {
            let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            prop_assert!(chosen.len() <= 63 && chosen.bytes().all(is_label), "{}", chosen);
            prop_assert!(!chosen.starts_with('-') && !chosen.ends_with('-'), "{}", chosen);
            let base: String = format!("{text}-").chars().take(58).collect();
            prop_assert_eq!(&chosen[..chosen.len() - 5], &base);
        }
    }
}
