//! The verdict for people. A common refusal fits a screen of 24 lines.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_lineage::{FileAnswer, FileVerdict, Finding, Severity, Verdict};
use lasthand_model::digest::StatementDigest;
use lasthand_model::timestamp;
use lasthand_model::wire::facts::Body;
use lasthand_model::wire::report::EvidenceStatus;

use super::Style;
use super::page::{Page, Paint, some};
use super::view::{View, short};
use crate::verifier::Verification;

/// Causes that are told in full; the others get a line each.
const FULL_CAUSES: usize = 2;
const HINTS: usize = 3;
const PATHS: usize = 5;
const PER_ROLE: usize = 3;

/// Renders a verdict: what it is, why by cause, what to do, what else is worth knowing, and a count of the files.
#[must_use]
pub fn text(verification: &Verification, style: Style) -> String {
    let view = View::new(verification);
    let mut page = Page::new(style);
    verdict(&mut page, verification);
    match verification.outcome.verdict {
        Verdict::Accepted => {
            proof(&mut page, verification, &view);
            start(&mut page, verification);
        }
        Verdict::Exception => {
            proof(&mut page, verification, &view);
            page.blank();
            page.title(Paint::Strong, "let through although", "");
            for cause in causes(verification) {
                one_line(&mut page, &view, 2, &cause);
            }
        }
        Verdict::Refused | Verdict::Undecided => {
            let causes = causes(verification);
            reasons(&mut page, verification, &view, &causes);
            what_to_do(&mut page, &view, &causes);
        }
    }
    inputs(&mut page, verification);
    notes(&mut page, verification, &view);
    summary(&mut page, verification);
    page.finish()
}

fn verdict(page: &mut Page, verification: &Verification) {
    let question = &verification.facts.question;
    let preset = &verification.facts.preset;
    let (paint, word) = match verification.outcome.verdict {
        Verdict::Accepted => (Paint::Good, "ACCEPTED"),
        Verdict::Exception => (Paint::Unsure, "EXCEPTION"),
        Verdict::Refused => (Paint::Bad, "REFUSED"),
        Verdict::Undecided => (Paint::Unsure, "UNDECIDED"),
    };
    let name = question.artifact_name.as_deref().unwrap_or("artifact");
    let target = question.target.as_ref().map(|target| format!(" for {target}")).unwrap_or_default();
    let only = if preset.report_only { ", report only" } else { "" };
    page.title(paint, word, &format!(" {name} as {}{target} ({}{only})", question.product, preset.name));
}

/// Findings of one id.
struct Cause<'a> {
    findings: Vec<&'a Finding>,
}

impl<'a> Cause<'a> {
    fn first(&self) -> Option<&'a Finding> {
        self.findings.first().copied()
    }

    /// The paths, each once.
    fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.findings.iter().filter_map(|finding| finding.place.path.clone()).collect();
        paths.dedup();
        paths
    }

    /// Each different hint once.
    fn hints(&self, view: &View<'_>) -> Vec<String> {
        let mut hints: Vec<String> = self.findings.iter().map(|finding| view.hint(finding)).collect();
        hints.dedup();
        hints.truncate(2);
        hints
    }
}

/// Errors by id, in the order of the outcome, which is worst first.
fn causes(verification: &Verification) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for finding in verification.outcome.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let known = causes.iter_mut().find(|cause| cause.first().is_some_and(|first| first.id == finding.id));
        match known {
            Some(cause) => cause.findings.push(finding),
            None => causes.push(Cause { findings: vec![finding] }),
        }
    }
    causes
}

fn reasons(page: &mut Page, verification: &Verification, view: &View<'_>, causes: &[Cause<'_>]) {
    for (at, cause) in causes.iter().enumerate() {
        let Some(first) = cause.first() else { continue };
        if at < FULL_CAUSES {
            page.blank();
            page.title(Paint::Strong, &format!("{} {}", first.id.id(), first.id.name()), "");
            full_cause(page, verification, view, cause);
        } else {
            if at == FULL_CAUSES {
                page.blank();
            }
            one_line(page, view, 0, cause);
        }
    }
}

