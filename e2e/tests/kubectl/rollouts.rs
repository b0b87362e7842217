//! The commands while the manager works.

use std::collections::BTreeSet;

use anyhow::Result;
use mainstay_e2e::testbed::{Namespace, uid_of};
use serde_json::{Value, json};

use crate::shop::{Shop, WEB};

const FOLLOW: [&str; 5] = ["status", "web", "--watch", "--timeout", "150s"];

fn pods(namespace: &Namespace<'_>) -> Result<BTreeSet<String>> {
    Ok(namespace.pods("mainstay.dev/workload=web")?.iter().map(uid_of).collect())
}

fn spec(namespace: &Namespace<'_>) -> Result<Value> {
    Ok(namespace.json(&["get", "scw", "web"])?["spec"].clone())
}

pub fn a_rollout_is_followed_undone_and_restarted(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    let plugin = |words: &[&str]| shop.plugin(namespace, words);
    namespace.apply(WEB)?;
    plugin(&FOLLOW).ends(0).says(&["web: done: 2 of 2 updated, 2 available"]);

    // Git keeps the template; the plugin says so when it changes it.
    let set = plugin(&["set", "image", "web", "logs=logs:2", "--output", "json"]).ends(0).json();
    assert_eq!(
        set["fields"][0],
        json!({"path": "spec.template.sidecars[logs].image", "from": "logs:1", "to": "logs:2"})
    );
    assert_eq!((&set["changed"], &set["generation"]), (&json!(true), &json!(2)));
    assert!(set["warnings"][0].as_str().unwrap().contains("was set by kubectl before"), "{set}");
    plugin(&FOLLOW).ends(0).says(&["web: done: 2 of 2 updated"]);
    plugin(&["set", "image", "web", "lgs=logs:2"])
        .ends(1)
        .says(&["there is no container \"lgs\"", "app, logs, migrate"]);

    let tree = plugin(&["get", "web", "--output", "json"]).ends(0).json();
    assert_eq!((&tree["state"], &tree["updated"]), (&json!("Done"), &json!(2)));
    let revision = &tree["revisions"][0];
    assert_eq!(
        (&revision["number"], &revision["marks"]),
        (&json!(2), &json!(["update", "current", "healthy"]))
    );
    let roles: Vec<&Value> = revision["pods"][0]["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|container| &container["role"])
        .collect();
    assert_eq!(roles, ["sidecar", "init", "main"]);
    plugin(&["get", "web"]).ends(0).says(&["├─ sidecar logs", "logs:2", "└─ main app", "node-1", "done: "]);
    plugin(&["get"]).ends(0).says(&["NAME", "web", "2/2"]);
    let all = plugin(&["get", "--all-namespaces", "--output", "json"]).ends(0).json();
    assert!(
        all["items"].as_array().unwrap().iter().any(|item| item["namespace"] == namespace.name()),
        "{all}"
    );

    plugin(&["history", "web"]).ends(0).says(&["sidecars[logs].image: logs:1 -> logs:2"]);
    let template = plugin(&["history", "web", "--revision", "1", "--output", "json"]).ends(0).json();
    assert_eq!(template["sidecars"][0]["image"], "logs:1");
    plugin(&["history", "web", "--revision", "1"]).ends(0).says(&["image: logs:1"]);
    plugin(&["history", "web", "--revision", "7"]).ends(1).says(&["no revision 7"]);

    let template = spec(namespace)?["template"].clone();
    let undone = plugin(&["undo", "web", "--output", "json"]).ends(0).json();
    assert_eq!(undone["back"], "kubectl mainstay undo web --off");
    plugin(&FOLLOW).ends(0);
    let pinned = spec(namespace)?;
    assert_eq!(pinned["template"], template, "an undo leaves the template alone");
    assert_eq!(pinned["revision"], undone["fields"][0]["to"]);
    for pod in namespace.pods("mainstay.dev/workload=web")? {
        assert_eq!(pod["metadata"]["labels"]["mainstay.dev/revision"], pinned["revision"]);
    }
    plugin(&["restart", "web"]).ends(1).says(&["pinned to revision", "undo web --off"]);
    plugin(&["undo", "web", "--off"]).ends(0).says(&["no longer pinned"]);
    plugin(&["undo", "web", "--off"]).ends(0).says(&["is not pinned"]);
    plugin(&FOLLOW).ends(0);
    assert!(spec(namespace)?.get("revision").is_none());
    plugin(&["undo", "web", "--to-revision", "77"]).ends(1).says(&["no revision 77"]);

    let before = pods(namespace)?;
    plugin(&["restart", "web", "--dry-run=server"]).ends(0).says(&["dry run"]);
    assert!(spec(namespace)?.get("restartedAt").is_none());
    plugin(&["restart", "web"]).ends(0).says(&["all pods are replaced"]);
    plugin(&FOLLOW).ends(0);
    assert!(pods(namespace)?.is_disjoint(&before));
    plugin(&["retry", "web"]).ends(0).says(&["has not failed"]);

    let owners = namespace.json(&["get", "scw", "web", "--show-managed-fields"])?;
    let managers: Vec<&Value> = owners["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["manager"] == "kubectl-mainstay")
        .collect();
    let fields = json!([{"f:spec": {
        "f:restartedAt": {},
        "f:template": {"f:sidecars": {"k:{\"name\":\"logs\"}": {"f:image": {}}}},
    }}]);
    assert_eq!(json!(managers.iter().map(|entry| &entry["fieldsV1"]).collect::<Vec<_>>()), fields);
    Ok(())
}

pub fn a_rollout_stands_still_and_goes_on(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    let plugin = |words: &[&str]| shop.plugin(namespace, words);
    namespace.apply(WEB)?;
    plugin(&FOLLOW).ends(0);
    plugin(&["pause", "web"]).ends(0).says(&["the rollout is paused", "back: kubectl mainstay resume web"]);
    plugin(&["pause", "web"]).ends(0).says(&["is paused already"]);
    plugin(&["set", "image", "web", "app=app:2", "migrate=app:2"]).ends(0).says(&["init step"]);
    plugin(&FOLLOW).ends(7).says(&["held", "kubectl mainstay resume web"]);
    assert_eq!(plugin(&["status", "web", "-o", "json"]).ends(7).json()["state"], "Held");
    plugin(&["resume", "web"]).ends(0).says(&["the rollout goes on"]);
    let followed = plugin(&["status", "web", "-w", "--timeout=150s", "--output=json"]).ends(0);
    let last: Value = serde_json::from_str(followed.out.lines().last().unwrap())?;
    assert_eq!((&last["state"], &last["updated"], &last["faults"]), (&json!("Done"), &json!(2), &json!([])));

    // All pods at one revision, and some of them at another one: the server's rule is not left to the server.
    namespace.kubectl(&[
        "patch",
        "scw",
        "web",
        "--type=merge",
        "--patch",
        r#"{"spec":{"rollout":{"partition":1}}}"#,
    ])?;
    plugin(&["undo", "web", "--to-revision", "1"])
        .ends(1)
        .says(&["rollout.partition 1", "set rollout.partition to 0"]);
    Ok(())
}

pub fn many_who_write_at_once_all_come_through(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(WEB)?;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    let image = format!("{}=x:{number}", if number % 2 == 0 { "logs" } else { "app" });
                    shop.plugin(namespace, &["set", "image", "web", &image]).ends(0);
                    shop.plugin(namespace, &[if number % 2 == 0 { "pause" } else { "resume" }, "web"])
                        .ends(0);
                })
            })
            .collect();
        assert!(writers.into_iter().all(|writer| writer.join().is_ok()));
    });
    Ok(())
}

