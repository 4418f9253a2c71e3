//! A git history as its differences: what each landing changed, and whose work it is. Neither who reads a repository nor who judges it is known here.

use crate::digest::{GitId, Sha256};
use crate::pack::{Packer, Unpacker};
use crate::wire::facts::Actor;

/// Id of a git object in few bytes: SHA-1 or SHA-256. [`ObjectKey::EMPTY`] stands for the empty tree, whatever the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    length: u8,
    bytes: [u8; 32],
}

impl ObjectKey {
    /// The empty tree.
    pub const EMPTY: Self = Self { length: 0, bytes: [0; 32] };

    /// Takes 20 or 32 bytes.
    #[must_use]
    pub fn from_bytes(id: &[u8]) -> Option<Self> {
        let length = u8::try_from(id.len()).ok().filter(|length| matches!(length, 20 | 32))?;
        let mut bytes = [0; 32];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self { length, bytes })
    }

    /// Takes the hex digits of an id.
    #[must_use]
    pub fn from_git(id: &GitId) -> Option<Self> {
        let mut bytes = [0; 32];
        let bytes = bytes.get_mut(..id.as_str().len() / 2)?;
        hex::decode_to_slice(id.as_str(), bytes).ok()?;
        Self::from_bytes(bytes)
    }

    /// The id as the vocabulary has it; `None` for [`ObjectKey::EMPTY`].
    #[must_use]
    pub fn git_id(&self) -> Option<GitId> {
        match self.length {
            20 => self.bytes.first_chunk().map(|bytes| GitId::of_sha1(*bytes)),
            32 => Some(GitId::of_sha256(Sha256::from_bytes(self.bytes))),
            _ => None,
        }
    }

    /// The bytes of the id, and zeros behind: as unique as the id.
    #[must_use]
    pub const fn padded(&self) -> [u8; 32] {
        self.bytes
    }

    /// Writes it.
    pub fn pack(&self, packer: &mut Packer) {
        packer.bytes(self.bytes.get(..usize::from(self.length)).unwrap_or_default());
    }

    /// Reads what [`ObjectKey::pack`] wrote.
    pub fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        match unpacker.bytes()? {
            [] => Some(Self::EMPTY),
            bytes => Self::from_bytes(bytes),
        }
    }
}

/// What is at a path of a tree: a file, a link or a submodule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Mode as git has it, such as `0o100644`.
    pub mode: u32,
    /// Id of the blob, or of a submodule's commit.
    pub id: ObjectKey,
}

/// One path that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    /// Path as texts have it (docs/facts.md, entries).
    pub path: String,
    /// Before; absent when there was none.
    pub before: Option<Version>,
    /// After; absent when there is none.
    pub after: Option<Version>,
}

/// A commit and whose work it says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authored {
    /// The commit.
    pub commit: ObjectKey,
    /// Its people.
    pub people: Vec<Actor>,
}

/// The merge that a landing is, as its reader recomputed it: trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeTrees {
    /// What was merged in.
    pub head: ObjectKey,
    /// The ancestor.
    pub base: ObjectKey,
    /// What the merge gives; the landing's own tree unless the merge commit holds more or less.
    pub result: ObjectKey,
}

/// One landing on a ref, as the difference that it made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandingDiff {
    /// The commit that is now on the ref.
    pub commit: ObjectKey,
    /// Tree before; absent for a first commit.
    pub from: Option<ObjectKey>,
    /// Tree after.
    pub to: ObjectKey,
    /// The paths that differ, each once, by path.
    pub changes: Vec<PathChange>,
    /// For each change: the index in `commits` of the last commit that touched the path.
    pub touched: Vec<usize>,
    /// The commits that touched something of it.
    pub commits: Vec<Authored>,
    /// Everybody whose work the landing is.
    pub authors: Vec<Actor>,
    /// Whether no author can be missing, as far as the history tells.
    pub authors_complete: bool,
    /// The recomputed merge.
    pub merge: Option<MergeTrees>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn ids_of_both_algorithms_come_back() {
        // pass: hex and packed, both lengths, the empty tree; fail: another length
        for id in ["ab".repeat(20), "cd".repeat(32)] {
            let id: GitId = id.parse().unwrap();
            let key = ObjectKey::from_git(&id).unwrap();
            assert_eq!(key.git_id(), Some(id));
            let mut packer = Packer::default();
            key.pack(&mut packer);
            ObjectKey::EMPTY.pack(&mut packer);
            let bytes = packer.finish();
            let mut unpacker = Unpacker::new(&bytes);
            assert_eq!(ObjectKey::unpack(&mut unpacker), Some(key));
            assert_eq!(ObjectKey::unpack(&mut unpacker), Some(ObjectKey::EMPTY));
        }
        assert_eq!(ObjectKey::from_bytes(&[1; 21]), None);
        assert_eq!(ObjectKey::EMPTY.git_id(), None);
    }
}
