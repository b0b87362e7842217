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
    check(
        Ok(rollout::pause(&workload(""), true)),
        &expect![[r#"
        merge {"spec":{"rollout":{"paused":true}}}
        web: the rollout is paused; what has begun is ended
          back: kubectl mainstay resume web
    "#]],
    );
    check(
        Ok(rollout::pause(&workload(paused), true)),
        &expect![[r#"
        nothing
        web: is paused already
    "#]],
    );
    check(
        Ok(rollout::pause(&workload(paused), false)),
        &expect![[r#"
        merge {"spec":{"rollout":{"paused":false}}}
        web: the rollout goes on
          back: kubectl mainstay pause web
    "#]],
    );
    check(
        Ok(rollout::pause(&workload(""), false)),
        &expect![[r#"
        nothing
        web: is not paused
    "#]],
    );
}

#[test]
fn restart() {
    check(
        rollout::restart(&workload(""), LATER),
        &expect![[r#"
        merge {"spec":{"restartedAt":"2026-03-01T12:00:00Z"}}
        web: all pods are replaced, within the bounds of the rollout
    "#]],
    );
    check(
        rollout::restart(&workload("spec: {rollout: {paused: true}}"), LATER),
        &expect![[r#"
        merge {"spec":{"restartedAt":"2026-03-01T12:00:00Z"}}
        web: all pods are replaced, within the bounds of the rollout
          warning: the rollout is paused: pods are replaced after `kubectl mainstay resume web`
    "#]],
    );
    check(
        rollout::restart(&workload("spec: {revision: web-aaaaaaaaaa}"), LATER),
        &expect![
            "refused: web is pinned to revision web-aaaaaaaaaa, whose pods a restart does not replace: `kubectl mainstay undo web --off` ends the pin"
        ],
    );
}

#[test]
fn retry() {
    check(
        Ok(rollout::retry(&workload(""), LATER)),
        &expect![[r#"
        nothing
        web: the revision that is asked for has not failed
    "#]],
    );
    let failed = "status: {failedRevision: web-cccccccccc, updateRevision: web-cccccccccc}";
    check(
        Ok(rollout::retry(&workload(failed), LATER)),
        &expect![[r#"
        merge {"metadata":{"annotations":{"mainstay.dev/retry":"2026-03-01T12:00:00Z"}}}
        web: revision web-cccccccccc is tried again
    "#]],
    );
    // Another revision is asked for by now.
    let old = "status: {failedRevision: web-cccccccccc}";
    assert_eq!(rollout::retry(&workload(old), LATER).patch, None);
}

#[test]
fn undo_goes_to_the_newest_healthy_revision_that_is_not_asked_for() {
    check(
        undo::pin(&workload(""), &revisions(), None),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":"web-aaaaaaaaaa"}}
        web: all pods go to revision web-aaaaaaaaaa (number 1); spec.template stays as it is, and in Git this is spec.revision: web-aaaaaaaaaa
          back: kubectl mainstay undo web --off
    "#]],
    );
    let failed = "status: {updateRevision: web-cccccccccc, failedRevision: web-cccccccccc}";
    check(
        undo::pin(&workload(failed), &revisions(), None),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":"web-bbbbbbbbbb"}}
        web: all pods go to revision web-bbbbbbbbbb (number 2); spec.template stays as it is, and in Git this is spec.revision: web-bbbbbbbbbb
          back: kubectl mainstay undo web --off
    "#]],
    );
    let pinned = "spec: {revision: web-aaaaaaaaaa}";
    check(
        undo::pin(&workload(pinned), &revisions(), None),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":"web-bbbbbbbbbb"}}
        web: all pods go to revision web-bbbbbbbbbb (number 2); spec.template stays as it is, and in Git this is spec.revision: web-bbbbbbbbbb
          back: kubectl mainstay undo web --to-revision web-aaaaaaaaaa
    "#]],
    );
}

#[test]
fn undo_goes_where_it_is_told() {
    check(
        undo::pin(&workload(""), &revisions(), Some("1")),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":"web-aaaaaaaaaa"}}
        web: all pods go to revision web-aaaaaaaaaa (number 1); spec.template stays as it is, and in Git this is spec.revision: web-aaaaaaaaaa
          back: kubectl mainstay undo web --off
    "#]],
    );
    check(
        undo::pin(&workload(""), &revisions(), Some("web-cccccccccc")),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":"web-cccccccccc"}}
        web: all pods go to revision web-cccccccccc (number 3); spec.template stays as it is, and in Git this is spec.revision: web-cccccccccc
          warning: revision web-cccccccccc was never healthy: it begins with one pod
          back: kubectl mainstay undo web --off
    "#]],
    );
    check(
        undo::pin(&workload("spec: {revision: web-aaaaaaaaaa}"), &revisions(), Some("1")),
        &expect![[r#"
        nothing
        web: is pinned to revision web-aaaaaaaaaa already
    "#]],
    );
    check(
        undo::pin(&workload("spec: {rollout: {paused: true}}"), &revisions(), Some("1")),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":"web-aaaaaaaaaa"}}
        web: all pods go to revision web-aaaaaaaaaa (number 1); spec.template stays as it is, and in Git this is spec.revision: web-aaaaaaaaaa
          warning: the rollout is paused: pods go back after `kubectl mainstay resume web`
          back: kubectl mainstay undo web --off
    "#]],
    );
}

#[test]
fn undo_is_refused_with_what_to_do_instead() {
    check(
        undo::pin(&workload(""), &revisions(), Some("9")),
        &expect![
            "refused: web has no revision 9; its revisions are: 1 (web-aaaaaaaaaa), 2 (web-bbbbbbbbbb), 3 (web-cccccccccc)"
        ],
    );
    check(
        undo::pin(&workload(""), &revisions()[..1], None),
        &expect![
            "refused: no other revision of web was ever healthy, so there is none to go back to by itself; --to-revision takes any of them: 2 (web-bbbbbbbbbb)"
        ],
    );
    check(
        undo::pin(&workload(""), &[], None),
        &expect![
            "refused: no other revision of web was ever healthy, so there is none to go back to by itself; --to-revision takes any of them: none"
        ],
    );
    check(
        undo::pin(&workload("spec: {rollout: {partition: \"50%\"}}"), &revisions(), None),
        &expect![[
            r#"refused: web has rollout.partition "50%", which keeps some pods on the revision before, and a pin brings all pods to one: set rollout.partition to 0 first"#
        ]],
    );
    // The status speaks of an older spec: what is asked for now is not known, but a name is a name.
    let unseen = workload("metadata: {generation: 5}");
    check(
        undo::pin(&unseen, &revisions(), None),
        &expect![
            "refused: Mainstay has not looked at the newest spec of web yet, so it is not known which revision that asks for: try again in a moment, or say where to go with --to-revision"
        ],
    );
    assert!(undo::pin(&unseen, &revisions(), Some("1")).is_ok());
}

#[test]
fn the_end_of_a_pin() {
    check(
        Ok(undo::unpin(&workload("spec: {revision: web-aaaaaaaaaa}"))),
        &expect![[r#"
        merge {"metadata":{"uid":"u-1"},"spec":{"revision":null}}
        web: is no longer pinned to revision web-aaaaaaaaaa: pods follow spec.template again
          back: kubectl mainstay undo web --to-revision web-aaaaaaaaaa
    "#]],
    );
    check(
        Ok(undo::unpin(&workload(""))),
        &expect![[r#"
        nothing
        web: is not pinned: its pods follow spec.template
    "#]],
    );
}

#[test]
fn images_of_main_sidecars_and_init_steps() {
    check(
        image::set(&workload(""), &images(&["logs=logs:3"])),
        &expect![[r#"
        json [{"op":"test","path":"/spec/template/sidecars/0/name","value":"logs"},{"op":"replace","path":"/spec/template/sidecars/0/image","value":"logs:3"}]
        web: spec.template.sidecars[logs].image is logs:3 now
          back: kubectl mainstay set image web logs=logs:2
    "#]],
    );
    check(
        image::set(&workload(""), &images(&["app=app:2", "proxy=host:5000/proxy:2", "migrate=app:2"])),
        &expect![[r#"
            json [{"op":"test","path":"/spec/template/main/name","value":"app"},{"op":"replace","path":"/spec/template/main/image","value":"app:2"},{"op":"test","path":"/spec/template/sidecars/1/name","value":"proxy"},{"op":"replace","path":"/spec/template/sidecars/1/image","value":"host:5000/proxy:2"},{"op":"test","path":"/spec/template/init/0/name","value":"migrate"},{"op":"replace","path":"/spec/template/init/0/image","value":"app:2"}]
            web: spec.template.main.image is app:2 now, spec.template.sidecars[proxy].image is host:5000/proxy:2 now, spec.template.init[migrate].image is app:2 now
              warning: migrate is an init step, which runs in new pods alone: all pods are replaced
              back: kubectl mainstay set image web app=app:1 proxy=proxy:1 migrate=app:1
        "#]],
    );
    check(
        image::set(&workload(""), &images(&["logs=logs:2"])),
        &expect![[r#"
        nothing
        web: has these images already
    "#]],
    );
    check(
        image::set(&workload("spec: {revision: web-aaaaaaaaaa}"), &images(&["logs=logs:3"])),
        &expect![[r#"
            json [{"op":"test","path":"/spec/template/sidecars/0/name","value":"logs"},{"op":"replace","path":"/spec/template/sidecars/0/image","value":"logs:3"}]
            web: spec.template.sidecars[logs].image is logs:3 now
              warning: pods stay pinned to revision web-aaaaaaaaaa, and get the new template after `kubectl mainstay undo web --off`
              back: kubectl mainstay set image web logs=logs:2
        "#]],
    );
    check(
        image::set(&workload(""), &images(&["logs=logs:3", "lgs=logs:3"])),
        &expect![[
            r#"refused: there is no container "lgs" in web; its containers are: app, logs, proxy, migrate"#
        ]],
    );
    check(
        image::set(&workload("spec: {template: null}"), &images(&["logs=logs:3"])),
        &expect![[r#"refused: there is no container "logs" in web; its containers are: none"#]],
    );
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
    expect![[r#"
        {
          "action": "undo",
          "namespace": "shop",
          "name": "web",
          "changed": true,
          "dryRun": false,
          "generation": 4,
          "fields": [
            {
              "path": "spec.revision",
              "from": null,
              "to": "web-cccccccccc"
            }
          ],
          "message": "all pods go to revision web-cccccccccc (number 3); spec.template stays as it is, and in Git this is spec.revision: web-cccccccccc",
          "warnings": [
            "revision web-cccccccccc was never healthy: it begins with one pod"
          ],
          "back": "kubectl mainstay undo web --off"
        }"#]].assert_eq(&serde_json::to_string_pretty(&change.outcome).unwrap());
    let none = serde_json::to_value(undo::unpin(&workload("")).outcome).unwrap();
    assert_eq!((&none["changed"], &none["fields"], &none["back"]), (&json!(false), &json!([]), &Value::Null));
}
