//! Records as they come -> one inventory, and what is odd about them beside each other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::{EntryType, FileRecord, Inventory, Record, RecordAt, Records};
use lasthand_model::limits::Limits;

use crate::collide;
use crate::digester::Keep;
use crate::error::ArtifactError;
use crate::held::Held;
use crate::inside::{Counts, Inside, Looked, Opening, joined};
use crate::meter::wide;
use crate::note::{NoteKind, ReaderNote, Severity};
use crate::offsets::Offsets;
use crate::path::{self, Above};

/// LIMIT: notes kept that refuse; one more says that others were dropped.
pub(crate) const MAX_NOTES: usize = 10_000;

/// LIMIT: notes kept that only tell something.
const MAX_TELLING: usize = 2_000;

/// The path of an entry that names the root and is no folder: no other entry can have it.
pub(crate) const OUTSIDE: &[u8] = b".";

/// Notes, bounded in number.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<ReaderNote>,
    errors: usize,
    others: usize,
}

impl Notes {
    pub(crate) fn push(&mut self, note: ReaderNote) {
        let is_error = note.severity() == Severity::Error;
        let (count, most) = if is_error { (&mut self.errors, MAX_NOTES) } else { (&mut self.others, MAX_TELLING) };
        *count += 1;
        if *count <= most {
            self.kept.push(note);
        } else if is_error && *count == most + 1 {
            self.kept.push(ReaderNote::new(NoteKind::NotesCut, Vec::new(), note.offset));
        }
    }

    /// Hands out what was kept since the last time; the bound holds over all.
    pub(crate) fn take(&mut self) -> Vec<ReaderNote> {
        std::mem::take(&mut self.kept)
    }
}

/// Records and notes of one reading.
pub(crate) struct Collector<'a> {
    name: &'a str,
    limits: &'a Limits,
    records: Records,
    /// Start of each entry's header.
    offsets: Offsets,
    notes: Notes,
    metadata_bytes: u64,
    /// What is counted over all parts of the artifact; `None` where it has one part, and nothing in it is opened.
    counts: Option<&'a Counts>,
    role: Role,
    opens: Opens,
    /// What a file that is listed again is.
    repeated: NoteKind,
    keeps: Option<Keeps>,
    /// Archives that were opened, by path and digest.
    inside: Vec<Opened>,
}

/// An archive that was opened: its path, the digest of its bytes, what it holds.
pub(crate) type Opened = (Vec<u8>, FileDigest, Inside);

/// What is kept of a content, by the name of the entry as it is written.
pub(crate) type Keeps = fn(&[u8], &Limits) -> Keep;

/// Whose entries are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Artifact,
    Layer,
    Inside,
}

/// Which files are opened.
#[derive(Debug, Clone, Copy)]
enum Opens {
    Nothing,
    Archives,
    /// The one part of a package that is an archive.
    Part(&'static [u8]),
}

impl<'a> Collector<'a> {
    pub(crate) fn new(name: &'a str, limits: &'a Limits) -> Self {
        Self {
            name,
            limits,
            records: Records::default(),
            offsets: Offsets::default(),
            notes: Notes::default(),
            metadata_bytes: 0,
            counts: None,
            role: Role::Artifact,
            opens: Opens::Nothing,
            repeated: NoteKind::DuplicatePath,
            keeps: None,
            inside: Vec::new(),
        }
    }

    /// Has archives opened, and counts what they hold.
    pub(crate) fn opening(self, opening: Opening, counts: &'a Counts) -> Self {
        match opening {
            Opening::Closed => self,
            Opening::Open => Self { counts: Some(counts), opens: Opens::Archives, ..self },
        }
    }

    /// For an archive inside another one; `part` is the member that is opened in it.
    pub(crate) fn of_inside(
        name: &'a str,
        limits: &'a Limits,
        counts: &'a Counts,
        part: Option<&'static [u8]>,
    ) -> Self {
        let opens = part.map_or(Opens::Nothing, Opens::Part);
        Self { counts: Some(counts), role: Role::Inside, opens, ..Self::new(name, limits) }
    }

    /// For archives of which readers take the first, the last or every entry of a path: this is noted in place of a repetition.
    ///
    /// SECURITY: of two entries of one name in a zip Java takes one, Python another, and `unzip` asks.
    pub(crate) fn each_once(self, repeated: NoteKind) -> Self {
        Self { repeated, ..self }
    }