fn one_line(page: &mut Page, view: &View<'_>, indent: usize, cause: &Cause<'_>) {
    let Some(first) = cause.first() else { return };
    let paths = cause.paths();
    let more = if paths.len() > 1 { format!(" (and {} more)", paths.len() - 1) } else { String::new() };
    page.line(indent, 2, &format!("{} {}{more}", first.id.id(), view.people.by_name(&first.message)));
}

fn full_cause(page: &mut Page, verification: &Verification, view: &View<'_>, cause: &Cause<'_>) {
    let Some(first) = cause.first() else { return };
    page.line(2, 2, &view.people.by_name(&first.message));
    let paths = cause.paths();
    if paths.len() > 1 {
        page.entry(4, "paths", &some(&paths, PATHS));
    }
    let of_cause = verification.outcome.frontier.iter().filter(|item| item.finding.id == first.id);
    let principals = distinct(of_cause.flat_map(|item| item.actors.iter().chain(&item.finding.place.actor)));
    let actors: Vec<String> = principals.into_iter().map(|principal| view.principal(principal)).collect();
    if !actors.is_empty() {
        page.entry(4, "by", &some(&actors, PER_ROLE));
    }
    let statements = cause.findings.iter().filter_map(|finding| finding.place.step.or(finding.place.evidence));
    let source = |digest: StatementDigest| {
        let commit = view.commit(digest).map(|commit| format!("commit {}, ", short(commit))).unwrap_or_default();
        let level = view.level(digest).map_or_else(|| "no level".to_owned(), |level| format!("level {level}"));
        format!("{} ({commit}{level})", view.source(digest))
    };
    let sources: Vec<String> = distinct(statements).into_iter().map(source).collect();
    if !sources.is_empty() {
        page.entry(4, "evidence", &some(&sources, 2));
    }
}

/// Each item once, in order of first appearance.
fn distinct<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(*item)).collect()
}

fn what_to_do(page: &mut Page, view: &View<'_>, causes: &[Cause<'_>]) {
    let mut hints: Vec<String> = Vec::new();
    for hint in causes.iter().flat_map(|cause| cause.hints(view)) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    if hints.is_empty() {
        return;
    }
    page.blank();
    page.title(Paint::Strong, "what to do", "");
    for hint in hints.iter().take(HINTS) {
        page.line(2, 2, &format!("- {hint}"));
    }
}

fn proof(page: &mut Page, verification: &Verification, view: &View<'_>) {
    page.blank();
    page.title(Paint::Strong, "proof", "");
    let items = &verification.outcome.proof;
    let mut roles: Vec<&str> = Vec::new();
    for item in items.iter() {
        if !roles.contains(&item.role.as_str()) {
            roles.push(item.role.as_str());
        }
    }
    for role in roles {
        let of_role: Vec<_> = items.iter().filter(|item| item.role.as_str() == role).collect();
        for item in of_role.iter().take(PER_ROLE) {
            let shows = view.people.by_name(item.shows);
            let more = excuse(view, item.statement);
            let commit =
                view.commit(item.statement).map(|commit| format!(" (commit {})", short(commit))).unwrap_or_default();
            page.entry(2, role, &format!("{shows}{commit}{more} [{}]", base(&view.source(item.statement))));
        }
        if of_role.len() > PER_ROLE {
            page.entry(2, "", &format!("and {} more", of_role.len() - PER_ROLE));
        }
    }
    if items.is_empty() {
        page.entry(2, "trusted", "the trust file names this artifact");
    }
}

/// Where the chain of covers starts: the trees that the trust file takes as reviewed.
fn start(page: &mut Page, verification: &Verification) {
    let question = &verification.facts.question;
    let product = verification.facts.trust.products.iter().find(|product| product.name == question.product);
    for onboarding in product.into_iter().flat_map(|product| &product.onboarding) {
        let tree = &onboarding.tree;
        let git = tree.git_commit.as_ref().or(tree.git_tree.as_ref()).map(|id| short(id.as_str()));
        let id = git.or_else(|| tree.root.map(|root| root.0.short())).unwrap_or_default();
        page.entry(2, "start", &format!("{id} of {}, taken as reviewed by the trust file", onboarding.repository));
    }
}

