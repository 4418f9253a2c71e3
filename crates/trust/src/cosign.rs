//! Layers of cosign's `.sig` and `.att` images: a payload, and everything to verify it by in annotations.
//!
//! A layer is written as the bundle v0.1 that it is, and verified like any other; nothing is believed here.
//!
//! SPEC: sigstore/cosign, specs/SIGNATURE_SPEC.md and specs/ATTESTATION_SPEC.md.

use std::collections::BTreeMap;

use crate::content_digest::ContentDigest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{ENVELOPE_MEDIA_TYPE, SIMPLE_SIGNING_MEDIA_TYPE};
use serde_json::{Map, Value, json};

use crate::dsse::decode_base64;
use crate::evidence::{Signed, TrustError, verify_signed};
use crate::keys::KeyRing;
use crate::verified::BlobSignature;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const LOG: &str = "dev.sigstore.cosign/bundle";
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
const BUNDLE_V01: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const KIND: &str = "cosign container image signature";

/// Verifies one layer.
///
/// In: its media type, bytes and annotations. Out: for a signature, that over the *image* whose manifest the payload names; for an
/// attestation, its statement.
///
/// # Errors
/// [`TrustError`]; [`TrustError::Cosign`] for a layer that is none of cosign's, or whose payload names no image.
///
/// # Proves / does not prove
/// Proves who signed that payload, and which manifest digest it names. The reference in it (`docker-reference`) is a claim.
pub fn verify_layer(
    media_type: &str,
    payload: &[u8],
    annotations: &BTreeMap<String, String>,
    ring: &KeyRing,
    limits: &Limits,
) -> Result<Signed, TrustError> {
    let is_signature = match media_type {
        SIMPLE_SIGNING_MEDIA_TYPE => true,
        ENVELOPE_MEDIA_TYPE => false,
        _ => return Err(wrong("its media type is not one of cosign's layers")),
    };
    let bundle = bundle(is_signature, payload, annotations, limits)?;
    match verify_signed(bundle.to_string().as_bytes(), ring, limits)? {
        Signed::Blob(blob) if is_signature => {
            // The digest was computed from these very bytes, so they are what was signed.
            let artifact = ContentDigest::Sha256(image(payload, limits)?);
            let value = BlobSignature { artifact };
            let principal = blob.signers().first().map_or_else(String::new, |signer| signer.principal.clone());
            Ok(Signed::Blob(blob.about(value, value.digest_of(&principal))))
        }
        Signed::Statement(statement) if !is_signature => Ok(Signed::Statement(statement)),
        _ => Err(wrong("its media type is another one than its content")),
    }
}

fn wrong(reason: &'static str) -> TrustError {
    TrustError::Cosign { reason }
}

fn bundle(
    is_signature: bool,
    payload: &[u8],
    annotations: &BTreeMap<String, String>,
    limits: &Limits,
) -> Result<Value, TrustError> {
    let annotation = |name: &str| annotations.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let parse =
        |text: &str| json::parse(text.as_bytes(), &json::of_words(text.as_bytes(), limits)).map_err(TrustError::Json);
    let mut material = Map::new();
    match annotation(CERTIFICATE) {
        Some(pem) => {
            let mut all = certificates(pem)?;
            if all.len() != 1 {
                return Err(wrong("it does not have exactly one certificate"));
            }
            all.extend(annotation(CHAIN).map_or(Ok(Vec::new()), certificates)?);
            material.insert("x509CertificateChain".to_owned(), json!({ "certificates": all }));
        }
        None => {
            material.insert("publicKey".to_owned(), json!({ "hint": "" }));
        }
    }
    if let Some(text) = annotation(LOG) {
        material.insert("tlogEntries".to_owned(), json!([entry(&parse(text)?, limits)?]));
    }
    if let Some(text) = annotation(TIMESTAMP) {
        let stamp = parse(text)?.get("SignedRFC3161Timestamp").cloned().unwrap_or_default();
        let stamps = json!({ "rfc3161Timestamps": [{ "signedTimestamp": stamp }] });
        material.insert("timestampVerificationData".to_owned(), stamps);
    }
    let mut bundle = json!({ "mediaType": BUNDLE_V01, "verificationMaterial": material });
    let (member, content) = if is_signature {
        let signature = annotation(SIGNATURE).ok_or(wrong("it has no signature"))?;
        let digest = STANDARD.encode(Sha256::of(payload).as_bytes());
        let digest = json!({ "algorithm": "SHA2_256", "digest": digest });
        ("messageSignature", json!({ "messageDigest": digest, "signature": signature }))
    } else {
        ("dsseEnvelope", json::parse(payload, limits).map_err(TrustError::Json)?)
    };
    if let Some(members) = bundle.as_object_mut() {
        members.insert(member.to_owned(), content);
    }
    Ok(bundle)
}

/// A log entry as the annotation has it: everything that the promise is over.
fn entry(log: &Value, limits: &Limits) -> Result<Value, TrustError> {
    let payload = log.get("Payload").unwrap_or(&Value::Null);
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
    let number = |member: &str| payload.get(member).and_then(Value::as_i64).map(|number| number.to_string());
    let unread = || wrong("its log entry lacks a member");
    // SECURITY: bodies that are no text were read as empty ones elsewhere.
    let body = text(payload, "body").ok_or_else(unread)?;
    let bytes = decode_base64(&body).ok_or_else(unread)?;
    let inner = json::parse(&bytes, &json::of_words(&bytes, limits)).map_err(TrustError::Json)?;
    let id = hex::decode(text(payload, "logID").ok_or_else(unread)?).map_err(|_| unread())?;
    Ok(json!({
        "logIndex": number("logIndex").ok_or_else(unread)?,
        "integratedTime": number("integratedTime").ok_or_else(unread)?,
        "logId": { "keyId": STANDARD.encode(id) },
        "kindVersion": { "kind": text(&inner, "kind"), "version": text(&inner, "apiVersion") },
        "inclusionPromise": { "signedEntryTimestamp": text(log, "SignedEntryTimestamp").ok_or_else(unread)? },
        "canonicalizedBody": STANDARD.encode(bytes)
    }))
}

fn certificates(pem: &str) -> Result<Vec<Value>, TrustError> {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks = pem.split_inclusive(END).filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let read = pem_rfc7468::decode_vec(block.trim().as_bytes());
            let (label, der) = read.map_err(|_| wrong("its certificate is not PEM"))?;
            if label != "CERTIFICATE" {
                return Err(wrong("its certificate is PEM of something else"));
            }
            Ok(json!({ "rawBytes": STANDARD.encode(der) }))
        })
        .collect()
}

/// The manifest that a signature is about.
fn image(payload: &[u8], limits: &Limits) -> Result<ArtifactDigest, TrustError> {
    let document = json::parse(payload, limits).map_err(TrustError::Json)?;
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    if text("/critical/type") != Some(KIND) {
        return Err(wrong("its payload is not of a container image"));
    }
    let digest = text("/critical/image/docker-manifest-digest").and_then(|text| text.strip_prefix("sha256:"));
    let digest = digest.and_then(|hex| hex.parse().ok()).ok_or(wrong("its payload names no manifest"))?;
    Ok(ArtifactDigest(digest))
}
