//! Plans, judged on the view that they were made on.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_engine::{Plan, View};
use mainstay_model::{EndpointSlice, EndpointSliceContent, Kind, ObjectName, Service, Uid, Write};

use super::spec::{self, OF_MIRRORS, OF_SERVICES, Place, Published, is_managed_by};
use super::{hints, subsets};
use crate::services::MOST_PER_SLICE;

/// A plan, as far as it is looked at.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The name of the controller.
    pub controller: &'static str,
    /// The service.
    pub key: ObjectName,
    /// What the plan does that none may do on that view.
    pub breach: Option<String>,
    /// What was wanted in slices on that view.
    pub(crate) wanted: BTreeSet<Place>,
}

/// Judges a plan of that controller.
pub fn judge(controller: &'static str, key: &ObjectName, view: &View<'_>, plan: &Plan) -> Judged {
    let breach = match controller {
        // Only asked; it is made again with the answers.
        _ if !plan.reads.is_empty() => demand(plan.writes.is_empty(), "what is written is not yet known"),
        mainstay_endpoints::slices::NAME => of_slices(key, view, plan),
        mainstay_endpoints::subsets::NAME => of_endpoints(key, view, plan),
        _ => of_mirrors(key, view, plan),
    };
    let service = view.store.services().get(key);
    let wanted = service.and_then(|service| spec::wanted(service, view.store)).unwrap_or_default();
    let wanted = wanted.into_iter().map(|published| published.place).collect();
    Judged { controller, key: key.clone(), breach: breach.err(), wanted }
}

fn of_slices(key: &ObjectName, view: &View<'_>, plan: &Plan) -> Result<(), String> {
    only_slices_of(OF_SERVICES, view, plan)?;
    let Some(service) = view.store.services().get(key) else {
        return demand(plan.writes.is_empty(), "slices of a service that is gone are written");
    };
    let Some(wanted) = spec::wanted(service, view.store) else {
        let deletes = plan.writes.iter().all(|write| write.verb() == "delete");
        return demand(deletes, "slices of a service that selects nobody are written");
    };
    for write in &plan.writes {
        check_content(write, &wanted, service, view)?;
    }
    let own: Vec<&EndpointSlice> = spec::own(service, view.store).map(|slice| &**slice).collect();
    nothing_is_lost(&own, &wanted, plan)?;
    if service.meta.is_deleting() {
        return Ok(());
    }
    let after: Vec<Published> = after(&own, plan).into_iter().flatten().collect();
    // Slices that go last have no hints beside those that have theirs already.
    let odd = hints::wrong(service, &after, view.store).filter(|_| plan.writes.is_empty());
    if let Some(odd) = odd {
        return Err(format!("nothing is written, and {odd}"));
    }
    let after = hints::aside(service, after);
    let said: BTreeSet<&Published> = after.iter().collect();
    let missing = wanted.iter().find(|published| !said.contains(published));
    if let Some(missing) = missing {
        return Err(format!("after all its writes, this is still missing: {missing:?}"));
    }
    let is_idle = plan.writes.is_empty();
    let odd = said.iter().find(|published| is_idle && !wanted.contains(published));
    match odd {
        Some(odd) => Err(format!("nothing is written, and this stays, which is not wanted: {odd:?}")),
        None => Ok(()),
    }
}

/// What a plan writes into a slice is wanted to the letter, and fits.
fn check_content(
    write: &Write,
    wanted: &BTreeSet<Published>,
    service: &Service,
    view: &View<'_>,
) -> Result<(), String> {
    let Some(content) = content(write) else { return Ok(()) };
    if let Write::CreateEndpointSlice(create) = write {
        demand(create.owner.uid == service.meta.uid, "a slice gets another owner")?;
    }
    let before = seen(write, view);
    if let Some(before) = before {
        demand(is_owned_by(before, service.meta.uid), "a slice of another owner is written to")?;
    }
    let said = hints::aside(service, said(content));
    let distinct: BTreeSet<&Place> = said.iter().map(|published| &published.place).collect();
    demand(distinct.len() == said.len(), "a slice gets an endpoint twice")?;
    if let Some(odd) = said.iter().find(|published| !wanted.contains(published)) {
        return Err(format!("{} says what is not wanted: {odd:?}", write.object()));
    }
    let most = before.map_or(0, |slice| slice.endpoints.len()).max(MOST_PER_SLICE);
    demand(said.len() <= most, "a slice gets too full")
}

/// Whatever is wanted and stands somewhere is left standing there, or stands in another slice that leaves it: writes may be carried
/// out in any order, and each of them may fail.
fn nothing_is_lost(own: &[&EndpointSlice], wanted: &BTreeSet<Published>, plan: &Plan) -> Result<(), String> {
    let wanted: BTreeSet<&Place> = wanted.iter().map(|published| &published.place).collect();
    let mut standing: BTreeMap<Place, bool> = BTreeMap::new();
    for slice in own {
        let write = plan.writes.iter().find(|write| write.uid() == Some(slice.meta.uid));
        let left: Vec<Place> = match write {
            None => places(&spec::said_by(slice)),
            Some(write) => content(write).map(|content| places(&said(content))).unwrap_or_default(),
        };
        for place in places(&spec::said_by(slice)) {
            let stands = left.contains(&place);
            *standing.entry(place).or_default() |= stands;
        }
    }
    match standing.iter().find(|(place, stands)| !**stands && wanted.contains(place)) {
        Some((place, _)) => Err(format!("this is taken out before it stands elsewhere: {place:?}")),
        None => Ok(()),
    }
}

