//! When services are at rest: slices and Endpoints say of each pod what is true, and what the step waits for has come.
//!
//! That is reckoned coarsely, only to know how long to wait: addresses and readiness. What else is said is what is compared.

use std::collections::BTreeSet;

use serde_json::Value;

use super::observation::{MANAGED_BY, Observation, is_ready, label, list, name_of, text};
use super::step::{Step, Until};
use crate::differential::subject::Who;

const OF_PODS: &str = "endpointslice-controller.k8s.io";
const MIRRORED: &str = "endpointslicemirroring-controller.k8s.io";
/// More are not in an Endpoints.
const CAPACITY: usize = 1000;

/// Whether this has come.
pub fn has_come(until: Until, observation: &Observation) -> bool {
    let says = |service: &str, what: &str| {
        observation.slices_of(service).any(|slice| without_chance(slice).to_string().contains(what))
    };
    match until {
        Until::Accounted => Observation::named(&observation.accounts, "default").is_some(),
        Until::Endpoints(service, number) => {
            let slices = observation.slices_of(service);
            slices.map(|slice| list(&slice["endpoints"]).len()).sum::<usize>() == number
        }
        Until::Says(service, what) => says(service, what),
        Until::SaysNot(service, what) => !says(service, what),
        Until::Told(reason) => observation.events.iter().any(|event| event["reason"] == reason),
        Until::Hinted(service, number) => {
            let endpoints = observation.slices_of(service).flat_map(|slice| list(&slice["endpoints"]));
            endpoints.filter(|endpoint| endpoint["hints"].is_object()).count() == number
        }
        Until::OpenInTree(_) | Until::MissingNodeCame => true,
    }
}

/// A slice without what is drawn or counted for it, in which any number may be found.
fn without_chance(slice: &Value) -> Value {
    let mut slice = slice.clone();
    let forget = |object: Option<&mut Value>, fields: &[&str]| {
        if let Some(object) = object.and_then(Value::as_object_mut) {
            object.retain(|field, _| !fields.contains(&field.as_str()));
        }
    };
    let drawn = ["name", "uid", "resourceVersion", "generation", "ownerReferences", "managedFields"];
    forget(slice.get_mut("metadata"), &drawn);
    for endpoint in slice.get_mut("endpoints").and_then(Value::as_array_mut).into_iter().flatten() {
        forget(endpoint.get_mut("targetRef"), &["uid", "resourceVersion"]);
    }
    slice
}

/// What shows that somebody still has something to do.
pub fn unrest(who: Who, step: &Step, observation: &Observation) -> Vec<String> {
    let mut unrest = Vec::new();
    for service in &observation.services {
        let name = name_of(service);
        let is_open = |until: &Until| matches!(until, Until::OpenInTree(it) if *it == name);
        if who == Who::InTree && step.until.iter().any(is_open) {
            continue;
        }
        if service["spec"]["type"] == "ExternalName" || !service["spec"]["selector"].is_object() {
            mirror(service, observation, &mut unrest);
        } else {
            let all_nodes = step.until.contains(&Until::MissingNodeCame);
            selecting(service, all_nodes, observation, &mut unrest);
        }
    }
    unrest
}

fn selecting(service: &Value, all_nodes: bool, observation: &Observation, unrest: &mut Vec<String>) {
    let name = name_of(service);
    let all = service["spec"]["publishNotReadyAddresses"] == true;
    let families = list(&service["spec"]["ipFamilies"]);
    let is_of = |address: &str, family: &Value| address.contains(':') == (family == "IPv6");
    let (mut in_slices, mut in_endpoints) = (BTreeSet::new(), BTreeSet::new());
    for pod in observation.pods.iter().filter(|pod| is_published(service, pod)) {
        let (serving, terminating) = (is_ready(pod), !pod["metadata"]["deletionTimestamp"].is_null());
        for address in list(&pod["status"]["podIPs"]).iter().map(|it| text(&it["ip"])) {
            if families.iter().any(|family| is_of(address, family)) && (all || is_on_a_node(pod, all_nodes)) {
                let ready = all || (serving && !terminating);
                in_slices.insert(format!("{address} {ready} {serving} {terminating}"));
            }
            if families.first().is_some_and(|family| is_of(address, family)) && (all || !terminating) {
                in_endpoints.insert(format!("{address} {}", all || serving));
            }
        }
    }
    let mut said = BTreeSet::new();
    for endpoint in endpoints_of(observation, name, OF_PODS) {
        let conditions = &endpoint["conditions"];
        let [ready, serving, terminating] = ["ready", "serving", "terminating"].map(|it| &conditions[it]);
        for address in list(&endpoint["addresses"]) {
            said.insert(format!("{} {ready} {serving} {terminating}", text(address)));
        }
    }
    if said != in_slices {
        unrest.push(format!("the slices of {name} say {said:?}, and it is {in_slices:?}"));
    }
    let said = Observation::named(&observation.endpoints, name).map(said_by).unwrap_or_default();
    // Whether two pods at one address are ready is nothing that is reckoned here, and neither is who is beyond the capacity.
    let addresses: BTreeSet<&str> = in_endpoints.iter().filter_map(|it| it.split(' ').next()).collect();
    let is_shared = addresses.len() < in_endpoints.len();
    let is_full = in_endpoints.len() > CAPACITY && said.len() == CAPACITY;
    if said != in_endpoints && !is_shared && !is_full && has_ports(service) {
        unrest.push(format!("the Endpoints {name} says {said:?}, and it is {in_endpoints:?}"));
    }
}

