//! What a commit is by its parents: the recomputed merge, and the paths that it does not explain.

use std::collections::BTreeSet;

use gix::ObjectId;

use super::diff::{Changes, Version, changed};
use super::error::GitError;
use super::graph::Graph;
use super::inventory::TreeCache;
use super::landing_class::{Against, LandingClass, MergeNote};
use super::merge::{Merged, merge_noting, merge_trees, pick};
use super::objects::{Commit, read_commit};
use super::open::Repository;
use super::path::path_text;

/// LIMIT: best common ancestors for which a merge is recomputed in turn.
const BASES: usize = 16;

/// A commit measured by its parents.
#[derive(Debug)]
pub(super) struct ByParents {
    pub(super) class: LandingClass,
    /// For two parents with one base and no conflict.
    pub(super) plan: Option<Plan>,
    /// It holds exactly what the merge of its two parents gives, by each of their bases: nobody added anything in it.
    pub(super) is_merge: bool,
}

/// Trees of a recomputed merge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) head: ObjectId,
    pub(super) base: ObjectId,
    pub(super) result: ObjectId,
}

/// What a merge commit is, by its parents, before its paths are listed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Made {
    /// The merge, where the first parent is the ancestor.
    Identity,
    /// The merge.
    Replay,
    /// Something else: the paths that were decided are residual.
    Decided(MergeNote),
    /// No merge is computed, or none that is sure: every path that it changes is residual.
    Unmerged(MergeNote),
}

impl Made {
    /// The class, as [`class_of`] has it. In: paths that were [`residual`], and what changed against the first parent.
    pub(super) fn class(self, decided: BTreeSet<Vec<u8>>, changes: &Changes) -> LandingClass {
        let against = Against::Parents;
        let (why, paths) = match self {
            Self::Identity => return LandingClass::Identity { against },
            Self::Replay => return LandingClass::Replay { against },
            Self::Decided(why) => (why, decided),
            Self::Unmerged(why) => (why, changes.keys().cloned().collect()),
        };
        LandingClass::Residual { against, why, paths: texts(paths), equal_patch: false }
    }
}

/// Classes a commit by its parents alone.
///
/// Residual paths are those where the landed tree differs from the recomputed merge; where that conflicts, also the paths of the conflicts, whatever was decided.
/// Where no merge is computed (octopus, no base, many bases) they are all that the landing changes: no review of one side holds for it, so nothing else
/// covers them.
pub(super) fn class_of(
    repository: &Repository,
    cache: &mut TreeCache,
    graph: &mut Graph,
    commit: &Commit,
) -> Result<ByParents, GitError> {
    let itself = LandingClass::Identity { against: Against::Itself };
    let [main, sides @ ..] = commit.parents.as_slice() else { return Ok(ByParents::plain(itself)) };
    let mut found = Vec::with_capacity(sides.len());
    for side in sides {
        let mut bases = Vec::new();
        for base in graph.relate(repository, *main, *side)?.bases {
            bases.push(read_commit(repository, base)?.tree);
        }
        found.push(Side { head: read_commit(repository, *side)?.tree, bases });
    }
    let sides = Sides { onto: read_commit(repository, *main)?.tree, sides: found };
    if let Some((base, head)) = sides.only() {
        return merged_class(repository, cache, commit.tree, sides.onto, (base, head));
    }
    let Some(why) = sides.obstacle() else { return Ok(ByParents::plain(itself)) };
    let paths = texts(changed(repository, cache, sides.onto, commit.tree)?.into_keys().collect());
    let class = LandingClass::Residual { against: Against::Parents, why, paths, equal_patch: false };
    let is_merge = sides.all_give(repository, cache, commit.tree)?;
    Ok(ByParents { class, plan: None, is_merge })
}

impl ByParents {
    const fn plain(class: LandingClass) -> Self {
        Self { class, plan: None, is_merge: false }
    }
}

/// Trees of what a merge commit merged.
pub(super) struct Sides {
    /// The first parent's.
    pub(super) onto: ObjectId,
    pub(super) sides: Vec<Side>,
}

/// What one more parent brings in.
pub(super) struct Side {
    pub(super) head: ObjectId,
    pub(super) bases: Vec<ObjectId>,
}

impl Sides {
    /// Base and head of the one merge that there is to recompute.
    pub(super) fn only(&self) -> Option<(ObjectId, ObjectId)> {
        let [Side { head, bases }] = self.sides.as_slice() else { return None };
        let [base] = bases.as_slice() else { return None };
        Some((*base, *head))
    }

    /// Why no merge is computed; `None` where there is nothing to merge. Asked where there is not [`only`](Self::only) one merge.
    pub(super) fn obstacle(&self) -> Option<MergeNote> {
        match self.sides.as_slice() {
            [] => None,
            [Side { bases, .. }] if bases.is_empty() => Some(MergeNote::NoBase),
            [Side { bases, .. }] => Some(MergeNote::ManyBases { bases: bases.len() }),
            sides => Some(MergeNote::Octopus { parents: sides.len() + 1 }),
        }
    }

    /// Whether every one of several bases gives the landed tree, so that none of them was a choice.
    pub(super) fn all_give(
        &self,
        repository: &Repository,
        cache: &mut TreeCache,
        landed: ObjectId,
    ) -> Result<bool, GitError> {
        let [Side { head, bases }] = self.sides.as_slice() else { return Ok(false) };
        if bases.is_empty() || bases.len() > BASES {
            return Ok(false);
        }
        for base in bases {
            if merge_trees(repository, cache, self.onto, *base, *head)? != Some(landed) {
                return Ok(false);
            }
        }
        Ok(true)
    }
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
    let is_merge = plan.is_some() && merged.tree == landed;
    let against = Against::Parents;
    let class = if is_merge {
        if onto == base { LandingClass::Identity { against } } else { LandingClass::Replay { against } }
    } else {
        let paths = residual(repository, cache, &merged, landed, (onto, head))?;
        LandingClass::Residual { against, why: merged.note(), paths: texts(paths), equal_patch: false }
    };
    Ok(ByParents { class, plan, is_merge })
}

/// Paths where a landed tree is not what the merge gives, and every path below a conflict.
pub(super) fn residual(
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

/// Paths that no choice between whole entries gives as they landed: the sides are taken in turn, each changes what its base had or leaves it, and several
/// bases must give the same. So a path that was taken from one side while the other changed it, too, is among them.
pub(super) fn unexplained(
    repository: &Repository,
    cache: &mut TreeCache,
    landed: ObjectId,
    Sides { onto, sides }: &Sides,
) -> Result<BTreeSet<Vec<u8>>, GitError> {
    let empty = [ObjectId::empty_tree(landed.kind())];
    // Every path that is not the same in all trees differs from the landed one in one of them.
    let mut versions = Vec::with_capacity(sides.len());
    let mut paths = BTreeSet::new();
    let landed_to = |cache: &mut TreeCache, tree| changed(repository, cache, landed, tree);
    let from_onto = landed_to(cache, *onto)?;
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
    Ok(paths.into_iter().filter(|path| !explained(path)).collect())
}

fn at_any<'a>(path: &[u8], head: &'a Changes, bases: &'a [Changes]) -> Option<&'a (Version, Version)> {
    head.get(path).or_else(|| bases.iter().find_map(|base| base.get(path)))
}

/// Paths as texts, in the order of their bytes.
pub(super) fn texts(paths: BTreeSet<Vec<u8>>) -> Vec<String> {
    paths.iter().map(|path| path_text(path)).collect()
}
