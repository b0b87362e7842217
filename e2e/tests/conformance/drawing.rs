//! How sequences are drawn: few names and few labels, so that requests meet what others have left.

use mainstay_model::{Kind, PodPhase};
use mainstay_sim::api::deletion::Propagation;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::operation::{At, Change, Choice, Finalizers, Labels, Operation, Owner, Status, Target, Which};
use crate::watches::Watched;

/// What is run on both sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Sequence {
    pub operations: Vec<Operation>,
    /// One of each kind as a whole, and two of a selection.
    pub watches: Vec<Watched>,
}

pub fn sequences() -> impl Strategy<Value = Sequence> {
    let from = || option::weighted(0.7, 0..30_usize);
    let selected = (kind(), choice().prop_map(Some), from());
    let whole = |kind: Kind| (Just(kind), Just(None), prop_oneof![Just(None), Just(Some(0))]);
    let watches = (vec(selected, 2), whole(Kind::Pod), whole(Kind::ReplicationController));
    // In one sequence of eight the namespace comes to its end, in one of eight there is no more room for pods.
    let rare = || option::weighted(0.125, 4..25_usize);
    // What is hardly ever left out at first can be left out to make a sequence short.
    let first = vec(option::weighted(0.999, create()), 2..=5);
    let others = vec(option::weighted(0.999, operation()), 10..=20);
    (first, others, watches, rare(), rare()).prop_map(|(first, others, watches, end, full)| {
        let mut operations: Vec<Operation> = first.into_iter().chain(others).flatten().collect();
        for (place, operation) in [(full, Operation::FillQuota), (end, Operation::TerminateNamespace)] {
            if let Some(place) = place {
                operations.insert(place.min(operations.len()), operation);
            }
        }
        let (selected, pods, controllers) = watches;
        let watched = |(kind, choice, from)| Watched { kind, choice, from };
        let watches = selected.into_iter().chain([pods, controllers]).map(watched).collect();
        Sequence { operations, watches }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => create(),
        8 => writes(),
        10 => replace(),
        5 => (pod(), 0..2_usize).prop_map(|(pod, node)| Operation::Bind { pod, node }),
        4 => (target(), option::weighted(0.4, which()), option::weighted(0.3, which()), grace(), propagation())
            .prop_map(|(target, uid, version, grace, propagation)| {
                Operation::Delete { target, uid, version, grace, propagation }
            }),
        2 => target().prop_map(Operation::Read),
        3 => (kind(), choice(), at()).prop_map(|(kind, choice, at)| Operation::List { kind, choice, at }),
        2 => leases(),
    ]
}

fn create() -> impl Strategy<Value = Operation> {
    (target(), labels(), owners(), finalizers(), prop_oneof![9 => 0..4_i32, 1 => Just(-1)]).prop_map(
        |(target, labels, owners, finalizers, replicas)| Operation::Create {
            target,
            labels,
            owners,
            finalizers,
            replicas,
        },
    )
}

fn writes() -> impl Strategy<Value = Operation> {
    let owner = || 0..3_usize;
    prop_oneof![
        4 => (pod(), owner(), labels(), finalizers()).prop_map(|(pod, owner, labels, finalizers)| {
            Operation::CreatePod { pod, owner, labels, finalizers }
        }),
        3 => (pod(), which(), owner()).prop_map(|(pod, uid, owner)| Operation::AdoptPod { pod, uid, owner }),
        3 => (pod(), which(), owner()).prop_map(|(pod, uid, owner)| Operation::ReleasePod { pod, uid, owner }),
        2 => (pod(), which()).prop_map(|(pod, uid)| Operation::DeletePod { pod, uid }),
        3 => (0..2_usize, which(), which(), status()).prop_map(|(controller, uid, version, status)| {
            Operation::PatchStatus { controller, uid, version, status }
        }),
    ]
}

fn replace() -> impl Strategy<Value = Operation> {
    let of_all = prop_oneof![
        3 => labels().prop_map(Change::Labels),
        3 => owners().prop_map(Change::Owners),
        3 => finalizers().prop_map(Change::Finalizers),
    ];
    let phase = prop_oneof![
        Just(PodPhase::Pending),
        Just(PodPhase::Running),
        Just(PodPhase::Succeeded),
        Just(PodPhase::Failed),
    ];
    let of_pod = (phase, any::<bool>(), 1_000..1_002_i64)
        .prop_map(|(phase, ready, since)| Change::PodStatus { phase, ready, since });
    let of_controller =
        prop_oneof![(-1..4_i32).prop_map(Change::Replicas), status().prop_map(Change::Status),];
    let changes = prop_oneof![
        4 => (target(), of_all),
        3 => (pod().prop_map(Target::Pod), of_pod),
        2 => (controller(), of_controller),
    ];
    let which = || option::weighted(0.3, which());
    (changes, which(), which()).prop_map(|((target, change), uid, version)| Operation::Replace {
        target,
        uid,
        version,
        change,
    })
}

fn leases() -> impl Strategy<Value = Operation> {
    prop_oneof![
        Just(Operation::LeaseGet),
        (0..3_usize).prop_map(|holder| Operation::LeaseCreate { holder }),
        (0..3_usize, which()).prop_map(|(holder, version)| Operation::LeaseUpdate { holder, version }),
    ]
}

fn pod() -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(0), 3 => Just(1), 1 => Just(2)]
}

