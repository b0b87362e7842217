//! How the last word of a command line may go on, for kubectl and for shells.

use clap::{Arg, Command, CommandFactory};

use crate::command_line::{CommandLine, Connection};

/// Names that only a server or the kubeconfig knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// SidecarWorkloads.
    Workloads,
    /// Containers of a SidecarWorkload.
    Containers(String),
    /// Revisions of a SidecarWorkload.
    Revisions(String),
    /// Contexts of the kubeconfig.
    Contexts,
    /// Namespaces.
    Namespaces,
}

/// How a word may go on.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// The words, each with what it means.
    pub candidates: Vec<(String, String)>,
    /// What else has to be asked for.
    pub ask: Option<Ask>,
    /// Whether it may be a file.
    pub files: bool,
    /// What the words before say of the cluster.
    pub connection: Connection,
}

/// What kubectl is told by a number: that no blank follows, and that it is no file.
const NO_SPACE: u8 = 2;
const NO_FILES: u8 = 4;

impl Completion {
    /// Of words the last of which is not finished.
    pub fn of(words: &[String]) -> Completion {
        let mut root = CommandLine::command();
        root.build();
        let Some((partial, before)) = words.split_last() else { return Completion::default() };
        let place = Place::after(&root, before);
        let mut completion = place.completion(partial);
        completion.connection = place.connection;
        completion.candidates.retain(|(word, _)| word.starts_with(partial.as_str()));
        completion
    }

    /// The same with what was asked for.
    #[must_use]
    pub fn with(mut self, names: Vec<String>, partial: &str) -> Completion {
        let mark = if matches!(self.ask, Some(Ask::Containers(_))) { "=" } else { "" };
        let names = names.into_iter().filter(|name| name.starts_with(partial));
        self.candidates.extend(names.map(|name| (format!("{name}{mark}"), String::new())));
        self
    }

    /// As kubectl reads it: a word a line, and a number that says what else holds.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (word, meaning) in &self.candidates {
            text.push_str(word);
            if !meaning.is_empty() {
                text.push('\t');
                text.push_str(meaning);
            }
            text.push('\n');
        }
        let files = if self.files { 0 } else { NO_FILES };
        let space = if matches!(self.ask, Some(Ask::Containers(_))) { NO_SPACE } else { 0 };
        text.push_str(&format!(":{}\n", files | space));
        text
    }
}

/// Where a word stands.
struct Place<'a> {
    command: &'a Command,
    positionals: Vec<String>,
    /// The flag before it, which wants a value.
    open: Option<&'a Arg>,
    connection: Connection,
}

impl<'a> Place<'a> {
    fn after(root: &'a Command, words: &[String]) -> Place<'a> {
        let connection = Connection::default();
        let mut place = Place { command: root, positionals: Vec::new(), open: None, connection };
        for word in words {
            place.take(word);
        }
        place
    }

    fn take(&mut self, word: &str) {
        if let Some(flag) = self.open.take() {
            return self.keep(flag, word);
        }
        if let Some((name, value)) = word.strip_prefix("--").and_then(|flag| flag.split_once('=')) {
            if let Some(flag) = self.flag(&format!("--{name}")) {
                self.keep(flag, value);
            }
        } else if word.starts_with('-') && word.len() > 1 {
            self.open = self.flag(word).filter(|flag| flag.get_action().takes_values());
        } else if let Some(command) =
            self.command.find_subcommand(word).filter(|_| self.positionals.is_empty())
        {
            self.command = command;
        } else {
            self.positionals.push(word.to_owned());
        }
    }

    fn flag(&self, word: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|arg| {
            let long = arg.get_long().map(|name| format!("--{name}"));
            let short = arg.get_short().map(|name| format!("-{name}"));
            long.as_deref() == Some(word) || short.as_deref() == Some(word)
        })
    }

    fn keep(&mut self, flag: &Arg, value: &str) {
        let value = value.to_owned();
        match flag.get_id().as_str() {
            "namespace" => self.connection.namespace = Some(value),
            "kubeconfig" => self.connection.kubeconfig = Some(value.into()),
            "context" => self.connection.context = Some(value),
            "cluster" => self.connection.cluster = Some(value),
            "user" => self.connection.user = Some(value),
            _ => {}
        }
    }

    fn completion(&self, partial: &str) -> Completion {
        if let Some(flag) = self.open {
            return self.values(flag);
        }
        if partial.starts_with('-') {
            return self.flags();
        }
        if self.command.has_subcommands() {
            let commands = self.command.get_subcommands().filter(|command| !command.is_hide_set());
            let candidates = commands.map(|command| {
                let about = command.get_about().map(ToString::to_string).unwrap_or_default();
                (command.get_name().to_owned(), about)
            });
            return Completion { candidates: candidates.collect(), ..Completion::default() };
        }
        let mut positionals = self.command.get_positionals();
        let (count, last) = (self.positionals.len(), self.command.get_positionals().last());
        let many = last.filter(|arg| arg.get_num_args().is_some_and(|range| range.max_values() > 1));
        match positionals.nth(count).or(many) {
            Some(arg) => self.values(arg),
            None => Completion::default(),
        }
    }

    fn flags(&self) -> Completion {
        let flags = self.command.get_arguments().filter_map(|arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            Some((format!("--{}", arg.get_long()?), help))
        });
        Completion { candidates: flags.collect(), ..Completion::default() }
    }

    fn values(&self, arg: &Arg) -> Completion {
        let known = arg.get_possible_values().into_iter().map(|value| {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            (value.get_name().to_owned(), help)
        });
        let of = self.positionals.first().cloned().unwrap_or_default();
        let ask = match arg.get_id().as_str() {
            "name" => Some(Ask::Workloads),
            "images" => Some(Ask::Containers(of)),
            "revision" | "to_revision" => Some(Ask::Revisions(of)),
            "context" => Some(Ask::Contexts),
            "namespace" => Some(Ask::Namespaces),
            _ => None,
        };
        let files = matches!(arg.get_id().as_str(), "files" | "kubeconfig");
        Completion { candidates: known.collect(), ask, files, ..Completion::default() }
    }
}
