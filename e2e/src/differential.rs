//! The same script by kube-controller-manager and by Mainstay, and whether it comes to the same.
//!
//! There is one cluster with nodes that kwok plays. First kube-controller-manager does everything. Then it does everything
//! but the ReplicationControllers, which are Mainstay's. Each time a user scales, relabels, deletes and so on, step by step; when all
//! is at rest, everything that a person could see is noted. Both times the user's namespaces are new.
//!
//! What may differ is in one table, [`improvements`]. Neither side has a fixed rate of requests, so that a step is over in seconds.

mod acting;
mod comparison;
pub mod improvements;
mod observation;
mod script;
mod settling;
mod step;
mod view;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::managers::{Manager, Managers};
use crate::cluster::{Cluster, ClusterOptions, Nodes};
use crate::in_tree::InTree;
use crate::wait::wait_for;
use crate::{image, interrupt};
use acting::{Switch, User};
use comparison::compare;
use script::Chapter;
use view::{History, View};

/// The cluster of this command, so that it needs none and disturbs none.
const CLUSTER: &str = "differential";
/// Enough for pods to be spread.
const NODES: u32 = 3;
/// So long the namespaces of a side may take to go.
const REMOVAL: Duration = Duration::from_secs(120);

/// What is to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Only these chapters of the script; all when there are none.
    pub chapters: Vec<String>,
    /// Whether the cluster stays.
    pub keep: bool,
}

/// How many steps have come to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    equal: usize,
    as_documented: usize,
    differ: usize,
}

/// One side: what it is called in names of namespaces, and who is at work.
struct Side<'a> {
    word: &'static str,
    manager: Manager,
    managers: &'a Managers<'a>,
}

impl Switch for Side<'_> {
    fn start(&self) -> Result<()> {
        self.managers.start(self.manager)
    }

    fn stop(&self) -> Result<()> {
        self.managers.stop(self.manager)
    }

    fn check(&self) -> Result<()> {
        self.managers.pid(self.manager).map(|_pid| ())
    }
}

/// The names of all chapters of the script.
pub fn chapter_names() -> Vec<&'static str> {
    script::chapters().into_iter().map(|chapter| chapter.name).collect()
}

/// Runs the script by both and prints what each step has come to. An error when they differ.
pub fn run(options: &Options) -> Result<()> {
    let chapters = wanted(options)?;
    // Before there is a cluster that would stand and wait.
    let program = image::build()?.program;
    let cluster = Cluster::up(&ClusterOptions {
        name: CLUSTER.to_owned(),
        nodes: Nodes::Fake(NODES),
        in_tree: InTree::Default,
        audit: false,
    })?;
    let compared = compare_both(&cluster, program, &chapters);
    if options.keep && !interrupt::is_set() {
        println!("The cluster stays: eval \"$(cargo xtask cluster env --name {CLUSTER})\"");
        println!("Take it down: cargo xtask cluster down --name {CLUSTER}");
        return finish(compared?);
    }
    let down = interrupt::hold_back(|| cluster.down());
    // What went wrong is then what Ctrl-C has done to kubectl.
    interrupt::check()?;
    let tally = compared?;
    down?;
    finish(tally)
}

fn wanted(options: &Options) -> Result<Vec<Chapter>> {
    let chapters = script::chapters();
    let names: Vec<&str> = chapters.iter().map(|chapter| chapter.name).collect();
    if let Some(unknown) = options.chapters.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no chapter `{unknown}`; there are {}", names.join(", "));
    }
    let is_wanted = |chapter: &Chapter| {
        options.chapters.is_empty() || options.chapters.iter().any(|name| name == chapter.name)
    };
    Ok(chapters.into_iter().filter(is_wanted).collect())
}

fn finish(tally: Tally) -> Result<()> {
    println!("{}", tell(tally));
    if tally.differ > 0 {
        bail!("{} steps differ", tally.differ);
    }
    Ok(())
}

fn tell(tally: Tally) -> String {
    let Tally { equal, as_documented, differ } = tally;
    let steps = equal + as_documented + differ;
    format!("{steps} steps, {equal} equal, {as_documented} as documented, {differ} differ")
}

