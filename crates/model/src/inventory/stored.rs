//! Records as bytes that a cache keeps, and back. No format for others: what is not understood is as if it were not there.

use super::blob::RecordReader;
use super::records::{Content, Odd, Records, Row};
use super::{EntryType, FileRecord, escape_path, push_field};
use crate::limits::Limits;

impl Records {
    /// The records as bytes, little-endian: text, rows, and records that do not fit into a row.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.append_to(&mut out);
        out
    }

    /// Appends what [`to_bytes`](Self::to_bytes) gives.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        out.reserve_exact(self.text.len() + self.rows.len() * Row::STORED + 64);
        push_wide(out, self.text.len());
        out.extend_from_slice(self.text.as_bytes());
        push_wide(out, self.rows.len());
        for row in &self.rows {
            out.extend_from_slice(&row.path.to_le_bytes());
            out.extend_from_slice(&row.link_target.to_le_bytes());
            out.extend_from_slice(&row.size.to_le_bytes());
            out.extend_from_slice(&row.uid.to_le_bytes());
            out.extend_from_slice(&row.gid.to_le_bytes());
            out.extend_from_slice(&row.mode.to_le_bytes());
            let position = EntryType::ALL.iter().position(|known| *known == row.entry_type).unwrap_or(usize::MAX);
            out.push(u8::try_from(position).unwrap_or(u8::MAX));
            out.push(row.content.code());
            out.extend_from_slice(&row.sha256);
        }
        push_wide(out, self.odd.len());
        for (at, odd) in &self.odd {
            push_wide(out, *at);
            push_field(out, &super::canonical_bytes(&odd.record));
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` for anything else, and for what is over `limits`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], limits: &Limits) -> Option<Self> {
        let mut rest = bytes;
        let length = take_number(&mut rest)?;
        let text = std::str::from_utf8(take(&mut rest, length)?).ok()?;
        let count = take_number(&mut rest)?;
        // LIMIT: a row is there in full before room is made for it.
        if count > limits.entries || count.checked_mul(Row::STORED)? > rest.len() {
            return None;
        }
        let mut records = Self { rows: Vec::with_capacity(count), text: text.to_owned(), ..Self::default() };
        let mut start = 0;
        for _ in 0..count {
            let row = row(take(&mut rest, Row::STORED)?, start)?;
            if row.content != Content::Odd {
                start = start.checked_add(row.path as usize)?;
                let is_cut = |at: usize| !text.is_char_boundary(at);
                let end = start.checked_add(row.link_target as usize)?;
                if is_cut(start) || is_cut(end) {
                    return None;
                }
                start = end;
            }
            records.rows.push(row);
        }
        let odd = take_number(&mut rest)?;
        for _ in 0..odd {
            let at = take_number(&mut rest)?;
            let record = RecordReader::whole(&mut rest, limits)?;
            let is_odd = records.rows.get(at).is_some_and(|row| row.content == Content::Odd);
            if !is_odd || records.odd.insert(at, Odd::of(record)).is_some() {
                return None;
            }
        }
        let odd_rows = records.rows.iter().filter(|row| row.content == Content::Odd).count();
        (rest.is_empty() && start == text.len() && odd_rows == odd).then_some(records)
    }
}

impl Odd {
    pub(super) fn of(record: FileRecord) -> Self {
        let (path, link_target) = (escape_path(&record.path).into(), escape_path(&record.link_target).into());
        Self { record, path, link_target }
    }
}

impl Row {
    const STORED: usize = 60;
}

impl Content {
    const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Digest => 1,
            Self::Odd => 2,
        }
    }
}

fn row(bytes: &[u8], start: usize) -> Option<Row> {
    let mut rest = bytes;
    let path = u32::from_le_bytes(array(&mut rest)?);
    let link_target = u32::from_le_bytes(array(&mut rest)?);
    let size = u64::from_le_bytes(array(&mut rest)?);
    let uid = u32::from_le_bytes(array(&mut rest)?);
    let gid = u32::from_le_bytes(array(&mut rest)?);
    let mode = u16::from_le_bytes(array(&mut rest)?);
    let [entry_type, content] = array(&mut rest)?;
    let entry_type = *EntryType::ALL.get(usize::from(entry_type))?;
    let content = [Content::None, Content::Digest, Content::Odd].into_iter().find(|known| known.code() == content)?;
    let sha256 = array(&mut rest)?;
    Some(Row { start, path, link_target, size, uid, gid, mode, entry_type, content, sha256 })
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

    #[test]
    fn records_come_back_as_they_were() {
        // pass: rows, links, odd ones, none at all
        for records in [records(), Records::default()] {
            let back = Records::from_bytes(&records.to_bytes(), &Limits::DEFAULT).unwrap();
            assert_eq!(back, records);
            assert_eq!(back.to_bytes(), records.to_bytes());
        }
    }

    #[test]
    fn bytes_that_were_changed_never_panic_and_cut_ones_are_nothing() {
        // fail: every prefix, a byte more; any byte changed gives records or nothing
        let bytes = records().to_bytes();
        for end in 0..bytes.len() {
            assert!(Records::from_bytes(bytes.get(..end).unwrap(), &Limits::DEFAULT).is_none(), "{end}");
        }
        assert!(Records::from_bytes(&[bytes.as_slice(), b"\0"].concat(), &Limits::DEFAULT).is_none());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0xff);
            if let Some(records) = Records::from_bytes(&changed, &Limits::DEFAULT) {
                assert!(records.iter().count() == records.len());
            }
        }
    }
}
