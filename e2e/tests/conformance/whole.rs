//! Services, Endpoints and EndpointSlices: random sequences of what our controllers write of them and what others do, on both sides.
//!
//! After each request both sides have the same objects, with new versions or without, and in the end their watches have told the same. What the
//! server adds of its own to services, addresses and families, is not compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use mainstay_engine::SourceEvent;
use mainstay_model::{
    AddressType, ClusterIp, ControllerReference, CreateEndpointSlice, CreateEndpoints, DeleteObject,
    IpFamily, Kind, Name, Object, ObjectName, ResourceVersion, Selector, Service, Timestamp, Uid,
    UpdateEndpointSlice, UpdateEndpoints, Write,
};
use mainstay_sim::api::ApiServer;
use mainstay_sim::api::changes::{Part, Replacement, new_meta};
use mainstay_sim::api::deletion::Deletion;
use mainstay_sim::dice::Dice;
use mainstay_wire::{Frame, Request, answer, list, request};
use serde_json::{Value, json};

use crate::contents;
use crate::operation::Which;
use crate::pair::{Both, NOW, SIDES, Side};
use crate::server::Server;
use crate::tally::Tally;
use crate::words::{answered, ended, said};

/// The kinds that are compared.
const KINDS: [Kind; 3] = [Kind::Service, Kind::Endpoints, Kind::EndpointSlice];
/// The names of objects: few, so that they meet themselves again.
const NAMES: [&str; 2] = ["web", "shop"];
/// Sequences under way at once, each in its own namespace.
const AT_ONCE: usize = 12;
/// A finalizer of others.
const HELD: &str = "example.com/held";
/// The owner of slices, who is not there.
const OWNER: Uid = Uid(0xabcd);

/// What was seen of the objects of a name.
#[derive(Default)]
struct Known {
    uids: Vec<Both<Uid>>,
    versions: Vec<Both<ResourceVersion>>,
    kept: BTreeMap<bool, Bytes>,
    family: Option<IpFamily>,
}

/// Both sides.
struct Desk<'a> {
    server: &'a Server,
    tally: &'a Tally,
    model: ApiServer,
    namespace: Name,
    known: BTreeMap<(Kind, &'static str), Known>,
    trace: String,
    dice: Dice,
}

pub async fn random_sequences_of_whole_objects_are_answered_alike(
    server: &Server,
    tally: &Tally,
) -> Result<()> {
    let first = crate::sequences::first_seed()?;
    let wanted = crate::sequences::wanted();
    eprintln!("    {wanted} sequences from seed {first}");
    let run = |seed| run_one(server, tally, seed);
    let all = stream::iter(first..first + wanted).map(run).buffer_unordered(AT_ONCE);
    let failed: Vec<String> = all
        .filter_map(|outcome| async { outcome.err().map(|problem| format!("{problem:#}")) })
        .collect()
        .await;
    // The shortest one tells the most.
    match failed.iter().min_by_key(|problem| problem.len()) {
        None => Ok(()),
        Some(problem) => bail!("{} of {wanted} disagree, such as\n{problem}", failed.len()),
    }
}

async fn run_one(server: &Server, tally: &Tally, seed: u64) -> Result<()> {
    let namespace = format!("whole-{seed}");
    server.make_namespace(&namespace).await?;
    let namespace = Name::from(&*namespace);
    let model = ApiServer::default();
    let first = Both { model: model.revision(), server: server.newest_version(&namespace).await? };
    let (known, trace, dice) = (BTreeMap::new(), String::new(), Dice::new(seed));
    let mut desk = Desk { server, tally, model, namespace, known, trace, dice };
    let outcome = async {
        for _ in 0..25 {
            desk.step().await?;
            desk.look().await?;
        }
        desk.compare_watches(first).await
    }
    .await;
    tally.sequence();
    outcome.with_context(|| format!("MAINSTAY_CONFORMANCE_SEED={seed}\n{}", desk.trace))
}

