//! HorizontalPodAutoscalers, which know of the workload what its scale subresource says.

use anyhow::Result;
use mainstay_e2e::node::NEXT_SAMPLE_IMAGE;
use mainstay_e2e::testbed::{LATER, Namespace, World, condition_of};
use mainstay_e2e::wait::wait_for;
use serde_json::{Value, json};

use crate::metrics::MetricsServer;
use crate::template::{NAME, Web};
use crate::trial::Trial;

/// Main asks for 20, each of the two sidecars is given 10: that a pod uses half of it is what is aimed at.
const AIM: u64 = 20;

pub fn an_autoscaler_keeps_the_replicas_within_its_bounds(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    let web = Web { replicas: Some(1), ..Web::of(1) };
    let trial = Trial::begin(namespace, &web)?;
    autoscale(namespace, 2, 3)?;
    trial.wait_until("as many pods as there must be", |status| status["availableReplicas"] == 2)?;
    namespace.kubectl(&["scale", "scw", NAME, "--replicas=5"])?;
    trial.wait_until("no more pods than there may be", |status| {
        status["availableReplicas"] == 3 && status["replicas"] == 3
    })?;
    trial.ends_as_wanted(&web)?;
    trial.no_main_was_restarted()
}

pub fn an_autoscaler_follows_the_load_also_during_a_rollout(
    _world: &World,
    namespace: &Namespace<'_>,
) -> Result<()> {
    // Who says how many is the autoscaler, so the user does not.
    let web = Web { replicas: None, ..Web::of(1) };
    let trial = Trial::begin(namespace, &web)?;
    for pod in trial.pods()? {
        let all = pod["spec"]["initContainers"].as_array().cloned().unwrap_or_default();
        let requests = |name: &str| {
            let found = all.iter().find(|container| container["name"] == name);
            found.map(|container| container["resources"]["requests"]["cpu"].clone()).unwrap_or_default()
        };
        assert_eq!((requests("agent"), requests("log")), ("10m".into(), "10m".into()), "{pod}");
    }
    let server = MetricsServer::start(namespace)?;
    server.set_load(AIM * 4 - 5);
    autoscale(namespace, 1, 8)?;
    trial.wait_until("four pods for the load", |status| status["availableReplicas"] == 4)?;
    is_active(namespace)?;
    trial.count_anew(4)?;

    // More load while sidecars are replaced, and less while pods are.
    let next = Web { agent: NEXT_SAMPLE_IMAGE, ..web.clone() };
    trial.apply(&next)?;
    trial.wait_until_updated(1)?;
    server.set_load(AIM * 7 - 5);
    trial.wait_until("seven pods for the load", |status| status["replicas"] == 7)?;
    trial.ends_as_wanted(&next)?;
    // Of the four that there were one may be missing at a time; the three that are added may be one too many.
    trial.was_within(4, 3 + 1, 1);
    trial.count_anew(7)?;

    let last = Web { in_place: "Never", ..web };
    trial.apply(&last)?;
    trial.wait_until_updated(1)?;
    server.set_load(AIM * 3 - 5);
    trial.wait_until("three pods for the load", |status| status["replicas"] == 3)?;
    trial.ends_as_wanted(&last)?;
    trial.was_within(7, 1, 4 + 1);
    trial.no_main_was_restarted()
}

/// Makes the autoscaler, which scales down without the five minutes that it waits otherwise.
fn autoscale(namespace: &Namespace<'_>, least: u64, most: u64) -> Result<()> {
    let object = json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": NAME},
        "spec": {
            "scaleTargetRef": {"apiVersion": "mainstay.dev/v1alpha1", "kind": "SidecarWorkload", "name": NAME},
            "minReplicas": least,
            "maxReplicas": most,
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
            "metrics": [{
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
            }],
        },
    });
    namespace.apply(&object.to_string())
}

/// Waits until the autoscaler says that it computes something from what all containers of a pod ask for.
fn is_active(namespace: &Namespace<'_>) -> Result<()> {
    wait_for("the autoscaler to compute", LATER, || {
        let found = namespace.json(&["get", "hpa", NAME])?;
        let active = condition_of(&found, "ScalingActive").unwrap_or_default();
        let says = |active: &Value| active["status"] == "True" && active["reason"] == "ValidMetricFound";
        Ok(says(&active).then_some(()))
    })
}
