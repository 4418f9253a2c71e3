//! Notes of commits: where git keeps them, by commit.

use std::collections::BTreeMap;

use gix::ObjectId;
use lasthand_model::digest::GitId;

use super::super::objects::{EntryKind, read_blob_within, read_tree};
use super::super::open::{Repository, git_id};
use super::super::revision::resolve;
use super::git_ai::read_git_ai_note;
use super::{HINT_BYTES, Hint, HintError, refuse_over};

/// The ref of git-ai's notes. SPEC: Git AI Standard v3.0.0, section 1.1.
pub const GIT_AI_NOTES: &str = "refs/notes/ai";

/// LIMIT: notes of a ref.
const NOTES: usize = 2_000_000;
/// LIMIT: folders of folders; git itself makes at most half as many as an id has digits.
const FAN_OUT: usize = 32;

/// The notes of git-ai of a repository, by commit; each is read when it is asked for.
#[derive(Debug)]
pub struct HintNotes<'a> {
    repository: &'a Repository,
    notes: BTreeMap<GitId, ObjectId>,
}

impl<'a> HintNotes<'a> {
    /// Lists the notes of a ref, such as [`GIT_AI_NOTES`].
    ///
    /// In: the whole name of a ref. Out: none where there is no such ref. What is no note of a commit of this repository's kind of ids is passed over.
    /// Cost: reads the trees of the ref, no note.
    ///
    /// # Errors
    /// [`HintError::Git`]; [`HintError::OverLimit`] for more than 2,000,000 notes; [`HintError::TwoNotes`].
    ///
    /// # Proves / does not prove
    /// Proves nothing about who wrote them, and nothing by one that is missing: notes are pushed, and deleted, apart from commits.
    pub fn open(repository: &'a Repository, reference: &str) -> Result<Self, HintError> {
        Self::open_within(repository, reference, NOTES)
    }

    /// As [`HintNotes::open`], with another bound on what the trees of the ref hold.
    pub(in super::super) fn open_within(
        repository: &'a Repository,
        reference: &str,
        limit: usize,
    ) -> Result<Self, HintError> {
        // SECURITY: a ref that cannot be read is not one that is not there: it would take agents away.
        let is_absent = matches!(repository.inner.try_find_reference(reference), Ok(None));
        let tip = if is_absent { None } else { Some(resolve(repository, reference)?) };
        let mut listing = Listing { repository, notes: BTreeMap::new(), seen: 0, limit };
        if let Some(tip) = tip {
            listing.read(repository.object_id(&tip.tree)?, "", 0)?;
        }
        Ok(Self { repository, notes: listing.notes })
    }

    /// Commits that have a note, in the order of their ids.
    pub fn commits(&self) -> impl Iterator<Item = &GitId> {
        self.notes.keys()
    }

    /// Reads the note of a commit; none where it has none.
    ///
    /// # Errors
    /// As [`read_git_ai_note`]. A note of more than 16 MiB is refused by its header, before it is read.
    pub fn of(&self, commit: &GitId) -> Result<Option<Hint>, HintError> {
        let Some(id) = self.notes.get(commit) else { return Ok(None) };
        let bytes = read_blob_within(self.repository, *id, HINT_BYTES as u64)?;
        read_git_ai_note(&bytes).map(Some)
    }
}

struct Listing<'a> {
    repository: &'a Repository,
    notes: BTreeMap<GitId, ObjectId>,
    seen: usize,
    limit: usize,
}

impl Listing<'_> {
    /// Reads a folder; `before` are the digits of the folders that it lies in.
    fn read(&mut self, tree: ObjectId, before: &str, depth: usize) -> Result<(), HintError> {
        refuse_over("the depth of notes", depth as u64, FAN_OUT as u64)?;
        for entry in read_tree(self.repository, tree)? {
            self.seen += 1;
            refuse_over("notes", self.seen as u64, self.limit as u64)?;
            let Ok(name) = std::str::from_utf8(&entry.name) else { continue };
            let digits = format!("{before}{name}");
            match entry.kind {
                EntryKind::Tree if is_hex(name) && digits.len() < self.digits() => {
                    self.read(entry.id, &digits, depth + 1)?;
                }
                kind if kind.is_file() && is_hex(name) && digits.len() == self.digits() => {
                    self.add(&digits, entry.id)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// SECURITY: the same id under folders and without them; git joins such notes or takes one, others take another.
    fn add(&mut self, digits: &str, note: ObjectId) -> Result<(), HintError> {
        let Ok(id) = ObjectId::from_hex(digits.as_bytes()) else { return Ok(()) };
        let commit = git_id(id)?;
        match self.notes.insert(commit, note) {
            Some(other) if other != note => Err(HintError::TwoNotes { commit: digits.to_owned() }),
            _ => Ok(()),
        }
    }

    fn digits(&self) -> usize {
        self.repository.inner.object_hash().len_in_hex()
    }
}

fn is_hex(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
