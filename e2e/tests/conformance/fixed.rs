//! What takes more than a sequence: a quota, versions that are forgotten or not yet there, and a namespace that ends.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Result, bail, ensure};
use mainstay_e2e::cluster::Cluster;
use mainstay_model::{Kind, ResourceVersion};
use mainstay_sim::api::deletion::Propagation;
use mainstay_sim::api::refused::Refused;
use mainstay_wire::{Frame, request};
use serde_json::json;

use crate::operation::{At, Choice, Finalizers, Labels, Operation, Target};
use crate::pair::{KINDS, Pair};
use crate::server::{Server, with_query};
use crate::tally::Tally;
use crate::watches::Watched;
use crate::words::{answered, said, status_words};

const EVERYTHING: Choice = Choice { labels: Vec::new(), fields: Vec::new() };

fn create_pod(pod: usize) -> Operation {
    Operation::CreatePod { pod, owner: 2, labels: Labels(1), finalizers: Finalizers(0) }
}

fn create(target: Target) -> Operation {
    let (labels, owners, finalizers) = (Labels(1), Vec::new(), Finalizers(0));
    Operation::Create { target, labels, owners, finalizers, replicas: 1 }
}

/// Random sequences know a quota without any room only, since nobody is there who would count pods out of it again.
pub async fn a_full_quota_is_told_before_a_name_in_use(
    server: &Server,
    tally: &Tally,
    _cluster: &Cluster,
) -> Result<()> {
    let mut pair = Pair::new(server, tally, "quota").await?;
    pair.perform(&create_pod(0)).await?;
    pair.perform(&create_pod(0)).await?;
    server.limit_pods("quota", 1, 1).await?;
    pair.model.set_quota(&"quota".into(), Some(1));
    for operation in [create_pod(0), create_pod(1), create(Target::Pod(1)), create(Target::Controller(0))] {
        pair.perform(&operation).await?;
    }
    Ok(())
}

pub async fn nothing_is_created_in_a_namespace_that_ends_and_all_else_goes_on(
    server: &Server,
    tally: &Tally,
    _cluster: &Cluster,
) -> Result<()> {
    let mut pair = Pair::new(server, tally, "end").await?;
    for operation in [
        create_pod(0),
        create(Target::Controller(0)),
        Operation::TerminateNamespace,
        create_pod(0),
        create_pod(1),
        create(Target::Controller(1)),
        Operation::Bind { pod: 0, node: 0 },
        Operation::DeletePod { pod: 0, uid: crate::operation::Which::Right },
        Operation::Read(Target::Pod(0)),
    ] {
        pair.perform(&operation).await?;
    }
    let watched = Watched { kind: Kind::Pod, choice: None, from: Some(0) };
    pair.end(pair.begin(&watched).await?).await
}

/// The answer to a watch that is refused, in the words of [`said`].
async fn refused(server: &Server, from: ResourceVersion, kind: Kind) -> Result<String> {
    let watch = server.watch(request::watch(kind, Some("versions"), from, 20), kind).await?;
    let found = watch.events(1).await?;
    match found.as_slice() {
        [Frame::Error(status)] => Ok(status_words(status)),
        other => bail!("a watch from version {from} is not refused: {other:?}"),
    }
}

pub async fn a_version_that_is_forgotten_is_expired_and_one_that_is_not_there_yet_too_large(
    server: &Server,
    tally: &Tally,
    cluster: &Cluster,
) -> Result<()> {
    let restarted;
    let mut pair = Pair::new(server, tally, "versions").await?;
    pair.perform(&create_pod(0)).await?;
    pair.perform(&create(Target::Controller(0))).await?;

    // What is not there yet: exactly that version, and at least that version.
    pair.list(Kind::Pod, &EVERYTHING, At::Future).await?;
    let newest = server.newest_version(&pair.namespace).await?;
    let future = ResourceVersion(newest.0 + 1_000_000);
    for matching in ["Exact", "NotOlderThan"] {
        let parameters =
            [("resourceVersion", future.to_string()), ("resourceVersionMatch", matching.to_owned())];
        let asked = with_query(request::list(Kind::Pod, Some("versions"), None, None), &parameters);
        let found = server.send(asked).await?;
        pair.heard(&said::<()>(&Err(Refused::TOO_LARGE)), &answered(&found))?;
    }

    // What is forgotten: by etcd, and by the apiserver's cache, which begins when the apiserver starts.
    let last = pair.moments.len() - 1;
    compact(cluster, pair.moments[last].server)?;
    cluster.stop_apiserver()?;
    cluster.start_apiserver()?;
    // The connections of before have come to their end.
    restarted = Server::open(cluster.kubeconfig_path()).await?;
    pair.server = &restarted;
    pair.model.compact(0);
    for place in 0..=last {
        pair.list(Kind::Pod, &EVERYTHING, At::Past(place)).await?;
    }
    let expired = said::<()>(&Err(Refused::EXPIRED));
    for kind in KINDS {
        let from = pair.moments[0];
        ensure!(from.model.0 < pair.model.history().compacted(), "the model has forgotten it");
        let found = refused(&restarted, from.server, kind).await?;
        pair.heard(&expired, &found)?;
    }
    Ok(())
}