    /// For a layer of an image: whiteouts are what they are, and entries are compared with each other by who applies it. `counts`
    /// has those of all layers.
    pub(crate) fn of_layer(name: &'a str, limits: &'a Limits, counts: &'a Counts) -> Self {
        Self { counts: Some(counts), role: Role::Layer, ..Self::new(name, limits) }
    }

    /// Has the beginning of some contents kept, for whoever is told of each entry.
    pub(crate) fn keeping(self, keeps: Keeps) -> Self {
        Self { keeps: Some(keeps), ..self }
    }

    /// What is kept of the content of an entry of this name.
    pub(crate) fn keeps(&self, name: &[u8]) -> Keep {
        self.keeps.map(|keeps| keeps(name, self.limits)).unwrap_or_default()
    }

    pub(crate) fn is_layer(&self) -> bool {
        self.role == Role::Layer
    }

    /// True when any file is opened.
    pub(crate) const fn opens_some(&self) -> bool {
        !matches!(self.opens, Opens::Nothing)
    }

    /// Where what archives inside cost is counted, when a file of this path is to be opened.
    pub(crate) fn opens(&self, path: &[u8]) -> Option<&'a Counts> {
        let is_opened = match self.opens {
            Opens::Nothing => false,
            Opens::Archives => true,
            Opens::Part(part) => path == part,
        };
        self.counts.filter(|_| is_opened)
    }

