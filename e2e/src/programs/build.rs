//! Building programs with Go, one build at a time.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

use super::progress::Progress;
use super::{Programs, Source};
use crate::{folders, interrupt, shell};

/// What Go has said so far.
#[derive(Default)]
struct Output {
    packages: usize,
    last_line: String,
}

/// Builds the programs into their folder. A second process that wants the same waits for the first one.
pub fn build(programs: Programs) -> Result<()> {
    let folder = programs.folder()?;
    let cache = folders::cache()?.join("programs");
    fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    let lock = File::create(cache.join("lock")).context("cannot create the lock file of the builds")?;
    if lock.try_lock().is_err() {
        eprintln!("waiting for another build to end");
        lock.lock().context("cannot lock the builds")?;
    }
    if folder.exists() {
        return Ok(());
    }
    let unfinished = cache.join(format!("{}.unfinished", programs.name()));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).context("cannot remove what an earlier build has left")?;
    }
    fs::create_dir_all(&unfinished).with_context(|| format!("cannot create {}", unfinished.display()))?;
    let log = cache.join(format!("{}.log", programs.name()));
    let status = run(&mut command(programs, &unfinished), &log, programs)?;
    if !status.success() {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.get(lines.len().saturating_sub(10)..).unwrap_or_default().join("\n");
        bail!("building {} failed; the whole log is {}\n{end}", programs.title(), log.display());
    }
    for link in programs.links() {
        symlink(programs.name(), unfinished.join(link)).with_context(|| format!("cannot create {link}"))?;
    }
    if programs == Programs::Kwok {
        collect_stages(&unfinished)?;
    }
    fs::rename(&unfinished, &folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::remove_file(log).context("cannot remove the log of a build that went well")
}

fn command(programs: Programs, destination: &Path) -> Command {
    let mut command = Command::new("go");
    // A workspace file or flags of the person's own would give another program than the one that the key stands for.
    command.env("CGO_ENABLED", "0").env("GOWORK", "off").env("GOFLAGS", "-buildvcs=false");
    match programs.source() {
        Source::Module { folder, link_flags } => {
            let output = format!("{}/", destination.display());
            command.current_dir(folder).args([
                "build",
                "-v",
                "-ldflags",
                &link_flags,
                "-o",
                &output,
                "./...",
            ]);
        }
        Source::Install { package, version } => {
            command.env("GOBIN", destination);
            command.args(["install", "-v", "-ldflags", "-s -w", &format!("{package}@{version}")]);
        }
    }
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn run(command: &mut Command, log: &Path, programs: Programs) -> Result<ExitStatus> {
    let mut file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut child = command.spawn().context("cannot start go")?;
    let pipe = child.stderr.take().context("go has no standard error")?;
    let output = Mutex::new(Output::default());
    let status = std::thread::scope(|scope| {
        scope.spawn(|| {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                // The log is for the eyes of a person when the build fails; that it cannot be written does not fail it.
                let _unwritten = writeln!(file, "{line}");
                let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
                output.packages += usize::from(!line.contains(' '));
                output.last_line = line;
            }
        });
        watch(&mut child, &output, programs)
    })?;
    Ok(status)
}

fn watch(child: &mut Child, output: &Mutex<Output>, programs: Programs) -> Result<ExitStatus> {
    let mut progress = Progress::new(programs.title(), programs.expected());
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for go")? {
            progress.finish(status.success());
            return Ok(status);
        }
        if interrupt::is_set() {
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _gone = rustix::process::kill_process_group(group, Signal::TERM);
            }
            child.wait().context("cannot wait for go")?;
            interrupt::check()?;
        }
        let detail = {
            let output = output.lock().unwrap_or_else(PoisonError::into_inner);
            match output.last_line.as_str() {
                "" => "nothing to compile so far".to_owned(),
                line => format!("{} packages, {line}", output.packages),
            }
        };
        progress.update(&detail);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// kwok alone does nothing: what becomes of nodes and pods is described by stages, which its module ships as files. Two are ours: of a pod that
/// is changed while it runs it knows nothing by itself.
fn collect_stages(destination: &Path) -> Result<()> {
    let Source::Install { version, .. } = Programs::Kwok.source() else {
        bail!("kwok is not installed by version")
    };
    let answer = shell::run("go", ["mod", "download", "-json", &format!("sigs.k8s.io/kwok@{version}")])?;
    let answer: serde_json::Value = serde_json::from_str(&answer).context("go describes no module")?;
    let module = PathBuf::from(answer.get("Dir").and_then(|dir| dir.as_str()).context("go names no folder")?);
    let files = [
        "node/fast/node-initialize.yaml",
        "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
        "pod/fast/pod-complete.yaml",
        "pod/fast/pod-delete.yaml",
    ];
    let stages: Vec<String> = files
        .iter()
        .map(|file| module.join("kustomize/stage").join(file))
        .chain(super::stages()?)
        .map(|path| fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display())))
        .collect::<Result<_>>()?;
    fs::write(destination.join("stages.yaml"), stages.join("\n---\n")).context("cannot write kwok's stages")
}
