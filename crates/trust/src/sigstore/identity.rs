//! Whom a certificate names: exactly one signer, by one method.

use lasthand_model::wire::facts::{Signer, SignerMethod};
use sigstore_verify::SubjectAltName;
use sigstore_verify::crypto::CertificateInfo;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName as SanExtension;
use x509_cert::ext::pkix::name::GeneralName;

use super::error::SigstoreError;
use super::held::Held;
use crate::verified::Clock;

const SAN: &str = "2.5.29.17";

// LIMIT: of a name in a certificate, in bytes.
const NAME_BYTES: usize = 2048;

/// The signer that a certificate names, with the time at which he signed.
///
/// In: what held of the bundle, and the DER of its signing certificate.
///
/// # Errors
/// [`SigstoreError::Identity`] when the certificate could be read in two ways; [`SigstoreError::NoTime`] when no time was proven.
pub(super) fn signer(held: &Held, leaf: &[u8]) -> Result<(Signer, Clock), SigstoreError> {
    let certificate = held.certificate.as_ref().ok_or(SigstoreError::NoCertificate)?;
    let (time, clock) = time(held, certificate)?;
    let unnamed = SigstoreError::Identity { reason: "it has neither e-mail address nor URI" };
    let name = certificate.identity.as_ref().ok_or(unnamed)?;
    let (method, id) = match (only_name(leaf)?, name) {
        (GeneralName::Rfc822Name(only), SubjectAltName::Email(name)) if only.as_str() == name.as_str() => {
            (SignerMethod::FulcioEmail, name)
        }
        (GeneralName::UniformResourceIdentifier(only), SubjectAltName::Uri(name)) if only.as_str() == name.as_str() => {
            (SignerMethod::FulcioCi, name)
        }
        _ => return Err(SigstoreError::Identity { reason: "its name is neither an e-mail address nor a URI" }),
    };
    let issuer = certificate.issuer.as_deref().ok_or(SigstoreError::Identity { reason: "it has no issuer" })?;
    // SECURITY: issuer and name become `issuer#name`: a `#` in the issuer could shift the border between them.
    if issuer.contains('#') || !plain(issuer) {
        return Err(SigstoreError::Identity {
            reason: "its issuer is empty, too long, or holds `#`, a space or a control character",
        });
    }
    if !plain(id) {
        return Err(SigstoreError::Identity {
            reason: "its name is empty, too long, or holds a space or a control character",
        });
    }
    let principal = format!("{issuer}#{id}");
    Ok((Signer { method, principal, presence: false, time: Some(time) }, clock))
}

/// Whether the certificate may be that of a workflow of another repository than the one it ran for.
///
/// SECURITY: anybody may call a reusable workflow, and the certificate names the workflow, not the caller. One that says nothing of a
/// repository may be such a one.
pub(super) fn ran_for_another(certificate: &CertificateInfo) -> bool {
    let Some(SubjectAltName::Uri(workflow)) = &certificate.identity else { return false };
    let claims = &certificate.ci_claims;
    let repository = match (&claims.source_repository_uri, &claims.deprecated_github.workflow_repository) {
        (Some(uri), _) => uri.trim_end_matches('/').to_owned(),
        (None, Some(name)) => format!("https://github.com/{name}"),
        (None, None) => return true,
    };
    is_of_another(workflow, &repository)
}

fn is_of_another(workflow: &str, repository: &str) -> bool {
    // A pipeline of another host, such as a build service, has no repository in its name.
    if host(workflow) != host(repository) {
        return false;
    }
    let (start, rest) = workflow.split_at_checked(repository.len()).unwrap_or_default();
    !(start.eq_ignore_ascii_case(repository) && rest.starts_with('/'))
}

fn host(uri: &str) -> Option<&str> {
    uri.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default())
}

fn plain(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    !text.is_empty() && text.len() <= NAME_BYTES && !text.contains(odd)
}

