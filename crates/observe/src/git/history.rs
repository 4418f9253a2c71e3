//! Landings of a ref, read from its first parents.

use std::collections::HashSet;

use gix::ObjectId;
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::{Actor, MergeOf, TreeRef};

use super::error::GitError;
use super::export_ignore::ignored_paths;
use super::graph::{Graph, refuse_cut};
use super::identity::{Identity, PEOPLE, authors_of, push_new};
use super::inventory::TreeCache;
use super::merge::merge_trees;
use super::objects::{Commit, read_commit};
use super::open::{Repository, git_id};
use super::revision::resolve;

/// LIMIT: first parents of one walk.
pub(super) const LANDINGS: usize = 200_000;

/// Why a merge commit has no recomputed merge, or one that is not what landed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeNote {
    /// More than two parents: refused, a merge is computed for two sides only.
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
    /// The recomputed merge has another tree than the one that landed: content was added, changed or dropped in the merge commit.
    Differs,
}

/// A commit, and everybody whose work it says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoredCommit {
    /// The commit.
    pub commit: GitId,
    /// Author, committer, co-authors and agents, as [`landings`] finds them.
    pub authors: Vec<Actor>,
}

impl AuthoredCommit {
    fn of(commit: &Commit) -> Result<Self, GitError> {
        let authors = authors_of(commit);
        if authors.len() > PEOPLE {
            let (got, limit) = (authors.len() as u64, PEOPLE as u64);
            return Err(GitError::OverLimit { what: "number of people of a commit", got, limit });
        }
        Ok(Self { commit: git_id(commit.id)?, authors })
    }
}

/// Each principal with each sponsor once, in the order of the commits.
fn pooled(commits: &[AuthoredCommit]) -> Vec<Actor> {
    let mut authors = Vec::new();
    commits.iter().flat_map(|commit| &commit.authors).for_each(|actor| push_new(&mut authors, actor.clone()));
    authors
}

/// A ref moved from one tree to another, as its history tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedLanding {
    /// The commit that is now on the ref.
    pub commit: GitId,
    /// Its parents, the landing before it first.
    pub parents: Vec<GitId>,
    /// Tree before; absent for a root commit.
    pub from: Option<TreeRef>,
    /// Tree after.
    pub to: TreeRef,
    /// Who the commit says wrote it.
    pub author: Identity,
    /// Who the commit says made it.
    pub committer: Identity,
    /// Everybody whose work this is, as the commits claim: see [`landings`].
    pub authors: Vec<Actor>,
    /// The commits whose people these are, newest first, each with its own.
    pub commits: Vec<AuthoredCommit>,
    /// The recomputed merge; for a commit with one parent only after [`bind_reviews`].
    pub merge_of: Option<MergeOf>,
    /// For a merge commit that is not simply its recomputation: why.
    pub merge_note: Option<MergeNote>,
    /// Paths of `to` that a source archive leaves out.
    pub export_ignore: Vec<String>,
}

impl ObservedLanding {
    /// Whether the list of authors can be stated complete, as far as it goes: not empty, and every agent or unknown has a sponsor.
    ///
    /// Git cannot show that nobody else wrote the content; whoever states completeness answers for that.
    #[must_use]
    pub fn authors_have_sponsors(&self) -> bool {
        let answered =
            |actor: &Actor| actor.sponsor.is_some() || !matches!(actor.kind, ActorKind::Agent | ActorKind::Unknown);
        !self.authors.is_empty() && self.authors.iter().all(answered)
    }
}

/// Reads the landings of a ref, oldest first.
///
/// In: `tip`, as [`resolve`] takes it; `since`, a commit or a tree: the walk ends at the first commit, from the tip back, that is it or has it (exclusive).
/// Without `since` it goes back to the root.
/// Out: one landing for each first parent. Its authors are the commit's author, its committer when he is another and not the forge, and co-authors
/// and agents of its trailers. For a merge: the authors of every commit that came in by it; the merge commit's own people only when it is not equal to its
/// recomputation; the same holds for merges that came in.
/// Cost: reads each blob and tree once; with merges in the range, every commit of the history once.
///
/// # Errors
/// [`GitError::Shallow`] when the clone ends before the walk; [`GitError::SinceNotFound`]; whatever stops an object from being read.
///
/// # Proves / does not prove
/// Proves trees and merges. Names, addresses and trailers are whatever the commits claim.
pub fn landings(repository: &Repository, tip: &str, since: Option<&GitId>) -> Result<Vec<ObservedLanding>, GitError> {
    let tip = resolve(repository, tip)?.commit;
    let commits = first_parents(repository, &tip, since)?;
    let mut reader = Reader { repository, cache: TreeCache::default(), graph: Graph::default() };
    commits.iter().rev().map(|commit| reader.landing(commit)).collect()
}