    /// The name of what is read, for messages.
    pub(crate) const fn name(&self) -> &'a str {
        self.name
    }

    /// Takes what was found in a file of this path.
    pub(crate) fn keep_inside(&mut self, path: &[u8], digest: FileDigest, looked: Looked) {
        for note in looked.notes {
            self.notes.push(ReaderNote { path: joined(path, &note.path), ..note });
        }
        self.inside.extend(looked.inside.map(|inside| (path.to_vec(), digest, inside)));
    }

    /// Hands out what was found in files.
    pub(crate) fn take_inside(&mut self) -> Vec<Opened> {
        std::mem::take(&mut self.inside)
    }

    /// The records so far, in the order they came.
    pub(crate) const fn records(&self) -> &Records {
        &self.records
    }

    /// Everything as it came, with the offset of each record; nothing is compared with each other.
    pub(crate) fn into_parts(self) -> (Records, Offsets, Vec<ReaderNote>) {
        (self.records, self.offsets, self.notes.kept)
    }

    /// Notes the same of several entries, at the place of the first of them.
    pub(crate) fn keep_note(&mut self, note: ReaderNote) {
        self.notes.push(note);
    }

    pub(crate) fn note(&mut self, kind: NoteKind, path: &[u8], offset: u64) {
        self.notes.push(ReaderNote::new(kind, path.to_vec(), offset));
    }

    /// Takes one record, its path already settled, and notes what is odd about it alone.
    pub(crate) fn push(&mut self, mut record: FileRecord, offset: u64) -> Result<(), ArtifactError> {
        record.xattrs.sort();
        record.xattrs.shrink_to_fit();
        self.bound(&record, offset)?;
        self.note_name(&record.path, offset);
        if access_list(&record.xattrs).is_some_and(|list| access_list_differs(record.mode, list)) {
            self.note(NoteKind::AccessListDiffers, &record.path, offset);
        }
        match record.entry_type {
            EntryType::File if record.mode & 0o6000 != 0 => self.note(NoteKind::SetId, &record.path, offset),
            EntryType::CharDevice | EntryType::BlockDevice | EntryType::Fifo => {
                self.note(NoteKind::SpecialFile, &record.path, offset);
            }
            _ => {}
        }
        self.records.push(record);
        self.offsets.push(offset);
        Ok(())
    }

    /// LIMIT: entries, path bytes, attribute bytes, and the sum of both over all entries.
    fn bound(&mut self, record: &FileRecord, offset: u64) -> Result<(), ArtifactError> {
        let xattr_bytes = bytes_of(&record.xattrs);
        let own_bytes = held_bytes(record);
        self.metadata_bytes = self.metadata_bytes.saturating_add(own_bytes);
        let before = match self.counts {
            Some(counts) => counts.entries.fetch_add(1, Ordering::Relaxed),
            None => self.records.len(),
        };
        let metadata_bytes = match self.counts {
            Some(counts) => counts.metadata.fetch_add(own_bytes, Ordering::Relaxed).saturating_add(own_bytes),
            None => self.metadata_bytes,
        };
        for (what, count, limit) in [
            ("entries", wide(before).saturating_add(1), wide(self.limits.entries)),
            ("bytes of a path", wide(record.path.len()), wide(self.limits.path_bytes)),
            ("bytes of a link target", wide(record.link_target.len()), wide(self.limits.path_bytes)),
            ("bytes of extended attributes", wide(xattr_bytes), wide(self.limits.xattr_bytes)),
            ("bytes of all paths and attributes", metadata_bytes, self.limits.metadata_bytes),
        ] {
            if count > limit {
                return Err(ArtifactError::OverLimit { name: self.name.to_owned(), what, limit, offset });
            }
        }
        Ok(())
    }

    fn note_name(&mut self, path: &[u8], offset: u64) {
        if std::str::from_utf8(path).is_err() {
            self.note(NoteKind::NonUtf8Name, path, offset);
        }
        if path.iter().any(u8::is_ascii_control) {
            self.note(NoteKind::ControlInName, path, offset);
        }
        // SECURITY: of the first segment, and of the second one where the first is stripped, as npm does.
        let mut firsts = path.split(|byte| *byte == b'/').take(2);
        if !self.is_layer() && (path.starts_with(b"\\") || firsts.any(has_drive)) {
            self.note(NoteKind::DriveInName, path, offset);
        }
        if path.contains(&b'\\') {
            self.note(NoteKind::BackslashInName, path, offset);
        }
        if !self.is_layer() && path::base(path).starts_with(b".wh.") {
            self.note(NoteKind::WhiteoutName, path, offset);
        }
    }

    /// Sorts the records, keeps the last of each path as unpacking does, and notes what is odd about them beside each other.
    pub(crate) fn finish(self) -> Result<(Inventory, Vec<ReaderNote>), ArtifactError> {
        let Self { name, limits, records, offsets, notes, repeated, .. } = self;
        let mut order: Vec<u32> = (0..).take(records.len()).collect();
        // Stable: entries of one path stay as they came.
        order.sort_by(|a, b| records.path(place(*a)).cmp(records.path(place(*b))));
        let mut sorted = Sorted { records: &records, offsets: &offsets, order, notes };
        sorted.note_hard_links();
        sorted.keep_last(repeated);
        sorted.note_parents();
        for (kind, path) in collide::collisions(sorted.order.iter().map(|at| records.path(place(*at)))) {
            sorted.notes.push(ReaderNote::new(kind, path, 0));
        }
        let Sorted { order, notes, .. } = sorted;
        let rows: Vec<_> = order.into_iter().map(|at| RecordAt { table: 0, at }).collect();
        let tables = vec![Arc::new(records)];
        let mut held = Held::default();
        tables.iter().for_each(|records| held.add(records));
        held.add_live(&tables, &rows);
        notes.kept.iter().for_each(|note| held.add_note(note));
        // LIMIT: Limits::hidden_bytes.
        let (bytes, limit) = (held.hidden(), limits.hidden_bytes);
        if bytes > limit {
            return Err(ArtifactError::Hidden { name: name.to_owned(), bytes, limit });
        }
        // Each path is there once.
        let inventory = Inventory::from_tables(tables, rows).map_err(|path| ArtifactError::Duplicate {
            name: name.to_owned(),
            offset: 0,
            path,
        })?;
        Ok((inventory, notes.kept))
    }
}

/// Bytes that an attribute takes beside its own: two places in a list, two in the heap.
const ATTRIBUTE_BYTES: usize = 128;

/// Bytes of a record's paths and attributes, as they are held.
pub(crate) fn held_bytes<'r>(record: impl Into<Record<'r>>) -> u64 {
    let record = record.into();
    // What is no plain text is held escaped, too: `\xff` for a byte.
    let held = |text: &[u8]| if is_plain(text) { text.len() } else { 5 * text.len() };
    wide(held(record.path) + held(record.link_target)) + held_by_attributes(record.xattrs)
}

/// [`held_bytes`] of all records of a table.
///
/// Cost: one look at each record that has attributes or does not fit into a row.
pub(crate) fn held_by(records: &Records) -> u64 {
    let attributes: u64 = records.attributes().map(held_by_attributes).sum();
    wide(records.text_bytes()) + attributes + records.odd().map(held_bytes).sum::<u64>()
}

fn held_by_attributes(xattrs: &[(Vec<u8>, Vec<u8>)]) -> u64 {
    wide(bytes_of(xattrs) + ATTRIBUTE_BYTES * xattrs.len())
}

