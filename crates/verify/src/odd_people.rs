//! What observers state to be odd about the people of commits, as notes: nothing is accepted or refused by them.
//!
//! SPEC: docs/predicates/step-actor.md, `oddPeople`.

use std::collections::BTreeMap;

use lasthand_lineage::odd_people::finding;
use lasthand_lineage::{Finding, FindingId, Place, Severity};
use lasthand_model::digest::StatementDigest;
use lasthand_model::glob;
use lasthand_model::wire::facts::{Body, Facts, Landing, Signer, StatementFact};
use lasthand_model::wire::statement::Statement;
use lasthand_model::wire::step_actor::{OddPerson, STEP_ACTOR};
use lasthand_trust::Verified;
use serde_json::Value;

/// LIMIT: findings of one id; one more says how many there are besides.
const LISTED: usize = 10;

/// What one verified statement lists.
pub(crate) struct OddPeople {
    landing: StatementDigest,
    people: Vec<OddPerson>,
    left_out: u64,
}

impl OddPeople {
    /// Reads the list of a statement; `None` where it has none.
    pub(crate) fn stated(statement: &Verified<Statement>) -> Option<Self> {
        let value = statement.value();
        if value.predicate_type != STEP_ACTOR {
            return None;
        }
        let people = value.predicate.get("oddPeople").and_then(Value::as_array)?;
        // What cannot be read was refused with the statement.
        let people = people.iter().filter_map(|odd| serde_json::from_value(odd.clone()).ok()).collect();
        let left_out = value.predicate.get("oddPeopleLeftOut").and_then(Value::as_u64).unwrap_or_default();
        Some(Self { landing: statement.digest(), people, left_out })
    }
}

/// A note for each, of the landings in the product's repositories whose signer has a row for them; at most 10 of each id, and one more where there are
/// more, or where a statement leaves some out. By id, then by landing.
pub(crate) fn findings(stated: &[OddPeople], facts: &Facts) -> Vec<Finding> {
    let mut by_id: BTreeMap<FindingId, Vec<Finding>> = BTreeMap::new();
    let mut left_out = 0u64;
    for list in ours(stated, facts) {
        left_out = left_out.saturating_add(list.left_out);
        for found in list.people.iter().filter_map(finding) {
            let place = Place { step: Some(list.landing), evidence: Some(list.landing), ..found.place };
            by_id.entry(found.id).or_default().push(Finding { severity: Severity::Note, place, ..found });
        }
    }
    let last = by_id.keys().last().copied();
    let mut findings = Vec::new();
    for (id, found) in by_id {
        let more = u64::try_from(found.len().saturating_sub(LISTED)).unwrap_or(u64::MAX);
        findings.extend(found.into_iter().take(LISTED));
        if more > 0 {
            findings.push(note(id, format!("{more} more commits, or people of them: {}", id.name())));
        }
    }
    if let Some(id) = last.filter(|_| left_out > 0) {
        findings.push(note(id, format!("landings leave out {left_out} more that are odd about the people of commits")));
    }
    findings
}

fn note(id: FindingId, message: String) -> Finding {
    Finding { severity: Severity::Note, id, place: Place::default(), message }
}

/// The lists of landings in repositories of the product, in the order of their statements.
fn ours<'s>(stated: &'s [OddPeople], facts: &Facts) -> Vec<&'s OddPeople> {
    let product = facts.trust.products.iter().find(|row| row.name == facts.question.product);
    let Some(product) = product else { return Vec::new() };
    let is_ours = |list: &&OddPeople| {
        landing(facts, list.landing).is_some_and(|(fact, landing)| {
            product.repositories.contains(&landing.repository)
                && fact.signers.iter().any(|signer| may_state(facts, signer, &landing.repository))
        })
    };
    let mut lists: Vec<&OddPeople> = stated.iter().filter(is_ours).collect();
    lists.sort_by_key(|list| list.landing);
    lists
}

/// A statement by its digest, when it is a landing.
fn landing(facts: &Facts, digest: StatementDigest) -> Option<(&StatementFact, &Landing)> {
    let at = facts.statements.binary_search_by_key(&digest, |fact| fact.digest).ok()?;
    let fact = facts.statements.get(at)?;
    match &fact.body {
        Body::Landing(landing) => Some((fact, landing)),
        _ => None,
    }
}

/// Whether a row lets a signer state landings of a repository: nobody else's word is shown. A group that signed is one of the signers.
fn may_state(facts: &Facts, signer: &Signer, repository: &str) -> bool {
    let mut rows = facts.trust.identities.iter().filter(|row| row.method == signer.method);
    rows.any(|row| {
        glob::matches(&row.principal, &signer.principal)
            && row.may.iter().any(|word| word == "landing")
            && row.repositories.iter().any(|pattern| glob::matches(pattern, repository))
    })
}
