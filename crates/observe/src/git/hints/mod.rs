//! What tools of agents say about files and lines: notes of git-ai, records of Agent Trace, statements of agent commits.
//!
//! Whoever can write a note or a record can say anything in it, so each is a *hint*, **self-asserted**: it may deny and explain, and accepts nothing.
//! That a tool says "a human typed this" takes nobody's agent away, and that it says nothing means nothing.
//!
//! Data flow: bytes -> `git_ai`, `agent_trace`, `agent_commit` (strict, bounded) -> [`Hint`]; [`HintNotes`] finds the notes of commits.

mod agent_commit;
mod agent_trace;
mod git_ai;
mod lines;
mod notes;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;
use lasthand_model::json::{self, JsonError};
use lasthand_model::limits::Limits;
use thiserror::Error;

pub use self::agent_commit::read_agent_commit;
pub use self::agent_trace::{read_agent_trace, read_agent_traces};
pub use self::git_ai::read_git_ai_note;
pub use self::lines::LineRange;
pub use self::notes::{GIT_AI_NOTES, HintNotes};
use super::error::GitError;
use super::identity::Identity;

/// LIMIT: bytes of one note or record.
pub const HINT_BYTES: usize = 16 << 20;
/// LIMIT: files that one hint speaks of.
const FILES: usize = 100_000;
/// LIMIT: ranges of lines of one hint.
const RANGES: usize = 1_000_000;
/// LIMIT: bytes of a path.
const PATH_BYTES: usize = 4_096;
/// LIMIT: characters of a name, model or address that is kept.
const NAME_CHARS: usize = 250;

/// Where a hint comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HintSource {
    /// A note of git-ai. SPEC: Git AI Standard v3.0.0.
    GitAi,
    /// A record of Agent Trace. SPEC: Agent Trace 0.1.0 (RFC).
    AgentTrace,
    /// Provenance of an agent's commit, its signature not looked at. SPEC: Agent Commit Build Type v0.3, Andrew McNamara.
    AgentCommit,
}

impl HintSource {
    /// How actors are established that it names.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::GitAi => "git-note",
            Self::AgentTrace => "agent-trace",
            Self::AgentCommit => "agent-commit",
        }
    }
}

/// How much a hint weighs. Never more than a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Grade {
    /// It names another revision than it is asked for, or none: its lines may be other lines here. Level 1.
    SelfAssertedElsewhere,
    /// It names the very revision. Level 2.
    SelfAsserted,
}

impl Grade {
    /// The words for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfAsserted => "self-asserted",
            Self::SelfAssertedElsewhere => "self-asserted about another revision",
        }
    }

    /// The level of what it says of agents.
    #[must_use]
    pub const fn level(self) -> u8 {
        match self {
            Self::SelfAsserted => 2,
            Self::SelfAssertedElsewhere => 1,
        }
    }
}

/// Who wrote some lines of a file, as a tool says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineLabel {
    /// [`ActorKind::Agent`] also where a person and an agent are said to have written together.
    pub kind: ActorKind,
    /// The tool; empty when it is not said.
    pub tool: String,
    /// The model; empty when it is not said.
    pub model: String,
    /// The person who typed, or whom the agent worked for; empty when it is not said.
    pub person: String,
    /// Lines of the file at the revision, sorted, none twice; empty for a file whose lines are not said.
    pub lines: Vec<LineRange>,
}

/// Who wrote a file, as a tool says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLabels {
    /// Path in the tree.
    pub path: String,
    /// One for each author, sorted.
    pub labels: Vec<LineLabel>,
}

impl FileLabels {
    /// Whether an agent, or somebody unknown, is said to have written in it.
    #[must_use]
    pub fn is_agent_touched(&self) -> bool {
        self.labels.iter().any(|label| matches!(label.kind, ActorKind::Agent | ActorKind::Unknown))
    }
}

/// What a tool says about a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Which kind of record.
    pub source: HintSource,
    /// The revision that the record names; none where it names none.
    pub revision: Option<String>,
    /// Tools that worked on it, whether or not files are named; sorted.
    pub tools: Vec<String>,
    /// People for whom agents worked, whether or not files are named; sorted.
    pub people: Vec<String>,
    /// Files, sorted by path.
    pub files: Vec<FileLabels>,
}

