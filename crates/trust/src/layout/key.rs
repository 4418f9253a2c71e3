//! Keys that a layout lists.

use std::collections::BTreeSet;

use lasthand_model::digest::{KeyId, Sha256};
use pem_rfc7468::LineEnding;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::canonical;
use crate::scheme::{ForeignKey, ForeignKeyError, KeyKind, Scheme};

/// Why a key of a layout is of no use here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutKeyError {
    /// The id inside is another than the one it stands under.
    #[error("it stands under another id than its own")]
    Id,
    /// A member that readers take differently, such as `subkeys`.
    #[error("it has the member `{name}`, which is not read here")]
    Member {
        /// Its name, cut after 80 characters.
        name: String,
    },
    /// A member is not there, or of another shape.
    #[error("its `{name}` is not there or has not the expected shape")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// The private key is there, too.
    #[error("it holds a private key, so whoever has the layout can sign with it")]
    Private,
    /// A kind and scheme that no two implementations read alike.
    #[error("keys of type `{keytype}` with scheme `{scheme}` are not read here")]
    Scheme {
        /// Type, cut after 80 characters.
        keytype: String,
        /// Scheme, cut after 80 characters.
        scheme: String,
    },
    /// Not a key.
    #[error(transparent)]
    Key(#[from] ForeignKeyError),
}

/// A key that a layout lists, with the scheme that it signs by.
#[derive(Debug, Clone)]
pub struct LayoutKey {
    keyid: String,
    key: ForeignKey,
    scheme: Scheme,
}

impl LayoutKey {
    /// Reads the key that stands under `keyid` in a layout.
    ///
    /// SPEC: in-toto specification 1.0 section 4.2: `ed25519`, `ecdsa` and `rsa`, as both implementations write them.
    ///
    /// # Errors
    /// [`LayoutKeyError`]; then the key is of no use, and a threshold cannot be met by it.
    pub fn read(keyid: &str, value: &Value) -> Result<Self, LayoutKeyError> {
        let members = value.as_object().ok_or(LayoutKeyError::Missing { name: "keyval" })?;
        const KNOWN: [&str; 5] = ["keyid", "keyid_hash_algorithms", "keytype", "keyval", "scheme"];
        only(members, &KNOWN)?;
        // SECURITY: one reader looks a key up by the name it stands under, another by the id inside.
        if text(members, "keyid")? != keyid {
            return Err(LayoutKeyError::Id);
        }
        let values =
            members.get("keyval").and_then(Value::as_object).ok_or(LayoutKeyError::Missing { name: "keyval" })?;
        only(values, &["public", "private", "certificate"])?;
        if values.get("private").is_some_and(|private| private.as_str() != Some("")) {
            return Err(LayoutKeyError::Private);
        }
        let (keytype, scheme) = (text(members, "keytype")?, text(members, "scheme")?);
        let public = text(values, "public")?;
        let (key, scheme) = match (keytype, scheme) {
            ("ed25519", "ed25519") => {
                let bytes = hex::decode(public).map_err(|_| LayoutKeyError::Missing { name: "public" })?;
                (ForeignKey::from_ed25519(&bytes)?, Scheme::Ed25519)
            }
            // Python's older releases wrote the scheme as the type, and its later ones still read that.
            ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
                (ForeignKey::from_pem(public.as_bytes())?, Scheme::P256)
            }
            ("ecdsa" | "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384") => {
                (ForeignKey::from_pem(public.as_bytes())?, Scheme::P384)
            }
            ("ecdsa" | "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521") => {
                (ForeignKey::from_pem(public.as_bytes())?, Scheme::P521)
            }
            ("rsa", "rsassa-pss-sha256") => (ForeignKey::from_pem(public.as_bytes())?, Scheme::RsaPssSha256),
            _ => return Err(LayoutKeyError::Scheme { keytype: shorten(keytype), scheme: shorten(scheme) }),
        };
        if key.kind() != scheme.kind() {
            return Err(LayoutKeyError::Key(ForeignKeyError::Invalid { kind: scheme.kind() }));
        }
        Ok(Self { keyid: keyid.to_owned(), key, scheme })
    }

    /// A key of which the verifier has the file.
    #[must_use]
    pub fn of_owner(key: ForeignKey) -> Self {
        let scheme = match key.kind() {
            KeyKind::Ed25519 => Scheme::Ed25519,
            KeyKind::P256 => Scheme::P256,
            KeyKind::P384 => Scheme::P384,
            KeyKind::P521 => Scheme::P521,
            KeyKind::Rsa => Scheme::RsaPssSha256,
        };
        Self { keyid: String::new(), key, scheme }
    }

    /// The id that the layout calls it; empty for [`LayoutKey::of_owner`].
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// SHA-256 of its SubjectPublicKeyInfo: the same under every name.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.key.id()
    }

    /// The ids that implementations give the key when they read it from a file: the SHA-256 of its canonical form as Python's and Go's write it,
    /// now and in older releases, and of its SubjectPublicKeyInfo.
    ///
    /// Cost: at most 17 digests of some 2 KiB.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let kind = self.key.kind();
        let usual = scheme_name(kind);
        let (types, schemes) = match kind {
            KeyKind::Ed25519 => (vec!["ed25519"], vec![usual]),
            KeyKind::Rsa => (vec!["rsa"], vec![usual]),
            // Python's older releases write the scheme as the type; Go's defaults have one scheme for every curve.
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => {
                (vec!["ecdsa", usual], vec![usual, scheme_name(KeyKind::P256)])
            }
        };
        let mut names = BTreeSet::from([self.id().to_string()]);
        for public in self.written() {
            for (keytype, scheme) in
                types.iter().flat_map(|keytype| schemes.iter().map(move |scheme| (keytype, scheme)))
            {
                let keyval = json!({ "public": public });
                let plain = json!({ "keytype": keytype, "scheme": scheme, "keyval": keyval });
                let lists = ["sha256", "sha512"];
                let listing =
                    json!({ "keytype": keytype, "scheme": scheme, "keyval": keyval, "keyid_hash_algorithms": lists });
                let forms = [plain, listing].into_iter().filter_map(|form| canonical::encode(&form).ok());
                names.extend(forms.map(|form| Sha256::of(&form).to_string()));
            }
        }
        names
    }

    /// The key as implementations write it: in hex, or in PEM, as Python's (a line ends it) and Go's (trimmed).
    fn written(&self) -> Vec<String> {
        if self.key.kind() == KeyKind::Ed25519 {
            return vec![hex::encode(self.key.bytes())];
        }
        let pem = pem_rfc7468::encode_string("PUBLIC KEY", LineEnding::LF, self.key.spki());
        pem.map(|pem| vec![pem.trim().to_owned(), pem]).unwrap_or_default()
    }

    /// Tells whether `signature` over `message` is this key's.
    #[must_use]
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(self.scheme, message, signature)
    }
}

const fn scheme_name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Ed25519 => "ed25519",
        KeyKind::P256 => "ecdsa-sha2-nistp256",
        KeyKind::P384 => "ecdsa-sha2-nistp384",
        KeyKind::P521 => "ecdsa-sha2-nistp521",
        KeyKind::Rsa => "rsassa-pss-sha256",
    }
}

fn only(members: &Map<String, Value>, known: &[&str]) -> Result<(), LayoutKeyError> {
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(LayoutKeyError::Member { name: shorten(name) }),
        None => Ok(()),
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, LayoutKeyError> {
    members.get(name).and_then(Value::as_str).ok_or(LayoutKeyError::Missing { name })
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}
