//! Ancestry, from the commits' own parents: merge bases and what one side has that the other has not.

use std::collections::{BinaryHeap, HashMap, HashSet};

use gix::ObjectId;
use lasthand_model::limits::Limits;

use super::error::GitError;
use super::objects::read_commit;
use super::open::Repository;

const MAIN: u8 = 1;
const SIDE: u8 = 2;
const STALE: u8 = 4;

struct Node {
    parents: Vec<ObjectId>,
    /// 1 + the greatest generation of the parents: every commit's is greater than any of its ancestors'.
    generation: u32,
}

/// The part of the commit graph read so far. Commit-graph files are not used: they could say anything.
#[derive(Default)]
pub(super) struct Graph {
    nodes: HashMap<ObjectId, Node>,
}

/// How two commits lie to each other.
#[derive(Debug)]
pub(super) struct Relation {
    /// The best common ancestors.
    pub(super) bases: Vec<ObjectId>,
    /// Commits that the side has and the main line has not, descendants first.
    pub(super) only_side: Vec<ObjectId>,
}

impl Graph {
    /// Finds merge bases and what only `side` has.
    ///
    /// Cost: once for each repository, reads every ancestor; then O(commits between the sides and their bases).
    ///
    /// INVARIANT (exact bases): commits are visited by falling generation, so all marks of a commit are there when it is visited; dates, which anyone can
    /// write, decide nothing.
    pub(super) fn relate(
        &mut self,
        repository: &Repository,
        main: ObjectId,
        side: ObjectId,
    ) -> Result<Relation, GitError> {
        self.load(repository, main)?;
        self.load(repository, side)?;
        let mut marks: HashMap<ObjectId, u8> = HashMap::new();
        let mut queue: BinaryHeap<(u32, ObjectId)> = BinaryHeap::new();
        // Queued commits that can still matter, so that the walk ends as soon as all are stale.
        let mut fresh = 0usize;
        for (id, mark) in [(main, MAIN), (side, SIDE)] {
            let marked = marks.entry(id).or_insert(0);
            if *marked == 0 {
                queue.push((self.generation(id), id));
                fresh += 1;
            }
            *marked |= mark;
        }
        let mut relation = Relation { bases: Vec::new(), only_side: Vec::new() };
        while fresh > 0 {
            let Some((_, id)) = queue.pop() else { break };
            let mut mark = marks.get(&id).copied().unwrap_or_default();
            if mark & STALE == 0 {
                fresh -= 1;
            }
            if mark == SIDE {
                relation.only_side.push(id);
            } else if mark == MAIN | SIDE {
                relation.bases.push(id);
                mark |= STALE;
            }
            for parent in self.nodes.get(&id).map(|node| node.parents.clone()).unwrap_or_default() {
                let marked = marks.entry(parent).or_insert(0);
                let before = *marked;
                *marked |= mark;
                if before == 0 {
                    queue.push((self.generation(parent), parent));
                    fresh += usize::from(*marked & STALE == 0);
                } else if before & STALE == 0 && *marked & STALE != 0 {
                    fresh -= 1;
                }
            }
        }
        Ok(relation)
    }

    /// Every commit that `tip` reaches, itself too: parents before children, commits of one generation in the order of their ids.
    pub(super) fn ancestors(&mut self, repository: &Repository, tip: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        self.load(repository, tip)?;
        let mut open = vec![tip];
        let mut seen = HashSet::from([tip]);
        while let Some(id) = open.pop() {
            let parents = self.nodes.get(&id).map(|node| node.parents.as_slice()).unwrap_or_default();
            open.extend(parents.iter().copied().filter(|parent| seen.insert(*parent)));
        }
        let mut commits = Vec::from_iter(seen);
        commits.sort_unstable_by_key(|id| (self.generation(*id), *id));
        Ok(commits)
    }

    /// Whether a commit and all its ancestors were read.
    pub(super) fn knows(&self, id: &ObjectId) -> bool {
        self.nodes.contains_key(id)
    }

    /// Adds a commit whose parents are there already.
    pub(super) fn add(&mut self, id: ObjectId, parents: Vec<ObjectId>) {
        let above = parents.iter().map(|parent| self.generation(*parent)).max().unwrap_or_default();
        self.nodes.insert(id, Node { parents, generation: above + 1 });
    }

    /// Every commit with its parents, parents first.
    pub(super) fn in_order(&self) -> Vec<(ObjectId, &[ObjectId])> {
        let mut all: Vec<(u32, ObjectId, &[ObjectId])> =
            self.nodes.iter().map(|(id, node)| (node.generation, *id, node.parents.as_slice())).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, id, parents)| (id, parents)).collect()
    }

    /// 1 + the greatest number of commits on a way back to a first one; 0 for a commit that was not read.
    pub(super) fn generation(&self, id: ObjectId) -> u32 {
        self.nodes.get(&id).map_or(0, |node| node.generation)
    }

    /// Reads all ancestors of `tip` that are not known yet.
    fn load(&mut self, repository: &Repository, tip: ObjectId) -> Result<(), GitError> {
        let mut open: Vec<(ObjectId, Option<Vec<ObjectId>>)> = vec![(tip, None)];
        while let Some((id, parents)) = open.pop() {
            if self.nodes.contains_key(&id) {
                continue;
            }
            match parents {
                Some(parents) => self.add(id, parents),
                None => {
                    let parents = parents_of(repository, id)?;
                    let limit = Limits::DEFAULT.entries;
                    if self.nodes.len() + open.len() > limit {
                        let got = (self.nodes.len() + open.len()) as u64;
                        return Err(GitError::OverLimit { what: "commits of a history", got, limit: limit as u64 });
                    }
                    open.push((id, Some(parents.clone())));
                    open.extend(
                        parents
                            .into_iter()
                            .filter(|parent| !self.nodes.contains_key(parent))
                            .map(|parent| (parent, None)),
                    );
                }
            }
        }
        Ok(())
    }
}

/// The parents a commit itself names, or [`GitError::Shallow`] when the clone was cut there.
pub(super) fn parents_of(repository: &Repository, id: ObjectId) -> Result<Vec<ObjectId>, GitError> {
    let parents = read_commit(repository, id)?.parents;
    refuse_cut(repository, id, &parents)?;
    Ok(parents)
}

/// SECURITY: the list of cuts is not taken as history, only as the reason why a parent is not there.
pub(super) fn refuse_cut(repository: &Repository, id: ObjectId, parents: &[ObjectId]) -> Result<(), GitError> {
    for parent in parents {
        if !repository.inner.has_object(parent) {
            return Err(if repository.inner.is_shallow().unwrap_or(false) {
                GitError::Shallow { commit: id.to_string() }
            } else {
                GitError::MissingObject { id: parent.to_string() }
            });
        }
    }
    Ok(())
}
