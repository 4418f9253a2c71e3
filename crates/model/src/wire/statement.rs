//! in-toto Statement and ResourceDescriptor.
//!
//! SPEC: in-toto/attestation spec/v1 statement.md, resource_descriptor.md, digest_set.md.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nulls::null_as_default;

/// `_type` of version 1.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// `_type` of version 0.1, still met.
pub const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
/// DSSE `payloadType` of a statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Algorithm name to lower-case hex.
pub type DigestSet = BTreeMap<String, String>;

/// Names content by digest, with where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDescriptor {
    /// Name, normative for steps: a path relative to the step's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Digests of one content.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: DigestSet,
    /// Small content itself, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Where the bytes can be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_location: Option<String>,
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// More about it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Map::is_empty")]
    pub annotations: Map<String, Value>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A claim about its subjects: `predicate` read according to `predicateType`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// [`STATEMENT_V1`] or [`STATEMENT_V01`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What the claim is about; each has a digest.
    pub subject: Vec<ResourceDescriptor>,
    /// Type of the predicate.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// The predicate; unknown members survive.
    #[serde(default)]
    pub predicate: Value,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
