//! Where the brain's effects go.

use mainstay_engine::{Effect, Notice, Source};
use tokio::sync::mpsc;

use crate::brain_loop::Perform;
use crate::executor::Executor;

/// The executor, the sources and the log.
pub(super) struct Hands {
    pub(super) executor: Executor,
    /// Where each source hears that it is to list again.
    pub(super) relists: Vec<(Source, mpsc::Sender<()>)>,
}

impl Perform for Hands {
    fn perform(&mut self, effect: Effect) {
        match self.executor.perform(effect) {
            Some(Effect::Relist(source)) => {
                for (_, relist) in self.relists.iter().filter(|(candidate, _)| *candidate == source) {
                    // Full means that it has been asked already and has not yet heard.
                    let _ = relist.try_send(());
                }
            }
            Some(Effect::Notice(notice)) => log(&notice),
            Some(other) => tracing::error!(effect = ?other, "nobody performs this"),
            None => {}
        }
    }
}

fn log(notice: &Notice) {
    match notice {
        Notice::PlanPanicked { .. } | Notice::EventsLost { .. } | Notice::VersionWentBack { .. } => {
            tracing::error!("{notice}");
        }
        Notice::Standing { .. } => tracing::info!("{notice}"),
        Notice::Fault { .. } | Notice::WriteFailed { .. } => tracing::warn!("{notice}"),
    }
}
