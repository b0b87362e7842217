//! Objects as others write and read them: JSON.

use std::sync::Arc;

use mainstay_model::{
    Condition, Kind, LabelSet, Meta, Name, Object, ObjectName, OwnerReference, Pod, PodPhase,
    ReplicationController, ReplicationControllerStatus, ResourceQuota, ResourceVersion, Selector, Timestamp,
    Uid,
};
use mainstay_sim::api::changes::{Draft, DraftSpec, Part};
use mainstay_sim::api::deletion::{Deletion, Propagation};
use mainstay_sim::api::selection::phase;
use serde_json::{Map, Value, json};

/// An object, and what our clients do not read of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Whole {
    pub object: Object,
    pub finalizers: Vec<Name>,
    pub grace_seconds: Option<u64>,
}

/// What is posted to create an object.
pub fn draft(draft: &Draft) -> Value {
    let containers = json!({"containers": [{"name": "main", "image": "none"}]});
    let spec = match &draft.spec {
        DraftSpec::Pod => containers,
        DraftSpec::ReplicationController { replicas, min_ready_seconds, selector } => json!({
            "replicas": replicas,
            "minReadySeconds": min_ready_seconds,
            "selector": labels(selector),
            "template": {"metadata": {"labels": labels(selector)}, "spec": containers},
        }),
    };
    json!({
        "apiVersion": "v1",
        "kind": draft.kind().name(),
        "metadata": {
            "name": &*draft.object.name,
            "labels": labels(&draft.labels),
            "ownerReferences": owners(&draft.owners),
            "finalizers": names(&draft.finalizers),
        },
        "spec": spec,
    })
}

/// Puts a part in its place.
pub fn set_part(object: &mut Value, part: &Part) {
    match part {
        Part::Labels(set) => object["metadata"]["labels"] = labels(set),
        Part::Owners(list) => object["metadata"]["ownerReferences"] = owners(list),
        Part::Finalizers(list) => object["metadata"]["finalizers"] = names(list),
        Part::Replicas(replicas) => object["spec"]["replicas"] = json!(replicas),
        Part::PodStatus(wanted, ready, since) => {
            object["status"]["phase"] = json!(phase(*wanted));
            let mut conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let status = if *ready { "True" } else { "False" };
            let wanted = json!({"type": "Ready", "status": status, "lastTransitionTime": rfc3339(*since)});
            match conditions.iter_mut().find(|condition| condition["type"] == "Ready") {
                Some(found) => {
                    found["status"] = wanted["status"].clone();
                    found["lastTransitionTime"] = wanted["lastTransitionTime"].clone();
                }
                None => conditions.push(wanted),
            }
            object["status"]["conditions"] = json!(conditions);
        }
        Part::ControllerStatus(status) => {
            let condition = |condition: &Condition| {
                json!({
                    "type": condition.kind,
                    "status": condition.status,
                    "lastTransitionTime": condition.last_transition.map(rfc3339),
                    "reason": condition.reason,
                    "message": condition.message,
                })
            };
            object["status"] = json!({
                "replicas": status.replicas,
                "fullyLabeledReplicas": status.fully_labeled_replicas,
                "readyReplicas": status.ready_replicas,
                "availableReplicas": status.available_replicas,
                "observedGeneration": status.observed_generation,
                "conditions": status.conditions.iter().map(condition).collect::<Vec<_>>(),
            });
        }
    }
}

/// Reads an object.
pub fn whole(kind: Kind, value: &Value) -> Whole {
    let metadata = &value["metadata"];
    let meta = Meta {
        name: ObjectName::new(text(&metadata["namespace"]), text(&metadata["name"])),
        uid: uid(&metadata["uid"]).unwrap_or(Uid(0)),
        version: version(value),
        generation: metadata["generation"].as_i64().unwrap_or(0),
        labels: label_set(&metadata["labels"]),
        owners: list(&metadata["ownerReferences"]).map(owner).collect(),
        created: None,
        deleting: metadata["deletionTimestamp"].as_str().map(|_| Timestamp::default()),
    };
    let object = match kind {
        Kind::Pod => Object::Pod(Arc::new(pod(meta, value))),
        Kind::ReplicationController => Object::ReplicationController(Arc::new(controller(meta, value))),
        Kind::ResourceQuota => Object::ResourceQuota(Arc::new(quota(meta, value))),
        Kind::ControllerRevision
        | Kind::Endpoints
        | Kind::EndpointSlice
        | Kind::Node
        | Kind::PodDisruptionBudget
        | Kind::Service
        | Kind::SidecarWorkload => {
            panic!("{kind} is not compared")
        }
    };
    Whole {
        object,
        finalizers: list(&metadata["finalizers"]).map(|name| text(name).into()).collect(),
        grace_seconds: metadata["deletionGracePeriodSeconds"].as_u64(),
    }
}

