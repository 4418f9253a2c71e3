//! What a collector gathered of an archive inside -> its members and notes.

use lasthand_model::inventory::Record;

use super::{Inside, Looked, Member, joined, named_as_archive};
use crate::collect::Collector;
use crate::error::ArtifactError;
use crate::note::{NoteKind, ReaderNote};

/// Ends the reading of an archive: members where it was read to its end, a note where it was not.
///
/// # Errors
/// A limit, and nothing else.
pub(super) fn settle(
    read: Result<&'static str, ArtifactError>,
    collector: Collector<'_>,
) -> Result<Looked, ArtifactError> {
    match read {
        Ok(form) => {
            let (members, notes) = of(collector)?;
            Ok(Looked { inside: Some(Inside { form, members }), notes })
        }
        Err(error) => {
            let (kind, offset) = fault(error)?;
            let (_, _, mut notes) = collector.into_parts();
            notes.push(ReaderNote::new(kind, Vec::new(), offset));
            Ok(Looked { inside: None, notes })
        }
    }
}

/// The members of an archive that was read to its end, those of its parts among them, in path order; and the notes.
pub(super) fn of(mut collector: Collector<'_>) -> Result<(Vec<Member>, Vec<ReaderNote>), ArtifactError> {
    let parts = collector.take_inside();
    let (inventory, mut notes) = collector.finish()?;
    let mut members: Vec<Member> = inventory.records().map(member).collect();
    let is_part = |path: &[u8]| parts.iter().any(|(part, ..)| part == path);
    // SECURITY: of two parts of one name readers take the first or the last.
    for (at, (path, ..)) in parts.iter().enumerate() {
        if parts.iter().take(at).any(|(other, ..)| other == path) {
            notes.push(ReaderNote::new(NoteKind::OddPackage, path.clone(), 0));
        }
    }
    let deeper = members.iter().filter(|member| named_as_archive(&member.path) && !is_part(&member.path));
    notes.extend(deeper.map(|member| ReaderNote::new(NoteKind::NotOpened, member.path.clone(), 0)));
    for (path, _, part) in parts {
        members.extend(part.members.into_iter().map(|member| Member { path: joined(&path, &member.path), ..member }));
    }
    members.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((members, notes))
}

fn member(record: Record<'_>) -> Member {
    Member {
        path: record.path.to_vec(),
        entry_type: record.entry_type,
        mode: record.mode,
        size: record.size,
        sha256: record.sha256,
    }
}

/// What an error inside means for the artifact around it.
///
/// # Errors
/// A limit: it bounds the artifact, wherever it is passed.
fn fault(error: ArtifactError) -> Result<(NoteKind, u64), ArtifactError> {
    match error {
        error @ ArtifactError::OverLimit { .. } => Err(error),
        ArtifactError::Truncated { offset, .. } => Ok((NoteKind::InsideCut, offset)),
        ArtifactError::Compression { offset, .. } | ArtifactError::Io { offset, .. } => {
            Ok((NoteKind::InsideDamaged, offset))
        }
        ArtifactError::Malformed { offset, .. }
        | ArtifactError::Unsupported { offset, .. }
        | ArtifactError::BadPath { offset, .. }
        | ArtifactError::Duplicate { offset, .. } => Ok((NoteKind::InsideMalformed, offset)),
        _ => Ok((NoteKind::InsideMalformed, 0)),
    }
}
