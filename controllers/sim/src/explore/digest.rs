//! States as numbers: two states that go on in the same way should have the same one.
//!
//! A state is shown as text, piece by piece, and the text is hashed and forgotten. Versions are left out of it and kept
//! beside it: only how they compare counts, so what is hashed in the end is the rank of each among all of its kind that the state
//! knows. That versions of different kinds mean nothing to each other is part of the API; so that a brain that compares them
//! nevertheless is not covered up, each kind has versions of its own size here, and such a comparison always ends in the same way.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FixedState, FoldHasher};
use mainstay_model::{Kind, ResourceVersion};

/// Where versions begin in a world that is shown: so high that no other number is taken for one.
pub const FIRST_VERSION: ResourceVersion = ResourceVersion(900_000_000);

/// How long they are as text.
const VERSION_DIGITS: usize = 9;

/// The versions of the next kind begin so much higher.
const STEP: u64 = 1_000_000;

/// By how much versions of a kind are higher where they are shown than they are at the server.
fn offset(kind: Kind) -> u64 {
    match kind {
        Kind::Pod => 0,
        Kind::ReplicationController => STEP,
        Kind::ResourceQuota => 2 * STEP,
        Kind::Service => 3 * STEP,
        Kind::Node => 4 * STEP,
        Kind::Endpoints => 5 * STEP,
        Kind::EndpointSlice => 6 * STEP,
        Kind::SidecarWorkload => 7 * STEP,
        Kind::ControllerRevision => 8 * STEP,
        Kind::PodDisruptionBudget => 9 * STEP,
    }
}

/// The server's version as those see it who ask for that kind.
pub fn as_seen(kind: Kind, version: ResourceVersion) -> ResourceVersion {
    ResourceVersion(version.0 + offset(kind))
}

/// What those see who ask for that kind, as the server has it.
pub fn as_stored(kind: Kind, version: ResourceVersion) -> ResourceVersion {
    ResourceVersion(version.0.saturating_sub(offset(kind)))
}

/// A hash of 128 bits, the same in each run: among some millions of states, two that differ have different ones.
#[derive(Clone)]
pub struct Digest(FoldHasher<'static>, FoldHasher<'static>);

impl Default for Digest {
    fn default() -> Digest {
        Digest(FixedState::with_seed(1).build_hasher(), FixedState::with_seed(2).build_hasher())
    }
}

impl Digest {
    /// Takes in a value.
    pub fn add(&mut self, value: &impl Hash) {
        value.hash(&mut self.0);
        value.hash(&mut self.1);
    }

    /// The number.
    pub fn finish(&self) -> u128 {
        u128::from(self.0.finish()) << 64 | u128::from(self.1.finish())
    }
}

/// A part of a state: the hash of its text, and the versions in it, in their order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Shape {
    text: u128,
    versions: Vec<u64>,
}

impl Shape {
    /// The shape of what is shown like this.
    pub fn of(shown: &impl fmt::Debug) -> Shape {
        let mut reader = Reader { text: Vec::with_capacity(8192), versions: Vec::with_capacity(16) };
        // The reader takes everything.
        let _ = fmt::Write::write_fmt(&mut reader, format_args!("{shown:?}"));
        let mut digest = Digest::default();
        digest.0.write(&reader.text);
        digest.1.write(&reader.text);
        Shape { text: digest.finish(), versions: reader.versions }
    }
}

impl Shape {
    /// The shape of a value that is no text, with these versions.
    pub fn plain(value: &impl Hash, versions: Vec<u64>) -> Shape {
        let mut digest = Digest::default();
        digest.add(value);
        Shape { text: digest.finish(), versions }
    }

    /// The digest of the part, with its versions as they are.
    pub fn exact(&self) -> u128 {
        let mut digest = Digest::default();
        digest.add(&self.text);
        digest.add(&self.versions);
        digest.finish()
    }
}

/// The number of a state with these parts.
pub fn state_digest(parts: &[&Shape]) -> u128 {
    let mut known: Vec<u64> = parts.iter().flat_map(|part| &part.versions).copied().collect();
    known.sort_unstable();
    known.dedup();
    let mut digest = Digest::default();
    for part in parts {
        digest.add(&part.text);
        for version in &part.versions {
            let kind = version / STEP;
            let first = known.partition_point(|other| other / STEP < kind);
            let place = known.partition_point(|other| other < version);
            digest.add(&(kind, place - first));
        }
    }
    digest.finish()
}

/// Collects a text without its versions.
struct Reader {
    text: Vec<u8>,
    versions: Vec<u64>,
}

impl fmt::Write for Reader {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        // Most pieces are short words: only what could be a version is looked at.
        let version = if piece.len() == VERSION_DIGITS { piece.parse().ok() } else { None };
        match version.filter(|number| (FIRST_VERSION.0..FIRST_VERSION.0 + 3 * STEP).contains(number)) {
            Some(version) => {
                self.versions.push(version);
                self.text.push(0);
            }
            None => self.text.extend_from_slice(piece.as_bytes()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(versions: &[u64]) -> u128 {
        let versions: Vec<_> =
            versions.iter().map(|version| ResourceVersion(FIRST_VERSION.0 + version)).collect();
        state_digest(&[&Shape::of(&versions), &Shape::of(&"rest")])
    }

    #[test]
    fn only_how_versions_compare_counts() {
        assert_eq!(digest(&[3, 7, 3]), digest(&[2, 200, 2]));
        assert_ne!(digest(&[3, 7, 3]), digest(&[3, 7, 7]));
        assert_ne!(digest(&[3, 7]), digest(&[7, 3]));
        assert_ne!(digest(&[3]), digest(&[3, 3]));
        assert_eq!(digest(&[3, STEP + 7]), digest(&[8, STEP + 2]), "of two kinds");
    }
}
