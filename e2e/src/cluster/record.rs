//! What is remembered of a cluster in its folder, and the locks around that.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{Cluster, ClusterOptions};
use crate::addresses::{Addresses, INDEXES};
use crate::folders;

/// The file in the cluster's folder.
const FILE: &str = "cluster.json";

/// The longest folder of a cluster below which the sockets' names still fit into what the kernel allows (107 letters).
const LONGEST_FOLDER: usize = 80;

#[derive(Serialize, Deserialize)]
struct Record {
    index: u8,
    options: ClusterOptions,
}

/// The names of all clusters of this user, running or not.
pub fn names() -> Result<Vec<String>> {
    let folder = folders::clusters()?;
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let names = entries.flatten().filter(|entry| entry.path().join(FILE).is_file());
    let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Reads a cluster from its folder; none when there is no such cluster.
pub fn open(name: &str) -> Result<Option<Cluster>> {
    check_name(name)?;
    let folder = folders::clusters()?.join(name);
    let Ok(text) = fs::read_to_string(folder.join(FILE)) else { return Ok(None) };
    let record: Record = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what this version writes", folder.join(FILE).display()))?;
    Ok(Some(Cluster { options: record.options, index: record.index, folder }))
}

/// Makes the folder of a new cluster, with ports and subnets that nobody has.
pub fn create(options: &ClusterOptions) -> Result<Cluster> {
    check_name(&options.name)?;
    let folder = folders::clusters()?.join(&options.name);
    if folder.as_os_str().len() > LONGEST_FOLDER {
        bail!("{} is too long a path for sockets; set XDG_STATE_HOME to a shorter one", folder.display());
    }
    let _lock = lock("indexes")?;
    let index = free_index()?;
    let record = Record { index, options: options.clone() };
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(folder.join(FILE), serde_json::to_string_pretty(&record)?)
        .with_context(|| format!("cannot write {}", folder.join(FILE).display()))?;
    Ok(Cluster { options: record.options, index, folder })
}

/// Waits until nobody else is at work on this cluster. The lock ends with the value, or with the process.
pub fn lock(name: &str) -> Result<File> {
    let folder = locks()?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(name);
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// Beside the clusters' folders and not in them: a lock that is deleted with its folder protects nothing.
fn locks() -> Result<PathBuf> {
    let clusters = folders::clusters()?;
    Ok(clusters.parent().unwrap_or(Path::new("/")).join("locks"))
}

fn free_index() -> Result<u8> {
    let taken: Vec<u8> =
        names()?.iter().filter_map(|name| open(name).ok().flatten()).map(|cluster| cluster.index).collect();
    (0..INDEXES)
        .filter(|index| !taken.contains(index))
        .find(|index| Addresses::of(*index).are_free())
        .context("no ports or subnets are left for another cluster")
}

fn check_name(name: &str) -> Result<()> {
    let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let good = (1..=20).contains(&name.len()) && name.chars().all(letters) && !name.starts_with('-');
    if !good {
        bail!("`{name}` is no name for a cluster: use at most 20 small letters, digits and hyphens");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_and_plain() {
        for name in ["a", "mainstay", "node-test-2"] {
            check_name(name).unwrap();
        }
        for name in ["", "-a", "A", "a/b", "..", "a_b", "a-name-that-is-too-long"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