fn mirror(service: &Value, observation: &Observation, unrest: &mut Vec<String>) {
    let name = name_of(service);
    if endpoints_of(observation, name, OF_PODS).next().is_some() {
        unrest.push(format!("{name} selects no pods, and has slices of pods"));
    }
    let wanted = Observation::named(&observation.endpoints, name)
        .filter(|it| label(it, "endpointslice.kubernetes.io/skip-mirror") != "true")
        .filter(|it| it["metadata"]["annotations"]["control-plane.alpha.kubernetes.io/leader"].is_null())
        .filter(|_| !service["spec"]["selector"].is_object())
        .map(said_by)
        .unwrap_or_default();
    let mut said = BTreeSet::new();
    for endpoint in endpoints_of(observation, name, MIRRORED) {
        let addresses = list(&endpoint["addresses"]).iter();
        said.extend(addresses.map(|it| format!("{} {}", text(it), endpoint["conditions"]["ready"])));
    }
    if said != wanted {
        unrest.push(format!("the mirror of {name} says {said:?}, and it is {wanted:?}"));
    }
}

fn endpoints_of<'a>(
    observation: &'a Observation,
    service: &'a str,
    manager: &'static str,
) -> impl Iterator<Item = &'a Value> {
    let slices = observation.slices_of(service).filter(move |slice| label(slice, MANAGED_BY) == manager);
    slices.flat_map(|slice| list(&slice["endpoints"]))
}

/// Addresses that an Endpoints has, with their readiness.
fn said_by(endpoints: &Value) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    for subset in list(&endpoints["subsets"]) {
        for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            said.extend(list(&subset[field]).iter().map(|it| format!("{} {ready}", text(&it["ip"]))));
        }
    }
    said
}

fn is_published(service: &Value, pod: &Value) -> bool {
    let selector = service["spec"]["selector"].as_object();
    let labels = &pod["metadata"]["labels"];
    selector.is_some_and(|selector| selector.iter().all(|(key, value)| labels.get(key) == Some(value)))
        && !["Succeeded", "Failed"].contains(&text(&pod["status"]["phase"]))
}

/// Nodes whose names begin so are those that there are not, unless the step says that they came.
pub const MISSING_NODE: &str = "missing";

fn is_on_a_node(pod: &Value, all_nodes: bool) -> bool {
    let node = text(&pod["spec"]["nodeName"]);
    !node.is_empty() && (all_nodes || !node.starts_with(MISSING_NODE))
}

/// Whether pods can be said to be behind ports that they all have, or behind none.
fn has_ports(service: &Value) -> bool {
    list(&service["spec"]["ports"]).iter().all(|port| port["targetPort"].is_number())
}

#[cfg(test)]
mod tests {
    use super::super::observation::parse;
    use super::*;
    use serde_json::json;

    fn unrest_of(who: Who, ready: bool, until: Vec<Until>) -> Vec<String> {
        let items = json!({"items": [
            {
                "kind": "Service", "metadata": {"name": "web"},
                "spec": {
                    "selector": {"app": "web"}, "ipFamilies": ["IPv4"], "ports": [{"port": 80, "targetPort": 8080}],
                },
            },
            {
                "kind": "Pod", "metadata": {"name": "web-1", "labels": {"app": "web"}},
                "spec": {"nodeName": "north-1"},
                "status": {
                    "phase": "Running", "podIPs": [{"ip": "10.9.0.1"}],
                    "conditions": [{"type": "Ready", "status": "True"}],
                },
            },
            {
                "kind": "EndpointSlice",
                "metadata": {"labels": {
                    "kubernetes.io/service-name": "web",
                    "endpointslice.kubernetes.io/managed-by": OF_PODS,
                }},
                "endpoints": [{
                    "addresses": ["10.9.0.1"],
                    "conditions": {"ready": ready, "serving": ready, "terminating": false},
                }],
            },
            {"kind": "Endpoints", "metadata": {"name": "web"}, "subsets": [{"addresses": [{"ip": "10.9.0.1"}]}]},
        ]});
        let step = Step { name: "", actions: Vec::new(), until };
        unrest(who, &step, &parse(&items.to_string()).unwrap())
    }

    #[test]
    fn a_service_is_at_rest_when_its_slices_and_endpoints_say_what_its_pods_are() {
        for who in [Who::InTree, Who::Mainstay] {
            assert_eq!(unrest_of(who, true, Vec::new()), Vec::<String>::new());
            assert_eq!(unrest_of(who, false, Vec::new()).len(), 1);
        }
    }

    #[test]
    fn a_port_is_looked_for_where_no_number_is_drawn() {
        let slice = |ports| {
            json!({
                "kind": "EndpointSlice",
                "metadata": {
                    "name": "web-80808", "uid": "80808080-8080-4080-8080-808080808080", "resourceVersion": "8080",
                    "labels": {"kubernetes.io/service-name": "web"},
                    "ownerReferences": [{"uid": "80808080-8080-4080-8080-808080808080"}],
                },
                "endpoints": [{"targetRef": {"name": "web-1", "uid": "80808080-8080-4080-8080-808080808080"}}],
                "ports": ports,
            })
        };
        for (ports, says) in [(json!([]), false), (json!([{"port": 8080}]), true)] {
            let observation = parse(&json!({"items": [slice(ports)]}).to_string()).unwrap();
            assert_eq!(has_come(Until::Says("web", "8080"), &observation), says);
            assert_eq!(has_come(Until::SaysNot("web", "8080"), &observation), !says);
        }
    }

    #[test]
    fn where_in_tree_leaves_things_as_they_were_mainstay_does_not() {
        let until = || vec![Until::OpenInTree("web")];
        assert_eq!(unrest_of(Who::InTree, false, until()), Vec::<String>::new());
        assert_eq!(unrest_of(Who::Mainstay, false, until()).len(), 1);
        assert_eq!(unrest_of(Who::InTree, false, vec![Until::OpenInTree("another")]).len(), 1);
    }
}
