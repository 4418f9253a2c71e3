//! The report for people.

use std::fmt::Write as _;

use lasthand_lineage::ledger::Cover;
use lasthand_verify::render::{Color, Style, escape};

use super::{Amount, Group, Item, Report, id, notes, noticed};

/// Files listed of each group unless all are asked for.
pub(super) const LISTED: usize = 10;

pub(super) fn render(report: &Report<'_>, style: Style, listed: usize) -> String {
    let mut text = String::new();
    let source = report.source;
    let place = source.revision.reference.as_deref().unwrap_or_else(|| source.revision.commit.as_str());
    let name = if source.name.is_empty() { "this repository" } else { &source.name };
    let title = format!("{} at {}", escape(name), escape(place));
    let _ = writeln!(text, "{}: {} landings", bold(&title, style), source.ledger.landings());
    for note in notes(source) {
        let _ = writeln!(text, "  {}", escape(&note));
    }
    noticed::lines(&mut text, report);
    let _ = writeln!(text, "\n{:<34} {:>9} {:>7} {:>14} {:>7}", "covered by", "files", "", "bytes", "");
    line(&mut text, "review", report.reviewed, report.total);
    line(&mut text, "onboarding", report.onboarded, report.total);
    if report.returned.paths > 0 {
        line(&mut text, "return to a covered tree", report.returned, report.total);
    }
    line(&mut text, "nothing", report.open, report.total);
    line(&mut text, "all", report.total, report.total);
    if report.removed > 0 {
        let _ = writeln!(text, "{} files were removed and nobody answered for it", report.removed);
    }
    if report.items.is_empty() {
        text.push_str("\nA human answered for every file.\n");
    } else {
        let _ = writeln!(text, "\n{}", bold("No human behind it, by who touched it last", style));
    }
    for (group, amount) in &report.groups {
        list(&mut text, report, *group, *amount, listed);
    }
    noticed::section(&mut text, &source.noticed, style, listed);
    text
}

fn line(text: &mut String, what: &str, amount: Amount, total: Amount) {
    let paths = percent(amount.paths, total.paths);
    let bytes = percent(amount.bytes, total.bytes);
    let _ = writeln!(text, "{what:<34} {:>9} {paths:>7} {:>14} {bytes:>7}", amount.paths, amount.bytes);
}

/// A part of a hundred with one digit behind the point, rounded down: 100.0% means all.
fn percent(part: u64, whole: u64) -> String {
    let thousandths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

fn list(text: &mut String, report: &Report<'_>, group: Group, (amount, removed): (Amount, u64), listed: usize) {
    let gone = if removed > 0 { format!("; {removed} removed") } else { String::new() };
    let (paths, bytes) = (amount.paths, amount.bytes);
    let _ = writeln!(text, "  {}, {}: {paths} files, {bytes} bytes{gone}", group.author.word(), group.influence);
    let mut items = report.items.iter().filter(|item| item.group == group);
    for item in items.by_ref().take(listed) {
        let _ = writeln!(text, "    {}", escape(&item_line(report, item)));
    }
    let more = items.count();
    if more > 0 {
        let _ = writeln!(text, "    and {more} more: `--all`, or `-o json`");
    }
}

fn item_line(report: &Report<'_>, item: &Item<'_>) -> String {
    let removed = if item.state.version.is_none() { " (removed)" } else { "" };
    let last = item.state.last.map_or_else(
        || "there from the beginning".to_owned(),
        |(commit, people)| format!("{} {}", short(id(&commit)), report.known.who(&commit, people)),
    );
    let lost = match item.state.cover {
        Cover::Nothing { landing: Some(landing) } if item.state.last.is_none_or(|(commit, _)| commit != landing) => {
            format!("; nobody answers since {}", short(id(&landing)))
        }
        _ => String::new(),
    };
    format!("{}{removed}  {last}{lost}", item.state.path)
}

/// The first digits of an id.
pub(in crate::commands) fn short(id: Option<String>) -> String {
    id.unwrap_or_default().chars().take(12).collect()
}

pub(in crate::commands) fn bold(text: &str, style: Style) -> String {
    if style.color == Color::Ansi { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn only_all_is_a_hundred() {
        // pass: rounded down; nothing of nothing is nothing
        assert_eq!(percent(1_999, 2_000), "99.9%");
        assert_eq!(percent(2_000, 2_000), "100.0%");
        assert_eq!(percent(0, 0), "0.0%");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0%");
    }
}
