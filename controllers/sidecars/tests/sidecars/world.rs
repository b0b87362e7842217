//! A store, a server that does what it is asked to, a kubelet, and the promises that are looked at with each write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use mainstay_engine::{Change, Controller, Figure, Memory, Moment, Now, Plan, Store, View};
use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, REVISION_LABEL, SERVING_GATE, WORKLOAD_LABEL};
use mainstay_model::{
    ContainerRole, ContainerState, ControllerReference, ControllerRevision, CreatePod, Found, Kind, LabelSet,
    Meta, Name, Node, Object, ObjectName, OwnerReference, PatchPod, Pod, PodDisruptionBudget, PodSpec, Read,
    ReadOutcome, ResourceVersion, Share, SidecarWorkload, SidecarWorkloadStatus, Timestamp, Tombstone, Uid,
    WorkloadPod, Write, WriteOutcome,
};
use mainstay_sidecars::{Settings, SidecarWorkloads};
use serde_json::Value;

use crate::kubelet::{Fate, Kubelet};
use crate::objects::{NOW, WEB, bytes, disruption_budget, name, node, slice};

pub struct World {
    pub store: Store,
    pub memory: Memory,
    pub now: Timestamp,
    pub burst: usize,
    pub kubelet: Kubelet,
    /// Whether a slice follows the pods.
    pub has_slices: bool,
    /// Whether the server lets no pod be made.
    pub is_quota_full: bool,
    /// A container that somebody puts into each new pod.
    pub intruder: Option<&'static str>,
    /// What was written, in words.
    pub log: Vec<String>,
    /// What users were told, in reasons.
    pub events: Vec<&'static str>,
    /// What the metrics were told by each plan.
    pub figures: Vec<Figure>,
    /// What accepted writes have been counted as, by metric and label.
    pub counts: BTreeMap<(&'static str, &'static str), usize>,
    last: u64,
}

impl World {
    pub fn new(workload: SidecarWorkload) -> World {
        let mut world = World {
            store: Store::default(),
            memory: Memory::default(),
            now: NOW,
            burst: 500,
            kubelet: Kubelet::default(),
            has_slices: false,
            is_quota_full: false,
            intruder: None,
            log: Vec::new(),
            events: Vec::new(),
            figures: Vec::new(),
            counts: BTreeMap::new(),
            last: 100,
        };
        world.apply(Object::SidecarWorkload(Arc::new(workload)));
        world.set_node(node("node", (1, 36)));
        world
    }

    /// All pods are up, of the first revision, and nothing is left to do.
    pub fn at_rest(workload: SidecarWorkload) -> World {
        let mut world = World::new(workload);
        world.run();
        assert_eq!(world.condition("Ready").0, "True", "{}", world.story());
        world.log.clear();
        world.events.clear();
        world
    }

    pub fn apply(&mut self, object: Object) {
        let before = self.plan();
        let changes = self.store.apply(object);
        self.check_route(&before, &changes);
    }

    /// A change that calls for another plan is routed to it.
    fn check_route(&self, before: &Plan, changes: &[Change]) {
        let mut keys = Vec::new();
        for change in changes {
            SidecarWorkloads::default().route(&self.store, change, &mut keys);
        }
        let is_routed = keys.contains(&name("web"));
        assert!(is_routed || self.plan() == *before, "{changes:#?}\n{}", self.story());
    }

    // What is there.

    pub fn workload(&self) -> &SidecarWorkload {
        self.store.sidecar_workloads().get(&name("web")).unwrap()
    }

    pub fn status(&self) -> &SidecarWorkloadStatus {
        &self.workload().status
    }

    /// Status and reason of a condition.
    pub fn condition(&self, kind: &str) -> (String, String) {
        let condition = self.status().conditions.iter().find(|condition| condition.kind == kind);
        condition
            .map(|condition| (condition.status.clone(), condition.reason.clone()))
            .unwrap_or_else(|| panic!("no condition {kind}: {}", self.story()))
    }

    #[track_caller]
    pub fn expect_condition(&self, kind: &str, status: &str, reason: &str) {
        assert_eq!(self.condition(kind), (status.into(), reason.into()), "{kind}: {}", self.story());
    }

    pub fn message(&self, kind: &str) -> &str {
        let condition = self.status().conditions.iter().find(|condition| condition.kind == kind);
        &condition.unwrap().message
    }

