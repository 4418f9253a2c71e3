//! One bundle, one artifact, one signer: what a caller asks who knows whom he expects, and has no trust file.

use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::SignerMethod;
use thiserror::Error;

use crate::content_digest::{ContentDigest, DigestAlgorithm};
use crate::evidence::{Signed, TrustError, algorithms_unverified, verify_signed};
use crate::keys::{KeyRing, PublicKey, key_principal};
use crate::sigstore::{Claim, Claims, SigstoreRoot};
use crate::verified::Verified;

/// Who must have signed. There is no way to expect nobody in particular.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedSigner<'a> {
    /// This key.
    Key(&'a PublicKey),
    /// Whoever has this name, by this identity provider; both exact.
    Certificate {
        /// E-mail address or URI.
        identity: &'a str,
        /// The identity provider.
        issuer: &'a str,
        /// Members of the certificate and their values.
        claims: &'a [(Claim, String)],
    },
}

/// What must have been signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedArtifact {
    /// Content with this digest: signed itself, or a subject of the statement.
    Content(ContentDigest),
    /// A git object, whose bytes were read and hashed: a subject of the statement.
    Git(crate::git_object::GitObjectId),
}

/// Why a bundle is not what was expected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExpectedError {
    /// An expectation that everybody meets.
    #[error("{what} is empty, and would be met by anybody")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// Nothing in the bundle may be believed.
    #[error("bundle is not believed")]
    Trust(#[from] TrustError),
    /// Somebody else signed.
    #[error("signer is `{got}`, expected `{expected}`")]
    OtherSigner {
        /// Expected, as a principal.
        expected: String,
        /// Who signed, as a principal.
        got: String,
    },
    /// A member of the certificate is another one, or is not there.
    #[error("certificate says `{got}` as {claim}, expected `{expected}`")]
    OtherClaim {
        /// Which.
        claim: &'static str,
        /// Expected.
        expected: String,
        /// What the certificate says; `nothing` when it says nothing.
        got: String,
    },
    /// Something else was signed.
    #[error("signature is over {got}, not over {expected}")]
    OtherArtifact {
        /// Expected.
        expected: String,
        /// What was signed: the artifact, or some subjects.
        got: String,
    },
}

impl ExpectedError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::Empty { .. } => one("say whom you expect: who signed is the point of the question"),
            Self::Trust(source) => source.hints(),
            Self::OtherSigner { .. } | Self::OtherClaim { .. } => {
                one("do not use it; or, if this is whom you trust, expect this signer")
            }
            Self::OtherArtifact { .. } => one("the bundle belongs to another file: get the one of this file"),
        }
    }
}

/// By which digest a content can be compared with what a bundle says that it is over: SHA-256, unless only others are named.
///
/// TRUST: nothing is verified; a digest by another algorithm is just not found.
#[must_use]
pub fn algorithm_to_compare(bundle: &[u8], limits: &Limits) -> DigestAlgorithm {
    let named = algorithms_unverified(bundle, limits);
    DigestAlgorithm::ALL.into_iter().find(|algorithm| named.contains(algorithm)).unwrap_or(DigestAlgorithm::Sha256)
}

/// Verifies one bundle by the roots, and demands signer and artifact.
///
/// In: a bundle or envelope; the roots are not needed for an envelope under a key. Out: what is signed.
///
/// # Errors
/// [`ExpectedError`].
///
/// # Proves / does not prove
/// Proves that this signer signed this artifact, or a statement of which it is a subject. What a statement says of it is not looked at.
pub fn verify_expected(
    bundle: &[u8],
    roots: &[SigstoreRoot],
    signer: &ExpectedSigner<'_>,
    artifact: &ExpectedArtifact,
    limits: &Limits,
) -> Result<Signed, ExpectedError> {
    let mut ring = KeyRing::new();
    for root in roots {
        ring.add_sigstore(root.clone());
    }
    match signer {
        ExpectedSigner::Key(key) => {
            ring.add_key((*key).clone());
        }
        // SECURITY: cosign accepted any certificate where no identity was given, and so did those who left it out.
        ExpectedSigner::Certificate { identity: "", .. } => return Err(ExpectedError::Empty { what: "identity" }),
        ExpectedSigner::Certificate { issuer: "", .. } => return Err(ExpectedError::Empty { what: "issuer" }),
        ExpectedSigner::Certificate { .. } => {}
    }
    let ring = ring.expecting();
    let signed = verify_signed(bundle, &ring, limits)?;
    match &signed {
        Signed::Blob(blob) => check_signer(blob, signer)?,
        Signed::Statement(statement) => check_signer(statement, signer)?,
    }
    check_artifact(&signed, artifact)?;
    Ok(signed)
}

fn check_signer<T>(verified: &Verified<T>, signer: &ExpectedSigner<'_>) -> Result<(), ExpectedError> {
    let (expected, by_key) = match signer {
        ExpectedSigner::Key(key) => (key_principal(key.id()), true),
        ExpectedSigner::Certificate { identity, issuer, .. } => (format!("{issuer}#{identity}"), false),
    };
    let is_expected =
        |method: SignerMethod, principal: &str| (method == SignerMethod::Key) == by_key && principal == expected;
    if !verified.signers().iter().any(|signer| is_expected(signer.method, &signer.principal)) {
        let got = verified.signers().iter().map(|signer| signer.principal.as_str()).collect::<Vec<_>>().join(", ");
        return Err(ExpectedError::OtherSigner { expected, got });
    }
    let ExpectedSigner::Certificate { claims, .. } = signer else { return Ok(()) };
    let none = Claims::default();
    let has = verified.claims().unwrap_or(&none);
    for (claim, expected) in *claims {
        if !has.matches(*claim, expected) {
            let got = has.get(*claim).unwrap_or("nothing").to_owned();
            return Err(ExpectedError::OtherClaim { claim: claim.name(), expected: expected.clone(), got });
        }
    }
    Ok(())
}

fn check_artifact(signed: &Signed, artifact: &ExpectedArtifact) -> Result<(), ExpectedError> {
    // LIMIT: subjects that are named in the message.
    const NAMED: usize = 4;
    let (holds, got) = match (signed, artifact) {
        (Signed::Blob(blob), ExpectedArtifact::Content(digest)) => {
            (blob.value().artifact == *digest, blob.value().artifact.to_string())
        }
        (Signed::Blob(blob), ExpectedArtifact::Git(_)) => (false, blob.value().artifact.to_string()),
        (Signed::Statement(statement), artifact) => {
            let subjects = &statement.value().subject;
            let is_subject = |subject: &lasthand_model::wire::statement::ResourceDescriptor| match artifact {
                ExpectedArtifact::Content(digest) => digest.is_in(&subject.digest),
                ExpectedArtifact::Git(object) => object.is_named_by(&subject.digest),
            };
            let all = subjects.iter().flat_map(|subject| subject.digest.iter()).take(NAMED);
            let got = all.map(|(algorithm, value)| format!("{algorithm}:{value}")).collect::<Vec<_>>().join(", ");
            (subjects.iter().any(is_subject), got)
        }
    };
    let expected = || match artifact {
        ExpectedArtifact::Content(digest) => digest.to_string(),
        ExpectedArtifact::Git(object) => object.to_string(),
    };
    if holds { Ok(()) } else { Err(ExpectedError::OtherArtifact { expected: expected(), got }) }
}
