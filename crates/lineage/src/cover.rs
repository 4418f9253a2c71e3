//! Cover: which paths of which landing a human answered for.
//!
//! SPEC: docs/rules.md section 3. Unchanged paths inherit, so a pass costs the sum of the changes; a pass is repeated
//! while a tree became wholly covered in it.

mod answer;
mod brought;
mod chains;
mod start;
mod versions;

use std::cell::RefCell;
use std::rc::Rc;

use lasthand_model::digest::Sha256;
use rustc_hash::FxHashMap;

pub(crate) use self::brought::Way;
use self::chains::Chains;
use self::versions::Versions;
use crate::landing::{self, Ids, LandingInfo};
use crate::review::{self, ReviewInfo};
use crate::rules::Rule;
use crate::run::Run;
use crate::trees::Change;
use crate::world::any_glob;

/// A tree of a repository.
pub(crate) type Place<'a> = (&'a str, Sha256);

/// Why a tree is wholly covered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WholeBy {
    /// The empty tree, or an onboarding tree of the trust file.
    Start,
    /// A source VSA: index in `World::known`.
    SourceVsa(usize),
    /// A whole-tree review at a landing.
    Review { review: usize, landing: usize },
    /// A landing that covers all its entries and absences.
    Landing(usize),
    /// A recomputed merge of two wholly covered trees, of what another ref landed since a wholly covered base.
    Merge { landing: usize, head: Sha256, base: Sha256, way: Way },
}

/// What is covered, at the fixpoint.
pub(crate) struct Cover<'a> {
    pub(crate) reviews: Vec<ReviewInfo<'a>>,
    pub(crate) landings: Vec<LandingInfo<'a>>,
    /// Wholly covered trees, why, and in which order they became so.
    pub(crate) whole: FxHashMap<Place<'a>, (usize, WholeBy)>,
    /// Trees that became wholly covered and whose landings onwards were not looked at yet.
    joined: Vec<Place<'a>>,
    /// Landings by the tree they lead to.
    pub(crate) to_tree: FxHashMap<Place<'a>, Vec<usize>>,
    /// For each review: the landings for which it holds.
    held_by: Vec<Vec<usize>>,
    /// For each landing and each of its changes: the reviews that answer for it, or none.
    answers: Vec<Vec<Option<Rc<[usize]>>>>,
    /// For each landing: how many paths it leaves uncovered by itself; absent when its base is not known.
    pub(crate) own_left: Vec<Option<usize>>,
    /// For each landing: how many paths are uncovered in the end.
    left: Vec<Option<usize>>,
    /// For each landing that merged what another ref landed: how it may have come there.
    ways: Vec<Vec<Way>>,
    /// For each landing: whether it is known that it leaves no path uncovered by itself.
    settled: Vec<bool>,
    /// For each landing that is covered as a recomputed merge: how.
    pub(crate) merges: Vec<Option<WholeBy>>,
    /// Entries of the wholly covered trees.
    versions: RefCell<Versions<'a>>,
}

/// Paths without cover, each with the landing where it lost it.
pub(crate) type Uncovered<'a> = FxHashMap<&'a str, usize>;

impl<'a> Cover<'a> {
    pub(crate) fn new(run: &Run<'_, 'a>) -> Self {
        let reviews = review::collect(run);
        let landings = landing::collect(run, &reviews);
        let mut cover = Self::of(reviews, landings);
        for (at, landing) in cover.landings.iter().enumerate() {
            cover.to_tree.entry((landing.body.repository.as_str(), landing.to)).or_default().push(at);
        }
        let chains = Chains::new(&cover.landings);
        cover.hold_reviews(run, &chains);
        cover.ways = cover.ways(run, &chains);
        cover.answers = cover.landings.iter().map(|landing| cover.answer_all(run, landing)).collect();
        cover.start(run);
        cover.fixpoint(run);
        cover
    }

