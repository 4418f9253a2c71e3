//! What a commit is, measured by what it says it brings in: that very tree, its recomputed merge, or something else.
//!
//! SPEC: DESIGN section 1, R3. `identity` is T1 and `replay` is T2; `residual` names the paths that neither explains. A class is an observation and covers
//! nothing: cover is derived from signed statements, in `lineage`.

use std::collections::BTreeSet;

use gix::ObjectId;
use lasthand_model::digest::GitId;

use super::diff::{Changes, Version, changed};
use super::error::GitError;
use super::graph::Graph;
use super::inventory::TreeCache;
use super::merge::{Merged, merge_noting, merge_trees, pick};
use super::objects::{Commit, read_commit};
use super::open::{Repository, git_id};
use super::outside::{Outside, outside_of};
use super::patch_id::patch_id_of;
use super::path::path_text;
use super::revision::resolve;

/// LIMIT: commits whose trees, and merged objects, are held in memory at one time.
const HELD_COMMITS: usize = 512;

/// Why a commit is not the recomputed merge of what it brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The recomputed merge has another tree than the one that landed: content was added, changed or dropped in the commit.
    Differs,
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
        /// The paths that need a review of their own, in the order of their bytes, as [`path_text`] writes them. See [`class_of`]. Empty where sides that
        /// cannot be merged agree in every path.
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
}

impl LandingClass {
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

/// A commit measured by its parents.
#[derive(Debug)]
pub(super) struct ByParents {
    pub(super) class: LandingClass,
    /// For two parents with one base and no conflict.
    pub(super) plan: Option<Plan>,
}

/// Trees of a recomputed merge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) head: ObjectId,
    pub(super) base: ObjectId,
    pub(super) result: ObjectId,
}

/// Classes a commit by its parents alone.
///
/// Residual paths are those where the landed tree differs from the recomputed merge; where that conflicts, also the paths of the conflicts, whatever was decided.
/// Where no merge is computed (octopus, no base, many bases) a path is explained only by a choice between whole entries that every base gives: the
/// sides are taken in turn, each changes what its base had or leaves it. So a path that was taken from one side while the other changed it, too, is residual.
pub(super) fn class_of(
    repository: &Repository,
    cache: &mut TreeCache,
    graph: &mut Graph,
    commit: &Commit,
) -> Result<ByParents, GitError> {
    let [main, sides @ ..] = commit.parents.as_slice() else { return Ok(ByParents::itself()) };
    let mut found = Vec::with_capacity(sides.len());
    for side in sides {
        let mut bases = Vec::new();
        for base in graph.relate(repository, *main, *side)?.bases {
            bases.push(read_commit(repository, base)?.tree);
        }
        found.push(Side { head: read_commit(repository, *side)?.tree, bases });
    }
    let onto = read_commit(repository, *main)?.tree;
    let why = match found.as_slice() {
        [] => return Ok(ByParents::itself()),
        [Side { head, bases }] => match bases.as_slice() {
            [base] => return merged_class(repository, cache, commit.tree, onto, (*base, *head)),
            [] => MergeNote::NoBase,
            many => MergeNote::ManyBases { bases: many.len() },
        },
        _ => MergeNote::Octopus { parents: commit.parents.len() },
    };
    let paths = unexplained(repository, cache, commit.tree, onto, &found)?;
    let class = LandingClass::Residual { against: Against::Parents, why, paths, equal_patch: false };
    Ok(ByParents { class, plan: None })
}

impl ByParents {
    const fn itself() -> Self {
        Self { class: LandingClass::Identity { against: Against::Itself }, plan: None }
    }
}

/// What one more parent brings in.
struct Side {
    head: ObjectId,
    bases: Vec<ObjectId>,
}

fn merged_class(
    repository: &Repository,
    cache: &mut TreeCache,
    landed: ObjectId,
    onto: ObjectId,
    (base, head): (ObjectId, ObjectId),
) -> Result<ByParents, GitError> {
    let merged = merge_noting(repository, cache, onto, base, head)?;
    let plan = merged.conflicts.is_empty().then_some(Plan { head, base, result: merged.tree });
    let against = Against::Parents;
    let class = if plan.is_some() && merged.tree == landed {
        if onto == base { LandingClass::Identity { against } } else { LandingClass::Replay { against } }
    } else {
        let why = if plan.is_some() { MergeNote::Differs } else { MergeNote::Conflict };
        let paths = residual(repository, cache, &merged, landed, (onto, head))?;
        LandingClass::Residual { against, why, paths: texts(paths), equal_patch: false }
    };
    Ok(ByParents { class, plan })
}

