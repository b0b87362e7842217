//! SidecarWorkloads that are accepted, and that are refused for a reason. They are judged twice: by the rules alone, and by a server.

use serde_json::{Map, Value, json};

/// A SidecarWorkload, and what is to be said of it.
pub struct Case {
    /// What is special about it.
    pub what: String,
    /// The whole object.
    pub object: Value,
    /// The words of the rule that it breaks.
    pub rule: Option<String>,
    /// What a server says to it that knows schema and decoding, too.
    pub words: Vec<String>,
}

/// The cases of this list: `accepted` or `refused`.
pub fn cases(list: &str) -> Vec<Case> {
    let page: Value = serde_saphyr::from_str(include_str!("cases.yaml")).unwrap();
    page[list].as_array().unwrap().iter().map(|case| read(&page["base"], case)).collect()
}

fn read(base: &Value, case: &Value) -> Case {
    let mut spec = merged(base, &case["spec"]);
    for (key, value) in case["replace"].as_object().into_iter().flatten() {
        spec[key] = value.clone();
    }
    for key in case["nulls"].as_array().into_iter().flatten() {
        spec[key.as_str().unwrap()] = Value::Null;
    }
    let by = case["by"].as_array().into_iter().flatten().map(|words| words.as_str().unwrap().to_owned());
    Case {
        what: case["what"].as_str().unwrap().to_owned(),
        object: json!({
            "apiVersion": "mainstay.dev/v1alpha1",
            "kind": "SidecarWorkload",
            "metadata": {"name": "web"},
            "spec": spec,
        }),
        rule: case["rule"].as_str().map(str::to_owned),
        words: by.collect(),
    }
}

/// A merge patch.
fn merged(target: &Value, patch: &Value) -> Value {
    let patch = match patch {
        Value::Object(patch) => patch.clone(),
        Value::Null => Map::new(),
        other => return other.clone(),
    };
    let mut target = target.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else {
            let old = target.get(&key).cloned().unwrap_or_default();
            target.insert(key, merged(&old, &value));
        }
    }
    Value::Object(target)
}
