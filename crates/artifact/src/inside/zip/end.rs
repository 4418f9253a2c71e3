//! The end records: they must say of the central directory what was read, and be found at one place only.

use super::central::Directory;
use super::{END, END_64, Fields, Step, Stop, Zip};
use crate::note::NoteKind;

const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";

/// True for the 20 bytes that a zip64 locator may be.
pub(super) fn is_locator(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCATOR_64)
}

impl Zip<'_, '_> {
    /// Reads what follows the central directory, to the end of the file.
    ///
    /// SPEC: APPNOTE 4.3.14 to 4.3.16.
    pub(super) fn end(&mut self, directory: &Directory) -> Step<()> {
        let has_zip64 = self.input.signature()? == Some(END_64);
        if has_zip64 {
            self.zip64(directory)?;
        }
        match self.input.signature()? {
            Some(END) => {}
            None => return Err(self.cut()),
            Some(_) => return Err(Stop::Odd(NoteKind::ZipGap, Vec::new())),
        }
        // SECURITY: Python and libarchive look for a zip64 locator right before the end record, whatever that says.
        if directory.ends_as_locator && !has_zip64 {
            return Err(Stop::Odd(NoteKind::ZipEnd, Vec::new()));
        }
        let record = self.bytes(22)?;
        let mut fields = Fields(record.get(4..).unwrap_or_default());
        let (disk, first_disk) = (fields.u16(), fields.u16());
        let counts = [fields.u16(), fields.u16()];
        let places = [(fields.u32(), directory.size), (fields.u32(), directory.offset)];
        let comment_length = fields.u16();
        // SECURITY: what is masked is in the zip64 record, which was compared; anything else must be true.
        let is_masked = |masked: bool| masked && has_zip64;
        let counts_hold =
            counts.iter().all(|count| u64::from(*count) == directory.entries || is_masked(*count == u16::MAX));
        let places_hold = places.iter().all(|(told, known)| u64::from(*told) == *known || is_masked(*told == u32::MAX));
        let disks_hold = [disk, first_disk].iter().all(|disk| *disk == 0 || is_masked(*disk == u16::MAX));
        if !(counts_hold && places_hold && disks_hold) {
            return Err(Stop::Odd(NoteKind::ZipEnd, Vec::new()));
        }
        let comment = self.bytes(usize::from(comment_length))?;
        if self.input.signature()?.is_some() || !self.input.peek(1)?.is_empty() {
            return Err(Stop::Odd(NoteKind::ZipTrailing, Vec::new()));
        }
        // SECURITY: readers look for the record from the end, and take the first one they meet.
        let behind = [record.get(1..).unwrap_or_default(), comment.as_slice()].concat();
        if behind.windows(END.len()).any(|window| window == END) {
            return Err(Stop::Odd(NoteKind::ZipEnd, Vec::new()));
        }
        Ok(())
    }

    fn zip64(&mut self, directory: &Directory) -> Step<()> {
        let offset = self.input.offset();
        let record = self.bytes(56)?;
        let mut fields = Fields(record.get(4..).unwrap_or_default());
        let size = fields.u64();
        let _versions = fields.u32();
        let disks = [fields.u32(), fields.u32()];
        let told = [fields.u64(), fields.u64(), fields.u64(), fields.u64()];
        let known = [directory.entries, directory.entries, directory.size, directory.offset];
        // A record with more in it is of a later version, which few readers know.
        let record_holds = size == 44 && disks == [0, 0] && told == known;
        let locator = self.bytes(20)?;
        let mut fields = Fields(locator.get(4..).unwrap_or_default());
        let locator_holds =
            locator.starts_with(&LOCATOR_64) && (fields.u32(), fields.u64(), fields.u32()) == (0, offset, 1);
        if record_holds && locator_holds { Ok(()) } else { Err(Stop::Odd(NoteKind::ZipEnd, Vec::new())) }
    }
}
