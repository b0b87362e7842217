//! SHA-256 as text.

use ring::digest::{Context, SHA256};

/// The SHA-256 of the parts one after the other, in hexadecimal.
pub fn sha256(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