    /// Reviews and landings of which nothing is concluded yet.
    pub(crate) fn of(reviews: Vec<ReviewInfo<'a>>, landings: Vec<LandingInfo<'a>>) -> Self {
        Self {
            reviews,
            landings,
            whole: FxHashMap::default(),
            joined: Vec::new(),
            to_tree: FxHashMap::default(),
            held_by: Vec::new(),
            answers: Vec::new(),
            own_left: Vec::new(),
            left: Vec::new(),
            ways: Vec::new(),
            settled: Vec::new(),
            merges: Vec::new(),
            versions: RefCell::default(),
        }
    }

    /// Whether a tree is wholly covered and landed.
    pub(crate) fn tree_covered(&self, place: &Place<'a>) -> bool {
        self.whole.contains_key(place) && self.to_tree.contains_key(place)
    }

    /// The changes of a landing, each with the reviews that answer for it.
    pub(crate) fn answers_of(&self, landing: usize) -> impl Iterator<Item = (&Change<'a>, Option<&[usize]>)> {
        let changes = self.landings.get(landing).and_then(|landing| landing.changes.as_ref());
        let answers = self.answers.get(landing).into_iter().flatten();
        changes.into_iter().flat_map(|changes| changes.iter()).zip(answers.map(Option::as_deref))
    }

    /// Whether a review holds for a landing through a recomputed merge, so that the landings before it had to be known.
    pub(crate) fn needs_history(&self, landing: usize, review: usize) -> bool {
        let (Some(landing), Some(review)) = (self.landings.get(landing), self.reviews.get(review)) else {
            return false;
        };
        review.base != Some(Some(landing.from)) && landing.body.from.is_some()
    }

    fn whole_tree(&self, repository: &'a str, tree: Sha256) -> bool {
        self.whole.contains_key(&(repository, tree))
    }

    /// Decides which bound reviews hold: for each review, along each chain, the first landing it meets uses it up.
    fn hold_reviews(&mut self, run: &Run<'_, 'a>, chains: &Chains) {
        let mut meets: Vec<Vec<usize>> = vec![Vec::new(); self.reviews.len()];
        for (at, landing) in self.landings.iter().enumerate() {
            for review in &landing.bound {
                if let Some(list) = meets.get_mut(*review) {
                    list.push(at);
                }
            }
        }
        for (review, mut landings) in meets.into_iter().enumerate() {
            landings.sort_unstable_by_key(|at| chains.entered(*at));
            let mut held: Vec<usize> = Vec::new();
            // Those of them that the walk is still behind: the last one is on the way if any is.
            let mut open: Vec<usize> = Vec::new();
            for at in landings {
                while open.pop_if(|last| !chains.is_on_way(*last, at)).is_some() {}
                if self.applies(run, review, at) && self.once(run, review, at, chains, !open.is_empty()) {
                    held.push(at);
                    open.push(at);
                }
            }
            for at in &held {
                if let Some(landing) = self.landings.get_mut(*at) {
                    landing.holds.push(review);
                }
            }
            self.held_by.push(held);
        }
    }

    /// No earlier landing used the review; T2 needs the whole history, back to the review's base.
    fn once(&self, run: &Run<'_, 'a>, review: usize, at: usize, chains: &Chains, used: bool) -> bool {
        let (Some(review), Some(landing)) = (self.reviews.get(review), self.landings.get(at)) else { return false };
        let created = landing.body.from.is_none();
        if review.head == Some(landing.to)
            && (review.base == Some(Some(landing.from)) || (created && review.base == Some(None)))
        {
            return run.world.rules.demand(Rule::ReviewOnce, !used);
        }
        let Some(Some(base)) = review.base else { return false };
        let known = chains.complete(at) && chains.started_from(&base, at);
        run.world.rules.demand(Rule::ReviewOnce, known && !used)
    }

