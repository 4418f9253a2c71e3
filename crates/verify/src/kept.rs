//! A folder in which a program keeps what it worked out, to go on from there.
//!
//! SECURITY: as in [`cache`](crate::cache), what lies there is believed, so the folder and its files must be this user's and nobody else's to write. The
//! checksum finds damage, not malice.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use lasthand_model::digest::Sha256;

use crate::cache::{CacheError, own_folder, platform};

/// First bytes of a file that is kept.
const MAGIC: &[u8] = b"lasthand state 1\n";
/// How the names of files end, after a digest.
const ENDING: &str = ".state";
/// LIMIT: bytes of one file.
const FILE_BYTES: u64 = 256 << 20;
/// LIMIT: files of the folder; the oldest go first.
const FILES: usize = 64;

/// States in a folder, one for each name.
#[derive(Debug, Clone)]
pub struct KeptStates {
    folder: PathBuf,
    owner: u32,
}

impl KeptStates {
    /// Makes the folder where there is none, and looks whose it is.
    ///
    /// # Errors
    /// [`CacheError`].
    pub fn open(folder: &Path) -> Result<Self, CacheError> {
        let (folder, owner) = own_folder(folder)?;
        Ok(Self { folder, owner })
    }

    /// The state that was stored under a name, when it was made under the same key and is whole: neither damaged, nor cut, nor of another version.
    #[must_use]
    pub fn load(&self, name: &Sha256, key: &Sha256) -> Option<Vec<u8>> {
        let mut file = File::open(self.path(name)).ok()?;
        let metadata = file.metadata().ok()?;
        if !platform::is_own(&metadata, self.owner) || metadata.len() > FILE_BYTES {
            return None;
        }
        let mut head = [0; MAGIC.len() + 64];
        file.read_exact(&mut head).ok()?;
        let (of_key, digest) = head.strip_prefix(MAGIC)?.split_at_checked(32)?;
        if of_key != key.as_bytes() {
            return None;
        }
        let mut state = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.take(FILE_BYTES).read_to_end(&mut state).ok()?;
        (checksum(key, &state).as_bytes().as_slice() == digest).then_some(state)
    }

    /// Keeps a state under a name, in the place of the one before. A folder that is full or read-only only costs time.
    pub fn store(&self, name: &Sha256, key: &Sha256, state: &[u8]) {
        let _ = self.write(name, key, state);
    }

    fn path(&self, name: &Sha256) -> PathBuf {
        self.folder.join(format!("{name}{ENDING}"))
    }

    fn write(&self, name: &Sha256, key: &Sha256, state: &[u8]) -> std::io::Result<()> {
        if u64::try_from(MAGIC.len() + 64 + state.len()).is_ok_and(|bytes| bytes > FILE_BYTES) {
            return Ok(());
        }
        // Only its owner can read it: a temporary file has mode 0600.
        let mut file = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(&self.folder)?;
        for part in [MAGIC, key.as_bytes(), checksum(key, state).as_bytes(), state] {
            file.write_all(part)?;
        }
        file.persist(self.path(name)).map_err(|error| error.error)?;
        self.make_room()
    }

    fn make_room(&self) -> std::io::Result<()> {
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_state = name.to_str().and_then(|name| name.strip_suffix(ENDING)?.parse::<Sha256>().ok()).is_some();
            if is_state {
                files.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        files.sort();
        let most = files.len().saturating_sub(FILES);
        files.iter().take(most).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

fn checksum(key: &Sha256, state: &[u8]) -> Sha256 {
    Sha256::of(&[key.as_bytes().as_slice(), state].concat())
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_state_comes_back_whole_or_not_at_all() {
        // pass: the same name and key; fail: another key, one byte changed, cut, another version, a file that others can read
        let folder = tempfile::tempdir().unwrap();
        let states = KeptStates::open(folder.path()).unwrap();
        let [name, key, other] = [&b"name"[..], b"key", b"other"].map(Sha256::of);
        states.store(&name, &key, b"what is known");
        assert_eq!(states.load(&name, &key).as_deref(), Some(&b"what is known"[..]));
        assert_eq!(states.load(&name, &other), None);
        assert_eq!(states.load(&other, &key), None);
        let path = states.path(&name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let whole = fs::read(&path).unwrap();
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = whole.clone();
            change(&mut bytes);
            fs::write(&path, bytes).unwrap();
            states.load(&name, &key)
        };
        for at in 0..whole.len() {
            assert_eq!(with(&|bytes| bytes[at] ^= 1), None, "byte {at}");
        }
        for length in 0..whole.len() {
            assert_eq!(with(&|bytes| bytes.truncate(length)), None, "{length} bytes");
        }
        assert_eq!(with(&|bytes| bytes.push(0)), None);
        assert!(with(&|_| {}).is_some());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(states.load(&name, &key), None);
    }

    #[test]
    fn the_oldest_states_go_and_a_folder_of_others_is_refused() {
        // pass: a bounded number of files; fail: a folder that its group can write to
        let folder = tempfile::tempdir().unwrap();
        let states = KeptStates::open(folder.path()).unwrap();
        for number in 0..FILES + 3 {
            states.store(&Sha256::of(&number.to_le_bytes()), &Sha256::of(b""), b"x");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), FILES);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o770)).unwrap();
        assert!(matches!(KeptStates::open(folder.path()), Err(CacheError::OthersCanWrite { .. })));
    }
}
