//! Running helm on the chart, as one install or another.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use mainstay_e2e::programs::{self, Programs};

/// The fixture's helm, built at its first use.
static HELM: LazyLock<PathBuf> = LazyLock::new(|| {
    programs::ensure(&[Programs::Helm]).unwrap();
    Programs::Helm.program("helm").unwrap()
});

/// One `helm install`: what it is called, where it goes, and the values it is given, as YAML.
#[derive(Clone, Copy)]
pub struct Install {
    pub release: &'static str,
    pub namespace: &'static str,
    pub values: &'static str,
}

/// An install with these values under the usual name.
pub const fn with(values: &'static str) -> Install {
    Install { release: "mainstay", namespace: "mainstay-system", values }
}

pub fn chart_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/mainstay")
}

pub fn helm(arguments: &[&str], values: &str) -> Output {
    let mut child = Command::new(&*HELM)
        .args(arguments)
        .env_remove("KUBECONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("helm starts");
    child.stdin.take().unwrap().write_all(values.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Runs a verb of helm on the chart as this install, and gives its standard output or its complaint.
pub fn on_chart(verb: &[&str], install: &Install) -> Result<String, String> {
    let chart = chart_folder();
    let mut arguments = verb.to_vec();
    arguments.extend([install.release, chart.to_str().unwrap()]);
    arguments.extend(["--namespace", install.namespace, "--values", "-"]);
    let output = helm(&arguments, install.values);
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

pub fn notes(install: Install) -> String {
    let text = on_chart(&["install", "--dry-run=client"], &install).unwrap();
    let (_, notes) = text.split_once("NOTES:").expect("there are notes");
    notes.to_owned()
}
