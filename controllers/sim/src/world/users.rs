//! Users: those who ask for pods, and those who meddle with them.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{
    Kind, LabelSet, Meta, Object, ObjectName, OwnerReference, Pod, PodPhase, ReplicationControllerStatus,
    Timestamp, Uid,
};

use super::World;
use crate::api::changes::{Draft, DraftSpec, Part, Replacement};
use crate::api::deletion::{Deletion, Propagation};
use crate::api::record::Record;
use crate::fault::Fault;
use crate::happening::Happening;
use crate::script::{Step, UserStep};

/// The label that selectors are about.
const LABEL: &str = "app";
/// How often a user looks whether a deletion is over.
const USERS_LOOK_EVERY: Duration = Duration::from_secs(1);
/// What users hold pods and services with.
pub(super) const HOLD: &str = "example.com/hold";

impl World {
    /// What stands in the script happens.
    pub(super) fn script(&mut self, step: Step) {
        self.say(|| format!("script: {step:?}"));
        match step {
            Step::User(name, step) => {
                if step.is_hostile() {
                    self.coverage.count(Fault::Hostile, "world");
                }
                self.postponed.entry(name.clone()).or_default().push_back(step);
                self.user_looks(&name);
            }
            Step::Service(step) => self.service_step(step),
            Step::Workload(step) => self.workload_step(step),
            Step::Quota(namespace, limit) => {
                self.coverage.count(Fault::Quota, "world");
                self.server.set_quota(&namespace, limit);
            }
            Step::TerminateNamespace(namespace) => {
                self.coverage.count(Fault::Hostile, "world");
                self.server.terminate_namespace(&namespace);
            }
            Step::Rejection(node, lasts) => self.reject(node, lasts),
            Step::Fault(fault, lasts) => self.befall(fault, lasts),
        }
        self.announce();
    }

    /// Does what is to be done about a ReplicationController, but nothing while it is being deleted: how long that takes differs
    /// from run to run, and what users wish must not.
    pub(super) fn user_looks(&mut self, name: &ObjectName) {
        loop {
            let is_going = self.server.controller(name).is_some_and(|found| found.meta.is_deleting());
            let Some(steps) = self.postponed.get_mut(name).filter(|steps| !steps.is_empty()) else { return };
            if is_going {
                return self.after(USERS_LOOK_EVERY, Happening::UserLooks(name.clone()));
            }
            if let Some(step) = steps.pop_front() {
                self.user(name, step);
            }
        }
    }

    fn user(&mut self, name: &ObjectName, step: UserStep) {
        let wall = self.now().wall();
        if self.server.is_terminating(&name.namespace) {
            return;
        }
        let Some(controller) = self.server.controller(name).cloned() else {
            if let UserStep::Scale(replicas, min_ready_seconds) = step {
                self.make_controller(name, replicas, min_ready_seconds);
            }
            return;
        };
        let owner = controller.meta.uid;
        match step {
            UserStep::Scale(replicas, _) => {
                self.replace(Kind::ReplicationController, name, Part::Replicas(replicas));
            }
            UserStep::DeletePod(which) => {
                let Some(pod) = self.taken_from(owner, which) else { return };
                self.delete_as_user(&Deletion::of(Kind::Pod, &pod));
                self.kick(&pod, Duration::from_secs(5));
            }
            UserStep::Drain => {
                let ready = self.server.controlled_by(owner).filter(|pod| pod.ready && pod.is_active());
                for pod in ready.map(|pod| pod.meta.name.clone()).collect::<Vec<_>>() {
                    self.oracles.lost(self.schedule.now(), owner);
                    self.delete_as_user(&Deletion::of(Kind::Pod, &pod));
                    self.kick(&pod, Duration::from_secs(5));
                }
            }
            UserStep::EditTemplate => {
                self.server.change(Kind::ReplicationController, name, |record| {
                    record.change_meta(|meta| meta.generation += 1);
                });
            }
            UserStep::FailPod(which) => {
                let Some(pod) = self.taken_from(owner, which) else { return };
                self.report_pod(&pod, PodPhase::Failed, false, seconds(wall));
            }
            UserStep::RelabelPod(which) => {
                let Some(pod) = self.taken_from(owner, which) else { return };
                self.replace(Kind::Pod, &pod, Part::Labels(labels("nobody")));
            }
            UserStep::ReturnPod(which) => {
                let is_stray = |pod: &&Arc<Pod>| {
                    pod.meta.controller().is_none() && pod.meta.name.namespace == name.namespace
                };
                let strays: Vec<ObjectName> =
                    self.server.pods().filter(is_stray).map(|pod| pod.meta.name.clone()).collect();
                let Some(pod) = pick(&strays, which) else { return };
                self.oracles.disturbed(self.schedule.now(), name);
                self.replace(Kind::Pod, pod, Part::Labels(labels(&name.name)));
            }
            UserStep::StealPod(which) => {
                let Some(pod) = self.taken_from(owner, which) else { return };
                self.oracles.disturbed(self.schedule.now(), name);
                let uid = self.server.new_uid();
                self.replace(Kind::Pod, &pod, Part::Owners(vec![thief(uid)]));
            }
            UserStep::ReplacePod(which) => {
                let Some(pod) = self.taken_from(owner, which) else { return };
                self.oracles.disturbed(self.schedule.now(), name);
                let Some(old) = self.server.pod(&pod).cloned() else { return };
                self.server.remove(Kind::Pod, &pod);
                let meta = Meta { uid: self.server.new_uid(), owners: Box::new([]), ..old.meta.clone() };
                let new = Pod::new(Meta { deleting: None, created: Some(seconds(wall)), ..meta });
                self.server.store(Record::new(Object::Pod(Arc::new(new))));
                self.kick(&pod, Duration::from_secs(2));
            }
            UserStep::HoldPod(which) => {
                let Some(pod) = self.owned(owner, which) else { return };
                self.replace(Kind::Pod, &pod, Part::Finalizers(vec![HOLD.into()]));
            }
            UserStep::EditStatus => {
                let nonsense = ReplicationControllerStatus {
                    replicas: 99,
                    ready_replicas: 98,
                    available_replicas: 97,
                    ..controller.status.clone()
                };
                self.replace(Kind::ReplicationController, name, Part::ControllerStatus(nonsense));
            }
            UserStep::Delete(propagation) => {
                self.oracles.ended(self.schedule.now(), owner);
                let deletion = Deletion::of(Kind::ReplicationController, name);
                self.delete_as_user(&Deletion { propagation: Some(propagation), ..deletion });
            }
            UserStep::Recreate(replicas) => {
                // A client that waits for the deletion before it creates: nobody sees the gap.
                self.oracles.ended(self.schedule.now(), owner);
                self.server.remove(Kind::ReplicationController, name);
                self.make_controller(name, replicas, controller.min_ready_seconds);
            }
        }
    }

