//! Signatures of git commits and annotated tags: by SSH and by OpenPGP.
//!
//! Data flow: bytes of an object -> `split` (what is signed, and the signature) -> [`crate::ssh`] or [`crate::openpgp`], by the roots of the
//! trust file -> [`SignedObject`].
//!
//! What is signed is the object without the header that holds the signature, or before the signature at its end, byte for byte. The object's
//! own id is computed from all its bytes. Whatever readers of git take differently is refused.
//!
//! SPEC: git, Documentation/gitformat-signature.txt, and parse_buffer_signed_by_header() of commit.c, parse_signed_buffer() of gpg-interface.c.

mod error;
mod split;

use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::{Signer, SignerMethod};

pub use error::GitSignatureError;
use split::Split;

use crate::git_object::{GitObjectId, GitObjectKind};
use crate::keys::KeyRing;
use crate::openpgp::{self, OpenPgpSignature};
use crate::ssh::{SshError, SshFinding, SshSignature, SshSigned};

/// The use that git signs for, as `ssh-keygen -Y sign -n` sets it. Lists of allowed signers for another use decide nothing here.
pub const NAMESPACE: &str = "git";
/// The level of a key that anybody could copy.
const STATIC_KEY: u8 = 2;

/// A commit or tag whose signature held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedObject {
    id: GitId,
    kind: GitObjectKind,
    signer: Signer,
    level: u8,
    key: String,
    findings: Vec<SshFinding>,
    tag: Option<TagSays>,
}

/// What a signed tag says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSays {
    /// Its name. A ref of another name may point to it: who asks for a tag by name compares the two.
    pub name: String,
    /// What it names.
    pub target: GitId,
    /// Of which kind that is: `commit`, `tree`, `blob` or `tag`.
    pub target_kind: String,
}

impl SignedObject {
    /// The object's id, computed from its bytes: SHA-256 in a repository of SHA-256, else SHA-1, of which known attacks are refused.
    #[must_use]
    pub const fn id(&self) -> &GitId {
        &self.id
    }

    /// Commit or tag.
    #[must_use]
    pub const fn kind(&self) -> GitObjectKind {
        self.kind
    }

    /// Who signed, as rows of the trust file name him: [`level`](crate::level::level) tells how far a row believes it.
    #[must_use]
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// How: `ssh-sk` by a list of allowed signers, `openpgp` by a certificate.
    #[must_use]
    pub const fn method(&self) -> SignerMethod {
        self.signer.method
    }

    /// Who signed: a name of a list of allowed signers, or `openpgp:` and the fingerprint of a certificate.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.signer.principal
    }

    /// The level before any row lowers it: 4 when a security key says that somebody touched it, else 2.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// Fingerprint of the key that signed, as its own tools show it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is noticed of a security key.
    #[must_use]
    pub fn findings(&self) -> &[SshFinding] {
        &self.findings
    }

    /// Of a tag: what it says that it is.
    #[must_use]
    pub const fn tag(&self) -> Option<&TagSays> {
        self.tag.as_ref()
    }
}

/// Verifies the signature of a commit by the lists of allowed signers for git, and the OpenPGP certificates, of a ring.
///
/// In: the commit's content, as `git cat-file commit ID` prints it, at most 16 MiB; `moment`, seconds since 1970-01-01T00:00:00Z, for which
/// keys must be valid. git itself asks for the time that the commit claims, which whoever has an old key chooses.
/// Cost: two hashes of the content, and a signature check for each root that knows the key.
///
/// # Errors
/// [`GitSignatureError`]: not signed, not signed in the one form that is read, or not by a key that the ring believes.
///
/// # Proves / does not prove
/// Proves that the key's holder signed exactly this commit: tree, parents, author, committer, message. Does not prove that he wrote it, nor
/// that author or committer is he; nor when.
pub fn verify_commit(content: &[u8], ring: &KeyRing, moment: i64) -> Result<SignedObject, GitSignatureError> {
    verify(GitObjectKind::Commit, content, split::commit(content)?, ring, moment)
}

/// Verifies the signature of an annotated tag; as [`verify_commit`] otherwise.
///
/// # Errors
/// [`GitSignatureError`].
///
/// # Proves / does not prove
/// Proves that the key's holder signed exactly this tag: target, name, message. Does not prove that a ref of that name points to it, nor that the
/// target is signed.
pub fn verify_tag(content: &[u8], ring: &KeyRing, moment: i64) -> Result<SignedObject, GitSignatureError> {
    verify(GitObjectKind::Tag, content, split::tag(content)?, ring, moment)
}

fn verify(
    kind: GitObjectKind,
    content: &[u8],
    split: Split<'_>,
    ring: &KeyRing,
    moment: i64,
) -> Result<SignedObject, GitSignatureError> {
    let id = GitObjectId::of(kind, content)?.in_format(split.format);
    let Split { payload, signature, tag, .. } = split;
    if signature.starts_with(split::SSH) {
        let signed = by_ssh(&payload, &signature, ring, moment)?;
        let (method, level) = (signed.method(), signed.level());
        let (key, findings) = (signed.fingerprint, signed.findings);
        let signer = Signer { method, principal: signed.principal, presence: level == 4, time: None };
        return Ok(SignedObject { id, kind, signer, level, key, findings, tag });
    }
    let signature = OpenPgpSignature::from_armor(&signature)?;
    let signed = openpgp::verify(&payload, &signature, ring.openpgp(), moment)?;
    let principal = openpgp_principal(&signed.certificate);
    let signer = Signer { method: SignerMethod::Openpgp, principal, presence: false, time: None };
    Ok(SignedObject { id, kind, signer, level: STATIC_KEY, key: signed.key, findings: vec![], tag })
}

/// The principal of an OpenPGP certificate.
#[must_use]
pub fn openpgp_principal(fingerprint: &str) -> String {
    format!("openpgp:{fingerprint}")
}

fn by_ssh(payload: &[u8], armoured: &str, ring: &KeyRing, moment: i64) -> Result<SshSigned, GitSignatureError> {
    let signature = SshSignature::from_armor(armoured)?;
    let ring = &ring.at(moment);
    let (mut found, mut why): (Option<SshSigned>, Option<SshError>) = (None, None);
    for root in ring.ssh().iter().filter(|root| root.namespace == NAMESPACE) {
        match (ring.ssh_by_list(payload, &signature, root), &found) {
            // SECURITY: a key of two people is nobody's.
            (Ok(signed), Some(other)) if signed.principal != other.principal => {
                return Err(GitSignatureError::TwoPrincipals { one: other.principal.clone(), other: signed.principal });
            }
            (Ok(signed), _) => found = Some(signed),
            (Err(error), _) => why = Some(error),
        }
    }
    found.ok_or_else(|| why.map_or(GitSignatureError::NoList, GitSignatureError::Ssh))
}
