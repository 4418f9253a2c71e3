//! Where bytes come from: traits, so that callers own files, folders and caches.

use std::fmt;
use std::io::{self, Read};

use lasthand_model::inventory::EntryType;
use thiserror::Error;

use crate::cache::BlobIdentity;

/// One blob: a file, a layer, a download.
pub trait BlobSource: Sync {
    /// Opens the bytes from their start; each call starts anew.
    ///
    /// # Errors
    /// Whatever keeps the source from being opened.
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Opens the bytes from an offset on; past their end there are none.
    ///
    /// Only archives of images need it: their members are read one by one.
    ///
    /// # Errors
    /// As [`BlobSource::open`]; [`io::ErrorKind::Unsupported`] by a source that can only be read from its start, such as a pipe.
    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        if offset == 0 {
            return self.open();
        }
        Err(io::Error::new(io::ErrorKind::Unsupported, "cannot be read from an offset: it is no regular file"))
    }

    /// Which bytes these are, as far as that can be told without reading them; `None` where it cannot, or where they changed just now.
    fn identity(&self) -> Option<BlobIdentity> {
        None
    }

    /// The name for messages; its last `/`-separated segment is the path of a plain file's record.
    fn name(&self) -> &str;

    /// The number of bytes, where it is known before reading. A source that then gives another number is an error.
    fn len(&self) -> Option<u64>;

    /// True when the source is known to have no bytes.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

/// Opens the content of one file, once.
pub type Opener<'a> = Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send + 'a>> + 'a>;

/// A folder.
pub trait TreeSource: Sync {
    /// The name for messages.
    fn name(&self) -> &str;

    /// Walks all entries below the folder, itself left out, in any order. Symbolic links are entries and never followed.
    ///
    /// Out: paths relative to the folder, `/`-separated.
    fn entries<'a>(&'a self) -> Box<dyn Iterator<Item = Result<TreeEntry<'a>, TreeFault>> + 'a>;

    /// Opens one file by its path inside the folder; `None` when there is no such path.
    ///
    /// Symbolic links are never followed. The default walks the folder.
    ///
    /// # Errors
    /// The path is there and no file, has a symbolic link in it, or cannot be read.
    fn open_file(&self, path: &[u8]) -> io::Result<Option<OpenedFile<'_>>> {
        for entry in self.entries() {
            let entry = entry.map_err(|fault| fault.source)?;
            if entry.path == path {
                let open = entry.content.ok_or_else(|| io::Error::other("not a regular file"))?;
                return Ok(Some((entry.size, open()?)));
            }
        }
        Ok(None)
    }

    /// Which bytes a file has, as [`BlobSource::identity`]; links are not followed.
    fn identity(&self, path: &[u8]) -> Option<BlobIdentity> {
        let _ = path;
        None
    }
}

/// A file of a folder: its bytes, and how many there are.
pub type OpenedFile<'a> = (u64, Box<dyn Read + Send + 'a>);

/// One entry of a folder.
pub struct TreeEntry<'a> {
    /// Path inside the folder, raw bytes, `/`-separated.
    pub path: Vec<u8>,
    /// What it is.
    pub entry_type: EntryType,
    /// Permission bits; bits above `0o7777` are dropped.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Bytes of a file; a content of another length is an error.
    pub size: u64,
    /// Target of a symbolic link, as stored.
    pub link_target: Vec<u8>,
    /// Major and minor number of a device.
    pub device: Option<(u64, u64)>,
    /// Extended attributes, in any order.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Opens a file's content; `None` for anything else.
    pub content: Option<Opener<'a>>,
}

impl fmt::Debug for TreeEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeEntry")
            .field("path", &self.path.escape_ascii().to_string())
            .field("entry_type", &self.entry_type)
            .field("mode", &self.mode)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// An entry of a folder that could not be read.
#[derive(Debug, Error)]
#[error("cannot read `{}`", path.escape_ascii())]
pub struct TreeFault {
    /// Path inside the folder.
    pub path: Vec<u8>,
    /// Why.
    pub source: io::Error,
}

/// What [`read`](crate::read()) takes: a blob or a folder.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Source<'a> {
    /// Bytes.
    Blob(&'a dyn BlobSource),
    /// A folder.
    Tree(&'a dyn TreeSource),
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(blob) => f.debug_tuple("Blob").field(&blob.name()).finish(),
            Self::Tree(tree) => f.debug_tuple("Tree").field(&tree.name()).finish(),
        }
    }
}

impl<'a> From<&'a dyn BlobSource> for Source<'a> {
    fn from(blob: &'a dyn BlobSource) -> Self {
        Self::Blob(blob)
    }
}

impl<'a> From<&'a dyn TreeSource> for Source<'a> {
    fn from(tree: &'a dyn TreeSource) -> Self {
        Self::Tree(tree)
    }
}

/// A blob in memory.
#[derive(Debug, Clone)]
pub struct MemoryBlob {
    name: String,
    bytes: Vec<u8>,
}

impl MemoryBlob {
    /// Takes the bytes under a name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes }
    }
}

impl BlobSource for MemoryBlob {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.bytes.as_slice()))
    }

    fn open_at(&self, offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(Box::new(self.bytes.get(offset..).unwrap_or_default()))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> Option<u64> {
        u64::try_from(self.bytes.len()).ok()
    }
}

impl<'a> From<&'a MemoryBlob> for Source<'a> {
    fn from(blob: &'a MemoryBlob) -> Self {
        Self::Blob(blob)
    }
}
