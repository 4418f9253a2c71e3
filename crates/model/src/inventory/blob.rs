//! The record blob: an inventory as bytes, and back.
//!
//! The way back takes only what the way out writes, so one inventory has one blob and one root.

use std::sync::Arc;

use thiserror::Error;

use super::{EntryType, FileRecord, Inventory, RecordAt, Records, escape_path, push_field};
use crate::digest::{FileDigest, Sha256};
use crate::limits::Limits;

/// Why bytes are not the record blob of an inventory. Offsets are in bytes from the start of the blob.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// More records than allowed.
    #[error("more than {limit} records")]
    OverEntries {
        /// Records allowed.
        limit: usize,
    },
    /// A path, link target or set of extended attributes that is too long.
    #[error("field {field} of the record at byte {offset} has over {limit} bytes")]
    OverLength {
        /// Where the record starts.
        offset: usize,
        /// The field.
        field: Field,
        /// Bytes allowed.
        limit: usize,
    },
    /// A length that points past the end.
    #[error("record at byte {offset} is cut short")]
    Truncated {
        /// Where the record starts.
        offset: usize,
    },
    /// A record whose path does not sort after the path before it.
    #[error("path `{path}` does not sort after the one before it")]
    NotSorted {
        /// The path, escaped.
        path: String,
    },
    /// A field that is not written the one way it can be.
    #[error("field {field} of the record at byte {offset} is not canonical")]
    NotCanonical {
        /// Where the record starts.
        offset: usize,
        /// The field.
        field: Field,
    },
}

/// A field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Path.
    Path,
    /// Type.
    Type,
    /// Mode.
    Mode,
    /// Owner.
    Uid,
    /// Group.
    Gid,
    /// Size.
    Size,
    /// Digest of the content.
    Sha256,
    /// Link target.
    LinkTarget,
    /// Device numbers.
    Device,
    /// Extended attributes.
    Xattrs,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Path => "path",
            Self::Type => "type",
            Self::Mode => "mode",
            Self::Uid => "uid",
            Self::Gid => "gid",
            Self::Size => "size",
            Self::Sha256 => "sha256",
            Self::LinkTarget => "link target",
            Self::Device => "device",
            Self::Xattrs => "xattrs",
        })
    }
}

impl Inventory {
    /// The record blob: every canonical record in path order, each with its length before it (u32, big-endian).
    #[must_use]
    pub fn to_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        for record in self.records() {
            push_field(&mut blob, &super::canonical_bytes(record));
        }
        blob
    }

    /// Reads a record blob, the inverse of [`to_blob`](Self::to_blob).
    ///
    /// What a record says is not judged here, only how it is written: a path may hold `..`, a folder may have a digest.
    /// Cost: O(bytes) time and memory.
    ///
    /// # Errors
    /// [`BlobError`] for anything that `to_blob` does not write, and for what is over `limits.entries`, `path_bytes` or
    /// `xattr_bytes`.
    pub fn from_blob(bytes: &[u8], limits: &Limits) -> Result<Self, BlobError> {
        let mut records = Records::default();
        let mut last: Option<Vec<u8>> = None;
        let mut rest = bytes;
        while !rest.is_empty() {
            let offset = bytes.len() - rest.len();
            if records.len() >= limits.entries {
                return Err(BlobError::OverEntries { limit: limits.entries });
            }
            let fields = take_field(&mut rest).ok_or(BlobError::Truncated { offset })?;
            let record = RecordReader { rest: fields, offset, limits }.record()?;
            if last.is_some_and(|last| last >= record.path) {
                return Err(BlobError::NotSorted { path: escape_path(&record.path) });
            }
            last = Some(record.path.clone());
            records.push(record);
        }
        let rows = (0..).take(records.len()).map(|at| RecordAt { table: 0, at }).collect();
        Ok(Self { tables: vec![Arc::new(records)], rows })
    }
}

/// Names and values.
type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads the fields of one record in their order.
pub(super) struct RecordReader<'a> {
    rest: &'a [u8],
    offset: usize,
    limits: &'a Limits,
}

