//! Zip files made by hand, so that every field of them can be a lie.
//!
//! ```
//! use lasthand_testkit::zips::{Entry, Zip};
//! let bytes = Zip::of(vec![Entry::deflated("a.txt", b"hello")]).bytes();
//! assert!(bytes.starts_with(b"PK\x03\x04"));
//! ```
#![expect(clippy::unwrap_used, reason = "test support: a file that cannot be made is a bug of the test")]

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// What a header says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Name.
    pub name: Vec<u8>,
    /// General purpose flags.
    pub flags: u16,
    /// Method: 0 stored, 8 deflated.
    pub method: u16,
    /// Checksum of the content.
    pub crc: u32,
    /// Bytes as stored.
    pub packed: u32,
    /// Bytes of the content.
    pub size: u32,
    /// Extra fields.
    pub extra: Vec<u8>,
}

/// One entry: what each header says, and the bytes between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The header at the entry.
    pub local: Header,
    /// The header in the central directory.
    pub central: Header,
    /// The content as stored.
    pub data: Vec<u8>,
    /// What follows the content: a data descriptor.
    pub after: Vec<u8>,
    /// Who made it, in the upper byte: 3 is Unix.
    pub made_by: u16,
    /// Attributes: the Unix mode in the upper half.
    pub attributes: u32,
    /// Comment in the central directory.
    pub comment: Vec<u8>,
    /// Added to the offset that the central directory has.
    pub moved: i64,
    /// Whether the central directory lists it.
    pub listed: bool,
    /// Whether it is there at all: a header at the entry, and its content.
    pub written: bool,
}

impl Entry {
    /// A stored file.
    #[must_use]
    pub fn stored(name: &str, content: &[u8]) -> Self {
        Self::new(name, content, 0, content.to_vec())
    }

    /// A deflated file.
    #[must_use]
    pub fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        Self::new(name, content, 8, encoder.finish().unwrap())
    }

    /// A deflated file whose sizes follow it, with the signature of the descriptor or without.
    #[must_use]
    pub fn streamed(name: &str, content: &[u8], signature: bool) -> Self {
        let mut entry = Self::deflated(name, content);
        let Header { crc, packed, size, .. } = entry.central;
        entry.after = if signature { b"PK\x07\x08".to_vec() } else { Vec::new() };
        entry.after.extend([crc, packed, size].iter().flat_map(|number| number.to_le_bytes()));
        entry.both(|header| header.flags |= 8);
        (entry.local.crc, entry.local.packed, entry.local.size) = (0, 0, 0);
        entry
    }

    fn new(name: &str, content: &[u8], method: u16, data: Vec<u8>) -> Self {
        let mut crc = Crc::new();
        crc.update(content);
        let header = Header {
            name: name.as_bytes().to_vec(),
            flags: if name.is_ascii() { 0 } else { 1 << 11 },
            method,
            crc: crc.sum(),
            packed: u32::try_from(data.len()).unwrap(),
            size: u32::try_from(content.len()).unwrap(),
            extra: Vec::new(),
        };
        let central = header.clone();
        let (after, comment) = (Vec::new(), Vec::new());
        let (made_by, attributes) = (3 << 8, 0o100_644 << 16);
        Self {
            local: header,
            central,
            data,
            after,
            made_by,
            attributes,
            comment,
            moved: 0,
            listed: true,
            written: true,
        }
    }

    /// Changes both headers alike.
    pub fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }

    /// The same with another mode, type bits among it.
    #[must_use]
    pub fn with_mode(self, mode: u32) -> Self {
        Self { attributes: mode << 16, ..self }
    }
}

/// The end record, as far as it can lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct End {
    /// Number of entries, where it is not the true one.
    pub entries: Option<u16>,
    /// Added to the offset of the central directory.
    pub moved: i64,
    /// Comment.
    pub comment: Vec<u8>,
    /// A zip64 record and locator before it, with these added to the number of entries.
    pub zip64: Option<u64>,
}

/// A zip file in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Zip {
    /// Bytes before the first entry.
    pub before: Vec<u8>,
    /// Entries in order.
    pub entries: Vec<Entry>,
    /// Bytes between the last entry and the central directory.
    pub between: Vec<u8>,
    /// The end record.
    pub end: End,
    /// Bytes after everything.
    pub after: Vec<u8>,
}

impl Zip {
    /// A file of these entries, and nothing odd.
    #[must_use]
    pub fn of(entries: Vec<Entry>) -> Self {
        Self { entries, ..Self::default() }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        let mut directory = Vec::new();
        let mut listed = 0_u16;
        for entry in &self.entries {
            let offset = i64::try_from(out.len()).unwrap() + entry.moved;
            if entry.written {
                out.extend(b"PK\x03\x04\x14\0");
                out.extend(fields(&entry.local));
                out.extend(&entry.local.name);
                out.extend(&entry.local.extra);
                out.extend(&entry.data);
                out.extend(&entry.after);
            }
            if entry.listed {
                listed = listed.wrapping_add(1);
                directory.extend(b"PK\x01\x02");
                directory.extend((entry.made_by | 20).to_le_bytes());
                directory.extend(b"\x14\0");
                directory.extend(fields(&entry.central));
                directory.extend(u16::try_from(entry.comment.len()).unwrap().to_le_bytes());
                directory.extend([0; 4]);
                directory.extend(entry.attributes.to_le_bytes());
                directory.extend(u32::try_from(offset).unwrap_or_default().to_le_bytes());
                directory.extend(&entry.central.name);
                directory.extend(&entry.central.extra);
                directory.extend(&entry.comment);
            }
        }
        out.extend(&self.between);
        let offset = u32::try_from(out.len()).unwrap();
        let size = u32::try_from(directory.len()).unwrap();
        out.extend(directory);
        self.close(&mut out, listed, (size, offset));
        out.extend(&self.after);
        out
    }

    fn close(&self, out: &mut Vec<u8>, listed: u16, (size, offset): (u32, u32)) {
        let End { entries, moved, comment, zip64 } = &self.end;
        if let Some(more) = zip64 {
            let at = u64::try_from(out.len()).unwrap();
            let count = u64::from(listed) + more;
            out.extend(b"PK\x06\x06");
            out.extend(44_u64.to_le_bytes());
            out.extend(b"\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
            out.extend([count, count, u64::from(size), u64::from(offset)].iter().flat_map(|n| n.to_le_bytes()));
            out.extend(b"PK\x06\x07\0\0\0\0");
            out.extend(at.to_le_bytes());
            out.extend(1_u32.to_le_bytes());
        }
        let entries = entries.unwrap_or(listed);
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(entries.to_le_bytes());
        out.extend(entries.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(u32::try_from(i64::from(offset) + moved).unwrap_or_default().to_le_bytes());
        out.extend(u16::try_from(comment.len()).unwrap().to_le_bytes());
        out.extend(comment);
    }
}

/// From the flags to the length of the extra fields.
fn fields(header: &Header) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(header.flags.to_le_bytes());
    out.extend(header.method.to_le_bytes());
    // 1980-01-01.
    out.extend([0, 0, 0x21, 0]);
    out.extend([header.crc, header.packed, header.size].iter().flat_map(|number| number.to_le_bytes()));
    out.extend(u16::try_from(header.name.len()).unwrap().to_le_bytes());
    out.extend(u16::try_from(header.extra.len()).unwrap().to_le_bytes());
    out
}
