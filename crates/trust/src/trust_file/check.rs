//! Checks across rows: what no row can see of itself.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::KeyId;
use lasthand_model::glob;
use lasthand_model::wire::facts::{IdentityRow, SignerMethod};

use super::authorities::{RootAuthority, Vouches};
use super::identity::Identity;
use super::problem::Problem;
use super::reader::{At, Row, shorten};
use super::rows::{Dated, Person, Product};
use super::{Rows, check_ssh};
use crate::keys::key_principal;

pub(super) fn check(rows: &Rows<'_>) {
    check_keys(rows);
    check_sigstore(rows);
    check_authorities(rows);
    check_openpgp(rows);
    check_duplicates(rows);
    check_kinds(&rows.identities);
    check_key_kinds(&rows.identities);
    check_persons(rows);
    check_group_persons(rows);
    check_ssh::check(rows);
    check_builders(rows);
    check_patterns(rows);
}

/// Every key of an identity has a root, and every root is used.
fn check_keys(rows: &Rows<'_>) {
    let known: BTreeSet<KeyId> = rows.roots.iter().map(|(_, root, _)| root.id).collect();
    let ids: Vec<String> = known.iter().map(KeyId::to_string).collect();
    let mut named = BTreeSet::new();
    for identity in &rows.identities {
        for key in &identity.keys {
            named.insert(key.value);
            // With a broken root at hand, which key is missing is only guessed: the root's own error is enough.
            if !known.contains(&key.value) && rows.broken_roots == 0 {
                let near = nearest_id(&key.value.to_string(), &ids);
                identity.row.report(key.place, Problem::NoRoot { id: key.value.to_string(), near });
            }
        }
    }
    if rows.broken_identities == 0 {
        for (row, root, _) in rows.roots.iter().filter(|(_, root, _)| !named.contains(&root.id)) {
            row.report(root.place, Problem::UnusedKey { id: root.id.to_string() });
        }
    }
}

/// Signers by certificate have a Sigstore root, and a Sigstore root has signers.
fn check_sigstore(rows: &Rows<'_>) {
    let certified =
        |identity: &&Identity<'_>| matches!(identity.facts.method, SignerMethod::FulcioCi | SignerMethod::FulcioEmail);
    if rows.sigstore_roots.is_empty() && rows.broken_roots == 0 {
        for identity in rows.identities.iter().filter(certified) {
            identity.row.report(identity.row.place_of("method"), Problem::NoSigstoreRoot);
        }
    }
    if rows.broken_identities == 0 && !rows.identities.iter().any(|identity| certified(&identity)) {
        for (row, root, _) in &rows.sigstore_roots {
            row.report(root.place, Problem::UnusedRoot);
        }
    }
}

/// Signers by other certificates have an authority and a clock, and an authority has signers.
fn check_authorities(rows: &Rows<'_>) {
    let has_clock = rows.authorities.iter().any(|(_, root, _)| root.vouches == Vouches::Time)
        || rows.sigstore_roots.iter().any(|(_, root, _)| root.counts.timestamp_authorities > 0);
    if rows.broken_roots == 0 {
        for identity in rows.identities.iter().filter(|identity| !identity.facts.may.is_empty()) {
            let Some((kind, name)) = vouched_by(&identity.facts) else { continue };
            let row = &identity.row;
            if !rows.authorities.iter().any(|(_, root, _)| vouches(&root.vouches, kind, name)) {
                row.report(row.place_of("id"), Problem::NoAuthority { kind, name: shorten(name) });
            } else if !has_clock {
                row.report(row.place_of("id"), Problem::NoTimestamps);
            }
        }
    }
    if rows.broken_identities > 0 {
        return;
    }
    for (row, root, _) in &rows.authorities {
        let is_used = rows
            .identities
            .iter()
            .filter_map(|identity| vouched_by(&identity.facts))
            .any(|(kind, name)| root.vouches == Vouches::Time || vouches(&root.vouches, kind, name));
        let whose = match &root.vouches {
            Vouches::Spiffe { domain, .. } => format!("of trust domain `{domain}`"),
            Vouches::X509 { name, .. } => format!("of method x509 with issuer `{name}`"),
            Vouches::Time => "of method x509-svid, wit-svid or x509".to_owned(),
        };
        if !is_used {
            row.report(root.place, Problem::UnusedAuthority { whose });
        }
    }
}

