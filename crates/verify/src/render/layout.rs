//! What came of a layout, for people: verdict first.

use std::collections::BTreeMap;

use lasthand_model::wire::layout::{
    LayoutAnswer, LayoutFinding, LayoutReport, LayoutSeverity, LayoutVerdict, LinkStatus, StepAnswer,
};
use lasthand_model::wire::statement::DigestSet;

use super::Style;
use super::page::{Page, Paint};

/// Findings, steps and artifacts that are listed; the document of `-o json` has all.
const LISTED: usize = 20;

/// Renders a report: verdict, findings, steps, and the products to compare a file in hand with.
#[must_use]
pub fn layout(report: &LayoutReport, style: Style) -> String {
    let mut page = Page::new(style);
    let (paint, word) = match report.verdict {
        LayoutVerdict::Accepted => (Paint::Good, "ACCEPTED"),
        LayoutVerdict::Refused => (Paint::Bad, "REFUSED"),
        LayoutVerdict::Undecided => (Paint::Unsure, "UNDECIDED"),
    };
    let answer = &report.layout;
    page.title(paint, word, &format!(" {}: {}", answer.file, counts(answer)));
    for (title, severity) in
        [("reasons", LayoutSeverity::Error), ("open", LayoutSeverity::Open), ("noticed", LayoutSeverity::Note)]
    {
        list(&mut page, title, report.findings.iter().filter(|finding| finding.severity == severity).collect());
    }
    if report.verdict == LayoutVerdict::Accepted || report.verdict == LayoutVerdict::Undecided {
        page.blank();
        page.title(Paint::Strong, "steps", "");
        let shown = answer.steps.iter().take(LISTED);
        shown.for_each(|step| one_step(&mut page, step));
        more(&mut page, answer.steps.len());
        page.blank();
        page.title(
            Paint::Strong,
            "products",
            " of the last step; a file in hand is one of them when its digest is the same",
        );
        artifacts(&mut page, &answer.products);
    }
    page.finish()
}

fn counts(answer: &LayoutAnswer) -> String {
    let counted = |step: &StepAnswer| step.links.iter().filter(|link| link.status == LinkStatus::Counted).count();
    let links: usize = answer.steps.iter().map(counted).sum();
    format!("{} steps, {links} links that count, {} inspections", answer.steps.len(), answer.inspections.len())
}

fn list(page: &mut Page, title: &str, findings: Vec<&LayoutFinding>) {
    if findings.is_empty() {
        return;
    }
    page.blank();
    page.title(Paint::Strong, title, "");
    for finding in findings.iter().take(LISTED) {
        let step = finding.step.as_ref().map(|step| format!("{step}: ")).unwrap_or_default();
        page.line(2, 2, &format!("{} ({step}{})", finding.message, finding.code));
    }
    more(page, findings.len());
}

fn one_step(page: &mut Page, step: &StepAnswer) {
    let delegated = if step.sublayouts.is_empty() { "" } else { ", by a layout of its own" };
    page.line(2, 2, &format!("{}: {} of {} keys{delegated}", step.name, step.signed_by.len(), step.threshold));
}

fn artifacts(page: &mut Page, artifacts: &BTreeMap<String, DigestSet>) {
    for (path, digests) in artifacts.iter().take(LISTED) {
        let digests: Vec<String> = digests.iter().map(|(algorithm, digest)| format!("{algorithm}:{digest}")).collect();
        page.row(&format!("  {path} {}", digests.join(" ")));
    }
    more(page, artifacts.len());
}

fn more(page: &mut Page, count: usize) {
    if count > LISTED {
        page.line(2, 2, &format!("and {} more", count - LISTED));
    }
}
