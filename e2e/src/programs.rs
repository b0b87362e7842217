//! The programs that a cluster is made of: what they are, and where they are once they are built.
//!
//! No download page that a build machine can be expected to reach has all of them, so they are built from Go
//! modules: small ones of our own in `e2e/programs`, and those of others by `go install`. What is built is kept in the
//! cache folder under a hash of its sources, so a change of a version builds anew and an old checkout still finds its own.

mod build;
mod progress;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::folders;
use crate::hash::sha256;

/// The version of the control plane and of kubectl.
pub const KUBERNETES_VERSION: &str = "v1.36.3";

/// Programs that are built together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programs {
    /// kube-apiserver, kube-controller-manager, kube-proxy, kube-scheduler, kubectl and kubelet.
    Kubernetes,
    /// etcd.
    Etcd,
    /// The static programs for images: pause and sample.
    Containers,
    /// kwok, which plays the kubelets of fake nodes.
    Kwok,
    /// helm.
    Helm,
    /// coredns, with the plugin that resolves the names of services.
    CoreDns,
    /// What tells the fields of a pod spec.
    PodFields,
}

/// How programs are built.
enum Source {
    /// A module of our own, by its folder in `e2e/programs`.
    Module { folder: PathBuf, link_flags: String },
    /// Another's module, by package and version.
    Install { package: &'static str, version: &'static str },
}

impl Programs {
    /// Where `name`, one of these programs, is once they are built.
    pub fn program(self, name: &str) -> Result<PathBuf> {
        Ok(self.folder()?.join(name))
    }

    /// The folder of these programs. It exists when they are built, and is complete then.
    pub fn folder(self) -> Result<PathBuf> {
        Ok(folders::cache()?.join("programs").join(format!("{}-{}", self.name(), self.key()?)))
    }

    /// A hash of all that decides what the programs are.
    pub fn key(self) -> Result<String> {
        let mut text = vec![format!("{} {:?}", std::env::consts::ARCH, self.links())];
        match self.source() {
            Source::Install { package, version } => text.push(format!("{package}@{version}")),
            Source::Module { folder, link_flags } => {
                text.push(link_flags);
                text.extend(named_contents(&folder, &files_below(&folder)?)?);
            }
        }
        if self == Programs::Kwok {
            text.extend(named_contents(&stages_folder(), &stages()?)?);
        }
        let hash = sha256(&[text.join("\0").as_bytes()]);
        Ok(hash.get(..12).unwrap_or_default().to_owned())
    }

    fn name(self) -> &'static str {
        match self {
            Programs::Kubernetes => "kubernetes",
            Programs::Etcd => "etcd",
            Programs::Containers => "containers",
            Programs::Kwok => "kwok",
            Programs::Helm => "helm",
            Programs::CoreDns => "coredns",
            Programs::PodFields => "pod-fields",
        }
    }

    /// What the person who waits for them is told.
    fn title(self) -> &'static str {
        match self {
            Programs::Kubernetes => "Kubernetes' programs",
            Programs::Etcd => "etcd",
            Programs::Containers => "the sample containers",
            Programs::Kwok => "kwok",
            Programs::Helm => "helm",
            Programs::CoreDns => "CoreDNS",
            Programs::PodFields => "the list of a pod's fields",
        }
    }

    /// How long a build took on two processors with nothing in Go's caches.
    fn expected(self) -> Duration {
        Duration::from_secs(match self {
            Programs::Kubernetes => 500,
            Programs::Etcd => 60,
            Programs::Containers => 30,
            Programs::Kwok => 120,
            Programs::Helm => 210,
            Programs::CoreDns => 90,
            Programs::PodFields => 60,
        })
    }

    /// Other names under which the first program of a build is started.
    fn links(self) -> &'static [&'static str] {
        match self {
            Programs::Kubernetes => &[
                "kube-apiserver",
                "kube-controller-manager",
                "kube-proxy",
                "kube-scheduler",
                "kubectl",
                "kubelet",
            ],
            _ => &[],
        }
    }

    fn source(self) -> Source {
        let module = |link_flags: String| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(self.name());
            Source::Module { folder, link_flags }
        };
        match self {
            Programs::Kubernetes => module(kubernetes_link_flags()),
            Programs::Etcd | Programs::Containers | Programs::CoreDns | Programs::PodFields => {
                module("-s -w".to_owned())
            }
            Programs::Kwok => Source::Install { package: "sigs.k8s.io/kwok/cmd/kwok", version: "v0.8.0" },
            Programs::Helm => Source::Install { package: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1" },
        }
    }
}

/// Builds what is not built yet, with a progress bar on standard error.
pub fn ensure(wanted: &[Programs]) -> Result<()> {
    for programs in wanted {
        if !programs.folder()?.exists() {
            build::build(*programs)?;
        }
    }
    Ok(())
}

/// Without its version in the binary, kubectl could not read the server's.
fn kubernetes_link_flags() -> String {
    let mut numbers = KUBERNETES_VERSION.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let package = "k8s.io/component-base/version";
    format!(
        "-s -w -X {package}.gitVersion={KUBERNETES_VERSION} -X {package}.gitMajor={major} \
         -X {package}.gitMinor={minor} -X {package}.gitTreeState=clean"
    )
}

/// What becomes of pods on fake nodes, as far as kwok does not bring it along.
fn stages() -> Result<Vec<PathBuf>> {
    files_below(&stages_folder())
}

fn stages_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs/kwok")
}

/// Files of a folder: the place of each in it, and what is in it.
fn named_contents(folder: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut text = Vec::new();
    for file in files {
        let content = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        text.extend([file.strip_prefix(folder)?.display().to_string(), content]);
    }
    Ok(text)
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_in_the_flags() {
        let flags = kubernetes_link_flags();
        assert!(flags.contains("gitMajor=1 ") && flags.contains("gitMinor=36 "), "{flags}");
    }

    #[test]
    fn keys_differ_and_stay_the_same() {
        let all = [
            Programs::Kubernetes,
            Programs::Etcd,
            Programs::Containers,
            Programs::Kwok,
            Programs::Helm,
            Programs::CoreDns,
            Programs::PodFields,
        ];
        let keys: std::collections::BTreeSet<String> = all.iter().map(|p| p.key().unwrap()).collect();
        assert_eq!(keys.len(), all.len());
        assert_eq!(Programs::Etcd.key().unwrap(), Programs::Etcd.key().unwrap());
    }

    #[test]
    fn the_version_is_the_one_that_the_module_asks_for() {
        let module = |name| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(name).join("go.mod");
            fs::read_to_string(path).unwrap()
        };
        assert!(module("kubernetes").contains(&format!("k8s.io/kubernetes {KUBERNETES_VERSION}\n")));
        // The libraries have the numbers of the release.
        let libraries = KUBERNETES_VERSION.replacen("v1.", "v0.", 1);
        assert!(module("pod-fields").contains(&format!("k8s.io/api {libraries}\n")));
    }
}
