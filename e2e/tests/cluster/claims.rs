//! Pods change hands by their labels.

use anyhow::Result;
use mainstay_e2e::testbed::{Namespace, SOON, World, controller_of, is_active, name_of, templates, uid_of};
use mainstay_e2e::wait::wait_for;

const REPLICAS: usize = 3;

pub fn a_relabelled_pod_is_released_and_replaced(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(&templates::on_fake_nodes("sorter", REPLICAS))?;
    let controller = uid_of(&namespace.wait_until_ready("sorter", REPLICAS, SOON)?);
    let before = namespace.pods("app=sorter")?;
    let pod = name_of(&before[0]);

    namespace.kubectl(&["label", "pod", &pod, "app=quarantine", "--overwrite"])?;
    wait_for("the pod to be released", SOON, || {
        let found = namespace.json(&["get", "pod", &pod])?;
        Ok(controller_of(&found).is_none().then_some(()))
    })?;
    wait_for("a pod in its place", SOON, || {
        let pods = namespace.pods("app=sorter")?;
        Ok((pods.len() == REPLICAS && pods.iter().all(|other| name_of(other) != pod)).then_some(()))
    })?;
    namespace.wait_until_ready("sorter", REPLICAS, SOON)?;
    let released = namespace.json(&["get", "pod", &pod])?;
    assert_eq!(uid_of(&released), uid_of(&before[0]), "it stays what it is");
    assert!(is_active(&released) && controller_of(&released).is_none(), "{released}");

    // Back again, it is one too many.
    namespace.kubectl(&["label", "pod", &pod, "app=sorter", "--overwrite"])?;
    wait_for("the pods to be as many as wanted, all with their controller", SOON, || {
        let pods = namespace.pods("app=sorter")?;
        let owned = pods.iter().all(|pod| controller_of(pod) == Some(controller.as_str()));
        Ok((pods.len() == REPLICAS && owned).then_some(()))
    })?;
    namespace.wait_for_event("sorter", "SuccessfulDelete", "Deleted pod: sorter-")?;
    namespace.wait_until_ready("sorter", REPLICAS, SOON).map(|_ready| ())
}