/// Every certificate of an identity has a root, every certificate is there once and used, and can verify something.
fn check_openpgp(rows: &Rows<'_>) {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, root, parsed) in &rows.openpgp_roots {
        for certificate in parsed {
            let fingerprint = certificate.fingerprint();
            // SECURITY: of two with one fingerprint, the state of one would decide, and nobody could say of which.
            if let Some(first) = known.insert(fingerprint, root.place.line) {
                let name = fingerprint.to_owned();
                row.report(root.place, Problem::Duplicate { what: "certificate", name, first });
            }
            if let Some(reason) = certificate.idle(rows.now) {
                row.report(root.place, Problem::IdleCertificate { fingerprint: fingerprint.to_owned(), reason });
            }
            let named =
                |identity: &Identity<'_>| identity.certificate.as_ref().is_some_and(|id| id.value == fingerprint);
            if rows.broken_identities == 0 && !rows.identities.iter().any(named) {
                row.report(root.place, Problem::UnusedCertificate { fingerprint: fingerprint.to_owned() });
            }
        }
    }
    for identity in &rows.identities {
        let missing = identity.certificate.as_ref().filter(|id| !known.contains_key(id.value.as_str()));
        if let Some(id) = missing.filter(|_| rows.broken_roots == 0) {
            identity.row.report(id.place, Problem::NoCertificate { fingerprint: id.value.clone() });
        }
    }
}

/// Whose word a row's certificates rest on: the type of root, and what it is called.
fn vouched_by(facts: &IdentityRow) -> Option<(&'static str, &str)> {
    match facts.method {
        SignerMethod::X509Svid | SignerMethod::WitSvid => {
            let rest = facts.principal.strip_prefix("spiffe://")?;
            Some(("spiffe", rest.split('/').next().unwrap_or_default()))
        }
        SignerMethod::X509 => Some(("x509", facts.principal.split('#').next().unwrap_or_default())),
        _ => None,
    }
}

fn vouches(root: &Vouches, kind: &str, called: &str) -> bool {
    match root {
        Vouches::Spiffe { domain, .. } => kind == "spiffe" && domain.as_str() == called,
        Vouches::X509 { name, .. } => kind == "x509" && name == called,
        Vouches::Time => false,
    }
}

/// A key id that begins or ends as this one does, as after a slip of the hand.
fn nearest_id(got: &str, known: &[String]) -> Option<String> {
    let same = |id: &&String| got.bytes().zip(id.bytes()).filter(|(a, b)| a == b).count() >= 48;
    known.iter().find(same).cloned()
}

fn check_duplicates(rows: &Rows<'_>) {
    once("root key", rows.roots.iter().map(|(row, root, _)| (row, root.id.to_string())));
    once("sigstore root", rows.sigstore_roots.iter().map(|(row, root, _)| (row, root.digest.to_string())));
    once("root", rows.authorities.iter().map(|(row, root, _)| (row, called(root))));
    once("person", rows.persons.iter().map(|person| (&person.row, person.facts.name.clone())));
    once("product", rows.products.iter().map(|product| (&product.row, product.facts.name.clone())));
    once("robot", rows.robots.iter().map(|robot| (&robot.row, robot.facts.principal.clone())));
    let groups =
        rows.identities.iter().filter_map(|identity| Some((&identity.row, identity.group.as_ref()?.0.clone())));
    once("group", groups);
    same(
        "identity",
        rows.identities.iter().map(|identity| (&identity.row, &identity.facts, &identity.facts.principal)),
    );
    let labels: Vec<&'static str> = rows.waivers.iter().map(|w| super::rows::label_word(w.facts.finding)).collect();
    same("waiver", rows.waivers.iter().zip(&labels).map(|(waiver, label)| (&waiver.row, &waiver.facts, *label)));
    let digests: Vec<String> = rows.trusted_inputs.iter().map(|input| input.facts.digest.to_string()).collect();
    let inputs = rows.trusted_inputs.iter().zip(&digests);
    same("trusted input", inputs.map(|(input, digest)| (&input.row, &input.facts, digest)));
}

