//! Functionaries that a layout names by certificate: the chain to a root of the layout, and what the certificate must hold.
//!
//! SPEC: in-toto enhancement 7, as Go's implementation reads it; Python's knows no certificates and never counts such a link.

use std::collections::BTreeSet;
use std::time::Duration;

use lasthand_model::wire::layout::{CertificateConstraint, Layout};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::Value;
use thiserror::Error;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Any, Decode as _, Encode as _};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::scheme::{ForeignKey, ForeignKeyError};

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
/// LIMIT: certificates of a layout.
const MOST: usize = 64;

/// Why a certificate makes nobody a functionary.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The step names nobody by certificate.
    #[error("the step names nobody by certificate")]
    NoConstraint,
    /// Not a certificate.
    #[error("{whose} is no certificate in PEM")]
    Pem {
        /// Whose it should be.
        whose: &'static str,
    },
    /// More certificates than are looked at.
    #[error("the layout has more than {MOST} certificates of one kind")]
    TooMany,
    /// A root that does not hold at this moment.
    #[error("a root of the layout is not valid at this moment")]
    Root,
    /// No chain to a root of the layout that holds at this moment.
    #[error("the certificate does not lead to a root of the layout: {reason}")]
    Chain {
        /// What does not hold.
        reason: String,
    },
    /// The certificate holds other values than asked.
    #[error("the certificate's {what} are not those that the step asks for")]
    Constraint {
        /// Which values.
        what: &'static str,
    },
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] ForeignKeyError),
}

