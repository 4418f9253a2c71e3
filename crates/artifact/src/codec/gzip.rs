//! gzip members, one after the other, and nothing else.
//!
//! SPEC: RFC 1952 section 2.3. Wrong checksums and lengths, reserved flags, and whatever is no member behind the last one are refused.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;

/// LIMIT: bytes of a name or a comment. SPEC: Go `compress/gzip`, `readString`: it holds 512 with the NUL and refuses more.
const FIELD_BYTES: usize = 511;

/// Members until the source ends.
pub(crate) struct Members<R>(MultiGzDecoder<R>);

impl<R: BufRead> Members<R> {
    pub(crate) fn new(source: R) -> Self {
        Self(MultiGzDecoder::new(source))
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        let header = self.0.header();
        let fields = [header.and_then(|header| header.filename()), header.and_then(|header| header.comment())];
        if fields.into_iter().flatten().any(|field| field.len() > FIELD_BYTES) {
            let reason = "the name or comment of a gzip member has more than 511 bytes: readers in use refuse it";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(read)
    }
}
