//! ResourceQuotas.

use std::cmp::Ordering;

use crate::meta::Meta;
use crate::name::Name;
use crate::quantity;

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

    /// Whether something may fit that did not, now that the quota is as `new` says: it is gone, limits less, allows more, or less of it is
    /// used. Usage that grows makes no room: else each pod that is made would wake all that wait. Nor does what is no quantity.
    pub fn has_made_room(&self, new: Option<&ResourceQuota>) -> bool {
        let Some(new) = new else { return true };
        // Admission refuses everything as long as it is not known what is used.
        let is_known_now = new.used.iter().any(|(resource, _)| self.used(resource).is_none());
        let is_free = self.hard.iter().any(|(resource, _)| new.hard(resource).is_none());
        let grows =
            self.hard.iter().any(|(resource, before)| is(Ordering::Greater, new.hard(resource), before));
        let shrinks =
            self.used.iter().any(|(resource, before)| is(Ordering::Less, new.used(resource), before));
        is_known_now || is_free || grows || shrinks
    }
}

/// Whether the new amount stands in that order to the old one.
fn is(order: Ordering, new: Option<&Name>, old: &Name) -> bool {
    new.and_then(|new| quantity::compare(new, old)) == Some(order)
}

fn find<'a>(amounts: &'a [(Name, Name)], resource: &str) -> Option<&'a Name> {
    amounts.iter().find(|(name, _)| **name == *resource).map(|(_, amount)| amount)
}
