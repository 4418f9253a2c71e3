//! JSON documents of images, member by member.

use std::collections::BTreeMap;

use lasthand_model::digest::Sha256;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use serde_json::{Map, Value};

use super::fault::ImageFault;
use crate::error::ArtifactError;

/// Longest foreign text in a message, in characters.
const SHOWN_CHARS: usize = 80;

/// True for bytes that hold one of these words, in any case, or something escaped.
///
/// SECURITY: Go folds U+017F to `s`.
pub(super) fn may_hold(bytes: &[u8], words: &[&str]) -> bool {
    const LONG_S: char = '\u{17f}';
    let folded = String::from_utf8_lossy(bytes).to_ascii_lowercase().replace(LONG_S, "s");
    words.iter().any(|word| folded.contains(word)) || folded.contains("\\u")
}

/// Source and document, for messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'n> {
    pub(super) source: &'n str,
    pub(super) document: &'n str,
}

impl Names<'_> {
    pub(super) fn fault(&self, fault: ImageFault) -> ArtifactError {
        ArtifactError::Image { name: self.source.to_owned(), fault: Box::new(fault) }
    }

    /// Reads strict JSON of at most `limit` bytes.
    pub(super) fn parse(&self, bytes: &[u8], limit: usize, limits: &Limits) -> Result<Value, ArtifactError> {
        let limits = Limits { json_bytes: limit, ..json::of_words(bytes, limits) };
        json::parse(bytes, &limits).map_err(|source| ArtifactError::Document {
            name: self.source.to_owned(),
            document: self.document.to_owned(),
            source,
        })
    }

    pub(super) fn shape(&self, member: &str, expected: &'static str) -> ArtifactError {
        self.fault(ImageFault::Shape { document: self.document.to_owned(), member: member.to_owned(), expected })
    }

    pub(super) fn unsupported(&self, what: &'static str, got: &str) -> ArtifactError {
        self.fault(ImageFault::Unsupported { document: self.document.to_owned(), what, got: shown(got) })
    }

    pub(super) fn over(&self, what: &'static str, limit: usize) -> ArtifactError {
        let limit = crate::meter::wide(limit);
        self.fault(ImageFault::OverLimit { document: self.document.to_owned(), what, limit })
    }
}

/// One object of a document. A member that is `null` is absent.
pub(super) struct Object<'v> {
    pub(super) names: Names<'v>,
    at: String,
    members: &'v Map<String, Value>,
}

impl<'v> Object<'v> {
    /// Takes the value at the JSON Pointer `at`.
    pub(super) fn of(names: Names<'v>, at: String, value: &'v Value) -> Result<Self, ArtifactError> {
        match value.as_object() {
            Some(members) => Ok(Self { names, at, members }),
            None => Err(names.shape(&at, "an object")),
        }
    }

    pub(super) const fn members(&self) -> &'v Map<String, Value> {
        self.members
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<&'v Value>, ArtifactError> {
        // SECURITY: Go takes `Layers` for `layers`, and the last of both.
        if let Some(member) = self.members.keys().find(|key| key.as_str() != name && folds_to(key, name)) {
            let (document, member) = (self.names.document.to_owned(), shown(member));
            return Err(self.names.fault(ImageFault::CaseVariant { document, member }));
        }
        Ok(self.members.get(name).filter(|value| !value.is_null()))
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, ArtifactError> {
        self.get(name)?.map(|value| Self::of(self.names, self.pointer(name), value)).transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'v str>, ArtifactError> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.shape(name, "a text"))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ArtifactError> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| self.shape(name, "a whole number"))
    }

    /// The elements of an array; none when it is absent.
    pub(super) fn array(&self, name: &str) -> Result<&'v [Value], ArtifactError> {
        match self.get(name)? {
            None => Ok(&[]),
            Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| self.shape(name, "an array")),
        }
    }

    /// The objects of an array; none when it is absent.
    pub(super) fn objects(&self, name: &str) -> Result<Vec<Self>, ArtifactError> {
        let values = self.array(name)?.iter().enumerate();
        values.map(|(at, value)| Self::of(self.names, self.pointer(&format!("{name}/{at}")), value)).collect()
    }

    /// The texts of an array; none when it is absent.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'v str>, ArtifactError> {
        let texts = self.array(name)?.iter().map(|value| value.as_str().ok_or_else(|| self.shape(name, "texts")));
        texts.collect()
    }

    /// The members of an object of texts; none when it is absent.
    pub(super) fn text_map(&self, name: &str) -> Result<BTreeMap<String, String>, ArtifactError> {
        let Some(object) = self.object(name)? else { return Ok(BTreeMap::new()) };
        let mut map = BTreeMap::new();
        for (key, value) in object.members {
            let text = match value {
                Value::Null => "",
                _ => value.as_str().ok_or_else(|| self.shape(name, "an object of texts"))?,
            };
            map.insert(key.clone(), text.to_owned());
        }
        Ok(map)
    }

    pub(super) fn digest(&self, name: &str) -> Result<Sha256, ArtifactError> {
        let text = self.text(name)?.ok_or_else(|| self.shape(name, "a digest"))?;
        self.names.digest(text)
    }

    pub(super) fn shape(&self, name: &str, expected: &'static str) -> ArtifactError {
        self.names.shape(&self.pointer(name), expected)
    }

    fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }
}

impl Names<'_> {
    /// Reads `sha256:<hex>`; other algorithms are not supported.
    pub(super) fn digest(&self, text: &str) -> Result<Sha256, ArtifactError> {
        let digest = text.strip_prefix("sha256:").and_then(|_| text.parse().ok());
        digest.ok_or_else(|| self.unsupported("digest", text))
    }
}

/// A foreign text, cut for a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

/// True when a reader without regard to case takes `key` for `name`, which is ASCII.
///
/// SPEC: Go `encoding/json` `foldName`: simple case folding, under which the long s is an `s` and the Kelvin sign a `k`.
pub(super) fn folds_to(key: &str, name: &str) -> bool {
    key.chars().map(fold).eq(name.chars().map(fold))
}

/// One character without regard to case.
pub(super) fn fold(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => character.to_ascii_lowercase(),
    }
}
