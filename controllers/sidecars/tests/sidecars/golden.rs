//! What a template becomes: the revision, and the pods that are made from it.

use expect_test::{Expect, expect};
use mainstay_model::{PodSpec, Write};
use serde_json::{Value, json};

use crate::objects::{bytes, workload};
use crate::world::World;

/// The pod that is made for a template: labels, annotations and spec.
fn pod_of(template: &Value) -> Value {
    let mut spec = workload(1);
    spec.template = bytes(template);
    let mut world = World::new(spec);
    let creation = world.plan().writes;
    assert!(matches!(creation.as_slice(), [Write::CreateControllerRevision(_)]), "{creation:?}");
    world.write(&creation[0]);
    let writes = world.plan().writes;
    let create = writes.iter().find_map(|write| match write {
        Write::CreatePod(create) => Some(create),
        _ => None,
    });
    let template = &create.unwrap().template;
    let PodSpec::Json(spec) = &template.spec else { panic!("not rendered") };
    let pairs = |set: &mainstay_model::LabelSet| {
        set.iter().map(|(key, value)| (key.to_string(), Value::from(&**value))).collect::<Value>()
    };
    json!({
        "labels": pairs(&template.labels),
        "annotations": pairs(&template.annotations),
        "spec": serde_json::from_slice::<Value>(spec).unwrap(),
    })
}

#[track_caller]
fn check(shown: &Value, expected: Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(shown).unwrap());
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|container| container["name"].as_str().unwrap()).collect()
}

