//! What the reader noticed about an artifact, as findings.

use std::collections::BTreeMap;

use lasthand_artifact::{NoteKind, Severity as Weight};
use lasthand_lineage::{Finding, FindingId, Place, Severity};
use lasthand_model::inventory::escape_path;

use crate::artifact::PartNote;

/// LIMIT: errors that get a finding each; what is more is counted in one.
const MAX_ERRORS: usize = 200;

/// One finding for each error, and one for each kind of anything else.
pub(crate) fn findings(notes: &[PartNote]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut others: BTreeMap<NoteKind, Vec<&PartNote>> = BTreeMap::new();
    let mut more = 0;
    for note in notes {
        match note.note.severity() {
            Weight::Error if found.len() < MAX_ERRORS => found.push(error(note)),
            Weight::Error => more += 1,
            _ => others.entry(note.note.kind).or_default().push(note),
        }
    }
    if more > 0 {
        let message = format!("{more} more entries are read differently or do not stay in their place");
        found.push(Finding {
            severity: Severity::Error,
            id: FindingId::ReadDifferently,
            place: Place::default(),
            message,
        });
    }
    found.extend(others.into_iter().map(|(kind, notes)| summary(kind, &notes)));
    found
}

fn error(part: &PartNote) -> Finding {
    let kind = part.note.kind;
    let message = format!("{}: {} ({kind})", whereabouts(part), kind.says());
    let place = Place { path: path(part), ..Place::default() };
    Finding { severity: Severity::Error, id: FindingId::ReadDifferently, place, message }
}

fn summary(kind: NoteKind, notes: &[&PartNote]) -> Finding {
    let severity = if kind.severity() == Weight::Warning { Severity::Warning } else { Severity::Note };
    let first = notes.first();
    let shown: Vec<String> = notes.iter().take(3).map(|part| whereabouts(part)).collect();
    let more = match notes.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("{}{more}: {} ({kind})", shown.join(", "), kind.says());
    let place = Place { path: first.and_then(|part| path(part)), ..Place::default() };
    Finding { severity, id: FindingId::OddEntry, place, message }
}

fn path(part: &PartNote) -> Option<String> {
    (!part.note.path.is_empty()).then(|| escape_path(&part.note.path))
}

/// The entry, or where its header is; of an image with its layer, of an index with its platform.
fn whereabouts(part: &PartNote) -> String {
    let mut text = match path(part) {
        Some(path) => format!("`{path}`"),
        None => format!("at byte {}", part.note.offset),
    };
    let inside: Vec<String> =
        part.platform.iter().cloned().chain(part.layer.map(|layer| format!("layer {layer}"))).collect();
    if !inside.is_empty() {
        text.push_str(&format!(" ({})", inside.join(", ")));
    }
    if part.note.more > 0 {
        text.push_str(&format!(" and {} more", part.note.more));
    }
    text
}
