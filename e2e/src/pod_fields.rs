//! What `controllers/wire` knows of a pod spec: the fields by which it makes protobuf of JSON, and a spec that has all of them, in both. All of
//! it comes from Kubernetes' own types, by a program in `e2e/programs/pod-fields`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::programs::{self, Programs};

/// What the program is asked for, and the file in `controllers/wire` that has the answer.
const FILES: [(&str, &str); 3] = [
    ("table", "src/pod_spec/table.rs"),
    ("json", "tests/pod_spec/full.json"),
    ("protobuf", "tests/pod_spec/full.bin"),
];

/// A file, and what is to be in it.
pub struct Generated {
    /// Where it is.
    pub path: PathBuf,
    /// What is to be in it.
    pub content: Vec<u8>,
}

/// All files, as they are to be.
pub fn generate() -> Result<Vec<Generated>> {
    programs::ensure(&[Programs::PodFields])?;
    let program = Programs::PodFields.program("pod-fields")?;
    let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../controllers/wire");
    let file = |(word, path)| {
        let output = Command::new(&program).arg(word).output().context("cannot start pod-fields")?;
        if !output.status.success() {
            bail!("pod-fields {word}: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Generated { path: wire.join(path), content: output.stdout })
    };
    FILES.into_iter().map(file).collect()
}

/// Writes all files.
pub fn write() -> Result<()> {
    for file in generate()? {
        fs::write(&file.path, file.content)
            .with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    Ok(())
}
