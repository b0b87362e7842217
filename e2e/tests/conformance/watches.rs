//! What watches tell of a sequence, from both sides.

use anyhow::{Result, bail};
use mainstay_engine::SourceEvent;
use mainstay_model::{Kind, ResourceVersion};
use mainstay_wire::{Frame, request};

use crate::operation::Choice;
use crate::pair::{Both, Pair, change_meta, plain, said, status_words};
use crate::server::with_query;

/// For how long the server keeps a watch open.
const OPEN_SECONDS: u32 = 60;

impl Pair<'_> {
    /// A watch of everything of a kind in the namespace, from before the sequence.
    pub async fn watch_all(&self, kind: Kind) -> Result<()> {
        let Some(from) = self.moments.first().copied() else { return Ok(()) };
        let mut expected = Vec::new();
        let mut after = from.model.0;
        while let Some((version, event)) = self.model.history().next(kind, after) {
            expected.push(event.clone());
            after = version.0;
        }
        let asked = request::watch(kind, Some(&self.namespace), from.server, OPEN_SECONDS);
        let found = self.server.events(asked, kind, expected.len()).await?;
        self.compare_events(&format!("a watch of all of kind {kind}"), &expected, &found)
    }

    /// A watch of a selection, from one of the versions that there were.
    pub async fn watch_selected(&self, kind: Kind, choice: &Choice, from: usize) -> Result<()> {
        let from: Both<ResourceVersion> = self.moments[from % self.moments.len()];
        let selection = choice.selection(kind, &self.namespace);
        let parameters =
            [("labelSelector", selection.label_selector()), ("fieldSelector", selection.field_selector())];
        let asked = request::watch(kind, Some(&self.namespace), from.server, OPEN_SECONDS);
        let asked = with_query(asked, &parameters);
        let what = format!("a watch of kind {kind} from {from:?}, {parameters:?}");
        let judged = selection.check(kind);
        if judged.is_err() {
            let found = self.server.events(asked, kind, 1).await?;
            let [Frame::Error(status)] = found.as_slice() else {
                bail!("{what}: not refused, but {found:?}")
            };
            self.tally.answer(&status_words(status));
            if status_words(status) != said(&judged) {
                bail!("{what}: the model says {}, the server {}", said(&judged), status_words(status));
            }
            return Ok(());
        }
        let expected = self.model.history().selected(kind, &selection, from.model.0);
        let found = self.server.events(asked, kind, expected.len()).await?;
        self.compare_events(&what, &expected, &found)
    }

    fn compare_events(&self, what: &str, model: &[SourceEvent], server: &[Frame]) -> Result<()> {
        let same = model.len() == server.len()
            && model.iter().zip(server).all(|(model, server)| self.is_same_event(model, server));
        if !same {
            bail!("{what}\ntells in the model\n{model:?}\nand from the server\n{server:?}");
        }
        self.tally.events(model.len());
        Ok(())
    }

    /// What happened between two looks at an object has a version that nobody has seen; any other one must be the same.
    fn is_same_event(&self, model: &SourceEvent, server: &Frame) -> bool {
        match (model, server) {
            (SourceEvent::Applied(model), Frame::Applied(server)) => {
                let model = plain(model);
                let version = self.model_version(server.meta().version);
                let mut server = self.in_terms_of_the_model(server);
                change_meta(&mut server, |meta| meta.version = version.unwrap_or(model.meta().version));
                model == server
            }
            (SourceEvent::Deleted(model), Frame::Deleted(server)) => {
                model.kind == server.kind
                    && model.name == server.name
                    && model.uid == self.model_uid(server.uid)
            }
            _ => false,
        }
    }
}
