//! Paths that `git archive` leaves out.

use std::path::PathBuf;

use gix::attrs::{Search, StateRef, search};
use gix::bstr::{BStr, ByteSlice as _};
use gix::glob::pattern::Case;
use lasthand_model::digest::GitId;

use super::error::GitError;
use super::inventory::{Descend, TreeCache, walk};
use super::objects::{EntryKind, read_blob};
use super::open::Repository;
use super::path::path_text;

const ATTRIBUTE: &str = "export-ignore";

/// Lists the files and folders of a tree that its `.gitattributes` files mark `export-ignore`, sorted; a folder stands for all that is below it.
///
/// Only attributes inside the tree count: `info/attributes` and the user's files are somebody else's word.
/// A path with a `*` in it is left out of the list, because the list is read as globs and has no escape: an archive without that file is then refused.
///
/// # Errors
/// As [`tree_inventory`](super::tree_inventory).
///
/// SPEC: gitattributes(5), "Creating an archive".
pub fn export_ignore(repository: &Repository, tree: &GitId, cache: &mut TreeCache) -> Result<Vec<String>, GitError> {
    let root = repository.object_id(tree)?;
    ignored_paths(repository, root, cache)
}

pub(super) fn ignored_paths(
    repository: &Repository,
    root: gix::ObjectId,
    cache: &mut TreeCache,
) -> Result<Vec<String>, GitError> {
    let Some((search, metadata)) = attributes_of(repository, root, cache)? else { return Ok(Vec::new()) };
    let mut outcome = search::Outcome::default();
    outcome.initialize_with_selection(&metadata, [ATTRIBUTE]);
    let mut ignored = Vec::new();
    walk(repository, root, cache, |_, path, entry| {
        outcome.reset();
        let is_folder = matches!(entry.kind, EntryKind::Tree | EntryKind::Submodule);
        search.pattern_matching_relative_path(BStr::new(path), Case::Sensitive, Some(is_folder), &mut outcome);
        let set = outcome.iter_selected().any(|found| found.assignment.state == StateRef::Set);
        if set && !path.contains(&b'*') {
            ignored.push(path_text(path));
        }
        Ok(if set { Descend::No } else { Descend::Yes })
    })?;
    ignored.sort();
    Ok(ignored)
}

/// Reads every `.gitattributes` of the tree, the top one first, so that deeper ones win.
fn attributes_of(
    repository: &Repository,
    root: gix::ObjectId,
    cache: &mut TreeCache,
) -> Result<Option<(Search, search::MetadataCollection)>, GitError> {
    let mut files = Vec::new();
    walk(repository, root, cache, |_, path, entry| {
        // SECURITY: git follows no symbolic link here; neither do we.
        if entry.kind.is_file() && entry.name == b".gitattributes" {
            files.push((path.iter().filter(|byte| **byte == b'/').count(), path.to_vec(), entry.id));
        }
        Ok(Descend::Yes)
    })?;
    files.sort();
    if files.is_empty() {
        return Ok(None);
    }
    let mut search = Search::default();
    let mut metadata = search::MetadataCollection::default();
    for (depth, path, id) in files {
        let bytes = read_blob(repository, id)?;
        let text = without_marked_line(&bytes);
        let source = PathBuf::from(path.to_os_str_lossy().into_owned());
        search
            .add_patterns_buffer(text, source, Some(std::path::Path::new("")), &mut metadata, depth == 0)
            .map_err(|_| GitError::Malformed { id: id.to_string(), reason: "not an attributes file" })?;
    }
    Ok(Some((search, metadata)))
}

/// Leaves out the first line where the file begins with a byte order mark: some versions of git take the mark for a part of its pattern, some do not, and
/// only what all of them leave out may be missing.
fn without_marked_line(bytes: &[u8]) -> &[u8] {
    if !bytes.starts_with(b"\xef\xbb\xbf") {
        return bytes;
    }
    bytes.iter().position(|byte| *byte == b'\n').and_then(|end| bytes.get(end..)).unwrap_or_default()
}
