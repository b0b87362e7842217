//! The chart, without a cluster: what it renders over many value sets, what it refuses, and whether its pages tell the truth.

#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod always;
mod documents;
mod in_tree;
mod install;
mod refused;
mod rendered;
mod value_sets;

use std::collections::BTreeSet;

use always::CLUSTER_SCOPED;
use install::{Install, chart_folder, helm, notes, with};
use rendered::{labels, render, text};
use value_sets::CASES;

#[test]
fn value_sets_render_to_what_they_ask_for() {
    for (name, install, expect) in CASES {
        println!("{name}");
        let rendered = render(*install);
        rendered.check();
        expect(&rendered);
    }
}

#[test]
fn lint_has_nothing_to_say() {
    let chart = chart_folder();
    for (name, install, _) in CASES {
        let arguments = ["lint", "--strict", "--quiet", "--values", "-", chart.to_str().unwrap()];
        let output = helm(&arguments, install.values);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn two_installs_share_no_cluster_scoped_name() {
    let long = "a-release-whose-name-is-as-long-as-helm-lets-it-be";
    let installs = [
        ("mainstay", "mainstay-system"),
        ("mainstay", "kube-system"),
        ("mainstay-b", "c"),
        ("mainstay", "b-c"),
        (long, "a-namespace-whose-name-is-as-long-as-kubernetes-lets-it-be-is63"),
        (long, "a-namespace-whose-name-is-as-long-as-kubernetes-lets-it-be-is64"),
        ("a-release-whose-name-is-as-long-as-helm-lets-it-bee", "c"),
        ("a-release-whose-name-is-as-long-as-helm-lets-it-bef", "c"),
    ];
    let mut seen = BTreeSet::new();
    for (release, namespace) in installs {
        // A kind there is once, so only one install can bring it.
        let rendered = render(Install { release, namespace, values: "crds: {install: false}" });
        rendered.check();
        for object in &rendered.objects {
            let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
            if CLUSTER_SCOPED.contains(&kind) {
                assert!(
                    seen.insert((kind.to_owned(), name.to_owned())),
                    "{kind} {name}, from {release} in {namespace}"
                );
            }
        }
    }
}

#[test]
fn pods_are_replaced_when_their_configuration_changes_and_not_else() {
    let checksum = |values| {
        let rendered = render(with(values));
        let annotations = labels(rendered.deployment(), "/spec/template/metadata/annotations");
        annotations["checksum/config"].clone()
    };
    let default = checksum("");
    assert_eq!(default, checksum("{replicas: 3, flowControl: {lendablePercent: 1}}"));
    assert_ne!(default, checksum("concurrentWrites: 1"));
    assert_ne!(default, checksum("controllers: replicationcontroller"));
}

#[test]
fn notes_tell_each_mode_and_how_to_see_it() {
    let takeover = |off: &str| {
        [
            format!("--controllers=*,bootstrapsigner,tokencleaner,{off}/"),
            format!("controller-manager.controllers=*,bootstrapsigner,tokencleaner,{off}'"),
        ]
    };
    let see = [
        "kubectl --namespace mainstay-system get lease mainstay",
        "/api/v1/namespaces/mainstay-system/services/mainstay-metrics:metrics/proxy/readyz?verbose",
        "/api/v1/namespaces/mainstay-system/services/mainstay-metrics:metrics/proxy/metrics",
        "helm --namespace mainstay-system test mainstay",
    ];
    let events = "events --for replicationcontroller/mainstay-canary";

    // Nothing was looked up: it is not said that nothing is there.
    let auto = notes(with(""));
    let hints = [
        "endpoints-controller  auto",
        "endpointslice-controller  auto",
        "endpointslice-mirroring-controller  auto",
        "replicationcontroller-controller  auto",
        "sidecarworkload-controller  on",
        "kubectl get scw --all-namespaces",
        "stays passive while",
        events,
    ];
    let all = takeover("-endpoint,-endpointslice,-endpointslicemirroring,-replicationcontroller");
    for hint in hints.iter().chain(&see).copied().chain(all.iter().map(String::as_str)) {
        assert!(auto.contains(hint), "{hint:?} is not in {auto}");
    }
    for absent in ["WARNING", "What there is of", "nothing that runs"] {
        assert!(!auto.contains(absent), "{absent:?} is in {auto}");
    }

    let on = notes(with("controllers: replicationcontroller"));
    let hints = ["replicationcontroller-controller  on", "WARNING", "must not run"];
    let one = takeover("-replicationcontroller");
    for hint in hints.iter().chain(&see).copied().chain(one.iter().map(String::as_str)) {
        assert!(on.contains(hint), "{hint:?} is not in {on}");
    }
    for absent in ["passive", "scw", events] {
        assert!(!on.contains(absent), "{absent:?} is in {on}");
    }

    // Nobody else does this, and nothing is to be turned off.
    let sidecars = notes(with("{controllers: sidecarworkload-controller, crds: {install: false}}"));
    for hint in ["sidecarworkload-controller  on", "kubectl get scw", "kubectl apply --filename crds/yaml"] {
        assert!(sidecars.contains(hint), "{hint:?} is not in {sidecars}");
    }
    for absent in ["WARNING", "passive", "--controllers="] {
        assert!(!sidecars.contains(absent), "{absent:?} is in {sidecars}");
    }

    let off = notes(with(
        "{controllers: '-replicationcontroller,podgc', replicas: 0, leaderElection: {enabled: false}}",
    ));
    for hint in [
        "replicationcontroller-controller  off",
        "no controller acts",
        "endpointslice-controller  off",
        "left to kube-controller-manager: pod-garbage-collector-controller",
        "no replica",
    ] {
        assert!(off.contains(hint), "{hint:?} is not in {off}");
    }
    for absent in ["get lease", "must not run", "passive", "helm --namespace", events] {
        assert!(!off.contains(absent), "{absent:?} is in {off}");
    }
}