/// The earliest proven time: the signature was there by then.
fn time(held: &Held, certificate: &CertificateInfo) -> Result<(i64, Clock), SigstoreError> {
    let earliest = held.times.iter().min().ok_or(SigstoreError::NoTime)?;
    if held.times.iter().any(|time| *time < certificate.not_before || *time > certificate.not_after) {
        return Err(SigstoreError::CertificateTime { whose: "the signer's" });
    }
    let clock = if held.integrated == Some(*earliest) { Clock::Log } else { Clock::Timestamp };
    Ok((earliest.as_second(), clock))
}

/// The one alternative name of the certificate.
fn only_name(leaf: &[u8]) -> Result<GeneralName, SigstoreError> {
    let certificate =
        Certificate::from_der(leaf).map_err(|error| SigstoreError::CertificateForm { reason: error.to_string() })?;
    let extensions = certificate.tbs_certificate.extensions.unwrap_or_default();
    for (at, extension) in extensions.iter().enumerate() {
        // SPEC: RFC 5280 section 4.2: "A certificate MUST NOT include more than one instance of a particular extension".
        if extensions.iter().skip(at + 1).any(|other| other.extn_id == extension.extn_id) {
            return Err(SigstoreError::Identity { reason: "an extension comes twice" });
        }
    }
    let san = extensions.iter().find(|extension| extension.extn_id.to_string() == SAN);
    let san = san.ok_or(SigstoreError::Identity { reason: "it has no alternative name" })?;
    let names = SanExtension::from_der(san.extn_value.as_bytes())
        .map_err(|error| SigstoreError::CertificateForm { reason: error.to_string() })?;
    let mut names = names.0.into_iter();
    // SECURITY: of several names, a reader who takes the first and one who takes any differ about the signer.
    match (names.next(), names.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(SigstoreError::Identity { reason: "it has not exactly one alternative name" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_names_one_signer_or_nobody() {
        // pass: one URI, one e-mail address
        let uri = only_name(include_bytes!("../../../../testdata/x509/one-uri.der"));
        assert!(matches!(uri, Ok(GeneralName::UniformResourceIdentifier(_))));
        let email = only_name(include_bytes!("../../../../testdata/x509/one-email.der"));
        assert!(matches!(email, Ok(GeneralName::Rfc822Name(_))));
        // fail: two names, of one kind or of two; none
        let bad: [&[u8]; 3] = [
            include_bytes!("../../../../testdata/x509/two-uris.der"),
            include_bytes!("../../../../testdata/x509/uri-and-email.der"),
            include_bytes!("../../../../testdata/x509/no-name.der"),
        ];
        for der in bad {
            assert!(matches!(only_name(der), Err(SigstoreError::Identity { .. })));
        }
        // Read, and refused by its kind afterwards.
        let dns = only_name(include_bytes!("../../../../testdata/x509/dns.der"));
        assert!(matches!(dns, Ok(GeneralName::DnsName(_))));
        assert!(only_name(b"rubbish").is_err());
    }

    #[test]
    fn names_and_issuers_are_plain() {
        // pass: addresses; fail: what could be read as something else, or fills a report
        for text in ["https://forge.example/a@refs/heads/main", "ana@example.com"] {
            assert!(plain(text), "{text}");
        }
        for text in ["", "a b", "a\nb", "a\u{0}", &"a".repeat(NAME_BYTES + 1)] {
            assert!(!plain(text), "{text:?}");
        }
    }

    #[test]
    fn reusable_workflows_of_other_repositories_are_seen() {
        // pass: the repository's own workflow, in any case; a build service that has no repository in its name
        let check = |workflow, repository, another| {
            assert_eq!(is_of_another(workflow, repository), another, "{workflow} {repository}");
        };
        check("https://forge.example/acme/app/.ci/w.yml@refs/heads/main", "https://forge.example/acme/app", false);
        check("https://forge.example/Acme/app/.ci/w.yml@refs/heads/main", "https://forge.example/acme/app", false);
        check("https://builds.example/acme/pipeline", "https://forge.example/acme/app", false);
        // fail: somebody else called it
        check("https://forge.example/acme/app/.ci/w.yml@refs/heads/main", "https://forge.example/eve/app", true);
        check("https://forge.example/acme/app2/.ci/w.yml@refs/heads/main", "https://forge.example/acme/app", true);
        check("https://forge.example/acme", "https://forge.example/acme/app", true);
    }
}
