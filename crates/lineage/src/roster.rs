//! Who is who in the trust file, indexed by principal: identity rows, persons, robots, and who is revoked.

use std::cell::RefCell;
use std::rc::Rc;

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::glob;
use lasthand_model::wire::facts::{GroupRow, IdentityRow, List, ListEntry, PersonRow, RobotRow, Signer, SignerMethod};
use rustc_hash::{FxHashMap, FxHashSet};

/// The identity rows that match a principal, by any method.
#[derive(Debug, Default)]
pub(crate) struct Matching<'a> {
    /// In the order of the trust file.
    pub(crate) rows: Vec<&'a IdentityRow>,
    pub(crate) agent: bool,
    pub(crate) automation: bool,
    pub(crate) human: bool,
}

/// Identity rows by principal. Rows without a star are looked up; only the others are compared one by one.
///
/// LIMIT: a principal that was not asked for yet costs one glob for each row with a star.
pub(crate) struct Rows<'a> {
    rows: &'a [IdentityRow],
    exact: FxHashMap<&'a str, Vec<usize>>,
    starred: Vec<usize>,
    asked: RefCell<FxHashMap<&'a str, Rc<Matching<'a>>>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(rows: &'a [IdentityRow]) -> Self {
        let mut exact: FxHashMap<&'a str, Vec<usize>> = FxHashMap::default();
        let mut starred = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            if row.principal.contains('*') {
                starred.push(at);
            } else {
                exact.entry(&row.principal).or_default().push(at);
            }
        }
        Self { rows, exact, starred, asked: RefCell::default() }
    }

    /// The rows that match a principal.
    pub(crate) fn of(&self, principal: &'a str) -> Rc<Matching<'a>> {
        if let Some(known) = self.asked.borrow().get(principal) {
            return Rc::clone(known);
        }
        let starred = self
            .starred
            .iter()
            .copied()
            .filter(|at| self.rows.get(*at).is_some_and(|row| glob::matches(&row.principal, principal)));
        let mut found: Vec<usize> = self.exact.get(principal).into_iter().flatten().copied().chain(starred).collect();
        found.sort_unstable();
        let mut matching = Matching::default();
        for row in found.into_iter().filter_map(|at| self.rows.get(at)) {
            matching.rows.push(row);
            match row.kind {
                ActorKind::Agent => matching.agent = true,
                ActorKind::Automation => matching.automation = true,
                ActorKind::Human => matching.human = true,
                ActorKind::Unknown => {}
            }
        }
        let matching = Rc::new(matching);
        self.asked.borrow_mut().insert(principal, Rc::clone(&matching));
        matching
    }
}

/// Robot rows by principal.
pub(crate) fn read_robots(rows: &[RobotRow]) -> FxHashMap<&str, Vec<&RobotRow>> {
    let mut robots: FxHashMap<&str, Vec<&RobotRow>> = FxHashMap::default();
    for row in rows {
        robots.entry(&row.principal).or_default().push(row);
    }
    robots
}

/// Which person each account is; rows that share an account are one person.
pub(crate) fn read_persons(rows: &[PersonRow]) -> FxHashMap<&str, usize> {
    let mut one: Vec<usize> = (0..rows.len()).collect();
    let mut owner: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, person) in rows.iter().enumerate() {
        for account in &person.accounts {
            let first = *owner.entry(account.as_str()).or_insert(at);
            let (a, b) = (root_of(&mut one, first), root_of(&mut one, at));
            if let Some(slot) = one.get_mut(a.max(b)) {
                *slot = a.min(b);
            }
        }
    }
    owner.into_iter().map(|(account, at)| (account, root_of(&mut one, at))).collect()
}

/// The first of the rows that are one person; what is passed on the way points nearer to it afterwards.
fn root_of(one: &mut [usize], mut at: usize) -> usize {
    while let Some(next) = one.get(at).copied().filter(|next| *next != at) {
        let after = one.get(next).copied().unwrap_or(next);
        if let Some(slot) = one.get_mut(at) {
            *slot = after;
        }
        at = next;
    }
    at
}

/// What the lists of the facts take back.
#[derive(Default)]
pub(crate) struct Revoked<'a> {
    credentials: FxHashSet<Sha256>,
    statements: FxHashSet<StatementDigest>,
    /// By principal: since when, the earliest entry; `None` is always.
    identities: FxHashMap<&'a str, Option<i64>>,
    /// The same for principals with a star, which stand for all that they match.
    starred: Vec<(&'a str, Option<i64>)>,
}