pub fn kubectl_finds_the_plugin_and_completes_its_words(
    shop: &Shop,
    namespace: &Namespace<'_>,
) -> Result<()> {
    namespace.apply(WEB)?;
    let kubectl = |words: &[&str]| shop.kubectl(namespace, words);
    kubectl(&["mainstay", "get"])?.ends(0).says(&["web"]);
    kubectl(&["mainstay", "get", "nobody"])?.ends(1).says(&["there is no SidecarWorkload \"nobody\""]);
    kubectl(&["mainstay", "--help"])?.ends(0).says(&["Usage: kubectl mainstay"]);
    kubectl(&["plugin", "list"])?.says(&["kubectl-mainstay"]);

    // As kubectl's own completion asks.
    let complete = |words: &[&str]| -> Result<String> {
        let namespace = ["--namespace", namespace.name()];
        let words = [&["__complete", "mainstay"], &words[..1], &namespace[..], &words[1..]].concat();
        let mut command = shop.cluster().kubectl_command()?;
        command.env("PATH", shop.path()?).args(words);
        Ok(crate::shop::run(&mut command).ends(0).out)
    };
    assert_eq!(complete(&["get", ""])?, "web\n:4\n");
    assert_eq!(complete(&["set", "image", "web", ""])?, "app=\nlogs=\nmigrate=\n:6\n");
    assert!(complete(&["status", "web", "--w"])?.starts_with("--watch"));
    for shell in ["bash", "zsh", "fish"] {
        shop.plugin(namespace, &["completion", shell]).ends(0).says(&["kubectl-mainstay", "undo"]);
    }
    Ok(())
}
