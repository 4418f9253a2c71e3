//! Who answers for the changes of a landing, asked of the solver's own code: reviews, authors, independence, duties.
//!
//! A tree goes by its git id here, padded to the length of a root, where the solver has roots of inventories.

use std::collections::BTreeMap;
use std::rc::Rc;

use lasthand_model::digest::{GitId, InventoryRoot, Sha256, StatementDigest};
use lasthand_model::history::{LandingDiff, MergeTrees, ObjectKey, PathChange, Version};
use lasthand_model::inventory::EntryType;
use lasthand_model::pack::Packer;
use lasthand_model::wire::facts::{Body, Entries, EntryFact, Facts, Landing, MergeOf, TreeRef};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Approval, Ledger};
use crate::cover::Cover;
use crate::landing::{self, Edits, LandingInfo, add_authors};
use crate::review::{self, ReviewInfo};
use crate::rules::{Rule, Rules};
use crate::run::{Named, Roots, Run};
use crate::solve::allowed_labels;
use crate::trees::{Change, Tree};
use crate::world::{Known, World};

/// Verified statements, and what the repository has of the trees that they name.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Statements, trust file, preset and product. Its inventories and landings are not used: the history is the repository's own.
    pub facts: &'a Facts,
    /// The trees.
    pub trees: &'a NamedTrees,
    /// Name of the repository, as statements have it.
    pub repository: &'a str,
    /// Whole name of the ref.
    pub target_ref: &'a str,
}

/// What a repository has of the trees that statements name.
#[derive(Debug, Clone, Default)]
pub struct NamedTrees {
    /// The tree that each reference means. One that states a root is here only when the tree was found to have that root.
    pub placed: BTreeMap<TreeRef, ObjectKey>,
    /// What the change from one tree to another changes, by path.
    pub changes: BTreeMap<(ObjectKey, ObjectKey), Vec<PathChange>>,
    /// All that is in a tree.
    pub listings: BTreeMap<ObjectKey, Vec<(String, Version)>>,
}

/// What of the repository the judgement needs to know.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// Trees to place.
    pub trees: Vec<&'a TreeRef>,
    /// Changes under review: base and head.
    pub changes: Vec<(&'a TreeRef, &'a TreeRef)>,
    /// Trees to list: reviewed as a whole, or where a chain starts.
    pub listings: Vec<&'a TreeRef>,
}

/// Tells which trees of a repository the statements name. Nothing is believed yet.
#[must_use]
pub fn wanted<'a>(facts: &'a Facts, repository: &str) -> Wanted<'a> {
    let mut wanted = Wanted::default();
    for statement in &facts.statements {
        match &statement.body {
            Body::Review(review) if review.repository == repository => match &review.base {
                Some(base) => wanted.changes.push((base, &review.head)),
                None => wanted.listings.push(&review.head),
            },
            Body::Edit(edit) if edit.repository == repository => wanted.trees.push(&edit.to),
            Body::SourceVsa(vsa) if vsa.repository == repository => wanted.listings.push(&vsa.tree),
            _ => {}
        }
    }
    let products = facts.trust.products.iter().filter(|product| product.name == facts.question.product);
    for start in products.flat_map(|product| &product.onboarding).filter(|start| start.repository == repository) {
        wanted.listings.push(&start.tree);
    }
    wanted.trees.extend(wanted.changes.iter().flat_map(|(base, head)| [*base, *head]));
    wanted.trees.extend(&wanted.listings);
    wanted
}

/// What the evidence comes to, before any landing is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Whether repository and ref are the product's.
    pub is_ours: bool,
    /// Known reviews of the repository.
    pub reviews: usize,
    /// Those of them that count for something: whoever gave them may, and is a human who is known well enough.
    pub counting: usize,
    /// Reviews and edits that name a tree that could not be placed: what they would give or take away is not seen.
    pub unplaced: usize,
    /// Trees where the chain may start, other than the empty one.
    pub anchors: usize,
    /// Changes whenever the ledger must be made anew: when statements, trust, preset or placed trees change, or time makes another judgement of a review.
    pub fingerprint: Option<Sha256>,
}