fn bytes_of(xattrs: &[(Vec<u8>, Vec<u8>)]) -> usize {
    xattrs.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// True for text that is kept as it is.
fn is_plain(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok() && !text.contains(&b'\\')
}

fn has_drive(segment: &[u8]) -> bool {
    segment.get(1) == Some(&b':') && segment.first().is_some_and(u8::is_ascii_alphabetic)
}

const fn place(at: u32) -> usize {
    at as usize
}

/// Records by path; those of one path as they came.
struct Sorted<'r> {
    records: &'r Records,
    offsets: &'r Offsets,
    /// Places of the records.
    order: Vec<u32>,
    notes: Notes,
}

impl<'r> Sorted<'r> {
    fn path(&self, at: u32) -> &'r [u8] {
        self.records.path(place(at))
    }

    fn record(&self, at: u32) -> Record<'r> {
        self.records.get(place(at)).unwrap_or(Record::NOTHING)
    }

    fn note(&mut self, kind: NoteKind, path: &[u8], at: u32) {
        let offset = self.offsets.get(place(at)).unwrap_or_default();
        self.notes.push(ReaderNote::new(kind, path.to_vec(), offset));
    }

    /// SPEC: containerd `applyNaive`, umoci, GNU tar, bsdtar: what is there is removed first, so the last entry counts.
    fn keep_last(&mut self, repeated: NoteKind) {
        let same_path = |pair: &[u32]| matches!(pair, [a, b] if self.path(*a) == self.path(*b));
        if !self.order.windows(2).any(same_path) {
            return;
        }
        let links = self.records.iter().filter(|record| record.entry_type == EntryType::Hardlink);
        let linked: BTreeSet<&[u8]> = links.map(|record| record.link_target).collect();
        let mut kept: Vec<u32> = Vec::with_capacity(self.order.len());
        for at in std::mem::take(&mut self.order) {
            let path = self.path(at);
            match kept.last_mut() {
                Some(last) if self.path(*last) == path => {
                    let kind = replacement(self.record(*last), self.record(at), linked.contains(path));
                    self.note(if kind == NoteKind::DuplicatePath { repeated } else { kind }, path, at);
                    *last = at;
                }
                _ => kept.push(at),
            }
        }
        self.order = kept;
    }

    /// SECURITY: an entry below a symbolic link of the same archive lands elsewhere than its path says.
    fn note_parents(&mut self) {
        let mut odd = Vec::new();
        let mut above = Above::default();
        for at in &self.order {
            let path = self.path(*at);
            if above.holds(path) && odd.len() <= MAX_NOTES {
                odd.push(*at);
            }
            if self.record(*at).entry_type != EntryType::Directory {
                above.mark(path);
            }
        }
        for at in odd {
            self.note(NoteKind::BelowNonDirectory, self.path(at), at);
        }
    }

    /// Looks at hard links before repeated paths are dropped: what they lead to is what lay there when they came.
    fn note_hard_links(&mut self) {
        let mut odd = Vec::new();
        for at in &self.order {
            let record = self.record(*at);
            if record.entry_type != EntryType::Hardlink {
                continue;
            }
            match self.last_before(record.link_target, *at) {
                None => odd.push((NoteKind::HardlinkTargetMissing, *at)),
                Some(target) if matches!(target.entry_type, EntryType::File | EntryType::Hardlink) => {
                    odd.extend(difference(record, target).map(|kind| (kind, *at)));
                }
                Some(_) => odd.push((NoteKind::HardlinkTargetNotFile, *at)),
            }
        }
        odd.extend(self.links_through_links().into_iter().map(|at| (NoteKind::HardlinkThroughSymlink, at)));
        for (kind, at) in odd {
            self.note(kind, self.path(at), at);
        }
    }

    /// Hard links whose targets lie below symbolic links of the archive, by target.
    ///
    /// SECURITY: they share a file with whatever the symbolic link leads to, also outside of the archive.
    fn links_through_links(&self) -> Vec<u32> {
        let of_type = |wanted| self.order.iter().copied().filter(move |at| self.record(*at).entry_type == wanted);
        let mut symlinks = of_type(EntryType::Symlink).peekable();
        if symlinks.peek().is_none() {
            return Vec::new();
        }
        let target = |at: u32| self.record(at).link_target;
        let mut links: Vec<u32> = of_type(EntryType::Hardlink).collect();
        links.sort_by(|a, b| target(*a).cmp(target(*b)));
        let mut above = Above::default();
        let mut through = Vec::new();
        for link in links {
            while let Some(symlink) = symlinks.next_if(|symlink| self.path(*symlink) < target(link)) {
                let path = self.path(symlink);
                above.holds(path);
                above.mark(path);
            }
            if above.holds(target(link)) {
                through.push(link);
            }
        }
        through
    }

    /// The last record of a path that came before a place.
    fn last_before(&self, path: &[u8], before: u32) -> Option<Record<'r>> {
        let from = self.order.partition_point(|at| (self.path(*at), *at) < (path, before));
        self.order.get(from.checked_sub(1)?).filter(|at| self.path(**at) == path).map(|at| self.record(*at))
    }
}

