//! Sections 1 and 2: kinds, levels, persons, and which statements count.

use std::collections::BTreeSet;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::Sha256;
use lasthand_model::glob::matches;
use lasthand_model::wire::facts::{
    Act, Actor, Body, Custody, EntryFact, Facts, GroupRow, IdentityRow, Label, Landing, List, ListEntry, ListKind,
    ProductRow, Signer, SignerMethod, StatementFact, StepActor, TreeRef,
};

use super::{any_glob, has_word};

/// One (signer, row) pair.
pub(super) type Pair<'a> = (&'a Signer, &'a IdentityRow);

/// Every account of one human.
pub(super) type Person<'a> = BTreeSet<&'a str>;

/// A statement that somebody of the trust file signed.
pub(super) struct Known<'a> {
    pub(super) statement: &'a StatementFact,
    pub(super) usable: bool,
    /// Candidate rows: without revoked signers.
    pub(super) pairs: Vec<Pair<'a>>,
}

/// What does not depend on the labels allowed.
pub(super) struct Evidence<'a> {
    pub(super) facts: &'a Facts,
    pub(super) product: Option<&'a ProductRow>,
    pub(super) name: &'a str,
    pub(super) known: Vec<Known<'a>>,
    pub(super) lists: Vec<&'a List>,
    /// The current list of each kind.
    current: Vec<&'a List>,
    /// The effective released list of the highest sequence issued by now, whoever signed it.
    pub(super) last_released: Option<&'a List>,
    /// (repository, git id, root) as authorised landings state them together.
    joins: Vec<(&'a str, &'a str, Sha256)>,
}

impl<'a> Evidence<'a> {
    pub(super) fn read(facts: &'a Facts) -> Self {
        let name = facts.question.product.as_str();
        let signed: Vec<&StatementFact> = facts
            .statements
            .iter()
            .filter(|statement| !all_pairs(facts, statement).is_empty() && !is_contradicted(facts, statement))
            .collect();
        let lists: Vec<&List> = signed.iter().filter_map(|statement| effective_list(facts, statement, &[])).collect();
        let denied = denying_entries(&lists);
        let current = [ListKind::Revocation, ListKind::Withdrawal, ListKind::Released]
            .into_iter()
            .filter_map(|kind| current_list(facts, &signed, &denied, kind))
            .collect();
        let known: Vec<Known> = signed
            .iter()
            .map(|statement| {
                let mut pairs = all_pairs(facts, statement);
                pairs.retain(|(signer, _)| !is_revoked(facts, &denied, statement, signer));
                let usable = !pairs.is_empty()
                    && is_usable(facts, &signed, &denied, statement, &pairs)
                    && spoken_of(&statement.body).iter().all(|who| !is_revoked_there(&denied, statement, who));
                Known { statement, usable, pairs }
            })
            .collect();
        let mut rows = facts.trust.products.iter().filter(|row| row.name == name);
        let product = rows.next().filter(|_| rows.next().is_none());
        let joins = joins(facts, &known);
        let last_released = current_list(facts, &signed, &[], ListKind::Released);
        Self { facts, product, name, known, lists, current, last_released, joins }
    }

    /// Kind of a principal that is stated as `stated`.
    pub(super) fn kind(&self, principal: &str, stated: ActorKind) -> ActorKind {
        let rows = self.facts.trust.identities.iter().filter(|row| matches(&row.principal, principal));
        let kinds: Vec<ActorKind> = rows.map(|row| row.kind).collect();
        if stated == ActorKind::Agent || kinds.contains(&ActorKind::Agent) {
            return ActorKind::Agent;
        }
        let named = self.facts.trust.robots.iter().any(|robot| robot.principal == principal);
        if kinds.contains(&ActorKind::Automation) || (stated == ActorKind::Automation && named) {
            return ActorKind::Automation;
        }
        match stated {
            ActorKind::Human | ActorKind::Unknown if kinds.contains(&ActorKind::Human) => ActorKind::Human,
            ActorKind::Automation => ActorKind::Unknown,
            _ => stated,
        }
    }

