//! `list`: signed, dated lists of what is revoked, withdrawn or released.
//!
//! SPEC: docs/predicates/list.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::facts::{ListEntry, ListKind};

/// Predicate type.
pub const LIST: &str = "https://lasthand.dev/list/v0.1";

/// The predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListPredicate {
    /// What it lists.
    pub kind: ListKind,
    /// Product it is for, glob.
    pub scope: String,
    /// Issued, RFC 3339.
    pub issued_at: String,
    /// Fresh until, RFC 3339.
    pub fresh_until: String,
    /// Grows with each issue.
    pub sequence: u64,
    /// What is listed.
    #[serde(default)]
    pub entries: Vec<ListEntry>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
