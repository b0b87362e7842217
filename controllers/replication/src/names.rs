//! The names of new pods.
//!
//! They are [derived](mainstay_engine::names) from the view as far as it decides on creates: the ReplicationController's UID and the
//! pods that it controls, in whatever state. Hence a name can come again when the same pods are there again (none, say); the
//! earlier pod of that name is gone by then, and every write names a UID.

use std::collections::BTreeSet;

use mainstay_engine::View;
use mainstay_engine::names::{Digest, derived};
use mainstay_model::{Name, ObjectName, ReplicationController};

use crate::claim;

/// Names that no pod of the namespace bears or may yet come to bear, without end, each once.
pub(crate) fn unused<'a>(
    controller: &'a ReplicationController,
    view: &'a View<'_>,
) -> impl Iterator<Item = ObjectName> + 'a {
    let namespace = &controller.meta.name.namespace;
    // A sum, so that the order in which the pods are visited does not matter.
    let pods = claim::controlled(controller, view.store)
        .map(|pod| Digest::of(pod.meta.uid).scattered())
        .fold(0, u64::wrapping_add);

    let mut spoken_for: BTreeSet<Name> = view.memory.taken.clone();
    spoken_for.extend(
        view.memory
            .unsettled
            .iter()
            .filter(|create| create.pod.namespace == *namespace)
            .map(|create| create.pod.name.clone()),
    );
    derived(&controller.meta.name, Digest::of(controller.meta.uid).and(&pods.to_be_bytes()))
        .filter(move |pod| view.store.pods().get(pod).is_none() && spoken_for.insert(pod.name.clone()))
}
