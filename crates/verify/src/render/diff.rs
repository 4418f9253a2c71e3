//! A comparison for people: agent-touched entries first.

use lasthand_model::wire::diff::{ChangeKind, ChangedPart, Diff, DiffArtifact, DiffChange, DiffSide};
use lasthand_model::wire::facts::TrustFacts;
use lasthand_model::wire::report::{ReportActor, ReportVerdict};

use super::Style;
use super::page::{Page, Paint};
use crate::people::People;

/// Renders a comparison: counts, both artifacts, then each change with last actors and cover in both. `trust` gives people their names.
#[must_use]
pub fn diff(diff: &Diff, trust: &TrustFacts, style: Style) -> String {
    let people = People::new(trust);
    let mut page = Page::new(style);
    let counts = &diff.counts;
    page.title(
        Paint::Strong,
        "DIFF",
        &format!(
            " {} added, {} removed, {} changed, {} unchanged; {} agent-touched",
            counts.added, counts.removed, counts.changed, counts.unchanged, counts.agent_touched
        ),
    );
    for (word, artifact) in [("A", &diff.a), ("B", &diff.b)] {
        page.entry(2, word, &shown(artifact));
    }
    for (title, agent_touched) in [("agent-touched", true), ("others", false)] {
        let mut changes = diff.changes.iter().filter(|change| change.agent_touched == agent_touched).peekable();
        if changes.peek().is_some() {
            page.blank();
            page.title(Paint::Strong, title, "");
        }
        changes.for_each(|change| one_change(&mut page, people, change));
    }
    if counts.other_verdict > 0 {
        page.blank();
        page.line(
            0,
            2,
            &format!("unchanged with another verdict: {} (`lasthand inspect` lists each)", counts.other_verdict),
        );
    }
    page.finish()
}

fn shown(artifact: &DiffArtifact) -> String {
    let digest = artifact.digest.map(|digest| format!(" sha256:{}", digest.0.short())).unwrap_or_default();
    let platform = artifact.platform.as_ref().map(|platform| format!(" {platform}")).unwrap_or_default();
    let verdict = match artifact.verdict {
        Some(ReportVerdict::Accepted) => "accepted",
        Some(ReportVerdict::Exception) => "exception",
        Some(ReportVerdict::Refused) => "refused",
        Some(ReportVerdict::Undecided) => "undecided",
        None => "no verdict",
    };
    format!("{}{digest}{platform}: {verdict}", artifact.name)
}

fn one_change(page: &mut Page, people: People<'_>, change: &DiffChange) {
    let platform = change.platform.as_ref().map(|platform| format!("{platform} ")).unwrap_or_default();
    let word = match change.change {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    };
    let what: Vec<String> = match (&change.a, &change.b) {
        (Some(a), Some(b)) => change.what.iter().map(|part| part_words(*part, a, b)).collect(),
        _ => Vec::new(),
    };
    let what = if what.is_empty() { String::new() } else { format!(": {}", what.join(", ")) };
    page.row(&format!("  {word:<7} {platform}{}{what}", change.path));
    for (word, side) in [("A", &change.a), ("B", &change.b)] {
        if let Some(side) = side {
            page.entry(4, word, &cover(people, side));
        }
    }
}

fn part_words(part: ChangedPart, a: &DiffSide, b: &DiffSide) -> String {
    match part {
        ChangedPart::Type => format!("type {} to {}", a.entry_type, b.entry_type),
        ChangedPart::Content => "content".to_owned(),
        ChangedPart::Mode => format!("mode {:o} to {:o}", a.mode, b.mode),
        ChangedPart::Owner => format!("owner {}:{} to {}:{}", a.uid, a.gid, b.uid, b.gid),
        ChangedPart::LinkTarget => format!("link target `{}` to `{}`", a.link_target, b.link_target),
        ChangedPart::Device => "device numbers".to_owned(),
        ChangedPart::Xattrs => "extended attributes".to_owned(),
    }
}

/// `clean (path-map), author Bo (human, level 3), approver Ana (human, level 2)`
fn cover(people: People<'_>, side: &DiffSide) -> String {
    let verdict = side.verdict.map_or("no verdict", super::file_word);
    let rule = if side.rule.is_empty() { String::new() } else { format!(" ({})", side.rule) };
    format!("{verdict}{rule}, {}", last_hands(people, &side.actors, side.base.as_deref()))
}

/// The last actors of an entry, by name.
pub(super) fn last_hands(people: People<'_>, actors: &[ReportActor], base: Option<&str>) -> String {
    let mut words: Vec<String> = base.iter().map(|base| format!("base {base}")).collect();
    words.extend(actors.iter().map(|actor| {
        format!("{} {} ({}, level {})", actor.role, people.name(&actor.principal), actor.kind, actor.level)
    }));
    if words.is_empty() { "nobody known".to_owned() } else { words.join(", ") }
}