fn of_endpoints(key: &ObjectName, view: &View<'_>, plan: &Plan) -> Result<(), String> {
    let stored = view.store.endpoints().get(key);
    let wanted = view.store.services().get(key).map(|service| subsets::wanted(service, view.store));
    for write in &plan.writes {
        demand(write.kind() == Kind::Endpoints && write.object() == key, "another object is written")?;
        let content = match write {
            Write::CreateEndpoints(create) => &create.content,
            Write::UpdateEndpoints(update) => &update.content,
            _ => {
                demand(wanted.is_none(), "the Endpoints of a service is deleted")?;
                let is_own = stored.is_some_and(|stored| super::is_own(stored));
                demand(is_own, "an Endpoints is deleted that somebody else wrote")?;
                continue;
            }
        };
        let Some(Some(wanted)) = &wanted else { return Err("it is somebody else's to write".to_owned()) };
        subsets::odd(wanted, &content.subsets, &content.annotations).map_or(Ok(()), Err)?;
    }
    if let (Some(Some(wanted)), true) = (&wanted, plan.writes.is_empty()) {
        let stored = stored.ok_or("nothing is written, and there is none")?;
        let odd = subsets::odd(wanted, &stored.subsets, &stored.annotations);
        odd.map_or(Ok(()), |odd| Err(format!("nothing is written, and {odd}")))?;
    }
    Ok(())
}

fn of_mirrors(key: &ObjectName, view: &View<'_>, plan: &Plan) -> Result<(), String> {
    only_slices_of(OF_MIRRORS, view, plan)?;
    let own: Vec<&EndpointSlice> = subsets::mirrors(key, view.store).collect();
    let Some(endpoints) = subsets::mirrored(key, view.store) else {
        let deletes = plan.writes.iter().filter(|write| write.verb() == "delete").count();
        let is_clean = deletes == plan.writes.len() && deletes == own.len();
        return demand(is_clean, "there is nothing to mirror, and slices stay or are written");
    };
    let (wanted, _) = subsets::said(&endpoints.subsets);
    let kept = own.into_iter().filter(|slice| {
        !plan.writes.iter().any(|write| write.uid() == Some(slice.meta.uid)) && !slice.meta.is_deleting()
    });
    let written = plan.writes.iter().filter_map(super::slice_of);
    let after: Vec<EndpointSlice> = kept.cloned().chain(written).collect();
    let (said, is_twice) = subsets::said_by_mirrors(after.iter());
    demand(said == wanted && !is_twice, &format!("its slices will say {said:?} instead of {wanted:?}"))
}

/// All writes are about slices of that manager.
fn only_slices_of(manager: &str, view: &View<'_>, plan: &Plan) -> Result<(), String> {
    for write in &plan.writes {
        demand(write.kind() == Kind::EndpointSlice, "another kind of object is written")?;
        if write.uid().is_some() {
            let is_own = seen(write, view).is_some_and(|slice| is_managed_by(slice, manager));
            demand(is_own, "a slice is written or deleted that somebody else manages")?;
        }
        if let Some(slice) = super::slice_of(write) {
            demand(is_managed_by(&slice, manager), "a slice gets another manager")?;
        }
    }
    Ok(())
}

fn after(own: &[&EndpointSlice], plan: &Plan) -> Vec<Vec<Published>> {
    let kept =
        own.iter().filter(|slice| !plan.writes.iter().any(|write| write.uid() == Some(slice.meta.uid)));
    let written = plan.writes.iter().filter_map(content).map(said);
    kept.map(|slice| spec::said_by(slice)).chain(written).collect()
}

fn is_owned_by(slice: &EndpointSlice, owner: Uid) -> bool {
    slice.meta.owners.iter().any(|reference| reference.uid == Some(owner))
}

fn seen<'a>(write: &Write, view: &View<'a>) -> Option<&'a EndpointSlice> {
    view.store.endpoint_slices().get(write.object()).map(|slice| &**slice)
}

/// What a write puts into a slice, if it puts in something.
pub(super) fn content(write: &Write) -> Option<&EndpointSliceContent> {
    match write {
        Write::CreateEndpointSlice(create) => Some(&create.content),
        Write::UpdateEndpointSlice(update) => Some(&update.content),
        _ => None,
    }
}

fn said(content: &EndpointSliceContent) -> Vec<Published> {
    spec::said(content.address_type, &content.endpoints, &content.ports)
}

fn places(said: &[Published]) -> Vec<Place> {
    said.iter().map(|published| published.place.clone()).collect()
}

fn demand(holds: bool, breach: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(breach.to_owned()) }
}
