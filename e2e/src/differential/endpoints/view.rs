//! What is compared: all that a user of services could see, as texts that two runs of the same script should share.
//!
//! Names of slices, UIDs and most times differ from run to run. How endpoints are spread over slices may: they are compared for each
//! service, manager, family and list of ports as a whole, with the number of slices beside them. An object that another one refers to is
//! the present one of its name or a former one. The time that an object answers to is a fact of the step that has brought it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::observation::{MANAGED_BY, Observation, SERVICE_NAME, label, list, name_of, text};
use crate::differential::subject::{self, View};

/// Says when something happened that the object answers to.
const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// How the facts end that tell it.
const TIME: &str = ": trigger time";
/// Whose events are compared.
const COMPONENTS: &[&str] =
    &["endpoint-controller", "endpoint-slice-controller", "endpoint-slice-mirroring-controller"];
/// How the times begin that the script writes into pods' statuses.
pub const TIMES: &str = "2001-02-03T04:";

/// What a run has seen so far, by which the new is told from the old.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// How often each event had happened when the step began, by UID.
    events: BTreeMap<String, u64>,
    /// The times that objects answered to then.
    times: View,
}

impl subject::History<Observation> for History {
    fn begin(&mut self, _step: usize, observation: &Observation) {
        let count = |event: &Value| (uid_of(event).to_owned(), count_of(event));
        self.events = observation.events.iter().map(count).collect();
        self.times = facts(observation);
        self.times.retain(|what, _time| what.ends_with(TIME));
    }

    fn view(&mut self, side: &str, observation: &Observation) -> View {
        let mut view = facts(observation);
        // A time that stays tells of an earlier step.
        view.retain(|what, time| self.times.get(what) != Some(time));
        for event in &observation.events {
            self.event(side, event, &mut view);
        }
        view
    }
}

impl History {
    fn event(&self, side: &str, event: &Value, view: &mut View) {
        let about = &event["involvedObject"];
        let component = text(&event["source"]["component"]);
        if !COMPONENTS.contains(&component) {
            return;
        }
        let (kind, name, reason) = (text(&about["kind"]), text(&about["name"]), text(&event["reason"]));
        let message = text(&event["message"]).replace(&format!("{side}-"), "");
        let message = message.trim_start_matches("(combined from similar events): ");
        let what =
            format!("event of {kind} {name} by {component}: {} {reason}: {message}", text(&event["type"]));
        if event["type"] == "Warning" {
            // What fails is tried again and again: how often is a matter of time, that it was said is not.
            view.insert(what, "said so far".to_owned());
            return;
        }
        let before = self.events.get(uid_of(event)).copied().unwrap_or(0);
        if count_of(event) > before {
            view.insert(what, (count_of(event) - before).to_string());
        }
    }
}

fn facts(observation: &Observation) -> View {
    let mut view = View::new();
    for endpoints in &observation.endpoints {
        self::endpoints(endpoints, observation, &mut view);
    }
    slices(observation, &mut view);
    view
}

fn endpoints(endpoints: &Value, observation: &Observation, view: &mut View) {
    let it = format!("Endpoints {}", name_of(endpoints));
    view.insert(format!("{it}: labels"), pairs(&endpoints["metadata"]["labels"]));
    annotations(&it, name_of(endpoints), [endpoints].into_iter(), observation, view);
    let subsets = list(&endpoints["subsets"]);
    view.insert(format!("{it}: subsets"), subsets.len().to_string());
    for subset in subsets {
        let ports = ports(&subset["ports"]);
        for (field, ready) in [("addresses", "ready"), ("notReadyAddresses", "not ready")] {
            for address in list(&subset[field]) {
                let facts = [
                    ready.to_owned(),
                    format!("node {}", address["nodeName"]),
                    format!("hostname {}", address["hostname"]),
                    target(&address["targetRef"], observation),
                ];
                let what = format!("{it}: {} at ports {ports}", text(&address["ip"]));
                add(view, what, &facts.join("; "));
            }
        }
    }
}

fn slices(observation: &Observation, view: &mut View) {
    let mut groups: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for slice in &observation.slices {
        let (service, manager) = (label(slice, SERVICE_NAME), label(slice, MANAGED_BY));
        let (family, ports) = (text(&slice["addressType"]), ports(&slice["ports"]));
        let going = if slice["metadata"]["deletionTimestamp"].is_null() { "" } else { ", being deleted" };
        let group = format!("slices of {service} by {manager}, {family} at ports {ports}{going}");
        groups.entry(group).or_default().push(slice);
    }
    for (group, slices) in groups {
        let service = slices.first().map(|slice| label(slice, SERVICE_NAME)).unwrap_or_default();
        view.insert(format!("{group}: slices"), slices.len().to_string());
        view.insert(format!("{group}: labels"), all(&slices, |it| pairs(&it["metadata"]["labels"])));
        annotations(&group, service, slices.iter().copied(), observation, view);
        view.insert(format!("{group}: owner"), all(&slices, |it| owners(it, observation)));
        for endpoint in slices.iter().flat_map(|slice| list(&slice["endpoints"])) {
            let addresses: Vec<&str> = list(&endpoint["addresses"]).iter().map(text).collect();
            let facts = [
                format!("conditions {}", endpoint["conditions"]),
                format!("node {}", endpoint["nodeName"]),
                format!("zone {}", endpoint["zone"]),
                format!("hostname {}", endpoint["hostname"]),
                target(&endpoint["targetRef"], observation),
            ];
            let it = format!("{group}: {}", addresses.join(","));
            add(view, it.clone(), &facts.join("; "));
            add(view, format!("{it}: hints"), &endpoint["hints"].to_string());
        }
    }
}

