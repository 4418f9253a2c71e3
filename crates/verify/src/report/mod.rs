//! Facts and outcome as the one document for machines.

mod error;
mod files;
mod items;
mod layers;

use std::collections::BTreeMap;

use lasthand_lineage::{FileVerdict, Finding, Outcome, Severity, Verdict};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::wire::facts::{Facts, Label};
use lasthand_model::wire::report::{
    self, EvidenceStatus, MadeFiles, Report, ReportArtifact, ReportFileVerdict, ReportFinding, ReportFrontier,
    ReportPlace, ReportPolicy, ReportProof, ReportVerdict,
};

use crate::artifact::Opened;
use crate::facts::Gathered;
use crate::hints::Hints;
use crate::timeline;
pub use error::report_for_error;
pub(crate) use files::FileAt;
pub use files::Files;
use layers::Layers;

/// Builds the report.
pub(crate) fn build(gathered: &Gathered, outcome: &Outcome, opened: &Opened) -> Report<MadeFiles<Files>> {
    let facts = &gathered.facts;
    let evidence = items::evidence(gathered, outcome);
    let mut sources: BTreeMap<StatementDigest, &str> = BTreeMap::new();
    for item in &evidence {
        if let Some(digest) = item.digest.filter(|_| item.status == EvidenceStatus::Verified) {
            sources.entry(digest).or_insert(&item.source);
        }
    }
    let (layers, hints) = (Layers::of(opened, outcome), Hints::of(facts));
    let proof = outcome.proof.iter().map(|item| ReportProof {
        role: item.role.as_str().to_owned(),
        statement: item.statement,
        evidence_source: sources.get(&item.statement).map(|source| (*source).to_owned()),
        shows: item.shows.to_owned(),
    });
    let frontier = outcome
        .frontier
        .iter()
        .map(|item| ReportFrontier { finding: finding(&item.finding, &layers, &hints), actors: item.actors.clone() });
    let proof = proof.collect();
    Report {
        artifact: ReportArtifact {
            name: facts.question.artifact_name.clone().unwrap_or_default(),
            digest: Some(facts.question.digest),
            media_type: opened.media_type.clone(),
            platform: opened.platform.clone(),
        },
        verdict: Some(verdict(outcome.verdict)),
        policy: policy(facts),
        labels: labels(&outcome.labels),
        findings: outcome.findings.iter().map(|item| finding(item, &layers, &hints)).collect(),
        files: MadeFiles(Files::of(opened, &outcome.files)),
        inputs: outcome.inputs.iter().map(items::input).collect(),
        steps: timeline::steps(facts),
        proof,
        frontier: frontier.collect(),
        evidence,
        ..Report::default()
    }
}

const fn verdict(verdict: Verdict) -> ReportVerdict {
    match verdict {
        Verdict::Accepted => ReportVerdict::Accepted,
        Verdict::Exception => ReportVerdict::Exception,
        Verdict::Refused => ReportVerdict::Refused,
        Verdict::Undecided => ReportVerdict::Undecided,
    }
}

/// The policy, by the digest of its JSON without spaces.
fn policy(facts: &Facts) -> Option<ReportPolicy> {
    let bytes = serde_json::to_vec(&facts.preset).ok()?;
    Some(ReportPolicy { name: facts.preset.name.clone(), digest: Sha256::of(&bytes) })
}

/// The words of labels, sorted.
pub(crate) fn labels(labels: &[Label]) -> Vec<String> {
    let word = |label: &Label| serde_json::to_value(label).ok()?.as_str().map(str::to_owned);
    let mut words: Vec<String> = labels.iter().filter_map(word).collect();
    words.sort();
    words
}

fn finding(finding: &Finding, layers: &Layers, hints: &Hints<'_>) -> ReportFinding {
    let place = &finding.place;
    ReportFinding {
        id: finding.id.id().to_owned(),
        severity: match finding.severity {
            Severity::Error => report::Severity::Error,
            Severity::Warning => report::Severity::Warning,
            Severity::Note => report::Severity::Note,
        },
        message: finding.message.clone(),
        hint: Some(hints.hint(finding)),
        place: ReportPlace {
            path: place.path.clone(),
            layer: place.path.as_deref().and_then(|path| layers.find(path)),
            step: place.step,
            evidence: place.evidence.map(|digest| digest.to_string()),
            actor: place.actor.clone(),
        },
    }
}

pub(crate) const fn file_verdict(verdict: FileVerdict) -> ReportFileVerdict {
    match verdict {
        FileVerdict::Clean => ReportFileVerdict::Clean,
        FileVerdict::Violation => ReportFileVerdict::Violation,
        FileVerdict::Unreviewed => ReportFileVerdict::Unreviewed,
        FileVerdict::Indeterminate => ReportFileVerdict::Indeterminate,
        FileVerdict::Exception => ReportFileVerdict::Exception,
    }
}
