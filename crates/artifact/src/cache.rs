//! What was found in a layer, kept for the next reading of the same bytes.
//!
//! Facts only: digests, records and notes. Everything that a manifest or a policy asks of them is asked anew.

use std::io::{self, Read, Write};
use std::sync::Arc;

use lasthand_model::digest::Sha256;
use lasthand_model::inventory::Records;
use lasthand_model::limits::Limits;

use crate::image::LayerFacts;
use crate::meter::wide;
use crate::note::{NoteKind, ReaderNote};
use crate::offsets::Offsets;

/// The version of what the reader finds. Raised when the same bytes yield something else.
pub const READER_VERSION: u32 = 7;

/// Which bytes lie at a place, as far as that can be told without reading them.
///
/// Does not prove that they are the same: whoever can write to the file can map it, and change it without its times; and who can set the
/// clock of the machine or write to the device can do so too. See the threat model for whose files are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobIdentity {
    /// Device and inode.
    pub file: (u64, u64),
    /// Owner of the file.
    pub owner: u32,
    /// Type and permission bits of the file.
    pub mode: u32,
    /// Where the blob starts in the file.
    pub start: u64,
    /// Bytes of the blob.
    pub length: u64,
    /// Bytes of the file.
    pub size: u64,
    /// When the content was last changed, in seconds and nanoseconds.
    pub modified: (i64, i64),
    /// When the inode was last changed, in seconds and nanoseconds.
    pub changed: (i64, i64),
}

/// Under what the facts of one layer are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerKey {
    /// The digest that the manifest states of the blob.
    pub blob: Sha256,
    /// The diff id that the config states.
    pub diff_id: Sha256,
    /// Whether a manifest states its media type; else it is told by its bytes.
    pub typed: bool,
    /// The bytes that were there.
    pub identity: BlobIdentity,
    /// The bounds under which they were read.
    pub limits: Limits,
}

/// Under what facts are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheKey {
    /// Those of one layer.
    Layer(Box<LayerKey>),
    /// The way layers lie on each other, the lowest first.
    Tree(Vec<LayerKey>),
}

impl CacheKey {
    /// A name for the key, different for every reader, bound and blob.
    #[must_use]
    pub fn name(&self, reader: &str) -> Sha256 {
        Sha256::of(format!("lasthand {READER_VERSION} {reader} {self:?}").as_bytes())
    }

    /// The blobs that it is about.
    #[must_use]
    pub fn layers(&self) -> &[LayerKey] {
        match self {
            Self::Layer(layer) => std::slice::from_ref(layer),
            Self::Tree(layers) => layers,
        }
    }
}

/// Keeps facts. What it gives back must be what it took: see the threat model.
pub trait FactsCache: Sync {
    /// The facts of a key, to be read once, some bytes at a time; `None` when there are none, or when they were damaged.
    fn load(&self, key: &CacheKey) -> Option<Box<dyn Read + '_>>;

    /// Keeps what `write` writes, which is called once at most; nothing where it fails. What cannot be kept is not.
    fn store(&self, key: &CacheKey, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>);
}

/// Writes facts and notes of a layer.
///
/// Cost: no memory; all is written from where it lies.
pub(crate) fn write(out: &mut dyn Write, facts: &LayerFacts, notes: &[ReaderNote]) -> io::Result<()> {
    out.write_all(facts.digest.as_bytes())?;
    out.write_all(facts.diff_id.as_bytes())?;
    out.write_all(&facts.size.to_le_bytes())?;
    out.write_all(&facts.came_out.to_le_bytes())?;
    write_text(out, facts.media_type.as_bytes())?;
    write_number(out, notes.len())?;
    notes.iter().try_for_each(|note| write_note(out, note))?;
    write_number(out, facts.offsets.len())?;
    out.write_all(facts.offsets.as_bytes())?;
    facts.records.write_to(out)
}

/// Reads what [`write`] wrote; `None` for anything else.
pub(crate) fn read(input: &mut dyn Read, limits: &Limits) -> Option<(LayerFacts, Vec<ReaderNote>)> {
    let digest = Sha256::from_bytes(array(input)?);
    let diff_id = Sha256::from_bytes(array(input)?);
    let size = u64::from_le_bytes(array(input)?);
    let came_out = u64::from_le_bytes(array(input)?);
    let media_type = String::from_utf8(text(input)?).ok()?;
    let count = number(input)?;
    let notes = (0..count).map(|_| note(input)).collect::<Option<Vec<_>>>()?;
    // LIMIT: Limits::entries, before there is room for them.
    let count = number(input).filter(|count| *count <= limits.entries)?;
    let offsets = Arc::new(Offsets::read_from(input, count)?);
    let records = Arc::new(Records::read_from(input, limits)?);
    let inside = std::collections::BTreeMap::new();
    let is_whole = records.len() == offsets.len() && ends(input);
    is_whole.then_some((LayerFacts { digest, diff_id, size, media_type, records, inside, offsets, came_out }, notes))
}

/// Notes about several entries are those of archives inside, which are not kept.
pub(crate) fn write_note(out: &mut dyn Write, note: &ReaderNote) -> io::Result<()> {
    write_text(out, note.kind.as_str().as_bytes())?;
    write_text(out, &note.path)?;
    out.write_all(&note.offset.to_le_bytes())
}

pub(crate) fn note(input: &mut dyn Read) -> Option<ReaderNote> {
    let word = text(input)?;
    let kind = *NoteKind::ALL.iter().find(|kind| kind.as_str().as_bytes() == word)?;
    let path = text(input)?;
    Some(ReaderNote::new(kind, path, u64::from_le_bytes(array(input)?)))
}

fn write_text(out: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    write_number(out, text.len())?;
    out.write_all(text)
}

pub(crate) fn write_number(out: &mut dyn Write, number: usize) -> io::Result<()> {
    out.write_all(&wide(number).to_le_bytes())
}

fn text(input: &mut dyn Read) -> Option<Vec<u8>> {
    let length = number(input)?;
    let mut text = Vec::new();
    input.take(wide(length)).read_to_end(&mut text).ok()?;
    (text.len() == length).then_some(text)
}

pub(crate) fn number(input: &mut dyn Read) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(array(input)?)).ok()
}

pub(crate) fn array<const N: usize>(input: &mut dyn Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// True where nothing comes any more.
pub(crate) fn ends(input: &mut dyn Read) -> bool {
    matches!(input.read(&mut [0]), Ok(0))
}
