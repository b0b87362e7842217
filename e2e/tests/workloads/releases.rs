//! The chart is upgraded in the middle of a rollout, and uninstalled: whatever users have made stays.

use std::collections::BTreeSet;

use anyhow::Result;
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::testbed::{LATER, Namespace, RELEASE, SYSTEM, World, uid_of};
use mainstay_e2e::wait::wait_for;

use crate::template::Web;
use crate::trial::Trial;
use crate::values;

pub fn nothing_is_lost_by_an_upgrade_and_by_uninstalling(
    world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web::slowly(4);
    let trial = Trial::begin(namespace, &web)?;
    let before = trial.mains()?;
    let uid = uid_of(&trial.found()?);
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web.clone() };
    trial.apply(&next)?;
    let updated = trial.wait_until_updated(1)?;
    assert!(updated < 4, "this test shows nothing unless it happens in the middle");
    let other_pods = "podAnnotations.example\\.com/release=next".to_owned();
    world.install(&[values(), vec![other_pods]].concat())?;
    trial.ends_as_wanted(&next)?;
    assert_eq!(trial.mains()?, before, "after the upgrade");
    assert_eq!(uid_of(&trial.found()?), uid);

    let revisions = || -> Result<BTreeSet<String>> {
        let names = namespace.kubectl(&["get", "controllerrevisions", "--output", "name"])?;
        Ok(names.lines().map(str::to_owned).collect())
    };
    let known = revisions()?;
    world.cluster.helm(&["uninstall", RELEASE, "--namespace", SYSTEM, "--wait"])?;
    wait_for("the managers to be gone", LATER, || Ok(world.managers().all()?.is_empty().then_some(())))?;
    assert_eq!(uid_of(&trial.found()?), uid, "after uninstalling");
    assert_eq!(revisions()?, known);
    assert_eq!(trial.mains()?, before, "pods run on without a manager");
    // What is asked for meanwhile is done by whoever comes.
    trial.apply(&web)?;
    world.install(&values())?;
    trial.ends_as_wanted(&web)?;
    assert_eq!(uid_of(&trial.found()?), uid, "after installing again");
    assert_eq!(trial.mains()?, before, "main has neither been restarted nor moved");
    trial.no_main_was_restarted()?;
    trial.was_within(4, 0, 1);
    Ok(())
}
