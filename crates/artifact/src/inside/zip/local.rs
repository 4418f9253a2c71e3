//! One entry as a reader from the start sees it: local header, content, data descriptor.

use super::data::Content;
use super::{CENTRAL, Claim, END, END_64, Fields, LOCAL, NAME_BYTES, Step, Stop, Zip, shown};
use crate::meter::wide;
use crate::note::NoteKind;

/// Sizes and checksum follow the content.
pub(super) const STREAMED: u16 = 1 << 3;
/// Encrypted, strongly encrypted, headers masked, patch data: nothing that is read here.
const UNREADABLE: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;
/// The value that says that a zip64 field has the number.
pub(super) const MASKED: u32 = u32::MAX;

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

impl Zip<'_, '_> {
    /// Reads one entry and keeps what it claims.
    ///
    /// SPEC: APPNOTE 4.3.7.
    pub(super) fn local(&mut self) -> Step<()> {
        // LIMIT: Limits::entries, here for the claims; the collector counts them over the whole artifact.
        if self.claims.len() >= self.limits().entries {
            return Err(self.over("entries", wide(self.limits().entries)));
        }
        let offset = self.input.offset();
        let header = self.bytes(30)?;
        let mut fields = Fields(header.get(4..).unwrap_or_default());
        let needed = fields.u16();
        let (flags, method) = (fields.u16(), fields.u16());
        let _time = fields.u32();
        let (crc, packed, size) = (fields.u32(), fields.u32(), fields.u32());
        let (name_length, extra_length) = (fields.u16(), fields.u16());
        let name = self.name(name_length)?;
        self.name_bytes = self.name_bytes.saturating_add(wide(name.len()));
        if self.name_bytes > NAME_BYTES {
            return Err(self.over("bytes of the names of a zip file", NAME_BYTES));
        }
        let extra = self.bytes(usize::from(extra_length))?;
        let odd = |kind| Stop::Odd(kind, shown(&name));
        if flags & UNREADABLE != 0 {
            return Err(odd(NoteKind::ZipEncrypted));
        }
        if !matches!(method, STORED | DEFLATED) || !is_known(needed) {
            return Err(odd(NoteKind::ZipMethod));
        }
        let extra = Extra::parse(&extra, &name).ok_or_else(|| odd(NoteKind::ZipExtra))?;
        // The order of the two in a zip64 field is the size first.
        let is_streamed = flags & STREAMED != 0;
        let [size, packed] = extra.wide([size, packed], is_streamed).ok_or_else(|| odd(NoteKind::ZipExtra))?;
        let content = match (method, is_streamed) {
            (STORED, true) if packed == 0 && size == 0 => {
                // SECURITY: nothing says where such a content ends. Only an empty one can be told.
                if !self.is_empty_descriptor()? {
                    return Err(odd(NoteKind::ZipStreamed));
                }
                Content::empty()
            }
            (STORED, _) if packed != size => return Err(odd(NoteKind::ZipSizes)),
            (STORED, _) => self.stored(size)?,
            (_, true) => self.inflated(None, &name)?,
            (_, false) => self.inflated(Some(packed), &name)?,
        };
        let stated = [(size, content.size), (packed, content.packed), (u64::from(crc), u64::from(content.crc))];
        // Before a streamed content each number is true, or not known yet.
        if stated.iter().any(|(told, found)| told != found && !(is_streamed && *told == 0)) {
            return Err(odd(NoteKind::ZipSizes));
        }
        if is_streamed && !self.descriptor(&content, extra.zip64.is_some())? {
            return Err(odd(NoteKind::ZipStreamed));
        }
        let mode = extra.mode();
        let Content { packed, size, crc, digest } = content;
        self.claims.push(Claim { offset, name, flags, method, crc, packed, size, digest, mode, listed: false });
        Ok(())
    }

    fn is_empty_descriptor(&mut self) -> Step<bool> {
        let next = self.input.peek(16)?;
        Ok(next.starts_with(b"PK\x07\x08\0\0\0\0\0\0\0\0\0\0\0\0") || next.starts_with(&[0; 12]))
    }

