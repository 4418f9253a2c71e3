//! Sections 1 and 2: kinds, levels, persons, and which statements count.

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::glob::matches;
use lasthand_model::wire::facts::{
    Actor, Body, Custody, EntryFact, Facts, IdentityRow, Label, List, ListEntry, ListKind, PersonRow, ProductRow,
    Signer, SignerMethod, StatementFact, TreeRef,
};

use super::{any_glob, has_word};

/// One (signer, row) pair.
pub(super) type Pair<'a> = (&'a Signer, &'a IdentityRow);

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
    /// (git tree, root) as known landings state them together.
    joins: Vec<(&'a str, Sha256)>,
}

impl<'a> Evidence<'a> {
    pub(super) fn read(facts: &'a Facts) -> Self {
        let name = facts.question.product.as_str();
        let signed: Vec<&StatementFact> =
            facts.statements.iter().filter(|statement| !all_pairs(facts, statement).is_empty()).collect();
        let lists: Vec<&List> = signed.iter().filter_map(|statement| effective_list(facts, statement)).collect();
        let denied = denying_entries(&lists);
        let known: Vec<Known> = signed
            .iter()
            .map(|statement| {
                let mut pairs = all_pairs(facts, statement);
                pairs.retain(|(signer, _)| !is_revoked(&denied, signer));
                let usable = !pairs.is_empty() && is_usable(facts, &signed, &denied, statement);
                Known { statement, usable, pairs }
            })
            .collect();
        let product = facts.trust.products.iter().find(|row| row.name == name);
        let joins = joins(&signed);
        Self { facts, product, name, known, lists, joins }
    }

    /// Kind of a principal that is stated as `stated`.
    pub(super) fn kind(&self, principal: &str, stated: ActorKind) -> ActorKind {
        let rows = self.facts.trust.identities.iter().filter(|row| matches(&row.principal, principal));
        let kinds: Vec<ActorKind> = rows.map(|row| row.kind).collect();
        if stated == ActorKind::Agent || kinds.contains(&ActorKind::Agent) {
            return ActorKind::Agent;
        }
        if kinds.contains(&ActorKind::Automation) {
            return ActorKind::Automation;
        }
        if kinds.contains(&ActorKind::Human) && stated == ActorKind::Unknown {
            return ActorKind::Human;
        }
        stated
    }

    pub(super) fn person(&self, principal: &str) -> Option<&'a PersonRow> {
        self.facts.trust.persons.iter().find(|row| has_word(&row.accounts, principal))
    }

    /// Root of a tree reference; without `root` by the one pair of a known landing, when `sha1-join` is allowed.
    pub(super) fn resolve(&self, tree: &TreeRef, allowed: &BTreeSet<Label>) -> Option<Sha256> {
        if let Some(root) = tree.root {
            return Some(root.0);
        }
        let git_tree = tree.git_tree.as_ref()?;
        if !allowed.contains(&Label::Sha1Join) {
            return None;
        }
        let mut found = None;
        for (id, root) in &self.joins {
            if *id == git_tree.as_str() {
                if found.is_some_and(|other| other != *root) {
                    return None;
                }
                found = Some(*root);
            }
        }
        found
    }

    /// Entries of a tree or container.
    pub(super) fn entries(&self, root: Sha256) -> Option<&'a [EntryFact]> {
        if root == empty_tree() {
            return Some(&[]);
        }
        self.facts.inventories.get(&root).map(Vec::as_slice)
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
        SignerMethod::Key => match (row.custody, row.kind) {
            (Some(Custody::Personal), ActorKind::Human) | (Some(Custody::Isolated), ActorKind::Automation) => 3,
            _ => 2,
        },
        SignerMethod::SshSk | SignerMethod::Webauthn => {
            if signer.presence {
                4
            } else {
                2
            }
        }
        SignerMethod::FulcioCi | SignerMethod::X509Svid => match row.kind {
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

fn counts_although_simulated(facts: &Facts, statement: &StatementFact) -> bool {
    !statement.simulated || facts.trust.accept_simulated
}

fn effective_list<'a>(facts: &Facts, statement: &'a StatementFact) -> Option<&'a List> {
    let Body::List(list) = &statement.body else { return None };
    let name = facts.question.product.as_str();
    let by_whom = all_pairs(facts, statement).iter().any(|(_, row)| {
        has_word(&row.may, "list") && any_glob(&row.products, name) && row.kind != ActorKind::Agent
    });
    (by_whom && matches(&list.scope, name) && counts_although_simulated(facts, statement)).then_some(list)
}

fn denying_entries<'a>(lists: &[&'a List]) -> Vec<&'a ListEntry> {
    let denying = lists.iter().filter(|list| matches!(list.kind, ListKind::Revocation | ListKind::Withdrawal));
    denying.flat_map(|list| &list.entries).collect()
}

fn is_revoked(denied: &[&ListEntry], signer: &Signer) -> bool {
    denied.iter().any(|entry| match entry {
        ListEntry::Identity { principal, from, until } => {
            let in_window = signer
                .time
                .is_none_or(|time| from.is_none_or(|from| from <= time) && until.is_none_or(|until| time <= until));
            *principal == signer.principal && in_window
        }
        _ => false,
    })
}

/// Rules simulated, revocation (but for the signers) and credential.
fn is_usable(facts: &Facts, signed: &[&StatementFact], denied: &[&ListEntry], statement: &StatementFact) -> bool {
    if !counts_although_simulated(facts, statement) || denied.contains(&&ListEntry::Statement(statement.digest)) {
        return false;
    }
    let Some(credential) = &statement.credential else {
        let asked = matches!(statement.body, Body::StepActor(_) | Body::Act(_));
        return !(asked && facts.preset.require_credential);
    };
    let time = statement.signers.first().and_then(|signer| signer.time).unwrap_or(facts.now);
    let lives = credential.issued <= time && time < credential.expires;
    let short = facts.preset.credential_seconds.is_none_or(|most| credential.expires - credential.issued <= most);
    let reused = signed.iter().filter_map(|other| other.credential.as_ref()).any(|other| {
        other.digest == credential.digest && other.task != credential.task
    });
    lives && short && !reused && !denied.contains(&&ListEntry::Credential(credential.digest))
}

fn joins<'a>(signed: &[&'a StatementFact]) -> Vec<(&'a str, Sha256)> {
    let mut joins = Vec::new();
    for statement in signed {
        let Body::Landing(landing) = &statement.body else { continue };
        let mut trees = vec![Some(&landing.to), landing.from.as_ref()];
        if let Some(merge) = &landing.merge_of {
            trees.extend([Some(&merge.head), Some(&merge.base), Some(&merge.result)]);
        }
        for tree in trees.into_iter().flatten() {
            if let (Some(root), Some(git_tree)) = (&tree.root, &tree.git_tree) {
                joins.push((git_tree.as_str(), root.0));
            }
        }
    }
    joins
}
