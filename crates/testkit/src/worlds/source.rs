//! The source side of a good world: where the chain starts, landings and their reviews.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{FileDigest, StatementDigest};
use lasthand_model::wire::facts::{
    Actor, Body, Edit, EntryFact, Facts, Label, Landing, MergeOf, OnboardingTree, Review, RobotRow, Signer,
    SignerMethod, SourceVsa, TreeRef,
};

use super::outside;
use super::parts::{
    AGENT, BOT, HUMANS, MAIN, OBSERVER, REL, REPO, account, actor, ci, digest, enter, entries_of, file, hardware, link,
    push, signer, words,
};
use super::rng::Rng;

/// The tip of the release ref.
pub(super) struct Tip {
    pub(super) tree: TreeRef,
    pub(super) prev: Option<StatementDigest>,
    /// The tip before, for reviews of an older base.
    older: Option<TreeRef>,
    serial: u64,
}

/// Draws the history of the release ref, and sometimes of another.
pub(super) fn history(facts: &mut Facts, rng: &mut Rng) -> Tip {
    let mut first = vec![
        file("src/a", 1, 0o644),
        file("src/b", 2, 0o644),
        file("ci/build.yml", 3, 0o644),
        file("Cargo.lock", 4, 0o644),
        file("Dockerfile", 6, 0o644),
        file("run.sh", 5, 0o755),
        link("src/l", "a", lasthand_model::inventory::EntryType::Symlink),
    ];
    if rng.chance(40) {
        first.push(outside::gitlink());
    }
    let tree = enter(facts, first);
    let mut tip = Tip { tree: tree.clone(), prev: None, older: None, serial: 10 };
    match rng.below(10) {
        0..=4 => onboard(facts, &tree),
        5 => {
            push(facts, ci(OBSERVER), Body::SourceVsa(SourceVsa { repository: REPO.to_owned(), tree, passed: true }));
        }
        6 | 7 => {
            tip = Tip { tree: TreeRef::default(), ..tip };
            land(facts, rng, &mut tip, tree);
        }
        _ => whole(facts, rng, &mut tip),
    }
    for _ in 0..=rng.below(3) {
        match rng.below(14) {
            0 => heal(facts, rng, &mut tip),
            1 => branch_and_merge(facts, rng, &mut tip),
            2 => other_ref(facts, rng, &tip),
            3 | 4 if tip.older.is_some() => squash(facts, rng, &mut tip),
            5 => undo(facts, rng, &mut tip),
            _ => change(facts, rng, &mut tip),
        }
    }
    tip
}

fn onboard(facts: &mut Facts, tree: &TreeRef) {
    let onboarding = OnboardingTree { repository: REPO.to_owned(), tree: tree.clone() };
    facts.trust.products[0].onboarding.push(onboarding);
}

fn landing(tip: &Tip, to: TreeRef, authors: Vec<Actor>) -> Landing {
    Landing {
        repository: REPO.to_owned(),
        target_ref: MAIN.to_owned(),
        from: (tip.tree != TreeRef::default()).then(|| tip.tree.clone()),
        to,
        prev: tip.prev,
        merge_of: None,
        authors,
        authors_complete: true,
        export_ignore: Vec::new(),
    }
}

/// Authors of a change, and the person who may review it.
fn authors(facts: &mut Facts, rng: &mut Rng) -> (Vec<Actor>, &'static str) {
    let start = rng.below(4);
    let human = |at: usize| HUMANS[(start + at) % 4];
    let by = |role, name: &str| actor(role, &account(name), ActorKind::Human);
    let mut authors = match rng.below(7) {
        0 => vec![by(Role::Author, human(0)), by(Role::CoAuthor, human(1))],
        1 | 2 => vec![Actor { sponsor: Some(account(human(0))), ..actor(Role::Author, AGENT, ActorKind::Agent) }],
        3 => vec![actor(Role::Author, AGENT, ActorKind::Agent), by(Role::Sponsor, human(0))],
        4 => {
            if !facts.trust.robots.iter().any(|robot| robot.principal == "agent:dep") {
                let robot = RobotRow { principal: "agent:dep".to_owned(), paths: words(&["**"]), sponsorless: true };
                facts.trust.robots.push(robot);
            }
            vec![actor(Role::Author, "agent:dep", ActorKind::Agent)]
        }
        5 => vec![actor(Role::Author, BOT, ActorKind::Automation)],
        _ => vec![by(Role::Author, human(0))],
    };
    if rng.chance(20) {
        // The pusher answers for the reviewer's own share, the reviewer for the pusher.
        authors.push(by(Role::CoAuthor, human(2)));
        authors.push(by(Role::Pusher, human(3)));
    }
    (authors, human(2))
}

