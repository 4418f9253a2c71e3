//! What a verification says of a statement, looked up by digest.

use std::collections::BTreeMap;

use lasthand_lineage::Finding;
use lasthand_model::digest::StatementDigest;
use lasthand_model::wire::facts::{Actor, Body, StatementFact};
use lasthand_model::wire::report::{EvidenceStatus, ReportActor, ReportEvidence, ReportSigner, ReportStep};

use crate::hints::Hints;
pub(super) use crate::hints::short;
use crate::last::best_known;
use crate::people::People;
use crate::verifier::Verification;

/// A verification, indexed for printing.
pub(super) struct View<'a> {
    pub(super) people: People<'a>,
    steps: BTreeMap<StatementDigest, &'a ReportStep>,
    evidence: BTreeMap<StatementDigest, &'a ReportEvidence>,
    statements: BTreeMap<StatementDigest, &'a StatementFact>,
    hints: Hints<'a>,
    /// Actors that labels name, by the statement that is labelled.
    labelled: BTreeMap<StatementDigest, Vec<&'a Actor>>,
    /// Of each principal, where he is known best.
    best: BTreeMap<&'a str, &'a ReportActor>,
}

impl<'a> View<'a> {
    pub(super) fn new(verification: &'a Verification) -> Self {
        let report = &verification.report;
        let mut evidence = BTreeMap::new();
        for item in &report.evidence {
            if let Some(digest) = item.digest {
                let known = evidence.entry(digest).or_insert(item);
                // A bundle that does not hold may claim the digest of one that does.
                if known.status != EvidenceStatus::Verified && item.status == EvidenceStatus::Verified {
                    *known = item;
                }
            }
        }
        let mut labelled: BTreeMap<StatementDigest, Vec<&Actor>> = BTreeMap::new();
        for fact in &verification.facts.statements {
            if let Body::StepActor(label) = &fact.body {
                labelled.entry(label.labels).or_default().extend(&label.actors);
            }
        }
        Self {
            people: People::new(&verification.facts.trust),
            steps: report.steps.iter().map(|step| (step.statement, step)).collect(),
            evidence,
            statements: verification.facts.statements.iter().map(|fact| (fact.digest, fact)).collect(),
            hints: Hints::of(&verification.facts),
            labelled,
            best: best_known(&report.steps),
        }
    }

    pub(super) fn step(&self, digest: StatementDigest) -> Option<&'a ReportStep> {
        self.steps.get(&digest).copied()
    }

    pub(super) fn statement(&self, digest: StatementDigest) -> Option<&'a StatementFact> {
        self.statements.get(&digest).copied()
    }

    /// The file that a statement came from, or its short digest.
    pub(super) fn source(&self, digest: StatementDigest) -> String {
        self.evidence.get(&digest).map_or_else(|| digest.0.short(), |item| item.source.clone())
    }

    /// `Ana (human, level 3)`, with how that is known where it is stated.
    pub(super) fn actor(&self, actor: &ReportActor, method: Option<&str>) -> String {
        let known =
            method.filter(|method| !method.is_empty()).map(|method| format!(", by {method}")).unwrap_or_default();
        format!("{} ({}, level {}{known})", self.people.name(&actor.principal), actor.kind, actor.level)
    }

    /// The level of whoever signed a statement.
    pub(super) fn level(&self, digest: StatementDigest) -> Option<u8> {
        self.people.signer(&self.statement(digest)?.signers).map(|signer| signer.level)
    }

    /// `, signed by X (kind, level)`; nothing where X is himself one of the actors.
    pub(super) fn signed(&self, signer: Option<&ReportSigner>, actors: &[ReportActor]) -> String {
        match signer {
            Some(signer) if !actors.iter().any(|actor| actor.principal == principal_of(signer)) => {
                format!(", signed by {}", self.signer(signer))
            }
            _ => String::new(),
        }
    }

    pub(super) fn signer(&self, signer: &ReportSigner) -> String {
        format!("{} ({}, level {})", self.people.name(&principal_of(signer)), signer.kind, signer.level)
    }

    /// A principal with what is known of him in any step, the best level first.
    pub(super) fn principal(&self, principal: &str) -> String {
        self.best.get(principal).map_or_else(|| self.people.name(principal), |actor| self.actor(actor, None))
    }

    /// The actors of a statement as it names them; of a build or package step, those of its labels.
    pub(super) fn actors(&self, digest: StatementDigest) -> Vec<&'a Actor> {
        match self.statement(digest).map(|statement| &statement.body) {
            Some(Body::Landing(landing)) => landing.authors.iter().collect(),
            Some(Body::Review(review)) => vec![&review.reviewer],
            Some(Body::Edit(edit)) => edit.actors.iter().collect(),
            Some(Body::Act(act)) => act.actors.iter().collect(),
            Some(Body::Approval(approval)) => vec![&approval.approver],
            Some(Body::StepActor(label)) => label.actors.iter().collect(),
            Some(Body::Step(_)) => self.labelled.get(&digest).cloned().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The commit that a landing moved its ref to.
    pub(super) fn commit(&self, digest: StatementDigest) -> Option<&'a str> {
        self.hints.commit(digest)
    }

    /// What to do about a finding, with the commits to review where they are known.
    pub(super) fn hint(&self, finding: &Finding) -> String {
        self.hints.hint(finding)
    }
}

fn principal_of(signer: &ReportSigner) -> String {
    match &signer.issuer {
        Some(issuer) => format!("{issuer}#{}", signer.id),
        None => signer.id.clone(),
    }
}
