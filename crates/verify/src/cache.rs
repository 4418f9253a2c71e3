//! A folder in which the facts of layers are kept between runs.
//!
//! SECURITY: whoever can write there can make one blob pass for another, so the folder and its files must be this user's and nobody
//! else's to write. The checksum finds damage, not malice. See docs/threat-model.md.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use lasthand_artifact::{CacheKey, FactsCache};
use lasthand_model::digest::Sha256;
use thiserror::Error;

/// First bytes of a file that is kept.
const MAGIC: &[u8] = b"lasthand inventory 2\n";

/// Bytes before the facts: the first ones, the name of the key, and the digest of the facts.
const HEAD: u64 = MAGIC.len() as u64 + 64;

/// Bytes that are read of a file at a time.
const READ_BYTES: usize = 1 << 16;

/// How the names of files end, after a digest.
const ENDING: &str = ".facts";

/// How the names of files begin that are being written.
const UNFINISHED: &str = ".unfinished-";

/// After this time nobody writes to such a file any more.
const UNUSED: Duration = Duration::from_secs(60 * 60);

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
        source: io::Error,
    },
    /// Somebody else could plant facts.
    #[error("others than its owner can write to `{}`", path.display())]
    OthersCanWrite {
        /// The folder, or one above it.
        path: PathBuf,
    },
}

/// Makes a folder where there is none; gives it, as it is whatever it was called by, and its owner.
///
/// # Errors
/// [`CacheError`]: SECURITY: what lies where others can write is not what was put there.
pub(crate) fn own_folder(folder: &Path) -> Result<(PathBuf, u32), CacheError> {
    let unusable = |source| CacheError::Unusable { path: folder.to_owned(), source };
    platform::make(folder).map_err(unusable)?;
    let folder = fs::canonicalize(folder).map_err(unusable)?;
    if let Some(path) = platform::written_by_others(&folder).map_err(unusable)? {
        return Err(CacheError::OthersCanWrite { path });
    }
    let owner = platform::owner(&folder).map_err(unusable)?;
    Ok((folder, owner))
}

/// Facts in a folder.
#[derive(Debug, Clone)]
pub struct InventoryCache {
    folder: PathBuf,
    reader: String,
    owner: u32,
    /// Bytes of all files, as far as this process knows.
    sum: Arc<AtomicU64>,
}

impl InventoryCache {
    /// Makes the folder where there is none, and looks whose it is. `reader` names the program, so that another build of it finds nothing.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn open(folder: &Path, reader: impl Into<String>) -> Result<Self, CacheError> {
        let (folder, owner) = own_folder(folder)?;
        let unusable = |source| CacheError::Unusable { path: folder.clone(), source };
        let sum = files(&folder).map_err(unusable)?.iter().map(|file| file.bytes).sum();
        Ok(Self { folder, reader: reader.into(), owner, sum: Arc::new(AtomicU64::new(sum)) })
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        self.folder.join(format!("{}{ENDING}", key.name(&self.reader)))
    }

    /// True when nobody but the user of this folder, and the system's, can write to the blobs.
    ///
    /// SECURITY: whoever can write to a file can change it without its times.
    fn is_of_owner(&self, key: &CacheKey) -> bool {
        let mut identities = key.layers().iter().map(|layer| layer.identity);
        identities.all(|file| (file.owner == self.owner || file.owner == 0) && file.mode & 0o022 == 0)
    }

    fn write(&self, key: &CacheKey, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        // Only its owner can read it: a temporary file has mode 0600.
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.folder)?;
        let mut out = BufWriter::new(file.as_file_mut());
        out.write_all(MAGIC)?;
        out.write_all(key.name(&self.reader).as_bytes())?;
        out.write_all(&[0; 32])?;
        write(&mut out)?;
        out.flush()?;
        drop(out);
        let bytes = file.stream_position()?;
        if bytes > FILE_BYTES {
            return Ok(());
        }
        file.seek(SeekFrom::Start(HEAD))?;
        let digest = Sha256::of_reader(&mut file)?;
        file.seek(SeekFrom::Start(HEAD - 32))?;
        file.write_all(digest.as_bytes())?;
        file.persist(self.path(key)).map_err(|error| error.error)?;
        let sum = self.sum.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if sum > FOLDER_BYTES { self.make_room() } else { Ok(()) }
    }

    /// Removes the oldest files while all of them are more than half of what may be.
    fn make_room(&self) -> io::Result<()> {
        let mut files = files(&self.folder)?;
        let mut sum: u64 = files.iter().map(|file| file.bytes).sum();
        files.sort_by_key(|file| file.modified);
        for file in files {
            if sum <= FOLDER_BYTES / 2 {
                break;
            }
            fs::remove_file(file.path)?;
            sum -= file.bytes;
        }
        self.sum.store(sum, Ordering::Relaxed);
        Ok(())
    }
}