fn by_whom(facts: &Facts, rng: &mut Rng, name: &str) -> (Signer, Actor) {
    let soft = facts.preset.allow_labels.contains(&Label::PresenceUnproven);
    let approver = |principal: &str| actor(Role::Approver, principal, ActorKind::Human);
    if soft && rng.chance(30) {
        return (ci(OBSERVER), approver(&account(name)));
    }
    if soft && facts.preset.reviewer_level <= 3 && rng.chance(20) {
        let own = signer(SignerMethod::Key, &format!("pk:{name}"));
        let approver = approver(&own.principal);
        return (own, approver);
    }
    if soft && facts.preset.reviewer_level <= 2 && rng.chance(40) {
        let own = signer(SignerMethod::FulcioEmail, &format!("mail:{name}"));
        let approver = approver(&own.principal);
        return (own, approver);
    }
    let own = hardware(name);
    let approver = approver(&own.principal);
    (own, approver)
}

fn review(facts: &mut Facts, rng: &mut Rng, base: Option<TreeRef>, head: TreeRef, name: &str, authors: &[Actor]) {
    let (signer, reviewer) = by_whom(facts, rng, name);
    let scope = if rng.chance(60) { words(&["**"]) } else { words(&["src/**", "*", "ci/*"]) };
    let named = if rng.chance(30) { authors.to_vec() } else { Vec::new() };
    let target_ref = if rng.chance(10) { REL } else { MAIN };
    let body = Review {
        repository: REPO.to_owned(),
        target_ref: target_ref.to_owned(),
        base,
        head,
        scope,
        reviewer,
        authors: named,
        authors_complete: false,
        marks: Vec::new(),
    };
    push(facts, signer, Body::Review(body));
}

/// One reviewed landing to `to`.
fn land(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip, to: TreeRef) {
    let (authors, reviewer) = authors(facts, rng);
    if rng.chance(15) {
        let edit = Edit { repository: REPO.to_owned(), to: to.clone(), actors: authors.clone(), marks: Vec::new() };
        push(facts, ci(OBSERVER), Body::Edit(edit));
    }
    let landing = landing(tip, to.clone(), authors.clone());
    let (base, from) = (landing.from.clone(), tip.tree.clone());
    tip.prev = Some(push(facts, ci(OBSERVER), Body::Landing(landing)));
    review(facts, rng, base, to.clone(), reviewer, &authors);
    (tip.older, tip.tree) = ((from != TreeRef::default()).then_some(from), to);
}

/// Another content for one path, or one path more or less.
fn edited(rng: &mut Rng, tip: &mut Tip, mut entries: Vec<EntryFact>, path: &str) -> Vec<EntryFact> {
    tip.serial += 1;
    match entries.iter_mut().find(|entry| entry.path == path) {
        Some(_) if path == "src/b" && rng.chance(25) => entries.retain(|entry| entry.path != path),
        Some(entry) => entry.sha256 = Some(FileDigest(digest(tip.serial))),
        None => entries.push(file(path, tip.serial, 0o644)),
    }
    entries
}

fn change(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip) {
    let path = *rng.pick(&["src/a", "src/b", "src/c", "ci/build.yml", "Cargo.lock"]);
    let entries = edited(rng, tip, entries_of(facts, &tip.tree), path);
    let to = enter(facts, entries);
    land(facts, rng, tip, to);
}

/// A landing that a whole-tree review looks at once more.
fn whole(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip) {
    let (authors, reviewer) = authors(facts, rng);
    let (to, started) = (tip.tree.clone(), Tip { tree: TreeRef::default(), prev: None, older: None, serial: 0 });
    let mut landing = landing(&started, to.clone(), authors.clone());
    if rng.chance(60) {
        // A tree before that nobody looked at.
        let before = edited(rng, tip, entries_of(facts, &to), "src/a");
        landing.from = Some(enter(facts, before));
    }
    tip.prev = Some(push(facts, ci(OBSERVER), Body::Landing(landing)));
    let at = facts.statements.len();
    review(facts, rng, None, to, reviewer, &authors);
    if let Body::Review(review) = &mut facts.statements[at].body {
        (review.scope, review.authors, review.authors_complete) = (words(&["**"]), authors, true);
    }
}

