//! Programs that stay when the command that started them has ended.
//!
//! Each has a log and a file with its process id in a folder of its own cluster. The file also holds when the
//! process started and in which boot, so that an id that was given to another process later is never signalled.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, WaitOptions};

use crate::cgroups::Cgroup;
use crate::wait::wait_for;

/// How long a program may take to end after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

/// A program that runs in the background, known by its name and the folder of its log.
#[derive(Debug, Clone)]
pub struct Daemon {
    name: String,
    folder: PathBuf,
}

/// Where a program of the background is started, apart from its arguments.
#[derive(Debug, Default, Clone)]
pub struct Surroundings {
    /// The control group that it starts in, so that nothing which it starts is ever lost.
    pub cgroup: Option<Cgroup>,
    /// The process whose network and mount namespaces it shares.
    pub namespaces_of: Option<i32>,
}

impl Daemon {
    /// Names the program; nothing is started or read.
    pub fn new(folder: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Daemon { name: name.into(), folder: folder.into() }
    }

    /// The file that holds what the program wrote to standard output and standard error.
    pub fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join(format!("{}.pid", self.name))
    }

    /// Starts the program, out of reach of the terminal's signals.
    ///
    /// The caller waits for whatever shows that it is of use, with [`Daemon::check`] in between.
    pub fn start(&self, surroundings: &Surroundings, arguments: &[String]) -> Result<()> {
        if self.pid().is_some() {
            bail!("{} is running already", self.name);
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .with_context(|| format!("cannot write {}", self.log().display()))?;
        let words = surroundings.wrap(arguments);
        let (program, rest) = words.split_first().context("no program to start")?;
        let child = Command::new(program)
            .args(rest)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the log")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", self.name))?;
        let pid = i32::try_from(child.id()).context("process id out of range")?;
        let identity = identity(pid).unwrap_or_default();
        fs::write(self.pid_file(), format!("{pid} {identity}\n"))
            .with_context(|| format!("cannot write {}", self.pid_file().display()))
    }

    /// The process id while the program runs.
    pub fn pid(&self) -> Option<i32> {
        let text = fs::read_to_string(self.pid_file()).ok()?;
        let (pid, expected) = text.trim().split_once(' ')?;
        let pid = pid.parse().ok()?;
        // It may be a child of this very process; then it stays a zombie until somebody asks for its exit code.
        if let Some(child) = Pid::from_raw(pid) {
            let _not_a_child_of_ours = rustix::process::waitpid(Some(child), WaitOptions::NOHANG);
        }
        (identity(pid).as_deref() == Some(expected)).then_some(pid)
    }

    /// An error with the end of the log when the program has ended.
    pub fn check(&self) -> Result<()> {
        if self.pid().is_none() {
            bail!("{} has ended; {} ends with:\n{}", self.name, self.log().display(), self.log_tail());
        }
        Ok(())
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        tail(&self.log(), 12).unwrap_or_default()
    }

    /// SIGTERM, and SIGKILL for a program that does not end by itself. Does nothing when it does not run.
    pub fn stop(&self) -> Result<()> {
        if self.pid().is_some() {
            self.signal(Signal::TERM);
            let ended = || Ok(self.pid().is_none().then_some(()));
            if wait_for(&format!("{} to end", self.name), GRACE, ended).is_err() {
                self.kill()?;
            }
        }
        remove_file(&self.pid_file())
    }

    /// SIGKILL, and waits until the process is gone.
    pub fn kill(&self) -> Result<()> {
        self.signal(Signal::KILL);
        wait_for(&format!("{} to be killed", self.name), GRACE, || Ok(self.pid().is_none().then_some(())))?;
        remove_file(&self.pid_file())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            send(pid, signal);
        }
    }
}

impl Surroundings {
    /// Puts the programs before the command line that bring it into these surroundings. Each replaces itself by
    /// the next, so the process id stays the same.
    fn wrap(&self, arguments: &[String]) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(cgroup) = &self.cgroup {
            let script = "for file in $1; do echo 0 > \"$file\" || exit 1; done; shift; exec \"$@\"";
            words.extend(["sh", "-c", script, "sh", &cgroup.process_files().join(" ")].map(String::from));
        }
        if let Some(pid) = self.namespaces_of {
            words.extend(
                ["nsenter", "--target", &pid.to_string(), "--net", "--mount", "--"].map(String::from),
            );
        }
        words.extend_from_slice(arguments);
        words
    }
}

/// All background programs that have a file in this folder.
pub fn daemons_in(folder: &Path) -> Vec<Daemon> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let files = entries.flatten().map(|entry| entry.path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "pid"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names.into_iter().map(|name| Daemon::new(folder, name)).collect()
}

/// Sends a signal; a process that is gone already is no error.
pub fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _gone = rustix::process::kill_process(pid, signal);
    }
}

/// What tells this process from any other that had or will have its id; none when it has ended.
pub fn identity(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may itself hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let threads = fields.nth(16)?;
    let start = fields.nth(1)?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    // While other threads are on their way out, the first one is a zombie already; ports and files are still in use.
    let is_over = state == "X" || state == "Z" && matches!(threads, "0" | "1");
    (!is_over).then(|| format!("{start} {}", boot.trim()))
}

fn tail(path: &Path, lines: usize) -> Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(16_384)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    Ok(all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n"))
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("mainstay-process-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_program_runs_until_it_is_stopped() {
        let folder = folder("stop");
        let daemon = Daemon::new(&folder, "sleeper");
        daemon.start(&Surroundings::default(), &words(&["sleep", "600"])).unwrap();
        assert!(daemon.pid().is_some());
        assert!(daemon.start(&Surroundings::default(), &words(&["sleep", "600"])).is_err());
        daemon.stop().unwrap();
        assert_eq!(daemon.pid(), None);
        daemon.stop().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_end_of_a_program_is_seen_and_its_last_words_are_shown() {
        let folder = folder("end");
        let daemon = Daemon::new(&folder, "crier");
        daemon.start(&Surroundings::default(), &words(&["sh", "-c", "echo alas; exit 1"])).unwrap();
        wait_for("the end", GRACE, || Ok(daemon.pid().is_none().then_some(()))).unwrap();
        assert!(daemon.check().unwrap_err().to_string().contains("alas"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_process_with_the_same_id_but_another_start_is_not_ours() {
        let folder = folder("recycled");
        let daemon = Daemon::new(&folder, "stranger");
        fs::write(folder.join("stranger.pid"), format!("{} 1 another-boot\n", std::process::id())).unwrap();
        assert_eq!(daemon.pid(), None);
        daemon.stop().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
