//! Walks folders by open folder handles, so that no symbolic link is followed at any step.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RawMode, Stat, fstat, openat, readlinkat, statat};
use sha2::Digest as _;

use super::{Snapshot, SnapshotEntry, SnapshotError};

/// How often a file that changes while it is read is read again.
const ATTEMPTS: usize = 3;

pub(super) fn walk(
    base: &Path,
    folders: &[PathBuf],
    excluded: &[PathBuf],
    limits: &Limits,
) -> Result<Snapshot, SnapshotError> {
    let mut walk = Walk { base, excluded, limits, entries: BTreeMap::new(), exclusions: Vec::new() };
    let base_folder = walk.open_folder(CWD, base.as_os_str().as_bytes(), b"")?;
    for folder in folders {
        walk.root(&base_folder, folder)?;
    }
    let mut exclusions = walk.exclusions;
    exclusions.sort();
    exclusions.dedup();
    let folders = folders.iter().map(|folder| folder.as_os_str().as_bytes().to_vec()).collect();
    Ok(Snapshot { folders, entries: walk.entries.into_values().collect(), exclusions })
}

struct Walk<'a> {
    base: &'a Path,
    excluded: &'a [PathBuf],
    limits: &'a Limits,
    /// By path: folders to record may lie in each other.
    entries: BTreeMap<Vec<u8>, SnapshotEntry>,
    exclusions: Vec<Vec<u8>>,
}

