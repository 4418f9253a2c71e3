//! Bundles of the instance: certificate, signature, entry, proofs, put together.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::wire::bundle::pre_authentication_encoding;
use serde_json::{Value, json};

use super::der::{element, octets, utf8};
use super::flaw::Flaw;
use super::log::{log_id, place, promise, sha256, signature_line};
use super::stamp::{StamperName, response};
use super::x509::{Authority, CODE_SIGNING, Key, Plan, TIME_STAMPING, extension, pem, usage};
use super::{Instance, YEAR, stamper_certificate};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";
const FULCIO: &str = "1.3.6.1.4.1.57264.1";
/// How long a certificate holds, before and after the moment of signing.
const HALF: i64 = 300;

/// Version of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 0.1: a promise at least.
    V01,
    /// 0.2: a proof at least.
    V02,
    /// 0.3: one certificate.
    V03,
}

/// Kind of the log entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `hashedrekord` 0.0.1 of a bare signature, `dsse` 0.0.1 of a statement; with promise.
    V1,
    /// `intoto` 0.0.2 of a statement; with promise.
    Intoto,
    /// `hashedrekord` 0.0.2, of a log of tiles; no promise, so a timestamp is needed.
    V2,
}

/// What is signed.
#[derive(Debug, Clone)]
pub enum Content {
    /// An artifact, by a bare signature.
    Blob(Vec<u8>),
    /// A statement, in an envelope.
    Statement(Value),
    /// Any payload of any type.
    Payload(Vec<u8>, String),
}

/// Who signs, and how the bundle is made.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Version of the bundle.
    pub version: Version,
    /// Kind of the log entry.
    pub entry: Entry,
    /// Whether there is a timestamp; entries of tiles always have one.
    pub stamped: bool,
    /// URI of the certificate, or its e-mail address.
    pub identity: String,
    /// The identity provider.
    pub issuer: String,
    /// Members about the CI run, by their last number; 1 to 6, and 9 to 24.
    pub claims: Vec<(u8, String)>,
    /// Signed by a key alone, without certificate.
    pub keyed: bool,
}

impl Recipe {
    /// A workflow's bundle v0.3 with an entry of version 1.
    #[must_use]
    pub fn workflow(identity: &str) -> Self {
        let repository = identity.split("/.github/").next().unwrap_or_default().to_owned();
        Self {
            version: Version::V03,
            entry: Entry::V1,
            stamped: false,
            identity: identity.to_owned(),
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            claims: vec![(12, repository), (11, "github-hosted".to_owned())],
            keyed: false,
        }
    }
}

/// A bundle with what it was made from.
pub struct Signed {
    /// The bundle.
    pub bundle: Value,
    /// The key that signed.
    pub key: Key,
}

/// Signer and certificate.
struct Holder {
    key: Key,
    certificate: Vec<u8>,
}

impl Instance {
    /// Signs, logs, stamps, and puts it all into a bundle with one flaw.
    #[must_use]
    pub fn sign(&self, content: &Content, recipe: &Recipe, flaw: Flaw) -> Signed {
        let key = Key::generate();
        let holder = Holder { certificate: self.certificate(&key, recipe, flaw), key };
        let other = Content::Blob(b"another content".to_vec());
        let message = message(if flaw == Flaw::OtherContent { &other } else { content });
        let signature = holder.key.sign(&message);
        let mut entry = self.entry(content, recipe, flaw, &holder, &signature);
        if flaw == Flaw::NegativeIndex {
            set(&mut entry, "logIndex", json!("-1"));
        }
        let entries = if flaw == Flaw::EntryTwice { vec![entry.clone(), entry] } else { vec![entry] };
        let mut material = json!({ "tlogEntries": entries });
        let (member, held) = self.holder_member(recipe, flaw, &holder);
        set(&mut material, member, held);
        if (recipe.stamped || recipe.entry == Entry::V2) && flaw != Flaw::NoTime {
            let stamps: Vec<Value> =
                self.stamps(flaw, &signature).iter().map(|token| json!({ "signedTimestamp": token })).collect();
            set(&mut material, "timestampVerificationData", json!({ "rfc3161Timestamps": stamps }));
        }
        let media_type = match recipe.version {
            _ if flaw == Flaw::MediaType => "application/vnd.dev.sigstore.bundle.v9.9+json",
            Version::V01 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
            Version::V02 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
            Version::V03 => "application/vnd.dev.sigstore.bundle.v0.3+json",
        };
        let mut bundle = json!({ "mediaType": media_type, "verificationMaterial": material });
        let (member, value) = content_member(content, flaw, &signature);
        set(&mut bundle, member, value);
        Signed { bundle, key: holder.key }
    }