/// A file of the cache.
struct Kept {
    modified: SystemTime,
    bytes: u64,
    path: PathBuf,
}

/// The files of the cache, and no others; those of a run that ended early are removed.
fn files(folder: &Path) -> io::Result<Vec<Kept>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let metadata = entry.metadata()?;
        let (path, modified) = (entry.path(), metadata.modified()?);
        let is_facts = name.strip_suffix(ENDING).is_some_and(|digest| digest.parse::<Sha256>().is_ok());
        if metadata.is_file() && is_facts {
            files.push(Kept { modified, bytes: metadata.len(), path });
        } else if metadata.is_file() && name.starts_with(UNFINISHED) && modified.elapsed().is_ok_and(|age| age > UNUSED)
        {
            fs::remove_file(path)?;
        }
    }
    Ok(files)
}

impl FactsCache for InventoryCache {
    fn load(&self, key: &CacheKey) -> Option<Box<dyn Read + '_>> {
        if !self.is_of_owner(key) {
            return None;
        }
        let path = self.path(key);
        // A pipe would wait for somebody who writes.
        if !fs::symlink_metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut file = File::open(path).ok()?;
        let metadata = file.metadata().ok()?;
        if !platform::is_own(&metadata, self.owner) || metadata.len() > FILE_BYTES {
            return None;
        }
        let mut head = [0; MAGIC.len() + 64];
        file.read_exact(&mut head).ok()?;
        // A file that came under another's name is of another key.
        let name = key.name(&self.reader);
        let digest = head.strip_prefix(MAGIC)?.strip_prefix(name.as_bytes())?;
        if Sha256::of_reader(&mut file).ok()?.as_bytes().as_slice() != digest {
            return None;
        }
        file.seek(SeekFrom::Start(HEAD)).ok()?;
        Some(Box::new(BufReader::with_capacity(READ_BYTES, file)))
    }

    fn store(&self, key: &CacheKey, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) {
        if self.is_of_owner(key) {
            // A cache that is full or read-only only costs time.
            let _ = self.write(key, write);
        }
    }
}

#[cfg(unix)]
pub(crate) mod platform {
    use std::fs::{self, DirBuilder, Metadata};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    use std::path::{Path, PathBuf};