/// Lists everybody whose work the commits are that `head` has and `base` has not, by the rules of [`landings`]; newest first.
///
/// # Errors
/// As [`landings`].
pub fn authors_between(repository: &Repository, base: &GitId, head: &GitId) -> Result<Vec<Actor>, GitError> {
    let (base, head) = (repository.object_id(base)?, repository.object_id(head)?);
    let mut reader = Reader { repository, cache: TreeCache::default(), graph: Graph::default() };
    Ok(pooled(&reader.side_commits(base, &[head])?))
}

/// Finds the one best common ancestor of two commits, by parents alone; `None` when there is none or more than one.
///
/// # Errors
/// As [`landings`].
pub fn merge_base(repository: &Repository, a: &GitId, b: &GitId) -> Result<Option<GitId>, GitError> {
    let relation = Graph::default().relate(repository, repository.object_id(a)?, repository.object_id(b)?)?;
    match relation.bases.as_slice() {
        [base] => git_id(base).map(Some),
        _ => Ok(None),
    }
}

/// Newest first.
fn first_parents(repository: &Repository, tip: &GitId, since: Option<&GitId>) -> Result<Vec<Commit>, GitError> {
    let since_id = since.map(|id| repository.object_id(id)).transpose()?;
    let mut commits = Vec::new();
    let mut next = Some(repository.object_id(tip)?);
    while let Some(id) = next {
        let commit = read_commit(repository, id)?;
        if since_id.is_some_and(|since| since == id || since == commit.tree) {
            return Ok(commits);
        }
        refuse_cut(repository, id, &commit.parents)?;
        next = commit.parents.first().copied();
        commits.push(commit);
        if commits.len() > LANDINGS {
            return Err(GitError::OverLimit { what: "landings", got: commits.len() as u64, limit: LANDINGS as u64 });
        }
    }
    match since {
        Some(since) => Err(GitError::SinceNotFound { since: since.to_string(), tip: tip.to_string() }),
        None => Ok(commits),
    }
}

struct Reader<'a> {
    repository: &'a Repository,
    cache: TreeCache,
    graph: Graph,
}

/// What a merge commit turned out to be.
struct MergeFound {
    merge_of: Option<MergeOf>,
    note: Option<MergeNote>,
}

