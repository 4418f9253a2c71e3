//! Files and folders of this machine. The only module of the crate that touches `std::fs`, and it only reads.
//!
//! SECURITY: inside a folder a symbolic link is recorded and never followed. A file is opened only after its type was read, and the
//! opened file must be the one that was looked at (device and inode), so that a path swapped meanwhile is an error.
//! LIMIT: extended attributes of local folders are not read; records from here have none.

use std::fs;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use lasthand_model::inventory::EntryType;

use crate::cache::BlobIdentity;
use crate::source::{BlobSource, OpenedFile, Source, TreeEntry, TreeFault, TreeSource};

/// What a path names.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LocalArtifact {
    /// A file; an archive or not is decided by [`read`](crate::read()).
    File(LocalFile),
    /// A folder.
    Directory(LocalDirectory),
}

impl<'a> From<&'a LocalArtifact> for Source<'a> {
    fn from(artifact: &'a LocalArtifact) -> Self {
        match artifact {
            LocalArtifact::File(file) => Self::Blob(file),
            LocalArtifact::Directory(directory) => Self::Tree(directory),
        }
    }
}

/// Looks at a path; a symbolic link given here, by the caller himself, is followed.
///
/// Cost: one `stat`; nothing is opened.
///
/// # Errors
/// The path does not exist, may not be read, or is neither file nor folder.
pub fn open(path: impl AsRef<Path>) -> io::Result<LocalArtifact> {
    let path = path.as_ref().to_owned();
    let name = path.to_string_lossy().into_owned();
    let metadata = fs::metadata(&path)?;
    if metadata.is_dir() {
        return Ok(LocalArtifact::Directory(LocalDirectory { name, path }));
    }
    if metadata.is_file() {
        return Ok(LocalArtifact::File(LocalFile { name, path, size: metadata.len() }));
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder"))
}

/// A file of this machine.
#[derive(Debug, Clone)]
pub struct LocalFile {
    name: String,
    path: PathBuf,
    size: u64,
}

impl BlobSource for LocalFile {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(fs::File::open(&self.path)?))
    }

    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let mut file = fs::File::open(&self.path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }

    fn identity(&self) -> Option<BlobIdentity> {
        platform::identity(&fs::metadata(&self.path).ok()?)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> Option<u64> {
        Some(self.size)
    }
}

/// A folder of this machine.
#[derive(Debug, Clone)]
pub struct LocalDirectory {
    name: String,
    path: PathBuf,
}

impl TreeSource for LocalDirectory {
    fn name(&self) -> &str {
        &self.name
    }

    fn entries<'a>(&'a self) -> Box<dyn Iterator<Item = Result<TreeEntry<'a>, TreeFault>> + 'a> {
        Box::new(Walk { root: &self.path, folders: vec![Vec::new()], entries: Vec::new() })
    }

    fn open_file(&self, path: &[u8]) -> io::Result<Option<OpenedFile<'_>>> {
        for slash in path.iter().enumerate().filter_map(|(at, byte)| (*byte == b'/').then_some(at)) {
            let folder = platform::join(&self.path, path.get(..slash).unwrap_or_default());
            match fs::symlink_metadata(folder) {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Err(io::Error::other("its folder is a symbolic link or a file")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        match fs::symlink_metadata(platform::join(&self.path, path)) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(io::Error::other("not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let entry = entry(&self.path, path)?;
        let open = entry.content.ok_or_else(|| io::Error::other("not a regular file"))?;
        Ok(Some((entry.size, open()?)))
    }

    fn identity(&self, path: &[u8]) -> Option<BlobIdentity> {
        platform::identity(&fs::symlink_metadata(platform::join(&self.path, path)).ok()?)
    }
}

/// Depth-first, sorted by name within a folder. Hard links come as plain files.
struct Walk<'a> {
    root: &'a Path,
    folders: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<TreeEntry<'a>, TreeFault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(path) = self.entries.pop() {
                let entry = entry(self.root, &path);
                if entry.as_ref().is_ok_and(|entry| entry.entry_type == EntryType::Directory) {
                    self.folders.push(path.clone());
                }
                return Some(entry.map_err(|source| TreeFault { path, source }));
            }
            let folder = self.folders.pop()?;
            match list(self.root, &folder) {
                Ok(entries) => self.entries = entries,
                Err(source) => return Some(Err(TreeFault { path: folder, source })),
            }
        }
    }
}

/// Lists a folder, last name first.
fn list(root: &Path, folder: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(platform::join(root, folder))? {
        let mut path = folder.to_vec();
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&platform::bytes(&entry?.file_name())?);
        paths.push(path);
    }
    paths.sort_by(|a, b| b.cmp(a));
    Ok(paths)
}

