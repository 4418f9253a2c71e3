//! Keys that a layout lists.

use lasthand_model::digest::KeyId;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::scheme::{ForeignKey, ForeignKeyError, Scheme};

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
            ("ecdsa", "ecdsa-sha2-nistp256") => (ForeignKey::from_pem(public.as_bytes())?, Scheme::P256),
            ("ecdsa", "ecdsa-sha2-nistp384") => (ForeignKey::from_pem(public.as_bytes())?, Scheme::P384),
            ("ecdsa", "ecdsa-sha2-nistp521") => (ForeignKey::from_pem(public.as_bytes())?, Scheme::P521),
            ("rsa", "rsassa-pss-sha256") => (ForeignKey::from_pem(public.as_bytes())?, Scheme::RsaPssSha256),
            _ => return Err(LayoutKeyError::Scheme { keytype: shorten(keytype), scheme: shorten(scheme) }),
        };
        if key.kind() != scheme.kind() {
            return Err(LayoutKeyError::Key(ForeignKeyError::Invalid { kind: scheme.kind() }));
        }
        Ok(Self { keyid: keyid.to_owned(), key, scheme })
    }

    /// A key of which the verifier has the file, under whatever id the layout calls it.
    #[must_use]
    pub fn of_owner(key: ForeignKey) -> Self {
        let scheme = match key.kind() {
            crate::scheme::KeyKind::Ed25519 => Scheme::Ed25519,
            crate::scheme::KeyKind::P256 => Scheme::P256,
            crate::scheme::KeyKind::P384 => Scheme::P384,
            crate::scheme::KeyKind::P521 => Scheme::P521,
            crate::scheme::KeyKind::Rsa => Scheme::RsaPssSha256,
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

    /// Tells whether `signature` over `message` is this key's.
    #[must_use]
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(self.scheme, message, signature)
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
