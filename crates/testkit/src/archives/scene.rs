//! The archive while it is made: parts in a row, of which one is the header of the entry that features change.

use std::fmt;

use super::block::{Block, Format, LINK, MAGIC, MODE, NAME, SIZE, TYPEFLAG};
use crate::worlds::Rng;

/// What fills the last block of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    Zeros,
    Odd,
}

/// A header with its body, or bytes alone.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) block: Option<Block>,
    /// Blocks between header and body that no size counts.
    pub(super) between: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) padding: Padding,
}

impl Part {
    pub(super) const fn of(block: Block) -> Self {
        Self { block: Some(block), between: Vec::new(), body: Vec::new(), padding: Padding::Zeros }
    }

    /// A header of an extension, its size that of its content.
    pub(super) fn extension(format: Format, path: &[u8], typeflag: u8, body: &[u8]) -> Self {
        let mut part = Self::of(Block::new(format, path, typeflag));
        part.fill(body.to_vec());
        part
    }

    /// Sets a body and its size.
    pub(super) fn fill(&mut self, body: Vec<u8>) {
        self.head().octal(SIZE, length(&body));
        self.body = body;
    }

    /// The header; parts that features change have one.
    pub(super) fn head(&mut self) -> &mut Block {
        self.block.get_or_insert_with(|| Block::new(Format::Ustar, b"nothing", b'0'))
    }

    /// Header and body without padding.
    pub(super) fn unpadded(&self) -> Vec<u8> {
        let head = self.block.as_ref().map(|block| block.bytes().to_vec()).unwrap_or_default();
        [head, self.between.clone(), self.body.clone()].concat()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.unpadded();
        let fill = if self.padding == Padding::Odd { 0xa5 } else { 0 };
        bytes.resize(bytes.len().next_multiple_of(super::block::BLOCK), fill);
        bytes
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(block) = &self.block {
            let text = |field| block.field(field).escape_ascii().to_string().replace("\\x00", "");
            let magic = &block.field(MAGIC)[5..];
            write!(f, "type {} path `{}`", block.field(TYPEFLAG).escape_ascii(), text(NAME))?;
            write!(f, " link `{}` size {} ustar{}", text(LINK), text(SIZE), magic.escape_ascii())?;
        }
        let shown = &self.body[..self.body.len().min(160)];
        write!(f, " between {} body {} `{}`", self.between.len(), self.body.len(), shown.escape_ascii())
    }
}

pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// The archive so far.
pub(super) struct Scene {
    pub(super) rng: Rng,
    pub(super) parts: Vec<Part>,
    /// The first extension of the current entry, and its header.
    current: Option<(usize, usize)>,
    count: usize,
}

impl Scene {
    pub(super) const fn new() -> Self {
        Self { rng: Rng::new(0), parts: Vec::new(), current: None, count: 0 }
    }

    /// A path that no other entry has, shallow or deep.
    pub(super) fn path(&mut self) -> Vec<u8> {
        self.count += 1;
        let folder = self.rng.pick(&["", "", "d/", "d/e/", "usr/share/"]);
        format!("{folder}f{}", self.count).into_bytes()
    }

    /// The header form of an ordinary archive.
    pub(super) fn any_format(&mut self) -> Format {
        *self.rng.pick(&[
            Format::Ustar,
            Format::Ustar,
            Format::Ustar,
            Format::Gnu,
            Format::Gnu,
            Format::V7,
            Format::Star,
        ])
    }

    /// Bytes of a length around the edges of blocks.
    pub(super) fn body(&mut self) -> Vec<u8> {
        let length = match self.rng.below(8) {
            0 => 0,
            1 => *self.rng.pick(&[511, 512, 513, 1023, 1024]),
            2 => self.rng.below(1500),
            _ => 1 + self.rng.below(40),
        };
        self.bytes(length)
    }

    /// Printable bytes, or zeros, or any.
    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let kind = self.rng.below(8);
        (0..length)
            .map(|_| match kind {
                0 => 0,
                1 => self.rng.next_u64().to_le_bytes()[0],
                _ => b'a' + self.rng.next_u64().to_le_bytes()[0] % 26,
            })
            .collect()
    }

    /// Adds a part and makes it the current entry.
    pub(super) fn push(&mut self, part: Part) -> &mut Part {
        let at = self.parts.len();
        self.parts.push(part);
        self.current = Some((at, at));
        &mut self.parts[at]
    }

    /// Adds an entry of a type, without a body.
    pub(super) fn entry(&mut self, path: &[u8], typeflag: u8) -> &mut Part {
        let format = self.any_format();
        let mode = *self.rng.pick(&[0o644, 0o600, 0o755, 0o444]);
        let part = self.push(Part::of(Block::new(format, path, typeflag)));
        part.head().octal(MODE, mode);
        part
    }

    /// Adds a file.
    pub(super) fn file(&mut self) -> &mut Part {
        let (path, body) = (self.path(), self.body());
        let part = self.entry(&path, b'0');
        part.fill(body);
        part
    }

    /// Adds a link.
    pub(super) fn link(&mut self, path: &[u8], typeflag: u8, target: &[u8]) -> &mut Part {
        let part = self.entry(path, typeflag);
        part.head().put(LINK, target);
        part
    }

    /// The entry that a feature changes: as a rule a new file, sometimes the one that the feature before has made.
    pub(super) fn some(&mut self) -> &mut Part {
        if self.current.is_none() || self.rng.chance(45) {
            self.file();
        }
        self.current()
    }

    pub(super) fn current(&mut self) -> &mut Part {
        if self.current.is_none() {
            self.file();
        }
        let (_, at) = self.current.unwrap_or_default();
        &mut self.parts[at]
    }

    /// Puts a part right before the current entry, behind its other extensions.
    pub(super) fn before(&mut self, part: Part) {
        self.current();
        let (start, at) = self.current.unwrap_or_default();
        self.parts.insert(at, part);
        self.current = Some((start, at + 1));
    }

    /// Takes out the part right before the current entry, where it is one of its extensions.
    pub(super) fn take_before(&mut self) -> Option<Part> {
        let (start, at) = self.current.filter(|(start, at)| start < at)?;
        self.current = Some((start, at - 1));
        Some(self.parts.remove(at - 1))
    }

    /// Puts a part before the extensions of the current entry.
    pub(super) fn ahead(&mut self, part: Part) {
        self.current();
        let (start, at) = self.current.unwrap_or_default();
        self.parts.insert(start, part);
        self.current = Some((start, at + 1));
    }

    /// The path field of the current entry, up to its NUL.
    pub(super) fn name(&mut self) -> Vec<u8> {
        let field = self.current().head().field(NAME).to_vec();
        field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
    }

    /// The size that the body of the current entry has.
    pub(super) fn size(&mut self) -> u64 {
        length(&self.current().body)
    }
}