    /// The active pods of `web`, by name.
    pub fn pods(&self) -> Vec<&Arc<Pod>> {
        let ours = |pod: &&Arc<Pod>| pod.meta.controller().is_some_and(|owner| owner.uid == Some(WEB));
        self.store.pods().iter().filter(ours).filter(|pod| pod.is_active()).collect()
    }

    pub fn pod_names(&self) -> BTreeSet<Name> {
        self.pods().iter().map(|pod| pod.meta.name.name.clone()).collect()
    }

    /// The images of a container over all pods, sorted.
    pub fn images(&self, container: &str) -> Vec<String> {
        let mut images: Vec<String> = self
            .pods()
            .iter()
            .filter_map(|pod| Some(self::container(pod, container)?.image.to_string()))
            .collect();
        images.sort();
        images
    }

    /// How often a container was restarted over all pods.
    pub fn restarts(&self, container: &str) -> i32 {
        self.pods().iter().filter_map(|pod| Some(self::container(pod, container)?.restarts)).sum()
    }

    pub fn revisions(&self) -> Vec<Arc<ControllerRevision>> {
        let mut revisions: Vec<_> = self.store.controller_revisions().controlled_by(WEB).cloned().collect();
        revisions.sort_by_key(|revision| revision.number);
        revisions
    }

    /// The newest revision whose pods have this image.
    pub fn revision_with(&self, image: &str) -> Name {
        let has = |revision: &&Arc<ControllerRevision>| {
            String::from_utf8_lossy(&revision.data).contains(&format!("\"{image}\""))
        };
        let revisions = self.revisions();
        revisions.iter().rev().find(has).map(|revision| revision.meta.name.name.clone()).unwrap()
    }

    pub fn writes(&self, verb: &str) -> usize {
        self.log.iter().filter(|line| line.starts_with(verb)).count()
    }

    /// What has happened, for people who read a failed test.
    pub fn story(&self) -> String {
        let pods: Vec<String> = self.pods().iter().map(|pod| shown(pod)).collect();
        let seconds = self.now.seconds() - NOW.seconds();
        format!(
            "after {seconds} s\n{}\n--\n{}\n{:#?}",
            self.log.join("\n"),
            pods.join("\n"),
            self.workload().status
        )
    }

    // What others do.

    /// A user edits the spec.
    pub fn edit(&mut self, edit: impl FnOnce(&mut SidecarWorkload)) {
        let mut workload = self.workload().clone();
        edit(&mut workload);
        workload.meta.version = self.version();
        workload.meta.generation += 1;
        self.log.push("-- the spec is edited".to_owned());
        self.apply(Object::SidecarWorkload(Arc::new(workload)));
    }

    /// A user edits the template.
    pub fn edit_template(&mut self, edit: impl FnOnce(&mut Value)) {
        let mut template: Value = serde_json::from_slice(&self.workload().template).unwrap();
        edit(&mut template);
        self.edit(|workload| workload.template = bytes(&template));
    }

    pub fn set_main(&mut self, image: &str) {
        self.edit_template(|template| template["main"]["image"] = image.into());
    }

    pub fn set_sidecar(&mut self, image: &str) {
        self.edit_template(|template| template["sidecars"][0]["image"] = image.into());
    }

    pub fn fate(&mut self, image: &str, fate: Fate) {
        self.kubelet.image(image, fate);
    }

    pub fn change_pod(&mut self, pod: &str, change: impl FnOnce(&mut Pod)) {
        let mut pod = Pod::clone(self.store.pods().get(&name(pod)).unwrap());
        change(&mut pod);
        pod.meta.version = self.version();
        self.apply(Object::Pod(Arc::new(pod)));
    }

    /// A node comes, or says something else of itself.
    pub fn set_node(&mut self, mut node: Node) {
        node.meta.version = self.version();
        self.apply(Object::Node(Arc::new(node)));
    }

    /// A user deletes a pod, which goes at once.
    pub fn lose_pod(&mut self, pod: &str) {
        let uid = self.store.pods().get(&name(pod)).unwrap().meta.uid;
        self.forget(Kind::Pod, &name(pod), uid);
    }

    pub fn set_budget(&mut self, change: impl FnOnce(&mut PodDisruptionBudget)) {
        let healthy = i32::try_from(self.pods().iter().filter(|pod| pod.ready).count()).unwrap();
        let mut budget = disruption_budget(0, healthy);
        change(&mut budget);
        budget.meta.version = self.version();
        self.apply(Object::PodDisruptionBudget(Arc::new(budget)));
    }

