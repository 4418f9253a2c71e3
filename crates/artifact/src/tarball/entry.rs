//! One entry: its header, the extension headers before it, its content.

use std::io::BufRead;

use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::{EntryType, FileRecord};

use super::content::Contents;
use super::header::{BLOCK, Block, Format, Header};
use super::pax::{PaxRecords, Xattrs};
use super::{Pending, RawEntry, TarStream};
use crate::collect::OUTSIDE;
use crate::digester::Digester;
use crate::error::ArtifactError;
use crate::meter::wide;
use crate::note::NoteKind;
use crate::path::{self, Settled};

/// The largest size that a ustar header holds in octal.
const USTAR_MAX_SIZE: i64 = (1 << 33) - 1;

/// The largest owner that a ustar header holds in octal.
const USTAR_MAX_OWNER: i64 = 0o7_777_777;

impl<R: BufRead> TarStream<'_, '_, R> {
    /// Applies what waits to the header, reads the content and gives the record to the collector.
    pub(super) fn entry(
        &mut self,
        mut header: Header,
        block: &Block,
        pending: Pending,
        offset: u64,
    ) -> Result<(), ArtifactError> {
        let mut notes = Vec::new();
        let own_size = header.size;
        // Of a later one, or one with another name than its own, some readers write a file in place of another.
        header.is_label = header.typeflag == b'V' && header.size == 0 && offset == 0 && pending.start.is_none();
        // SPEC: Go `next`: a negative size ends the archive also where a pax header has another one.
        if !header.is_header_only() {
            self.stored_size(&header, offset)?;
        }
        let pax = self.merge(&mut header, pending, offset, &mut notes)?;
        let stored = if header.is_header_only() { 0 } else { self.stored_size(&header, offset)? };
        // LIMIT: Limits::archive_bytes, before the first byte is read.
        if stored > self.limits.archive_bytes {
            return Err(self.over("uncompressed bytes", self.limits.archive_bytes, offset));
        }
        let stored_path = header.path.clone();
        let sparse = self.sparse(&mut header, block, pax.as_ref(), stored, offset)?;
        if let Some(sparse) = &sparse {
            note_sparse(&stored_path, &header.path, &mut notes);
            notes.extend(chosen([(sparse.disputed, NoteKind::DisputedSparse)]));
        } else if pax.as_ref().is_some_and(PaxRecords::is_sparse) {
            notes.push(NoteKind::UnknownSparse);
        }
        let look_at = match differing_end(own_size, stored, &notes) {
            Some(_) if sparse.is_some() => {
                notes.push(NoteKind::PaxSizeHides);
                None
            }
            Some(end) if end > stored => {
                notes.push(NoteKind::PaxSizeHides);
                None
            }
            end => end,
        };
        let mut digester = Digester::keeping(self.collector.keeps(&header.path));
        let is_digested = match sparse {
            // SECURITY: what lies at the offset of a member is not what a reader of the archive gets.
            Some(_) if matches!(self.contents, Contents::PassOver { .. }) => {
                return Err(self.unsupported("a sparse member", offset));
            }
            Some(sparse) => self.sparse_content(&sparse, offset, &mut digester).map(|()| true)?,
            None if header.is_header_only() => false,
            None if look_at.is_none() && self.opened_content(stored, &header, &mut digester)? => true,
            None => {
                let passed = self.content(stored, look_at, &mut digester)?;
                notes.extend(chosen([(passed.is_header, NoteKind::PaxSizeHides)]));
                passed.is_digested
            }
        };
        let (sha256, content) = digester.finish();
        let sha256 = is_digested.then_some(sha256);
        (self.each)(&RawEntry {
            path: &header.path,
            typeflag: header.typeflag,
            mode: header.mode,
            size: header.size,
            link: &header.link,
            sha256,
            content: &content,
        });
        self.skip_padding(stored)?;
        let mut xattrs = pax.map(|pax| pax.xattrs()).unwrap_or_default();
        xattrs.extend(owner_names(&header, &mut notes));
        self.collect(&header, sha256, xattrs, notes, offset)
    }