    fn holder_member(&self, recipe: &Recipe, flaw: Flaw, holder: &Holder) -> (&'static str, Value) {
        let raw = |der: &[u8]| json!({ "rawBytes": STANDARD.encode(der) });
        match (recipe.keyed, flaw, recipe.version) {
            (true, _, _) => ("publicKey", json!({ "hint": "any" })),
            (_, Flaw::EmptyChain, _) => ("x509CertificateChain", json!({ "certificates": [] })),
            (_, Flaw::ChainInBundle, _) | (_, _, Version::V01 | Version::V02) => {
                let chain = [raw(&holder.certificate), raw(&self.between.der)];
                ("x509CertificateChain", json!({ "certificates": chain }))
            }
            _ => ("certificate", raw(&holder.certificate)),
        }
    }

    /// SPEC: sigstore/fulcio, docs/certificate-specification.md.
    fn certificate(&self, key: &Key, recipe: &Recipe, flaw: Flaw) -> Vec<u8> {
        let (authority, now) = match flaw {
            Flaw::StrangeAuthority => (&self.stranger, self.now),
            Flaw::IntermediateRanOut => (&self.old_between, self.now),
            Flaw::TopRanOut => (&self.below_old_top, self.now),
            Flaw::FuturePromise => (&self.between, self.now + 8 * YEAR),
            Flaw::CertificateRanOut => (&self.between, self.now - 2 * HALF),
            Flaw::CertificateTooEarly => (&self.between, self.now + 2 * HALF),
            _ => (&self.between, self.now),
        };
        let spki = key.spki();
        let purpose = if flaw == Flaw::NoCodeSigning { TIME_STAMPING } else { CODE_SIGNING };
        let mut extensions = vec![extension("2.5.29.15", true, &element(0x03, &[7, 0x80])), usage(purpose)];
        let tag = if recipe.identity.contains("://") { 0x86 } else { 0x81 };
        let mut names = element(tag, recipe.identity.as_bytes());
        if flaw == Flaw::TwoNames {
            names.extend(element(0x86, b"https://other.example/w@refs/heads/main"));
        }
        extensions.push(extension("2.5.29.17", true, &element(0x30, &names)));
        if flaw != Flaw::NoIssuer {
            extensions.push(extension(&format!("{FULCIO}.8"), false, &utf8(&recipe.issuer)));
        }
        if flaw == Flaw::TwoIssuers {
            extensions.push(extension(&format!("{FULCIO}.1"), false, b"https://other.example"));
        }
        if flaw == Flaw::ClaimNotText {
            extensions.push(extension(&format!("{FULCIO}.13"), false, &octets(b"text")));
        }
        for (number, text) in &recipe.claims {
            // SPEC: sigstore/fulcio, docs/oid-info.md: the first six are text without DER around it.
            let value = if *number <= 6 { text.as_bytes().to_vec() } else { utf8(text) };
            extensions.push(extension(&format!("{FULCIO}.{number}"), false, &value));
        }
        if flaw == Flaw::TwiceExtended {
            extensions.push(extension(&format!("{FULCIO}.11"), false, &utf8("self-hosted")));
            extensions.push(extension(&format!("{FULCIO}.11"), false, &utf8("github-hosted")));
        }
        let window = (now - HALF, now + HALF);
        let mut plan = Plan { serial: 1234, issuer: authority.name, subject: "", window, spki: &spki, extensions };
        if let Some(list) = self.sct_list(&plan, authority, flaw, now) {
            plan.extensions.push(extension(SCT_LIST, false, &octets(&list)));
        }
        plan.signed_by(&authority.key)
    }

