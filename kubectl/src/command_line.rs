//! The command line, in the words that kubectl uses for the same things.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::change::image::{self, Assignment};

/// The name of the file by which kubectl finds its plugin.
const PLUGIN: &str = "kubectl-mainstay";

/// The name of the file by which kubectl asks a plugin how a word may go on.
const COMPLETER: &str = "kubectl_complete-mainstay";

/// What a process was started as, by the name of its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartedAs {
    /// The plugin.
    Plugin,
    /// What completes its words.
    Completer,
}

impl StartedAs {
    /// By the first word of a command line; none where it is neither.
    pub fn of(program: Option<&OsStr>) -> Option<StartedAs> {
        match Path::new(program?).file_stem()?.to_str()? {
            PLUGIN => Some(StartedAs::Plugin),
            COMPLETER => Some(StartedAs::Completer),
            _ => None,
        }
    }
}

/// SidecarWorkloads: what they are, how far they are, and what to change.
#[derive(Clone, Debug, Parser)]
#[command(name = PLUGIN, bin_name = "kubectl mainstay", version, disable_help_subcommand = true)]
pub struct CommandLine {
    /// Which cluster, and who asks.
    #[command(flatten)]
    pub connection: Connection,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which cluster, and who asks.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cluster")]
pub struct Connection {
    /// The namespace; that of the context without it
    #[arg(long, short, global = true, value_parser = word)]
    pub namespace: Option<String>,
    /// The kubeconfig file
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The cluster of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The user of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
    /// Ask as this user, which needs the right to impersonate
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate: Option<String>,
    /// Ask as a member of this group; may be given again
    #[arg(long = "as-group", global = true, value_name = "GROUP", requires = "impersonate")]
    pub impersonate_groups: Vec<String>,
    /// How long one request may take, like 1s, 2m or 3h; 0 is no limit
    #[arg(long, global = true, value_name = "TIME", default_value = "0", value_parser = time)]
    pub request_timeout: Duration,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Show one with its revisions, pods and containers, or list all
    Get {
        /// The SidecarWorkload; all without it
        #[arg(value_parser = name)]
        name: Option<String>,
        /// List those of all namespaces
        #[arg(long, short = 'A', conflicts_with = "name")]
        all_namespaces: bool,
        /// How it is told.
        #[command(flatten)]
        told: Told,
    },
    /// Say how far a rollout is; the exit code says it, too
    ///
    /// Ends with 0 when all is done, 3 while it goes on, 4 when the revision has failed, 5 when it cannot go on for another reason, 6
    /// when it was rolled back, 7 when it waits for you (it is paused, or rollout.type is OnDelete), 8 when it was not over within
    /// --timeout, 1 when it cannot be said, and 2 for a wrong command line.
    Status {
        /// The SidecarWorkload
        #[arg(value_parser = name)]
        name: String,
        /// Wait until it is over, whatever the end is
        #[arg(long, short)]
        watch: bool,
        /// How long to wait, like 30s or 10m; 0 is no limit
        #[arg(long, value_name = "TIME", default_value = "0", value_parser = time, requires = "watch")]
        timeout: Duration,
        /// How it is told.
        #[command(flatten)]
        told: Told,
    },
    /// List revisions, or show the template of one
    History {
        /// The SidecarWorkload
        #[arg(value_parser = name)]
        name: String,
        /// Show the template of this revision, by its number or name
        #[arg(long, value_name = "REVISION")]
        revision: Option<String>,
        /// How it is told.
        #[command(flatten)]
        told: Told,
    },
    /// Bring all pods back to an older revision, by a pin
    ///
    /// It sets spec.revision and leaves spec.template alone. Without --to-revision it goes to the newest revision that was healthy and is not
    /// asked for now.
    Undo {
        /// The SidecarWorkload
        #[arg(value_parser = name)]
        name: String,
        /// The revision, by its number or name
        #[arg(long, value_name = "REVISION")]
        to_revision: Option<String>,
        /// End the pin: pods follow the template again
        #[arg(long, conflicts_with = "to_revision")]
        off: bool,
        /// How it is written and told.
        #[command(flatten)]
        write: Write,
    },
    /// Let a rollout stand still
    Pause(Target),
    /// Let a rollout go on
    Resume(Target),
    /// Replace all pods, within the bounds of the rollout
    Restart(Target),
    /// Try a revision again that has failed
    Retry(Target),
    /// Change one thing
    Set {
        /// What.
        #[command(subcommand)]
        what: Settable,
    },
    /// Say what a cluster would refuse in files, without a cluster
    ///
    /// Looks at each SidecarWorkload in YAML or JSON: unknown fields, types, bounds, the rules of the definition, and what comes of
    /// its template. Ends with 0 when nothing is refused, and with 1 otherwise.
    Lint {
        /// The files; - is the standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Count warnings as refusals
        #[arg(long)]
        strict: bool,
        /// How it is told.
        #[command(flatten)]
        told: Told,
    },
    /// Print a script that completes the words of kubectl-mainstay
    ///
    /// For `kubectl mainstay` itself, kubectl's own completion asks a program: link this one as kubectl_complete-mainstay on the PATH.
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// What can be set.
#[derive(Clone, Debug, Subcommand)]
pub enum Settable {
    /// Images of main, sidecars and init steps
    Image {
        /// The SidecarWorkload
        #[arg(value_parser = name)]
        name: String,
        /// Containers and their images, like logs=logs:2
        #[arg(required = true, value_name = "CONTAINER=IMAGE", value_parser = image::parse)]
        images: Vec<Assignment>,
        /// How it is written and told.
        #[command(flatten)]
        write: Write,
    },
}

/// A SidecarWorkload that is changed.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// The SidecarWorkload
    #[arg(value_parser = name)]
    pub name: String,
    /// How it is written and told.
    #[command(flatten)]
    pub write: Write,
}

/// How something is told.
#[derive(Args, Clone, Copy, Debug)]
pub struct Told {
    /// In which form
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    pub output: Format,
}

/// How something is written and told.
#[derive(Args, Clone, Copy, Debug)]
pub struct Write {
    /// Only ask the server what it would say
    #[arg(long, value_name = "WHERE", default_value = "none")]
    pub dry_run: DryRun,
    /// How it is told.
    #[command(flatten)]
    pub told: Told,
}

/// In which form something is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// As JSON
    Json,
    /// As YAML
    Yaml,
}

