//! Who else has set a field, by the list that the apiserver keeps: whoever keeps it in Git will set it back.

use serde_json::Value;

use crate::MANAGER;
use crate::objects::Workload;

/// A step to a field, as the apiserver writes it in `managedFields`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// A field of this name.
    Field(&'a str),
    /// The item of a list that has this name.
    Named(&'a str),
}

/// A warning for those who have set a field beside us.
pub fn warning(workload: &Workload, path: &[Step<'_>]) -> Option<String> {
    let mut owners: Vec<&str> = workload
        .metadata
        .managed_fields
        .iter()
        .filter(|entry| entry.manager != MANAGER && has(&entry.fields_v1, path))
        .map(|entry| entry.manager.as_str())
        .collect();
    owners.sort_unstable();
    owners.dedup();
    (!owners.is_empty()).then(|| {
        format!(
            "{} was set by {} before: where that is kept in Git, change it there too, or it will be set back",
            written(path),
            owners.join(" and ")
        )
    })
}

fn has(fields: &Value, path: &[Step<'_>]) -> bool {
    let next = |fields: &Value, step: &Step<'_>| {
        let key = match step {
            Step::Field(name) => format!("f:{name}"),
            Step::Named(name) => format!("k:{}", serde_json::json!({"name": name})),
        };
        fields.get(&key).cloned()
    };
    path.iter().try_fold(fields.clone(), |fields, step| next(&fields, step)).is_some()
}

/// A path for people: `spec.template.sidecars[logs].image`.
pub fn written(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Named(name) => text.push_str(&format!("[{name}]")),
        }
    }
    text
}
