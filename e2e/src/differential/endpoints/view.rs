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
/// How the reasons begin of what is said as often as it is tried.
const RETRIED: &str = "FailedToUpdateEndpoint";
/// What an object answers to that says no time.
pub const NO_TIME: &str = "none";
/// The time of a service.
const CREATION: &str = "the service's creation";
/// Between facts of the same thing.
const AND: &str = " and ";
/// How the times begin that the script writes into pods' statuses.
pub const TIMES: &str = "2001-02-03T04:";

/// What a run has seen so far, by which the new is told from the old.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// How often each event had happened when the step began, by UID.
    events: BTreeMap<String, u64>,
    /// The times that objects answered to then.
    times: View,
    /// Since when pods were what they were then.
    happened: BTreeSet<String>,
}

impl subject::History<Observation> for History {
    fn begin(&mut self, _step: usize, observation: &Observation) {
        let count = |event: &Value| (uid_of(event).to_owned(), count_of(event));
        self.events = observation.events.iter().map(count).collect();
        self.times = facts(observation);
        self.times.retain(|what, _time| what.ends_with(TIME));
        self.happened = pods_times(observation);
    }

    fn view(&mut self, _side: &str, observation: &Observation) -> View {
        let mut view = facts(observation);
        // A time that stays tells of an earlier step.
        view.retain(|what, time| self.times.get(what) != Some(time));
        let strange: Vec<String> = view
            .iter()
            .filter(|(what, times)| what.ends_with(TIME) && !self.belong(what, times, observation))
            .filter_map(|(what, _times)| what.strip_suffix(TIME))
            .map(|it| format!("{it}: time"))
            .collect();
        view.extend(strange.into_iter().map(|what| (what, "when nothing happened".to_owned())));
        for event in &observation.events {
            self.event(event, &mut view);
        }
        view
    }
}

impl History {
    /// Whether each of these times is that of a pod that was there in this step, or of the service, or was there before.
    fn belong(&self, what: &str, times: &str, observation: &Observation) -> bool {
        let present = pods_times(observation);
        let former: Vec<&str> = self.times.get(what).map(|it| it.split(AND).collect()).unwrap_or_default();
        times.split(AND).all(|time| {
            [NO_TIME, CREATION].contains(&time)
                || former.contains(&time)
                || self.happened.contains(time)
                || present.contains(time)
        })
    }