/// Looks at the evidence as a whole.
///
/// Cost: linear in statements and rows.
#[must_use]
pub fn survey(evidence: &Evidence<'_>) -> Survey {
    let body = body_of(evidence, None);
    with_judge(evidence, &[], &listed(evidence), |judge| {
        let world = judge.run.world;
        let here = |info: &&ReviewInfo<'_>| info.body.repository == evidence.repository;
        let reviews = judge.cover.reviews.iter().filter(here);
        let unplaced = |info: &&ReviewInfo<'_>| info.head.is_none() || info.base.is_none();
        Survey {
            is_ours: landing::ours(world, &body),
            reviews: reviews.clone().count(),
            counting: reviews.clone().filter(|info| info.fault.is_none()).count(),
            unplaced: reviews.filter(unplaced).count() + judge.unplaced_edits,
            anchors: judge.anchors().len(),
            fingerprint: judge.fingerprint(evidence),
        }
    })
}

/// Trees where chains start, other than the empty one.
pub(super) fn anchors(evidence: &Evidence<'_>) -> Vec<ObjectKey> {
    with_judge(evidence, &[], &listed(evidence), |judge| judge.anchors())
}

/// What was found about one landing.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// For each change: which of the sets answers for it, if any.
    pub(super) answers: Vec<Option<usize>>,
    pub(super) sets: Vec<Vec<Approval>>,
    /// Reviews that hold for it.
    pub(super) used: Vec<StatementDigest>,
    /// The set that answers for the whole tree, if one does.
    pub(super) whole: Option<usize>,
}

/// Judges landings one after the other, and moves the ledger over each.
pub(super) fn judge_all(evidence: &Evidence<'_>, landings: &[LandingDiff], ledger: &mut Ledger) {
    let bodies: Vec<Landing> = landings.iter().map(|landing| body_of(evidence, Some(landing))).collect();
    with_judge(evidence, landings, &listed(evidence), |judge| {
        for (landing, body) in landings.iter().zip(&bodies) {
            ledger.started.insert(landing.from.unwrap_or(ObjectKey::EMPTY));
            let judged = judge.judge(ledger, landing, body);
            ledger.apply(landing, &judged);
        }
    });
}

/// A landing as its observer would have stated it, with keys of trees for roots.
fn body_of(evidence: &Evidence<'_>, landing: Option<&LandingDiff>) -> Landing {
    let tree = |key: &ObjectKey| TreeRef { root: Some(InventoryRoot(root(key))), ..TreeRef::default() };
    let merge = landing.and_then(|landing| landing.merge);
    Landing {
        repository: evidence.repository.to_owned(),
        target_ref: evidence.target_ref.to_owned(),
        from: landing.and_then(|landing| landing.from).as_ref().map(tree),
        to: tree(&landing.map_or(ObjectKey::EMPTY, |landing| landing.to)),
        prev: None,
        merge_of: merge.map(|MergeTrees { head, base, result }| MergeOf {
            head: tree(&head),
            base: tree(&base),
            mode: "merge".to_owned(),
            result: tree(&result),
        }),
        authors: landing.map(|landing| landing.authors.clone()).unwrap_or_default(),
        authors_complete: landing.is_some_and(|landing| landing.authors_complete),
        export_ignore: Vec::new(),
    }
}

/// A tree's key in the place of its root. Neither can be made to be the other: the one is padded, or of another algorithm's text.
const fn root(key: &ObjectKey) -> Sha256 {
    Sha256::from_bytes(key.padded())
}

/// The world of the evidence, with what is looked up for each landing.
struct Judge<'w, 'a> {
    run: &'w Run<'w, 'a>,
    cover: Cover<'a>,
    trees: &'a NamedTrees,
    repository: &'a str,
    edits: Edits<'a>,
    unplaced_edits: usize,
    /// Keys of base and head, by review.
    keys: Vec<Option<(Option<ObjectKey>, ObjectKey)>>,
    by_head: FxHashMap<ObjectKey, Vec<usize>>,
    /// Reviews by what a path becomes, for the first paths of the landings.
    by_change: FxHashMap<(&'a str, Option<Version>), Vec<usize>>,
}

fn with_judge<'a, R>(
    evidence: &Evidence<'a>,
    landings: &'a [LandingDiff],
    listed: &'a [(Sha256, Entries)],
    act: impl FnOnce(&Judge<'_, 'a>) -> R,
) -> R {
    let mut world = World::new(evidence.facts, Rules::default());
    world.trees.extend(listed.iter().filter_map(|(root, entries)| Some((*root, Tree::new(entries)?))));
    let roots = placed_roots(evidence);
    let run = Run::new(&world, &roots, allowed_labels(evidence.facts));
    act(&Judge::new(&run, evidence, landings))
}

