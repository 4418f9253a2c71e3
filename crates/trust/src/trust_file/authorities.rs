//! `[[root]]` of certificates: SPIFFE bundles, private authorities, timestamp authorities.

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;

use super::problem::{Place, Problem};
use super::reader::{At, Row, shorten};
use super::roots::{Files, ROOT_FILE_BYTES, StatedDigest, file_of};
use crate::sigstore::TimestampAuthority;
use crate::spiffe::{SpiffeBundle, TrustDomain};
use crate::x509::{X509Error, X509Root};

/// Authorities of the trust file that give certificates, or the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootAuthority {
    /// Where its row stands.
    pub place: Place,
    /// SHA-256 of the file, or of the text in the row.
    pub digest: Sha256,
    /// The file it came from; absent when it stands in the trust file itself.
    pub file: Option<String>,
    /// What it vouches for.
    pub vouches: Vouches,
}

/// What authorities vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vouches {
    /// Workloads of a trust domain.
    Spiffe {
        /// The trust domain.
        domain: TrustDomain,
        /// How many authorities it has.
        count: usize,
    },
    /// Names under one issuer.
    X509 {
        /// The issuer, as rows name it.
        name: String,
        /// How many authorities it has.
        count: usize,
    },
    /// When something was signed.
    Time,
}

/// What one row names, ready to verify by.
pub(super) enum Authority {
    Spiffe(SpiffeBundle),
    X509(X509Root),
    Time(TimestampAuthority),
}

/// Reads one row of type `spiffe`, `x509` or `tsa`.
pub(super) fn read(
    row: &Row<'_>,
    root_type: &'static str,
    files: Files<'_>,
    limits: &Limits,
) -> Option<(RootAuthority, Authority)> {
    let domain = if root_type == "spiffe" { Some(trust_domain(row)?) } else { None };
    let name = if root_type == "x509" { Some(row.need_text("name")?) } else { None };
    let stated = StatedDigest::of(row);
    let (bytes, file) = content(row, root_type, files)?;
    let digest = stated.of_bytes(row, &bytes)?;
    let place = file.as_ref().map_or_else(|| row.place_of("pem"), |file| file.place);
    let parsed = match (domain, &name) {
        (Some(domain), _) => SpiffeBundle::parse(domain, &bytes, limits).map(Authority::Spiffe),
        (None, Some(name)) => X509Root::parse(&name.value, &bytes).map(Authority::X509),
        (None, None) => TimestampAuthority::from_pem(&bytes).map(Authority::Time),
    };
    match parsed {
        Ok(authority) => {
            let vouches = vouches(&authority);
            Some((RootAuthority { place: row.place, digest, file: file.map(|file| file.value), vouches }, authority))
        }
        Err(error) => {
            row.report(place, Problem::Authority { reason: shorten(&reason(&error)) });
            None
        }
    }
}

fn vouches(authority: &Authority) -> Vouches {
    match authority {
        Authority::Spiffe(bundle) => Vouches::Spiffe { domain: bundle.domain().clone(), count: bundle.count() },
        Authority::X509(root) => Vouches::X509 { name: root.name().to_owned(), count: root.count() },
        Authority::Time(_) => Vouches::Time,
    }
}

fn reason(error: &X509Error) -> String {
    match error {
        X509Error::Root { reason, .. } => reason.clone(),
        error => error.to_string(),
    }
}

fn trust_domain(row: &Row<'_>) -> Option<TrustDomain> {
    let text = row.need_text("trust_domain")?;
    let parsed = text.value.parse();
    if parsed.is_err() {
        let (key, got) = ("trust_domain".to_owned(), shorten(&text.value));
        let expected = "a trust domain such as acme.example, of a-z 0-9 . - _ alone";
        row.report(text.place, Problem::BadValue { key, got, expected });
    }
    parsed.ok()
}

/// The bytes that a row names or holds.
fn content(row: &Row<'_>, root_type: &'static str, files: Files<'_>) -> Option<(Vec<u8>, Option<At<String>>)> {
    let mismatch = |right: String, remedy| {
        row.report(row.place_of("pem"), Problem::Mismatch { left: "pem".to_owned(), right, remedy });
    };
    match (row.has("pem"), row.has("file")) {
        (true, true) => mismatch("file".to_owned(), "keep one of them"),
        (true, false) if root_type == "spiffe" => {
            mismatch("type = \"spiffe\"".to_owned(), "a SPIFFE bundle is a file of JSON: name it in `file`");
        }
        (true, false) => return Some((row.need_text("pem")?.value.into_bytes(), None)),
        (false, true) => {
            let (bytes, file) = file_of(row, files, ROOT_FILE_BYTES, "root")?;
            return Some((bytes, Some(file)));
        }
        (false, false) => {
            let key = if root_type == "spiffe" { "file" } else { "file` or `pem" };
            row.report(row.place, Problem::MissingKey { table: "[[root]]", key });
        }
    }
    None
}
