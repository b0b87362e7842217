//! The places that settings come from, laid over each other: flags, environment, file, defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_saphyr::Spanned;

use crate::config::problem::{Origin, Problem};
use crate::config::setting::{self, ENVIRONMENT_PREFIX, Fallback, Setting};

/// The values that were given, and what was found wrong with them so far.
#[derive(Default)]
pub struct Layers {
    /// By setting; the first one wins. All are checked: a bad value is a mistake even where another one hides it.
    given: BTreeMap<&'static str, Vec<(Origin, String)>>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Layers {
    /// Takes the flags and the environment, and reads the file that they name.
    pub fn new(flags: &BTreeMap<&'static str, String>, environment: &BTreeMap<String, String>) -> Self {
        let mut layers = Layers::default();
        for setting in &setting::ALL {
            if let Some(value) = flags.get(setting.name) {
                layers.give(setting, Origin::Flag(setting.name), value);
            }
            let variable = setting.variable();
            if let Some(value) = environment.get(&variable) {
                layers.give(setting, Origin::Variable(variable), value);
            }
        }
        layers.warn_of_unknown_variables(environment);
        let file = layers.given.get(setting::CONFIG.name).and_then(|given| given.first()).cloned();
        if let Some((origin, path)) = file.filter(|(_, path)| !path.is_empty()) {
            layers.read_file(origin, PathBuf::from(path));
        }
        layers
    }

    /// The value of a setting, read by `parse`, whose error says what is wrong in words that follow the value.
    /// `None` when there is no usable value, or when none was given and there is no default.
    pub fn read<T>(&mut self, setting: &Setting, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let mut given = self.given.get(setting.name).cloned().unwrap_or_default();
        if let (true, Fallback::Value(value)) = (given.is_empty(), setting.default) {
            given.push((Origin::Default(setting.name), value.to_owned()));
        }
        let mut values = Vec::new();
        for (origin, value) in given {
            match parse(&value) {
                Ok(parsed) => values.push(Some(parsed)),
                Err(reason) => {
                    values.push(None);
                    self.problems.push(Problem::Value { origin, value, reason });
                }
            }
        }
        values.into_iter().next().flatten()
    }

    /// As [`Layers::read`], for a setting that may be left out; given as nothing, it counts as left out.
    pub fn read_optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.read(setting, |value| if value.is_empty() { Ok(None) } else { parse(value).map(Some) }).flatten()
    }

    /// Adds what no single value shows.
    pub fn refuse(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Adds something that is to be said, but does not keep the manager from starting.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// All that is wrong, and all that is to be said.
    pub fn into_findings(self) -> (Vec<Problem>, Vec<String>) {
        (self.problems, self.warnings)
    }

    fn give(&mut self, setting: &Setting, origin: Origin, value: &str) {
        self.given.entry(setting.name).or_default().push((origin, value.to_owned()));
    }

    /// A variable with our prefix may be a mistake, or belong to somebody else who shares the environment, so it is
    /// no reason to stop. Those that Kubernetes makes from the names of Services are nobody's mistake.
    fn warn_of_unknown_variables(&mut self, environment: &BTreeMap<String, String>) {
        let known: Vec<String> = setting::ALL.iter().map(Setting::variable).collect();
        let unknown = environment.keys().filter(|name| {
            name.starts_with(ENVIRONMENT_PREFIX) && !known.contains(name) && !is_service_variable(name)
        });
        for name in unknown {
            self.warnings.push(format!(
                "environment variable {name} is no setting; the settings are: {}",
                known.join(", ")
            ));
        }
    }

    fn read_file(&mut self, origin: Origin, path: PathBuf) {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(Problem::UnreadableFile { origin, path, error });
                return;
            }
        };
        // Every value is taken as the text that it is written as: 512 and "512" are the same.
        type Entries = BTreeMap<String, Spanned<Option<String>>>;
        let entries: Entries = match serde_saphyr::from_str(&text) {
            Ok(entries) => entries,
            Err(error) => {
                let error = format!("{}; a setting is a line like retry-cap: 2m", error.without_snippet());
                self.problems.push(Problem::MalformedFile { path, error });
                return;
            }
        };
        for (key, value) in entries {
            let line = value.referenced.line();
            let known = setting::ALL.iter().find(|setting| setting.name == key && setting.is_in_file());
            match (known, value.value) {
                (Some(setting), Some(value)) => {
                    let origin = Origin::File { path: path.clone(), line, key: setting.name };
                    self.give(setting, origin, &value);
                }
                (Some(setting), None) => {
                    let origin = Origin::File { path: path.clone(), line, key: setting.name };
                    let reason = "is no value; leave the key out for the default".to_owned();
                    self.problems.push(Problem::Value { origin, value: String::new(), reason });
                }
                (None, _) => {
                    let keys = setting::ALL.iter().filter(|setting| setting.is_in_file());
                    let valid = keys.map(|setting| setting.name).collect::<Vec<_>>().join(", ");
                    self.problems.push(Problem::UnknownKey { path: path.clone(), line, key, valid });
                }
            }
        }
    }
}

/// Whether Kubernetes puts such a variable into every pod beside a Service, as `MAINSTAY_METRICS_SERVICE_HOST` for
/// `mainstay-metrics`.
fn is_service_variable(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.split_once("_PORT_").is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()))
}