impl<'a> Revoked<'a> {
    pub(crate) fn collect(lists: impl Iterator<Item = &'a List>) -> Self {
        let mut revoked = Self::default();
        for entry in lists.flat_map(|list| &list.entries) {
            match entry {
                ListEntry::Credential(digest) => drop(revoked.credentials.insert(*digest)),
                ListEntry::Statement(digest) => drop(revoked.statements.insert(*digest)),
                ListEntry::Identity { principal, from, .. } if principal.contains('*') => {
                    revoked.starred.push((principal, *from));
                }
                ListEntry::Identity { principal, from, .. } => {
                    let since = revoked.identities.entry(principal).or_insert(*from);
                    *since = (*since).min(*from);
                }
                ListEntry::Artifact(_) | ListEntry::Released { .. } => {}
            }
        }
        revoked
    }

    /// Whether nothing is taken back.
    pub(crate) fn is_empty(&self) -> bool {
        self.credentials.is_empty() && self.statements.is_empty() && self.nobody()
    }

    pub(crate) fn credential(&self, digest: &Sha256) -> bool {
        self.credentials.contains(digest)
    }

    pub(crate) fn statement(&self, digest: &StatementDigest) -> bool {
        self.statements.contains(digest)
    }

    pub(crate) fn signer(&self, signer: &Signer) -> bool {
        self.principal(&signer.principal, signer.time)
    }

    pub(crate) fn principal(&self, principal: &str, time: Option<i64>) -> bool {
        // Almost always nobody is revoked.
        if self.nobody() {
            return false;
        }
        // A time says that the signature existed by then, so a window's end clears nobody.
        let is_since = |from: &Option<i64>| time.is_none_or(|time| from.is_none_or(|from| from <= time));
        self.identities.get(principal).is_some_and(is_since)
            || self.starred.iter().any(|(pattern, from)| glob::matches(pattern, principal) && is_since(from))
    }

    /// Whether too few of a group's keys are left among the signers of a statement, because others of them are revoked.
    pub(crate) fn group(&self, group: &GroupRow, signers: &[Signer]) -> bool {
        let of_group = |signer: &&Signer| signer.method == SignerMethod::Key && group.keys.contains(&signer.principal);
        let (gone, left): (Vec<&Signer>, Vec<&Signer>) =
            signers.iter().filter(of_group).partition(|signer| self.signer(signer));
        let left: FxHashSet<&str> = left.iter().map(|signer| signer.principal.as_str()).collect();
        !gone.is_empty() && u32::try_from(left.len()).is_ok_and(|left| left < group.threshold)
    }

    fn nobody(&self) -> bool {
        self.identities.is_empty() && self.starred.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use lasthand_model::wire::facts::ListKind;

    use super::*;

    fn list(principals: &[&str]) -> List {
        let entry =
            |principal: &&str| ListEntry::Identity { principal: (*principal).to_owned(), from: None, until: None };
        List {
            kind: ListKind::Revocation,
            scope: "*".to_owned(),
            issued_at: 0,
            fresh_until: 1,
            sequence: 1,
            entries: principals.iter().map(entry).collect(),
        }
    }

    fn signers(keys: &[&str]) -> Vec<Signer> {
        let signer = |principal: &&str| Signer {
            method: SignerMethod::Key,
            principal: (*principal).to_owned(),
            presence: false,
            time: None,
        };
        keys.iter().map(signer).collect()
    }

    #[test]
    fn a_revoked_key_counts_in_no_group() {
        // pass: enough keys are left, or none of those that signed is revoked; fail: too few are left, by name or by glob
        let group = GroupRow {
            principal: "group:release".to_owned(),
            keys: ["key:a", "key:b", "key:c"].map(str::to_owned).to_vec(),
            threshold: 2,
        };
        let both = signers(&["key:a", "key:b", "group:release"]);
        let all = signers(&["key:a", "key:b", "key:c", "key:c", "group:release"]);
        let gone =
            |revoked: &[&str], signers: &[Signer]| Revoked::collect([list(revoked)].iter()).group(&group, signers);
        assert!(!gone(&[], &both) && !gone(&["key:c"], &both) && !gone(&["key:d", "group:x"], &both));
        assert!(gone(&["key:a"], &both) && gone(&["key:*"], &both));
        assert!(!gone(&["key:a"], &all) && gone(&["key:a", "key:b"], &all), "one key that signed twice is one");
    }

    #[test]
    fn a_glob_revokes_all_that_it_matches() {
        // fail: the words of a row with a star; pass: somebody else
        let lists = [list(&["spiffe://corp.example/forge/*"])];
        let revoked = Revoked::collect(lists.iter());
        assert!(revoked.principal("spiffe://corp.example/forge/one", Some(5)));
        assert!(!revoked.principal("spiffe://corp.example/build/one", None) && !revoked.is_empty());
    }
}
