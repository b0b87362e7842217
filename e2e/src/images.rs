//! Container images without a container engine: a few files in one layer, written as an OCI archive.
//!
//! The archive is a tar file with the layout of the OCI image specification, and beside it the one file that
//! `docker load` of older engines reads. `ctr images import`, `kind load image-archive`, `minikube image load`,
//! `podman load` and `docker load` take it. The same input always gives the same bytes: there is no
//! time, owner or order in the archive that comes from this machine.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::hash::sha256;
use crate::tar::TarWriter;

/// What goes into an image.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// All names under which a runtime will know it, like `localhost/sample:1`.
    pub names: Vec<String>,
    /// The files of its only layer.
    pub files: Vec<ImageFile>,
    /// The program that a container starts, and its first arguments.
    pub entrypoint: Vec<String>,
    /// `user` or `user:group`, by number; empty for root.
    pub user: String,
    /// `NAME=value` pairs.
    pub environment: Vec<String>,
    /// The signal that asks a container to end, by its name; empty for SIGTERM.
    pub stop_signal: String,
    /// Labels, like `org.opencontainers.image.version`.
    pub labels: Vec<(String, String)>,
}

/// A file in an image.
#[derive(Debug, Clone)]
pub struct ImageFile {
    /// Where it is in the image: absolute, without a slash at its end, at most 100 letters.
    pub path: String,
    /// What it holds.
    pub content: ImageFileContent,
    /// Its permissions, like 0o755. It belongs to root.
    pub mode: u32,
}

/// Where the content of a file in an image comes from.
#[derive(Debug, Clone)]
pub enum ImageFileContent {
    /// A file of this machine.
    CopyOf(PathBuf),
    /// These bytes.
    Bytes(Vec<u8>),
    /// None: the file is a symbolic link to that one.
    LinkTo(String),
}

impl ImageFile {
    /// A program, copied from this machine. It must be linked statically unless its libraries are added too.
    pub fn program(path: &str, source: impl Into<PathBuf>) -> Self {
        ImageFile { path: path.to_owned(), content: ImageFileContent::CopyOf(source.into()), mode: 0o755 }
    }

    /// A symbolic link.
    pub fn link(path: &str, target: &str) -> Self {
        ImageFile { path: path.to_owned(), content: ImageFileContent::LinkTo(target.to_owned()), mode: 0o777 }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenArchive {
    /// The digest of the image's manifest, by which a registry would know it.
    pub digest: String,
    /// The size of the layer: what a node has to hold.
    pub layer_bytes: u64,
}

/// Something in the archive that is known by its digest.
struct Blob {
    bytes: Vec<u8>,
    digest: String,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = format!("sha256:{}", sha256(&[&bytes]));
        Blob { bytes, digest }
    }

    fn of_json(value: &Value) -> Result<Self> {
        Ok(Blob::new(serde_json::to_vec(value)?))
    }

    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replace(':', "/"))
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// Writes the image as an OCI archive. The file appears under its name only when it is complete.
pub fn write_oci_archive(destination: &Path, image: &Image) -> Result<WrittenArchive> {
    let layer = Blob::new(layer(&image.files)?);
    let configuration = Blob::of_json(&configuration(image, &layer))?;
    let manifest = Blob::of_json(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": configuration.descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": [layer.descriptor("application/vnd.oci.image.layer.v1.tar")],
    }))?;
    let docker = json!([{
        "Config": configuration.path(),
        "RepoTags": image.names,
        "Layers": [layer.path()],
    }]);

    let unfinished = destination.with_extension("unfinished");
    let file = File::create(&unfinished).with_context(|| format!("cannot write {}", unfinished.display()))?;
    let mut archive = TarWriter::new(BufWriter::new(file));
    archive.file("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    archive.file("index.json", 0o644, &serde_json::to_vec(&index(image, &manifest))?)?;
    archive.file("manifest.json", 0o644, &serde_json::to_vec(&docker)?)?;
    for blob in [&manifest, &configuration, &layer] {
        archive.file(&blob.path(), 0o644, &blob.bytes)?;
    }
    archive.finish()?.flush().context("cannot write the archive")?;
    fs::rename(&unfinished, destination)
        .with_context(|| format!("cannot write {}", destination.display()))?;
    Ok(WrittenArchive { digest: manifest.digest, layer_bytes: layer.bytes.len() as u64 })
}

