//! `review`: a human approved a change, a whole tree, an act or an exception.
//!
//! SPEC: docs/predicates/review.md. With `head`: approval of a change (`base` present) or a whole tree.
//! With `action`: approval about the artifact that is the subject.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::facts::TreeRef;
use super::step_actor::{Mark, Repository, WireActor, WireCredential};

/// Predicate type.
pub const REVIEW: &str = "https://lasthand.dev/review/v0.1";

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewPredicate {
    /// Repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// The ref the change is meant for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<String>,
    /// Tree before the change; absent for a whole tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<TreeRef>,
    /// Tree after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<TreeRef>,
    /// Paths the approval is for, globs. Normative: an empty list approves nothing.
    #[serde(default)]
    pub scope: Vec<String>,
    /// Who approved.
    pub reviewer: WireActor,
    /// Authors of what was reviewed.
    #[serde(default)]
    pub authors: Vec<WireActor>,
    /// Whether `authors` is complete.
    #[serde(default)]
    pub authors_complete: bool,
    /// Proof that a human was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Value>,
    /// Whether a human was asked on a terminal.
    #[serde(default)]
    pub interactive: bool,
    /// Marks of an agent that the recorder saw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// `simulated` when the surroundings were given by a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surroundings: Option<String>,
    /// The credential the reviewer acted with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<WireCredential>,
    /// For an approval about an artifact: `parameters` or `exception`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// For an approval: the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// For an approval: where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// For an approval: the parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// For an exception: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For an exception: until when, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<String>,
    /// When, RFC 3339; never decides anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_created: Option<String>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
