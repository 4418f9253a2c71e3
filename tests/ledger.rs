//! The ledger of `source report` beside the solver, over random worlds: what the ledger calls covered is covered for the solver, and in ordinary worlds
//! both say the same.
//!
//! `LASTHAND_WORLDS` says how many worlds the other laws see, 100,000 when it is not set; this one, which asks after each landing, a twentieth. Seeds are fixed.
#![expect(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken law ends the test")]

use std::collections::{BTreeMap, BTreeSet};

use lasthand_lineage::ledger::{Cover, Evidence, Ledger, NamedTrees, survey, wanted};
use lasthand_lineage::mutants::uncovered_by_landing;
use lasthand_model::actor::Role;
use lasthand_model::digest::{GitId, InventoryRoot, Sha256, StatementDigest};
use lasthand_model::history::{Authored, LandingDiff, MergeTrees, ObjectKey, PathChange, Version};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{Body, Entry, Facts, Landing, TreeRef};
use lasthand_testkit::worlds::{Rng, draw};

fn worlds() -> u64 {
    std::env::var("LASTHAND_WORLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

/// The trees of a world as a repository would have them.
struct Repository<'a> {
    facts: &'a Facts,
    /// Roots of git ids that stand beside exactly one.
    roots: BTreeMap<&'a GitId, Option<InventoryRoot>>,
}

type Listing = BTreeMap<String, Version>;

impl<'a> Repository<'a> {
    fn new(facts: &'a Facts) -> Self {
        let mut roots: BTreeMap<&GitId, Option<InventoryRoot>> = BTreeMap::new();
        for statement in &facts.statements {
            let Body::Landing(landing) = &statement.body else { continue };
            let merge = landing.merge_of.iter().flat_map(|merge| [&merge.head, &merge.base, &merge.result]);
            for tree in landing.from.iter().chain([&landing.to]).chain(merge) {
                if let (Some(id), Some(root)) = (&tree.git_tree, tree.root) {
                    let known = roots.entry(id).or_insert(Some(root));
                    *known = known.filter(|known| *known == root);
                }
            }
        }
        Self { facts, roots }
    }

    fn key(&self, tree: &TreeRef) -> Option<ObjectKey> {
        let root = match tree.root {
            Some(root) => root,
            None => (*self.roots.get(tree.git_tree.as_ref()?)?)?,
        };
        let listing = self.listing(root)?;
        if listing.is_empty() { Some(ObjectKey::EMPTY) } else { ObjectKey::from_bytes(root.0.as_bytes()) }
    }

    fn listing(&self, root: InventoryRoot) -> Option<Listing> {
        let entries = self.facts.inventories.get(&root.0)?;
        let versions =
            entries.entries().enumerate().map(|(at, entry)| (entry.path().to_owned(), version(root, at, entry)));
        let listing: Listing = versions.collect();
        (listing.len() == entries.count()).then_some(listing)
    }

    fn tree(&self, key: ObjectKey) -> Listing {
        self.listing(InventoryRoot(Sha256::from_bytes(key.padded()))).unwrap_or_default()
    }

    fn changes(&self, from: ObjectKey, to: ObjectKey) -> Vec<PathChange> {
        let (from, to) = (self.tree(from), self.tree(to));
        let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        let change = |path: &String| {
            let (before, after) = (from.get(path).copied(), to.get(path).copied());
            (before != after).then(|| PathChange { path: path.clone(), before, after })
        };
        paths.into_iter().filter_map(change).collect()
    }

    /// `None` when a statement names a tree that nobody has.
    fn named(&self, repository: &str) -> Option<NamedTrees> {
        let wanted = wanted(self.facts, repository);
        let mut named = NamedTrees::default();
        for tree in wanted.trees {
            named.placed.insert(tree.clone(), self.key(tree)?);
        }
        for (base, head) in wanted.changes {
            let (base, head) = (self.key(base)?, self.key(head)?);
            named.changes.insert((base, head), self.changes(base, head));
        }
        for tree in wanted.listings {
            let key = self.key(tree)?;
            named.listings.insert(key, self.tree(key).into_iter().collect());
        }
        Some(named)
    }
}

/// What tells two entries apart; what tells no content is like nothing else.
fn version(root: InventoryRoot, at: usize, entry: Entry<'_>) -> Version {
    let apart = match entry.entry_type() {
        EntryType::File if entry.sha256().is_none() => format!("{root} {at}"),
        EntryType::Submodule if entry.link_target().is_empty() => format!("{root} {at}"),
        _ => String::new(),
    };
    let text = format!("{:?} {:?} {:?} {apart}", entry.entry_type(), entry.sha256(), entry.link_target());
    Version { mode: entry.mode(), id: ObjectKey::from_bytes(Sha256::of(text.as_bytes()).as_bytes()).unwrap() }
}

/// A chain of landings on one ref, back to one that states none before it.
fn chain<'a>(
    facts: &'a Facts,
    counting: &BTreeSet<StatementDigest>,
    tip: StatementDigest,
) -> Option<Vec<(StatementDigest, &'a Landing)>> {
    let find = |digest: StatementDigest| {
        let mut found = facts.statements.iter().filter(|statement| statement.digest == digest);
        let (Some(statement), None) = (found.next(), found.next()) else { return None };
        match &statement.body {
            Body::Landing(landing) => Some(landing),
            _ => None,
        }
    };
    let mut chain: Vec<(StatementDigest, &Landing)> = Vec::new();
    let mut next = Some(tip);
    while let Some(digest) = next {
        let landing = find(digest).filter(|_| counting.contains(&digest) && chain.len() < 50)?;
        if let Some((_, after)) = chain.last() {
            let same = after.repository == landing.repository && after.target_ref == landing.target_ref;
            if !same || after.from.as_ref() != Some(&landing.to) {
                return None;
            }
        }
        chain.push((digest, landing));
        next = landing.prev;
    }
    chain.reverse();
    Some(chain)
}

