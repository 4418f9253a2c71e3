//! Records as bytes that a cache keeps, and back. No format for others: what is not understood is as if it were not there.

use std::io::{self, Read, Write};

use super::blob::RecordReader;
use super::records::{Odd, Records, Row};
use super::{FileRecord, escape_path};
use crate::limits::Limits;

impl Records {
    /// Writes the records, little-endian: what rows have alike, rows, records that do not fit into a row, text.
    ///
    /// # Errors
    /// That of the writer.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        write_wide(out, self.alike.len())?;
        for alike in &self.alike {
            write_record(out, &alike.to_record())?;
        }
        write_wide(out, self.rows.len())?;
        for row in &self.rows {
            out.write_all(&row.stored())?;
        }
        write_wide(out, self.odd.len())?;
        for odd in &self.odd {
            write_record(out, &odd.record)?;
        }
        out.write_all(self.text.as_bytes())
    }

    /// Reads what [`write_to`](Self::write_to) wrote, and no more; `None` for anything else, and for more entries or bytes than `limits` let in.
    #[must_use]
    pub fn read_from(input: &mut dyn Read, limits: &Limits) -> Option<Self> {
        let mut records = Self::default();
        let count = read_wide(input)?;
        if count > usize::from(Row::IN_ODD) {
            return None;
        }
        for _ in 0..count {
            records.alike.push(read_record(input, limits)?.into());
        }
        let count = read_wide(input)?;
        // LIMIT: Limits::entries, before there is room for them.
        if count > limits.entries {
            return None;
        }
        records.rows = Vec::with_capacity(count);
        let mut start = 0_u32;
        let mut odd = 0;
        for _ in 0..count {
            let mut row = Row::of_stored(read_array(input)?)?;
            if row.alike == Row::IN_ODD {
                row = Row::odd(odd);
                odd += 1;
            } else if usize::from(row.alike) < records.alike.len() {
                row.start = start;
                start = start.checked_add(u32::from(row.path))?.checked_add(u32::from(row.link_target))?;
            } else {
                return None;
            }
            records.rows.push(row);
        }
        if read_wide(input)? != odd {
            return None;
        }
        for _ in 0..odd {
            records.odd.push(Odd::of(read_record(input, limits)?));
        }
        records.text = String::from_utf8(read_bytes(input, start as usize, limits.metadata_bytes)?).ok()?;
        records.rows.iter().all(|row| records.is_text(row)).then_some(records)
    }

    /// True for a row whose path and link target begin and end with a character.
    fn is_text(&self, row: &Row) -> bool {
        let (start, end) = (row.start as usize, row.start as usize + usize::from(row.path));
        row.alike == Row::IN_ODD || self.text.is_char_boundary(start) && self.text.is_char_boundary(end)
    }
}

impl Odd {
    /// Bytes of memory that a record takes beside its texts: members, two kinds of text and attributes in the heap, a place in a map.
    const OWN: usize = 512;

    /// Bytes of memory, attributes aside.
    pub(super) fn bytes(&self) -> usize {
        let Self { record, path, link_target } = self;
        Self::OWN + record.path.len() + record.link_target.len() + path.len() + link_target.len()
    }

    pub(super) fn of(record: FileRecord) -> Self {
        let (path, link_target) = (escape_path(&record.path).into(), escape_path(&record.link_target).into());
        Self { record, path, link_target }
    }
}

impl Row {
    const STORED: usize = 44;

    fn stored(&self) -> [u8; Self::STORED] {
        let [a, b, c, d] = self.size_low.to_le_bytes();
        let [[e, f], [g, h], [i, j], [k, l]] =
            [self.size_high, self.path, self.link_target, self.alike].map(u16::to_le_bytes);
        let mut out = [0; Self::STORED];
        let (digest, rest) = out.split_at_mut(32);
        digest.copy_from_slice(&self.sha256);
        rest.copy_from_slice(&[a, b, c, d, e, f, g, h, i, j, k, l]);
        out
    }

    /// Reads a row, but for the start of its text.
    fn of_stored(bytes: [u8; Self::STORED]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk()?;
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *rest.first_chunk()?;
        Some(Self {
            sha256: *digest,
            start: 0,
            size_low: u32::from_le_bytes([a, b, c, d]),
            size_high: u16::from_le_bytes([e, f]),
            path: u16::from_le_bytes([g, h]),
            link_target: u16::from_le_bytes([i, j]),
            alike: u16::from_le_bytes([k, l]),
        })
    }
}

fn write_wide(out: &mut dyn Write, number: usize) -> io::Result<()> {
    out.write_all(&u64::try_from(number).unwrap_or(u64::MAX).to_le_bytes())
}

fn write_record(out: &mut dyn Write, record: &FileRecord) -> io::Result<()> {
    let bytes = super::canonical_bytes(record);
    write_wide(out, bytes.len())?;
    out.write_all(&bytes)
}

fn read_wide(input: &mut dyn Read) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(read_array(input)?)).ok()
}

fn read_record(input: &mut dyn Read, limits: &Limits) -> Option<FileRecord> {
    let length = read_wide(input)?;
    RecordReader::whole(&read_bytes(input, length, limits.metadata_bytes)?, limits)
}

fn read_array<const N: usize>(input: &mut dyn Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Reads so many bytes, as long as they are no more than a bound.
fn read_bytes(input: &mut dyn Read, length: usize, limit: u64) -> Option<Vec<u8>> {
    let length = u64::try_from(length).ok().filter(|length| *length <= limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).ok()?);
    input.take(length).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 == length).then_some(bytes)
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

    fn stored(records: &Records) -> Vec<u8> {
        let mut bytes = Vec::new();
        records.write_to(&mut bytes).unwrap();
        bytes
    }

    /// The records, and how many bytes are left behind them.
    fn back(mut bytes: &[u8], limits: &Limits) -> Option<(Records, usize)> {
        Records::read_from(&mut bytes, limits).map(|records| (records, bytes.len()))
    }

    #[test]
    fn records_come_back_as_they_were() {
        // pass: rows, links, odd ones, none at all; one more that is added; what lies behind them is left
        for records in [records(), Records::default()] {
            let bytes = [stored(&records), b"abc".to_vec()].concat();
            let (mut back, left) = back(&bytes, &Limits::DEFAULT).unwrap();
            assert_eq!((&back, left), (&records, 3));
            assert_eq!(stored(&back), stored(&records));
            let last = records.iter().last().map(Record::to_record);
            last.iter().for_each(|last| back.push(last.clone()));
            assert_eq!(back.iter().last().map(Record::to_record), last);
        }
    }

    #[test]
    fn bytes_that_were_changed_never_panic_and_cut_ones_are_nothing() {
        // fail: every prefix, more than the limits; any byte changed gives records or nothing
        let (bytes, text) = (stored(&records()), records().text_bytes() as u64);
        for end in 0..bytes.len() {
            assert!(back(bytes.get(..end).unwrap(), &Limits::DEFAULT).is_none(), "{end}");
        }
        let long = 100;
        for (limits, is_enough) in [
            (Limits { entries: 4, metadata_bytes: text.max(long), ..Limits::DEFAULT }, true),
            (Limits { entries: 3, ..Limits::DEFAULT }, false),
            (Limits { metadata_bytes: text - 1, ..Limits::DEFAULT }, false),
        ] {
            assert_eq!(back(&bytes, &limits).is_some(), is_enough, "{limits:?}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0xff);
            if let Some((records, _)) = back(&changed, &Limits::DEFAULT) {
                let again = stored(&records);
                assert_eq!(back(&again, &Limits::DEFAULT), Some((records, 0)), "{at}");
            }
        }
    }
}