    pub fn forget(&mut self, kind: Kind, object: &ObjectName, uid: Uid) {
        let version = self.version();
        let before = self.plan();
        let gone = self.store.delete(&Tombstone { kind, name: object.clone(), uid, version });
        let gone = gone.unwrap_or_else(|| panic!("nothing to delete: {object:?}"));
        self.check_route(&before, &[gone]);
    }

    // How it goes on.

    pub fn plan(&self) -> Plan {
        self.plan_at(self.now)
    }

    pub fn plan_at(&self, wall: Timestamp) -> Plan {
        let controller = SidecarWorkloads::new(Settings { burst: self.burst });
        let now = Now { moment: Moment::default(), wall };
        controller.plan(&name("web"), &View { store: &self.store, memory: &self.memory }, now)
    }

    /// Plans and does what is planned until nothing is left to do for now.
    pub fn act(&mut self) -> Plan {
        for _ in 0..100 {
            let plan = self.plan();
            self.memory.answers.clear();
            let told = plan.events.iter().map(|event| event.reason);
            self.events.extend(told);
            self.figures.extend(plan.figures.iter().cloned());
            if plan.reads.is_empty() && plan.writes.is_empty() {
                return plan;
            }
            self.memory.answers = plan.reads.iter().map(|read| (read.clone(), self.read(read))).collect();
            if !plan.reads.is_empty() {
                self.log.push("read".to_owned());
                continue;
            }
            for write in &plan.writes {
                self.write(write);
            }
            if self.memory.failure.is_some() && plan.writes.iter().all(|write| write.verb() == "create") {
                return plan;
            }
        }
        panic!("no end of writes: {}", self.story());
    }

    /// The kubelet and the other controllers take a step, in a second. Whether that changed anything.
    pub fn tick(&mut self) -> bool {
        self.now = self.now.after(Duration::from_secs(1));
        let mut has_changed = false;
        for pod in self.store.pods().iter().cloned().collect::<Vec<_>>() {
            if pod.meta.is_deleting() {
                self.forget(Kind::Pod, &pod.meta.name, pod.meta.uid);
                has_changed = true;
                continue;
            }
            let mut new = Pod::clone(&pod);
            self.kubelet.sync(&mut new, self.now);
            if new != *pod {
                new.meta.version = self.version();
                self.apply(Object::Pod(Arc::new(new)));
                has_changed = true;
            }
        }
        if self.has_slices {
            let version = self.version();
            let slice = slice(&self.pods().into_iter().map(|pod| &**pod).collect::<Vec<_>>(), version.0);
            let old = self.store.endpoint_slices().get(&slice.meta.name).cloned();
            if old.is_none_or(|old| old.endpoints != slice.endpoints) {
                self.apply(Object::EndpointSlice(Arc::new(slice)));
                has_changed = true;
            }
        }
        if let Some(budget) = self.store.pod_disruption_budgets().get(&name("few")).cloned() {
            let desired = budget.desired_healthy;
            self.set_budget(|new| {
                new.disruptions_allowed = (new.disruptions_allowed - desired).max(0);
                new.desired_healthy = desired;
            });
        }
        has_changed
    }

    /// Goes on until nothing happens any more, not even later.
    pub fn run(&mut self) {
        self.run_until(|_| false);
    }

    /// Goes on until something is so, or nothing happens any more. Whether it is so.
    pub fn run_until(&mut self, is_so: impl Fn(&World) -> bool) -> bool {
        for _ in 0..600 {
            let plan = self.act();
            self.check_rest(&plan);
            if is_so(self) {
                return true;
            }
            if self.tick() {
                continue;
            }
            match plan.requeue_at {
                Some(later) => self.now = self.now.max(later),
                None => return false,
            }
        }
        panic!("no rest: {}", self.story());
    }

    /// A plan that wants nothing wants nothing until it says so itself.
    fn check_rest(&self, plan: &Plan) {
        if self.memory.failure.is_some() {
            return;
        }
        let month = self.now.after(Duration::from_secs(30 * 24 * 3600));
        let until = plan.requeue_at.map_or(month, |later| Timestamp(later.0 - 1));
        if until <= self.now {
            assert!(plan.requeue_at.is_none_or(|later| later > self.now), "{}", self.story());
            return;
        }
        let later = self.plan_at(until);
        assert!(later.writes.is_empty(), "{:#?} {:#?}\n{}", plan.requeue_at, later.writes, self.story());
    }

