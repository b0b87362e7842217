//! ResourceQuotas.

use crate::meta::Meta;
use crate::name::Name;

/// A v1 ResourceQuota: what admission goes by, and that is its status alone. A new `spec.hard` counts once the quota
/// controller has taken it over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceQuota {
    /// Metadata.
    pub meta: Meta,
    /// `status.hard`: how much of each resource there may be, in the order of the resources' names. Quantities are texts here,
    /// as they came; [`crate::quantity::compare`] compares two.
    pub hard: Box<[(Name, Name)]>,
    /// `status.used`: how much of each resource there is, in the same order.
    pub used: Box<[(Name, Name)]>,
}

impl ResourceQuota {
    /// The limit of a resource.
    pub fn hard(&self, resource: &str) -> Option<&Name> {
        find(&self.hard, resource)
    }

    /// How much is used of a resource.
    pub fn used(&self, resource: &str) -> Option<&Name> {
        find(&self.used, resource)
    }
}

fn find<'a>(amounts: &'a [(Name, Name)], resource: &str) -> Option<&'a Name> {
    amounts.iter().find(|(name, _)| **name == *resource).map(|(_, amount)| amount)
}
