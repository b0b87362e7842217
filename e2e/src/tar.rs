//! Tar archives in the POSIX ustar format, of files and folders that all belong to root and have no time.

use std::io::Write;

use anyhow::{Context, Result, bail};

const BLOCK: usize = 512;

/// Writes an archive entry by entry.
pub struct TarWriter<W> {
    output: W,
}

impl<W: Write> TarWriter<W> {
    /// Starts an archive.
    pub fn new(output: W) -> Self {
        TarWriter { output }
    }

    /// Adds a file. The folders above it are not added by themselves.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<()> {
        self.entry(path, mode, b'0', "", content)
    }

    /// Adds a folder.
    pub fn folder(&mut self, path: &str, mode: u32) -> Result<()> {
        self.entry(&format!("{path}/"), mode, b'5', "", &[])
    }

    /// Adds a symbolic link that leads to `target`.
    pub fn link(&mut self, path: &str, target: &str) -> Result<()> {
        self.entry(path, 0o777, b'2', target, &[])
    }

    /// Ends the archive and gives back what it was written to.
    pub fn finish(mut self) -> Result<W> {
        self.output.write_all(&[0; 2 * BLOCK]).context("cannot write the archive")?;
        Ok(self.output)
    }

    fn entry(&mut self, path: &str, mode: u32, kind: u8, target: &str, content: &[u8]) -> Result<()> {
        let header = header(path, mode, kind, target, content.len())?;
        let padding = content.len().next_multiple_of(BLOCK) - content.len();
        self.output
            .write_all(&header)
            .and_then(|()| self.output.write_all(content))
            .and_then(|()| self.output.write_all(&vec![0; padding]))
            .context("cannot write the archive")
    }
}

/// The fields of a header stand one after the other, numbers as octal text.
fn header(path: &str, mode: u32, kind: u8, target: &str, size: usize) -> Result<Vec<u8>> {
    for path in [path, target] {
        if path.len() > 100 {
            bail!("the path {path} is too long for an archive");
        }
    }
    if size >= 0o1_0000_0000_0000 {
        bail!("{path} is too large for an archive");
    }
    let fields = |checksum: &str| -> Vec<u8> {
        let mut header = Vec::with_capacity(BLOCK);
        let mut field = |text: &str, length: usize| {
            header.extend_from_slice(text.as_bytes());
            header.resize(header.len() + length - text.len(), 0);
        };
        field(path, 100);
        field(&format!("{mode:07o}"), 8);
        field("0000000", 8); // owner
        field("0000000", 8); // group
        field(&format!("{size:011o}"), 12);
        field("00000000000", 12); // time
        field(checksum, 8);
        header.push(kind);
        header.extend_from_slice(target.as_bytes());
        header.resize(257, 0);
        header.extend_from_slice(b"ustar\x0000");
        header.resize(BLOCK, 0);
        header
    };
    // The checksum is taken with spaces in its own place.
    let sum: u32 = fields("        ").iter().map(|byte| u32::from(*byte)).sum();
    Ok(fields(&format!("{sum:06o}\0 ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tar_program_reads_what_was_written() {
        let path = std::env::temp_dir().join(format!("mainstay-tar-{}.tar", std::process::id()));
        let mut tar = TarWriter::new(Vec::new());
        tar.folder("folder", 0o755).unwrap();
        tar.file("folder/file", 0o640, b"text").unwrap();
        tar.link("folder/link", "file").unwrap();
        std::fs::write(&path, tar.finish().unwrap()).unwrap();
        let file = path.display().to_string();
        assert_eq!(crate::shell::run("tar", ["-xOf", &file, "folder/file"]).unwrap(), "text");
        let list = crate::shell::run("tar", ["-tvf", &file]).unwrap();
        assert!(list.contains("drwxr-xr-x") && list.contains("-rw-r-----"), "{list}");
        assert!(list.contains("folder/link -> file"), "{list}");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn long_paths_are_refused() {
        assert!(TarWriter::new(Vec::new()).file(&"a".repeat(101), 0o644, b"").is_err());
        assert!(TarWriter::new(Vec::new()).link("a", &"b".repeat(101)).is_err());
    }
}