impl Hint {
    /// How much this hint weighs for a revision.
    #[must_use]
    pub fn grade(&self, revision: &str) -> Grade {
        match &self.revision {
            Some(named) if named == revision => Grade::SelfAsserted,
            _ => Grade::SelfAssertedElsewhere,
        }
    }

    /// The principals of the people for whom agents worked, as it says; sorted.
    ///
    /// SECURITY: of all agents together. Which tool was whose is said less reliably than who had one, and more sponsors only ask for more answers.
    #[must_use]
    pub fn sponsors(&self) -> Vec<String> {
        let labels = self.files.iter().flat_map(|file| &file.labels).filter(|label| label.kind == ActorKind::Agent);
        let people = labels.map(|label| &label.person).chain(&self.people).filter(|person| !person.is_empty());
        let principals: BTreeSet<String> =
            people.map(|person| Identity::parse(person.as_bytes()).principal()).collect();
        principals.into_iter().collect()
    }

    /// Whether it says that an agent was at work at all.
    #[must_use]
    pub fn names_agent(&self) -> bool {
        !self.tools.is_empty() || self.files.iter().any(FileLabels::is_agent_touched)
    }
}

/// A hint, or the place where it would stand, cannot be read; it says nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HintError {
    /// A bound was reached.
    #[error("{what} is over the limit: got {got}, limit {limit}")]
    OverLimit {
        /// What is bounded.
        what: &'static str,
        /// How much there is.
        got: u64,
        /// How much there may be.
        limit: u64,
    },
    /// A line of a note is not of its format. Counts from 1.
    #[error("line {line} of the note: {reason}")]
    Line {
        /// Which line.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A member is not of the format.
    #[error("member `{member}`: {reason}")]
    Member {
        /// Which one.
        member: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// Not strict JSON.
    #[error("the record is not strict JSON")]
    Json(#[source] JsonError),
    /// Two notes for one commit: readers disagree about which one counts.
    #[error("commit `{commit}` has two notes")]
    TwoNotes {
        /// The commit.
        commit: String,
    },
    /// The repository cannot be read.
    #[error("the notes cannot be read from the repository")]
    Git(#[from] GitError),
}

/// Reads a file of records: of Agent Trace, one or one a line, or a statement about an agent's commit.
///
/// Which of them it is, the bytes say: a statement has a `predicateType`.
///
/// # Errors
/// As [`read_agent_trace`], [`read_agent_traces`] and [`read_agent_commit`].
pub fn read_records(bytes: &[u8]) -> Result<Vec<Hint>, HintError> {
    refuse_over("bytes of a record", bytes.len() as u64, HINT_BYTES as u64)?;
    match json::parse(bytes, &json_limits()) {
        Ok(document) if document.get("predicateType").is_some() => Ok(vec![read_agent_commit(bytes)?]),
        Ok(_) => Ok(vec![read_agent_trace(bytes)?]),
        Err(_) => read_agent_traces(bytes),
    }
}

/// What JSON of hints may be: far less than evidence.
fn json_limits() -> Limits {
    Limits { json_bytes: HINT_BYTES, json_depth: 32, json_values: 1_000_000, ..Limits::DEFAULT }
}

fn refuse_over(what: &'static str, got: u64, limit: u64) -> Result<(), HintError> {
    if got > limit { Err(HintError::OverLimit { what, got, limit }) } else { Ok(()) }
}

/// A text of a record as it may be shown.
fn shown(text: &str) -> String {
    super::show::escape_for_terminal(text).chars().take(NAME_CHARS).collect()
}

/// Why a path is not one of a tree; `None` for one that is.
fn path_fault(path: &str) -> Option<&'static str> {
    if path.len() > PATH_BYTES {
        return Some("the path is too long");
    }
    let is_bad = |segment: &str| matches!(segment, "" | "." | "..") || segment.chars().any(char::is_control);
    path.split('/').any(is_bad).then_some("no path of a tree")
}