    /// Everything a review needs for a landing but being used once.
    fn applies(&self, run: &Run<'_, 'a>, review: usize, landing: usize) -> bool {
        let (Some(review), Some(landing)) = (self.reviews.get(review), self.landings.get(landing)) else {
            return false;
        };
        let allowed = landing::binds(run, review, landing, Ids::Allowed);
        review.fault.is_none()
            && self.target_ref(run, review, landing)
            && run.world.rules.demand(Rule::Binding, allowed)
    }

    pub(crate) fn target_ref(&self, run: &Run<'_, 'a>, review: &ReviewInfo<'a>, landing: &LandingInfo<'a>) -> bool {
        let world = run.world;
        let listed = world.product.is_some_and(|product| any_glob(&product.refs, &review.body.target_ref));
        let meant = review.body.repository == landing.body.repository
            && (review.body.target_ref == landing.body.target_ref || listed);
        world.rules.demand(Rule::TargetRef, meant)
    }

    /// Whether every earlier landing back to the review's base is known and used the review for nothing else.
    pub(crate) fn holds_once(&self, landing: usize, review: usize) -> bool {
        self.landings.get(landing).is_some_and(|landing| landing.holds.binary_search(&review).is_ok())
    }

    fn add_whole(&mut self, place: Place<'a>, by: WholeBy) -> bool {
        let order = self.whole.len();
        let new = !self.whole.contains_key(&place);
        if new {
            self.whole.insert(place, (order, by));
            self.joined.push(place);
        }
        new
    }

    fn fixpoint(&mut self, run: &Run<'_, 'a>) {
        for place in self.whole.keys() {
            self.versions.get_mut().add_tree(*place);
        }
        let children = self.children();
        let mut from_tree: FxHashMap<Place<'a>, Vec<usize>> = FxHashMap::default();
        for (at, landing) in self.landings.iter().enumerate() {
            from_tree.entry((landing.body.repository.as_str(), landing.from)).or_default().push(at);
        }
        self.settled = vec![false; self.landings.len()];
        self.merges = vec![None; self.landings.len()];
        // LIMIT: each further pass needs a tree that joined in the one before, or a landing that was settled.
        for _ in 0..=self.landings.len().saturating_mul(2).saturating_add(1) {
            if !self.pass(run, &children, &from_tree) {
                break;
            }
        }
    }

    fn children(&self) -> Vec<Vec<usize>> {
        let mut children = vec![Vec::new(); self.landings.len()];
        for (at, landing) in self.landings.iter().enumerate() {
            if let Some(list) = landing.prev.and_then(|prev| children.get_mut(prev)) {
                list.push(at);
            }
        }
        children
    }

    /// Walks every chain once; tells whether another pass may conclude more.
    fn pass(
        &mut self,
        run: &Run<'_, 'a>,
        children: &[Vec<usize>],
        from_tree: &FxHashMap<Place<'a>, Vec<usize>>,
    ) -> bool {
        let settled = |cover: &Self| cover.settled.iter().filter(|settled| **settled).count();
        let before = (self.whole.len(), settled(self));
        self.own_left = vec![None; self.landings.len()];
        self.left = vec![None; self.landings.len()];
        let mut state = State::default();
        self.joined.clear();
        let mut starts: Vec<usize> = (0..self.landings.len()).rev().filter(|at| self.starts_chain(*at)).collect();
        let mut stack: Vec<Turn> = Vec::new();
        while let Some(turn) = stack.pop().or_else(|| self.next_start(from_tree, &mut starts)) {
            let at = match turn {
                Turn::Enter(at) => at,
                Turn::Leave(mark) => {
                    state.undo(mark);
                    continue;
                }
            };
            if self.own_left.get(at).is_some_and(Option::is_some) {
                continue;
            }
            stack.push(Turn::Leave(state.mark()));
            if self.enter(run, at, &mut state) {
                stack.extend(children.get(at).into_iter().flatten().copied().map(Turn::Enter));
            }
        }
        // Merges alone ask whether landings are settled.
        let asked = self.ways.iter().any(|ways| !ways.is_empty());
        self.whole.len() > before.0 || asked && settled(self) > before.1
    }

