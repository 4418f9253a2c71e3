//! The facts, indexed once: which statements are known and usable, who signs under which row, what kind each principal has.

use std::cell::RefCell;
use std::rc::Rc;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::glob;
use lasthand_model::inventory::Inventory;
use lasthand_model::wire::facts::{
    Actor, Body, Facts, IdentityRow, List, ListEntry, ListKind, ProductRow, Signer, StatementFact,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::FindingId;
use crate::rules::{Rule, Rules};
use crate::trees::{Change, Tree, diff};

/// One signer of a statement under one row that matches him.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) signer: &'a Signer,
    pub(crate) row: &'a IdentityRow,
    /// The row's kind, but agent when any row says that the signer is one.
    pub(crate) kind: ActorKind,
    pub(crate) level: u8,
}

/// A known statement.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) fact: &'a StatementFact,
    /// Signers under rows, without revoked signers.
    pub(crate) pairs: Vec<Pair<'a>>,
    /// Why the statement proves nothing, if so.
    pub(crate) fault: Option<FindingId>,
}

impl Known<'_> {
    pub(crate) const fn digest(&self) -> StatementDigest {
        self.fact.digest
    }

    pub(crate) const fn usable(&self) -> bool {
        self.fault.is_none()
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct RowKinds {
    agent: bool,
    automation: bool,
    human: bool,
}

/// Differences between trees, by the roots of both, computed once.
type Diffs<'a> = FxHashMap<(Sha256, Sha256), Rc<Vec<Change<'a>>>>;

/// The facts, indexed.
pub(crate) struct World<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) product: Option<&'a ProductRow>,
    pub(crate) rules: Rules,
    pub(crate) known: Vec<Known<'a>>,
    /// Statements without any row, or contradicting another of the same digest.
    pub(crate) unknown: Vec<(StatementDigest, &'static str)>,
    pub(crate) by_digest: FxHashMap<StatementDigest, usize>,
    pub(crate) trees: FxHashMap<Sha256, Tree<'a>>,
    pub(crate) empty_root: Sha256,
    diffs: RefCell<Diffs<'a>>,
    kinds: RefCell<FxHashMap<&'a str, RowKinds>>,
    persons: FxHashMap<&'a str, usize>,
    revoked: Revoked<'a>,
}

impl<'a> World<'a> {
    pub(crate) fn new(facts: &'a Facts, rules: Rules) -> Self {
        let empty_root = Inventory::default().root().0;
        let mut trees: FxHashMap<Sha256, Tree<'a>> =
            facts.inventories.iter().filter_map(|(root, entries)| Some((*root, Tree::new(entries)?))).collect();
        trees.insert(empty_root, Tree::default());
        let mut products = facts.trust.products.iter().filter(|row| row.name == facts.question.product);
        // Two rows of one name contradict each other: neither counts.
        let product = products.next().filter(|_| products.next().is_none());
        let mut world = Self {
            facts,
            product,
            rules,
            known: Vec::new(),
            unknown: Vec::new(),
            by_digest: FxHashMap::default(),
            trees,
            empty_root,
            diffs: RefCell::default(),
            kinds: RefCell::default(),
            persons: read_persons(facts),
            revoked: Revoked::default(),
        };
        world.read_statements();
        world
    }

    fn read_statements(&mut self) {
        let mut seen: FxHashMap<StatementDigest, &StatementFact> = FxHashMap::default();
        let mut contradicted: FxHashSet<StatementDigest> = FxHashSet::default();
        let mut ordered = Vec::new();
        for fact in &self.facts.statements {
            match seen.get(&fact.digest) {
                None => {
                    seen.insert(fact.digest, fact);
                    ordered.push(fact);
                }
                Some(first) if *first == fact => {}
                Some(_) => {
                    contradicted.insert(fact.digest);
                }
            }
        }
        ordered.sort_unstable_by_key(|fact| fact.digest);
        for fact in ordered {
            if contradicted.contains(&fact.digest) {
                self.unknown.push((fact.digest, "two different statements claim this payload digest"));
                continue;
            }
            let pairs = self.pairs(&fact.signers);
            if pairs.is_empty() {
                self.unknown.push((fact.digest, "no row of the trust file matches its signer"));
                continue;
            }
            self.by_digest.insert(fact.digest, self.known.len());
            self.known.push(Known { fact, pairs, fault: None });
        }
        let reused = self.reused_credentials();
        self.revoked = Revoked::collect(self);
        let mut known = std::mem::take(&mut self.known);
        for statement in &mut known {
            self.judge(statement, &reused);
        }
        self.known = known;
    }

