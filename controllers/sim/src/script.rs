//! What users do, and which faults befall the world, at which time: drawn from a seed before the run begins.
//!
//! Users decide nothing by what controllers have done so far, so the same script leads to the same wishes in every run.

use std::time::Duration;

use mainstay_model::ObjectName;

use crate::clock::Time;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::options::Options;

/// When the faults end.
pub const FAULTS_END: Time = Time::seconds(150);

/// What happens at a time of the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A user does something about a ReplicationController, or its pods.
    User(ObjectName, UserStep),
    /// A quota on pods appears, or goes.
    Quota(Option<usize>),
    /// Something goes wrong, for that long if it lasts.
    Fault(Fault, Duration),
}

/// What a user does. Where the ReplicationController is not there, it is made; where a pod is wanted and there is none, nothing is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserStep {
    /// Asks for so many replicas; makes the ReplicationController with these `minReadySeconds` if it is not there.
    Scale(i32, i32),
    /// Deletes a pod.
    DeletePod(u64),
    /// A pod's containers end badly.
    FailPod(u64),
    /// Gives a pod other labels, so that it is nobody's.
    RelabelPod(u64),
    /// Gives a pod that has no controller the labels back.
    ReturnPod(u64),
    /// Makes somebody who does not exist the controller of a pod.
    StealPod(u64),
    /// Deletes a pod without grace and makes another of the same name, with its labels and no owner.
    ReplacePod(u64),
    /// Writes nonsense into the status.
    EditStatus,
    /// Deletes the ReplicationController; its pods are left to the garbage collector.
    Delete,
    /// Deletes the ReplicationController and takes its references off its pods.
    Orphan,
    /// Deletes the ReplicationController and makes one of the same name at once.
    Recreate(i32),
}

impl UserStep {
    /// Whether nobody in their right mind would do that.
    pub fn is_hostile(&self) -> bool {
        !matches!(self, UserStep::Scale(..) | UserStep::DeletePod(_) | UserStep::FailPod(_))
    }
}

/// The script of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script(pub Vec<(Time, Step)>);

impl Script {
    /// Draws a script. The users' part of it depends on nothing but the seed and whether there are hostile ones and quotas.
    pub fn draw(seed: u64, options: &Options) -> Script {
        let mut dice = Dice::new(seed ^ 0x7363_7269_7074);
        let first = Step::User(ObjectName::new("shop", "red"), UserStep::Scale(5, 0));
        let mut steps = vec![(Time::default(), first)];
        for _ in 0..dice.below(14) + 4 {
            let time = Time::default().after(dice.up_to(Duration::from_secs(100)));
            let hostile = dice.percent(40);
            let quota = dice.percent(10);
            let limit = dice.percent(60).then(|| usize::try_from(dice.below(12)).unwrap_or(0));
            let step = user_step(&mut dice, hostile && options.faults.has(Fault::Hostile));
            let is_quota = quota && options.faults.has(Fault::Quota);
            steps.push((time, if is_quota { Step::Quota(limit) } else { step }));
        }
        let mut dice = Dice::new(seed ^ 0x6661_756c_7473);
        let faults = options.faults.among(Fault::AT_TIMES);
        for _ in 0..dice.below(14) {
            let time = Time::default().after(dice.up_to(Duration::from_secs(130)));
            let lasts = dice.up_to(Duration::from_secs(45));
            steps.extend(dice.one_of(&faults).map(|fault| (time, Step::Fault(*fault, lasts))));
        }
        Script(steps)
    }
}

fn user_step(dice: &mut Dice, hostile: bool) -> Step {
    let replicas = i32::try_from(dice.below(12)).unwrap_or(0);
    let min_ready_seconds = if dice.percent(25) { 5 } else { 0 };
    let which = dice.below(100);
    let name = if dice.percent(50) { "red" } else { "blue" };
    let step = if hostile {
        match dice.below(8) {
            0 => UserStep::RelabelPod(which),
            1 => UserStep::ReturnPod(which),
            2 => UserStep::StealPod(which),
            3 => UserStep::ReplacePod(which),
            4 => UserStep::EditStatus,
            5 => UserStep::Delete,
            6 => UserStep::Orphan,
            _ => UserStep::Recreate(replicas),
        }
    } else {
        match dice.below(6) {
            0..=2 => UserStep::Scale(replicas, min_ready_seconds),
            3 | 4 => UserStep::DeletePod(which),
            _ => UserStep::FailPod(which),
        }
    };
    Step::User(ObjectName::new("shop", name), step)
}