    /// Takes the data descriptor: with its signature or without, with numbers of 8 bytes where the header has a zip64 field or they are
    /// too large for 4, else of 4.
    ///
    /// Out: false when neither form has the numbers that were found and a header after it.
    ///
    /// SPEC: APPNOTE 4.3.9.
    fn descriptor(&mut self, found: &Content, has_zip64: bool) -> Step<bool> {
        let crc = found.crc.to_le_bytes();
        let numbers = match (u32::try_from(found.packed), u32::try_from(found.size)) {
            (Ok(packed), Ok(size)) if !has_zip64 => [packed.to_le_bytes(), size.to_le_bytes()].concat(),
            _ => [found.packed.to_le_bytes(), found.size.to_le_bytes()].concat(),
        };
        let next = self.input.peek(28)?.to_vec();
        let mut fitting = Vec::new();
        for mark in [&b"PK\x07\x08"[..], b""] {
            let form = [mark, &crc, &numbers].concat();
            let after = next.strip_prefix(form.as_slice()).and_then(|rest| rest.get(..4));
            if after.is_some_and(|after| [LOCAL, CENTRAL, END, END_64].iter().any(|known| after == known)) {
                fitting.push(form.len());
            }
        }
        // SECURITY: where two forms fit, two readers go on at two places.
        let [length] = fitting.as_slice() else { return Ok(false) };
        self.bytes(*length)?;
        Ok(true)
    }
}

/// The newest version of the format that there is, 6.3: readers pass over an entry that needs another one, or unpack it all the same.
const NEWEST: u16 = 63;

/// True for a version needed to extract that there is. The high byte says who made it, to some.
///
/// SPEC: APPNOTE 4.4.3.
pub(super) const fn is_known(needed: u16) -> bool {
    needed & 0xff <= NEWEST
}

/// The extra fields of a header, as far as they change what it says.
pub(super) struct Extra {
    /// Content of the zip64 field.
    zip64: Option<Vec<u8>>,
    /// The mode in a field of ASi: some readers take it in place of what the central directory says.
    mode: Option<u32>,
}

impl Extra {
    /// `None` where the fields are malformed, twice, or give the entry another name.
    ///
    /// SPEC: APPNOTE 4.5.1, 4.5.3, 4.6.9 (Unicode path).
    pub(super) fn parse(bytes: &[u8], name: &[u8]) -> Option<Self> {
        let mut extra = Self { zip64: None, mode: None };
        let mut rest = bytes;
        while rest.len() >= 4 {
            let mut fields = Fields(rest);
            let (id, length) = (fields.u16(), usize::from(fields.u16()));
            let content = rest.get(4..4 + length)?;
            rest = rest.get(4 + length..)?;
            match id {
                1 if extra.zip64.is_some() => return None,
                1 => extra.zip64 = Some(content.to_vec()),
                // SPEC: APPNOTE 4.6.2 (0x756e): a checksum, then the mode.
                0x756e if extra.mode.is_some() || content.len() < 14 => return None,
                0x756e => extra.mode = content.get(4..6).map(|mode| u32::from(Fields(mode).u16())),
                // SECURITY: libarchive takes type and mode from its own field.
                0x6c78 => return None,
                // SECURITY: readers that know it take this name, others that of the header.
                0x7075 if content.get(5..)? != name => return None,
                _ => {}
            }
        }
        // Padding of aligned archives.
        rest.iter().all(|byte| *byte == 0).then_some(extra)
    }

    pub(super) const fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// The numbers of a header, those that are masked taken from the zip64 field in their order.
    ///
    /// `None` where one is masked and not there, or where the field has other numbers for what is not masked. Before a streamed content
    /// they may be 0: not known yet.
    pub(super) fn wide<const N: usize>(&self, numbers: [u32; N], is_streamed: bool) -> Option<[u64; N]> {
        let Some(zip64) = &self.zip64 else {
            // 4 GiB less one byte is not told apart: it is refused.
            return (!numbers.contains(&MASKED)).then(|| numbers.map(u64::from));
        };
        let mut fields = Fields(zip64);
        let mut out = numbers.map(u64::from);
        for (number, out) in numbers.iter().zip(&mut out) {
            if *number == MASKED {
                if fields.0.len() < 8 {
                    return None;
                }
                *out = fields.u64();
            }
        }
        // SECURITY: some readers take the field also where nothing is masked.
        let is_masked = numbers.contains(&MASKED);
        let left = fields.0.chunks_exact(8).map(|chunk| Fields(chunk).u64());
        let agrees = if is_masked {
            // A disk number of four bytes may stand at the end.
            fields.0.iter().all(|byte| *byte == 0)
        } else {
            left.zip(&out).all(|(told, known)| told == *known || (is_streamed && told == 0))
        };
        agrees.then_some(out)
    }
}
