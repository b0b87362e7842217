//! What is said when something is missing.

use std::net::TcpListener;

use anyhow::Result;
use mainstay_e2e::testbed::{Namespace, SOON};
use mainstay_e2e::wait::wait_for;

use crate::shop::{Shop, WEB, run};

/// Every command that asks the server.
const COMMANDS: &[&[&str]] = &[
    &["get", "web"],
    &["status", "web"],
    &["status", "web", "--watch"],
    &["history", "web"],
    &["undo", "web"],
    &["undo", "web", "--off"],
    &["pause", "web"],
    &["resume", "web"],
    &["restart", "web"],
    &["retry", "web"],
    &["set", "image", "web", "logs=logs:2"],
];

pub fn what_is_missing_is_said(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    let gone = format!("there is no SidecarWorkload \"web\" in namespace {namespace}");
    for command in COMMANDS {
        shop.plugin(namespace, command).ends(1).says(&[&gone, "--all-namespaces"]);
    }
    shop.plugin(namespace, &["get"]).ends(0).says(&["There are no SidecarWorkloads in namespace"]);
    shop.plugin(namespace, &["get", "--context", "nowhere"])
        .ends(1)
        .says(&["no context \"nowhere\"", "mainstay-kubectl"]);
    shop.plugin(namespace, &["frobnicate"]).ends(2).says(&["unrecognized subcommand"]);

    run(&mut shop.command(&["get"])).ends(1).says(&["there is no kubeconfig", "KUBECONFIG"]);
    let file = shop.cluster().folder().join("no.kubeconfig");
    run(&mut shop.command(&["get", "--kubeconfig", file.to_str().unwrap()])).ends(1).says(&["no.kubeconfig"]);

    // Nobody listens there; and somebody who never answers.
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let write = |scheme: &str, port: u16| {
        let text = format!(
            "{{apiVersion: v1, kind: Config, current-context: a, contexts: [{{name: a, context: {{cluster: a, user: a, namespace: b}}}}], \
             clusters: [{{name: a, cluster: {{server: '{scheme}://127.0.0.1:{port}'}}}}], users: [{{name: a, user: {{}}}}]}}"
        );
        std::fs::write(&file, text)
    };
    write("http", port)?;
    let words = ["get", "--kubeconfig", file.to_str().unwrap(), "--request-timeout", "1s"];
    run(&mut shop.command(&words)).ends(1).says(&[
        "no answer from the server",
        "within 1s",
        "--request-timeout",
    ]);
    drop(listener);
    run(&mut shop.command(&words)).ends(1).says(&["cannot reach the server", &port.to_string()]);
    Ok(())
}

pub fn rights_that_are_missing_are_named(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(WEB)?;
    let as_user = |command: &[&str]| shop.plugin(namespace, &[command, &["--as", "guest"]].concat());
    for command in COMMANDS {
        let words = ["you may not get sidecarworkloads", "User \"guest\" cannot get", "The ClusterRole view"];
        as_user(command).ends(1).says(&words);
    }
    let everywhere = as_user(&["get", "--all-namespaces"]).ends(1);
    everywhere.says(&["you may not list sidecarworkloads in all namespaces", "clusterrolebinding"]);

    // Of the chart's roles one reads and one writes, and so do these.
    let read = ["create", "role", "reader", "--verb=get,list", "--resource=sidecarworkloads.mainstay.dev"];
    namespace.kubectl(&read)?;
    namespace.kubectl(&["create", "rolebinding", "reader", "--role=reader", "--user=guest"])?;
    wait_for("the right to read", SOON, || Ok((as_user(&["get"]).code == 0).then_some(())))?;
    as_user(&["get", "web"]).ends(1).says(&["you may not list", "The ClusterRole view"]);
    for command in [&["pause", "web"][..], &["set", "image", "web", "logs=logs:2"]] {
        let refused = as_user(command).ends(1);
        refused.says(&["you may not patch sidecarworkloads", "The ClusterRole edit", "--clusterrole=edit"]);
    }
    Ok(())
}

pub fn without_the_definition_it_says_what_to_install(shop: &Shop, namespace: &Namespace<'_>) -> Result<()> {
    shop.cluster().kubectl(&["delete", "crd", "sidecarworkloads.mainstay.dev"])?;
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // The apiserver ends serving a kind a moment after its definition is gone.
        let is_gone = || Ok((shop.plugin(namespace, &["get"]).code == 1).then_some(()));
        wait_for("the kind to be gone", SOON, is_gone).unwrap();
        let list: &[&str] = &["get"];
        for command in COMMANDS.iter().copied().chain([list]) {
            let said = shop.plugin(namespace, command).ends(1);
            said.says(&["this cluster does not know SidecarWorkloads", "helm install mainstay"]);
        }
    }));
    shop.install_definition()?;
    assert!(checked.is_ok());
    Ok(())
}
