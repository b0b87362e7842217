//! Chooses what happens in a world of SidecarWorkloads, from a seed.

use std::time::Duration;

use mainstay_model::{InPlace, Name, ObjectName, OnFailure, Rollout, Share};

use super::template::{MAIN, MIGRATE, SIDECARS};
use super::{Meddling, NODES, SidecarShape, TemplateShape, Tuning, WorkloadStep};
use crate::api::deletion::Propagation;
use crate::clock::Time;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::options::Options;
use crate::script::{DOOMED_NAMESPACE, NAMESPACES, Step};

/// The SidecarWorkloads that users work with: two that share a namespace, and one that shares a name and labels.
const WORKLOADS: &[(&str, &str)] = &[("shop", "red"), ("shop", "red"), ("shop", "blue"), ("depot", "red")];
/// The kubelets that there are: old ones do not replace sidecars, or do not say what they have seen.
const KUBELETS: &[(u16, u16)] = &[(1, 36), (1, 36), (1, 34), (1, 33), (1, 31)];
/// How many good images each container has.
const GOOD_IMAGES: u64 = 4;
/// Images that are not good.
const OTHER_IMAGES: &[&str] = &["bad:1", "crash:1", "hang:1", "sick:1", "bad:2", "crash:2"];

/// The steps of users and nodes, with their times. They depend on nothing but the seed and whether there are hostile ones and quotas.
pub fn draw(seed: u64, options: &Options) -> Vec<(Time, Step)> {
    let mut dice = Dice::new(seed ^ 0x0077_6f72_6b6c_6f61);
    let mut steps = beginning(&mut dice);
    for _ in 0..(dice.below(24) + 6) * u64::from(options.length) {
        let time = Time::default().after(dice.up_to(Duration::from_secs(110) * options.length));
        let (hostile, quota, terminates) = (dice.percent(25), dice.percent(7), dice.percent(2));
        let limit = dice.percent(60).then(|| usize::try_from(dice.below(14)).unwrap_or(0));
        let namespace = dice.one_of(NAMESPACES).map(|name| Name::from(*name)).unwrap_or_default();
        let hostile = hostile && options.faults.has(Fault::Hostile);
        let step = if hostile { hostile_step(&mut dice) } else { step(&mut dice) };
        steps.push((
            time,
            match step {
                _ if quota && options.faults.has(Fault::Quota) => Step::Quota(namespace, limit),
                _ if hostile && terminates => Step::TerminateNamespace(DOOMED_NAMESPACE.into()),
                step => Step::Workload(step),
            },
        ));
    }
    steps
}

/// Nodes, and two workloads that run well as a rule.
fn beginning(dice: &mut Dice) -> Vec<(Time, Step)> {
    let mut steps: Vec<WorkloadStep> =
        NODES.iter().map(|node| WorkloadStep::Upgrade((*node).into(), kubelet(dice))).collect();
    for (namespace, name) in [("shop", "red"), ("depot", "red")] {
        let replicas = 2 + i32::try_from(dice.below(5)).unwrap_or(0);
        steps.push(WorkloadStep::Apply(
            ObjectName::new(namespace, name),
            replicas,
            good(dice),
            rollout(dice),
        ));
    }
    steps.into_iter().map(|step| (Time::default(), Step::Workload(step))).collect()
}

fn step(dice: &mut Dice) -> WorkloadStep {
    let (name, which) = (workload(dice), dice.below(100));
    match dice.below(40) {
        0..=9 => WorkloadStep::SetImage(name, sidecar(dice), image(dice)),
        10..=12 => WorkloadStep::SetImage(name, MAIN, image(dice)),
        13 => WorkloadStep::SetImage(name, MIGRATE, image(dice)),
        14 | 15 => WorkloadStep::SetEnv(name, dice.below(4)),
        16 | 17 => WorkloadStep::SetLabel(name, dice.below(4)),
        18..=21 => WorkloadStep::Scale(name, i32::try_from(dice.below(8)).unwrap_or(0)),
        22..=26 => WorkloadStep::Tune(name, tuning(dice)),
        27 => WorkloadStep::Pin(name, which),
        28 => WorkloadStep::Unpin(name),
        29 => WorkloadStep::Restart(name, which),
        30 => WorkloadStep::Retry(name, which),
        31 | 32 => WorkloadStep::DeletePod(name, which),
        33 => WorkloadStep::FailPod(name, which),
        34 => WorkloadStep::CrashMain(name, which),
        35 => WorkloadStep::Drain(node(dice)),
        36 => WorkloadStep::Lose(node(dice), kubelet(dice)),
        37 => WorkloadStep::Upgrade(node(dice), kubelet(dice)),
        38 => WorkloadStep::Budget(name, dice.percent(60).then(|| i32::try_from(dice.below(6)).unwrap_or(0))),
        _ if dice.percent(40) => WorkloadStep::Delete(name, Propagation::Background),
        _ => WorkloadStep::Apply(name, 1 + i32::try_from(which % 6).unwrap_or(0), shape(dice), rollout(dice)),
    }
}

