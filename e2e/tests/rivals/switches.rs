//! Ours and the in-tree controller take turns, twenty times, while pods are deleted and relabelled and the number of replicas
//! changes: nothing is lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use mainstay_e2e::in_tree::MAINSTAY_ACTS;
use mainstay_e2e::testbed::{LATER, Namespace, SOON, SYSTEM, World, is_active, name_of, templates, uid_of};
use mainstay_e2e::wait::wait_for;

use crate::audit::{AuditLog, IN_TREE, OURS};
use crate::rival::{Rival, only_pods};

const SWITCHES: usize = 20;
const NAME: &str = "shared";
/// These are left alone by everybody: they are the last to be deleted, and there are always more.
const KEPT: usize = 10;
/// Keeps a pod when others can be deleted instead.
const PRECIOUS: &str = "controller.kubernetes.io/pod-deletion-cost=1000";
/// Between two changes.
const PAUSE: Duration = Duration::from_millis(300);

/// What the test has done so far.
#[derive(Debug, Default, Clone)]
struct Churn {
    wanted: usize,
    deleted: usize,
    released: usize,
    scaled_up: usize,
    scaled_down: usize,
}

pub fn twenty_under_churn_lose_nothing(world: &World, namespace: &Namespace<'_>) -> Result<()> {
    world.install(&[format!("controllers={MAINSTAY_ACTS}"), "replicas=1".to_owned()])?;
    namespace.apply(&templates::on_fake_nodes(NAME, KEPT))?;
    let log = AuditLog::from_now(world)?;
    namespace.wait_until_ready(NAME, KEPT, LATER)?;
    namespace.kubectl(&["annotate", "pods", "--all", PRECIOUS])?;
    let kept: BTreeSet<String> = namespace.pods(&format!("app={NAME}"))?.iter().map(uid_of).collect();
    assert_eq!(kept.len(), KEPT);

    let (churn, ends) = (Mutex::new(Churn { wanted: KEPT, ..Churn::default() }), AtomicBool::new(false));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let changes = scope.spawn(|| change_until(&ends, namespace, &churn, &kept));
        let switched = (1..=SWITCHES).try_for_each(|number| {
            switch(world, number)?;
            // The churn rests while this is looked at.
            let churn = lock(&churn);
            namespace.wait_until_ready(NAME, churn.wanted, LATER).map(|_ready| ())?;
            all_are_there(namespace, &kept, churn.wanted).with_context(|| format!("switch {number}"))
        });
        ends.store(true, Ordering::Relaxed);
        changes.join().map_err(|_panic| anyhow!("the churn panicked"))?.and(switched)
    })?;

    let churn = lock(&churn).clone();
    let (ours, theirs) = (log.writes_of(OURS)?, log.writes_of(IN_TREE)?);
    let both = || ours.iter().chain(&theirs);
    let made = both().filter(|write| write.made_pod(namespace.name())).count();
    let deleted = both().filter(|write| write.deleted_pod(namespace.name())).count();
    let of = |writes: &[crate::audit::Write]| {
        writes.iter().filter(|write| write.made_pod(namespace.name())).count()
    };
    eprintln!(
        "    {SWITCHES} switches in {} s: {churn:?}; ours made {} pods, the in-tree controller {}; together they deleted {deleted}",
        start.elapsed().as_secs(),
        of(&ours),
        of(&theirs),
    );
    assert!(of(&ours) > KEPT && of(&theirs) > 0, "both have worked");
    assert!(deleted <= churn.scaled_down, "{deleted} pods were deleted, {} were too many", churn.scaled_down);
    let missing = KEPT + churn.deleted + churn.released + churn.scaled_up;
    assert!(made <= missing, "{made} pods were made, {missing} were missing");
    Ok(())
}

/// The one that acts ends, and the other one starts. At first ours acts.
fn switch(world: &World, number: usize) -> Result<()> {
    if number % 2 == 1 {
        scale_ours(world, 0)?;
        Rival::WithoutLease.start(&world.cluster, &only_pods())
    } else {
        Rival::WithoutLease.stop(&world.cluster)?;
        scale_ours(world, 1)
    }
}

fn scale_ours(world: &World, replicas: usize) -> Result<()> {
    world.cluster.kubectl(&[
        "scale",
        "deployment",
        "mainstay",
        "--namespace",
        SYSTEM,
        &format!("--replicas={replicas}"),
    ])?;
    wait_for(&format!("{replicas} managers"), LATER, || {
        let selector = "app.kubernetes.io/component=manager";
        let pods = world.system().json(&["get", "pods", "--selector", selector])?;
        let pods = pods["items"].as_array().cloned().unwrap_or_default();
        let ready = pods.iter().all(|pod| pod["status"]["containerStatuses"][0]["ready"] == true);
        Ok((pods.len() == replicas && ready).then_some(()))
    })
}

fn all_are_there(namespace: &Namespace<'_>, kept: &BTreeSet<String>, wanted: usize) -> Result<()> {
    wait_for("as many pods as wanted", SOON, || {
        let pods = namespace.pods(&format!("app={NAME}"))?;
        let active: BTreeSet<String> = pods.iter().filter(|pod| is_active(pod)).map(uid_of).collect();
        ensure!(active.is_superset(kept), "a pod was lost");
        Ok((active.len() == wanted).then_some(()))
    })
}

fn change_until(
    ends: &AtomicBool,
    namespace: &Namespace<'_>,
    churn: &Mutex<Churn>,
    kept: &BTreeSet<String>,
) -> Result<()> {
    let mut step = 0;
    while !ends.load(Ordering::Relaxed) {
        change(&mut lock(churn), namespace, kept, step)?;
        step += 1;
        sleep(PAUSE);
    }
    Ok(())
}

fn change(churn: &mut Churn, namespace: &Namespace<'_>, kept: &BTreeSet<String>, step: usize) -> Result<()> {
    let pods = namespace.pods(&format!("app={NAME}"))?;
    let other = pods.iter().find(|pod| is_active(pod) && !kept.contains(&uid_of(pod))).map(name_of);
    match (step % 4, other) {
        (0, _) => {
            churn.wanted += 3;
            churn.scaled_up += 3;
        }
        (1, Some(pod)) => {
            // Whoever scales down may be quicker; then nothing is said.
            let said = namespace.kubectl(&["delete", "pod", &pod, "--ignore-not-found"])?;
            churn.deleted += usize::from(!said.is_empty());
            return Ok(());
        }
        (2, Some(pod)) => {
            let answer = namespace.kubectl(&["label", "pod", &pod, "app=released", "--overwrite"]);
            if let Err(error) = &answer
                && error.to_string().contains("NotFound")
            {
                return Ok(());
            }
            churn.released += 1;
            return answer.map(|_said| ());
        }
        (3, _) if churn.wanted > KEPT + 5 => {
            churn.wanted -= 4;
            churn.scaled_down += 4;
        }
        _ => return Ok(()),
    }
    let replicas = format!("--replicas={}", churn.wanted);
    namespace.kubectl(&["scale", "replicationcontroller", NAME, &replicas]).map(|_answer| ())
}

fn lock(churn: &Mutex<Churn>) -> MutexGuard<'_, Churn> {
    churn.lock().unwrap_or_else(PoisonError::into_inner)
}
