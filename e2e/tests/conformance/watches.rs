//! What watches and complete lists tell of a sequence, from both sides.

use std::collections::BTreeMap;
use std::fmt::Debug;

use anyhow::{Result, bail};
use mainstay_engine::SourceEvent;
use mainstay_model::{Kind, Object, ResourceVersion};
use mainstay_sim::api::selection::Selection;
use mainstay_wire::{Frame, list, request};

use crate::operation::Choice;
use crate::pair::{Both, KINDS, Pair, plain};
use crate::server::{Watch, with_query};
use crate::words::{said, status_words};

/// For how long the server keeps a watch open.
const OPEN_SECONDS: u32 = 120;

/// What is watched, and from when.
#[derive(Clone, PartialEq, Debug)]
pub struct Watched {
    pub kind: Kind,
    /// `None` for everything.
    pub choice: Option<Choice>,
    /// From one of the versions that there were; `None` for a watch that begins before the first request.
    pub from: Option<usize>,
}

/// A watch that has begun.
pub struct Begun {
    watched: Watched,
    selection: Selection,
    from: Both<ResourceVersion>,
    watch: Watch,
}

impl Pair<'_> {
    /// Begins a watch.
    pub async fn begin(&self, watched: &Watched) -> Result<Begun> {
        let Watched { kind, choice, from } = watched.clone();
        let from = self.moments[from.unwrap_or(0) % self.moments.len()];
        let everything = Selection::namespace(&self.namespace);
        let selection = choice.map_or(everything, |choice| choice.selection(kind, &self.namespace));
        let parameters =
            [("labelSelector", selection.label_selector()), ("fieldSelector", selection.field_selector())];
        let asked = request::watch(kind, Some(&self.namespace), from.server, OPEN_SECONDS);
        let watch = self.server.watch(with_query(asked, &parameters), kind).await?;
        Ok(Begun { watched: watched.clone(), selection, from, watch })
    }

    /// Compares what a watch has told in the end.
    pub async fn end(&self, Begun { watched, selection, from, watch }: Begun) -> Result<()> {
        let judged = selection.check(watched.kind);
        if judged.is_err() {
            let found = watch.events(1).await?;
            let [Frame::Error(status)] = found.as_slice() else {
                bail!("{watched:?}: not refused, but {found:?}")
            };
            self.tally.answer(&status_words(status));
            if status_words(status) != said(&judged) {
                bail!("{watched:?}: the model says {}, the server {}", said(&judged), status_words(status));
            }
            return Ok(());
        }
        let history = self.model.history();
        let model = match watched.choice {
            Some(_) => history.selected(watched.kind, &selection, from.model.0),
            None => {
                let first = history.next(watched.kind, from.model.0);
                let all = std::iter::successors(first, |(last, _)| history.next(watched.kind, last.0));
                all.map(|(_, event)| event.clone()).collect()
            }
        };
        let server = watch.events(model.len()).await?;
        let same = model.len() == server.len()
            && model.iter().zip(&server).all(|(model, server)| self.is_same_event(model, server));
        if !same {
            bail!(
                "a watch of {}s, labels {:?}, fields {:?}, from {from:?} tells in the model{}\nand from the server{}",
                watched.kind,
                selection.label_selector(),
                selection.field_selector(),
                lines(&model),
                lines(&server),
            );
        }
        self.tally.events(model.len());
        Ok(())
    }

    fn is_same_event(&self, model: &SourceEvent, server: &Frame) -> bool {
        match (model, server) {
            (SourceEvent::Applied(model), Frame::Applied(server)) => {
                let (model, version) = (plain(model), model.meta().version);
                let same_version = self.is_same_version(version, server.meta().version);
                let mut server = self.in_terms_of_the_model(server);
                server.meta_mut().version = version;
                same_version && model == server
            }
            (SourceEvent::Deleted(model), Frame::Deleted(server)) => {
                model.kind == server.kind
                    && model.name == server.name
                    && model.uid == self.model_uid(server.uid)
                    && self.is_same_version(model.version, server.version)
            }
            _ => false,
        }
    }

    /// The other two forms in which production asks for everything: a list that is streamed, and one of metadata.
    pub async fn compare_whole_kinds(&self) -> Result<()> {
        for kind in KINDS {
            let asked = request::watch_list(kind, Some(&self.namespace), OPEN_SECONDS);
            let frames = self.server.watch(asked, kind).await?.initial_events().await?;
            let mut server = BTreeMap::new();
            for frame in &frames {
                let Frame::Applied(object) = frame else { bail!("a streamed list tells {frame:?}") };
                server.insert(object.meta().name.clone(), self.in_terms_of_the_model(object));
            }
            let server: Vec<Object> = server.into_values().collect();
            let model: Vec<Object> = self.model.list(kind).iter().map(plain).collect();
            if model != server || frames.len() != model.len() {
                bail!("a streamed list has in the model {model:?}\nand from the server {frames:?}");
            }
            let asked = request::metadata_list(kind, Some(&self.namespace), None, None);
            let page = list::decode_metadata(&self.server.send(asked).await?.body)?;
            let entries = page.entries.iter();
            let server: Vec<_> =
                entries.map(|(uid, version)| (self.model_uid(*uid), self.model_version(*version))).collect();
            let model = self.model.list_metadata(kind);
            let model: Vec<_> = model.iter().map(|entry| (entry.uid, Some(entry.version))).collect();
            if model != server {
                bail!("a list of metadata has in the model {model:?}\nand from the server {page:?}");
            }
        }
        Ok(())
    }
}

fn lines(events: &[impl Debug]) -> String {
    events.iter().map(|event| format!("\n  {event:?}")).collect()
}
