//! What others than our controllers ask for: they create objects, replace parts of them, bind pods.

use std::sync::Arc;

use mainstay_model::{
    Kind, LabelSet, Meta, Name, Object, ObjectName, OwnerReference, Pod, PodPhase, PodTemplate,
    ReplicationController, ReplicationControllerStatus, ResourceVersion, Selector, Timestamp, Uid,
};

use super::ApiServer;
use super::record::{FOREGROUND, ORPHAN, Record};
use super::refused::Refused;

/// An object as a client sends it to be created.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// Namespace and name.
    pub object: ObjectName,
    /// The labels.
    pub labels: LabelSet,
    /// The owners.
    pub owners: Vec<OwnerReference>,
    /// The finalizers.
    pub finalizers: Vec<Name>,
    /// What depends on the kind.
    pub spec: DraftSpec,
}

/// The spec of a [`Draft`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DraftSpec {
    /// A pod of one container that nobody has to run.
    Pod,
    /// A ReplicationController.
    ReplicationController {
        /// How many pods are wanted.
        replicas: i32,
        /// For how long a pod must be ready to be available, in seconds.
        min_ready_seconds: i32,
        /// Which pods are its own; also the labels of the pods that it makes.
        selector: LabelSet,
    },
}

impl Draft {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self.spec {
            DraftSpec::Pod => Kind::Pod,
            DraftSpec::ReplicationController { .. } => Kind::ReplicationController,
        }
    }
}

/// What a client replaces of an object, by a PUT of the whole object with this in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// The kind.
    pub kind: Kind,
    /// The object.
    pub object: ObjectName,
    /// The UID that the client sends; `None` where it sends none.
    pub uid: Option<Uid>,
    /// The version that the client sends; `None` for whatever version there is.
    pub version: Option<ResourceVersion>,
    /// The part that is another.
    pub part: Part,
}

/// A part of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// All labels.
    Labels(LabelSet),
    /// All owner references.
    Owners(Vec<OwnerReference>),
    /// All finalizers.
    Finalizers(Vec<Name>),
    /// `spec.replicas` of a ReplicationController.
    Replicas(i32),
    /// The status of a pod, through its subresource: the phase, and since when the condition `Ready` is True or False.
    PodStatus(PodPhase, bool, Timestamp),
    /// The status of a ReplicationController, through its subresource.
    ControllerStatus(ReplicationControllerStatus),
}

impl ApiServer {
    /// Creates an object.
    pub fn create(&mut self, draft: &Draft, now: Timestamp) -> Result<ResourceVersion, Refused> {
        let replicas = match draft.spec {
            DraftSpec::ReplicationController { replicas, .. } => replicas,
            DraftSpec::Pod => 0,
        };
        let validity = check_owners(&draft.owners)
            .and_then(|()| check_finalizers(&draft.finalizers))
            .and_then(|()| check_replicas(replicas));
        self.check_creation(draft.kind(), &draft.object, validity)?;
        let meta = Meta {
            generation: 1,
            labels: labels_or_those_of_the_template(&draft.labels, &draft.spec),
            owners: draft.owners.iter().cloned().collect(),
            created: Some(Timestamp::from_seconds(now.seconds())),
            ..Meta::new(draft.object.clone(), self.new_uid())
        };
        let object = match &draft.spec {
            DraftSpec::Pod => Object::Pod(Arc::new(Pod::new(meta))),
            DraftSpec::ReplicationController { replicas, min_ready_seconds, selector } => {
                let template = PodTemplate { labels: selector.clone(), ..PodTemplate::default() };
                Object::ReplicationController(Arc::new(ReplicationController {
                    meta,
                    replicas: *replicas,
                    min_ready_seconds: *min_ready_seconds,
                    selector: Selector(selector.clone()),
                    template: Some(Arc::new(template)),
                    status: ReplicationControllerStatus::default(),
                }))
            }
        };
        let finalizers = draft.finalizers.clone();
        Ok(self.store(Record { finalizers, ..Record::new(object) }))
    }

    /// What admission and the store say to a new object, in their order: namespace, validity, quota, name.
    pub(super) fn check_creation(
        &self,
        kind: Kind,
        object: &ObjectName,
        validity: Result<(), Refused>,
    ) -> Result<(), Refused> {
        if self.terminating.contains(&object.namespace) {
            return Err(Refused::NAMESPACE_TERMINATING);
        }
        validity?;
        if kind == Kind::Pod && self.is_quota_full(&object.namespace) {
            return Err(Refused::FORBIDDEN);
        }
        match self.record(kind, object) {
            Some(_) => Err(Refused::ALREADY_EXISTS),
            None => Ok(()),
        }
    }

