//! Which endpoint stands in which slice, with as few slices written as can be.
//!
//! Upstream: `reconcileByPortMapping` and `finalize` in k8s.io/endpointslice/reconciler.go, whose number of writes is never exceeded:
//! 1. What is wanted and there stays where it is, in its place; what is not wanted goes. Of an endpoint that is there twice the one in the
//!    fuller slice stays, so that what [`compaction`](super::compaction) has copied is not copied back.
//! 2. What is missing goes into slices that are written anyway, the fullest ones first.
//! 3. The rest goes into the one untouched slice that it fills best, if there is one that takes it all, and else into new slices.
//! 4. A slice that would be deleted becomes one that would be created.
//! 5. Where nothing is published, one slice without endpoints and ports says so.
//!
//! Other than upstream, where a service's ports change, its slices become slices of the group that their endpoints are in now. So most endpoints
//! stay in their slice, and slices that are too many go once their endpoints stand in the others. And a slice without endpoints is not kept
//! beside others.

use std::sync::Arc;

use mainstay_model::{EndpointPort, EndpointSlice, IpFamily, LabelSet};

use super::draft::Draft;
use super::endpoint::Wanted;
use super::{labels, ports};
use crate::trigger_time;

/// What is common to all slices of a service.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// Their labels.
    pub labels: &'a LabelSet,
    /// The most endpoints of one of them.
    pub max_endpoints: usize,
}

/// What is wanted with the same ports in one family.
pub(crate) struct Load<'a> {
    /// The ports.
    pub ports: Arc<[EndpointPort]>,
    /// The endpoints, in the order of their pods' names.
    pub wanted: Vec<Wanted<'a>>,
}

/// What becomes of the slices of one family.
#[derive(Default)]
pub(crate) struct Packed<'a> {
    /// Those that stay or are made, group by group.
    pub groups: Vec<Vec<Draft<'a>>>,
    /// Those that go.
    pub spare: Vec<&'a Arc<EndpointSlice>>,
    /// Those that go once what they hold stands elsewhere.
    pub late: Vec<&'a Arc<EndpointSlice>>,
}

/// Packs what is wanted into the slices of a family.
pub(crate) fn pack<'a>(
    loads: &[Load<'a>],
    slices: &[&'a Arc<EndpointSlice>],
    family: IpFamily,
    frame: Frame<'_>,
) -> Packed<'a> {
    let mut assigned: Vec<Vec<&'a Arc<EndpointSlice>>> = loads.iter().map(|_| Vec::new()).collect();
    let mut packed = Packed::default();
    for slice in slices {
        let group = loads.iter().position(|load| ports::are_same(&load.ports, &slice.ports));
        match group.or_else(|| heir(slice, loads)).and_then(|group| assigned.get_mut(group)) {
            Some(group) => group.push(slice),
            None => packed.spare.push(slice),
        }
    }
    for (load, slices) in loads.iter().zip(assigned) {
        let drafts = pack_group(load, slices, family, frame, &mut packed);
        packed.groups.push(drafts);
    }
    recycle(&mut packed);
    if packed.groups.iter().all(Vec::is_empty) {
        say_nothing(&mut packed, family, frame);
    }
    packed
}

/// The group that the first of the slice's endpoints is in.
fn heir(slice: &EndpointSlice, loads: &[Load<'_>]) -> Option<usize> {
    let find = |target| loads.iter().position(|load| find(&load.wanted, target, 0).is_some());
    slice.endpoints.iter().find_map(|endpoint| find(&endpoint.target.as_ref()?.name))
}

/// Where that pod stands among those that are wanted; most likely at `guess`.
fn find(wanted: &[Wanted<'_>], pod: &str, guess: usize) -> Option<usize> {
    if wanted.get(guess).is_some_and(|wanted| **wanted.name() == *pod) {
        return Some(guess);
    }
    wanted.binary_search_by(|wanted| (**wanted.name()).cmp(pod)).ok()
}

fn pack_group<'a>(
    load: &Load<'a>,
    mut slices: Vec<&'a Arc<EndpointSlice>>,
    family: IpFamily,
    frame: Frame<'_>,
    packed: &mut Packed<'a>,
) -> Vec<Draft<'a>> {
    slices.sort_by_cached_key(|slice| usize::MAX - slice.endpoints.len());
    let (same, former): (Vec<_>, Vec<_>) =
        slices.into_iter().partition(|slice| ports::are_same(&slice.ports, &load.ports));
    let mut is_placed = vec![false; load.wanted.len()];
    let mut drafts = Vec::with_capacity(same.len());
    let mut keep_slice = |slice: &'a Arc<EndpointSlice>, is_placed: &mut [bool]| {
        let relabel = labels::have_drifted(&slice.meta.labels, frame.labels);
        let mut draft = Draft::staying(slice, family, &load.ports, relabel);
        keep(&mut draft, slice, &load.wanted, is_placed);
        if draft.endpoints().is_empty() {
            packed.spare.push(slice);
        } else {
            drafts.push(draft);
        }
    };
    same.into_iter().for_each(|slice| keep_slice(slice, &mut is_placed));
    // Of those with former ports as many as are needed; the fullest ones, in which the most may stay.
    let missing = is_placed.iter().filter(|is_placed| !**is_placed).count();
    let mut former = former.into_iter();
    former
        .by_ref()
        .take(missing.div_ceil(frame.max_endpoints))
        .for_each(|slice| keep_slice(slice, &mut is_placed));
    packed.late.extend(former);
    let placed = is_placed.iter().zip(&load.wanted);
    let missing = placed.filter(|(is_placed, _)| !**is_placed).map(|(_, wanted)| *wanted).collect();
    place(&mut drafts, missing, load, family, frame.max_endpoints);
    drafts.sort_by(|left, right| name(left).cmp(&name(right)));
    drafts
}

