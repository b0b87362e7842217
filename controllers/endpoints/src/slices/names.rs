//! The names of new slices: derived, not drawn.
//!
//! Two processes choose the same names, and a create that is sent again, since nobody knows what became of it, is sent under the same one. A name
//! follows from the service's UID, the family and a running number, and the first ones are taken that no slice has. So a name may
//! come again once its slice is gone. The form is that of the apiserver's generated names. The derivation must stay as it is from
//! version to version: during an update the old and the new version are two such processes.

use std::collections::BTreeSet;

use mainstay_engine::View;
use mainstay_engine::random::mix;
use mainstay_model::{IpFamily, Name, ObjectName, Service};

/// The apiserver's alphabet for generated names: no vowels, so no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// The length of what is appended.
const SUFFIX_LENGTH: usize = 5;
/// What the apiserver leaves of a base, so that the whole is at most 63 long.
const LONGEST_BASE: usize = 63 - SUFFIX_LENGTH;
/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// What `metadata.generateName` says: the service's name and a hyphen, if that still is a valid name (upstream: `getEndpointSlicePrefix`).
pub(crate) fn generate_name(service: &str) -> Name {
    if service.len() < LONGEST_NAME { format!("{service}-").into() } else { service.into() }
}

/// The names for a service's new slices.
pub(crate) struct Names<'a> {
    service: &'a Service,
    view: &'a View<'a>,
    base: String,
    chosen: BTreeSet<Name>,
}

impl<'a> Names<'a> {
    /// None is chosen yet.
    pub(crate) fn new(service: &'a Service, view: &'a View<'a>) -> Names<'a> {
        let generate_name = generate_name(&service.meta.name.name);
        let end = generate_name.floor_char_boundary(LONGEST_BASE);
        let base = generate_name.get(..end).unwrap_or_default().to_owned();
        Names { service, view, base, chosen: BTreeSet::new() }
    }

    /// A name that no slice of the namespace has, and that was not chosen before; `None` after more tries than there can be slices.
    pub(crate) fn next(&mut self, family: IpFamily) -> Option<ObjectName> {
        let meta = &self.service.meta;
        let seed = match family {
            IpFamily::V4 => 4_u8,
            IpFamily::V6 => 6,
        };
        let seed = hash_bytes(hash_bytes(FNV_OFFSET, &meta.uid.0.to_be_bytes()), &[seed]);
        // FNV leaves much of a difference in high bits, and only the low ones become a name: hence the mixing.
        let names = (0_u64..1_000_000).map(|ordinal| {
            let suffix = suffix(mix(hash_bytes(seed, &ordinal.to_be_bytes())));
            ObjectName::new(meta.name.namespace.clone(), format!("{}{suffix}", self.base))
        });
        let slices = self.view.store.endpoint_slices();
        let is_free = |name: &ObjectName| {
            slices.get(name).is_none()
                && !self.view.memory.taken.contains(&name.name)
                && !self.chosen.contains(&name.name)
        };
        let mut names = names.filter(is_free);
        let name = names.next()?;
        self.chosen.insert(name.name.clone());
        Some(name)
    }
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
