//! How the tar stream ends.

use super::block::{BLOCK, Format};
use super::extension::{long, pax};
use super::feature::Feature;
use super::scene::Part;
use crate::worlds::Rng;

/// Puts the parts in a row and ends them.
pub(super) fn end(parts: &[Part], ending: Option<Feature>, rng: &mut Rng) -> Vec<u8> {
    let mut stream: Vec<u8> = parts.iter().flat_map(Part::bytes).collect();
    let entry = || Part::extension(Format::Ustar, b"after", b'0', b"the end").bytes();
    match ending {
        Some(Feature::EndMissing) => {}
        Some(Feature::EndOneBlock) => zeros(&mut stream, 1),
        Some(Feature::EndOneThenData) => {
            zeros(&mut stream, 1);
            stream.extend([b'd'; 700]);
        }
        Some(Feature::EndOneThenEntries) => {
            zeros(&mut stream, 1);
            stream.extend(entry());
            zeros(&mut stream, 2);
        }
        Some(Feature::EndThenData) => {
            zeros(&mut stream, 2);
            let length = *rng.pick(&[1, 511, 512, 700]);
            stream.extend(vec![b'd'; length]);
        }
        Some(Feature::EndThenEntries) => {
            let blocks = 2 + rng.below(3);
            zeros(&mut stream, blocks);
            stream.extend(entry());
            zeros(&mut stream, 2);
        }
        Some(Feature::EndZeroPadded) => {
            let blocks = 3 + rng.below(17);
            zeros(&mut stream, blocks);
        }
        Some(Feature::EndPartialBlock) => {
            zeros(&mut stream, 2);
            let length = 1 + rng.below(511);
            stream.extend(vec![0; length]);
        }
        Some(Feature::EndOneThenPart) => {
            zeros(&mut stream, 1);
            let length = 1 + rng.below(511);
            stream.extend(vec![0; length]);
        }
        Some(Feature::EndPax | Feature::EndPaxMissing) => {
            stream.extend(pax(&[("path", b"nobody")]).bytes());
            if ending == Some(Feature::EndPax) {
                zeros(&mut stream, 2);
            }
        }
        Some(Feature::EndLong) => {
            let typeflag = *rng.pick(b"LK");
            stream.extend(long(typeflag, b"nobody").bytes());
            let blocks = rng.below(3);
            zeros(&mut stream, blocks);
        }
        Some(cut) => cut_off(&mut stream, parts, cut, rng),
        None => zeros(&mut stream, 2),
    }
    stream
}

fn zeros(stream: &mut Vec<u8>, blocks: usize) {
    stream.resize(stream.len() + blocks * BLOCK, 0);
}

/// Ends the stream inside of one more file, or of its extension.
fn cut_off(stream: &mut Vec<u8>, parts: &[Part], cut: Feature, rng: &mut Rng) {
    let body = vec![b'c'; 1 + rng.below(400)];
    let last = Part::extension(Format::Ustar, b"last", b'0', &body);
    match cut {
        Feature::EndNoPadding => stream.extend(last.unpadded()),
        Feature::EndPartPadding => {
            stream.extend(last.unpadded());
            stream.extend([0; 3]);
        }
        Feature::EndCutBody => {
            let unpadded = last.unpadded();
            stream.extend(&unpadded[..BLOCK + rng.below(body.len())]);
        }
        Feature::EndCutHeader => stream.extend(&last.bytes()[..1 + rng.below(BLOCK - 1)]),
        Feature::EndCutExtension => {
            let extension = pax(&[("path", b"nobody")]).unpadded();
            stream.extend(&extension[..BLOCK + rng.below(extension.len() - BLOCK)]);
        }
        // Any other feature has no place at the end.
        _ => stream.extend(parts.last().map(Part::bytes).unwrap_or_default()),
    }
}
