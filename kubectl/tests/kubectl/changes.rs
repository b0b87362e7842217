//! What is written, what is told of it, and what is refused.

use expect_test::{Expect, expect};
use mainstay_kubectl::change::image::{self, Assignment};
use mainstay_kubectl::change::{Change, Patch, Refusal, rollout, undo};
use mainstay_kubectl::objects::Workload;
use serde_json::{Value, json};

use crate::objects::{revisions, workload};

const LATER: &str = "2026-03-01T12:00:00Z";

fn check(change: Result<Change, Refusal>, expected: &Expect) {
    let text = match change {
        Ok(Change { patch, outcome }) => {
            let patch = match patch {
                None => "nothing".to_owned(),
                Some(Patch::Merge(body)) => format!("merge {body}"),
                Some(Patch::Json(body)) => format!("json {body}"),
            };
            assert_eq!(outcome.changed, patch != "nothing");
            format!("{patch}\n{}", outcome.text())
        }
        Err(refusal) => format!("refused: {refusal}"),
    };
    expected.assert_eq(&text);
}

fn images(words: &[&str]) -> Vec<Assignment> {
    words.iter().map(|word| image::parse(word).unwrap()).collect()
}

#[test]
fn pause_and_resume() {
    let paused = "spec: {rollout: {paused: true}}";
    check(Ok(rollout::pause(&workload(""), true)), &expect![[]]);
    check(Ok(rollout::pause(&workload(paused), true)), &expect![[]]);
    check(Ok(rollout::pause(&workload(paused), false)), &expect![[]]);
    check(Ok(rollout::pause(&workload(""), false)), &expect![[]]);
}

#[test]
fn restart() {
    check(rollout::restart(&workload(""), LATER), &expect![[]]);
    check(rollout::restart(&workload("spec: {rollout: {paused: true}}"), LATER), &expect![[]]);
    check(rollout::restart(&workload("spec: {revision: web-aaaaaaaaaa}"), LATER), &expect![[]]);
}

#[test]
fn retry() {
    check(Ok(rollout::retry(&workload(""), LATER)), &expect![[]]);
    let failed = "status: {failedRevision: web-cccccccccc, updateRevision: web-cccccccccc}";
    check(Ok(rollout::retry(&workload(failed), LATER)), &expect![[]]);
    // Another revision is asked for by now.
    let old = "status: {failedRevision: web-cccccccccc}";
    assert_eq!(rollout::retry(&workload(old), LATER).patch, None);
}

#[test]
fn undo_goes_to_the_newest_healthy_revision_that_is_not_asked_for() {
    check(undo::pin(&workload(""), &revisions(), None), &expect![[]]);
    let failed = "status: {updateRevision: web-cccccccccc, failedRevision: web-cccccccccc}";
    check(undo::pin(&workload(failed), &revisions(), None), &expect![[]]);
    let pinned = "spec: {revision: web-aaaaaaaaaa}";
    check(undo::pin(&workload(pinned), &revisions(), None), &expect![[]]);
}

#[test]
fn undo_goes_where_it_is_told() {
    check(undo::pin(&workload(""), &revisions(), Some("1")), &expect![[]]);
    check(undo::pin(&workload(""), &revisions(), Some("web-cccccccccc")), &expect![[]]);
    check(undo::pin(&workload("spec: {revision: web-aaaaaaaaaa}"), &revisions(), Some("1")), &expect![[]]);
    check(undo::pin(&workload("spec: {rollout: {paused: true}}"), &revisions(), Some("1")), &expect![[]]);
}

#[test]
fn undo_is_refused_with_what_to_do_instead() {
    check(undo::pin(&workload(""), &revisions(), Some("9")), &expect![[]]);
    check(undo::pin(&workload(""), &revisions()[..1], None), &expect![[]]);
    check(undo::pin(&workload(""), &[], None), &expect![[]]);
    check(undo::pin(&workload("spec: {rollout: {partition: \"50%\"}}"), &revisions(), None), &expect![[]]);
    // The status speaks of an older spec: what is asked for now is not known, but a name is a name.
    let unseen = workload("metadata: {generation: 5}");
    check(undo::pin(&unseen, &revisions(), None), &expect![[]]);
    assert!(undo::pin(&unseen, &revisions(), Some("1")).is_ok());
}