/// The trees that are needed whole, as the solver has them.
fn listed(evidence: &Evidence<'_>) -> Vec<(Sha256, Entries)> {
    evidence.trees.listings.iter().map(|(key, paths)| (root(key), entries(paths))).collect()
}

/// Paths alone, for what asks a tree for its paths.
fn entries(paths: &[(String, Version)]) -> Entries {
    let entry = |(path, _): &(String, Version)| EntryFact {
        path: path.clone(),
        entry_type: EntryType::File,
        mode: 0,
        uid: 0,
        gid: 0,
        sha256: None,
        link_target: String::new(),
        device: None,
        xattrs: BTreeMap::new(),
    };
    paths.iter().map(entry).collect()
}

/// What git ids without a root mean: the trees of the repository itself.
fn placed_roots<'a>(evidence: &Evidence<'a>) -> Roots<'a> {
    let mut ids: FxHashMap<&'a GitId, Named> = FxHashMap::default();
    for (tree, key) in &evidence.trees.placed {
        if let Some(id) = &tree.git_tree {
            ids.insert(id, Named::apart(root(key)));
        }
    }
    FxHashMap::from_iter([(evidence.repository, ids)])
}

impl<'w, 'a> Judge<'w, 'a> {
    fn new(run: &'w Run<'w, 'a>, evidence: &Evidence<'a>, landings: &[LandingDiff]) -> Self {
        let trees = evidence.trees;
        let mut reviews = review::collect(run);
        let keys: Vec<_> = reviews.iter_mut().map(|review| place(review, evidence)).collect();
        let mut judge = Self {
            run,
            cover: Cover::of(reviews, Vec::new()),
            trees,
            repository: evidence.repository,
            edits: Edits::default(),
            unplaced_edits: 0,
            keys,
            by_head: FxHashMap::default(),
            by_change: FxHashMap::default(),
        };
        judge.index(landings);
        for (at, _, body) in run.world.each(&run.world.by_subject.edits) {
            let Body::Edit(edit) = body else { continue };
            match trees.placed.get(&edit.to) {
                _ if edit.repository != evidence.repository => {}
                Some(key) => judge.edits.by_tree.entry((evidence.repository, root(key))).or_default().push(at),
                None => judge.unplaced_edits += 1,
            }
        }
        judge
    }

    fn index(&mut self, landings: &[LandingDiff]) {
        let firsts: FxHashSet<&str> =
            landings.iter().filter_map(|landing| Some(landing.changes.first()?.path.as_str())).collect();
        for (at, keys) in self.keys.iter().enumerate() {
            let Some((base, head)) = keys else { continue };
            self.by_head.entry(*head).or_default().push(at);
            let changes = base.and_then(|base| self.trees.changes.get(&(base, *head)));
            for change in changes.into_iter().flatten().filter(|change| firsts.contains(change.path.as_str())) {
                self.by_change.entry((&change.path, change.after)).or_default().push(at);
            }
        }
    }

    /// Trees where chains start, by the trust file and source VSAs, other than the empty one.
    fn anchors(&self) -> Vec<ObjectKey> {
        let mut start = Cover::of(Vec::new(), Vec::new());
        start.start(self.run);
        let by_root: FxHashMap<Sha256, ObjectKey> = self
            .trees
            .placed
            .iter()
            .flat_map(|(tree, key)| [tree.root.map(|root| root.0), Some(root(key))].map(|root| Some((root?, *key))))
            .flatten()
            .collect();
        let here = start.whole.keys().filter(|(repository, _)| *repository == self.repository);
        let mut anchors: Vec<ObjectKey> = here.filter_map(|(_, root)| by_root.get(root).copied()).collect();
        anchors.retain(|anchor| *anchor != ObjectKey::EMPTY);
        anchors.sort_unstable();
        anchors.dedup();
        anchors
    }

