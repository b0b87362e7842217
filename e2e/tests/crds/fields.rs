//! Every field that the schema has, sent to a server and read back.

use anyhow::Result;
use mainstay_crds::{SidecarWorkload, definitions};
use mainstay_e2e::shell::run_command;
use mainstay_e2e::testbed::Namespace;
use serde_json::{Map, Value, json};

/// Makes values that differ, each of which its schema allows.
#[derive(Default)]
struct Filling {
    count: i64,
}

impl Filling {
    fn fill(&mut self, schema: &Value) -> Value {
        self.count += 1;
        if let Some(choices) = schema["enum"].as_array() {
            return choices[0].clone();
        }
        if schema["x-kubernetes-int-or-string"] == true {
            return Value::from(self.count.to_string());
        }
        match schema["type"].as_str() {
            Some("boolean") => Value::Bool(true),
            Some("integer") => {
                let most = schema["maximum"].as_f64().map_or(i64::MAX, |most| most as i64);
                Value::from(self.count.min(most))
            }
            Some("string") if schema["format"] == "date-time" => Value::from("2026-01-02T03:04:05Z"),
            Some("string") => Value::from(format!("s{}", self.count)),
            Some("array") => Value::Array(vec![self.fill(&schema["items"])]),
            Some("object") => Value::Object(self.fields(schema)),
            other => panic!("nothing is known of the type {other:?}"),
        }
    }

    fn fields(&mut self, schema: &Value) -> Map<String, Value> {
        if schema["additionalProperties"].is_object() {
            return Map::from_iter([(
                format!("k{}", self.count),
                self.fill(&schema["additionalProperties"]),
            )]);
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.map(|(name, schema)| (name.clone(), self.fill(schema))).collect()
    }
}

/// An object with every field, and how many these are.
fn filled() -> (Value, i64) {
    let definition = serde_json::to_value(&definitions()[0]).unwrap();
    let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    let mut filling = Filling::default();
    let mut object = json!({
        "apiVersion": "mainstay.dev/v1alpha1",
        "kind": "SidecarWorkload",
        "metadata": {"name": "full"},
        "spec": filling.fill(&schema["spec"]),
        "status": filling.fill(&schema["status"]),
    });
    let spec = &mut object["spec"];
    // These two lists must be empty, and these two fields exclude each other.
    let pod = spec["template"]["pod"].as_object_mut().unwrap();
    pod.retain(|name, _| name != "containers" && name != "initContainers");
    spec["rollout"]["partition"] = json!(0);
    // A condition's values have rules of their own in a typed client.
    object["status"]["conditions"][0]["status"] = json!("True");
    (object, filling.count)
}

pub fn every_field_comes_back_as_it_was_sent(namespace: &Namespace<'_>) -> Result<()> {
    let (sent, count) = filled();
    assert!(count > 1000, "{count} fields are few");
    let kubectl = |arguments: &[&str]| {
        let mut command = namespace.cluster().kubectl_command()?;
        command.args(["--namespace", namespace.name()]).args(arguments).args(["--filename", "-"]);
        run_command(&mut command, Some(&sent.to_string()))
    };
    kubectl(&["apply"])?;
    kubectl(&["replace", "--subresource", "status"])?;

    let found = namespace.json(&["get", "scw", "full"])?;
    for part in ["spec", "status"] {
        assert_eq!(found[part], sent[part], "{part}");
    }
    let typed: SidecarWorkload = serde_json::from_value(found.clone())?;
    let again = serde_json::to_value(&typed)?;
    for part in ["spec", "status"] {
        assert_eq!(again[part], sent[part], "{part}, by way of the types");
    }
    assert!(kubectl(&["apply"])?.contains("unchanged"));
    Ok(())
}
