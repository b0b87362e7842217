//! The rules that ARCHITECTURE.md names and that the compiler cannot keep: who depends on whom, what is done where,
//! how long files are, and what lies in the repository.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mainstay_e2e::shell::{run, run_command};
use serde_json::Value;

/// Crates that decide and do no I/O; every controller is one more of them.
const PURE_FRAME: &[&str] = &["mainstay-model", "mainstay-engine", "mainstay-wire"];

/// The crates that do I/O.
const WITH_IO: &[&str] = &["mainstay-runtime", KUBECTL, "mainstay", "mainstay-e2e"];

/// kubectl's plugin: it decides apart from its I/O, which is in one folder, and it is no controller.
const KUBECTL: &str = "mainstay-kubectl";

/// What the plugin is made with: the words of the objects, what a template renders to, and the definitions.
const OF_KUBECTL: &[&str] = &["mainstay-model", "mainstay-sidecars", CUSTOM_RESOURCES];

/// Where it has its I/O.
const KUBECTL_IO: &str = "kubectl/src/io/";

/// The types of the custom resources: for tools and tests, made with Kubernetes' own types, which nothing that decides is built with.
const CUSTOM_RESOURCES: &str = "mainstay-crds";

/// The one file of the simulated cluster that has a command line, a clock and an output.
const SIMULATION_COMMAND: &str = "controllers/sim/src/main.rs";

/// What no pure crate is built with, not even through others: the beginnings of the names.
const IMPURE: &[&str] = &[
    "async-",
    "clap",
    "futures",
    "getrandom",
    "h2",
    "http",
    "hyper",
    "k8s-openapi",
    "kube",
    "mio",
    "rand",
    "reqwest",
    "rustix",
    "rustls",
    "signal-hook",
    "socket2",
    "tokio",
    "tower",
    "tracing",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The files of the repository, and those that are about to become part of it.
fn files() -> Vec<String> {
    let root = root();
    let folder = root.to_str().unwrap();
    // The checkout may belong to somebody else, as in a container.
    let safe = format!("safe.directory={folder}");
    let listing =
        run("git", ["-c", &safe, "-C", folder, "ls-files", "--cached", "--others", "--exclude-standard"]);
    listing.unwrap().lines().filter(|file| root.join(file).is_file()).map(str::to_owned).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A package of the workspace, or one that it is built with.
struct Package {
    name: String,
    /// Its folder in the repository, if it is one of ours.
    folder: Option<String>,
    /// What it is built with, tests aside.
    normal: BTreeSet<String>,
    /// Also with tests.
    all: BTreeSet<String>,
}

/// All packages by their id.
fn packages() -> BTreeMap<String, Package> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]);
    let metadata: Value = serde_json::from_str(&run_command(&mut command, None).unwrap()).unwrap();
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let mut packages = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let id = package["id"].as_str().unwrap();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let folder = members.contains(id).then(|| {
            let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
            folder.to_str().unwrap().to_owned()
        });
        let name = package["name"].as_str().unwrap().to_owned();
        let (normal, all) = (BTreeSet::new(), BTreeSet::new());
        packages.insert(id.to_owned(), Package { name, folder, normal, all });
    }
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let package = packages.get_mut(node["id"].as_str().unwrap()).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let id = dependency["pkg"].as_str().unwrap().to_owned();
            if dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null()) {
                package.normal.insert(id.clone());
            }
            package.all.insert(id);
        }
    }
    packages
}

fn members(packages: &BTreeMap<String, Package>) -> impl Iterator<Item = (&String, &Package)> {
    packages.iter().filter(|(_, package)| package.folder.is_some())
}

#[test]
fn dependencies_point_one_way() {
    let packages = packages();
    for (_, package) in members(&packages) {
        let allowed: &dyn Fn(&str) -> bool = match package.name.as_str() {
            "mainstay-model" | CUSTOM_RESOURCES => &|_| false,
            "mainstay-engine" | "mainstay-wire" => &|other| other == "mainstay-model",
            "mainstay-runtime" => &|other| PURE_FRAME.contains(&other),
            KUBECTL => &|other| OF_KUBECTL.contains(&other),
            "mainstay" => &|other| !["mainstay-e2e", "mainstay-sim"].contains(&other),
            // The simulated cluster runs what decides, in the place of what does I/O.
            "mainstay-sim" => &|other| !WITH_IO.contains(&other) && other != CUSTOM_RESOURCES,
            "mainstay-e2e" => &|_| true,
            _controller => &|other| ["mainstay-model", "mainstay-engine"].contains(&other),
        };
        for dependency in &package.all {
            let dependency = &packages[dependency];
            let is_fine = dependency.folder.is_none() || allowed(&dependency.name);
            assert!(is_fine, "{} must not depend on {}", package.name, dependency.name);
        }
    }
}

