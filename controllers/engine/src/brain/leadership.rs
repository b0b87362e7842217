//! When there may be plans and writes at all.
//!
//! A standby keeps its store and its queue full and writes nothing. Once it leads, each kind must first be shown to be as
//! new as the leadership: what the former leader wrote last must be in the store before anything is decided.

use super::Brain;
use crate::clock::{Moment, Now};
use crate::effect::Effect;
use crate::source::Source;
use mainstay_model::ResourceVersion;
use std::time::Duration;

/// Whether this process leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leadership {
    /// Another one does, or nobody.
    Standby,
    /// It does.
    Leading {
        /// Since then.
        since: Moment,
        /// Until then, unless it is renewed.
        until: Moment,
    },
    /// It did, and never will again.
    Lost,
}

impl Leadership {
    /// Until when writes may be sent, if they may be sent now.
    pub fn deadline(self, now: Moment) -> Option<Moment> {
        match self {
            Leadership::Leading { until, .. } if now < until => Some(until),
            Leadership::Leading { .. } | Leadership::Standby | Leadership::Lost => None,
        }
    }
}

/// Whether a source is known to be as new as our leadership.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Freshness {
    /// Nobody has asked: this process does not lead.
    #[default]
    Unasked,
    /// The newest version was asked for.
    Asked {
        /// When.
        since: Moment,
        /// The answer.
        need: Option<ResourceVersion>,
        /// A new list is asked for then.
        patience_ends: Moment,
    },
    /// A new list was asked for.
    Relisting {
        /// When leadership began: a list that was begun later will do.
        since: Moment,
    },
    /// It is.
    Fresh,
}

/// A question that an interruption raises: has the version gone back meanwhile, as after a restore of etcd?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Doubt {
    /// When it arose.
    pub since: Moment,
    /// How far the source had come.
    pub progress: ResourceVersion,
    /// When to ask again, for as long as the source says nothing: also where the last question has no answer, which may hang.
    pub ask_again: Option<Moment>,
}

/// How long to wait before a question without an answer is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How long to wait after an answer. What is restored after it, while the source still waits to be connected again,
/// would never be noticed; and a watch that is open again may have nothing to say before its next bookmark.
pub(super) const ASK_WHILE_SILENT: Duration = Duration::from_secs(5);

impl Freshness {
    /// When patience ends.
    pub fn wake_at(&self) -> Option<Moment> {
        match self {
            Freshness::Asked { patience_ends, .. } => Some(*patience_ends),
            Freshness::Unasked | Freshness::Relisting { .. } | Freshness::Fresh => None,
        }
    }
}

impl Brain {
    pub(super) fn leading_until(&mut self, now: Now, until: Moment) {
        match &mut self.leadership {
            Leadership::Lost => {}
            Leadership::Leading { until: present, .. } => *present = until.max(*present),
            Leadership::Standby => {
                self.leadership = Leadership::Leading { since: now.moment, until };
                self.ask_freshness(now, |_| true);
            }
        }
    }

    /// Lets nothing be planned on these sources before each is known to be as new as this moment.
    pub(super) fn ask_freshness(&mut self, now: Now, concerns: impl Fn(&Source) -> bool) {
        let (asked, patience_ends) = (now.moment, now.moment.after(self.settings.freshness_patience));
        for (source, state) in self.sources.iter_mut().filter(|(source, _)| concerns(source)) {
            state.freshness = Freshness::Asked { since: asked, need: None, patience_ends };
            self.effects.push(Effect::ReadNewestVersion { source: source.clone(), asked });
        }
    }

    pub(super) fn leadership_lost(&mut self) {
        self.leadership = Leadership::Lost;
        self.drop_all_unsent();
    }

    /// An answer says how things were after it was asked for. To a question that was put later it is no answer: what it knows may be
    /// older than what the source has delivered since, and would look like a restored etcd.
    pub(super) fn newest_version(
        &mut self,
        now: Now,
        source: &Source,
        asked: Moment,
        version: Option<ResourceVersion>,
    ) {
        let Some(state) = self.sources.get_mut(source) else { return };
        if let Freshness::Asked { need, since, .. } = &mut state.freshness
            && asked >= *since
        {
            *need = version;
        }
        if let Some(doubt) = state.doubt.as_mut().filter(|doubt| asked >= doubt.since) {
            match version {
                None => doubt.ask_again = Some(now.moment.after(ASK_AGAIN)),
                Some(version) => {
                    let went_back = version < doubt.progress;
                    doubt.ask_again = Some(now.moment.after(ASK_WHILE_SILENT));
                    if went_back {
                        state.doubt = None;
                        state.went_back = Some(version);
                        self.want_list(now, source);
                    }
                }
            }
        }
    }

    /// A complete list was begun at that moment: if we led already, it is fresh.
    pub(super) fn list_is_fresh(&mut self, source: &Source, begun: Moment) {
        let Some(state) = self.sources.get_mut(source) else { return };
        if let Freshness::Asked { since, .. } | Freshness::Relisting { since } = state.freshness
            && begun > since
        {
            state.freshness = Freshness::Fresh;
        }
    }

    pub(super) fn check_freshness(&mut self, now: Now) {
        for (source, state) in &mut self.sources {
            if let Some(doubt) = &mut state.doubt
                && doubt.ask_again.is_some_and(|at| at <= now.moment)
            {
                doubt.ask_again = Some(now.moment.after(ASK_WHILE_SILENT));
                let (source, asked) = (source.clone(), now.moment);
                self.effects.push(Effect::ReadNewestVersion { source, asked });
            }
            let Freshness::Asked { since, need, patience_ends } = state.freshness else { continue };
            if state.is_synced() && need.is_some_and(|need| state.progress >= need) {
                state.freshness = Freshness::Fresh;
            } else if !state.is_synced() {
                // The first list is on its way: to begin it again would only take longer.
                let patience_ends = now.moment.after(self.settings.freshness_patience);
                state.freshness = Freshness::Asked { since, need, patience_ends };
            } else if now.moment >= patience_ends {
                state.freshness = Freshness::Relisting { since };
                state.list_wanted = Some(now.moment);
                self.effects.push(Effect::Relist(source.clone()));
            }
        }
    }

    /// Whether a controller's plans would be made on complete and fresh caches, and could be carried out.
    pub(super) fn may_plan(&self, now: Now, index: usize) -> bool {
        let Some(desk) = self.desks.get(index) else { return false };
        let complete = |source: &Source| {
            let state = self.sources.get(source);
            state.is_some_and(|state| state.is_synced() && state.freshness == Freshness::Fresh)
        };
        let kinds = desk.controller.kinds();
        !self.stopping
            && self.acts_until(now.moment, index).is_some()
            && self.sources.keys().filter(|source| kinds.contains(&source.kind)).all(complete)
    }
}
