//! Images that are no good, and what becomes of the pods that have shown it.

use anyhow::Result;
use mainstay_e2e::node::{BROKEN_SAMPLE_IMAGE, NEXT_SAMPLE_IMAGE, SAMPLE_IMAGE};
use mainstay_e2e::testbed::{Namespace, World};
use serde_json::Value;

use crate::template::Web;
use crate::trial::{Trial, expect_conditions, restarts};

/// An image that no node has and that no registry is there for.
const NO_IMAGE: &str = "localhost/not-there:1";

pub fn a_sidecar_image_that_is_not_there_reaches_one_pod(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web::of(5);
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let bad = Web { agent: NO_IMAGE, ..web.clone() };
    trial.apply(&bad)?;
    stands_still(&trial, NO_IMAGE)?;
    assert_eq!(touched(&trial)?, 1, "one pod has shown that the image is bad");
    trial.wait_for_event("InPlaceStarted", NO_IMAGE)?;
    trial.wait_for_event("InPlaceReverted", SAMPLE_IMAGE)?;
    let event = trial.wait_for_event("RolloutFailed", NO_IMAGE)?;
    assert_eq!(event["type"], "Warning", "{event}");

    // What was before is no failure, although the spec has just had one: A, bad, A.
    trial.apply(&web)?;
    trial.ends_as_wanted(&web)?;
    assert_eq!(touched(&trial)?, 1, "nobody else is touched for the way back");
    // Another image is another revision: nothing of the failure stays.
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    trial.was_within(5, 0, 1);
    Ok(())
}

pub fn a_bad_image_that_is_taken_back_at_once_leaves_nothing(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web::of(5);
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    trial.apply(&Web { agent: NO_IMAGE, ..web.clone() })?;
    trial.wait_for_event("InPlaceStarted", NO_IMAGE)?;
    trial.apply(&web)?;
    trial.ends_as_wanted(&web)?;
    assert!(touched(&trial)? <= 1, "one pod at the most has been touched");
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    trial.was_within(5, 0, 1);
    Ok(())
}

pub fn a_sidecar_that_exits_at_once_is_rolled_back_and_the_spec_stays(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web { on_failure: "Rollback", ..Web::of(5) };
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    trial.apply(&Web { agent: BROKEN_SAMPLE_IMAGE, ..web.clone() })?;
    let condition = trial.wait_for_condition("RolledBack", "True")?;
    let message = condition["message"].as_str().unwrap_or_default();
    assert!(message.contains(BROKEN_SAMPLE_IMAGE), "what has failed: {message}");
    assert!(message.contains("has been restarted"), "why it has failed: {message}");
    trial.wait_for_event("InPlaceReverted", SAMPLE_IMAGE)?;
    trial.wait_for_event("RolledBack", BROKEN_SAMPLE_IMAGE)?;
    let found = trial.found()?;
    let status = &found["status"];
    assert_eq!(status["failedRevision"], status["updateRevision"], "{status}");
    assert_ne!(status["currentRevision"], status["updateRevision"], "{status}");
    assert_eq!(status["availableReplicas"], 5, "{status}");
    let sidecars = found["spec"]["template"]["sidecars"].as_array().cloned().unwrap_or_default();
    assert!(
        sidecars.iter().any(|sidecar| sidecar["image"] == BROKEN_SAMPLE_IMAGE),
        "the spec is the user's: {found}"
    );
    expect_conditions(&found, &[("Ready", "False"), ("Available", "True"), ("Stalled", "True")]);
    for pod in trial.pods()? {
        let label = &pod["metadata"]["labels"]["mainstay.dev/revision"];
        assert_eq!(*label, status["currentRevision"], "{pod}");
    }
    assert_eq!(touched(&trial)?, 1, "one pod has shown that the image is bad");

    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    trial.was_within(5, 0, 1);
    Ok(())
}

pub fn a_bad_image_of_main_reaches_one_pod(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let web = Web { surge: 0, ..Web::of(3) };
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    trial.apply(&Web { main: NO_IMAGE, ..web.clone() })?;
    stands_still(&trial, NO_IMAGE)?;
    let after = trial.mains()?;
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "no pod was replaced");
    let changed = before.iter().filter(|(pod, main)| after.get(*pod) != Some(*main)).count();
    assert_eq!(changed, 1, "one main container has shown that the image is bad");

    trial.apply(&web)?;
    trial.ends_as_wanted(&web)?;
    assert_eq!(trial.mains()?, after, "the way back touches nobody else");
    trial.was_within(3, 0, 1);
    Ok(())
}

pub fn on_delete_leaves_each_pod_until_somebody_deletes_it(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web { kind: "OnDelete", ..Web::of(3) };
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    trial.wait_for_words("Progressing", "until they are deleted")?;
    for (count, pod) in before.keys().enumerate() {
        assert_eq!(trial.updated()?, count as u64, "only what was deleted has come anew");
        namespace.kubectl(&["delete", "pod", pod])?;
        trial.wait_until("a new pod", |status| {
            status["updatedReplicas"] == count + 1 && status["availableReplicas"] == 3
        })?;
        let left = trial.mains()?;
        assert_eq!(before.iter().filter(|(pod, main)| left.get(*pod) == Some(*main)).count(), 2 - count);
    }
    trial.ends_as_wanted(&next)?;
    trial.no_main_was_restarted()?;
    assert_eq!(trial.ever(), 6);
    trial.was_within(3, 0, 1);
    Ok(())
}

/// Waits until the revision has failed and all pods are available again, and looks at what is said of it.
fn stands_still(trial: &Trial<'_>, why: &str) -> Result<()> {
    let condition = trial.wait_for_condition("Stalled", "True")?;
    assert_eq!(condition["reason"], "ProgressDeadlineExceeded", "{condition}");
    let message = condition["message"].as_str().unwrap_or_default();
    assert!(message.contains(why), "what has failed: {message}");
    let replicas = trial.found()?["spec"]["replicas"].clone();
    let status = trial
        .wait_until("all pods to be available again", |status| status["availableReplicas"] == replicas)?;
    assert_eq!(status["failedRevision"], status["updateRevision"], "{status}");
    assert_eq!(status["updatedReplicas"], 0, "{status}");
    let message = status["failedMessage"].as_str().unwrap_or_default();
    assert!(message.contains(why), "what has failed: {message}");
    expect_conditions(
        &trial.found()?,
        &[("Ready", "False"), ("Available", "True"), ("Progressing", "False")],
    );
    Ok(())
}

/// How many pods have had their first sidecar replaced.
fn touched(trial: &Trial<'_>) -> Result<usize> {
    Ok(trial.pods()?.iter().filter(|pod: &&Value| restarts(pod, "agent") > 0).count())
}
