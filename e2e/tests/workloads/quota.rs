//! A namespace that allows fewer pods than are wanted.

use std::time::Duration;

use anyhow::Result;
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::testbed::{Namespace, SOON, World};
use mainstay_e2e::wait::wait_for;

use crate::template::Web;
use crate::trial::Trial;

/// By then creates have failed so often that they are tried once in more than half a minute.
const BACK_OFF_IS_LONG: Duration = Duration::from_secs(45);
/// Far less than what is left of that wait, and enough for a machine that has much else to do.
const AT_ONCE: Duration = Duration::from_secs(20);
/// What the server says.
const EXCEEDED: &str = "exceeded quota: few";

pub fn a_surge_that_is_refused_gives_way_to_what_may_be_missing(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web { in_place: "Never", ..Web::of(4) };
    limit(namespace, 4)?;
    let trial = Trial::begin(namespace, &web)?;
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    let event = trial.wait_for_event("QuotaExceeded", EXCEEDED)?;
    assert_eq!(event["type"], "Warning", "{event}");
    trial.ends_as_wanted(&next)?;
    trial.no_main_was_restarted()?;
    assert_eq!(trial.ever(), 8, "each pod was replaced once");
    trial.was_within(4, 0, 1);
    Ok(())
}

pub fn what_a_full_quota_holds_up_goes_on_as_soon_as_there_is_room(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web::of(2);
    limit(namespace, 3)?;
    let trial = Trial::begin(namespace, &web)?;
    let more = Web { replicas: Some(5), ..web };
    trial.apply(&more)?;
    for kind in ["Progressing", "Ready"] {
        trial.wait_for_words(kind, EXCEEDED)?;
    }
    let status = trial.wait_until("three pods", |status| status["availableReplicas"] == 3)?;
    assert_eq!(status["replicas"], 3, "{status}");
    assert!(status["failedRevision"].is_null(), "{status}");
    trial.wait_for_event("QuotaExceeded", EXCEEDED)?;

    std::thread::sleep(BACK_OFF_IS_LONG);
    assert_eq!(trial.pods()?.len(), 3);
    namespace.kubectl(&[
        "patch",
        "resourcequota",
        "few",
        "--patch",
        r#"{"spec": {"hard": {"pods": "9"}}}"#,
    ])?;
    wait_for("the missing pods to be made as soon as there is room", AT_ONCE, || {
        Ok((trial.pods()?.len() == 5).then_some(()))
    })?;
    trial.ends_as_wanted(&more)?;
    trial.no_main_was_restarted()?;
    trial.was_within(2, 3, 0);
    Ok(())
}

/// Allows so many pods in the namespace, and waits until they are counted.
fn limit(namespace: &Namespace<'_>, pods: usize) -> Result<()> {
    namespace.kubectl(&["create", "quota", "few", &format!("--hard=pods={pods}")])?;
    wait_for("the quota to count", SOON, || {
        let quota = namespace.json(&["get", "resourcequota", "few"])?;
        Ok((quota["status"]["used"]["pods"] == "0").then_some(()))
    })
}
