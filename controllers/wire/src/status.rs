//! What a server says of an error.

use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use serde::Deserialize;

use crate::envelope;
use crate::protobuf::status::Status;

/// How much of a text that is no Status is kept as message.
const PLAIN_TEXT_CHARACTERS: usize = 300;

/// A meta.v1 Status, or what stands for it where a proxy has answered in its own words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServerStatus {
    /// The HTTP status code.
    pub code: u16,
    /// A word in CamelCase such as `AlreadyExists`; empty where the answer is no Status.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The reasons in `details.causes`.
    pub cause_reasons: Vec<String>,
    /// `details.retryAfterSeconds`, where that is set.
    pub retry_after: Option<Duration>,
}

impl ServerStatus {
    /// Reads the body of an answer: protobuf, JSON, or a text that is neither.
    pub fn read(code: u16, body: &[u8]) -> ServerStatus {
        let status = if envelope::is_protobuf(body) {
            envelope::open("status", Bytes::copy_from_slice(body))
                .ok()
                .and_then(|unknown| ServerStatus::from_protobuf(unknown.raw))
        } else {
            ServerStatus::from_json(body)
        };
        let status =
            status.unwrap_or_else(|| ServerStatus { message: plain_text(body), ..ServerStatus::default() });
        ServerStatus { code, ..status }
    }

    /// Reads the bytes inside the envelope.
    pub(crate) fn from_protobuf(raw: Bytes) -> Option<ServerStatus> {
        let status = Status::decode(raw).ok()?;
        let details = status.details.unwrap_or_default();
        Some(ServerStatus {
            code: u16::try_from(status.code).unwrap_or(0),
            reason: text(&status.reason),
            message: text(&status.message),
            cause_reasons: details.causes.iter().map(|cause| text(&cause.reason)).collect(),
            retry_after: seconds(details.retry_after_seconds),
        })
    }

    /// Reads a Status that is JSON.
    pub(crate) fn from_json(text: &[u8]) -> Option<ServerStatus> {
        let status: JsonStatus = serde_json::from_slice(text).ok()?;
        if status.kind != "Status" {
            return None;
        }
        let details = status.details.unwrap_or_default();
        Some(ServerStatus {
            code: status.code,
            reason: status.reason,
            message: status.message,
            cause_reasons: details.causes.into_iter().map(|cause| cause.reason).collect(),
            retry_after: seconds(details.retry_after_seconds),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct JsonStatus {
    kind: String,
    code: u16,
    reason: String,
    message: String,
    details: Option<JsonDetails>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct JsonDetails {
    causes: Vec<JsonCause>,
    retry_after_seconds: i32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct JsonCause {
    reason: String,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn seconds(seconds: i32) -> Option<Duration> {
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// The beginning of a text, on one line.
fn plain_text(body: &[u8]) -> String {
    let beginning = body.get(..4 * PLAIN_TEXT_CHARACTERS).unwrap_or(body);
    let text = String::from_utf8_lossy(beginning);
    let printable: String = text.chars().map(|each| if each.is_control() { ' ' } else { each }).collect();
    printable.trim().chars().take(PLAIN_TEXT_CHARACTERS).collect()
}
