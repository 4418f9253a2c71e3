//! What one reading of an artifact yields.

use std::collections::BTreeMap;
use std::fmt;

use lasthand_model::digest::{ArtifactDigest, FileDigest};
use lasthand_model::inventory::Inventory;

use crate::collect::Opened;
use crate::inside::Inside;
use crate::note::ReaderNote;

/// The form of an artifact, found in its bytes, never in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// One file, taken as it is (also a compressed one that holds no tar).
    File,
    /// A folder.
    Directory,
    /// A tar archive.
    Tar,
    /// A tar archive in gzip.
    TarGzip,
    /// A tar archive in zstd.
    TarZstd,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: &'static [Self] = &[Self::File, Self::Directory, Self::Tar, Self::TarGzip, Self::TarZstd];

    /// The word used in options and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Tar => "tar",
            Self::TarGzip => "tar.gz",
            Self::TarZstd => "tar.zst",
        }
    }

    /// Finds the kind of a word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Everything one pass over an artifact finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactFacts {
    /// The form that was read.
    pub kind: Kind,
    /// SHA-256 of the bytes as shipped; for a folder the inventory root.
    pub digest: ArtifactDigest,
    /// Bytes as shipped; for a folder the sum of its files.
    pub size: u64,
    /// Every entry, in path order. For [`Kind::File`] one record: the last segment of the source's name, mode and owner 0
    /// because bytes alone have none.
    pub inventory: Inventory,
    /// What is odd, in the order it was found.
    pub notes: Vec<ReaderNote>,
    /// What archives in it hold, by the digest of their bytes; empty unless they were opened.
    pub inside: BTreeMap<FileDigest, Inside>,
}

/// What was opened, each content once.
pub(crate) fn by_digest(opened: Vec<Opened>) -> BTreeMap<FileDigest, Inside> {
    let mut inside = BTreeMap::new();
    for (_, digest, content) in opened {
        inside.entry(digest).or_insert(content);
    }
    inside
}

impl ArtifactFacts {
    /// The notes that a verifier must not pass over.
    pub fn refusals(&self) -> impl Iterator<Item = &ReaderNote> {
        self.notes.iter().filter(|note| note.refuses())
    }
}
