//! Quotas: at most one in a namespace, named `pods`, on the number of pods that have not finished.
//!
//! Admission counts by itself and is never behind; what the quota says is used is as new as its last count.

use std::sync::Arc;

use mainstay_model::{Kind, Meta, Name, Object, ObjectName, Pod, ResourceQuota};

use super::ApiServer;
use super::record::Record;

/// The resource that is limited, and the name of the quota.
const PODS: &str = "pods";

impl ApiServer {
    /// Limits how many pods that have not finished a namespace may have, or lifts the limit.
    pub fn set_quota(&mut self, namespace: &Name, pods: Option<usize>) {
        let name = ObjectName::new(namespace.clone(), PODS);
        let Some(pods) = pods else { return self.remove(Kind::ResourceQuota, &name) };
        let known = self.record(Kind::ResourceQuota, &name).map(|record| record.meta().clone());
        let meta = known.unwrap_or_else(|| Meta::new(name, self.new_uid()));
        let used = self.counted(namespace);
        let quota = ResourceQuota { meta, hard: amount(pods), used: amount(used) };
        self.store_if_changed(Record::new(Object::ResourceQuota(Arc::new(quota))));
    }

    /// Writes into the quota of a namespace how many pods count for it.
    pub fn count_quota(&mut self, namespace: &Name) {
        let limit = self.limit(namespace);
        if limit.is_some() {
            self.set_quota(namespace, limit);
        }
    }

    /// Whether the quota of a namespace leaves no room for another pod.
    pub fn is_quota_full(&self, namespace: &Name) -> bool {
        self.limit(namespace).is_some_and(|limit| self.counted(namespace) >= limit)
    }

    fn limit(&self, namespace: &Name) -> Option<usize> {
        let record = self.record(Kind::ResourceQuota, &ObjectName::new(namespace.clone(), PODS))?;
        let Object::ResourceQuota(quota) = &record.object else { return None };
        quota.hard(PODS)?.parse().ok()
    }

    fn counted(&self, namespace: &Name) -> usize {
        let counts = |pod: &&Arc<Pod>| pod.meta.name.namespace == *namespace && !pod.phase.is_finished();
        self.pods().filter(counts).count()
    }
}

fn amount(pods: usize) -> Box<[(Name, Name)]> {
    Box::new([(PODS.into(), pods.to_string().into())])
}
