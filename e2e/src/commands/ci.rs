//! `cargo xtask ci`: all that a change must pass, cheap checks first.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};

use super::test::{self, cargo};
use crate::{folders, interrupt};

/// The cargo-deny that checks what is depended on.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// A check: what it is called, and how it is done.
type Step = (&'static str, fn() -> Result<()>);

/// Files made from others (the table in the chart's page, the CustomResourceDefinitions) are compared by the tests of what they are made from.
const STEPS: &[Step] = &[
    ("format", format),
    ("lints", lints),
    ("dependencies", dependencies),
    ("documentation", documentation),
    ("simulated cluster", simulate),
    ("tests", test::run_all),
];

/// Does all steps; the first that fails ends it.
pub fn run() -> Result<()> {
    let mut times = Vec::new();
    for (index, (name, step)) in STEPS.iter().enumerate() {
        println!("\n##### {name} ({} of {})", index + 1, STEPS.len());
        let start = Instant::now();
        step().with_context(|| format!("{name}: failed after {}", clock(start.elapsed())))?;
        println!("##### {name}: passed in {}", clock(start.elapsed()));
        times.push(format!("{name} {}", clock(start.elapsed())));
    }
    println!("\n##### passed: {}", times.join(", "));
    Ok(())
}

fn format() -> Result<()> {
    check(cargo()?.args(["fmt", "--all", "--", "--check"]))
}

fn lints() -> Result<()> {
    check(cargo()?.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny=warnings"]))
}

fn documentation() -> Result<()> {
    let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"];
    // Private items are documented, too, so a link to one leads somewhere.
    let flags = "--deny=warnings --allow=rustdoc::private_intra_doc_links";
    check(cargo()?.args(arguments).env("RUSTDOCFLAGS", flags))
}

/// Advisories change without a commit, so they belong to the public workflow.
fn dependencies() -> Result<()> {
    let program = cargo_deny()?;
    let arguments = ["--config", ".cargo/deny.toml", "check", "bans", "licenses", "sources"];
    check(Command::new(program).current_dir(test::repository()?).args(arguments))
}

/// The one on the PATH if it has our version, else our own, which is compiled once.
fn cargo_deny() -> Result<PathBuf> {
    let expected = format!("cargo-deny {CARGO_DENY_VERSION}");
    let version = Command::new("cargo-deny").arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == expected) {
        return Ok("cargo-deny".into());
    }
    let root = folders::cache()?.join(format!("tools/cargo-deny-{CARGO_DENY_VERSION}"));
    let program = root.join("bin/cargo-deny");
    if !program.exists() {
        println!("compiling {expected}, which takes some minutes the first time");
        let arguments = ["install", "--locked", "cargo-deny", "--version", CARGO_DENY_VERSION, "--root"];
        check(cargo()?.args(arguments).arg(root))?;
    }
    Ok(program)
}

/// More seeds than the tests take: those that everybody takes, and some that nobody has taken yet, whose numbers are printed.
/// Then every order of events in tiny worlds.
fn simulate() -> Result<()> {
    let today = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).context("the clock is wrong")?;
    let fresh = format!("first={}", today.as_secs() * 1000);
    let auto = ["seeds=500", "length=3", "auto=true", &fresh];
    let services = ["world=endpoints", "seeds=300", &fresh];
    let sidecars = ["world=sidecars", "seeds=300", &fresh];
    let all: [&[&str]; 8] = [
        &["seeds=10000"],
        &["seeds=300", &fresh],
        &auto,
        &["world=endpoints", "seeds=3000"],
        &services,
        &["world=sidecars", "seeds=1000"],
        &sidecars,
        &["explore=all"],
    ];
    for words in all {
        let arguments = ["run", "--quiet", "--release", "--locked", "--package", "mainstay-sim", "--"];
        check(cargo()?.args(arguments).args(words))?;
    }
    Ok(())
}

/// Runs a program that speaks for itself.
pub(super) fn check(command: &mut Command) -> Result<()> {
    let status = command.status().context("cannot start it")?;
    interrupt::check()?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
