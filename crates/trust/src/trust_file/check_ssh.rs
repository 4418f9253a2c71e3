//! Checks across lists of allowed signers: one key is one principal, of one kind, of one human, wherever it is named.
//!
//! SECURITY: whoever holds a key of two principals could answer his own work under the other name, or an agent's under a human's.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::KeyId;
use lasthand_model::glob;

use super::Rows;
use super::problem::Problem;
use super::reader::shorten;

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
            } else if let Some(first) = root_keys.get(&id) {
                // SECURITY: people and keys are revoked by name, and this key would have two.
                let problem =
                    Problem::TwoNames { fingerprint: key.fingerprint(), principal: shorten(principal), first: *first };
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
