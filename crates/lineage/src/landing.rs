//! Landings: which count, what they changed, whose work they are, which reviews meet them.
//!
//! SPEC: docs/rules.md section 3.

use std::rc::Rc;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Actor, Body, Landing};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::review::ReviewInfo;
use crate::rules::Rule;
use crate::run::Run;
use crate::trees::{Change, same_entry};
use crate::world::{Known, World, any_glob, may, observes, speaks_of};

/// An author with everybody he stands for.
#[derive(Debug, Clone)]
pub(crate) struct Author<'a> {
    pub(crate) principal: &'a str,
    pub(crate) kind: ActorKind,
    pub(crate) sponsors: Vec<&'a str>,
    /// Whether an entry calls it an agent or unknown and names no human as its sponsor.
    pub(crate) unsponsored: bool,
}

impl<'a> Author<'a> {
    /// The principals this author stands for.
    pub(crate) fn principals(&self) -> impl Iterator<Item = &'a str> + '_ {
        std::iter::once(self.principal).chain(self.sponsors.iter().copied())
    }
}

/// A landing that is authorised and ours.
pub(crate) struct LandingInfo<'a> {
    /// Index in `World::known`.
    pub(crate) statement: usize,
    pub(crate) body: &'a Landing,
    pub(crate) from: Sha256,
    pub(crate) to: Sha256,
    /// The landing before it, when known, on the same ref and repository and leading to `from`.
    pub(crate) prev: Option<usize>,
    /// What it changed; absent when an inventory is missing.
    pub(crate) changes: Option<Rc<Vec<Change<'a>>>>,
    /// Known reviews that meet its trees, whatever else they lack.
    pub(crate) bound: Vec<usize>,
    /// Reviews that hold, in order.
    pub(crate) holds: Vec<usize>,
    pub(crate) authors: Vec<Author<'a>>,
    pub(crate) authors_complete: bool,
    /// Edits that name an author who acted where an agent was at work.
    pub(crate) borrowed: Vec<usize>,
    /// Best level of its signer.
    pub(crate) level: u8,
}

impl LandingInfo<'_> {
    /// Whether an author is an agent or of unknown kind.
    pub(crate) fn agent_touched(&self) -> bool {
        self.authors.iter().any(|author| matches!(author.kind, ActorKind::Agent | ActorKind::Unknown))
    }
}

/// Whether a known landing is authorised; gives the best level of its signer.
pub(crate) fn authority(world: &World<'_>, statement: &Known<'_>, body: &Landing) -> Option<u8> {
    let level = statement
        .pairs
        .iter()
        .filter(|pair| {
            may(pair.row, "landing")
                && speaks_of(pair.row, &body.repository)
                && pair.kind != ActorKind::Agent
                && pair.level >= world.facts.preset.builder_level
                && body.authors.iter().all(|author| observes(pair.row, &author.method))
        })
        .map(|pair| pair.level)
        .max();
    if world.rules.demand(Rule::LandingAuthority, level.is_some()) { Some(level.unwrap_or(3)) } else { None }
}

/// Whether a landing is on a repository and ref of the product.
pub(crate) fn ours(world: &World<'_>, body: &Landing) -> bool {
    let listed = world.product.is_some_and(|product| {
        product.repositories.contains(&body.repository) && any_glob(&product.refs, &body.target_ref)
    });
    world.rules.demand(Rule::OurRef, listed)
}

