//! What there is in a room at a moment: services, pods, what says where they are, and events.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::differential::subject::User;

/// The kinds that are read, all by one call.
const KINDS: &str = "services,pods,endpoints,endpointslices.discovery.k8s.io,events,serviceaccounts";

/// The label of slices with the name of their service.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label that says who manages a slice.
pub const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// All objects of a room.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// The services.
    pub services: Vec<Value>,
    /// The pods.
    pub pods: Vec<Value>,
    /// The Endpoints.
    pub endpoints: Vec<Value>,
    /// The slices.
    pub slices: Vec<Value>,
    /// The events.
    pub events: Vec<Value>,
    /// The service accounts.
    pub accounts: Vec<Value>,
}

/// What there is now.
pub fn observe(user: &User<'_>) -> Result<Observation> {
    let namespace = user.namespace(user.room);
    parse(&user.cluster.kubectl(&["get", KINDS, "--namespace", &namespace, "--output", "json"])?)
}

/// Reads kubectl's answer.
pub fn parse(answer: &str) -> Result<Observation> {
    let answer: Value = serde_json::from_str(answer).context("kubectl answers something unexpected")?;
    let mut observation = Observation::default();
    for item in list(&answer["items"]) {
        let place = match text(&item["kind"]) {
            "Service" => &mut observation.services,
            "Pod" => &mut observation.pods,
            "Endpoints" => &mut observation.endpoints,
            "EndpointSlice" => &mut observation.slices,
            "Event" => &mut observation.events,
            _ => &mut observation.accounts,
        };
        place.push(item.clone());
    }
    Ok(observation)
}

impl Observation {
    /// The slices of a service, whoever manages them.
    pub fn slices_of(&self, service: &str) -> impl Iterator<Item = &Value> {
        self.slices.iter().filter(move |slice| label(slice, SERVICE_NAME) == service)
    }

    /// The object of a kind with this name.
    pub fn named<'a>(objects: &'a [Value], name: &str) -> Option<&'a Value> {
        objects.iter().find(|object| name_of(object) == name)
    }
}

/// The items of a list, none where there is none.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text, empty where there is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The name of an object.
pub fn name_of(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

/// The value of a label, empty where there is none.
pub fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"]["labels"].get(key).map(text).unwrap_or_default()
}

/// Whether a pod is ready.
pub fn is_ready(pod: &Value) -> bool {
    list(&pod["status"]["conditions"]).iter().any(|it| it["type"] == "Ready" && it["status"] == "True")
}
