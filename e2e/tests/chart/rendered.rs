//! What an install renders to, and how to look into it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::install::{Install, on_chart};

/// What an install renders to.
pub struct Rendered {
    pub install: Install,
    pub objects: Vec<Value>,
}

pub fn render(install: Install) -> Rendered {
    let text = on_chart(&["template"], &install)
        .unwrap_or_else(|complaint| panic!("{:?} is refused: {complaint}", install.values));
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let objects: Vec<Value> = documents.into_iter().filter(Value::is_object).collect();
    assert!(!objects.is_empty());
    Rendered { install, objects }
}

pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text at {pointer} in {value:#}"))
}

pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn labels(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let found = value.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} in {value:#}"));
    serde_json::from_value(found.clone()).expect("labels are text")
}

/// Whether a selector, which must ask for something, chooses these labels.
pub fn selects(selector: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    assert!(!selector.is_empty());
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// How the labels begin by which a role becomes part of those that every cluster has.
pub const AGGREGATES: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Whether a role is none of the manager's.
pub fn is_for_users(role: &Value) -> bool {
    labels(role, "/metadata/labels").keys().any(|key| key.starts_with(AGGREGATES))
}

impl Rendered {
    pub fn kind(&self, kind: &str) -> Vec<&Value> {
        self.objects.iter().filter(|object| object["kind"] == kind).collect()
    }

    pub fn only(&self, kind: &str) -> &Value {
        let found = self.kind(kind);
        assert_eq!(found.len(), 1, "{kind}s of {:?}", self.install.values);
        found[0]
    }

    pub fn names(&self, kind: &str) -> BTreeSet<&str> {
        self.kind(kind).into_iter().map(|object| text(object, "/metadata/name")).collect()
    }

    pub fn deployment(&self) -> &Value {
        self.only("Deployment")
    }

    pub fn manager(&self) -> &Value {
        let containers = list(self.deployment(), "/spec/template/spec/containers");
        assert_eq!(containers.len(), 1);
        &containers[0]
    }

    pub fn replicas(&self) -> u64 {
        self.deployment()["spec"]["replicas"].as_u64().unwrap()
    }

    /// The file that the manager reads.
    pub fn configuration(&self) -> Value {
        serde_saphyr::from_str(text(self.only("ConfigMap"), "/data/mainstay.yaml")).unwrap()
    }

    /// What all roles together allow the manager: `group/resource verbs`, with the names behind that it is limited to.
    pub fn rights(&self) -> BTreeSet<String> {
        let mut rights = BTreeSet::new();
        let roles = self.kind("ClusterRole").into_iter().chain(self.kind("Role"));
        for role in roles.filter(|role| !is_for_users(role)) {
            for rule in list(role, "/rules") {
                let part = |name| {
                    list(rule, name).iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(",")
                };
                let right = format!("{}/{} {}", part("/apiGroups"), part("/resources"), part("/verbs"));
                rights.insert(format!("{right} {}", part("/resourceNames")).trim_end().to_owned());
            }
        }
        rights
    }

    /// The mode that the ReplicationController's loop was rendered for, by what is there for it.
    pub fn mode(&self) -> &'static str {
        let has = |duty: &str| self.names("ClusterRole").iter().any(|name| name.ends_with(duty));
        match (has(".replication"), has(".rivals"), self.kind("ReplicationController").len()) {
            (false, _, _) => "off",
            (true, false, 0) => "on",
            (true, true, 1) => "auto",
            parts => panic!("half of a mode, {parts:?}, of {:?}", self.install.values),
        }
    }

    /// The duties of controllers that there are ClusterRoles for.
    pub fn duties(&self) -> BTreeSet<&str> {
        let duty = |name: &'_ str| name.rsplit_once('.').map(|(_, duty)| duty.to_owned());
        let is_of =
            |known: &&str| self.names("ClusterRole").iter().any(|name| duty(name).as_deref() == Some(known));
        ["endpoints", "mirroring", "replication", "sidecars", "slices"].into_iter().filter(is_of).collect()
    }

    /// The duration of the pods' toleration of this taint: None when it is not tolerated, no number when it is for ever.
    pub fn toleration(&self, key: &str, effect: &str) -> Option<Option<u64>> {
        list(self.deployment(), "/spec/template/spec/tolerations")
            .iter()
            .find(|toleration| toleration["key"] == key && toleration["effect"] == effect)
            .map(|toleration| toleration.get("tolerationSeconds").and_then(Value::as_u64))
    }
}
