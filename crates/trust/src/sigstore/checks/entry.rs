//! That each log entry is of this content, this signature and this key.
//!
//! SECURITY: CVE-2022-36056, CVE-2022-23649, CVE-2026-22703: the entry of another signature proves nothing about this one.

use sigstore_verify::crypto::sha256;
use sigstore_verify::rekor::RekorEntryBody;
use sigstore_verify::types::{
    Bundle, DerCertificate, DerPublicKey, HashAlgorithm, KindVersion, SignatureContent, TransparencyLogEntry,
};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use super::super::error::SigstoreError;
use super::Signed;

/// What a log entry says was signed, with what, by whom.
struct Logged {
    digest: Vec<u8>,
    signature: Vec<u8>,
    signer: Signer,
}

enum Signer {
    Certificate(DerCertificate),
    Key(DerPublicKey),
}

/// Compares every entry with the bundle.
pub(super) fn verify(bundle: &Bundle, signed: Signed<'_>, key: &DerPublicKey) -> Result<(), SigstoreError> {
    for entry in &bundle.verification_material.tlog_entries {
        let logged = read(entry, &bundle.content)?;
        let (digest, signature) = expected(&bundle.content, signed, entry.kind_version)?;
        if logged.digest != digest {
            return Err(SigstoreError::EntryDigest);
        }
        if logged.signature != signature {
            return Err(SigstoreError::EntrySignature);
        }
        if !is_signer(&logged.signer, entry.kind_version, bundle, key) {
            return Err(SigstoreError::EntryKey);
        }
    }
    Ok(())
}

/// The SHA-256 that an entry of this kind holds, and the signature.
fn expected<'b>(
    content: &'b SignatureContent,
    signed: Signed<'_>,
    kind: KindVersion,
) -> Result<(Vec<u8>, &'b [u8]), SigstoreError> {
    match (content, signed) {
        (SignatureContent::DsseEnvelope(envelope), _) => {
            let digest = match kind {
                KindVersion::HashedRekordV002 => sha256(&envelope.pae()),
                _ => sha256(envelope.payload.as_bytes()),
            };
            Ok((digest.as_bytes().to_vec(), envelope.signature.sig.as_bytes()))
        }
        (SignatureContent::MessageSignature(message), Signed::Digest(HashAlgorithm::Sha2256, digest)) => {
            Ok((digest.to_vec(), message.signature.as_bytes()))
        }
        _ => Err(SigstoreError::NoDigest { what: "log entry is of a sha256, the signature of another digest" }),
    }
}

/// SECURITY: for a certificate all its bytes are compared, not its key: the same key may stand in certificates of two names. Entries of
/// kind `intoto` name the key of the certificate or the certificate, whichever was sent to the log.
fn is_signer(signer: &Signer, kind: KindVersion, bundle: &Bundle, key: &DerPublicKey) -> bool {
    match (signer, bundle.signing_certificate()) {
        (Signer::Certificate(logged), Some(ours)) if kind != KindVersion::IntotoV002 => {
            logged.as_bytes() == ours.as_bytes()
        }
        (Signer::Certificate(logged), _) => spki(logged).as_deref() == Some(key.as_bytes()),
        (Signer::Key(logged), None) => logged.as_bytes() == key.as_bytes(),
        (Signer::Key(logged), Some(_)) => kind == KindVersion::IntotoV002 && logged.as_bytes() == key.as_bytes(),
    }
}

fn spki(certificate: &DerCertificate) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(certificate.as_bytes()).ok()?;
    certificate.tbs_certificate.subject_public_key_info.to_der().ok()
}

fn malformed(reason: &str) -> SigstoreError {
    SigstoreError::EntryForm { reason: reason.to_owned() }
}

fn read(entry: &TransparencyLogEntry, content: &SignatureContent) -> Result<Logged, SigstoreError> {
    let kind = entry.kind_version;
    let body = RekorEntryBody::parse(&entry.canonicalized_body, kind).map_err(|error| malformed(&error.to_string()))?;
    match (body, content) {
        (RekorEntryBody::HashedRekordV001(body), SignatureContent::MessageSignature(_)) => {
            let hash = &body.spec.data.hash;
            sha256_only(hash.algorithm)?;
            let pem = &body.spec.signature.public_key;
            Ok(Logged {
                digest: from_hex(hash.value.as_str())?,
                signature: body.spec.signature.content.as_bytes().to_vec(),
                signer: signer(pem.parse_certificate().ok(), || pem.parse_public_key().ok())?,
            })
        }
        (RekorEntryBody::HashedRekordV002(body), _) => {
            let logged = body.spec.hashed_rekord_v002;
            sha256_only(logged.data.algorithm)?;
            let verifier = logged.signature.verifier;
            let certificate = verifier.x509_certificate.map(|certificate| certificate.raw_bytes);
            Ok(Logged {
                digest: logged.data.digest.as_bytes().to_vec(),
                signature: logged.signature.content.as_bytes().to_vec(),
                signer: signer(certificate, || verifier.public_key.map(|key| key.raw_bytes))?,
            })
        }
        (RekorEntryBody::DsseV001(body), SignatureContent::DsseEnvelope(_)) => {
            sha256_only(body.spec.payload_hash.algorithm)?;
            let [only] = body.spec.signatures.as_slice() else {
                return Err(malformed("it has not exactly one signature"));
            };
            let key = || DerPublicKey::from_pem(std::str::from_utf8(only.verifier.as_bytes()).ok()?).ok();
            Ok(Logged {
                digest: from_hex(&body.spec.payload_hash.value)?,
                signature: only.signature.as_bytes().to_vec(),
                signer: signer(only.parse_certificate().ok(), key)?,
            })
        }
        (RekorEntryBody::IntotoV002(body), SignatureContent::DsseEnvelope(envelope)) => {
            let logged = body.spec.content;
            sha256_only(logged.payload_hash.algorithm)?;
            if logged.envelope.payload_type != envelope.payload_type {
                return Err(SigstoreError::EntryDigest);
            }
            let [only] = logged.envelope.signatures.as_slice() else {
                return Err(malformed("it has not exactly one signature"));
            };
            let text = std::str::from_utf8(only.sig.as_bytes()).ok();
            let signature = text.and_then(super::super::standard_base64);
            Ok(Logged {
                digest: from_hex(logged.payload_hash.value.as_str())?,
                // Written twice in base64; what is not, is not this signature.
                signature: signature.ok_or(SigstoreError::EntrySignature)?,
                signer: signer(only.parse_certificate().ok(), || only.parse_public_key().ok())?,
            })
        }
        (_, content) => Err(SigstoreError::EntryKind {
            kind: format!("{} {}", kind.kind(), kind.version()),
            content: if matches!(content, SignatureContent::DsseEnvelope(_)) {
                "a statement"
            } else {
                "a bare signature"
            },
        }),
    }
}

fn signer(
    certificate: Option<DerCertificate>,
    key: impl FnOnce() -> Option<DerPublicKey>,
) -> Result<Signer, SigstoreError> {
    let key = || key().map(Signer::Key).ok_or_else(|| malformed("it names neither certificate nor key"));
    certificate.map(Signer::Certificate).map_or_else(key, Ok)
}

fn sha256_only(algorithm: HashAlgorithm) -> Result<(), SigstoreError> {
    if algorithm == HashAlgorithm::Sha2256 { Ok(()) } else { Err(malformed("its digest is not a sha256")) }
}

fn from_hex(text: &str) -> Result<Vec<u8>, SigstoreError> {
    hex::decode(text).map_err(|_| malformed("its digest is not hex"))
}
