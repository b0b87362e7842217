//! Both sides of a sequence: the model and a namespace of the real server, and how their UIDs and versions correspond.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use mainstay_model::{Kind, Name, Object, ObjectName, ResourceVersion, Timestamp, Uid};
use mainstay_sim::api::ApiServer;
use serde_json::Value;

use crate::bodies::{self, Whole};
use crate::operation::{Target, Which};
use crate::server::Server;
use crate::tally::Tally;

/// What the model takes for the present.
pub const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

/// The kinds that are compared. A quota is there to refuse pods; who counts its usage is no part of either side.
pub const KINDS: [Kind; 2] = [Kind::Pod, Kind::ReplicationController];

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Model,
    Server,
}

/// Both, in the order in which they are asked.
pub const SIDES: [Side; 2] = [Side::Model, Side::Server];

/// The same thing on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Both<T> {
    pub model: T,
    pub server: T,
}

impl<T: Copy> Both<T> {
    pub fn same(value: T) -> Both<T> {
        Both { model: value, server: value }
    }

    pub fn on(self, side: Side) -> T {
        match side {
            Side::Model => self.model,
            Side::Server => self.server,
        }
    }
}

/// What was seen of the objects of a name.
#[derive(Debug, Default)]
pub struct Known {
    uids: Vec<Both<Uid>>,
    versions: Vec<Both<ResourceVersion>>,
    /// As the server sent it, while it is there.
    pub current: Option<Value>,
}

/// Both sides.
pub struct Pair<'a> {
    pub server: &'a Server,
    pub tally: &'a Tally,
    pub model: ApiServer,
    pub namespace: Name,
    /// Versions at which both sides were the same, the first one before anything was there.
    pub moments: Vec<Both<ResourceVersion>>,
    pub leases: Vec<Both<ResourceVersion>>,
    /// What was asked and said so far.
    pub trace: Vec<String>,
    known: BTreeMap<(Kind, &'static str), Known>,
    uids: BTreeMap<Uid, Uid>,
    versions: BTreeMap<ResourceVersion, ResourceVersion>,
}

