//! What statements are about: every subject of ours has a SHA-256, also where git has an id of its own.

use lasthand_model::digest::{GitId, Sha256, StatementDigest};
use lasthand_model::wire::facts::TreeRef;
use lasthand_model::wire::statement::{DigestSet, PAYLOAD_TYPE, ResourceDescriptor, STATEMENT_V1, Statement};
use serde_json::{Map, Value};

use crate::error::StatementError;

pub(crate) fn statement(
    subject: Vec<ResourceDescriptor>,
    predicate_type: &str,
    predicate: serde_json::Result<Value>,
) -> Result<Statement, StatementError> {
    Ok(Statement {
        statement_type: STATEMENT_V1.to_owned(),
        subject,
        predicate_type: predicate_type.to_owned(),
        predicate: predicate.map_err(StatementError::Json)?,
        extra: Map::new(),
    })
}

/// A tree: `sha256` is the root of its inventory.
pub(crate) fn tree(
    name: &str,
    what: &'static str,
    tree: &TreeRef,
    commit: Option<&GitId>,
) -> Result<ResourceDescriptor, StatementError> {
    Ok(ResourceDescriptor {
        name: Some(name.to_owned()),
        digest: tree_digests(what, tree, commit)?,
        ..Default::default()
    })
}

pub(crate) fn tree_digests(
    what: &'static str,
    tree: &TreeRef,
    commit: Option<&GitId>,
) -> Result<DigestSet, StatementError> {
    let root = tree.root.ok_or(StatementError::NoRoot { what })?;
    let mut digests = sha256(&root.0);
    digests.extend(tree.git_tree.as_ref().map(|id| ("gitTree".to_owned(), id.to_string())));
    digests.extend(commit.map(|id| ("gitCommit".to_owned(), id.to_string())));
    Ok(digests)
}

pub(crate) fn named(name: &str, digest: &Sha256) -> ResourceDescriptor {
    ResourceDescriptor { name: Some(name.to_owned()), digest: sha256(digest), ..Default::default() }
}

/// The `labels` member: another statement, by the digest of its payload.
pub(crate) fn label(digest: StatementDigest) -> ResourceDescriptor {
    ResourceDescriptor { digest: sha256(&digest.0), media_type: Some(PAYLOAD_TYPE.to_owned()), ..Default::default() }
}

pub(crate) fn sha256(digest: &Sha256) -> DigestSet {
    DigestSet::from([("sha256".to_owned(), digest.to_string())])
}

pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::String(value.into())
}
