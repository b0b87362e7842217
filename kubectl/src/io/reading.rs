//! The commands that read.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::cluster::Cluster;
use super::{now, output};
use crate::command_line::Format;
use crate::exit::Exit;
use crate::history::{History, find};
use crate::list::Listing;
use crate::objects::Workload;
use crate::problem::Problem;
use crate::progress::{Progress, State};
use crate::tree::Tree;

/// How long nothing is looked at after a look: a rollout of many pods changes its status many times a second.
const REST: Duration = Duration::from_millis(500);

/// After so long pods are looked at again although the SidecarWorkload has not changed: what is wrong with them is not in its status.
const ANOTHER_LOOK: Duration = Duration::from_secs(5);

/// Shows one with all that belongs to it.
pub(super) async fn tree(cluster: &Cluster, name: &str, format: Format) -> Result<Exit, Problem> {
    let workload = cluster.workload(name).await?;
    let (revisions, pods) = futures::try_join!(cluster.revisions(&workload), cluster.pods(&workload))?;
    let tree = Tree::of(&workload, &revisions, &pods);
    output::show(&tree, format, |tree| tree.text(now()))?;
    Ok(Exit::Done)
}

/// Lists all.
pub(super) async fn list(cluster: &Cluster, everywhere: bool, format: Format) -> Result<Exit, Problem> {
    let listing = Listing::of(&cluster.workloads(everywhere).await?);
    let namespace = (!everywhere).then(|| cluster.namespace());
    output::show(&listing, format, |listing| listing.text(namespace, now()))?;
    Ok(Exit::Done)
}

/// Lists revisions, or shows one.
pub(super) async fn history(
    cluster: &Cluster,
    name: &str,
    revision: Option<&str>,
    format: Format,
) -> Result<Exit, Problem> {
    let workload = cluster.workload(name).await?;
    let revisions = cluster.revisions(&workload).await?;
    match revision {
        None => {
            let history = History::of(&workload, &revisions);
            output::show(&history, format, |history| history.text(now()))?;
        }
        Some(wanted) => {
            let found = find(&revisions, wanted).ok_or_else(|| Problem::UnknownRevision {
                name: name.to_owned(),
                wanted: wanted.to_owned(),
            })?;
            let template = Value::Object(found.data.template.clone());
            // A template is for people what it was in their file.
            let format = if format == Format::Text { Format::Yaml } else { format };
            output::show(&template, format, Value::to_string)?;
        }
    }
    Ok(Exit::Done)
}

/// Says how far a rollout is, once or until it is over.
pub(super) async fn status(
    cluster: &Cluster,
    name: &str,
    watch: bool,
    timeout: Option<Duration>,
    format: Format,
) -> Result<Exit, Problem> {
    if !watch {
        let (_, progress) = look(cluster, name).await?;
        output::show(&progress, format, Progress::text)?;
        return Ok(progress.state.exit());
    }
    let following = follow(cluster, name, format);
    match timeout {
        None => following.await,
        Some(timeout) => {
            timeout_at(Instant::now() + timeout, following).await.unwrap_or(Err(Problem::NotInTime(timeout)))
        }
    }
}

async fn look(cluster: &Cluster, name: &str) -> Result<(Workload, Progress), Problem> {
    let workload = cluster.workload(name).await?;
    let pods = cluster.pods(&workload).await?;
    let progress = Progress::of(&workload, &pods);
    Ok((workload, progress))
}

/// Tells each change until it is over.
async fn follow(cluster: &Cluster, name: &str, format: Format) -> Result<Exit, Problem> {
    let mut told = None;
    loop {
        let (workload, progress) = look(cluster, name).await?;
        if told.as_ref() != Some(&progress) {
            output::show_next(&progress, format, Progress::text)?;
        }
        if progress.state != State::Underway {
            return Ok(progress.state.exit());
        }
        told = Some(progress);
        wait(cluster, &workload).await;
    }
}

/// Waits for a change, or for a while. Where the server lets nobody watch, or ends it, only for the while.
async fn wait(cluster: &Cluster, workload: &Workload) {
    let again = sleep_until(Instant::now() + ANOTHER_LOOK);
    let change = async {
        sleep(REST).await;
        match cluster.watch(workload).await {
            Ok(mut changes) => match changes.next().await {
                Some(Ok(())) => {}
                Some(Err(_)) | None => sleep(ANOTHER_LOOK).await,
            },
            Err(_) => sleep(ANOTHER_LOOK).await,
        }
    };
    let (mut again, mut change) = (pin!(again), pin!(change));
    tokio::select! {
        () = &mut again => {}
        () = &mut change => {}
    }
}
