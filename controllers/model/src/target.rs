//! What is behind an address.

use crate::id::Uid;
use crate::name::Name;

/// `targetRef` of an endpoint: an ObjectReference, complete, since references of users are passed on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TargetReference {
    /// The kind, `Pod` in what we write.
    pub kind: Name,
    /// The namespace.
    pub namespace: Name,
    /// The name.
    pub name: Name,
    /// The UID as text, as it came; empty where it was left out.
    pub uid: Name,
    /// What we never write ourselves.
    pub rest: Option<Box<TargetRest>>,
}

impl TargetReference {
    /// The reference to a pod.
    pub fn pod(namespace: Name, name: Name, uid: Uid) -> TargetReference {
        TargetReference { kind: Name::from("Pod"), namespace, name, uid: uid.text(), rest: None }
    }
}

/// The fields of an ObjectReference that controllers do not write.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TargetRest {
    /// `apiVersion`.
    pub api_version: Name,
    /// `resourceVersion`.
    pub version: Name,
    /// `fieldPath`.
    pub field_path: Name,
}