impl Walk<'_> {
    /// Goes down to one folder to record, segment by segment; whatever is there stands for itself.
    fn root(&mut self, base_folder: &OwnedFd, folder: &Path) -> Result<(), SnapshotError> {
        let mut path = Vec::new();
        let mut current: Option<OwnedFd> = None;
        let mut segments = folder.iter().peekable();
        while let Some(segment) = segments.next() {
            let here = current.as_ref().unwrap_or(base_folder);
            if segments.peek().is_none() {
                return self.entry(here, &path, segment.as_bytes());
            }
            match rustix::fs::statat(here, segment, AtFlags::SYMLINK_NOFOLLOW) {
                Err(rustix::io::Errno::NOENT) => return Ok(()),
                Err(source) => return Err(self.unreadable(&join(&path, segment.as_bytes()), source.into())),
                Ok(_) => {}
            }
            let next = join(&path, segment.as_bytes());
            let opened = self.open_folder(here, segment.as_bytes(), &next)?;
            (current, path) = (Some(opened), next);
        }
        self.folder(base_folder, &path)
    }

    fn folder(&mut self, folder: &OwnedFd, path: &[u8]) -> Result<(), SnapshotError> {
        let listing = Dir::read_from(folder).map_err(|source| self.unreadable(path, source.into()))?;
        let mut names = Vec::new();
        for entry in listing {
            let entry = entry.map_err(|source| self.unreadable(path, source.into()))?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push(name.to_vec());
            }
            // LIMIT: names of one folder, before any of them is looked at.
            self.bound(path, names.len(), self.limits.entries, "entries")?;
        }
        names.sort();
        names.iter().try_for_each(|name| self.entry(folder, path, name))
    }

    fn entry(&mut self, folder: &OwnedFd, parent: &[u8], name: &[u8]) -> Result<(), SnapshotError> {
        let path = join(parent, name);
        self.bound(&path, path.len(), self.limits.path_bytes, "bytes of path")?;
        if name == b".git" || self.excluded.iter().any(|excluded| excluded.as_os_str().as_bytes() == path) {
            self.exclusions.push(path);
            return Ok(());
        }
        let stat = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // A folder to record may be made by the step; a file may go while others are read.
            Err(rustix::io::Errno::NOENT) => return Ok(()),
            Err(source) => return Err(self.unreadable(&path, source.into())),
        };
        let entry_type = match FileType::from_raw_mode(stat.st_mode as RawMode) {
            FileType::Directory => {
                let opened = self.open_folder(folder, name, &path)?;
                return self.folder(&opened, &path);
            }
            FileType::RegularFile => EntryType::File,
            FileType::Symlink => EntryType::Symlink,
            FileType::Fifo => EntryType::Fifo,
            FileType::CharacterDevice => EntryType::CharDevice,
            FileType::BlockDevice => EntryType::BlockDevice,
            _ => {
                self.exclusions.push(path);
                return Ok(());
            }
        };
        let entry = self.describe(folder, name, path, entry_type, &stat)?;
        self.entries.insert(entry.path.clone(), entry);
        let count = self.entries.len();
        self.bound(parent, count, self.limits.entries, "entries")
    }

    fn describe(
        &self,
        folder: &OwnedFd,
        name: &[u8],
        path: Vec<u8>,
        entry_type: EntryType,
        stat: &Stat,
    ) -> Result<SnapshotEntry, SnapshotError> {
        let mode = (stat.st_mode as RawMode) & 0o7777;
        let mut entry = SnapshotEntry { path, entry_type, mode, size: 0, sha256: None, link_target: Vec::new() };
        match entry_type {
            EntryType::File => {
                let read = self.digest(folder, name, &entry.path)?;
                (entry.mode, entry.size, entry.sha256) = (read.mode, read.size, Some(read.sha256));
            }
            EntryType::Symlink => {
                let target = readlinkat(folder, name, Vec::new());
                let target = target.map_err(|source| self.unreadable(&entry.path, source.into()))?;
                (entry.mode, entry.link_target) = (0o777, target.into_bytes());
            }
            _ => {}
        }
        Ok(entry)
    }

    fn digest(&self, folder: &OwnedFd, name: &[u8], path: &[u8]) -> Result<ReadFile, SnapshotError> {
        for _ in 0..ATTEMPTS {
            // SECURITY: NONBLOCK, so that a fifo put in the file's place cannot hang us; NOFOLLOW, so that a link cannot lead us away.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let opened = openat(folder, name, flags, Mode::empty());
            let file = File::from(opened.map_err(|source| self.unreadable(path, source.into()))?);
            if let Some(read) = read_steady(file).map_err(|source| self.unreadable(path, source))? {
                return Ok(read);
            }
        }
        Err(SnapshotError::Unsteady { path: self.full(path) })
    }

    fn open_folder(&self, at: impl AsFd, name: &[u8], path: &[u8]) -> Result<OwnedFd, SnapshotError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(at, name, flags, Mode::empty()).map_err(|source| self.unreadable(path, source.into()))
    }

    fn bound(&self, path: &[u8], count: usize, limit: usize, what: &'static str) -> Result<(), SnapshotError> {
        if count > limit {
            return Err(SnapshotError::OverLimit { path: self.full(path), limit, what });
        }
        Ok(())
    }

    fn unreadable(&self, path: &[u8], source: io::Error) -> SnapshotError {
        SnapshotError::Unreadable { path: self.full(path), source }
    }

    fn full(&self, path: &[u8]) -> PathBuf {
        self.base.join(OsStr::from_bytes(path))
    }
}

struct ReadFile {
    mode: u32,
    size: u64,
    sha256: FileDigest,
}

/// Digests a file; nothing when it is no file any more or changed meanwhile.
fn read_steady(mut file: File) -> io::Result<Option<ReadFile>> {
    let before = fstat(&file)?;
    if FileType::from_raw_mode(before.st_mode as RawMode) != FileType::RegularFile {
        return Ok(None);
    }
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0u8; 128 << 10];
    let mut size = 0u64;
    loop {
        let count = match file.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        size += bytes.len() as u64;
    }
    let after = fstat(&file)?;
    let steady = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec);
    if steady(&before) != steady(&after) || u64::try_from(after.st_size) != Ok(size) {
        return Ok(None);
    }
    let sha256 = FileDigest(Sha256::from_bytes(hasher.finalize().into()));
    Ok(Some(ReadFile { mode: (after.st_mode as RawMode) & 0o7777, size, sha256 }))
}

fn join(parent: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = parent.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
