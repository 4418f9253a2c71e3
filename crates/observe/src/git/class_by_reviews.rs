//! What a landing is by the changes that reviews are about: one of them, or most of one.

use std::collections::BTreeSet;

use gix::ObjectId;
use lasthand_model::digest::GitId;

use super::class_by_parents::{residual, texts};
use super::diff::changed;
use super::error::GitError;
use super::inventory::TreeCache;
use super::landing_class::{Against, LandingClass, MergeNote};
use super::merge::{merge_noting, merge_trees};
use super::open::{Repository, git_id};
use super::patch_id::patch_id_of;

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

    /// The first review whose change gives `landed` from `before` as a merge; else one that is about these very trees.
    pub(super) fn bind(&mut self, before: ObjectId, landed: ObjectId) -> Result<Option<Bound>, GitError> {
        let mut bound = None;
        for change in &mut self.changes {
            self.repository.forget_merges();
            let (base, head) = (change.base, change.head);
            if merge_trees(self.repository, &mut self.cache, before, base, head)? != Some(landed) {
                continue;
            }
            change.landed = true;
            let against = change.against()?;
            if before == base && landed == head {
                // Its trees say so by themselves. A claim that anybody can make must not stand in the place of one that needs to be stated.
                bound = bound.or(Some(Bound { class: LandingClass::Identity { against }, base, head }));
                continue;
            }
            return Ok(Some(Bound { class: LandingClass::Replay { against }, base, head }));
        }
        Ok(bound)
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
            self.repository.forget_merges();
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
        let why = merged.note();
        let equal_patch = own == reviewed && {
            let id = patch_id_of(repository, cache, before, landed)?;
            id.is_some() && id == patch_id_of(repository, cache, self.base, self.head)?
        };
        Ok(Some(Left { paths, why, equal_patch }))
    }
}
