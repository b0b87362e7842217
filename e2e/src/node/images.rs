//! The images that every node has. Nothing can be pulled there.
//!
//! The chart's samples name images of public registries. Those of busybox hold the machine's own busybox; the others hold small programs
//! that behave as what they stand for does, as far as the samples go: `e2e/programs/containers` has them.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::images::{Image, ImageFile, write_oci_archive};
use crate::programs::Programs;
use crate::shell::{find_program, run};

/// The image of every pod's first container.
pub const PAUSE_IMAGE: &str = "localhost/pause:1";

/// The image for the pods of tests.
pub const SAMPLE_IMAGE: &str = "localhost/sample:1";
/// The same under another tag, for what is to be updated.
pub const NEXT_SAMPLE_IMAGE: &str = "localhost/sample:2";

/// What manifests for any cluster name, the chart's samples among them; here it is [`PAUSE_IMAGE`] under another name.
const PUBLIC_PAUSE_IMAGE: &str = "registry.k8s.io/pause:3.10";

/// Where images look for programs.
const SEARCH_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The label that says which version of a program an image has. It makes images of two versions differ.
const VERSION_LABEL: &str = "org.opencontainers.image.version";

/// Writes them, and gives their files.
pub fn write_images(cluster: &Cluster) -> Result<Vec<PathBuf>> {
    let mut images = vec![
        named(one_program("pause", "/pause")?, &[PAUSE_IMAGE, PUBLIC_PAUSE_IMAGE]),
        named(one_program("sample", "/sample")?, &[SAMPLE_IMAGE, NEXT_SAMPLE_IMAGE]),
    ];
    images.extend(versions(
        &one_program("http-echo", "/http-echo")?,
        "docker.io/hashicorp/http-echo",
        &["1.0.0"],
    ));
    images.extend(versions(
        &nginx()?,
        "docker.io/nginxinc/nginx-unprivileged",
        &["1.28-alpine", "1.29-alpine"],
    ));
    let exporter = one_program("nginx-prometheus-exporter", "/usr/bin/nginx-prometheus-exporter")?;
    images.extend(versions(&exporter, "docker.io/nginx/nginx-prometheus-exporter", &["1.4.1", "1.4.2"]));
    images.extend(versions(&busybox()?, "docker.io/library/busybox", &["1.36", "1.37"]));
    let write = |(number, image): (usize, &Image)| {
        let archive = cluster.folder().join(format!("image-{number}.tar"));
        write_oci_archive(&archive, image).map(|_written| archive)
    };
    images.iter().enumerate().map(write).collect()
}

fn named(image: Image, names: &[&str]) -> Image {
    Image { names: names.iter().map(ToString::to_string).collect(), ..image }
}

/// An image for each version of a repository: the same program, and yet another image.
fn versions(image: &Image, repository: &str, tags: &[&str]) -> Vec<Image> {
    let version = |tag: &&str| Image {
        names: vec![format!("{repository}:{tag}")],
        labels: vec![(VERSION_LABEL.to_owned(), tag.to_string())],
        ..image.clone()
    };
    tags.iter().map(version).collect()
}

/// An image with nothing but a program of `e2e/programs/containers`.
fn one_program(name: &str, path: &str) -> Result<Image> {
    Ok(Image {
        files: vec![ImageFile::program(path, Programs::Containers.program(name)?)],
        entrypoint: vec![path.to_owned()],
        user: "65532:65532".to_owned(),
        ..Image::default()
    })
}

/// As the image that it stands for, it asks for nginx in the foreground, and to be stopped by the signal that lets running requests end.
fn nginx() -> Result<Image> {
    Ok(Image {
        entrypoint: ["/usr/sbin/nginx", "-g", "daemon off;"].map(str::to_owned).into(),
        user: "101:101".to_owned(),
        stop_signal: "SIGQUIT".to_owned(),
        ..one_program("nginx", "/usr/sbin/nginx")?
    })
}

/// One program, and a link to it for each of its names.
fn busybox() -> Result<Image> {
    let program = find_program("busybox").context("busybox is missing")?;
    let names = run(&program, ["--list"])?;
    let links = names.lines().filter(|name| *name != "busybox");
    let links = links.map(|name| ImageFile::link(&format!("/bin/{name}"), "/bin/busybox"));
    Ok(Image {
        files: std::iter::once(ImageFile::program("/bin/busybox", &program)).chain(links).collect(),
        environment: vec![SEARCH_PATH.to_owned()],
        ..Image::default()
    })
}
