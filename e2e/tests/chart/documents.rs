//! The files beside the templates: schema, values, pages and samples.

use serde_json::{Value, json};

use crate::install::chart_folder;
use crate::rendered::{labels, list, selects};

#[test]
fn the_chart_has_the_version_of_the_program() {
    let chart = std::fs::read_to_string(chart_folder().join("Chart.yaml")).unwrap();
    let chart: Value = serde_saphyr::from_str(&chart).unwrap();
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["kubeVersion"], ">=1.34.0-0");
}

/// The schema and the values as they lie in the chart's folder.
fn schema_and_values() -> (Value, Value) {
    let read = |name| std::fs::read_to_string(chart_folder().join(name)).unwrap();
    let schema = serde_json::from_str(&read("values.schema.json")).unwrap();
    let values = serde_saphyr::from_str(&read("values.yaml")).unwrap();
    (schema, values)
}

#[test]
fn the_schema_is_closed() {
    fn walk(path: &str, schema: &Value) {
        if let Some(fields) = schema.as_object() {
            let is_text_map = schema["additionalProperties"] == json!({"type": "string"});
            if schema["type"] == "object" && path != "/properties/global" && !is_text_map {
                assert_eq!(schema["additionalProperties"], false, "{path} is open");
            }
            for (name, field) in fields {
                walk(&format!("{path}/{name}"), field);
            }
        }
    }
    walk("", &schema_and_values().0);
}

/// One row per value: where the schema describes something, the table does not descend further.
fn rows(path: &str, schema: &Value, values: &Value, into: &mut Vec<String>) {
    let properties = schema["properties"].as_object().unwrap();
    for (name, value) in values.as_object().unwrap() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let property = properties.get(name).unwrap_or_else(|| panic!("{path} is not in the schema"));
        match property.get("description").and_then(Value::as_str) {
            None => rows(&path, property, value, into),
            Some(description) => {
                let default = value.to_string();
                let default =
                    if default.len() > 60 { "see values.yaml".to_owned() } else { format!("`{default}`") };
                assert!(description.ends_with('.'), "{path}: {description}");
                into.push(format!("| `{path}` | {default} | {} |\n", description.replace('|', "\\|")));
            }
        }
    }
    for name in properties.keys().filter(|name| *name != "global") {
        assert!(values.get(name).is_some(), "{path}.{name} has no default in values.yaml");
    }
}

#[test]
fn the_readme_describes_every_value() {
    let (schema, values) = schema_and_values();
    let mut table = vec!["| Value | Default | What it is |\n| --- | --- | --- |\n".to_owned()];
    rows("", &schema, &values, &mut table);
    let table = table.concat();

    let file = chart_folder().join("README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let start = readme.find("<!-- values:").and_then(|at| Some(at + readme[at..].find('\n')? + 1)).unwrap();
    let end = readme.find("<!-- end of values -->").unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, format!("{}{table}{}", &readme[..start], &readme[end..])).unwrap();
    } else {
        assert_eq!(&readme[start..end], table, "the table is stale: run this test with UPDATE_EXPECT=1");
    }
}

/// The objects of all samples of a kind.
fn samples(kind: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(chart_folder().join("../samples")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "yaml") {
            let sample = std::fs::read_to_string(file).unwrap();
            found.extend(serde_saphyr::from_multiple::<Value>(&sample).unwrap());
        }
    }
    found.retain(|object| object["kind"] == kind);
    assert!(!found.is_empty(), "no sample of a {kind}");
    found
}

#[test]
fn a_sample_is_pods_with_helpers_that_their_controller_selects() {
    for object in samples("ReplicationController") {
        let selector = labels(&object, "/spec/selector");
        assert!(selects(&selector, &labels(&object, "/spec/template/metadata/labels")));
        let pod = &object["spec"]["template"]["spec"];
        let helpers = list(pod, "/initContainers");
        assert!(helpers.iter().any(|helper| helper["restartPolicy"] == "Always"), "a native sidecar");
        assert!(helpers.iter().any(|helper| helper.get("restartPolicy").is_none()), "an init container");
        for container in helpers.iter().chain(list(pod, "/containers")) {
            assert_eq!(container["image"], "registry.k8s.io/pause:3.10");
            assert_eq!(container["imagePullPolicy"], "IfNotPresent");
        }
    }
}

#[test]
fn samples_of_workloads_have_services_and_images_that_stay_what_they_are() {
    let services = samples("Service");
    for workload in samples("SidecarWorkload") {
        let name = workload["metadata"]["name"].as_str().unwrap();
        let leads_there = |service: &&Value| {
            service["spec"]["selector"] == json!({"mainstay.dev/workload": name})
                && service["metadata"]["name"] == name
        };
        assert_eq!(services.iter().filter(leads_there).count(), 1, "{name}");
        let template = &workload["spec"]["template"];
        let helpers = list(template, "/init").iter().chain(list(template, "/sidecars"));
        for container in helpers.chain([&template["main"]]) {
            let image = container["image"].as_str().unwrap();
            let tag = image.rsplit_once(':').unwrap().1;
            assert!(image.starts_with("docker.io/"), "{image} is whole, so that no runtime has to guess");
            assert!(tag.starts_with(|first: char| first.is_ascii_digit()), "{image} has a version");
            // A runtime has it or pulls it, as it does by itself for a tag that is a version.
            assert!(container.get("imagePullPolicy").is_none());
        }
    }
}

#[test]
fn the_page_of_the_samples_names_each_file() {
    let folder = chart_folder().join("../samples");
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || page.contains(&format!("({name})")), "{name} is not linked");
    }
}