    fn pairs(&self, signers: &'a [Signer]) -> Vec<Pair<'a>> {
        let rows = &self.facts.trust.identities;
        signers
            .iter()
            .flat_map(|signer| {
                rows.iter()
                    .filter(|row| row.method == signer.method && glob::matches(&row.principal, &signer.principal))
                    .map(|row| {
                        let kind = if self.row_kinds(&signer.principal).agent { ActorKind::Agent } else { row.kind };
                        Pair { signer, row, kind, level: lasthand_trust::level::level(row, signer) }
                    })
            })
            .collect()
    }

    /// Credentials that two known statements use for different tasks.
    fn reused_credentials(&self) -> FxHashSet<Sha256> {
        let mut task_of: FxHashMap<Sha256, Option<&str>> = FxHashMap::default();
        let mut reused = FxHashSet::default();
        for credential in self.known.iter().filter_map(|statement| statement.fact.credential.as_ref()) {
            let task = credential.task.as_deref();
            if *task_of.entry(credential.digest).or_insert(task) != task {
                reused.insert(credential.digest);
            }
        }
        reused
    }

    fn judge(&self, statement: &mut Known<'a>, reused: &FxHashSet<Sha256>) {
        let revoked = &self.revoked;
        let fact = statement.fact;
        let simulated_ok = !fact.simulated || self.facts.trust.accept_simulated;
        let simulated = !self.rules.demand(Rule::Simulated, simulated_ok);
        let left: Vec<Pair<'a>> = statement.pairs.iter().copied().filter(|pair| !revoked.signer(pair.signer)).collect();
        let credential_revoked =
            fact.credential.as_ref().is_some_and(|credential| revoked.credentials.contains(&credential.digest));
        let unrevoked = !left.is_empty() && !revoked.statements.contains(&fact.digest) && !credential_revoked;
        let is_list = matches!(fact.body, Body::List(_));
        // A list goes on to deny when its signer is revoked; see `current_list`.
        if !is_list && !self.rules.demand(Rule::Revocation, false) {
            statement.pairs = left;
        }
        statement.fault = if simulated {
            Some(FindingId::Simulated)
        } else if !self.rules.demand(Rule::Revocation, unrevoked) {
            Some(FindingId::Revoked)
        } else if !is_list && !self.rules.demand(Rule::Credential, self.credential_holds(statement, reused)) {
            Some(FindingId::Credential)
        } else {
            None
        };
    }

    fn credential_holds(&self, statement: &Known<'a>, reused: &FxHashSet<Sha256>) -> bool {
        let fact = statement.fact;
        let preset = &self.facts.preset;
        let Some(credential) = &fact.credential else {
            return !(preset.require_credential && matches!(fact.body, Body::StepActor(_) | Body::Act(_)));
        };
        let life = credential.expires.saturating_sub(credential.issued);
        let in_time = statement.pairs.iter().all(|pair| {
            let time = pair.signer.time.unwrap_or(self.facts.now);
            credential.issued <= time && time < credential.expires
        });
        in_time
            && preset.credential_seconds.is_none_or(|longest| life <= longest)
            && !reused.contains(&credential.digest)
    }

    /// Lists of a kind that may speak of the product.
    pub(crate) fn effective_lists(&self, kind: ListKind) -> impl Iterator<Item = (&Known<'a>, &'a List)> {
        self.known.iter().filter_map(move |statement| match &statement.fact.body {
            Body::List(list) if list.kind == kind && self.list_counts(statement, list) => Some((statement, list)),
            _ => None,
        })
    }

    fn list_counts(&self, statement: &Known<'_>, list: &List) -> bool {
        let name = &self.facts.question.product;
        let simulated_ok = !statement.fact.simulated || self.facts.trust.accept_simulated;
        self.rules.demand(Rule::Simulated, simulated_ok)
            && glob::matches(&list.scope, name)
            && statement
                .pairs
                .iter()
                .any(|pair| may(pair.row, "list") && for_product(pair.row, name) && pair.kind != ActorKind::Agent)
    }

    /// The list of a kind that is in force: the highest sequence issued by now, of signers who are not revoked.
    pub(crate) fn current_list(&self, kind: ListKind) -> Option<(&Known<'a>, &'a List)> {
        self.effective_lists(kind)
            .filter(|(statement, list)| statement.usable() && list.issued_at <= self.facts.now)
            .max_by_key(|(statement, list)| (list.sequence, std::cmp::Reverse(statement.digest())))
    }

    /// The kind of a principal, from the rows and as stated.
    pub(crate) fn kind(&self, principal: &'a str, stated: ActorKind) -> ActorKind {
        let rows = self.row_kinds(principal);
        match stated {
            ActorKind::Agent => ActorKind::Agent,
            _ if rows.agent => ActorKind::Agent,
            _ if rows.automation => ActorKind::Automation,
            ActorKind::Automation if self.is_robot(principal) => ActorKind::Automation,
            ActorKind::Automation => ActorKind::Unknown,
            ActorKind::Human | ActorKind::Unknown if rows.human => ActorKind::Human,
            other => other,
        }
    }

    fn is_robot(&self, principal: &str) -> bool {
        self.facts.trust.robots.iter().any(|robot| robot.principal == principal)
    }

    /// Which kinds the rows that match a principal have.
    fn row_kinds(&self, principal: &'a str) -> RowKinds {
        if let Some(kinds) = self.kinds.borrow().get(principal) {
            return *kinds;
        }
        let mut kinds = RowKinds::default();
        for row in self.facts.trust.identities.iter().filter(|row| glob::matches(&row.principal, principal)) {
            match row.kind {
                ActorKind::Agent => kinds.agent = true,
                ActorKind::Automation => kinds.automation = true,
                ActorKind::Human => kinds.human = true,
                ActorKind::Unknown => {}
            }
        }
        self.kinds.borrow_mut().insert(principal, kinds);
        kinds
    }

    /// Whether a principal that a statement speaks of was revoked when it was signed.
    pub(crate) fn revoked(&self, principal: &str, statement: &StatementFact) -> bool {
        let earliest = statement.signers.iter().map(|signer| signer.time).min().flatten();
        !self.rules.demand(Rule::Revocation, !self.revoked.principal(principal, earliest))
    }

    /// The person row that lists a principal.
    pub(crate) fn person(&self, principal: &str) -> Option<usize> {
        self.persons.get(principal).copied()
    }

    /// The differences between two trees whose inventories are known.
    pub(crate) fn diff(&self, before: Sha256, after: Sha256) -> Option<Rc<Vec<Change<'a>>>> {
        if let Some(changes) = self.diffs.borrow().get(&(before, after)) {
            return Some(Rc::clone(changes));
        }
        let changes = Rc::new(diff(self.trees.get(&before)?, self.trees.get(&after)?));
        self.diffs.borrow_mut().insert((before, after), Rc::clone(&changes));
        Some(changes)
    }
}

