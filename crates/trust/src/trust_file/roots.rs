//! `[[root]]`: the keys and roots that everything else rests on; those of certificates are in [`authorities`].

use std::collections::BTreeSet;

use lasthand_model::digest::{KeyId, Sha256};
use lasthand_model::limits::Limits;

use super::authorities::{self, Authority, RootAuthority};
use super::problem::{Place, Problem};
use super::reader::{At, Row, shorten};
use crate::keys::{KeyAlgorithm, PublicKey};
use crate::openpgp::Certificate;
use crate::sigstore::{RootCounts, SigstoreRoot};
use crate::ssh::AllowedSigners;

pub(super) const KEYS: &[&str] = &["type", "file", "pem", "sha256", "namespace", "trust_domain", "name"];
/// Keys that one type of root has, with it and why no other has it.
const OWN_KEYS: &[(&str, &str, &str)] = &[
    ("namespace", "ssh", "only signatures of SSH are for a namespace"),
    ("trust_domain", "spiffe", "only a SPIFFE bundle is a trust domain's"),
    ("name", "x509", "only private authorities are called by a name"),
];

// LIMIT: a public key file is small.
const KEY_FILE_BYTES: usize = 64 << 10;
/// The use that signatures over evidence are for, unless the row says another one.
const SSH_NAMESPACE: &str = "in-toto";
// LIMIT: the largest public trusted root has some ten thousand bytes.
pub(super) const ROOT_FILE_BYTES: usize = 1 << 20;

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

/// A Sigstore root of the trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootSigstore {
    /// Where its row stands.
    pub place: Place,
    /// SHA-256 of the file.
    pub digest: Sha256,
    /// What it holds.
    pub counts: RootCounts,
    /// The file it came from.
    pub file: String,
}

/// A list of allowed signers of the trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootSsh {
    /// Where its row stands.
    pub place: Place,
    /// SHA-256 of the file.
    pub digest: Sha256,
    /// The file it came from.
    pub file: String,
    /// The use that signatures must be for.
    pub namespace: String,
    /// Whom it names, in its order.
    pub principals: Vec<String>,
    /// Those of them with a key in a file, for rows of method `ssh`.
    pub in_files: Vec<String>,
    /// Those of them with a key of a device, for rows of method `ssh-sk`.
    pub in_devices: Vec<String>,
}

/// A file of OpenPGP certificates of the trust file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOpenpgp {
    /// Where its row stands.
    pub place: Place,
    /// SHA-256 of the file.
    pub digest: Sha256,
    /// The file it came from.
    pub file: String,
    /// The fingerprint and the names of each certificate, in its order.
    pub certificates: Vec<(String, Vec<String>)>,
}

/// What one row names.
pub(super) enum Root {
    Key(RootKey, PublicKey),
    Sigstore(RootSigstore, SigstoreRoot),
    Ssh(RootSsh, AllowedSigners),
    Authority(RootAuthority, Authority),
    Openpgp(RootOpenpgp, Vec<Certificate>),
}

pub(super) type Files<'f> = &'f dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Reads one row and what it names.
pub(super) fn read(row: Row<'_>, files: Files<'_>, limits: &Limits) -> Option<Root> {
    const TYPES: &[(&str, &str)] = &[
        ("key", "key"),
        ("spiffe", "spiffe"),
        ("x509", "x509"),
        ("tsa", "tsa"),
        ("sigstore", "sigstore"),
        ("ssh", "ssh"),
        ("openpgp", "openpgp"),
    ];
    let root_type = row.need("type").then(|| row.word("type", TYPES)).flatten()?;
    for (key, _, remedy) in OWN_KEYS.iter().filter(|(key, owner, _)| root_type != *owner && row.has(key)) {
        let problem = Problem::Mismatch { left: (*key).to_owned(), right: format!("type = \"{root_type}\""), remedy };
        row.report(row.place_of(key), problem);
    }
    match root_type {
        "ssh" => ssh(row, files).map(|(root, parsed)| Root::Ssh(root, parsed)),
        "openpgp" => openpgp(row, files).map(|(root, parsed)| Root::Openpgp(root, parsed)),
        "key" => key(row, files).map(|(root, key)| Root::Key(root, key)),
        "sigstore" => sigstore(row, files, limits).map(|(root, parsed)| Root::Sigstore(root, parsed)),
        other => authorities::read(&row, other, files, limits).map(|(root, parsed)| Root::Authority(root, parsed)),
    }
}

/// The digest that a row states of its file.
pub(super) struct StatedDigest {
    is_there: bool,
    expected: Option<Sha256>,
}

impl StatedDigest {
    /// Reads it, and tells what is wrong with it.
    pub(super) fn of(row: &Row<'_>) -> Self {
        let expected = row.parsed("sha256", "a SHA-256 of 64 lower-case hex digits");
        Self { is_there: row.has("sha256"), expected }
    }