fn entry<'a>(root: &Path, path: &[u8]) -> io::Result<TreeEntry<'a>> {
    let full = platform::join(root, path);
    let metadata = fs::symlink_metadata(&full)?;
    let entry_type = platform::entry_type(&metadata).ok_or_else(|| {
        io::Error::new(io::ErrorKind::Unsupported, "a socket or another type that no archive can hold")
    })?;
    let (mode, uid, gid) = platform::owner(&metadata);
    let link_target = match entry_type {
        EntryType::Symlink => platform::bytes(fs::read_link(&full)?.as_os_str())?,
        _ => Vec::new(),
    };
    let device = platform::device(&metadata, entry_type);
    let size = metadata.len();
    let content = (entry_type == EntryType::File).then(|| -> crate::source::Opener<'a> {
        Box::new(move || {
            let file = fs::File::open(&full)?;
            if !platform::same_file(&file.metadata()?, &metadata) {
                return Err(io::Error::other("another file took its place while the folder was read"));
            }
            Ok(Box::new(file) as Box<dyn Read + Send>)
        })
    });
    Ok(TreeEntry {
        path: path.to_vec(),
        entry_type,
        mode,
        uid,
        gid,
        size,
        link_target,
        device,
        xattrs: Vec::new(),
        content,
    })
}

#[cfg(unix)]
mod platform {
    use std::ffi::OsStr;
    use std::fs::Metadata;
    use std::io;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    use std::path::{Path, PathBuf};
    use std::time::SystemTime;

    use lasthand_model::inventory::EntryType;

    use crate::cache::BlobIdentity;

    pub(super) fn join(root: &Path, path: &[u8]) -> PathBuf {
        if path.is_empty() { root.to_owned() } else { root.join(OsStr::from_bytes(path)) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "fails on other platforms")]
    pub(super) fn bytes(name: &OsStr) -> io::Result<Vec<u8>> {
        Ok(name.as_bytes().to_vec())
    }

    pub(super) fn entry_type(metadata: &Metadata) -> Option<EntryType> {
        let file_type = metadata.file_type();
        [
            (file_type.is_file(), EntryType::File),
            (file_type.is_dir(), EntryType::Directory),
            (file_type.is_symlink(), EntryType::Symlink),
            (file_type.is_fifo(), EntryType::Fifo),
            (file_type.is_char_device(), EntryType::CharDevice),
            (file_type.is_block_device(), EntryType::BlockDevice),
        ]
        .into_iter()
        .find_map(|(is, entry_type)| is.then_some(entry_type))
    }

    pub(super) fn owner(metadata: &Metadata) -> (u32, u64, u64) {
        (metadata.mode() & 0o7777, metadata.uid().into(), metadata.gid().into())
    }

    /// SPEC: the encoding of `dev_t` in glibc and musl, `sysmacros.h`.
    pub(super) fn device(metadata: &Metadata, entry_type: EntryType) -> Option<(u64, u64)> {
        let raw = metadata.rdev();
        let major = ((raw >> 8) & 0xfff) | ((raw >> 32) & !0xfff);
        let minor = (raw & 0xff) | ((raw >> 12) & !0xff & 0xffff_ffff);
        matches!(entry_type, EntryType::CharDevice | EntryType::BlockDevice).then_some((major, minor))
    }

    /// Seconds after which a file that was changed is taken to have other times when it is changed again: clocks of file systems are
    /// coarse.
    const SETTLED_SECONDS: i64 = 2;

    /// None of a file that changed just now: changed again, it might look the same.
    pub(super) fn identity(metadata: &Metadata) -> Option<BlobIdentity> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let age = i64::try_from(now.as_secs()).ok()?.checked_sub(metadata.ctime())?;
        (metadata.is_file() && age > SETTLED_SECONDS).then_some(BlobIdentity {
            file: (metadata.dev(), metadata.ino()),
            owner: metadata.uid(),
            mode: metadata.mode(),
            start: 0,
            length: metadata.len(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    pub(super) fn same_file(opened: &Metadata, seen: &Metadata) -> bool {
        opened.is_file() && (opened.dev(), opened.ino()) == (seen.dev(), seen.ino())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::ffi::OsStr;
    use std::fs::Metadata;
    use std::io;
    use std::path::{Path, PathBuf};

    use lasthand_model::inventory::EntryType;

    use crate::cache::BlobIdentity;

    pub(super) fn join(root: &Path, path: &[u8]) -> PathBuf {
        String::from_utf8_lossy(path)
            .split('/')
            .filter(|segment| !segment.is_empty())
            .fold(root.to_owned(), |at, segment| at.join(segment))
    }

    pub(super) fn bytes(name: &OsStr) -> io::Result<Vec<u8>> {
        let text =
            name.to_str().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a name that is not Unicode"))?;
        Ok(text.replace('\\', "/").into_bytes())
    }

    pub(super) fn entry_type(metadata: &Metadata) -> Option<EntryType> {
        if metadata.is_symlink() {
            return Some(EntryType::Symlink);
        }
        if metadata.is_dir() { Some(EntryType::Directory) } else { metadata.is_file().then_some(EntryType::File) }
    }

    pub(super) fn owner(metadata: &Metadata) -> (u32, u64, u64) {
        (if metadata.is_dir() { 0o755 } else { 0o644 }, 0, 0)
    }

    pub(super) fn device(_: &Metadata, _: EntryType) -> Option<(u64, u64)> {
        None
    }

    pub(super) fn identity(_: &Metadata) -> Option<BlobIdentity> {
        None
    }

    pub(super) fn same_file(opened: &Metadata, seen: &Metadata) -> bool {
        opened.is_file() && opened.len() == seen.len()
    }
}
