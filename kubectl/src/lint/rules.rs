//! The rules of the definition, in CEL.

use kube_cel::{ErrorKind, ValidationError, Validator};
use serde_json::Value;

use super::schema::Breach;

/// The rules that an object breaks. What is unknown in it, or `null`, has been taken out; its types and bounds are right.
pub fn breaches(schema: &Value, object: &Value) -> Vec<Breach> {
    match Validator::new().validate(schema, object, None) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.into_vec().into_iter().map(breach).collect(),
    }
}

fn breach(error: ValidationError) -> Breach {
    let message = match error.kind {
        ErrorKind::ValidationFailure => error.message,
        // A rule that cannot be judged here may still be kept; that is said, rather than nothing.
        _ => format!("a rule cannot be judged here: {}", error.message),
    };
    Breach { path: error.field_path, message: format!("Invalid value: {message}"), is_unknown_field: false }
}
