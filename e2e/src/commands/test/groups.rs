//! Which tests are run together, and what each group needs.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Tests, cargo};
use crate::prerequisites;
use crate::shell::run_command;

/// Tests of the manager in a real cluster, each in one of its own. Where none can be had, they say so themselves.
const CLUSTER_TESTS: &[&str] = &["cluster", "rivals", "services", "workloads"];

/// Those that mostly wait, for leases and for what does not happen: they run beside the others.
const PATIENT: &[&str] = &["rivals"];

/// Tests that need an apiserver and no real nodes: what it makes of the custom resources, the plugin of kubectl at it, and the simulated cluster's
/// beside it. Where none can be had, they say so themselves.
const APISERVER_TESTS: &[&str] = &["conformance", "crds", "kubectl"];

/// Tests of the fixture and of the image, most of which are ignored unless asked for.
const FIXTURE_TESTS: &[&str] = &["fixture", "image"];

/// What can be told from the others without a cluster, although it stands beside them.
const WITHOUT_CLUSTER: &[&str] = &["image"];

/// What the names of the fixture's tests have in them that need root.
const REAL_NODES: &str = "real_nodes";

/// Tests that are run together.
#[derive(Debug, PartialEq, Eq)]
pub struct Group {
    pub title: &'static str,
    /// What `cargo test` is told.
    pub arguments: Vec<String>,
    /// What another `cargo test` is told that runs beside it.
    pub beside: Option<Vec<String>>,
    /// Why none of them can be run here.
    pub cannot_run: Option<String>,
    /// Why some of them are left out here.
    pub leaves_out: Option<String>,
}

/// What there is to be tested.
struct Targets {
    has_library: bool,
    has_program: bool,
    tests: BTreeSet<String>,
}

/// What this machine has.
struct Machine {
    no_cluster: Option<String>,
    is_root: bool,
}

/// The groups in the order in which they are run: what is fast and fails early first.
pub fn groups(tests: &Tests) -> Result<Vec<Group>> {
    let machine = Machine {
        no_cluster: prerequisites::check_for_control_plane().err().map(|error| error.to_string()),
        is_root: prerequisites::is_root(),
    };
    Ok(compose(tests, &read_targets(&tests.package)?, &machine))
}

fn compose(tests: &Tests, targets: &Targets, machine: &Machine) -> Vec<Group> {
    // All calls select the same packages, for with others the features of dependencies change, and all is built anew.
    let select = |what: &[String], runner: &[&str]| -> Vec<String> {
        let mut arguments = vec!["--no-fail-fast".to_owned()];
        match tests.package.as_slice() {
            [] => arguments.push("--workspace".to_owned()),
            names => arguments.extend(names.iter().flat_map(|name| ["--package".to_owned(), name.clone()])),
        }
        arguments.extend_from_slice(what);
        arguments.extend(tests.filter.clone());
        if !runner.is_empty() {
            arguments.push("--".to_owned());
            arguments.extend(runner.iter().map(|&argument| argument.to_owned()));
        }
        arguments
    };
    let named = |keep: &dyn Fn(&str) -> bool| -> Vec<String> {
        let names = targets.tests.iter().filter(|name| keep(name));
        names.flat_map(|name| ["--test".to_owned(), name.clone()]).collect()
    };
    let group =
        |title, arguments| Group { title, arguments, beside: None, cannot_run: None, leaves_out: None };

    let mut groups = Vec::new();
    let mut plain = Vec::new();
    plain.extend(targets.has_library.then(|| "--lib".to_owned()));
    plain.extend(targets.has_program.then(|| "--bins".to_owned()));
    plain.extend(named(&|name| {
        let needs_more =
            [CLUSTER_TESTS, APISERVER_TESTS, FIXTURE_TESTS].iter().any(|tests| tests.contains(&name));
        !needs_more || tests.fast && WITHOUT_CLUSTER.contains(&name)
    }));
    if !plain.is_empty() {
        groups.push(group("without a cluster", select(&plain, &[])));
    }
    if targets.has_library {
        groups.push(group("examples in the documentation", select(&["--doc".to_owned()], &[])));
    }
    if tests.fast {
        return groups;
    }
    let apiserver = named(&|name| APISERVER_TESTS.contains(&name));
    if !apiserver.is_empty() {
        groups.push(group("a real apiserver alone", select(&apiserver, &[])));
    }
    let fixture = named(&|name| FIXTURE_TESTS.contains(&name));
    if !fixture.is_empty() {
        // One at a time: each starts clusters, whose starts are awaited for so long and no longer.
        let mut runner = vec!["--include-ignored", "--test-threads=1"];
        let mut leaves_out = None;
        if !machine.is_root {
            runner.extend(["--skip", REAL_NODES]);
            leaves_out = Some("real nodes need root".to_owned());
        }
        let cannot_run = machine.no_cluster.clone();
        let arguments = select(&fixture, &runner);
        let title = "the fixture and the image";
        groups.push(Group { cannot_run, leaves_out, ..group(title, arguments) });
    }
    let cluster = |is_patient: bool| {
        named(&|name| CLUSTER_TESTS.contains(&name) && PATIENT.contains(&name) == is_patient)
    };
    let calls = [false, true].map(cluster).into_iter().filter(|call| !call.is_empty());
    let mut calls = calls.map(|call| select(&call, &[]));
    if let Some(arguments) = calls.next() {
        groups.push(Group { beside: calls.next(), ..group("the manager in a real cluster", arguments) });
    }
    groups
}

