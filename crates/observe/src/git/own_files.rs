//! A repository's own files, looked at before any of them is opened: in its own folder, regular, of bounded size.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::error::GitError;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// LIMIT: bytes of files with one line: `HEAD`, `commondir`, `gitdir`, a `.git` file, a loose ref.
const LINE_BYTES: u64 = 4 * KIB;
/// LIMIT: bytes of each alternates file.
const ALTERNATES_BYTES: u64 = MIB;
/// LIMIT: bytes of files that are read whole, by their names in the common folder.
const COMMON_FILES: [(&str, &str, u64); 3] = [
    ("config", "bytes of `config`", MIB),
    ("packed-refs", "bytes of `packed-refs`", 256 * MIB),
    ("shallow", "bytes of `shallow`", 16 * MIB),
];
/// LIMIT: alternates files read, nested ones included.
const ALTERNATES: usize = 16;
/// LIMIT: files and folders of objects and refs.
const ENTRIES: usize = 1 << 22;

/// Where a repository is.
pub(super) struct Place {
    /// Its git folder; for a linked working tree the one of that.
    pub(super) git_dir: PathBuf,
    /// The folder that holds objects, refs and configuration; nothing outside of it is read.
    pub(super) common_dir: PathBuf,
}

/// Finds the git folder at `path` and looks at every file of it that is read later; `None` where there is none.
///
/// A `.git` file is followed, as git does: it says where the repository is. From there on every link has to stay in the repository's own folder.
/// Cost: one look at each file of `refs`, and at the folders of `objects`; only files of one line, and lists of alternates, are opened.
pub(super) fn look_at(path: &Path) -> Result<Option<Place>, GitError> {
    let inner = path.join(".git");
    let named = if path.ends_with(".git") || inner.symlink_metadata().is_err() { path } else { &inner };
    let Ok(metadata) = fs::metadata(named) else { return Ok(None) };
    let (git_dir, git_file) = if metadata.is_dir() {
        (named.to_path_buf(), None)
    } else {
        let line = one_line(named)?.ok_or_else(|| bad(named, "it was there a moment ago"))?;
        let target = line.strip_prefix(b"gitdir: ").ok_or_else(|| bad(named, "it does not begin with `gitdir: `"))?;
        (named.parent().unwrap_or(Path::new("")).join(OsStr::from_bytes(target)), Some(named))
    };
    if !git_dir.is_dir() {
        return Ok(None);
    }
    let git_dir = canonical(&git_dir)?;
    let common_dir = common_dir(&git_dir, git_file)?;
    let mut fence = Fence { home: &common_dir, seen: HashSet::new(), entries: 0 };
    for name in ["HEAD", "config.worktree", "gitdir"] {
        let limit = if name == "config.worktree" { MIB } else { LINE_BYTES };
        fence.file(&git_dir.join(name), "bytes of a file of the git folder", limit)?;
    }
    for (name, what, limit) in COMMON_FILES {
        fence.file(&common_dir.join(name), what, limit)?;
    }
    for folder in [&git_dir, &common_dir] {
        fence.folders(folder.join("refs"), Some(LINE_BYTES))?;
    }
    fence.objects(common_dir.join("objects"))?;
    Ok(Some(Place { git_dir, common_dir }))
}

/// Looks at a file beside `HEAD`, such as `FETCH_HEAD`, before it is read.
pub(super) fn look_at_head(git_dir: &Path, common_dir: &Path, name: &str) -> Result<(), GitError> {
    let fence = Fence { home: &canonical(common_dir)?, seen: HashSet::new(), entries: 0 };
    fence.file(&git_dir.join(name), "bytes of a file of the git folder", MIB)
}

/// The folder that a git folder shares with others.
///
/// SECURITY: only for a linked working tree: its git folder lies in that folder, and knows the `.git` file by which it was found. Else any folder could
/// call another repository's history its own.
fn common_dir(git_dir: &Path, git_file: Option<&Path>) -> Result<PathBuf, GitError> {
    let file = git_dir.join("commondir");
    let Some(line) = one_line(&file)? else { return Ok(git_dir.to_path_buf()) };
    let common_dir = git_dir.join(OsStr::from_bytes(&line)).canonicalize();
    let is_within = |common_dir: &PathBuf| git_dir.parent() == Some(&common_dir.join("worktrees"));
    let points_back = || {
        let Some(git_file) = git_file else { return Ok(true) };
        let Some(line) = one_line(&git_dir.join("gitdir"))? else { return Ok(false) };
        let back = git_dir.join(OsStr::from_bytes(&line)).canonicalize();
        Ok(back.is_ok_and(|back| git_file.canonicalize().is_ok_and(|git_file| git_file == back)))
    };
    match common_dir.ok().filter(is_within) {
        Some(common_dir) if points_back()? => Ok(common_dir),
        _ => Err(GitError::FilesOutside { path: file, target: String::from_utf8_lossy(&line).into_owned() }),
    }
}

/// What of a repository was looked at.
struct Fence<'a> {
    /// Nothing outside of this folder is read.
    home: &'a Path,
    seen: HashSet<PathBuf>,
    entries: usize,
}