/// The review is of an older base; the landing is the merge.
fn squash(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip) {
    let Some(base) = tip.older.clone() else { return };
    let stated = rng.chance(50);
    // Only the observer can say what a conflict came to.
    let path = if stated && rng.chance(50) { "src/a" } else { "src/d" };
    let head_entries = edited(rng, tip, entries_of(facts, &base), path);
    let mut merged = entries_of(facts, &tip.tree);
    merged.retain(|entry| entry.path != path);
    merged.extend(head_entries.iter().filter(|entry| entry.path == path).cloned());
    let (head, to) = (enter(facts, head_entries), enter(facts, merged));
    let (authors, reviewer) = authors(facts, rng);
    let mut landing = landing(tip, to.clone(), authors.clone());
    if stated {
        let merge = MergeOf { head: head.clone(), base: base.clone(), mode: "squash".to_owned(), result: to.clone() };
        landing.merge_of = Some(merge);
    }
    tip.prev = Some(push(facts, ci(OBSERVER), Body::Landing(landing)));
    review(facts, rng, Some(base), head, reviewer, &authors);
    (tip.older, tip.tree) = (None, to);
}

/// An unreviewed landing, and one that takes it back: to the old tree, or reviewed and on top of something new.
fn heal(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip) {
    let good = tip.tree.clone();
    let bad = edited(rng, tip, entries_of(facts, &good), "src/a");
    let bad = enter(facts, bad);
    let by_agent = Actor { sponsor: Some(account("ana")), ..actor(Role::Author, AGENT, ActorKind::Agent) };
    let landing_bad = landing(tip, bad.clone(), vec![by_agent.clone()]);
    tip.prev = Some(push(facts, ci(OBSERVER), Body::Landing(landing_bad)));
    (tip.older, tip.tree) = (None, bad);
    if rng.chance(30) {
        let landing_back = landing(tip, good.clone(), vec![by_agent]);
        tip.prev = Some(push(facts, ci(OBSERVER), Body::Landing(landing_back)));
        (tip.older, tip.tree) = (None, good);
        return;
    }
    let repaired = edited(rng, tip, entries_of(facts, &good), "src/e");
    let to = enter(facts, repaired);
    land(facts, rng, tip, to);
    tip.older = None;
}

/// A covered branch on the other ref, merged without a review of its own.
fn branch_and_merge(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip) {
    if tip.prev.is_none() || tip.tree == TreeRef::default() {
        return change(facts, rng, tip);
    }
    let base = tip.tree.clone();
    let head_entries = edited(rng, tip, entries_of(facts, &base), "src/f");
    let head = enter(facts, head_entries.clone());
    let mut branch = Tip { tree: base.clone(), prev: None, older: None, serial: 0 };
    let at = facts.statements.len();
    land(facts, rng, &mut branch, head.clone());
    for statement in facts.statements.iter_mut().skip(at) {
        if let Body::Landing(landing) = &mut statement.body {
            landing.target_ref = REL.to_owned();
        }
    }
    let moved = edited(rng, tip, entries_of(facts, &base), "src/a");
    let mut merged = moved.clone();
    merged.extend(
        head_entries
            .into_iter()
            .filter(|entry| entry.path == "src/f" && !moved.iter().any(|other| other.path == "src/f")),
    );
    let (moved, merged) = (enter(facts, moved), enter(facts, merged));
    land(facts, rng, tip, moved);
    let by_agent = Actor { sponsor: Some(account("bo")), ..actor(Role::Author, AGENT, ActorKind::Agent) };
    let mut landing_merge = landing(tip, merged.clone(), vec![by_agent]);
    landing_merge.merge_of = Some(MergeOf { head, base, mode: "merge".to_owned(), result: merged.clone() });
    tip.prev = Some(push(facts, ci(OBSERVER), Body::Landing(landing_merge)));
    (tip.older, tip.tree) = (None, merged);
}

/// The other ref is created at the tip: nothing is reviewed twice.
fn other_ref(facts: &mut Facts, rng: &mut Rng, tip: &Tip) {
    if tip.tree == TreeRef::default() {
        return;
    }
    let (authors, _) = authors(facts, rng);
    let mut created = landing(tip, tip.tree.clone(), authors);
    (created.from, created.prev, created.target_ref) = (None, None, REL.to_owned());
    push(facts, ci(OBSERVER), Body::Landing(created));
}

/// A change, its undoing, and on with another change: each reviewed.
fn undo(facts: &mut Facts, rng: &mut Rng, tip: &mut Tip) {
    if tip.tree == TreeRef::default() {
        return;
    }
    let good = tip.tree.clone();
    change(facts, rng, tip);
    land(facts, rng, tip, good);
    tip.older = None;
    change(facts, rng, tip);
}
