//! apimachinery/pkg/runtime.

use bytes::Bytes;
use prost::Message;

/// The envelope around every message.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Unknown {
    #[prost(message, optional, tag = "1")]
    pub(crate) type_meta: Option<TypeMeta>,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) raw: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) content_encoding: Bytes,
}

impl Unknown {
    /// The kind of what is inside.
    pub(crate) fn kind(&self) -> &[u8] {
        self.type_meta.as_ref().map_or(&[], |type_meta| &type_meta.kind)
    }

    /// Whether what is inside is of that kind.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind() == kind.as_bytes()
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TypeMeta {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) api_version: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) kind: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RawExtension {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) raw: Bytes,
}
