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
use super::metrics::Tally;
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
    /// How much of what.
    pub tally: Tally,
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
    let needed: usize = loads.iter().map(|load| load.wanted.len().div_ceil(frame.max_endpoints)).sum();
    packed.tally.wanted = loads.iter().map(|load| load.wanted.len()).sum();
    packed.tally.seen = slices.iter().map(|slice| slice.endpoints.len()).sum();
    packed.tally.slices = packed.groups.iter().map(Vec::len).sum();
    packed.tally.needed = needed.max(1);
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
    let mut group = Group { load, is_placed: vec![false; load.wanted.len()], former_places: Vec::new() };
    let staying = |slice: &'a Arc<EndpointSlice>, group: &mut Group<'_, 'a>| {
        let relabel = labels::have_drifted(&slice.meta.labels, frame.labels);
        let mut draft = Draft::staying(slice, family, &load.ports, relabel);
        group.keep(&mut draft, slice);
        draft
    };
    let mut drafts: Vec<Draft<'a>> = same.into_iter().map(|slice| staying(slice, &mut group)).collect();
    // Of those with former ports as many as are needed; the fullest ones, in which the most may stay.
    let needed = group.missing().count().div_ceil(frame.max_endpoints);
    let mut former = former.into_iter();
    drafts.extend(former.by_ref().take(needed).map(|slice| staying(slice, &mut group)));
    packed.late.extend(former);

    packed.tally.kept += group.is_placed.iter().filter(|is_placed| **is_placed).count();
    group.put_back(&mut drafts, frame.max_endpoints);
    let (mut drafts, empty): (Vec<Draft<'a>>, Vec<Draft<'a>>) =
        drafts.into_iter().partition(|draft| !draft.endpoints().is_empty());
    packed.spare.extend(empty.iter().filter_map(|draft| draft.seen));
    place(&mut drafts, group.missing().collect(), load, family, frame.max_endpoints);
    drafts.sort_by(|left, right| name(left).cmp(&name(right)));
    drafts
}

/// By its name, a slice that is to be made last.
fn name<'a>(draft: &Draft<'a>) -> (bool, Option<&'a str>) {
    (draft.seen.is_none(), draft.seen.map(|seen| &*seen.meta.name.name))
}

/// What is wanted, and which of it stands in a slice by now.
struct Group<'l, 'a> {
    load: &'l Load<'a>,
    is_placed: Vec<bool>,
    /// Where pods stood with other addresses or another hostname: the slice, and which of those that are wanted.
    former_places: Vec<(&'a Arc<EndpointSlice>, usize)>,
}

impl<'l, 'a> Group<'l, 'a> {
    /// Leaves in the draft what is wanted and stands in no other slice, brought up to date.
    fn keep(&mut self, draft: &mut Draft<'_>, slice: &'a Arc<EndpointSlice>) {
        let wanted = &self.load.wanted;
        let mut guess = 0;
        for (position, seen) in slice.endpoints.iter().enumerate() {
            let found = seen.target.as_ref().and_then(|target| find(wanted, &target.name, guess));
            guess = found.map_or(guess, |found| found + 1);
            let kept = found.and_then(|found| {
                let wanted = wanted.get(found)?;
                if !wanted.is_in(seen) {
                    self.former_places.push((slice, found));
                    return None;
                }
                let is_placed = self.is_placed.get_mut(found).filter(|is_placed| !**is_placed)?;
                *is_placed = true;
                Some(wanted)
            });
            let is_right = kept.is_some_and(|wanted| wanted.equals(seen));
            if !is_right && draft.endpoints.is_none() {
                // Up to here all was right.
                draft.endpoints = Some(slice.endpoints.iter().take(position).cloned().collect());
            }
            if let Some(wanted) = kept.filter(|wanted| !is_right && wanted.serves_otherwise_than(seen)) {
                draft.answers_to(trigger_time::of_changes([&**wanted.member.pod]));
            }
            if let (Some(endpoints), Some(wanted)) = (&mut draft.endpoints, kept) {
                endpoints.push(if is_right { seen.clone() } else { wanted.build() });
            }
        }
    }

    /// A pod with a new address or hostname goes where it stood with the former one, so that it is in a slice at each moment.
    fn put_back(&mut self, drafts: &mut [Draft<'a>], max_endpoints: usize) {
        for (slice, found) in std::mem::take(&mut self.former_places) {
            let draft =
                drafts.iter_mut().find(|draft| draft.seen.is_some_and(|seen| Arc::ptr_eq(seen, slice)));
            let is_placed = self.is_placed.get_mut(found).filter(|is_placed| !**is_placed);
            let (Some(draft), Some(is_placed)) = (draft, is_placed) else { continue };
            // A slice that is fuller than allowed stays so.
            if draft.endpoints().len() < max_endpoints.max(slice.endpoints.len())
                && let Some(wanted) = self.load.wanted.get(found)
            {
                *is_placed = true;
                add(draft, wanted);
            }
        }
    }

    /// What stands in no slice.
    fn missing(&self) -> impl Iterator<Item = Wanted<'a>> + use<'_, 'l, 'a> {
        let wanted = self.is_placed.iter().zip(&self.load.wanted);
        wanted.filter(|(is_placed, _)| !**is_placed).map(|(_, wanted)| *wanted)
    }
}

fn add(draft: &mut Draft<'_>, wanted: &Wanted<'_>) {
    draft.answers_to(trigger_time::of_changes([&**wanted.member.pod]));
    draft.endpoints_mut().push(wanted.build());
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
        for wanted in missing.by_ref().take(room) {
            add(draft, &wanted);
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
