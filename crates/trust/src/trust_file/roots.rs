//! `[[root]]`: the keys that everything else rests on.

use lasthand_model::digest::{KeyId, Sha256};

use super::problem::{Place, Problem};
use super::reader::{Row, shorten};
use crate::keys::{KeyAlgorithm, PublicKey};

pub(super) const KEYS: &[&str] = &["type", "file", "pem", "sha256"];

// LIMIT: a public key file is small.
const KEY_FILE_BYTES: usize = 64 << 10;

/// A key of the trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootKey {
    /// Where its row stands.
    pub place: Place,
    /// Its key id.
    pub id: KeyId,
    /// Its algorithm.
    pub algorithm: KeyAlgorithm,
    /// The file it came from; absent when it stands in the trust file itself.
    pub file: Option<String>,
}

/// Reads one row and the key it names.
pub(super) fn read(row: Row<'_>, files: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Option<(RootKey, PublicKey)> {
    const TYPES: &[(&str, &str)] = &[("key", "key"), ("spiffe", "spiffe"), ("x509", "x509"), ("sigstore", "sigstore")];
    let root_type = row.need("type").then(|| row.word("type", TYPES)).flatten()?;
    if root_type != "key" {
        row.report(row.place_of("type"), Problem::RootType { got: root_type });
        return None;
    }
    let expected: Option<Sha256> = row.parsed("sha256", "a key id of 64 lower-case hex digits");
    let (bytes, file, place) = match (row.has("pem"), row.has("file")) {
        (true, true) => {
            let remedy = "keep one of them";
            let problem = Problem::Mismatch { left: "pem".to_owned(), right: "file".to_owned(), remedy };
            row.report(row.place_of("file"), problem);
            return None;
        }
        (true, false) => {
            let pem = row.need_text("pem")?;
            (pem.value.into_bytes(), None, pem.place)
        }
        (false, true) => {
            let file = row.need_text("file")?;
            let bytes = files(&file.value).and_then(|bytes| {
                if bytes.len() > KEY_FILE_BYTES {
                    Err("file is too large for a public key".to_owned())
                } else {
                    Ok(bytes)
                }
            });
            match bytes {
                Ok(bytes) => (bytes, Some(file.value), file.place),
                Err(reason) => {
                    let problem = Problem::KeyFile { file: shorten(&file.value), reason: shorten(&reason) };
                    row.report(file.place, problem);
                    return None;
                }
            }
        }
        (false, false) => {
            row.report(row.place, Problem::MissingKey { table: "[[root]]", key: "file` or `pem" });
            return None;
        }
    };
    let key = match PublicKey::parse(&bytes) {
        Ok(key) => key,
        Err(source) => {
            row.report(place, Problem::Key { source });
            return None;
        }
    };
    if let Some(expected) = expected.filter(|expected| KeyId(*expected) != key.id()) {
        let problem = Problem::RootDigest { expected: expected.to_string(), got: key.id().to_string() };
        row.report(row.place_of("sha256"), problem);
        return None;
    }
    Some((RootKey { place: row.place, id: key.id(), algorithm: key.algorithm(), file }, key))
}
