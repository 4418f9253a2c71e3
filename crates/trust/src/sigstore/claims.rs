//! What a certificate says about the run that it was given to.
//!
//! SPEC: sigstore/fulcio, docs/oid-info.md, `1.3.6.1.4.1.57264.1.1` to `.24`.

use std::collections::BTreeMap;

use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::Utf8StringRef;

use super::error::SigstoreError;

const ARC: &str = "1.3.6.1.4.1.57264.1.";
/// These are plain text, without DER around it.
const PLAIN: std::ops::RangeInclusive<u8> = 1..=6;

/// Names of the members, by their last number; 7 stands in the alternative name and names nobody who can be compared.
const NAMES: &[(u8, &str)] = &[
    (1, "issuer"),
    (2, "workflow-trigger"),
    (3, "workflow-sha"),
    (4, "workflow-name"),
    (5, "workflow-repository"),
    (6, "workflow-ref"),
    (7, "username"),
    (8, "issuer-v2"),
    (9, "build-signer-uri"),
    (10, "build-signer-digest"),
    (11, "runner-environment"),
    (12, "source-repository-uri"),
    (13, "source-repository-digest"),
    (14, "source-repository-ref"),
    (15, "source-repository-identifier"),
    (16, "source-repository-owner-uri"),
    (17, "source-repository-owner-identifier"),
    (18, "build-config-uri"),
    (19, "build-config-digest"),
    (20, "build-trigger"),
    (21, "run-invocation-uri"),
    (22, "source-repository-visibility"),
    (23, "deployment-environment"),
    (24, "token-subject"),
];

/// One member that a certificate may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim(u8);

impl Claim {
    /// Who gave the identity, as old certificates write it.
    pub const ISSUER_OLD: Self = Self(1);
    /// Who gave the identity.
    pub const ISSUER: Self = Self(8);
    /// The provider's number of the repository.
    pub const REPOSITORY_ID: Self = Self(15);
    /// The provider's number of the repository's owner.
    pub const OWNER_ID: Self = Self(17);
    /// `sub` of the token, as the provider wrote it.
    pub const TOKEN_SUBJECT: Self = Self(24);

    /// Finds a member by its name, such as `source-repository-uri`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(number, _)| Self(*number))
    }

    /// Every member there is, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(number, _)| Self(*number))
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(number, _)| *number == self.0).map_or("", |(_, name)| name)
    }

    /// The last number of its object identifier.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What one certificate says of its run.
///
/// # Proves / does not prove
/// Proves what the identity provider said when the certificate was given. None of it names who pushed, or who acted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(BTreeMap<Claim, String>);

impl Claims {
    /// Reads all members of a certificate.
    ///
    /// # Errors
    /// [`SigstoreError::Identity`] for a member that is no text, for two issuers, and for a subject whose numbers are not those beside it.
    pub(super) fn read(leaf: &[u8]) -> Result<Self, SigstoreError> {
        let certificate = Certificate::from_der(leaf)
            .map_err(|error| SigstoreError::CertificateForm { reason: error.to_string() })?;
        let mut claims = BTreeMap::new();
        for extension in certificate.tbs_certificate.extensions.iter().flatten() {
            let id = extension.extn_id.to_string();
            let Some(number) = id.strip_prefix(ARC).and_then(|number| number.parse::<u8>().ok()) else { continue };
            let bytes = extension.extn_value.as_bytes();
            let text = if PLAIN.contains(&number) {
                std::str::from_utf8(bytes).ok().map(str::to_owned)
            } else {
                Utf8StringRef::from_der(bytes).ok().map(|text| text.as_str().to_owned())
            };
            let unread = SigstoreError::Identity { reason: "what it says of its run is not text" };
            claims.insert(Claim(number), text.ok_or(unread)?);
        }
        let claims = Self(claims);
        claims.check()?;
        Ok(claims)
    }

    /// SECURITY: of two members that say the same thing differently, each reader believes another one.
    fn check(&self) -> Result<(), SigstoreError> {
        if let (Some(old), Some(new)) = (self.get(Claim::ISSUER_OLD), self.get(Claim::ISSUER))
            && old != new
        {
            return Err(SigstoreError::Identity { reason: "it names two issuers" });
        }
        let Some(GitHubSubject { owner_id, repository_id, .. }) =
            self.get(Claim::TOKEN_SUBJECT).and_then(GitHubSubject::parse)
        else {
            return Ok(());
        };
        let pairs = [(owner_id, Claim::OWNER_ID), (repository_id, Claim::REPOSITORY_ID)];
        let differs = |(id, claim): &(Option<&str>, Claim)| {
            id.is_some_and(|id| self.get(*claim).is_some_and(|known| known != id))
        };
        if pairs.iter().any(differs) {
            return Err(SigstoreError::Identity {
                reason: "its subject has other numbers than it says of its repository",
            });
        }
        Ok(())
    }

