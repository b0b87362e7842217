//! The image of the manager: one static program, and nothing else.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::images::{Image, ImageFile, write_oci_archive};

/// The name of the image, as the chart asks for it.
pub const NAME: &str = concat!("localhost/mainstay:", env!("CARGO_PKG_VERSION"));

/// No image may be larger than 15 MB.
const LARGEST: u64 = 15_000_000;

/// An image that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerImage {
    /// The OCI archive.
    pub archive: PathBuf,
    /// The program in it, as a file of this machine.
    pub program: PathBuf,
    /// The digest of its manifest.
    pub digest: String,
    /// The size of the archive.
    pub bytes: u64,
}

/// Builds the program and writes the archive, `target/image/mainstay.tar`.
pub fn build() -> Result<ManagerImage> {
    let folder = repository()?.join("target/image");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Tests ask for the image side by side; the first one builds it, the others find it built.
    let lock = File::create(folder.join("lock")).context("cannot write beside the image")?;
    lock.lock().context("cannot wait for another build of the image")?;
    let program = build_program(&folder.join("build"))?;
    let archive = folder.join("mainstay.tar");
    let label = |name: &str, value: &str| (format!("org.opencontainers.image.{name}"), value.to_owned());
    let image = Image {
        names: vec![NAME.to_owned()],
        files: vec![ImageFile::program("/mainstay", &program)],
        entrypoint: vec!["/mainstay".to_owned()],
        // The number that stands for nobody in images without users; the chart asks for the same.
        user: "65532:65532".to_owned(),
        labels: vec![
            label("title", "mainstay"),
            label("version", env!("CARGO_PKG_VERSION")),
            label("licenses", env!("CARGO_PKG_LICENSE")),
        ],
        ..Image::default()
    };
    let written = write_oci_archive(&archive, &image)?;
    let bytes = archive.metadata().with_context(|| format!("cannot read {}", archive.display()))?.len();
    if bytes > LARGEST {
        bail!("{} has {bytes} bytes, more than the {LARGEST} that are allowed", archive.display());
    }
    Ok(ManagerImage { archive, program, digest: written.digest, bytes })
}

/// Builds a program of `e2e/examples` as the manager is built, and gives its file. With the manager's flags and folder, most
/// of it is built already.
pub fn build_example(name: &str) -> Result<PathBuf> {
    let folder = repository()?.join("target/image/build");
    let built = build_static(&folder, &["--package", "mainstay-e2e", "--example", name])?;
    Ok(built.join("examples").join(name))
}

fn build_program(folder: &Path) -> Result<PathBuf> {
    // Without the plugin of kubectl, which nobody runs in there.
    Ok(build_static(folder, &["--package", "mainstay", "--no-default-features"])?.join("mainstay"))
}

/// Builds something without any shared library, and gives the folder of what is built. In a folder of its own, because other
/// flags for the compiler would make every other build start anew.
fn build_static(folder: &Path, what: &[&str]) -> Result<PathBuf> {
    let root = repository()?;
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // The places of this machine stay out of the program, which is then the same wherever it is built.
    let renamed = |path: &Path, name: &str| format!("--remap-path-prefix={}={name}", path.display());
    let flags = [
        "-Ctarget-feature=+crt-static".to_owned(),
        renamed(&cargo_home()?, "/cargo"),
        renamed(&root, "/mainstay"),
    ];
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo says about the package that it runs; some build scripts would take it for a change and start anew.
    for (name, _value) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    let status = command
        .current_dir(&root)
        .args(["build", "--release", "--locked", "--target", &target, "--target-dir"])
        .arg(folder)
        .args(what)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo build {}: {status}", what.join(" "));
    }
    Ok(folder.join(target).join("release"))
}

fn cargo_home() -> Result<PathBuf> {
    match std::env::var_os("CARGO_HOME") {
        Some(path) => Ok(PathBuf::from(path)),
        None => Ok(std::env::home_dir().context("no home folder: set HOME")?.join(".cargo")),
    }
}

/// The folder of the workspace.
pub fn repository() -> Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .context("this crate is in no workspace")
}