/// The capabilities of a record, whose attributes are sorted: a file of thousands may have thousands of links.
pub(crate) fn capability(record: Record<'_>) -> Option<&[u8]> {
    let at = record.xattrs.binary_search_by(|(name, _)| name.as_slice().cmp(b"security.capability")).ok()?;
    record.xattrs.get(at).map(|(_, value)| value.as_slice())
}

/// The access list among attributes, which are sorted.
fn access_list(xattrs: &[(Vec<u8>, Vec<u8>)]) -> Option<&[u8]> {
    let at = xattrs.binary_search_by(|(name, _)| name.as_slice().cmp(b"system.posix_acl_access")).ok()?;
    xattrs.get(at).map(|(_, value)| value.as_slice())
}

/// True for an access list that does not say what the mode says, or has no mask: the kernel makes a mode of it.
///
/// SPEC: Linux `uapi/linux/posix_acl_xattr.h`, `posix_acl.h`; acl(5).
fn access_list_differs(mode: u32, list: &[u8]) -> bool {
    const ENTRY: usize = 8;
    let Some((&[2, 0, 0, 0], entries)) = list.split_first_chunk() else { return true };
    let permissions = |wanted: u8| {
        let found = entries.chunks_exact(ENTRY).find_map(|entry| match entry {
            [tag, 0, permissions, 0, ..] if *tag == wanted => Some(u32::from(*permissions)),
            _ => None,
        });
        found.unwrap_or(u32::MAX)
    };
    let (owner, mask, other) = (permissions(0x01), permissions(0x10), permissions(0x20));
    !entries.len().is_multiple_of(ENTRY) || [owner, mask, other] != [mode >> 6 & 7, mode >> 3 & 7, mode & 7]
}

/// What a hard link's header says otherwise than that of its target.
///
/// SECURITY: GNU tar and BSD tar pass over it, Python sets it on the file that both share.
fn difference(link: Record<'_>, target: Record<'_>) -> Option<NoteKind> {
    let (set_id, owner_differs) = (link.mode & 0o6000, (link.uid, link.gid) != (target.uid, target.gid));
    let raises = set_id & !target.mode != 0 || (set_id != 0 && owner_differs);
    match () {
        () if raises || (capability(link).is_some() && capability(link) != capability(target)) => {
            Some(NoteKind::HardlinkRaises)
        }
        () if owner_differs || link.mode != target.mode || link.xattrs != target.xattrs => {
            Some(NoteKind::HardlinkHeaderDiffers)
        }
        () => None,
    }
}

/// True for a folder that is listed again without an attribute that it had.
///
/// SECURITY: on disk it keeps it, an access list that new files inherit too; who unpacks each layer by itself drops it.
pub(crate) fn keeps_attributes(old: Record<'_>, new: Record<'_>) -> bool {
    let are_folders = old.entry_type == EntryType::Directory && new.entry_type == EntryType::Directory;
    let has = |name: &[u8]| new.xattrs.binary_search_by(|(known, _)| known.as_slice().cmp(name)).is_ok();
    are_folders && !old.xattrs.iter().all(|(name, _)| has(name))
}

/// What an entry in place of an earlier one of its path is.
pub(crate) fn replacement(old: Record<'_>, new: Record<'_>, is_linked: bool) -> NoteKind {
    use EntryType::{Directory, File};
    match (old.entry_type, new.entry_type) {
        (Directory, Directory) if keeps_attributes(old, new) => NoteKind::KeptAttributes,
        (Directory, Directory) => NoteKind::RepeatedDirectory,
        (Directory, _) | (_, Directory) => NoteKind::ReplacedFolder,
        // SECURITY: written in place, the file under its other name changes too.
        (File, _) if !is_linked || old == new => NoteKind::DuplicatePath,
        _ => NoteKind::ReplacedLink,
    }
}
