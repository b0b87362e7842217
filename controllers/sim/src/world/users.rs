//! Users: those who ask for pods, and those who meddle with them.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{
    Kind, LabelSet, Meta, ObjectName, OwnerReference, Pod, PodPhase, PodTemplate, ReplicationController,
    ReplicationControllerStatus, ResourceVersion, Selector, Timestamp, Uid,
};

use super::World;
use crate::api::writes::new_pod;
use crate::fault::Fault;
use crate::script::{Step, UserStep};

/// The label that selectors are about.
const LABEL: &str = "app";

impl World {
    /// What stands in the script happens.
    pub(super) fn script(&mut self, step: Step) {
        self.say(|| format!("script: {step:?}"));
        match step {
            Step::User(name, step) => {
                if step.is_hostile() {
                    self.coverage.count(Fault::Hostile, "world");
                }
                self.user(&name, step);
            }
            Step::Quota(limit) => {
                self.coverage.count(Fault::Quota, "world");
                self.server.quota = limit;
            }
            Step::Fault(fault, lasts) => self.befall(fault, lasts),
        }
        self.announce();
    }

    fn user(&mut self, name: &ObjectName, step: UserStep) {
        let wall = self.now().wall();
        let Some(controller) = self.server.controller(name).cloned() else {
            if let UserStep::Scale(replicas, min_ready_seconds) = step {
                self.make_controller(name, replicas, min_ready_seconds);
            }
            return;
        };
        let owner = controller.meta.uid;
        match step {
            UserStep::Scale(replicas, _) => {
                self.oracles.wished(self.schedule.now(), owner, replicas);
                self.server.change_controller(name, |controller| {
                    controller.replicas = replicas;
                    controller.meta.generation += 1;
                });
            }
            UserStep::DeletePod(which) => {
                let Some(pod) = self.owned(owner, which) else { return };
                self.server.delete_pod(&pod, wall);
                self.kick(&pod, Duration::from_secs(5));
            }
            UserStep::FailPod(which) => {
                let Some(pod) = self.owned(owner, which) else { return };
                self.server.change_pod(&pod, |pod| {
                    pod.phase = PodPhase::Failed;
                    pod.ready = false;
                });
            }
            UserStep::RelabelPod(which) => {
                let Some(pod) = self.owned(owner, which) else { return };
                self.server.change_pod(&pod, |pod| pod.meta.labels = labels("nobody"));
            }
            UserStep::ReturnPod(which) => {
                let strays: Vec<ObjectName> = (self.server.pods())
                    .filter(|pod| pod.meta.controller().is_none())
                    .map(|pod| pod.meta.name.clone())
                    .collect();
                let Some(pod) = pick(&strays, which) else { return };
                self.oracles.disturbed(name);
                self.server.change_pod(pod, |pod| pod.meta.labels = labels(&name.name));
            }
            UserStep::StealPod(which) => {
                let Some(pod) = self.owned(owner, which) else { return };
                self.oracles.disturbed(name);
                let uid = self.server.new_uid();
                let stolen = self.server.pod(&pod).map(|pod| pod.meta.uid);
                if let Some(stolen) = stolen {
                    self.oracles.taken(self.schedule.now(), stolen);
                }
                self.server.change_pod(&pod, |pod| pod.meta.owners = Box::new([thief(uid)]));
            }
            UserStep::ReplacePod(which) => {
                let Some(pod) = self.owned(owner, which) else { return };
                self.oracles.disturbed(name);
                let Some(old) = self.server.pod(&pod).cloned() else { return };
                self.server.remove(Kind::Pod, &pod);
                let meta = Meta { uid: self.server.new_uid(), owners: Box::new([]), ..old.meta.clone() };
                self.server.store_pod(new_pod(Meta { deleting: None, created: Some(seconds(wall)), ..meta }));
                self.kick(&pod, Duration::from_secs(2));
            }
            UserStep::EditStatus => self.server.change_controller(name, |controller| {
                controller.status = ReplicationControllerStatus {
                    replicas: 99,
                    ready_replicas: 98,
                    ..controller.status.clone()
                };
            }),
            UserStep::Delete => self.server.remove(Kind::ReplicationController, name),
            UserStep::Orphan => {
                self.oracles.disturbed(name);
                let pods: Vec<ObjectName> =
                    self.server.controlled_by(owner).map(|pod| pod.meta.name.clone()).collect();
                for pod in pods {
                    self.server.change_pod(&pod, |pod| pod.meta.owners = Box::new([]));
                }
                self.server.remove(Kind::ReplicationController, name);
            }
            UserStep::Recreate(replicas) => {
                self.server.remove(Kind::ReplicationController, name);
                self.make_controller(name, replicas, controller.min_ready_seconds);
            }
        }
    }

    fn make_controller(&mut self, name: &ObjectName, replicas: i32, min_ready_seconds: i32) {
        let uid = self.server.new_uid();
        self.oracles.wished(self.schedule.now(), uid, replicas);
        let labels = labels(&name.name);
        let template = PodTemplate { labels: labels.clone(), ..PodTemplate::default() };
        self.server.store_controller(ReplicationController {
            meta: Meta {
                name: name.clone(),
                uid,
                version: ResourceVersion::default(),
                generation: 1,
                labels: LabelSet::default(),
                owners: Box::new([]),
                created: Some(seconds(self.schedule.now().wall())),
                deleting: None,
            },
            replicas,
            min_ready_seconds,
            selector: Selector(labels),
            template: Some(Arc::new(template)),
            status: ReplicationControllerStatus::default(),
        });
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
