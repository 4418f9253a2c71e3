//! Sigstore evidence in other clothes: attestations of the Python package index, and lists of attestations in one document.
//!
//! Each is written as the bundle that it is, and verified like any other; nothing is believed here.

use std::borrow::Cow;

use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::{BUNDLE_V03, EvidenceFile};
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
    let attestation = json::parse(bytes, &json::of_words(bytes, limits)).map_err(TrustError::Json)?;
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
/// the npm registry does; a document that is evidence itself is no list, whatever else it holds. Out: one document each, in their order.
/// Publishers that a list names are not looked at: certificates say who signed.
///
/// # Errors
/// [`TrustError::Json`], [`TrustError::TooMany`]; [`TrustError::List`] for a list of nothing, and for one of which a member cannot be found:
/// evidence never vanishes unseen.
pub fn documents<'b>(bytes: &'b [u8], limits: &Limits) -> Result<Vec<Cow<'b, [u8]>>, TrustError> {
    let document = json::parse(bytes, &json::of_words(bytes, limits)).map_err(TrustError::Json)?;
    let array = |value: &Value, member: &str| value.get(member).and_then(Value::as_array).cloned();
    let listed = match (array(&document, "attestation_bundles"), array(&document, "attestations")) {
        // SECURITY: a member beside an envelope, which nobody signed, must not hide it.
        _ if EvidenceFile::detect(&document).is_some() => None,
        (Some(_), Some(_)) => return Err(TrustError::List { reason: "it is of two kinds" }),
        (Some(bundles), None) => {
            let each = bundles.iter().map(|bundle| array(bundle, "attestations"));
            let each: Option<Vec<Vec<Value>>> = each.collect();
            Some(each.ok_or(TrustError::List { reason: "one of its bundles has no `attestations`" })?.concat())
        }
        (None, Some(items)) => {
            let bundle = |mut item: Value| item.get_mut("bundle").map(Value::take).filter(|bundle| !bundle.is_null());
            let each: Option<Vec<Value>> = items.into_iter().map(bundle).collect();
            Some(each.ok_or(TrustError::List { reason: "one of its attestations has no `bundle`" })?)
        }
        (None, None) => None,
    };
    let Some(listed) = listed else { return Ok(vec![Cow::Borrowed(bytes)]) };
    if listed.is_empty() {
        return Err(TrustError::List { reason: "it is empty" });
    }
    if listed.len() > MAX_ATTESTATIONS {
        return Err(TrustError::TooMany { got: listed.len(), limit: MAX_ATTESTATIONS });
    }
    Ok(listed.into_iter().map(|item| Cow::Owned(item.to_string().into_bytes())).collect())
}
