//! The cover of one ref, path by path, kept up to date landing by landing: what `source report` and `blame` tell.
//!
//! In: a repository's own history as differences ([`LandingDiff`]), verified reviews, and the trees that they name. Out: for each path, who touched it
//! last and who answered for it. It explains and never decides: `verify` asks [`solve`](crate::solve) and nothing of this.
//!
//! INVARIANT (ledger-says-less): where every tree that a statement names is placed ([`NamedTrees::placed`]), a path that the ledger calls covered after a
//! landing is in no U(L) of docs/rules.md section 3 of that landing, as an observer would have stated it. It may say less: it reads a ref once,
//! forwards, and knows no other ref. So a tree that becomes covered by a later landing alone, or on another ref, heals nothing before; a pusher answers
//! for nobody; and the rule **recomputed-merge** is not applied.
//!
//! Who answers for a change is asked of the solver's own code (`cover::answer`); only what moves over a history is written here once more, since the
//! solver needs whole inventories.

mod judge;
mod pack;

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::StatementDigest;
use lasthand_model::history::{Authored, LandingDiff, ObjectKey, Version};
use lasthand_model::wire::facts::Actor;
use rustc_hash::{FxHashMap, FxHashSet};

pub use self::judge::{Evidence, NamedTrees, Survey, Wanted, survey, wanted};
use self::judge::{Judged, judge_all};

/// What is known of each path of a ref.
#[derive(Debug, Default)]
pub struct Ledger {
    rows: Vec<Row>,
    at: FxHashMap<Box<str>, u32>,
    /// Rows without cover, absences included.
    uncovered: usize,
    landings: Vec<ObjectKey>,
    people: Vec<Vec<Actor>>,
    /// Where a list of people is, by how it prints.
    people_at: FxHashMap<String, u32>,
    approvals: Vec<Vec<Approval>>,
    approvals_at: BTreeMap<Vec<Approval>, u32>,
    /// Trees where chains start, by the trust file or a source VSA.
    anchors: BTreeSet<ObjectKey>,
    /// Wholly covered trees.
    whole: FxHashSet<ObjectKey>,
    /// Entries of wholly covered trees, for the rule **heal**.
    versions: FxHashSet<(u32, Version)>,
    /// Rows that changed since the last wholly covered tree.
    moved: BTreeSet<u32>,
    /// Trees from which a landing started.
    started: FxHashSet<ObjectKey>,
    /// Reviews that held for a landing.
    used: BTreeSet<StatementDigest>,
    /// Whether the chain began at a covered tree, or came to one.
    anchored: bool,
    tree: Option<ObjectKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    path: Box<str>,
    version: Option<Version>,
    last: Option<Touch>,
    standing: Standing,
}

/// The commit that touched a path last, and its people: an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Touch {
    commit: ObjectKey,
    people: u32,
}

/// How a path stands: the last landing that decided it, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nobody answered; `None` for what was there before the first landing.
    Open(Option<u32>),
    /// Reviews answered for the landing's change: an index.
    Reviewed { landing: u32, approvals: u32 },
    /// The trust file or a source VSA takes the tree as reviewed.
    Onboarded,
    /// A review of the whole tree, at a landing.
    WholeReviewed { landing: u32, approvals: u32 },
    /// It is again as in a tree that was covered before.
    Returned { landing: u32 },
}

/// A review that counts, and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Approval {
    /// The statement.
    pub statement: StatementDigest,
    /// The reviewer's principal.
    pub reviewer: String,
}

/// Who answers for a path, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cover<'a> {
    /// Nobody.
    Nothing {
        /// The landing at which the path lost cover; absent for what was there before the first one.
        landing: Option<ObjectKey>,
    },
    /// Reviews of the change.
    Reviewed {
        /// The landing.
        landing: ObjectKey,
        /// The reviews that answer.
        approvals: &'a [Approval],
    },
    /// The tree in which it was is where the chain starts, by the trust file or a source VSA.
    Onboarded,
    /// A review of the whole tree.
    WholeReviewed {
        /// The landing.
        landing: ObjectKey,
        /// The review.
        approvals: &'a [Approval],
    },
    /// The landing brought back a tree that was covered.
    Returned {
        /// The landing.
        landing: ObjectKey,
    },
}

/// One path, as the ledger has it.
#[derive(Debug, Clone, Copy)]
pub struct PathState<'a> {
    /// Path.
    pub path: &'a str,
    /// What is there; absent for a path whose removal nobody answered for.
    pub version: Option<Version>,
    /// The last commit that touched it and the people of that commit; absent for what was there before the first landing.
    pub last: Option<(ObjectKey, &'a [Actor])>,
    /// Who answers for it.
    pub cover: Cover<'a>,
}

