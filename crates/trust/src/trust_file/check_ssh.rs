//! Checks across lists of allowed signers: one key is one principal, of one kind, of one human, wherever it is named.
//!
//! SECURITY: whoever holds a key of two principals could answer his own work under the other name, or an agent's under a human's.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::KeyId;
use lasthand_model::glob;
use lasthand_model::wire::facts::SignerMethod;

use super::Rows;
use super::problem::Problem;
use super::reader::shorten;
use crate::keys::key_principal;

pub(super) fn check(rows: &Rows<'_>) {
    check_counters(rows);
    let mut seen: BTreeMap<KeyId, (&str, usize)> = BTreeMap::new();
    let root_keys: BTreeMap<KeyId, usize> = rows.roots.iter().map(|(_, root, _)| (root.id, root.place.line)).collect();
    for (row, root, list) in &rows.ssh_roots {
        let place = row.place_of("file");
        for (key, principal) in list.keys() {
            let id = key.key().id();
            let (other, first) = *seen.entry(id).or_insert((principal, root.place.line));
            if other != principal {
                row.report(
                    place,
                    Problem::TwoPrincipals {
                        fingerprint: key.fingerprint(),
                        principal: shorten(principal),
                        other: shorten(other),
                        first,
                    },
                );
            } else if root_keys.contains_key(&id)
                && let Some(problem) = check_root_key(rows, id, principal)
            {
                row.report(place, problem);
            }
        }
    }
}

/// A count is of one device: of two, one may well be below the other's.
fn check_counters(rows: &Rows<'_>) {
    for identity in &rows.identities {
        let Some(demand) = identity.device.as_ref().filter(|demand| demand.last_counter.is_some()) else { continue };
        let all = rows.ssh_roots.iter().flat_map(|(_, _, list)| list.keys());
        let of_row = all.filter(|(key, name)| key.is_security_key() && glob::matches(&demand.principal, name));
        let keys: BTreeSet<String> = of_row.map(|(key, _)| key.fingerprint()).collect();
        if keys.len() != 1 && rows.broken_roots == 0 {
            let problem = Problem::Counter { principal: shorten(&demand.principal), keys: keys.len() };
            identity.row.report(identity.row.place_of("last_counter"), problem);
        }
    }
}

/// What is wrong with a key that a list names, and a root of type `key` too; nothing when both mean the same one.
fn check_root_key(rows: &Rows<'_>, id: KeyId, principal: &str) -> Option<Problem> {
    let of_key = rows.identities.iter().filter(|identity| identity.keys.iter().any(|key| key.value == id));
    let by_ssh = |method| matches!(method, SignerMethod::Ssh | SignerMethod::SshSk);
    let of_ssh = rows
        .identities
        .iter()
        .filter(|identity| by_ssh(identity.facts.method) && glob::matches(&identity.facts.principal, principal));
    let kinds: Vec<ActorKind> = of_ssh.map(|identity| identity.facts.kind).collect();
    for identity in of_key {
        if let Some(kind) = kinds.iter().find(|kind| **kind != identity.facts.kind) {
            return Some(Problem::TwoKinds {
                principal: shorten(principal),
                kind: kind.as_str(),
                other: identity.facts.kind.as_str(),
                first: identity.row.place.line,
            });
        }
    }
    let owner = |account: &str| {
        let mut persons = rows.persons.iter();
        persons.find(|person| person.facts.accounts.iter().any(|known| known == account))
    };
    let (by_key, by_name) = (owner(&key_principal(id))?, owner(principal)?);
    (by_key.facts.name != by_name.facts.name).then(|| Problem::TwoPersons {
        account: shorten(principal),
        person: shorten(&by_key.facts.name),
        first: by_key.row.place.line,
    })
}
