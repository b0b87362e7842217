//! A namespace that allows fewer pods than are wanted.

use std::time::Duration;

use anyhow::Result;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, templates};
use mainstay_e2e::wait::wait_for;
use serde_json::Value;

/// By then creates have failed so often that they are tried once in more than half a minute.
const BACK_OFF_IS_LONG: Duration = Duration::from_secs(45);
/// Far less than what is left of that wait, and enough for a machine that has much else to do.
const AT_ONCE: Duration = Duration::from_secs(20);

pub fn a_full_quota_is_said_and_recovered_from(_world: &World, namespace: &Namespace<'_>) -> Result<()> {
    namespace.kubectl(&["create", "quota", "few", "--hard=pods=3"])?;
    wait_for("the quota to count", SOON, || {
        let quota = namespace.json(&["get", "resourcequota", "few"])?;
        Ok((quota["status"]["used"]["pods"] == "0").then_some(()))
    })?;
    namespace.apply(&templates::on_fake_nodes("wanted", 5))?;
    let condition = wait_for("the condition ReplicaFailure", SOON, || {
        let controller = namespace.replication_controller("wanted")?;
        let full = controller["status"]["readyReplicas"] == 3;
        Ok(condition(&controller).filter(|_| full))
    })?;
    assert_eq!(condition["status"], "True", "{condition}");
    assert_eq!(condition["reason"], "FailedCreate", "{condition}");
    let message = condition["message"].as_str().unwrap_or_default();
    assert!(message.contains("exceeded quota: few"), "the server's words: {condition}");
    let event = namespace.wait_for_event("wanted", "FailedCreate", "exceeded quota: few")?;
    assert_eq!(event["type"], "Warning", "{event}");
    assert_eq!(namespace.pods("app=wanted")?.len(), 3);

    std::thread::sleep(BACK_OFF_IS_LONG);
    assert_eq!(namespace.pods("app=wanted")?.len(), 3);
    namespace.kubectl(&[
        "patch",
        "resourcequota",
        "few",
        "--patch",
        r#"{"spec": {"hard": {"pods": "9"}}}"#,
    ])?;
    wait_for("the missing pods to be made as soon as there is room", AT_ONCE, || {
        Ok((namespace.pods("app=wanted")?.len() == 5).then_some(()))
    })?;
    let controller = namespace.wait_until_ready("wanted", 5, LATER)?;
    wait_for("the condition to go", SOON, || {
        Ok(condition_is_gone(&namespace.replication_controller("wanted")?).then_some(()))
    })?;
    assert_eq!(controller["status"]["replicas"], 5);
    Ok(())
}

fn condition(controller: &Value) -> Option<Value> {
    let conditions = controller["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == "ReplicaFailure").cloned()
}

fn condition_is_gone(controller: &Value) -> bool {
    condition(controller).is_none()
}
