//! `cargo xtask crds`: writes the CustomResourceDefinitions that are made from the types in `crds`.
//!
//! The types are not part of this program: with them come Kubernetes' own, which take long to compile. The test that compares the files
//! writes them, too.

use anyhow::Result;

use super::ci::check;
use super::test::cargo;

/// Writes all files.
pub fn run() -> Result<()> {
    let arguments = ["test", "--quiet", "--locked", "--package", "mainstay-crds", "--test", "yaml"];
    check(cargo()?.args(arguments).env("UPDATE_EXPECT", "1"))
}
