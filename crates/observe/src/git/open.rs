//! Opens a repository so that nothing of it can run and nothing of it can change.

use std::path::{Path, PathBuf};

use gix::sec::Trust;
use lasthand_model::digest::GitId;

use super::error::GitError;

/// LIMIT: bytes of one blob, tree, commit or tag, each held whole. Forges take files of at most 100 MiB.
pub(super) const OBJECT_BYTES: u64 = 100 << 20;
/// LIMIT: alternates files read, nested ones included.
const ALTERNATES: usize = 16;

/// An opened repository. Reads only; what a recomputed merge makes stays in memory.
pub struct Repository {
    pub(super) inner: gix::Repository,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("git_dir", &self.inner.git_dir()).finish()
    }
}

impl Repository {
    /// The folder of git's own files.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.git_dir()
    }

    /// Address of the remote `origin`, as the repository's own configuration claims; nothing is ever connected to.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        self.inner.config_snapshot().string("remote.origin.url").map(|url| url.to_string())
    }

    /// Reads an id, checking that it has the length of this repository's algorithm.
    pub(super) fn object_id(&self, id: &GitId) -> Result<gix::ObjectId, GitError> {
        gix::ObjectId::from_hex(id.as_str().as_bytes())
            .ok()
            .filter(|found| found.kind() == self.inner.object_hash())
            .ok_or_else(|| GitError::MissingObject { id: id.to_string() })
    }
}

/// Writes an object id as the vocabulary has it.
pub(super) fn git_id(id: impl AsRef<gix::oid>) -> Result<GitId, GitError> {
    let text = id.as_ref().to_hex().to_string();
    text.parse().map_err(|_| GitError::MissingObject { id: text })
}

/// Opens the repository at `path`: a working tree's top folder, its `.git`, a linked working tree, or a bare repository.
///
/// In: a path; it is not searched upwards. Out: a handle that never writes.
/// Cost: reads configuration and refs, no objects.
///
/// # Errors
/// [`GitError::Open`] when there is no repository; [`GitError::AlternatesOutside`] when it borrows objects from elsewhere.
///
/// # Proves / does not prove
/// No configuration of user, system or environment is read, and the repository's own only as untrusted, so no command it names can run.
/// Does not prove who wrote the repository.
pub fn open(path: &Path) -> Result<Repository, GitError> {
    // SECURITY: a repository's configuration can name commands (fsmonitor, filters, diff and merge drivers, ssh); untrusted sections are not used.
    let options = gix::open::Options::isolated()
        .with(Trust::Reduced)
        .strict_config(false)
        .config_overrides([format!("gitoxide.objects.allocLimit={OBJECT_BYTES}")]);
    let inner = gix::open_opts(path, options).map_err(|source| GitError::Open { path: path.to_path_buf(), source })?;
    refuse_outside_alternates(inner.common_dir())?;
    let mut inner = inner.with_object_memory();
    // SECURITY: a replacement ref would put other bytes under a reviewed id.
    inner.objects.ignore_replacements = true;
    Ok(Repository { inner })
}

/// SECURITY: objects of another folder can change after they were observed, and reading them follows a path that the repository chose.
fn refuse_outside_alternates(common_dir: &Path) -> Result<(), GitError> {
    let home = canonical(common_dir)?;
    let mut open = vec![home.join("objects")];
    let mut seen = 0usize;
    while let Some(objects) = open.pop() {
        seen += 1;
        if seen > ALTERNATES {
            return Err(GitError::OverLimit { what: "alternates files", got: seen as u64, limit: ALTERNATES as u64 });
        }
        let file = objects.join("info").join("alternates");
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(GitError::Io { path: file, source }),
        };
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && !line.starts_with(b"#")) {
            let target = String::from_utf8_lossy(line).into_owned();
            match objects.join(&target).canonicalize() {
                Ok(inside) if inside.starts_with(&home) => open.push(inside),
                _ => return Err(GitError::AlternatesOutside { path: file, target }),
            }
        }
    }
    Ok(())
}

fn canonical(path: &Path) -> Result<PathBuf, GitError> {
    path.canonicalize().map_err(|source| GitError::Io { path: path.to_path_buf(), source })
}