    /// Go's order: the header, over it pax, over it the GNU long name and link.
    fn merge(
        &self,
        header: &mut Header,
        pending: Pending,
        offset: u64,
        notes: &mut Vec<NoteKind>,
    ) -> Result<Option<PaxRecords>, ArtifactError> {
        notes.extend(pending.notes);
        let has_own_link = !header.link.is_empty();
        let malformed = |reason| self.malformed(offset, reason);
        if let Some(pax) = &pending.pax {
            pax.check_times().map_err(malformed)?;
            let header_size = header.size;
            let owners = (header.uid, header.gid);
            for (key, value) in [(&b"path"[..], &mut header.path), (b"linkpath", &mut header.link)] {
                if let Some(text) = pax.value(key) {
                    *value = text.to_vec();
                }
            }
            for (key, value) in [(&b"size"[..], &mut header.size), (b"uid", &mut header.uid), (b"gid", &mut header.gid)]
            {
                if let Some(number) = pax.number(key).map_err(malformed)? {
                    *value = number;
                }
            }
            for (key, name) in [(&b"uname"[..], &mut header.owner_name), (b"gname", &mut header.group_name)] {
                if let Some(text) = pax.value(key) {
                    *name = text.to_vec();
                }
            }
            // SECURITY: readers that take the header's size see other entries (CVE-2025-62518, RUSTSEC-2026-0068).
            let size_differs = header.size != header_size && header.size <= USTAR_MAX_SIZE;
            let is_device = matches!(header.typeflag, b'3' | b'4');
            let long = pending.long_path.is_some() || pending.long_link.is_some();
            let is_other = |own: i64, found: i64| own != found && (0..=USTAR_MAX_OWNER).contains(&found);
            let owner_differs = is_other(owners.0, header.uid) || is_other(owners.1, header.gid);
            notes.extend(chosen([
                (size_differs, NoteKind::PaxSizeDiffers),
                (owner_differs, NoteKind::PaxOwnerDiffers),
                (pax.repeated_key, NoteKind::RepeatedPaxKey),
                (pax.has_empty_value(), NoteKind::EmptyPaxValue),
                (pax.has_blank_key(), NoteKind::BlankPaxKey),
                (pax.signed_number, NoteKind::SignedPaxNumber),
                (pax.has_unapplied(), NoteKind::UnappliedPaxKey),
                (pax.has_foreign_attribute(), NoteKind::ForeignAttribute),
                (is_device && pax.has_other_device(header.device), NoteKind::DeviceDiffers),
                (long, NoteKind::MixedExtensions),
            ]));
        }
        for (long, value) in [(pending.long_path, &mut header.path), (pending.long_link, &mut header.link)] {
            if let Some(long) = long.filter(|long| !long.is_empty()) {
                *value = long;
            }
        }
        let by_extension = matches!(header.typeflag, b'1' | b'2') && !has_own_link && !header.link.is_empty();
        notes.extend(chosen([(by_extension, NoteKind::LinkByExtension)]));
        // SECURITY: readers look at the header's name or at the last one.
        let differs = match header.typeflag {
            0 => header.is_named_folder != header.path.ends_with(b"/"),
            // Writers fill the field with the beginning of a name that is too long for it.
            b'0' => header.is_named_folder && !header.may_be_cut && !header.path.ends_with(b"/"),
            _ => false,
        };
        let by_name = header.typeflag == 0 && header.format != Format::V7 && header.path.ends_with(b"/");
        notes.extend(chosen([(differs, NoteKind::FolderByHeader), (by_name, NoteKind::NamedFolder)]));
        // SPEC: Go `next`: the oldest type is a folder when the final name ends in a slash.
        if header.typeflag == 0 {
            header.typeflag = if header.path.ends_with(b"/") { b'5' } else { b'0' };
        }
        Ok(pending.pax)
    }