#[test]
fn main_and_a_sidecar_become_a_pod_with_two_labels_and_default_requests() {
    check(
        &pod_of(&crate::objects::template()),
        expect![[r#"
        {
          "annotations": {},
          "labels": {
            "mainstay.dev/revision": "web-9618bb274c",
            "mainstay.dev/workload": "web"
          },
          "spec": {
            "containers": [
              {
                "image": "app:1",
                "name": "app"
              }
            ],
            "initContainers": [
              {
                "image": "proxy:1",
                "name": "proxy",
                "resources": {
                  "requests": {
                    "cpu": "10m",
                    "memory": "32Mi"
                  }
                },
                "restartPolicy": "Always"
              }
            ]
          }
        }"#]],
    );
}

#[test]
fn main_alone_has_no_init_list() {
    check(
        &pod_of(&json!({"main": {"name": "app", "image": "app:1"}})),
        expect![[r#"
        {
          "annotations": {},
          "labels": {
            "mainstay.dev/revision": "web-a026cf4a2f",
            "mainstay.dev/workload": "web"
          },
          "spec": {
            "containers": [
              {
                "image": "app:1",
                "name": "app"
              }
            ]
          }
        }"#]],
    );
}

#[test]
fn sidecars_stand_around_the_init_steps_by_their_order_and_then_their_names() {
    let sidecar = |name: &str, policy: Value| json!({"name": name, "image": "x:1", "policy": policy});
    let pod = pod_of(&json!({
        "main": {"name": "app", "image": "app:1"},
        "init": [{"name": "second", "image": "x:1"}, {"name": "first", "image": "x:1"}],
        "sidecars": [
            sidecar("z", json!({})),
            sidecar("late", json!({"start": "AfterInit", "order": 1})),
            sidecar("b", json!({"order": 50})),
            sidecar("a", json!({"order": 50})),
            sidecar("m", json!({"order": 100})),
            sidecar("later", json!({"start": "AfterInit"})),
        ],
    }));
    assert_eq!(
        names(&pod["spec"]["initContainers"]),
        ["a", "b", "m", "z", "second", "first", "late", "later"]
    );
    assert_eq!(names(&pod["spec"]["containers"]), ["app"]);
    let init = pod["spec"]["initContainers"].as_array().unwrap();
    let policies: Vec<bool> = init.iter().map(|container| container["restartPolicy"] == "Always").collect();
    assert_eq!(policies, [true, true, true, true, false, false, true, true]);
    assert!(init.iter().all(|container| container.get("policy").is_none()));
}

#[test]
fn mounts_of_main_are_shared_as_the_policy_says_and_own_ones_win() {
    let sidecar = |name: &str, share: &str| {
        json!({
            "name": name, "image": "x:1", "policy": {"shareMounts": share},
            "volumeMounts": [{"name": "own", "mountPath": "/cache"}],
        })
    };
    let pod = pod_of(&json!({
        "main": {"name": "app", "image": "app:1", "volumeMounts": [
            {"name": "data", "mountPath": "/data", "subPath": "a", "mountPropagation": "HostToContainer"},
            {"name": "cache", "mountPath": "/cache"},
        ]},
        "sidecars": [sidecar("none", "None"), sidecar("read", "ReadOnly"), sidecar("same", "Same")],
        "pod": {"volumes": [{"name": "data", "emptyDir": {}}]},
    }));
    let init = pod["spec"]["initContainers"].as_array().unwrap();
    let mounts: Vec<&Value> = init.iter().map(|container| &container["volumeMounts"]).collect();
    check(
        &json!(mounts),
        expect![[r#"
        [
          [
            {
              "mountPath": "/cache",
              "name": "own"
            }
          ],
          [
            {
              "mountPath": "/cache",
              "name": "own"
            },
            {
              "mountPath": "/data",
              "name": "data",
              "readOnly": true,
              "subPath": "a"
            }
          ],
          [
            {
              "mountPath": "/cache",
              "name": "own"
            },
            {
              "mountPath": "/data",
              "mountPropagation": "HostToContainer",
              "name": "data",
              "subPath": "a"
            }
          ]
        ]"#]],
    );
}

#[test]
fn variables_of_main_come_as_they_are_asked_for_and_own_ones_win() {
    let pod = pod_of(&json!({
        "main": {"name": "app", "image": "app:1", "env": [
            {"name": "A", "value": "main"}, {"name": "B", "value": "main"},
            {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ]},
        "sidecars": [{
            "name": "proxy", "image": "x:1", "policy": {"envFromMain": ["C", "B", "absent", "A"]},
            "env": [{"name": "B", "value": "own"}, {"name": "D", "value": "$(C)"}],
        }],
    }));
    check(
        &pod["spec"]["initContainers"][0]["env"],
        expect![[r#"
        [
          {
            "name": "C",
            "valueFrom": {
              "secretKeyRef": {
                "key": "k",
                "name": "s"
              }
            }
          },
          {
            "name": "A",
            "value": "main"
          },
          {
            "name": "B",
            "value": "own"
          },
          {
            "name": "D",
            "value": "$(C)"
          }
        ]"#]],
    );
}

#[test]
fn a_sidecar_that_asks_for_nothing_asks_for_a_little() {
    let sidecar =
        |name: &str, resources: Value| json!({"name": name, "image": "x:1", "resources": resources});
    let pod = pod_of(&json!({
        "main": {"name": "app", "image": "app:1"},
        "sidecars": [
            sidecar("a", json!({})),
            sidecar("b", json!({"requests": {"cpu": "1"}})),
            sidecar("c", json!({"limits": {"memory": "1Gi"}})),
            sidecar("d", json!({"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2"}})),
        ],
    }));
    let init = pod["spec"]["initContainers"].as_array().unwrap();
    let resources: Vec<String> = init.iter().map(|container| container["resources"].to_string()).collect();
    check(
        &json!(resources),
        expect![[r#"
        [
          "{\"requests\":{\"cpu\":\"10m\",\"memory\":\"32Mi\"}}",
          "{\"requests\":{\"cpu\":\"1\",\"memory\":\"32Mi\"}}",
          "{\"limits\":{\"memory\":\"1Gi\"},\"requests\":{\"cpu\":\"10m\"}}",
          "{\"limits\":{\"cpu\":\"2\"},\"requests\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}"
        ]"#]],
    );
    assert!(pod["spec"]["containers"][0].get("resources").is_none());
}

#[test]
fn a_sidecar_that_is_drained_gives_the_pod_a_gate() {
    let template = |drain: bool| {
        json!({
            "main": {"name": "app", "image": "app:1"},
            "sidecars": [{"name": "proxy", "image": "x:1", "policy": {"drain": drain}}],
            "pod": {"readinessGates": [{"conditionType": "example.com/lb"}]},
        })
    };
    check(
        &pod_of(&template(true))["spec"]["readinessGates"],
        expect![[r#"
        [
          {
            "conditionType": "example.com/lb"
          },
          {
            "conditionType": "mainstay.dev/serving"
          }
        ]"#]],
    );
    assert_eq!(pod_of(&template(false))["spec"]["readinessGates"].as_array().unwrap().len(), 1);
}

#[test]
fn what_the_template_says_of_the_pod_is_passed_on_and_its_lists_of_containers_are_not() {
    let pod = pod_of(&json!({
        "metadata": {"labels": {"tier": "front"}, "annotations": {"note": "\u{e9}\"\\ $(VAR)"}},
        "main": {"name": "app", "image": "app:1", "fieldOfTomorrow": {"a": [1, 2.5, null]}},
        "pod": {
            "serviceAccountName": "web", "terminationGracePeriodSeconds": 5,
            "containers": [{"name": "second-main"}], "initContainers": [{"name": "x"}],
            "ephemeralContainers": [{"name": "y"}],
        },
    }));
    check(
        &pod,
        expect![[r#"
        {
          "annotations": {
            "note": "é\"\\ $(VAR)"
          },
          "labels": {
            "mainstay.dev/revision": "web-ccb516456d",
            "mainstay.dev/workload": "web",
            "tier": "front"
          },
          "spec": {
            "containers": [
              {
                "fieldOfTomorrow": {
                  "a": [
                    1,
                    2.5,
                    null
                  ]
                },
                "image": "app:1",
                "name": "app"
              }
            ],
            "serviceAccountName": "web",
            "terminationGracePeriodSeconds": 5
          }
        }"#]],
    );
}

#[test]
fn equal_templates_are_one_revision_in_whatever_order_their_keys_come() {
    let first = bytes::Bytes::from_static(br#"{"main":{"name":"app","image":"app:1"},"pod":{"a":1,"b":2}}"#);
    let second = bytes::Bytes::from_static(br#"{"pod":{"b":2,"a":1},"main":{"image":"app:1","name":"app"}}"#);
    let revision = |template: bytes::Bytes| {
        let mut spec = workload(1);
        spec.template = template;
        World::new(spec).plan().writes
    };
    assert_eq!(revision(first), revision(second));
}
