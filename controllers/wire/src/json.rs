//! JSON values, and where they stand.

use mainstay_model::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::DecodeError;
use crate::time;

/// Reads a text as JSON; `field` says what it is.
pub(crate) fn parse<T: DeserializeOwned>(field: &'static str, text: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(text).map_err(|error| malformed(field, &error))
}

/// What the JSON reader says, as an error.
pub(crate) fn malformed(field: &'static str, error: &serde_json::Error) -> DecodeError {
    DecodeError::MalformedJson { field, message: error.to_string() }
}

/// A value that may have been left out, and where it stands. One that is `null` counts as left out.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    path: &'static str,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    /// A value that stands at that path.
    pub(crate) fn new(path: &'static str, value: Option<&'a Value>) -> Field<'a> {
        Field { path, value: value.filter(|value| !value.is_null()) }
    }

    /// The field at that path, whose last part is its key in this object.
    pub(crate) fn at(self, path: &'static str) -> Result<Field<'a>, DecodeError> {
        let key = path.rsplit('.').next().unwrap_or(path);
        Ok(Field::new(path, self.object()?.and_then(|object| object.get(key))))
    }

    /// The items of a list; none where it was left out.
    pub(crate) fn items(self) -> Result<impl Iterator<Item = Field<'a>>, DecodeError> {
        let items = self.read("a list", Value::as_array)?;
        Ok(items.into_iter().flatten().map(move |item| Field::new(self.path, Some(item))))
    }

    /// The entries of a map of texts; none where it was left out.
    pub(crate) fn texts(self) -> Result<Vec<(&'a str, &'a str)>, DecodeError> {
        let entries = self.object()?.into_iter().flatten();
        entries
            .map(|(key, value)| Ok((&**key, Field::new(self.path, Some(value)).required_text()?)))
            .collect()
    }

    /// An object, still as JSON.
    pub(crate) fn object(self) -> Result<Option<&'a serde_json::Map<String, Value>>, DecodeError> {
        self.read("an object", Value::as_object)
    }

    /// A text.
    pub(crate) fn text(self) -> Result<Option<&'a str>, DecodeError> {
        self.read("a text", Value::as_str)
    }

    /// A text that must be there.
    pub(crate) fn required_text(self) -> Result<&'a str, DecodeError> {
        self.text()?.ok_or(DecodeError::Missing { field: self.path })
    }

    /// A time.
    pub(crate) fn time(self) -> Result<Option<Timestamp>, DecodeError> {
        self.read("a time in the form of RFC 3339", |value| time::from_rfc3339(value.as_str()?))
    }

    /// True or false.
    pub(crate) fn boolean(self) -> Result<Option<bool>, DecodeError> {
        self.read("true or false", Value::as_bool)
    }

    /// A number.
    pub(crate) fn int64(self) -> Result<Option<i64>, DecodeError> {
        self.read("a whole number of 64 bits", Value::as_i64)
    }

    /// A number that must not be too large.
    pub(crate) fn int32(self) -> Result<Option<i32>, DecodeError> {
        self.read("a whole number of 32 bits", |value| value.as_i64()?.try_into().ok())
    }

    /// Whatever is made of the value; what nothing can be made of is not `expected`.
    pub(crate) fn read<T>(
        self,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, DecodeError> {
        let Some(value) = self.value else { return Ok(None) };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(DecodeError::Invalid { field: self.path, message: format!("not {expected}") }),
        }
    }
}
