//! SLSA build provenance: v1, and v0.2 as older generators still write it.
//!
//! SPEC: SLSA spec/build-provenance.md (v1.0 to v1.2 share the type); SLSA v0.2 provenance.
//! In both: unset, null and empty mean the same, and unknown members are ignored by whoever decides.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::nulls::null_as_default;
use super::statement::{DigestSet, ResourceDescriptor};

/// Predicate type of version 1.
pub const PROVENANCE_V1: &str = "https://slsa.dev/provenance/v1";
/// Predicate type of version 0.2.
pub const PROVENANCE_V02: &str = "https://slsa.dev/provenance/v0.2";

/// The predicate, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceV1 {
    /// What was asked of the builder.
    pub build_definition: BuildDefinition,
    /// This one run of it.
    pub run_details: RunDetails,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What was asked of the builder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// How to read the parameters.
    pub build_type: String,
    /// Parameters under control of whoever asked; never trusted as they stand.
    #[serde(default, deserialize_with = "null_as_default")]
    pub external_parameters: Map<String, Value>,
    /// Parameters set by the builder.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Map::is_empty")]
    pub internal_parameters: Map<String, Value>,
    /// What the build fetched or was given, as far as the builder knows.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub resolved_dependencies: Vec<ResourceDescriptor>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One run of a build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// Who built.
    pub builder: Builder,
    /// Which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BuildMetadata>,
    /// Logs and other things that are not products.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub byproducts: Vec<ResourceDescriptor>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who built.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Builder {
    /// The builder's id; counts only together with the signer.
    pub id: String,
    /// What the builder itself was made from.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub builder_dependencies: Vec<ResourceDescriptor>,
    /// Component of the builder to its version.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub version: BTreeMap<String, String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Which run of the build it was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BuildMetadata {
    /// The builder's name for the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<String>,
    /// Start, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_on: Option<String>,
    /// End, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The predicate, version 0.2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceV02 {
    /// Who built.
    pub builder: BuilderV02,
    /// How to read the invocation and the build configuration.
    pub build_type: String,
    /// What started the build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<InvocationV02>,
    /// The steps of the build, as its type says; any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_config: Option<Value>,
    /// Which run it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<MetadataV02>,
    /// What went in: `uri` and `digest` of each.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub materials: Vec<ResourceDescriptor>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who built, in version 0.2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct BuilderV02 {
    /// The builder's id; counts only together with the signer.
    pub id: String,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What started a build, in version 0.2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvocationV02 {
    /// Where the build's own configuration came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_source: Option<ConfigSourceV02>,
    /// Parameters under control of whoever asked.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Parameters set by the builder.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Map::is_empty")]
    pub environment: Map<String, Value>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Where the build's own configuration came from, in version 0.2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigSourceV02 {
    /// Address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Digests of the source.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub digest: DigestSet,
    /// Path of the configuration in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Which run it was, in version 0.2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetadataV02 {
    /// The builder's name for the run. Some generators write `buildInvocationID`; that stays among the unknown members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_invocation_id: Option<String>,
    /// Start, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_started_on: Option<String>,
    /// End, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_finished_on: Option<String>,
    /// What the builder claims to have listed in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<CompletenessV02>,
    /// Whether the builder claims that the same inputs give the same bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproducible: Option<bool>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the builder claims to have listed in full, in version 0.2.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CompletenessV02 {
    /// The parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<bool>,
    /// The environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<bool>,
    /// The materials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub materials: Option<bool>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
