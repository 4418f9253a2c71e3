//! Timestamps of RFC 3161 over any signature, for certificates that are none of Sigstore's.
//!
//! SPEC: RFC 3161 section 2.4.2; RFC 5652 section 5; RFC 5816.

use std::fmt;

use jiff::Timestamp;
use sigstore_verify::tsa::TsaAuthority;
use sigstore_verify::types::{DerCertificate, SignatureBytes, TimestampToken};

use super::checks::stamped;
use super::root::SigstoreRoot;

/// One timestamp authority: its certificate and the way to the end of its chain.
///
/// # Proves / does not prove
/// A timestamp proves that these bytes were there by then. It says nothing of who made them.
#[derive(Clone)]
pub struct TimestampAuthority(TsaAuthority);

impl TimestampAuthority {
    /// Takes a chain in DER: the certificate that stamps, those between, and the last one, which is believed.
    pub(crate) fn new(leaf: &[u8], between: &[Vec<u8>], top: &[u8]) -> Self {
        let der = |bytes: &[u8]| DerCertificate::new(bytes.to_vec());
        Self(TsaAuthority::new(der(leaf), between.iter().map(|bytes| der(bytes)).collect(), der(top), None))
    }

    /// The last certificate of its chain, in DER; its own validity is asked by nobody else.
    pub(crate) fn top(&self) -> &[u8] {
        self.0.root.as_bytes()
    }

    /// The authorities that a trusted root names.
    pub(crate) fn of_root(root: &SigstoreRoot) -> Vec<Self> {
        root.root.tsa_authorities().into_iter().map(Self).collect()
    }

    /// When this authority saw a signature, in seconds since 1970.
    ///
    /// # Errors
    /// Why the timestamp is not one of this authority over this signature, in words.
    pub(crate) fn time(&self, token: &[u8], signature: &[u8]) -> Result<i64, String> {
        let (token, signature) = (TimestampToken::new(token.to_vec()), SignatureBytes::new(signature.to_vec()));
        let time = stamped(&token, &signature, std::slice::from_ref(&self.0)).map_err(|error| error.to_string())?;
        Ok(Timestamp::as_second(time))
    }
}

impl fmt::Debug for TimestampAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TimestampAuthority")
    }
}
