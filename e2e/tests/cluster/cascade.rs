//! What becomes of the pods when their ReplicationController is deleted.

use std::collections::BTreeSet;

use anyhow::Result;
use mainstay_e2e::testbed::{Crowd, Namespace, SOON, World, controller_of, templates, uid_of};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

const REPLICAS: usize = 5;

pub fn foreground_takes_the_pods_first(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    deleted_with_its_pods(namespace, "foreground")
}

pub fn background_takes_the_pods_after(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    deleted_with_its_pods(namespace, "background")
}

/// The in-tree garbage collector deletes the pods; the controller must not make up for them.
fn deleted_with_its_pods(namespace: &Namespace<'_>, cascade: &str) -> Result<()> {
    let crowd = Crowd::watch(namespace, "app=doomed")?;
    namespace.apply(&templates::on_fake_nodes("doomed", REPLICAS))?;
    namespace.wait_until_ready("doomed", REPLICAS, SOON)?;
    let option = format!("--cascade={cascade}");
    namespace.kubectl(&["delete", "replicationcontroller", "doomed", &option, "--wait=false"])?;
    namespace.wait_until_gone("replicationcontroller", "doomed")?;
    let seen = crowd.wait_until("all pods to be gone", SOON, |seen| seen.active.is_empty())?;
    assert_eq!(seen.ever.len(), REPLICAS, "no pod was made for one that the deletion took");
    Ok(())
}

pub fn orphans_survive_and_are_adopted(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let crowd = Crowd::watch(namespace, "app=heir")?;
    namespace.apply(&templates::on_fake_nodes("heir", REPLICAS))?;
    namespace.wait_until_ready("heir", REPLICAS, SOON)?;
    let before = namespace.pods("app=heir")?;
    namespace.kubectl(&["delete", "replicationcontroller", "heir", "--cascade=orphan"])?;
    namespace.wait_until_gone("replicationcontroller", "heir")?;
    let orphans = namespace.pods("app=heir")?;
    assert_eq!(uids(&orphans), uids(&before), "orphans survive");
    assert!(orphans.iter().all(|pod| controller_of(pod).is_none()), "{orphans:?}");

    namespace.apply(&templates::on_fake_nodes("heir", REPLICAS))?;
    let controller = uid_of(&namespace.wait_until_ready("heir", REPLICAS, SOON)?);
    wait_for("all pods to be adopted", SOON, || {
        let pods = namespace.pods("app=heir")?;
        Ok(pods.iter().all(|pod| controller_of(pod) == Some(controller.as_str())).then_some(()))
    })?;
    let adopted = namespace.pods("app=heir")?;
    assert_eq!(uids(&adopted), uids(&before), "the new one takes the same pods");
    let owner = &adopted[0]["metadata"]["ownerReferences"][0];
    assert_eq!(owner["blockOwnerDeletion"], true, "{owner}");
    assert_eq!(crowd.seen().ever.len(), REPLICAS, "no other pod was ever made");
    Ok(())
}

fn uids(pods: &[Value]) -> BTreeSet<String> {
    pods.iter().map(uid_of).collect()
}
