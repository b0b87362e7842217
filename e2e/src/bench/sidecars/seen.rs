//! Which pods and containers run: by comparison with an earlier look, which are new.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cluster::Cluster;

/// All pods of a namespace and their containers, by what is another one after each start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Seen {
    pods: BTreeSet<String>,
    mains: BTreeSet<String>,
    sidecars: BTreeSet<String>,
}

/// How many have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct New {
    pub(super) pods: usize,
    pub(super) mains: usize,
    pub(super) sidecars: usize,
}

impl Seen {
    /// Looks. That costs the apiserver much, so nothing is measured meanwhile.
    pub(super) fn look(cluster: &Cluster, namespace: &str) -> Result<Seen> {
        let answer = cluster.kubectl(&["get", "pods", "--namespace", namespace, "--output", "json"])?;
        let list: Value = serde_json::from_str(&answer).context("kubectl says something that is no JSON")?;
        Ok(Seen::of(&list))
    }

    fn of(list: &Value) -> Seen {
        let items = list.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let texts = |list: &str, field: &str| {
            let lists = items.iter().filter_map(|pod| pod.pointer(list)?.as_array());
            lists.flatten().filter_map(|each| Some(each.get(field)?.as_str()?.to_owned())).collect()
        };
        let uid = |pod: &Value| Some(pod.pointer("/metadata/uid")?.as_str()?.to_owned());
        Seen {
            pods: items.iter().filter_map(uid).collect(),
            mains: texts("/status/containerStatuses", "containerID"),
            sidecars: texts("/status/initContainerStatuses", "containerID"),
        }
    }

    /// Whether there are so many pods, each with one main container and one sidecar.
    pub(super) fn is_complete(&self, pods: u64) -> bool {
        [&self.pods, &self.mains, &self.sidecars].iter().all(|each| each.len() as u64 == pods)
    }

    /// What was not there before.
    pub(super) fn since(&self, before: &Seen) -> New {
        let new = |now: &BTreeSet<String>, before: &BTreeSet<String>| now.difference(before).count();
        New {
            pods: new(&self.pods, &before.pods),
            mains: new(&self.mains, &before.mains),
            sidecars: new(&self.sidecars, &before.sidecars),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(uid: &str, main: &str, sidecar: &str) -> Value {
        json!({"metadata": {"uid": uid}, "status": {
            "containerStatuses": [{"containerID": main}],
            "initContainerStatuses": [{"containerID": sidecar}],
        }})
    }

    #[test]
    fn a_pod_made_anew_is_told_from_a_sidecar_that_was_replaced() {
        let before = Seen::of(&json!({"items": [pod("1", "m1", "s1"), pod("2", "m2", "s2")]}));
        let after = Seen::of(&json!({"items": [pod("1", "m1", "s1b"), pod("3", "m3", "s3")]}));
        assert!(before.is_complete(2) && !before.is_complete(3));
        assert_eq!(after.since(&before), New { pods: 1, mains: 1, sidecars: 2 });
        assert!(!Seen::of(&json!({"items": [{"metadata": {"uid": "1"}}]})).is_complete(1));
    }
}