    /// SPEC: RFC 6962 section 3.2 and 3.3.
    fn sct_list(&self, plan: &Plan<'_>, authority: &Authority, flaw: Flaw, now: i64) -> Option<Vec<u8>> {
        if flaw == Flaw::NoSct {
            return None;
        }
        let log = if flaw == Flaw::StrangeSct { &self.other } else { &self.certificate_log };
        let millis = u64::try_from(now).unwrap_or(0) * 1000;
        let mut body = plan.to_be_signed();
        if flaw == Flaw::OtherSct {
            body.push(0);
        }
        let length = (body.len() as u32).to_be_bytes();
        let signed = [
            &[0, 0],
            millis.to_be_bytes().as_slice(),
            &[0, 1],
            &sha256(&authority.key.spki()),
            length.get(1..).unwrap_or_default(),
            &body,
            &[0, 0],
        ]
        .concat();
        let signature = log.sign(&signed);
        let sct = [
            &[0],
            log_id(log).as_slice(),
            &millis.to_be_bytes(),
            &[0, 0, 4, 3],
            &(signature.len() as u16).to_be_bytes(),
            &signature,
        ]
        .concat();
        let one = [(sct.len() as u16).to_be_bytes().as_slice(), &sct].concat();
        let all = if flaw == Flaw::TwoScts { [one.as_slice(), &one].concat() } else { one };
        Some([(all.len() as u16).to_be_bytes().as_slice(), &all].concat())
    }

    fn stamps(&self, flaw: Flaw, signature: &[u8]) -> Vec<String> {
        let (own, unfit) = (&self.stamper_der, &self.unfit_stamper_der);
        let named = match flaw {
            Flaw::StampOfNoCertificate => None,
            Flaw::StampOfOtherCertificate | Flaw::UnfitStamper => Some([StamperName::Sha256(unfit)]),
            _ => Some([StamperName::Sha256(own)]),
        };
        let known = self.stamper(&self.stamper, named.as_ref().map_or(&[], |named| named.as_slice()));
        let strange_der =
            stamper_certificate(&self.other, &self.stranger, (self.now - YEAR, self.now + YEAR), &[TIME_STAMPING]);
        let strange_name = [StamperName::Sha256(&strange_der)];
        let strange = self.stamper(&self.other, &strange_name);
        let token = match flaw {
            Flaw::StampOfOther => response(&known, b"other bytes", self.now, &[]),
            Flaw::StrangeStamp => response(&strange, signature, self.now, std::slice::from_ref(&strange_der)),
            Flaw::StrangeStampBehindKnown => {
                response(&strange, signature, self.now, &[self.stamper_der.clone(), strange_der.clone()])
            }
            // The root knows the authority since then, but its certificate is younger.
            Flaw::StampBeforeCertificate => response(&known, signature, self.now - YEAR, &[]),
            Flaw::LateStamp => response(&known, signature, self.now + 3 * HALF, &[]),
            _ => response(&known, signature, self.now, &[]),
        };
        let mut text = STANDARD.encode(&token);
        if flaw == Flaw::BrokenBase64 {
            text.insert(text.len() / 2, '\n');
        }
        if flaw == Flaw::StampTwice { vec![text.clone(), text] } else { vec![text] }
    }

