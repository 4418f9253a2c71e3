//! A folder -> one inventory.

use std::io::{BufReader, Read};

use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::inventory::{EntryType, FileRecord};
use lasthand_model::limits::Limits;
use sha2::Digest as _;

use crate::collect::Collector;
use crate::digester::Digester;
use crate::error::ArtifactError;
use crate::facts::{ArtifactFacts, Kind, by_digest};
use crate::inside::{Archive, At, Counts, Opening, Passing, look};
use crate::meter::{Meter, wide};
use crate::path;
use crate::source::{TreeEntry, TreeFault, TreeSource};
use crate::stream::{BUFFER_BYTES, fill};

/// Reads every entry; the inventory's order does not depend on the walk's.
pub(crate) fn read(
    source: &dyn TreeSource,
    opening: Opening,
    limits: &Limits,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ArtifactFacts, ArtifactError> {
    let mut walk = Walk { name: source.name(), limits, total_bytes: 0, buffer: vec![0; BUFFER_BYTES], progress };
    let counts = Counts::default();
    let mut collector = Collector::new(source.name(), limits).opening(opening, &counts);
    let meter = Meter::new(limits, &|_| {});
    for entry in source.entries() {
        let entry = entry.map_err(|fault| walk.fault(fault))?;
        let record = walk.record(entry, &mut collector, &meter)?;
        collector.push(record, 0)?;
    }
    let size = walk.total_bytes;
    let inside = by_digest(collector.take_inside());
    let (inventory, notes) = collector.finish()?;
    let digest = ArtifactDigest(inventory.root().0);
    Ok(ArtifactFacts { kind: Kind::Directory, digest, size, inventory, notes, inside })
}

struct Walk<'a> {
    name: &'a str,
    limits: &'a Limits,
    total_bytes: u64,
    buffer: Vec<u8>,
    progress: &'a mut (dyn FnMut(u64) + Send),
}

impl Walk<'_> {
    fn fault(&self, fault: TreeFault) -> ArtifactError {
        ArtifactError::Entry { name: self.name.to_owned(), path: fault.path, source: fault.source }
    }

    fn record(
        &mut self,
        entry: TreeEntry<'_>,
        collector: &mut Collector<'_>,
        meter: &Meter<'_>,
    ) -> Result<FileRecord, ArtifactError> {
        let plain = path::strict(&entry.path).map_err(|fault| {
            let (name, path) = (self.name.to_owned(), entry.path.clone());
            ArtifactError::BadPath { name, offset: 0, path, fault }
        })?;
        let is_file = entry.entry_type == EntryType::File;
        let size = if is_file { entry.size } else { 0 };
        let sha256 = match entry.content {
            Some(open) if is_file => {
                let fault = |source| TreeFault { path: entry.path.clone(), source };
                let mut content = open().map_err(|error| self.fault(fault(error)))?;
                Some(match collector.opens(&plain) {
                    Some(counts) => self.opened(&plain, size, &mut content, (collector, meter, counts))?,
                    None => self.digest(&entry.path, size, &mut content)?,
                })
            }
            None if is_file => {
                let source = std::io::Error::other("a file without content");
                return Err(self.fault(TreeFault { path: entry.path, source }));
            }
            _ => None,
        };
        Ok(FileRecord {
            path: plain,
            entry_type: entry.entry_type,
            mode: entry.mode & 0o7777,
            uid: entry.uid,
            gid: entry.gid,
            size,
            sha256,
            link_target: entry.link_target,
            device: entry.device,
            xattrs: entry.xattrs,
        })
    }

    /// Digests a file while it is looked into.
    fn opened(
        &mut self,
        path: &[u8],
        expected: u64,
        content: &mut dyn Read,
        (collector, meter, counts): (&mut Collector<'_>, &Meter<'_>, &Counts),
    ) -> Result<FileDigest, ArtifactError> {
        let fault = |source| TreeFault { path: path.to_vec(), source };
        // LIMIT: Limits::archive_bytes, over all files, before the first byte is read.
        let limit = self.limits.archive_bytes;
        let over =
            || ArtifactError::OverLimit { name: self.name.to_owned(), what: "bytes of the artifact", limit, offset: 0 };
        self.total_bytes = self.total_bytes.saturating_add(expected);
        meter.ship(usize::try_from(expected).unwrap_or(usize::MAX)).map_err(|_| over())?;
        if self.total_bytes > limit {
            return Err(over());
        }
        let archive = Archive { name: self.name, limits: self.limits, meter, counts };
        let mut content = BufReader::with_capacity(BUFFER_BYTES, content);
        let mut digester = Digester::default();
        let mut passing = Passing::new(&mut content, expected).digested_by(&mut digester);
        let looked = look(&archive, At::File(path), &mut passing);
        let mut got = passing.finish().map_err(|error| self.fault(fault(error)))?;
        // A file that grew has more.
        got += wide(fill(&mut content, &mut [0]).map_err(|error| self.fault(fault(error)))?);
        if got != expected {
            let (name, path) = (self.name.to_owned(), path.to_vec());
            return Err(ArtifactError::LengthDiffers { name, path, expected, got });
        }
        (self.progress)(self.total_bytes);
        let digest = FileDigest(digester.finish().0);
        if let Some(looked) = looked? {
            collector.keep_inside(path, digest, looked);
        }
        Ok(digest)
    }

    fn digest(&mut self, path: &[u8], expected: u64, content: &mut dyn Read) -> Result<FileDigest, ArtifactError> {
        let mut content = content;
        let mut hasher = sha2::Sha256::new();
        let mut got = 0;
        loop {
            let read = fill(&mut content, &mut self.buffer)
                .map_err(|source| self.fault(TreeFault { path: path.to_vec(), source }))?;
            if read == 0 {
                break;
            }
            hasher.update(self.buffer.get(..read).unwrap_or_default());
            got += wide(read);
            self.total_bytes = self.total_bytes.saturating_add(wide(read));
            // LIMIT: Limits::archive_bytes, over all files; and a file that grows while it is read ends here.
            let limit = self.limits.archive_bytes;
            if self.total_bytes > limit {
                let (name, what) = (self.name.to_owned(), "bytes of the artifact");
                return Err(ArtifactError::OverLimit { name, what, limit, offset: 0 });
            }
            if got > expected {
                break;
            }
            (self.progress)(self.total_bytes);
        }
        if got != expected {
            let (name, path) = (self.name.to_owned(), path.to_vec());
            return Err(ArtifactError::LengthDiffers { name, path, expected, got });
        }
        Ok(FileDigest(Sha256::from_bytes(hasher.finalize().into())))
    }
}
