//! What solving gives: a verdict with its proof or its frontier, findings, and a verdict per file.

mod proof;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::wire::facts::Label;

pub(crate) use self::proof::Findings;
pub use self::proof::{Proof, ProofItem, ProofRole};
use crate::finding::{Finding, Severity};

/// The answer to the question. Callers must face every case, so this enum is exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Proven.
    Accepted,
    /// Not proven, but two people signed an exception for exactly this artifact.
    Exception,
    /// Evidence was read and does not prove it.
    Refused,
    /// No verified evidence names the artifact, or a list that is demanded is missing or stale.
    Undecided,
}

impl Verdict {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Exception => "exception",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        }
    }
}

/// The answer for one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileVerdict {
    /// Proven.
    Clean,
    /// An agent-touched step lies behind it with no review after.
    Violation,
    /// Nobody is known to have reviewed it.
    Unreviewed,
    /// A link, label or input list is missing.
    Indeterminate,
    /// Let through by an exception.
    Exception,
}

impl FileVerdict {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Violation => "violation",
            Self::Unreviewed => "unreviewed",
            Self::Indeterminate => "indeterminate",
            Self::Exception => "exception",
        }
    }
}

/// Why a file has its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// Rule that decided: `source-archive`, `path-map`, `product`, `pinned`, `trusted-input`, `parent-folder`, `unmatched` ...
    pub rule: &'static str,
    /// Statements it rests on, the last step first. Files that rest on the same share the list.
    pub evidence: Arc<[StatementDigest]>,
    /// Step that made the file.
    pub step: Option<StatementDigest>,
    /// Review that covers its source.
    pub review: Option<StatementDigest>,
    /// Landing that last changed the path of its source, as far back as the chain is known. Explains only: no verdict rests on it.
    pub last_landing: Option<StatementDigest>,
    /// Name of the material that gives it, where a base does.
    pub base: Option<String>,
    /// Path map rule `from -> to` that placed it. Files that it placed share it.
    pub path_map: Option<Arc<(String, String)>>,
    /// Path of the material it came from.
    pub source_path: Option<String>,
    /// For a file that is not clean: the actors of the step to look at.
    pub actors: Vec<String>,
}

/// An author of a landing, with everything that any statement says of him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandingAuthor {
    /// Who he is.
    pub principal: String,
    /// What he is taken for: the worst that is known.
    pub kind: ActorKind,
}

/// One entry of the artifact, in path order within its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAnswer {
    /// Platform of the member, where the artifact is an index.
    pub platform: Option<String>,
    /// Path as in the facts.
    pub path: String,
    /// The answer.
    pub verdict: FileVerdict,
    /// Why.
    pub explained_by: Explanation,
}

impl FileAnswer {
    /// The name of the entry in documents that list answers: its path, after the platform of its member where it has one.
    #[must_use]
    pub fn key(&self) -> String {
        self.platform.iter().map(String::as_str).chain([self.path.as_str()]).collect::<Vec<_>>().join(" ")
    }
}

/// One input of a build or package step that came from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputAnswer {
    /// The step that read it.
    pub step: StatementDigest,
    /// Its name, or its address where it has none.
    pub name: String,
    /// Digest of its bytes, where the step states one.
    pub digest: Option<Sha256>,
    /// Unreviewed where nothing accounts for it; what is pinned is as clean as the entry that pins it.
    pub verdict: FileVerdict,
    /// What accounts for it: `pinned`, `trusted-input`, `fetched`; `undeclared-input` where nothing does.
    pub rule: &'static str,
    /// The lock file that pins it, by its path in the source.
    pub pinned_by: Option<String>,
    /// Whether it gives layers of an image that the step made.
    pub gives_layers: bool,
}

/// The smallest thing that, if proven, would let the artifact pass; several when all are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontierItem {
    /// The finding that says so: id, message, hint, where.
    pub finding: Finding,
    /// Who acted there, as far as known.
    pub actors: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Labels that no derivation avoids.
    pub labels: Vec<Label>,
    /// Findings, worst first.
    pub findings: Vec<Finding>,
    /// Files of the artifact in path order.
    pub files: Vec<FileAnswer>,
    /// Authors of the landings that last changed the source of some file: those it lists, those of reviews and edits that meet it.
    pub authors: BTreeMap<StatementDigest, Vec<LandingAuthor>>,
    /// What came into its steps from outside, by step.
    pub inputs: Vec<InputAnswer>,
    /// For an acceptance or exception: what it rests on.
    pub proof: Proof,
    /// For a refusal: what is missing.
    pub frontier: Vec<FrontierItem>,
    /// Statements that count for nothing, and why.
    pub unused: Vec<(StatementDigest, String)>,
}

impl Outcome {
    /// Adds what was noticed when the artifact was read. An error refuses, whatever the evidence says: what a puller gets is not
    /// what was judged.
    #[must_use]
    pub fn with_reading(mut self, reading: Vec<Finding>) -> Self {
        let (errors, others): (Vec<_>, Vec<_>) =
            reading.into_iter().partition(|finding| finding.severity == Severity::Error);
        if !errors.is_empty() {
            self.verdict = Verdict::Refused;
            self.proof = Proof::default();
        }
        let odd: BTreeSet<&str> = errors.iter().filter_map(|finding| finding.place.path.as_deref()).collect();
        for answer in &mut self.files {
            if odd.contains(answer.path.as_str())
                && matches!(answer.verdict, FileVerdict::Clean | FileVerdict::Exception)
            {
                answer.verdict = FileVerdict::Indeterminate;
            }
        }
        let frontier = errors.iter().map(|finding| FrontierItem { finding: finding.clone(), actors: Vec::new() });
        self.frontier.splice(0..0, frontier);
        self.findings.splice(0..0, errors);
        self.findings.extend(others);
        self
    }
}
