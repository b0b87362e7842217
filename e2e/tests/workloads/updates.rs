//! Nothing breaks: pods are made, scaled and collected, and a sidecar gets another image.

use anyhow::Result;
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::testbed::{LATER, Namespace, World};
use mainstay_e2e::wait::wait_for;

use crate::template::{NAME, Web};
use crate::trial::{Trial, restarts};

pub fn it_scales_and_is_collected_with_all_that_is_its(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let trial = Trial::begin(namespace, &Web::of(1))?;
    namespace.kubectl(&["scale", "sidecarworkload", NAME, "--replicas=3"])?;
    trial.wait_until("three pods", |status| status["availableReplicas"] == 3)?;
    namespace.kubectl(&["scale", "scw", NAME, "--replicas=0"])?;
    trial.wait_until("no pod", |status| status["replicas"] == 0)?;
    namespace.kubectl(&["delete", "scw", NAME])?;
    wait_for("its revisions to be gone", LATER, || {
        let revisions = namespace.kubectl(&["get", "controllerrevisions", "--output", "name"])?;
        Ok(revisions.trim().is_empty().then_some(()))
    })
}

pub fn a_sidecar_is_replaced_and_main_runs_on(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let web = Web::of(4);
    let trial = Trial::begin(namespace, &web)?;
    trial.ends_as_wanted(&web)?;
    let before = trial.mains()?;
    assert_eq!(before.len(), 4);
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web };
    trial.apply(&next)?;
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    for pod in trial.pods()? {
        assert_eq!(restarts(&pod, "agent"), 1, "the kubelet has replaced it: {pod}");
        assert_eq!(restarts(&pod, "log"), 0, "{pod}");
    }
    trial.no_main_was_restarted()?;
    assert_eq!(trial.ever(), 4, "no pod was replaced");
    trial.was_within(4, 0, 1);
    Ok(())
}
