//! The config of an image -> the fields that take effect in a container.

use std::collections::BTreeMap;

use lasthand_model::limits::Limits;

use crate::error::ArtifactError;

/// Where a config document comes from: it decides what `null` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigOrigin {
    /// The config of an image: `null` is absent.
    Image,
    /// A source file that states how a build shall set the config: `null` takes the field away.
    Source,
}

/// What a config document says of one field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldValue {
    /// The value as canonical JSON: no spaces, members sorted by the bytes of their names.
    Value(String),
    /// The field is taken away; only of a source file.
    Removed,
}

/// Lists the fields of an image config that take effect in a container.
///
/// # Errors
/// [`ArtifactError`] with `name` for what is not strict JSON or not of the shape of a config.
pub fn config_fields(
    name: &str,
    json: &[u8],
    origin: ConfigOrigin,
    limits: &Limits,
) -> Result<BTreeMap<String, FieldValue>, ArtifactError> {
    let _ = (name, json, origin, limits);
    Ok(BTreeMap::new())
}
