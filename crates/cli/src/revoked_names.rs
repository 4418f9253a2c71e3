//! Entries of revocation lists that name nobody: they take nothing back, and whoever wrote them thinks they do.

use lasthand_model::glob;
use lasthand_model::wire::facts::{Body, Facts, ListEntry, ListKind};

use crate::output::Output;

/// Warns of principals in lists of revocations that are nobody of the trust file.
pub(crate) fn warn(facts: &Facts, output: Output) {
    for principal in nobodies(facts) {
        output.warn(&format!(
            "a list of revocations names `{principal}`, who is nobody of the trust file: keys are written as `key:<64 hex digits>`, \
             others as `lasthand trust check` prints them"
        ));
    }
}

/// Sorted, each once.
fn nobodies(facts: &Facts) -> Vec<&str> {
    let lists = facts.statements.iter().filter_map(|statement| match &statement.body {
        Body::List(list) if list.kind == ListKind::Revocation => Some(list),
        _ => None,
    });
    let mut names: Vec<&str> = lists
        .flat_map(|list| &list.entries)
        .filter_map(|entry| match entry {
            ListEntry::Identity { principal, .. } => Some(principal.as_str()),
            _ => None,
        })
        .filter(|principal| !is_somebody(facts, principal))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_somebody(facts: &Facts, principal: &str) -> bool {
    let trust = &facts.trust;
    let rows = trust.identities.iter().map(|row| row.principal.as_str());
    let accounts = trust.persons.iter().flat_map(|person| &person.accounts).map(String::as_str);
    let members = trust.groups.iter().flat_map(|group| &group.keys).map(String::as_str);
    let robots = trust.robots.iter().map(|robot| robot.principal.as_str());
    rows.chain(accounts)
        .chain(members)
        .chain(robots)
        .any(|known| glob::matches(principal, known) || glob::matches(known, principal))
}
