//! Sparse files: where their stored bytes go, and which bytes are holes.
//!
//! SPEC: GNU tar manual, "Storing Sparse Files" (old GNU, PAX 0.0, 0.1, 1.0); Go 1.26 archive/tar `reader.go`, `common.go`:
//! `validateSparseEntries`, `invertSparseEntries`.

use super::header::{BLOCK, Block, field};
use super::number;
use super::pax::PaxRecords;

/// LIMIT: regions of one sparse file, and bytes of one map, as in Go.
pub(super) const MAX_MAP: usize = 1 << 20;

/// Bytes of one region in an old GNU map.
const REGION: usize = 24;

/// One stored region: where it starts in the file, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) start: i64,
    pub(super) length: i64,
}

/// What a sparse file's pax records say about its map.
pub(super) enum PaxForm<'p> {
    /// Forms 0.0 and 0.1: the map is in the records.
    InRecords(&'p [u8]),
    /// Form 1.0: the map is at the beginning of the content.
    InContent,
}

/// Finds which form the records have; `None` where Go takes the entry as it is stored.
pub(super) fn pax_form(pax: &PaxRecords) -> Option<PaxForm<'_>> {
    let of = |key: &[u8]| pax.value(key).unwrap_or_default();
    let map = of(b"GNU.sparse.map");
    match (of(b"GNU.sparse.major"), of(b"GNU.sparse.minor")) {
        (b"0", b"0" | b"1") => Some(PaxForm::InRecords(map)),
        (b"1", b"0") => Some(PaxForm::InContent),
        (b"", b"") if !map.is_empty() => Some(PaxForm::InRecords(map)),
        _ => None,
    }
}

/// Reads a map of form 0.1 (0.0 was brought to it).
pub(super) fn map_in_records(pax: &PaxRecords, map: &[u8]) -> Option<Vec<Region>> {
    let count = number::decimal(pax.value(b"GNU.sparse.numblocks")?)?;
    let numbers: Vec<&[u8]> = if map.is_empty() { Vec::new() } else { map.split(|byte| *byte == b',').collect() };
    if i64::try_from(numbers.len()).ok()? != count.checked_mul(2)? {
        return None;
    }
    regions(&numbers)
}

/// The map of form 1.0, as its blocks come.
#[derive(Default)]
pub(super) struct MapReader {
    bytes: Vec<u8>,
    newlines: usize,
    /// Regions, once the first line is known.
    count: Option<usize>,
}

impl MapReader {
    /// Takes the next block; `Some` when the map is complete.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(super) fn push(&mut self, block: &Block) -> Result<Option<Vec<Region>>, &'static str> {
        let bad = "the map of a sparse file is malformed";
        self.bytes.extend_from_slice(block);
        self.newlines += block.iter().filter(|byte| **byte == b'\n').count();
        if self.newlines == 0 {
            return self.wait();
        }
        let count = match self.count {
            Some(count) => count,
            None => {
                let line = self.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
                let count = number::decimal(line).and_then(|count| usize::try_from(count).ok()).ok_or(bad)?;
                // LIMIT: more numbers than bytes can never come.
                if count > MAX_MAP {
                    return Err("the map of a sparse file is too long");
                }
                *self.count.insert(count)
            }
        };
        if self.newlines < 1 + 2 * count {
            return self.wait();
        }
        let numbers: Vec<&[u8]> = self.bytes.split(|byte| *byte == b'\n').skip(1).take(2 * count).collect();
        regions(&numbers).map(Some).ok_or(bad)
    }

    /// True when a number of the map may have a `+`, which GNU tar and BSD tar do not take.
    pub(super) fn has_sign(&self) -> bool {
        self.bytes.contains(&b'+')
    }

    fn wait(&self) -> Result<Option<Vec<Region>>, &'static str> {
        if self.bytes.len() + BLOCK > MAX_MAP { Err("the map of a sparse file is too long") } else { Ok(None) }
    }
}

/// True when readers that expand sparse files differ about one with these records.
///
/// SECURITY: Python goes by the keys that are there, GNU tar and libarchive by the form, and by the size that comes last.
pub(super) fn is_disputed(pax: &PaxRecords, form: &PaxForm<'_>) -> bool {
    let has = |key: &[u8]| pax.value(key).is_some();
    let (size, realsize) = (pax.value(b"GNU.sparse.size"), pax.value(b"GNU.sparse.realsize"));
    let two_sizes = size.is_some() && realsize.is_some() && size != realsize;
    let star = has(b"SCHILY.filetype") || has(b"SCHILY.realsize") || has(b"SUN.holesdata");
    let two_maps = match form {
        PaxForm::InRecords(_) => false,
        PaxForm::InContent => size.is_some() || has(b"GNU.sparse.map") || has(b"GNU.sparse.numblocks"),
    };
    two_sizes || two_maps || star
}

