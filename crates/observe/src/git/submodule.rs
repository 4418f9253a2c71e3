//! Submodules that are checked out: where their repositories lie, and which of them may be read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use lasthand_model::digest::GitId;

use super::error::GitError;
use super::objects::read_commit;
use super::open::{Repository, git_id, open};
use super::own_files::{canonical, one_line, present};

/// LIMIT: submodules of one tree that are opened; each keeps its repository open.
pub const SUBMODULES: usize = 1_000;

/// Opens the repository of a submodule that is checked out in its place.
///
/// In: the superproject; the folder that its tree is checked out to; the submodule's path in that tree. Out: none when nothing is checked out there.
/// Neither `.gitmodules` nor the index nor a working tree is read. Cost: as [`open`], and a file of one line.
///
/// # Errors
/// [`GitError::FilesOutside`] when the repository is not below `modules` of the superproject's git folder, or the place is reached by a link;
/// [`GitError::SubmoduleFolder`] for a `.git` that is a folder; [`GitError::BadOwnFile`] for a `.git` file that git does not write; all of [`open`].
///
/// # Proves / does not prove
/// As [`open`]. That `.git` in the place is a regular file of one line. That the repository is the submodule's, its place alone says: what is read from it has to be asked for by an id of the superproject's tree.
pub fn open_submodule(superproject: &Repository, top: &Path, path: &[u8]) -> Result<Option<Repository>, GitError> {
    let folder = top.join(OsStr::from_bytes(path));
    let git = folder.join(".git");
    let Some(metadata) = present(&git, git.symlink_metadata())? else { return Ok(None) };
    let here = canonical(&folder)?;
    // SECURITY: a link on the way leads to a folder that is not recorded below this path.
    if here != canonical(top)?.join(OsStr::from_bytes(path)) {
        return Err(outside(&folder, &here));
    }
    // SECURITY: snapshots pass `.git` over: in a folder of that name anything may lie that a build reads.
    if metadata.is_dir() {
        return Err(GitError::SubmoduleFolder { path: git });
    }
    let git_dir = in_modules(superproject, &here)?;
    let repository = open(&git_dir)?;
    // SECURITY: a git folder may have a `.git` of its own, or share the files of another; neither was looked at above.
    for opened in [repository.inner.git_dir(), repository.inner.common_dir()] {
        let opened = canonical(opened)?;
        if opened != git_dir {
            return Err(outside(&git, &opened));
        }
    }
    Ok(Some(repository))
}

/// The tree of a commit, by the commit's whole id. A tag is none.
///
/// # Errors
/// [`GitError::MissingObject`], [`GitError::WrongKind`], or an object that is malformed or not what its id says.
pub fn commit_tree(repository: &Repository, commit: &GitId) -> Result<GitId, GitError> {
    git_id(read_commit(repository, repository.object_id(commit)?)?.tree)
}

/// The git folder that a `.git` file names.
///
/// SECURITY: the file lies in the working tree, where anybody may have put it: it leads to nothing but the superproject's own `modules`.
fn in_modules(superproject: &Repository, folder: &Path) -> Result<PathBuf, GitError> {
    let file = folder.join(".git");
    let bad = |reason| GitError::BadOwnFile { path: file.clone(), reason };
    let line = one_line(&file)?.ok_or_else(|| bad("it was there a moment ago"))?;
    let target = line.strip_prefix(b"gitdir: ").ok_or_else(|| bad("it does not begin with `gitdir: `"))?;
    let target = canonical(&folder.join(OsStr::from_bytes(target)))?;
    let modules = canonical(superproject.git_dir())?.join("modules");
    let is_below = target.strip_prefix(&modules).is_ok_and(|rest| !rest.as_os_str().is_empty());
    if is_below { Ok(target) } else { Err(outside(&file, &target)) }
}

fn outside(path: &Path, target: &Path) -> GitError {
    GitError::FilesOutside { path: path.to_owned(), target: target.display().to_string() }
}
