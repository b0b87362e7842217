//! The sum of all kinds.

use std::sync::Arc;

use crate::id::{ResourceVersion, Uid};
use crate::kind::Kind;
use crate::meta::Meta;
use crate::name::ObjectName;
use crate::pod::Pod;
use crate::replication_controller::ReplicationController;
use crate::resource_quota::ResourceQuota;

/// An object of any kind that is watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Object {
    /// A pod.
    Pod(Arc<Pod>),
    /// A ReplicationController.
    ReplicationController(Arc<ReplicationController>),
    /// A ResourceQuota.
    ResourceQuota(Arc<ResourceQuota>),
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Object::Pod(_) => Kind::Pod,
            Object::ReplicationController(_) => Kind::ReplicationController,
            Object::ResourceQuota(_) => Kind::ResourceQuota,
        }
    }

    /// Its metadata.
    pub fn meta(&self) -> &Meta {
        match self {
            Object::Pod(pod) => &pod.meta,
            Object::ReplicationController(controller) => &controller.meta,
            Object::ResourceQuota(quota) => &quota.meta,
        }
    }
}

/// What a watch says of an object that is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// Its kind.
    pub kind: Kind,
    /// Its name, which may be in use again by now.
    pub name: ObjectName,
    /// Its identity, which will not be.
    pub uid: Uid,
    /// The version of the deletion.
    pub version: ResourceVersion,
}
