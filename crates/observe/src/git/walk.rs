//! A ref's history as a stream of landings: what each changed and whose work it is, without content and without whole trees.
//!
//! The cost is the sum of the differences; a walk that is kept goes on where it ended.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use gix::ObjectId;
use lasthand_model::digest::GitId;
use lasthand_model::history::{Authored, LandingDiff, MergeTrees, ObjectKey};
use lasthand_model::limits::Limits;
use lasthand_model::pack::{Packer, Unpacker};
use lasthand_model::wire::facts::Actor;
use lasthand_model::wire::step_actor::OddPerson;

use super::class_by_parents::{Made, Side, Sides, residual, unexplained};
use super::diff::{self, Version, changed};
use super::error::GitError;
use super::graph::Graph;
use super::history::LANDINGS;
use super::identity::{CommitPeople, OddPeople, push_new};
use super::inventory::TreeCache;
use super::landing_class::{Against, LandingClass, MergeNote};
use super::merge::merge_noting;
use super::objects::read_commit;
use super::open::Repository;
use super::path::path_text;
use super::versions::{id_of, key, path_changes, tree_key};

/// Entries of folders that are kept in memory: a few tens of MiB.
pub(super) const KEPT_ENTRIES: usize = 200_000;
/// Objects of recomputed merges that are kept in memory.
const KEPT_OBJECTS: usize = 1_000;

/// Where a walk begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// At the first commit of all.
    #[default]
    Root,
    /// Behind a commit that the caller named, himself or by its tree.
    Since {
        /// The commit.
        commit: ObjectKey,
        /// Its tree.
        tree: ObjectKey,
    },
    /// Behind the commit at which a shallow clone was cut.
    Cut {
        /// The commit.
        commit: ObjectKey,
        /// Its tree.
        tree: ObjectKey,
    },
}

/// One landing of a walk.
#[derive(Debug)]
pub struct Step {
    /// Where the walk began.
    pub start: Start,
    /// The landing.
    pub landing: LandingDiff,
    /// What it is, by its parents alone: as [`landings`](super::landings) has it. In a cut clone every merge is residual.
    pub class: LandingClass,
    /// What is odd about the people of its commits, merges that add nothing among them.
    pub odd: Vec<OddPerson>,
    /// How many landings this call visits.
    pub total: usize,
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// At the tip.
    Tip,
    /// The tip does not come after what was walked before: nothing was visited, and only a new walk helps.
    Rewritten,
}

/// A walk over the first parents of a ref, as far as it came.
#[derive(Default)]
pub struct HistoryWalk {
    graph: Graph,
    rows: HashMap<ObjectId, Row>,
    lists: HashMap<String, Rc<[Actor]>>,
    cache: TreeCache,
    tip: Option<ObjectId>,
    start: Start,
    /// Commits whose parents a shallow clone lacks.
    cuts: BTreeSet<ObjectId>,
}

/// Changed leaves of a tree.
type Leaves = diff::Changes;

/// What is kept of a commit.
#[derive(Clone)]
struct Row {
    tree: ObjectId,
    parents: Rc<[ObjectId]>,
    people: Rc<[Actor]>,
    /// Few commits have any.
    odd: Option<Rc<[OddPeople]>>,
}

/// A landing as it is found.
struct Landed {
    landing: LandingDiff,
    class: LandingClass,
    odd: Vec<OddPerson>,
}

/// A merge commit beside its recomputation.
struct Recomputed {
    merge: Option<MergeTrees>,
    /// It holds exactly what the merge gives.
    is_merge: bool,
    /// Paths that were decided in it: in conflict, or other than the merge gives.
    decided: BTreeSet<Vec<u8>>,
    made: Made,
}

/// A commit that came in by a merge.
struct SideCommit {
    id: ObjectId,
    row: Row,
    /// Whether its people count: a merge that is its own recomputation adds nobody.
    counts: bool,
    /// Paths that were decided in it, for a merge.
    decided: BTreeSet<Vec<u8>>,
}

impl std::fmt::Debug for HistoryWalk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryWalk").field("tip", &self.tip).field("start", &self.start).finish_non_exhaustive()
    }
}

impl HistoryWalk {
    /// Where it began.
    #[must_use]
    pub const fn start(&self) -> Start {
        self.start
    }

    /// The commit it came to.
    #[must_use]
    pub fn tip(&self) -> Option<ObjectKey> {
        self.tip.as_ref().map(key)
    }

