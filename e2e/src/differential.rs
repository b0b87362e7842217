//! The same script by kube-controller-manager and by Mainstay, and whether it comes to the same.
//!
//! There is one cluster. First kube-controller-manager does everything. Then it does everything but what is compared, which is
//! Mainstay's. Each time a user scales, relabels, deletes and so on, step by step; when all is at rest, everything that a person could
//! see is noted. Both times the user's namespaces are new.
//!
//! What is compared is a [`Subject`]: [`replication`] or [`endpoints`]. What may differ is in one table of each. Neither side has a fixed
//! rate of requests, so that a step is over in seconds.

pub mod comparison;
pub mod endpoints;
pub mod replication;
mod settling;
pub mod subject;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::managers::{Manager, Managers};
use crate::cluster::{Cluster, ClusterOptions, Nodes};
use crate::in_tree::InTree;
use crate::wait::wait_for;
use crate::{image, interrupt};
use comparison::compare;
use subject::{Chapter, History, Subject, Switch, User, View, Who};

/// The cluster of this command, so that it needs none and disturbs none.
const CLUSTER: &str = "differential";
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
    who: Who,
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

/// The chapters of a subject.
type Chapters<S> = Vec<Chapter<<S as Subject>::Action, <S as Subject>::Until>>;

/// The names of all chapters of the script.
pub fn chapter_names<S: Subject>() -> Vec<&'static str> {
    S::chapters().into_iter().map(|chapter| chapter.name).collect()
}

/// Runs the script by both and prints what each step has come to. An error when they differ.
pub fn run<S: Subject>(options: &Options) -> Result<()> {
    let chapters = wanted::<S>(options)?;
    // Before there is a cluster that would stand and wait.
    let program = image::build()?.program;
    let cluster = Cluster::up(&ClusterOptions {
        name: CLUSTER.to_owned(),
        nodes: Nodes::Fake(S::NODES),
        in_tree: InTree::Default,
        audit: false,
    })?;
    let compared = compare_both::<S>(&cluster, program, &chapters);
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

fn wanted<S: Subject>(options: &Options) -> Result<Chapters<S>> {
    let chapters = S::chapters();
    let names: Vec<&str> = chapters.iter().map(|chapter| chapter.name).collect();
    if let Some(unknown) = options.chapters.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no chapter `{unknown}`; there are {}", names.join(", "));
    }
    let is_wanted = |chapter: &Chapter<S::Action, S::Until>| {
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

fn compare_both<S: Subject>(cluster: &Cluster, program: PathBuf, chapters: &Chapters<S>) -> Result<Tally> {
    let start = Instant::now();
    let managers = Managers::prepare(cluster, program, S::in_tree(), &[])?.with_controllers(S::MAINSTAY);
    cluster.controller_manager_stop()?;

    let in_tree = Side { who: Who::InTree, word: "peer", manager: Manager::Peer, managers: &managers };
    in_tree.start()?;
    let mut expected = Vec::new();
    let steps: usize = chapters.iter().map(|chapter| chapter.steps.len()).sum();
    eprintln!("{steps} steps by kube-controller-manager");
    play::<S>(cluster, &in_tree, chapters, |name, view| {
        expected.push(view);
        eprintln!("{:3} of {steps}, in-tree: {name}", expected.len());
        Ok(())
    })?;
    in_tree.stop()?;

    // The rest of it is needed by both.
    cluster.controller_manager_start(&S::beside(), &Managers::unlimited())?;
    let mainstay = Side { who: Who::Mainstay, word: "ours", manager: Manager::Ours, managers: &managers };
    mainstay.start()?;
    eprintln!("the same steps by Mainstay");
    let mut tally = Tally::default();
    let mut expected = expected.into_iter().enumerate();
    play::<S>(cluster, &mainstay, chapters, |name, view| {
        let (index, in_tree) = expected.next().context("a step without its twin")?;
        let outcome = compare(S::IMPROVEMENTS, name, &in_tree, &view);
        println!("{:3}  {name}: {outcome}", index + 1);
        match (outcome.is_sound(), outcome.documented.is_empty()) {
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
fn play<S: Subject>(
    cluster: &Cluster,
    side: &Side<'_>,
    chapters: &Chapters<S>,
    mut tell: impl FnMut(&'static str, View) -> Result<()>,
) -> Result<()> {
    S::prepare(cluster)?;
    let mut number = 0;
    for chapter in chapters {
        let user = User { who: side.who, cluster, side: side.word, room: chapter.name, switch: side };
        let mut history = S::History::default();
        for step in &chapter.steps {
            // As it is printed, so that "of step 3" in a difference names a line.
            number += 1;
            history.begin(number, &S::observe(&user)?);
            for action in &step.actions {
                S::act(&user, action)
                    .with_context(|| format!("`{}` cannot be done by {}", step.name, side.word))?;
            }
            let view = settling::settle::<S>(&user, step, &mut history)?;
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
    use super::endpoints::Endpoints;
    use super::replication::Replication;
    use super::*;
    use std::collections::BTreeSet;

    fn is_long_and_its_steps_have_names_of_their_own<S: Subject>() {
        let chapters = S::chapters();
        let steps: usize = chapters.iter().map(|chapter| chapter.steps.len()).sum();
        assert!(steps >= 40, "{steps}");
        for chapter in &chapters {
            let names: BTreeSet<&str> = chapter.steps.iter().map(|step| step.name).collect();
            assert_eq!(names.len(), chapter.steps.len(), "{}", chapter.name);
        }
        let names: BTreeSet<&str> = chapters.iter().map(|chapter| chapter.name).collect();
        assert_eq!(names.len(), chapters.len());
    }

    fn has_improvements_of_steps_that_there_are_once<S: Subject>() {
        let chapters = S::chapters();
        let names: Vec<&str> =
            chapters.iter().flat_map(|chapter| &chapter.steps).map(|step| step.name).collect();
        for improvement in S::IMPROVEMENTS {
            assert!(!(improvement.is_sure && improvement.steps.is_empty()), "{}", improvement.words);
            for step in improvement.steps {
                assert_eq!(names.iter().filter(|name| *name == step).count(), 1, "{step}");
            }
        }
    }

    #[test]
    fn both_scripts_are_long_and_their_steps_have_names_of_their_own() {
        is_long_and_its_steps_have_names_of_their_own::<Replication>();
        is_long_and_its_steps_have_names_of_their_own::<Endpoints>();
    }

    #[test]
    fn improvements_name_steps_that_there_are_once() {
        has_improvements_of_steps_that_there_are_once::<Replication>();
        has_improvements_of_steps_that_there_are_once::<Endpoints>();
    }

    #[test]
    fn unknown_chapters_are_refused() {
        let options = Options { chapters: vec!["nothing".to_owned()], keep: false };
        assert!(wanted::<Replication>(&options).unwrap_err().to_string().contains("nothing"));
        let all = wanted::<Replication>(&Options::default()).unwrap();
        assert_eq!(all, Replication::chapters());
    }

    #[test]
    fn the_last_line_counts() {
        let tally = Tally { equal: 3, as_documented: 2, differ: 1 };
        assert_eq!(tell(tally), "6 steps, 3 equal, 2 as documented, 1 differ");
    }
}
