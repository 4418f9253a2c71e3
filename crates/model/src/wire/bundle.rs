//! Signed things: the DSSE envelope and the Sigstore bundle around it.
//!
//! SPEC: DSSE v1.0.2 envelope.md and protocol.md; sigstore/protobuf-specs, sigstore_bundle.proto.
//! What is not read yet (certificates, log entries, timestamps) is kept as JSON, so that a bundle survives a round trip.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Media type of the bundles that are written.
pub const BUNDLE_V03: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Media types of the bundles that are read.
pub const BUNDLE_MEDIA_TYPES: &[&str] = &[
    BUNDLE_V03,
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
];

/// Media type of an inventory's record blob, as a blob of a referrer.
pub const INVENTORY_MEDIA_TYPE: &str = "application/vnd.lasthand.inventory.v0.1";

/// Media type of a layer that holds an envelope.
pub const ENVELOPE_MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";
/// Media type of a layer that holds what a signature of cosign is over.
pub const SIMPLE_SIGNING_MEDIA_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Media types of the layers in which cosign keeps signatures and attestations.
pub const COSIGN_MEDIA_TYPES: &[&str] = &[ENVELOPE_MEDIA_TYPE, SIMPLE_SIGNING_MEDIA_TYPE];
/// Media type of a content by digest (a lock file, a configuration, a manifest of a base), as a blob of a referrer.
pub const CONTENT_MEDIA_TYPE: &str = "application/vnd.lasthand.content.v0.1";

/// Artifact type of a referrer that carries inventories and contents.
pub const EVIDENCE_ARTIFACT_TYPE: &str = "application/vnd.lasthand.evidence.v0.1+json";

/// A DSSE envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The signed bytes, base64 (standard or URL-safe).
    pub payload: String,
    /// What the bytes are.
    pub payload_type: String,
    /// Signatures over the pre-authentication encoding of type and bytes.
    pub signatures: Vec<EnvelopeSignature>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvelopeSignature {
    /// Hint at the key; nobody signed it, so it decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyid: Option<String>,
    /// The signature, base64.
    pub sig: String,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A Sigstore bundle: a signed thing and what is needed to verify it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    /// One of [`BUNDLE_MEDIA_TYPES`].
    pub media_type: String,
    /// Keys, certificates, log entries, timestamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_material: Option<VerificationMaterial>,
    /// The signed statement; exactly one signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dsse_envelope: Option<Envelope>,
    /// A signature over a digest of the artifact itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_signature: Option<Value>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What is needed to verify a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerificationMaterial {
    /// A key that the verifier already has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKeyHint>,
    /// A Fulcio certificate (v0.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Value>,
    /// A certificate chain (v0.1 and v0.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x509_certificate_chain: Option<Value>,
    /// A WIT-SVID in its compact form, which binds the signer's key; ours, no part of Sigstore's bundles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wit_svid: Option<String>,
    /// Transparency log entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlog_entries: Option<Value>,
    /// RFC 3161 timestamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_verification_data: Option<Value>,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Hint at a key that the verifier already has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PublicKeyHint {
    /// Ours is the key id; others write what they like, so it decides nothing.
    #[serde(default)]
    pub hint: String,
    /// Members nobody here knows; they survive.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a file, or one line of a JSON-lines file, holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EvidenceFile {
    /// A Sigstore bundle.
    Bundle,
    /// A bare DSSE envelope.
    Envelope,
    /// An attestation of the Python package index.
    PythonAttestation,
}

impl EvidenceFile {
    /// Tells by its members what a JSON document is; absent when it is neither.
    ///
    /// A document with `dsseEnvelope`, `messageSignature` or a bundle's `mediaType` is a bundle; one with `payload` and
    /// `signatures` is an envelope; one with `verification_material` and `envelope` is a Python attestation; one that claims to be two is none.
    #[must_use]
    pub fn detect(document: &Value) -> Option<Self> {
        let members = document.as_object()?;
        let media_type = members.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        let bundle = members.contains_key("dsseEnvelope")
            || members.contains_key("messageSignature")
            || media_type.starts_with("application/vnd.dev.sigstore.bundle");
        let envelope = members.contains_key("payload") && members.contains_key("signatures");
        let python = members.contains_key("verification_material") && members.contains_key("envelope");
        match (bundle, envelope, python) {
            (true, false, false) => Some(Self::Bundle),
            (false, true, false) => Some(Self::Envelope),
            (false, false, true) => Some(Self::PythonAttestation),
            _ => None,
        }
    }
}

/// Cuts a JSON-lines file into its documents.
///
/// Out: line number from 1 and the bytes of each line that is not blank, in order; a final `\r` is left out.
pub fn json_lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// The bytes that a DSSE signature is over.
///
/// SPEC: DSSE v1.0.2 protocol.md, "PAE": `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {} {} ", payload_type.len(), payload_type, payload.len());
    let mut encoded = Vec::with_capacity(head.len() + payload.len());
    encoded.extend_from_slice(head.as_bytes());
    encoded.extend_from_slice(payload);
    encoded
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn pae_is_that_of_the_specification() {
        // pass: the example of protocol.md
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn unknown_members_survive_a_round_trip() {
        // pass: what this version does not know is written back as it was
        let text = r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"h","more":1},"tlogEntries":[{"logIndex":"7"}],"next":true},"dsseEnvelope":{"payload":"e30=","payloadType":"t","signatures":[{"keyid":"k","sig":"AA==","cert":"c"}],"note":null},"later":{"a":[1]}}"#;
        let bundle: Bundle = serde_json::from_str(text).unwrap();
        let again: Value = serde_json::to_value(&bundle).unwrap();
        assert_eq!(again, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn evidence_is_told_by_its_members() {
        // pass: bundle, envelope; fail: both at once, neither
        let check = |text: &str, expected: Option<EvidenceFile>| {
            assert_eq!(EvidenceFile::detect(&serde_json::from_str(text).unwrap()), expected, "{text}");
        };
        check(r#"{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1"}"#, Some(EvidenceFile::Bundle));
        check(r#"{"dsseEnvelope":{}}"#, Some(EvidenceFile::Bundle));
        check(r#"{"payload":"","signatures":[]}"#, Some(EvidenceFile::Envelope));
        check(r#"{"payload":"","signatures":[],"dsseEnvelope":{}}"#, None);
        check(r#"{"version":1,"verification_material":{},"envelope":{}}"#, Some(EvidenceFile::PythonAttestation));
        check(r#"{"dsseEnvelope":{},"verification_material":{},"envelope":{}}"#, None);
        check(r#"{"signed":{},"signatures":[]}"#, None);
        check("[]", None);
    }

    #[test]
    fn json_lines_count_from_one_and_skip_blanks() {
        // pass: blank lines keep the numbering
        let lines: Vec<_> = json_lines(b"{}\r\n\n[]").collect();
        assert_eq!(lines, [(1, b"{}".as_slice()), (3, b"[]".as_slice())]);
    }
}