    /// How many commits a shallow clone cut off from their parents, of those that were read.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.cuts.len()
    }

    /// Visits the landings from where it came to, up to `tip`, oldest first.
    ///
    /// In: a commit; `since` as [`landings`](super::landings) takes it, for a walk that has not begun. Out: to `visit`, each landing, with the authors and
    /// merges of [`landings`](super::landings).
    /// Cost: each commit once; of trees only the folders that differ; a file only where both sides of a merge changed it. A walk that goes on reads
    /// only the commits that are new.
    ///
    /// # Errors
    /// As [`landings`](super::landings), but a shallow clone is walked from its cut on. The walk is of no use afterwards.
    ///
    /// # Proves / does not prove
    /// Proves that trees and commits have their ids. Files are not read: that two have one id is as good as git's own hash.
    pub fn advance(
        &mut self,
        repository: &Repository,
        tip: &GitId,
        since: Option<&GitId>,
        visit: &mut dyn FnMut(Step) -> Result<(), GitError>,
    ) -> Result<Reached, GitError> {
        let tip = repository.object_id(tip)?;
        let since = since.map(|id| repository.object_id(id)).transpose()?;
        let Some(line) = self.line(repository, tip, since)? else { return Ok(Reached::Rewritten) };
        let merges = line.iter().any(|id| self.rows.get(id).is_some_and(|row| row.parents.len() > 1));
        if merges || self.start == Start::Root {
            self.load(repository, tip)?;
        }
        for id in line.iter().rev() {
            let Landed { landing, class, odd } = self.landing(repository, *id)?;
            visit(Step { start: self.start, landing, class, odd, total: line.len() })?;
            self.cache.forget_beyond(KEPT_ENTRIES);
            if repository.inner.objects.num_objects_in_memory() > KEPT_OBJECTS {
                drop(repository.inner.objects.reset_object_memory());
            }
        }
        self.tip = Some(tip);
        Ok(Reached::Tip)
    }

    /// The first parents that are new, newest first; `None` when they do not come after what was walked.
    fn line(
        &mut self,
        repository: &Repository,
        tip: ObjectId,
        since: Option<ObjectId>,
    ) -> Result<Option<Vec<ObjectId>>, GitError> {
        let begun = self.tip;
        let mut line = Vec::new();
        let mut next = Some(tip);
        while let Some(id) = next {
            if begun == Some(id) {
                return Ok(Some(line));
            }
            let row = self.row(repository, id)?;
            if begun.is_none() {
                let ends = (key(&id), tree_key(&row.tree));
                if since.is_some_and(|since| since == id || since == row.tree) {
                    self.start = Start::Since { commit: ends.0, tree: ends.1 };
                    return Ok(Some(line));
                }
                if since.is_none() && self.cuts.contains(&id) {
                    self.start = Start::Cut { commit: ends.0, tree: ends.1 };
                    return Ok(Some(line));
                }
            }
            next = row.parents.first().copied();
            line.push(id);
            // LIMIT: first parents of one walk.
            if line.len() > LANDINGS {
                return Err(GitError::OverLimit { what: "landings", got: line.len() as u64, limit: LANDINGS as u64 });
            }
        }
        match since {
            _ if begun.is_some() => Ok(None),
            Some(since) => Err(GitError::SinceNotFound { since: since.to_string(), tip: tip.to_string() }),
            None => Ok(Some(line)),
        }
    }

    /// Reads a commit, once.
    fn row(&mut self, repository: &Repository, id: ObjectId) -> Result<Row, GitError> {
        if let Some(row) = self.rows.get(&id) {
            return Ok(row.clone());
        }
        let commit = read_commit(repository, id)?;
        let CommitPeople { actors, odd, .. } = CommitPeople::of(&commit)?;
        let people = actors.into_iter().map(|known| known.actor).collect();
        let odd = (!odd.is_empty()).then(|| odd.into());
        let mut parents = commit.parents;
        if let Some(missing) = parents.iter().find(|parent| !repository.inner.has_object(*parent)) {
            // SECURITY: the list of cuts is not taken as history, only as the reason why a parent is not there.
            if !repository.inner.is_shallow().unwrap_or(false) {
                return Err(GitError::MissingObject { id: missing.to_string() });
            }
            self.cuts.insert(id);
            parents.clear();
        }
        let row = Row { tree: commit.tree, parents: parents.into(), people: self.list(people), odd };
        self.rows.insert(id, row.clone());
        Ok(row)
    }

    /// One copy of each list of people.
    fn list(&mut self, people: Vec<Actor>) -> Rc<[Actor]> {
        let list = self.lists.entry(format!("{people:?}")).or_insert_with(|| people.into());
        Rc::clone(list)
    }

    /// Reads all ancestors that are not known yet.
    fn load(&mut self, repository: &Repository, tip: ObjectId) -> Result<(), GitError> {
        let mut open = vec![(tip, false)];
        let mut known = 0usize;
        while let Some((id, entered)) = open.pop() {
            if self.graph.knows(&id) {
                continue;
            }
            let parents = self.row(repository, id)?.parents;
            if entered {
                self.graph.add(id, parents.to_vec());
                continue;
            }
            known += 1;
            let limit = Limits::DEFAULT.entries;
            if known > limit {
                return Err(GitError::OverLimit {
                    what: "commits of a history",
                    got: known as u64,
                    limit: limit as u64,
                });
            }
            open.push((id, true));
            open.extend(parents.iter().filter(|parent| !self.graph.knows(parent)).map(|parent| (*parent, false)));
        }
        Ok(())
    }

    fn landing(&mut self, repository: &Repository, id: ObjectId) -> Result<Landed, GitError> {
        let row = self.row(repository, id)?;
        let from = match row.parents.first() {
            Some(parent) => Some(self.row(repository, *parent)?.tree),
            None => None,
        };
        let empty = ObjectId::empty_tree(id.kind());
        let leaves = changed(repository, &mut self.cache, from.unwrap_or(empty), row.tree)?;
        let mut landing = LandingDiff {
            commit: key(&id),
            from: from.as_ref().map(tree_key),
            to: tree_key(&row.tree),
            changes: Vec::new(),
            touched: vec![0; leaves.len()],
            commits: Vec::new(),
            authors: Vec::new(),
            authors_complete: true,
            merge: None,
        };
        if row.parents.len() < 2 {
            landing.authors = row.people.to_vec();
            landing.commits = vec![authored(&id, &row)];
            landing.changes = path_changes(leaves);
            let odd = self.odd(repository, &landing)?;
            return Ok(Landed { landing, class: LandingClass::Identity { against: Against::Itself }, odd });
        }
        let (last, class) = self.merge_commits(repository, id, &row, &mut landing, &leaves)?;
        landing.changes = path_changes(leaves);
        let last: HashMap<String, usize> = last.into_iter().map(|(path, at)| (path_text(&path), at)).collect();
        landing.touched =
            landing.changes.iter().map(|change| last.get(&change.path).copied().unwrap_or_default()).collect();
        let odd = self.odd(repository, &landing)?;
        Ok(Landed { landing, class, odd })
    }

    /// What is odd about the people of the commits of a landing.
    fn odd(&mut self, repository: &Repository, landing: &LandingDiff) -> Result<Vec<OddPerson>, GitError> {
        let mut told = Vec::new();
        for commit in &landing.commits {
            let Some(id) = commit.commit.git_id() else { continue };
            let row = self.row(repository, repository.object_id(&id)?)?;
            told.extend(row.odd.iter().flat_map(|odd| odd.iter()).map(|odd| odd.told(&id)));
        }
        Ok(told)
    }

    /// Fills in the commits that came in by a merge and whose work they are; gives, by path, the last of them that touched it, and what the merge is.
    fn merge_commits(
        &mut self,
        repository: &Repository,
        id: ObjectId,
        row: &Row,
        landing: &mut LandingDiff,
        leaves: &Leaves,
    ) -> Result<(HashMap<Vec<u8>, usize>, LandingClass), GitError> {
        let Some((main, sides)) = row.parents.split_first() else {
            return Ok((HashMap::new(), LandingClass::Identity { against: Against::Itself }));
        };
        let side = self.side_commits(repository, *main, sides)?;
        let found = self.recomputed(repository, row)?;
        landing.merge = found.merge;
        let mut last = HashMap::new();
        // The merge commit itself stands first: what nobody else touched was decided in it.
        landing.commits.push(authored(&id, row));
        for SideCommit { id, row, counts, decided } in side.iter().rev() {
            let at = landing.commits.len();
            landing.commits.push(authored(id, row));
            landing.authors_complete &= !self.cuts.contains(id);
            if row.parents.len() > 1 && !counts {
                continue;
            }
            for (path, version) in self.touched(repository, row, decided)? {
                let Some((_, landed)) = leaves.get(&path) else { continue };
                // What landed is some commit's version, unless a merge made it of several.
                let is_landed = version == *landed;
                if is_landed || last.get(&path).is_none_or(|(_, is_landed)| !is_landed) {
                    last.insert(path, (at, is_landed));
                }
            }
        }
        let mut last: HashMap<Vec<u8>, usize> = last.into_iter().map(|(path, (at, _))| (path, at)).collect();
        let mut authors = Vec::new();
        let own = (!found.is_merge || side.iter().all(|commit| !commit.counts)).then_some(row);
        for row in side.iter().filter(|commit| commit.counts).map(|commit| &commit.row).chain(own) {
            row.people.iter().for_each(|actor| push_new(&mut authors, actor.clone()));
        }
        if !found.is_merge {
            for path in self.touched(repository, row, &found.decided)?.into_keys() {
                last.insert(path, 0);
            }
        }
        landing.authors = authors;
        Ok((last, found.made.class(found.decided, leaves)))
    }

    /// Every commit that a side has and `main` has not, descendants first.
    fn side_commits(
        &mut self,
        repository: &Repository,
        main: ObjectId,
        sides: &[ObjectId],
    ) -> Result<Vec<SideCommit>, GitError> {
        let mut commits = Vec::new();
        let mut seen = HashSet::new();
        for side in sides {
            for id in self.graph.relate(repository, main, *side)?.only_side {
                if seen.insert(id) {
                    let row = self.row(repository, id)?;
                    let (counts, decided) = if row.parents.len() < 2 {
                        (true, BTreeSet::new())
                    } else {
                        let found = self.recomputed(repository, &row)?;
                        (!found.is_merge, found.decided)
                    };
                    commits.push(SideCommit { id, row, counts, decided });
                }
            }
        }
        Ok(commits)
    }

    /// Paths in which a commit differs from every parent, and those that were decided in it, each with the commit's version.
    fn touched(
        &mut self,
        repository: &Repository,
        row: &Row,
        decided: &BTreeSet<Vec<u8>>,
    ) -> Result<BTreeMap<Vec<u8>, Version>, GitError> {
        self.cache.forget_beyond(KEPT_ENTRIES);
        let own = |differing: Leaves| differing.into_iter().map(|(path, (_, own))| (path, own)).collect();
        let mut paths: Option<BTreeMap<Vec<u8>, Version>> = None;
        let mut taken: BTreeMap<Vec<u8>, Version> = BTreeMap::new();
        for parent in row.parents.iter() {
            let tree = self.row(repository, *parent)?.tree;
            let mut differing = changed(repository, &mut self.cache, tree, row.tree)?;
            // What was decided differs from one parent at least, whichever side was taken.
            taken.extend(decided.iter().filter_map(|path| Some((path.clone(), differing.get(path)?.1))));
            paths = Some(match paths {
                None => own(differing),
                Some(mut known) => {
                    known.retain(|path, _| differing.remove(path).is_some());
                    known
                }
            });
        }
        match paths {
            Some(mut paths) => {
                paths.append(&mut taken);
                Ok(paths)
            }
            None => {
                let empty = ObjectId::empty_tree(row.tree.kind());
                Ok(own(changed(repository, &mut self.cache, empty, row.tree)?))
            }
        }
    }

    /// Recomputes a merge commit.
    fn recomputed(&mut self, repository: &Repository, row: &Row) -> Result<Recomputed, GitError> {
        let sides = self.sides(repository, row)?;
        self.cache.forget_beyond(KEPT_ENTRIES);
        repository.forget_merges();
        let Some((base, head)) = sides.only() else {
            let is_merge = sides.all_give(repository, &mut self.cache, row.tree)?;
            let decided = match is_merge {
                true => BTreeSet::new(),
                false => unexplained(repository, &mut self.cache, row.tree, &sides)?,
            };
            let whole = self.cuts.is_empty();
            let made = Made::Unmerged(sides.obstacle().filter(|_| whole).unwrap_or(MergeNote::Shallow));
            return Ok(Recomputed { merge: None, is_merge: is_merge && whole, decided, made });
        };
        let merged = merge_noting(repository, &mut self.cache, sides.onto, base, head)?;
        let (tree, conflicts) = (merged.tree, !merged.conflicts.is_empty());
        let decided = residual(repository, &mut self.cache, &merged, row.tree, (sides.onto, head))?;
        let merge = MergeTrees { head: tree_key(&head), base: tree_key(&base), result: tree_key(&tree) };
        // In a shallow clone a better common ancestor may lie behind the cut: the merge commit's own people count.
        let whole = self.cuts.is_empty();
        let is_merge = !conflicts && tree == row.tree && whole;
        let made = match is_merge {
            _ if !whole => Made::Unmerged(MergeNote::Shallow),
            true if sides.onto == base => Made::Identity,
            true => Made::Replay,
            false => Made::Decided(merged.note()),
        };
        Ok(Recomputed { merge: Some(merge).filter(|_| !conflicts), is_merge, decided, made })
    }

    /// Trees of what a merge commit merged.
    fn sides(&mut self, repository: &Repository, row: &Row) -> Result<Sides, GitError> {
        let [main, others @ ..] = &*row.parents else { return Ok(Sides { onto: row.tree, sides: Vec::new() }) };
        let mut sides = Vec::with_capacity(others.len());
        for other in others {
            let mut bases = Vec::new();
            for base in self.graph.relate(repository, *main, *other)?.bases {
                bases.push(self.row(repository, base)?.tree);
            }
            sides.push(Side { head: self.row(repository, *other)?.tree, bases });
        }
        Ok(Sides { onto: self.row(repository, *main)?.tree, sides })
    }

    /// Reads the graph up to `tip` where that was not necessary yet, and gives the order of its commits: a greater number is never an ancestor.
    pub(super) fn order(&mut self, repository: &Repository, id: ObjectId) -> Result<u32, GitError> {
        self.load(repository, id)?;
        Ok(self.graph.generation(id))
    }

    /// Tree and parents of a commit.
    pub(super) fn tree_and_parents(
        &mut self,
        repository: &Repository,
        id: ObjectId,
    ) -> Result<(ObjectId, Rc<[ObjectId]>), GitError> {
        let row = self.row(repository, id)?;
        Ok((row.tree, row.parents))
    }

    /// People of a commit, as its header and trailers claim.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub fn people(&mut self, repository: &Repository, commit: &GitId) -> Result<Vec<Actor>, GitError> {
        Ok(self.row(repository, repository.object_id(commit)?)?.people.to_vec())
    }

    pub(super) const fn cache(&mut self) -> &mut TreeCache {
        &mut self.cache
    }

    /// What it takes to go on later. `None` before the first [`advance`](Self::advance).
    #[must_use]
    pub fn pack(&self) -> Option<Vec<u8>> {
        let mut packer = Packer::default();
        key(self.tip.as_ref()?).pack(&mut packer);
        let (word, ends) = match self.start {
            Start::Root => (0, None),
            Start::Since { commit, tree } => (1, Some([commit, tree])),
            Start::Cut { commit, tree } => (2, Some([commit, tree])),
        };
        packer.number(word);
        ends.iter().flatten().for_each(|end| end.pack(&mut packer));
        packer.count(self.cuts.len());
        self.cuts.iter().for_each(|cut| key(cut).pack(&mut packer));
        let commits = self.graph.in_order();
        let at: HashMap<ObjectId, usize> = commits.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        packer.count(commits.len());
        for (id, parents) in &commits {
            key(id).pack(&mut packer);
            packer.count(parents.len());
            parents.iter().for_each(|parent| packer.count(at.get(parent).copied().unwrap_or(usize::MAX)));
        }
        Some(packer.finish())
    }

    /// Reads what [`pack`](Self::pack) wrote for this repository; `None` when it is damaged.
    #[must_use]
    pub fn unpack(repository: &Repository, bytes: &[u8]) -> Option<Self> {
        let mut unpacker = Unpacker::new(bytes);
        let id = |unpacker: &mut Unpacker<'_>| id_of(repository, &ObjectKey::unpack(unpacker)?);
        let mut walk = Self { tip: Some(id(&mut unpacker)?), ..Self::default() };
        let end = |unpacker: &mut Unpacker<'_>| Some((ObjectKey::unpack(unpacker)?, ObjectKey::unpack(unpacker)?));
        walk.start = match unpacker.number()? {
            0 => Start::Root,
            1 => end(&mut unpacker).map(|(commit, tree)| Start::Since { commit, tree })?,
            2 => end(&mut unpacker).map(|(commit, tree)| Start::Cut { commit, tree })?,
            _ => return None,
        };
        walk.cuts = unpacker.list(id)?.into_iter().collect();
        let mut ids: Vec<ObjectId> = Vec::new();
        for _ in 0..unpacker.count()? {
            let commit = id(&mut unpacker)?;
            let parents = unpacker.list(|unpacker| ids.get(usize::try_from(unpacker.number()?).ok()?).copied())?;
            walk.graph.add(commit, parents);
            ids.push(commit);
        }
        unpacker.is_empty().then_some(walk)
    }
}

fn authored(id: &ObjectId, row: &Row) -> Authored {
    Authored { commit: key(id), people: row.people.to_vec() }
}
