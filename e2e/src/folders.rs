//! Where the fixture keeps things: programs in the user's cache, clusters in the user's state folder.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// `$XDG_CACHE_HOME/mainstay`: programs that took minutes to build, and images made from them.
pub fn cache() -> Result<PathBuf> {
    base("XDG_CACHE_HOME", ".cache")
}

/// `$XDG_STATE_HOME/mainstay/clusters`: one folder per cluster, gone after `down`.
pub fn clusters() -> Result<PathBuf> {
    Ok(base("XDG_STATE_HOME", ".local/state")?.join("clusters"))
}

fn base(variable: &str, below_home: &str) -> Result<PathBuf> {
    // The specification of these variables says that a relative path is to be ignored.
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match set {
        Some(path) => path,
        None => std::env::home_dir().context("no home folder: set HOME")?.join(below_home),
    };
    Ok(folder.join("mainstay"))
}
