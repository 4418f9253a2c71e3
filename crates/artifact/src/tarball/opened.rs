//! The content of a file that may be an archive: looked into while it passes.

use std::io::BufRead;

use lasthand_model::digest::FileDigest;

use super::TarStream;
use super::header::Header;
use crate::digester::Digester;
use crate::error::ArtifactError;
use crate::inside::{Archive, At, Passing, look};
use crate::path;

impl<R: BufRead> TarStream<'_, '_, R> {
    /// Digests the content of one file while it passes, and lists its members where it is an archive; false where files are not opened.
    ///
    /// # Errors
    /// Of the stream; a limit that the archive inside passes.
    pub(super) fn opened_content(
        &mut self,
        size: u64,
        header: &Header,
        digester: &mut Digester,
    ) -> Result<bool, ArtifactError> {
        if !self.collector.opens_some() {
            return Ok(false);
        }
        let path = path::settle(&header.path).path;
        let Some(counts) = self.collector.opens(&path) else { return Ok(false) };
        let archive = Archive { name: self.collector.name(), limits: self.limits, meter: self.meter, counts };
        let mut passing = Passing::new(&mut self.inner, size).digested_by(digester);
        let looked = look(&archive, At::File(&path), &mut passing);
        let read = passing.finish().map_err(|error| (self.sort)(self.offset, error))?;
        let looked = looked?;
        self.offset = self.offset.saturating_add(read);
        if read < size {
            return Err(self.truncated("the rest of an entry"));
        }
        if let Some(looked) = looked {
            self.collector.keep_inside(&path, FileDigest(digester.digest()), looked);
        }
        Ok(true)
    }
}