    fn entry(&self, content: &Content, recipe: &Recipe, flaw: Flaw, holder: &Holder, signature: &[u8]) -> Value {
        let body = self.body(content, recipe, flaw, holder, signature);
        let place = place(&body);
        let log = match (flaw, recipe.entry) {
            (Flaw::StrangeLog, _) => &self.other,
            (_, Entry::V2) => &self.tiles,
            _ => &self.log,
        };
        let (kind, version) = match (recipe.entry, content) {
            (Entry::V1, Content::Blob(_)) => ("hashedrekord", "0.0.1"),
            (Entry::V1, _) => ("dsse", "0.0.1"),
            (Entry::Intoto, _) => ("intoto", "0.0.2"),
            (Entry::V2, _) => ("hashedrekord", "0.0.2"),
        };
        let mut entry = json!({
            "logIndex": place.index.to_string(),
            "logId": { "keyId": STANDARD.encode(log_id(log)) },
            "kindVersion": { "kind": kind, "version": version },
            "canonicalizedBody": STANDARD.encode(&body)
        });
        if recipe.entry != Entry::V2 && flaw != Flaw::NoPromise && flaw != Flaw::NoTime {
            let time = match flaw {
                Flaw::LatePromise => self.now + 3 * HALF,
                Flaw::FuturePromise => self.now + 8 * YEAR,
                _ => self.now,
            };
            let over = if flaw == Flaw::PromiseOfOtherTime { time + 1 } else { time };
            let signer = if flaw == Flaw::StrangePromise { &self.other } else { log };
            let promise = promise(signer, &body, over, place.index);
            set(&mut entry, "integratedTime", json!(time.to_string()));
            set(&mut entry, "inclusionPromise", json!({ "signedEntryTimestamp": STANDARD.encode(promise) }));
        }
        if flaw != Flaw::NoProof {
            let mut hashes = place.hashes.clone();
            if let (Flaw::ProofHash, Some(first)) = (flaw, hashes.first_mut()) {
                *first = sha256(b"another");
            }
            let hashes: Vec<String> = hashes.iter().map(|hash| STANDARD.encode(hash)).collect();
            let checkpoint =
                if flaw == Flaw::NoCheckpoint { String::new() } else { self.checkpoint(log, &place, flaw) };
            let proof = json!({
                "logIndex": place.index.to_string(), "treeSize": place.size.to_string(),
                "rootHash": STANDARD.encode(&place.root), "hashes": hashes, "checkpoint": { "envelope": checkpoint }
            });
            set(&mut entry, "inclusionProof", proof);
        }
        entry
    }

    /// SPEC: C2SP tlog-checkpoint and signed-note.
    fn checkpoint(&self, log: &Key, place: &super::log::Place, flaw: Flaw) -> String {
        let root = if flaw == Flaw::CheckpointOfOtherTree { sha256(b"another tree") } else { place.root.clone() };
        let (size, root) = (place.size.to_string(), STANDARD.encode(root));
        let lines = match flaw {
            Flaw::CheckpointOrigin => vec![size, root],
            Flaw::CheckpointSize => vec!["log.example".to_owned(), root],
            Flaw::CheckpointRoot => vec!["log.example".to_owned(), size],
            _ => vec!["log.example".to_owned(), size, root],
        };
        let body = lines.join("\n") + "\n";
        let witness = signature_line("witness.example", &self.witness, &log_id(&self.witness), &body);
        let own = match flaw {
            Flaw::StrangeCheckpoint => String::new(),
            Flaw::CheckpointSignature => signature_line("log.example", &self.other, &log_id(log), &body),
            _ => signature_line("log.example", log, &log_id(log), &body),
        };
        if flaw == Flaw::CheckpointUnsigned {
            return format!("{body}\n");
        }
        format!("{body}\n{witness}{own}")
    }

    fn body(&self, content: &Content, recipe: &Recipe, flaw: Flaw, holder: &Holder, signature: &[u8]) -> Vec<u8> {
        if flaw == Flaw::EntryRubbish {
            return b"{\"spec\":".to_vec();
        }
        let other = Content::Payload(b"{\"another\":\"payload\"}".to_vec(), PAYLOAD_TYPE.to_owned());
        let other_blob = Content::Blob(b"another content".to_vec());
        let logged = match (flaw, content) {
            (Flaw::EntryDigest | Flaw::EntryOfOther, Content::Blob(_)) => &other_blob,
            (Flaw::EntryDigest | Flaw::EntryOfOther, _) => &other,
            _ => content,
        };
        let another = Key::generate();
        let signature = match flaw {
            Flaw::EntryOfOther => another.sign(&message(logged)),
            // Of the same content by the same key: ECDSA signs anew each time.
            Flaw::EntrySignature => holder.key.sign(&message(logged)),
            _ => signature.to_vec(),
        };
        let certificate = match flaw {
            Flaw::EntryKey if recipe.entry == Entry::Intoto => self.certificate(&another, recipe, Flaw::None),
            Flaw::EntryKey => self.certificate(
                &holder.key,
                &Recipe { identity: "eve@example.com".to_owned(), ..recipe.clone() },
                Flaw::None,
            ),
            Flaw::EntryOfOther => self.certificate(&another, recipe, Flaw::None),
            _ => holder.certificate.clone(),
        };
        let key = if flaw == Flaw::EntryKey || flaw == Flaw::EntryOfOther { &another } else { &holder.key };
        let verifier = if recipe.keyed { pem("PUBLIC KEY", &key.spki()) } else { pem("CERTIFICATE", &certificate) };
        body_of(logged, recipe, &signature, &verifier, &certificate, &key.spki()).to_string().into_bytes()
    }
}

