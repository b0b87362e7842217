//! What our managers say of themselves.

use anyhow::{Context, Result};
use mainstay_e2e::testbed::{LATER, World};
use mainstay_e2e::wait::wait_for;

const METRIC: &str = "mainstay_controller_standing{controller=\"replicationcontroller-controller\",reason=\"";

/// The reason why the controller of this manager acts or does not.
pub fn reason(world: &World, pod: &str) -> Result<String> {
    let metrics = world.managers().ask(pod, "metrics")?;
    let of_line = |line: &str| line.strip_prefix(METRIC)?.strip_suffix("\"} 1").map(str::to_owned);
    metrics.lines().find_map(of_line).with_context(|| format!("{pod} has no reason:\n{metrics}"))
}

/// The same of the leader.
pub fn leaders_reason(world: &World) -> Result<String> {
    reason(world, &world.managers().settled()?.leader.pod)
}

/// Waits until the leader's controller stands so.
pub fn wait_until(world: &World, expected: &str) -> Result<()> {
    let leader = world.managers().settled()?.leader.pod;
    wait_for(&format!("the reason {expected:?} of {leader}"), LATER, || {
        Ok((reason(world, &leader)? == expected).then_some(()))
    })
}
