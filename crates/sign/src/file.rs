//! Key files: written once, readable by their owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::key::{KeyPair, SignError};

// LIMIT: a key file is small.
const KEY_FILE_BYTES: u64 = 64 << 10;

/// Why a key file was not written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There already is a file.
    #[error("`{}` exists", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Too large for a key.
    #[error("`{}` has {got} bytes, limit is {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        got: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// A key address that this version does not open.
    #[error("keys of scheme `{scheme}:` are not read by this version")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// The file holds no key that can be used.
    #[error("`{}` cannot be used as key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SignError,
    },
}

impl KeyFileError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Exists { .. } => vec!["keys are never overwritten: choose another name".to_owned()],
            Self::Scheme { .. } => vec!["give a file: `--key FILE` or `--key file:FILE`".to_owned()],
            Self::Key { source, .. } => source.hints(),
            _ => vec![],
        }
    }
}

/// A key file that others can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionWarning {
    /// The file.
    pub path: PathBuf,
    /// Its permission bits.
    pub mode: u32,
}

impl std::fmt::Display for PermissionWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "private key `{}` has mode {:04o}: others can read or change it", self.path.display(), self.mode)
    }
}

/// A key read from a file.
#[derive(Debug)]
pub struct LoadedKey {
    /// The key.
    pub key: KeyPair,
    /// Present when others than the owner can read or write the file.
    pub warning: Option<PermissionWarning>,
}

/// Writes a key: PKCS#8 PEM, mode 0600, to `path`, and its public half to `path` with `.pub` behind. Returns the latter's path.
///
/// Both are written beside their place and put there by one atomic step that fails when something is there already.
/// When the private key cannot be put in place, the public key is taken away again.
///
/// # Errors
/// [`KeyFileError::Exists`] when either file exists; nothing is changed then.
pub fn write(key: &KeyPair, path: &Path) -> Result<PathBuf, KeyFileError> {
    let mut public_path = path.as_os_str().to_owned();
    public_path.push(".pub");
    let public_path = PathBuf::from(public_path);
    for place in [path, &public_path] {
        if fs::symlink_metadata(place).is_ok() {
            return Err(KeyFileError::Exists { path: place.to_owned() });
        }
    }
    let in_use = |source| KeyFileError::Key { path: path.to_owned(), source };
    let public = key.public_pem().map_err(in_use)?;
    let mut private = key.private_pem().map_err(in_use)?;
    let written = place(&public_path, public.as_bytes(), 0o644).and_then(|()| {
        place(path, &private, 0o600).inspect_err(|_| {
            let _ = fs::remove_file(&public_path);
        })
    });
    private.fill(0);
    written.map(|()| public_path)
}

/// Reads a key from `FILE` or `file:FILE`.
///
/// # Errors
/// [`KeyFileError::Scheme`] for the other addresses (`ssh-agent: pkcs11: spiffe: keyless: exec:` ...); see there for the rest.
pub fn load(address: &str) -> Result<LoadedKey, KeyFileError> {
    let path = match address.split_once(':') {
        Some(("file", path)) => path.strip_prefix("//").unwrap_or(path),
        Some((scheme, _)) if is_scheme(scheme) && fs::symlink_metadata(address).is_err() => {
            return Err(KeyFileError::Scheme { scheme: scheme.to_owned() });
        }
        _ => address,
    };
    let path = Path::new(path);
    let io = |act| move |source| KeyFileError::Io { act, path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(io("read"))?;
    if metadata.len() > KEY_FILE_BYTES {
        let (got, limit) = (metadata.len(), KEY_FILE_BYTES);
        return Err(KeyFileError::TooLarge { path: path.to_owned(), got, limit });
    }
    let mut pem = fs::read(path).map_err(io("read"))?;
    let key = KeyPair::from_pem(&pem);
    pem.fill(0);
    let key = key.map_err(|source| KeyFileError::Key { path: path.to_owned(), source })?;
    Ok(LoadedKey { key, warning: permission_warning(path, &metadata) })
}

/// A scheme is a word of more than one letter, so that a drive letter is none.
fn is_scheme(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
}

/// Writes a new file: complete under another name first, then linked into place, which fails when the place is taken.
fn place(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyFileError> {
    let io = |act| move |source| KeyFileError::Io { act, path: path.to_owned(), source };
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict(&mut options, mode);
    let mut file = options.open(&temporary).map_err(io("create"))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("write"));
    // SECURITY: rename alone would replace a file that appeared meanwhile; a hard link never does. Where the file system has
    // no hard links, the caller's look before is all there is.
    let placed = written.and_then(|()| match fs::hard_link(&temporary, path) {
        Ok(()) => Ok(()),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            Err(KeyFileError::Exists { path: path.to_owned() })
        }
        Err(_) => fs::rename(&temporary, path).map_err(io("create")),
    });
    let _ = fs::remove_file(&temporary);
    placed
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, mode: u32) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(mode);
}

#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions, _: u32) {}

#[cfg(unix)]
fn permission_warning(path: &Path, metadata: &fs::Metadata) -> Option<PermissionWarning> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then(|| PermissionWarning { path: path.to_owned(), mode })
}

#[cfg(not(unix))]
fn permission_warning(_: &Path, _: &fs::Metadata) -> Option<PermissionWarning> {
    None
}