/// Whether something is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum DryRun {
    /// It is
    None,
    /// The server checks it, and keeps nothing
    Server,
}

/// A shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Shell {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
}

/// A time as kubectl takes it: with a unit, or as seconds.
fn time(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    parsed.ok_or_else(|| {
        "a time is a number with a unit, like 500ms, 30s, 2m or 1h30m, or 0 for no limit".to_owned()
    })
}

/// A name, with or without the kind before it.
fn name(text: &str) -> Result<String, String> {
    let (kind, name) = text.split_once('/').unwrap_or(("scw", text));
    let is_ours = [
        "scw",
        "sidecarworkload",
        "sidecarworkloads",
        "sidecarworkload.mainstay.dev",
        "sidecarworkloads.mainstay.dev",
    ]
    .contains(&kind.to_lowercase().as_str());
    match (is_ours, name.is_empty()) {
        (true, false) => word(name),
        (true, true) => Err("the name is empty".to_owned()),
        (false, _) => Err(format!("{kind} is another kind: this is about SidecarWorkloads alone")),
    }
}

/// The name of an object. Nothing else may come into the path of a request.
fn word(text: &str) -> Result<String, String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
    if !text.is_empty() && text.chars().all(fits) && text.chars().any(|letter| letter != '.') {
        return Ok(text.to_owned());
    }
    Err("a name has letters, digits, hyphens and dots".to_owned())
}