    pub(crate) fn make(folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    /// The folder, or one above it, that others can write to. One above it with the sticky bit lets nobody replace what is another's.
    pub(crate) fn written_by_others(folder: &Path) -> io::Result<Option<PathBuf>> {
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

    pub(crate) fn owner(folder: &Path) -> io::Result<u32> {
        Ok(fs::metadata(folder)?.uid())
    }

    pub(crate) fn is_own(file: &Metadata, owner: u32) -> bool {
        file.is_file() && file.mode() & 0o077 == 0 && file.nlink() == 1 && file.uid() == owner
    }
}

#[cfg(not(unix))]
pub(crate) mod platform {
    use std::fs::Metadata;
    use std::io;
    use std::path::{Path, PathBuf};

    pub(crate) fn make(_: &Path) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "who can write to a folder is not known on this platform"))
    }

    pub(crate) fn written_by_others(_: &Path) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }

    pub(crate) fn owner(_: &Path) -> io::Result<u32> {
        Ok(0)
    }

    pub(crate) fn is_own(_: &Metadata, _: u32) -> bool {
        false
    }
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use lasthand_artifact::{BlobIdentity, LayerKey};
    use lasthand_model::limits::Limits;

    use super::*;

    /// The key of a blob at a place of a file that the owner of a folder has, and nobody else can write to.
    fn layer(folder: &Path, start: u64) -> LayerKey {
        let owner = platform::owner(folder).unwrap();
        let (modified, changed) = ((5, 6), (7, 8));
        let identity =
            BlobIdentity { file: (1, 2), owner, mode: 0o100_644, start, length: 3, size: 4, modified, changed };
        let (blob, diff_id) = (Sha256::of(b"blob"), Sha256::of(b"raw"));
        LayerKey { blob, diff_id, typed: true, identity, limits: Limits::DEFAULT }
    }

    /// Writes facts, in two pieces.
    fn facts(out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"fa")?;
        out.write_all(b"cts")
    }

    fn loaded(cache: &InventoryCache, key: &CacheKey) -> Option<Vec<u8>> {
        let mut facts = Vec::new();
        cache.load(key)?.read_to_end(&mut facts).unwrap();
        Some(facts)
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn facts_are_given_back_to_the_same_question_alone() {
        // pass: the same key and reader; fail: another place, another bound, another build, a byte changed, a file others can read,
        // one under another's name
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("cache");
        let cache = InventoryCache::open(&own, "a").unwrap();
        let key = |start| CacheKey::Layer(layer(&own, start).into());
        cache.store(&key(3), &mut facts);
        assert_eq!(loaded(&cache, &key(3)).as_deref(), Some(&b"facts"[..]));
        assert!(cache.load(&key(4)).is_none());
        let entries = Limits { entries: 1, ..Limits::DEFAULT };
        let others = [
            LayerKey { limits: entries, ..layer(&own, 3) },
            LayerKey { typed: false, ..layer(&own, 3) },
            LayerKey { blob: Sha256::of(b"other"), ..layer(&own, 3) },
            LayerKey { diff_id: Sha256::of(b"other"), ..layer(&own, 3) },
        ];
        for other in others {
            assert!(cache.load(&CacheKey::Layer(other.into())).is_none());
        }
        let identity = layer(&own, 3).identity;
        for other in [
            BlobIdentity { file: (1, 3), ..identity },
            BlobIdentity { length: 2, ..identity },
            BlobIdentity { size: 5, ..identity },
            BlobIdentity { modified: (5, 7), ..identity },
            BlobIdentity { changed: (7, 9), ..identity },
        ] {
            assert!(cache.load(&CacheKey::Layer(LayerKey { identity: other, ..layer(&own, 3) }.into())).is_none());
        }
        assert!(cache.load(&CacheKey::Tree(vec![layer(&own, 3)])).is_none());
        assert!(InventoryCache::open(&own, "b").unwrap().load(&key(3)).is_none());
        let path = cache.path(&key(3));
        fs::copy(&path, cache.path(&key(4))).unwrap();
        assert!(cache.load(&key(4)).is_none());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        mode(&path, 0o644);
        assert!(cache.load(&key(3)).is_none());
        mode(&path, 0o600);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(cache.load(&key(3)).is_none());
    }

    #[test]
    fn facts_of_a_blob_that_others_can_write_to_are_neither_kept_nor_given() {
        // fail: a file that its group or anybody can write to, or that another user has: it can be changed without its times;
        // pass: one of the system's user
        let folder = tempfile::tempdir().unwrap();
        let cache = InventoryCache::open(folder.path(), "").unwrap();
        let own = layer(folder.path(), 0);
        let with = |owner, mode| LayerKey { identity: BlobIdentity { owner, mode, ..own.identity }, ..own };
        let owner = own.identity.owner;
        for (key, fine) in [
            (own, true),
            (with(0, 0o100_644), true),
            (with(owner, 0o100_664), false),
            (with(owner, 0o100_646), false),
            (with(owner + 1, 0o100_644), false),
        ] {
            for key in [CacheKey::Layer(key.into()), CacheKey::Tree(vec![own, key])] {
                cache.store(&key, &mut facts);
                assert_eq!(cache.path(&key).exists(), fine, "{key:?}");
                // What a program before wrote without asking is not given either.
                cache.write(&key, &mut facts).unwrap();
                assert_eq!(cache.load(&key).is_some(), fine, "{key:?}");
            }
        }
    }

    fn cache_of(folder: &Path) -> InventoryCache {
        InventoryCache::open(folder, "").unwrap()
    }

    #[test]
    fn the_oldest_go_first_and_nothing_that_is_not_ours() {
        // pass: the bytes of all files are bounded; files of another name stay, what a killed run left goes after an hour
        let folder = tempfile::tempdir().unwrap();
        let (foreign, left) = (folder.path().join("mine.facts"), folder.path().join(".unfinished-1"));
        for path in [&foreign, &left] {
            File::create(path).unwrap().set_len(FOLDER_BYTES).unwrap();
        }
        let hours = SystemTime::now() - 2 * UNUSED;
        File::options().write(true).open(&left).unwrap().set_modified(hours).unwrap();
        let cache = cache_of(folder.path());
        assert!(foreign.exists() && !left.exists());
        let key = |start| CacheKey::Layer(layer(folder.path(), start).into());
        for start in 0..3 {
            cache.store(&key(start), &mut facts);
            let file = File::options().write(true).open(cache.path(&key(start))).unwrap();
            file.set_modified(hours + Duration::from_secs(start)).unwrap();
        }
        let oldest = File::options().write(true).open(cache.path(&key(0))).unwrap();
        oldest.set_len(FOLDER_BYTES).unwrap();
        oldest.set_modified(hours).unwrap();
        // Another run finds too much, and keeps one more.
        let cache = cache_of(folder.path());
        cache.store(&key(3), &mut facts);
        let there: Vec<bool> = (0..4).map(|start| cache.path(&key(start)).exists()).collect();
        assert_eq!(there, [false, true, true, true]);
        assert!(foreign.exists());
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
