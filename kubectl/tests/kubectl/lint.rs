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
        &expect![[]],
    );
    check("", &expect![[]]);
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: mainstay.dev/v1alpha1\n  kind: SidecarWorkload\n  metadata: {name: web}\n  spec:\n    replicas: few\n";
    check(list, &expect![[]]);
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
        &expect![[]],
    );
}

#[test]
fn rules_are_judged_with_defaults_filled_in() {
    check(&format!("{GOOD}  rollout: {{minReadySeconds: 600}}\n"), &expect![[]]);
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
        &expect![[]],
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
    check("a: [", &expect![[]]);
    check("a: 1\na: 2\n", &expect![[]]);
    check(&GOOD.replace("v1alpha1", "v1"), &expect![[]]);
}

#[test]
fn a_report_in_json() {
    let report = lint(&GOOD.replace("app:1", ""));
    expect![[]].assert_eq(&serde_json::to_string_pretty(&report).unwrap());
    assert!(report.has(Severity::Error) && report.has(Severity::Warning));
    let warned = lint(&GOOD.replace("app:1", "app"));
    assert!(!warned.has(Severity::Error) && warned.has(Severity::Warning));
}
