//! `inventory`: the root over the files of the subject.
//!
//! SPEC: docs/predicates/inventory.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digest::InventoryRoot;

/// Predicate type.
pub const INVENTORY: &str = "https://lasthand.dev/inventory/v0.1";

/// The predicate. The records are a content-addressed blob beside the statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InventoryPredicate {
    /// RFC 6962 root over the canonical records.
    pub root: InventoryRoot,
    /// Number of records.
    pub count: u64,
    /// Sum of the file sizes in bytes.
    pub bytes: u64,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
