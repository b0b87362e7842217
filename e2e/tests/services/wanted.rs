//! What slices and Endpoints of a namespace are to be, by its services and pods, and what is otherwise.
//!
//! This is written down once more and by other means than in the controllers: pods in, sets of words out.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, bail};
use mainstay_e2e::testbed::{Namespace, name_of, uid_of};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

use crate::objects::{MANAGED_BY, OF_PODS, SERVICE_NAME};

/// Waits until every service of the namespace that selects pods has slices and an Endpoints that say of each of its pods what is true.
/// The differences are told where that does not come.
pub fn wait_until_all_is_said(namespace: &Namespace<'_>, timeout: Duration) -> Result<()> {
    let mut last = Vec::new();
    let found = wait_for("slices and Endpoints to say what pods are", timeout, || {
        last = differences(namespace)?;
        Ok(last.is_empty().then_some(()))
    });
    match found {
        Ok(()) => Ok(()),
        Err(error) => bail!("{error:#}:\n  {}", last.join("\n  ")),
    }
}

/// What slices or Endpoints say that is not so, or do not say.
pub fn differences(namespace: &Namespace<'_>) -> Result<Vec<String>> {
    // One request after another: whoever waits for the end looks until nothing changes any more.
    let kinds = ["services", "pods", "endpointslices", "endpoints"];
    let mut lists = Vec::new();
    for kind in kinds {
        lists.push(list(&namespace.json(&["get", kind])?["items"]));
    }
    let [services, pods, slices, endpoints] = lists.as_slice() else { bail!("not {kinds:?}") };
    let mut found = Vec::new();
    for service in services.iter().filter(|service| service["spec"]["selector"].is_object()) {
        let name = name_of(service);
        let pods: Vec<&Value> = pods.iter().filter(|pod| is_selected(service, pod)).collect();
        let slices: Vec<&Value> = slices
            .iter()
            .filter(|slice| label(slice, SERVICE_NAME) == name && label(slice, MANAGED_BY) == OF_PODS)
            .collect();
        let wanted = pods.iter().copied().filter(|pod| has_address(pod)).map(in_slices).collect();
        compare(&format!("slices of {name}"), &wanted, said_by_slices(&slices), &mut found);
        found.extend(slices.iter().filter_map(|slice| misplaced(service, slice)));
        // Where there are no pods there is one slice that says so.
        if slices.len() != 1 {
            found.push(format!("{name} has {} slices", slices.len()));
        }
        let stays = |pod: &&Value| has_address(pod) && !is_terminating(pod);
        let wanted = pods.iter().copied().filter(stays).map(in_endpoints).collect();
        match endpoints.iter().find(|endpoints| name_of(endpoints) == name) {
            Some(endpoints) => {
                compare(&format!("Endpoints of {name}"), &wanted, said_by_endpoints(endpoints), &mut found);
            }
            None => found.push(format!("{name} has no Endpoints")),
        }
    }
    Ok(found)
}

fn compare(what: &str, wanted: &BTreeSet<String>, said: Vec<String>, found: &mut Vec<String>) {
    let set: BTreeSet<String> = said.iter().cloned().collect();
    if set.len() != said.len() {
        found.push(format!("{what}: something is said twice: {said:?}"));
    }
    found.extend(wanted.difference(&set).map(|pod| format!("{what}: missing: {pod}")));
    found.extend(set.difference(wanted).map(|pod| format!("{what}: not so: {pod}")));
}

fn in_slices(pod: &Value) -> String {
    let serving = is_ready(pod);
    let (ready, terminating) = (serving && !is_terminating(pod), is_terminating(pod));
    format!("{} ready={ready} serving={serving} terminating={terminating}", identity(pod))
}

fn said_by_slices(slices: &[&Value]) -> Vec<String> {
    let mut said = Vec::new();
    for slice in slices {
        for endpoint in list(&slice["endpoints"]) {
            let conditions = &endpoint["conditions"];
            let is = |name: &str| conditions[name] == true;
            said.push(format!(
                "{} ready={} serving={} terminating={}",
                target(&endpoint["targetRef"], &endpoint["addresses"][0], &endpoint["nodeName"]),
                is("ready"),
                is("serving"),
                is("terminating"),
            ));
        }
    }
    said
}

/// What is wrong with a slice apart from its endpoints.
fn misplaced(service: &Value, slice: &Value) -> Option<String> {
    let owner = &slice["metadata"]["ownerReferences"][0];
    let is_owned = owner["uid"].as_str() == Some(&uid_of(service)) && owner["controller"] == true;
    (!is_owned).then(|| format!("slice {} belongs to {owner}", name_of(slice)))
}

fn in_endpoints(pod: &Value) -> String {
    format!("{} ready={}", identity(pod), is_ready(pod))
}

fn said_by_endpoints(endpoints: &Value) -> Vec<String> {
    let mut said = Vec::new();
    for subset in list(&endpoints["subsets"]) {
        for (field, ready) in [("addresses", true), ("notReadyAddresses", false)] {
            for address in list(&subset[field]) {
                let target = target(&address["targetRef"], &address["ip"], &address["nodeName"]);
                said.push(format!("{target} ready={ready}"));
            }
        }
    }
    said
}

fn identity(pod: &Value) -> String {
    let (name, uid) = (name_of(pod), uid_of(pod));
    let target = serde_json::json!({"kind": "Pod", "name": name, "uid": uid});
    self::target(&target, &pod["status"]["podIP"], &pod["spec"]["nodeName"])
}

fn target(reference: &Value, address: &Value, node: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, name, uid) = (&reference["kind"], &reference["name"], &reference["uid"]);
    format!("{} {} ({}) at {} on {}", text(kind), text(name), text(uid), text(address), text(node))
}

fn is_selected(service: &Value, pod: &Value) -> bool {
    let selector = service["spec"]["selector"].as_object();
    selector.is_some_and(|selector| {
        selector.iter().all(|(key, value)| pod["metadata"]["labels"].get(key) == Some(value))
    })
}

fn has_address(pod: &Value) -> bool {
    pod["status"]["podIP"].is_string()
        && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

fn is_ready(pod: &Value) -> bool {
    list(&pod["status"]["conditions"])
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn is_terminating(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

fn label(object: &Value, key: &str) -> String {
    let value = object["metadata"]["labels"].get(key).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
