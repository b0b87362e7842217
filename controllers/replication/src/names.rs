//! The names of new pods: derived, not drawn.
//!
//! Two processes with the same view choose the same names, so that both sending their creates make one set of pods, not
//! two. The view counts as far as it decides on creates: the ReplicationController's UID and the pods that it
//! controls, in whatever state. Hence a name can come again when the same pods are there again (none, say); the
//! earlier pod of that name is gone by then, and every write names a UID.
//!
//! The form is that of the apiserver's generated names, so nobody sees the difference. The derivation must stay as it
//! is from version to version: during an update the old and the new version are such two processes.

use std::collections::BTreeSet;

use mainstay_engine::View;
use mainstay_engine::random::mix;
use mainstay_model::{Name, ObjectName, ReplicationController, Uid};

use crate::claim;

/// The apiserver's alphabet for generated names: no vowels, so no words.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// The length of what is appended.
const SUFFIX_LENGTH: usize = 5;
/// What the apiserver leaves of a base, so that the whole is at most 63 long.
const LONGEST_BASE: usize = 63 - SUFFIX_LENGTH;
/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// What `metadata.generateName` says: the ReplicationController's name and a hyphen, if that still is a valid name
/// (upstream: `getPodsPrefix` in pkg/controller/controller_utils.go).
pub(crate) fn generate_name(controller: &str) -> Name {
    if controller.len() < LONGEST_NAME { format!("{controller}-").into() } else { controller.into() }
}

/// Names that no pod of the namespace bears or may yet come to bear, without end, each once.
pub(crate) fn unused<'a>(
    controller: &'a ReplicationController,
    view: &'a View<'_>,
) -> impl Iterator<Item = ObjectName> + 'a {
    let namespace = &controller.meta.name.namespace;
    let generate_name = generate_name(&controller.meta.name.name);
    let base =
        generate_name.get(..generate_name.floor_char_boundary(LONGEST_BASE)).unwrap_or_default().to_owned();
    // A sum, so that the order in which the pods are visited does not matter.
    let digest = claim::controlled(controller, view.store)
        .map(|pod| hash_uid(FNV_OFFSET, pod.meta.uid))
        .fold(0_u64, |sum, hash| sum.wrapping_add(mix(hash)));
    let seed = hash_bytes(hash_uid(FNV_OFFSET, controller.meta.uid), &digest.to_be_bytes());

    let mut spoken_for: BTreeSet<Name> = view.memory.taken.clone();
    spoken_for.extend(
        view.memory
            .unsettled
            .iter()
            .filter(|create| create.pod.namespace == *namespace)
            .map(|create| create.pod.name.clone()),
    );
    // FNV leaves much of a difference in high bits, and only the low ones become a name: hence the mixing.
    (0_u64..)
        .map(move |ordinal| suffix(mix(hash_bytes(seed, &ordinal.to_be_bytes()))))
        .map(move |suffix| ObjectName::new(namespace.clone(), format!("{base}{suffix}")))
        .filter(move |pod| view.store.pods().get(pod).is_none() && spoken_for.insert(pod.name.clone()))
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

fn hash_uid(hash: u64, uid: Uid) -> u64 {
    hash_bytes(hash, &uid.0.to_be_bytes())
}
