//! SidecarWorkloads, their revisions and their pods: random sequences of what our controller writes of them and what users do, on both sides.
//!
//! A SidecarWorkload is put into the model as the server has made it, defaults included; what is compared is what becomes of it then.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use mainstay_model::sidecar_workload::{IN_PLACE_ANNOTATION, REVISION_LABEL, SERVING_GATE, WORKLOAD_LABEL};
use mainstay_model::{
    Condition, ContainerImage, ContainerRole, ControllerReference, CreateControllerRevision, CreatePod,
    DeleteObject, DeletePod, Kind, Meta, Name, Object, ObjectName, PatchControllerRevision, PatchPod,
    PatchPodCondition, PodSpec, PodTemplate, SidecarWorkload, SidecarWorkloadStatus, StatusPatch, Timestamp,
    Uid, Write,
};
use mainstay_sim::api::deletion::Propagation;
use mainstay_sim::dice::Dice;
use mainstay_wire::{list, request};
use serde_json::json;

use crate::desk::{Desk, Subject, collection, run_sequences};
use crate::pair::NOW;
use crate::server::Server;
use crate::tally::Tally;
use crate::words::{answered, said};

const NAMES: &[&str] = &["red", "blue"];
/// The owner of revisions and pods, who is not there, and another one.
const OWNERS: [Uid; 2] = [Uid(0xabcd), Uid(0xabce)];
/// What pods are made from: with a gate and without, and what no server takes.
const SPECS: &[&str] = &[
    r#"{"containers": [{"name": "main", "image": "app:1"}],
        "initContainers": [{"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}, {"name": "migrate", "image": "migrate:1"}],
        "readinessGates": [{"conditionType": "mainstay.dev/serving"}]}"#,
    r#"{"containers": [{"name": "main", "image": "app:1"}]}"#,
    r#"{"containers": []}"#,
    r#"{"containers": [{"name": "main"}]}"#,
    r#"{"containers": [{"name": "main", "image": "app:1"}, {"name": "main", "image": "app:1"}]}"#,
];
/// Annotations of pods: our own, one that the server reads, and one that nobody does.
const ANNOTATIONS: &[&str] =
    &[IN_PLACE_ANNOTATION, "controller.kubernetes.io/pod-deletion-cost", "example.com/note"];
/// Mostly numbers, as one of the annotations must be.
const VALUES: &[&str] = &["1", "2", "one"];
const IMAGES: &[&str] = &["proxy:1", "proxy:2", "registry.example/proxy@sha256:0123", "app:2"];
/// What revisions hold, as the server writes it itself, and what is no object. All of it is JSON: at what is none a server may give up a
/// stream for good, and our controller does not make any.
const DATA: &[&str] = &[
    r#"{"pod":{},"template":{"main":{"image":"app:1"}}}"#,
    r#"{"pod":{"spec":{"containers":[{"command":["sh","-c","a \u003c b \u0026\u0026 c"],"name":"main"}]}},"template":{}}"#,
    "{}",
    "[]",
    "7",
];

pub async fn random_sequences_of_workloads_are_answered_alike(server: &Server, tally: &Tally) -> Result<()> {
    for definition in mainstay_crds::definitions() {
        let body = serde_json::to_value(definition)?;
        server.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Some(&body)).await?;
    }
    server.wait_until_served("/apis/mainstay.dev/v1alpha1/sidecarworkloads").await?;
    let subject = Subject {
        word: "workloads",
        kinds: &[Kind::SidecarWorkload, Kind::ControllerRevision, Kind::Pod],
        names: NAMES,
        step: |desk| Box::pin(desk.step_of_workloads()),
    };
    run_sequences(server, tally, subject).await
}