/// SPEC: sigstore/rekor, pkg/types; sigstore/rekor-tiles, api/proto.
fn body_of(
    content: &Content,
    recipe: &Recipe,
    signature: &[u8],
    verifier: &str,
    certificate: &[u8],
    spki: &[u8],
) -> Value {
    let hex = |bytes: &[u8]| sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": hex(bytes) });
    let signature_text = STANDARD.encode(signature);
    let verifier = STANDARD.encode(verifier);
    match (recipe.entry, content) {
        (Entry::V2, _) => {
            let signer = if recipe.keyed {
                json!({ "keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": { "rawBytes": STANDARD.encode(spki) } })
            } else {
                json!({ "keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": { "rawBytes": STANDARD.encode(certificate) } })
            };
            let digest = STANDARD.encode(sha256(&message(content)));
            json!({ "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": { "hashedRekordV002": {
                "data": { "algorithm": "SHA2_256", "digest": digest },
                "signature": { "content": signature_text, "verifier": signer }
            } } })
        }
        (_, Content::Blob(bytes)) => {
            json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
                "data": { "hash": hash(bytes) },
                "signature": { "content": signature_text, "publicKey": { "content": verifier } }
            } })
        }
        (Entry::V1, content) => {
            let (payload, _) = payload(content);
            json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": {
                "envelopeHash": hash(b"as it was sent"), "payloadHash": hash(&payload),
                "signatures": [{ "signature": signature_text, "verifier": verifier }]
            } })
        }
        (Entry::Intoto, content) => {
            let (payload, payload_type) = payload(content);
            json!({ "apiVersion": "0.0.2", "kind": "intoto", "spec": { "content": {
                "envelope": { "payloadType": payload_type, "signatures": [{
                    "publicKey": verifier, "sig": STANDARD.encode(&signature_text)
                }] },
                "hash": hash(b"as it was sent"), "payloadHash": hash(&payload)
            } } })
        }
    }
}

fn payload(content: &Content) -> (Vec<u8>, String) {
    match content {
        Content::Blob(bytes) => (bytes.clone(), PAYLOAD_TYPE.to_owned()),
        Content::Statement(statement) => (statement.to_string().into_bytes(), PAYLOAD_TYPE.to_owned()),
        Content::Payload(bytes, payload_type) => (bytes.clone(), payload_type.clone()),
    }
}

/// The bytes that the signature is over.
fn message(content: &Content) -> Vec<u8> {
    match content {
        Content::Blob(bytes) => bytes.clone(),
        content => {
            let (payload, payload_type) = payload(content);
            pre_authentication_encoding(&payload_type, &payload)
        }
    }
}

fn content_member(content: &Content, flaw: Flaw, signature: &[u8]) -> (&'static str, Value) {
    let mut signature = STANDARD.encode(signature);
    if flaw == Flaw::BrokenSignature {
        signature.insert(9, '%');
    }
    match content {
        Content::Blob(bytes) => {
            let named: &[u8] = if flaw == Flaw::OtherDigest { b"another content" } else { bytes };
            let digest = json!({ "algorithm": "SHA2_256", "digest": STANDARD.encode(sha256(named)) });
            ("messageSignature", json!({ "messageDigest": digest, "signature": signature }))
        }
        content => {
            let (payload, payload_type) = payload(content);
            let signatures = json!([{ "sig": signature, "keyid": "" }]);
            let envelope =
                json!({ "payload": STANDARD.encode(payload), "payloadType": payload_type, "signatures": signatures });
            ("dsseEnvelope", envelope)
        }
    }
}

fn set(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}
