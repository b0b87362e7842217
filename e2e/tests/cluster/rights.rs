//! The manager loses its rights while it works.

use anyhow::Result;
use mainstay_e2e::testbed::{LATER, Namespace, RELEASE, SOON, SYSTEM, World, is_active, templates};
use mainstay_e2e::wait::wait_for;

/// What was taken away is given back when the value is gone.
struct Taken<'a> {
    world: &'a World,
    binding: String,
}

impl<'a> Taken<'a> {
    fn take(world: &'a World, name: &str) -> Result<Self> {
        let mut found = world.cluster.kubectl_json(&["get", "clusterrolebinding", name])?;
        for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
            found["metadata"].as_object_mut().unwrap().remove(field);
        }
        world.cluster.kubectl(&["delete", "clusterrolebinding", name])?;
        Ok(Taken { world, binding: found.to_string() })
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.world.cluster.kubectl_apply(&self.binding) {
            eprintln!("{error:#}");
        }
    }
}

pub fn missing_rights_are_said_and_recovered_from(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    let managers = world.managers();
    let before = managers.settled()?;
    namespace.apply(&templates::on_fake_nodes("halted", 2))?;
    namespace.wait_until_ready("halted", 2, SOON)?;

    let taken = Taken::take(world, &format!("{RELEASE}.{SYSTEM}.replication"))?;
    wait_for("the rights to be gone", SOON, || {
        let account = format!("--as=system:serviceaccount:{SYSTEM}:{RELEASE}");
        let answer = namespace.kubectl(&["auth", "can-i", "create", "pods", &account]);
        Ok(answer.is_err().then_some(()))
    })?;
    namespace.kubectl(&["scale", "replicationcontroller", "halted", "--replicas=5"])?;
    // The right to write events is another duty's, so users are told where they look.
    let event = namespace.wait_for_event("halted", "FailedCreate", "is forbidden")?;
    let message = event["message"].as_str().unwrap_or_default();
    assert!(message.contains("cannot create resource \"pods\""), "{event}");
    wait_for("the log to say so", SOON, || {
        let log = managers.log(&before.leader.pod)?;
        let says = |line: &str| line.contains("halted") && line.contains("cannot create resource \"pods\"");
        Ok(log.lines().any(says).then_some(()))
    })?;
    let pods = namespace.pods("app=halted")?;
    assert_eq!(pods.iter().filter(|pod| is_active(pod)).count(), 2);

    drop(taken);
    namespace.wait_until_ready("halted", 5, LATER)?;
    let after = managers.settled()?;
    assert_eq!((&after.leader.uid, after.leader.restarts), (&before.leader.uid, before.leader.restarts));
    assert_eq!((&after.standby.uid, after.standby.restarts), (&before.standby.uid, before.standby.restarts));
    Ok(())
}