impl Reader<'_> {
    fn landing(&mut self, commit: &Commit) -> Result<ObservedLanding, GitError> {
        let from = match commit.parents.first() {
            Some(parent) => {
                let tree = read_commit(self.repository, *parent)?.tree;
                Some(self.cache.tree_ref(self.repository, tree)?)
            }
            None => None,
        };
        let (commits, found) = match commit.parents.as_slice() {
            [] | [_] => (vec![AuthoredCommit::of(commit)?], MergeFound { merge_of: None, note: None }),
            [main, sides @ ..] => self.merge_commits(commit, *main, sides)?,
        };
        Ok(ObservedLanding {
            commit: git_id(commit.id)?,
            parents: commit.parents.iter().map(git_id).collect::<Result<_, _>>()?,
            from,
            to: self.cache.tree_ref(self.repository, commit.tree)?,
            author: Identity::parse(&commit.author),
            committer: Identity::parse(&commit.committer),
            authors: pooled(&commits),
            commits,
            merge_of: found.merge_of,
            merge_note: found.note,
            export_ignore: ignored_paths(self.repository, commit.tree, &mut self.cache)?,
        })
    }

    fn merge_commits(
        &mut self,
        commit: &Commit,
        main: ObjectId,
        sides: &[ObjectId],
    ) -> Result<(Vec<AuthoredCommit>, MergeFound), GitError> {
        let mut commits = self.side_commits(main, sides)?;
        let (note, plan) = self.merge_found(commit)?;
        if note.is_some() || commits.is_empty() {
            commits.push(AuthoredCommit::of(commit)?);
        }
        let merge_of = match plan {
            Some(plan) => Some(MergeOf {
                head: self.cache.tree_ref(self.repository, plan.head)?,
                base: self.cache.tree_ref(self.repository, plan.base)?,
                mode: "merge".to_owned(),
                result: self.cache.tree_ref(self.repository, plan.result)?,
            }),
            None => None,
        };
        Ok((commits, MergeFound { merge_of, note }))
    }

    /// Every commit that a side has and `main` has not, with its people; a merge commit that is its own recomputation adds nobody.
    fn side_commits(&mut self, main: ObjectId, sides: &[ObjectId]) -> Result<Vec<AuthoredCommit>, GitError> {
        let mut commits = Vec::new();
        let mut seen = HashSet::new();
        for side in sides {
            for id in self.graph.relate(self.repository, main, *side)?.only_side {
                if !seen.insert(id) {
                    continue;
                }
                let merged = read_commit(self.repository, id)?;
                if merged.parents.len() < 2 || self.merge_found(&merged)?.0.is_some() {
                    commits.push(AuthoredCommit::of(&merged)?);
                }
            }
        }
        Ok(commits)
    }

    /// Recomputes a merge commit; no note means that it is exactly its recomputation.
    fn merge_found(&mut self, commit: &Commit) -> Result<(Option<MergeNote>, Option<Plan>), GitError> {
        let [main, side] = commit.parents.as_slice() else {
            return Ok((Some(MergeNote::Octopus { parents: commit.parents.len() }), None));
        };
        let bases = self.graph.relate(self.repository, *main, *side)?.bases;
        let base = match bases.as_slice() {
            [base] => read_commit(self.repository, *base)?.tree,
            [] => return Ok((Some(MergeNote::NoBase), None)),
            many => return Ok((Some(MergeNote::ManyBases { bases: many.len() }), None)),
        };
        let onto = read_commit(self.repository, *main)?.tree;
        let head = read_commit(self.repository, *side)?.tree;
        let Some(result) = merge_trees(self.repository, &mut self.cache, onto, base, head)? else {
            return Ok((Some(MergeNote::Conflict), None));
        };
        Ok(((result != commit.tree).then_some(MergeNote::Differs), Some(Plan { head, base, result })))
    }
}

struct Plan {
    head: ObjectId,
    base: ObjectId,
    result: ObjectId,
}

/// Finds, for each landing that is not already its recomputed merge, the reviewed change (base tree, head tree) that it is: squash, rebase or cherry-pick.
///
/// In: landings of this repository, and the base and head trees of reviews. Out: `merge_of` with mode `squash` where the three-way merge of `from` and
/// head, with the review's own base as ancestor, is exactly `to`; the first such review wins. A change that adds nothing never binds.
///
/// SPEC: DESIGN section 1, R3 (T2).
///
/// # Errors
/// When an object cannot be read. A review whose trees are not in this repository binds nothing.
pub fn bind_reviews(
    repository: &Repository,
    landings: &mut [ObservedLanding],
    reviews: &[(GitId, GitId)],
) -> Result<(), GitError> {
    let mut cache = TreeCache::default();
    let known = |id: &GitId| {
        repository
            .object_id(id)
            .ok()
            .filter(|id| *id == ObjectId::empty_tree(id.kind()) || repository.inner.has_object(id))
    };
    let reviews: Vec<(ObjectId, ObjectId)> = reviews
        .iter()
        .filter(|(base, head)| base != head)
        .filter_map(|(base, head)| Some((known(base)?, known(head)?)))
        .collect();
    for landing in landings {
        let (Some(from), Some(to)) =
            (landing.from.as_ref().and_then(|tree| tree.git_tree.as_ref()), landing.to.git_tree.as_ref())
        else {
            continue;
        };
        if landing.merge_of.as_ref().is_some_and(|merge| merge.result == landing.to) || from == to {
            continue;
        }
        let (onto, to) = (repository.object_id(from)?, repository.object_id(to)?);
        for (base, head) in &reviews {
            if merge_trees(repository, &mut cache, onto, *base, *head)? == Some(to) {
                landing.merge_of = Some(MergeOf {
                    head: cache.tree_ref(repository, *head)?,
                    base: cache.tree_ref(repository, *base)?,
                    mode: "squash".to_owned(),
                    result: landing.to.clone(),
                });
                break;
            }
        }
    }
    Ok(())
}
