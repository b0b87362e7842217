//! A SidecarWorkload that is changed while a watch looks at each of its pods, and what must hold at the end.

use std::collections::BTreeMap;

use anyhow::Result;
use mainstay_e2e::testbed::{
    Crowd, LATER, Namespace, SOON, condition_of, is_active, is_ready, name_of, uid_of,
};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

use crate::template::{LABEL, NAME, Web};

/// The workload of one namespace, under watch.
pub struct Trial<'a> {
    namespace: &'a Namespace<'a>,
    crowd: Crowd,
}

/// The main container of a pod: its ID, which each restart changes, when it was started, and how often it was restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Main {
    id: String,
    started_at: String,
    restarts: i64,
}

impl<'a> Trial<'a> {
    /// Has the workload made, waits until it is ready, and counts from then on.
    pub fn begin(namespace: &'a Namespace<'a>, web: &Web) -> Result<Self> {
        let trial = Trial { namespace, crowd: Crowd::watch(namespace, LABEL)? };
        trial.apply(web)?;
        trial.wait_for_condition("Ready", "True")?;
        trial.count_anew(web.replicas.unwrap_or(1))?;
        Ok(trial)
    }

    /// Has the most and the fewest pods counted from now on, when there are so many and all are ready.
    pub fn count_anew(&self, replicas: usize) -> Result<()> {
        self.crowd.wait_until("the watch to have seen all pods", SOON, |seen| {
            seen.active.len() == replicas && seen.ready.len() == replicas
        })?;
        self.crowd.count_anew();
        Ok(())
    }

    /// Changes the workload.
    pub fn apply(&self, web: &Web) -> Result<()> {
        self.namespace.apply(&web.object())
    }

    /// The workload.
    pub fn found(&self) -> Result<Value> {
        self.namespace.json(&["get", "sidecarworkload", NAME])
    }

    /// Its status, whatever generation that is of.
    pub fn status(&self) -> Result<Value> {
        Ok(self.found()?["status"].clone())
    }

    /// How many of its pods are of the revision that the spec asks for.
    pub fn updated(&self) -> Result<u64> {
        Ok(self.status()?["updatedReplicas"].as_u64().unwrap_or_default())
    }

    /// Waits until its status is of the present generation and fulfils a condition.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        wait_for(&format!("{what} in {}", self.namespace), LATER, || {
            let found = self.found()?;
            let status = &found["status"];
            let is_present = status["observedGeneration"] == found["metadata"]["generation"];
            Ok((is_present && is_so(status)).then(|| status.clone()))
        })
    }

    /// Waits until so many of its pods are of the revision that the spec asks for, and gives how many.
    pub fn wait_until_updated(&self, least: u64) -> Result<u64> {
        let updated = |status: &Value| status["updatedReplicas"].as_u64().unwrap_or_default();
        let status = self.wait_until(&format!("{least} updated pods"), |status| updated(status) >= least)?;
        Ok(updated(&status))
    }

    /// Waits until a condition of its is so, and gives the condition.
    pub fn wait_for_condition(&self, kind: &str, status: &str) -> Result<Value> {
        wait_for(&format!("{kind} to be {status} in {}", self.namespace), LATER, || {
            let found = self.found()?;
            let is_present = found["status"]["observedGeneration"] == found["metadata"]["generation"];
            Ok(condition_of(&found, kind).filter(|condition| is_present && condition["status"] == status))
        })
    }

    /// Waits until a condition says these words.
    pub fn wait_for_words(&self, kind: &str, words: &str) -> Result<Value> {
        wait_for(&format!("{kind} to say {words:?} in {}", self.namespace), LATER, || {
            let says =
                |condition: &Value| condition["message"].as_str().is_some_and(|text| text.contains(words));
            Ok(condition_of(&self.found()?, kind).filter(says))
        })
    }

    /// Waits for an event about it.
    pub fn wait_for_event(&self, reason: &str, words: &str) -> Result<Value> {
        self.namespace.wait_for_event(NAME, reason, words)
    }

    /// Its pods that are not on their way out.
    pub fn pods(&self) -> Result<Vec<Value>> {
        Ok(self.namespace.pods(LABEL)?.into_iter().filter(is_active).collect())
    }

    /// The main containers of its pods, by the pod's name.
    pub fn mains(&self) -> Result<BTreeMap<String, Main>> {
        Ok(self.pods()?.iter().map(|pod| (name_of(pod), main(pod))).collect())
    }

    /// How many pods there ever were.
    pub fn ever(&self) -> usize {
        self.crowd.seen().ever.len()
    }

    /// Waits until all is as the spec wants it, and looks at everything that a pod shows.
    pub fn ends_as_wanted(&self, web: &Web) -> Result<()> {
        self.wait_for_condition("Ready", "True")?;
        let found = self.found()?;
        let status = &found["status"];
        let replicas = found["spec"]["replicas"].as_u64().unwrap_or_default();
        for count in ["replicas", "readyReplicas", "updatedReplicas", "availableReplicas"] {
            assert_eq!(status[count].as_u64(), Some(replicas), "{count}: {status}");
        }
        assert_eq!(status["currentRevision"], status["updateRevision"], "{status}");
        assert!(status["failedRevision"].is_null(), "{status}");
        expect_conditions(
            &found,
            &[
                ("Available", "True"),
                ("Progressing", "True"),
                ("Reconciling", "False"),
                ("Stalled", "False"),
                ("RolledBack", "False"),
                ("SingleMain", "True"),
            ],
        );
        let pods = self.pods()?;
        assert_eq!(pods.len() as u64, replicas, "pods at the end");
        for pod in &pods {
            let revision = &pod["metadata"]["labels"]["mainstay.dev/revision"];
            assert_eq!(*revision, status["updateRevision"], "the revision of {}", name_of(pod));
            is_as_written(pod, web);
        }
        Ok(())
    }

    /// There were never more pods than replicas and surge, and never fewer ready ones than may be.
    pub fn was_within(&self, replicas: usize, surge: usize, unavailable: usize) {
        let seen = self.crowd.seen();
        let least = replicas - unavailable;
        eprintln!(
            "    of {replicas} pods there were at the most {}, and at the fewest {} were ready; {} were ever made; {} breaks of the watch",
            seen.most,
            seen.fewest_ready,
            seen.ever.len(),
            seen.restarts
        );
        assert!(seen.most <= replicas + surge, "{} pods at once, of {replicas} + {surge}", seen.most);
        assert!(seen.fewest_ready >= least, "only {} pods were ready, of {least}", seen.fewest_ready);
    }

    /// No main container of any pod that there ever was has been started twice.
    pub fn no_main_was_restarted(&self) -> Result<()> {
        for (uid, mains) in &self.crowd.seen().mains {
            assert_eq!(mains.len(), 1, "main containers of the pod {uid}: {mains:?}");
        }
        for (pod, main) in self.mains()? {
            assert_eq!(main.restarts, 0, "{pod}: {main:?}");
        }
        Ok(())
    }

    /// The names of the pods that have an update in place going on.
    pub fn pods_in_a_step(&self) -> Result<Vec<Value>> {
        let is_in_step = |pod: &Value| pod["metadata"]["annotations"]["mainstay.dev/inplace"].is_string();
        Ok(self.pods()?.into_iter().filter(is_in_step).collect())
    }
}

