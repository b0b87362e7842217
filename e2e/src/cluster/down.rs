//! Taking a cluster down, and finding what is left of one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Cluster;
use crate::node::{has_firewall_rule, remove_links};
use crate::process::daemons_in;
use crate::{folders, interrupt, shell};

/// Ends and removes all there is. Called again, it removes what an interrupted call has left.
pub fn down(cluster: &Cluster) -> Result<()> {
    interrupt::hold_back(|| {
        // Those of nodes too, though they are in the control group: one that was started a moment ago may not be yet.
        let nodes = cluster.nodes().into_iter().map(|node| node.folder());
        for daemon in nodes.chain([cluster.folder().to_owned()]).flat_map(|folder| daemons_in(&folder)) {
            daemon.kill()?;
        }
        if cluster.options.nodes.real() > 0 {
            cluster.cgroup().kill_all()?;
            remove_links(cluster);
            unmount_below(cluster.folder())?;
            cluster.cgroup().remove()?;
        }
        if cluster.folder().exists() {
            fs::remove_dir_all(cluster.folder())
                .with_context(|| format!("cannot remove {}", cluster.folder().display()))?;
        }
        let left = leftovers(cluster);
        if !left.is_empty() {
            bail!("still there after cluster {} was taken down:\n{}", cluster.name(), left.join("\n"));
        }
        Ok(())
    })
}

/// All traces of the cluster on this machine.
///
/// Namespaces are not looked for by themselves: they have no names, so one exists as long as a process is in it.
pub fn leftovers(cluster: &Cluster) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(processes(cluster));
    found.extend(mounts_below(cluster.folder()).iter().map(|mount| format!("mount {}", mount.display())));
    found.extend(interfaces(cluster).iter().map(|name| format!("interface {name}")));
    found.extend(
        cluster.cgroup().existing_folders().iter().map(|folder| format!("cgroup {}", folder.display())),
    );
    if cluster.options.nodes.real() > 0 && has_firewall_rule(cluster) {
        found.push(format!("firewall rule for {}", cluster.addresses().bridge_name()));
    }
    if cluster.folder().exists() {
        found.push(format!("folder {}", cluster.folder().display()));
    }
    found
}

/// Processes that are in the cluster's control group, or that are programs of ours with its folder among their arguments.
fn processes(cluster: &Cluster) -> Vec<String> {
    let folder = format!("{}/", cluster.folder().display());
    let group = format!(":{}/", cluster.cgroup().path());
    let programs = folders::cache().unwrap_or_default();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut found = Vec::new();
    for pid in entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok()) {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let words = read("cmdline").replace('\0', " ");
        // A person who reads a log has the folder among the arguments too, but no program of ours.
        let program_of_ours = Path::new(&words).starts_with(&programs) && words.contains(&folder);
        // A zombie has no words and no memory; it is for its parent to take notice of.
        if !words.is_empty() && (program_of_ours || read("cgroup").contains(&group)) {
            found.push(format!("process {pid}: {}", words.chars().take(120).collect::<String>()));
        }
    }
    found
}

fn interfaces(cluster: &Cluster) -> Vec<String> {
    let bridge = cluster.addresses().bridge_name();
    let cables = format!("{bridge}n");
    let Ok(entries) = fs::read_dir("/sys/class/net") else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| *name == bridge || name.starts_with(&cables)).collect()
}

/// The mount points below a folder, the last one mounted first.
fn mounts_below(folder: &Path) -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from);
    let mut points: Vec<PathBuf> = points.filter(|point| point.starts_with(folder)).collect();
    points.reverse();
    points
}

/// The nodes mount in namespaces of their own; what a person has mounted here must not be deleted with the folder.
fn unmount_below(folder: &Path) -> Result<()> {
    for point in mounts_below(folder) {
        shell::run("umount", ["--lazy", &point.display().to_string()])?;
    }
    Ok(())
}
