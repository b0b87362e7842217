//! `status`: where a rollout is, why, and what the exit code says.

use expect_test::{Expect, expect};
use mainstay_kubectl::exit::Exit;
use mainstay_kubectl::objects::Pod;
use mainstay_kubectl::progress::{Progress, State};

use crate::objects::{conditions, logs_are, pod, workload};

fn check(patch: &str, pods: &[Pod], exit: Exit, expected: &Expect) {
    let progress = Progress::of(&workload(patch), pods);
    expected.assert_eq(&progress.text());
    assert_eq!(progress.state.exit(), exit);
}

fn status(counts: &str, progressing: (&str, &str, &str), stalled: Option<(&str, &str)>) -> String {
    format!("status: {{{counts}, conditions: {}}}", conditions(progressing, stalled))
}

#[test]
fn done() {
    check(
        "",
        &[],
        Exit::Done,
        &expect![[r#"
        web: done: 2 of 2 updated, 2 available: 2 of 2 replicas are available, 2 are of revision web-bbbbbbbbbb
    "#]],
    );
}

#[test]
fn a_spec_that_was_not_looked_at_yet_is_not_done_whatever_the_status_says() {
    check(
        "metadata: {generation: 5}",
        &[],
        Exit::Underway,
        &expect![[r#"
        web: underway: 2 of 2 updated, 2 available: Mainstay has not looked at generation 5 of the spec yet; is it running?
    "#]],
    );
    check(
        "status: null",
        &[],
        Exit::Underway,
        &expect![[r#"
        web: underway: 0 of 2 updated, 0 available: Mainstay has not looked at generation 4 of the spec yet; is it running?
    "#]],
    );
}

#[test]
fn on_its_way() {
    let patch = status(
        "updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1",
        ("True", "PodsAreUpdated", "1 of 2 pods are of revision web-bbbbbbbbbb"),
        None,
    );
    let pods = [pod(
        "web-1",
        "web-bbbbbbbbbb",
        &logs_are("restartCount: 0, state: {waiting: {reason: ContainerCreating}}"),
    )];
    check(
        &patch,
        &pods,
        Exit::Underway,
        &expect![[r#"
        web: underway: 1 of 2 updated, 1 available: 1 of 2 pods are of revision web-bbbbbbbbbb
    "#]],
    );
}

#[test]
fn a_revision_that_has_failed_names_the_container_and_its_reason() {
    let words = "revision web-cccccccccc has failed: pod web-1: container logs with image logs:nope: ImagePullBackOff";
    let patch = status(
        "updateRevision: web-cccccccccc, failedRevision: web-cccccccccc, updatedReplicas: 0, availableReplicas: 1",
        ("False", "ProgressDeadlineExceeded", words),
        Some(("ProgressDeadlineExceeded", words)),
    );
    let bad =
        "restartCount: 0, state: {waiting: {reason: ImagePullBackOff, message: Back-off pulling image}}";
    let pods = [pod("web-1", "web-bbbbbbbbbb", &logs_are(bad)), pod("web-2", "web-bbbbbbbbbb", "")];
    check(
        &patch,
        &pods,
        Exit::Failed,
        &expect![[r#"
        web: failed: 0 of 2 updated, 1 available: ProgressDeadlineExceeded: revision web-cccccccccc has failed: pod web-1: container logs with image logs:nope: ImagePullBackOff
          pod web-1: sidecar logs with image logs:2: ImagePullBackOff: Back-off pulling image
        To go back: kubectl mainstay undo web. To try once more: kubectl mainstay retry web
    "#]],
    );
}

#[test]
fn of_many_faults_the_first_are_named() {
    let pods: Vec<Pod> = (0..8)
        .map(|number| pod(&format!("web-{number}"), "web-bbbbbbbbbb", &logs_are("restartCount: 4, state: {running: {}}, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}")))
        .collect();
    let faults = Progress::of(&workload(""), &pods).faults;
    expect![[r#"
        pod web-0: sidecar logs with image logs:2: Running; it ended before with OOMKilled (exit code 137), 4 restarts
        pod web-1: sidecar logs with image logs:2: Running; it ended before with OOMKilled (exit code 137), 4 restarts
        pod web-2: sidecar logs with image logs:2: Running; it ended before with OOMKilled (exit code 137), 4 restarts
        pod web-3: sidecar logs with image logs:2: Running; it ended before with OOMKilled (exit code 137), 4 restarts
        pod web-4: sidecar logs with image logs:2: Running; it ended before with OOMKilled (exit code 137), 4 restarts
        and 3 more"#]].assert_eq(&faults.join("\n"));
}

#[test]
fn what_cannot_go_on() {
    for (reason, exit) in [
        ("RollbackFailed", Exit::Failed),
        ("CannotUpdateInPlace", Exit::Stalled),
        ("RevisionNotFound", Exit::Stalled),
        ("RolledBack", Exit::RolledBack),
    ] {
        let patch = status("updatedReplicas: 0", ("False", reason, "words"), Some((reason, "words")));
        let progress = Progress::of(&workload(&patch), &[]);
        assert_eq!(progress.state.exit(), exit, "{reason}");
        assert_eq!(progress.message, format!("{reason}: words"));
    }
    check(
        "metadata: {deletionTimestamp: \"2026-03-01T11:59:00Z\"}",
        &[],
        Exit::Stalled,
        &expect![[r#"
        web: stalled: 2 of 2 updated, 2 available: its deletion was asked for
    "#]],
    );
}

#[test]
fn a_rollback_on_its_way_is_not_over() {
    let patch = status(
        "updateRevision: web-cccccccccc, failedRevision: web-cccccccccc, updatedReplicas: 1",
        (
            "True",
            "PodsAreUpdated",
            "revision web-cccccccccc has failed: x; pods go back to revision web-bbbbbbbbbb",
        ),
        None,
    );
    assert_eq!(Progress::of(&workload(&patch), &[]).state, State::Underway);
}

#[test]
fn what_waits_for_its_user() {
    let paused = status("updatedReplicas: 1", ("Unknown", "Paused", "spec.rollout.paused is true"), None);
    check(
        &format!("{paused}\nspec: {{rollout: {{paused: true}}}}"),
        &[],
        Exit::Held,
        &expect![[r#"
        web: held: 1 of 2 updated, 2 available: the rollout is paused: kubectl mainstay resume web
    "#]],
    );
    let waiting = |available| {
        let counts = format!("updatedReplicas: 0, availableReplicas: {available}");
        let status = status(&counts, ("True", "PodsAreUpdated", "0 of 2 pods are of revision x"), None);
        Progress::of(&workload(&format!("{status}\nspec: {{rollout: {{type: OnDelete}}}}")), &[])
    };
    assert_eq!(waiting(2).state, State::Held);
    // A pod was deleted, and the one in its place is not there yet.
    assert_eq!(waiting(1).state, State::Underway);
}

#[test]
fn a_partition_is_done_when_all_but_those_that_stay_have_moved() {
    for (partition, updated, failed, expected) in [
        ("1", 1, "null", State::Done),
        ("1", 0, "null", State::Underway),
        ("\"50%\"", 1, "null", State::Done),
        ("\"1\"", 1, "null", State::Done),
        ("2", 0, "null", State::Done),
        ("9", 0, "null", State::Done),
        ("0", 1, "null", State::Underway),
        ("1", 1, "web-bbbbbbbbbb", State::Underway),
    ] {
        let counts = format!("updatedReplicas: {updated}, failedRevision: {failed}");
        let status = status(&counts, ("True", "PodsAreUpdated", "on its way"), None);
        let patch = format!("{status}\nspec: {{rollout: {{partition: {partition}}}}}");
        assert_eq!(Progress::of(&workload(&patch), &[]).state, expected, "{partition}, {updated}, {failed}");
    }
}

/// Scripts go by these numbers.
#[test]
fn exit_codes_stay() {
    let codes = [
        Exit::Done,
        Exit::Error,
        Exit::Usage,
        Exit::Underway,
        Exit::Failed,
        Exit::Stalled,
        Exit::RolledBack,
        Exit::Held,
        Exit::TimedOut,
    ];
    assert_eq!(codes.map(Exit::code), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
}
