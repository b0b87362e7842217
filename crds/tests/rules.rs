//! The CEL rules without a server. `e2e/tests/crds` has a real one judge the same cases, and those that are no matter of CEL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cases;

use kube::core::cel::Validator;
use mainstay_crds::definitions;
use serde_json::Value;

use cases::{Case, cases};

/// The messages of the rules that a case breaks.
fn broken(schema: &Value, case: &Case) -> Vec<String> {
    match Validator::new().validate(schema, &case.object, None) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.as_slice().iter().map(|error| error.message.clone()).collect(),
    }
}

fn schema() -> Value {
    let definition = serde_json::to_value(&definitions()[0]).unwrap();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

#[test]
fn what_is_in_order_breaks_no_rule() {
    let schema = schema();
    for case in cases("accepted") {
        assert!(case.rule.is_none() && case.words.is_empty(), "{}", case.what);
        assert_eq!(broken(&schema, &case), Vec::<String>::new(), "{}", case.what);
    }
}

#[test]
fn the_samples_break_no_rule() {
    let schema = schema();
    let mut seen = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/samples")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        for object in serde_saphyr::from_multiple::<Value>(&std::fs::read_to_string(&file).unwrap()).unwrap()
        {
            if object["kind"] == "SidecarWorkload" {
                let sample = Case { what: file.display().to_string(), object, rule: None, words: Vec::new() };
                assert_eq!(broken(&schema, &sample), Vec::<String>::new(), "{}", sample.what);
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

#[test]
fn each_rule_refuses_what_breaks_it_and_says_what_to_write_instead() {
    let schema = schema();
    let mut seen = Vec::new();
    for case in cases("refused") {
        let Some(words) = &case.rule else { continue };
        let messages = broken(&schema, &case);
        let is_said = messages.iter().all(|message| message.contains(words));
        assert!(!messages.is_empty() && is_said, "{}: {messages:?}", case.what);
        seen.extend(messages);
    }
    let mut open = vec![&schema];
    while let Some(schema) = open.pop() {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let message = rule["message"].as_str().unwrap().to_owned();
            assert!(seen.contains(&message), "no case breaks the rule that says {message:?}");
        }
        match schema {
            Value::Object(fields) => open.extend(fields.values()),
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}
