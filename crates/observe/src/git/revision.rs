//! Names of commits: refs, tags, ids, `~N`, `^N` and `A..B`.

use gix::ObjectId;
use lasthand_model::digest::GitId;

use super::error::GitError;
use super::graph::refuse_cut;
use super::objects::{peel_tags, read_commit};
use super::open::{Repository, git_id};
use super::own_files::look_at_head;

/// LIMIT: symbolic refs that are followed.
const SYMREF_DEPTH: usize = 8;

/// A commit that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The commit.
    pub commit: GitId,
    /// Its tree.
    pub tree: GitId,
    /// The whole name of the ref, such as `refs/heads/main`, when the text names one; `HEAD` is followed.
    pub reference: Option<String>,
}

/// `A..B`: what `to` has and `from` has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Before.
    pub from: Revision,
    /// After.
    pub to: Revision,
}

/// Finds the commit that `text` names: `HEAD`, a branch, a tag, a ref's whole name, an id or its prefix (4 digits at least), each with `~N` and `^N` behind it.
///
/// # Errors
/// [`GitError::UnknownRevision`]; [`GitError::AmbiguousRevision`] when several refs have the name; [`GitError::Shallow`] when it is behind a cut.
pub fn resolve(repository: &Repository, text: &str) -> Result<Revision, GitError> {
    let unknown = || GitError::UnknownRevision { revision: text.to_owned() };
    let end_of_name = text.find(['~', '^']).unwrap_or(text.len());
    let (name, steps) = text.split_at_checked(end_of_name).ok_or_else(unknown)?;
    let (target, reference) = find_named(repository, name, text)?;
    let mut commit = read_commit(repository, peel_tags(repository, target)?)?;
    let mut moved = false;
    let mut rest = steps;
    while let Some(sign) = rest.chars().next() {
        rest = rest.get(1..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits).ok_or_else(unknown)?;
        rest = tail;
        let count: usize = if number.is_empty() { 1 } else { number.parse().map_err(|_| unknown())? };
        moved |= count > 0;
        let (times, parent) = if sign == '~' { (count, 1) } else { (usize::from(count > 0), count) };
        for _ in 0..times {
            let next = *commit.parents.get(parent - 1).ok_or_else(unknown)?;
            refuse_cut(repository, commit.id, &[next])?;
            commit = read_commit(repository, next)?;
        }
        if !rest.is_empty() && !rest.starts_with(['~', '^']) {
            return Err(unknown());
        }
    }
    Ok(Revision { commit: git_id(commit.id)?, tree: git_id(commit.tree)?, reference: reference.filter(|_| !moved) })
}

/// Finds both ends of `A..B`; an end left out is `HEAD`.
///
/// # Errors
/// As [`resolve`]; [`GitError::UnknownRevision`] also for a text without `..` and for `A...B`.
pub fn resolve_range(repository: &Repository, text: &str) -> Result<Range, GitError> {
    let unknown = || GitError::UnknownRevision { revision: text.to_owned() };
    let (from, to) = text.split_once("..").filter(|(_, to)| !to.starts_with('.')).ok_or_else(unknown)?;
    let or_head = |name: &str| resolve(repository, if name.is_empty() { "HEAD" } else { name });
    Ok(Range { from: or_head(from)?, to: or_head(to)? })
}

fn find_named(repository: &Repository, name: &str, text: &str) -> Result<(ObjectId, Option<String>), GitError> {
    let repo = &repository.inner;
    let unknown = || GitError::UnknownRevision { revision: text.to_owned() };
    if name.is_empty() || name.starts_with('-') || name.contains(['@', ':']) && name != "@" {
        return Err(unknown());
    }
    let name = if name == "@" { "HEAD" } else { name };
    if name.len() == repo.object_hash().len_in_hex()
        && let Ok(id) = ObjectId::from_hex(name.as_bytes())
    {
        return Ok((id, None));
    }
    if let Some(whole) = whole_name(repository, name, text)? {
        return target_of(repository, &whole, text);
    }
    let hex = name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex {
        return Err(unknown());
    }
    let prefix = gix::hash::Prefix::from_hex(name).map_err(|_| unknown())?;
    match repo.objects.lookup_prefix(prefix, None) {
        Ok(Some(Ok(id))) => Ok((id, None)),
        Ok(Some(Err(()))) => {
            Err(GitError::AmbiguousRevision { revision: text.to_owned(), meanings: vec!["several objects".to_owned()] })
        }
        _ => Err(unknown()),
    }
}

/// The whole name of the one ref that `name` can mean: a ref's whole name or one beside `HEAD` as it stands, else what git would find by it.
///
/// SECURITY: of several, git silently takes one, and `refs/NAME` before a branch or tag: whoever can push would choose what a short name means.
fn whole_name(repository: &Repository, name: &str, text: &str) -> Result<Option<String>, GitError> {
    let exists = |whole: &String| repository.has_reference(whole);
    if name == "HEAD" || name.starts_with("refs/") {
        return Ok(Some(name.to_owned()).filter(exists));
    }
    // SPEC: gitrevisions(7), "<refname>"; a file beside `HEAD` is a ref by such a name alone (gitglossary(7), "pseudoref").
    let is_beside_head = name.ends_with("HEAD") && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase());
    let mut meanings = Vec::new();
    if is_beside_head {
        look_at_head(repository.inner.git_dir(), repository.inner.common_dir(), name)?;
        meanings.push(name.to_owned());
    }
    meanings.extend(["refs/heads/", "refs/tags/", "refs/", "refs/remotes/"].map(|folder| format!("{folder}{name}")));
    meanings.push(format!("refs/remotes/{name}/HEAD"));
    meanings.retain(exists);
    match meanings.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        _ => Err(GitError::AmbiguousRevision { revision: text.to_owned(), meanings }),
    }
}

/// What a ref points to, and the whole name of the ref at the end of symbolic ones.
fn target_of(repository: &Repository, whole: &str, text: &str) -> Result<(ObjectId, Option<String>), GitError> {
    let unknown = || GitError::UnknownRevision { revision: text.to_owned() };
    let mut reference = repository.reference(whole).ok_or_else(unknown)?;
    // LIMIT: symbolic refs may name each other in a circle.
    for _ in 0..SYMREF_DEPTH {
        let Some(next) = reference.follow() else { break };
        reference = next.map_err(|_| unknown())?;
    }
    let id = reference.try_id().ok_or_else(unknown)?.detach();
    let whole = String::from_utf8_lossy(reference.name().as_bstr()).into_owned();
    Ok((id, whole.starts_with("refs/").then_some(whole)))
}

impl Repository {
    fn has_reference(&self, whole: &str) -> bool {
        self.reference(whole).is_some()
    }

    /// The ref of exactly this whole name.
    fn reference(&self, whole: &str) -> Option<gix::Reference<'_>> {
        let found = self.inner.try_find_reference(whole).ok().flatten()?;
        (found.name().as_bstr() == whole).then_some(found)
    }
}
