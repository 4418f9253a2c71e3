//! Statements to the exact bytes that are signed, and the signing itself.

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::wire::statement::{PAYLOAD_TYPE, Statement};

use lasthand_sign::{KeyPair, SignError};
use thiserror::Error;

use crate::error::{AttestError, StatementError};

/// The exact bytes of a statement, and their digest: the statement's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// JSON without spaces, members in the order of the documented types.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub digest: StatementDigest,
}

/// Writes a statement as payload bytes. Equal statements give equal bytes.
///
/// # Errors
/// [`StatementError::Json`].
pub fn payload(statement: &Statement) -> Result<Payload, StatementError> {
    let bytes = serde_json::to_vec(statement).map_err(StatementError::Json)?;
    let digest = StatementDigest(Sha256::of(&bytes));
    Ok(Payload { bytes, digest })
}

/// Whoever can sign a payload and give a bundle. Knows nothing of what was observed.
pub trait PayloadSigner {
    /// Why it could not.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Signs the DSSE pre-authentication encoding of a payload; gives a Sigstore bundle, JSON.
    ///
    /// # Errors
    /// The signer's own.
    fn sign_payload(&self, payload_type: &str, payload: &[u8]) -> Result<Vec<u8>, Self::Error>;

    /// Who signs: `key:<64 hex>` for a key.
    fn principal(&self) -> String;
}

/// A signed statement, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The bundle, JSON.
    pub bundle: Vec<u8>,
    /// The statement's id.
    pub digest: StatementDigest,
}

/// Signs a statement.
///
/// # Errors
/// [`AttestError::Statement`] or [`AttestError::Sign`].
pub fn sign(statement: &Statement, signer: &impl PayloadSigner) -> Result<Signed, AttestError> {
    let payload = payload(statement)?;
    let bundle = signer.sign_payload(PAYLOAD_TYPE, &payload.bytes);
    Ok(Signed { bundle: bundle.map_err(|source| AttestError::Sign(Box::new(source)))?, digest: payload.digest })
}

/// Why a local key gave no bundle.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeySignerError {
    /// The key did not sign.
    #[error("key did not sign")]
    Key(#[source] SignError),
    /// The bundle could not be written as JSON.
    #[error("bundle cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

impl PayloadSigner for KeyPair {
    type Error = KeySignerError;

    fn sign_payload(&self, payload_type: &str, payload: &[u8]) -> Result<Vec<u8>, KeySignerError> {
        let bundle = self.sign_bundle(payload_type, payload).map_err(KeySignerError::Key)?;
        serde_json::to_vec(&bundle).map_err(KeySignerError::Json)
    }

    fn principal(&self) -> String {
        format!("key:{}", self.id())
    }
}
