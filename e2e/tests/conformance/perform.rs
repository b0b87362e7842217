//! One operation on both sides.

use anyhow::{Context, Result, bail};
use mainstay_engine::election::LeaseRequest;
use mainstay_model::{
    Condition, Kind, OwnerReference, ReplicationControllerStatus, ResourceVersion, Timestamp, Uid,
};
use mainstay_sim::api::changes::{Draft, DraftSpec, Part, Replacement};
use mainstay_sim::api::deletion::Deletion;
use mainstay_wire::{list, request};
use serde_json::{Value, json};

use crate::bodies;
use crate::operation::{At, CONTROLLERS, Change, Labels, Operation, Owner, Status, Target, Which};
use crate::pair::{Both, NOW, Pair, SIDES, Side, plain};
use crate::production;
use crate::server::with_query;
use crate::words::{answered, said};

impl Pair<'_> {
    /// Asks both sides and compares what they say, and what they have then.
    pub async fn perform(&mut self, operation: &Operation) -> Result<()> {
        self.tally.operation(operation.verb());
        self.trace.push(format!("{operation:?}"));
        match operation {
            Operation::Create { target, labels, owners, finalizers, replicas } => {
                let draft = |side| Draft {
                    object: self.name(*target),
                    labels: labels.set(),
                    owners: self.owners(owners, side),
                    finalizers: finalizers.names(),
                    spec: match target {
                        Target::Pod(_) => DraftSpec::Pod,
                        Target::Controller(_) => DraftSpec::ReplicationController {
                            replicas: *replicas,
                            min_ready_seconds: 0,
                            selector: Labels(1).set(),
                        },
                    },
                };
                let [model, server] = SIDES.map(draft);
                let body = bodies::draft(&server);
                let found = self.server.json("POST", &self.collection(target.kind()), Some(&body)).await?;
                let judged = self.model.create(&model, NOW);
                self.heard(&said(&judged), &answered(&found))?;
                self.look(*target).await
            }
            Operation::CreatePod { .. }
            | Operation::AdoptPod { .. }
            | Operation::ReleasePod { .. }
            | Operation::DeletePod { .. }
            | Operation::PatchStatus { .. } => self.write(operation).await,
            Operation::Replace { target, uid, version, change } => {
                let uid = uid.map(|which| self.uid(*target, which));
                let version = version.map(|which| self.version(*target, which));
                self.replace(*target, uid, version, change).await
            }
            Operation::Bind { pod, node } => {
                let (target, node) = (Target::Pod(*pod), ["north", "south"][node % 2]);
                let body = json!({
                    "apiVersion": "v1",
                    "kind": "Binding",
                    "metadata": {"name": target.name()},
                    "target": {"apiVersion": "v1", "kind": "Node", "name": node},
                });
                let path = format!("{}/binding", self.path(target));
                let found = self.server.json("POST", &path, Some(&body)).await?;
                let judged = self.model.bind(&self.name(target), &node.into());
                self.heard(&said(&judged), &answered(&found))?;
                self.look(target).await
            }
            Operation::Delete { target, uid, version, grace, propagation } => {
                let uid = uid.map(|which| self.uid(*target, which));
                let version = version.map(|which| self.version(*target, which));
                let deletion = |side: Side| Deletion {
                    uid: uid.map(|uid| uid.on(side)),
                    version: version.map(|version| version.on(side)),
                    grace_seconds: *grace,
                    propagation: *propagation,
                    ..Deletion::of(target.kind(), &self.name(*target))
                };
                let [model, server] = SIDES.map(deletion);
                let body = bodies::delete_options(&server);
                let found = self.server.json("DELETE", &self.path(*target), Some(&body)).await?;
                let judged = self.model.delete(&model, NOW);
                self.heard(&said(&judged), &answered(&found))?;
                self.look(*target).await
            }
            Operation::Read(target) => self.read(*target).await,
            Operation::List { kind, choice, at } => self.list(*kind, choice, *at).await,
            Operation::LeaseGet => self.lease(SIDES.map(|_| LeaseRequest::Get)).await,
            // The model's lease has no namespace that could end.
            Operation::LeaseCreate { .. } | Operation::LeaseUpdate { .. }
                if self.model.is_terminating(&self.namespace) =>
            {
                Ok(())
            }
            Operation::LeaseCreate { holder } => {
                self.lease(SIDES.map(|_| LeaseRequest::Create(production::lease_record(*holder)))).await
            }
            Operation::LeaseUpdate { holder, version } => {
                let version = self.lease_version(*version);
                let update = |side| LeaseRequest::Update(production::lease_record(*holder), version.on(side));
                self.lease(SIDES.map(update)).await
            }
            // A quota can no more be made then.
            Operation::FillQuota if self.model.is_terminating(&self.namespace) => Ok(()),
            // Nobody is there who would count pods out again, so there is no room at all.
            Operation::FillQuota => {
                self.model.set_quota(&self.namespace, Some(0));
                self.server.limit_pods(&self.namespace, 0, 0).await
            }
            Operation::TerminateNamespace => {
                self.model.terminate_namespace(&self.namespace);
                self.server.terminate_namespace(&self.namespace).await
            }
        }
    }

    /// A controller of that place: as it is, as it was, or one that there never was.
    pub fn owner_uid(&self, place: usize) -> Both<Uid> {
        let strange = Both::same(Uid(1000 + place as u128));
        match CONTROLLERS.get(place) {
            Some(_) if self.known(Target::Controller(place)).is_some_and(|known| known.current.is_some()) => {
                self.uid(Target::Controller(place), Which::Right)
            }
            _ => strange,
        }
    }

    fn owners(&self, owners: &[Owner], side: Side) -> Vec<OwnerReference> {
        let reference = |owner: &Owner| OwnerReference {
            api_version: "v1".into(),
            kind: "ReplicationController".into(),
            name: (*CONTROLLERS.get(owner.place).unwrap_or(&"stranger")).into(),
            uid: Some(self.owner_uid(owner.place).on(side)),
            controller: owner.controller,
        };
        owners.iter().map(reference).collect()
    }

    async fn replace(
        &mut self,
        target: Target,
        uid: Option<Both<Uid>>,
        version: Option<Both<ResourceVersion>>,
        change: &Change,
    ) -> Result<()> {
        let part = |side| match change {
            Change::Labels(labels) => Part::Labels(labels.set()),
            Change::Owners(owners) => Part::Owners(self.owners(owners, side)),
            Change::Finalizers(finalizers) => Part::Finalizers(finalizers.names()),
            Change::Replicas(replicas) => Part::Replicas(*replicas),
            Change::PodStatus { phase, ready, since } => {
                Part::PodStatus(*phase, *ready, Timestamp::from_seconds(*since))
            }
            Change::Status(status) => Part::ControllerStatus(controller_status(*status)),
        };
        let replacement = |side| Replacement {
            kind: target.kind(),
            object: self.name(target),
            uid: uid.map(|uid| uid.on(side)),
            version: version.map(|version| version.on(side)),
            part: part(side),
        };
        let [model, server] = SIDES.map(replacement);
        let current = self.known(target).and_then(|known| known.current.clone());
        let mut body = current.unwrap_or_else(|| {
            let spec = match target {
                Target::Pod(_) => DraftSpec::Pod,
                Target::Controller(_) => DraftSpec::ReplicationController {
                    replicas: 1,
                    min_ready_seconds: 0,
                    selector: Labels(1).set(),
                },
            };
            let (labels, owners, finalizers) = (Labels(1).set(), Vec::new(), Vec::new());
            bodies::draft(&Draft { object: self.name(target), labels, owners, finalizers, spec })
        });
        body["metadata"]["uid"] = server.uid.map_or(Value::Null, |uid| json!(uid.to_string()));
        body["metadata"]["resourceVersion"] =
            server.version.map_or(Value::Null, |version| json!(version.to_string()));
        bodies::set_part(&mut body, &server.part);
        let is_status = matches!(change, Change::PodStatus { .. } | Change::Status(_));
        let path = format!("{}{}", self.path(target), if is_status { "/status" } else { "" });
        let found = self.server.json("PUT", &path, Some(&body)).await?;
        let judged = self.model.replace_part(&model);
        self.heard(&said(&judged), &answered(&found))?;
        self.look(target).await
    }

    /// Compares a list.
    pub async fn list(&mut self, kind: Kind, choice: &crate::operation::Choice, at: At) -> Result<()> {
        let selection = choice.selection(kind, &self.namespace);
        let version = match at {
            At::Newest => None,
            At::Past(place) => Some(self.moments[place % self.moments.len()]),
            At::Future => {
                let add = |version: ResourceVersion| ResourceVersion(version.0 + 1_000_000_000);
                let last = self.moments[self.moments.len() - 1];
                Some(Both { model: add(last.model), server: add(last.server) })
            }
        };
        let exactly = version.map(|_| "Exact".to_owned()).unwrap_or_default();
        let asked = with_query(
            request::list(kind, Some(&self.namespace), None, None),
            &[
                ("labelSelector", selection.label_selector()),
                ("fieldSelector", selection.field_selector()),
                ("resourceVersion", version.map(|both| both.server.to_string()).unwrap_or_default()),
                ("resourceVersionMatch", exactly),
            ],
        );
        self.trace.push(format!("    {asked:?}"));
        let found = self.server.send(asked).await?;
        let judged = self.model.list_selected(kind, &selection, version.map(|both| both.model));
        self.heard(&said(&judged), &answered(&found))?;
        let Ok(objects) = judged else { return Ok(()) };
        let page = list::decode(kind, &found.body).context("a list")?;
        let model: Vec<_> = objects.iter().map(plain).collect();
        let server: Vec<_> = page.objects.iter().map(|object| self.in_terms_of_the_model(object)).collect();
        if model != server || !page.unreadable.is_empty() {
            bail!("the list is in the model\n{model:?}\nand in the server\n{page:?}");
        }
        Ok(())
    }
}

pub fn controller_status(status: Status) -> ReplicationControllerStatus {
    let [replicas, fully_labeled_replicas, ready_replicas, available_replicas] = status.counts;
    let condition = Condition {
        kind: "ReplicaFailure".to_owned(),
        status: "True".to_owned(),
        last_transition: Some(Timestamp::from_seconds(1_000)),
        reason: "FailedCreate".to_owned(),
        message: "no".to_owned(),
    };
    ReplicationControllerStatus {
        replicas,
        fully_labeled_replicas,
        ready_replicas,
        available_replicas,
        observed_generation: status.observed,
        conditions: status.condition.then_some(condition).into_iter().collect(),
    }
}