fn landing_diff(repository: &Repository<'_>, digest: StatementDigest, landing: &Landing) -> Option<LandingDiff> {
    let from = match &landing.from {
        Some(from) => Some(repository.key(from)?),
        None => None,
    };
    let to = repository.key(&landing.to)?;
    let merge = match &landing.merge_of {
        Some(merge) => Some(MergeTrees {
            head: repository.key(&merge.head)?,
            base: repository.key(&merge.base)?,
            result: repository.key(&merge.result)?,
        }),
        None => None,
    };
    let changes = repository.changes(from.unwrap_or(ObjectKey::EMPTY), to);
    let commit = ObjectKey::from_bytes(digest.0.as_bytes())?;
    Some(LandingDiff {
        commit,
        from,
        to,
        touched: vec![0; changes.len()],
        changes,
        commits: vec![Authored { commit, people: landing.authors.clone() }],
        authors: landing.authors.clone(),
        authors_complete: landing.authors_complete,
        merge,
    })
}

/// What was compared.
#[derive(Debug, Default)]
struct Seen {
    landings: u64,
    /// Paths of which the ledger says that somebody answered for them.
    reviewed: u64,
    uncovered: u64,
    /// Landings of ordinary worlds, where both said the same.
    equal: u64,
    resumed: u64,
}

/// Compares the ledger with the solver on every chain of a world.
fn compare(facts: &Facts, ordinary: bool, seen: &mut Seen) {
    let solved = uncovered_by_landing(facts);
    let counting: BTreeSet<StatementDigest> = solved.keys().copied().collect();
    let repository = Repository::new(facts);
    for tip in &counting {
        let Some(chain) = chain(facts, &counting, *tip) else { continue };
        let Some((_, first)) = chain.first() else { continue };
        let Some(named) = repository.named(&first.repository) else { continue };
        let Some(landings) = chain
            .iter()
            .map(|(digest, landing)| landing_diff(&repository, *digest, landing))
            .collect::<Option<Vec<_>>>()
        else {
            continue;
        };
        let evidence = Evidence { facts, trees: &named, repository: &first.repository, target_ref: &first.target_ref };
        assert!(survey(&evidence).is_ours);
        let start = landings.first().and_then(|landing| landing.from).unwrap_or(ObjectKey::EMPTY);
        let listing: Vec<(String, Version)> = repository.tree(start).into_iter().collect();
        let mut ledger = Ledger::begin(Some(&evidence), start, &listing);
        // A tree that lands twice may be covered by the second landing alone, and the ledger does not go back.
        let landed: Vec<&TreeRef> = facts.statements.iter().filter_map(|statement| landed(&statement.body)).collect();
        let once = landed.iter().collect::<BTreeSet<_>>().len() == landed.len();
        let simple = ordinary && once && chain.iter().all(|(_, landing)| is_simple(landing));
        for ((digest, _), diff) in chain.iter().zip(&landings) {
            ledger.extend(Some(&evidence), std::slice::from_ref(diff));
            check(&ledger, solved.get(digest).unwrap().as_ref(), simple, seen);
        }
        // All at once, and with a pause after which it goes on: the same.
        let mut whole = Ledger::begin(Some(&evidence), start, &listing);
        let (before, after) = landings.split_at(landings.len() / 2);
        whole.extend(Some(&evidence), before);
        let mut whole = Ledger::unpack(&whole.pack()).unwrap();
        whole.extend(Some(&evidence), after);
        assert_eq!(whole.pack(), ledger.pack());
        seen.resumed += 1;
    }
}

fn landed(body: &Body) -> Option<&TreeRef> {
    match body {
        Body::Landing(landing) => Some(&landing.to),
        _ => None,
    }
}

/// Nothing in it of which the ledger says less on purpose.
fn is_simple(landing: &Landing) -> bool {
    // The other ref is created at trees that are covered on the main one.
    landing.target_ref == "refs/heads/main"
        && landing.authors.iter().all(|actor| actor.role != Role::Pusher)
        && landing.merge_of.as_ref().is_none_or(|merge| merge.mode != "merge")
}

