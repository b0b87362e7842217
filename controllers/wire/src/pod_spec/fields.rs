//! Messages and their fields: what they are called in JSON, and their numbers and types in protobuf.

/// A message: its fields, by their numbers.
pub(super) struct Message(pub(super) &'static [Field]);

/// A field of a message.
pub(super) enum Field {
    /// One that has a name in JSON.
    Named { name: &'static str, number: u32, kind: Type },
    /// A message whose fields stand among those of the one that has it.
    Embedded { number: u32, message: &'static Message },
}

/// What a field holds.
pub(super) enum Type {
    Text,
    Flag,
    Int32,
    Int64,
    /// An amount of a resource: a text, or a whole number in JSON.
    Quantity,
    /// A number or a text, of a port above all.
    IntOrString,
    /// A second.
    Time,
    Nested(&'static Message),
    List(&'static Type),
    /// By texts.
    Map(&'static Type),
}

impl Field {
    pub(super) const fn new(name: &'static str, number: u32, kind: Type) -> Field {
        Field::Named { name, number, kind }
    }

    pub(super) const fn embedded(number: u32, message: &'static Message) -> Field {
        Field::Embedded { number, message }
    }
}
