//! The commands that write.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::cluster::Cluster;
use super::{now, output};
use crate::change::image::{self, Assignment};
use crate::change::{Change, Outcome, rollout, undo};
use crate::command_line::{DryRun, Write};
use crate::exit::Exit;
use crate::objects::Workload;
use crate::problem::Problem;

/// How often a write is decided anew when somebody else was faster.
const TRIES: u32 = 6;

/// How long to wait before the second try; twice as long before each next one.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// What is to be changed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doing<'a> {
    /// Pin to a revision.
    Pin(Option<&'a str>),
    /// End the pin.
    Unpin,
    /// Pause, or go on.
    Pause(bool),
    /// Replace all pods.
    Restart,
    /// Try a failed revision again.
    Retry,
    /// Set images.
    SetImages(&'a [Assignment]),
}

/// Reads, decides, writes and tells. When the object has changed in between, all of it is done again.
pub(super) async fn perform(
    cluster: &Cluster,
    name: &str,
    doing: Doing<'_>,
    write: Write,
) -> Result<Exit, Problem> {
    let dry_run = write.dry_run == DryRun::Server;
    for attempt in 0..TRIES {
        let workload = cluster.workload(name).await?;
        let Change { patch, mut outcome } = decide(cluster, &workload, doing).await?;
        if let Some(patch) = patch {
            match cluster.patch(name, &patch, dry_run).await {
                Ok(written) => outcome.generation = written.metadata.generation,
                Err(Problem::Conflict(_)) => {
                    sleep(FIRST_WAIT.saturating_mul(1 << attempt)).await;
                    continue;
                }
                Err(problem) => return Err(problem),
            }
        }
        outcome.dry_run = dry_run;
        output::show(&outcome, write.told.output, Outcome::text)?;
        return Ok(Exit::Done);
    }
    Err(Problem::Conflict(name.to_owned()))
}

async fn decide(cluster: &Cluster, workload: &Workload, doing: Doing<'_>) -> Result<Change, Problem> {
    // The API's times have whole seconds.
    let now = Timestamp::from_second(now().as_second()).unwrap_or_default().to_string();
    Ok(match doing {
        Doing::Pin(to) => undo::pin(workload, &cluster.revisions(workload).await?, to)?,
        Doing::Unpin => undo::unpin(workload),
        Doing::Pause(paused) => rollout::pause(workload, paused),
        Doing::Restart => rollout::restart(workload, &now)?,
        Doing::Retry => rollout::retry(workload, &now),
        Doing::SetImages(images) => image::set(workload, images)?,
    })
}
