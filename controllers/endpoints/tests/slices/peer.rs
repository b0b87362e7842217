//! How many writes upstream's algorithm needs, step by step as its reconciler takes them, on numbers of endpoints alone.

use std::collections::BTreeSet;

use mainstay_engine::Plan;

use crate::objects::{pod, slice_port};
use crate::world::World;

/// The writes of upstream's `reconcileByPortMapping` and `finalize` for `web` with a single family and port. What it picks at random
/// (which endpoint goes into which slice) does not change the number.
pub fn writes(world: &World, wanted: &BTreeSet<String>, not_ready: &BTreeSet<String>, port: i32) -> usize {
    let (mut unchanged, mut updated, mut deleted) = (Vec::new(), Vec::new(), 0_usize);
    let mut placed: BTreeSet<String> = BTreeSet::new();
    for slice in world.slices() {
        if *slice.ports != [slice_port(port)] {
            deleted += 1;
            continue;
        }
        let mut kept = 0;
        let mut is_changed = false;
        for endpoint in slice.endpoints.iter() {
            let name = endpoint.target.as_ref().unwrap().name.to_string();
            if wanted.contains(&name) && placed.insert(name.clone()) {
                kept += 1;
                is_changed |= (endpoint.conditions.ready == Some(true)) == not_ready.contains(&name);
            }
        }
        match (is_changed || kept != slice.endpoints.len(), kept) {
            (true, 0) => deleted += 1,
            (true, kept) => updated.push(kept),
            (false, kept) => unchanged.push(kept),
        }
    }
    let mut missing = wanted.len() - placed.len();
    updated.sort_unstable_by(|left, right| right.cmp(left));
    for length in &mut updated {
        let taken = missing.min(world.max.saturating_sub(*length));
        missing -= taken;
    }
    let (mut updates, mut creates) = (updated.len(), 0_usize);
    while missing > 0 {
        let fitting = unchanged.iter().filter(|length| **length + missing <= world.max).max().copied();
        match fitting.filter(|_| missing < world.max) {
            Some(length) => {
                unchanged.remove(unchanged.iter().position(|other| *other == length).unwrap());
                updates += 1;
                missing = 0;
            }
            None => {
                creates += 1;
                missing = missing.saturating_sub(world.max);
            }
        }
    }
    if updates + creates + unchanged.len() == 0 {
        let is_placeholder =
            |slice: &mainstay_model::EndpointSlice| slice.endpoints.is_empty() && slice.ports.is_empty();
        if deleted == 1 && world.slices().iter().all(|slice| is_placeholder(slice)) {
            return 0;
        }
        creates = 1;
    }
    // Creates that become updates of what would be deleted.
    updates + creates.max(deleted)
}

/// The writes until rest, without those that merge slices: these come in a plan that has nothing else to do.
pub fn ours(world: &mut World) -> usize {
    let mut count = 0;
    loop {
        let plan = world.plan();
        if plan.writes.is_empty() || is_merging(world, &plan) {
            return count;
        }
        count += plan.writes.len();
        plan.writes.iter().for_each(|write| world.write(write));
    }
}

/// Whether the plan puts endpoints into slices that are in others already.
fn is_merging(world: &World, plan: &Plan) -> bool {
    let mut after = world.clone();
    plan.writes.iter().for_each(|write| after.write(write));
    world.published().len() == after.published().len()
        && after.published().values().any(|number| *number > 1)
        && world.published().values().all(|number| *number == 1)
}

pub fn pod_name(number: usize) -> String {
    pod(number).meta.name.name.to_string()
}
