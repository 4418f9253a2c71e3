//! Statements about a source history as facts, where no artifact is asked about: for `source report` and `blame`.

use std::collections::BTreeMap;

use lasthand_lineage::ingest::ingest;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::{Facts, Question, StatementFact};
use lasthand_trust::combine;
use lasthand_trust::evidence::Signed;

use crate::evidence::Evidence;
use crate::trust::LoadedTrust;
use crate::verifier::Expectations;

/// Verifies evidence and gives its statements as facts, without any inventory; and how many documents hold for nothing.
///
/// In: evidence, whom to believe, the product asked for. Out: facts that name no artifact: they are about sources alone.
/// Cost: a few signature checks for each document.
#[must_use]
pub fn source_facts(
    evidence: &Evidence,
    trust: &LoadedTrust,
    product: String,
    expectations: &Expectations,
    limits: &Limits,
) -> (Facts, usize) {
    let ring = trust.file().ring.at(expectations.now);
    let mut verified = Vec::new();
    let mut rejected = evidence.faults.len();
    for document in &evidence.documents {
        match document.verify(&ring, limits) {
            Ok(Signed::Statement(statement)) => verified.push(statement),
            // The signature of an artifact is no word about sources.
            Ok(Signed::Blob(_)) => {}
            Err(_) => rejected += 1,
        }
    }
    let mut statements: Vec<StatementFact> = Vec::new();
    for statement in combine(verified, &ring) {
        match ingest(&statement) {
            Ok(fact) => statements.push(fact),
            Err(_) => rejected += 1,
        }
    }
    statements.sort_by_key(|statement| statement.digest);
    let facts = Facts {
        facts_version: 1,
        now: expectations.now,
        question: Question {
            product,
            digest: ArtifactDigest(Sha256::of(b"")),
            index: None,
            artifact_name: None,
            target: expectations.target.clone(),
        },
        preset: expectations.preset.clone(),
        trust: trust.file().facts.clone(),
        statements,
        inventories: BTreeMap::new(),
        indexes: BTreeMap::new(),
        locks: BTreeMap::new(),
        pointers: BTreeMap::new(),
        images: BTreeMap::new(),
        configs: BTreeMap::new(),
    };
    (facts, rejected)
}
