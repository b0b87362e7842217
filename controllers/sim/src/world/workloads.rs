//! Users of SidecarWorkloads, and those who meddle with what belongs to these.

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::sidecar_workload::{REVISION_LABEL, WORKLOAD_LABEL};
use mainstay_model::{
    ContainerRole, Kind, LabelSet, Meta, Name, Object, ObjectName, OwnerReference, Pod, PodPhase, Rollout,
    RolloutKind, SidecarWorkload, Uid,
};

use super::World;
use super::users::HOLD;
use crate::api::deletion::Deletion;
use crate::fault::Fault;
use crate::workloads::template::{with_env, with_image, with_label};
use crate::workloads::{MIRROR, Meddling, POD_ENDS_WITHIN, TemplateShape, Tuning, WorkloadStep};

/// For how long nothing new runs on a node that is drained.
const DRAINS_LAST: Duration = Duration::from_secs(20);

impl World {
    /// Somebody does something.
    pub(super) fn workload_step(&mut self, step: WorkloadStep) {
        if step.is_hostile() {
            self.coverage.count(Fault::Hostile, "world");
        }
        match step {
            WorkloadStep::Apply(name, replicas, shape, rollout) => {
                self.apply_workload(&name, replicas, &shape, rollout);
            }
            WorkloadStep::SetImage(name, container, image) => self.edit(&name, |workload| {
                workload.template = with_image(&workload.template, container, &image);
            }),
            WorkloadStep::SetEnv(name, value) => self.edit(&name, |workload| {
                workload.template = with_env(&workload.template, value);
            }),
            WorkloadStep::SetLabel(name, value) => self.edit(&name, |workload| {
                workload.template = with_label(&workload.template, value);
            }),
            WorkloadStep::Scale(name, replicas) => self.edit(&name, |workload| workload.replicas = replicas),
            WorkloadStep::Tune(name, tuning) => self.edit(&name, |workload| tune(workload, &tuning)),
            WorkloadStep::Pin(name, which) => {
                let revisions: Vec<Name> = self.revisions_of(&name).map(|name| name.name).collect();
                let pinned = pick(&revisions, which).cloned();
                self.edit(&name, |workload| workload.revision = pinned.or(workload.revision.take()));
            }
            WorkloadStep::Unpin(name) => self.edit(&name, |workload| workload.revision = None),
            WorkloadStep::Restart(name, which) => self.edit(&name, |workload| {
                workload.restarted_at = Some(format!("2026-01-01T00:00:{:02}Z", which % 60).into());
            }),
            WorkloadStep::Retry(name, which) => self.edit(&name, |workload| {
                workload.retry = Some(which.to_string().into());
            }),
            WorkloadStep::Delete(name, propagation) => {
                if let Some(owner) = self.server.workload(&name).map(|found| found.meta.uid) {
                    self.oracles.ended(self.schedule.now(), owner);
                }
                let deletion = Deletion::of(Kind::SidecarWorkload, &name);
                self.delete_as_user(&Deletion { propagation: Some(propagation), ..deletion });
            }
            WorkloadStep::DeletePod(name, which) => self.on_pod(&name, which, |world, pod| {
                world.delete_as_user(&Deletion::of(Kind::Pod, pod));
                world.kick(pod, POD_ENDS_WITHIN);
            }),
            WorkloadStep::FailPod(name, which) => self.on_pod(&name, which, |world, pod| {
                let since = world.second();
                world.report_pod(pod, PodPhase::Failed, false, since);
            }),
            WorkloadStep::CrashMain(name, which) => {
                self.on_pod(&name, which, |world, pod| world.crash_main(pod));
            }
            WorkloadStep::Drain(node) => self.drain_node(&node, DRAINS_LAST),
            WorkloadStep::Lose(node, kubelet) => self.lose_node(&node, kubelet),
            WorkloadStep::Upgrade(node, kubelet) => self.upgrade_node(&node, kubelet),
            WorkloadStep::Budget(name, stay_healthy) => self.set_budget(&name, stay_healthy),
            WorkloadStep::Meddle(name, meddling, which) => self.meddle(&name, meddling, which),
        }
        self.hear_of_mains();
    }

