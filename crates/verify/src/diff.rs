//! Two verifications side by side: the entries that differ, with last actors and cover in both.

use std::cmp::Ordering;
use std::path::Path;

use lasthand_model::actor::ActorKind;
use lasthand_model::inventory::{Record, escape_path};
use lasthand_model::wire::diff::{
    ChangeKind, ChangedPart, DIFF_VERSION, Diff, DiffArtifact, DiffChange, DiffCounts, DiffSide,
};
use lasthand_model::wire::report::{ReportExplanation, ReportFileVerdict};

use crate::error::VerifyError;
use crate::last::LastHands;
use crate::report::{FileAt, report_for_error};
use crate::verifier::Verification;

/// Compares two artifacts entry by entry.
///
/// Out: the changes by platform and path. Where only one of the two is an index, the other, an image, stands under its own platform;
/// where none is, paths alone count. Cost: linear in the entries of both.
///
/// # Proves / does not prove
/// Verdicts are those of [`Verifier::verify`](crate::Verifier::verify), and nothing else is proven: an entry that did not change may
/// be as little covered as one that did. Who removed an entry is not told: its last actors in `a` are.
#[must_use]
pub fn diff(a: &Verification, b: &Verification) -> Diff {
    let by_platform = [a, b].iter().any(|side| side.facts.indexes.contains_key(&side.facts.question.digest));
    let (mut hands_a, mut hands_b) = (LastHands::new(a), LastHands::new(b));
    let (mut counts, mut changes) = (DiffCounts::default(), Vec::new());
    for pair in pairs(&entries(a, by_platform), &entries(b, by_platform)) {
        let (change, what) = match pair {
            (Some(_), None) => (ChangeKind::Removed, Vec::new()),
            (Some(old), Some(new)) => (ChangeKind::Changed, changed_parts(old.file.record(), new.file.record())),
            _ => (ChangeKind::Added, Vec::new()),
        };
        let (a, b) = (pair.0.map(|entry| side(entry, &mut hands_a)), pair.1.map(|entry| side(entry, &mut hands_b)));
        match change {
            ChangeKind::Added => counts.added += 1,
            ChangeKind::Removed => counts.removed += 1,
            ChangeKind::Changed if what.is_empty() => {
                counts.unchanged += 1;
                let verdict = |side: &Option<DiffSide>| side.as_ref().and_then(|side| side.verdict);
                counts.other_verdict += u64::from(verdict(&a) != verdict(&b));
                continue;
            }
            ChangeKind::Changed => counts.changed += 1,
        }
        let Some(entry) = pair.1.or(pair.0) else { continue };
        let agent_touched = b.as_ref().or(a.as_ref()).is_some_and(is_agent_touched);
        counts.agent_touched += u64::from(agent_touched);
        changes.push(DiffChange {
            platform: entry.platform.map(str::to_owned),
            path: entry.file.path().to_owned(),
            path_bytes: entry.file.file().path_bytes,
            change,
            what,
            agent_touched,
            a,
            b,
        });
    }
    Diff { diff_version: DIFF_VERSION, a: artifact(a), b: artifact(b), counts, changes, errors: Vec::new() }
}

/// The document where nothing could be compared, and why.
#[must_use]
pub fn diff_for_error(error: &VerifyError, a: &Path, b: &Path) -> Diff {
    let [a, b] = [a, b].map(|path| report_for_error(error, path));
    let errors = a.findings;
    let [a, b] =
        [a.artifact, b.artifact].map(|artifact| DiffArtifact { name: artifact.name, ..DiffArtifact::default() });
    Diff { diff_version: DIFF_VERSION, a, b, counts: DiffCounts::default(), changes: Vec::new(), errors }
}

fn artifact(verification: &Verification) -> DiffArtifact {
    let report = &verification.report;
    DiffArtifact {
        name: report.artifact.name.clone(),
        digest: report.artifact.digest,
        platform: report.artifact.platform.clone(),
        verdict: report.verdict,
    }
}

/// An entry, as it was read and as the report tells of it.
#[derive(Clone, Copy)]
struct Entry<'a> {
    platform: Option<&'a str>,
    file: FileAt<'a>,
}

impl<'a> Entry<'a> {
    fn key(&self) -> (Option<&'a str>, &'a [u8]) {
        (self.platform, self.file.record().path)
    }
}

/// The entries by platform and path.
fn entries(verification: &Verification, by_platform: bool) -> Vec<Entry<'_>> {
    let report = &verification.report;
    let own = report.artifact.platform.as_deref().filter(|_| by_platform);
    let entries = report.files.each().map(|file| Entry { platform: file.platform().or(own), file });
    let mut entries: Vec<Entry<'_>> = entries.collect();
    // Those of one platform are sorted already, which makes this cheap.
    entries.sort_by(|a, b| a.key().cmp(&b.key()));
    entries
}

type Pair<'a> = (Option<Entry<'a>>, Option<Entry<'a>>);

/// Entries of both sides under one key, in order.
fn pairs<'a>(a: &[Entry<'a>], b: &[Entry<'a>]) -> Vec<Pair<'a>> {
    let (mut old, mut new) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    let mut pairs = Vec::with_capacity(a.len().max(b.len()));
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.key().cmp(&b.key()),
        };
        pairs.push(match order {
            Ordering::Less => (old.next(), None),
            Ordering::Greater => (None, new.next()),
            Ordering::Equal => (old.next(), new.next()),
        });
    }
}

/// What differs, most telling first. Times are not compared: no verdict rests on them.
fn changed_parts(old: Record<'_>, new: Record<'_>) -> Vec<ChangedPart> {
    let both_have_content = old.sha256.is_some() && new.sha256.is_some();
    let parts = [
        (old.entry_type != new.entry_type, ChangedPart::Type),
        (both_have_content && old.sha256 != new.sha256, ChangedPart::Content),
        (old.mode != new.mode, ChangedPart::Mode),
        ((old.uid, old.gid) != (new.uid, new.gid), ChangedPart::Owner),
        (old.link_target != new.link_target, ChangedPart::LinkTarget),
        (old.device != new.device, ChangedPart::Device),
        (old.xattrs != new.xattrs, ChangedPart::Xattrs),
    ];
    parts.into_iter().filter_map(|(differs, part)| differs.then_some(part)).collect()
}

fn side(entry: Entry<'_>, hands: &mut LastHands<'_>) -> DiffSide {
    let (record, file) = (entry.file.record(), entry.file.file());
    let nothing = ReportExplanation::default();
    let explained = file.explained_by.as_ref().unwrap_or(&nothing);
    DiffSide {
        entry_type: record.entry_type,
        mode: record.mode,
        uid: record.uid,
        gid: record.gid,
        size: record.size,
        sha256: record.sha256,
        link_target: escape_path(record.link_target),
        verdict: file.verdict,
        rule: explained.rule.clone(),
        actors: hands.of(&file),
        base: explained.base.clone(),
        landing: explained.last_landing,
        step: explained.step,
        review: explained.review,
    }
}

fn is_agent_touched(side: &DiffSide) -> bool {
    side.verdict == Some(ReportFileVerdict::Violation)
        || side.actors.iter().any(|actor| matches!(actor.kind, ActorKind::Agent | ActorKind::Unknown))
}
