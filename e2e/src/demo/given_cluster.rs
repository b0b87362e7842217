//! A cluster that is not ours: it is looked at before anything is done to it.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::install::{Installed, installed};
use super::target::Target;
use super::{DemoOptions, in_tree_check, page};
use crate::image;
use crate::wait::wait_for;

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

    let mainstay = installed(&target)?;
    let mainstay_runs = mainstay == Installed::Yes { wants_pods: true };
    let to_be_tried = if options.allow_in_tree {
        page::say(
            "Whether the in-tree replicationcontroller is off there is not looked at, as --allow-in-tree says.",
        );
        false
    } else {
        let seen = in_tree_check::refuse_what_is_seen(&target, context)?;
        if !seen && mainstay_runs {
            page::say(
                "As Mainstay runs there already, it cannot be tried out whether somebody else acts. Going on.",
            );
        }
        !seen && !mainstay_runs
    };
    let is_new = create_namespace(&target)?;
    if to_be_tried && let Err(error) = in_tree_check::refuse_what_acts(&target, context) {
        if is_new {
            page::say("Nothing is left of this:");
            target.kubectl(&["delete", "namespace", target.sample_namespace()])?;
        }
        return Err(error);
    }
    if !options.image_loaded && mainstay == Installed::No {
        build_and_say_how_to_load(context)?;
    }
    Ok(target)
}

/// Makes the sample's namespace, and says whether it is a new one.
fn create_namespace(target: &Target) -> Result<bool> {
    let namespace = target.sample_namespace();
    if target.ask(&["get", "namespace", namespace]).is_ok() {
        return Ok(false);
    }
    page::say(&format!("A namespace of its own for the sample, {namespace}:"));
    target.kubectl(&["create", "namespace", namespace])?;
    // Without it, the apiserver would refuse the first pods.
    wait_for("the namespace's default service account", Duration::from_secs(60), || {
        let account = target.ask(&["get", "serviceaccount", "default", "--namespace", namespace]);
        Ok(account.ok().map(|_account| ()))
    })?;
    Ok(true)
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
