//! in-toto layouts: whether the links in a folder are what a layout asks for.
//!
//! Data flow: layout bytes + keys of its owner -> [`Document`] -> verified layout -> links of each step, each verified by a key that may do the
//! step -> records that agree -> artifact rules -> [`LayoutReport`].
//!
//! SPEC: in-toto specification 1.0, sections 4.3 and 5.2. What Python's and Go's implementations answer differently is refused
//! (docs/verify-layout.md).
//!
//! **Invariants.** Nothing is run: inspections leave the answer open. Nothing of a layout is read before its signatures hold; nothing of a link
//! counts before one of a key that the verified layout lists for this step does. A key counts once, under however many ids it stands.

mod apply;
mod budget;
mod chain;
mod fault;
mod finding;
mod path;
mod pattern;
mod rule;
mod source;
mod step;

use std::fs;
use std::path::{Path, PathBuf};

use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_model::wire::layout::{LayoutAnswer, LayoutReport, LayoutVerdict};
use lasthand_trust::layout::{Content, Document, LayoutError, LayoutKey};
use lasthand_trust::scheme::ForeignKey;

pub use fault::LayoutFault;
pub use source::{LinkFolder, LinkSource};

use crate::evidence::read_bounded;
use chain::Chain;
use finding::{Code, Findings};

/// LIMIT: bytes of a key's file.
const KEY_BYTES: usize = 1 << 16;

/// What to make of inspections, none of which is ever run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspections {
    /// They leave the answer open: at best undecided.
    LeaveOpen,
    /// They and their rules are left out, because the caller says so.
    Without,
}

/// What is asked of a layout.
#[derive(Debug, Clone, Copy)]
pub struct LayoutDemand {
    /// The moment to decide for, seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// What to make of inspections.
    pub inspections: Inspections,
}

/// Verifies a layout file by keys of its owner, each of which must have signed it, and by the links in a folder.
///
/// # Errors
/// [`LayoutFault`]: nothing could be said. A refusal is a report.
pub fn verify_layout(
    layout: &Path,
    keys: &[PathBuf],
    links: &Path,
    demand: LayoutDemand,
    limits: &Limits,
) -> Result<LayoutReport, LayoutFault> {
    let unreadable = |what, path: &Path| {
        let path = path.to_owned();
        move |source| LayoutFault::Unreadable { what, path, source }
    };
    let mut owners = Vec::new();
    for path in keys {
        let pem = read_bounded(path, KEY_BYTES).map_err(unreadable("the key", path))?;
        let key = ForeignKey::from_pem(&pem).map_err(|source| LayoutFault::Key { path: path.clone(), source })?;
        owners.push(LayoutKey::of_owner(key));
    }
    let bytes = read_bounded(layout, limits.json_bytes).map_err(unreadable("the layout", layout))?;
    if !fs::metadata(links).map_err(unreadable("the folder of links", links))?.is_dir() {
        let source = std::io::ErrorKind::NotADirectory.into();
        return Err(LayoutFault::Unreadable { what: "the folder of links", path: links.to_owned(), source });
    }
    judge(&layout.display().to_string(), &bytes, &owners, &LinkFolder::new(links), demand, limits)
}

/// Decides about a layout in memory.
///
/// In: the layout's name for reports, its bytes, the keys that must all have signed it, and where its links are.
/// Cost: one signature check for each link, O(bytes) reading, and what [`Limits::rule_bytes`] bounds for rules.
///
/// # Errors
/// [`LayoutFault`].
///
/// # Proves / does not prove
/// Accepted: keys that the owner named say, enough of them alike, that steps were done with materials and products as the rules want them.
/// It does not say that a file in hand is one of these products: compare it with the products of the report.
pub fn judge(
    file: &str,
    bytes: &[u8],
    owners: &[LayoutKey],
    links: &dyn LinkSource,
    demand: LayoutDemand,
    limits: &Limits,
) -> Result<LayoutReport, LayoutFault> {
    if owners.is_empty() {
        return Err(LayoutFault::NoKey);
    }
    let document =
        Document::read(bytes, limits).map_err(|source| LayoutFault::Layout { file: file.to_owned(), source })?;
    if matches!(document.content_unverified(), Content::Link(_)) {
        return Err(LayoutFault::IsLink { file: file.to_owned() });
    }
    let mut chain = Chain::new(links, demand, limits);
    let layout = match document.verify_by_all(owners) {
        Ok(verified) => chain.layout(file, &verified, &[])?.answer,
        Err(error) => {
            chain.findings.error(Code::Signature, file, None, refusal(&error));
            LayoutAnswer { file: file.to_owned(), ..LayoutAnswer::default() }
        }
    };
    let verdict = verdict(&chain.findings);
    let findings = chain.findings.into_sorted();
    Ok(LayoutReport { layout_report_version: 1, verdict, now: timestamp::format(demand.now), layout, findings })
}

/// The exit code of a verdict: 0 accepted, 1 refused, 3 undecided.
#[must_use]
pub const fn layout_exit_code(verdict: LayoutVerdict) -> u8 {
    match verdict {
        LayoutVerdict::Accepted => 0,
        LayoutVerdict::Refused => 1,
        LayoutVerdict::Undecided => 3,
    }
}

fn verdict(findings: &Findings) -> LayoutVerdict {
    match (findings.errors(), findings.opens()) {
        (0, 0) => LayoutVerdict::Accepted,
        (0, _) => LayoutVerdict::Undecided,
        _ => LayoutVerdict::Refused,
    }
}

fn refusal(error: &LayoutError) -> String {
    format!("the layout is not signed as asked: {error}")
}