impl Desk<'_> {
    async fn step(&mut self) -> Result<()> {
        let name = self.dice.one_of(&NAMES).copied().unwrap_or_default();
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
            32 | 33 => self.hold(name).await,
            34 | 35 => self.make_service(name).await,
            36 | 37 => self.change_service(name).await,
            38 => self.delete_service(name).await,
            _ if self.dice.percent(20) => {
                self.say("the namespace ends");
                self.model.terminate_namespace(&self.namespace);
                match self.server.terminate_namespace(&self.namespace).await {
                    Ok(()) => Ok(()),
                    // It ends already.
                    Err(_) if self.trace.matches("the namespace ends").count() > 1 => Ok(()),
                    Err(problem) => Err(problem),
                }
            }
            _ => Ok(()),
        }
    }

    /// A UID, a version and what is to be handed back, on either side; mostly the right ones.
    fn precondition(
        &mut self,
        kind: Kind,
        name: &'static str,
    ) -> impl Fn(Side) -> (Uid, ResourceVersion, Bytes) + use<> {
        let mut which = || match self.dice.below(12) {
            0 => Which::Old,
            1 => Which::Wrong,
            _ => Which::Right,
        };
        let (of_uid, of_version) = (which(), which());
        let known = self.known.entry((kind, name)).or_default();
        let uid = pick(&known.uids, of_uid).unwrap_or(Both::same(Uid(77)));
        let version = pick(&known.versions, of_version).unwrap_or(Both::same(ResourceVersion(1)));
        let kept = known.kept.clone();
        move |side| {
            let kept = kept.get(&(side == Side::Model)).cloned().unwrap_or_default();
            (uid.on(side), version.on(side), kept)
        }
    }

    /// A write of ours, on both sides.
    async fn write(&mut self, make: impl FnOnce(&Self, Side) -> Write + Clone) -> Result<()> {
        let [model, server] = SIDES.map(|side| make.clone()(self, side));
        self.say(&format!("{server:?}"));
        self.tally.operation(server.verb());
        let sent = self.server.send(request::write(&server)).await?;
        self.tally.answer(&answered(&sent));
        let heard = answer::outcome(&server, sent.code, sent.retry_after, &sent.body);
        let judged = self.model.write(&model, NOW);
        let (judged, heard_words) = (ended(&judged), ended(&heard));
        self.heard(&judged, &heard_words).with_context(|| String::from_utf8_lossy(&sent.body).into_owned())
    }

    /// Somebody puts a finalizer on an object, or takes it off.
    async fn hold(&mut self, name: &'static str) -> Result<()> {
        let kind = if self.dice.percent(50) { Kind::Endpoints } else { Kind::EndpointSlice };
        let finalizers: Vec<Name> = if self.dice.percent(50) { vec![HELD.into()] } else { Vec::new() };
        let names: Vec<&str> = finalizers.iter().map(|name| &**name).collect();
        let body = json!({"metadata": {"finalizers": names}});
        let found = self.patch(kind, name, &body).await?;
        let object = ObjectName::new(self.namespace.clone(), name);
        let part = Part::Finalizers(finalizers);
        let judged = self.model.replace_part(&Replacement { kind, object, uid: None, version: None, part });
        self.heard(&said(&judged), &found)
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

    async fn delete_service(&mut self, name: &'static str) -> Result<()> {
        let (uid, version, _) = self.precondition(Kind::Service, name)(Side::Server);
        let (model_uid, model_version) = self.in_the_model(Kind::Service, name, uid, version);
        let body = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid.to_string(), "resourceVersion": version.to_string()},
        });
        self.say(&format!("delete service {name} {body}"));
        let path = format!("{}/{name}", collection(Kind::Service, &self.namespace));
        let found = self.server.json("DELETE", &path, Some(&body)).await?;
        let object = ObjectName::new(self.namespace.clone(), name);
        let deletion = Deletion {
            uid: Some(model_uid),
            version: Some(model_version),
            ..Deletion::of(Kind::Service, &object)
        };
        let judged = self.model.delete(&deletion, NOW);
        self.heard(&said(&judged), &answered(&found))
    }

    fn in_the_model(
        &self,
        kind: Kind,
        name: &'static str,
        uid: Uid,
        version: ResourceVersion,
    ) -> (Uid, ResourceVersion) {
        let known = self.known.get(&(kind, name));
        let uids = known.into_iter().flat_map(|known| &known.uids);
        let versions = known.into_iter().flat_map(|known| &known.versions);
        let uid = uids.filter(|both| both.server == uid).map(|both| both.model).next().unwrap_or(uid);
        let found = versions.filter(|both| both.server == version).map(|both| both.model).next();
        (uid, found.unwrap_or(version))
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
        let meta = new_meta(ObjectName::new(self.namespace.clone(), name), Uid(0));
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

    async fn patch(&mut self, kind: Kind, name: &str, body: &Value) -> Result<String> {
        self.say(&format!("patch {kind} {name} {body}"));
        let sent = Request {
            method: "PATCH",
            path_and_query: format!("{}/{name}", collection(kind, &self.namespace)),
            accept: "application/json",
            content_type: Some("application/merge-patch+json"),
            body: Bytes::from(body.to_string()),
        };
        Ok(answered(&self.server.send(sent).await?))
    }

    fn say(&mut self, words: &str) {
        let _ = writeln!(self.trace, "  {}", words.chars().take(2000).collect::<String>());
    }

    fn heard(&mut self, model: &str, server: &str) -> Result<()> {
        self.tally.answer(server);
        ensure!(model == server, "the model says:  {model}\nthe server says: {server}");
        self.say(&format!("  both: {server}"));
        Ok(())
    }

    /// Both sides have the same objects.
    async fn look(&mut self) -> Result<()> {
        for kind in KINDS {
            let asked = request::list(kind, Some(&self.namespace), None, None);
            let page = list::decode(kind, &self.server.send(asked).await?.body).context("a list")?;
            ensure!(page.unreadable.is_empty(), "unreadable: {page:?}");
            let model = self.model.list(kind);
            let names = |objects: &[Object]| -> Vec<Name> {
                objects.iter().map(|object| object.meta().name.name.clone()).collect()
            };
            if names(&model) != names(&page.objects) {
                bail!("{kind}s in the model {model:?}\nand in the server {:?}", page.objects);
            }
            for (model, server) in model.iter().zip(&page.objects) {
                self.compare(kind, model, server)?;
            }
        }
        Ok(())
    }

    fn compare(&mut self, kind: Kind, model: &Object, server: &Object) -> Result<()> {
        let meta = (model.meta(), server.meta());
        if meta.0.is_deleting() {
            self.tally.deleting();
        }
        let Some(name) = NAMES.into_iter().find(|name| **name == *meta.0.name.name) else {
            bail!("{model:?} is nobody's")
        };
        let uid = Both { model: meta.0.uid, server: meta.1.uid };
        let version = Both { model: meta.0.version, server: meta.1.version };
        let known = self.known.entry((kind, name)).or_default();
        match known.uids.last() {
            Some(last) if (last.model == uid.model) != (last.server == uid.server) => {
                bail!("one side made another {kind} {name}")
            }
            Some(last) if *last == uid => {}
            _ => known.uids.push(uid),
        }
        match known.versions.last() {
            Some(last) if (last.model == version.model) != (last.server == version.server) => {
                bail!("one side made a version of {kind} {name}: {model:?}\n{server:?}")
            }
            Some(last) if *last == version => {}
            _ => known.versions.push(version),
        }
        known.kept = [(true, kept(model)), (false, kept(server))].into();
        known.family = match model {
            Object::EndpointSlice(slice) => match slice.address_type {
                AddressType::Ip(family) => Some(family),
                AddressType::Other => None,
            },
            _ => None,
        };
        let (model, server) = (plain(model), plain(server));
        if model != server {
            bail!("{kind} {name} is in the model\n{model:?}\nand in the server\n{server:?}");
        }
        Ok(())
    }

    /// Watches from before the first request have told the same.
    async fn compare_watches(&mut self, from: Both<ResourceVersion>) -> Result<()> {
        for kind in KINDS {
            let asked = request::watch(kind, Some(&self.namespace), from.server, 60);
            let watch = self.server.watch(asked, kind).await?;
            let history = self.model.history();
            let first = history.next(kind, from.model.0);
            let model: Vec<SourceEvent> =
                std::iter::successors(first, |(last, _)| history.next(kind, last.0))
                    .map(|(_, event)| event.clone())
                    .collect();
            let server = watch.events(model.len()).await?;
            let is_same = |model: &SourceEvent, server: &Frame| match (model, server) {
                (SourceEvent::Applied(model), Frame::Applied(server)) => plain(model) == plain(server),
                (SourceEvent::Deleted(model), Frame::Deleted(server)) => model.name == server.name,
                _ => false,
            };
            let all_same = model.iter().zip(&server).all(|(model, server)| is_same(model, server));
            if model.len() != server.len() || !all_same {
                bail!("a watch of {kind}s tells in the model {model:#?}\nand from the server {server:#?}");
            }
            self.tally.events(model.len());
        }
        Ok(())
    }
}

