//! in-toto links: the predicate v0.3, and the classic signed object.
//!
//! SPEC: in-toto/attestation spec/predicates/link.md; in-toto specification 1.0 section 4.4.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nulls::null_as_default;
use super::statement::{DigestSet, ResourceDescriptor};

/// Predicate type.
pub const LINK: &str = "https://in-toto.io/attestation/link/v0.3";
/// `_type` of a classic link.
pub const CLASSIC_LINK: &str = "link";

/// The predicate. The products are the statement's subjects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LinkPredicate {
    /// Name of the step.
    pub name: String,
    /// Command line of the step.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// What went in: `name` and `digest` of each.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<ResourceDescriptor>,
    /// Output of the command and the like; not products.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Map::is_empty")]
    pub byproducts: Map<String, Value>,
    /// Surroundings of the command.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Map::is_empty")]
    pub environment: Map<String, Value>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A classic link: the signed object itself, with no statement around it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ClassicLink {
    /// [`CLASSIC_LINK`].
    #[serde(rename = "_type")]
    pub link_type: String,
    /// Name of the step.
    pub name: String,
    /// Command line of the step.
    #[serde(default, deserialize_with = "null_as_default")]
    pub command: Vec<String>,
    /// What went in: path to digests.
    #[serde(default, deserialize_with = "null_as_default")]
    pub materials: BTreeMap<String, DigestSet>,
    /// What came out: path to digests.
    #[serde(default, deserialize_with = "null_as_default")]
    pub products: BTreeMap<String, DigestSet>,
    /// Output of the command and the like; not products.
    #[serde(default, deserialize_with = "null_as_default")]
    pub byproducts: Map<String, Value>,
    /// Surroundings of the command.
    #[serde(default, deserialize_with = "null_as_default")]
    pub environment: Map<String, Value>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