fn hostile_step(dice: &mut Dice) -> WorkloadStep {
    let (name, which) = (workload(dice), dice.below(100));
    if dice.percent(4) {
        return WorkloadStep::Delete(name, Propagation::Orphan);
    }
    let meddling = dice.one_of(&Meddling::ALL).copied().unwrap_or(Meddling::DisownPod);
    WorkloadStep::Meddle(name, meddling, which)
}

fn tuning(dice: &mut Dice) -> Tuning {
    match dice.below(9) {
        // Most pauses end.
        0 | 1 => Tuning::Paused(dice.percent(40)),
        2 => Tuning::Partition(share(dice)),
        3 | 4 => {
            let (surge, unavailable) = limits(dice);
            Tuning::Limits(surge, unavailable)
        }
        5 => Tuning::InPlace(in_place(dice)),
        6 => Tuning::OnDelete(dice.percent(30)),
        7 => Tuning::OnFailure(on_failure(dice)),
        _ => match dice.below(3) {
            0 => Tuning::MinReady(min_ready(dice)),
            1 => Tuning::Deadline(deadline(dice)),
            _ => Tuning::History(1 + i32::try_from(dice.below(4)).unwrap_or(0)),
        },
    }
}

fn rollout(dice: &mut Dice) -> Rollout {
    let (max_surge, max_unavailable) = limits(dice);
    Rollout {
        max_surge,
        max_unavailable,
        in_place: in_place(dice),
        min_ready_seconds: min_ready(dice),
        progress_deadline_seconds: deadline(dice),
        on_failure: on_failure(dice),
        ..Rollout::default()
    }
}

/// Not both nothing, as the API has it; a percentage may round down to nothing.
fn limits(dice: &mut Dice) -> (Share, Share) {
    let (surge, unavailable) = (share(dice), share(dice));
    let is_zero = |share| matches!(share, Share::Count(0) | Share::Percent(0));
    if is_zero(surge) && is_zero(unavailable) { (surge, Share::Percent(5)) } else { (surge, unavailable) }
}

fn share(dice: &mut Dice) -> Share {
    let shares = [
        Share::Count(0),
        Share::Count(1),
        Share::Count(2),
        Share::Percent(5),
        Share::Percent(25),
        Share::Percent(50),
        Share::Percent(99),
    ];
    dice.one_of(&shares).copied().unwrap_or(Share::Count(1))
}

fn in_place(dice: &mut Dice) -> InPlace {
    match dice.below(6) {
        0 => InPlace::Never,
        1 => InPlace::Only,
        _ => InPlace::IfPossible,
    }
}

fn on_failure(dice: &mut Dice) -> OnFailure {
    if dice.percent(60) { OnFailure::Rollback } else { OnFailure::Pause }
}

fn min_ready(dice: &mut Dice) -> i32 {
    if dice.percent(25) { 5 } else { 0 }
}

/// Longer than a pod takes to be available, and short enough to be seen.
fn deadline(dice: &mut Dice) -> i32 {
    30 + i32::try_from(dice.below(90)).unwrap_or(0)
}

/// All of it is good.
fn good(dice: &mut Dice) -> TemplateShape {
    let sidecar = |name, dice: &mut Dice| SidecarShape {
        name,
        image: good_image(dice),
        after_init: dice.percent(25),
        drain: dice.percent(25),
        recreate: dice.percent(10),
    };
    let mut sidecars: Vec<SidecarShape> = Vec::new();
    for name in SIDECARS {
        if dice.percent(80) {
            sidecars.push(sidecar(name, dice));
        }
    }
    let migrate = dice.percent(50).then(|| good_image(dice));
    TemplateShape { main: good_image(dice), migrate, sidecars }
}

/// One of its images may be not so good.
fn shape(dice: &mut Dice) -> TemplateShape {
    TemplateShape { main: image(dice), ..good(dice) }
}

fn image(dice: &mut Dice) -> Name {
    if dice.percent(60) {
        return good_image(dice);
    }
    dice.one_of(OTHER_IMAGES).map(|image| Name::from(*image)).unwrap_or_default()
}

fn good_image(dice: &mut Dice) -> Name {
    format!("good:{}", dice.below(GOOD_IMAGES)).into()
}

fn sidecar(dice: &mut Dice) -> &'static str {
    dice.one_of(&SIDECARS).copied().unwrap_or(MAIN)
}

fn kubelet(dice: &mut Dice) -> (u16, u16) {
    dice.one_of(KUBELETS).copied().unwrap_or((1, 36))
}

fn node(dice: &mut Dice) -> Name {
    dice.one_of(NODES).map(|node| Name::from(*node)).unwrap_or_default()
}

fn workload(dice: &mut Dice) -> ObjectName {
    let (namespace, name) = dice.one_of(WORKLOADS).copied().unwrap_or_default();
    ObjectName::new(namespace, name)
}
