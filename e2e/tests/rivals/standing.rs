//! What our managers say of themselves.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use mainstay_e2e::in_tree::CONTROLLERS_OF_MAINSTAY;
use mainstay_e2e::testbed::{LATER, World};
use mainstay_e2e::wait::wait_for;

/// The reason why each of the manager's controllers acts or does not: one where all have the same, else all of them.
pub fn reason(world: &World, pod: &str) -> Result<String> {
    let metrics = world.managers().ask(pod, "metrics")?;
    let of = |controller: &&str| {
        let begin = format!("mainstay_controller_standing{{controller=\"{controller}\",reason=\"");
        let of_line = |line: &str| line.strip_prefix(&begin)?.strip_suffix("\"} 1").map(str::to_owned);
        metrics.lines().find_map(of_line).with_context(|| format!("{pod}, {controller}:\n{metrics}"))
    };
    let reasons: BTreeSet<String> = CONTROLLERS_OF_MAINSTAY.iter().map(of).collect::<Result<_>>()?;
    Ok(reasons.into_iter().collect::<Vec<_>>().join(" and "))
}

/// The same of the leader.
pub fn leaders_reason(world: &World) -> Result<String> {
    reason(world, &world.managers().settled()?.leader.pod)
}

/// Waits until all of the leader's controllers stand so.
pub fn wait_until(world: &World, expected: &str) -> Result<()> {
    let leader = world.managers().settled()?.leader.pod;
    wait_for(&format!("the reason {expected:?} of {leader}"), LATER, || {
        Ok((reason(world, &leader)? == expected).then_some(()))
    })
}