    /// Makes the record of an entry that was read, and notes what is odd about it.
    fn collect(
        &mut self,
        header: &Header,
        sha256: Option<Sha256>,
        mut xattrs: Xattrs,
        mut notes: Vec<NoteKind>,
        offset: u64,
    ) -> Result<(), ArtifactError> {
        let is_label = header.is_label && !self.collector.is_layer();
        let entry_type = if is_label { EntryType::File } else { entry_type(header.typeflag, &mut notes) };
        notes.extend(chosen([(is_label, NoteKind::VolumeLabel)]));
        let settled = path::settle(&header.path);
        // LIMIT: Limits::path_bytes holds for every spelling (`./././...`).
        if wide(header.path.len()) > wide(self.limits.path_bytes) {
            return Err(self.over("bytes of a path", wide(self.limits.path_bytes), offset));
        }
        note_header(header, entry_type, &settled, &xattrs, &mut notes);
        let link_target = link_target(header, entry_type, &mut notes);
        // SECURITY: some readers of archives write it where it says. Pullers of images do not.
        if notes.contains(&NoteKind::AbsolutePath) && !self.collector.is_layer() {
            xattrs.push((b"absolute-path".to_vec(), Vec::new()));
        }
        let mut path = settled.path;
        if path.is_empty() && entry_type == EntryType::Directory && !header.path.is_empty() {
            // SECURITY: pullers set it on the root of the container, and no inventory lists it.
            notes.extend(root_entry(header, &xattrs, self.collector.is_layer()));
            self.note_all(notes, b"", offset);
            return Ok(());
        }
        if path.is_empty() {
            notes.push(NoteKind::ReplacedRoot);
            path = OUTSIDE.to_vec();
        }
        let is_device = matches!(entry_type, EntryType::CharDevice | EntryType::BlockDevice);
        let device = (header.device.0.cast_unsigned(), header.device.1.cast_unsigned());
        let record = FileRecord {
            path,
            entry_type,
            mode: u32::try_from(header.mode & 0o7777).unwrap_or_default(),
            uid: header.uid.cast_unsigned(),
            gid: header.gid.cast_unsigned(),
            size: if entry_type == EntryType::File { header.size.cast_unsigned() } else { 0 },
            sha256: sha256.map(FileDigest),
            link_target,
            device: is_device.then_some(device),
            xattrs,
        };
        self.note_all(notes, &record.path, offset);
        self.collector.push(record, offset)
    }

    fn note_all(&mut self, notes: Vec<NoteKind>, path: &[u8], offset: u64) {
        for note in notes {
            self.collector.note(note, path, offset);
        }
    }
}

/// Where the content ends for readers that go by the header's size: the offset of the next header to them, from the content's
/// start. `None` where that is where it is.
///
/// SECURITY: CVE-2025-62518, RUSTSEC-2026-0068.
fn differing_end(own_size: i64, stored: u64, notes: &[NoteKind]) -> Option<u64> {
    if !notes.contains(&NoteKind::PaxSizeDiffers) {
        return None;
    }
    let block = wide(BLOCK);
    let end = u64::try_from(own_size).ok()?.checked_next_multiple_of(block)?;
    (end != stored.next_multiple_of(block)).then_some(end)
}

fn entry_type(typeflag: u8, notes: &mut Vec<NoteKind>) -> EntryType {
    match typeflag {
        b'0' | b'S' => EntryType::File,
        b'1' => EntryType::Hardlink,
        b'2' => EntryType::Symlink,
        b'3' => EntryType::CharDevice,
        b'4' => EntryType::BlockDevice,
        b'5' => EntryType::Directory,
        b'6' => EntryType::Fifo,
        _ => {
            notes.push(NoteKind::OddType);
            EntryType::File
        }
    }
}

/// Names that say somebody else than root, where the number says root, or the other way round.
///
/// SECURITY: GNU tar as root goes by name, BSD tar, busybox and Python too; Go and containerd by number. As an attribute it is compared with
/// everything else.
fn owner_names(header: &Header, notes: &mut Vec<NoteKind>) -> Xattrs {
    let named = [(b"uname", header.uid, &header.owner_name), (b"gname", header.gid, &header.group_name)];
    let other = named.into_iter().filter(|(_, id, name)| match name.as_slice() {
        b"" | b"wheel" => false,
        b"root" => *id != 0,
        _ => *id == 0,
    });
    let found: Xattrs = other.map(|(key, _, name)| (key.to_vec(), name.clone())).collect();
    notes.extend(chosen([(!found.is_empty(), NoteKind::OwnerByName)]));
    found
}

