//! What the report tells besides cover: odd people, classes of landings, and what the tree only names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lasthand_lineage::FindingId;
use lasthand_lineage::odd_people::{finding, id as id_of};
use lasthand_model::history::{ObjectKey, Version};
use lasthand_model::wire::step_actor::{OddPerson, Oddity};
use lasthand_verify::render::{Style, escape};
use serde_json::{Value, json};

use super::text::bold;
use super::{Report, id};
use crate::source_ledger::Noticed;

/// Mode of a submodule in a tree.
const SUBMODULE: u32 = 0o160_000;
/// Submodules that the text names.
const NAMED: usize = 5;

/// A commit of another repository in the tree at the ref.
pub(super) struct Submodule<'a> {
    path: &'a str,
    commit: ObjectKey,
}

impl<'a> Submodule<'a> {
    pub(super) fn at(path: &'a str, version: Option<Version>) -> Option<Self> {
        let version = version.filter(|version| version.mode == SUBMODULE)?;
        Some(Self { path, commit: version.id })
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "path": self.path,
            "kind": "submodule",
            "commit": id(&self.commit),
            "judged_as": "a repository of its own",
        })
    }
}

/// The findings, newest first.
pub(super) fn findings(noticed: &Noticed) -> Vec<Value> {
    let one = |odd: &OddPerson| {
        let found = finding(odd)?;
        Some(json!({
            "id": found.id.id(),
            "severity": found.severity.as_str(),
            "commit": odd.commit.as_str(),
            "message": found.message,
            "hint": found.hint(),
            "principal": odd.principal,
            "rule": odd.rule,
        }))
    };
    noticed.people.newest_first().filter_map(one).collect()
}

pub(super) fn classes(noticed: &Noticed) -> Value {
    let classes = noticed.classes;
    json!({ "identity": classes.identity, "replay": classes.replay, "residual": classes.residual })
}

/// The residual landings, newest first.
pub(super) fn residual(noticed: &Noticed) -> Vec<Value> {
    let landings = noticed.residual.newest_first();
    landings
        .map(|landing| {
            json!({ "commit": id(&landing.commit), "why": landing.why, "paths": landing.paths, "more": landing.more })
        })
        .collect()
}

/// What the landings are, and which submodules there are: a line each.
pub(super) fn lines(text: &mut String, report: &Report<'_>) {
    let classes = report.source.noticed.classes;
    let _ = writeln!(
        text,
        "  landings: {} identity, {} replay, {} residual",
        classes.identity, classes.replay, classes.residual
    );
    let submodules = &report.submodules;
    if submodules.is_empty() {
        return;
    }
    let named: Vec<String> = submodules.iter().take(NAMED).map(|submodule| escape(submodule.path)).collect();
    let more = match submodules.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = submodules.len();
    let _ =
        writeln!(text, "  {count} submodules: each needs landings and reviews of its own: {}{more}", named.join(", "));
}

/// The findings for people: of each id the first.
pub(super) fn section(text: &mut String, noticed: &Noticed, style: Style, listed: usize) {
    let mut by_id: BTreeMap<FindingId, Vec<&OddPerson>> = BTreeMap::new();
    for odd in noticed.people.newest_first() {
        if let Some(what) = Oddity::parse(&odd.what) {
            by_id.entry(id_of(what)).or_default().push(odd);
        }
    }
    if by_id.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", bold("Noticed", style));
    for (id, people) in by_id {
        let _ = writeln!(text, "  {id} {}: {}", id.name(), people.len());
        for found in people.iter().take(listed).filter_map(|odd| finding(odd)) {
            let _ = writeln!(text, "    {}", escape(&found.message));
        }
        let more = people.len().saturating_sub(listed);
        if more > 0 {
            let _ = writeln!(text, "    and {more} more: `--all`, or `-o json`");
        }
    }
    if noticed.people.forgotten() > 0 {
        let _ = writeln!(text, "  {} earlier ones are not kept", noticed.people.forgotten());
    }
}
