//! Strict JSON: what two readers could understand differently is refused before anybody reads it.
//!
//! SECURITY: a duplicate key lets one reader see the first value and another the last, under one signature.
//! Everything that came from outside enters through [`parse`] or [`parse_as`].

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

use crate::limits::Limits;

mod pointer;

/// Deepest nesting read, whatever the limits say.
///
/// INVARIANT (stack): below the bound of `serde_json` itself (127), so that our own error is the one that is met.
const DEEPEST: usize = 120;

/// Why bytes are not one JSON document that every reader understands alike. Lines and columns count from 1, columns in bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JsonError {
    /// More bytes than allowed.
    #[error("document has {got} bytes, limit is {limit}")]
    OverBytes {
        /// Bytes allowed.
        limit: usize,
        /// Bytes there are.
        got: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Offset of the first bad byte.
        offset: usize,
    },
    /// Objects and arrays nested too deep.
    #[error("nesting over the limit of {limit} at line {line} column {column}")]
    OverDepth {
        /// Nesting allowed.
        limit: usize,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// More values than allowed.
    #[error("more than {limit} values at line {line} column {column}")]
    OverValues {
        /// Values allowed.
        limit: usize,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// A key that occurs twice in one object.
    #[error("key `{key}` occurs twice in one object at line {line} column {column}")]
    DuplicateKey {
        /// The key, cut after 80 characters.
        key: String,
        /// Line of its second occurrence.
        line: usize,
        /// Column after its second occurrence.
        column: usize,
    },
    /// Something after the document.
    #[error("something follows the document at line {line} column {column}")]
    Trailing {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// Not JSON.
    #[error("not JSON at line {line} column {column}")]
    Syntax {
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// JSON, but of another shape than asked.
    #[error("member `{pointer}` has not the expected shape")]
    Shape {
        /// JSON Pointer (RFC 6901) to the value; the empty text is the whole document.
        pointer: String,
        /// What the reader said.
        source: serde_json::Error,
    },
}

/// Reads one strict JSON document.
///
/// In: UTF-8 without byte order mark. Out: the value, members in their order. An integer outside 64 bits becomes the nearest
/// double, as in every common reader.
/// Cost: O(bytes) time and memory; the stack is bounded by `limits.json_depth`, of which more than 120 counts as 120.
///
/// # Errors
/// [`JsonError`] for anything over a limit, a key twice in one object, bytes after the document, and what is not JSON.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    if bytes.len() > limits.json_bytes {
        return Err(JsonError::OverBytes { limit: limits.json_bytes, got: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8 { offset: error.valid_up_to() })?;
    let reading = Reading {
        depth_limit: limits.json_depth.min(DEEPEST),
        // LIMIT: a value takes up to 350 bytes of memory, and two bytes can make one: a document of nothing but brackets would take 175 times
        // its length.
        value_limit: limits.json_values.min(1_000_000 + bytes.len() / 8),
        values: Cell::new(0),
        fault: RefCell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { reading: &reading, depth: 0 }.deserialize(&mut deserializer);
    let value = value.map_err(|error| reading.error(error))?;
    deserializer.end().map_err(|error| JsonError::Trailing { line: error.line(), column: error.column() })?;
    Ok(value)
}

/// Limits for a document of words and names, such as a bundle: at most one value for 16 bytes, save the first 100,000. In others there may be
/// one for 8 bytes, save the first million.
#[must_use]
pub fn of_words(bytes: &[u8], limits: &Limits) -> Limits {
    Limits { json_values: limits.json_values.min(100_000 + bytes.len() / 16), ..*limits }
}

/// Reads one strict JSON document as a `T`.
///
/// # Errors
/// As [`parse`]; [`JsonError::Shape`], with the place, when the document is not a `T`.
pub fn parse_as<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, JsonError> {
    let value = parse(bytes, limits)?;
    serde_json::from_value(value).map_err(|source| {
        // A value has no lines; only for the error, the bytes are read again to learn where it is.
        let place = serde_json::from_slice::<T>(bytes).err();
        let pointer = place.map_or_else(String::new, |error| pointer::at(bytes, error.line(), error.column()));
        JsonError::Shape { pointer, source }
    })
}

/// Reads a value, which [`parse`] gave, as a `T`.
///
/// # Errors
/// [`JsonError::Shape`] when it is none; a value has no lines, so the place is the whole of it.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    serde_json::from_value(value).map_err(|source| JsonError::Shape { pointer: String::new(), source })
}

/// What the visitors of one document share.
struct Reading {
    depth_limit: usize,
    value_limit: usize,
    values: Cell<usize>,
    fault: RefCell<Option<Fault>>,
}

/// What the visitors object to; serde's own errors carry text only.
enum Fault {
    Depth,
    Values,
    Key(String),
}

impl Reading {
    fn object_to<E: serde::de::Error>(&self, fault: Fault) -> E {
        self.fault.replace(Some(fault));
        E::custom("refused")
    }

    fn error(&self, source: serde_json::Error) -> JsonError {
        let (line, column) = (source.line(), source.column());
        match self.fault.take() {
            Some(Fault::Depth) => JsonError::OverDepth { limit: self.depth_limit, line, column },
            Some(Fault::Values) => JsonError::OverValues { limit: self.value_limit, line, column },
            Some(Fault::Key(key)) => JsonError::DuplicateKey { key, line, column },
            None => JsonError::Syntax { line, column, source },
        }
    }
}

/// Reads one value that lies within `depth` objects and arrays.
#[derive(Clone, Copy)]
struct Strict<'a> {
    reading: &'a Reading,
    depth: usize,
}

impl Strict<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= self.reading.depth_limit {
            return Err(self.reading.object_to(Fault::Depth));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        // LIMIT: counted before the value is read, so that no collection grows past the limit.
        let values = self.reading.values.get() + 1;
        if values > self.reading.value_limit {
            return Err(self.reading.object_to(Fault::Values));
        }
        self.reading.values.set(values);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(self.reading.object_to(Fault::Key(key.chars().take(80).collect())));
            }
            members.insert(key, access.next_value_seed(inner)?);
        }
        Ok(Value::Object(members))
    }
}
