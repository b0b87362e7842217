//! The process that holds a node's namespaces.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::Node;
use crate::folders;
use crate::process::Surroundings;
use crate::wait::wait_for;

/// The folders that each node has for itself, empty at first.
const OWN_FOLDERS: &[&str] = &["/run", "/var/lib", "/var/log"];

/// Mounts empty file systems over the node's own folders. What the fixture itself keeps below one of them (the arguments)
/// is set aside before and put back after. The sleep at the end is what holds the namespaces.
const SCRIPT: &str = r#"
set -e
ready=$1
own=$2
shift 2
mount -t tmpfs -o mode=755 tmpfs /mnt
number=0
for kept in "$@"; do
    number=$((number + 1))
    mkdir /mnt/$number
    mount --bind "$kept" /mnt/$number
done
for folder in $own; do
    mount -t tmpfs -o mode=755 tmpfs "$folder"
done
number=0
for kept in "$@"; do
    number=$((number + 1))
    mkdir -p "$kept"
    mount --move /mnt/$number "$kept"
done
umount /mnt
touch "$ready"
exec sleep infinity
"#;

/// Creates the namespaces and waits until they are furnished.
pub fn start(node: &Node<'_>) -> Result<()> {
    let ready = node.folder().join("namespaces.ready");
    let mut words =
        ["unshare", "--mount", "--net", "--propagation", "private", "--", "sh", "-c", SCRIPT, "sh"]
            .map(String::from)
            .to_vec();
    words.push(ready.display().to_string());
    words.push(OWN_FOLDERS.join(" "));
    words.extend(kept_folders()?.iter().map(|folder| folder.display().to_string()));
    let daemon = node.daemon("namespaces");
    let surroundings = Surroundings { cgroup: Some(node.services_cgroup()), namespaces_of: None };
    daemon.start(&surroundings, &words)?;
    wait_for("the node's namespaces", Duration::from_secs(20), || {
        daemon.check()?;
        Ok(ready.exists().then_some(()))
    })
}

/// The folders of the fixture, where they are below one of the node's own.
fn kept_folders() -> Result<Vec<PathBuf>> {
    let hidden = |folder: &PathBuf| OWN_FOLDERS.iter().any(|own| folder.starts_with(own));
    Ok([folders::cache()?, folders::clusters()?].into_iter().filter(hidden).collect())
}
