//! The gzip stream around a tar stream.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::feature::Feature;
use crate::worlds::Rng;

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 1 << 5;

/// Wraps a stream as the feature says; nothing is wrapped without one.
pub(super) fn wrap(stream: Vec<u8>, wrapping: Option<Feature>, rng: &mut Rng) -> Vec<u8> {
    let Some(wrapping) = wrapping else { return stream };
    let level = rng.below(10);
    let whole = |flags| member(&stream, level, flags);
    match wrapping {
        Feature::GzipStored => member(&stream, 0, 0),
        Feature::GzipSplit | Feature::GzipEmptyMember => {
            let mut cuts: Vec<usize> = (0..1 + rng.below(4)).map(|_| rng.below(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let mut members: Vec<Vec<u8>> =
                cuts.windows(2).map(|cut| member(&stream[cut[0]..cut[1]], level, 0)).collect();
            if wrapping == Feature::GzipEmptyMember {
                let at = rng.below(members.len() + 1);
                members.insert(at, member(b"", level, 0));
            }
            members.concat()
        }
        Feature::GzipFields => {
            whole(*rng.pick(&[HEADER_CRC, EXTRA, NAME, COMMENT, HEADER_CRC | EXTRA | NAME | COMMENT]))
        }
        Feature::GzipFieldsBad => {
            let mut bytes = whole(HEADER_CRC | NAME);
            bytes[12] ^= 1;
            bytes
        }
        Feature::GzipReservedFlag => whole(RESERVED),
        Feature::GzipZeros => [whole(0), vec![0; *rng.pick(&[1, 9, 10, 512])]].concat(),
        Feature::GzipGarbage => {
            let garbage: &[u8] =
                rng.text(&[&b"x"[..], b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0", b"garbage, much of it"]);
            [&whole(0)[..], garbage].concat()
        }
        Feature::GzipBadCrc | Feature::GzipBadLength => {
            let mut bytes = whole(0);
            let from_end = if wrapping == Feature::GzipBadCrc { 8 } else { 4 };
            let at = bytes.len() - from_end + rng.below(4);
            bytes[at] ^= 0x10;
            if rng.chance(30) { [bytes, member(b"", level, 0)].concat() } else { bytes }
        }
        Feature::GzipCut => {
            let mut bytes = whole(0);
            let cut = 1 + rng.below(bytes.len() - 2);
            bytes.truncate(bytes.len() - if rng.chance(50) { cut.min(20) } else { cut });
            bytes
        }
        Feature::GzipDamaged => {
            let mut bytes = whole(0);
            let at = 2 + rng.below(bytes.len() - 2);
            bytes[at] ^= 1 << rng.below(8);
            bytes
        }
        Feature::GzipTwice => member(&whole(0), level, 0),
        _ => whole(0),
    }
}

/// SPEC: RFC 1952 section 2.3.
fn member(content: &[u8], level: usize, flags: u8) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255];
    if flags & EXTRA != 0 {
        bytes.extend(b"\x06\0AB\x02\0xy");
    }
    if flags & NAME != 0 {
        bytes.extend(b"na\xefve.tar\0");
    }
    if flags & COMMENT != 0 {
        bytes.extend(b"comment\0");
    }
    let crc = |bytes: &[u8]| {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum()
    };
    if flags & HEADER_CRC != 0 {
        bytes.extend(&crc(&bytes).to_le_bytes()[..2]);
    }
    let level = Compression::new(u32::try_from(level).unwrap_or(6));
    let mut encoder = DeflateEncoder::new(bytes, level);
    encoder.write_all(content).unwrap();
    let mut bytes = encoder.finish().unwrap();
    bytes.extend(crc(content).to_le_bytes());
    bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    bytes
}