/// What is asked with a deletion.
pub fn delete_options(deletion: &Deletion) -> Value {
    let propagation = deletion.propagation.map(|propagation| match propagation {
        Propagation::Background => "Background",
        Propagation::Foreground => "Foreground",
        Propagation::Orphan => "Orphan",
    });
    json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {
            "uid": deletion.uid.map(|uid| uid.to_string()),
            "resourceVersion": deletion.version.map(|version| version.to_string()),
        },
        "gracePeriodSeconds": deletion.grace_seconds,
        "propagationPolicy": propagation,
    })
}

/// The version of an object.
pub fn version(value: &Value) -> ResourceVersion {
    ResourceVersion::parse(text(&value["metadata"]["resourceVersion"])).unwrap_or_default()
}

fn quota(meta: Meta, value: &Value) -> ResourceQuota {
    let amounts = |value: &Value| {
        let entries = value.as_object().into_iter().flatten();
        entries.map(|(resource, amount)| (resource.as_str().into(), text(amount).into())).collect()
    };
    ResourceQuota { meta, hard: amounts(&value["status"]["hard"]), used: amounts(&value["status"]["used"]) }
}

fn pod(meta: Meta, value: &Value) -> Pod {
    let status = &value["status"];
    let ready = list(&status["conditions"]).find(|condition| condition["type"] == "Ready");
    Pod {
        phase: match text(&status["phase"]) {
            "" | "Pending" => PodPhase::Pending,
            "Running" => PodPhase::Running,
            "Succeeded" => PodPhase::Succeeded,
            "Failed" => PodPhase::Failed,
            _ => PodPhase::Unknown,
        },
        node: value["spec"]["nodeName"].as_str().map(Name::from),
        ready: ready.is_some_and(|condition| condition["status"] == "True"),
        ready_since: ready.and_then(|condition| from_rfc3339(&condition["lastTransitionTime"])),
        ..Pod::new(meta)
    }
}

fn controller(meta: Meta, value: &Value) -> ReplicationController {
    let (spec, status) = (&value["spec"], &value["status"]);
    let number = |value: &Value| i32::try_from(value.as_i64().unwrap_or(0)).unwrap_or(i32::MAX);
    let condition = |value: &Value| Condition {
        kind: text(&value["type"]).to_owned(),
        status: text(&value["status"]).to_owned(),
        last_transition: from_rfc3339(&value["lastTransitionTime"]),
        reason: text(&value["reason"]).to_owned(),
        message: text(&value["message"]).to_owned(),
    };
    ReplicationController {
        meta,
        replicas: number(&spec["replicas"]),
        min_ready_seconds: number(&spec["minReadySeconds"]),
        selector: Selector(label_set(&spec["selector"])),
        template: None,
        status: ReplicationControllerStatus {
            replicas: number(&status["replicas"]),
            fully_labeled_replicas: number(&status["fullyLabeledReplicas"]),
            ready_replicas: number(&status["readyReplicas"]),
            available_replicas: number(&status["availableReplicas"]),
            observed_generation: status["observedGeneration"].as_i64().unwrap_or(0),
            conditions: list(&status["conditions"]).map(condition).collect(),
        },
    }
}

fn owner(value: &Value) -> OwnerReference {
    OwnerReference {
        api_version: text(&value["apiVersion"]).into(),
        kind: text(&value["kind"]).into(),
        name: text(&value["name"]).into(),
        uid: uid(&value["uid"]),
        controller: value["controller"].as_bool().unwrap_or(false),
    }
}

fn owners(owners: &[OwnerReference]) -> Value {
    let reference = |owner: &OwnerReference| {
        json!({
            "apiVersion": &*owner.api_version,
            "kind": &*owner.kind,
            "name": &*owner.name,
            "uid": owner.uid.map(|uid| uid.to_string()),
            "controller": owner.controller,
            // As production writes it; the model does not know it.
            "blockOwnerDeletion": owner.controller,
        })
    };
    owners.iter().map(reference).collect()
}

fn labels(set: &LabelSet) -> Value {
    let pairs = set.iter().map(|(key, value)| (key.to_string(), json!(&**value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}

fn label_set(value: &Value) -> LabelSet {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.as_str(), text(value))).collect()
}

fn names(names: &[Name]) -> Value {
    names.iter().map(|name| json!(&**name)).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn uid(value: &Value) -> Option<Uid> {
    Uid::parse(text(value)).ok()
}

/// The sequences know no other times than those in the first hour of 1970.
fn rfc3339(time: Timestamp) -> String {
    format!("1970-01-01T00:{:02}:{:02}Z", time.seconds() / 60, time.seconds() % 60)
}

fn from_rfc3339(value: &Value) -> Option<Timestamp> {
    let (minutes, seconds) =
        text(value).strip_prefix("1970-01-01T00:")?.strip_suffix('Z')?.split_once(':')?;
    Some(Timestamp::from_seconds(minutes.parse::<i64>().ok()? * 60 + seconds.parse::<i64>().ok()?))
}
