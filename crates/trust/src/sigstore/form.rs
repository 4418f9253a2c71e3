//! What is wrong with the form of a bundle that the library cannot read; it is asked only after the library refused it.

use serde_json::Value;
use sigstore_verify::types::Checkpoint;

use super::error::SigstoreError;
use super::standard_base64;

/// The first flaw of form that is known by name; absent when there is none.
pub(super) fn flaw(json: &str) -> Option<SigstoreError> {
    let bundle: Value = serde_json::from_str(json).ok()?;
    let material = bundle.get("verificationMaterial")?;
    let entries = material.get("tlogEntries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let stamps = material.pointer("/timestampVerificationData/rfc3161Timestamps").and_then(Value::as_array);
    let stamps = stamps.map(Vec::as_slice).unwrap_or_default();
    texts(&bundle, material, entries, stamps).or_else(|| entries.iter().find_map(entry))
}

fn entry(entry: &Value) -> Option<SigstoreError> {
    let indexes = ["/logIndex", "/inclusionProof/logIndex", "/inclusionProof/treeSize"];
    let bad = |value: &Value| match value {
        Value::String(text) => text.parse::<u64>().is_err(),
        other => other.as_u64().is_none(),
    };
    if indexes.iter().filter_map(|pointer| entry.pointer(pointer)).any(bad) {
        return Some(SigstoreError::LogIndex);
    }
    let note = entry.pointer("/inclusionProof/checkpoint/envelope")?.as_str()?;
    let error = Checkpoint::from_text(note).err()?;
    Some(SigstoreError::CheckpointForm { reason: error.to_string() })
}

fn texts(bundle: &Value, material: &Value, entries: &[Value], stamps: &[Value]) -> Option<SigstoreError> {
    let ours = [
        (bundle, "/messageSignature/signature", "messageSignature.signature"),
        (bundle, "/messageSignature/messageDigest/digest", "messageSignature.messageDigest.digest"),
        (bundle, "/dsseEnvelope/payload", "dsseEnvelope.payload"),
        (bundle, "/dsseEnvelope/signatures/0/sig", "dsseEnvelope.signatures.sig"),
        (material, "/certificate/rawBytes", "verificationMaterial.certificate.rawBytes"),
    ];
    let of_entry = |entry| {
        [
            (entry, "/canonicalizedBody", "tlogEntries.canonicalizedBody"),
            (entry, "/logId/keyId", "tlogEntries.logId.keyId"),
            (entry, "/inclusionPromise/signedEntryTimestamp", "tlogEntries.inclusionPromise.signedEntryTimestamp"),
            (entry, "/inclusionProof/rootHash", "tlogEntries.inclusionProof.rootHash"),
        ]
    };
    let of_stamp = |stamp| [(stamp, "/signedTimestamp", "rfc3161Timestamps.signedTimestamp")];
    let all = ours.into_iter().chain(entries.iter().flat_map(of_entry)).chain(stamps.iter().flat_map(of_stamp));
    let is_bad = |value: &Value, pointer| {
        value.pointer(pointer).and_then(Value::as_str).is_some_and(|text| standard_base64(text).is_none())
    };
    let mut bad = all.filter(|(value, pointer, _)| is_bad(value, *pointer));
    bad.next().map(|(_, _, member)| SigstoreError::Encoding { member })
}