/// True when an old GNU map of so many regions has something behind a NUL: Go ends at a start that begins with one, others at a length.
pub(super) fn is_disputed_old_map(block: &Block, at: usize, most: usize) -> bool {
    let part = field(block, at, most * REGION);
    let regions = part.chunks_exact(REGION).take_while(|region| region.first() != Some(&0)).count();
    let (read, rest) = part.split_at_checked(regions * REGION).unwrap_or_default();
    // A start that begins with blanks and a NUL, too.
    let odd = |region: &[u8]| region.get(12) == Some(&0) || region.chunks(12).any(number::has_leading_nul);
    rest.iter().any(|byte| *byte != 0) || read.chunks_exact(REGION).any(odd)
}

/// Reads one part of an old GNU map: `at` is where its regions begin, `most` how many there are.
///
/// Out: true when another block of the map follows.
pub(super) fn old_map(block: &Block, at: usize, most: usize, regions: &mut Vec<Region>) -> Option<bool> {
    for number_of_region in 0..most {
        let start = at + number_of_region * REGION;
        if block.get(start) == Some(&0) {
            break;
        }
        let start_field = number::field(field(block, start, 12))?;
        let length = number::field(field(block, start + 12, 12))?;
        if regions.len() >= MAX_MAP {
            return None;
        }
        regions.push(Region { start: start_field, length });
    }
    block.get(at + most * REGION).map(|more| *more > 0)
}

/// The rules that BSD tar and Go share: in order, no overlap, inside the file.
pub(super) fn are_valid(regions: &[Region], size: i64) -> bool {
    let mut end = 0i64;
    size >= 0
        && regions.iter().all(|region| {
            let next = region.start.checked_add(region.length);
            let fits = region.start >= end && region.length >= 0 && next.is_some_and(|next| next <= size);
            end = next.unwrap_or(end);
            fits
        })
}

fn regions(numbers: &[&[u8]]) -> Option<Vec<Region>> {
    let pairs = numbers.chunks_exact(2).map(|pair| match pair {
        [start, length] => Some(Region { start: number::decimal(start)?, length: number::decimal(length)? }),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_in_order_and_inside_the_file() {
        // pass: cases of Go's TestSparseEntries; fail: overlap, out of bounds, overflow
        let regions = |pairs: &[(i64, i64)]| -> Vec<Region> {
            pairs.iter().map(|(start, length)| Region { start: *start, length: *length }).collect()
        };
        for (pairs, size, expected) in [
            (&[][..], 0, true),
            (&[][..], 5000, true),
            (&[(0, 5000)], 5000, true),
            (&[(1000, 4000)], 5000, true),
            (&[(0, 3000)], 5000, true),
            (&[(7, 5)], 20, true),
            (&[(1, 0), (1, 0)], 5, true),
            (&[(0, 5001)], 5000, false),
            (&[(1, 1), (0, 1)], 5, false),
            (&[(0, 2), (1, 1)], 5, false),
            (&[(-1, 2)], 5, false),
            (&[(2, -1)], 5, false),
            (&[(i64::MAX, 1)], i64::MAX, false),
            (&[], -1, false),
        ] {
            assert_eq!(are_valid(&regions(pairs), size), expected, "{pairs:?} of {size}");
        }
    }

    #[test]
    fn a_map_in_the_content_may_span_blocks() {
        // pass: three regions over two blocks; fail: a letter, a number of regions that never ends
        let mut text = b"3\n0\n1\n5\n1\n".to_vec();
        text.resize(510, b'0');
        text.extend_from_slice(b"9\n2\n");
        text.resize(1024, 0);
        let mut map = MapReader::default();
        let blocks: Vec<&Block> = text.chunks_exact(BLOCK).filter_map(|chunk| chunk.try_into().ok()).collect();
        let found: Vec<_> = blocks.iter().map(|block| map.push(block)).collect();
        let expected = [(0, 1), (5, 1), (9, 2)].map(|(start, length)| Region { start, length }).to_vec();
        assert_eq!(found, [Ok(None), Ok(Some(expected))]);
        let mut block: Block = [b'x'; BLOCK];
        block[1] = b'\n';
        assert!(MapReader::default().push(&block).is_err());
        let mut endless = MapReader::default();
        let found = (0..=MAX_MAP / BLOCK).map(|_| endless.push(&[b'1'; BLOCK])).find(Result::is_err);
        assert!(found.is_some());
    }
}
