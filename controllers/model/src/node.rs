//! Nodes.

use crate::meta::Meta;
use crate::name::Name;
use crate::time::Timestamp;

/// A v1 Node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Metadata. Nodes have no namespace: it is empty.
    pub meta: Meta,
    /// Whether the condition `Ready` is True.
    pub ready: bool,
    /// When that condition has last changed its status; `None` where it is not there.
    pub ready_since: Option<Timestamp>,
    /// `status.allocatable.cpu`, a quantity as it came; `None` where it was left out.
    pub allocatable_cpu: Option<Name>,
    /// Major and minor version of the kubelet, `status.nodeInfo.kubeletVersion`; `None` where that cannot be read.
    pub kubelet: Option<(u16, u16)>,
}

impl Node {
    /// The zone it is in, by the label `topology.kubernetes.io/zone`; `None` without the label, or with an empty one.
    pub fn zone(&self) -> Option<&Name> {
        self.meta.labels.get("topology.kubernetes.io/zone").filter(|zone| !zone.is_empty())
    }
}