    /// The accounts of the person of a principal; none when no row lists it.
    pub(super) fn person(&self, principal: &str) -> Option<Person<'a>> {
        let rows = &self.facts.trust.persons;
        let mut person: Person = rows
            .iter()
            .filter(|row| has_word(&row.accounts, principal))
            .flat_map(|row| row.accounts.iter().map(String::as_str))
            .collect();
        // Rows that share an account are one person.
        loop {
            let more: Person = rows
                .iter()
                .filter(|row| row.accounts.iter().any(|account| person.contains(account.as_str())))
                .flat_map(|row| row.accounts.iter().map(String::as_str))
                .collect();
            if more == person {
                return (!person.is_empty()).then_some(person);
            }
            person = more;
        }
    }

    /// Every (signer, row) pair of a statement, revoked signers too.
    pub(super) fn all_pairs(&self, statement: &'a StatementFact) -> Vec<Pair<'a>> {
        all_pairs(self.facts, statement)
    }

    /// Kind of a pair: the row's, but agent when any row of kind agent matches the signer.
    pub(super) fn pair_kind(&self, pair: &Pair) -> ActorKind {
        pair_kind(self.facts, pair)
    }

    /// Whether somebody a statement speaks of was revoked when it was signed.
    pub(super) fn was_revoked(&self, statement: &StatementFact, who: &str) -> bool {
        is_revoked_there(&denying_entries(&self.lists), statement, who)
    }

    /// The current list of a kind.
    pub(super) fn current(&self, kind: ListKind) -> Option<&'a List> {
        self.current.iter().copied().find(|list| list.kind == kind)
    }

    /// Root of a tree reference; without `root` by the one pair of an authorised landing, when `sha1-join` is allowed.
    pub(super) fn resolve(&self, repository: &str, tree: &TreeRef, allowed: &BTreeSet<Label>) -> Option<Sha256> {
        if tree.root.is_none() && !allowed.contains(&Label::Sha1Join) {
            return None;
        }
        self.resolve_anyhow(repository, tree)
    }

    /// The same whether the label is allowed or not: for what can only take cover away.
    pub(super) fn resolve_anyhow(&self, repository: &str, tree: &TreeRef) -> Option<Sha256> {
        if let Some(root) = tree.root {
            return Some(root.0);
        }
        let git_id = tree.git_tree.as_ref().or(tree.git_commit.as_ref())?;
        let mut found = None;
        for (place, id, root) in &self.joins {
            if *place == repository && *id == git_id.as_str() {
                if found.is_some_and(|other| other != *root) {
                    return None;
                }
                found = Some(*root);
            }
        }
        found
    }

    /// Entries of a tree or container; none when a path stands there twice.
    pub(super) fn entries(&self, root: Sha256) -> Option<&'a [EntryFact]> {
        if root == empty_tree() {
            return Some(&[]);
        }
        let entries = self.facts.inventories.get(&root)?;
        let paths: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        (paths.len() == entries.len()).then_some(entries)
    }

    /// Whether a pooled entry of the effective revocation and withdrawal lists is `wanted`.
    pub(super) fn denies(&self, wanted: &ListEntry) -> bool {
        denying_entries(&self.lists).contains(&wanted)
    }

    pub(super) fn is_trusted_input(&self, digest: Sha256, used_as: Option<&str>) -> bool {
        self.facts.trust.trusted_inputs.iter().any(|row| {
            row.digest == digest
                && any_glob(&row.products, self.name)
                && row.expires > self.facts.now
                && used_as.is_none_or(|word| row.used_as == word)
        })
    }
}

/// Level of a signer under a row.
pub(super) fn level((signer, row): &Pair) -> u8 {
    let by_method = match signer.method {
        SignerMethod::Key | SignerMethod::X509 | SignerMethod::Openpgp | SignerMethod::Ssh => {
            match (row.custody, row.kind) {
                (Some(Custody::Personal), ActorKind::Human) | (Some(Custody::Isolated), ActorKind::Automation) => 3,
                _ => 2,
            }
        }
        SignerMethod::SshSk | SignerMethod::Webauthn => {
            if signer.presence {
                4
            } else {
                2
            }
        }
        SignerMethod::FulcioCi | SignerMethod::X509Svid | SignerMethod::WitSvid => match row.kind {
            ActorKind::Automation if row.isolated => 4,
            ActorKind::Automation => 3,
            ActorKind::Agent => 4,
            ActorKind::Human | ActorKind::Unknown => 2,
        },
        SignerMethod::FulcioEmail | SignerMethod::JwtSvid => 2,
    };
    by_method.min(row.max_level)
}