/// Reads the landings that are authorised and ours, with the reviews that meet them.
pub(crate) fn collect<'a>(run: &Run<'_, 'a>, reviews: &[ReviewInfo<'a>]) -> Vec<LandingInfo<'a>> {
    let world = run.world;
    let mut landings: Vec<LandingInfo<'a>> = Vec::new();
    let mut at_statement: FxHashMap<usize, usize> = FxHashMap::default();
    for (at, statement, body) in world.each(&world.by_subject.landings) {
        let Body::Landing(body) = body else { continue };
        let Some(level) = statement.usable().then(|| authority(world, statement, body)).flatten() else { continue };
        let from = body.from.as_ref().map_or(Some(world.empty_root), |tree| run.resolve(&body.repository, tree));
        let (Some(from), Some(to), true) = (from, run.resolve(&body.repository, &body.to), ours(world, body)) else {
            continue;
        };
        at_statement.insert(at, landings.len());
        landings.push(LandingInfo {
            statement: at,
            body,
            from,
            to,
            prev: None,
            changes: world.diff(from, to),
            bound: Vec::new(),
            holds: Vec::new(),
            authors: Vec::new(),
            authors_complete: false,
            borrowed: Vec::new(),
            level,
        });
    }
    link(world, &mut landings, &at_statement);
    bind(run, &mut landings, reviews);
    let edits = Edits::collect(run);
    for landing in &mut landings {
        add_authors(run, landing, reviews, &edits);
    }
    landings
}

fn link(world: &World<'_>, landings: &mut [LandingInfo<'_>], at_statement: &FxHashMap<usize, usize>) {
    let prev: Vec<Option<usize>> = landings
        .iter()
        .map(|landing| {
            let statement = world.find(&landing.body.prev?)?;
            let at = *at_statement.get(&statement)?;
            let before = landings.get(at)?;
            let same = before.body.repository == landing.body.repository
                && before.body.target_ref == landing.body.target_ref
                && before.to == landing.from;
            same.then_some(at)
        })
        .collect();
    for (landing, prev) in landings.iter_mut().zip(prev) {
        landing.prev = prev;
    }
}

/// Finds the reviews that meet the trees of each landing.
fn bind<'a>(run: &Run<'_, 'a>, landings: &mut [LandingInfo<'a>], reviews: &[ReviewInfo<'a>]) {
    let mut by_head: FxHashMap<Sha256, Vec<usize>> = FxHashMap::default();
    // Reviews of the same change are found by the first change of a landing: no other change needs to be indexed.
    let mut by_change: FxHashMap<(&str, u64), Vec<usize>> = FxHashMap::default();
    let first = |landing: &LandingInfo<'a>| landing.changes.as_ref().and_then(|changes| changes.first()).copied();
    let first_paths: FxHashSet<&str> = landings.iter().filter_map(|landing| Some(first(landing)?.path)).collect();
    for (at, review) in reviews.iter().enumerate() {
        if let Some(head) = review.head {
            by_head.entry(head).or_default().push(at);
        }
        // LIMIT: one look for each changed path of each review.
        for change in review.changes.iter().flat_map(|changes| changes.iter()) {
            if first_paths.contains(change.path) {
                by_change.entry((change.path, key(change))).or_default().push(at);
            }
        }
    }
    for landing in landings {
        let mut candidates: Vec<usize> = by_head.get(&landing.to).into_iter().flatten().copied().collect();
        let merge = landing.body.merge_of.as_ref();
        if let Some(head) = merge.and_then(|merge| run.resolve_any(&landing.body.repository, &merge.head)) {
            candidates.extend(by_head.get(&head).into_iter().flatten());
        }
        if let Some(first) = first(landing) {
            candidates.extend(by_change.get(&(first.path, key(&first))).into_iter().flatten());
        }
        candidates.sort_unstable();
        candidates.dedup();
        landing.bound = candidates
            .into_iter()
            .filter(|at| {
                let binds = reviews.get(*at).is_some_and(|review| binds(run, review, landing, Ids::Any));
                run.world.rules.demand(Rule::Binding, binds)
            })
            .collect();
    }
}