fn controller() -> impl Strategy<Value = Target> {
    prop_oneof![3 => Just(Target::Controller(0)), 1 => Just(Target::Controller(1))]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![3 => pod().prop_map(Target::Pod), 2 => controller()]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![3 => Just(Kind::Pod), 2 => Just(Kind::ReplicationController)]
}

fn labels() -> impl Strategy<Value = Labels> {
    (0..4_usize).prop_map(Labels)
}

fn finalizers() -> impl Strategy<Value = Finalizers> {
    prop_oneof![5 => Just(Finalizers(0)), 4 => (0..4_usize).prop_map(Finalizers), 2 => (4..9_usize).prop_map(Finalizers)]
}

/// Each owner once; two controllers are refused.
fn owners() -> impl Strategy<Value = Vec<Owner>> {
    let places = prop_oneof![
        3 => Just(vec![]),
        2 => (0..3_usize).prop_map(|one| vec![one]),
        2 => Just(vec![0, 1]),
        1 => Just(vec![2, 0]),
        1 => Just(vec![1, 2, 0]),
    ];
    (places, vec(any::<bool>(), 3)).prop_map(|(places, controls)| {
        places.into_iter().zip(controls).map(|(place, controller)| Owner { place, controller }).collect()
    })
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![6 => Just(Which::Right), 1 => Just(Which::Old), 1 => Just(Which::Wrong)]
}

fn grace() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![4 => Just(None), 2 => Just(Some(0)), 1 => Just(Some(20)), 1 => Just(Some(60))]
}

fn propagation() -> impl Strategy<Value = Option<Propagation>> {
    option::of(prop_oneof![
        Just(Propagation::Background),
        Just(Propagation::Foreground),
        Just(Propagation::Orphan),
    ])
}

/// Mostly what is valid: the parts are at most the whole.
fn status() -> impl Strategy<Value = Status> {
    let valid = (0..4_i32, 0..4_i32, 0..4_i32, 0..4_i32).prop_map(|(all, labelled, ready, available)| {
        let ready = ready.min(all);
        [all, labelled.min(all), ready, available.min(ready)]
    });
    let wild = (-1..4_i32, -1..4_i32, -1..4_i32, -1..4_i32)
        .prop_map(|(all, labelled, ready, available)| [all, labelled, ready, available]);
    let counts = prop_oneof![4 => valid, 1 => wild];
    (counts, prop_oneof![8 => 0..3_i64, 1 => Just(-1)], any::<bool>())
        .prop_map(|(counts, observed, condition)| Status { counts, observed, condition })
}

fn choice() -> impl Strategy<Value = Choice> {
    let fields = (prop_oneof![30 => 0..7_usize, 1 => Just(7)], any::<bool>());
    (vec(0..6_usize, 0..=2), vec(fields, 0..=2)).prop_map(|(labels, fields)| Choice { labels, fields })
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![8 => Just(At::Newest), 8 => (0..30_usize).prop_map(At::Past), 1 => Just(At::Future)]
}
