//! Records as bytes that a cache keeps, and back. No format for others: what is not understood is as if it were not there.

use std::sync::Arc;

use super::blob::RecordReader;
use super::records::{Odd, Records, Row};
use super::{FileRecord, escape_path, push_field};
use crate::limits::Limits;

impl Records {
    /// The records as bytes, little-endian: what [`head`](Self::head) gives, and the text.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.head(), self.text()].concat()
    }

    /// The records as bytes, but for the text that comes behind them: what rows have alike, rows, and records that do not fit into a row.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.rows.len() * Row::STORED + 1_024);
        push_wide(&mut out, self.alike.len());
        for alike in &self.alike {
            push_field(&mut out, &super::canonical_bytes(alike.as_ref()));
        }
        push_wide(&mut out, self.rows.len());
        for row in &self.rows {
            out.extend_from_slice(&row.sha256);
            out.extend_from_slice(&row.size_low.to_le_bytes());
            out.extend_from_slice(&row.size_high.to_le_bytes());
            out.extend_from_slice(&row.path.to_le_bytes());
            out.extend_from_slice(&row.link_target.to_le_bytes());
            out.extend_from_slice(&row.alike.to_le_bytes());
        }
        push_wide(&mut out, self.odd.len());
        for (at, odd) in &self.odd {
            push_wide(&mut out, *at);
            push_field(&mut out, &super::canonical_bytes(&odd.record));
        }
        out
    }

    /// The paths and link targets of rows, one after another: the end of what is kept.
    #[must_use]
    pub const fn text(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, behind `skipped` bytes; `None` for anything else, and for what is over `limits`.
    ///
    /// Cost: no more memory than what is read and the rows; the text stays where it is.
    #[must_use]
    pub fn from_bytes(mut bytes: Vec<u8>, skipped: usize, limits: &Limits) -> Option<Self> {
        let mut rest = bytes.get(skipped..)?;
        let mut records = Self::default();
        for _ in 0..take_number(&mut rest)? {
            records.alike.push(Arc::new(RecordReader::whole(&mut rest, limits)?));
        }
        if records.alike.len() > usize::from(Row::IN_ODD) {
            return None;
        }
        let count = take_number(&mut rest)?;
        // LIMIT: a row is there in full before room is made for it.
        if count > limits.entries || count.checked_mul(Row::STORED)? > rest.len() {
            return None;
        }
        records.rows = Vec::with_capacity(count);
        let mut start = 0_u32;
        let mut odd_rows = 0;
        for _ in 0..count {
            let mut row = row(take(&mut rest, Row::STORED)?)?;
            if row.alike == Row::IN_ODD {
                odd_rows += 1;
            } else if usize::from(row.alike) < records.alike.len() {
                row.start = start;
                start = start.checked_add(u32::from(row.path))?.checked_add(u32::from(row.link_target))?;
            } else {
                return None;
            }
            records.rows.push(row);
        }
        for _ in 0..take_number(&mut rest)? {
            let at = take_number(&mut rest)?;
            let record = RecordReader::whole(&mut rest, limits)?;
            let is_odd = records.rows.get(at).is_some_and(|row| row.alike == Row::IN_ODD);
            if !is_odd || records.odd.insert(at, Odd::of(record)).is_some() {
                return None;
            }
        }
        let text = rest.len();
        bytes.drain(..bytes.len() - text);
        bytes.shrink_to_fit();
        records.text = String::from_utf8(bytes).ok()?;
        let is_whole = start as usize == text && odd_rows == records.odd.len();
        (is_whole && records.rows.iter().all(|row| records.is_text(row))).then_some(records)
    }

    /// True for a row whose path and link target begin and end with a character.
    fn is_text(&self, row: &Row) -> bool {
        let (start, end) = (row.start as usize, row.start as usize + usize::from(row.path));
        self.text.is_char_boundary(start) && self.text.is_char_boundary(end)
    }
}

impl Odd {
    pub(super) fn of(record: FileRecord) -> Self {
        let (path, link_target) = (escape_path(&record.path).into(), escape_path(&record.link_target).into());
        Self { record, path, link_target }
    }
}

impl Row {
    const STORED: usize = 44;
}

/// Reads a row, but for the start of its text.
fn row(bytes: &[u8]) -> Option<Row> {
    let mut rest = bytes;
    Some(Row {
        sha256: array(&mut rest)?,
        start: 0,
        size_low: u32::from_le_bytes(array(&mut rest)?),
        size_high: u16::from_le_bytes(array(&mut rest)?),
        path: u16::from_le_bytes(array(&mut rest)?),
        link_target: u16::from_le_bytes(array(&mut rest)?),
        alike: u16::from_le_bytes(array(&mut rest)?),
    })
}

fn push_wide(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u64::try_from(number).unwrap_or(u64::MAX).to_le_bytes());
}

fn take_number(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(array(rest)?)).ok()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    take(rest, N)?.try_into().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;
    use crate::digest::{FileDigest, Sha256};
    use crate::inventory::{EntryType, Record};

    fn records() -> Records {
        let plain = FileRecord {
            path: b"usr/bin/app".to_vec(),
            entry_type: EntryType::File,
            mode: 0o755,
            uid: 1,
            gid: 2,
            size: 3,
            sha256: Some(FileDigest(Sha256::of(b"x"))),
            link_target: Vec::new(),
            device: None,
            xattrs: Vec::new(),
        };
        let link =
            FileRecord { entry_type: EntryType::Symlink, sha256: None, link_target: b"../a".to_vec(), ..plain.clone() };
        let odd =
            FileRecord { path: b"a\\\xff".to_vec(), xattrs: vec![(b"k".to_vec(), b"v".to_vec())], ..plain.clone() };
        [plain.clone(), odd, link, FileRecord { path: "\u{e9}".into(), uid: 1 << 40, ..plain }].into_iter().collect()
    }

    fn back(bytes: &[u8]) -> Option<Records> {
        // What lies before them is passed over.
        Records::from_bytes([b"abc", bytes].concat(), 3, &Limits::DEFAULT)
    }

    #[test]
    fn records_come_back_as_they_were() {
        // pass: rows, links, odd ones, none at all; one more that is added
        for records in [records(), Records::default()] {
            let mut back = back(&records.to_bytes()).unwrap();
            assert_eq!(back, records);
            assert_eq!(back.to_bytes(), records.to_bytes());
            let last = records.iter().last().map(Record::to_record);
            last.iter().for_each(|last| back.push(last.clone()));
            assert_eq!(back.iter().last().map(Record::to_record), last);
        }
    }

    #[test]
    fn bytes_that_were_changed_never_panic_and_cut_ones_are_nothing() {
        // fail: every prefix, a byte more; any byte changed gives records or nothing
        let bytes = records().to_bytes();
        for end in 0..bytes.len() {
            assert!(back(bytes.get(..end).unwrap()).is_none(), "{end}");
        }
        assert!(back(&[bytes.as_slice(), b"\0"].concat()).is_none());
        assert!(Records::from_bytes(bytes.clone(), bytes.len() + 1, &Limits::DEFAULT).is_none());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0xff);
            if let Some(records) = back(&changed) {
                assert!(records.iter().count() == records.len());
            }
        }
    }
}