/// Such a watch is not refused: what happens up to its version is passed over, and until then it has no bookmarks either.
pub async fn a_watch_from_a_version_that_is_not_there_yet_begins_after_it(
    server: &Server,
    tally: &Tally,
    _cluster: &Cluster,
) -> Result<()> {
    let mut pair = Pair::new(server, tally, "future").await?;
    let newest = server.newest_version(&pair.namespace).await?;
    // Nobody else writes but the apiserver itself, now and then.
    let from = ResourceVersion(newest.0 + 40);
    let watch = server.watch(request::watch(Kind::Pod, Some("future"), from, 60), Kind::Pod).await?;
    let work = async {
        while server.newest_version(&"future".into()).await? <= from {
            pair.perform(&create_pod(0)).await?;
            let uid = crate::operation::Which::Right;
            pair.perform(&Operation::DeletePod { pod: 0, uid }).await?;
        }
        pair.perform(&create_pod(1)).await
    };
    let (found, worked) = futures::future::join(watch.events(1), work).await;
    worked?;
    let found = found?;
    let is_later = |frame: &Frame| match frame {
        Frame::Applied(object) => object.meta().version > from,
        Frame::Deleted(tombstone) => tombstone.version > from,
        _ => false,
    };
    ensure!(!found.is_empty() && found.iter().all(is_later), "from {from}: {found:?}");

    // The server sends a bookmark two seconds before it ends a watch, if it has heard of a newer version by then: on a busy machine
    // not within the shortest watch.
    let mut bookmarked = false;
    for seconds in [5, 10, 20, 40] {
        let (from_now, from_later) = watch_for(&mut pair, server, seconds).await?;
        ensure!(from_later.is_empty(), "from later: {from_later:?}");
        bookmarked = matches!(from_now.as_slice(), [Frame::Bookmark { .. }, ..]);
        if bookmarked {
            break;
        }
    }
    ensure!(bookmarked, "a watch from now has no bookmark");
    Ok(())
}

/// What watches from now and from much later tell until their end, while versions grow by what they do not watch.
async fn watch_for(pair: &mut Pair<'_>, server: &Server, seconds: u32) -> Result<(Vec<Frame>, Vec<Frame>)> {
    let newest = server.newest_version(&pair.namespace).await?;
    let [from_now, from_later] = [newest.0, newest.0 + 1_000_000]
        .map(|from| request::watch(Kind::Pod, Some("future"), ResourceVersion(from), seconds));
    let from_now = server.watch(from_now, Kind::Pod).await?.until_the_end();
    let from_later = server.watch(from_later, Kind::Pod).await?.until_the_end();
    let work = async {
        let controller = Target::Controller(0);
        loop {
            pair.perform(&create(controller)).await?;
            let (uid, version, grace) = (None, None, None);
            let propagation = Some(Propagation::Background);
            pair.perform(&Operation::Delete { target: controller, uid, version, grace, propagation }).await?;
            // A consistent read makes the server's cache ask etcd how far it is.
            server.newest_version(&"future".into()).await?;
        }
    };
    tokio::select! {
        ended = futures::future::join(from_now, from_later) => Ok(ended),
        broken = work => broken,
    }
}

/// etcd forgets what was before that version; over the gateway that it has beside gRPC.
fn compact(cluster: &Cluster, revision: ResourceVersion) -> Result<()> {
    let body = json!({"revision": revision.to_string(), "physical": true}).to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", cluster.addresses().etcd_port()))?;
    write!(
        stream,
        "POST /v3/kv/compaction HTTP/1.1\r\nHost: etcd\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    ensure!(answer.starts_with("HTTP/1.1 200"), "etcd does not compact: {answer}");
    Ok(())
}
