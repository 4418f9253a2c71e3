//! What was found in a layer, kept for the next reading of the same bytes.
//!
//! Facts only: digests, records and notes. Everything that a manifest or a policy asks of them is asked anew.

use std::sync::Arc;

use lasthand_model::digest::Sha256;
use lasthand_model::inventory::Records;
use lasthand_model::limits::Limits;

use crate::image::LayerFacts;
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
    /// The facts of a key; `None` when there are none, or when they were damaged.
    fn load(&self, key: &CacheKey) -> Option<Vec<u8>>;

    /// Keeps facts, which come in pieces, one behind another. One that cannot be kept is not.
    fn store(&self, key: &CacheKey, facts: &[&[u8]]);
}

/// Keeps facts and notes of a layer.
///
/// Cost: for as long as it lasts 44 bytes for each entry; offsets and text are taken from where they lie.
pub(crate) fn store(cache: &dyn FactsCache, key: LayerKey, facts: &LayerFacts, notes: &[ReaderNote]) {
    let mut out = Vec::new();
    out.extend_from_slice(facts.digest.as_bytes());
    out.extend_from_slice(facts.diff_id.as_bytes());
    out.extend_from_slice(&facts.size.to_le_bytes());
    out.extend_from_slice(&facts.came_out.to_le_bytes());
    push(&mut out, facts.media_type.as_bytes());
    push_number(&mut out, notes.len());
    notes.iter().for_each(|note| push_note(&mut out, note));
    push_number(&mut out, facts.offsets.len());
    let (records, key) = (&facts.records, CacheKey::Layer(key.into()));
    cache.store(&key, &[&out, facts.offsets.as_bytes(), &records.head(), records.text()]);
}

/// Reads what [`store`] wrote; `None` for anything else.
pub(crate) fn decode(bytes: Vec<u8>, limits: &Limits) -> Option<(LayerFacts, Vec<ReaderNote>)> {
    let mut rest = bytes.as_slice();
    let digest = Sha256::from_bytes(array(&mut rest)?);
    let diff_id = Sha256::from_bytes(array(&mut rest)?);
    let size = u64::from_le_bytes(array(&mut rest)?);
    let came_out = u64::from_le_bytes(array(&mut rest)?);
    let media_type = String::from_utf8(text(&mut rest)?.to_vec()).ok()?;
    let count = number(&mut rest)?;
    let notes = (0..count).map(|_| note(&mut rest)).collect::<Option<Vec<_>>>()?;
    let count = number(&mut rest)?;
    let offsets = Offsets::take(&mut rest, count)?;
    let skipped = bytes.len() - rest.len();
    let records = Arc::new(Records::from_bytes(bytes, skipped, limits)?);
    let inside = std::collections::BTreeMap::new();
    let is_whole = records.len() == offsets.len();
    is_whole.then_some((LayerFacts { digest, diff_id, size, media_type, records, inside, offsets, came_out }, notes))
}

/// Notes about several entries are those of archives inside, which are not kept.
pub(crate) fn push_note(out: &mut Vec<u8>, note: &ReaderNote) {
    push(out, note.kind.as_str().as_bytes());
    push(out, &note.path);
    out.extend_from_slice(&note.offset.to_le_bytes());
}

pub(crate) fn note(rest: &mut &[u8]) -> Option<ReaderNote> {
    let word = text(rest)?;
    let kind = *NoteKind::ALL.iter().find(|kind| kind.as_str().as_bytes() == word)?;
    let path = text(rest)?.to_vec();
    Some(ReaderNote::new(kind, path, u64::from_le_bytes(array(rest)?)))
}

pub(crate) fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    push_number(out, bytes.len());
    out.extend_from_slice(bytes);
}

pub(crate) fn push_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&crate::meter::wide(number).to_le_bytes());
}

pub(crate) fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(rest)?;
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

pub(crate) fn number(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(array(rest)?)).ok()
}

pub(crate) fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}