    /// Whether anything is said of a run: more than who gave the identity, and to whom.
    pub(super) fn are_of_a_run(&self) -> bool {
        self.0.keys().any(|claim| matches!(claim.0, 2..=6 | 9..=23))
    }

    /// One member.
    #[must_use]
    pub fn get(&self, claim: Claim) -> Option<&str> {
        self.0.get(&claim).map(String::as_str)
    }

    /// Every member, by number.
    pub fn iter(&self) -> impl Iterator<Item = (Claim, &str)> {
        self.0.iter().map(|(claim, text)| (*claim, text.as_str()))
    }

    /// Whether a member has this value. A GitHub subject matches in both of its forms (see [`GitHubSubject`]).
    #[must_use]
    pub fn matches(&self, claim: Claim, expected: &str) -> bool {
        let Some(got) = self.get(claim) else { return false };
        let parse = || Some((GitHubSubject::parse(expected)?, GitHubSubject::parse(got)?));
        match (claim, parse()) {
            (Claim::TOKEN_SUBJECT, Some((expected, got))) => expected.matches(&got),
            _ => got == expected,
        }
    }
}

/// `sub` of a token of GitHub Actions: `repo:OWNER/REPOSITORY:REST`, or for repositories made or moved since 2026-07-15
/// `repo:OWNER@NUMBER/REPOSITORY@NUMBER:REST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GitHubSubject<'a> {
    owner: &'a str,
    owner_id: Option<&'a str>,
    repository: &'a str,
    repository_id: Option<&'a str>,
    rest: &'a str,
}

impl<'a> GitHubSubject<'a> {
    /// Reads either form; absent when it is neither.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (path, rest) = text.strip_prefix("repo:")?.split_once(':')?;
        let (owner, repository) = path.split_once('/')?;
        let (owner, owner_id) = with_id(owner)?;
        let (repository, repository_id) = with_id(repository)?;
        // Both have a number, or none has.
        (owner_id.is_some() == repository_id.is_some()).then_some(Self {
            owner,
            owner_id,
            repository,
            repository_id,
            rest,
        })
    }

    /// Whether a token's subject is what is expected. Names without numbers match any numbers, numbers only themselves: who expects
    /// numbers does not want a repository that somebody else made anew under the name.
    #[must_use]
    pub fn matches(&self, got: &GitHubSubject<'_>) -> bool {
        let id = |expected: Option<&str>, got: Option<&str>| expected.is_none_or(|expected| got == Some(expected));
        (self.owner, self.repository, self.rest) == (got.owner, got.repository, got.rest)
            && id(self.owner_id, got.owner_id)
            && id(self.repository_id, got.repository_id)
    }
}

fn with_id(text: &str) -> Option<(&str, Option<&str>)> {
    let (name, id) = text.split_once('@').map_or((text, None), |(name, id)| (name, Some(id)));
    let is_number = id.is_none_or(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    (!name.is_empty() && is_number && !name.contains('/')).then_some((name, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, got: &str, matches: bool) {
        let claims = Claims([(Claim::TOKEN_SUBJECT, got.to_owned())].into());
        assert_eq!(claims.matches(Claim::TOKEN_SUBJECT, expected), matches, "{expected} {got}");
    }

    #[test]
    fn both_forms_of_a_github_subject_match() {
        // pass: names match both forms, numbers match themselves
        let (old, new) = ("repo:acme/app:ref:refs/heads/main", "repo:acme@12/app@34:ref:refs/heads/main");
        check(old, old, true);
        check(old, new, true);
        check(new, new, true);
        // fail: numbers are expected and not there, or others; another name, another ref; a name that only looks so
        check(new, old, false);
        check("repo:acme@12/app@35:ref:refs/heads/main", new, false);
        check("repo:acme@13/app@34:ref:refs/heads/main", new, false);
        check("repo:acme/app2:ref:refs/heads/main", new, false);
        check("repo:acme/app:ref:refs/heads/dev", new, false);
        check(old, "repo:acme@12/app:ref:refs/heads/main", false);
        check(old, "repo:acme@x/app@34:ref:refs/heads/main", false);
        check(old, "repo:acme/app@34/x:ref:refs/heads/main", false);
    }

    #[test]
    fn every_member_has_a_name_of_its_own() {
        // pass: 1 to 24, each found by its name
        let numbers: Vec<u8> = Claim::all().map(Claim::number).collect();
        assert_eq!(numbers, (1..=24).collect::<Vec<u8>>());
        for claim in Claim::all() {
            assert_eq!(Claim::named(claim.name()), Some(claim));
        }
        assert_eq!(Claim::named("actor"), None);
    }
}