#[test]
fn pure_crates_are_built_without_io() {
    let packages = packages();
    let mut pure = 0;
    for (id, package) in members(&packages) {
        if WITH_IO.contains(&package.name.as_str()) || package.name == CUSTOM_RESOURCES {
            continue;
        }
        pure += 1;
        let mut seen = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            for next in &packages[id].normal {
                let name = &packages[next].name;
                let is_impure = IMPURE.iter().any(|beginning| name.starts_with(beginning));
                assert!(!is_impure, "{} is built with {name}, by {}", package.name, packages[id].name);
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    assert!(pure > PURE_FRAME.len(), "there is a controller");
}

#[test]
fn kubernetes_clients_stop_at_the_runtime_and_flags_at_the_manager() {
    let packages = packages();
    for (_, package) in members(&packages) {
        let direct: BTreeSet<&str> =
            package.normal.iter().map(|dependency| packages[dependency].name.as_str()).collect();
        for (dependency, allowed) in [
            ("kube", &["mainstay-runtime", "mainstay-e2e", KUBECTL, CUSTOM_RESOURCES][..]),
            ("k8s-openapi", &["mainstay-runtime", "mainstay-e2e", KUBECTL, CUSTOM_RESOURCES]),
            ("clap", &["mainstay", "mainstay-e2e", KUBECTL]),
            ("anyhow", &["mainstay-e2e"]),
        ] {
            let is_fine = !direct.contains(dependency) || allowed.contains(&package.name.as_str());
            assert!(is_fine, "{} must not depend on {dependency}", package.name);
        }
    }
}

#[test]
fn every_folder_of_controllers_is_a_member_and_the_other_way_round() {
    let packages = packages();
    let members: BTreeSet<String> =
        members(&packages).filter_map(|(_, package)| package.folder.clone()).collect();
    let mut folders: BTreeSet<String> = files()
        .iter()
        .filter_map(|file| file.strip_prefix("controllers/")?.split_once('/'))
        .map(|(folder, _)| format!("controllers/{folder}"))
        .collect();
    folders.extend(["crds", "e2e", "kubectl"].map(str::to_owned));
    assert_eq!(folders, members);
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    let packages = packages();
    for (_, package) in members(&packages) {
        let manifest = read(&format!("{}/Cargo.toml", package.folder.as_ref().unwrap()));
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{}: lints", package.name);
        let mut section = "";
        for line in manifest.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if line.starts_with('[') {
                section = line;
            } else if section.ends_with("dependencies]") {
                assert!(line.contains("workspace = true"), "{}: {line}", package.name);
            }
        }
    }
}

/// A file of a program or library; what only tests see is left out.
struct Source {
    file: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let is_source = |file: &String| {
        let name = file.rsplit('/').next().unwrap();
        let is_test = file.contains("/tests/")
            || file.contains("/benches/")
            || name == "tests.rs"
            || name.ends_with("_tests.rs");
        file.ends_with(".rs") && !is_test
    };
    let sources = files().into_iter().filter(is_source);
    sources.map(|file| Source { text: read(&file), file }).collect()
}

impl Source {
    fn is_product(&self) -> bool {
        self.file.starts_with("controllers/") || self.file.starts_with("kubectl/")
    }

    fn is_pure(&self) -> bool {
        self.is_product()
            && !self.file.starts_with("controllers/runtime/")
            && !self.file.starts_with("controllers/manager/")
            && !self.file.starts_with(KUBECTL_IO)
            && self.file != SIMULATION_COMMAND
    }

    /// The lines that are compiled into what is shipped: no comment, and not the tests at the end.
    fn code(&self) -> impl Iterator<Item = &str> {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        self.text[..end].lines().map(str::trim).filter(|line| !line.starts_with("//"))
    }
}

#[test]
fn some_things_are_done_in_one_place() {
    for (what, places) in [
        ("std::env", &["controllers/manager/src/config/surroundings.rs", SIMULATION_COMMAND][..]),
        ("env::var", &["controllers/manager/src/config/surroundings.rs"]),
        ("SystemTime", &["controllers/runtime/src/clock.rs", "controllers/runtime/src/metrics/process.rs"]),
        ("thread::Builder", &["controllers/runtime/src/elector.rs", "controllers/runtime/src/run.rs"]),
        ("thread::spawn", &[]),
        ("new_multi_thread", &["controllers/runtime/src/threads.rs"]),
        ("tokio::spawn", &["controllers/runtime/"]),
        ("request::write(", &["controllers/runtime/src/executor.rs"]),
        ("request::event(", &["controllers/runtime/src/executor/event_sink.rs"]),
        ("request::lease_create", &["controllers/runtime/src/elector.rs"]),
        ("request::lease_update", &["controllers/runtime/src/elector.rs"]),
        ("evidence::canary_create", &["controllers/runtime/src/executor/rivals.rs"]),
        ("evidence::canary_raise", &["controllers/runtime/src/executor/rivals.rs"]),
        ("process::exit", &[]),
        ("process::abort", &[]),
        ("Command::new", &[]),
        ("println!", &[SIMULATION_COMMAND]),
        ("eprintln!", &[SIMULATION_COMMAND]),
    ] {
        for source in sources().iter().filter(|source| source.is_product()) {
            if places.iter().any(|place| source.file.starts_with(place)) {
                continue;
            }
            let found = source.code().find(|line| line.contains(what));
            assert_eq!(found, None, "{what} in {}; it belongs to {places:?}", source.file);
        }
        for place in places {
            let is_used = |source: &Source| source.code().any(|line| line.contains(what));
            let used = sources().iter().any(|source| source.file.starts_with(place) && is_used(source));
            assert!(used || what == "env::var", "{what} is no longer in {place}");
        }
    }
}

#[test]
fn pure_crates_have_no_system_and_no_lock() {
    for source in sources().iter().filter(|source| source.is_pure()) {
        for line in source.code() {
            for what in [
                "std::net",
                "std::thread",
                "std::fs",
                "std::process",
                "std::io",
                "Instant::",
                "Mutex",
                "RwLock",
                "sync::atomic",
                "async fn",
                "thread_local!",
                "static mut",
                "OnceLock",
                "LazyLock",
            ] {
                assert!(!line.contains(what), "{what} in {}: {line}", source.file);
            }
        }
    }
}

#[test]
fn files_are_short_and_open_with_a_page() {
    let sources = sources();
    let mut lengths: Vec<usize> = Vec::new();
    for Source { file, text } in &sources {
        let length = text.lines().count();
        assert!(length <= 800, "{file} has {length} lines");
        assert!(text.starts_with("//!"), "{file} does not say what it is");
        lengths.push(length);
    }
    lengths.sort_unstable();
    let percentile = lengths[lengths.len() * 9 / 10];
    assert!(percentile <= 500, "one file in ten has more than {percentile} lines");
    let median = lengths[lengths.len() / 2];
    assert!(median <= 150, "the median is {median} lines");
}

#[test]
fn the_root_is_small() {
    let expected = [
        ".cargo",
        ".ci",
        ".clippy.toml",
        ".config",
        ".github",
        ".gitignore",
        ".rustfmt.toml",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "charts",
        "controllers",
        "crds",
        "e2e",
        "kubectl",
        "rust-toolchain.toml",
    ];
    for file in files() {
        let first = file.split('/').next().unwrap();
        assert!(expected.contains(&first), "{first} does not belong into the root of the repository");
    }
}

#[test]
fn nothing_is_left_for_later() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    for file in files() {
        if file.ends_with(".bin") || file.ends_with(".sum") || file == "Cargo.lock" {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            let words = line.split(|character: char| !character.is_alphanumeric());
            let found = words.filter(|word| marks.contains(word)).count();
            assert_eq!(found, 0, "{file}:{}: {line}", number + 1);
        }
    }
}

