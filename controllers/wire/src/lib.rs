//! Bytes to the model and back: what Kubernetes objects look like as protobuf and JSON is known here and nowhere else.
//!
//! Built-in kinds travel as protobuf in both directions. The messages are tagged by hand and hold the fields that we need;
//! unknown ones are skipped when read. Custom kinds are read as JSON: the API has them in no other form, but for their metadata. A pod
//! is created by putting the bytes of its template's spec, untouched, behind
//! metadata that we write, so that a field newer than this program survives; a spec that was rendered here in JSON can be made
//! protobuf before, unless it has a field that this program does not know, with which the whole pod stays JSON. Patches are JSON, for the API has no other form.
//!
//! Invariants, as absences:
//! - no I/O, no clock, no HTTP client: a [`Request`] is a value, an answer is a code and bytes;
//! - no byte that arrives can panic or make this crate allocate out of proportion to what came: what cannot be read is a
//!   [`DecodeError`] that names the field, and one object that cannot be read takes no other with it;
//! - no number is judged: a negative count is data, for the controllers to decide on.
//!
//! Map: [`request`] makes requests, [`list`] and [`watch`] read the streams of objects, [`answer`] what comes back from
//! everything else, [`status`] the server's errors, [`evidence`] all of that for the search for rivals. Inside, `protobuf` has the messages, `json` reads values by their paths, `convert` turns both
//! into the model, `whole` and `new_pod` make the bodies of objects that are written as a whole, [`pod_spec`] a pod spec's protobuf from its JSON, `patch` those of patches, `envelope` is the frame around every message.

pub mod answer;
mod convert;
mod envelope;
pub mod error;
pub mod evidence;
mod json;
pub mod list;
mod new_pod;
mod patch;
pub mod pod_spec;
mod protobuf;
pub mod request;
pub mod status;
#[cfg(test)]
mod tests;
mod time;
mod url;
pub mod watch;
mod whole;

pub use error::{DecodeError, FrameError};
pub use list::{ListPage, MetadataPage};
pub use request::Request;
pub use status::ServerStatus;
pub use watch::{Frame, FrameDecoder};