    fn apply_workload(&mut self, name: &ObjectName, replicas: i32, shape: &TemplateShape, rollout: Rollout) {
        if self.server.workload(name).is_some() {
            return self.edit(name, |workload| {
                (workload.template, workload.rollout) = (shape.json(), rollout);
            });
        }
        let workload = SidecarWorkload::new(Meta::new(name.clone(), Uid(0)), replicas, shape.json());
        self.make(Object::SidecarWorkload(Arc::new(SidecarWorkload { rollout, ..workload })));
    }

    /// A user edits an object, if it is there.
    fn edit(&mut self, name: &ObjectName, change: impl FnOnce(&mut SidecarWorkload)) {
        let _ = self.server.replace_workload(name, change);
    }

    /// Somebody changes what is not his.
    fn meddle(&mut self, name: &ObjectName, meddling: Meddling, which: u64) {
        self.oracles.disturbed(self.schedule.now(), name);
        let owner = name.name.clone();
        match meddling {
            Meddling::DisownPod => self.on_pod(name, which, |world, pod| {
                world.relabel(pod, WORKLOAD_LABEL, None);
            }),
            Meddling::GivePod => {
                let is_stray = |pod: &&Arc<Pod>| {
                    pod.meta.controller().is_none() && pod.meta.name.namespace == name.namespace
                };
                let strays = self.server.pods().filter(is_stray).map(|pod| pod.meta.name.clone());
                let strays: Vec<ObjectName> = strays.collect();
                if let Some(pod) = pick(&strays, which) {
                    self.relabel(pod, WORKLOAD_LABEL, Some(owner));
                }
            }
            Meddling::RevisionLabel => self.on_pod(name, which, |world, pod| {
                let others = world.server.records(Kind::ControllerRevision);
                let others =
                    others.map(|record| record.meta()).filter(|meta| meta.name.namespace == name.namespace);
                let other =
                    others.last().filter(|_| which.is_multiple_of(2)).map(|meta| meta.name.name.clone());
                let label = other.unwrap_or_else(|| format!("{owner}-invented").into());
                world.relabel(pod, REVISION_LABEL, Some(label));
            }),
            Meddling::InPlaceNonsense => self.on_pod(name, which, |world, pod| {
                world.change_watched_pod(pod, |record| {
                    record.change_containers(|pod| pod.in_place = Some("{\"revision\":7".into()));
                });
            }),
            Meddling::InPlaceForgotten => self.on_pod(name, which, |world, pod| {
                world.change_watched_pod(pod, |record| record.change_containers(|pod| pod.in_place = None));
            }),
            Meddling::SidecarImage => self.on_pod(name, which, |world, pod| {
                world.change_image(pod, ContainerRole::Sidecar);
            }),
            Meddling::MainImage => self.on_pod(name, which, |world, pod| {
                world.change_image(pod, ContainerRole::Main);
            }),
            Meddling::StealPod => self.on_pod(name, which, |world, pod| {
                let uid = world.server.new_uid();
                world.change_watched_pod(pod, |record| {
                    record.change_meta(|meta| meta.owners = Box::new([thief(uid)]));
                });
            }),
            Meddling::HoldPod => self.on_pod(name, which, |world, pod| {
                world.change_watched_pod(pod, |record| record.finalizers = vec![HOLD.into()]);
            }),
            Meddling::NotServing => self.on_pod(name, which, |world, pod| {
                world.change_watched_pod(pod, |record| {
                    record.change_containers(|pod| pod.serving = Some(false));
                });
            }),
            Meddling::DeleteRevision => {
                if let Some(revision) = self.some_revision(name, which) {
                    self.delete_as_user(&Deletion::of(Kind::ControllerRevision, &revision));
                }
            }
            Meddling::OrphanRevision => {
                if let Some(revision) = self.some_revision(name, which) {
                    self.server.change(Kind::ControllerRevision, &revision, |record| {
                        record.change_meta(|meta| meta.owners = Box::new([]));
                    });
                }
            }
            Meddling::HealthyRevision => {
                let now = self.second();
                if let Some(revision) = self.some_revision(name, which) {
                    self.server.change(Kind::ControllerRevision, &revision, |record| {
                        if let Object::ControllerRevision(revision) = &mut record.object {
                            Arc::make_mut(revision).healthy_at = Some(now);
                        }
                    });
                }
            }
            Meddling::Status => self.server.change(Kind::SidecarWorkload, name, |record| {
                if let Object::SidecarWorkload(workload) = &mut record.object {
                    let status = &mut Arc::make_mut(workload).status;
                    (status.replicas, status.available_replicas) = (99, 97);
                    status.update_revision = Some("invented".into());
                }
            }),
        }
    }