impl<'a> RecordReader<'a> {
    /// Reads one record, its canonical bytes and nothing else.
    pub(super) fn whole(bytes: &'a [u8], limits: &'a Limits) -> Option<FileRecord> {
        RecordReader { rest: bytes, offset: 0, limits }.record().ok()
    }

    fn record(mut self) -> Result<FileRecord, BlobError> {
        let path = self.bounded(Field::Path)?;
        let entry_type = self.text(Field::Type)?;
        let entry_type = EntryType::parse(entry_type).ok_or_else(|| self.not_canonical(Field::Type))?;
        let mode = self.number(Field::Mode, 8)?;
        let mode = u32::try_from(mode).ok().filter(|mode| *mode <= 0o7777);
        let mode = mode.ok_or_else(|| self.not_canonical(Field::Mode))?;
        Ok(FileRecord {
            path,
            entry_type,
            mode,
            uid: self.number(Field::Uid, 10)?,
            gid: self.number(Field::Gid, 10)?,
            size: self.number(Field::Size, 10)?,
            sha256: self.digest()?,
            link_target: self.bounded(Field::LinkTarget)?,
            device: self.device()?,
            xattrs: self.xattrs()?,
        })
    }

    fn field(&mut self) -> Result<&'a [u8], BlobError> {
        take_field(&mut self.rest).ok_or(BlobError::Truncated { offset: self.offset })
    }

    fn bounded(&mut self, field: Field) -> Result<Vec<u8>, BlobError> {
        let bytes = self.field()?;
        self.check_length(bytes.len(), field, self.limits.path_bytes)?;
        Ok(bytes.to_vec())
    }

    fn text(&mut self, field: Field) -> Result<&'a str, BlobError> {
        std::str::from_utf8(self.field()?).map_err(|_| self.not_canonical(field))
    }

    fn number(&mut self, field: Field, radix: u32) -> Result<u64, BlobError> {
        let text = self.text(field)?;
        parse_number(text, radix).ok_or_else(|| self.not_canonical(field))
    }

    fn digest(&mut self) -> Result<Option<FileDigest>, BlobError> {
        let bytes = self.field()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| self.not_canonical(Field::Sha256))?;
        Ok(Some(FileDigest(Sha256::from_bytes(bytes))))
    }

    fn device(&mut self) -> Result<Option<(u64, u64)>, BlobError> {
        let (major, minor) = (self.text(Field::Device)?, self.text(Field::Device)?);
        if major.is_empty() && minor.is_empty() {
            return Ok(None);
        }
        let numbers = parse_number(major, 10).zip(parse_number(minor, 10));
        numbers.map(Some).ok_or_else(|| self.not_canonical(Field::Device))
    }

    fn xattrs(&mut self) -> Result<Xattrs, BlobError> {
        // LIMIT: what is left of this record are its attributes, with a length before each name and value.
        self.check_length(self.rest.len(), Field::Xattrs, self.limits.xattr_bytes)?;
        let mut xattrs = Xattrs::new();
        while !self.rest.is_empty() {
            let (name, value) = (self.field()?, self.field()?);
            if xattrs.last().is_some_and(|(last, _)| last.as_slice() >= name) {
                return Err(self.not_canonical(Field::Xattrs));
            }
            xattrs.push((name.to_vec(), value.to_vec()));
        }
        Ok(xattrs)
    }

    fn check_length(&self, length: usize, field: Field, limit: usize) -> Result<(), BlobError> {
        if length > limit { Err(BlobError::OverLength { offset: self.offset, field, limit }) } else { Ok(()) }
    }

    fn not_canonical(&self, field: Field) -> BlobError {
        BlobError::NotCanonical { offset: self.offset, field }
    }
}

/// Splits one field, with its length before it, off the front.
fn take_field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (field, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

/// Reads digits without sign and without a leading zero.
fn parse_number(text: &str, radix: u32) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { u64::from_str_radix(text, radix).ok() } else { None }
}
