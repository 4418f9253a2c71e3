//! Signed documents of in-toto: a layout or a link, in an envelope or bare.

use std::collections::BTreeSet;

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_model::wire::bundle::pre_authentication_encoding;
use lasthand_model::wire::layout::{INSPECTION, LAYOUT, Layout, LayoutStep, STEP, SignedLink};
use lasthand_model::wire::link::CLASSIC_LINK;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use serde_json::{Map, Value};

use super::error::LayoutError;
use super::key::LayoutKey;
use super::{canonical, certificate};
use crate::dsse::{MAX_SIGNATURES, decode_base64};
use crate::verified::Verified;

/// What a document holds. Nobody has verified it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A layout.
    Layout(Box<Layout>),
    /// A link.
    Link(Box<SignedLink>),
}

/// One signature of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSignature {
    /// Which key it claims to be of.
    pub keyid: String,
    /// The certificate that it brings, PEM; empty for none. Nobody signed it.
    pub certificate: String,
    bytes: Vec<u8>,
}

/// A signed layout or link, read and not verified.
#[derive(Debug, Clone)]
pub struct Document {
    content: Content,
    message: Vec<u8>,
    digest: StatementDigest,
    signatures: Vec<DocumentSignature>,
}

impl Document {
    /// Reads `{signed, signatures}` or a DSSE envelope.
    ///
    /// Of the first, what was signed is the canonical form of `signed` *with all its members*: a member that one implementation drops and
    /// another keeps makes the signature fail or the document malformed, never a difference.
    ///
    /// # Errors
    /// [`LayoutError`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, LayoutError> {
        let value = json::parse(bytes, limits).map_err(LayoutError::Json)?;
        let Value::Object(mut members) = value else { return Err(LayoutError::NotSigned) };
        // SECURITY: a document that is both is read as one by some and as the other by others.
        match (members.contains_key("signed"), members.contains_key("payload")) {
            (true, false) => {
                only(&members, "document", &["signed", "signatures"])?;
                let signatures = signatures(&members, decode_hex)?;
                let signed = members.shift_remove("signed").ok_or(LayoutError::NotSigned)?;
                let message = canonical::encode(&signed).map_err(|_| LayoutError::Number)?;
                let digest = StatementDigest(Sha256::of(&message));
                Ok(Self { content: content(signed)?, message, digest, signatures })
            }
            (false, true) => {
                only(&members, "envelope", &["payload", "payloadType", "signatures"])?;
                let payload_type = text(&members, "envelope", "payloadType")?;
                if payload_type != PAYLOAD_TYPE {
                    return Err(LayoutError::PayloadType { got: shorten(payload_type) });
                }
                let payload = text(&members, "envelope", "payload")?;
                let payload = decode_base64(payload).ok_or(LayoutError::PayloadEncoding)?;
                let signed = json::parse(&payload, limits).map_err(LayoutError::Json)?;
                let digest = StatementDigest(Sha256::of(&payload));
                let message = pre_authentication_encoding(PAYLOAD_TYPE, &payload);
                Ok(Self {
                    content: content(signed)?,
                    message,
                    digest,
                    signatures: signatures(&members, decode_base64)?,
                })
            }
            _ => Err(LayoutError::NotSigned),
        }
    }

    /// What it holds; nobody has verified it.
    #[must_use]
    pub const fn content_unverified(&self) -> &Content {
        &self.content
    }

    /// Its signatures; whether they hold is another question.
    #[must_use]
    pub fn signatures_unverified(&self) -> &[DocumentSignature] {
        &self.signatures
    }

    /// SHA-256 of what was signed: the payload of an envelope, else the canonical form.
    #[must_use]
    pub const fn digest(&self) -> StatementDigest {
        self.digest
    }

    /// Verifies it by keys of which *each* must have signed, under an id that implementations give the key, or under none.
    ///
    /// # Errors
    /// [`LayoutError::NotSignedBy`] for the first key under which no signature holds, [`LayoutError::OtherKeyId`] where one holds under another id;
    /// [`LayoutError::NotSigned`] without any key.
    pub fn verify_by_all(self, keys: &[LayoutKey]) -> Result<Verified<Content>, LayoutError> {
        if keys.is_empty() {
            return Err(LayoutError::NotSigned);
        }
        for key in keys {
            // SECURITY: the key id of a signature is written by whoever made the document. It never says whose a signature is, only the key does.
            let mut holding = self.signatures.iter().filter(|signature| key.verify(&self.message, &signature.bytes));
            let Some(first) = holding.next() else {
                return Err(LayoutError::NotSignedBy { key: key.id().to_string() });
            };
            // Other implementations look a signature up by the id that they give the key, and find none under another one.
            let names = key.names();
            let is_named =
                |signature: &DocumentSignature| signature.keyid == key.keyid() || names.contains(&signature.keyid);
            if !is_named(first) && !holding.any(is_named) {
                let keyid = shorten(&first.keyid);
                return Err(LayoutError::OtherKeyId { key: key.id().to_string(), keyid });
            }
        }
        let ids: BTreeSet<_> = keys.iter().map(LayoutKey::id).collect();
        Ok(Verified::by_keys(self.content, self.digest, ids))
    }

    /// Verifies it by a key that a layout lists: the signature under this key's id must hold.
    ///
    /// # Errors
    /// [`LayoutError::NotSignedBy`].
    pub fn verify_by(self, key: &LayoutKey) -> Result<Verified<Content>, LayoutError> {
        let holds = |signature: &&DocumentSignature| {
            signature.keyid == key.keyid() && key.verify(&self.message, &signature.bytes)
        };
        if self.signatures.iter().any(|signature| holds(&signature)) {
            return Ok(Verified::by_keys(self.content, self.digest, [key.id()].into()));
        }
        Err(LayoutError::NotSignedBy { key: key.id().to_string() })
    }
}

