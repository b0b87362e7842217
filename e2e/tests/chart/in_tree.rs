//! What the notes make of kube-controller-manager's pods and lease. They come from `lookup` in an install; here they are the values of
//! a chart around ours.

use std::path::PathBuf;

use crate::install::{chart_folder, helm};

/// Pods of kube-system, of which one is not kube-controller-manager's.
fn pods(command: &str) -> String {
    format!(
        "[{{metadata: {{name: proxy}}, spec: {{containers: [{{}}]}}}},
          {{metadata: {{name: kcm-one, labels: {{component: kube-controller-manager}}}},
            spec: {{nodeName: one, containers: [{{command: {command}}}]}}}}]"
    )
}

/// A chart whose notes are what ours say of these objects. It is gone with the value.
struct Around(PathBuf);

impl Around {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("mainstay-chart-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("charts")).unwrap();
        std::fs::create_dir_all(folder.join("templates")).unwrap();
        let ours = chart_folder().canonicalize().unwrap();
        std::os::unix::fs::symlink(ours, folder.join("charts/mainstay")).unwrap();
        std::fs::write(folder.join("Chart.yaml"), "{apiVersion: v2, name: around, version: 0.1.0}").unwrap();
        let notes = r#"
{{- $lease := dict -}}
{{- with .Values.holder -}}
{{- $renewed := now | dateModify (printf "-%s" $.Values.age) | date "2006-01-02T15:04:05.000000Z07:00" -}}
{{- $lease = dict "spec" (dict "holderIdentity" . "renewTime" $renewed) -}}
{{- end -}}
{{- include "mainstay.inTree.found" (dict "controller" .Values.controller "pods" .Values.pods "lease" $lease "takeover" "TAKEOVER") -}}
"#;
        std::fs::write(folder.join("templates/NOTES.txt"), notes).unwrap();
        Around(folder)
    }

    fn found(&self, pods: &str, holder: &str, age: &str) -> String {
        self.found_of("replicationcontroller-controller", pods, holder, age)
    }

    fn found_of(&self, controller: &str, pods: &str, holder: &str, age: &str) -> String {
        let values = format!("{{controller: {controller}, pods: {pods}, holder: '{holder}', age: {age}}}");
        let folder = self.0.to_str().unwrap();
        let output = helm(&["install", "--dry-run=client", "it", folder, "--values", "-"], &values);
        let text = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        let (_, notes) = text.split_once("NOTES:\n").unwrap_or_else(|| panic!("{values}: {complaint}"));
        notes.trim().to_owned()
    }
}

impl Drop for Around {
    fn drop(&mut self) {
        // What is left in the folder for temporary files harms nobody.
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

const PASSIVE: &str = "So replicationcontroller-controller stays passive here";
const ACTS: &str = "So replicationcontroller-controller acts about a minute after its start";

#[test]
fn what_was_found_is_told_with_its_consequence() {
    let around = Around::new("found");

    let runs =
        around.found(&pods("[kube-controller-manager, '--controllers=*,bootstrapsigner']"), "one_1", "2s");
    assert_eq!(
        runs.lines().collect::<Vec<_>>(),
        [
            "pod kube-system/kcm-one: replicationcontroller is on",
            "  lease kube-system/kube-controller-manager: held by one_1",
            &format!("{PASSIVE}, and kube-controller-manager goes on. It acts once the other one is off:"),
            "TAKEOVER",
        ]
    );

    let off = around.found(&pods("[kcm, '--controllers=*,-replicationcontroller']"), "one_1", "2s");
    assert_eq!(off.lines().next().unwrap(), "pod kube-system/kcm-one: replicationcontroller is off");
    assert!(off.contains(ACTS) && off.contains("held by one_1"), "{off}");

    // A hostname need not be a node's name.
    let named = around.found(&pods("[kcm, '--controllers=*,-replicationcontroller']"), "another_1", "2s");
    assert!(named.contains(ACTS), "{named}");

    // Some other control plane's, which shows no pods.
    let hidden = around.found("[]", "another_1", "2s");
    for hint in [PASSIVE, "held by another_1", "--set controllers=replicationcontroller=on"] {
        assert!(hidden.contains(hint), "{hint:?} is not in {hidden}");
    }

    for (holder, age) in [("", "2s"), ("another_1", "3m")] {
        let nothing = around.found("[]", holder, age);
        assert!(
            nothing.contains(ACTS) && nothing.contains("nothing that runs replicationcontroller"),
            "{nothing}"
        );
    }
}

#[test]
fn command_lines_are_read_as_upstream_reads_them() {
    let around = Around::new("command-lines");
    for (command, mode) in [
        ("[kcm]", "on"),
        ("null", "on"),
        ("[kcm, '--controllers=*']", "on"),
        ("[kcm, --controllers, '*,-replicationcontroller']", "off"),
        ("[kcm, '--controllers=*,-replicationcontroller-controller', --v=2]", "off"),
        ("[kcm, '--controllers=-replicationcontroller,replicationcontroller,*']", "off"),
        ("[kcm, '--controllers=replicationcontroller,-replicationcontroller']", "on"),
        ("[kcm, '--controllers=*', '--controllers=-replicationcontroller']", "off"),
        ("[kcm, '--controllers=job,cronjob']", "off"),
        ("[kcm, '--controllers=$(LIST)']", "on"),
        ("[kcm, '--controllers-of-others=-replicationcontroller']", "on"),
        ("[kcm], args: ['--controllers=*,-replicationcontroller']", "off"),
    ] {
        let found = around.found(&pods(command), "", "2s");
        assert!(found.contains(&format!("replicationcontroller is {mode}")), "{command}: {found}");
    }
}

#[test]
fn names_that_begin_alike_are_told_apart() {
    let around = Around::new("names");
    for (list, modes) in [
        ("*", ["on", "on", "on"]),
        ("*,-endpoint", ["off", "on", "on"]),
        ("*,-endpointslice-controller", ["on", "off", "on"]),
        ("*,-endpointslicemirroring", ["on", "on", "off"]),
        ("*,-endpoints-controller,-endpointslice,-endpointslice-mirroring-controller", ["off", "off", "off"]),
    ] {
        let pods = pods(&format!("[kcm, '--controllers={list}']"));
        for (name, mode) in ["endpoints", "endpointslice", "endpointslice-mirroring"].iter().zip(modes) {
            let found = around.found_of(&format!("{name}-controller"), &pods, "", "2s");
            let first = found.lines().next().unwrap();
            assert!(first.ends_with(&format!(" is {mode}")), "{list}, {name}: {found}");
        }
    }
}
