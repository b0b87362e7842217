//! The names of new EndpointSlices: derived, not drawn.
//!
//! Two processes that mean the same slice choose the same name, so both sending their creates make one slice, not two. What
//! a slice is meant for goes into the name: whose it is, and what tells it from the owner's other slices. The form is that
//! of the apiserver's generated names. The derivation must stay as it is from version to version: during an update the old
//! and the new version are such two processes.

use mainstay_engine::View;
use mainstay_engine::random::mix;
use mainstay_model::{Name, ObjectName, Uid};

/// The apiserver's alphabet for generated names: no vowels, so no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// The length of what is appended.
const SUFFIX_LENGTH: usize = 5;
/// What the apiserver leaves of a base, so that the whole is at most 63 long.
const LONGEST_BASE: usize = 63 - SUFFIX_LENGTH;
/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// What `metadata.generateName` says: the owner's name and a hyphen, if that still is a valid name
/// (upstream: `getEndpointSlicePrefix`).
pub(crate) fn generate_name(owner: &str) -> Name {
    if owner.len() < LONGEST_NAME { format!("{owner}-").into() } else { owner.into() }
}

/// Names for a slice of the owner that `purpose` tells from its others: without end, each one free as far as is known.
pub(crate) fn unused<'a>(
    owner: &'a ObjectName,
    uid: Uid,
    purpose: &[u8],
    view: &'a View<'_>,
) -> impl Iterator<Item = ObjectName> + 'a {
    let generate_name = generate_name(&owner.name);
    let base =
        generate_name.get(..generate_name.floor_char_boundary(LONGEST_BASE)).unwrap_or_default().to_owned();
    let seed = hash_bytes(hash_bytes(FNV_OFFSET, &uid.0.to_be_bytes()), purpose);
    // FNV leaves much of a difference in high bits, and only the low ones become a name: hence the mixing.
    (0_u64..)
        .map(move |ordinal| suffix(mix(hash_bytes(seed, &ordinal.to_be_bytes()))))
        .map(move |suffix| ObjectName::new(owner.namespace.clone(), format!("{base}{suffix}")))
        .filter(|slice| {
            view.store.endpoint_slices().get(slice).is_none() && !view.memory.taken.contains(&slice.name)
        })
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

/// The start value of FNV-1a with 64 bits.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a with 64 bits, continued from `hash`.
fn hash_bytes(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