/// SECURITY: readers without sparse files write a file of the header's name, with the map in it.
fn note_sparse(stored_path: &[u8], path: &[u8], notes: &mut Vec<NoteKind>) {
    let is_kept_apart = stored_path.split(|byte| *byte == b'/').any(|segment| segment.starts_with(b"GNUSparseFile."));
    let other_name = stored_path != path && !is_kept_apart;
    notes.push(if other_name { NoteKind::SparseOtherName } else { NoteKind::Sparse });
}

/// What the entry of the root itself is.
///
/// SECURITY: some pullers set it on the root of the container, containerd passes over it. Of a plain archive it is about the folder that it
/// is unpacked into, and whoever packs his own folder is its owner.
fn root_entry(header: &Header, xattrs: &Xattrs, is_layer: bool) -> Option<NoteKind> {
    let mode = header.mode & 0o7777;
    let raised = mode & 0o7002 != 0 || !xattrs.is_empty();
    let is_owned = (header.uid, header.gid) != (0, 0);
    match () {
        () if is_layer && (raised || !matches!(mode, 0o755 | 0o555)) => Some(NoteKind::RaisedRootEntry),
        () if raised || (is_layer && is_owned) => Some(NoteKind::OddRootEntry),
        () if is_owned || mode != 0o755 => Some(NoteKind::RootEntry),
        () => None,
    }
}

fn note_header(header: &Header, entry_type: EntryType, settled: &Settled, xattrs: &Xattrs, notes: &mut Vec<NoteKind>) {
    let is_file = entry_type == EntryType::File;
    notes.extend(header.notes());
    notes.extend(chosen([
        (header.disputed_prefix, NoteKind::DisputedPrefix),
        (header.odd_magic, NoteKind::OddMagic),
        (header.odd_version, NoteKind::OddVersion),
        (header.prefix_in_gnu, NoteKind::PrefixInGnuHeader),
        (header.format == Format::V7, NoteKind::OldFormat),
        (header.has_odd_number(), NoteKind::OddNumber),
        (header.odd_sparse, NoteKind::UnknownSparse),
        (is_file && header.size == 0 && !header.link.is_empty(), NoteKind::LinkOnFile),
        (!is_file && header.size != 0, NoteKind::SizeOnEmptyType),
        (header.path.is_empty(), NoteKind::EmptyName),
        (header.path.contains(&0) || header.link.contains(&0), NoteKind::NulInName),
        (is_file && settled.trailing_slash, NoteKind::TrailingSlashFile),
        (settled.rewritten, NoteKind::RewrittenPath),
        (settled.absolute, NoteKind::AbsolutePath),
        (settled.parent, NoteKind::ParentInPath),
        (xattrs.iter().any(|(name, _)| name == b"security.capability"), NoteKind::Capability),
    ]));
}

/// A symbolic link's target is kept as written; a hard link's is a path of this archive.
fn link_target(header: &Header, entry_type: EntryType, notes: &mut Vec<NoteKind>) -> Vec<u8> {
    match entry_type {
        EntryType::Symlink => {
            notes.extend(chosen([(header.link.is_empty(), NoteKind::EmptyLinkTarget)]));
            header.link.clone()
        }
        EntryType::Hardlink => {
            let target = path::settle(&header.link);
            notes.extend(chosen([
                (target.path.is_empty(), NoteKind::EmptyLinkTarget),
                (header.link.ends_with(b"/") || header.link.ends_with(b"/."), NoteKind::HardlinkTargetSlash),
                (target.parent, NoteKind::HardlinkEscapes),
                (target.absolute, NoteKind::AbsolutePath),
            ]));
            target.path
        }
        _ => Vec::new(),
    }
}

fn chosen<const N: usize>(kinds: [(bool, NoteKind); N]) -> impl Iterator<Item = NoteKind> {
    kinds.into_iter().filter_map(|(odd, kind)| odd.then_some(kind))
}