/// Reason and end of an exception.
fn excuse(view: &View<'_>, digest: StatementDigest) -> String {
    match view.statement(digest).map(|statement| &statement.body) {
        Some(Body::Approval(approval)) if approval.action == "exception" => {
            let until =
                approval.expires.map(|expires| format!(", until {}", timestamp::format(expires))).unwrap_or_default();
            format!(": {}, by {}{until}", approval.reason, view.people.name(&approval.approver.principal))
        }
        _ => String::new(),
    }
}

/// Inputs from outside, one line for all that the same thing accounts for, and one for the entries of the base.
fn inputs(page: &mut Page, verification: &Verification) {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for input in &verification.outcome.inputs {
        let by = match (&input.pinned_by, input.rule) {
            (Some(path), _) => format!("pinned by {path}"),
            (None, "undeclared-input") => "nothing accounts for it".to_owned(),
            (None, rule) => rule.replace('-', " "),
        };
        let base = if input.gives_layers { ", base" } else { "" };
        let names = groups.entry(format!("{} ({by}{base})", input.verdict.as_str())).or_default();
        if !names.contains(&input.name) {
            names.push(input.name.clone());
        }
    }
    if groups.is_empty() {
        return;
    }
    page.blank();
    page.title(Paint::Strong, "inputs", "");
    for (what, names) in groups {
        page.line(2, 4, &format!("{what}: {}", some(&names, PATHS)));
    }
    let of_base = |file: &FileAnswer<'_>| file.explained_by.rule == "base" && file.verdict == FileVerdict::Clean;
    let folded = verification.outcome.files.iter().filter(of_base).count();
    if folded > 0 {
        page.line(2, 4, &format!("{folded} entries are as the base has them"));
    }
}

fn notes(page: &mut Page, verification: &Verification, view: &View<'_>) {
    let mut notes: Vec<String> = Vec::new();
    for finding in verification.outcome.findings.iter().filter(|finding| finding.severity != Severity::Error) {
        notes.push(format!("{} {}: {}", finding.id.id(), finding.id.name(), view.people.by_name(&finding.message)));
    }
    if verification.facts.trust.accept_simulated {
        notes.push("the trust file accepts simulated surroundings: for tests and the demo only".to_owned());
    }
    let evidence = &verification.report.evidence;
    if evidence.is_empty() {
        notes.push("no evidence was given".to_owned());
    }
    let bad = |item: &&lasthand_model::wire::report::ReportEvidence| {
        item.status == EvidenceStatus::Rejected
            || (item.status == EvidenceStatus::Unused && item.signer.is_none() && item.digest.is_some())
    };
    let rejected: Vec<_> = evidence.iter().filter(bad).collect();
    for item in rejected.iter().take(PER_ROLE) {
        notes.push(format!("{}: {}", item.source, item.reason.as_deref().unwrap_or("not believed")));
    }
    if rejected.len() > PER_ROLE {
        notes.push(format!("{} more pieces of evidence are not believed", rejected.len() - PER_ROLE));
    }
    if notes.is_empty() {
        return;
    }
    page.blank();
    page.title(Paint::Strong, "notes", "");
    for note in notes {
        page.line(2, 2, &format!("- {note}"));
    }
}

fn summary(page: &mut Page, verification: &Verification) {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for file in verification.outcome.files.iter() {
        let word = file.verdict.as_str();
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, number)) => *number += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let of = |status| verification.report.evidence.iter().filter(|item| item.status == status).count();
    let (rejected, unused) = (of(EvidenceStatus::Rejected), of(EvidenceStatus::Unused));
    let mut evidence = format!("{} verified", of(EvidenceStatus::Verified));
    for (number, word) in [(rejected, "rejected"), (unused, "unused")] {
        if number > 0 {
            evidence.push_str(&format!(", {number} {word}"));
        }
    }
    let words: Vec<String> = counts.iter().map(|(word, number)| format!("{number} {word}")).collect();
    page.blank();
    let files = match verification.outcome.files.len() {
        1 => "1 entry".to_owned(),
        several => format!("{several} entries"),
    };
    let words = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
    page.line(0, 2, &format!("{files}{words}; evidence: {evidence}"));
}

fn base(source: &str) -> &str {
    source.rsplit('/').next().unwrap_or(source)
}
