//! What a bundle brings beside its envelope: certificates and timestamps, as bytes.
//!
//! SPEC: sigstore/protobuf-specs, sigstore_bundle.proto: `certificate`, `x509CertificateChain`, `timestampVerificationData`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::wire::bundle::VerificationMaterial;
use serde_json::Value;

use super::error::X509Error;
use crate::sigstore::{MAX_CERTIFICATES, MAX_PROOFS};

/// Certificates and timestamps of a bundle.
pub(crate) struct Material {
    /// The signer's certificate, in DER.
    pub(crate) leaf: Vec<u8>,
    /// Those that came with it.
    pub(crate) sent: Vec<Vec<u8>>,
    /// RFC 3161 tokens.
    pub(crate) tokens: Vec<Vec<u8>>,
}

impl Material {
    /// Takes them out of a bundle that has one of `certificate` and `x509CertificateChain`.
    ///
    /// # Errors
    /// [`X509Error::Malformed`], [`X509Error::TooMany`].
    pub(crate) fn of(material: &VerificationMaterial) -> Result<Self, X509Error> {
        let (member, certificates) = match (&material.certificate, &material.x509_certificate_chain) {
            (Some(only), None) => ("certificate", vec![bytes(only, "rawBytes", "certificate")?]),
            (None, Some(chain)) => {
                let member = "x509CertificateChain";
                (member, list(Some(chain), "certificates", "rawBytes", member, MAX_CERTIFICATES)?)
            }
            _ => return Err(X509Error::Malformed { member: "certificate", reason: "there is not exactly one" }),
        };
        let (leaf, sent) = certificates.split_first().ok_or(X509Error::Malformed { member, reason: "it is empty" })?;
        Ok(Self { leaf: leaf.clone(), sent: sent.to_vec(), tokens: stamps(material)? })
    }
}

/// The RFC 3161 tokens of a bundle.
///
/// # Errors
/// As [`Material::of`].
pub(crate) fn stamps(material: &VerificationMaterial) -> Result<Vec<Vec<u8>>, X509Error> {
    let stamps = material.timestamp_verification_data.as_ref();
    list(stamps, "rfc3161Timestamps", "signedTimestamp", "timestampVerificationData", MAX_PROOFS)
}

/// The texts of a list, decoded; empty where there is no list.
fn list(
    outer: Option<&Value>,
    name: &str,
    inner: &str,
    member: &'static str,
    limit: usize,
) -> Result<Vec<Vec<u8>>, X509Error> {
    let items = match outer.and_then(|outer| outer.get(name)) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(X509Error::Malformed { member, reason: "it is not a list" }),
    };
    if items.len() > limit {
        return Err(X509Error::TooMany { what: member, got: items.len(), limit });
    }
    items.iter().map(|item| bytes(item, inner, member)).collect()
}

fn bytes(item: &Value, name: &str, member: &'static str) -> Result<Vec<u8>, X509Error> {
    let text = item.get(name).and_then(Value::as_str);
    let decoded = text.and_then(|text| STANDARD.decode(text).ok()).filter(|bytes| !bytes.is_empty());
    decoded.ok_or(X509Error::Malformed { member, reason: "it is not base64 in its standard form" })
}
