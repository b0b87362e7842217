//! What every object has.

use crate::id::{ResourceVersion, Uid};
use crate::kind::Kind;
use crate::labels::LabelSet;
use crate::name::{Name, ObjectName};
use crate::time::Timestamp;

/// The metadata that decisions need.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meta {
    /// Namespace and name.
    pub name: ObjectName,
    /// The identity behind the name.
    pub uid: Uid,
    /// The version at which this state was written.
    pub version: ResourceVersion,
    /// Counts the changes of the spec, where the kind has that; else 0.
    pub generation: i64,
    /// The labels.
    pub labels: LabelSet,
    /// Who owns the object, in the object's own order.
    pub owners: Box<[OwnerReference]>,
    /// When it was created; `None` if the server left it out.
    pub created: Option<Timestamp>,
    /// Set once deletion has been asked for: `deletionTimestamp`.
    pub deleting: Option<Timestamp>,
}

impl Meta {
    /// That of an object which nobody has changed and which belongs to nobody; what a server gives, version, generation and times, has no value yet.
    pub fn new(name: ObjectName, uid: Uid) -> Meta {
        Meta {
            name,
            uid,
            version: ResourceVersion::default(),
            generation: 0,
            labels: LabelSet::default(),
            owners: Box::default(),
            created: None,
            deleting: None,
        }
    }

    /// The owner with `controller: true`: at most one by the API's rules; the first one if a server lets more through.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owners.iter().find(|owner| owner.controller)
    }

    /// Whether deletion has been asked for.
    pub fn is_deleting(&self) -> bool {
        self.deleting.is_some()
    }
}

/// One entry of `ownerReferences`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnerReference {
    /// API group and version of the owner.
    pub api_version: Name,
    /// Kind of the owner.
    pub kind: Name,
    /// Name of the owner.
    pub name: Name,
    /// UID of the owner; `None` where a client wrote something that is no UUID, which can be nobody's.
    pub uid: Option<Uid>,
    /// Whether this owner is the one that controls the object.
    pub controller: bool,
}

/// The owner reference that a controller writes on what it controls: `controller` and `blockOwnerDeletion` are true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerReference {
    /// The owner's kind; its `apiVersion` follows from it.
    pub kind: Kind,
    /// The owner's name.
    pub name: Name,
    /// The owner's UID.
    pub uid: Uid,
}
