//! What users do, and which faults befall the world, at which time: drawn from a seed before the run begins.
//!
//! Users decide nothing by what controllers have done so far, so the same script leads to the same wishes in every run.

use std::time::Duration;

use mainstay_model::{Name, ObjectName};

use crate::api::deletion::Propagation;
use crate::clock::Time;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::options::Options;
use crate::services::{self, ServiceStep};
use crate::stage::Stage;
use crate::workloads::{self, WorkloadStep};

/// When the faults end in a world of the usual length.
const FAULTS_END: Duration = Duration::from_secs(150);

/// When the faults end.
pub fn faults_end(options: &Options) -> Time {
    Time::default().after(FAULTS_END * options.length)
}

/// The namespaces in which users work.
pub const NAMESPACES: &[&str] = &["shop", "depot"];
/// The one that may be deleted.
pub const DOOMED_NAMESPACE: &str = "depot";
/// The ReplicationControllers that users work with: two that share a namespace, and one that shares a name and labels.
const CONTROLLERS: &[(&str, &str)] = &[("shop", "red"), ("shop", "red"), ("shop", "blue"), ("depot", "red")];

/// What happens at a time of the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A user does something about a ReplicationController, or its pods.
    User(ObjectName, UserStep),
    /// Somebody does something in a world of services.
    Service(ServiceStep),
    /// Somebody does something in a world of SidecarWorkloads.
    Workload(WorkloadStep),
    /// A quota on the pods of a namespace appears, or goes.
    Quota(Name, Option<usize>),
    /// A namespace is deleted with all that is in it, and stays so.
    TerminateNamespace(Name),
    /// The kubelet of that node, or of each, lets no new pod live for that long.
    Rejection(Option<Name>, Duration),
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
    /// Deletes every pod that is ready, as a drain of nodes does.
    Drain,
    /// Mends the template, so that the spec is a new one. What the template says is not in the model.
    EditTemplate,
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
    /// Puts a finalizer on a pod, which stays until the faults are over.
    HoldPod(u64),
    /// Writes nonsense into the status.
    EditStatus,
    /// Deletes the ReplicationController; the garbage collector deletes its pods before, after, or leaves them as orphans.
    Delete(Propagation),
    /// Deletes the ReplicationController and makes one of the same name at once.
    Recreate(i32),
}

impl UserStep {
    /// Whether nobody in their right mind would do that.
    pub fn is_hostile(&self) -> bool {
        !matches!(
            self,
            UserStep::Scale(..)
                | UserStep::DeletePod(_)
                | UserStep::Drain
                | UserStep::EditTemplate
                | UserStep::FailPod(_)
        )
    }
}

/// The script of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script(pub Vec<(Time, Step)>);

impl Script {
    /// Draws a script. The users' part of it depends on nothing but the seed and whether there are hostile ones and quotas.
    pub fn draw(seed: u64, options: &Options) -> Script {
        let mut steps = match options.stage {
            Stage::Replication => replication_steps(seed, options),
            Stage::Endpoints => services::draw(seed, options),
            Stage::Sidecars => workloads::draw(seed, options),
        };
        let mut dice = Dice::new(seed ^ 0x6661_756c_7473);
        let faults = options.faults.among(Fault::AT_TIMES);
        for _ in 0..dice.below(14) * u64::from(options.length) {
            let time = Time::default().after(dice.up_to(Duration::from_secs(130) * options.length));
            let lasts = dice.up_to(Duration::from_secs(45));
            steps.extend(dice.one_of(&faults).map(|fault| (time, Step::Fault(*fault, lasts))));
        }
        Script(steps)
    }
}

/// What users of ReplicationControllers do.
fn replication_steps(seed: u64, options: &Options) -> Vec<(Time, Step)> {
    let length = u64::from(options.length);
    let mut dice = Dice::new(seed ^ 0x7363_7269_7074);
    let first = Step::User(ObjectName::new("shop", "red"), UserStep::Scale(5, 0));
    let mut steps = vec![(Time::default(), first)];
    for _ in 0..(dice.below(14) + 4) * length {
        let time = Time::default().after(dice.up_to(Duration::from_secs(100) * options.length));
        let hostile = dice.percent(40);
        let quota = dice.percent(10);
        let terminates = dice.percent(2);
        let limit = dice.percent(60).then(|| usize::try_from(dice.below(12)).unwrap_or(0));
        let hostile = hostile && options.faults.has(Fault::Hostile);
        let step = user_step(&mut dice, hostile);
        let namespace = dice.one_of(NAMESPACES).map(|name| Name::from(*name)).unwrap_or_default();
        let step = match step {
            _ if quota && options.faults.has(Fault::Quota) => Step::Quota(namespace, limit),
            // One of the namespaces stays, so that something is left to be seen.
            _ if hostile && terminates => Step::TerminateNamespace(DOOMED_NAMESPACE.into()),
            step => step,
        };
        steps.push((time, step));
    }
    steps
}

fn user_step(dice: &mut Dice, hostile: bool) -> Step {
    let replicas = i32::try_from(dice.below(12)).unwrap_or(0);
    let min_ready_seconds = if dice.percent(25) { 5 } else { 0 };
    let which = dice.below(100);
    let name = dice.one_of(CONTROLLERS).copied().unwrap_or_default();
    let step = if hostile {
        match dice.below(11) {
            0 => UserStep::RelabelPod(which),
            1 => UserStep::ReturnPod(which),
            2 => UserStep::StealPod(which),
            3 => UserStep::ReplacePod(which),
            4 => UserStep::EditStatus,
            5 => UserStep::Delete(Propagation::Background),
            6 => UserStep::Delete(Propagation::Orphan),
            7 => UserStep::Delete(Propagation::Foreground),
            8 => UserStep::HoldPod(which),
            _ => UserStep::Recreate(replicas),
        }
    } else {
        match dice.below(6) {
            0..=2 => UserStep::Scale(replicas, min_ready_seconds),
            3 | 4 => UserStep::DeletePod(which),
            _ => UserStep::FailPod(which),
        }
    };
    Step::User(ObjectName::new(name.0, name.1), step)
}
