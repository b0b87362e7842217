//! A cluster that is not ours: it is looked at before anything is done to it.

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::install::{Installed, installed};
use super::target::Target;
use super::{DemoOptions, in_tree_check, page};
use crate::image;

/// Checks that the cluster answers, that nobody else does Mainstay's work there, and that the image was loaded.
pub fn prepare(context: &str, options: &DemoOptions) -> Result<Target> {
    page::heading(&format!("The cluster of context {context}"));
    page::say("It is used as it is: no cluster is started, and none is taken down.");
    let target = Target::context(context)?;
    let version = ["version"];
    page::command(&target.kubectl_line(&version));
    let answer = target.ask(&version).with_context(|| {
        format!("the cluster of context {context} does not answer; `kubectl config get-contexts` lists the contexts")
    })?;
    page::answer(&answer);

    let namespace = target.sample_namespace();
    page::say(&format!("A namespace of its own for the sample, {namespace}:"));
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    page::command(&target.kubectl_line(&["create", "namespace", namespace]));
    page::answer(&target.apply(&object)?);
    let account =
        ["wait", "--for=create", "serviceaccount/default", "--namespace", namespace, "--timeout=60s"];
    target.kubectl(&account)?;

    let mainstay = installed(&target)?;
    if options.allow_in_tree {
        page::say(
            "Whether the in-tree replicationcontroller is off there was not looked at, as --allow-in-tree says.",
        );
    } else {
        let runs = mainstay == Installed::Yes { wants_pods: true };
        in_tree_check::refuse_a_second_controller(&target, context, runs)?;
    }
    if !options.image_loaded && mainstay == Installed::No {
        build_and_say_how_to_load(context)?;
    }
    Ok(target)
}

fn build_and_say_how_to_load(context: &str) -> Result<()> {
    page::heading("The image");
    page::say("It must be on that cluster's nodes, and how it gets there depends on what they are.");
    page::command("cargo xtask image");
    let built = image::build()?;
    bail!(
        "stopped, as the image has to be loaded first:\n{}\nThen run this command again with --image-loaded.",
        how_to_load(context, &built.archive.display().to_string())
    )
}

fn how_to_load(context: &str, archive: &str) -> String {
    let kind = match context.strip_prefix("kind-") {
        Some(name) => format!(" --name {name}"),
        None => String::new(),
    };
    let profile = if context.starts_with("kind-") { "minikube" } else { context };
    format!(
        "\x20 kind      kind load image-archive {archive}{kind}\n\
         \x20 minikube  minikube image load {archive} --profile {profile}\n\
         \x20 others    ctr --namespace k8s.io images import {archive}   # on each node"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_fits_the_context() {
        assert!(how_to_load("kind-one", "a.tar").contains("kind load image-archive a.tar --name one\n"));
        assert!(how_to_load("minikube", "a.tar").contains("minikube image load a.tar --profile minikube\n"));
    }
}