    /// The digest of the bytes, where it is the one that is stated, or none is.
    pub(super) fn of_bytes(&self, row: &Row<'_>, bytes: &[u8]) -> Option<Sha256> {
        let got = Sha256::of(bytes);
        if let Some(expected) = self.expected.filter(|expected| *expected != got) {
            let problem = Problem::FileDigest { expected: expected.to_string(), got: got.to_string() };
            row.report(row.place_of("sha256"), problem);
            return None;
        }
        (!self.is_there || self.expected.is_some()).then_some(got)
    }
}

/// The bytes of the file that a row names.
pub(super) fn file_of(
    row: &Row<'_>,
    files: Files<'_>,
    limit: usize,
    what: &'static str,
) -> Option<(Vec<u8>, At<String>)> {
    let file = row.need_text("file")?;
    let bytes = files(&file.value)
        .and_then(|bytes| if bytes.len() > limit { Err(format!("file is too large for a {what}")) } else { Ok(bytes) });
    match bytes {
        Ok(bytes) => Some((bytes, file)),
        Err(reason) => {
            let problem = Problem::KeyFile { file: shorten(&file.value), reason: shorten(&reason) };
            row.report(file.place, problem);
            None
        }
    }
}

fn ssh(row: Row<'_>, files: Files<'_>) -> Option<(RootSsh, AllowedSigners)> {
    if row.has("pem") {
        let remedy = "a list of allowed signers is a file: name it in `file`";
        let problem = Problem::Mismatch { left: "pem".to_owned(), right: "type = \"ssh\"".to_owned(), remedy };
        row.report(row.place_of("pem"), problem);
        return None;
    }
    let namespace = if row.has("namespace") { row.need_text("namespace")?.value } else { SSH_NAMESPACE.to_owned() };
    let stated = StatedDigest::of(&row);
    let (bytes, file) = file_of(&row, files, ROOT_FILE_BYTES, "list of allowed signers")?;
    let digest = stated.of_bytes(&row, &bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned());
    match text.and_then(|text| AllowedSigners::parse(&text).map_err(|error| error.to_string())) {
        Ok(list) => {
            let principals = list.principals().into_iter().map(str::to_owned).collect();
            let with = |device: bool| {
                let keys = list.keys().filter(|(key, _)| key.is_security_key() == device);
                let names: BTreeSet<String> = keys.map(|(_, name)| name.to_owned()).collect();
                names.into_iter().collect()
            };
            let (in_files, in_devices) = (with(false), with(true));
            let root =
                RootSsh { place: row.place, digest, file: file.value, namespace, principals, in_files, in_devices };
            Some((root, list))
        }
        Err(reason) => {
            row.report(file.place, Problem::SshRoot { reason: shorten(&reason) });
            None
        }
    }
}

fn openpgp(row: Row<'_>, files: Files<'_>) -> Option<(RootOpenpgp, Vec<Certificate>)> {
    if row.has("pem") {
        let remedy = "certificates are a file, as `gpg --export` writes it: name it in `file`";
        let problem = Problem::Mismatch { left: "pem".to_owned(), right: "type = \"openpgp\"".to_owned(), remedy };
        row.report(row.place_of("pem"), problem);
        return None;
    }
    // SECURITY: fingerprints are SHA-1, so a certificate is not named by its fingerprint alone.
    let needed = row.need("sha256");
    let stated = StatedDigest::of(&row);
    let (bytes, file) = file_of(&row, files, ROOT_FILE_BYTES, "file of certificates")?;
    let digest = stated.of_bytes(&row, &bytes).filter(|_| needed)?;
    match Certificate::read_all(&bytes) {
        Ok(parsed) => {
            let named = |certificate: &Certificate| certificate.names().map(shorten).collect();
            let certificates = parsed.iter().map(|found| (found.fingerprint().to_owned(), named(found))).collect();
            Some((RootOpenpgp { place: row.place, digest, file: file.value, certificates }, parsed))
        }
        Err(error) => {
            row.report(file.place, Problem::OpenpgpRoot { reason: shorten(&error.to_string()) });
            None
        }
    }
}

fn sigstore(row: Row<'_>, files: Files<'_>, limits: &Limits) -> Option<(RootSigstore, SigstoreRoot)> {
    if row.has("pem") {
        let remedy = "a trusted root is a file of JSON: name it in `file`";
        let right = "type = \"sigstore\"".to_owned();
        row.report(row.place_of("pem"), Problem::Mismatch { left: "pem".to_owned(), right, remedy });
        return None;
    }
    let stated = StatedDigest::of(&row);
    let (bytes, file) = file_of(&row, files, ROOT_FILE_BYTES, "trusted root")?;
    stated.of_bytes(&row, &bytes)?;
    match SigstoreRoot::parse(&bytes, limits) {
        Ok(root) => {
            let (place, digest, counts) = (row.place, root.digest(), root.counts());
            Some((RootSigstore { place, digest, counts, file: file.value }, root))
        }
        Err(error) => {
            let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
            let problem = Problem::SigstoreRoot { reason: shorten(&format!("{error}{source}")) };
            row.report(file.place, problem);
            None
        }
    }
}

fn key(row: Row<'_>, files: Files<'_>) -> Option<(RootKey, PublicKey)> {
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
            let (bytes, file) = file_of(&row, files, KEY_FILE_BYTES, "public key")?;
            (bytes, Some(file.value), file.place)
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
