//! One entry: its header, the extension headers before it, its content.

use std::io::Read;

use lasthand_model::inventory::{EntryType, FileRecord};

use super::header::{Format, Header};
use super::pax::Xattrs;
use super::{Pending, TarStream};
use crate::collect::wide;
use crate::error::{ArtifactError, PathFault};
use crate::note::NoteKind;
use crate::path;

/// The largest size that a ustar header holds in octal.
const USTAR_MAX_SIZE: u64 = (1 << 33) - 1;

impl<R: Read> TarStream<'_, '_, R> {
    /// Applies what waits to the header, reads the content and gives the record to the collector.
    pub(super) fn entry(&mut self, mut header: Header, pending: Pending, offset: u64) -> Result<(), ArtifactError> {
        let mut notes = Vec::new();
        let xattrs = self.merge(&mut header, pending, offset, &mut notes)?;
        let entry_type = self.entry_type(&header, offset)?;
        let plain = self.plain(&header.path).map_err(|fault| self.bad_path(&header.path, fault, offset))?;
        self.note_header(&header, entry_type, &plain, &mut notes);

        let is_file = entry_type == EntryType::File;
        let size = if is_file { header.size } else { 0 };
        // LIMIT: Limits::archive_bytes, before the first byte is read.
        if size > self.limits.archive_bytes {
            return Err(self.over("uncompressed bytes", self.limits.archive_bytes, offset));
        }
        let link_target = self.link_target(&header, entry_type, offset)?;
        let sha256 = if is_file { self.content(size)? } else { None };
        if plain.path.is_empty() {
            return self.root_entry(&header, entry_type, xattrs.is_empty(), notes, offset);
        }
        let is_device = matches!(entry_type, EntryType::CharDevice | EntryType::BlockDevice);
        let record = FileRecord {
            path: plain.path,
            entry_type,
            mode: header.mode,
            uid: header.uid,
            gid: header.gid,
            size,
            sha256,
            link_target,
            device: is_device.then_some(header.device),
            xattrs,
        };
        for note in notes {
            self.collector.note(note, &record.path, offset);
        }
        self.collector.push(record, offset)
    }

