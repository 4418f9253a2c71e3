//! Facts and outcome as the one document for machines.

mod error;
mod items;

use std::collections::BTreeMap;

use lasthand_artifact::Kind;
use lasthand_lineage::{FileAnswer, FileVerdict, Finding, Outcome, Severity, Verdict};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::inventory::{FileRecord, Inventory, escape_path};
use lasthand_model::wire::facts::{Facts, Label, PathRule};
use lasthand_model::wire::report::{
    self, EvidenceStatus, Report, ReportArtifact, ReportExplanation, ReportFile, ReportFileVerdict, ReportFinding,
    ReportFrontier, ReportPlace, ReportPolicy, ReportProof, ReportVerdict,
};

use crate::facts::Gathered;
use crate::timeline;
pub use error::report_for_error;

/// Builds the report.
pub(crate) fn build(gathered: &Gathered, outcome: &Outcome, inventory: &Inventory, kind: Option<Kind>) -> Report {
    let facts = &gathered.facts;
    let evidence = items::evidence(gathered, outcome);
    let mut sources: BTreeMap<StatementDigest, &str> = BTreeMap::new();
    for item in &evidence {
        if let Some(digest) = item.digest.filter(|_| item.status == EvidenceStatus::Verified) {
            sources.entry(digest).or_insert(&item.source);
        }
    }
    let proof = outcome.proof.iter().map(|item| ReportProof {
        role: item.role.as_str().to_owned(),
        statement: item.statement,
        evidence_source: sources.get(&item.statement).map(|source| (*source).to_owned()),
        shows: item.shows.clone(),
    });
    let frontier = outcome
        .frontier
        .iter()
        .map(|item| ReportFrontier { finding: finding(&item.finding), actors: item.actors.clone() });
    let proof = proof.collect();
    Report {
        artifact: ReportArtifact {
            name: facts.question.artifact_name.clone().unwrap_or_default(),
            digest: Some(facts.question.digest),
            media_type: kind.and_then(media_type).map(str::to_owned),
            platform: None,
        },
        verdict: Some(verdict(outcome.verdict)),
        policy: policy(facts),
        labels: labels(&outcome.labels),
        findings: outcome.findings.iter().map(finding).collect(),
        files: files(inventory, &outcome.files),
        steps: timeline::steps(facts),
        proof,
        frontier: frontier.collect(),
        evidence,
        ..Report::default()
    }
}

/// Media types of archives as registries use them; none where the bytes do not tell.
const fn media_type(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Tar => Some("application/x-tar"),
        Kind::TarGzip => Some("application/gzip"),
        Kind::TarZstd => Some("application/zstd"),
        _ => None,
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

fn finding(finding: &Finding) -> ReportFinding {
    let place = &finding.place;
    ReportFinding {
        id: finding.id.id().to_owned(),
        severity: match finding.severity {
            Severity::Error => report::Severity::Error,
            Severity::Warning => report::Severity::Warning,
            Severity::Note => report::Severity::Note,
        },
        message: finding.message.clone(),
        hint: Some(finding.hint().to_owned()),
        place: ReportPlace {
            path: place.path.clone(),
            layer: None,
            step: place.step,
            evidence: place.evidence.map(|digest| digest.to_string()),
            actor: place.actor.clone(),
        },
    }
}

fn files(inventory: &Inventory, answers: &[FileAnswer]) -> Vec<ReportFile> {
    let answers: BTreeMap<&str, &FileAnswer> = answers.iter().map(|answer| (answer.path.as_str(), answer)).collect();
    inventory.records().iter().map(|record| file(record, &answers)).collect()
}

fn file(record: &FileRecord, answers: &BTreeMap<&str, &FileAnswer>) -> ReportFile {
    let path = escape_path(&record.path);
    let answer = answers.get(path.as_str());
    ReportFile {
        path_bytes: (path.as_bytes() != record.path.as_slice()).then(|| hex::encode(&record.path)),
        entry_type: record.entry_type,
        mode: record.mode,
        size: record.size,
        sha256: record.sha256,
        verdict: answer.map(|answer| file_verdict(answer.verdict)),
        explained_by: answer.map(|answer| explanation(answer)),
        path,
    }
}

const fn file_verdict(verdict: FileVerdict) -> ReportFileVerdict {
    match verdict {
        FileVerdict::Clean => ReportFileVerdict::Clean,
        FileVerdict::Violation => ReportFileVerdict::Violation,
        FileVerdict::Unreviewed => ReportFileVerdict::Unreviewed,
        FileVerdict::Indeterminate => ReportFileVerdict::Indeterminate,
        FileVerdict::Exception => ReportFileVerdict::Exception,
    }
}

fn explanation(answer: &FileAnswer) -> ReportExplanation {
    let why = &answer.explained_by;
    ReportExplanation {
        rule: why.rule.to_owned(),
        evidence: why.evidence.clone(),
        step: why.step,
        review: why.review,
        path_map: why.path_map.clone().map(|(from, to)| PathRule { from, to }),
        source_path: why.source_path.clone(),
        actors: why.actors.clone(),
    }
}
