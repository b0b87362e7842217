//! ControllerRevisions.

use bytes::Bytes;
use mainstay_model::sidecar_workload::{HEALTHY_ANNOTATION, WORKLOAD_LABEL};
use mainstay_model::{ControllerRevision, Kind, Meta};

use crate::convert::metadata;
use crate::error::DecodeError;
use crate::protobuf::apps as messages;
use crate::protobuf::meta::ObjectMeta;
use crate::time;

/// Reads a ControllerRevision. Those of others are known by their metadata alone; the data of ours is copied out of what was received: it lives long, and must not keep a whole list alive.
pub(crate) fn controller_revision(
    message: &messages::ControllerRevision,
) -> Result<ControllerRevision, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let object_meta = message.metadata.as_ref().unwrap_or(&absent_metadata);
    let healthy_at = metadata::value(&object_meta.annotations, HEALTHY_ANNOTATION);
    let meta = metadata::meta(Kind::ControllerRevision, object_meta)?;
    let data = message.data.as_ref().filter(|_| is_of_workload(&meta));
    let data = data.map(|data| &*data.raw).unwrap_or_default();
    Ok(ControllerRevision {
        number: message.revision,
        healthy_at: healthy_at.and_then(|text| time::from_rfc3339(std::str::from_utf8(text).ok()?)),
        data: Bytes::copy_from_slice(data),
        meta,
    })
}

/// Whether a SidecarWorkload controls it; without a controller its label tells.
fn is_of_workload(meta: &Meta) -> bool {
    let kind = Kind::SidecarWorkload;
    match meta.controller() {
        Some(owner) => *owner.kind == *kind.name() && owner.api_version.starts_with("mainstay.dev/"),
        None => meta.labels.get(WORKLOAD_LABEL).is_some(),
    }
}
