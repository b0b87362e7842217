//! Services, Endpoints and EndpointSlices: random sequences of what our controllers write of them and what others do, on both sides. What the
//! server adds of its own to services, addresses and families, is not compared.

use std::sync::Arc;

use anyhow::Result;
use mainstay_model::{
    ClusterIp, ControllerReference, CreateEndpointSlice, CreateEndpoints, DeleteObject, Kind, Meta, Name,
    Object, ObjectName, Selector, Service, Uid, UpdateEndpointSlice, UpdateEndpoints, Write,
};
use serde_json::{Value, json};

use crate::contents;
use crate::desk::{Desk, Subject, collection, run_sequences};
use crate::pair::NOW;
use crate::server::Server;
use crate::tally::Tally;
use crate::words::{answered, said};

const NAMES: &[&str] = &["web", "shop"];
/// The owner of slices, who is not there.
const OWNER: Uid = Uid(0xabcd);

pub async fn random_sequences_of_whole_objects_are_answered_alike(
    server: &Server,
    tally: &Tally,
) -> Result<()> {
    let subject = Subject {
        word: "whole",
        kinds: &[Kind::Service, Kind::Endpoints, Kind::EndpointSlice],
        names: NAMES,
        step: |desk| Box::pin(desk.step_of_whole_objects()),
    };
    run_sequences(server, tally, subject).await
}

impl Desk<'_> {
    async fn step_of_whole_objects(&mut self) -> Result<()> {
        let name = self.dice.one_of(NAMES).copied().unwrap_or_default();
        let object = ObjectName::new(self.namespace.clone(), name);
        match self.dice.below(40) {
            0..=5 => {
                let endpoints = object.clone();
                let content = Arc::new(contents::endpoints(&mut self.dice));
                self.write(|_, _| Write::CreateEndpoints(CreateEndpoints { endpoints, content })).await
            }
            6..=13 => {
                let content = Arc::new(contents::endpoints(&mut self.dice));
                let of = self.precondition(Kind::Endpoints, name);
                self.write(|_, side| {
                    let (uid, version, kept) = of(side);
                    let endpoints = object.clone();
                    Write::UpdateEndpoints(UpdateEndpoints { endpoints, uid, version, kept, content })
                })
                .await
            }
            14..=20 => {
                let content = Arc::new(contents::slice(&mut self.dice, None));
                let (slice, generate_name) = (object.clone(), Name::from("web-"));
                let owner = ControllerReference { kind: Kind::Service, name: "web".into(), uid: OWNER };
                self.write(|_, _| {
                    Write::CreateEndpointSlice(CreateEndpointSlice { slice, generate_name, owner, content })
                })
                .await
            }
            21..=28 => {
                let family = self.known.get(&(Kind::EndpointSlice, name)).and_then(|known| known.family);
                let family = family.filter(|_| !self.dice.percent(10));
                let content = Arc::new(contents::slice(&mut self.dice, family));
                let of = self.precondition(Kind::EndpointSlice, name);
                self.write(|_, side| {
                    let (uid, version, kept) = of(side);
                    let slice = object.clone();
                    Write::UpdateEndpointSlice(UpdateEndpointSlice { slice, uid, version, kept, content })
                })
                .await
            }
            29..=31 => {
                let kind = if self.dice.percent(50) { Kind::Endpoints } else { Kind::EndpointSlice };
                let of = self.precondition(kind, name);
                self.write(|_, side| {
                    let (uid, version, _) = of(side);
                    Write::DeleteObject(DeleteObject { kind, object: object.clone(), uid, version })
                })
                .await
            }
            32 | 33 => {
                let kind = if self.dice.percent(50) { Kind::Endpoints } else { Kind::EndpointSlice };
                self.hold(kind, name).await
            }
            34 | 35 => self.make_service(name).await,
            36 | 37 => self.change_service(name).await,
            38 => self.delete(Kind::Service, name, None).await,
            _ if self.dice.percent(20) => self.end_namespace().await,
            _ => Ok(()),
        }
    }

    async fn make_service(&mut self, name: &'static str) -> Result<()> {
        let (service, spec) = self.service(name);
        let body = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec});
        self.say(&format!("create {body}"));
        let path = collection(Kind::Service, &self.namespace);
        let found = self.server.json("POST", &path, Some(&body)).await?;
        let judged = self.model.create_object(Object::Service(Arc::new(service)), NOW);
        self.heard(&said(&judged), &answered(&found))
    }

    async fn change_service(&mut self, name: &'static str) -> Result<()> {
        let (wanted, spec) = self.service(name);
        let found = self.patch(Kind::Service, name, &json!({"spec": spec})).await?;
        let object = ObjectName::new(self.namespace.clone(), name);
        let Some(Object::Service(before)) = self.model.get(Kind::Service, &object) else {
            return self.heard("404 NotFound", &found);
        };
        self.heard("done", &found)?;
        let after = Service { meta: before.meta.clone(), ..wanted };
        if after != *before {
            self.model.change(Kind::Service, &object, |record| {
                record.object = Object::Service(Arc::new(after));
            });
        }
        Ok(())
    }

    /// A service as the model has it, and its spec as the server is told; it may lose its selector, or become a name in DNS.
    fn service(&mut self, name: &'static str) -> (Service, Value) {
        let app = self.dice.one_of(&[None, Some("red"), Some("blue")]).copied().flatten();
        let (all, near) = (self.dice.percent(30), self.dice.percent(30));
        let external = self.dice.percent(15);
        let spec = json!({
            "type": if external { "ExternalName" } else { "ClusterIP" },
            "externalName": external.then_some("example.com"),
            "selector": app.map_or(Value::Null, |app| json!({"app": app})),
            "publishNotReadyAddresses": all,
            "trafficDistribution": near.then_some("PreferClose"),
            "ports": [{"name": "http", "port": 80}],
        });
        let meta = Meta::new(ObjectName::new(self.namespace.clone(), name), Uid(0));
        let service = Service {
            meta,
            selector: app.map(|app| Selector([("app", app)].into_iter().collect())),
            external_name: external,
            cluster_ip: ClusterIp::Unset,
            ip_families: Default::default(),
            ports: Default::default(),
            publish_not_ready: all,
            traffic_distribution: near.then(|| "PreferClose".into()),
            topology_mode: None,
        };
        (service, spec)
    }
}
