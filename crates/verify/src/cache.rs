//! A folder in which the facts of layers are kept between runs.
//!
//! SECURITY: whoever can write there can make one blob pass for another, so the folder and its files must be this user's and nobody
//! else's to write. The checksum finds damage, not malice. See docs/threat-model.md.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lasthand_artifact::{CacheKey, FactsCache};
use lasthand_model::digest::Sha256;
use thiserror::Error;

/// First bytes of a file that is kept.
const MAGIC: &[u8] = b"lasthand inventory 1\n";

/// LIMIT: bytes of one file that is read back.
const FILE_BYTES: u64 = 1 << 30;

/// LIMIT: bytes of all files; the oldest go first.
const FOLDER_BYTES: u64 = 1 << 30;

/// Why a folder is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CacheError {
    /// It cannot be made or looked at.
    #[error("cannot use `{}` as a cache", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Somebody else could plant facts.
    #[error("others than its owner can write to `{}`", path.display())]
    OthersCanWrite {
        /// The folder, or one above it.
        path: PathBuf,
    },
}

/// Facts in a folder.
#[derive(Debug, Clone)]
pub struct InventoryCache {
    folder: PathBuf,
    reader: String,
}

impl InventoryCache {
    /// Makes the folder where there is none, and looks whose it is. `reader` names the program, so that another build of it finds nothing.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn open(folder: &Path, reader: impl Into<String>) -> Result<Self, CacheError> {
        let unusable = |source| CacheError::Unusable { path: folder.to_owned(), source };
        platform::make(folder).map_err(unusable)?;
        let folder = fs::canonicalize(folder).map_err(unusable)?;
        if let Some(path) = platform::written_by_others(&folder).map_err(unusable)? {
            return Err(CacheError::OthersCanWrite { path });
        }
        Ok(Self { folder, reader: reader.into() })
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        self.folder.join(format!("{}.facts", key.name(&self.reader)))
    }

    fn write(&self, key: &CacheKey, facts: &[u8]) -> std::io::Result<()> {
        // Only its owner can read it: a temporary file has mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(MAGIC)?;
        file.write_all(Sha256::of(facts).as_bytes())?;
        file.write_all(facts)?;
        file.persist(self.path(key)).map_err(|error| error.error)?;
        self.make_room()
    }

    /// Removes the oldest files while all of them are too much.
    fn make_room(&self) -> std::io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_file() && entry.path().extension().is_some_and(|ending| ending == "facts") {
                files.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        let mut sum: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        files.sort();
        for (_, bytes, path) in files {
            if sum <= FOLDER_BYTES {
                break;
            }
            fs::remove_file(path)?;
            sum -= bytes;
        }
        Ok(())
    }
}

impl FactsCache for InventoryCache {
    fn load(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let mut file = File::open(self.path(key)).ok()?;
        let metadata = file.metadata().ok()?;
        if !platform::is_own(&metadata, &self.folder) || metadata.len() > FILE_BYTES {
            return None;
        }
        let mut head = [0; MAGIC.len() + 32];
        file.read_exact(&mut head).ok()?;
        let digest = head.strip_prefix(MAGIC)?;
        let mut facts = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.take(FILE_BYTES).read_to_end(&mut facts).ok()?;
        (Sha256::of(&facts).as_bytes().as_slice() == digest).then_some(facts)
    }

    fn store(&self, key: &CacheKey, facts: &[u8]) {
        // A cache that is full or read-only only costs time.
        let _ = self.write(key, facts);
    }
}

#[cfg(unix)]
mod platform {
    use std::fs::{self, DirBuilder, Metadata};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    use std::path::{Path, PathBuf};

    pub(super) fn make(folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    /// The folder, or one above it, that others can write to. One above it with the sticky bit lets nobody replace what is another's.
    pub(super) fn written_by_others(folder: &Path) -> io::Result<Option<PathBuf>> {
        let own = fs::metadata(folder)?;
        // What this process makes there is its user's.
        let made = tempfile::tempfile_in(folder)?.metadata()?.uid();
        if own.mode() & 0o022 != 0 || own.uid() != made {
            return Ok(Some(folder.to_owned()));
        }
        for above in folder.ancestors().skip(1) {
            let metadata = fs::metadata(above)?;
            let replaceable = metadata.mode() & 0o022 != 0 && metadata.mode() & 0o1000 == 0;
            if replaceable || !(metadata.uid() == made || metadata.uid() == 0) {
                return Ok(Some(above.to_owned()));
            }
        }
        Ok(None)
    }

    pub(super) fn is_own(file: &Metadata, folder: &Path) -> bool {
        let owner = fs::metadata(folder).map(|folder| folder.uid());
        file.is_file() && file.mode() & 0o077 == 0 && file.nlink() == 1 && owner.is_ok_and(|owner| owner == file.uid())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::Metadata;
    use std::io;
    use std::path::{Path, PathBuf};

    pub(super) fn make(_: &Path) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "who can write to a folder is not known on this platform"))
    }

    pub(super) fn written_by_others(_: &Path) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }

    pub(super) fn is_own(_: &Metadata, _: &Path) -> bool {
        false
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use lasthand_artifact::BlobIdentity;
    use lasthand_model::limits::Limits;

    use super::*;

    fn key(start: u64) -> CacheKey {
        let identity = BlobIdentity { file: (1, 2), start, size: 4, modified: (5, 6), changed: (7, 8) };
        CacheKey { blob: Sha256::of(b"blob"), diff_id: Sha256::of(b"raw"), identity, limits: Limits::DEFAULT }
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn facts_are_given_back_to_the_same_question_alone() {
        // pass: the same key and reader; fail: another place, another bound, another build, a byte changed, a file others can read
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("cache");
        let cache = InventoryCache::open(&own, "a").unwrap();
        cache.store(&key(3), b"facts");
        assert_eq!(cache.load(&key(3)).as_deref(), Some(&b"facts"[..]));
        assert_eq!(cache.load(&key(4)), None);
        let entries = Limits { entries: 1, ..Limits::DEFAULT };
        assert_eq!(cache.load(&CacheKey { limits: entries, ..key(3) }), None);
        assert_eq!(InventoryCache::open(&own, "b").unwrap().load(&key(3)), None);
        let path = cache.path(&key(3));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        mode(&path, 0o644);
        assert_eq!(cache.load(&key(3)), None);
        mode(&path, 0o600);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.load(&key(3)), None);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        // fail: the folder, or one above it without the sticky bit; pass: with it
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("above/cache");
        InventoryCache::open(&own, "").unwrap();
        for (path, bits, fine) in [(&own, 0o770, false), (&own, 0o700, true)] {
            mode(path, bits);
            assert_eq!(InventoryCache::open(&own, "").is_ok(), fine, "{bits:o}");
        }
        for (bits, fine) in [(0o777, false), (0o775, false), (0o1777, true), (0o755, true)] {
            mode(own.parent().unwrap(), bits);
            assert_eq!(InventoryCache::open(&own, "").is_ok(), fine, "{bits:o}");
        }
    }
}
