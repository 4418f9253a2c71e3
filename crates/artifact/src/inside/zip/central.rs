//! The central directory, entry by entry against the claims of the local headers.

use lasthand_model::inventory::{EntryType, FileRecord};

use super::end::is_locator;
use super::local::{Extra, STREAMED, is_known};
use super::{CENTRAL, Claim, Fields, Step, Stop, Zip, shown};
use crate::meter::wide;
use crate::note::{NoteKind, ReaderNote};
use crate::path;

/// Where the central directory lies, and how many entries it has.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) entries: u64,
    /// Its last entry ends with what readers from the end take for a zip64 locator.
    pub(super) ends_as_locator: bool,
}

/// Names are UTF-8.
const UTF8: u16 = 1 << 11;
/// How hard the packer tried; it changes nothing.
const EFFORT: u16 = 1 << 1 | 1 << 2;

/// The attribute of a folder on DOS, in the lower half.
///
/// SPEC: APPNOTE 4.4.15.
const DOS_FOLDER: u32 = 0x10;

/// The bit of a volume's label among the attributes of DOS.
const DOS_LABEL: u32 = 0x08;

/// One header of the central directory.
struct Listed {
    made_by: u8,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    disk: u16,
    attributes: u32,
    offset: u64,
    name: Vec<u8>,
    /// The mode in an extra field.
    mode: Option<u32>,
    ends_as_locator: bool,
}

impl Zip<'_, '_> {
    /// Reads the central directory. Every entry must be that of one local header, and of another one each.
    ///
    /// SPEC: APPNOTE 4.3.12.
    pub(super) fn central(&mut self) -> Step<Directory> {
        let offset = self.input.offset();
        let (mut entries, mut ends_as_locator) = (0, false);
        while self.input.signature()? == Some(CENTRAL) {
            entries += 1;
            // LIMIT: Limits::entries, also for a directory that lists more than there is.
            if entries > wide(self.limits().entries) {
                return Err(self.over("entries", wide(self.limits().entries)));
            }
            let listed = self.listed()?;
            ends_as_locator = listed.ends_as_locator;
            self.confirm(&listed)?;
        }
        Ok(Directory { offset, size: self.input.offset() - offset, entries, ends_as_locator })
    }

    fn listed(&mut self) -> Step<Listed> {
        let header = self.bytes(46)?;
        let mut fields = Fields(header.get(4..).unwrap_or_default());
        let made_by = u8::try_from(fields.u16() >> 8).unwrap_or_default();
        let needed = fields.u16();
        let (flags, method) = (fields.u16(), fields.u16());
        let _time = fields.u32();
        let (crc, packed, size) = (fields.u32(), fields.u32(), fields.u32());
        let (name_length, extra_length, comment_length) = (fields.u16(), fields.u16(), fields.u16());
        let (disk, _internal) = (fields.u16(), fields.u16());
        let (attributes, offset) = (fields.u32(), fields.u32());
        let name = self.name(name_length)?;
        if !is_known(needed) {
            return Err(Stop::Odd(NoteKind::ZipMethod, shown(&name)));
        }
        let extra = self.bytes(usize::from(extra_length))?;
        let comment = self.bytes(usize::from(comment_length))?;
        // SECURITY: any field may hold one, or parts of it.
        let whole = [header.as_slice(), &name, &extra, &comment].concat();
        let ends_as_locator = whole.len().checked_sub(20).and_then(|at| whole.get(at..)).is_some_and(is_locator);
        let odd = || Stop::Odd(NoteKind::ZipExtra, shown(&name));
        let extra = Extra::parse(&extra, &name).ok_or_else(odd)?;
        let [size, packed, offset] = extra.wide([size, packed, offset], false).ok_or_else(odd)?;
        let mode = extra.mode();
        Ok(Listed { made_by, flags, method, crc, packed, size, disk, attributes, offset, name, mode, ends_as_locator })
    }

    fn confirm(&mut self, listed: &Listed) -> Step<()> {
        let at = self.claims.binary_search_by_key(&listed.offset, |claim| claim.offset);
        let Some(claim) = at.ok().and_then(|at| self.claims.get_mut(at)).filter(|claim| !claim.listed) else {
            // SECURITY: entries that share bytes (zip bombs that overlap), or that lie in the content of others.
            match &mut self.overlap {
                Some(first) => first.more += 1,
                None => {
                    self.overlap = Some(ReaderNote::new(NoteKind::ZipOverlap, shown(&listed.name), listed.offset));
                }
            }
            return Ok(());
        };
        claim.listed = true;
        let mut notes = Vec::new();
        if differs(claim, listed) {
            notes.push(NoteKind::ZipMismatch);
        }
        let (record, mut odd) = record(claim, listed);
        notes.append(&mut odd);
        let offset = claim.offset;
        for kind in notes {
            self.collector.note(kind, &record.path, offset);
        }
        if record.path.is_empty() {
            return Ok(());
        }
        self.collector.push(record, offset).map_err(Stop::Error)
    }
}