impl Desk<'_> {
    async fn step_of_workloads(&mut self) -> Result<()> {
        let name = self.dice.one_of(NAMES).copied().unwrap_or_default();
        let object = ObjectName::new(self.namespace.clone(), name);
        let kind = match self.dice.below(40) {
            0..=11 => Kind::ControllerRevision,
            12..=27 => Kind::Pod,
            28..=38 => Kind::SidecarWorkload,
            _ if self.dice.percent(20) => return self.end_namespace().await,
            _ => return Ok(()),
        };
        if self.dice.percent(6) {
            return self.hold(kind, name).await;
        }
        // Of so few steps most would meet nothing, were what is not there not mostly made first.
        let is_there = self.model.record(kind, &object).is_some();
        let makes = self.dice.percent(if is_there { 10 } else { 75 });
        match kind {
            Kind::ControllerRevision if makes => self.make_revision(object).await,
            Kind::ControllerRevision => match self.dice.below(4) {
                0 => self.delete_revision(name, object).await,
                _ => self.patch_revision(name, object).await,
            },
            Kind::Pod if makes => self.make_pod(name, object).await,
            Kind::Pod => match self.dice.below(13) {
                0 | 1 => self.delete_pod(name, object).await,
                2..=4 => self.patch_condition(name, object).await,
                _ => self.patch_pod(name, object).await,
            },
            _ if makes => self.make_workload(name).await,
            _ => match self.dice.below(8) {
                0 => {
                    let propagation = self.dice.percent(30).then_some(Propagation::Foreground);
                    self.delete(Kind::SidecarWorkload, name, propagation).await
                }
                1..=4 => self.patch_status(name, object).await,
                _ => self.change_workload(name, &object).await,
            },
        }
    }

    async fn make_revision(&mut self, revision: ObjectName) -> Result<()> {
        let data = Bytes::from(mostly(&mut self.dice, DATA));
        let (number, owner) = (mostly_small(&mut self.dice).into(), owner(&mut self.dice));
        let create = CreateControllerRevision { revision, owner, number, data };
        self.write(|_, _| Write::CreateControllerRevision(create)).await
    }

    async fn delete_revision(&mut self, name: &'static str, object: ObjectName) -> Result<()> {
        let of = self.precondition(Kind::ControllerRevision, name);
        self.write(|_, side| {
            let (uid, version, _) = of(side);
            Write::DeleteObject(DeleteObject { kind: Kind::ControllerRevision, object, uid, version })
        })
        .await
    }

    async fn make_pod(&mut self, name: &'static str, pod: ObjectName) -> Result<()> {
        let spec = PodSpec::Json(Bytes::from(mostly(&mut self.dice, SPECS)));
        let labels = [(WORKLOAD_LABEL, name), (REVISION_LABEL, "red-1")].into_iter().collect();
        let annotations = ANNOTATIONS.iter().filter_map(|key| {
            let value = mostly(&mut self.dice, VALUES);
            self.dice.percent(20).then_some((*key, value))
        });
        let annotations = annotations.collect();
        let template = Arc::new(PodTemplate { labels, annotations, spec, ..PodTemplate::default() });
        let owner = owner(&mut self.dice);
        let create = CreatePod { pod, generate_name: "red-".into(), owner, template };
        self.write(|_, _| Write::CreatePod(create)).await
    }

    async fn delete_pod(&mut self, name: &'static str, pod: ObjectName) -> Result<()> {
        let of = self.precondition(Kind::Pod, name);
        self.write(|_, side| Write::DeletePod(DeletePod { pod, uid: of(side).0 })).await
    }

    /// Always with the same reason and time, of which the model keeps nothing.
    async fn patch_condition(&mut self, name: &'static str, pod: ObjectName) -> Result<()> {
        let of = self.precondition(Kind::Pod, name);
        let status = self.dice.percent(50);
        self.write(|_, side| {
            Write::PatchPodCondition(PatchPodCondition {
                pod,
                uid: of(side).0,
                condition: SERVING_GATE.into(),
                status,
                reason: "Serving",
                at: NOW,
            })
        })
        .await
    }

    async fn patch_revision(&mut self, name: &'static str, revision: ObjectName) -> Result<()> {
        let of = self.precondition(Kind::ControllerRevision, name);
        let number = self.dice.percent(50).then(|| mostly_small(&mut self.dice).into());
        let owner = self.dice.percent(30).then(|| owner(&mut self.dice));
        let healthy_at = self.dice.percent(50).then_some(Timestamp::from_seconds(1_700_000_000));
        self.write(|_, side| {
            let (uid, version, _) = of(side);
            Write::PatchControllerRevision(PatchControllerRevision {
                revision,
                uid,
                version,
                number,
                owner,
                healthy_at,
            })
        })
        .await
    }

    /// In the order in which the containers stand in the pod, as the controller does it: main is in another list than the others.
    async fn patch_pod(&mut self, name: &'static str, pod: ObjectName) -> Result<()> {
        let of = self.precondition(Kind::Pod, name);
        let mut images = Vec::new();
        for (container, role) in [
            ("main", ContainerRole::Main),
            ("proxy", ContainerRole::Sidecar),
            ("migrate", ContainerRole::Init),
            ("stranger", ContainerRole::Sidecar),
        ] {
            let is_drawn = self.dice.percent(if container == "stranger" { 4 } else { 25 });
            let image = Name::from(one(&mut self.dice, IMAGES));
            images.extend(is_drawn.then(|| ContainerImage { container: container.into(), role, image }));
        }
        let mut pairs = |keys: &[&'static str]| -> Box<[(Name, Option<Name>)]> {
            let drawn = keys.iter().filter_map(|key| {
                let value = self.dice.percent(70).then(|| Name::from(mostly(&mut self.dice, VALUES)));
                self.dice.percent(40).then(|| (Name::from(*key), value))
            });
            drawn.collect()
        };
        let labels = pairs(&[REVISION_LABEL, "app"]);
        let annotations = pairs(ANNOTATIONS);
        self.write(|_, side| {
            let (uid, version, _) = of(side);
            Write::PatchPod(PatchPod { pod, uid, version, images: images.into(), labels, annotations })
        })
        .await
    }

    async fn make_workload(&mut self, name: &'static str) -> Result<()> {
        let replicas = mostly_small(&mut self.dice);
        let image = one(&mut self.dice, IMAGES);
        let body = json!({
            "apiVersion": "mainstay.dev/v1alpha1",
            "kind": "SidecarWorkload",
            "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "template": {
                    "main": {"name": "main", "image": "app:1"},
                    "sidecars": [{"name": "proxy", "image": image}],
                },
            },
        });
        self.say(&format!("create {body}"));
        let path = collection(Kind::SidecarWorkload, &self.namespace);
        let found = self.server.json("POST", &path, Some(&body)).await?;
        let object = ObjectName::new(self.namespace.clone(), name);
        let wanted = match (200..300).contains(&found.code) {
            true => self.workload_at_the_server(name).await?,
            false => drafted(&object, replicas),
        };
        let judged = self.model.create_object(Object::SidecarWorkload(Arc::new(wanted)), NOW);
        self.heard(&said(&judged), &answered(&found))
    }

    async fn change_workload(&mut self, name: &'static str, object: &ObjectName) -> Result<()> {
        let replicas = mostly_small(&mut self.dice);
        let is_of_template = self.dice.percent(50);
        let body = match is_of_template {
            true => json!({"spec": {"template": {"main": {"image": one(&mut self.dice, IMAGES)}}}}),
            false => json!({"spec": {"replicas": replicas}}),
        };
        let found = self.patch(Kind::SidecarWorkload, name, &body).await?;
        let wanted = match found == "done" {
            true => Some(self.workload_at_the_server(name).await?),
            false => None,
        };
        let judged = self.model.replace_workload(object, |workload| match wanted {
            Some(wanted) => (workload.replicas, workload.template) = (wanted.replicas, wanted.template),
            None => workload.replicas = if is_of_template { workload.replicas } else { replicas },
        });
        self.heard(&said(&judged), &found)
    }

    async fn patch_status(&mut self, name: &'static str, object: ObjectName) -> Result<()> {
        let of = self.precondition(Kind::SidecarWorkload, name);
        let mut number = || i32::try_from(self.dice.below(4)).unwrap_or(0);
        let status = SidecarWorkloadStatus {
            observed_generation: 2,
            replicas: number(),
            ready_replicas: number(),
            available_replicas: number(),
            updated_replicas: number(),
            selector: Some("mainstay.dev/workload=red".into()),
            current_revision: (number() > 1).then(|| "red-1".into()),
            update_revision: Some("red-2".into()),
            failed_revision: (number() > 2).then(|| "red-2".into()),
            failed_message: (number() > 2).then(|| "no".into()),
            progressed_at: (number() > 1).then_some(NOW),
            conditions: vec![Condition {
                kind: "Ready".into(),
                status: if number() > 1 { "True" } else { "False" }.into(),
                last_transition: Some(NOW),
                reason: "Ready".into(),
                message: String::new(),
            }],
            ..SidecarWorkloadStatus::default()
        };
        self.write(|_, side| {
            let (uid, version, _) = of(side);
            Write::PatchSidecarWorkloadStatus(StatusPatch { object, uid, version, status })
        })
        .await
    }

    async fn workload_at_the_server(&self, name: &str) -> Result<SidecarWorkload> {
        let asked = request::list(Kind::SidecarWorkload, Some(&self.namespace), None, None);
        let page = list::decode(Kind::SidecarWorkload, &self.server.send(asked).await?.body)?;
        let found = page.objects.into_iter().find_map(|object| match object {
            Object::SidecarWorkload(workload) if *workload.meta.name.name == *name => Some(workload),
            _ => None,
        });
        Ok(SidecarWorkload::clone(&*found.context("the server has made it")?))
    }
}

/// What the model is asked for where the server has made nothing.
fn drafted(object: &ObjectName, replicas: i32) -> SidecarWorkload {
    SidecarWorkload::new(Meta::new(object.clone(), Uid(0)), replicas, Bytes::from_static(b"{}"))
}

fn one(dice: &mut Dice, choices: &[&'static str]) -> &'static str {
    dice.one_of(choices).copied().unwrap_or_default()
}

/// Mostly the first two.
fn mostly(dice: &mut Dice, choices: &[&'static str]) -> &'static str {
    let choices = if dice.percent(85) { choices.get(..2).unwrap_or(choices) } else { choices };
    one(dice, choices)
}

fn mostly_small(dice: &mut Dice) -> i32 {
    if dice.percent(8) { -1 } else { i32::try_from(dice.below(4)).unwrap_or(0) }
}

fn owner(dice: &mut Dice) -> ControllerReference {
    let uid = OWNERS[usize::from(dice.percent(20))];
    ControllerReference { kind: Kind::SidecarWorkload, name: "red".into(), uid }
}