/// Asks cargo what these packages, or all of the workspace, have.
fn read_targets(selected: &[String]) -> Result<Targets> {
    let mut command = cargo()?;
    command.args(["metadata", "--format-version=1", "--no-deps", "--locked"]);
    let metadata: Value =
        serde_json::from_str(&run_command(&mut command, None)?).context("cargo describes no workspace")?;
    let list = |value: &Value, field: &str| -> Vec<Value> {
        value.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let text = |value: &Value, field: &str| -> String {
        value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let packages = list(&metadata, "packages");
    let names: BTreeSet<String> = packages.iter().map(|package| text(package, "name")).collect();
    if let Some(unknown) = selected.iter().find(|name| !names.contains(*name)) {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        bail!("there is no package {unknown}; there are {names}");
    }
    let mut targets = Targets { has_library: false, has_program: false, tests: BTreeSet::new() };
    for package in packages {
        if !selected.is_empty() && !selected.contains(&text(&package, "name")) {
            continue;
        }
        for target in list(&package, "targets") {
            for kind in list(&target, "kind") {
                match kind.as_str() {
                    Some("lib") => targets.has_library = true,
                    Some("bin") => targets.has_program = true,
                    Some("test") => {
                        targets.tests.insert(text(&target, "name"));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(tests: &Tests, machine: &Machine) -> Vec<String> {
        let names = [
            "architecture",
            "cluster",
            "conformance",
            "crds",
            "fixture",
            "image",
            "kubectl",
            "rivals",
            "services",
            "workloads",
        ]
        .map(str::to_owned);
        let targets = Targets { has_library: true, has_program: true, tests: names.into() };
        let calls = |group: Group| [Some(group.arguments), group.beside].into_iter().flatten();
        compose(tests, &targets, machine).into_iter().flat_map(calls).map(|call| call.join(" ")).collect()
    }

    fn all() -> Tests {
        Tests { fast: false, package: Vec::new(), filter: None }
    }

    #[test]
    fn fast_leaves_out_what_needs_a_cluster() {
        let machine = Machine { no_cluster: None, is_root: true };
        assert_eq!(
            lines(&Tests { fast: true, ..all() }, &machine),
            [
                "--no-fail-fast --workspace --lib --bins --test architecture --test image",
                "--no-fail-fast --workspace --doc",
            ]
        );
    }

    #[test]
    fn all_is_all() {
        let machine = Machine { no_cluster: None, is_root: true };
        assert_eq!(
            lines(&all(), &machine),
            [
                "--no-fail-fast --workspace --lib --bins --test architecture",
                "--no-fail-fast --workspace --doc",
                "--no-fail-fast --workspace --test conformance --test crds --test kubectl",
                "--no-fail-fast --workspace --test fixture --test image -- --include-ignored --test-threads=1",
                "--no-fail-fast --workspace --test cluster --test services --test workloads",
                "--no-fail-fast --workspace --test rivals",
            ]
        );
    }

    #[test]
    fn what_needs_root_or_go_says_so() {
        let targets =
            Targets { has_library: false, has_program: false, tests: ["fixture".to_owned()].into() };
        let machine = Machine { no_cluster: Some("Go is missing".to_owned()), is_root: false };
        let tests = Tests { package: vec!["mainstay-e2e".to_owned()], filter: Some("x".to_owned()), ..all() };
        assert_eq!(
            compose(&tests, &targets, &machine),
            [Group {
                title: "the fixture and the image",
                arguments: "--no-fail-fast --package mainstay-e2e --test fixture x -- --include-ignored --test-threads=1 --skip real_nodes"
                    .split(' ')
                    .map(str::to_owned)
                    .collect(),
                beside: None,
                cannot_run: Some("Go is missing".to_owned()),
                leaves_out: Some("real nodes need root".to_owned()),
            }]
        );
    }
}