    /// Replaces a part of an object.
    pub fn replace_part(&mut self, replacement: &Replacement) -> Result<ResourceVersion, Refused> {
        let Replacement { kind, object, uid, version, part } = replacement;
        let before = self.record(*kind, object).ok_or(Refused::NOT_FOUND)?;
        let meta = before.meta();
        let differs =
            uid.is_some_and(|uid| uid != meta.uid) || version.is_some_and(|version| version != meta.version);
        if differs {
            return Err(Refused::CONFLICT);
        }
        let mut record = before.clone();
        match part {
            Part::Labels(labels) => {
                let labels = match &record.object {
                    Object::ReplicationController(controller) if labels.is_empty() => {
                        controller.selector.0.clone()
                    }
                    _ => labels.clone(),
                };
                record.change_meta(|meta| meta.labels = labels);
            }
            Part::Owners(owners) => {
                check_owners(owners)?;
                record.change_meta(|meta| meta.owners = owners.iter().cloned().collect());
            }
            Part::Finalizers(finalizers) => {
                let adds = finalizers.iter().any(|finalizer| !before.finalizers.contains(finalizer));
                if adds && meta.is_deleting() {
                    return Err(Refused::INVALID);
                }
                check_finalizers(finalizers)?;
                record.finalizers = finalizers.clone();
            }
            Part::Replicas(replicas) => {
                check_replicas(*replicas)?;
                record.change_controller(|controller| {
                    controller.meta.generation += i64::from(controller.replicas != *replicas);
                    controller.replicas = *replicas;
                });
            }
            Part::PodStatus(phase, ready, since) => record.change_pod(|pod| {
                pod.phase = *phase;
                pod.ready = *ready;
                pod.ready_since = Some(*since);
            }),
            Part::ControllerStatus(status) => {
                check_status(status)?;
                record.change_controller(|controller| controller.status = status.clone());
            }
        }
        Ok(self.store_if_changed(record))
    }

    /// Binds a pod to a node, as the scheduler does.
    pub fn bind(&mut self, pod: &ObjectName, node: &Name) -> Result<(), Refused> {
        // A binding is something that is created.
        if self.is_terminating(&pod.namespace) {
            return Err(Refused::NAMESPACE_TERMINATING);
        }
        let mut record = self.record(Kind::Pod, pod).ok_or(Refused::NOT_FOUND)?.clone();
        let Object::Pod(found) = &record.object else { return Err(Refused::NOT_FOUND) };
        if found.node.is_some() || found.meta.is_deleting() {
            return Err(Refused::CONFLICT);
        }
        record.change_pod(|pod| pod.node = Some(node.clone()));
        self.store(record);
        Ok(())
    }

    /// Stores an object unless it is as before: a write that changes nothing makes no version. Where deletion has been asked
    /// for and nothing holds the object any more, it goes instead (upstream: `ShouldDeleteDuringUpdate`).
    pub(super) fn store_if_changed(&mut self, record: Record) -> ResourceVersion {
        let (kind, name) = record.key();
        let Some(before) = self.record(kind, &name) else { return self.store(record) };
        let goes = before.meta().is_deleting() && before.grace_seconds.is_none_or(|grace| grace == 0);
        if goes && record.finalizers.is_empty() {
            self.remove(kind, &name);
            return self.revision();
        }
        if *before == record { before.meta().version } else { self.store(record) }
    }
}

/// At most one owner controls an object.
pub(super) fn check_owners<'a>(owners: impl IntoIterator<Item = &'a OwnerReference>) -> Result<(), Refused> {
    match owners.into_iter().filter(|owner| owner.controller).count() {
        0 | 1 => Ok(()),
        _ => Err(Refused::INVALID),
    }
}

/// The garbage collector is told one thing or the other (upstream: `ValidateFinalizers` in
/// pkg/api/validation/objectmeta.go of apimachinery).
pub(super) fn check_finalizers(finalizers: &[Name]) -> Result<(), Refused> {
    let has = |wanted: &str| finalizers.iter().any(|finalizer| **finalizer == *wanted);
    if has(ORPHAN) && has(FOREGROUND) { Err(Refused::INVALID) } else { Ok(()) }
}

fn check_replicas(replicas: i32) -> Result<(), Refused> {
    if replicas < 0 { Err(Refused::INVALID) } else { Ok(()) }
}

/// A ReplicationController without labels gets those of its template (upstream: `SetDefaults_ReplicationController` in
/// pkg/apis/core/v1/defaults.go).
fn labels_or_those_of_the_template(labels: &LabelSet, spec: &DraftSpec) -> LabelSet {
    match spec {
        DraftSpec::ReplicationController { selector, .. } if labels.is_empty() => selector.clone(),
        _ => labels.clone(),
    }
}

/// Counts are not negative, and no part is more than the whole (upstream: `ValidateReplicationControllerStatus` in
/// pkg/apis/core/validation/validation.go).
pub(super) fn check_status(status: &ReplicationControllerStatus) -> Result<(), Refused> {
    let ReplicationControllerStatus { replicas, ready_replicas, available_replicas, .. } = *status;
    let parts = [status.fully_labeled_replicas, ready_replicas, available_replicas];
    let is_valid = status.observed_generation >= 0
        && parts.iter().all(|part| (0..=replicas).contains(part))
        && available_replicas <= ready_replicas;
    if is_valid && replicas >= 0 { Ok(()) } else { Err(Refused::INVALID) }
}
