//! Merging slices that have become many and nearly empty, which upstream never does.
//!
//! **Bound.** At rest, a group of endpoints with the same ports stands in at most a quarter more slices than it needs, and one more is always
//! allowed: `needed + max(1, needed / 4)`. Within that, nothing moves: each move is a write that every node of the cluster receives, and new pods fill
//! the gaps for nothing.
//!
//! **Budget.** A plan empties at most one slice, the emptiest, so it moves at most as many endpoints as fit into one, and only where
//! nothing else is to be written for the service.
//!
//! **Safety.** What moves is first written into the slices that receive it. Only when the store shows it there does
//! [`packing`](super::packing) take it out of the slice that it came from: of an endpoint that is there twice, the one in the fuller slice stays, and a
//! receiver was no emptier than the giver and is fuller now. So it comes to an end: each merge leaves one slice less, and nothing makes one without
//! a new endpoint.

use super::draft::Draft;

/// Writes into other slices what is in the emptiest one of the first group that has too many; says whether there was such a group.
pub(crate) fn compact(groups: &mut [Vec<Draft<'_>>], max_endpoints: usize) -> bool {
    groups.iter_mut().any(|group| merge(group, max_endpoints))
}

/// How many slices a group of so many endpoints may stand in at rest.
fn bound(endpoints: usize, max_endpoints: usize) -> usize {
    let needed = endpoints.div_ceil(max_endpoints);
    needed + (needed / 4).max(1)
}

fn merge(group: &mut [Draft<'_>], max_endpoints: usize) -> bool {
    let endpoints = group.iter().map(|draft| draft.endpoints().len()).sum();
    if group.len() <= bound(endpoints, max_endpoints) {
        return false;
    }
    group.sort_by_key(|draft| draft.endpoints().len());
    let Some((giver, receivers)) = group.split_first_mut() else { return false };
    let mut moving = giver.endpoints().iter().cloned();
    let room = |draft: &Draft<'_>| max_endpoints.saturating_sub(draft.endpoints().len());
    // One that takes all, the fullest such; else the emptiest ones, which are the fewest.
    let one = receivers.iter_mut().rev().find(|draft| room(draft) >= moving.len());
    match one {
        Some(receiver) => receiver.endpoints_mut().extend(moving),
        None => {
            for receiver in receivers {
                let room = room(receiver);
                if moving.len() > 0 && room > 0 {
                    receiver.endpoints_mut().extend(moving.by_ref().take(room));
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_more_is_allowed_and_one_more_always() {
        for (endpoints, most) in [(1, 2), (100, 2), (101, 3), (400, 5), (700, 8), (800, 10), (5000, 62)] {
            assert_eq!(bound(endpoints, 100), most, "{endpoints}");
        }
    }
}