    fn fingerprint(&self, evidence: &Evidence<'_>) -> Option<Sha256> {
        let mut packer = Packer::default();
        let facts = Facts { now: 0, inventories: BTreeMap::new(), ..evidence.facts.clone() };
        // SECURITY: without it all evidence would look alike, and what is kept of other evidence be believed.
        packer.bytes(&serde_json::to_vec(&facts).ok()?);
        packer.text(evidence.repository);
        packer.text(evidence.target_ref);
        packer.text(&format!("{:?}", self.run.allowed()));
        for review in &self.cover.reviews {
            let fault = review.fault.map(|fault| fault.to_string()).unwrap_or_default();
            packer.text(&fault);
            packer.number(review.level.map_or(0, u64::from));
        }
        packer.count(self.trees.placed.len());
        for (tree, key) in &self.trees.placed {
            packer.text(&format!("{tree:?}"));
            key.pack(&mut packer);
        }
        for anchor in self.anchors() {
            anchor.pack(&mut packer);
        }
        Some(Sha256::of(&packer.finish()))
    }

    fn judge(&self, ledger: &Ledger, landing: &'a LandingDiff, body: &'a Landing) -> Judged {
        let bound = self.bound(ledger, landing);
        let whole = self.by_head.get(&landing.to).map(Vec::as_slice).unwrap_or_default();
        if (bound.is_empty() && whole.is_empty()) || !landing::ours(self.run.world, body) {
            return Judged::default();
        }
        let path = |change: &'a PathChange| Change { path: change.path.as_str(), before: None, after: None };
        let mut info = LandingInfo {
            // It is no statement: who would be asked for its signer finds none.
            statement: usize::MAX,
            body,
            from: root(&landing.from.unwrap_or(ObjectKey::EMPTY)),
            to: root(&landing.to),
            prev: None,
            changes: Some(Rc::new(landing.changes.iter().map(path).collect())),
            bound,
            holds: Vec::new(),
            authors: Vec::new(),
            authors_complete: false,
            borrowed: Vec::new(),
            level: 0,
        };
        info.holds = info.bound.iter().copied().filter(|at| self.holds(ledger, landing, &info, *at)).collect();
        add_authors(self.run, &mut info, &self.cover.reviews, &self.edits);
        let used = info.holds.iter().filter_map(|at| self.digest(*at)).collect();
        let mut judged = Judged { used, ..Judged::default() };
        let mut numbers: FxHashMap<Rc<[usize]>, usize> = FxHashMap::default();
        for answer in self.cover.answer_all(self.run, &info) {
            let number = answer.map(|set| {
                *numbers.entry(Rc::clone(&set)).or_insert_with(|| {
                    judged.sets.push(self.approvals(&set));
                    judged.sets.len() - 1
                })
            });
            judged.answers.push(number);
        }
        let whole = whole.iter().copied().find(|at| self.answers_for_all(&info, *at));
        judged.whole = whole.map(|at| {
            judged.sets.push(self.approvals(&[at]));
            judged.sets.len() - 1
        });
        judged
    }

