//! Identity and version of an object.

use std::fmt;

use thiserror::Error;

use crate::name::Name;

/// An object's UID: the identity that a name, which can be used again, is not.
///
/// The apiserver makes UIDs as UUIDs in their canonical form, so 16 bytes hold one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(pub u128);

/// A text that is no UID in canonical UUID form.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a UUID in canonical form: {0:?}")]
pub struct UidError(pub String);

impl Uid {
    /// Reads the canonical form, lower case with hyphens, and nothing else: what is printed again is what was read.
    pub fn parse(text: &str) -> Result<Uid, UidError> {
        let bad = || UidError(text.to_owned());
        if text.len() != 36 {
            return Err(bad());
        }
        let mut value: u128 = 0;
        for (position, byte) in text.bytes().enumerate() {
            let digit = match (position, byte) {
                (8 | 13 | 18 | 23, b'-') => continue,
                (8 | 13 | 18 | 23, _) => return Err(bad()),
                (_, b'0'..=b'9') => byte - b'0',
                (_, b'a'..=b'f') => byte - b'a' + 10,
                _ => return Err(bad()),
            };
            value = value << 4 | u128::from(digit);
        }
        Ok(Uid(value))
    }

    /// The canonical form. Thousands of them are made at once, for references to pods: so it is made in one piece.
    pub fn text(self) -> Name {
        Name::from(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }

    fn digits(self) -> [u8; 36] {
        let mut text = [b'-'; 36];
        let mut shift = 128;
        for (position, byte) in text.iter_mut().enumerate() {
            if matches!(position, 8 | 13 | 18 | 23) {
                continue;
            }
            shift -= 4;
            let digit = (self.0 >> shift & 0xf) as u8;
            *byte = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        }
        text
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A resource version, comparable within one resource (Kubernetes 1.35 made that order part of the API; older
/// servers keep it in practice). Zero means "none".
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ResourceVersion(pub u64);

/// A resource version that is not a decimal number.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a decimal resource version: {0:?}")]
pub struct ResourceVersionError(pub String);

impl ResourceVersion {
    /// Reads the decimal form.
    pub fn parse(text: &str) -> Result<ResourceVersion, ResourceVersionError> {
        text.parse().map(ResourceVersion).map_err(|_| ResourceVersionError(text.to_owned()))
    }
}

impl fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_prints_as_it_was_read() {
        let text = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        assert_eq!(Uid::parse(text).unwrap().to_string(), text);
        assert_eq!(*Uid::parse(text).unwrap().text(), *text);
        assert_eq!(*Uid(0).text(), *"00000000-0000-0000-0000-000000000000");
    }

    #[test]
    fn only_the_canonical_form_is_a_uid() {
        for text in [
            "",
            "x",
            "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f90000",
            "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f",
            "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fé",
        ] {
            assert_eq!(Uid::parse(text), Err(UidError(text.to_owned())));
        }
    }

    #[test]
    fn a_version_is_a_decimal_number() {
        assert_eq!(ResourceVersion::parse("42"), Ok(ResourceVersion(42)));
        assert!(ResourceVersion::parse("").is_err());
        assert!(ResourceVersion::parse("-1").is_err());
    }
}
