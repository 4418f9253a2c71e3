//! The files of the declared folders at one moment, and what changed between two moments.

mod difference;
mod walk;

use std::path::{Path, PathBuf};

use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;
use thiserror::Error;

pub use difference::{Difference, difference};

/// Folders to record, all inside one base folder. Paths are reported relative to the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    base: PathBuf,
    folders: Vec<PathBuf>,
    excluded: Vec<PathBuf>,
}

/// One entry below the roots. Directories are walked, not listed: git does not know them either.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotEntry {
    /// Path relative to the base, `/`-separated, raw bytes.
    pub path: Vec<u8>,
    /// File, symlink, fifo or device.
    pub entry_type: EntryType,
    /// Permission bits (`0o7777` at most); of a symbolic link always `0o777`, since systems differ in what they say.
    pub mode: u32,
    /// Bytes of a file; 0 for anything else.
    pub size: u64,
    /// Digest of a file's content.
    pub sha256: Option<FileDigest>,
    /// Target of a symbolic link, which is never followed.
    pub link_target: Vec<u8>,
}

/// Entries of the roots, sorted by path bytes, each path once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Folders that were recorded, relative to the base; the empty path is the base itself.
    pub folders: Vec<Vec<u8>>,
    /// What was there.
    pub entries: Vec<SnapshotEntry>,
    /// Paths that were there and were not looked into: `.git`, the evidence folder, sockets. Sorted.
    pub exclusions: Vec<Vec<u8>>,
}

/// Why no snapshot could be taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A folder to record lies outside the base folder.
    #[error("folder `{}` is not inside `{}`", folder.display(), base.display())]
    OutsideBase {
        /// The folder.
        folder: PathBuf,
        /// The base.
        base: PathBuf,
    },
    /// Something cannot be opened or read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file kept changing while it was read.
    #[error("file `{}` changes while it is being read", path.display())]
    Unsteady {
        /// The file.
        path: PathBuf,
    },
    /// More than a limit allows.
    #[error("`{}` passes the limit of {limit} {what}", path.display())]
    OverLimit {
        /// Where.
        path: PathBuf,
        /// The limit.
        limit: usize,
        /// What is counted.
        what: &'static str,
    },
}

impl SnapshotError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::OutsideBase { .. } => "record a folder inside the working folder, or start in a folder above both",
            Self::Unreadable { .. } => "make it readable, or record narrower folders",
            Self::Unsteady { .. } => "stop whatever writes to it, or record narrower folders",
            Self::OverLimit { .. } => "record narrower folders",
        };
        vec![hint.to_owned()]
    }
}

impl Roots {
    /// Takes the base folder and the folders in it to record; none means the whole base.
    ///
    /// # Errors
    /// [`SnapshotError::OutsideBase`] for a folder that is not inside the base or has a `..` segment;
    /// [`SnapshotError::Unreadable`] when the base is not there.
    pub fn new(base: &Path, folders: &[PathBuf]) -> Result<Self, SnapshotError> {
        let unreadable = |source| SnapshotError::Unreadable { path: base.to_owned(), source };
        let base = base.canonicalize().map_err(unreadable)?;
        let inside = folders.iter().map(|folder| inside(&base, folder)).collect::<Result<Vec<_>, _>>()?;
        let folders = if inside.is_empty() { vec![PathBuf::new()] } else { inside };
        Ok(Self { base, folders, excluded: Vec::new() })
    }

    /// Leaves out a folder, such as the one that evidence is written to; one outside the base changes nothing.
    #[must_use]
    pub fn excluding(mut self, folder: &Path) -> Self {
        let absolute = folder.canonicalize().unwrap_or_else(|_| self.base.join(folder));
        if let Ok(relative) = absolute.strip_prefix(&self.base)
            && !relative.as_os_str().is_empty()
        {
            self.excluded.push(relative.to_owned());
        }
        self
    }

    /// The base folder.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }
}

/// Records every entry of the roots: type, mode, size, digest, link target.
///
/// Symbolic links are never followed. Every entry named `.git` and every excluded folder is skipped and listed in `exclusions`.
/// Cost: O(bytes) time, one open folder for each level, nothing cached: a stale cache would be a lie in a signed statement.
///
/// # Errors
/// [`SnapshotError`] for anything that cannot be read, changes while it is read, or passes a limit. A folder to record that is not there is empty.
///
/// # Proves / does not prove
/// Proves what was there at that moment. Does not prove who put it there, nor what anybody read.
pub fn take(roots: &Roots, limits: &Limits) -> Result<Snapshot, SnapshotError> {
    walk::walk(&roots.base, &roots.folders, &roots.excluded, limits)
}

impl Snapshot {
    /// Finds the entry of a path.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<&SnapshotEntry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_slice().cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// Tells whether a path lies in a recorded folder and in nothing that was left out.
    #[must_use]
    pub fn covers(&self, path: &[u8]) -> bool {
        let under = |folder: &Vec<u8>| {
            let rest = path.strip_prefix(folder.as_slice());
            folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        self.folders.iter().any(under) && !self.exclusions.iter().any(under)
    }
}

fn inside(base: &Path, folder: &Path) -> Result<PathBuf, SnapshotError> {
    let outside = || SnapshotError::OutsideBase { folder: folder.to_owned(), base: base.to_owned() };
    let joined = base.join(folder);
    // A folder that the step will make is not there yet: then its text decides.
    let absolute = joined.canonicalize().unwrap_or_else(|_| joined.components().collect());
    if absolute.components().any(|part| matches!(part, std::path::Component::ParentDir)) {
        return Err(outside());
    }
    absolute.strip_prefix(base).map(Path::to_owned).map_err(|_| outside())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests;