    /// Go's order: the header, over it pax, over it the GNU long name and link.
    fn merge(
        &mut self,
        header: &mut Header,
        pending: Pending,
        offset: u64,
        notes: &mut Vec<NoteKind>,
    ) -> Result<Xattrs, ArtifactError> {
        notes.extend(pending.notes);
        let malformed = |reason| self.malformed(offset, reason);
        let mut xattrs = Vec::new();
        if let Some(pax) = &pending.pax {
            if pax.is_sparse() {
                return Err(self.unsupported("a sparse file", offset));
            }
            pax.check_times().map_err(malformed)?;
            xattrs = pax.xattrs().map_err(malformed)?;
            let header_size = header.size;
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
                if let Some(text) = pax.owner_name(key) {
                    *name = text.to_vec();
                }
            }
            // SECURITY: readers that take the header's size see other entries (CVE-2025-62518, RUSTSEC-2026-0068).
            let size_differs = header.size != header_size && header.size <= USTAR_MAX_SIZE;
            for (odd, note) in [
                (size_differs, NoteKind::PaxSizeDiffers),
                (pax.repeated_key, NoteKind::RepeatedPaxKey),
                (pax.has_empty_value(), NoteKind::EmptyPaxValue),
                (pax.has_unapplied(), NoteKind::UnappliedPaxKey),
                (pax.has_foreign_attribute(), NoteKind::ForeignAttribute),
                (pending.long_path.is_some() || pending.long_link.is_some(), NoteKind::MixedExtensions),
            ] {
                if odd {
                    notes.push(note);
                }
            }
        }
        // SECURITY: GNU tar as root goes by name, Go and containerd by number.
        let by_name = |id: u64, name: &[u8]| id == 0 && !matches!(name, b"" | b"root" | b"wheel");
        if by_name(header.uid, &header.owner_name) || by_name(header.gid, &header.group_name) {
            notes.push(NoteKind::OwnerByName);
        }
        for (long, value) in [(pending.long_path, &mut header.path), (pending.long_link, &mut header.link)] {
            if let Some(long) = long.filter(|long| !long.is_empty()) {
                *value = long;
            }
        }
        Ok(xattrs)
    }

    fn entry_type(&self, header: &Header, offset: u64) -> Result<EntryType, ArtifactError> {
        Ok(match header.typeflag {
            // SPEC: Go `next`: the oldest type is a folder when the final name ends in a slash.
            0 if header.path.ends_with(b"/") => EntryType::Directory,
            0 | b'0' => EntryType::File,
            b'1' => EntryType::Hardlink,
            b'2' => EntryType::Symlink,
            b'3' => EntryType::CharDevice,
            b'4' => EntryType::BlockDevice,
            b'5' => EntryType::Directory,
            b'6' => EntryType::Fifo,
            b'S' => return Err(self.unsupported("a sparse file", offset)),
            b'7' => return Err(self.unsupported("a contiguous file", offset)),
            _ => return Err(self.unsupported("an entry type that pullers refuse or skip", offset)),
        })
    }

    fn note_header(&self, header: &Header, entry_type: EntryType, plain: &path::PlainPath, notes: &mut Vec<NoteKind>) {
        let is_file = entry_type == EntryType::File;
        for (odd, note) in [
            (header.signed_checksum, NoteKind::SignedChecksum),
            (header.odd_magic, NoteKind::OddMagic),
            (header.prefix_in_gnu, NoteKind::PrefixInGnuHeader),
            (header.format == Format::V7, NoteKind::OldFormat),
            (!is_file && header.size != 0, NoteKind::SizeOnEmptyType),
            (is_file && plain.trailing_slash, NoteKind::TrailingSlashFile),
            (plain.rewritten, NoteKind::RewrittenPath),
            (header.path.starts_with(b"/"), NoteKind::AbsolutePath),
        ] {
            if odd {
                notes.push(note);
            }
        }
    }

    fn plain(&self, raw: &[u8]) -> Result<path::PlainPath, PathFault> {
        if self.collector.is_layer() { path::rooted(raw) } else { path::plain(raw) }
    }

    /// A symbolic link's target is kept as written; a hard link's is a path of this archive.
    fn link_target(&self, header: &Header, entry_type: EntryType, offset: u64) -> Result<Vec<u8>, ArtifactError> {
        match entry_type {
            EntryType::Symlink if header.link.is_empty() => Err(self.bad_path(&header.link, PathFault::Empty, offset)),
            EntryType::Symlink => Ok(header.link.clone()),
            EntryType::Hardlink => {
                let target = self.plain(&header.link).map_err(|fault| self.bad_path(&header.link, fault, offset))?;
                if target.path.is_empty() {
                    return Err(self.bad_path(&header.link, PathFault::Empty, offset));
                }
                Ok(target.path)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The entry `./`: the root folder itself, which no inventory lists.
    fn root_entry(
        &mut self,
        header: &Header,
        entry_type: EntryType,
        plain_attributes: bool,
        notes: Vec<NoteKind>,
        offset: u64,
    ) -> Result<(), ArtifactError> {
        if entry_type != EntryType::Directory {
            return Err(self.bad_path(&header.path, PathFault::Empty, offset));
        }
        for note in notes {
            self.collector.note(note, b"", offset);
        }
        // SECURITY: pullers set it on the root of the container, and no inventory lists it.
        let odd = self.collector.is_layer() && !matches!(header.mode, 0o755 | 0o555);
        if odd || header.mode & 0o7002 != 0 || (header.uid, header.gid) != (0, 0) || !plain_attributes {
            self.collector.note(NoteKind::RaisedRootEntry, b"", offset);
        } else if header.mode != 0o755 {
            self.collector.note(NoteKind::RootEntry, b"", offset);
        }
        // LIMIT: Limits::path_bytes holds for its spelling too (`./././...`).
        if wide(header.path.len()) > wide(self.limits.path_bytes) {
            return Err(self.over("bytes of a path", wide(self.limits.path_bytes), offset));
        }
        Ok(())
    }
}