    /// Gives the first container of a list in a pod an image that nobody has asked for.
    fn change_image(&mut self, pod: &ObjectName, role: ContainerRole) {
        self.change_watched_pod(pod, |record| {
            record.change_containers(|pod| {
                if let Some(found) = pod.containers.iter_mut().find(|container| container.role == role) {
                    found.image = format!("{MIRROR}{}", found.image).into();
                }
            });
            record.change_meta(|meta| meta.generation += 1);
        });
    }

    fn relabel(&mut self, pod: &ObjectName, key: &str, value: Option<Name>) {
        self.change_watched_pod(pod, |record| {
            record.change_meta(|meta| {
                let others = meta.labels.iter().filter(|(found, _)| ***found != *key);
                let others = others.map(|(key, value)| (key.clone(), value.clone()));
                meta.labels = LabelSet::new(others.chain(value.map(|value| (key.into(), value))));
            });
        });
    }

    /// Does something about one of the pods of a SidecarWorkload, if it has any.
    fn on_pod(&mut self, workload: &ObjectName, which: u64, act: impl FnOnce(&mut World, &ObjectName)) {
        let Some(owner) = self.server.workload(workload).map(|found| found.meta.uid) else { return };
        let pods = self.server.controlled_by(owner).filter(|pod| !pod.meta.is_deleting());
        let pods: Vec<ObjectName> = pods.map(|pod| pod.meta.name.clone()).collect();
        if let Some(pod) = pick(&pods, which) {
            act(self, pod);
        }
    }

    fn revisions_of(&self, workload: &ObjectName) -> impl Iterator<Item = ObjectName> {
        let owner = self.server.workload(workload).map(|found| found.meta.uid);
        let owned = self.server.revisions().filter(move |revision| {
            owner.is_some() && revision.meta.controller().and_then(|found| found.uid) == owner
        });
        owned.map(|revision| revision.meta.name.clone())
    }

    fn some_revision(&self, workload: &ObjectName, which: u64) -> Option<ObjectName> {
        let revisions: Vec<ObjectName> = self.revisions_of(workload).collect();
        pick(&revisions, which).cloned()
    }
}

fn tune(workload: &mut SidecarWorkload, tuning: &Tuning) {
    let rollout = &mut workload.rollout;
    match tuning {
        Tuning::Paused(paused) => rollout.paused = *paused,
        Tuning::Partition(partition) => rollout.partition = *partition,
        Tuning::Limits(surge, unavailable) => {
            (rollout.max_surge, rollout.max_unavailable) = (*surge, *unavailable);
        }
        Tuning::InPlace(in_place) => rollout.in_place = *in_place,
        Tuning::OnDelete(true) => rollout.kind = RolloutKind::OnDelete,
        Tuning::OnDelete(false) => rollout.kind = RolloutKind::RollingUpdate,
        Tuning::OnFailure(on_failure) => rollout.on_failure = *on_failure,
        Tuning::MinReady(seconds) => rollout.min_ready_seconds = *seconds,
        Tuning::Deadline(seconds) => rollout.progress_deadline_seconds = *seconds,
        Tuning::History(limit) => workload.revision_history_limit = *limit,
    }
}

fn pick<T>(choices: &[T], which: u64) -> Option<&T> {
    choices.get(usize::try_from(which).ok()?.checked_rem(choices.len())?)
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