/// Checks a certificate by a verified layout and a step of it.
///
/// In: the certificate in PEM, the layout that lists roots, what the step asks for, and the moment. Out: the certificate's key.
///
/// # Errors
/// [`CertificateError`]: the chain, a constraint, or a part that cannot be read.
pub(super) fn functionary(
    pem: &str,
    layout: &Layout,
    constraints: &[CertificateConstraint],
    now: i64,
) -> Result<ForeignKey, CertificateError> {
    if constraints.is_empty() {
        return Err(CertificateError::NoConstraint);
    }
    let der = certificate(pem).ok_or(CertificateError::Pem { whose: "what the signature brings" })?;
    let read = Certificate::from_der(&der).map_err(|_| CertificateError::Pem { whose: "what the signature brings" })?;
    chain(&der, layout, now)?;
    let names = Names::of(&read)?;
    let roots: Vec<String> = layout.rootcas.keys().cloned().collect();
    let mut last = CertificateError::NoConstraint;
    for constraint in constraints {
        match names.meet(constraint, &roots) {
            Ok(()) => {
                let spki = read.tbs_certificate.subject_public_key_info.to_der();
                let spki = spki.map_err(|_| ForeignKeyError::Encoding { reason: "not DER of one" })?;
                return Ok(ForeignKey::from_spki(&spki)?);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn chain(der: &[u8], layout: &Layout, now: i64) -> Result<(), CertificateError> {
    let fault = |error: webpki::Error| CertificateError::Chain { reason: error.to_string() };
    let roots = authorities(&layout.rootcas, "a root of the layout")?;
    let between = authorities(&layout.intermediatecas, "an intermediate of the layout")?;
    // A root outside its validity vouches for nobody; the path below does not look at it.
    if roots.iter().any(|root| !valid_at(root, now)) {
        return Err(CertificateError::Root);
    }
    let roots: Vec<CertificateDer<'_>> = roots.into_iter().map(CertificateDer::from).collect();
    let anchors = roots.iter().map(anchor_from_trusted_cert).collect::<Result<Vec<_>, _>>().map_err(fault)?;
    let between: Vec<CertificateDer<'_>> = between.into_iter().map(CertificateDer::from).collect();
    let leaf = CertificateDer::from(der);
    let leaf = EndEntityCert::try_from(&leaf).map_err(fault)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or_default()));
    let usage = KeyUsage::server_auth();
    let verified = leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &between, now, usage, None, None);
    verified.map(drop).map_err(fault)
}

fn authorities(
    listed: &std::collections::BTreeMap<String, Value>,
    whose: &'static str,
) -> Result<Vec<Vec<u8>>, CertificateError> {
    if listed.len() > MOST {
        return Err(CertificateError::TooMany);
    }
    let pem = |value: &Value| value.pointer("/keyval/certificate").and_then(Value::as_str).and_then(certificate);
    listed.values().map(|value| pem(value).ok_or(CertificateError::Pem { whose })).collect()
}

fn certificate(pem: &str) -> Option<Vec<u8>> {
    let (label, der) = pem_rfc7468::decode_vec(pem.trim().as_bytes()).ok()?;
    (label == "CERTIFICATE").then_some(der)
}

fn valid_at(der: &[u8], now: i64) -> bool {
    let Ok(read) = Certificate::from_der(der) else { return false };
    let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let validity = read.tbs_certificate.validity;
    (seconds(validity.not_before)..=seconds(validity.not_after)).contains(&now)
}

/// What a certificate says of its holder.
#[derive(Default)]
struct Names {
    common: Vec<String>,
    organizations: Vec<String>,
    dns: Vec<String>,
    emails: Vec<String>,
    uris: Vec<String>,
}

impl Names {
    fn of(certificate: &Certificate) -> Result<Self, CertificateError> {
        let odd = |_| CertificateError::Pem { whose: "what the signature brings" };
        let mut names = Self::default();
        for attribute in certificate.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter()) {
            let into = match attribute.oid {
                COMMON_NAME => &mut names.common,
                ORGANIZATION => &mut names.organizations,
                _ => continue,
            };
            // SECURITY: a value of a kind that is not read would be left out of the comparison.
            into.push(text(&attribute.value).ok_or(CertificateError::Constraint { what: "subject names" })?);
        }
        if let Some((_, alternative)) = certificate.tbs_certificate.get::<SubjectAltName>().map_err(odd)? {
            for name in alternative.0 {
                match name {
                    GeneralName::DnsName(name) => names.dns.push(name.to_string()),
                    GeneralName::Rfc822Name(name) => names.emails.push(name.to_string()),
                    GeneralName::UniformResourceIdentifier(name) => names.uris.push(name.to_string()),
                    _ => return Err(CertificateError::Constraint { what: "alternative names" }),
                }
            }
        }
        Ok(names)
    }

    fn meet(&self, constraint: &CertificateConstraint, roots: &[String]) -> Result<(), CertificateError> {
        let common = [constraint.common_name.clone()];
        for (what, asked, there) in [
            ("common names", &common[..], &self.common),
            ("DNS names", &constraint.dns_names, &self.dns),
            ("e-mail addresses", &constraint.emails, &self.emails),
            ("organisations", &constraint.organizations, &self.organizations),
            ("URIs", &constraint.uris, &self.uris),
            ("roots", &constraint.roots, &roots.to_vec()),
        ] {
            if !same(asked, there) {
                return Err(CertificateError::Constraint { what });
            }
        }
        Ok(())
    }
}

/// Exactly the values asked for; `*` alone asks for any, nothing for none. A value that stands twice is never met.
fn same(asked: &[String], there: &[String]) -> bool {
    if asked == ["*"] {
        return true;
    }
    let asked: Vec<&String> = asked.iter().filter(|value| !value.is_empty()).collect();
    let both: BTreeSet<&String> = there.iter().collect();
    asked.len() == there.len() && both.len() == there.len() && asked.into_iter().collect::<BTreeSet<_>>() == both
}

fn text(value: &Any) -> Option<String> {
    use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
    let utf8 = value.decode_as::<Utf8StringRef<'_>>().ok().map(|text| text.as_str().to_owned());
    let printable = || value.decode_as::<PrintableStringRef<'_>>().ok().map(|text| text.as_str().to_owned());
    let ia5 = || value.decode_as::<Ia5StringRef<'_>>().ok().map(|text| text.as_str().to_owned());
    utf8.or_else(printable).or_else(ia5)
}
