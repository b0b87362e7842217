//! The command line. The flags of `mainstay manager` are made from the list of settings.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Write, stderr};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Parser, Subcommand};

use crate::config::duration;
use crate::config::setting::{self, Fallback, Setting};

/// A controller manager for Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "mainstay", version, disable_help_subcommand = true)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Subcommands,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Run the controllers.
    Manager(Flags),
    /// What kubectl mainstay does, without kubectl.
    #[cfg(feature = "kubectl")]
    Kubectl(Box<mainstay_kubectl::CommandLine>),
    /// Ask a plain HTTP address, print its answer, and fail unless it is a success.
    Probe {
        /// The address, like http://127.0.0.1:8080/readyz?verbose
        url: String,
        /// How long to wait for the answer.
        #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration::parse)]
        timeout: Duration,
    },
    /// Print the version.
    Version,
}

/// Prints the help that was asked for, or what is wrong with the command line.
pub fn tell(error: &clap::Error) -> ExitCode {
    match (error.print(), u8::try_from(error.exit_code())) {
        (Ok(()), Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}

/// The same, with the flags of the manager where it is one of them that there is not.
pub fn tell_of(error: &clap::Error, words: &[OsString]) -> ExitCode {
    let code = tell(error);
    let is_manager = words.get(1).is_some_and(|word| word == "manager");
    if is_manager && error.kind() == ErrorKind::UnknownArgument {
        let flags: Vec<String> = setting::ALL.iter().map(|setting| format!("--{}", setting.name)).collect();
        if writeln!(stderr(), "The flags of mainstay manager are: {}", flags.join(", ")).is_err() {
            return ExitCode::FAILURE;
        }
    }
    code
}

/// The flags of `mainstay manager`, as they were given: checked together with what the other places say.
#[derive(Clone, Debug, Default)]
pub struct Flags(pub BTreeMap<&'static str, String>);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        setting::ALL.iter().fold(command.next_line_help(true), |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Flags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for setting in &setting::ALL {
            if let Some(values) = matches.get_many::<String>(setting.name) {
                // As upstream, a list may be given in parts.
                self.0.insert(setting.name, values.cloned().collect::<Vec<_>>().join(","));
            }
        }
        Ok(())
    }
}

fn flag(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .value_name(setting.value)
        .help(help(setting))
        .help_heading(setting.section);
    if setting.is_switch() {
        // `--leader-elect` and `--leader-elect=false`, as Go's flags have it.
        return arg.num_args(0..=1).require_equals(true).default_missing_value("true");
    }
    if *setting == setting::CONTROLLERS {
        return arg.action(ArgAction::Append).allow_hyphen_values(true);
    }
    arg
}

fn help(setting: &Setting) -> String {
    let default = match setting.default {
        Fallback::Value(value) => value.to_owned(),
        Fallback::Found(words) => format!("({words})"),
    };
    let upstream = setting.upstream.unwrap_or("no twin");
    let variable = setting.variable();
    format!("{}\n[default: {default}]\n[env: {variable}]\n[upstream: {upstream}]", setting.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager_flags(words: &[&str]) -> Result<Flags, clap::Error> {
        let line = CommandLine::try_parse_from(["mainstay", "manager"].iter().chain(words))?;
        match line.command {
            Subcommands::Manager(flags) => Ok(flags),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        <CommandLine as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn every_flag_says_its_default_its_variable_and_its_twin() {
        let mut command = <CommandLine as clap::CommandFactory>::command();
        let manager = command.find_subcommand_mut("manager").unwrap();
        for arg in manager.get_arguments().filter(|arg| arg.get_id() != "help") {
            let help = arg.get_help().unwrap().to_string();
            let variable = format!("MAINSTAY_{}", arg.get_id().as_str().to_uppercase().replace('-', "_"));
            assert!(help.contains("[default: "), "{help}");
            assert!(help.contains(&format!("[env: {variable}]")), "{help}");
            assert!(help.contains("[upstream: --") || help.contains("[upstream: no twin]"), "{help}");
        }
        let shown = manager.render_long_help().to_string();
        for setting in &setting::ALL {
            assert!(shown.contains(&format!("--{}", setting.name)), "{}", setting.name);
            assert!(shown.contains(&format!("[env: {}]", setting.variable())), "{}", setting.name);
        }
    }

    #[test]
    fn flags_are_written_as_upstream_takes_them() {
        for (words, name, value) in [
            (vec!["--controllers=*,-foo"], "controllers", "*,-foo"),
            (vec!["--controllers", "-foo"], "controllers", "-foo"),
            (vec!["--controllers=*", "--controllers=-foo"], "controllers", "*,-foo"),
            (vec!["--leader-elect"], "leader-elect", "true"),
            (vec!["--leader-elect=false"], "leader-elect", "false"),
            (vec!["--retry-cap", "5s"], "retry-cap", "5s"),
        ] {
            let flags = manager_flags(&words).unwrap();
            assert_eq!(flags.0, BTreeMap::from([(name, value.to_owned())]), "{words:?}");
        }
        assert!(manager_flags(&["--retry-cap=1s", "--retry-cap=2s"]).is_err());
        assert!(manager_flags(&["--retry-capp=1s"]).unwrap_err().to_string().contains("--retry-cap"));
    }
}
