//! Names of new objects: derived, not drawn.
//!
//! Two processes that mean the same object choose the same name, so that both sending their creates make one object and not two. The
//! form is that of the apiserver's generated names, so nobody sees the difference. The derivation must stay as it is from
//! version to version: during an update the old and the new version are such two processes.

use mainstay_model::{Name, ObjectName, Uid};

use crate::random::mix;

/// The apiserver's alphabet for generated names: no vowels, so no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// The length of what is appended.
const SUFFIX_LENGTH: usize = 5;
/// What the apiserver leaves of a base, so that the whole is at most 63 long.
const LONGEST_BASE: usize = 63 - SUFFIX_LENGTH;
/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// What `metadata.generateName` says: the owner's name and a hyphen, if that still is a valid name (upstream: `getPodsPrefix` in
/// pkg/controller/controller_utils.go, `getEndpointSlicePrefix` in k8s.io/endpointslice).
pub fn generate_name(owner: &str) -> Name {
    if owner.len() < LONGEST_NAME { format!("{owner}-").into() } else { owner.into() }
}

/// Names for objects of the owner, without end; `digest` is of all that the choice depends on. One may come twice, and may be in use.
pub fn derived(owner: &ObjectName, digest: Digest) -> impl Iterator<Item = ObjectName> + use<> {
    let namespace = owner.namespace.clone();
    let generate_name = generate_name(&owner.name);
    let base =
        generate_name.get(..generate_name.floor_char_boundary(LONGEST_BASE)).unwrap_or_default().to_owned();
    (0_u64..)
        .map(move |ordinal| suffix(digest.and(&ordinal.to_be_bytes()).scattered()))
        .map(move |suffix| ObjectName::new(namespace.clone(), format!("{base}{suffix}")))
}

fn suffix(mut hash: u64) -> String {
    let base = ALPHABET.len() as u64;
    let mut text = String::with_capacity(SUFFIX_LENGTH);
    for _ in 0..SUFFIX_LENGTH {
        let letter = usize::try_from(hash % base).ok().and_then(|position| ALPHABET.get(position));
        text.extend(letter.map(|letter| char::from(*letter)));
        hash /= base;
    }
    text
}

/// A digest of identities and whatever else a name depends on: FNV-1a with 64 bits, the same on every machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest(u64);

/// The start value of FNV-1a with 64 bits.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

impl Digest {
    /// The digest of an object's identity.
    pub fn of(uid: Uid) -> Digest {
        Digest(FNV_OFFSET).and(&uid.0.to_be_bytes())
    }

    /// The digest of what was taken in before, and these bytes.
    pub fn and(self, bytes: &[u8]) -> Digest {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Digest(bytes.iter().fold(self.0, step))
    }

    /// The digest as a number. FNV leaves much of a difference in high bits, and only the low ones become a name: hence the mixing.
    pub fn scattered(self) -> u64 {
        mix(self.0)
    }
}