impl<'a> Pair<'a> {
    /// An empty namespace.
    pub async fn new(server: &'a Server, tally: &'a Tally, namespace: &str) -> Result<Pair<'a>> {
        server.make_namespace(namespace).await?;
        let (model, namespace) = (ApiServer::default(), Name::from(namespace));
        let first = Both { model: model.revision(), server: server.newest_version(&namespace).await? };
        Ok(Pair {
            server,
            tally,
            model,
            namespace,
            moments: vec![first],
            leases: Vec::new(),
            trace: Vec::new(),
            known: BTreeMap::new(),
            uids: BTreeMap::new(),
            versions: BTreeMap::new(),
        })
    }

    pub fn name(&self, target: Target) -> ObjectName {
        ObjectName::new(self.namespace.clone(), target.name())
    }

    pub fn known(&self, target: Target) -> Option<&Known> {
        self.known.get(&(target.kind(), target.name()))
    }

    /// The UID of an object, by whether it is the right one.
    pub fn uid(&self, target: Target, which: Which) -> Both<Uid> {
        let uids = self.known(target).map_or(&[][..], |known| &known.uids);
        pick(uids, which).unwrap_or(Both::same(Uid(77)))
    }

    /// The version of an object, by whether it is the right one.
    pub fn version(&self, target: Target, which: Which) -> Both<ResourceVersion> {
        let versions = self.known(target).map_or(&[][..], |known| &known.versions);
        pick(versions, which).unwrap_or(Both::same(ResourceVersion(1)))
    }

    /// The version of the lease.
    pub fn lease_version(&self, which: Which) -> Both<ResourceVersion> {
        pick(&self.leases, which).unwrap_or(Both::same(ResourceVersion(1)))
    }

    /// Both have said something, which must be the same.
    pub fn heard(&mut self, model: &str, server: &str) -> Result<()> {
        self.tally.answer(server);
        if model == server {
            self.trace.push(format!("    both: {server}"));
            return Ok(());
        }
        bail!("the model says:  {model}\nthe server says: {server}")
    }

    /// Looks at an object after a request: both sides have it in the same state, and with a new version or without.
    pub async fn look(&mut self, target: Target) -> Result<()> {
        let name = self.name(target);
        let record = self.model.record(target.kind(), &name).cloned();
        let current = self.get(target).await?;
        let found = current.as_ref().map(|value| bodies::whole(target.kind(), value));
        if record.as_ref().is_some_and(|record| record.meta().is_deleting()) {
            self.tally.deleting();
        }
        if let (Some(record), Some(found)) = (&record, &found) {
            let (model, server) = (record.meta(), found.object.meta());
            let known = self.known.entry((target.kind(), target.name())).or_default();
            if !self.uids.contains_key(&server.uid) && known.uids.iter().all(|uid| uid.model != model.uid) {
                self.uids.insert(server.uid, model.uid);
                known.uids.push(Both { model: model.uid, server: server.uid });
            }
            let both = Both { model: model.version, server: server.version };
            let last = known.versions.last().copied();
            match last {
                Some(last) if last.model == both.model && last.server != both.server => {
                    bail!("the server made a version of {target:?} and the model none; it is now\n{found:?}")
                }
                Some(last) if last.model != both.model && last.server == both.server => {
                    bail!("the model made a version of {target:?} and the server none; it is now\n{record:?}")
                }
                Some(last) if last == both => {}
                _ => known.versions.push(both),
            }
            self.versions.insert(both.server, both.model);
        }
        self.known.entry((target.kind(), target.name())).or_default().current = current;
        let model = record.map(|record| Whole {
            object: plain(&record.object),
            finalizers: record.finalizers,
            grace_seconds: record.grace_seconds,
        });
        let server = found.map(|found| Whole { object: self.in_terms_of_the_model(&found.object), ..found });
        if model != server {
            bail!("{target:?} is in the model\n{model:?}\nand in the server\n{server:?}");
        }
        self.remember_the_moment(model.is_some().then(|| self.version(target, Which::Right).server)).await
    }

    async fn remember_the_moment(&mut self, server: Option<ResourceVersion>) -> Result<()> {
        let model = self.model.revision();
        if self.moments.last().is_none_or(|last| last.model < model) {
            let last = self.moments.last().map_or(ResourceVersion(0), |last| last.server);
            let server = match server.filter(|server| *server > last) {
                Some(server) => server,
                None => self.server.newest_version(&self.namespace).await?,
            };
            self.moments.push(Both { model, server });
        }
        Ok(())
    }

    async fn get(&self, target: Target) -> Result<Option<Value>> {
        let answer = self.server.json("GET", &self.path(target), None).await?;
        match answer.code {
            200 => Ok(Some(serde_json::from_slice(&answer.body)?)),
            404 => Ok(None),
            code => bail!("GET {}: {code}", self.path(target)),
        }
    }

    /// The path of an object.
    pub fn path(&self, target: Target) -> String {
        format!("{}/{}", self.collection(target.kind()), target.name())
    }

    /// The path of a kind's objects.
    pub fn collection(&self, kind: Kind) -> String {
        format!("/api/v1/namespaces/{}/{}", self.namespace, kind.plural())
    }

    /// The UID that the model has for one of the server.
    pub fn model_uid(&self, server: Uid) -> Uid {
        self.uids.get(&server).copied().unwrap_or(server)
    }

    /// The version that the model has for one of the server, if that was seen.
    pub fn model_version(&self, server: ResourceVersion) -> Option<ResourceVersion> {
        self.versions.get(&server).copied()
    }

    /// Whether two versions correspond. What happens between two looks at an object has a version that neither side's map has.
    pub fn is_same_version(&self, model: ResourceVersion, server: ResourceVersion) -> bool {
        match self.model_version(server) {
            Some(known) => known == model,
            None => self.versions.values().all(|known| *known != model),
        }
    }

    /// An object of the server with the UIDs and the version of the model. A version between two looks was not seen.
    pub fn in_terms_of_the_model(&self, object: &Object) -> Object {
        let mut object = plain(object);
        let meta = object.meta_mut();
        meta.uid = self.model_uid(meta.uid);
        meta.version = self.model_version(meta.version).unwrap_or_default();
        for owner in &mut meta.owners {
            owner.uid = owner.uid.map(|uid| self.model_uid(uid));
        }
        object
    }
}

/// Of what was known in turn.
fn pick<T: Copy>(known: &[Both<T>], which: Which) -> Option<Both<T>> {
    match which {
        Which::Right => known.last().copied(),
        Which::Old => known.len().checked_sub(2).and_then(|place| known.get(place)).copied(),
        Which::Wrong => None,
    }
}

/// An object without what the sides need not agree in: times, and the template, of which the model keeps no bytes.
pub fn plain(object: &Object) -> Object {
    let mut object = object.clone();
    let meta = object.meta_mut();
    meta.created = None;
    meta.deleting = meta.deleting.map(|_| Timestamp::default());
    if let Object::ReplicationController(controller) = &mut object {
        std::sync::Arc::make_mut(controller).template = None;
    }
    object
}
