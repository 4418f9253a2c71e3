//! SLSA Verification Summary Attestation: somebody else's verdict.
//!
//! SPEC: SLSA spec/verification_summary.md. Unset, null and empty mean the same, save for `dependencyLevels`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nulls::null_as_default;
use super::statement::ResourceDescriptor;

/// Predicate type.
pub const VSA: &str = "https://slsa.dev/verification_summary/v1";
/// `verificationResult` of a verdict that passed; every other word is one that did not.
pub const PASSED: &str = "PASSED";
/// `verificationResult` of a verdict that did not pass.
pub const FAILED: &str = "FAILED";

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VsaPredicate {
    /// Who verified; counts only together with the signer.
    pub verifier: Verifier,
    /// When, RFC 3339; never decides anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_verified: Option<String>,
    /// The name under which the subject was verified.
    pub resource_uri: String,
    /// The policy it was verified against: `uri` and `digest`.
    pub policy: ResourceDescriptor,
    /// What the verdict rests on; all of it, when anything is listed.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub input_attestations: Vec<ResourceDescriptor>,
    /// [`PASSED`] or [`FAILED`].
    pub verification_result: String,
    /// Levels and properties that hold.
    #[serde(default, deserialize_with = "null_as_default")]
    pub verified_levels: Vec<String>,
    /// Level to the number of dependencies there; absent is no claim, empty is no dependency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency_levels: Option<BTreeMap<String, u64>>,
    /// Version of SLSA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slsa_version: Option<String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl VsaPredicate {
    /// Whether the verdict is [`PASSED`], to the letter.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.verification_result == PASSED
    }
}

/// Who verified.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Verifier {
    /// The verifier's id.
    pub id: String,
    /// Component of the verifier to its version.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
