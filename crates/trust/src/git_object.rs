//! Git objects by their bytes: the id is computed, never taken from anybody.

use std::collections::BTreeMap;
use std::fmt;

use lasthand_model::digest::{GitId, Sha256};
use thiserror::Error;

/// What a git object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GitObjectKind {
    /// A commit.
    Commit,
    /// A tree.
    Tree,
    /// A file's content.
    Blob,
    /// An annotated tag.
    Tag,
}

impl GitObjectKind {
    const ALL: [Self; 4] = [Self::Commit, Self::Tree, Self::Blob, Self::Tag];

    /// The word that git uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    /// Finds a kind by git's word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The key of a digest set that names such an object.
    ///
    /// SPEC: in-toto/attestation, spec/v1/digest_set.md.
    const fn digest_key(self) -> &'static str {
        match self {
            Self::Commit => "gitCommit",
            Self::Tree => "gitTree",
            Self::Blob => "gitBlob",
            Self::Tag => "gitTag",
        }
    }
}

/// The hash that names the objects of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectFormat {
    /// SHA-1, with collision detection.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl ObjectFormat {
    /// Tells it by an id in hex, as objects name others; a line feed behind it may stay. Absent for anything but a whole id.
    #[must_use]
    pub fn of(id: &[u8]) -> Option<Self> {
        let id = id.strip_suffix(b"\n").unwrap_or(id);
        let hex = id.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match id.len() {
            40 if hex => Some(Self::Sha1),
            64 if hex => Some(Self::Sha256),
            _ => None,
        }
    }

    /// The header of a commit that holds the signature over this form of it.
    #[must_use]
    pub const fn signature_header(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"gpgsig",
            Self::Sha256 => b"gpgsig-sha256",
        }
    }
}

/// Why bytes have no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GitObjectError {
    /// Made so that other bytes have the same SHA-1.
    #[error("object is one of a pair that was made to have one SHA-1")]
    Collision,
}

/// The ids of one object: SHA-1 as almost every repository names it, and SHA-256.
///
/// # Proves / does not prove
/// Proves which bytes these are, as far as SHA-1 does; bytes of a known attack on SHA-1 have no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GitObjectId {
    kind: GitObjectKind,
    sha1: [u8; 20],
    sha256: Sha256,
}

impl GitObjectId {
    /// Hashes an object as git does: kind, length and NUL before the bytes.
    ///
    /// In: the content of the object, as `git cat-file KIND ID` prints it. Cost: two hashes of it.
    ///
    /// # Errors
    /// [`GitObjectError::Collision`].
    pub fn of(kind: GitObjectKind, content: &[u8]) -> Result<Self, GitObjectError> {
        let head = format!("{} {}\0", kind.as_str(), content.len());
        let mut hasher = sha1dc::Hasher::new();
        hasher.update(head.as_bytes());
        hasher.update(content);
        // SECURITY: the two files of SHAttered and their kind.
        let sha1 = hasher.finalize().map_err(|_| GitObjectError::Collision)?;
        Ok(Self { kind, sha1: sha1.into(), sha256: Sha256::of(&[head.as_bytes(), content].concat()) })
    }

    /// The id that a repository of this format has it by.
    #[must_use]
    pub fn in_format(&self, format: ObjectFormat) -> GitId {
        match format {
            ObjectFormat::Sha1 => GitId::of_sha1(self.sha1),
            ObjectFormat::Sha256 => GitId::of_sha256(self.sha256),
        }
    }

    /// Whether a digest set names this object, by the key of its kind.
    #[must_use]
    pub fn is_named_by(&self, digests: &BTreeMap<String, String>) -> bool {
        let Some(named) = digests.get(self.kind.digest_key()) else { return false };
        *named == hex::encode(self.sha1) || *named == self.sha256.to_string()
    }
}

impl fmt::Display for GitObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.digest_key(), hex::encode(self.sha1))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        // pass: the empty blob and the empty tree, as every repository has them
        let empty = GitObjectId::of(GitObjectKind::Blob, b"").unwrap();
        assert_eq!(empty.to_string(), "gitBlob:e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        let tree = GitObjectId::of(GitObjectKind::Tree, b"").unwrap();
        assert_eq!(tree.to_string(), "gitTree:4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn a_digest_set_names_an_object_of_its_kind_alone() {
        // pass: its own key and id, of either hash; fail: another key, another id, an id in capitals
        let blob = GitObjectId::of(GitObjectKind::Blob, b"").unwrap();
        let check = |key: &str, id: &str, named: bool| {
            assert_eq!(blob.is_named_by(&[(key.to_owned(), id.to_owned())].into()), named, "{key} {id}");
        };
        let (sha1, sha256) = (hex::encode(blob.sha1), blob.sha256.to_string());
        check("gitBlob", &sha1, true);
        check("gitBlob", &sha256, true);
        check("gitCommit", &sha1, false);
        check("sha1", &sha1, false);
        check("gitBlob", &sha1.to_uppercase(), false);
        check("gitBlob", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", false);
        check("gitBlob", "", false);
    }
}
