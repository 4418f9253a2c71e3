//! What a commit shows of an agent, and what its note says.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::GitId;
use lasthand_observe::git::hints::{FileLabels, Grade, Hint};
use lasthand_observe::git::{ChangedPath, GitError, Repository, diff, path_text, people_of, resolve, unified};

/// The empty tree, which a first commit is compared with.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A commit with its note.
pub(super) struct Seen {
    /// Whether it is a merge: its files came in by other commits.
    pub(super) is_merge: bool,
    /// Whether its people name an agent, or somebody unknown.
    pub(super) people_name_agent: bool,
    /// Whether the note names one.
    pub(super) note_names_agent: bool,
    /// Whether the note is about this very commit.
    pub(super) is_bound: bool,
    /// Each file that the commit changes.
    pub(super) files: Vec<SeenFile>,
}

/// A file that a commit changes.
pub(super) struct SeenFile {
    /// Whether the note gives it to an agent.
    pub(super) in_note: bool,
    /// Whether the note gives an agent a line that the commit adds.
    pub(super) in_note_and_diff: bool,
}

/// Reads a commit beside its note; none where the repository has no such commit.
pub(super) fn see(repository: &Repository, commit: &GitId, hint: Hint) -> Result<Option<Seen>> {
    let people = match people_of(repository, commit) {
        Err(GitError::MissingObject { .. } | GitError::WrongKind { .. }) => return Ok(None),
        people => people.with_context(|| format!("commit {commit}"))?,
    };
    let is_agent = |kind| matches!(kind, ActorKind::Agent | ActorKind::Unknown);
    let is_merge = resolve(repository, &format!("{commit}^2")).is_ok();
    Ok(Some(Seen {
        is_merge,
        people_name_agent: people.actors.iter().any(|known| is_agent(known.actor.kind)),
        note_names_agent: hint.files.iter().any(FileLabels::is_agent_touched),
        is_bound: hint.grade(commit.as_str()) == Grade::SelfAsserted,
        files: if is_merge { Vec::new() } else { files(repository, commit, &hint)? },
    }))
}

fn files(repository: &Repository, commit: &GitId, hint: &Hint) -> Result<Vec<SeenFile>> {
    let tree = resolve(repository, commit.as_str())?.tree;
    let before = match resolve(repository, &format!("{commit}~1")) {
        Ok(parent) => parent.tree,
        Err(_) => EMPTY_TREE.parse().context("the empty tree")?,
    };
    let labels: BTreeMap<String, &FileLabels> =
        hint.files.iter().map(|file| (path_text(file.path.as_bytes()), file)).collect();
    let mut seen = Vec::new();
    for change in diff(repository, &before, &tree)? {
        let agent = labels.get(&change.path).filter(|file| file.is_agent_touched());
        let in_note_and_diff = match agent {
            Some(file) => adds_line_of_agent(file, &added(repository, &change)?),
            None => false,
        };
        seen.push(SeenFile { in_note: agent.is_some(), in_note_and_diff });
    }
    Ok(seen)
}

fn adds_line_of_agent(file: &FileLabels, added: &BTreeSet<u32>) -> bool {
    let agents = file.labels.iter().filter(|label| matches!(label.kind, ActorKind::Agent | ActorKind::Unknown));
    agents.flat_map(|label| &label.lines).any(|lines| added.range(lines.first..=lines.last).next().is_some())
}

/// Numbers of the lines that a change adds, read from its unified diff.
fn added(repository: &Repository, change: &ChangedPath) -> Result<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    let mut line = None;
    for text in unified(repository, change)?.lines() {
        if let Some(hunk) = text.strip_prefix("@@ ") {
            let new = hunk.split(' ').find_map(|part| part.strip_prefix('+'));
            line = new.and_then(|new| new.split(',').next()).and_then(|first| first.parse::<u32>().ok());
            continue;
        }
        let Some(at) = line.as_mut() else { continue };
        match text.as_bytes().first() {
            Some(b'+') => {
                found.insert(*at);
                *at += 1;
            }
            Some(b' ') => *at += 1,
            _ => {}
        }
    }
    Ok(found)
}
