//! What the schema of the definition says of an object, in the words of the apiserver.
//!
//! The schema is read as Kubernetes reads it: what no property names is unknown, `null` counts as absent, and a list with keys holds each key
//! once. Keywords that structural schemas do not have are not looked for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use regex::Regex;
use serde_json::{Map, Value};

/// Something that is wrong at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    /// Where.
    pub path: String,
    /// What, as the apiserver says it.
    pub message: String,
    /// Whether it is a field that there is not: a server says nothing else then.
    pub is_unknown_field: bool,
}

/// All that is wrong with a value.
pub fn breaches(schema: &Value, value: &Value, path: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    check(schema, value, path, &mut breaches);
    breaches
}

/// The value as the server goes on with it: without what is unknown, and without `null`.
pub fn pruned(schema: &Value, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null()).filter_map(|(key, value)| {
                let schema = property(schema, key)?;
                Some((key.clone(), pruned(schema, value)))
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => {
            let schema = schema.get("items").unwrap_or(&Value::Null);
            Value::Array(items.iter().map(|item| pruned(schema, item)).collect())
        }
        other => other.clone(),
    }
}

/// The schema of a field; none where there is no such field.
fn property<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(|properties| properties.get(key));
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    named.or(others).or_else(|| preserves(schema).then_some(schema))
}

fn preserves(schema: &Value) -> bool {
    schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true))
}

fn check(schema: &Value, value: &Value, path: &str, breaches: &mut Vec<Breach>) {
    let mut breach = |message: String| {
        breaches.push(Breach { path: path.to_owned(), message, is_unknown_field: false });
    };
    if let Some(wanted) = wrong_type(schema, value) {
        // A number with a fraction is told by its format where a whole one is wanted.
        let format = schema.get("format").and_then(Value::as_str).filter(|_| value.is_number());
        let (wanted, found) = match format {
            Some(format) => (format, "float64"),
            None => (wanted, type_of(value)),
        };
        breach(format!("Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\""));
        if let Some(format) = format {
            breach(beyond(format, path));
        }
        unknown_fields(&Value::Null, value, path, breaches);
        return;
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array)
        && !choices.contains(value)
    {
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        breach(format!("Unsupported value: {value}: supported values: {}", choices.join(", ")));
    }
    match value {
        Value::Number(_) => bounds(schema, value, path, &mut breach),
        Value::String(text) => words(schema, text, path, &mut breach),
        Value::Array(items) => {
            if let Some(most) = limit(schema, "maxItems").filter(|most| items.len() > *most) {
                breach(format!("Too many: {}: must have at most {most} items", items.len()));
            }
            let empty = Value::Null;
            let schema_of_items = schema.get("items").unwrap_or(&empty);
            for (index, item) in items.iter().enumerate() {
                check(schema_of_items, item, &format!("{path}[{index}]"), breaches);
            }
            duplicates(schema, items, path, breaches);
        }
        Value::Object(fields) => {
            if let Some(most) = limit(schema, "maxProperties").filter(|most| fields.len() > *most) {
                breach(format!("Too many: {}: must have at most {most} items", fields.len()));
            }
            object(schema, fields, path, breaches);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn object(schema: &Value, fields: &Map<String, Value>, path: &str, breaches: &mut Vec<Breach>) {
    for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        let name = required.as_str().unwrap_or_default();
        if fields.get(name).is_none_or(Value::is_null) {
            let message = "Required value".to_owned();
            breaches.push(Breach { path: joined(path, name), message, is_unknown_field: false });
        }
    }
    for (key, value) in fields {
        let path = joined(path, key);
        match property(schema, key) {
            Some(_) if value.is_null() => {}
            Some(_) if preserves(schema) => {}
            Some(schema) => check(schema, value, &path, breaches),
            None => unknown(&path, value, breaches),
        }
    }
}

/// Where the type is another one, the server still looks for fields that it does not know, and knows none.
fn unknown_fields(schema: &Value, value: &Value, path: &str, breaches: &mut Vec<Breach>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if property(schema, key).is_none() {
                    unknown(&joined(path, key), value, breaches);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                unknown_fields(&Value::Null, item, &format!("{path}[{index}]"), breaches);
            }
        }
        _ => {}
    }
}