fn compare_both(cluster: &Cluster, program: PathBuf, chapters: &[Chapter]) -> Result<Tally> {
    let start = Instant::now();
    let managers = Managers::prepare(cluster, program, InTree::All)?;
    cluster.controller_manager_stop()?;

    let in_tree = Side { word: "peer", manager: Manager::Peer, managers: &managers };
    in_tree.start()?;
    let mut expected = Vec::new();
    let steps: usize = chapters.iter().map(|chapter| chapter.steps.len()).sum();
    eprintln!("{steps} steps by kube-controller-manager");
    play(cluster, &in_tree, chapters, |name, view| {
        expected.push(view);
        eprintln!("{:3} of {steps}, in-tree: {name}", expected.len());
        Ok(())
    })?;
    in_tree.stop()?;

    // The rest of it is needed by both.
    cluster.controller_manager_start(&InTree::Default, &Managers::unlimited())?;
    let mainstay = Side { word: "ours", manager: Manager::Ours, managers: &managers };
    mainstay.start()?;
    eprintln!("the same steps by Mainstay");
    let mut tally = Tally::default();
    let mut expected = expected.into_iter().enumerate();
    play(cluster, &mainstay, chapters, |name, view| {
        let (index, in_tree) = expected.next().context("a step without its twin")?;
        let outcome = compare(name, &in_tree, &view);
        println!("{:3}  {name}: {outcome}", index + 1);
        match (outcome.unexplained.is_empty(), outcome.documented.is_empty()) {
            (false, _) => tally.differ += 1,
            (true, false) => tally.as_documented += 1,
            (true, true) => tally.equal += 1,
        }
        Ok(())
    })?;
    mainstay.stop()?;
    eprintln!("both have run the script after {} s", start.elapsed().as_secs());
    Ok(tally)
}

/// Runs the script by one side, and tells after each step what there is.
fn play(
    cluster: &Cluster,
    side: &Side<'_>,
    chapters: &[Chapter],
    mut tell: impl FnMut(&'static str, View) -> Result<()>,
) -> Result<()> {
    let mut number = 0;
    for chapter in chapters {
        let user = User { cluster, side: side.word, room: chapter.name, switch: side };
        let mut history = History::default();
        for step in &chapter.steps {
            // As it is printed, so that "of step 3" in a difference names a line.
            number += 1;
            history.begin(number, &user.observe()?);
            for action in &step.actions {
                user.act(action)
                    .with_context(|| format!("`{}` cannot be done by {}", step.name, side.word))?;
            }
            let view = settling::settle(&user, step, &mut history)?;
            tell(step.name, view)?;
        }
        let namespace = user.namespace(chapter.name);
        cluster.kubectl(&["delete", "namespace", &namespace, "--ignore-not-found", "--wait=false"])?;
    }
    // Who comes next is to find nothing of it.
    wait_for(&format!("the namespaces of {} to go", side.word), REMOVAL, || {
        let names = cluster.kubectl(&["get", "namespaces", "--output", "name"])?;
        let start = format!("namespace/{}-", side.word);
        Ok(names.lines().all(|name| !name.starts_with(&start)).then_some(()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_script_is_long_and_its_steps_have_names_of_their_own() {
        let chapters = script::chapters();
        let steps: usize = chapters.iter().map(|chapter| chapter.steps.len()).sum();
        assert!(steps >= 40, "{steps}");
        for chapter in &chapters {
            let names: BTreeSet<&str> = chapter.steps.iter().map(|step| step.name).collect();
            assert_eq!(names.len(), chapter.steps.len(), "{}", chapter.name);
        }
    }

    #[test]
    fn improvements_name_steps_that_there_are() {
        let names: BTreeSet<&str> =
            script::chapters().iter().flat_map(|chapter| &chapter.steps).map(|step| step.name).collect();
        for improvement in improvements::IMPROVEMENTS {
            for step in improvement.steps {
                assert!(names.contains(step), "{step}");
            }
        }
    }

    #[test]
    fn unknown_chapters_are_refused() {
        let options = Options { chapters: vec!["nothing".to_owned()], keep: false };
        assert!(wanted(&options).unwrap_err().to_string().contains("nothing"));
        assert_eq!(wanted(&Options::default()).unwrap(), script::chapters());
    }

    #[test]
    fn the_last_line_counts() {
        let tally = Tally { equal: 3, as_documented: 2, differ: 1 };
        assert_eq!(tell(tally), "6 steps, 3 equal, 2 as documented, 1 differ");
    }
}