impl Ledger {
    /// Begins at a tree, with what is in it.
    ///
    /// In: the tree before the first landing ([`ObjectKey::EMPTY`] for a whole history) and its paths. Cost: O(paths).
    #[must_use]
    pub fn begin(evidence: Option<&Evidence<'_>>, tree: ObjectKey, listing: &[(String, Version)]) -> Self {
        let mut ledger = Self { tree: Some(tree), ..Self::default() };
        ledger.whole.insert(ObjectKey::EMPTY);
        for anchor in evidence.map(judge::anchors).unwrap_or_default() {
            ledger.whole.insert(anchor);
            ledger.anchors.insert(anchor);
            let entries = evidence.and_then(|evidence| evidence.trees.listings.get(&anchor));
            for (path, version) in entries.into_iter().flatten() {
                let row = ledger.row(path);
                ledger.versions.insert((row, *version));
            }
        }
        ledger.anchored = ledger.whole.contains(&tree);
        for (path, version) in listing {
            let at = ledger.row(path);
            let standing = if ledger.anchored { Standing::Onboarded } else { Standing::Open(None) };
            if let Some(row) = ledger.row_mut(at) {
                row.version = Some(*version);
            }
            ledger.stand(at, standing);
            ledger.moved.insert(at);
        }
        if ledger.anchored {
            ledger.remember_versions();
        }
        ledger
    }

    /// Moves over landings, in order.
    ///
    /// In: landings of which the first starts from where the ledger is; the same evidence each time. Without evidence nobody answers for anything.
    /// Cost: the changes; with evidence also its statements, once a call.
    pub fn extend(&mut self, evidence: Option<&Evidence<'_>>, landings: &[LandingDiff]) {
        match evidence {
            Some(evidence) => judge_all(evidence, landings, self),
            None => landings.iter().for_each(|landing| self.apply(landing, &Judged::default())),
        }
    }

    /// The tree it is at.
    #[must_use]
    pub const fn tree(&self) -> Option<ObjectKey> {
        self.tree
    }

    /// How many landings it went over.
    #[must_use]
    pub const fn landings(&self) -> usize {
        self.landings.len()
    }

    /// How many paths it ever saw: what it holds grows with them.
    #[must_use]
    pub const fn seen_paths(&self) -> usize {
        self.rows.len()
    }

