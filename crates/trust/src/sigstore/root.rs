//! A `trusted_root.json`: the authorities and logs of one Sigstore instance.

use std::fmt;
use std::sync::Arc;

use lasthand_model::digest::Sha256;
use lasthand_model::json::{self, JsonError};
use lasthand_model::limits::Limits;
use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT, TrustedRoot};
use thiserror::Error;

/// SPEC: sigstore/protobuf-specs, sigstore_trustroot.proto, `TrustedRoot.media_type`.
const MEDIA_TYPES: &[&str] = &[
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];

/// Why bytes are not a trusted root.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RootError {
    /// Not strict JSON.
    #[error("not readable")]
    Json(#[source] JsonError),
    /// JSON of another shape, or with keys or certificates that cannot be used.
    #[error("not a trusted root: {reason}")]
    Shape {
        /// What is wrong with it.
        reason: String,
    },
    /// Of a version that is not read, or something else.
    #[error("media type is `{got}`, which is none of a trusted root v0.1 or v0.2")]
    MediaType {
        /// The media type found.
        got: String,
    },
    /// Nothing could ever be verified by it.
    #[error("it has no {what}, so nothing can be verified by it")]
    Empty {
        /// What it lacks.
        what: &'static str,
    },
}

/// The authorities and logs of one Sigstore instance, ready to verify by.
#[derive(Clone)]
pub struct SigstoreRoot {
    digest: Sha256,
    counts: RootCounts,
    pub(super) judges: Judges,
    pub(super) root: Arc<TrustedRoot>,
    pub(super) verifier: Arc<Verifier>,
}

/// Whose signatures a root is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judges {
    /// Those of certificates and of keys.
    All,
    /// Those of keys that the caller has, and never those of certificates.
    KeysAlone,
}

/// How many of each a trusted root has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootCounts {
    /// Certificate authorities.
    pub authorities: usize,
    /// Transparency logs.
    pub logs: usize,
    /// Logs of certificates.
    pub certificate_logs: usize,
    /// Timestamp authorities; may be none.
    pub timestamp_authorities: usize,
}

impl RootCounts {
    fn of(root: &TrustedRoot) -> Self {
        Self {
            authorities: root.certificate_authorities.len(),
            logs: root.tlogs.len(),
            certificate_logs: root.ctlogs.len(),
            timestamp_authorities: root.timestamp_authorities.len(),
        }
    }

    /// SECURITY: an emptied root must not take a check away.
    fn lacks(&self, judges: Judges) -> Option<&'static str> {
        let needed = [
            (self.authorities, "certificate authority", judges == Judges::All),
            (self.logs, "transparency log", true),
            (self.certificate_logs, "certificate log", judges == Judges::All),
        ];
        needed.into_iter().find(|(count, _, is_needed)| *count == 0 && *is_needed).map(|(_, what, _)| what)
    }
}

impl SigstoreRoot {
    /// Reads a `trusted_root.json`.
    ///
    /// In: the bytes of the file. Out: the root; each key and certificate of it was parsed.
    ///
    /// # Errors
    /// [`RootError`], also for a root without authority, transparency log or certificate log.
    ///
    /// SPEC: sigstore/protobuf-specs, sigstore_trustroot.proto, `TrustedRoot`.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, RootError> {
        Self::read(bytes, Judges::All, limits)
    }

    /// Reads a `trusted_root.json` to verify by it what keys signed that the caller has.
    ///
    /// In: the bytes of the file; it may have no certificate authority and no certificate log, which a key does not need. Out: the root; a
    /// bundle with a certificate is refused under it, whatever the file has.
    ///
    /// # Errors
    /// [`RootError`], also for a root without transparency log.
    pub fn for_keys(bytes: &[u8], limits: &Limits) -> Result<Self, RootError> {
        Self::read(bytes, Judges::KeysAlone, limits)
    }

    fn read(bytes: &[u8], judges: Judges, limits: &Limits) -> Result<Self, RootError> {
        // Strict first: of a member that comes twice, nobody knows which one is meant.
        let document = json::parse(bytes, limits).map_err(RootError::Json)?;
        // SECURITY: what another version restricts, nobody here would know.
        let media_type = document.get("mediaType").and_then(serde_json::Value::as_str).unwrap_or_default();
        if !MEDIA_TYPES.contains(&media_type) {
            return Err(RootError::MediaType { got: media_type.chars().take(120).collect() });
        }
        let shape = |reason: String| RootError::Shape { reason };
        let text = std::str::from_utf8(bytes).map_err(|error| shape(error.to_string()))?;
        let root = TrustedRoot::from_json(text).map_err(|error| shape(error.to_string()))?;
        let counts = RootCounts::of(&root);
        if let Some(what) = counts.lacks(judges) {
            return Err(RootError::Empty { what });
        }
        let verifier = Verifier::new(&root).map_err(|error| shape(error.to_string()))?;
        Ok(Self { digest: Sha256::of(bytes), counts, judges, root: Arc::new(root), verifier: Arc::new(verifier) })
    }

    /// The public-good instance, as the library's release knew it; it grows old, and a file from its publisher is better.
    ///
    /// # Errors
    /// As [`SigstoreRoot::parse`].
    pub fn public_good() -> Result<Self, RootError> {
        Self::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(), &Limits::DEFAULT)
    }

    /// The staging instance, on which anybody tries things: for tests of tools alone.
    ///
    /// # Errors
    /// As [`SigstoreRoot::parse`].
    pub fn staging() -> Result<Self, RootError> {
        Self::parse(SIGSTORE_STAGING_TRUSTED_ROOT.as_bytes(), &Limits::DEFAULT)
    }

    /// SHA-256 of the file.
    #[must_use]
    pub const fn digest(&self) -> Sha256 {
        self.digest
    }

    /// What it holds.
    #[must_use]
    pub const fn counts(&self) -> RootCounts {
        self.counts
    }
}

impl fmt::Debug for SigstoreRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigstoreRoot({})", self.digest)
    }
}