    /// The next landing that needs none before it; when all are done, one from a tree that joined in this pass.
    fn next_start(&mut self, from_tree: &FxHashMap<Place<'a>, Vec<usize>>, starts: &mut Vec<usize>) -> Option<Turn> {
        if starts.is_empty() {
            let after = self.joined.iter().filter_map(|place| from_tree.get(place)).flatten().copied();
            starts.extend(after.filter(|at| self.own_left.get(*at).is_some_and(Option::is_none)));
            starts.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
            self.joined.clear();
        }
        starts.pop().map(Turn::Enter)
    }

    /// A landing whose base needs no landing before it.
    fn starts_chain(&self, at: usize) -> bool {
        self.landings.get(at).is_some_and(|landing| self.whole_tree(&landing.body.repository, landing.from))
    }

    /// Moves the state over one landing; tells whether that could be computed.
    fn enter(&mut self, run: &Run<'_, 'a>, at: usize, state: &mut State<'a>) -> bool {
        if self.starts_chain(at) {
            state.clear();
        } else if !run.world.rules.grant(Rule::Prev, true) {
            return false;
        }
        let Some(landing) = self.landings.get(at) else { return false };
        let Some(changes) = landing.changes.clone() else { return false };
        let (repository, to, from) = (landing.body.repository.as_str(), landing.to, landing.from);
        self.apply(run, at, &changes, state);
        let merge = self.recomputed_merge(run, at);
        let left = if merge.is_some() { 0 } else { state.paths.len() };
        if let (Some(own_left), Some(settled), Some(known)) =
            (self.own_left.get_mut(at), self.settled.get_mut(at), self.merges.get_mut(at))
        {
            (*own_left, *settled) = (Some(left), *settled || left == 0);
            *known = merge.filter(|_| !state.paths.is_empty());
        }
        let by = if state.paths.is_empty() { Some(WholeBy::Landing(at)) } else { merge };
        if let Some(by) = by
            && self.add_whole((repository, to), by)
        {
            if self.whole_tree(repository, from) {
                self.versions.get_mut().add_changes(repository, &changes);
            } else {
                self.versions.get_mut().add_tree((repository, to));
            }
        }
        if self.whole_tree(repository, to) {
            state.clear();
        }
        if let Some(left) = self.left.get_mut(at) {
            *left = Some(state.paths.len());
        }
        true
    }

