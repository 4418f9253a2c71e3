//! The content of one entry: digested while it passes, holes of sparse files filled in, or passed over.

use std::io::{self, BufRead};

use super::header::{BLOCK, Block, Format, Header, field, has_checksum};
use super::pax::PaxRecords;
use super::sparse::{self, MapReader, PaxForm, Region};
use super::{TarStream, number};
use crate::digester::Digester;
use crate::error::ArtifactError;
use crate::meter::wide;

/// Contents up to this many bytes are read rather than passed over.
const PASS_OVER_BYTES: u64 = 64 << 10;

/// Zeros of holes are digested in pieces of this many bytes.
const ZEROS: [u8; 16 << 10] = [0; 16 << 10];

/// What is done with the content of files.
pub(super) enum Contents<'c, R> {
    /// It is read and digested.
    Digest,
    /// It is passed over: the stream is opened anew behind it.
    PassOver { starts: Vec<u64>, open_at: &'c dyn Fn(u64) -> io::Result<R> },
}

/// How a content went by.
pub(super) struct Passed {
    /// False when it was passed over.
    pub(super) is_digested: bool,
    /// What lies where it was to be looked at can be a header.
    pub(super) is_header: bool,
}

/// A sparse file's map, and the stored bytes that follow it.
pub(super) struct Sparse {
    regions: Vec<Region>,
    size: u64,
    stored: u64,
    /// Other readers that expand it get other bytes.
    pub(super) disputed: bool,
}

impl<R: BufRead> TarStream<'_, '_, R> {
    /// Digests the content of one file while it passes, or passes over it. `look_at` is an offset in it.
    pub(super) fn content(
        &mut self,
        size: u64,
        look_at: Option<u64>,
        digester: &mut Digester,
    ) -> Result<Passed, ArtifactError> {
        if let Contents::PassOver { starts, open_at } = &mut self.contents {
            starts.push(self.offset);
            if size > PASS_OVER_BYTES {
                // Its last byte is read, so that an archive that is cut in it is found to be.
                self.offset = self.offset.saturating_add(size - 1);
                self.inner = open_at(self.offset).map_err(|error| (self.sort)(self.offset, error))?;
                self.take_exact(&mut [0])?;
                return Ok(Passed { is_digested: false, is_header: look_at.is_some() });
            }
        }
        let before = look_at.unwrap_or_default().min(size);
        self.digest(before, digester)?;
        let (mut left, mut is_header) = (size - before, false);
        if look_at.is_some() {
            let mut block: Block = [0; BLOCK];
            let length = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
            let part = block.get_mut(..length).unwrap_or_default();
            self.take_exact(part)?;
            digester.update(part);
            left -= wide(length);
            is_header = has_checksum(&block);
        }
        self.digest(left, digester)?;
        Ok(Passed { is_digested: true, is_header })
    }

    /// Digests the content of a sparse file as it is once unpacked.
    pub(super) fn sparse_content(
        &mut self,
        sparse: &Sparse,
        offset: u64,
        digester: &mut Digester,
    ) -> Result<(), ArtifactError> {
        let (mut at, mut left) = (0u64, sparse.stored);
        for region in &sparse.regions {
            let (start, length) = (region.start.cast_unsigned(), region.length.cast_unsigned());
            if length == 0 {
                continue;
            }
            self.hole(start - at, digester)?;
            if length > left {
                self.digest(left, digester)?;
                return Err(self.malformed(offset, "a sparse file has fewer stored bytes than its map"));
            }
            self.digest(length, digester)?;
            (at, left) = (start + length, left - length);
        }
        self.hole(sparse.size - at, digester)?;
        if left > 0 {
            return Err(self.malformed(offset, "a sparse file has more stored bytes than its map"));
        }
        Ok(())
    }