/// SECURITY: what a reader from the start and a reader from the end would take differently.
fn differs(claim: &Claim, listed: &Listed) -> bool {
    // A header written first may say that sizes follow, and the directory that they are known; not the other way round.
    let known_later = claim.flags & STREAMED;
    let flags = (claim.flags ^ listed.flags) & !(EFFORT | known_later);
    let numbers = (claim.method, claim.crc, claim.packed, claim.size);
    flags != 0
        || listed.disk != 0
        || claim.name != listed.name
        || numbers != (listed.method, listed.crc, listed.packed, listed.size)
}

/// True for a name that ends as one with a version on VMS: Info-ZIP takes `;` and the digits after it away.
fn has_version(name: &[u8]) -> bool {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    name.get(..name.len() - digits).is_some_and(|rest| rest.ends_with(b";"))
}

/// The record of an entry, and what is odd about its name and kind.
fn record(claim: &Claim, listed: &Listed) -> (FileRecord, Vec<NoteKind>) {
    let name = claim.name.as_slice();
    let settled = path::settle(name);
    let mut notes = Vec::new();
    let is_folder = settled.trailing_slash;
    // SPEC: APPNOTE 4.4.2: 3 is Unix, 19 is macOS; both keep the mode in the upper half.
    let stated = listed.attributes >> 16;
    let mode = if matches!(listed.made_by, 3 | 19) { stated } else { 0 };
    let is_ascii = name.is_ascii();
    let is_utf8 = claim.flags & UTF8 != 0;
    let has_drive = name.get(1) == Some(&b':') && name.first().is_some_and(u8::is_ascii_alphabetic);
    let is_misread = is_utf8 && std::str::from_utf8(name).is_err();
    let odd_name = settled.absolute
        || has_drive
        || is_misread
        || settled.path.is_empty()
        || name.contains(&0)
        || name.contains(&b'\\')
        || (!is_folder && has_version(name));
    // SECURITY: Info-ZIP takes kind and mode from the field, whatever the directory says.
    let is_kind = if is_folder { 0o040_000 } else { 0o100_000 };
    let told = [claim.mode, listed.mode].into_iter().flatten();
    let other_mode = told.into_iter().any(|told| told & 0o170_000 != is_kind || told & 0o7777 != mode & 0o7777);
    // SECURITY: Info-ZIP makes links and devices of what the mode says, on some hosts; others go by the mode whatever the host;
    // Java and Python write files.
    let is_dos_folder = listed.attributes & DOS_FOLDER != 0;
    let other_kind = match stated & 0o170_000 {
        0 => false,
        // Old packers of jars wrote -1 as the mode of a folder.
        0o170_000 => !(is_folder && is_dos_folder && stated == 0xffff),
        0o040_000 => !is_folder,
        0o100_000 => is_folder,
        _ => true,
    };
    // SECURITY: Info-ZIP passes over the label of a volume.
    let other_by_dos = (is_dos_folder && !is_folder) || listed.attributes & DOS_LABEL != 0;
    for (is_odd, kind) in [
        (odd_name, NoteKind::ZipName),
        (other_mode, NoteKind::ZipExtra),
        (settled.parent, NoteKind::ParentInPath),
        (settled.rewritten, NoteKind::RewrittenPath),
        (!is_ascii && !is_utf8, NoteKind::ZipEncoding),
        (other_kind || other_by_dos || (is_folder && claim.size != 0), NoteKind::ZipKind),
    ] {
        if is_odd {
            notes.push(kind);
        }
    }
    let record = FileRecord {
        path: settled.path,
        entry_type: if is_folder { EntryType::Directory } else { EntryType::File },
        mode: mode & 0o7777,
        uid: 0,
        gid: 0,
        size: if is_folder { 0 } else { claim.size },
        sha256: (!is_folder).then_some(claim.digest),
        link_target: Vec::new(),
        device: None,
        xattrs: Vec::new(),
    };
    (record, notes)
}