/// Paths where a landed tree is not what the merge gives, and every path below a conflict.
fn residual(
    repository: &Repository,
    cache: &mut TreeCache,
    merged: &Merged,
    landed: ObjectId,
    (onto, head): (ObjectId, ObjectId),
) -> Result<BTreeSet<Vec<u8>>, GitError> {
    let mut paths: BTreeSet<Vec<u8>> = changed(repository, cache, merged.tree, landed)?.into_keys().collect();
    if merged.conflicts.is_empty() {
        return Ok(paths);
    }
    // The sides differ wherever they conflict, so the landed tree differs there from one of them at least, whichever was taken.
    for side in [onto, head] {
        let differing = changed(repository, cache, side, landed)?;
        paths.extend(differing.into_keys().filter(|path| is_at_or_below(path, &merged.conflicts)));
    }
    Ok(paths)
}

/// Whether a path or a folder above it is in a sorted list.
fn is_at_or_below(path: &[u8], sorted: &[Vec<u8>]) -> bool {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| path.get(..end))
        .any(|above| sorted.binary_search_by(|known| known.as_slice().cmp(above)).is_ok())
}

/// Paths that no choice between whole entries gives as they landed.
fn unexplained(
    repository: &Repository,
    cache: &mut TreeCache,
    landed: ObjectId,
    onto: ObjectId,
    sides: &[Side],
) -> Result<Vec<String>, GitError> {
    let empty = [ObjectId::empty_tree(landed.kind())];
    // Every path that is not the same in all trees differs from the landed one in one of them.
    let mut versions = Vec::with_capacity(sides.len());
    let mut paths = BTreeSet::new();
    let landed_to = |cache: &mut TreeCache, tree| changed(repository, cache, landed, tree);
    let from_onto = landed_to(cache, onto)?;
    paths.extend(from_onto.keys().cloned());
    for side in sides {
        let head = landed_to(cache, side.head)?;
        paths.extend(head.keys().cloned());
        let bases = if side.bases.is_empty() { &empty[..] } else { &side.bases };
        let bases = bases.iter().map(|base| landed_to(cache, *base)).collect::<Result<Vec<_>, _>>()?;
        bases.iter().for_each(|base| paths.extend(base.keys().cloned()));
        versions.push((head, bases));
    }
    let explained = |path: &Vec<u8>| {
        let known = from_onto.get(path).or_else(|| versions.iter().find_map(|(head, bases)| at_any(path, head, bases)));
        let Some((as_landed, _)) = known else { return true };
        let at = |tree: &Changes| tree.get(path).map_or(*as_landed, |(_, there)| *there);
        let mut taken = at(&from_onto);
        for (head, bases) in &versions {
            let mut choices = bases.iter().map(|base| pick(taken, Some(at(base)), at(head)));
            let Some(Some(first)) = choices.next() else { return false };
            if choices.any(|other| other != Some(first)) {
                return false;
            }
            taken = first;
        }
        taken == *as_landed
    };
    Ok(texts(paths.into_iter().filter(|path| !explained(path)).collect()))
}

fn at_any<'a>(path: &[u8], head: &'a Changes, bases: &'a [Changes]) -> Option<&'a (Version, Version)> {
    head.get(path).or_else(|| bases.iter().find_map(|base| base.get(path)))
}

fn texts(paths: BTreeSet<Vec<u8>>) -> Vec<String> {
    paths.iter().map(|path| path_text(path)).collect()
}

/// Changes that reviews are about, for landings to be measured by.
pub(super) struct Reviewed<'a> {
    repository: &'a Repository,
    pub(super) cache: TreeCache,
    changes: Vec<Change>,
}

/// One change that a review is about.
struct Change {
    base: ObjectId,
    head: ObjectId,
    /// Paths it changes, once they were asked for.
    paths: Option<BTreeSet<Vec<u8>>>,
    /// Whether it is some landing already: it covers one, so it does not explain another.
    landed: bool,
    /// The first landing that it can explain: the one onto its base. Those before are what it was made upon.
    since: usize,
}

impl Change {
    fn against(&self) -> Result<Against, GitError> {
        Ok(Against::Review { base: git_id(self.base)?, head: git_id(self.head)? })
    }
}

/// A landing that a review's change is, by T1 or T2.
pub(super) struct Bound {
    pub(super) class: LandingClass,
    pub(super) base: ObjectId,
    pub(super) head: ObjectId,
}

impl<'a> Reviewed<'a> {
    /// Takes the changes whose trees are in the repository; one that changes nothing is none.
    pub(super) fn new(repository: &'a Repository, reviews: &[(GitId, GitId)]) -> Self {
        let known = |id: &GitId| {
            repository
                .object_id(id)
                .ok()
                .filter(|id| *id == ObjectId::empty_tree(id.kind()) || repository.inner.has_object(id))
        };
        let changes = reviews
            .iter()
            .filter(|(base, head)| base != head)
            .filter_map(|(base, head)| Some((known(base)?, known(head)?)))
            .map(|(base, head)| Change { base, head, paths: None, landed: false, since: 0 })
            .collect();
        Self { repository, cache: TreeCache::default(), changes }
    }

