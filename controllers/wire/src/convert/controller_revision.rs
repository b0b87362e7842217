//! ControllerRevisions.

use bytes::Bytes;
use mainstay_model::sidecar_workload::HEALTHY_ANNOTATION;
use mainstay_model::{ControllerRevision, Kind};

use crate::convert::metadata;
use crate::error::DecodeError;
use crate::protobuf::apps as messages;
use crate::protobuf::meta::ObjectMeta;
use crate::time;

/// Reads a ControllerRevision. The data is copied out of what was received: it lives long, and must not keep a whole list alive.
pub(crate) fn controller_revision(
    message: &messages::ControllerRevision,
) -> Result<ControllerRevision, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let object_meta = message.metadata.as_ref().unwrap_or(&absent_metadata);
    let healthy_at = metadata::value(&object_meta.annotations, HEALTHY_ANNOTATION);
    let data = message.data.as_ref().map(|data| &*data.raw).unwrap_or_default();
    Ok(ControllerRevision {
        meta: metadata::meta(Kind::ControllerRevision, object_meta)?,
        number: message.revision,
        healthy_at: healthy_at.and_then(|text| time::from_rfc3339(std::str::from_utf8(text).ok()?)),
        data: Bytes::copy_from_slice(data),
    })
}
