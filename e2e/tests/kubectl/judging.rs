//! `lint` beside the apiserver: what the one refuses the other refuses, in the same words.

use std::fs;

use anyhow::Result;
use mainstay_e2e::testbed::Namespace;
use serde_json::{Value, json};

use crate::cases::cases;
use crate::shop::{Shop, run};

/// What a server finds wrong, one entry each.
fn refused_by_server(shop: &Shop, namespace: &Namespace<'_>, object: &Value) -> Result<Vec<String>> {
    let file = shop.cluster().folder().join(format!("{namespace}-server.json"));
    fs::write(&file, object.to_string())?;
    let mut command = shop.cluster().kubectl_command()?;
    command.args(["--namespace", namespace.name(), "create", "--dry-run=server", "--filename"]).arg(&file);
    let said = run(&mut command);
    if said.code == 0 {
        return Ok(Vec::new());
    }
    if let Some((_, fields)) = said.error.split_once("strict decoding error: ") {
        return Ok(fields.trim().split(", ").map(str::to_owned).collect());
    }
    let (_, causes) = said.error.split_once(" is invalid: ").unwrap_or_else(|| panic!("{said:?}"));
    let causes = causes.trim().split("\n* ").map(|cause| cause.trim_start_matches("* "));
    Ok(causes.filter(|cause| !is_said_twice(cause)).map(with_field).collect())
}

/// What it says of an object as a whole, or of the number of replicas once more, as the scale of it.
fn is_said_twice(cause: &str) -> bool {
    cause.starts_with(".spec.replicas: ") || cause.contains("some validation rules were not checked")
}

/// A number of the wrong size is told without its field in front.
fn with_field(cause: &str) -> String {
    match cause.strip_prefix("<nil>: ") {
        Some(words) => format!("{}: {words}", words.rsplit(' ').next().unwrap_or_default()),
        None => cause.to_owned(),
    }
}

/// What `lint` finds wrong, as far as a server says it at once: nothing else where there is an unknown field.
fn refused_by_lint(shop: &Shop, namespace: &Namespace<'_>, object: &Value) -> Result<Vec<String>> {
    let file = shop.cluster().folder().join(format!("{namespace}-lint.json"));
    fs::write(&file, object.to_string())?;
    let report = shop.plugin(namespace, &["lint", file.to_str().unwrap(), "--output", "json"]).json();
    let findings =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
    let (unknown, others): (Vec<&Value>, Vec<&Value>) =
        findings.partition(|finding| finding["message"].as_str().unwrap().starts_with("unknown field "));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if !unknown.is_empty() {
        return Ok(unknown.into_iter().map(|finding| text(&finding["message"])).collect());
    }
    Ok(others
        .into_iter()
        .map(|finding| format!("{}: {}", text(&finding["path"]), text(&finding["message"])))
        .collect())
}

pub fn lint_says_what_the_apiserver_says(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    let mut all: Vec<(String, Value)> = Vec::new();
    all.extend(cases("accepted").into_iter().map(|case| (case.what, case.object)));
    all.extend(more());
    for case in cases("refused") {
        let found = refused_by_lint(shop, namespace, &case.object)?.join("\n");
        for words in case.rule.iter().chain(&case.words) {
            assert!(found.contains(words.as_str()), "{}: {words:?} is not in {found}", case.what);
        }
        all.push((case.what, case.object));
    }
    let mut different = Vec::new();
    for (what, object) in all {
        let (mut server, mut lint) =
            (refused_by_server(shop, namespace, &object)?, refused_by_lint(shop, namespace, &object)?);
        server.sort();
        lint.sort();
        if server != lint {
            different.push(format!("{what}:\n  server {server:#?}\n  lint {lint:#?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    Ok(())
}

/// What is refused by the schema alone, each keyword of it.
fn more() -> Vec<(String, Value)> {
    let main = json!({"name": "app", "image": "app:1"});
    let with = |fields: Value| {
        let mut template = json!({"main": main});
        template.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"template": template})
    };
    let sidecars = |count: usize| {
        (0..count).map(|number| json!({"name": format!("s{number}"), "image": "x:1"})).collect::<Vec<_>>()
    };
    let labels: serde_json::Map<String, Value> =
        (0..33).map(|number| (format!("k{number}"), json!("v"))).collect();
    let specs = [
        ("a text for a number", json!({"replicas": "many", "template": {"main": main}})),
        ("a number for a text", with(json!({"main": {"name": "app", "image": 1}}))),
        ("a text for a boolean", json!({"rollout": {"paused": "yes"}, "template": {"main": main}})),
        ("a broken number", json!({"replicas": 1.5, "template": {"main": main}})),
        ("a number beyond 32 bits", json!({"replicas": 3_000_000_000_i64, "template": {"main": main}})),
        ("a boolean for a share", json!({"rollout": {"maxSurge": true}, "template": {"main": main}})),
        ("a share with a fraction", json!({"rollout": {"maxSurge": 1.5}, "template": {"main": main}})),
        ("too many sidecars", with(json!({"sidecars": sidecars(17)}))),
        ("too many labels", with(json!({"metadata": {"labels": labels}}))),
        ("a label that is too long", with(json!({"metadata": {"labels": {"k": "v".repeat(64)}}}))),
        ("an empty image", with(json!({"main": {"name": "app", "image": ""}}))),
        ("a name that is too long", with(json!({"main": {"name": "a".repeat(64), "image": "app:1"}}))),
        (
            "a share that is too long",
            json!({"rollout": {"maxSurge": "99999999999%"}, "template": {"main": main}}),
        ),
        (
            "a variable twice",
            with(json!({"sidecars": [{"name": "a", "image": "x:1", "policy": {"envFromMain": ["A", "A"]}}]})),
        ),
        ("an object for a list", with(json!({"sidecars": {"name": "a"}}))),
        ("null in a list", with(json!({"sidecars": [null]}))),
        ("nothing at all", json!({})),
        (
            "many things at once",
            json!({"replicas": -1, "rollout": {"maxSurge": "x"}, "template": {"main": {"name": "A"}}}),
        ),
    ];
    let object = |spec: Value| json!({"apiVersion": "mainstay.dev/v1alpha1", "kind": "SidecarWorkload", "metadata": {"name": "web"}, "spec": spec});
    specs.into_iter().map(|(what, spec)| (what.to_owned(), object(spec))).collect()
}
