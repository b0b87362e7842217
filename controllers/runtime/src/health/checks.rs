//! The single checks, from what the brain and the elector have said last.

use std::fmt;
use std::time::Duration;

use mainstay_engine::brain::report::{BrainReport, ControllerReport, SourceReport};
use mainstay_engine::{Moment, Standing};

use crate::elector::Leadership;

/// How old the brain's last sign of life may be; it gives one each second.
const PATIENCE: Duration = Duration::from_secs(20);

/// One check and its verdict: what to say of it if it passes, or why it fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) verdict: Result<String, String>,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Ok(remark) if remark.is_empty() => write!(f, "[+]{} ok", self.name),
            Ok(remark) => write!(f, "[+]{} ok: {remark}", self.name),
            Err(reason) => write!(f, "[-]{} failed: {reason}", self.name),
        }
    }
}

/// Whether the process is worth keeping.
pub(super) fn alive(report: Option<&BrainReport>, leadership: Leadership, moment: Moment) -> Vec<Check> {
    // Before the first report, the process' own start stands for one.
    let silent_for = moment.since(report.map(|report| report.at).unwrap_or_default());
    let brain = match silent_for {
        silent_for if silent_for <= PATIENCE => Ok(String::new()),
        silent_for => Err(format!("no sign of life for {} s", silent_for.as_secs())),
    };
    let election = match leadership.at(moment) {
        Leadership::Standby => Ok("standby".to_owned()),
        Leadership::Leading { .. } => Ok("leading".to_owned()),
        Leadership::Lost => Err("leadership is lost".to_owned()),
    };
    vec![
        Check { name: "brain".to_owned(), verdict: brain },
        Check { name: "leader-election".to_owned(), verdict: election },
    ]
}

/// Whether the process could do its work at once if it were its turn: a standby with complete caches is ready.
pub(super) fn ready(report: Option<&BrainReport>, leadership: Leadership, moment: Moment) -> Vec<Check> {
    let mut checks = alive(report, leadership, moment);
    let Some(report) = report else {
        checks.push(Check { name: "caches".to_owned(), verdict: Err("not begun yet".to_owned()) });
        return checks;
    };
    checks.extend(report.sources.iter().map(cache));
    checks.extend(report.controllers.iter().map(|controller| self::controller(report.leading, controller)));
    checks
}

fn cache(report: &SourceReport) -> Check {
    let SourceReport { source, needed, synced, fresh: _, progress, objects, silent_for } = report;
    let namespace = source.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let verdict = match (synced, needed) {
        (true, _) => {
            Ok(format!("{objects} objects at version {progress}, heard {} s ago", silent_for.as_secs()))
        }
        // Whether its definition is installed is the cluster's affair: a process that waits for that would keep others from being updated.
        (false, true) if source.kind.is_custom() => {
            Ok("not there; is its CustomResourceDefinition installed?".to_owned())
        }
        (false, true) => Err("the first list is not complete".to_owned()),
        (false, false) => Ok("not there, which nothing waits for; may it be listed and watched?".to_owned()),
    };
    Check { name: format!("cache/{namespace}{}", source.kind.plural()), verdict }
}

/// A controller makes the process unready only until it has found out who is to act: so a process that is replaced in an update stays
/// until the new one could act in its place. What else it waits for is checked by itself.
fn controller(leading: bool, report: &ControllerReport) -> Check {
    let ControllerReport { name, standing, settled, active, depth, at_work, timers } = report;
    let mode = match (active, leading, standing) {
        (true, _, _) => "active",
        (false, true, Standing::Passive(_)) => "passive",
        (false, true, _) => "waits for fresh caches",
        (false, false, _) => "standby",
    };
    let text = format!("{standing}; {mode}, {depth} keys queued, {at_work} at work, {timers} timed");
    Check { name: format!("controller/{name}"), verdict: if *settled { Ok(text) } else { Err(text) } }
}
