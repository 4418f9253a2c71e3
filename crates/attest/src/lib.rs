//! The write side: what was observed -> statements -> signed bundles beside the artifact.
//!
//! Main types: [`StepSpec`], [`LandingSpec`], [`ReviewSpec`]; main acts: [`step_statements`], [`landing_statement`], [`review_statement`],
//! [`sign_and_write`], [`attach`](attach()).
//!
//! Data flow: `observe` values + what the caller knows -> [`Statement`]
//! -> [`payload`](payload()) bytes -> a [`PayloadSigner`] -> bundle -> file.
//!
//! **Invariants.** Builders are pure: equal input gives equal bytes. Every subject has a SHA-256, beside git's ids where there are any.
//! No value of an environment variable and no token enters a statement. Files appear whole, and no evidence is ever overwritten with other evidence.
//!
//! ```
//! use lasthand_attest::{InventorySubject, inventory_statement, payload};
//! use lasthand_model::digest::{ArtifactDigest, Sha256};
//! use lasthand_model::inventory::Inventory;
//!
//! let of = InventorySubject::Artifact { name: "app.tar".into(), digest: ArtifactDigest(Sha256::of(b"bytes")) };
//! let statement = inventory_statement(&of, &Inventory::default())?;
//! assert_eq!(payload(&statement)?, payload(&statement)?);
//! # Ok::<(), lasthand_attest::StatementError>(())
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

mod act;
mod actors;
mod attach;
mod contents;
mod edit;
mod error;
mod landing;
mod payload;
mod review;
mod step;
mod subject;
mod write;

use std::path::{Path, PathBuf};

use lasthand_model::digest::StatementDigest;
use lasthand_model::wire::statement::Statement;

pub use act::{ActSpec, act_statement};
pub use actors::{Principal, wire_actor};
pub use attach::{Attached, AttachedToLayout, SIDECAR_ENDING, attach, attach_to_layout, sidecar};
pub use contents::{InventorySubject, inventory_statement};
pub use edit::{EditSpec, edit_statement};
pub use error::{AttestError, StatementError, WriteError};
pub use landing::{LandingSpec, landing_statement};
pub use payload::{KeySignerError, Payload, PayloadSigner, Signed, payload, sign};
pub use review::{ApprovalAction, ApprovalSpec, ReviewSpec, approval_statement, review_statement};
pub use step::{BUILD_TYPE, SourceTreeRef, StepSpec, StepStatements, step_statements};
pub use write::{
    BUNDLE_ENDING, INVENTORIES, INVENTORY_ENDING, content_path, write_bundle, write_content, write_inventory,
};

/// A statement that was signed and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The bundle's file.
    pub path: PathBuf,
    /// The statement's id.
    pub digest: StatementDigest,
}

/// Signs a statement and writes its bundle into a folder of evidence.
///
/// # Errors
/// [`AttestError`]; then no file is left.
pub fn sign_and_write(
    folder: &Path,
    kind: &str,
    statement: &Statement,
    signer: &impl PayloadSigner,
) -> Result<Written, AttestError> {
    let signed = sign(statement, signer)?;
    let path = write_bundle(folder, kind, &signed.bundle, signed.digest)?;
    Ok(Written { path, digest: signed.digest })
}
