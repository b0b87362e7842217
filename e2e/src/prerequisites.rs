//! What the machine must have before a cluster can start, checked before anything is done.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{find_program, run_command};

/// Where distributions put the programs of the Container Network Interface.
const CNI_FOLDERS: &[&str] = &["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/// A program that real nodes need, and the Debian package that has it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

const FOR_REAL_NODES: &[Needed] = &[
    Needed { program: "containerd", package: "containerd" },
    Needed { program: "ctr", package: "containerd" },
    Needed { program: "runc", package: "runc" },
    Needed { program: "iptables", package: "iptables" },
    Needed { program: "nft", package: "nftables" },
    Needed { program: "ip", package: "iproute2" },
    Needed { program: "conntrack", package: "conntrack" },
    Needed { program: "ethtool", package: "ethtool" },
    Needed { program: "socat", package: "socat" },
    Needed { program: "nsenter", package: "util-linux" },
    Needed { program: "unshare", package: "util-linux" },
    Needed { program: "mount", package: "mount" },
    Needed { program: "sysctl", package: "procps" },
];

/// Images have nothing but its file, so it must do without libraries: busybox of the package of that name does not.
const BUSYBOX: Needed = Needed { program: "busybox", package: "busybox-static" };

/// The plugins that a node's network is configured with.
const CNI_PLUGINS: &[&str] = &["bridge", "host-local", "loopback", "portmap"];

/// Whether this process may do what real nodes need.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Checks what any cluster needs.
pub fn check_for_control_plane() -> Result<()> {
    if cfg!(not(target_os = "linux")) {
        bail!("a cluster can be started on Linux only; `--context` of other commands uses one that exists");
    }
    if find_program("go").is_none() {
        bail!(
            "Go is missing: the cluster's programs are built with it. Install Go 1.26 or newer from https://go.dev/dl/"
        );
    }
    Ok(())
}

/// Checks what a cluster with real nodes needs, control plane and all.
pub fn check_for_real_cluster() -> Result<()> {
    check_for_control_plane().and_then(|()| check_for_real_nodes())
}

/// Checks what real nodes need; on Debian as root, installs what is missing.
pub fn check_for_real_nodes() -> Result<()> {
    if !is_root() {
        bail!("real nodes need root: run the command as root, or use `--fake-nodes N`");
    }
    let packages = missing_packages();
    if packages.is_empty() {
        return check_kernel();
    }
    let install = format!("apt-get install --yes --no-install-recommends {}", packages.join(" "));
    if !is_debian() {
        bail!("missing: {}. On Debian: apt-get update && {install}", packages.join(", "));
    }
    eprintln!("installing {}", packages.join(", "));
    let mut update = Command::new("apt-get");
    run_command(update.args(["update", "--quiet"]).env("DEBIAN_FRONTEND", "noninteractive"), None)?;
    let mut command = Command::new("apt-get");
    command.args(install.split(' ').skip(1)).env("DEBIAN_FRONTEND", "noninteractive");
    run_command(&mut command, None)?;
    let missing = missing_packages();
    if !missing.is_empty() {
        bail!("still missing after `{install}`: {}", missing.join(", "));
    }
    check_kernel()
}

/// The folder with the programs of the Container Network Interface.
pub fn cni_folder() -> Option<&'static str> {
    let complete = |folder: &&&str| CNI_PLUGINS.iter().all(|plugin| Path::new(folder).join(plugin).is_file());
    CNI_FOLDERS.iter().find(complete).copied()
}

fn missing_packages() -> Vec<&'static str> {
    let missing = FOR_REAL_NODES.iter().filter(|needed| find_program(needed.program).is_none());
    let mut packages: Vec<&str> = missing.map(|needed| needed.package).collect();
    if cni_folder().is_none() {
        packages.push("containernetworking-plugins");
    }
    if !find_program(BUSYBOX.program).is_some_and(|program| needs_no_libraries(&program)) {
        packages.push(BUSYBOX.package);
    }
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Whether a program names no interpreter, which is what loads libraries. Others than those of 64 bits and little endian, of which nodes are,
/// are taken for such that do.
fn needs_no_libraries(program: &Path) -> bool {
    const INTERPRETER: [u8; 4] = 3_u32.to_le_bytes();
    let Ok(bytes) = fs::read(program) else { return false };
    let number = |at: usize| -> Option<usize> {
        let bytes = bytes.get(at..at.checked_add(2)?)?;
        Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
    };
    // The table of segments: where it begins (the first two bytes are enough, as it follows the header), how long an entry is, how many there are.
    let (Some(start), Some(length), Some(count)) = (number(32), number(54), number(56)) else { return false };
    let is_known = bytes.starts_with(b"\x7fELF\x02\x01");
    let mut segments = (0..count).map(|index| start.saturating_add(index.saturating_mul(length)));
    is_known && !segments.any(|at| bytes.get(at..at.saturating_add(4)) == Some(&INTERPRETER[..]))
}

fn check_kernel() -> Result<()> {
    let filesystems = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if !filesystems.lines().any(|line| line.ends_with("\toverlay")) {
        // Loading it is harmless, and containerd would do nothing else.
        let _not_a_module = run_command(Command::new("modprobe").arg("overlay"), None);
    }
    Ok(())
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian" || line.starts_with("ID_LIKE=") && line.contains("debian"))
        && find_program("apt-get").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_load_libraries_are_told_from_others() {
        // Tests of Rust are linked to the system's libraries.
        assert!(!needs_no_libraries(&std::env::current_exe().unwrap()));
        assert!(!needs_no_libraries(Path::new("/does/not/exist")));
        assert!(!needs_no_libraries(Path::new("/etc/passwd")));
        let without_segments = std::env::temp_dir().join(format!("mainstay-elf-{}", std::process::id()));
        let mut header = b"\x7fELF\x02\x01".to_vec();
        header.resize(64, 0);
        fs::write(&without_segments, header).unwrap();
        let is_static = needs_no_libraries(&without_segments);
        fs::remove_file(without_segments).unwrap();
        assert!(is_static);
    }
}
