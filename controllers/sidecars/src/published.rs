//! Which pods are still sent requests: those that an EndpointSlice shows as ready. One that does not say whether it is ready counts as
//! ready, by the API.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use mainstay_engine::Store;
use mainstay_model::{Name, Uid};

/// The pods of a namespace that its EndpointSlices show as ready. They are looked through when somebody asks, once for all pods of a plan.
pub(crate) struct Published<'a> {
    namespace: &'a Name,
    store: &'a Store,
    uids: OnceCell<BTreeSet<&'a str>>,
}

impl<'a> Published<'a> {
    /// Those of a namespace.
    pub(crate) fn new(namespace: &'a Name, store: &'a Store) -> Published<'a> {
        Published { namespace, store, uids: OnceCell::new() }
    }

    /// Whether a pod is among them.
    pub(crate) fn has(&self, pod: Uid) -> bool {
        let uids = || {
            let slices = self.store.endpoint_slices().in_namespace(self.namespace);
            slices
                .flat_map(|slice| slice.endpoints.iter())
                .filter(|endpoint| endpoint.conditions.ready != Some(false))
                .filter_map(|endpoint| Some(&*endpoint.target.as_ref()?.uid))
                .collect()
        };
        self.uids.get_or_init(uids).contains(&*pod.text())
    }
}