/// Annotations, with the time apart that the object answers to.
fn annotations<'a>(
    it: &str,
    service: &str,
    objects: impl Iterator<Item = &'a Value>,
    observation: &Observation,
    view: &mut View,
) {
    let (mut others, mut times) = (BTreeSet::new(), BTreeSet::new());
    for object in objects {
        let mut annotations = object["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
        let time = annotations.remove(TRIGGER_TIME);
        times.insert(time.map_or("none".to_owned(), |time| named_time(&time, service, observation)));
        others.insert(pairs(&Value::Object(annotations)));
    }
    let joined = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(" and ");
    view.insert(format!("{it}: annotations"), joined(others));
    view.insert(format!("{it}{TIME}"), joined(times));
}

/// A time of the script as it is, and others by what happened then.
fn named_time(time: &Value, service: &str, observation: &Observation) -> String {
    let created = Observation::named(&observation.services, service)
        .map(|service| &service["metadata"]["creationTimestamp"]);
    match text(time) {
        _ if created == Some(time) => "the service's creation".to_owned(),
        time if time.starts_with(TIMES) => time.to_owned(),
        _ => "another time".to_owned(),
    }
}

/// What all of them say: each thing once.
fn all(slices: &[&Value], say: impl Fn(&Value) -> String) -> String {
    let said: BTreeSet<String> = slices.iter().map(|slice| say(slice)).collect();
    said.into_iter().collect::<Vec<_>>().join(" and ")
}

/// Adds a fact, beside what is said of the same thing.
fn add(view: &mut View, what: String, fact: &str) {
    let place = view.entry(what).or_default();
    let mut facts: Vec<&str> = place.split(" and ").filter(|fact| !fact.is_empty()).collect();
    facts.push(fact);
    facts.sort_unstable();
    *place = facts.join(" and ");
}

fn pairs(pairs: &Value) -> String {
    let pairs = pairs.as_object().into_iter().flatten();
    pairs.map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(",")
}

fn ports(ports: &Value) -> String {
    let mut ports: Vec<String> = list(ports)
        .iter()
        .map(|port| {
            let application = port["appProtocol"].as_str().map(|it| format!(" {it}")).unwrap_or_default();
            format!("{} {}/{}{application}", text(&port["name"]), port["port"], text(&port["protocol"]))
        })
        .collect();
    ports.sort_unstable();
    format!("[{}]", ports.join(", "))
}

fn target(reference: &Value, observation: &Observation) -> String {
    if reference.is_null() {
        return "target nothing".to_owned();
    }
    let (kind, name) = (text(&reference["kind"]), text(&reference["name"]));
    let others = if reference["resourceVersion"].is_null() { "" } else { ", at a version" };
    let which = match kind {
        "Pod" => which(&observation.pods, name, text(&reference["uid"])),
        _ => "whichever",
    };
    format!("target {kind} {name}, {which}{others}")
}

fn owners(slice: &Value, observation: &Observation) -> String {
    let owners = list(&slice["metadata"]["ownerReferences"]).iter().map(|owner| {
        let (kind, name) = (text(&owner["kind"]), text(&owner["name"]));
        let objects = if kind == "Service" { &observation.services } else { &observation.endpoints };
        let which = which(objects, name, text(&owner["uid"]));
        let version = text(&owner["apiVersion"]);
        let (controller, block) = (&owner["controller"], &owner["blockOwnerDeletion"]);
        format!("{version} {kind} {name}, {which}; controller={controller} blockOwnerDeletion={block}")
    });
    owners.collect::<Vec<_>>().join(", ")
}

fn which(objects: &[Value], name: &str, uid: &str) -> &'static str {
    match Observation::named(objects, name) {
        Some(object) if uid_of(object) == uid => "the present one",
        Some(_) => "a former one",
        None => "which is gone",
    }
}

fn uid_of(object: &Value) -> &str {
    text(&object["metadata"]["uid"])
}

fn count_of(event: &Value) -> u64 {
    event["count"].as_u64().unwrap_or(1)
}
