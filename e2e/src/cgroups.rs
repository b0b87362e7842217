//! Control groups: the one place from which no process of a cluster can escape.
//!
//! A cluster with real nodes has a group of its own in every hierarchy (version 1 has one per controller, version 2
//! one in all), and every program is started inside it. Containers detach from whatever started them, but not from
//! their group, so that killing all that is in the group ends the cluster for good.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::process::{identity, send};
use crate::wait::wait_for;

/// A control group, by its path below the root of every hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cgroup {
    path: String,
    hierarchies: Vec<PathBuf>,
}

impl Cgroup {
    /// Names the group; nothing is created. `path` starts with a slash.
    pub fn new(path: &str) -> Self {
        Cgroup { path: path.to_owned(), hierarchies: hierarchies() }
    }

    /// The group `name` inside this one.
    pub fn child(&self, name: &str) -> Self {
        Cgroup { path: format!("{}/{name}", self.path), hierarchies: self.hierarchies.clone() }
    }

    /// The path below the root of a hierarchy, as the kubelet wants it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The group's folder in each hierarchy.
    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.hierarchies.iter().map(|root| root.join(self.path.trim_start_matches('/')))
    }

    /// The files to write a process id into, to move that process here.
    pub fn process_files(&self) -> Vec<String> {
        self.folders().map(|folder| folder.join("cgroup.procs").display().to_string()).collect()
    }

    /// Creates the group and those above it, ready to take processes.
    pub fn create(&self) -> Result<()> {
        for root in &self.hierarchies {
            let mut folder = root.clone();
            for part in self.path.trim_start_matches('/').split('/') {
                let parent = folder.clone();
                folder.push(part);
                enable_controllers(&parent);
                fs::create_dir_all(&folder)
                    .with_context(|| format!("cannot create the control group {}", folder.display()))?;
                // In version 1 a new group has no processors and no memory, and refuses every process until it has.
                for file in ["cpuset.cpus", "cpuset.mems"] {
                    if let (Ok(value), true) = (fs::read_to_string(parent.join(file)), is_version_1(root)) {
                        fs::write(folder.join(file), value)
                            .with_context(|| format!("cannot set {file} of {}", folder.display()))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The processes in this group and in those below it, in all hierarchies.
    pub fn processes(&self) -> Vec<i32> {
        let mut pids: Vec<i32> = self
            .folders()
            .flat_map(|folder| tree(&folder))
            .filter_map(|folder| fs::read_to_string(folder.join("cgroup.procs")).ok())
            .flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<i32>>())
            .filter(|pid| identity(*pid).is_some())
            .collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Kills every process in the group, those included that are being started meanwhile.
    pub fn kill_all(&self) -> Result<()> {
        wait_for(&format!("the processes in {} to end", self.path), Duration::from_secs(20), || {
            let pids = self.processes();
            pids.iter().for_each(|pid| send(*pid, Signal::KILL));
            Ok(pids.is_empty().then_some(()))
        })
    }

    /// The folders of the group that exist.
    pub fn existing_folders(&self) -> Vec<PathBuf> {
        self.folders().filter(|folder| folder.exists()).collect()
    }

    /// Removes the group and those below it. A group can stay busy for a moment after its last process.
    pub fn remove(&self) -> Result<()> {
        wait_for(
            &format!("the control group {} to become removable", self.path),
            Duration::from_secs(10),
            || {
                for folder in self.folders().flat_map(|folder| tree(&folder)) {
                    let _busy = fs::remove_dir(folder);
                }
                Ok(self.existing_folders().is_empty().then_some(()))
            },
        )
    }
}

/// The folder and all folders below it, the deepest first.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    if let Ok(entries) = fs::read_dir(folder) {
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            all.extend(tree(&entry.path()));
        }
        all.push(folder.to_owned());
    }
    all
}

/// In version 2 a group has only the controllers that the group above it hands down.
fn enable_controllers(parent: &Path) {
    let Ok(available) = fs::read_to_string(parent.join("cgroup.controllers")) else { return };
    for controller in available.split_whitespace() {
        // One that cannot be handed down (realtime processes, for example) is one that the kubelet does without.
        let _refused = fs::write(parent.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

fn is_version_1(root: &Path) -> bool {
    !root.join("cgroup.controllers").exists()
}

fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mut found: Vec<PathBuf> = mounts.lines().filter_map(hierarchy).collect();
    found.sort();
    found.dedup();
    found
}

/// The mount point, when a line of mountinfo is about a hierarchy of control groups.
fn hierarchy(line: &str) -> Option<PathBuf> {
    let (before, after) = line.split_once(" - ")?;
    let kind = after.split(' ').next()?;
    let point = before.split(' ').nth(4)?;
    matches!(kind, "cgroup" | "cgroup2").then(|| PathBuf::from(point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_are_read_from_mountinfo() {
        let one = "35 34 0:30 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu";
        let two = "36 34 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";
        let other = "37 34 0:32 / /tmp rw - tmpfs tmpfs rw";
        assert_eq!(hierarchy(one), Some(PathBuf::from("/sys/fs/cgroup/cpu")));
        assert_eq!(hierarchy(two), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(hierarchy(other), None);
    }

    #[test]
    fn a_child_is_below_its_parent() {
        assert_eq!(Cgroup::new("/one").child("two").path(), "/one/two");
    }
}
