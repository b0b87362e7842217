//! Files that are judged without a cluster.

use expect_test::{Expect, expect};
use mainstay_kubectl::lint::{Linter, Report, Severity};

use crate::cases::cases;

fn lint(text: &str) -> Report {
    let mut report = Report::default();
    Linter::new().file("web.yaml", text, &mut report);
    report
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&lint(text).text());
}

fn errors(text: &str) -> Vec<String> {
    let findings = lint(text).findings.into_iter().filter(|finding| finding.severity == Severity::Error);
    findings.map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
}

#[test]
fn what_a_server_accepts_is_accepted() {
    for case in cases("accepted") {
        assert_eq!(errors(&case.object.to_string()), Vec::<String>::new(), "{}", case.what);
    }
}

#[test]
fn what_a_server_refuses_is_refused_in_its_words() {
    for case in cases("refused") {
        let found = errors(&case.object.to_string());
        for words in case.rule.iter().chain(&case.words) {
            assert!(
                found.iter().any(|error| error.contains(words.as_str())),
                "{}: {words:?} is not in {found:?}",
                case.what
            );
        }
    }
}

const GOOD: &str = "apiVersion: mainstay.dev/v1alpha1
kind: SidecarWorkload
metadata: {name: web}
spec:
  template:
    main: {name: app, image: \"app:1\"}
";

#[test]
fn all_documents_of_a_file_are_looked_at() {
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    check(
        &format!(
            "{GOOD}{service}---\n# nothing\n---\n{}",
            GOOD.replace("replicas", "x").replace("name: web", "name: Web")
        ),
        &expect![[r#"
            web.yaml:16: error: metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
            SidecarWorkloads: 2, other objects, which are not looked at: 1, errors: 1, warnings: 0
        "#]],
    );
    check(
        "",
        &expect![[r#"
            SidecarWorkloads: 0, other objects, which are not looked at: 0, errors: 0, warnings: 0
        "#]],
    );
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: mainstay.dev/v1alpha1\n  kind: SidecarWorkload\n  metadata: {name: web}\n  spec:\n    replicas: few\n";
    check(
        list,
        &expect![[r#"
            web.yaml:7: error: spec.template: Required value
            web.yaml:8: error: spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"
            SidecarWorkloads: 1, other objects, which are not looked at: 0, errors: 2, warnings: 0
        "#]],
    );
}

#[test]
fn each_finding_has_the_line_of_its_field() {
    check(
        "apiVersion: mainstay.dev/v1alpha1
kind: SidecarWorkload
metadata:
  name: web
  label: {a: b}
spec:
  replicas: -1
  rollot:
    paused: true
  template:
    main:
      name: app
      image: app:1
    sidecars:
    - name: logs
      image: logs:1
      policy:
        start: Sometime
    - name: logs
      imagee: logs:1
",
        &expect![[r#"
            web.yaml:5: error: metadata.label: unknown field "metadata.label"
            web.yaml:7: error: spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0
            web.yaml:8: error: spec.rollot: unknown field "spec.rollot"
            web.yaml:18: error: spec.template.sidecars[0].policy.start: Unsupported value: "Sometime": supported values: "BeforeInit", "AfterInit"
            web.yaml:19: error: spec.template.sidecars[1].image: Required value
            web.yaml:19: error: spec.template.sidecars[1]: Duplicate value: {"name":"logs"}
            web.yaml:20: error: spec.template.sidecars[1].imagee: unknown field "spec.template.sidecars[1].imagee"
            SidecarWorkloads: 1, other objects, which are not looked at: 0, errors: 7, warnings: 0
        "#]],
    );
}

#[test]
fn rules_are_judged_with_defaults_filled_in() {
    check(
        &format!("{GOOD}  rollout: {{minReadySeconds: 600}}\n"),
        &expect![[r#"
            web.yaml:7: error: spec.rollout.progressDeadlineSeconds: Invalid value: a pod counts only once it has been ready for minReadySeconds: set progressDeadlineSeconds to more than minReadySeconds
            SidecarWorkloads: 1, other objects, which are not looked at: 0, errors: 1, warnings: 0
        "#]],
    );
}

#[test]
fn what_would_come_of_the_template_is_looked_at() {
    check(
        "apiVersion: mainstay.dev/v1alpha1
kind: SidecarWorkload
metadata: {name: web}
spec:
  template:
    main:
      name: app
      image: app
      volumeMounts: [{name: data, mountPath: /data}]
    init:
    - {name: migrate, image: 'host:5000/migrate'}
    sidecars:
    - name: logs
      image: logs@sha256:abc
      volumeMounts: [{name: data, mountPath: /logs}, {name: data, mountPath: /logs}]
      policy: {shareMounts: Same, envFromMain: [LEVEL]}
    - name: proxy
      image: proxy:latest
      policy: {drain: true, update: Recreate}
status: {replicas: 3}
",
        &expect![[r#"
            web.yaml:8: warning: spec.template.main.image: app has no tag of its own: what is pushed under it later is no new revision, and a way back leads to whatever it is then
            web.yaml:9: error: spec.template.main.volumeMounts: container app mounts volume "data", which template.pod.volumes does not have: every pod would be refused
            web.yaml:11: warning: spec.template.init[0].image: host:5000/migrate has no tag of its own: what is pushed under it later is no new revision, and a way back leads to whatever it is then
            web.yaml:15: error: spec.template.sidecars[0].volumeMounts: container logs mounts volume "data", which template.pod.volumes does not have: every pod would be refused
            web.yaml:15: error: spec.template.sidecars[0].volumeMounts: container logs mounts two volumes at /logs: every pod would be refused
            web.yaml:16: warning: spec.template.sidecars[0].policy.envFromMain: main has no variable LEVEL in its env: logs gets none
            web.yaml:18: warning: spec.template.sidecars[1].image: proxy:latest has no tag of its own: what is pushed under it later is no new revision, and a way back leads to whatever it is then
            web.yaml:19: warning: spec.template.sidecars[1].policy.drain: proxy has no readinessProbe: the pod is put back as soon as proxy runs, whether it serves or not
            web.yaml:19: warning: spec.template.sidecars[1].policy.drain: update is Recreate: proxy is never replaced in a running pod, so nothing is drained
            web.yaml:20: warning: status: the status is written by Mainstay: what is applied of it is ignored
            SidecarWorkloads: 1, other objects, which are not looked at: 0, errors: 3, warnings: 7
        "#]],
    );
}

#[test]
fn names_that_pods_cannot_carry_are_refused() {
    for (metadata, says) in [
        ("{}", "name or generateName is required"),
        ("{generateName: web-}", ""),
        ("{name: a.b}", ""),
        ("{name: Web}", "RFC 1123"),
        ("{name: web-}", "RFC 1123"),
        ("{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}", "64 letters"),
    ] {
        let found = errors(&GOOD.replace("{name: web}", metadata));
        assert!(
            found.len() == usize::from(!says.is_empty()) && found.iter().all(|error| error.contains(says)),
            "{metadata}: {found:?}"
        );
    }
}

#[test]
fn what_is_no_yaml_and_no_known_version_says_so() {
    check(
        "a: [",
        &expect![[r#"
            web.yaml:1: error: unclosed bracket '[' at line 1, column 4
            SidecarWorkloads: 0, other objects, which are not looked at: 0, errors: 1, warnings: 0
        "#]],
    );
    check(
        "a: 1\na: 2\n",
        &expect![[r#"
            web.yaml:2: error: duplicate mapping key `a` is not allowed here at line 2, column 1
            SidecarWorkloads: 0, other objects, which are not looked at: 0, errors: 1, warnings: 0
        "#]],
    );
    check(
        &GOOD.replace("v1alpha1", "v1"),
        &expect![[r#"
            web.yaml:1: error: apiVersion: "mainstay.dev/v1" is no version of SidecarWorkload: write mainstay.dev/v1alpha1
            SidecarWorkloads: 1, other objects, which are not looked at: 0, errors: 1, warnings: 0
        "#]],
    );
}

#[test]
fn a_report_in_json() {
    let report = lint(&GOOD.replace("app:1", ""));
    expect![[r#"
        {
          "checked": 1,
          "skipped": 0,
          "findings": [
            {
              "file": "web.yaml",
              "line": 6,
              "name": "web",
              "path": "spec.template.main.image",
              "severity": "error",
              "message": "Invalid value: \"\": spec.template.main.image in body should be at least 1 chars long"
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&report).unwrap());
    assert!(report.has(Severity::Error) && report.has(Severity::Warning));
    let warned = lint(&GOOD.replace("app:1", "app"));
    assert!(!warned.has(Severity::Error) && warned.has(Severity::Warning));
}