/// Whether a row lists a statement type or step kind.
pub(crate) fn may(row: &IdentityRow, what: &str) -> bool {
    row.may.iter().any(|word| word == what)
}

/// Whether a row speaks of a repository.
pub(crate) fn speaks_of(row: &IdentityRow, repository: &str) -> bool {
    any_glob(&row.repositories, repository)
}

/// Whether a row speaks of a product.
pub(crate) fn for_product(row: &IdentityRow, product: &str) -> bool {
    any_glob(&row.products, product)
}

/// Whether a row states other people's acts by a method.
pub(crate) fn observes(row: &IdentityRow, method: &str) -> bool {
    row.observer.iter().any(|word| word == method)
}

/// Whether one of the globs matches.
pub(crate) fn any_glob(globs: &[String], text: &str) -> bool {
    globs.iter().any(|pattern| glob::matches(pattern, text))
}

/// The performers among actors.
pub(crate) fn performers(actors: &[Actor]) -> impl Iterator<Item = &Actor> {
    actors.iter().filter(|actor| actor.role == Role::Performer)
}

#[derive(Default)]
struct Revoked<'a> {
    credentials: FxHashSet<Sha256>,
    statements: FxHashSet<StatementDigest>,
    identities: Vec<(&'a str, Option<i64>)>,
}

impl<'a> Revoked<'a> {
    fn collect(world: &World<'a>) -> Self {
        let mut revoked = Self::default();
        for kind in [ListKind::Revocation, ListKind::Withdrawal] {
            for (_, list) in world.effective_lists(kind) {
                for entry in &list.entries {
                    match entry {
                        ListEntry::Credential(digest) => drop(revoked.credentials.insert(*digest)),
                        ListEntry::Statement(digest) => drop(revoked.statements.insert(*digest)),
                        ListEntry::Identity { principal, from, .. } => revoked.identities.push((principal, *from)),
                        ListEntry::Artifact(_) | ListEntry::Released { .. } => {}
                    }
                }
            }
        }
        revoked
    }

    fn signer(&self, signer: &Signer) -> bool {
        self.principal(&signer.principal, signer.time)
    }

    fn principal(&self, principal: &str, time: Option<i64>) -> bool {
        // A time says that the signature existed by then, so a window's end clears nobody.
        self.identities.iter().any(|(revoked, from)| {
            *revoked == principal && time.is_none_or(|time| from.is_none_or(|from| from <= time))
        })
    }
}

/// Which person each account is; rows that share an account are one person.
fn read_persons(facts: &Facts) -> FxHashMap<&str, usize> {
    let mut one: Vec<usize> = (0..facts.trust.persons.len()).collect();
    let mut owner: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, person) in facts.trust.persons.iter().enumerate() {
        for account in &person.accounts {
            let first = *owner.entry(account.as_str()).or_insert(at);
            let (a, b) = (root_of(&one, first), root_of(&one, at));
            if let Some(slot) = one.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    owner.into_iter().map(|(account, at)| (account, root_of(&one, at))).collect()
}

fn root_of(one: &[usize], mut at: usize) -> usize {
    while let Some(next) = one.get(at).copied().filter(|next| *next != at) {
        at = next;
    }
    at
}
