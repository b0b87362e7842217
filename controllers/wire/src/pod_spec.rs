//! A pod spec that was rendered in JSON, in protobuf: the apiserver reads that in a fraction of the time that JSON takes it.
//!
//! Kubernetes names the fields differently in the two: JSON has names, protobuf numbers, and some messages whose fields stand among those of
//! the one that has them. `table` says how, made from Kubernetes' own types. A spec that says anything that is not in the table, or says it in
//! another type, is none of ours to judge: it stays JSON, and the apiserver does with it what it does with any.

mod fields;
#[rustfmt::skip]
mod table;

use bytes::Bytes;
use mainstay_model::{PodSpec, PodTemplate};
use prost::encoding;
use serde_json::{Map, Value};

use crate::protobuf::meta;
use crate::time;
use fields::{Field, Message, Type};
use table::POD_SPEC;

/// The template with its spec in protobuf. `None` where its spec is in protobuf already, or can only be told in JSON.
pub fn in_protobuf(template: &PodTemplate) -> Option<PodTemplate> {
    match &template.spec {
        PodSpec::Protobuf(_) => None,
        PodSpec::Json(spec) => {
            Some(PodTemplate { spec: PodSpec::Protobuf(encode(spec)?), ..template.clone() })
        }
    }
}

/// The spec in protobuf. `None` where it can only be told in JSON.
///
/// What is null or empty is as good as absent to the apiserver, which stores neither: Kubernetes' `generated.pb.go` of `core/v1`.
pub(crate) fn encode(json: &[u8]) -> Option<Bytes> {
    let spec: Map<String, Value> = serde_json::from_slice(json).ok()?;
    Some(whole(&POD_SPEC, &spec)?.into())
}

/// All of an object, or nothing.
fn whole(message: &Message, object: &Map<String, Value>) -> Option<Vec<u8>> {
    let mut encoded = Vec::new();
    (put_fields(message, object, &mut encoded)? == object.len()).then_some(encoded)
}

/// Adds those fields of an object that the message has, and tells how many they were.
fn put_fields(message: &Message, object: &Map<String, Value>, encoded: &mut Vec<u8>) -> Option<usize> {
    let mut known = 0;
    for field in message.0 {
        match field {
            Field::Named { name, number, kind } => {
                let Some(value) = object.get(*name) else { continue };
                known += 1;
                if !value.is_null() {
                    put(*number, kind, value, encoded)?;
                }
            }
            Field::Embedded { number, message } => {
                let mut embedded = Vec::new();
                let fields = put_fields(message, object, &mut embedded)?;
                known += fields;
                if fields > 0 {
                    encoding::bytes::encode(*number, &embedded, encoded);
                }
            }
        }
    }
    Some(known)
}

fn put(number: u32, kind: &Type, value: &Value, encoded: &mut Vec<u8>) -> Option<()> {
    match kind {
        Type::Text => encoding::string::encode(number, text(value)?, encoded),
        Type::Flag => encoding::bool::encode(number, &value.as_bool()?, encoded),
        Type::Int32 => encoding::int32::encode(number, &value.as_i64()?.try_into().ok()?, encoded),
        Type::Int64 => encoding::int64::encode(number, &value.as_i64()?, encoded),
        Type::Quantity => encoding::bytes::encode(number, &quantity(value)?, encoded),
        Type::IntOrString => encoding::bytes::encode(number, &int_or_string(value)?, encoded),
        Type::Time => encoding::message::encode(number, &moment(value)?, encoded),
        Type::Nested(message) => {
            encoding::bytes::encode(number, &whole(message, value.as_object()?)?, encoded)
        }
        Type::List(kind) => {
            for value in value.as_array()? {
                put(number, kind, value, encoded)?;
            }
        }
        Type::Map(kind) => {
            for (key, value) in value.as_object()? {
                let mut entry = Vec::new();
                encoding::string::encode(1, key, &mut entry);
                put(2, kind, value, &mut entry)?;
                encoding::bytes::encode(number, &entry, encoded);
            }
        }
    }
    Some(())
}

fn text(value: &Value) -> Option<&String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// `resource.Quantity`. Where one is no amount at all, the apiserver says more about it when it reads JSON.
fn quantity(value: &Value) -> Option<Vec<u8>> {
    let amount = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_i64()?.to_string(),
        _ => return None,
    };
    let is_amount = amount.contains(|letter: char| letter.is_ascii_digit())
        && amount.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    let mut encoded = Vec::new();
    encoding::string::encode(1, &amount, &mut encoded);
    is_amount.then_some(encoded)
}

/// `intstr.IntOrString`: which of the two, the number, the text.
fn int_or_string(value: &Value) -> Option<Vec<u8>> {
    let (is_text, number, text) = match value {
        Value::String(text) => (1, 0, text.clone()),
        Value::Number(number) => (0, i32::try_from(number.as_i64()?).ok()?, String::new()),
        _ => return None,
    };
    let mut encoded = Vec::new();
    encoding::int64::encode(1, &is_text, &mut encoded);
    encoding::int32::encode(2, &number, &mut encoded);
    encoding::string::encode(3, &text, &mut encoded);
    Some(encoded)
}

/// `metav1.Time`, in the one way in which Kubernetes writes it.
fn moment(value: &Value) -> Option<meta::Time> {
    let text = value.as_str()?;
    let moment = time::from_rfc3339(text).filter(|moment| time::to_rfc3339(*moment).as_deref() == Some(text));
    moment.map(time::to_time)
}