    fn read(&self, read: &Read) -> ReadOutcome {
        self.store.get(read.kind, &read.object).map_or(ReadOutcome::NotFound, |object| {
            let Meta { uid, version, .. } = *object.meta();
            let deleting = object.meta().is_deleting();
            ReadOutcome::Found(Found { uid, version, deleting, controller: None })
        })
    }

    fn version(&mut self) -> ResourceVersion {
        self.last += 1;
        ResourceVersion(self.last)
    }

    /// How many pods serve for certain: available, and nobody is about to take them down.
    fn available(&self) -> usize {
        let wait = u64::try_from(self.workload().rollout.min_ready_seconds).unwrap();
        let is_available = |pod: &&&Arc<Pod>| {
            let is_steady = pod.workload.as_ref().is_some_and(|state| state.in_place.is_none());
            let is_old = wait == 0
                || pod.ready_since.is_some_and(|since| since.after(Duration::from_secs(wait)) <= self.now);
            pod.ready && is_steady && is_old
        };
        self.pods().iter().filter(is_available).count()
    }

    fn limits(&self) -> (usize, usize) {
        let workload = self.workload();
        let replicas = usize::try_from(workload.replicas).unwrap();
        let share = |share, up: bool| match share {
            Share::Count(count) => usize::try_from(count).unwrap(),
            Share::Percent(percent) => {
                let part = f64::from(percent) * f64::from(workload.replicas) / 100.0;
                (if up { part.ceil() } else { part.floor() }) as usize
            }
        };
        let surge = share(workload.rollout.max_surge, true);
        let missing = share(workload.rollout.max_unavailable, false);
        let missing = if surge == 0 && missing == 0 { 1 } else { missing };
        (replicas.saturating_sub(missing), replicas + surge)
    }

    /// Does what is asked, and looks whether a promise is broken by it.
    pub fn write(&mut self, write: &Write) {
        let (least, most) = self.limits();
        let before = self.available();
        self.log.push(self.told(write));
        self.carry_out(write);
        if let Some(counted) = SidecarWorkloads::default().accepted(write) {
            *self.counts.entry(counted).or_default() += 1;
        }
        let is_refused = self.is_quota_full && matches!(write, Write::CreatePod(_));
        let done = WriteOutcome::Acknowledged { version: None };
        let told = SidecarWorkloads::default().report(&self.store, &name("web"), write, &done);
        self.events.extend(told.filter(|_| !is_refused).map(|event| event.reason));
        let after = self.available();
        assert!(
            after >= before || after >= least,
            "{after} pods are left, {least} have to be: {}",
            self.story()
        );
        if matches!(write, Write::CreatePod(_)) {
            let pods = self.pods().len();
            assert!(pods <= most, "{pods} pods, {most} are the most: {}", self.story());
        }
    }

