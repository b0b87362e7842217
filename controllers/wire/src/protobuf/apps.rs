//! api/apps/v1: ControllerRevision.

use prost::Message;

use super::meta::ObjectMeta;
use super::runtime::RawExtension;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ControllerRevision {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ObjectMeta>,
    #[prost(message, optional, tag = "2")]
    pub(crate) data: Option<RawExtension>,
    #[prost(int64, tag = "3")]
    pub(crate) revision: i64,
}
