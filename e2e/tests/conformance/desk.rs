//! Both sides of a sequence of objects that are written as a whole or patched by our controllers: the model and a namespace of the real server.
//!
//! After each request both sides have the same objects, with new versions or without, and in the end their watches have told the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use mainstay_engine::SourceEvent;
use mainstay_model::{
    AddressType, ClusterIp, IpFamily, Kind, Name, Object, ObjectName, ResourceVersion, Timestamp, Uid, Write,
};
use mainstay_sim::api::ApiServer;
use mainstay_sim::api::changes::{Part, Replacement};
use mainstay_sim::api::deletion::{Deletion, Propagation};
use mainstay_sim::dice::Dice;
use mainstay_wire::{Frame, Request, answer, list, request};
use serde_json::{Value, json};

use crate::bodies;
use crate::operation::Which;
use crate::pair::{Both, NOW, SIDES, Side};
use crate::server::Server;
use crate::tally::Tally;
use crate::words::{answered, ended, said};

/// Sequences under way at once, each in its own namespace.
const AT_ONCE: usize = 12;
/// A finalizer of others.
const HELD: &str = "example.com/held";

/// What sequences are about.
#[derive(Clone, Copy)]
pub struct Subject {
    /// A word for its namespaces.
    pub word: &'static str,
    /// The kinds that are compared.
    pub kinds: &'static [Kind],
    /// The names of objects: few, so that they meet themselves again.
    pub names: &'static [&'static str],
    /// Draws a request and sends it to both sides.
    pub step: Step,
}

/// Draws a request and sends it to both sides.
pub type Step = for<'desk> fn(&'desk mut Desk<'_>) -> Pin<Box<dyn Future<Output = Result<()>> + 'desk>>;

/// What was seen of the objects of a name.
#[derive(Default)]
pub struct Known {
    uids: Vec<Both<Uid>>,
    versions: Vec<Both<ResourceVersion>>,
    kept: BTreeMap<bool, Bytes>,
    /// Of a slice.
    pub family: Option<IpFamily>,
}

/// Both sides.
pub struct Desk<'a> {
    pub server: &'a Server,
    pub tally: &'a Tally,
    pub model: ApiServer,
    pub namespace: Name,
    pub known: BTreeMap<(Kind, &'static str), Known>,
    /// What was asked and said so far.
    pub trace: String,
    pub dice: Dice,
    subject: Subject,
}

/// Runs as many sequences as are wanted.
pub async fn run_sequences(server: &Server, tally: &Tally, subject: Subject) -> Result<()> {
    let first = crate::sequences::first_seed()?;
    let wanted = crate::sequences::wanted();
    eprintln!("    {wanted} sequences from seed {first}");
    let run = |seed| run_one(server, tally, subject, seed);
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

async fn run_one(server: &Server, tally: &Tally, subject: Subject, seed: u64) -> Result<()> {
    let namespace = format!("{}-{seed}", subject.word);
    server.make_namespace(&namespace).await?;
    let namespace = Name::from(&*namespace);
    let model = ApiServer::default();
    let first = Both { model: model.revision(), server: server.newest_version(&namespace).await? };
    let (known, trace, dice) = (BTreeMap::new(), String::new(), Dice::new(seed));
    let mut desk = Desk { server, tally, model, namespace, known, trace, dice, subject };
    let outcome = async {
        for _ in 0..25 {
            (subject.step)(&mut desk).await?;
            desk.look().await?;
        }
        desk.compare_watches(first).await
    }
    .await;
    tally.sequence();
    outcome.with_context(|| format!("MAINSTAY_CONFORMANCE_SEED={seed}\n{}", desk.trace))
}

impl Desk<'_> {
    /// The namespace ends, on both sides.
    pub async fn end_namespace(&mut self) -> Result<()> {
        self.say("the namespace ends");
        self.model.terminate_namespace(&self.namespace);
        match self.server.terminate_namespace(&self.namespace).await {
            Ok(()) => Ok(()),
            // It ends already.
            Err(_) if self.trace.matches("the namespace ends").count() > 1 => Ok(()),
            Err(problem) => Err(problem),
        }
    }

    /// A UID, a version and what is to be handed back, on either side; mostly the right ones.
    pub fn precondition(
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
    pub async fn write(&mut self, make: impl FnOnce(&Self, Side) -> Write + Clone) -> Result<()> {
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

    pub async fn patch(&mut self, kind: Kind, name: &str, body: &Value) -> Result<String> {
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

    /// Somebody puts a finalizer on an object, or takes it off.
    pub async fn hold(&mut self, kind: Kind, name: &'static str) -> Result<()> {
        let finalizers: Vec<Name> = if self.dice.percent(50) { vec![HELD.into()] } else { Vec::new() };
        let names: Vec<&str> = finalizers.iter().map(|name| &**name).collect();
        let body = json!({"metadata": {"finalizers": names}});
        let found = self.patch(kind, name, &body).await?;
        let object = ObjectName::new(self.namespace.clone(), name);
        let part = Part::Finalizers(finalizers);
        let judged = self.model.replace_part(&Replacement { kind, object, uid: None, version: None, part });
        self.heard(&said(&judged), &found)
    }

    /// Somebody deletes an object.
    pub async fn delete(
        &mut self,
        kind: Kind,
        name: &'static str,
        propagation: Option<Propagation>,
    ) -> Result<()> {
        let of = self.precondition(kind, name);
        let object = ObjectName::new(self.namespace.clone(), name);
        let [model, server] = SIDES.map(|side| {
            let (uid, version, _) = of(side);
            let (uid, version) = (Some(uid), Some(version));
            Deletion { uid, version, propagation, ..Deletion::of(kind, &object) }
        });
        let body = bodies::delete_options(&server);
        self.say(&format!("delete {kind} {name} {body}"));
        let path = format!("{}/{name}", collection(kind, &self.namespace));
        let found = self.server.json("DELETE", &path, Some(&body)).await?;
        let judged = self.model.delete(&model, NOW);
        self.heard(&said(&judged), &answered(&found))
    }

    pub fn say(&mut self, words: &str) {
        let _ = writeln!(self.trace, "  {}", words.chars().take(2000).collect::<String>());
    }

    pub fn heard(&mut self, model: &str, server: &str) -> Result<()> {
        self.tally.answer(server);
        ensure!(model == server, "the model says:  {model}\nthe server says: {server}");
        self.say(&format!("  both: {server}"));
        Ok(())
    }

    /// Both sides have the same objects.
    async fn look(&mut self) -> Result<()> {
        for &kind in self.subject.kinds {
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
        let Some(&name) = self.subject.names.iter().find(|name| ***name == *meta.0.name.name) else {
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
        for &kind in self.subject.kinds {
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

/// Where objects of a kind are made.
pub fn collection(kind: Kind, namespace: &str) -> String {
    let group = match kind {
        Kind::EndpointSlice => "/apis/discovery.k8s.io/v1",
        Kind::ControllerRevision => "/apis/apps/v1",
        Kind::SidecarWorkload => "/apis/mainstay.dev/v1alpha1",
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
