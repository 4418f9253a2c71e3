//! Images and indexes as facts; a part of the [facts document](super::facts).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::{ArtifactDigest, FileDigest, Sha256};

/// One member of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexMember {
    /// The manifest.
    pub digest: ArtifactDigest,
    /// `os/architecture`.
    pub platform: String,
}

/// An image, as its manifest and its config say. The bytes of its layers are in no facts; what they hold is in `inventories`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageFact {
    /// Digest of the config, which names the content of every layer.
    pub config: Sha256,
    /// Layers, lowest first.
    pub layers: Vec<LayerFact>,
    /// Whether its manifest has annotations that engines may apply: then the config does not say all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub annotated: bool,
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerFact {
    /// Digest of the bytes as shipped; absent where no manifest says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256>,
    /// Digest of the uncompressed tar.
    pub diff_id: Sha256,
}

/// What a configuration says of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfigValue {
    /// The field has the value with this digest of its canonical JSON.
    Sha256(FileDigest),
    /// The field is taken away: a source file says `null`.
    Removed,
}
