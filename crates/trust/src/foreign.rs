//! Sigstore evidence in other clothes: attestations of the Python package index, and lists of attestations in one document.
//!
//! Each is written as the bundle that it is, and verified like any other; nothing is believed here.

use std::borrow::Cow;

use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::BUNDLE_V03;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use serde_json::{Map, Value, json};

use crate::evidence::TrustError;

// LIMIT: each costs a verification.
/// Most attestations of one document.
pub const MAX_ATTESTATIONS: usize = 256;

/// Writes a Python attestation as a bundle v0.3.
///
/// SPEC: PEP 740, "Attestation objects": the statement is the payload, the certificate stands without a member of its own, and the log
/// entries are those of the bundle.
///
/// # Errors
/// [`TrustError::Json`]; [`TrustError::Python`] for a member that is missing, of another type, or not of version 1.
pub fn bundle_of_python(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, TrustError> {
    let attestation = json::parse(bytes, limits).map_err(TrustError::Json)?;
    let wrong = |reason| TrustError::Python { reason };
    if attestation.get("version").and_then(Value::as_u64) != Some(1) {
        return Err(wrong("`version` is not 1"));
    }
    only(&attestation, &["version", "verification_material", "envelope"])?;
    let material = attestation.get("verification_material").unwrap_or(&Value::Null);
    only(material, &["certificate", "transparency_entries"])?;
    let envelope = attestation.get("envelope").unwrap_or(&Value::Null);
    only(envelope, &["statement", "signature"])?;
    let text = |object: &Value, member: &str| object.get(member).and_then(Value::as_str).map(str::to_owned);
    let certificate = text(material, "certificate").ok_or(wrong("it has no `certificate`"))?;
    let entries = material.get("transparency_entries").filter(|entries| entries.is_array());
    let entries = entries.ok_or(wrong("it has no `transparency_entries`"))?;
    let statement = text(envelope, "statement").ok_or(wrong("its envelope has no `statement`"))?;
    let signature = text(envelope, "signature").ok_or(wrong("its envelope has no `signature`"))?;
    let bundle = json!({
        "mediaType": BUNDLE_V03,
        "verificationMaterial": { "certificate": { "rawBytes": certificate }, "tlogEntries": entries },
        "dsseEnvelope": { "payload": statement, "payloadType": PAYLOAD_TYPE, "signatures": [{ "sig": signature }] }
    });
    Ok(bundle.to_string().into_bytes())
}

/// SECURITY: a member that is left out of the bundle would be believed unseen.
fn only(object: &Value, known: &[&str]) -> Result<(), TrustError> {
    let empty = Map::new();
    let members = object.as_object().unwrap_or(&empty);
    match members.keys().all(|member| known.contains(&member.as_str())) {
        true => Ok(()),
        false => Err(TrustError::Python { reason: "it has a member that version 1 has not" }),
    }
}

/// Takes the attestations out of a document that lists several; any other document is one.
///
/// In: `{"attestation_bundles": [{"attestations": [..]}]}` as the Python package index serves it, or `{"attestations": [{"bundle": ..}]}` as
/// the npm registry does. Out: one document each, in their order. Publishers that a list names are not looked at: certificates say who signed.
///
/// # Errors
/// [`TrustError::Json`], [`TrustError::TooMany`].
pub fn documents<'b>(bytes: &'b [u8], limits: &Limits) -> Result<Vec<Cow<'b, [u8]>>, TrustError> {
    let document = json::parse(bytes, limits).map_err(TrustError::Json)?;
    let array = |value: &Value, member: &str| value.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let is_list = |member: &str| document.get(member).is_some_and(Value::is_array);
    let listed: Vec<Value> = if is_list("attestation_bundles") {
        array(&document, "attestation_bundles").iter().flat_map(|bundle| array(bundle, "attestations")).collect()
    } else if is_list("attestations") {
        array(&document, "attestations")
            .into_iter()
            .filter_map(|mut item| item.get_mut("bundle").map(Value::take))
            .collect()
    } else {
        return Ok(vec![Cow::Borrowed(bytes)]);
    };
    if listed.len() > MAX_ATTESTATIONS {
        return Err(TrustError::TooMany { got: listed.len(), limit: MAX_ATTESTATIONS });
    }
    Ok(listed.into_iter().map(|item| Cow::Owned(item.to_string().into_bytes())).collect())
}