/// What is in `[text](target)`, by the page.
fn links(page: &str) -> Vec<String> {
    let text = read(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in files().into_iter().filter(|file| file.ends_with(".md")) {
        for link in links(&page) {
            if link.contains("://") || link.starts_with('#') {
                continue;
            }
            let target = link.split('#').next().unwrap();
            let folder = Path::new(&page).parent().unwrap();
            assert!(root().join(folder).join(target).exists(), "{page} points to {link}");
        }
    }
}

/// The page names the tests and lints that keep each invariant; a name that has gone would be a promise nobody keeps.
#[test]
fn the_tests_that_the_architecture_names_exist() {
    let page = read("ARCHITECTURE.md");
    let (_, invariants) = page.split_once("## Invariants").expect("a chapter on invariants");
    let invariants = invariants.split("\n## ").next().unwrap();
    let tests: String = files()
        .iter()
        .filter(|file| file.ends_with(".rs"))
        .map(|file| read(file))
        .collect::<Vec<_>>()
        .join("\n");
    let mut named = 0;
    for word in invariants.split('`').skip(1).step_by(2) {
        let is_test = word.matches('_').count() >= 2 && !word.contains([' ', '/', '.', '=', ':']);
        if is_test {
            named += 1;
            assert!(tests.contains(&format!("fn {word}(")), "there is no test {word}");
        }
    }
    assert!(named > 10, "{named} tests are named");
}