/// By its name, a slice that is to be made last.
fn name<'a>(draft: &Draft<'a>) -> (bool, Option<&'a str>) {
    (draft.seen.is_none(), draft.seen.map(|seen| &*seen.meta.name.name))
}

/// Leaves in the draft what is wanted and stands in no other slice, brought up to date.
fn keep(draft: &mut Draft<'_>, slice: &EndpointSlice, wanted: &[Wanted<'_>], is_placed: &mut [bool]) {
    let mut guess = 0;
    for (position, seen) in slice.endpoints.iter().enumerate() {
        let found = seen.target.as_ref().and_then(|target| find(wanted, &target.name, guess));
        guess = found.map_or(guess, |found| found + 1);
        let kept = found.and_then(|found| {
            let wanted = wanted.get(found).filter(|wanted| wanted.is_in(seen))?;
            let is_placed = is_placed.get_mut(found).filter(|is_placed| !**is_placed)?;
            *is_placed = true;
            Some(wanted)
        });
        let is_right = kept.is_some_and(|wanted| wanted.equals(seen));
        if !is_right && draft.endpoints.is_none() {
            // Up to here all was right.
            draft.endpoints = Some(slice.endpoints.iter().take(position).cloned().collect());
        }
        if let Some(wanted) = kept.filter(|wanted| !is_right && wanted.is_readier_or_less(seen)) {
            draft.answers_to(trigger_time::of_changes([&**wanted.member.pod]));
        }
        if let (Some(endpoints), Some(wanted)) = (&mut draft.endpoints, kept) {
            endpoints.push(if is_right { seen.clone() } else { wanted.build() });
        }
    }
}

/// Finds slices for what stands in none.
fn place<'a>(
    drafts: &mut Vec<Draft<'a>>,
    missing: Vec<Wanted<'a>>,
    load: &Load<'a>,
    family: IpFamily,
    max_endpoints: usize,
) {
    let mut missing = missing.into_iter();
    let fill = |draft: &mut Draft<'a>, missing: &mut std::vec::IntoIter<Wanted<'a>>| {
        let room = max_endpoints.saturating_sub(draft.endpoints().len());
        for wanted in missing.take(room) {
            draft.answers_to(trigger_time::of_changes([&**wanted.member.pod]));
            draft.endpoints_mut().push(wanted.build());
        }
    };
    if missing.len() > 0 {
        let mut changing: Vec<&mut Draft<'a>> =
            drafts.iter_mut().filter(|draft| draft.is_changed()).collect();
        changing.sort_by_key(|draft| usize::MAX - draft.endpoints().len());
        changing.into_iter().for_each(|draft| fill(draft, &mut missing));
    }
    while missing.len() > 0 {
        let best = drafts
            .iter_mut()
            .filter(|draft| draft.seen.is_some() && draft.endpoints().len() + missing.len() <= max_endpoints)
            .max_by_key(|draft| draft.endpoints().len());
        match best.filter(|_| missing.len() < max_endpoints) {
            Some(draft) => fill(draft, &mut missing),
            None => {
                let mut draft = Draft::new(family, load.ports.clone());
                fill(&mut draft, &mut missing);
                drafts.push(draft);
            }
        }
    }
}

/// Makes of slices that would be deleted those that would be created.
fn recycle(packed: &mut Packed<'_>) {
    // What says nothing is good for a place without endpoints, should one be needed; what has some is not missed.
    packed.spare.sort_by_key(|slice| slice.endpoints.is_empty());
    let mut spare = std::mem::take(&mut packed.spare).into_iter();
    let mut late = std::mem::take(&mut packed.late).into_iter();
    for draft in packed.groups.iter_mut().flatten().filter(|draft| draft.seen.is_none()) {
        let Some(slice) = spare.next().or_else(|| late.next()) else { break };
        draft.seen = Some(slice);
    }
    packed.spare = spare.collect();
    packed.late = late.collect();
}

/// Sees to it that one slice is there, and that it has nothing in it.
fn say_nothing(packed: &mut Packed<'_>, family: IpFamily, frame: Frame<'_>) {
    let nothing: Arc<[EndpointPort]> = Arc::new([]);
    let says_nothing = |slice: &EndpointSlice| slice.endpoints.is_empty() && slice.ports.is_empty();
    // Upstream's comparison for this one slice knows all labels, not only those that are the service's.
    let is_right = |slice: &EndpointSlice| says_nothing(slice) && slice.meta.labels == *frame.labels;
    let position = (packed.spare.iter().position(|slice| is_right(slice)))
        .or_else(|| packed.spare.iter().position(|slice| says_nothing(slice)))
        .or_else(|| (!packed.spare.is_empty()).then_some(0));
    let mut draft = Draft::new(family, nothing);
    if let Some(position) = position {
        let slice = packed.spare.remove(position);
        draft.seen = Some(slice);
        draft.relabel = slice.meta.labels != *frame.labels;
    }
    packed.groups.push(vec![draft]);
}
