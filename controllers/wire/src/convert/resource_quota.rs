//! ResourceQuotas.

use std::collections::BTreeMap;

use mainstay_model::{Kind, Name, ResourceQuota};

use crate::convert::metadata;
use crate::error::DecodeError;
use crate::protobuf::core::{self, QuantityEntry};
use crate::protobuf::meta::ObjectMeta;

/// Reads a ResourceQuota.
pub(crate) fn resource_quota(message: &core::ResourceQuota) -> Result<ResourceQuota, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_status = core::ResourceQuotaStatus::default();
    let status = message.status.as_ref().unwrap_or(&absent_status);
    Ok(ResourceQuota {
        meta: metadata::meta(Kind::ResourceQuota, message.metadata.as_ref().unwrap_or(&absent_metadata))?,
        hard: amounts("status.hard", &status.hard)?,
        used: amounts("status.used", &status.used)?,
    })
}

/// The entries by name; of several with one name the last one, as in a map that is filled in order.
fn amounts(field: &'static str, entries: &[QuantityEntry]) -> Result<Box<[(Name, Name)]>, DecodeError> {
    let mut amounts: BTreeMap<Name, Name> = BTreeMap::new();
    for QuantityEntry { key, value } in entries {
        let amount = value.as_ref().map(|quantity| &*quantity.text).unwrap_or_default();
        amounts.insert(metadata::text(field, key)?.into(), metadata::text(field, amount)?.into());
    }
    Ok(amounts.into_iter().collect())
}
