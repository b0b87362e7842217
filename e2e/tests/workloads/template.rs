//! The SidecarWorkload of all tests here, as its user would write it.

use mainstay_e2e::node::SAMPLE_IMAGE;
use serde_json::{Value, json};

/// Its name.
pub const NAME: &str = "web";
/// What its pods are found by.
pub const LABEL: &str = "mainstay.dev/workload=web";

/// What the tests change of it.
#[derive(Debug, Clone)]
pub struct Web {
    /// None where an autoscaler says how many.
    pub replicas: Option<usize>,
    /// The image of main.
    pub main: &'static str,
    /// The image of the sidecar that starts first.
    pub agent: &'static str,
    /// `rollout.maxSurge`.
    pub surge: usize,
    /// `rollout.maxUnavailable`.
    pub unavailable: usize,
    /// `rollout.type`.
    pub kind: &'static str,
    /// `rollout.inPlace`.
    pub in_place: &'static str,
    /// `rollout.onFailure`.
    pub on_failure: &'static str,
    /// `rollout.progressDeadlineSeconds`.
    pub deadline: u32,
    /// `rollout.minReadySeconds`.
    pub ready_for: u32,
}

impl Web {
    /// So many pods, of which one may be missing and one may be too many.
    pub fn of(replicas: usize) -> Self {
        Web {
            replicas: Some(replicas),
            main: SAMPLE_IMAGE,
            agent: SAMPLE_IMAGE,
            surge: 1,
            unavailable: 1,
            kind: "RollingUpdate",
            in_place: "IfPossible",
            on_failure: "Pause",
            deadline: 300,
            ready_for: 0,
        }
    }

    /// The same, one pod at a time and slow enough that something can break meanwhile: without a wait six pods have another sidecar within two seconds.
    pub fn slowly(replicas: usize) -> Self {
        Web { surge: 0, ready_for: 4, ..Web::of(replicas) }
    }

    /// The object: main, a step that runs and ends, a sidecar that starts before that step and one that starts after it. Its pods are
    /// spread over the nodes. No sidecar asks for anything.
    pub fn object(&self) -> String {
        let mut object = json!({
            "apiVersion": "mainstay.dev/v1alpha1",
            "kind": "SidecarWorkload",
            "metadata": {"name": NAME},
            "spec": {
                "rollout": {
                    "type": self.kind,
                    "maxSurge": self.surge,
                    "maxUnavailable": self.unavailable,
                    "inPlace": self.in_place,
                    "onFailure": self.on_failure,
                    "progressDeadlineSeconds": self.deadline,
                    "minReadySeconds": self.ready_for,
                },
                "template": {
                    "metadata": {"labels": {"app": NAME}},
                    "main": {
                        "name": "app",
                        "image": self.main,
                        "ports": [{"containerPort": 8080}],
                        "resources": {"requests": {"cpu": "20m"}},
                    },
                    "init": [{
                        "name": "migrate",
                        "image": SAMPLE_IMAGE,
                        "args": ["-exit-code=0"],
                        // As a shell would have it: what is stored of a revision must be what the apiserver makes of these letters.
                        "env": [{"name": "WORDS", "value": "a && b < c"}],
                    }],
                    "sidecars": [
                        {"name": "log", "image": SAMPLE_IMAGE, "args": ["-port=9091"], "policy": {"start": "AfterInit"}},
                        {"name": "agent", "image": self.agent, "args": ["-port=9090"]},
                    ],
                    "pod": {
                        "terminationGracePeriodSeconds": 1,
                        "automountServiceAccountToken": false,
                        "topologySpreadConstraints": [{
                            "maxSkew": 1,
                            "topologyKey": "kubernetes.io/hostname",
                            "whenUnsatisfiable": "ScheduleAnyway",
                            "labelSelector": {"matchLabels": {"app": NAME}},
                        }],
                    },
                },
            },
        });
        if let Some(replicas) = self.replicas {
            object["spec"]["replicas"] = Value::from(replicas);
        }
        object.to_string()
    }
}
