//! A pod spec's protobuf, made from its JSON.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pod_spec::encode;

/// By `cargo xtask pod-fields`: a spec in which every field is set, and what Kubernetes' own encoder makes of it.
const FULL: (&[u8], &[u8]) =
    (include_bytes!("../../tests/pod_spec/full.json"), include_bytes!("../../tests/pod_spec/full.bin"));

fn encoded(spec: &Value) -> Option<Vec<u8>> {
    encode(spec.to_string().as_bytes()).map(|spec| spec.to_vec())
}

fn of_container(field: &str, value: Value) -> Value {
    json!({"containers": [{ field: value }]})
}

fn of_claim(metadata: Value) -> Value {
    json!({"volumes": [{"ephemeral": {"volumeClaimTemplate": {"metadata": metadata}}}]})
}

#[test]
fn every_field_is_written_as_kubernetes_writes_it() {
    let (json, protobuf) = FULL;
    assert!(encode(json).unwrap() == protobuf);
}

#[test]
fn absent_null_and_empty_are_the_same() {
    assert_eq!(encoded(&json!({})), Some(Vec::new()));
    let spec = json!({"hostname": null, "securityContext": null, "volumes": [], "nodeSelector": {}});
    assert_eq!(encoded(&spec), Some(Vec::new()));
    let spec = of_container("livenessProbe", json!({"httpGet": null}));
    assert_eq!(encoded(&spec), encoded(&of_container("livenessProbe", json!({"exec": null}))));
}

#[test]
fn a_message_without_fields_is_there() {
    let volume = |source: Value| json!({"volumes": [{"name": "a", "emptyDir": source}]});
    assert_ne!(encoded(&volume(json!({}))), encoded(&volume(Value::Null)));
}

#[test]
fn numbers_are_amounts_and_ports_as_texts_are() {
    let limit = |amount: Value| of_container("resources", json!({"limits": {"cpu": amount}}));
    assert!(encoded(&limit(json!(2))).is_some());
    assert_eq!(encoded(&limit(json!(2))), encoded(&limit(json!("2"))));
    let port = |port: Value| of_container("livenessProbe", json!({"httpGet": {"port": port}}));
    assert!(encoded(&port(json!(80))).is_some() && encoded(&port(json!("http"))).is_some());
    assert_ne!(encoded(&port(json!(80))), encoded(&port(json!("80"))));
}

/// The apiserver says what is wrong with it, or leaves it out, or is newer than this program.
#[test]
fn what_kubernetes_might_not_read_the_same_stays_json() {
    for spec in [
        json!({"fieldOfTomorrow": 1}),
        json!({"hostPid": true}),
        json!({"hostname": 1}),
        json!({"hostPID": "true"}),
        json!({"priority": 2_147_483_648_u32}),
        json!({"priority": 1.0}),
        json!({"priority": "1"}),
        json!({"activeDeadlineSeconds": u64::MAX}),
        json!({"containers": {}}),
        json!({"containers": [null]}),
        json!({"containers": ["main"]}),
        json!({"nodeSelector": {"zone": null}}),
        json!({"nodeSelector": {"zone": 1}}),
        json!({"nodeSelector": []}),
        json!({"securityContext": "none"}),
        of_container("command", json!([null])),
        of_container("fieldOfTomorrow", Value::Null),
        of_container("livenessProbe", json!({"httpGet": {"port": 2_147_483_648_u32}})),
        of_container("livenessProbe", json!({"httpGet": {"port": true}})),
        of_container("livenessProbe", json!({"handler": {}})),
        of_container("resources", json!({"limits": {"cpu": ""}})),
        of_container("resources", json!({"limits": {"cpu": " 1"}})),
        of_container("resources", json!({"limits": {"cpu": "much"}})),
        of_container("resources", json!({"limits": {"cpu": 0.5}})),
        of_container("resources", json!({"limits": {"cpu": null}})),
        of_claim(json!({"creationTimestamp": "2026-01-01 00:00:00Z"})),
        of_claim(json!({"creationTimestamp": "2026-01-01T00:00:00.5Z"})),
        of_claim(json!({"managedFields": []})),
    ] {
        assert_eq!(encoded(&spec), None, "{spec}");
    }
    for text in ["", "[]", "null", "{", "\"\""] {
        assert_eq!(encode(text.as_bytes()), None, "{text}");
    }
}

/// Takes or changes something of what is somewhere in a value.
fn disturb(value: &mut Value, path: &[prop::sample::Index], with: &Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = with.clone();
        return;
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let place = first.index(fields.len());
            if let Some(field) = fields.values_mut().nth(place) {
                disturb(field, rest, with);
            }
        }
        Value::Array(entries) if !entries.is_empty() => {
            let place = first.index(entries.len());
            if let Some(entry) = entries.get_mut(place) {
                disturb(entry, rest, with);
            }
        }
        _ => *value = with.clone(),
    }
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        ".{0,8}".prop_map(|name| json!({ name: 1 })),
    ]
}

proptest! {
    /// Whatever a spec says, it is told or left to JSON; and nothing of what is told is lost, since every change shows.
    #[test]
    fn a_change_anywhere_shows(
        path in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        with in anything(),
    ) {
        let full: Value = serde_json::from_slice(FULL.0).unwrap();
        let mut changed = full.clone();
        disturb(&mut changed, &path, &with);
        prop_assume!(changed != full);
        if let Some(changed) = encoded(&changed) {
            prop_assert!(changed != FULL.1);
        }
    }
}
