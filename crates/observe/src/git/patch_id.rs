//! The patch id of git: equal for changes whose diffs have the same words, wherever they apply.
//!
//! SPEC: git's builtin/patch-id.c (2.39 and later), `--stable`, over `git diff-tree -p --root` without configuration and attributes; diff.c for the text.
//!
//! SECURITY: it explains where a change comes from and proves nothing. White space does not count, nor where in the file a change applies; a binary file counts by
//! abbreviated ids. Nothing here is ever cover (DESIGN section 1, R3, T3).

use std::fmt;

use gix::ObjectId;
use gix::diff::blob::unified_diff::{ConsumeHunk, ContextSize, DiffLineKind, HunkHeader};
use gix::diff::blob::{Algorithm, InternedInput, UnifiedDiff, diff_with_slider_heuristics};
use gix::hash::{Hasher, hasher};
use gix::odb::store::prefix::disambiguate::Candidate;
use lasthand_model::digest::GitId;

use super::diff::{Version, changed, mode_of};
use super::error::GitError;
use super::inventory::TreeCache;
use super::merge::is_binary;
use super::objects::{EntryKind, read_blob, read_commit};
use super::open::Repository;

/// LIMIT: bytes of a file that is compared by lines; a change of a larger one has no patch id.
const TEXT_BYTES: usize = 8 << 20;
/// Hex digits of an abbreviated id, at least.
const SHORT_DIGITS: usize = 7;

/// A patch id. Two changes with one id say the same, not at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatchId(ObjectId);

impl fmt::Display for PatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Computes the patch id of a commit, as `git diff-tree -p --root COMMIT | git patch-id --stable` does.
///
/// In: a commit. Out: its id; `None` for a merge, for a commit that changes nothing, and for one that changes a text of more than 8 MiB.
/// Cost: what the commit changes, compared by lines.
///
/// # Errors
/// When an object cannot be read.
///
/// # Proves / does not prove
/// Explains that a change was made from another. Proves neither equal content nor equal place: it is never a reason to accept.
pub fn patch_id_stable(repository: &Repository, commit: &GitId) -> Result<Option<PatchId>, GitError> {
    let commit = read_commit(repository, repository.object_id(commit)?)?;
    let from = match commit.parents.as_slice() {
        [] => ObjectId::empty_tree(commit.id.kind()),
        [parent] => read_commit(repository, *parent)?.tree,
        _ => return Ok(None),
    };
    patch_id_of(repository, &mut TreeCache::default(), from, commit.tree)
}

/// The patch id of the change between two trees.
pub(super) fn patch_id_of(
    repository: &Repository,
    cache: &mut TreeCache,
    from: ObjectId,
    to: ObjectId,
) -> Result<Option<PatchId>, GitError> {
    let mut patch = Patch::new(repository, from.kind());
    // Paths in the order of their bytes are paths in git's order, as only leaves are listed.
    for (path, (old, new)) in changed(repository, cache, from, to)? {
        let is_another_type = matches!((old, new), (Some((old, _)), Some((new, _))) if type_of(old) != type_of(new));
        let pairs = if is_another_type { vec![(old, None), (None, new)] } else { vec![(old, new)] };
        for (old, new) in pairs {
            if !patch.file(&path, old, new)? {
                return Ok(None);
            }
        }
    }
    patch.finish()
}

/// Mode without permissions: git shows a change of the type as a removal and an addition.
const fn type_of(kind: EntryKind) -> u32 {
    mode_of(kind) & 0o170_000
}

/// What `git patch-id` is in while it reads a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Headers; those of files without lines run into the next file's.
    Headers,
    /// Behind the last line of a file.
    Lines,
    /// Behind a binary file: the next file's first header line is passed over.
    Binary,
}

/// The sum of the digests of the files of a patch.
struct Patch<'a> {
    repository: &'a Repository,
    kind: gix::hash::Kind,
    hunk: Hasher,
    sum: Vec<u8>,
    /// Bytes digested: without any there is no id.
    digested: usize,
    reading: Reading,
}

impl<'a> Patch<'a> {
    fn new(repository: &'a Repository, kind: gix::hash::Kind) -> Self {
        let sum = vec![0; kind.len_in_bytes()];
        Self { repository, kind, hunk: hasher(kind), sum, digested: 0, reading: Reading::Headers }
    }

