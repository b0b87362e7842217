//! What is behind an address.

use mainstay_model::{Name, TargetReference, TargetRest};

use crate::convert::metadata::{bytes, text};
use crate::error::DecodeError;
use crate::protobuf::endpoints as messages;

/// Reads a reference; `field` is where it stands.
pub(crate) fn target(
    field: &'static str,
    message: &messages::TargetReference,
) -> Result<TargetReference, DecodeError> {
    let name = |bytes: &[u8]| Ok(Name::from(text(field, bytes)?));
    let rest = TargetRest {
        api_version: name(&message.api_version)?,
        version: name(&message.resource_version)?,
        field_path: name(&message.field_path)?,
    };
    let is_empty = rest.api_version.is_empty() && rest.version.is_empty() && rest.field_path.is_empty();
    Ok(TargetReference {
        kind: name(&message.kind)?,
        namespace: name(&message.namespace)?,
        name: name(&message.name)?,
        uid: name(&message.uid)?,
        rest: (!is_empty).then(|| Box::new(rest)),
    })
}

/// The message of a reference.
pub(crate) fn message(target: &TargetReference) -> messages::TargetReference {
    let rest = target.rest.as_deref();
    messages::TargetReference {
        kind: bytes(&target.kind),
        namespace: bytes(&target.namespace),
        name: bytes(&target.name),
        uid: bytes(&target.uid),
        api_version: rest.map(|rest| bytes(&rest.api_version)).unwrap_or_default(),
        resource_version: rest.map(|rest| bytes(&rest.version)).unwrap_or_default(),
        field_path: rest.map(|rest| bytes(&rest.field_path)).unwrap_or_default(),
    }
}