fn check(ledger: &Ledger, solved: Option<&BTreeSet<String>>, simple: bool, seen: &mut Seen) {
    seen.landings += 1;
    let paths = ledger.paths();
    let open: BTreeSet<String> = paths
        .iter()
        .filter(|state| matches!(state.cover, Cover::Nothing { .. }))
        .map(|state| state.path.to_owned())
        .collect();
    seen.uncovered += open.len() as u64;
    for state in paths.iter().filter(|state| !matches!(state.cover, Cover::Nothing { .. })) {
        seen.reviewed += u64::from(matches!(state.cover, Cover::Reviewed { .. }));
        assert!(solved.is_some_and(|solved| !solved.contains(state.path)), "{state:?}: {solved:?}");
    }
    // A path that is there no more and is covered is not listed at all.
    assert!(!ledger.is_anchored() || solved.is_some_and(|solved| solved.is_subset(&open)), "{solved:?} {open:?}");
    if simple && ledger.is_anchored() {
        assert_eq!(solved, Some(&open));
        seen.equal += 1;
    }
}

#[test]
fn what_the_ledger_calls_covered_is_covered() {
    // pass: on every landing of every world, whatever is wrong with it; and equal where nothing is
    let mut seen = Seen::default();
    for seed in 0..worlds() / 20 {
        let world = draw(&mut Rng::new(seed.wrapping_mul(7919)));
        let (facts, ordinary) = (world.facts, world.defects.is_empty());
        let compared = std::panic::catch_unwind(|| {
            let mut seen = Seen::default();
            compare(&facts, ordinary, &mut seen);
            seen
        });
        match compared {
            Ok(more) => {
                seen.landings += more.landings;
                seen.reviewed += more.reviewed;
                seen.uncovered += more.uncovered;
                seen.equal += more.equal;
                seen.resumed += more.resumed;
            }
            Err(_) => panic!("seed {seed}, defects {:?}\n{}", world.defects, serde_json::to_string(&facts).unwrap()),
        }
    }
    eprintln!("{seen:?}");
    let few = worlds() / 100;
    assert!(seen.landings > few && seen.reviewed > few && seen.equal > few && seen.resumed > few, "{seen:?}");
    assert!(seen.uncovered > few / 10, "{seen:?}");
}

/// The first world of which a chain can be walked, as the ledger takes it.
fn walked(act: impl Fn(&Facts, &NamedTrees, &Landing, &[LandingDiff])) {
    let mut acted = 0;
    for seed in 0..400u64 {
        let facts = draw(&mut Rng::new(seed.wrapping_mul(7919))).facts;
        let counting: BTreeSet<StatementDigest> = uncovered_by_landing(&facts).into_keys().collect();
        let repository = Repository::new(&facts);
        for tip in &counting {
            let Some(chain) = chain(&facts, &counting, *tip) else { continue };
            let Some((_, first)) = chain.first() else { continue };
            let Some(named) = repository.named(&first.repository) else { continue };
            let landings: Option<Vec<_>> =
                chain.iter().map(|(digest, landing)| landing_diff(&repository, *digest, landing)).collect();
            let Some(landings) = landings else { continue };
            act(&facts, &named, first, &landings);
            acted += 1;
        }
    }
    assert!(acted > 100, "{acted}");
}

fn evidence<'a>(facts: &'a Facts, trees: &'a NamedTrees, first: &'a Landing) -> Evidence<'a> {
    Evidence { facts, trees, repository: &first.repository, target_ref: &first.target_ref }
}

#[test]
fn a_ledger_that_was_cut_or_changed_is_none_or_sound() {
    // fail: every cut; pass: whatever a changed byte makes of it, nothing of it leads nowhere
    walked(|facts, named, first, landings| {
        let mut ledger = Ledger::begin(None, ObjectKey::EMPTY, &[]);
        ledger.extend(Some(&evidence(facts, named, first)), landings);
        let packed = ledger.pack();
        for length in 0..packed.len() {
            assert!(Ledger::unpack(&packed[..length]).is_none(), "{length}");
        }
        for at in 0..packed.len() {
            let mut changed = packed.clone();
            changed[at] ^= 0x11;
            if let Some(ledger) = Ledger::unpack(&changed) {
                assert!(ledger.paths().len() <= ledger.seen_paths());
            }
        }
    });
}

#[test]
fn another_evidence_or_judgement_is_another_fingerprint() {
    // pass: the moment alone changes nothing; fail: a statement less, another preset, a tree that is not here, a credential that ran out
    walked(|facts, named, first, _| {
        let print = |facts: &Facts, named: &NamedTrees| survey(&evidence(facts, named, first)).fingerprint;
        let good = print(facts, named);
        let mut less = facts.clone();
        less.statements.pop();
        assert_ne!(print(&less, named), good);
        let mut other = facts.clone();
        other.preset.reviewer_level = 9;
        assert_ne!(print(&other, named), good);
        assert_eq!(print(facts, &NamedTrees::default()) != good, !named.placed.is_empty());
        if facts.trust.waivers.is_empty() && facts.statements.iter().all(|statement| statement.credential.is_none()) {
            let mut later = facts.clone();
            later.now += 1;
            assert_eq!(print(&later, named), good);
        }
    });
}