fn pick<T: Copy>(known: &[T], which: Which) -> Option<T> {
    match which {
        Which::Right => known.last().copied(),
        Which::Old => known.len().checked_sub(2).and_then(|place| known.get(place)).copied(),
        Which::Wrong => None,
    }
}

fn collection(kind: Kind, namespace: &str) -> String {
    let group = match kind {
        Kind::EndpointSlice => "/apis/discovery.k8s.io/v1",
        _ => "/api/v1",
    };
    format!("{group}/namespaces/{namespace}/{}", kind.plural())
}

/// What whoever writes an object as a whole must hand back.
fn kept(object: &Object) -> Bytes {
    match object {
        Object::Endpoints(endpoints) => endpoints.kept.clone(),
        Object::EndpointSlice(slice) => slice.kept.clone(),
        _ => Bytes::new(),
    }
}

/// An object without what the sides need not agree in: UIDs and versions, times, what is handed back, and what the server adds to services.
fn plain(object: &Object) -> Object {
    let mut object = object.clone();
    let meta = object.meta_mut();
    (meta.uid, meta.version) = (Uid(0), ResourceVersion::default());
    meta.created = None;
    meta.deleting = meta.deleting.map(|_| Timestamp::default());
    match &mut object {
        Object::Endpoints(endpoints) => Arc::make_mut(endpoints).kept = Bytes::new(),
        Object::EndpointSlice(slice) => Arc::make_mut(slice).kept = Bytes::new(),
        Object::Service(service) => {
            let service = Arc::make_mut(service);
            service.cluster_ip = ClusterIp::Unset;
            service.ip_families = Default::default();
            service.ports = Default::default();
        }
        _ => {}
    }
    object
}