    fn event(&self, event: &Value, view: &mut View) {
        let about = &event["involvedObject"];
        let component = text(&event["source"]["component"]);
        if !COMPONENTS.contains(&component) {
            return;
        }
        let (kind, name) = (text(&about["kind"]), text(&about["name"]));
        let (urgency, reason) = (text(&event["type"]), text(&event["reason"]));
        // Each has words of its own, and how often a thing is said is a matter of time; of what is tried again and again, even in which step.
        let what = format!("event of {kind} {name} by {component}: {urgency} {reason}");
        let before = self.events.get(uid_of(event)).copied().unwrap_or(0);
        if urgency == "Warning" && reason.starts_with(RETRIED) {
            view.insert(what, "said so far".to_owned());
        } else if count_of(event) > before {
            view.insert(what, "said".to_owned());
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
        times.insert(time.map_or(NO_TIME.to_owned(), |time| named_time(&time, service, observation)));
        others.insert(pairs(&Value::Object(annotations)));
    }
    let joined = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(AND);
    view.insert(format!("{it}: annotations"), joined(others));
    view.insert(format!("{it}{TIME}"), joined(times));
}

/// A time of the script as it is, and that at which the service came; any other one says that it is one.
fn named_time(time: &Value, service: &str, observation: &Observation) -> String {
    let created = Observation::named(&observation.services, service)
        .map(|service| &service["metadata"]["creationTimestamp"]);
    match text(time) {
        _ if created == Some(time) => CREATION.to_owned(),
        time if time.starts_with(TIMES) => time.to_owned(),
        _ => "another one".to_owned(),
    }
}

/// Since when pods are ready, or are not.
fn pods_times(observation: &Observation) -> BTreeSet<String> {
    let conditions = observation.pods.iter().flat_map(|pod| list(&pod["status"]["conditions"]));
    let of_readiness = conditions.filter(|condition| condition["type"] == "Ready");
    of_readiness.map(|condition| text(&condition["lastTransitionTime"]).to_owned()).collect()
}

/// What all of them say: each thing once.
fn all(slices: &[&Value], say: impl Fn(&Value) -> String) -> String {
    let said: BTreeSet<String> = slices.iter().map(|slice| say(slice)).collect();
    said.into_iter().collect::<Vec<_>>().join(AND)
}

/// Adds a fact, beside what is said of the same thing.
fn add(view: &mut View, what: String, fact: &str) {
    let place = view.entry(what).or_default();
    let mut facts: Vec<&str> = place.split(AND).filter(|fact| !fact.is_empty()).collect();
    facts.push(fact);
    facts.sort_unstable();
    *place = facts.join(AND);
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

#[cfg(test)]
mod tests {
    use super::super::observation::parse;
    use super::*;
    use crate::differential::comparison::differences;
    use crate::differential::subject::History as _;
    use serde_json::json;

    fn endpoint(address: &str) -> Value {
        json!({
            "addresses": [address], "conditions": {"ready": true, "serving": true, "terminating": false},
            "zone": "north", "hints": {"forZones": [{"name": "north"}]},
            "targetRef": {"kind": "Pod", "name": "web-1", "uid": "a"},
        })
    }

    fn slice(name: &str, endpoints: impl Into<Vec<Value>>) -> Value {
        let endpoints: Vec<Value> = endpoints.into();
        json!({
            "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": endpoints,
            "metadata": {
                "name": name, "labels": {SERVICE_NAME: "web", MANAGED_BY: "somebody"},
                "annotations": {TRIGGER_TIME: format!("{TIMES}01:00Z")},
            },
            "ports": [{"name": "", "port": 80, "protocol": "TCP"}],
        })
    }

    fn observed(items: &[Value]) -> Observation {
        let mut items = items.to_vec();
        let ready =
            json!({"type": "Ready", "status": "True", "lastTransitionTime": format!("{TIMES}01:00Z")});
        items.push(json!({
            "kind": "Pod", "metadata": {"name": "web-1", "uid": "a"}, "status": {"conditions": [ready]},
        }));
        items.push(json!({"kind": "Service", "metadata": {"name": "web", "creationTimestamp": "2026-01-01T00:00:00Z"}}));
        parse(&json!({"items": items}).to_string()).unwrap()
    }

    fn view(items: &[Value]) -> View {
        History::default().view("ours", &observed(items))
    }

    fn differing(in_tree: &[Value], mainstay: &[Value]) -> Vec<String> {
        differences(&view(in_tree), &view(mainstay)).into_iter().map(|it| it.to_string()).collect()
    }

    #[test]
    fn names_of_slices_and_how_endpoints_are_spread_do_not_matter() {
        let [one, two, three] = ["10.9.0.1", "10.9.0.2", "10.9.0.3"].map(endpoint);
        let in_tree = [slice("web-a", [one.clone(), two.clone()]), slice("web-b", [three.clone()])];
        let mainstay = [slice("web-c", [one]), slice("web-d", [three, two])];
        assert_eq!(differing(&in_tree, &mainstay), Vec::<String>::new());
    }

    #[test]
    fn a_missing_endpoint_another_hint_and_one_slice_more_show() {
        let [one, two] = ["10.9.0.1", "10.9.0.2"].map(endpoint);
        let both = [slice("web-a", [one.clone(), two.clone()])];
        let of_two = |differences: &[String]| differences.iter().all(|it| it.contains("10.9.0.2"));
        let missing = differing(&both, &[slice("web-a", [one.clone()])]);
        assert!(missing.len() == 2 && of_two(&missing), "{missing:?}");
        let mut other = two.clone();
        other["hints"]["forZones"][0]["name"] = json!("south");
        let hint = differing(&both, &[slice("web-a", [one.clone(), other])]);
        assert!(hint.len() == 1 && of_two(&hint) && hint[0].contains(": hints"), "{hint:?}");
        let split = differing(&both, &[slice("web-a", [one]), slice("web-b", [two])]);
        assert!(split.len() == 1 && split[0].contains(": slices"), "{split:?}");
    }

    #[test]
    fn an_endpoint_that_is_said_twice_or_of_a_former_pod_shows() {
        let one = endpoint("10.9.0.1");
        let once = [slice("web-a", [one.clone()])];
        assert!(!differing(&once, &[slice("web-a", [one.clone(), one.clone()])]).is_empty());
        let mut former = one;
        former["targetRef"]["uid"] = json!("b");
        let differing = differing(&once, &[slice("web-a", [former])]);
        assert!(differing.len() == 1 && differing[0].contains("a former one"), "{differing:?}");
    }

    #[test]
    fn a_time_is_told_in_the_step_that_has_brought_it_and_when_nothing_happened_then() {
        let mut history = History::default();
        let with_time = |time: &str| {
            let mut slice = slice("web-a", []);
            slice["metadata"]["annotations"][TRIGGER_TIME] = json!(time);
            observed(&[slice])
        };
        let times = |view: View| -> Vec<String> {
            let of_time = |what: &String| what.ends_with(TIME) || what.ends_with(": time");
            view.into_iter().filter(|(what, _)| of_time(what)).map(|(_, time)| time).collect()
        };
        let first = with_time("2001-02-03T04:01:00Z");
        assert_eq!(times(history.view("ours", &first)), ["2001-02-03T04:01:00Z"]);
        history.begin(2, &first);
        assert_eq!(times(history.view("ours", &first)), Vec::<String>::new());
        let created = with_time("2026-01-01T00:00:00Z");
        assert_eq!(times(history.view("ours", &created)), ["the service's creation"]);
        for (other, told) in
            [("2026-01-01T00:00:01Z", "another one"), ("2001-02-03T04:59:00Z", "2001-02-03T04:59:00Z")]
        {
            assert_eq!(times(history.view("ours", &with_time(other))), ["when nothing happened", told]);
        }
    }

    #[test]
    fn a_warning_is_told_in_the_step_that_has_brought_it_and_one_of_what_is_retried_ever_after() {
        let warnings = |count: u64| {
            observed(&["Disabled", "FailedToUpdateEndpointSlices"].map(|reason| {
                json!({
                    "kind": "Event", "metadata": {"uid": reason}, "count": count,
                    "involvedObject": {"kind": "Service", "name": "web"},
                    "source": {"component": "endpoint-slice-controller"}, "type": "Warning", "reason": reason,
                })
            }))
        };
        let mut history = History::default();
        let mut told = |count: u64| {
            let view = history.view("ours", &warnings(count));
            history.begin(1, &warnings(count));
            view.into_iter()
                .filter(|(what, _)| what.starts_with("event"))
                .map(|(_, fact)| fact)
                .collect::<Vec<_>>()
        };
        assert_eq!(told(1), ["said", "said so far"]);
        assert_eq!(told(1), ["said so far"]);
        assert_eq!(told(2), ["said", "said so far"]);
    }

    #[test]
    fn the_apiservers_own_events_are_not_compared_and_words_do_not_matter() {
        let event = |component: &str, message: &str| {
            json!({
                "kind": "Event", "metadata": {"uid": message}, "count": 1,
                "involvedObject": {"kind": "Service", "name": "web"}, "source": {"component": component},
                "type": "Warning", "reason": "Because", "message": message,
            })
        };
        assert_eq!(view(&[event("", "no address")]), view(&[]));
        let ours = view(&[event("endpoint-slice-controller", "this")]);
        assert_eq!(ours, view(&[event("endpoint-slice-controller", "that")]));
        assert!(ours.contains_key("event of Service web by endpoint-slice-controller: Warning Because"));
    }
}
