//! What users, nodes and kubelets do in a world in which services find their pods.
//!
//! Map: [`ServiceStep`] is one of these deeds, [`draw()`] chooses them from a seed, [`objects`] makes the objects that they are about.
//! `world/services` and `world/meddling` do them.

mod draw;
pub mod objects;

use mainstay_model::{Name, ObjectName};

pub use draw::draw;
pub use objects::{Custom, Families, NodeShape, PodShape, Ports, Preference, ServiceShape};

/// The namespaces in which users work. Pods of the second one bear the same labels, and are nobody's business in the first.
pub const NAMESPACES: &[&str] = &["shop", "depot"];
/// The values of the label that selectors are about.
pub const APPS: &[&str] = &["red", "blue"];
/// The zones.
pub const ZONES: &[&str] = &["east", "west", "hill"];
/// The nodes; kubelets of the first two can fail.
pub const NODES: &[&str] = &["north", "south", "middle", "edge"];
/// How many names for pods each namespace has.
pub const POD_NAMES: u64 = 12;
/// The most endpoints of a slice: so few that slices become many.
pub const MOST_PER_SLICE: usize = 3;

/// What somebody does. Where what it is about is not there, nothing is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ServiceStep {
    /// Makes a service, or gives the one that is there another spec.
    Apply(ObjectName, ServiceShape),
    /// Deletes a service.
    Delete(ObjectName),
    /// Puts a finalizer on a service, which stays until the faults are over: its deletion takes as long.
    Hold(ObjectName),
    /// Deletes a service and makes another of that name at once.
    Recreate(ObjectName, ServiceShape),
    /// Takes a service's selector away; or gives it one.
    Select(ObjectName, Option<Name>),
    /// Puts another label on a service.
    LabelService(ObjectName, u64),
    /// A pod is made, and will get addresses and become ready.
    MakePod(ObjectName, PodShape),
    /// A pod becomes ready or not, and stays so.
    ReadyPod(ObjectName, bool),
    /// A pod gets other labels: another service may select it now.
    RelabelPod(ObjectName, Name),
    /// A pod gets other addresses.
    MovePod(ObjectName),
    /// A pod is deleted, and takes its time.
    EndPod(ObjectName),
    /// A pod ends badly.
    FailPod(ObjectName),
    /// All pods of an application end, and as many others take their place.
    Roll(Name, Name),
    /// So many pods more of an application are made, or pods end until no more are left than that.
    Scale(Name, Name, usize),
    /// A node comes, or is another one in its zone, its weight or its state.
    Node(Name, NodeShape),
    /// A node goes.
    RemoveNode(Name),
    /// Somebody writes the Endpoints of a service himself, if it has no selector or is not there.
    WriteEndpoints(ObjectName, Custom),
    /// Somebody makes a slice that others manage.
    ForeignSlice(ObjectName, u64),
    /// Deletes a slice, whosever it is.
    DeleteSlice(u64),
    /// Changes a slice.
    TamperSlice(u64, Tampering),
    /// Deletes an Endpoints.
    DeleteEndpoints(ObjectName),
    /// Writes nonsense into an Endpoints.
    TamperEndpoints(ObjectName, Tampering),
}

/// How somebody changes what is not his.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tampering {
    /// Takes the first endpoint out.
    Remove,
    /// Puts one in that is nobody.
    Add,
    /// Says of each that it is ready.
    Ready,
    /// Puts a label on it.
    Label,
    /// Takes it over, or gives it away: who manages it is another.
    Manager,
    /// Takes its owner away.
    Owner,
}

/// The namespace that may be deleted.
pub const DOOMED_NAMESPACE: &str = "depot";

impl ServiceStep {
    /// Whether nobody in their right mind would do that.
    pub fn is_hostile(&self) -> bool {
        matches!(
            self,
            ServiceStep::DeleteSlice(_)
                | ServiceStep::TamperSlice(..)
                | ServiceStep::DeleteEndpoints(_)
                | ServiceStep::TamperEndpoints(..)
        )
    }
}