/// What a root of certificates is called; two of one name would each be believed for it.
fn called(root: &RootAuthority) -> String {
    match &root.vouches {
        Vouches::Spiffe { domain, .. } => format!("spiffe://{domain}"),
        Vouches::X509 { name, .. } => name.clone(),
        Vouches::Time => root.digest.to_string(),
    }
}

/// Reports names that come twice.
fn once<'r, 'a: 'r>(what: &'static str, names: impl Iterator<Item = (&'r Row<'a>, String)>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (row, name) in names {
        if let Some(first) = seen.get(&name) {
            row.report(row.place, Problem::Duplicate { what, name: shorten(&name), first: *first });
        } else {
            seen.insert(name, row.place.line);
        }
    }
}

/// Reports rows that are equal in everything.
fn same<'r, 'a: 'r, T: PartialEq + 'r, N: ToString>(
    what: &'static str,
    rows: impl Iterator<Item = (&'r Row<'a>, &'r T, N)>,
) {
    let mut seen: BTreeMap<String, Vec<(&T, usize)>> = BTreeMap::new();
    for (row, facts, name) in rows {
        let known = seen.entry(name.to_string()).or_default();
        if let Some((_, first)) = known.iter().find(|(other, _)| *other == facts) {
            row.report(row.place, Problem::Duplicate { what, name: shorten(&name.to_string()), first: *first });
        }
        known.push((facts, row.place.line));
    }
}

/// One principal is one kind.
fn check_kinds(identities: &[Identity<'_>]) {
    let mut seen: BTreeMap<(u8, &str), (ActorKind, usize)> = BTreeMap::new();
    for identity in identities {
        let facts = &identity.facts;
        let key = (facts.method as u8, facts.principal.as_str());
        let (other, first) = *seen.entry(key).or_insert((facts.kind, identity.row.place.line));
        if other != facts.kind {
            let problem = Problem::TwoKinds {
                principal: shorten(&facts.principal),
                kind: facts.kind.as_str(),
                other: other.as_str(),
                first,
            };
            identity.row.report(identity.row.place_of("kind"), problem);
        }
    }
}

/// One key is of one kind, alone and in every group. Only automation may ask for keys of humans beside its own.
///
/// SECURITY: a group lends its kind to whoever meets it: an agent's or a builder's key in a group of humans would review.
fn check_key_kinds(identities: &[Identity<'_>]) {
    let mut seen: BTreeMap<KeyId, &Identity<'_>> = BTreeMap::new();
    // Rows of single keys first: a group is what is odd then.
    let (groups, single): (Vec<_>, Vec<_>) = identities.iter().partition(|identity| identity.group.is_some());
    for identity in single.into_iter().chain(groups) {
        for key in &identity.keys {
            let first = *seen.entry(key.value).or_insert(identity);
            let kinds = (first.facts.kind, identity.facts.kind);
            // Two rows of one principal are told of by themselves.
            let is_same = first.facts.principal == identity.facts.principal || kinds.0 == kinds.1;
            if !is_same && kinds != (ActorKind::Human, ActorKind::Automation) {
                let problem = Problem::TwoKinds {
                    principal: first.facts.principal.clone(),
                    kind: identity.facts.kind.as_str(),
                    other: first.facts.kind.as_str(),
                    first: first.row.place.line,
                };
                identity.row.report(key.place, problem);
            }
        }
    }
}

/// A group is of the humans whose keys it has: one of them can meet it, or each needs the others.
///
/// SECURITY: a group that is a person of its own would let the holder of one of its keys answer for himself. Several keys of one human are one.
fn check_group_persons(rows: &Rows<'_>) {
    let owner = |account: &str| {
        let mut persons = rows.persons.iter();
        persons.find(|person| person.facts.accounts.iter().any(|known| known == account))
    };
    for identity in &rows.identities {
        let Some((_, group)) = &identity.group else { continue };
        let own = owner(&identity.facts.principal);
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for key in &identity.keys {
            let Some(person) = owner(&key_principal(key.value)) else { continue };
            if let Some(own) = own.filter(|own| own.facts.name != person.facts.name) {
                let problem = Problem::TwoPersons {
                    account: shorten(&identity.facts.principal),
                    person: shorten(&person.facts.name),
                    first: person.row.place.line,
                };
                own.row.report(own.row.place, problem);
            }
            if !seen.insert(&person.facts.name) && group.threshold.get() > 1 {
                identity.row.report(key.place, Problem::OneHumanTwice { person: shorten(&person.facts.name) });
            }
        }
    }
}

/// An account is one human's, and no machine's.
fn check_persons(rows: &Rows<'_>) {
    let machines: BTreeMap<&str, (&'static str, usize)> = rows
        .identities
        .iter()
        .filter(|identity| matches!(identity.facts.kind, ActorKind::Agent | ActorKind::Automation))
        .map(|identity| (identity.facts.principal.as_str(), (identity.facts.kind.as_str(), identity.row.place.line)))
        .chain(rows.robots.iter().map(|robot| (robot.principal.value.as_str(), ("robot", robot.row.place.line))))
        .collect();
    let mut owners: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for Person { row, facts, accounts } in &rows.persons {
        for At { value: account, place } in accounts {
            if let Some((kind, first)) = machines.get(account.as_str()) {
                let problem = Problem::NotAPerson { account: shorten(account), kind, first: *first };
                row.report(*place, problem);
            }
            if let Some((person, first)) = owners.get(account.as_str()) {
                let (account, person, first) = (shorten(account), shorten(person), *first);
                row.report(*place, Problem::TwoPersons { account, person, first });
            } else {
                owners.insert(account, (&facts.name, place.line));
            }
        }
    }
}

/// Each builder of a product is somebody who may build it.
fn check_builders(rows: &Rows<'_>) {
    if rows.broken_identities > 0 {
        return;
    }
    for Product { row, facts, builders } in &rows.products {
        for At { value: pattern, place } in builders {
            let matching: Vec<_> =
                rows.identities.iter().filter(|identity| overlaps(pattern, &identity.facts.principal)).collect();
            let builds = |identity: &&Identity<'_>| {
                identity.facts.may.iter().any(|word| word == "build" || word == "package")
                    && identity.facts.products.iter().any(|glob| glob::matches(glob, &facts.name))
            };
            if matching.is_empty() {
                row.report(*place, Problem::NoBuilder { pattern: shorten(pattern) });
            } else if !matching.iter().any(builds) {
                let product = shorten(&facts.name);
                row.report(*place, Problem::IdleBuilder { pattern: shorten(pattern), product });
            }
        }
    }
}

/// Whether one text could satisfy both globs; exact where one of them has no star.
fn overlaps(a: &str, b: &str) -> bool {
    a == b || glob::matches(a, b) || glob::matches(b, a)
}

/// Product and repository patterns of a row match something of the file.
fn check_patterns(rows: &Rows<'_>) {
    if rows.products.is_empty() || rows.broken_products > 0 {
        return;
    }
    for identity in &rows.identities {
        product_patterns(rows, &identity.row, &identity.products);
        for At { value: pattern, place } in &identity.repositories {
            let known =
                |product: &Product<'_>| product.facts.repositories.iter().any(|name| glob::matches(pattern, name));
            if !rows.products.iter().any(known) {
                let problem = Problem::IdlePattern { key: "where", pattern: shorten(pattern) };
                identity.row.report(*place, problem);
            }
        }
    }
    for Dated { row, products, .. } in &rows.waivers {
        product_patterns(rows, row, products);
    }
    for Dated { row, products, .. } in &rows.trusted_inputs {
        product_patterns(rows, row, products);
    }
}

fn product_patterns(rows: &Rows<'_>, row: &Row<'_>, patterns: &[At<String>]) {
    let matches =
        |pattern: &At<String>| rows.products.iter().any(|product| glob::matches(&pattern.value, &product.facts.name));
    if !patterns.is_empty() && !patterns.iter().any(matches) {
        row.report(row.place_of("products"), Problem::NoProduct { key: "products" });
        return;
    }
    for pattern in patterns.iter().filter(|pattern| !matches(pattern)) {
        let problem = Problem::IdlePattern { key: "products", pattern: shorten(&pattern.value) };
        row.report(pattern.place, problem);
    }
}
