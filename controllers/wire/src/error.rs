//! What can be wrong with bytes.

use thiserror::Error;

/// Bytes that are not the object they should be. Each names the field that is to blame.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// The bytes do not begin as a Kubernetes protobuf message does.
    #[error("{field}: not a Kubernetes protobuf message")]
    NotProtobuf {
        /// What was read.
        field: &'static str,
    },
    /// The bytes are no valid protobuf.
    #[error("{field}: malformed protobuf: {source}")]
    Malformed {
        /// What was read.
        field: &'static str,
        /// What the protobuf reader says.
        source: prost::DecodeError,
    },
    /// The bytes are no valid JSON.
    #[error("{field}: malformed JSON: {message}")]
    MalformedJson {
        /// What was read.
        field: &'static str,
        /// What the JSON reader says.
        message: String,
    },
    /// The message is packed in a way that was never asked for.
    #[error("{field}: encoding {encoding:?} is not understood")]
    UnknownEncoding {
        /// What was read.
        field: &'static str,
        /// The encoding.
        encoding: String,
    },
    /// An object of another kind.
    #[error("kind: expected {expected}, found {found:?}")]
    UnexpectedKind {
        /// The kind that was asked for.
        expected: String,
        /// The kind that came.
        found: String,
    },
    /// A field that every object has is empty.
    #[error("{field}: missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A text that is not UTF-8.
    #[error("{field}: not UTF-8")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// A value that has not the form its field must have.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

/// A watch stream that cannot be read any further, since nothing tells where its next frame begins.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FrameError {
    /// A frame is longer than any object can be.
    #[error("a watch frame of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// The length in its head; of a line, which has none, as much as has come of it.
        length: usize,
        /// The limit.
        limit: usize,
    },
}