fn layer(files: &[ImageFile]) -> Result<Vec<u8>> {
    let mut files: Vec<(&str, &ImageFile)> = files
        .iter()
        .map(|file| {
            Ok((file.path.strip_prefix('/').context("a path in an image starts with a slash")?, file))
        })
        .collect::<Result<_>>()?;
    files.sort_by_key(|(path, _)| *path);
    let mut tar = TarWriter::new(Vec::new());
    let mut folders = BTreeSet::new();
    for (path, file) in files {
        for (position, _) in path.match_indices('/') {
            let folder = path.get(..position).unwrap_or_default();
            if folders.insert(folder) {
                tar.folder(folder, 0o755)?;
            }
        }
        match &file.content {
            ImageFileContent::Bytes(bytes) => tar.file(path, file.mode, bytes)?,
            ImageFileContent::CopyOf(source) => {
                let bytes = fs::read(source).with_context(|| format!("cannot read {}", source.display()))?;
                tar.file(path, file.mode, &bytes)?;
            }
            ImageFileContent::LinkTo(target) => tar.link(path, target)?,
        }
    }
    tar.finish()
}

fn configuration(image: &Image, layer: &Blob) -> Value {
    let labels: serde_json::Map<String, Value> =
        image.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": image.entrypoint,
            "User": image.user,
            "Env": image.environment,
            "Labels": labels,
            "StopSignal": image.stop_signal,
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
        "history": [{"created_by": "mainstay"}],
    })
}

fn index(image: &Image, manifest: &Blob) -> Value {
    let mut descriptors = Vec::new();
    for name in &image.names {
        let mut entry = manifest.descriptor("application/vnd.oci.image.manifest.v1+json");
        if let Some(fields) = entry.as_object_mut() {
            let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
            fields.insert("platform".into(), json!({"architecture": architecture(), "os": "linux"}));
            fields.insert(
                "annotations".into(),
                json!({"io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag}),
            );
        }
        descriptors.push(entry);
    }
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": descriptors,
    })
}

/// The architecture of this machine, by the name that images use.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let file = |path: &str, text: &str| ImageFile {
            path: path.to_owned(),
            content: ImageFileContent::Bytes(text.as_bytes().to_vec()),
            mode: 0o644,
        };
        Image {
            names: vec!["localhost/one:1".to_owned(), "localhost/one:2".to_owned()],
            files: vec![file("/usr/bin/one", "1"), file("/etc/hosts", "127.0.0.1 localhost\n")],
            entrypoint: vec!["/usr/bin/one".to_owned()],
            user: "65532:65532".to_owned(),
            ..Image::default()
        }
    }

    fn archive(name: &str, image: &Image) -> (WrittenArchive, Vec<u8>) {
        let path = std::env::temp_dir().join(format!("mainstay-image-{name}-{}.tar", std::process::id()));
        let written = write_oci_archive(&path, image).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        (written, bytes)
    }

    #[test]
    fn the_same_image_gives_the_same_bytes() {
        let mut turned = image();
        turned.files.reverse();
        assert_eq!(archive("a", &image()), archive("b", &turned));
    }

    #[test]
    fn other_content_gives_another_digest() {
        let mut other = image();
        other.user = String::new();
        assert_ne!(archive("c", &image()).0.digest, archive("d", &other).0.digest);
    }

    #[test]
    fn every_name_is_in_the_index() {
        let text = String::from_utf8_lossy(&archive("e", &image()).1).into_owned();
        assert!(text.contains(r#""io.containerd.image.name":"localhost/one:1""#));
        assert!(text.contains(r#""io.containerd.image.name":"localhost/one:2""#));
    }
}
