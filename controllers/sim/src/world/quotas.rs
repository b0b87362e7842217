//! The quota controller: how much of each quota is used.

use std::time::Duration;

use mainstay_model::{Kind, Name};

use super::World;
use crate::happening::Happening;

/// How often it counts. A real one hears of pods that go; this one is as late as that may make it.
const QUOTAS_ARE_COUNTED_EVERY: Duration = Duration::from_secs(5);

impl World {
    /// Writes into each quota how many pods there are.
    pub(super) fn count_quotas(&mut self) {
        let namespaces: Vec<Name> = (self.server.records(Kind::ResourceQuota))
            .map(|record| record.meta().name.namespace.clone())
            .collect();
        let before = self.server.revision();
        for namespace in namespaces {
            self.server.count_quota(&namespace);
        }
        if self.server.revision() != before {
            self.announce();
        }
        self.after(QUOTAS_ARE_COUNTED_EVERY, Happening::QuotasAreCounted);
    }
}
