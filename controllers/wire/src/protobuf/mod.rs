//! The messages, field by field as in the API's own `generated.proto` files, with the fields that we need.
//!
//! Texts are `Bytes`: they share the memory of what was received, and whether they are UTF-8 is judged where they are used,
//! with the name of the field at hand.

pub(crate) mod apps;
pub(crate) mod coordination;
pub(crate) mod core;
pub(crate) mod discovery;
pub(crate) mod endpoints;
pub(crate) mod event;
pub(crate) mod meta;
pub(crate) mod node;
pub(crate) mod policy;
pub(crate) mod runtime;
pub(crate) mod service;
pub(crate) mod status;
