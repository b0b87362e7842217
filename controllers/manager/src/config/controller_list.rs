//! The list of controllers that `--controllers` takes: kube-controller-manager's syntax and a little more.
//!
//! `*` switches on all, `foo` or `foo=on` switches foo on, `-foo` or `foo=off` switches it off. The first mention of a
//! controller wins, and where `*` stands does not matter.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::controller_names::{ControllerName, ELSEWHERE, OWN};

/// Which controllers run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ControllerList {
    /// The canonical names of those that do.
    pub on: BTreeSet<&'static str>,
    /// Entries of the list, as they were written, that name controllers which only kube-controller-manager has.
    pub elsewhere: Vec<String>,
}

/// Reads a list; the error says all that is wrong with it.
pub fn parse(text: &str) -> Result<ControllerList, String> {
    let mut faults = Vec::new();
    let mut star = false;
    let mut mentions: BTreeMap<&'static str, bool> = BTreeMap::new();
    let mut list = ControllerList::default();
    for entry in text.split(',').map(str::trim) {
        if entry == "*" {
            star = true;
            continue;
        }
        match mention(entry) {
            Ok(Mention::Own(name, on)) => {
                mentions.entry(name).or_insert(on);
            }
            Ok(Mention::Elsewhere) => list.elsewhere.push(entry.to_owned()),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(format!("{}; {}", faults.join("; "), valid_entries()));
    }
    list.on = OWN
        .iter()
        .map(|name| name.canonical)
        .filter(|name| mentions.get(name).copied().unwrap_or(star))
        .collect();
    Ok(list)
}

enum Mention {
    Own(&'static str, bool),
    Elsewhere,
}

fn mention(entry: &str) -> Result<Mention, String> {
    if entry.is_empty() {
        return Err("has an empty entry".to_owned());
    }
    let (name, on) = match (entry.strip_prefix('-'), entry.split_once('=')) {
        (Some(_), Some(_)) => {
            return Err(format!("has {entry:?}: write -NAME or NAME=off, not both in one entry"));
        }
        (Some(name), None) => (name, false),
        (None, None) => (entry, true),
        (None, Some((name, "on"))) => (name, true),
        (None, Some((name, "off"))) => (name, false),
        (None, Some((_, mode @ ("auto" | "shadow")))) => {
            return Err(format!("has {entry:?}: this version has no mode {mode}; the modes are on and off"));
        }
        (None, Some((_, mode))) => {
            return Err(format!("has {entry:?}: there is no mode {mode:?}; the modes are on and off"));
        }
    };
    let known = |names: &[ControllerName]| names.iter().find(|known| known.is(name)).copied();
    match (known(&OWN), known(&ELSEWHERE)) {
        (Some(own), _) => Ok(Mention::Own(own.canonical, on)),
        (None, Some(_)) => Ok(Mention::Elsewhere),
        (None, None) => Err(format!("names {name:?}, which is no controller")),
    }
}

fn valid_entries() -> String {
    let names: Vec<String> = OWN
        .iter()
        .map(|name| match name.alias {
            Some(alias) => format!("{} (or {alias})", name.canonical),
            None => name.canonical.to_owned(),
        })
        .collect();
    format!(
        "valid are * and {}, and in lists made for kube-controller-manager 1.36 also the names of its other controllers",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::controller_names::REPLICATION_CONTROLLER;

    #[test]
    fn the_first_mention_wins_and_the_star_may_stand_anywhere() {
        for (text, on) in [
            ("*", true),
            ("replicationcontroller", true),
            ("replicationcontroller-controller", true),
            ("replicationcontroller=on", true),
            ("replicationcontroller-controller=on", true),
            ("-replicationcontroller", false),
            ("*,-replicationcontroller", false),
            ("-replicationcontroller-controller,*", false),
            ("*,replicationcontroller=off", false),
            ("replicationcontroller,-replicationcontroller", true),
            ("-replicationcontroller,replicationcontroller", false),
            ("-replicationcontroller,replicationcontroller-controller=on,*", false),
            (" * , -replicationcontroller ", false),
            ("podgc", false),
            ("podgc,*", true),
        ] {
            let list = parse(text).unwrap();
            assert_eq!(list.on.contains(REPLICATION_CONTROLLER), on, "{text}");
        }
    }

    #[test]
    fn a_list_for_kube_controller_manager_is_accepted() {
        let list = parse("*,bootstrapsigner,tokencleaner,-nodelifecycle,-taint-eviction-controller").unwrap();
        assert_eq!(list.on, BTreeSet::from([REPLICATION_CONTROLLER]));
        assert_eq!(
            list.elsewhere,
            ["bootstrapsigner", "tokencleaner", "-nodelifecycle", "-taint-eviction-controller"]
        );
    }

    #[test]
    fn faults_are_named_all_at_once() {
        for (text, expected) in [
            ("", vec!["empty entry", "replicationcontroller-controller (or replicationcontroller)"]),
            ("*,", vec!["empty entry"]),
            ("foo", vec!["\"foo\", which is no controller", "replicationcontroller-controller"]),
            ("-foo", vec!["\"foo\", which is no controller"]),
            ("-*", vec!["\"*\", which is no controller"]),
            ("ReplicationController", vec!["\"ReplicationController\", which is no controller"]),
            ("foo=on", vec!["\"foo\", which is no controller"]),
            ("replicationcontroller=auto", vec!["this version has no mode auto", "on and off"]),
            ("podgc=shadow", vec!["this version has no mode shadow"]),
            ("replicationcontroller=yes", vec!["there is no mode \"yes\"", "on and off"]),
            ("-replicationcontroller=off", vec!["not both"]),
            ("foo,*,bar=on,podgc=auto", vec!["\"foo\"", "\"bar\"", "mode auto"]),
        ] {
            let fault = parse(text).unwrap_err();
            for part in expected {
                assert!(fault.contains(part), "{text}: {part} is not in: {fault}");
            }
        }
    }
}