    /// Moves the uncovered paths over one landing.
    fn apply(&self, run: &Run<'_, 'a>, at: usize, changes: &[Change<'a>], state: &mut State<'a>) {
        let Some(landing) = self.landings.get(at) else { return };
        let answers = self.answers.get(at).map(Vec::as_slice).unwrap_or_default();
        for (change, answer) in changes.iter().zip(answers) {
            let origin = state.paths.get(change.path).copied();
            let base = change.before.is_none() || origin.is_none() || change.after.is_none();
            let base = run.world.rules.demand(Rule::BaseCovered, base);
            let healed = || {
                let mut versions = self.versions.borrow_mut();
                let equal =
                    change.after.is_some_and(|entry| versions.holds(run.world, &landing.body.repository, entry));
                run.world.rules.grant(Rule::Heal, equal)
            };
            if answer.is_some() && (base || healed()) {
                state.set(change.path, None);
            } else if answer.is_some() {
                state.set(change.path, Some(origin.unwrap_or(at)));
            } else {
                state.set(change.path, Some(at));
            }
        }
    }

    fn recomputed_merge(&self, run: &Run<'_, 'a>, at: usize) -> Option<WholeBy> {
        let landing = self.landings.get(at)?;
        let merge = landing.body.merge_of.as_ref()?;
        let repository = landing.body.repository.as_str();
        let head = run.resolve(repository, &merge.head)?;
        let base = run.resolve(repository, &merge.base)?;
        let holds = merge.mode == "merge"
            && run.resolve(repository, &merge.result) == Some(landing.to)
            && landing::merged(run, landing, base, head, Ids::Allowed)
            && self.whole_tree(repository, landing.from)
            && self.whole_tree(repository, head)
            && self.whole_tree(repository, base);
        let way = self.covered_way(at);
        let landed = run.world.rules.demand(Rule::HeadLanded, way.is_some());
        let way = way.unwrap_or(Way { landed: at, since: at });
        let holds = run.world.rules.grant(Rule::RecomputedMerge, holds && landed);
        holds.then_some(WholeBy::Merge { landing: at, head, base, way })
    }

    /// The paths that a landing leaves uncovered, each with where it lost cover; `None` when its base is not known.
    pub(crate) fn uncovered(&self, run: &Run<'_, 'a>, landing: usize) -> Option<Uncovered<'a>> {
        let info = self.landings.get(landing)?;
        if self.whole_tree(&info.body.repository, info.to) {
            return Some(Uncovered::default());
        }
        let mut chain = vec![landing];
        let mut at = landing;
        while !self.starts_chain(at) {
            at = self.landings.get(at)?.prev?;
            if chain.len() > self.landings.len() {
                return None;
            }
            chain.push(at);
        }
        let mut state = State::default();
        for at in chain.into_iter().rev() {
            let landing = self.landings.get(at)?;
            let changes = landing.changes.clone()?;
            self.apply(run, at, &changes, &mut state);
            if self.whole_tree(&landing.body.repository, landing.to) {
                state.clear();
            }
        }
        Some(state.paths)
    }

    /// The landing to explain a tree by: the fewest uncovered paths, then the smallest statement digest.
    pub(crate) fn best_landing(&self, run: &Run<'_, 'a>, place: &Place<'a>) -> Option<(usize, Uncovered<'a>)> {
        let landings = self.to_tree.get(place)?;
        let digest = |at: usize| {
            self.landings.get(at).and_then(|landing| run.world.known.get(landing.statement)).map(|known| known.digest())
        };
        let left = |at: usize| {
            let covered = self.landings.get(at).is_some_and(|l| self.whole_tree(&l.body.repository, l.to));
            if covered { Some(0) } else { self.left.get(at).copied().flatten() }
        };
        let known = landings.iter().filter_map(|at| Some((*at, left(*at)?)));
        let (best, _) = known.min_by_key(|(at, left)| (*left, digest(*at)))?;
        Some((best, self.uncovered(run, best)?))
    }
}

/// What a walk over the chains does next.
enum Turn {
    Enter(usize),
    /// Goes back to where the log of the state had this length.
    Leave(usize),
}

/// The uncovered paths at one landing of a walk, with what it takes to go back: a fork costs no copy.
#[derive(Default)]
struct State<'a> {
    paths: Uncovered<'a>,
    log: Vec<Undo<'a>>,
}

enum Undo<'a> {
    Path(&'a str, Option<usize>),
    All(Uncovered<'a>),
}

impl<'a> State<'a> {
    fn set(&mut self, path: &'a str, origin: Option<usize>) {
        let before = match origin {
            Some(origin) => self.paths.insert(path, origin),
            None => self.paths.remove(path),
        };
        if before != origin {
            self.log.push(Undo::Path(path, before));
        }
    }

    fn clear(&mut self) {
        if !self.paths.is_empty() {
            self.log.push(Undo::All(std::mem::take(&mut self.paths)));
        }
    }

    const fn mark(&self) -> usize {
        self.log.len()
    }

    fn undo(&mut self, mark: usize) {
        while self.log.len() > mark {
            match self.log.pop() {
                Some(Undo::Path(path, Some(origin))) => drop(self.paths.insert(path, origin)),
                Some(Undo::Path(path, None)) => drop(self.paths.remove(path)),
                Some(Undo::All(paths)) => self.paths = paths,
                None => return,
            }
        }
    }
}