/// How often a sidecar of a pod was restarted.
pub fn restarts(pod: &Value, sidecar: &str) -> i64 {
    let all = pod["status"]["initContainerStatuses"].as_array().cloned().unwrap_or_default();
    let found = all.iter().find(|status| status["name"] == sidecar);
    found.and_then(|status| status["restartCount"].as_i64()).unwrap_or(-1)
}

fn main(pod: &Value) -> Main {
    let status = &pod["status"]["containerStatuses"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Main {
        id: text(&status["containerID"]),
        started_at: text(&status["state"]["running"]["startedAt"]),
        restarts: status["restartCount"].as_i64().unwrap_or(-1),
    }
}

/// A ready pod of one main container, whose others stand in the order in which they start, with the images that are wanted.
fn is_as_written(pod: &Value, web: &Web) {
    let (name, uid) = (name_of(pod), uid_of(pod));
    assert!(is_ready(pod), "{name} {uid} is not ready: {}", pod["status"]);
    let containers = |list: &str| -> Vec<(String, String)> {
        let all = pod["spec"][list].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.iter().map(|container| (text(&container["name"]), text(&container["image"]))).collect()
    };
    let pair = |name: &str, image: &str| (name.to_owned(), image.to_owned());
    assert_eq!(containers("containers"), [pair("app", web.main)], "{name}");
    let init = containers("initContainers");
    let names: Vec<&str> = init.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["agent", "migrate", "log"], "{name}");
    assert_eq!(init[0], pair("agent", web.agent), "{name}");
    let annotation = &pod["metadata"]["annotations"]["mainstay.dev/inplace"];
    assert!(annotation.is_null(), "{name} is in the middle of a step: {annotation}");
    let all = |list: &str| pod["status"][list].as_array().cloned().unwrap_or_default();
    let running = all("containerStatuses")
        .iter()
        .chain(&all("initContainerStatuses"))
        .filter(|status| status["state"]["running"].is_object())
        .count();
    assert_eq!(running, 3, "{name} has main and two sidecars that run: {}", pod["status"]);
}

/// The conditions have these statuses.
pub fn expect_conditions(found: &Value, wanted: &[(&str, &str)]) {
    for (kind, wanted) in wanted {
        let condition = condition_of(found, kind).unwrap_or_default();
        assert_eq!(condition["status"], *wanted, "{kind}: {condition}");
    }
}