impl Fence<'_> {
    /// A file that is read whole, where there is one.
    fn file(&self, path: &Path, what: &'static str, limit: u64) -> Result<(), GitError> {
        match self.inside(path)? {
            None => Ok(()),
            Some(metadata) => bounded(path, &metadata, what, limit),
        }
    }

    /// What is at a path, its links followed; nothing, also where a link ends nowhere.
    ///
    /// SECURITY: what lies elsewhere can change after it was observed, and reading it follows a path that the repository chose.
    fn inside(&self, path: &Path) -> Result<Option<Metadata>, GitError> {
        let Some(metadata) = present(path, path.symlink_metadata())? else { return Ok(None) };
        if !metadata.is_symlink() {
            return Ok(Some(metadata));
        }
        let Some(target) = present(path, path.canonicalize())? else { return Ok(None) };
        if !target.starts_with(self.home) {
            let target = target.display().to_string();
            return Err(GitError::FilesOutside { path: path.to_path_buf(), target });
        }
        present(path, target.metadata())
    }

    /// A folder with everything below it: files and folders alone, each file within the limit.
    fn folders(&mut self, top: PathBuf, limit: Option<u64>) -> Result<(), GitError> {
        let mut open = vec![top];
        while let Some(folder) = open.pop() {
            let Some(metadata) = self.inside(&folder)? else { continue };
            if !metadata.is_dir() {
                return Err(bad(&folder, "it is no folder"));
            }
            let folder = canonical(&folder)?;
            if !self.seen.insert(folder.clone()) {
                continue;
            }
            let unreadable = |source| GitError::Io { path: folder.clone(), source };
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                self.entries += 1;
                if self.entries > ENTRIES {
                    let (got, limit) = (self.entries as u64, ENTRIES as u64);
                    return Err(GitError::OverLimit { what: "files of objects and refs", got, limit });
                }
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_dir() {
                    open.push(entry.path());
                } else if !kind.is_file() || limit.is_some() {
                    match self.inside(&entry.path())? {
                        Some(metadata) if metadata.is_dir() => open.push(entry.path()),
                        Some(metadata) => {
                            bounded(&entry.path(), &metadata, "bytes of a ref", limit.unwrap_or(u64::MAX))?;
                        }
                        None => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Objects, with those of every alternate.
    fn objects(&mut self, top: PathBuf) -> Result<(), GitError> {
        let mut open = vec![top.clone()];
        let mut read = 0usize;
        while let Some(objects) = open.pop() {
            self.folders(objects.clone(), None)?;
            let file = objects.join("info").join("alternates");
            self.file(&file, "bytes of `objects/info/alternates`", ALTERNATES_BYTES)?;
            let Some(text) = read_within(&file, ALTERNATES_BYTES)? else { continue };
            read += 1;
            if read > ALTERNATES {
                return Err(GitError::OverLimit {
                    what: "alternates files",
                    got: read as u64,
                    limit: ALTERNATES as u64,
                });
            }
            for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
                let target = || String::from_utf8_lossy(line).into_owned();
                let outside = || GitError::AlternatesOutside { path: file.clone(), target: target() };
                // SECURITY: git and its readers take a quoted line for another path than the one it spells.
                if line.starts_with(b"\"") {
                    return Err(outside());
                }
                // A nested one counts from its own folder in git, and from the first one in the reader used here.
                for from in [&objects, &top] {
                    match from.join(OsStr::from_bytes(line)).canonicalize() {
                        Ok(inside) if inside.starts_with(self.home) => open.push(inside),
                        _ => return Err(outside()),
                    }
                    if objects == top {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// SECURITY: a pipe never ends and never begins, a device has no size.
fn bounded(path: &Path, metadata: &Metadata, what: &'static str, limit: u64) -> Result<(), GitError> {
    if !metadata.is_file() {
        return Err(bad(path, "it is no regular file"));
    }
    if metadata.len() > limit {
        return Err(GitError::OverLimit { what, got: metadata.len(), limit });
    }
    Ok(())
}

/// Reads a file of one line, where there is one.
pub(super) fn one_line(path: &Path) -> Result<Option<Vec<u8>>, GitError> {
    let Some(metadata) = present(path, path.symlink_metadata())? else { return Ok(None) };
    bounded(path, &metadata, "bytes of a file of the git folder", LINE_BYTES)?;
    let Some(text) = read_within(path, LINE_BYTES)? else { return Ok(None) };
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // SECURITY: readers disagree about what else is to be cut off.
    if line.is_empty() || line.trim_ascii() != line || line.iter().any(|byte| matches!(byte, 0 | b'\n' | b'\r')) {
        return Err(bad(path, "it has to hold one line, without white space around it"));
    }
    Ok(Some(line.to_vec()))
}

fn read_within(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
    let Some(file) = present(path, File::open(path))? else { return Ok(None) };
    let mut bytes = Vec::new();
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|source| GitError::Io { path: path.to_path_buf(), source })?;
    if bytes.len() as u64 > limit {
        return Err(GitError::OverLimit { what: "bytes of a file of the git folder", got: bytes.len() as u64, limit });
    }
    Ok(Some(bytes))
}

pub(super) fn present<T>(path: &Path, found: std::io::Result<T>) -> Result<Option<T>, GitError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(GitError::Io { path: path.to_path_buf(), source }),
    }
}

fn bad(path: &Path, reason: &'static str) -> GitError {
    GitError::BadOwnFile { path: path.to_path_buf(), reason }
}

pub(super) fn canonical(path: &Path) -> Result<PathBuf, GitError> {
    path.canonicalize().map_err(|source| GitError::Io { path: path.to_path_buf(), source })
}