/// Level of an actor whom the pair's signer states: his own, or observed.
pub(super) fn stated_level(pair: &Pair, actor: &Actor) -> Option<u8> {
    if pair.0.principal == actor.principal {
        Some(level(pair))
    } else if has_word(&pair.1.observer, &actor.method) {
        Some(level(pair).min(3))
    } else {
        None
    }
}

/// The empty tree: the root of the empty inventory.
pub(super) fn empty_tree() -> Sha256 {
    Sha256::from_bytes([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ])
}

fn all_pairs<'a>(facts: &'a Facts, statement: &'a StatementFact) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for signer in &statement.signers {
        for row in &facts.trust.identities {
            if row.method == signer.method && matches(&row.principal, &signer.principal) {
                pairs.push((signer, row));
            }
        }
    }
    pairs
}

/// Whether another statement has the same digest.
fn is_contradicted(facts: &Facts, statement: &StatementFact) -> bool {
    facts.statements.iter().any(|other| other.digest == statement.digest && other != statement)
}

fn counts_although_simulated(facts: &Facts, statement: &StatementFact) -> bool {
    !statement.simulated || facts.trust.accept_simulated
}

fn effective_list<'a>(facts: &Facts, statement: &'a StatementFact, denied: &[&ListEntry]) -> Option<&'a List> {
    let Body::List(list) = &statement.body else { return None };
    let name = facts.question.product.as_str();
    let by_whom = all_pairs(facts, statement).iter().any(|pair| {
        let (signer, row) = pair;
        has_word(&row.may, "list")
            && any_glob(&row.products, name)
            && pair_kind(facts, pair) != ActorKind::Agent
            && !is_revoked(facts, denied, statement, signer)
    });
    (by_whom && matches(&list.scope, name) && counts_although_simulated(facts, statement)).then_some(list)
}

fn denying_entries<'a>(lists: &[&'a List]) -> Vec<&'a ListEntry> {
    let denying = lists.iter().filter(|list| matches!(list.kind, ListKind::Revocation | ListKind::Withdrawal));
    denying.flat_map(|list| &list.entries).collect()
}

/// The effective list of a kind with the highest sequence, issued, not revoked and of a signer who is not.
fn current_list<'a>(
    facts: &Facts,
    signed: &[&'a StatementFact],
    denied: &[&ListEntry],
    kind: ListKind,
) -> Option<&'a List> {
    let standing = signed.iter().filter(|it| !denied.contains(&&ListEntry::Statement(it.digest)));
    let lists = standing.filter_map(|statement| Some((statement.digest, effective_list(facts, statement, denied)?)));
    let issued = lists.filter(|(_, list)| list.kind == kind && list.issued_at <= facts.now);
    issued.max_by_key(|(digest, list)| (list.sequence, std::cmp::Reverse(*digest))).map(|(_, list)| list)
}

fn is_revoked(facts: &Facts, denied: &[&ListEntry], statement: &StatementFact, signer: &Signer) -> bool {
    let is_named = |signer: &Signer| names_revoked(denied, &signer.principal, signer.time);
    let lacks_keys = |group: &GroupRow| {
        let signed = |signer: &&Signer| signer.method == SignerMethod::Key && group.keys.contains(&signer.principal);
        let mut keys: Vec<&Signer> = statement.signers.iter().filter(signed).collect();
        let all = keys.len();
        keys.retain(|signer| !is_named(signer));
        let some_gone = keys.len() < all;
        keys.sort_by_key(|signer| &signer.principal);
        keys.dedup_by_key(|signer| &signer.principal);
        some_gone && keys.len() < group.threshold as usize
    };
    is_named(signer) || facts.trust.groups.iter().any(|group| group.principal == signer.principal && lacks_keys(group))
}

