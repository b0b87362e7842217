//! Pod specs that were rendered in JSON and are sent in protobuf: the server makes of them what it makes of the JSON. And the table by which
//! that is done, which comes from Kubernetes' own types.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use mainstay_e2e::pod_fields;
use mainstay_model::{ControllerReference, CreatePod, Kind, ObjectName, PodSpec, PodTemplate, Uid, Write};
use mainstay_wire::{pod_spec, request};
use serde_json::{Value, json};

use crate::server::{Server, with_query};

const NAMESPACE: &str = "pod-specs";
const POD: &str = "web-1";
/// Nearly all that a pod of one main container may have.
const RICH: &str = include_str!("pod_specs/rich.json");
/// Every field, most of them as no pod may have them: the refusal names each, with what was read.
const FULL: &str = include_str!("../../../controllers/wire/tests/pod_spec/full.json");

pub async fn a_pod_in_protobuf_is_the_pod_in_json(server: &Server) -> Result<()> {
    server.make_namespace(NAMESPACE).await?;
    let rich = sent_both_ways(server, RICH).await?;
    ensure!(rich["spec"]["containers"][0]["resources"]["limits"]["memory"] == "512Mi", "not taken: {rich}");
    ensure!(rich["spec"]["volumes"][4]["ephemeral"]["volumeClaimTemplate"]["spec"].is_object());
    let full = sent_both_ways(server, &admissible(FULL)?).await?;
    let causes = full["details"]["causes"].as_array().map_or(0, Vec::len);
    ensure!(causes > 100, "only {causes} causes: {full}");
    let with_main = |main: Value, volumes: Value| {
        // Else each pod has a volume with a name of its own.
        json!({"automountServiceAccountToken": false, "containers": [main], "volumes": volumes})
    };
    for spec in [
        json!({}),
        json!({"containers": []}),
        with_main(json!({"name": "main"}), json!([])),
        with_main(json!({"name": "main", "image": "a"}), json!([{"name": "none"}])),
        with_main(json!({"name": "main", "image": "a", "resources": {"limits": {"cpu": "-1"}}}), json!([])),
    ] {
        sent_both_ways(server, &spec.to_string()).await?;
    }
    Ok(())
}

/// The spec without what refuses a pod before anybody looks at the rest of it: names of things that are not there.
fn admissible(spec: &str) -> Result<String> {
    let mut spec: Value = serde_json::from_str(spec)?;
    let fields = spec.as_object_mut().context("no object")?;
    for field in ["priorityClassName", "priority", "preemptionPolicy", "runtimeClassName", "overhead"] {
        fields.remove(field);
    }
    for field in ["serviceAccountName", "serviceAccount"] {
        fields.insert(field.to_owned(), json!("default"));
    }
    Ok(spec.to_string())
}

/// What the server says to a pod of this spec, whichever way it is told.
async fn sent_both_ways(server: &Server, spec: &str) -> Result<Value> {
    let owner = ControllerReference { kind: Kind::SidecarWorkload, name: "web".into(), uid: Uid(1) };
    let template = PodTemplate { spec: PodSpec::Json(spec.to_owned().into()), ..PodTemplate::default() };
    let template = pod_spec::in_protobuf(&template).context("no protobuf")?;
    let write = Write::CreatePod(CreatePod {
        pod: ObjectName::new(NAMESPACE, POD),
        generate_name: "web-".into(),
        owner,
        template: Arc::new(template),
    });
    let dry_run = [("dryRun", "All".to_owned())];
    let mut request = with_query(request::write(&write), &dry_run);
    ensure!(request.content_type == Some("application/vnd.kubernetes.protobuf"), "no protobuf: {spec}");
    request.accept = "application/json";
    let in_protobuf = server.send(request).await?;

    let spec: Value = serde_json::from_str(spec)?;
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": POD, "generateName": "web-"},
        "spec": spec,
    });
    let path = format!("/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All");
    let in_json = server.json("POST", &path, Some(&pod)).await?;

    let said = |body: &[u8]| -> Result<Value> {
        let mut said: Value = serde_json::from_slice(body)?;
        // Of a pod that was taken only the spec is the same: each has a UID and times of its own.
        said.as_object_mut().context("no object")?.remove("metadata");
        if let Some(causes) = said["details"]["causes"].as_array_mut() {
            // The server goes through maps in any order, and the message says all of that once more.
            causes.sort_by_key(Value::to_string);
            said["message"] = Value::Null;
        }
        Ok(said)
    };
    let (in_protobuf_said, in_json_said) = (said(&in_protobuf.body)?, said(&in_json.body)?);
    ensure!(
        in_protobuf.code == in_json.code,
        "{} in protobuf, {} in JSON: {spec}",
        in_protobuf.code,
        in_json.code
    );
    compare(&mut Vec::new(), &in_protobuf_said, &in_json_said)?;
    Ok(in_json_said)
}

/// Finds the place where two values differ.
fn compare(path: &mut Vec<String>, in_protobuf: &Value, in_json: &Value) -> Result<()> {
    match (in_protobuf, in_json) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            for (key, value) in left {
                path.push(key.clone());
                compare(path, value, &right[key])?;
                path.pop();
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                path.push(index.to_string());
                compare(path, left, right)?;
                path.pop();
            }
        }
        _ => ensure!(
            in_protobuf == in_json,
            "{}: {in_protobuf} in protobuf, {in_json} in JSON",
            path.join(".")
        ),
    }
    Ok(())
}

/// Else fields that are new would keep whole pods in JSON: `cargo xtask pod-fields` writes the files anew.
pub fn the_fields_of_a_pod_spec_are_those_of_kubernetes() -> Result<()> {
    for file in pod_fields::generate()? {
        let path = file.path.display();
        let found = fs::read(&file.path).with_context(|| format!("cannot read {path}"))?;
        ensure!(found == file.content, "{path} is not what `cargo xtask pod-fields` writes");
    }
    Ok(())
}
