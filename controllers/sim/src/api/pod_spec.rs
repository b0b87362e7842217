//! Pod specs in JSON, as far as anything here depends on them: the containers and the readiness gate (upstream:
//! `ValidatePodSpec` in pkg/apis/core/validation/validation.go).

use std::collections::BTreeSet;

use mainstay_model::sidecar_workload::SERVING_GATE;
use mainstay_model::{ContainerRole, ContainerState, Name, PodSpec, WorkloadPod};
use serde_json::Value;

use super::refused::Refused;

/// The containers that a spec asks for, as they are before anybody has started one; `None` of a spec that nobody here reads.
pub fn containers(spec: &PodSpec) -> Result<Option<WorkloadPod>, Refused> {
    let PodSpec::Json(json) = spec else { return Ok(None) };
    let spec: Value = serde_json::from_slice(json).map_err(|_| Refused::BAD_REQUEST)?;
    let main = list(&spec, "containers")?.iter().map(|container| state(container, ContainerRole::Main));
    let init = list(&spec, "initContainers")?.iter().map(|container| state(container, init_role(container)?));
    let containers = main.chain(init).collect::<Result<Box<[ContainerState]>, Refused>>()?;
    let names: BTreeSet<&Name> = containers.iter().map(|container| &container.name).collect();
    let has_main = containers.iter().any(|container| container.role == ContainerRole::Main);
    if !has_main || names.len() < containers.len() {
        return Err(Refused::INVALID);
    }
    let is_serving_gate =
        |gate: &Value| gate.get("conditionType").and_then(Value::as_str) == Some(SERVING_GATE);
    let has_serving_gate = list(&spec, "readinessGates")?.iter().any(is_serving_gate);
    Ok(Some(WorkloadPod { has_serving_gate, containers, ..WorkloadPod::default() }))
}

fn list<'a>(spec: &'a Value, field: &str) -> Result<&'a [Value], Refused> {
    match spec.get(field) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) => Err(Refused::BAD_REQUEST),
    }
}

fn init_role(container: &Value) -> Result<ContainerRole, Refused> {
    match container.get("restartPolicy").map(Value::as_str) {
        None => Ok(ContainerRole::Init),
        Some(Some("Always")) => Ok(ContainerRole::Sidecar),
        Some(_) => Err(Refused::INVALID),
    }
}

fn state(container: &Value, role: ContainerRole) -> Result<ContainerState, Refused> {
    let text = |field: &str| {
        let text = container.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(Name::from).ok_or(Refused::INVALID)
    };
    Ok(ContainerState {
        name: text("name")?,
        role,
        image: text("image")?,
        id: None,
        started: false,
        ready: false,
        restarts: 0,
        waiting: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: &str) -> Result<Option<WorkloadPod>, Refused> {
        containers(&PodSpec::Json(spec.to_owned().into()))
    }

    #[test]
    fn each_list_gives_its_roles_and_main_comes_first() {
        let spec = r#"{"initContainers": [{"name": "proxy", "image": "p:1", "restartPolicy": "Always"}, {"name": "migrate", "image": "m:1"}],
            "containers": [{"name": "main", "image": "a:1"}], "readinessGates": [{"conditionType": "mainstay.dev/serving"}]}"#;
        let pod = read(spec).unwrap().unwrap();
        let seen: Vec<(&str, ContainerRole)> =
            pod.containers.iter().map(|container| (&*container.name, container.role)).collect();
        let wanted = [
            ("main", ContainerRole::Main),
            ("proxy", ContainerRole::Sidecar),
            ("migrate", ContainerRole::Init),
        ];
        assert_eq!(seen, wanted);
        assert!(pod.has_serving_gate && pod.containers.iter().all(|container| container.id.is_none()));
    }

    #[test]
    fn what_a_server_would_refuse_is_refused() {
        for (spec, refused) in [
            ("no JSON", Refused::BAD_REQUEST),
            (r#"{"containers": {}}"#, Refused::BAD_REQUEST),
            (r#"{"containers": []}"#, Refused::INVALID),
            (r#"{"containers": [{"name": "main"}]}"#, Refused::INVALID),
            (
                r#"{"containers": [{"name": "a", "image": "x"}, {"name": "a", "image": "x"}]}"#,
                Refused::INVALID,
            ),
            (
                r#"{"containers": [{"name": "a", "image": "x"}],
                    "initContainers": [{"name": "b", "image": "x", "restartPolicy": "Never"}]}"#,
                Refused::INVALID,
            ),
        ] {
            assert_eq!(read(spec), Err(refused), "{spec}");
        }
        assert_eq!(containers(&PodSpec::default()), Ok(None));
    }
}