    fn carry_out(&mut self, write: &Write) {
        match write {
            Write::CreatePod(create) if self.is_quota_full => {
                self.log.push("  refused: exceeded quota".to_owned());
                self.memory.failure = Some(mainstay_engine::Failure {
                    write: Write::CreatePod(create.clone()),
                    message: "exceeded quota: few".to_owned(),
                });
            }
            Write::CreatePod(create) => {
                assert!(self.store.pods().get(&create.pod).is_none(), "the name is in use: {:?}", create.pod);
                self.memory.failure = None;
                let pod = self.made(create);
                self.apply(Object::Pod(Arc::new(pod)));
            }
            Write::AdoptPod(adopt) => {
                let owner = reference(&adopt.owner);
                self.change_pod(&adopt.pod.name, |pod| {
                    assert_eq!(pod.meta.uid, adopt.uid);
                    pod.meta.owners = [owner].into();
                });
            }
            Write::ReleasePod(release) => self.change_pod(&release.pod.name, |pod| {
                assert_eq!(pod.meta.uid, release.uid);
                let others = pod.meta.owners.iter().filter(|other| other.uid != Some(release.owner));
                pod.meta.owners = others.cloned().collect();
            }),
            Write::DeletePod(delete) => {
                let now = self.now;
                self.change_pod(&delete.pod.name, |pod| {
                    assert_eq!(pod.meta.uid, delete.uid);
                    pod.meta.deleting = Some(now);
                });
            }
            Write::PatchPod(patch) => self.patch_pod(patch),
            Write::PatchPodCondition(patch) => {
                let now = self.now;
                self.change_pod(&patch.pod.name, |pod| {
                    assert_eq!(pod.meta.uid, patch.uid);
                    assert_eq!(*patch.condition, *SERVING_GATE);
                    let state = Arc::make_mut(pod.workload.as_mut().unwrap());
                    state.serving = Some(patch.status);
                    // What was ready is not any more at once; what becomes ready is for the kubelet to say.
                    if !patch.status && pod.ready {
                        pod.ready = false;
                        pod.ready_since = Some(now);
                    }
                });
            }
            Write::CreateControllerRevision(create) => {
                let revisions = self.store.controller_revisions();
                assert!(revisions.get(&create.revision).is_none(), "the name is in use");
                let version = self.version();
                let labels = [(WORKLOAD_LABEL, &*create.owner.name)];
                let meta = Meta {
                    version,
                    labels: labels.into_iter().collect(),
                    owners: [reference(&create.owner)].into(),
                    created: Some(self.now),
                    ..Meta::new(create.revision.clone(), Uid(u128::from(version.0)))
                };
                let revision = ControllerRevision {
                    meta,
                    number: create.number,
                    healthy_at: None,
                    data: create.data.clone(),
                };
                self.apply(Object::ControllerRevision(Arc::new(revision)));
            }
            Write::PatchControllerRevision(patch) => {
                let revision = self.store.controller_revisions().get(&patch.revision).unwrap();
                let mut revision = ControllerRevision::clone(revision);
                assert_eq!((revision.meta.uid, revision.meta.version), (patch.uid, patch.version));
                revision.number = patch.number.unwrap_or(revision.number);
                revision.healthy_at = patch.healthy_at.or(revision.healthy_at);
                if let Some(owner) = &patch.owner {
                    revision.meta.owners = [reference(owner)].into();
                }
                revision.meta.version = self.version();
                self.apply(Object::ControllerRevision(Arc::new(revision)));
            }
            Write::DeleteObject(delete) => {
                assert_eq!(delete.kind, Kind::ControllerRevision);
                let carried: BTreeSet<Name> = self
                    .pods()
                    .iter()
                    .filter_map(|pod| pod.meta.labels.get(REVISION_LABEL).cloned())
                    .collect();
                assert!(!carried.contains(&delete.object.name), "it is in use: {}", self.story());
                self.forget(delete.kind, &delete.object, delete.uid);
            }
            Write::PatchSidecarWorkloadStatus(patch) => {
                let mut workload = self.workload().clone();
                assert_eq!((workload.meta.uid, workload.meta.version), (patch.uid, patch.version));
                assert_ne!(workload.status, patch.status, "nothing new");
                workload.status = patch.status.clone();
                workload.meta.version = self.version();
                self.apply(Object::SidecarWorkload(Arc::new(workload)));
            }
            other => panic!("not for this controller: {other:?}"),
        }
    }

    fn patch_pod(&mut self, patch: &PatchPod) {
        let pod = self.store.pods().get(&patch.pod).unwrap().clone();
        assert_eq!((pod.meta.uid, pod.meta.version), (patch.uid, patch.version));
        assert!(!pod.meta.is_deleting(), "the pod is on its way out");
        assert!(patch.images.len() <= 1, "one container at a time: {patch:?}");
        for image in &patch.images {
            let old = container(&pod, &image.container).unwrap();
            assert_eq!(old.role, image.role);
            assert_ne!(old.image, image.image, "nothing new: {}", self.story());
            if image.role == ContainerRole::Main {
                self.check_main(&pod, patch, &image.image);
            }
        }
        self.change_pod(&patch.pod.name, |pod| {
            let mut labels: Vec<(Name, Name)> =
                pod.meta.labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            for (key, value) in &patch.labels {
                labels.retain(|(old, _)| old != key);
                labels.extend(value.clone().map(|value| (key.clone(), value)));
            }
            pod.meta.labels = LabelSet::new(labels);
            let state = Arc::make_mut(pod.workload.as_mut().unwrap());
            for (key, value) in &patch.annotations {
                if **key == *IN_PLACE_ANNOTATION {
                    state.in_place.clone_from(value);
                }
            }
            for image in &patch.images {
                pod.meta.generation += 1;
                for container in &mut state.containers {
                    if container.name == image.container {
                        container.image = image.image.clone();
                    }
                }
            }
        });
    }

