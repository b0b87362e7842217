//! What a server says of an object's metadata.

use regex::Regex;
use serde_json::Value;

use super::schema::Breach;

/// The fields that there are.
const FIELDS: [&str; 14] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "uid",
];

/// The form of a name.
const NAME: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

/// Pods carry the name of their SidecarWorkload as the value of a label.
const LONGEST_NAME: usize = 63;

/// All that is wrong with it.
pub fn breaches(object: &Value) -> Vec<Breach> {
    let breach = |path: &str, message: String, is_unknown_field| Breach {
        path: path.to_owned(),
        message,
        is_unknown_field,
    };
    let metadata = object.get("metadata").and_then(Value::as_object);
    let word = |field: &str| metadata.and_then(|metadata| metadata.get(field)).and_then(Value::as_str);
    let mut breaches: Vec<Breach> = metadata
        .into_iter()
        .flat_map(|metadata| metadata.keys())
        .filter(|key| !FIELDS.contains(&key.as_str()))
        .map(|key| {
            let path = format!("metadata.{key}");
            breach(&path, format!("unknown field \"{path}\""), true)
        })
        .collect();
    match (word("name"), word("generateName")) {
        (None, None) => {
            let message = "Required value: name or generateName is required".to_owned();
            breaches.push(breach("metadata.name", message, false));
        }
        (Some(name), _) if !is_name(name) => breaches.push(breach(
            "metadata.name",
            format!(
                "Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
                 '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
                 validation is '{NAME}')"
            ),
            false,
        )),
        (Some(name), _) if name.len() > LONGEST_NAME => breaches.push(breach(
            "metadata.name",
            format!(
                "{name:?} has {} letters: its pods carry it as a label, which may have {LONGEST_NAME}, and would be refused",
                name.len()
            ),
            false,
        )),
        _ => {}
    }
    breaches
}

fn is_name(name: &str) -> bool {
    name.len() <= 253 && Regex::new(&format!("^{NAME}$")).is_ok_and(|form| form.is_match(name))
}
