//! What a commit is, measured by what it says it brings in: that very tree, its recomputed merge, or something else.
//!
//! SPEC: DESIGN section 1, R3. `identity` is T1 and `replay` is T2; `residual` names the paths that neither explains. A class is an observation and covers
//! nothing: cover is derived from signed statements, in `lineage`.

use gix::ObjectId;
use lasthand_model::digest::GitId;

use super::class_by_parents::class_of;
use super::error::GitError;
use super::graph::Graph;
use super::inventory::TreeCache;
use super::objects::read_commit;
use super::open::{Repository, git_id};
use super::outside::{Outside, outside_of};
use super::revision::resolve;

/// LIMIT: commits whose trees, and merged objects, are held in memory at one time.
const HELD_COMMITS: usize = 512;

/// Why a commit is not the recomputed merge of what it brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeNote {
    /// More than two parents: a merge is computed for two sides only.
    Octopus {
        /// How many parents there are.
        parents: usize,
    },
    /// The two sides have no common ancestor.
    NoBase,
    /// The two sides have several best common ancestors.
    ManyBases {
        /// How many.
        bases: usize,
    },
    /// The recomputed merge conflicts, so a person or an agent decided its content.
    Conflict,
    /// A file that both sides changed is too large to be merged by lines: what it holds cannot be recomputed.
    TooLarge,
    /// The recomputed merge has another tree than the one that landed: content was added, changed or dropped in the commit.
    Differs,
    /// The clone is cut: where the sides really parted may lie behind it.
    Shallow,
}

impl MergeNote {
    /// The word of reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Octopus { .. } => "octopus",
            Self::NoBase => "no-base",
            Self::ManyBases { .. } => "several-bases",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::Differs => "differs",
            Self::Shallow => "shallow",
        }
    }
}

/// What a commit is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// Itself: it has at most one parent, and no review that was given has to do with it. Its tree is what its people wrote onto its parent, nothing was
    /// merged, and whoever reviews it reviews the whole of it.
    Itself,
    /// Its parents: it is a merge.
    Parents,
    /// A change that a review is about.
    Review {
        /// The review's base tree.
        base: GitId,
        /// The review's head tree.
        head: GitId,
    },
}

/// What a commit is. Every commit has exactly one class.
///
/// A commit is compared with the review that holds for it by T1 or T2, else, when it is a merge, with its parents, else with the given review that explains most
/// of it, else with itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LandingClass {
    /// The landed tree is the head's tree, and the tree before is the base's (T1): fast-forward, a merge or squash where the base did not move, a plain commit.
    Identity {
        /// With what it was compared.
        against: Against,
    },
    /// The landed tree is the three-way merge of the tree before and the head, computed again (T2).
    Replay {
        /// With what it was compared: parents or a review.
        against: Against,
    },
    /// The landed tree holds something that was not in what it brings in.
    Residual {
        /// With what it was compared: parents or a review.
        against: Against,
        /// Why.
        why: MergeNote,
        /// The paths that need a review of their own, in the order of their bytes, as [`path_text`](super::path_text) writes them: see docs/landings.md.
        /// Where no merge is computed these are all that the landing changes.
        paths: Vec<String>,
        /// Whether the landing's patch id is that of the review's change: it explains where the landing comes from, and covers nothing.
        equal_patch: bool,
    },
}

impl LandingClass {
    /// The word for the class: `identity`, `replay` or `residual`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Identity { .. } => "identity",
            Self::Replay { .. } => "replay",
            Self::Residual { .. } => "residual",
        }
    }

    /// With what the commit was compared.
    #[must_use]
    pub const fn against(&self) -> &Against {
        match self {
            Self::Identity { against } | Self::Replay { against } | Self::Residual { against, .. } => against,
        }
    }

    /// A merge that is its own recomputation, of a change that a review names, too.
    pub(super) fn set_against(&mut self, review: Against) {
        match self {
            Self::Identity { against } | Self::Replay { against } | Self::Residual { against, .. } => *against = review,
        }
    }

    /// Why a merge is not its own recomputation.
    #[must_use]
    pub const fn merge_note(&self) -> Option<MergeNote> {
        match self {
            Self::Residual { against: Against::Parents, why, .. } => Some(*why),
            _ => None,
        }
    }
}

/// A commit and its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassedCommit {
    /// The commit.
    pub commit: GitId,
    /// How many parents it has.
    pub parents: usize,
    /// What it is.
    pub class: LandingClass,
    /// What it brings in whose content lies elsewhere: see [`Outside`].
    pub outside: Vec<Outside>,
}

/// Classes every commit that `tip` reaches, parents before children.
///
/// In: `tip`, as [`resolve`] takes it. Out: each commit once; commits of one generation in the order of their ids.
/// Cost: what each commit changes, and one merge for each merge commit; reads every commit of the history. Memory: the commit graph and the trees of 512 commits.
///
/// # Errors
/// [`GitError::Shallow`] when the clone lacks a parent; whatever stops an object from being read.
///
/// # Proves / does not prove
/// Proves how trees relate. Says nothing of who made them, and covers nothing.
pub fn classes(repository: &Repository, tip: &str) -> Result<Vec<ClassedCommit>, GitError> {
    let tip = repository.object_id(&resolve(repository, tip)?.commit)?;
    let mut graph = Graph::default();
    let commits = graph.ancestors(repository, tip)?;
    let mut cache = TreeCache::default();
    let mut classed = Vec::with_capacity(commits.len());
    for (at, id) in commits.into_iter().enumerate() {
        if at % HELD_COMMITS == 0 {
            cache = TreeCache::default();
            repository.inner.objects.reset_object_memory();
        }
        repository.forget_merges();
        let commit = read_commit(repository, id)?;
        let before = match commit.parents.first() {
            Some(parent) => read_commit(repository, *parent)?.tree,
            None => ObjectId::empty_tree(id.kind()),
        };
        classed.push(ClassedCommit {
            commit: git_id(id)?,
            parents: commit.parents.len(),
            class: class_of(repository, &mut cache, &mut graph, &commit)?.class,
            outside: outside_of(repository, &mut cache, before, commit.tree)?,
        });
    }
    Ok(classed)
}
