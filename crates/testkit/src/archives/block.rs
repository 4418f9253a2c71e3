//! One header block, field by field, with the checksum that is asked for.

/// Start and length of a field.
pub(super) type Field = (usize, usize);

pub(super) const BLOCK: usize = 512;

pub(super) const NAME: Field = (0, 100);
pub(super) const MODE: Field = (100, 8);
pub(super) const UID: Field = (108, 8);
pub(super) const GID: Field = (116, 8);
pub(super) const SIZE: Field = (124, 12);
pub(super) const TIME: Field = (136, 12);
const CHECKSUM: Field = (148, 8);
pub(super) const TYPEFLAG: Field = (156, 1);
pub(super) const LINK: Field = (157, 100);
pub(super) const MAGIC: Field = (257, 8);
pub(super) const OWNER: Field = (265, 32);
pub(super) const GROUP: Field = (297, 32);
pub(super) const MAJOR: Field = (329, 8);
pub(super) const MINOR: Field = (337, 8);
pub(super) const PREFIX: Field = (345, 155);
pub(super) const STAR_PREFIX: Field = (345, 131);
pub(super) const STAR_TIMES: [Field; 2] = [(476, 12), (488, 12)];
const STAR_TRAILER: Field = (508, 4);
pub(super) const GNU_TIMES: [Field; 2] = [(345, 12), (357, 12)];
/// Four pairs of offset and length.
pub(super) const SPARSE: Field = (386, 96);
pub(super) const SPARSE_EXTENDED: Field = (482, 1);
pub(super) const SPARSE_REAL_SIZE: Field = (483, 12);

/// The form of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    V7,
    Ustar,
    Gnu,
    Star,
    /// `ustar` with a version that is nobody's.
    Odd,
}

/// What stands in the checksum field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checksum {
    Right,
    /// The sum over signed bytes.
    Signed,
    /// The right sum plus this.
    Off(u32),
    /// The right sum in another form: its digits between these.
    Between(&'static [u8], &'static [u8]),
    /// These bytes.
    Bytes([u8; 8]),
}

/// A header.
#[derive(Debug, Clone)]
pub(super) struct Block {
    bytes: [u8; BLOCK],
    pub(super) checksum: Checksum,
}

impl Block {
    pub(super) fn new(format: Format, path: &[u8], typeflag: u8) -> Self {
        let mut block = Self { bytes: [0; BLOCK], checksum: Checksum::Right };
        block.put(NAME, path);
        block.octal(MODE, 0o644);
        block.octal(UID, 0);
        block.octal(GID, 0);
        block.octal(SIZE, 0);
        block.octal(TIME, 0);
        block.typeflag(typeflag);
        block.format(format);
        block
    }

    pub(super) fn format(&mut self, format: Format) {
        let magic: &[u8] = match format {
            Format::V7 => b"",
            Format::Ustar | Format::Star => b"ustar\x0000",
            Format::Gnu => b"ustar  \0",
            Format::Odd => b"ustar\0 1",
        };
        self.put(MAGIC, magic);
        self.put(STAR_TRAILER, if format == Format::Star { b"tar\0" } else { b"" });
        if format != Format::V7 {
            self.octal(MAJOR, 0);
            self.octal(MINOR, 0);
        }
    }

    pub(super) fn is(&self, format: Format) -> bool {
        match format {
            Format::V7 => self.field(MAGIC).starts_with(b"\0"),
            Format::Gnu => self.field(MAGIC) == b"ustar  \0",
            _ => self.field(MAGIC).starts_with(b"ustar\0"),
        }
    }

    pub(super) fn typeflag(&mut self, typeflag: u8) {
        self.put(TYPEFLAG, &[typeflag]);
    }

    pub(super) fn field(&self, (at, length): Field) -> &[u8] {
        &self.bytes[at..at + length]
    }

    /// Fills a field with bytes, then NULs; what does not fit is left out.
    pub(super) fn put(&mut self, (at, length): Field, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(length)];
        self.bytes[at..at + length].fill(0);
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes octal digits with leading zeros and a NUL.
    pub(super) fn octal(&mut self, field: Field, number: u64) {
        let width = field.1 - 1;
        self.put(field, format!("{number:0width$o}\0").as_bytes());
    }

    /// Writes a number in base 256.
    pub(super) fn base256(&mut self, field: Field, number: i64) {
        let (at, length) = field;
        let wide = i128::from(number).to_be_bytes();
        self.bytes[at..at + length].copy_from_slice(&wide[wide.len() - length..]);
        self.bytes[at] |= 0x80;
    }

    pub(super) fn bytes(&self) -> [u8; BLOCK] {
        let mut bytes = self.bytes;
        let (at, length) = CHECKSUM;
        bytes[at..at + length].fill(b' ');
        let unsigned: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
        let signed: i32 = bytes.iter().map(|byte| i32::from(byte.cast_signed())).sum();
        let own = |sum: u32| format!("{sum:06o}\0 ").into_bytes();
        let field = match &self.checksum {
            Checksum::Right => own(unsigned),
            Checksum::Signed => own(signed.max(0).unsigned_abs()),
            Checksum::Off(by) => own(unsigned + by),
            Checksum::Between(before, after) => [before, format!("{unsigned:o}").as_bytes(), after].concat(),
            Checksum::Bytes(bytes) => bytes.to_vec(),
        };
        bytes[at..at + length].fill(0);
        let field = &field[..field.len().min(length)];
        bytes[at..at + field.len()].copy_from_slice(field);
        bytes
    }
}
