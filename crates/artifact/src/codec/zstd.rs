//! zstd frames, one after the other, decoded in Rust.
//!
//! SPEC: RFC 8878 section 3.1. The decoder library knows one frame; what lies between frames, and what a frame promises of its content,
//! is checked here.

use std::io::{self, Cursor, Read};

use lasthand_model::limits::Limits;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use thiserror::Error;

use crate::meter::{LimitPassed, wide};

/// What is wrong with a frame.
#[derive(Debug, Error)]
enum FrameFault {
    #[error("no zstd frame begins with the bytes {0:08x}")]
    Magic(u32),
    #[error("a frame has a bit set that is reserved")]
    Reserved,
    #[error("a frame has {got} bytes of content and says {stated}")]
    Size { stated: u64, got: u64 },
    #[error("the content of a frame does not have the checksum that it says")]
    Checksum,
    #[error(transparent)]
    Decoder(#[from] FrameDecoderError),
}

impl From<FrameFault> for io::Error {
    fn from(fault: FrameFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

/// Frames until the source ends.
pub(super) struct Frames<R> {
    source: Source<R>,
    decoder: FrameDecoder,
    /// A frame is being decoded.
    inside: bool,
    /// What the frame says of its content, in bytes.
    stated: Option<u64>,
    /// Bytes of its content so far.
    given: u64,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: R, limits: &Limits) -> Self {
        let mut decoder = FrameDecoder::new();
        // LIMIT: Limits::zstd_window_bytes. A dictionary is never added, so a frame that needs one is an error.
        decoder.set_max_window_size(limits.zstd_window_bytes);
        let source = Source { inner: source, failed: None };
        Self { source, decoder, inside: false, stated: None, given: 0 }
    }

    /// Reads the header of the next frame that has content; false at the end of the source.
    fn next_frame(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = [0; 4];
            match crate::stream::fill(&mut self.source, &mut magic)? {
                0 => return Ok(false),
                4 => {}
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
            let number = u32::from_le_bytes(magic);
            if number & 0xffff_fff0 == 0x184d_2a50 {
                let mut length = [0; 4];
                self.source.read_exact(&mut length)?;
                let length = u64::from(u32::from_le_bytes(length));
                if io::copy(&mut (&mut self.source).take(length), &mut io::sink())? != length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if number != 0xfd2f_b528 {
                return Err(FrameFault::Magic(number).into());
            }
            let mut descriptor = [0; 1];
            self.source.read_exact(&mut descriptor)?;
            // SPEC: section 3.1.1.1.1, Reserved_bit. The decoder passes it over; libzstd refuses the frame.
            if descriptor[0] & 0x08 != 0 {
                return Err(FrameFault::Reserved.into());
            }
            let begin = Cursor::new([magic.as_slice(), &descriptor].concat());
            let reset = self.decoder.reset(begin.chain(&mut self.source));
            reset.map_err(|error| self.fault(error))?;
            let [descriptor] = descriptor;
            // SPEC: section 3.1.1.1.1: Frame_Content_Size_Flag, Single_Segment_Flag.
            self.stated = (descriptor >> 6 != 0 || descriptor & 0x20 != 0).then(|| self.decoder.content_size());
            (self.inside, self.given) = (true, 0);
            return Ok(true);
        }
    }

    /// Checks what a frame says of itself, at its end.
    fn finish(&mut self) -> io::Result<()> {
        self.inside = false;
        if let Some(stated) = self.stated.filter(|stated| *stated != self.given) {
            return Err(FrameFault::Size { stated, got: self.given }.into());
        }
        let checksum = self.decoder.get_checksum_from_data();
        if checksum.is_some() && checksum != self.decoder.get_calculated_checksum() {
            return Err(FrameFault::Checksum.into());
        }
        Ok(())
    }

    /// The error of the source where there was one, else the decoder's.
    fn fault(&mut self, error: FrameDecoderError) -> io::Error {
        match (self.source.failed.take(), error) {
            (Some(failed), _) => failed,
            (None, FrameDecoderError::WindowSizeTooBig { max, .. }) => {
                io::Error::other(LimitPassed { what: "bytes of a zstd window", limit: max })
            }
            (None, error) => FrameFault::Decoder(error).into(),
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside && !self.next_frame()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let decoded = self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(|error| self.fault(error))?;
            }
            let read = self.decoder.read(buffer)?;
            self.given = self.given.saturating_add(wide(read));
            if read > 0 {
                return Ok(read);
            }
            self.finish()?;
        }
    }
}

/// The source, which remembers how it failed: the decoder wraps that several times.
struct Source<R> {
    inner: R,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}
