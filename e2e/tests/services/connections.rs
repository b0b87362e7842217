//! Connections to a service's address while its pods are replaced.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use mainstay_e2e::image;
use mainstay_e2e::node::Node;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, World, is_active, name_of};
use mainstay_e2e::wait::wait_for;

use crate::objects::{servers, service};
use crate::wanted::wait_until_all_is_said;

const NAME: &str = "web";
const PODS: usize = 3;

/// What clients have seen.
#[derive(Debug, Default)]
struct Answers {
    count: usize,
    /// The pods that have answered since the last look.
    from: BTreeSet<String>,
    failed: Vec<String>,
}

pub fn no_connection_fails_while_pods_are_replaced(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    namespace.apply(&servers(NAME, PODS))?;
    namespace.apply(&service(NAME))?;
    namespace.wait_until_ready(NAME, PODS, LATER)?;
    wait_until_all_is_said(namespace, SOON)?;
    let found = namespace.json(&["get", "service", NAME])?;
    let url = format!("http://{}/", found["spec"]["clusterIP"].as_str().context("no address")?);
    // The manager's own program is a client that runs on every node.
    let client = image::build()?.program.display().to_string();
    let nodes = world.cluster.nodes();
    for node in &nodes {
        wait_for(&format!("kube-proxy of {} to lead there", node.name()), SOON, || {
            Ok(ask(node, &client, &url).ok())
        })?;
    }

    let (answers, ends) = (Mutex::new(Answers::default()), AtomicBool::new(false));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = nodes
            .iter()
            .map(|node| scope.spawn(|| ask_until(&ends, node, &client, &url, &answers)))
            .collect();
        let replaced = all_are_asked(namespace, &answers).and_then(|()| {
            for _ in 0..PODS {
                replace_the_oldest(namespace)?;
            }
            wait_until_all_is_said(namespace, SOON)?;
            all_are_asked(namespace, &answers)
        });
        ends.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().map_err(|_panic| anyhow!("a client panicked"))?;
        }
        replaced
    })?;
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    eprintln!(
        "    {} connections in {:.1} s while {PODS} pods were replaced, {} failed",
        answers.count,
        start.elapsed().as_secs_f64(),
        answers.failed.len()
    );
    assert!(answers.failed.is_empty(), "{:#?}", answers.failed);
    assert!(answers.count > 10 * PODS, "{} connections show little", answers.count);
    Ok(())
}

/// Deletes a pod, and waits until another one serves in its place and it is gone itself.
fn replace_the_oldest(namespace: &Namespace<'_>) -> Result<()> {
    let mut pods = namespace.pods(&format!("app={NAME}"))?;
    let age = |pod: &serde_json::Value| pod["metadata"]["creationTimestamp"].as_str().map(str::to_owned);
    pods.sort_by_key(age);
    let oldest = name_of(pods.first().context("no pods")?);
    namespace.kubectl(&["delete", "pod", &oldest, "--wait=false"])?;
    wait_for("another pod in its place", LATER, || {
        let pods = namespace.pods(&format!("app={NAME}"))?;
        let others = pods.iter().filter(|pod| is_active(pod) && name_of(pod) != oldest).count();
        Ok((pods.len() == PODS && others == PODS).then_some(()))
    })?;
    namespace.wait_until_ready(NAME, PODS, LATER).map(|_ready| ())
}

/// Waits until each of the pods has answered, and none but them.
fn all_are_asked(namespace: &Namespace<'_>, answers: &Mutex<Answers>) -> Result<()> {
    let pods: BTreeSet<String> = namespace.pods(&format!("app={NAME}"))?.iter().map(name_of).collect();
    std::mem::take(&mut lock(answers).from);
    wait_for("each pod to have answered", SOON, || Ok(lock(answers).from.is_superset(&pods).then_some(())))
}

fn ask_until(ends: &AtomicBool, node: &Node<'_>, client: &str, url: &str, answers: &Mutex<Answers>) {
    let start = Instant::now();
    while !ends.load(Ordering::Relaxed) && start.elapsed() < Duration::from_secs(600) {
        let answer = ask(node, client, url);
        let mut answers = lock(answers);
        answers.count += 1;
        match answer {
            Ok(pod) => {
                answers.from.insert(pod);
            }
            Err(error) => answers.failed.push(format!(
                "{} after {:.1} s: {error:#}",
                node.name(),
                start.elapsed().as_secs_f64()
            )),
        }
    }
}

/// One connection; the answer is the pod's name.
fn ask(node: &Node<'_>, client: &str, url: &str) -> Result<String> {
    Ok(node.run(&[client, "probe", url, "--timeout=5s"])?.trim().to_owned())
}

fn lock(answers: &Mutex<Answers>) -> std::sync::MutexGuard<'_, Answers> {
    answers.lock().unwrap_or_else(PoisonError::into_inner)
}