/// A key of what a path becomes, for finding reviews of the same change.
fn key(change: &Change<'_>) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    if let Some(entry) = change.after {
        (entry.entry_type(), entry.mode(), entry.sha256(), entry.link_target()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether a review meets the trees of a landing: T1, or T2 by the observer or recomputed.
pub(crate) fn binds(run: &Run<'_, '_>, review: &ReviewInfo<'_>, landing: &LandingInfo<'_>, ids: Ids) -> bool {
    let (Some(base), Some(head)) = (review.base, review.head) else { return false };
    let created = landing.body.from.is_none();
    if head == landing.to && (base == Some(landing.from) || (base.is_none() && created)) {
        return true;
    }
    let Some(base) = base else { return false };
    merged(run, landing, base, head, ids)
}

/// Which git ids count when trees are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// All: for what takes cover away.
    Any,
    /// Those that the labels allow: for what gives cover.
    Allowed,
}

/// Whether the observer says that the landing is the merge of `head` with ancestor `base`.
fn observed(run: &Run<'_, '_>, landing: &LandingInfo<'_>, base: Sha256, head: Sha256, ids: Ids) -> bool {
    let repository = &landing.body.repository;
    let resolve = |tree| match ids {
        Ids::Any => run.resolve_any(repository, tree),
        Ids::Allowed => run.resolve(repository, tree),
    };
    landing.body.merge_of.as_ref().is_some_and(|merge| {
        resolve(&merge.head) == Some(head)
            && resolve(&merge.base) == Some(base)
            && resolve(&merge.result) == Some(landing.to)
    })
}

/// Three-way merge on inventories: each path is taken from one side; where both changed it, the observer merged the text.
pub(crate) fn merged(run: &Run<'_, '_>, landing: &LandingInfo<'_>, base: Sha256, head: Sha256, ids: Ids) -> bool {
    let Some(theirs) = run.world.diff(base, head) else { return false };
    let Some(ours) = landing.changes.as_ref() else { return false };
    let Some(a) = run.world.trees.get(&landing.from) else { return false };
    let mut made = ours.iter().peekable();
    let mut conflict = false;
    for change in theirs.iter() {
        // What the landing changed and the other side did not is in no merge.
        if made.peek().is_some_and(|ours| ours.path < change.path) {
            return false;
        }
        let ours = made.next_if(|ours| ours.path == change.path);
        let current = a.find(change.path);
        if same_entry(current, change.after) {
            if ours.is_some() {
                return false;
            }
        } else if same_entry(current, change.before) {
            if !ours.is_some_and(|ours| same_entry(ours.after, change.after)) {
                return false;
            }
        } else {
            conflict = true;
        }
    }
    made.next().is_none() && (!conflict || observed(run, landing, base, head, ids))
}

/// Edits by repository and tree.
#[derive(Default)]
pub(crate) struct Edits<'a> {
    pub(crate) by_tree: FxHashMap<(&'a str, Sha256), Vec<usize>>,
}

impl<'a> Edits<'a> {
    fn collect(run: &Run<'_, 'a>) -> Self {
        let mut by_tree: FxHashMap<(&'a str, Sha256), Vec<usize>> = FxHashMap::default();
        for (at, _, body) in run.world.each(&run.world.by_subject.edits) {
            if let Body::Edit(edit) = body
                && let Some(to) = run.resolve_any(&edit.repository, &edit.to)
            {
                by_tree.entry((edit.repository.as_str(), to)).or_default().push(at);
            }
        }
        Self { by_tree }
    }
}

/// Finds everybody whose work a landing is, and whether nobody is missing.
pub(crate) fn add_authors<'a>(
    run: &Run<'_, 'a>,
    landing: &mut LandingInfo<'a>,
    reviews: &[ReviewInfo<'a>],
    edits: &Edits<'a>,
) {
    let world = run.world;
    let mut authors: Vec<Author<'a>> = Vec::new();
    let mut at_principal: FxHashMap<&'a str, usize> = FxHashMap::default();
    // SECURITY: an agent that works for an agent has no human behind it: its approver may be the one for whom the other one works.
    let is_sponsor = |actor: &&'a Actor| actor.role == Role::Sponsor;
    let has_sponsor =
        landing.body.authors.iter().filter(is_sponsor).any(|actor| is_human(world, &actor.principal, actor.kind));
    let mut all_sponsored = true;
    let mut add = |actor: &'a Actor, kind: ActorKind, own_sponsor: bool| {
        let kind = world.kind(&actor.principal, kind);
        let itself = own_sponsor.then_some(actor.principal.as_str());
        let mut sponsors = actor.sponsor.as_deref().into_iter().chain(itself);
        // Each entry answers for itself: an agent's own word about its sponsor must not complete the observer's list.
        let unsponsored = matches!(kind, ActorKind::Agent | ActorKind::Unknown)
            && !sponsors.clone().any(|sponsor| is_human(world, sponsor, ActorKind::Human));
        all_sponsored &= !unsponsored || has_sponsor || sponsorless(world, &actor.principal);
        let at = *at_principal.entry(&actor.principal).or_insert_with(|| {
            authors.push(Author { principal: &actor.principal, kind, sponsors: Vec::new(), unsponsored: false });
            authors.len() - 1
        });
        if let Some(author) = authors.get_mut(at) {
            author.unsponsored |= unsponsored;
            if badness(kind) > badness(author.kind) {
                author.kind = kind;
            }
            for sponsor in sponsors.by_ref() {
                if !author.sponsors.contains(&sponsor) {
                    author.sponsors.push(sponsor);
                }
            }
        }
    };
    for actor in &landing.body.authors {
        add(actor, actor.kind, false);
    }
    let mut heads: FxHashSet<Sha256> = FxHashSet::from_iter([landing.to]);
    heads.extend(
        landing.body.merge_of.as_ref().and_then(|merge| run.resolve_any(&landing.body.repository, &merge.head)),
    );
    for review in landing.bound.iter().filter_map(|at| reviews.get(*at)) {
        heads.extend(review.head);
        for actor in &review.body.authors {
            add(actor, actor.kind, false);
        }
    }
    let mut heads: Vec<Sha256> = heads.into_iter().collect();
    heads.sort_unstable();
    for head in heads {
        for at in edits.by_tree.get(&(landing.body.repository.as_str(), head)).into_iter().flatten() {
            let Some(Body::Edit(edit)) = world.known.get(*at).map(|statement| &statement.fact.body) else { continue };
            for actor in edit.actors.iter().filter(|actor| is_author(actor.role)) {
                let borrowed = !edit.marks.is_empty() && actor.kind == ActorKind::Human;
                add(actor, if borrowed { ActorKind::Agent } else { actor.kind }, borrowed);
                if borrowed {
                    landing.borrowed.push(*at);
                }
            }
        }
    }
    let complete = landing.body.authors_complete && !landing.body.authors.is_empty() && all_sponsored;
    // Who has an entry without a sponsor of its own stands for every sponsor of the list, whatever another entry says of him.
    let sponsors = landing.body.authors.iter().filter(is_sponsor);
    let sponsors: Vec<&'a str> =
        sponsors.flat_map(|actor| std::iter::once(actor.principal.as_str()).chain(actor.sponsor.as_deref())).collect();
    for author in authors.iter_mut().filter(|author| author.unsponsored) {
        for sponsor in &sponsors {
            if !author.sponsors.contains(sponsor) {
                author.sponsors.push(sponsor);
            }
        }
    }
    landing.authors_complete = world.rules.demand(Rule::AuthorsComplete, complete);
    landing.authors = authors;
}

/// Whether somebody can be the sponsor of an agent: called an agent or automation by nobody, and a human by a row or a person.
///
/// SECURITY: a name that nobody knows may be an agent's as well; and were its word enough, leaving a row out would help.
pub(crate) fn is_human<'a>(world: &World<'a>, principal: &'a str, stated: ActorKind) -> bool {
    let known = world.person(principal).is_some() || world.rows(principal).human;
    known && world.kind(principal, stated) == ActorKind::Human
}

/// Which of two kinds of one principal counts.
const fn badness(kind: ActorKind) -> u8 {
    match kind {
        ActorKind::Agent => 3,
        ActorKind::Unknown => 2,
        ActorKind::Automation => 1,
        ActorKind::Human => 0,
    }
}

/// Whether a role makes somebody an author of an edit.
fn is_author(role: Role) -> bool {
    matches!(role, Role::Performer | Role::Author | Role::CoAuthor | Role::Pusher | Role::Sponsor)
}

fn sponsorless(world: &World<'_>, principal: &str) -> bool {
    world.robots(principal).any(|robot| robot.sponsorless)
}