fn unknown(path: &str, _value: &Value, breaches: &mut Vec<Breach>) {
    let message = format!("unknown field \"{path}\"");
    breaches.push(Breach { path: path.to_owned(), message, is_unknown_field: true });
}

fn is_int_or_string(schema: &Value) -> bool {
    schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true))
}

/// The type that a value should be of and is not.
fn wrong_type<'a>(schema: &'a Value, value: &Value) -> Option<&'a str> {
    let is_integer = |value: &Value| value.as_f64().is_some_and(|number| number.fract() == 0.0);
    if is_int_or_string(schema) {
        let fits = value.is_string() || is_integer(value);
        return (!fits).then_some("integer,string");
    }
    let wanted = schema.get("type")?.as_str()?;
    let fits = match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => is_integer(value),
        "number" => value.is_number(),
        _ => true,
    };
    (!fits).then_some(wanted)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn limit(schema: &Value, keyword: &str) -> Option<usize> {
    usize::try_from(schema.get(keyword)?.as_u64()?).ok()
}

fn bounds(schema: &Value, value: &Value, path: &str, breach: &mut impl FnMut(String)) {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let number = value.as_f64().unwrap_or_default();
    if let Some(least) = bound("minimum").filter(|least| number < *least) {
        breach(format!("Invalid value: {value}: {path} in body should be greater than or equal to {least}"));
    }
    if let Some(most) = bound("maximum").filter(|most| number > *most) {
        breach(format!("Invalid value: {value}: {path} in body should be less than or equal to {most}"));
    }
    let is_32_bits = schema.get("format").and_then(Value::as_str) == Some("int32");
    if is_32_bits && value.as_i64().is_none_or(|number| i32::try_from(number).is_err()) {
        breach(beyond("int32", path));
    }
}

fn beyond(format: &str, path: &str) -> String {
    format!("Invalid value: \"\": Checked value must be of type integer with format {format} in {path}")
}

/// Of a text that is wrong in more than one way the server names the first.
fn words(schema: &Value, text: &str, path: &str, breach: &mut impl FnMut(String)) {
    let length = text.chars().count();
    let quoted = Value::from(text);
    let pattern = schema.get("pattern").and_then(Value::as_str);
    if let Some(most) = limit(schema, "maxLength").filter(|most| length > *most) {
        breach(format!("Too long: may not be more than {most} bytes"));
    } else if let Some(least) = limit(schema, "minLength").filter(|least| length < *least) {
        breach(format!("Invalid value: {quoted}: {path} in body should be at least {least} chars long"));
    } else if let Some(pattern) = pattern.filter(|pattern| !matches(pattern, text)) {
        breach(format!("Invalid value: {quoted}: {path} in body should match '{pattern}'"));
    }
    let is_time = schema.get("format").and_then(Value::as_str) == Some("date-time");
    if is_time && text.parse::<Timestamp>().is_err() {
        breach(format!("Invalid value: {quoted}: {path} in body must be of type date-time: {quoted}"));
    }
}

/// The patterns are those of the definition: one that cannot be read would be found by its own tests.
fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// A list with keys has each key once, a set each value.
fn duplicates(schema: &Value, items: &[Value], path: &str, breaches: &mut Vec<Breach>) {
    let kind = schema.get("x-kubernetes-list-type").and_then(Value::as_str);
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    let key = |item: &Value| match (kind, keys) {
        (Some("map"), Some(keys)) => {
            let fields = keys.iter().filter_map(Value::as_str);
            let fields = fields.filter_map(|field| Some((field.to_owned(), item.get(field)?.clone())));
            Some(Value::Object(fields.collect()).to_string())
        }
        (Some("set"), _) => Some(item.to_string()),
        _ => None,
    };
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let Some(key) = key(item) else { continue };
        if !seen.insert(key.clone()) {
            let message = format!("Duplicate value: {key}");
            breaches.push(Breach { path: format!("{path}[{index}]"), message, is_unknown_field: false });
        }
    }
}

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}
