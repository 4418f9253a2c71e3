//! Landings of a ref, read from its first parents.

use std::collections::{BTreeMap, HashSet};

use gix::ObjectId;
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::{Actor, MergeOf, TreeRef};

use super::agents::Rule;
use super::class_by_parents::class_of;
use super::class_by_reviews::Reviewed;
use super::error::GitError;
use super::export_ignore::ignored_paths;
use super::graph::{Graph, refuse_cut};
use super::identity::{CommitPeople, Identity, OddPeople, push_new};
use super::inventory::TreeCache;
use super::landing_class::{Against, LandingClass};
use super::objects::{Commit, read_commit};
use super::open::{Repository, git_id};
use super::outside::{Outside, outside_of};
use super::revision::resolve;

/// LIMIT: first parents of one walk.
pub(super) const LANDINGS: usize = 200_000;

/// A commit, and everybody whose work it says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoredCommit {
    /// The commit.
    pub commit: GitId,
    /// Author, committer, co-authors and agents, as [`landings`] finds them.
    pub authors: Vec<Actor>,
    /// The row of the table by which each of them was recognised, by principal and kind.
    pub rules: BTreeMap<(String, ActorKind), Rule>,
    /// What a person should look at.
    pub odd: Vec<OddPeople>,
}

impl AuthoredCommit {
    fn of(commit: &Commit) -> Result<Self, GitError> {
        let people = CommitPeople::of(commit)?;
        let rules = people.rules();
        let authors = people.actors.into_iter().map(|known| known.actor).collect();
        Ok(Self { commit: git_id(commit.id)?, authors, rules, odd: people.odd })
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
    /// Merge commits that add nothing, newest first: the landing's own and those that came in. Their people are none of the authors, and may be odd all the same.
    pub mergers: Vec<AuthoredCommit>,
    /// The recomputed merge; for a commit with one parent only after [`bind_reviews`].
    pub merge_of: Option<MergeOf>,
    /// What it is, by its parents; after [`bind_reviews`] also by reviews.
    pub class: LandingClass,
    /// What it brings in whose content lies elsewhere: submodules, and files that stand for larger ones.
    pub outside: Vec<Outside>,
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

/// Reads the one landing by which a ref came from one commit to another that does not go on from it by first parents: pushed over, moved back, or
/// merged the other way around.
///
/// Out: a landing with `before` as its only parent. Its authors are those of every commit that the ref did not have before, merges that are their own
/// recomputation left out; nobody where it has none. What such a landing changes is never a recomputed merge.
///
/// # Errors
/// As [`landings`].
pub fn landing_over(repository: &Repository, before: &GitId, tip: &str) -> Result<ObservedLanding, GitError> {
    let tip = read_commit(repository, repository.object_id(&resolve(repository, tip)?.commit)?)?;
    let before = read_commit(repository, repository.object_id(before)?)?;
    let mut reader = Reader { repository, cache: TreeCache::default(), graph: Graph::default() };
    let Landed { commits, mergers } = reader.side_commits(before.id, &[tip.id])?;
    let parent = Commit { parents: vec![before.id], ..tip };
    let landing = reader.landing(&parent)?;
    Ok(ObservedLanding { authors: pooled(&commits), commits, mergers, merge_of: None, ..landing })
}

/// Lists everybody whose work the commits are that `head` has and `base` has not, by the rules of [`landings`]; newest first.
///
/// # Errors
/// As [`landings`].
pub fn authors_between(repository: &Repository, base: &GitId, head: &GitId) -> Result<Vec<Actor>, GitError> {
    let (base, head) = (repository.object_id(base)?, repository.object_id(head)?);
    let mut reader = Reader { repository, cache: TreeCache::default(), graph: Graph::default() };
    Ok(pooled(&reader.side_commits(base, &[head])?.commits))
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

impl Reader<'_> {
    fn landing(&mut self, commit: &Commit) -> Result<ObservedLanding, GitError> {
        self.repository.forget_merges();
        let before = match commit.parents.first() {
            Some(parent) => Some(read_commit(self.repository, *parent)?.tree),
            None => None,
        };
        let from = before.map(|tree| self.cache.tree_ref(self.repository, tree)).transpose()?;
        let found = class_of(self.repository, &mut self.cache, &mut self.graph, commit)?;
        let merge_of = match found.plan {
            Some(plan) => Some(MergeOf {
                head: self.cache.tree_ref(self.repository, plan.head)?,
                base: self.cache.tree_ref(self.repository, plan.base)?,
                mode: "merge".to_owned(),
                result: self.cache.tree_ref(self.repository, plan.result)?,
            }),
            None => None,
        };
        let Landed { commits, mergers } = self.landed_commits(commit, &found.class)?;
        let empty = ObjectId::empty_tree(commit.id.kind());
        Ok(ObservedLanding {
            commit: git_id(commit.id)?,
            parents: commit.parents.iter().map(git_id).collect::<Result<_, _>>()?,
            from,
            to: self.cache.tree_ref(self.repository, commit.tree)?,
            author: Identity::parse(&commit.author),
            committer: Identity::parse(&commit.committer),
            authors: pooled(&commits),
            commits,
            mergers,
            merge_of,
            class: found.class,
            outside: outside_of(self.repository, &mut self.cache, before.unwrap_or(empty), commit.tree)?,
            export_ignore: ignored_paths(self.repository, commit.tree, &mut self.cache)?,
        })
    }

    /// The commits whose people a landing's authors are.
    fn landed_commits(&mut self, commit: &Commit, class: &LandingClass) -> Result<Landed, GitError> {
        let own = AuthoredCommit::of(commit)?;
        let [main, sides @ ..] = commit.parents.as_slice() else {
            return Ok(Landed { commits: vec![own], mergers: Vec::new() });
        };
        let mut landed = self.side_commits(*main, sides)?;
        if landed.commits.is_empty() || matches!(class, LandingClass::Residual { .. }) {
            landed.commits.push(own);
        } else {
            landed.mergers.insert(0, own);
        }
        Ok(landed)
    }

    /// Every commit that a side has and `main` has not, with its people; a merge commit that is its own recomputation adds nobody.
    fn side_commits(&mut self, main: ObjectId, sides: &[ObjectId]) -> Result<Landed, GitError> {
        let mut landed = Landed { commits: Vec::new(), mergers: Vec::new() };
        let mut seen = HashSet::new();
        for side in sides {
            for id in self.graph.relate(self.repository, main, *side)?.only_side {
                if !seen.insert(id) {
                    continue;
                }
                let merged = read_commit(self.repository, id)?;
                self.repository.forget_merges();
                let is_merge = merged.parents.len() > 1
                    && class_of(self.repository, &mut self.cache, &mut self.graph, &merged)?.is_merge;
                let to = if is_merge { &mut landed.mergers } else { &mut landed.commits };
                to.push(AuthoredCommit::of(&merged)?);
            }
        }
        Ok(landed)
    }
}

/// Commits of a landing: those whose people are its authors, and merges that add nothing.
struct Landed {
    commits: Vec<AuthoredCommit>,
    mergers: Vec<AuthoredCommit>,
}

/// Measures landings by the changes that reviews are about: squash, rebase, cherry-pick, queue.
///
/// In: landings of this repository, oldest first, and the base and head trees of reviews. Out: `merge_of` with mode `squash` where the three-way merge of `from` and
/// head, with the review's own base as ancestor, is exactly `to` and the landing is not its own recomputed merge already; the first such review wins. A
/// change that adds nothing never binds. `class` says the same by T1 and T2; where no review holds, it names what the review leaves that explains most
/// of the landing.
/// Cost: at most one merge for each landing and review.
///
/// SPEC: DESIGN section 1, R3 (T1, T2).
///
/// # Errors
/// When an object cannot be read. A review whose trees are not in this repository binds nothing.
pub fn bind_reviews(
    repository: &Repository,
    landings: &mut [ObservedLanding],
    reviews: &[(GitId, GitId)],
) -> Result<(), GitError> {
    let mut reviewed = Reviewed::new(repository, reviews);
    let tree_before = |landing: &ObservedLanding| match &landing.from {
        Some(TreeRef { git_tree: Some(tree), .. }) => repository.object_id(tree).map(Some),
        _ => Ok(None),
    };
    reviewed.follow(&landings.iter().map(tree_before).collect::<Result<Vec<_>, _>>()?);
    let mut graph = Graph::default();
    let mut unbound = Vec::new();
    for (at, landing) in landings.iter_mut().enumerate() {
        let (Some(from), Some(to)) = (&landing.from, landing.to.git_tree.clone()) else { continue };
        let Some(from) = from.git_tree.clone().filter(|from| *from != to) else { continue };
        let own = landing.merge_of.as_ref().filter(|merge| merge.result == landing.to);
        if let Some(merge) = own {
            if let (Some(base), Some(head)) = (&merge.base.git_tree, &merge.head.git_tree)
                && let Some(against) = reviewed.named(base, head)?
            {
                landing.class.set_against(against);
            }
            continue;
        }
        let (before, landed) = (repository.object_id(&from)?, repository.object_id(&to)?);
        let Some(bound) = reviewed.bind(before, landed)? else {
            unbound.push((at, landing, before, landed));
            continue;
        };
        landing.merge_of = Some(MergeOf {
            head: reviewed.cache.tree_ref(repository, bound.head)?,
            base: reviewed.cache.tree_ref(repository, bound.base)?,
            mode: "squash".to_owned(),
            result: landing.to.clone(),
        });
        landing.class = bound.class;
        without_merger(repository, &mut reviewed.cache, &mut graph, landing)?;
    }
    // Only now is it known which reviews are some landing already.
    for (at, landing, before, landed) in unbound {
        if *landing.class.against() == Against::Itself
            && let Some(class) = reviewed.nearest(at, before, landed)?
        {
            landing.class = class;
        }
    }
    Ok(())
}

/// Leaves out the people of a merge commit that was found to be a replay, where it is the merge of its own parents, too, by each of their bases.
///
/// SPEC: DESIGN section 1, R4: the presser of a merge is none of its authors.
/// SECURITY: that a review is about the very trees is not enough: whoever put content of his own into the merge can have that review made.
fn without_merger(
    repository: &Repository,
    cache: &mut TreeCache,
    graph: &mut Graph,
    landing: &mut ObservedLanding,
) -> Result<(), GitError> {
    if landing.parents.len() < 2 || landing.commits.len() < 2 {
        return Ok(());
    }
    let commit = read_commit(repository, repository.object_id(&landing.commit)?)?;
    if class_of(repository, cache, graph, &commit)?.is_merge {
        let is_own = |commit: &mut AuthoredCommit| commit.commit == landing.commit;
        landing.mergers.splice(0..0, landing.commits.extract_if(.., is_own));
        landing.authors = pooled(&landing.commits);
    }
    Ok(())
}