    /// Deletes what is in namespaces that are being deleted (upstream: pkg/controller/namespace/deletion).
    pub(super) fn empty_namespaces(&mut self) {
        for kind in Kind::ALL {
            let is_doomed = |record: &&Record| self.server.is_terminating(&record.meta().name.namespace);
            let doomed: Vec<ObjectName> =
                self.server.records(kind).filter(is_doomed).map(|record| record.key().1).collect();
            for name in doomed {
                if let Some(uid) = self.server.record(kind, &name).map(|record| record.meta().uid) {
                    self.oracles.ended(self.schedule.now(), uid);
                }
                let propagation = Some(Propagation::Background);
                self.delete_as_user(&Deletion { propagation, ..Deletion::of(kind, &name) });
                self.kick(&name, Duration::from_secs(1));
            }
        }
    }

    /// What users hold pods and services with is taken off.
    pub(super) fn release_held(&mut self) {
        let held: Vec<(Kind, ObjectName)> = [Kind::Pod, Kind::Service]
            .into_iter()
            .flat_map(|kind| self.server.records(kind))
            .filter(|record| record.is_held_by(HOLD))
            .map(|record| record.key())
            .collect();
        for (kind, name) in held {
            self.replace(kind, &name, Part::Finalizers(Vec::new()));
        }
    }

    /// Replaces a part of whatever bears the name. Users try once; what is refused is not done.
    fn replace(&mut self, kind: Kind, object: &ObjectName, part: Part) {
        let replacement = Replacement { kind, object: object.clone(), uid: None, version: None, part };
        let _ = self.server.replace_part(&replacement);
    }

    pub(super) fn delete_as_user(&mut self, deletion: &Deletion) {
        let _ = self.server.delete(deletion, self.schedule.now().wall());
    }

    fn make_controller(&mut self, name: &ObjectName, replicas: i32, min_ready_seconds: i32) {
        let selector = labels(&name.name);
        let draft = Draft {
            object: name.clone(),
            labels: LabelSet::default(),
            owners: Vec::new(),
            finalizers: Vec::new(),
            spec: DraftSpec::ReplicationController { replicas, min_ready_seconds, selector },
        };
        // Refused only where the namespace goes.
        let _ = self.server.create(&draft, self.schedule.now().wall());
    }

    /// A pod that this owner is about to lose.
    fn taken_from(&mut self, owner: Uid, which: u64) -> Option<ObjectName> {
        let pod = self.owned(owner, which)?;
        self.oracles.lost(self.schedule.now(), owner);
        Some(pod)
    }

    fn owned(&self, owner: Uid, which: u64) -> Option<ObjectName> {
        let is_there = |pod: &&Arc<Pod>| !pod.meta.is_deleting();
        let pods: Vec<ObjectName> =
            self.server.controlled_by(owner).filter(is_there).map(|pod| pod.meta.name.clone()).collect();
        pick(&pods, which).cloned()
    }
}

fn pick(pods: &[ObjectName], which: u64) -> Option<&ObjectName> {
    pods.get(usize::try_from(which).ok()?.checked_rem(pods.len())?)
}

fn labels(value: &str) -> LabelSet {
    [(LABEL, value)].into_iter().collect()
}

fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds(time.seconds())
}

fn thief(uid: Uid) -> OwnerReference {
    OwnerReference {
        api_version: "example.com/v1".into(),
        kind: "Thief".into(),
        name: "nobody".into(),
        uid: Some(uid),
        controller: true,
    }
}
