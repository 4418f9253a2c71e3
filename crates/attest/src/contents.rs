//! The entries of a container or tree, stated as one root.

use lasthand_model::digest::{ArtifactDigest, GitId};
use lasthand_model::inventory::Inventory;
use lasthand_model::wire::inventory::{INVENTORY, InventoryPredicate};
use lasthand_model::wire::statement::Statement;
use serde_json::Map;

use crate::error::StatementError;
use crate::subject;

/// What an inventory is of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InventorySubject {
    /// A container, by the digest of its bytes.
    Artifact {
        /// File name or reference.
        name: String,
        /// The container.
        digest: ArtifactDigest,
    },
    /// A git tree. Its `sha256` is the root itself.
    Tree {
        /// Name, such as the ref it is on.
        name: String,
        /// The tree.
        git_tree: GitId,
    },
}

/// States the root, number of records and bytes of an inventory. The records themselves are written beside it.
///
/// # Errors
/// [`StatementError::Json`].
pub fn inventory_statement(of: &InventorySubject, inventory: &Inventory) -> Result<Statement, StatementError> {
    let root = inventory.root();
    let subject = match of {
        InventorySubject::Artifact { name, digest } => subject::named(name, &digest.0),
        InventorySubject::Tree { name, git_tree } => {
            let mut named = subject::named(name, &root.0);
            named.digest.insert("gitTree".to_owned(), git_tree.to_string());
            named
        }
    };
    let records = inventory.records();
    let bytes = records.clone().fold(0u64, |sum, record| sum.saturating_add(record.size));
    let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
    let predicate = InventoryPredicate { root, count, bytes, extra: Map::new() };
    subject::statement(vec![subject], INVENTORY, serde_json::to_value(&predicate))
}
