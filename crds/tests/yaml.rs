//! `crds/yaml` and the chart have what the types say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, reason = "a variable tells whether to write")]

use std::path::{Path, PathBuf};

use kube::ResourceExt;
use mainstay_crds::definitions;
use serde_json::Value;

/// `kubectl apply` keeps all of it as an annotation, of which an object may have 262,144 bytes. This leaves room for kinds to grow.
const LONGEST: usize = 100_000;

const MADE: &str = "# Made from crds/src by `cargo xtask crds`.\n";

/// The definitions by the file name that each has.
fn all() -> Vec<(String, Value)> {
    let file = |name: &str| format!("{}.yaml", name.split('.').next().unwrap());
    definitions()
        .into_iter()
        .map(|definition| {
            (file(&definition.name_any()), whole_numbers(serde_json::to_value(definition).unwrap()))
        })
        .collect()
}

/// Bounds are floats in the API's type. As `0.0` they would differ for ever from what a tool finds in the cluster.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => Value::from(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect(),
        other => other,
    }
}

fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(value).unwrap()
}

fn check_or_write(file: PathBuf, wanted: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(file, wanted).unwrap();
    } else {
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(found == wanted, "{} is stale: run cargo xtask crds", file.display());
    }
}

#[test]
fn the_yaml_is_what_the_types_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("yaml");
    for (file, definition) in all() {
        check_or_write(folder.join(file), &format!("{MADE}{}", yaml(&definition)));
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), all().len(), "a file that nothing makes");
}

#[test]
fn the_chart_has_the_same() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/mainstay/templates");
    for (file, definition) in all() {
        let text = yaml(&definition);
        assert!(!text.contains("{{"), "helm would take it for its own");
        let (head, tail) = text.split_once("metadata:\n").unwrap();
        let template = format!(
            "{{{{- if .Values.crds.install -}}}}\n{MADE}{head}metadata:\n  annotations:\n    # helm uninstall leaves it, and with it every object of its kind.\n    \
             helm.sh/resource-policy: keep\n  labels:\n    {{{{- include \"mainstay.labels\" . | nindent 4 }}}}\n{tail}{{{{- end }}}}\n"
        );
        check_or_write(templates.join(format!("crd-{file}")), &template);
    }
}

#[test]
fn kubectl_apply_can_keep_it_in_an_annotation() {
    for (file, definition) in all() {
        let length = definition.to_string().len();
        assert!(length < LONGEST, "{file} has {length} bytes");
    }
}
