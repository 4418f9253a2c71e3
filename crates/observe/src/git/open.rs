//! Opens a repository so that nothing of it can run and nothing of it can change.

use std::cell::{Cell, RefCell};
use std::path::Path;

use gix::sec::Trust;
use lasthand_model::digest::GitId;

use super::error::GitError;
use super::merge::MergedTexts;
use super::own_files::look_at;

/// LIMIT: bytes of one blob, tree, commit or tag, each held whole. Forges take files of at most 100 MiB.
pub(super) const OBJECT_BYTES: u64 = 100 << 20;

/// An opened repository. Reads only; what a recomputed merge makes stays in memory.
pub struct Repository {
    pub(super) inner: gix::Repository,
    /// Bytes of the texts whose merges are held in memory, about.
    pub(super) merged_bytes: Cell<u64>,
    /// Texts that were merged, and the work of it.
    pub(super) merged_texts: RefCell<MergedTexts>,
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
/// Cost: reads configuration and refs, no objects; looks at each file of `refs`, and lists the folders of `objects`.
///
/// # Errors
/// [`GitError::Open`] when there is no repository; [`GitError::AlternatesOutside`] when it borrows objects from elsewhere, [`GitError::FilesOutside`] when it
/// keeps its own files elsewhere, [`GitError::BadOwnFile`] and [`GitError::OverLimit`] when one of them is no regular file or too large.
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
    let place = look_at(path)?;
    let (at, options) = match &place {
        Some(place) => (place.git_dir.as_path(), options.open_path_as_is(true)),
        None => (path, options),
    };
    let inner = gix::open_opts(at, options).map_err(|source| GitError::Open { path: path.to_path_buf(), source })?;
    // SECURITY: what was looked at has to be what is read.
    let looked_at = place.is_some_and(|place| {
        [(inner.git_dir(), &place.git_dir), (inner.common_dir(), &place.common_dir)]
            .iter()
            .all(|(read, seen)| read.canonicalize().is_ok_and(|read| read == **seen))
    });
    if !looked_at {
        let target = inner.common_dir().display().to_string();
        return Err(GitError::FilesOutside { path: path.to_path_buf(), target });
    }
    let mut inner = inner.with_object_memory();
    // SECURITY: a replacement ref would put other bytes under a reviewed id.
    inner.objects.ignore_replacements = true;
    Ok(Repository { inner, merged_bytes: Cell::new(0), merged_texts: RefCell::default() })
}
