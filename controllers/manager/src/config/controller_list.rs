//! The list of controllers that `--controllers` takes: kube-controller-manager's syntax and a little more.
//!
//! `*` and `foo=auto` let a controller act while nobody else does its work, `foo` or `foo=on` switches foo on whoever else
//! there is (so is a controller of custom resources, which nobody else has, in each mode but off), `-foo` or `foo=off` switches it off. The first mention of a controller wins, and where `*` stands does not matter.

use std::collections::BTreeMap;

use crate::config::controller_names::{ControllerName, ELSEWHERE, OWN};

/// Which controllers run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ControllerList {
    /// The canonical names of those that do, and how.
    pub modes: BTreeMap<&'static str, Mode>,
    /// Entries of the list, as they were written, that name controllers which only kube-controller-manager has.
    pub elsewhere: Vec<String>,
}

/// How a controller runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// It acts while nobody else does its work.
    Auto,
    /// It acts.
    On,
}

/// Reads a list; the error says all that is wrong with it.
pub fn parse(text: &str) -> Result<ControllerList, String> {
    let mut faults = Vec::new();
    let mut star = false;
    let mut mentions: BTreeMap<&'static str, Option<Mode>> = BTreeMap::new();
    let mut list = ControllerList::default();
    for entry in text.split(',').map(str::trim) {
        if entry == "*" {
            star = true;
            continue;
        }
        match mention(entry) {
            Ok(Mention::Own(name, mode)) => {
                mentions.entry(name).or_insert(mode);
            }
            Ok(Mention::Elsewhere) => list.elsewhere.push(entry.to_owned()),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(format!("{}; {}", faults.join("; "), valid_entries()));
    }
    let otherwise = star.then_some(Mode::Auto);
    let mode = |name: &ControllerName| {
        let mode = mentions.get(name.canonical).copied().unwrap_or(otherwise)?;
        Some(if name.is_peerless() { Mode::On } else { mode })
    };
    list.modes = OWN.iter().filter_map(|name| Some((name.canonical, mode(name)?))).collect();
    Ok(list)
}

enum Mention {
    /// `None` switches it off.
    Own(&'static str, Option<Mode>),
    Elsewhere,
}

fn mention(entry: &str) -> Result<Mention, String> {
    if entry.is_empty() {
        return Err("has an empty entry".to_owned());
    }
    let (name, mode) = match (entry.strip_prefix('-'), entry.split_once('=')) {
        (Some(_), Some(_)) => {
            return Err(format!("has {entry:?}: write -NAME or NAME=off, not both in one entry"));
        }
        (Some(name), None) => (name, None),
        (None, None) => (entry, Some(Mode::On)),
        (None, Some((name, "on"))) => (name, Some(Mode::On)),
        (None, Some((name, "auto"))) => (name, Some(Mode::Auto)),
        (None, Some((name, "off"))) => (name, None),
        (None, Some((_, "shadow"))) => {
            return Err(format!(
                "has {entry:?}: this version has no mode shadow, a later one will; the modes are auto, on and off"
            ));
        }
        (None, Some((_, mode))) => {
            return Err(format!("has {entry:?}: there is no mode {mode:?}; the modes are auto, on and off"));
        }
    };
    let known = |names: &[ControllerName]| names.iter().find(|known| known.is(name)).copied();
    match (known(&OWN), known(&ELSEWHERE)) {
        (Some(own), _) => Ok(Mention::Own(own.canonical, mode)),
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
    use crate::config::controller_names::{
        ENDPOINT_SLICE_MIRRORING, ENDPOINT_SLICES, ENDPOINTS, REPLICATION_CONTROLLER, SIDECAR_WORKLOAD,
    };

    #[test]
    fn the_first_mention_wins_and_the_star_may_stand_anywhere() {
        for (text, mode) in [
            ("*", Some(Mode::Auto)),
            ("replicationcontroller", Some(Mode::On)),
            ("replicationcontroller-controller", Some(Mode::On)),
            ("replicationcontroller=on", Some(Mode::On)),
            ("replicationcontroller-controller=on", Some(Mode::On)),
            ("replicationcontroller=auto", Some(Mode::Auto)),
            ("*,replicationcontroller", Some(Mode::On)),
            ("replicationcontroller=auto,replicationcontroller", Some(Mode::Auto)),
            ("-replicationcontroller", None),
            ("*,-replicationcontroller", None),
            ("-replicationcontroller-controller,*", None),
            ("*,replicationcontroller=off", None),
            ("replicationcontroller,-replicationcontroller", Some(Mode::On)),
            ("-replicationcontroller,replicationcontroller", None),
            ("-replicationcontroller,replicationcontroller-controller=on,*", None),
            (" * , -replicationcontroller ", None),
            ("podgc", None),
            ("podgc=auto", None),
            ("podgc,*", Some(Mode::Auto)),
        ] {
            let list = parse(text).unwrap();
            assert_eq!(list.modes.get(REPLICATION_CONTROLLER).copied(), mode, "{text}");
        }
    }

    #[test]
    fn each_controller_has_a_mode_of_its_own_under_either_name() {
        for (text, modes) in [
            ("endpoint", vec![(ENDPOINTS, Mode::On)]),
            ("endpoints-controller=auto", vec![(ENDPOINTS, Mode::Auto)]),
            (
                "endpointslice,endpointslicemirroring=auto",
                vec![(ENDPOINT_SLICES, Mode::On), (ENDPOINT_SLICE_MIRRORING, Mode::Auto)],
            ),
            ("endpointslice-controller", vec![(ENDPOINT_SLICES, Mode::On)]),
            ("endpointslice-mirroring-controller", vec![(ENDPOINT_SLICE_MIRRORING, Mode::On)]),
            (
                "*,-endpoint,-endpointslice,-endpointslicemirroring",
                vec![(REPLICATION_CONTROLLER, Mode::Auto), (SIDECAR_WORKLOAD, Mode::On)],
            ),
            ("sidecarworkload-controller=auto", vec![(SIDECAR_WORKLOAD, Mode::On)]),
            (
                "*,-endpointslice-controller,replicationcontroller",
                vec![
                    (ENDPOINTS, Mode::Auto),
                    (ENDPOINT_SLICE_MIRRORING, Mode::Auto),
                    (REPLICATION_CONTROLLER, Mode::On),
                    (SIDECAR_WORKLOAD, Mode::On),
                ],
            ),
        ] {
            assert_eq!(parse(text).unwrap().modes, modes.into_iter().collect(), "{text}");
        }
    }

    #[test]
    fn a_list_for_kube_controller_manager_is_accepted() {
        let list = parse("*,bootstrapsigner,tokencleaner,-nodelifecycle,-taint-eviction-controller").unwrap();
        let mode = |name: &ControllerName| if name.is_peerless() { Mode::On } else { Mode::Auto };
        assert_eq!(list.modes, OWN.iter().map(|name| (name.canonical, mode(name))).collect());
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
            ("podgc=shadow", vec!["this version has no mode shadow", "auto, on and off"]),
            ("replicationcontroller=yes", vec!["there is no mode \"yes\"", "auto, on and off"]),
            ("-replicationcontroller=off", vec!["not both"]),
            ("foo,*,bar=on,podgc=shadow", vec!["\"foo\"", "\"bar\"", "mode shadow"]),
        ] {
            let fault = parse(text).unwrap_err();
            for part in expected {
                assert!(fault.contains(part), "{text}: {part} is not in: {fault}");
            }
        }
    }
}
