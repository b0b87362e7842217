//! YAML with the lines that things stand on.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Spanned, UserMessageFormatter};

/// A value of a document, and where it is.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its line, from 1; that of its key where it has one.
    line: u64,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a file is no YAML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Where.
    pub line: Option<u64>,
    /// Why.
    pub message: String,
}

/// The documents of a file; those with nothing in them are left out.
pub fn read(text: &str) -> Result<Vec<Node>, SyntaxError> {
    let documents: Vec<Spanned<Kind>> = serde_saphyr::from_multiple(text).map_err(|error| SyntaxError {
        line: error.location().map(|location| location.line()),
        message: error.without_snippet().render_with_formatter(&UserMessageFormatter),
    })?;
    let nodes = documents.into_iter().map(|document| Node::new(document.referenced.line(), document.value));
    Ok(nodes.filter(|node| !matches!(node.kind, Kind::Scalar(Value::Null))).collect())
}

impl Node {
    fn new(line: u64, kind: Kind) -> Node {
        Node { line, kind }
    }

    /// The value without its places.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => Value::Array(items.iter().map(Node::value).collect()),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| (key.clone(), node.value()));
                Value::Object(entries.collect::<Map<String, Value>>())
            }
        }
    }

    /// What is under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The line of what a path leads to, or else of the last thing on the way that is there: `spec.template.sidecars[0].name`.
    pub fn line(&self, path: &str) -> u64 {
        let mut node = self;
        for step in path.split(['.', '[']) {
            let next = match step.strip_suffix(']').map(str::parse::<usize>) {
                Some(Ok(index)) => node.items().get(index),
                _ => node.get(step),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.line
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything that JSON has, too")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        Kind::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Kind>>()? {
            items.push(Node::new(item.referenced.line(), item.value));
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            entries.push((key.value, Node::new(key.referenced.line(), map.next_value::<Kind>()?)));
        }
        Ok(Kind::Map(entries))
    }
}