    /// Takes note of the trees before the landings, oldest first. A change whose base is none of them was made before them all, or, where they begin at the
    /// root of the history, elsewhere.
    pub(super) fn follow(&mut self, befores: &[Option<ObjectId>]) {
        let missing = if befores.first().is_some_and(Option::is_none) { usize::MAX } else { 0 };
        for change in &mut self.changes {
            change.since = befores.iter().position(|before| *before == Some(change.base)).unwrap_or(missing);
        }
    }

    /// The first review whose change gives `landed` from `before`.
    pub(super) fn bind(&mut self, before: ObjectId, landed: ObjectId) -> Result<Option<Bound>, GitError> {
        for change in &mut self.changes {
            let (base, head) = (change.base, change.head);
            if merge_trees(self.repository, &mut self.cache, before, base, head)? == Some(landed) {
                change.landed = true;
                let against = change.against()?;
                let is_identity = before == base && landed == head;
                let class =
                    if is_identity { LandingClass::Identity { against } } else { LandingClass::Replay { against } };
                return Ok(Some(Bound { class, base, head }));
            }
        }
        Ok(None)
    }

    /// The review that a merge's own head and base are, when one is; no merge is computed.
    pub(super) fn named(&mut self, base: &GitId, head: &GitId) -> Result<Option<Against>, GitError> {
        let (base, head) = (self.repository.object_id(base)?, self.repository.object_id(head)?);
        let Some(change) = self.changes.iter_mut().find(|change| (change.base, change.head) == (base, head)) else {
            return Ok(None);
        };
        change.landed = true;
        change.against().map(Some)
    }

    /// The review that explains most of the landing `at` this place of the list, for which no review holds. It is no other landing, it was not made upon this
    /// one, it would still add something, and the landing has one of its paths as the review gives it, or changes them all. One with the landing's patch id goes first.
    pub(super) fn nearest(
        &mut self,
        at: usize,
        before: ObjectId,
        landed: ObjectId,
    ) -> Result<Option<LandingClass>, GitError> {
        let is_open = |change: &Change| !change.landed && change.since <= at;
        if !self.changes.iter().any(is_open) {
            return Ok(None);
        }
        let own = changed(self.repository, &mut self.cache, before, landed)?.into_keys().collect();
        let mut nearest: Option<(Left, Against)> = None;
        for change in self.changes.iter_mut().filter(|change| is_open(change)) {
            let Some(left) = change.leaves(self.repository, &mut self.cache, (before, landed), &own)? else { continue };
            if nearest.as_ref().is_none_or(|(known, _)| left.distance() < known.distance()) {
                nearest = Some((left, change.against()?));
            }
        }
        Ok(nearest.map(|(Left { paths, why, equal_patch }, against)| LandingClass::Residual {
            against,
            why,
            paths: texts(paths),
            equal_patch,
        }))
    }
}

/// What a review's change leaves unexplained of a landing.
struct Left {
    paths: BTreeSet<Vec<u8>>,
    why: MergeNote,
    equal_patch: bool,
}

impl Left {
    fn distance(&self) -> (bool, usize) {
        (!self.equal_patch, self.paths.len())
    }
}

impl Change {
    /// What this change leaves of a landing that changes the paths `own`; nothing when it has nothing to do with it.
    fn leaves(
        &mut self,
        repository: &Repository,
        cache: &mut TreeCache,
        (before, landed): (ObjectId, ObjectId),
        own: &BTreeSet<Vec<u8>>,
    ) -> Result<Option<Left>, GitError> {
        let paths = match self.paths.take() {
            Some(paths) => paths,
            None => changed(repository, cache, self.base, self.head)?.into_keys().collect(),
        };
        let reviewed = &*self.paths.insert(paths);
        if own.is_disjoint(reviewed) {
            return Ok(None);
        }
        let merged = merge_noting(repository, cache, before, self.base, self.head)?;
        if merged.conflicts.is_empty() && merged.tree == before {
            return Ok(None);
        }
        let paths = residual(repository, cache, &merged, landed, (before, self.head))?;
        let takes_some = own.intersection(reviewed).any(|path| !paths.contains(path));
        if !takes_some && !reviewed.is_subset(own) {
            return Ok(None);
        }
        let why = if merged.conflicts.is_empty() { MergeNote::Differs } else { MergeNote::Conflict };
        let equal_patch = own == reviewed && {
            let id = patch_id_of(repository, cache, before, landed)?;
            id.is_some() && id == patch_id_of(repository, cache, self.base, self.head)?
        };
        Ok(Some(Left { paths, why, equal_patch }))
    }
}