fn names_revoked(denied: &[&ListEntry], who: &str, time: Option<i64>) -> bool {
    denied.iter().any(|entry| match entry {
        ListEntry::Identity { principal, from, .. } => {
            matches(principal, who) && time.zip(*from).is_none_or(|(time, from)| from <= time)
        }
        _ => false,
    })
}

/// Somebody a statement speaks of, at the earliest time of its signers; where one of them has none, nobody knows when.
fn is_revoked_there(denied: &[&ListEntry], statement: &StatementFact, who: &str) -> bool {
    names_revoked(denied, who, statement.signers.iter().map(|signer| signer.time).min().flatten())
}

/// People whose revocation makes a statement count for nothing.
fn spoken_of(body: &Body) -> Vec<&str> {
    match body {
        Body::Review(review) => vec![&review.reviewer.principal],
        Body::Approval(approval) => vec![&approval.approver.principal],
        Body::Act(Act { actors, .. }) | Body::StepActor(StepActor { actors, .. }) => {
            let performers = actors.iter().filter(|actor| actor.role == Role::Performer);
            performers.map(|actor| actor.principal.as_str()).collect()
        }
        _ => Vec::new(),
    }
}

fn pair_kind(facts: &Facts, (signer, row): &Pair) -> ActorKind {
    let is_agent = |other: &IdentityRow| other.kind == ActorKind::Agent && matches(&other.principal, &signer.principal);
    if facts.trust.identities.iter().any(is_agent) { ActorKind::Agent } else { row.kind }
}

/// Rules simulated, revocation (but for the signers) and credential.
fn is_usable(
    facts: &Facts,
    signed: &[&StatementFact],
    denied: &[&ListEntry],
    statement: &StatementFact,
    pairs: &[Pair],
) -> bool {
    if !counts_although_simulated(facts, statement) || denied.contains(&&ListEntry::Statement(statement.digest)) {
        return false;
    }
    let Some(credential) = &statement.credential else {
        let asked = matches!(statement.body, Body::StepActor(_) | Body::Act(_));
        return !(asked && facts.preset.require_credential);
    };
    let lives = pairs.iter().all(|(signer, _)| {
        let time = signer.time.unwrap_or(facts.now);
        credential.issued <= time && time < credential.expires
    });
    let short = facts.preset.credential_seconds.is_none_or(|most| credential.expires - credential.issued <= most);
    let reused = signed
        .iter()
        .filter_map(|other| other.credential.as_ref())
        .any(|other| other.digest == credential.digest && other.task != credential.task);
    lives && short && !reused && !denied.contains(&&ListEntry::Credential(credential.digest))
}

fn joins<'a>(facts: &Facts, known: &[Known<'a>]) -> Vec<(&'a str, &'a str, Sha256)> {
    let mut joins = Vec::new();
    for known in known {
        let Body::Landing(landing) = &known.statement.body else { continue };
        if landing_level(facts, known, landing).is_none() {
            continue;
        }
        let mut trees = vec![Some(&landing.to), landing.from.as_ref()];
        if let Some(merge) = &landing.merge_of {
            trees.extend([Some(&merge.head), Some(&merge.base), Some(&merge.result)]);
        }
        for tree in trees.into_iter().flatten() {
            for id in [&tree.git_tree, &tree.git_commit].into_iter().flatten() {
                joins.extend(tree.root.map(|root| (landing.repository.as_str(), id.as_str(), root.0)));
            }
        }
    }
    joins
}

/// Rule landing-authority: the best level of a signer that makes a usable landing authorised.
pub(super) fn landing_level(facts: &Facts, known: &Known, landing: &Landing) -> Option<u8> {
    let authorising = known.pairs.iter().filter(|pair| {
        let row = pair.1;
        has_word(&row.may, "landing")
            && any_glob(&row.repositories, &landing.repository)
            && pair_kind(facts, pair) != ActorKind::Agent
            && level(pair) >= facts.preset.builder_level
            && landing.authors.iter().all(|author| has_word(&row.observer, &author.method))
    });
    authorising.map(level).max().filter(|_| known.usable)
}