    /// Main gets an image that its revision has, or the one that the pod is on its way to, and never one for a sidecar's sake.
    fn check_main(&self, pod: &Pod, patch: &PatchPod, image: &str) {
        let (_, step) = patch.annotations.iter().find(|(key, _)| **key == *IN_PLACE_ANNOTATION).unwrap();
        let step: Value = serde_json::from_str(step.as_ref().unwrap()).unwrap();
        let goal = self.store.controller_revisions().get(&name(step["revision"].as_str().unwrap())).unwrap();
        let data: Value = serde_json::from_slice(&goal.data).unwrap();
        assert_eq!(data["pod"]["spec"]["containers"][0]["image"], image, "{}", shown(pod));
    }

    fn made(&mut self, create: &CreatePod) -> Pod {
        let PodSpec::Json(spec) = &create.template.spec else { panic!("not rendered") };
        let spec: Value = serde_json::from_slice(spec).unwrap();
        let list = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
        let intruder = self.intruder.map(|name| serde_json::json!({"name": name, "image": "intruder:1"}));
        let mains = list("containers").into_iter().chain(intruder);
        let mains = mains.map(|main| state_of(&main, ContainerRole::Main));
        let inits = list("initContainers").into_iter().map(|init| {
            let is_sidecar = init["restartPolicy"] == "Always";
            state_of(&init, if is_sidecar { ContainerRole::Sidecar } else { ContainerRole::Init })
        });
        let has_serving_gate =
            list("readinessGates").iter().any(|gate| gate["conditionType"] == SERVING_GATE);
        let version = self.version();
        let mut pod = crate::objects::pod(&create.pod.name, Uid(u128::from(version.0)), &[]);
        pod.meta.version = version;
        pod.meta.labels = create.template.labels.clone();
        pod.meta.owners = [reference(&create.owner)].into();
        pod.meta.created = Some(self.now);
        pod.workload = Some(Arc::new(WorkloadPod {
            has_serving_gate,
            containers: mains.chain(inits).collect(),
            ..WorkloadPod::default()
        }));
        pod
    }

    fn told(&self, write: &Write) -> String {
        let object = &write.object().name;
        let at = self.now.seconds() - NOW.seconds();
        let more = match write {
            Write::CreatePod(create) => format!("of {:?}", create.template.labels.get(REVISION_LABEL)),
            Write::PatchPod(patch) => {
                let images: Vec<&str> = patch.images.iter().map(|image| &*image.image).collect();
                let step = patch.annotations.first().and_then(|(_, step)| step.as_deref());
                format!("{images:?} {} {:?}", step.unwrap_or("over"), patch.labels)
            }
            Write::PatchPodCondition(patch) => format!("{}", patch.status),
            Write::PatchSidecarWorkloadStatus(patch) => {
                let progressing = patch.status.conditions.iter().find(|one| one.kind == "Progressing");
                format!("{:?}", progressing.map(|one| &one.message))
            }
            _ => String::new(),
        };
        format!("{} {} {object} {more} at {at} s", write.verb(), write.kind())
    }
}

fn state_of(container: &Value, role: ContainerRole) -> ContainerState {
    ContainerState {
        name: container["name"].as_str().unwrap().into(),
        role,
        image: container["image"].as_str().unwrap_or_default().into(),
        id: None,
        started: false,
        ready: false,
        restarts: 0,
        waiting: None,
    }
}

/// Whether an update in place is said to have begun in a pod.
pub fn is_in_step(pod: &Pod) -> bool {
    pod.workload.as_ref().unwrap().in_place.is_some()
}

/// A container of a pod.
pub fn container<'a>(pod: &'a Pod, name: &str) -> Option<&'a ContainerState> {
    pod.workload.as_ref()?.containers.iter().find(|container| *container.name == *name)
}

fn reference(owner: &ControllerReference) -> OwnerReference {
    crate::objects::controlled_by(owner.kind.name(), &owner.name, owner.uid)
}

fn shown(pod: &Pod) -> String {
    let state = pod.workload.as_ref().unwrap();
    let containers: Vec<String> = state
        .containers
        .iter()
        .map(|container| format!("{}x{}", container.image, container.restarts))
        .collect();
    format!(
        "{} {:?} ready={} {} {:?}",
        pod.meta.name.name,
        pod.meta.labels.get(REVISION_LABEL),
        pod.ready,
        containers.join(" "),
        state.in_place
    )
}