impl Document {
    /// Verifies it by the certificate that a signature brings, when the step names its holder.
    ///
    /// In: the first digits of the signature's key id, as the file's name has them; the layout, which must be a verified one.
    ///
    /// # Errors
    /// [`LayoutError::Certificate`]; [`LayoutError::NotSignedBy`] when the signature does not hold under the certificate's key.
    pub fn verify_by_certificate(
        self,
        prefix: &str,
        layout: &Layout,
        step: &LayoutStep,
        now: i64,
    ) -> Result<Verified<Content>, LayoutError> {
        let brings = |signature: &&DocumentSignature| signature.keyid.starts_with(prefix);
        let Some(signature) = self.signatures.iter().find(brings).filter(|signature| !signature.certificate.is_empty())
        else {
            return Err(LayoutError::NoCertificate);
        };
        let key = certificate::functionary(&signature.certificate, layout, &step.cert_constraints, now)?;
        let key = LayoutKey::of_owner(key);
        if !key.verify(&self.message, &signature.bytes) {
            return Err(LayoutError::NotSignedBy { key: key.id().to_string() });
        }
        Ok(Verified::by_keys(self.content, self.digest, [key.id()].into()))
    }
}

fn content(signed: Value) -> Result<Content, LayoutError> {
    let kind = signed.get("_type").and_then(Value::as_str).unwrap_or_default();
    if kind == CLASSIC_LINK {
        return json::from_value(signed).map(|link| Content::Link(Box::new(link))).map_err(LayoutError::Json);
    }
    if kind != LAYOUT {
        return Err(LayoutError::Type { got: shorten(kind), expected: "layout or link" });
    }
    let layout: Layout = json::from_value(signed).map_err(LayoutError::Json)?;
    let wrong = |got: &String, expected| Err(LayoutError::Type { got: shorten(got), expected });
    if let Some(step) = layout.steps.iter().find(|step| step.step_type != STEP) {
        return wrong(&step.step_type, STEP);
    }
    if let Some(inspection) = layout.inspect.iter().find(|inspection| inspection.inspection_type != INSPECTION) {
        return wrong(&inspection.inspection_type, INSPECTION);
    }
    expires(&layout)?;
    Ok(Content::Layout(Box::new(layout)))
}

/// The moment from which on a layout says nothing, seconds since 1970-01-01T00:00:00Z.
///
/// # Errors
/// [`LayoutError::Expires`] for anything but `YYYY-MM-DDTHH:MM:SSZ`.
pub fn expires(layout: &Layout) -> Result<i64, LayoutError> {
    let text = layout.expires.as_str();
    let fault = || LayoutError::Expires { got: shorten(text) };
    let plain = text.len() == 20
        && text.bytes().zip("0000-00-00T00:00:00Z".bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    if !plain {
        return Err(fault());
    }
    timestamp::parse(text).map_err(|_| fault())
}

fn signatures(
    members: &Map<String, Value>,
    decode: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Vec<DocumentSignature>, LayoutError> {
    let missing = LayoutError::Missing { place: "document", name: "signatures" };
    let list = members.get("signatures").and_then(Value::as_array).ok_or(missing)?;
    // LIMIT: signatures times keys is the work of one document.
    if list.len() > MAX_SIGNATURES {
        return Err(LayoutError::Signatures { got: list.len() });
    }
    let mut read: Vec<DocumentSignature> = Vec::with_capacity(list.len());
    for value in list {
        let signature = value.as_object().ok_or(LayoutError::Missing { place: "document", name: "signatures" })?;
        // OpenPGP signatures have `signature` and `other_headers`; they hold under no key that is read here.
        only(signature, "signature", &["keyid", "sig", "cert", "signature", "other_headers"])?;
        let keyid = text(signature, "signature", "keyid")?.to_owned();
        if read.iter().any(|known| known.keyid == keyid) {
            return Err(LayoutError::SignedTwice { keyid: shorten(&keyid) });
        }
        let certificate = match signature.get("cert") {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(_) => return Err(LayoutError::Missing { place: "signature", name: "cert" }),
        };
        let bytes = match signature.get("sig") {
            None if signature.contains_key("other_headers") => Vec::new(),
            // What does not decode is a signature that does not hold.
            Some(Value::String(text)) => decode(text).unwrap_or_default(),
            _ => return Err(LayoutError::Missing { place: "signature", name: "sig" }),
        };
        read.push(DocumentSignature { keyid, certificate, bytes });
    }
    Ok(read)
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

fn only(members: &Map<String, Value>, place: &'static str, known: &[&str]) -> Result<(), LayoutError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(LayoutError::Member { place, name: shorten(name) }),
        None => Ok(()),
    }
}

fn text<'a>(members: &'a Map<String, Value>, place: &'static str, name: &'static str) -> Result<&'a str, LayoutError> {
    members.get(name).and_then(Value::as_str).ok_or(LayoutError::Missing { place, name })
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}