    fn digest(&mut self, size: u64, digester: &mut Digester) -> Result<(), ArtifactError> {
        let mut left = size;
        while left > 0 {
            let available = match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(|error| (self.sort)(self.offset, error))?,
            };
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(available.len());
            if take == 0 {
                return Err(self.truncated("the rest of an entry"));
            }
            digester.update(available.get(..take).unwrap_or_default());
            self.inner.consume(take);
            self.offset = self.offset.saturating_add(wide(take));
            left -= wide(take);
        }
        Ok(())
    }

    fn hole(&self, size: u64, digester: &mut Digester) -> Result<(), ArtifactError> {
        let mut left = size;
        while left > 0 {
            let take = left.min(wide(ZEROS.len()));
            // SECURITY: holes cost nothing to ship.
            self.meter.output(take).map_err(|error| (self.sort)(self.offset, error))?;
            digester.update(ZEROS.get(..usize::try_from(take).unwrap_or_default()).unwrap_or_default());
            left -= take;
        }
        Ok(())
    }

    /// Finds the map of a sparse file, and sets the header's size and path to those of the expanded file.
    ///
    /// In: `stored` bytes of content. Out: `None` where Go takes the entry as stored.
    pub(super) fn sparse(
        &mut self,
        header: &mut Header,
        block: &Block,
        pax: Option<&PaxRecords>,
        stored: u64,
        offset: u64,
    ) -> Result<Option<Sparse>, ArtifactError> {
        let mut disputed = false;
        let mut stored = stored;
        let regions = if header.typeflag == b'S' {
            disputed = pax.is_some_and(PaxRecords::is_sparse);
            self.old_map(header, block, offset, &mut disputed)?
        } else {
            let Some(pax) = pax else { return Ok(None) };
            let Some(form) = sparse::pax_form(pax) else { return Ok(None) };
            disputed |= sparse::is_disputed(pax, &form);
            if let Some(name) = pax.value(b"GNU.sparse.name") {
                header.path = name.to_vec();
            }
            if let Some(size) = pax.value(b"GNU.sparse.size").or_else(|| pax.value(b"GNU.sparse.realsize")) {
                let bad = || self.malformed(offset, "the size of a sparse file is not a number");
                header.size = number::decimal(size).ok_or_else(bad)?;
            }
            match form {
                PaxForm::InRecords(map) => {
                    let regions = sparse::map_in_records(pax, map);
                    regions.ok_or_else(|| self.malformed(offset, "the map of a sparse file is malformed"))?
                }
                PaxForm::InContent => self.map_in_content(&mut stored, offset, &mut disputed)?,
            }
        };
        if header.is_header_only() || !sparse::are_valid(&regions, header.size) {
            return Err(self.malformed(offset, "the map of a sparse file does not fit the file"));
        }
        Ok(Some(Sparse { regions, size: header.size.cast_unsigned(), stored, disputed }))
    }

    fn map_in_content(
        &mut self,
        stored: &mut u64,
        offset: u64,
        disputed: &mut bool,
    ) -> Result<Vec<Region>, ArtifactError> {
        let mut map = MapReader::default();
        loop {
            let mut block: Block = [0; BLOCK];
            let Some(left) = stored.checked_sub(wide(BLOCK)) else {
                return Err(self.malformed(offset, "the map of a sparse file is longer than its content"));
            };
            self.take_exact(&mut block)?;
            *stored = left;
            if let Some(regions) = map.push(&block).map_err(|reason| self.malformed(offset, reason))? {
                *disputed |= map.has_sign();
                return Ok(regions);
            }
        }
    }

    /// Reads the map of the old GNU form: four regions in the header, 21 in each block after it.
    fn old_map(
        &mut self,
        header: &mut Header,
        block: &Block,
        offset: u64,
        disputed: &mut bool,
    ) -> Result<Vec<Region>, ArtifactError> {
        let bad = "the map of a sparse file is malformed";
        if header.format != Format::Gnu {
            return Err(self.malformed(offset, "a sparse file of a form that Go does not read"));
        }
        let size = number::field(field(block, 483, 12));
        header.size = size.ok_or_else(|| self.malformed(offset, "the size of a sparse file is not a number"))?;
        let mut regions = Vec::new();
        *disputed |= number::has_leading_nul(field(block, 483, 12));
        let mut more = |part: &Block, at, most, regions: &mut Vec<Region>| {
            *disputed |= sparse::is_disputed_old_map(part, at, most);
            sparse::old_map(part, at, most, regions)
        };
        let mut follows = more(block, 386, 4, &mut regions).ok_or_else(|| self.malformed(offset, bad))?;
        let mut map_bytes = 97;
        while follows {
            map_bytes += BLOCK;
            // LIMIT: bytes of the map, this block with them, as in Go.
            if map_bytes >= sparse::MAX_MAP {
                return Err(self.malformed(offset, "the map of a sparse file is too long"));
            }
            let mut part: Block = [0; BLOCK];
            self.take_exact(&mut part)?;
            follows = more(&part, 0, 21, &mut regions).ok_or_else(|| self.malformed(offset, bad))?;
        }
        Ok(regions)
    }
}