#[test]
fn the_end_of_a_pin() {
    check(Ok(undo::unpin(&workload("spec: {revision: web-aaaaaaaaaa}"))), &expect![[]]);
    check(Ok(undo::unpin(&workload(""))), &expect![[]]);
}

#[test]
fn images_of_main_sidecars_and_init_steps() {
    check(image::set(&workload(""), &images(&["logs=logs:3"])), &expect![[]]);
    check(
        image::set(&workload(""), &images(&["app=app:2", "proxy=host:5000/proxy:2", "migrate=app:2"])),
        &expect![[]],
    );
    check(image::set(&workload(""), &images(&["logs=logs:2"])), &expect![[]]);
    check(image::set(&workload("spec: {revision: web-aaaaaaaaaa}"), &images(&["logs=logs:3"])), &expect![[]]);
    check(image::set(&workload(""), &images(&["logs=logs:3", "lgs=logs:3"])), &expect![[]]);
    check(image::set(&workload("spec: {template: null}"), &images(&["logs=logs:3"])), &expect![[]]);
}

/// The sidecar is found by its name and patched by its position; the server refuses that when the name there is another one by then.
#[test]
fn an_image_is_set_where_the_name_is_tested() {
    let change = image::set(&workload(""), &images(&["proxy=proxy:2"])).unwrap();
    let Some(Patch::Json(operations)) = change.patch else { panic!("no JSON patch") };
    assert_eq!(
        operations[0],
        json!({"op": "test", "path": "/spec/template/sidecars/1/name", "value": "proxy"})
    );
    assert_eq!(operations[1]["path"], "/spec/template/sidecars/1/image");
}

#[test]
fn assignments_have_a_container_and_an_image() {
    for bad in ["logs", "=logs:1", "logs=", ""] {
        assert!(image::parse(bad).unwrap_err().contains("container=image"), "{bad}");
    }
    assert_eq!(image::parse("a=b@sha256:0=").unwrap().image, "b@sha256:0=");
}

/// Whoever keeps a field in Git is named, and nobody else.
#[test]
fn whoever_has_set_the_field_before_is_named() {
    let fields = r#"
metadata:
  managedFields:
  - manager: argocd
    fieldsV1: {"f:spec": {"f:rollout": {"f:paused": {}}, "f:template": {"f:sidecars": {'k:{"name":"logs"}': {"f:image": {}}}}}}
  - manager: flux
    fieldsV1: {"f:spec": {"f:revision": {}, "f:restartedAt": {}, "f:template": {"f:main": {"f:image": {}}}}}
  - manager: kubectl-mainstay
    fieldsV1: {"f:spec": {"f:rollout": {"f:paused": {}}, "f:revision": {}}}
"#;
    let workload: Workload = workload(fields);
    let warnings = |change: Change| change.outcome.warnings.join("; ");
    for (found, owner) in [
        (warnings(rollout::pause(&workload, true)), "spec.rollout.paused was set by argocd before"),
        (warnings(rollout::restart(&workload, LATER).unwrap()), "spec.restartedAt was set by flux before"),
        (warnings(undo::pin(&workload, &revisions(), None).unwrap()), "spec.revision was set by flux before"),
        (
            warnings(image::set(&workload, &images(&["logs=x:1"])).unwrap()),
            "spec.template.sidecars[logs].image was set by argocd",
        ),
        (
            warnings(image::set(&workload, &images(&["app=x:1"])).unwrap()),
            "spec.template.main.image was set by flux before",
        ),
    ] {
        assert!(found.starts_with(owner) && found.matches("was set by").count() == 1, "{found}");
    }
    assert_eq!(warnings(image::set(&workload, &images(&["proxy=x:1"])).unwrap()), "");
}

#[test]
fn what_was_done_in_json() {
    let change = undo::pin(&workload(""), &revisions(), Some("3")).unwrap();
    expect![[]].assert_eq(&serde_json::to_string_pretty(&change.outcome).unwrap());
    let none = serde_json::to_value(undo::unpin(&workload("")).outcome).unwrap();
    assert_eq!((&none["changed"], &none["fields"], &none["back"]), (&json!(false), &json!([]), &Value::Null));
}