    /// Adds what changed at a path; false when it is too large.
    fn file(&mut self, path: &[u8], old: Version, new: Version) -> Result<bool, GitError> {
        let [before, after] = [self.content(old)?, self.content(new)?];
        let (a, b) = (quoted(b"a/", path), quoted(b"b/", path));
        if self.reading == Reading::Lines {
            self.flush()?;
        }
        if self.reading != Reading::Binary {
            self.line(&[b"diff --git ", &a[..], b" ", &b[..]].concat());
        }
        self.reading = Reading::Headers;
        match (old, new) {
            (None, Some((kind, _))) => self.line(format!("new file mode {:06o}", mode_of(kind)).as_bytes()),
            (Some((kind, _)), None) => self.line(format!("deleted file mode {:06o}", mode_of(kind)).as_bytes()),
            (Some((was, _)), Some((is, _))) if was != is => {
                self.line(format!("old mode {:06o}", mode_of(was)).as_bytes());
                self.line(format!("new mode {:06o}", mode_of(is)).as_bytes());
            }
            _ => {}
        }
        if before == after {
            return Ok(true);
        }
        if is_binary(&before) || is_binary(&after) {
            for version in [old, new] {
                let short = self.short(version)?;
                self.hunk.update(short.as_bytes());
            }
            self.flush()?;
            self.reading = Reading::Binary;
            return Ok(true);
        }
        if before.len().max(after.len()) > TEXT_BYTES {
            return Ok(false);
        }
        self.line(&[&b"--- "[..], if old.is_some() { &a[..] } else { &b"/dev/null"[..] }].concat());
        self.line(&[&b"+++ "[..], if new.is_some() { &b[..] } else { &b"/dev/null"[..] }].concat());
        let input = InternedInput::new(before.as_slice(), after.as_slice());
        let lines = diff_with_slider_heuristics(Algorithm::Myers, &input);
        // Writing into a digest cannot fail.
        let _ = UnifiedDiff::new(&lines, &input, Lines(&mut *self), ContextSize::symmetrical(3)).consume();
        self.reading = Reading::Lines;
        Ok(true)
    }

    fn content(&self, version: Version) -> Result<Vec<u8>, GitError> {
        match version {
            None => Ok(Vec::new()),
            Some((EntryKind::Submodule, id)) => Ok(format!("Subproject commit {id}\n").into_bytes()),
            Some((_, id)) => read_blob(self.repository, id),
        }
    }

    /// Digests a line without its white space; a NUL ends it.
    fn line(&mut self, line: &[u8]) {
        let words: Vec<u8> = line
            .iter()
            .copied()
            .take_while(|byte| *byte != 0)
            .filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .collect();
        self.digested += words.len();
        self.hunk.update(&words);
    }

    /// Adds the digest of what was read to the sum, byte by byte with carry.
    fn flush(&mut self) -> Result<(), GitError> {
        let hunk = std::mem::replace(&mut self.hunk, hasher(self.kind));
        let digest = hunk.try_finalize().map_err(|source| GitError::Object { id: "a patch".to_owned(), source })?;
        let mut carry = 0u16;
        for (sum, byte) in self.sum.iter_mut().zip(digest.as_slice()) {
            carry += u16::from(*sum) + u16::from(*byte);
            [*sum, _] = carry.to_le_bytes();
            carry >>= 8;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Option<PatchId>, GitError> {
        if self.digested == 0 {
            return Ok(None);
        }
        self.flush()?;
        let malformed = |_| GitError::Malformed { id: "a patch".to_owned(), reason: "not a digest" };
        ObjectId::try_from(self.sum.as_slice()).map(PatchId).map(Some).map_err(malformed)
    }

    /// The id of a version as git abbreviates it: as long as the number of packed objects asks for, and until no other object begins so.
    fn short(&self, version: Version) -> Result<String, GitError> {
        let objects = &self.repository.inner.objects;
        let id = version.map_or(ObjectId::null(self.kind), |(_, id)| id);
        let failed = |source| GitError::Object { id: id.to_string(), source };
        let bits = u64::BITS - objects.packed_object_count().map_err(failed)?.leading_zeros();
        let digits = SHORT_DIGITS.max(bits.div_ceil(2) as usize);
        let whole = id.to_string();
        if version.is_none() {
            return Ok(whole.chars().take(digits).collect());
        }
        let candidate = Candidate::new(id, digits).map_err(failed)?;
        Ok(objects.disambiguate_prefix(candidate).map_err(failed)?.map_or(whole, |prefix| prefix.to_string()))
    }
}

/// The lines of a diff; the numbers in its headers do not count.
struct Lines<'p, 'a>(&'p mut Patch<'a>);

impl ConsumeHunk for Lines<'_, '_> {
    type Out = ();

    fn consume_hunk(&mut self, _: HunkHeader, lines: &[(DiffLineKind, &[u8])]) -> std::io::Result<()> {
        for (kind, line) in lines {
            let sign: &[u8] = match kind {
                DiffLineKind::Context => b" ",
                DiffLineKind::Add => b"+",
                DiffLineKind::Remove => b"-",
            };
            self.0.line(&[sign, line].concat());
        }
        Ok(())
    }

    fn finish(self) {}
}

/// A path as git writes it in headers: quoted as in C when a byte needs that.
///
/// SPEC: git's quote.c, `quote_two_c_style`, with `core.quotePath`.
fn quoted(prefix: &[u8], path: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if path.iter().all(plain) {
        return [prefix, path].concat();
    }
    let mut text = [b"\"", prefix].concat();
    for byte in path {
        match byte {
            b'"' | b'\\' => text.extend([b'\\', *byte]),
            7 => text.extend(b"\\a"),
            8 => text.extend(b"\\b"),
            b'\t' => text.extend(b"\\t"),
            b'\n' => text.extend(b"\\n"),
            11 => text.extend(b"\\v"),
            12 => text.extend(b"\\f"),
            b'\r' => text.extend(b"\\r"),
            byte if plain(byte) => text.push(*byte),
            byte => text.extend(format!("\\{byte:03o}").into_bytes()),
        }
    }
    text.push(b'"');
    text
}
