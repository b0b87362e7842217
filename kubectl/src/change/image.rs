//! New images of main, sidecars and init steps.

use serde_json::{Value, json};

use super::ownership::{self, Step};
use super::{Change, FieldChange, Outcome, Patch, Refusal, joined};
use crate::objects::Workload;

/// A container and the image that it is to have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assignment {
    /// The container.
    pub container: String,
    /// The image.
    pub image: String,
}

/// Reads `container=image`.
pub fn parse(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((container, image)) if !container.is_empty() && !image.is_empty() => {
            Ok(Assignment { container: container.to_owned(), image: image.to_owned() })
        }
        _ => Err("it has the form container=image, like logs=registry.example.com/logs:2".to_owned()),
    }
}

/// A container of a template and where it is.
struct Place<'a> {
    name: &'a str,
    image: &'a str,
    /// Where a JSON patch finds it.
    pointer: String,
    /// Where people and the apiserver find it.
    path: Vec<Step<'a>>,
    is_init: bool,
}

/// Sets images; all of them or none.
pub fn set(workload: &Workload, assignments: &[Assignment]) -> Result<Change, Refusal> {
    let name = &workload.metadata.name;
    let places = places(workload);
    let mut operations = Vec::new();
    let mut fields = Vec::new();
    let mut warnings = Vec::new();
    for Assignment { container, image } in assignments {
        let place =
            places.iter().find(|place| place.name == container).ok_or_else(|| Refusal::UnknownContainer {
                name: name.clone(),
                wanted: container.clone(),
                known: joined(places.iter().map(|place| place.name.to_owned())),
            })?;
        if place.image == image {
            continue;
        }
        // Lists are patched by position: somebody may have moved the container since it was read.
        operations.push(json!({"op": "test", "path": format!("{}/name", place.pointer), "value": container}));
        operations.push(json!({"op": "replace", "path": format!("{}/image", place.pointer), "value": image}));
        fields.push(FieldChange {
            path: ownership::written(&place.path),
            from: json!(place.image),
            to: json!(image),
        });
        warnings.extend(ownership::warning(workload, &place.path));
        if place.is_init {
            warnings.push(format!(
                "{container} is an init step, which runs in new pods alone: all pods are replaced"
            ));
        }
    }
    if fields.is_empty() {
        return Ok(Change::none("set image", workload, "has these images already".to_owned()));
    }
    if let Some(revision) = &workload.spec.revision {
        warnings.push(format!(
            "pods stay pinned to revision {revision}, and get the new template after `kubectl mainstay undo {name} --off`"
        ));
    }
    let told = fields.iter().map(|field| format!("{} is {} now", field.path, text(&field.to)));
    let message = joined(told);
    let before: Vec<String> = assignments
        .iter()
        .filter_map(|assignment| places.iter().find(|place| place.name == assignment.container))
        .map(|place| format!("{}={}", place.name, place.image))
        .collect();
    Ok(Change {
        patch: Some(Patch::Json(Value::Array(operations))),
        outcome: Outcome {
            changed: true,
            fields,
            warnings,
            back: Some(format!("kubectl mainstay set image {name} {}", before.join(" "))),
            ..Outcome::new("set image", workload, message)
        },
    })
}

/// The names of all containers, main first.
pub fn names(workload: &Workload) -> Vec<String> {
    places(workload).into_iter().map(|place| place.name.to_owned()).collect()
}

fn places(workload: &Workload) -> Vec<Place<'_>> {
    let template = &workload.spec.template;
    let root = || vec![Step::Field("spec"), Step::Field("template")];
    let mut places = Vec::new();
    if let Some(main) = template.get("main") {
        let path = [root(), vec![Step::Field("main"), Step::Field("image")]].concat();
        places.push(Place {
            name: field(main, "name"),
            image: field(main, "image"),
            pointer: "/spec/template/main".to_owned(),
            path,
            is_init: false,
        });
    }
    for list in ["sidecars", "init"] {
        let containers = template.get(list).and_then(Value::as_array).into_iter().flatten();
        places.extend(containers.enumerate().map(|(index, container)| {
            Place {
                name: field(container, "name"),
                image: field(container, "image"),
                pointer: format!("/spec/template/{list}/{index}"),
                path: [
                    root(),
                    vec![Step::Field(list), Step::Named(field(container, "name")), Step::Field("image")],
                ]
                .concat(),
                is_init: list == "init",
            }
        }));
    }
    places
}

fn field<'a>(container: &'a Value, field: &str) -> &'a str {
    container.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
