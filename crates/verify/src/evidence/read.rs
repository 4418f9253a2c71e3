//! Files of evidence to bytes, bounded.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use lasthand_model::digest::Sha256;
use lasthand_model::inventory::Inventory;
use lasthand_model::limits::Limits;

use super::{Content, InventoryFile};
use crate::error::with_sources;

/// LIMIT: bytes of one record blob.
pub(super) const INVENTORY_BYTES: usize = 1 << 31;

impl Content {
    /// Reads at most `limit` bytes.
    pub(crate) fn bytes(&self, limit: usize) -> io::Result<Cow<'_, [u8]>> {
        match self {
            Self::File(path) => read_bounded(path, limit).map(Cow::Owned),
            Self::Memory(bytes) if bytes.len() > limit => Err(over(limit)),
            Self::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
        }
    }
}

fn over(limit: usize) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("over the limit of {limit} bytes"))
}

/// Reads a plain file of at most `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    // SECURITY: a fifo would be waited for without end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a plain file"));
    }
    let mut bytes = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX);
    File::open(path)?.take(bound.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(over(limit));
    }
    Ok(bytes)
}

/// Reads a record blob and recomputes its root.
///
/// # Errors
/// In words: unreadable, not a record blob, or one of another root than its name says.
pub(crate) fn read_inventory(file: &InventoryFile, limits: &Limits) -> Result<Inventory, String> {
    let inventory = parse(&file.content, limits)?;
    let root = inventory.root();
    // TRUST: the name is a claim; only the root recomputed from the records counts.
    if root != file.named {
        return Err(format!("holds the inventory {root}, its name says another"));
    }
    Ok(inventory)
}

/// The root of a record blob.
///
/// # Errors
/// In words, when it is none.
pub(super) fn root_of(content: &Content, limits: &Limits) -> Result<Sha256, String> {
    parse(content, limits).map(|inventory| inventory.root().0)
}

fn parse(content: &Content, limits: &Limits) -> Result<Inventory, String> {
    let bytes = content.bytes(INVENTORY_BYTES).map_err(|error| error.to_string())?;
    Inventory::from_blob(&bytes, limits).map_err(|error| with_sources(&error))
}
