//! The laws of the rules, over random worlds: two solvers agree, every rule decides, deleting proof never helps,
//! adding doubt never helps, every verdict explains itself, order does not matter.
//!
//! `LASTHAND_WORLDS` says how many worlds each law sees; 100,000 when it is not set. Seeds are fixed.
#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken law ends the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use lasthand_lineage::mutants::{Mutation, Rule, solve_with};
use lasthand_lineage::{Outcome, ProofItem, Verdict, solve};
use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::glob;
use lasthand_model::wire::facts::{
    Actor, Body, Edit, Facts, IdentityRow, Landing, ListEntry, ListKind, StatementFact, TreeRef,
};
use lasthand_testkit::naive;
use lasthand_testkit::worlds::{Rng, World, draw};

/// How many verdicts each rule must decide in 100,000 worlds.
const DECIDES: u64 = 1000;

fn worlds() -> u64 {
    std::env::var("LASTHAND_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

/// Checks a law on every world, on two threads. A check says what is wrong, and is a function of facts and seed.
fn hold(law: &str, check: impl Fn(&Facts, u64) -> Option<String> + Sync) {
    over_worlds(|seed, world| {
        let Some(first) = check(&world.facts, seed) else { return };
        let facts = shrink(world.facts, |facts| check(facts, seed).is_some());
        let wrong = check(&facts, seed).unwrap_or(first);
        let json = serde_json::to_string(&facts).unwrap();
        panic!("{law}: seed {seed}, defects {:?}: {wrong}\n{json}", world.defects);
    });
}

fn over_worlds(visit: impl Fn(u64, World) + Sync) {
    let visit = &visit;
    std::thread::scope(|scope| {
        for first in 0..2 {
            scope.spawn(move || {
                for seed in (first..worlds()).step_by(2) {
                    visit(seed, draw(&mut Rng::new(seed.wrapping_mul(7919))));
                }
            });
        }
    });
}

/// Deletes statements, rows and inventories one by one as long as the law stays broken.
fn shrink(mut facts: Facts, broken: impl Fn(&Facts) -> bool) -> Facts {
    loop {
        let before = facts.clone();
        for at in (0..facts.statements.len()).rev() {
            let mut less = facts.clone();
            less.statements.remove(at);
            facts = if broken(&less) { less } else { facts };
        }
        for at in (0..facts.trust.identities.len()).rev() {
            let mut less = facts.clone();
            less.trust.identities.remove(at);
            facts = if broken(&less) { less } else { facts };
        }
        for root in before.inventories.keys() {
            let mut less = facts.clone();
            less.inventories.remove(root);
            facts = if broken(&less) { less } else { facts };
        }
        if facts == before {
            return facts;
        }
    }
}

fn accepts(facts: &Facts) -> bool {
    solve(facts).verdict == Verdict::Accepted
}

#[test]
fn two_independent_solvers_agree() {
    // pass: verdict and labels are the same in every world
    let accepted = AtomicU64::new(0);
    hold("the solvers agree", |facts, _| {
        let (ours, naive) = (solve(facts), naive::solve(facts));
        accepted.fetch_add(u64::from(naive.verdict == "accepted"), Ordering::Relaxed);
        let same = ours.verdict.as_str() == naive.verdict
            && ours.labels.iter().copied().collect::<BTreeSet<_>>() == naive.labels;
        (!same).then(|| format!("lineage {:?} {:?}, naive {naive:?}", ours.verdict, ours.labels))
    });
    let percent = accepted.into_inner() * 100 / worlds().max(1);
    assert!((25..=75).contains(&percent), "{percent} % of the worlds are accepted: they do not test both sides");
}

#[test]
fn every_rule_decides() {
    // pass: dropping or negating each rule turns many verdicts
    let decided: Vec<AtomicU64> = Rule::ALL.iter().map(|_| AtomicU64::new(0)).collect();
    let wanted = (DECIDES * worlds() / 100_000).max(1);
    over_worlds(|_, world| {
        let plain = solve(&world.facts).verdict;
        for (rule, count) in Rule::ALL.iter().zip(&decided) {
            if count.load(Ordering::Relaxed) >= wanted {
                continue;
            }
            let turned = [Mutation::Drop(*rule), Mutation::Negate(*rule)]
                .into_iter()
                .any(|mutation| solve_with(&world.facts, mutation).verdict != plain);
            count.fetch_add(u64::from(turned), Ordering::Relaxed);
        }
    });
    let idle: Vec<_> = Rule::ALL
        .iter()
        .zip(&decided)
        .map(|(rule, count)| (rule.name(), count.load(Ordering::Relaxed)))
        .filter(|(_, count)| *count < wanted)
        .collect();
    assert!(idle.is_empty(), "rules that decide fewer than {wanted} verdicts: {idle:?}");
}

#[test]
fn deleting_positive_evidence_never_helps() {
    // pass: law 1, what is not accepted is not accepted with less
    hold("law 1", |facts, seed| {
        if accepts(facts) {
            return None;
        }
        let mut rng = Rng::new(seed ^ 0x0a11);
        let mut less = facts.clone();
        less.statements.retain(|statement| !(is_positive(facts, statement) && rng.chance(20)));
        if rng.chance(30) {
            delete_row(&mut less, &mut rng);
        }
        if rng.chance(30) {
            delete_documents(&mut less, &mut rng);
        }
        let gone: Vec<_> = facts
            .statements
            .iter()
            .filter(|statement| !less.statements.contains(statement))
            .map(|statement| statement.digest.0.short())
            .collect();
        accepts(&less).then(|| format!("accepted without {gone:?}, rows {:?}", rows(facts, &less)))
    });
}

/// Evidence that only ever proves. What names authors, marks, agents, failure or a credential used twice denies too;
/// where `reverted` refuses, a landing does, and so it does where it gives a git id another root than others do; and so does a label where the row says that none is needed. A statement
/// whose digest another has makes both unknown.
fn is_positive(facts: &Facts, statement: &StatementFact) -> bool {
    let reused = statement.credential.as_ref().is_some_and(|own| {
        facts
            .statements
            .iter()
            .filter_map(|other| other.credential.as_ref())
            .any(|other| other.digest == own.digest && other.task != own.task)
    });
    let twin = |other: &StatementFact| other.digest == statement.digest && other != statement;
    !reused
        && !facts.statements.iter().any(twin)
        && match &statement.body {
            Body::Landing(landing) => !facts.preset.refuse_reverted && !contradicts(facts, landing),
            Body::Step(_) => true,
            Body::Review(review) => review.marks.is_empty() && review.authors.is_empty(),
            Body::StepActor(label) => {
                let alone = facts.trust.identities.iter().any(|row| row.actors_complete);
                let by_automation = label.actors.iter().all(|actor| actor.principal.starts_with("ci#"));
                label.marks.is_empty() && label.success != Some(false) && by_automation && !alone
            }
            Body::Act(act) => act.marks.is_empty(),
            Body::Approval(approval) => approval.action == "parameters",
            Body::SourceVsa(vsa) => vsa.passed,
            _ => false,
        }
}

/// Whether another landing gives a git id of this one another root: then neither says what the id means.
fn contradicts(facts: &Facts, landing: &Landing) -> bool {
    let named = |landing: &Landing| -> Vec<TreeRef> {
        let merge = landing.merge_of.iter().flat_map(|merge| [&merge.head, &merge.base, &merge.result]);
        landing.from.iter().chain([&landing.to]).chain(merge).cloned().collect()
    };
    let own = named(landing);
    let others = facts.statements.iter().filter_map(|other| match &other.body {
        Body::Landing(other) => Some(named(other)),
        _ => None,
    });
    let differs = |a: &TreeRef, b: &TreeRef| {
        a.git_tree.is_some() && a.git_tree == b.git_tree && a.root.is_some() && b.root.is_some() && a.root != b.root
    };
    others.flatten().any(|other| own.iter().any(|tree| differs(tree, &other)))
}

/// Deletes one row that gives something: not what makes a principal an agent, who is one person, or who may take back,
/// nor what says that an author may build or release (**duties**), nor what calls a human automation.
fn delete_row(facts: &mut Facts, rng: &mut Rng) {
    let authors: Vec<String> = facts
        .statements
        .iter()
        .flat_map(|statement| match &statement.body {
            Body::Landing(landing) => landing.authors.iter().map(|author| author.principal.clone()).collect(),
            _ => Vec::new(),
        })
        .collect();
    let trust = &mut facts.trust;
    match rng.below(5) {
        0 if !trust.robots.is_empty() => drop(trust.robots.remove(0)),
        1 if !trust.trusted_inputs.is_empty() => {
            drop(trust.trusted_inputs.remove(rng.below(trust.trusted_inputs.len())));
        }
        2 if !trust.waivers.is_empty() => drop(trust.waivers.remove(0)),
        3 => trust.products.clear(),
        _ => {
            let at = rng.below(trust.identities.len());
            let humans: Vec<String> = trust
                .identities
                .iter()
                .filter(|row| row.kind == ActorKind::Human)
                .map(|row| row.principal.clone())
                .collect();
            let gives = |row: &IdentityRow| {
                row.kind != ActorKind::Agent
                    && (row.kind == ActorKind::Human
                        || !humans.iter().any(|human| glob::matches(human, &row.principal)))
                    && !row.may.iter().any(|word| word == "list")
                    && !authors.iter().any(|author| glob::matches(&row.principal, author))
            };
            if trust.identities.get(at).is_some_and(gives) {
                trust.identities.remove(at);
            }
        }
    }
}

/// Deletes documents that evidence holds: entries of trees and layers, pins, configurations, images that are materials.
/// What the artifact itself is does not come from evidence.
fn delete_documents(facts: &mut Facts, rng: &mut Rng) {
    let asked = facts.question.digest;
    let members = facts.indexes.get(&asked).into_iter().flatten().map(|member| member.digest);
    let own: BTreeSet<Sha256> = members
        .chain([asked])
        .flat_map(|digest| [Some(digest.0), facts.images.get(&digest).map(|image| image.config)])
        .flatten()
        .collect();
    facts.images.retain(|digest, image| own.contains(&digest.0) || own.contains(&image.config) || !rng.chance(20));
    facts.indexes.retain(|digest, _| *digest == asked || !rng.chance(20));
    facts.configs.retain(|_, _| !rng.chance(20));
    facts.locks.retain(|_, _| !rng.chance(20));
    facts.pointers.retain(|_, _| !rng.chance(20));
    // Where `reverted` refuses, a tree shows what was reverted, as its landing does.
    if !facts.preset.refuse_reverted {
        facts.inventories.retain(|_, _| !rng.chance(10));
    }
}

fn rows(facts: &Facts, less: &Facts) -> Vec<String> {
    let gone = facts.trust.identities.iter().filter(|row| !less.trust.identities.contains(row));
    let robots = facts.trust.robots.iter().filter(|row| !less.trust.robots.contains(row));
    gone.map(|row| row.principal.clone()).chain(robots.map(|row| row.principal.clone())).collect()
}

#[test]
fn adding_negative_evidence_never_helps() {
    // pass: law 2, what is not accepted is not accepted with more doubt
    hold("law 2", |facts, seed| {
        if accepts(facts) || facts.statements.is_empty() {
            return None;
        }
        let mut rng = Rng::new(seed ^ 0xd0b7);
        let mut more = facts.clone();
        let added = doubt(&mut more, &mut rng)?;
        accepts(&more).then(|| format!("accepted with {added}"))
    });
}

/// Adds one piece of negative evidence and says which.
fn doubt(facts: &mut Facts, rng: &mut Rng) -> Option<&'static str> {
    let at = rng.below(facts.statements.len());
    let entry = match rng.below(4) {
        0 => ListEntry::Statement(facts.statements[at].digest),
        1 => ListEntry::Artifact(facts.question.digest),
        2 => facts.statements[at].credential.as_ref().map(|own| ListEntry::Credential(own.digest))?,
        _ => {
            let principal = facts.statements[at].signers.first()?.principal.clone();
            // Who signs lists decides what is current: without him what they deny is not denied either.
            let lists = facts.statements.iter().filter(|statement| matches!(statement.body, Body::List(_)));
            if lists.flat_map(|list| &list.signers).any(|signer| signer.principal == principal) {
                return None;
            }
            ListEntry::Identity { principal, from: None, until: None }
        }
    };
    let agent = Actor {
        role: Role::Performer,
        principal: "agent:coder".to_owned(),
        kind: ActorKind::Agent,
        method: "oidc".to_owned(),
        sponsor: rng.chance(30).then(|| "acct:ana".to_owned()),
    };
    let tree = facts.statements.iter().find_map(|statement| match &statement.body {
        Body::Landing(landing) if rng.chance(50) => Some((landing.repository.clone(), landing.to.clone())),
        _ => None,
    });
    if rng.chance(25) {
        let (repository, to) = tree?;
        let observed = facts.statements.iter().find(|statement| matches!(statement.body, Body::Landing(_)))?;
        let marks = if rng.chance(50) { vec!["CLAUDECODE".to_owned()] } else { Vec::new() };
        let body = Body::Edit(Edit { repository, to, actors: vec![agent], marks });
        facts.statements.push(StatementFact { digest: fresh(rng), body, ..observed.clone() });
        return Some("an edit by an agent");
    }
    let digest = fresh(rng);
    let statement = &mut facts.statements[at];
    match &mut statement.body {
        // Not in a list that decides what is current: only in those that take away.
        Body::List(list) if list.kind != ListKind::Released && !matches!(entry, ListEntry::Statement(_)) => {
            list.entries.push(entry);
            Some("an entry of a list")
        }
        Body::StepActor(label) if rng.chance(50) => {
            label.marks.push("CLAUDECODE".to_owned());
            Some("marks of a label")
        }
        Body::StepActor(label) => {
            let mut other = label.clone();
            other.actors.push(agent);
            let statement = StatementFact { digest, body: Body::StepActor(other), ..statement.clone() };
            facts.statements.push(statement);
            Some("a label with an agent")
        }
        Body::Review(review) if rng.chance(50) => {
            review.marks.push("CLAUDECODE".to_owned());
            Some("marks of a review")
        }
        Body::Review(review) => {
            review.authors.push(Actor { role: Role::Author, sponsor: None, ..agent });
            Some("an author in a review")
        }
        Body::Act(act) => {
            act.marks.push("CLAUDECODE".to_owned());
            Some("marks of an act")
        }
        _ => None,
    }
}

fn fresh(rng: &mut Rng) -> StatementDigest {
    StatementDigest(Sha256::of(&rng.next_u64().to_be_bytes()))
}

#[test]
fn every_verdict_explains_itself() {
    // pass: law 3, a proof that suffices and of which hardly anything can be left out, or a frontier with a hint
    let (items, superfluous) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    hold("law 3", |facts, seed| {
        let outcome = solve(facts);
        match outcome.verdict {
            Verdict::Accepted => proof_fault(facts, &outcome).or_else(|| {
                items.fetch_add(outcome.proof.len() as u64, Ordering::Relaxed);
                for item in superfluous_items(facts, &outcome) {
                    let mut superfluous = superfluous.lock().unwrap();
                    let seeds: &mut Vec<u64> = superfluous.entry(item.role.as_str()).or_default();
                    seeds.push(seed);
                }
                None
            }),
            Verdict::Refused | Verdict::Undecided => {
                let hinted = outcome.frontier.iter().any(|item| !item.finding.hint().is_empty());
                (!hinted).then(|| format!("{} without a frontier that gives a hint", outcome.verdict.as_str()))
            }
            Verdict::Exception => None,
        }
    });
    let (items, superfluous) = (items.into_inner(), superfluous.into_inner().unwrap());
    let count: usize = superfluous.values().map(Vec::len).sum();
    for (role, seeds) in &superfluous {
        let first = seeds.iter().min().unwrap();
        println!("superfluous in proofs: {} of role {role}, first in seed {first}", seeds.len());
    }
    assert!(count as u64 * 100 < items.max(100), "{count} of {items} items of proofs are superfluous");
}

/// The statements of the proof, and nothing else.
fn proof_alone(facts: &Facts, outcome: &Outcome) -> Facts {
    let mut alone = facts.clone();
    alone.statements.retain(|statement| outcome.proof.iter().any(|item| item.statement == statement.digest));
    alone
}

fn without(facts: &Facts, statement: StatementDigest) -> Facts {
    let mut less = facts.clone();
    less.statements.retain(|other| other.digest != statement);
    less
}

/// The proof alone is accepted; without one statement of it the world is not, or by a proof that does not name it.
fn proof_fault(facts: &Facts, outcome: &Outcome) -> Option<String> {
    if outcome.proof.is_empty() {
        return Some("accepted without a proof".to_owned());
    }
    if !accepts(&proof_alone(facts, outcome)) {
        return Some("the proof alone is not accepted".to_owned());
    }
    outcome.proof.iter().find_map(|item| {
        let other = solve(&without(facts, item.statement));
        let named = other.proof.iter().any(|other| other.statement == item.statement);
        let unproven = other.verdict == Verdict::Accepted && (other.proof.is_empty() || named);
        unproven.then(|| format!("without {} `{}`: no proof of its own", item.role.as_str(), item.statement.0.short()))
    })
}

/// Items without which the rest of the proof is accepted under the same labels.
fn superfluous_items<'o>(facts: &Facts, outcome: &'o Outcome) -> Vec<ProofItem<'o>> {
    let alone = proof_alone(facts, outcome);
    let is_superfluous = |item: &ProofItem<'_>| {
        let other = solve(&without(&alone, item.statement));
        other.verdict == Verdict::Accepted && other.labels.iter().all(|label| outcome.labels.contains(label))
    };
    outcome.proof.iter().filter(is_superfluous).collect()
}

#[test]
fn order_and_repetition_do_not_matter() {
    // pass: shuffled and doubled statements give the same answer
    hold("order", |facts, seed| {
        let mut rng = Rng::new(seed ^ 0x50f7);
        let mut mixed = facts.clone();
        for statement in &facts.statements {
            if rng.chance(20) {
                mixed.statements.push(statement.clone());
            }
        }
        for last in (1..mixed.statements.len()).rev() {
            mixed.statements.swap(last, rng.below(last + 1));
        }
        let (plain, other) = (solve(facts), solve(&mixed));
        (plain != other).then(|| format!("{:?} became {:?}, or its explanation changed", plain.verdict, other.verdict))
    });
}