    /// Whether the chain began at a covered tree or came to one: without that nothing can be covered.
    #[must_use]
    pub const fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// Whether every path and every absence is covered.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.anchored && self.uncovered == 0
    }

    /// What is known of a path that is there, or was removed without an answer.
    #[must_use]
    pub fn path(&self, path: &str) -> Option<PathState<'_>> {
        let row = self.rows.get(usize::try_from(*self.at.get(path)?).ok()?)?;
        self.state(row)
    }

    /// Every path that is there, and every one whose removal nobody answered for, by path.
    #[must_use]
    pub fn paths(&self) -> Vec<PathState<'_>> {
        let mut paths: Vec<PathState<'_>> = self.rows.iter().filter_map(|row| self.state(row)).collect();
        paths.sort_unstable_by_key(|state| state.path);
        paths
    }

    fn state<'a>(&'a self, row: &'a Row) -> Option<PathState<'a>> {
        let open = matches!(row.standing, Standing::Open(_));
        if row.version.is_none() && !open {
            return None;
        }
        let landing = |at: u32| self.landings.get(usize::try_from(at).ok()?).copied();
        let approvals = |at: u32| {
            let list = usize::try_from(at).ok().and_then(|at| self.approvals.get(at));
            list.map(Vec::as_slice).unwrap_or_default()
        };
        let cover = match row.standing {
            Standing::Open(at) => Cover::Nothing { landing: at.and_then(landing) },
            Standing::Onboarded => Cover::Onboarded,
            Standing::Reviewed { landing: at, approvals: set } => {
                Cover::Reviewed { landing: landing(at)?, approvals: approvals(set) }
            }
            Standing::WholeReviewed { landing: at, approvals: set } => {
                Cover::WholeReviewed { landing: landing(at)?, approvals: approvals(set) }
            }
            Standing::Returned { landing: at } => Cover::Returned { landing: landing(at)? },
        };
        let people = |touch: &Touch| usize::try_from(touch.people).ok().and_then(|at| self.people.get(at));
        let last = row.last.as_ref();
        let last = last.map(|touch| (touch.commit, people(touch).map(Vec::as_slice).unwrap_or_default()));
        Some(PathState { path: &row.path, version: row.version, last, cover })
    }

    /// What is at a path now.
    fn version(&self, path: &str) -> Option<Version> {
        let row = usize::try_from(*self.at.get(path)?).ok()?;
        self.rows.get(row)?.version
    }

    /// Moves over one landing.
    ///
    /// SPEC: docs/rules.md section 3, "Cover of a changed path", U(L), W.
    fn apply(&mut self, landing: &LandingDiff, judged: &Judged) {
        let number = narrow(self.landings.len());
        self.landings.push(landing.commit);
        let numbers: Vec<u32> = landing.commits.iter().map(|commit| self.number_people(commit)).collect();
        let approvals: Vec<u32> = judged.sets.iter().map(|set| self.number_approvals(set)).collect();
        for (at, change) in landing.changes.iter().enumerate() {
            let row = self.row(&change.path);
            let before = self.standing(row);
            let base = change.before.is_none() || !matches!(before, Standing::Open(_)) || change.after.is_none();
            let healed = || change.after.is_some_and(|version| self.versions.contains(&(row, version)));
            let answer = judged.answers.get(at).copied().flatten().and_then(|set| approvals.get(set));
            let standing = match answer {
                Some(approvals) if self.anchored && (base || healed()) => {
                    Standing::Reviewed { landing: number, approvals: *approvals }
                }
                // Reviewed, on top of what nobody answered for.
                Some(_) if self.anchored => before,
                _ => Standing::Open(Some(number)),
            };
            self.stand(row, standing);
            let touched = landing.touched.get(at).copied().unwrap_or_default();
            let last = landing.commits.get(touched).zip(numbers.get(touched));
            if let Some(row) = self.row_mut(row) {
                row.version = change.after;
                row.last = last.map(|(commit, people)| Touch { commit: commit.commit, people: *people });
            }
            self.moved.insert(row);
        }
        self.used.extend(&judged.used);
        self.close(landing.to, number, judged.whole.and_then(|set| approvals.get(set).copied()));
    }

    /// Ends a landing: a tree without uncovered paths joins the covered ones, and at a covered tree nothing is uncovered.
    fn close(&mut self, tree: ObjectKey, landing: u32, whole_review: Option<u32>) {
        self.tree = Some(tree);
        let was_anchored = self.anchored;
        if (self.anchored && self.uncovered == 0) || whole_review.is_some() {
            self.whole.insert(tree);
        }
        if !self.whole.contains(&tree) {
            return;
        }
        self.anchored = true;
        let standing = match whole_review {
            _ if self.anchors.contains(&tree) => Standing::Onboarded,
            Some(approvals) => Standing::WholeReviewed { landing, approvals },
            None => Standing::Returned { landing },
        };
        if self.uncovered > 0 {
            for at in 0..narrow(self.rows.len()) {
                if matches!(self.standing(at), Standing::Open(_)) {
                    self.stand(at, standing);
                }
            }
        }
        if !was_anchored {
            self.moved.extend(0..narrow(self.rows.len()));
        }
        self.remember_versions();
    }

    /// Adds the entries of a tree that is wholly covered: those that changed since the last such tree.
    fn remember_versions(&mut self) {
        for at in std::mem::take(&mut self.moved) {
            let row = usize::try_from(at).ok().and_then(|at| self.rows.get(at));
            if let Some(version) = row.and_then(|row| row.version) {
                self.versions.insert((at, version));
            }
        }
    }

    fn standing(&self, at: u32) -> Standing {
        let row = usize::try_from(at).ok().and_then(|at| self.rows.get(at));
        row.map_or(Standing::Open(None), |row| row.standing)
    }

    fn stand(&mut self, at: u32, standing: Standing) {
        let open = |standing| usize::from(matches!(standing, Standing::Open(_)));
        let before = open(self.standing(at));
        if let Some(row) = self.row_mut(at) {
            row.standing = standing;
            self.uncovered = self.uncovered + open(standing) - before;
        }
    }

    fn row_mut(&mut self, at: u32) -> Option<&mut Row> {
        self.rows.get_mut(usize::try_from(at).ok()?)
    }

    /// The row of a path; a path that never was is covered, as nothing is there.
    fn row(&mut self, path: &str) -> u32 {
        if let Some(at) = self.at.get(path) {
            return *at;
        }
        let at = narrow(self.rows.len());
        self.rows.push(Row { path: path.into(), version: None, last: None, standing: Standing::Onboarded });
        self.at.insert(path.into(), at);
        at
    }

    /// One copy of each list of people.
    fn number_people(&mut self, commit: &Authored) -> u32 {
        *self.people_at.entry(format!("{:?}", commit.people)).or_insert_with(|| {
            self.people.push(commit.people.clone());
            narrow(self.people.len() - 1)
        })
    }

    fn number_approvals(&mut self, set: &[Approval]) -> u32 {
        *self.approvals_at.entry(set.to_vec()).or_insert_with(|| {
            self.approvals.push(set.to_vec());
            narrow(self.approvals.len() - 1)
        })
    }
}

/// INVARIANT (numbers): there are no more of anything here than a walk is allowed to visit, and those are counted in 32 bits.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
