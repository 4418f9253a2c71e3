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
        let sha1 = sha1(&[head.as_bytes(), content])?;
        Ok(Self { kind, sha1, sha256: Sha256::of(&[head.as_bytes(), content].concat()) })
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

/// SHA-1 of these parts, one behind the other.
fn sha1(parts: &[&[u8]]) -> Result<[u8; 20], GitObjectError> {
    let mut hasher = sha1dc::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    // SECURITY: the two files of SHAttered and their kind.
    let sha1 = hasher.finalize().map_err(|_| GitObjectError::Collision)?;
    Ok(sha1.into())
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

    /// The first 320 bytes of the two files of SHAttered, where all of the attack is.
    const SHATTERED: [&str; 2] = [
        concat!(
            "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033203020522f547970",
            "652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f7253706163652037203020522f4c656e67",
            "74682038203020522f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d312069732064656164",
            "2121212121852fec092339759c39b1a1c63c4c97e1fffe017346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de2",
            "18f86db3a90901d5df45c14f26fedfb3dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f",
            "0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1",
        ),
        concat!(
            "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033203020522f547970",
            "652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f7253706163652037203020522f4c656e67",
            "74682038203020522f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d312069732064656164",
            "2121212121852fec092339759c39b1a1c63c4c97e1fffe017f46dc93a6b67e013b029aaa1db2560b45ca67d688c7f84b8c4c791fe02b3df6",
            "14f86db1690901c56b45c1530afedfb76038e972722fe7ad728f0e4904e046c230570fe9d41398abe12ef5bc942be33542a4802d98b5d70f",
            "2a332ec37fac3514e74ddc0f2cc1a874cd0c78305a21566461309789606bd0bf3f98cda8044629a1",
        ),
    ];

    #[test]
    fn bytes_of_an_attack_on_sha1_have_no_id() {
        // pass: the same bytes short of the attack, and changed within it; fail: either of the pair, whole or in parts
        for file in SHATTERED.map(|text| hex::decode(text).unwrap()) {
            assert_eq!(sha1(&[&file]), Err(GitObjectError::Collision));
            let (head, rest) = file.split_at(192);
            assert_eq!(sha1(&[head, rest]), Err(GitObjectError::Collision));
            assert!(sha1(&[head]).is_ok());
            assert!(sha1(&[head, &rest.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()]).is_ok());
        }
    }
}