    /// Reviews that meet the trees of a landing, whatever else they lack.
    fn bound(&self, ledger: &Ledger, landing: &LandingDiff) -> Vec<usize> {
        let heads = [Some(landing.to), landing.merge.map(|merge| merge.head)];
        let mut found: Vec<usize> =
            heads.iter().flatten().filter_map(|head| self.by_head.get(head)).flatten().copied().collect();
        if let Some(first) = landing.changes.first() {
            found.extend(self.by_change.get(&(first.path.as_str(), first.after)).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|at| self.run.world.rules.demand(Rule::Binding, self.binds(ledger, landing, *at)));
        found
    }

    /// SPEC: docs/rules.md section 3, **binding**.
    fn binds(&self, ledger: &Ledger, landing: &LandingDiff, review: usize) -> bool {
        let Some(Some((base, head))) = self.keys.get(review) else { return false };
        match base {
            _ if self.meets(landing, review) => true,
            Some(base) => self.merged(ledger, landing, *base, *head),
            None => false,
        }
    }

    /// T1: the review is of exactly these trees.
    fn meets(&self, landing: &LandingDiff, review: usize) -> bool {
        let Some(Some((base, head))) = self.keys.get(review) else { return false };
        let from = landing.from.unwrap_or(ObjectKey::EMPTY);
        *head == landing.to && base.map_or(landing.from.is_none(), |base| base == from)
    }

    /// T2: each path is taken from one side; where both changed it, the history's reader merged the text.
    fn merged(&self, ledger: &Ledger, landing: &LandingDiff, base: ObjectKey, head: ObjectKey) -> bool {
        let Some(theirs) = self.trees.changes.get(&(base, head)) else { return false };
        let mut made = landing.changes.iter().peekable();
        let mut conflict = false;
        for change in theirs {
            // What the landing changed and the other side did not is in no merge.
            if made.peek().is_some_and(|ours| ours.path < change.path) {
                return false;
            }
            let ours = made.next_if(|ours| ours.path == change.path);
            let current = ledger.version(&change.path);
            if current == change.after {
                if ours.is_some() {
                    return false;
                }
            } else if current == change.before {
                if ours.is_none_or(|ours| ours.after != change.after) {
                    return false;
                }
            } else {
                conflict = true;
            }
        }
        let observed = landing.merge == Some(MergeTrees { head, base, result: landing.to });
        made.next().is_none() && (!conflict || observed)
    }

    /// Everything a review needs, and that no earlier landing of the ref used it.
    fn holds(&self, ledger: &Ledger, landing: &LandingDiff, info: &LandingInfo<'a>, at: usize) -> bool {
        let (Some(review), Some(Some((base, _))), Some(digest)) =
            (self.cover.reviews.get(at), self.keys.get(at), self.digest(at))
        else {
            return false;
        };
        let known = self.meets(landing, at) || base.is_some_and(|base| ledger.started.contains(&base));
        let once = self.run.world.rules.demand(Rule::ReviewOnce, known && !ledger.used.contains(&digest));
        review.fault.is_none() && self.cover.target_ref(self.run, review, info) && once
    }

    /// SPEC: docs/rules.md section 3, **whole-tree-review**.
    fn answers_for_all(&self, info: &LandingInfo<'a>, at: usize) -> bool {
        let Some(review) = self.cover.reviews.get(at) else { return false };
        let holds = review.base == Some(None)
            && review.fault.is_none()
            && self.cover.target_ref(self.run, review, info)
            && self.cover.whole_review(self.run, review, info);
        self.run.world.rules.grant(Rule::WholeTreeReview, holds)
    }

    fn digest(&self, review: usize) -> Option<StatementDigest> {
        let statement = self.cover.reviews.get(review)?.statement;
        self.run.world.known.get(statement).map(Known::digest)
    }

    fn approvals(&self, set: &[usize]) -> Vec<Approval> {
        let approval = |at: &usize| {
            let reviewer = self.cover.reviews.get(*at)?.body.reviewer.principal.clone();
            Some(Approval { statement: self.digest(*at)?, reviewer })
        };
        let mut approvals: Vec<Approval> = set.iter().filter_map(approval).collect();
        approvals.sort();
        approvals
    }
}

/// Puts keys of trees in the place of roots; gives base and head where the repository has both.
fn place<'a>(review: &mut ReviewInfo<'a>, evidence: &Evidence<'a>) -> Option<(Option<ObjectKey>, ObjectKey)> {
    (review.base, review.head, review.changes) = (None, None, None);
    if review.body.repository != evidence.repository {
        return None;
    }
    let head = *evidence.trees.placed.get(&review.body.head)?;
    let base = match &review.body.base {
        Some(base) => Some(*evidence.trees.placed.get(base)?),
        None => None,
    };
    let reviewed = match base {
        Some(base) => evidence.trees.changes.get(&(base, head))?.iter().map(|change| change.path.as_str()).collect(),
        None => evidence.trees.listings.get(&head)?.iter().map(|(path, _)| path.as_str()).collect::<Vec<&'a str>>(),
    };
    let change = |path| Change { path, before: None, after: None };
    review.changes = Some(Rc::new(reviewed.into_iter().map(change).collect()));
    (review.base, review.head) = (Some(base.as_ref().map(root)), Some(root(&head)));
    Some((base, head))
}
