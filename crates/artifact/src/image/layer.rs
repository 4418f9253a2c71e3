//! One stored layer -> its entries, in one pass.

use std::io::{BufReader, Cursor, Read as _};
use std::sync::Arc;

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;

use super::facts::LayerFacts;
use super::fault::ImageFault;
use crate::codec::{Codec, has_two_forms, peek};
use crate::collect::Collector;
use crate::error::ArtifactError;
use crate::facts::by_digest;
use crate::inflated;
use crate::inside::{Counts, Opening};
use crate::meter::Meter;
use crate::note::{NoteKind, ReaderNote};
use crate::source::OpenedFile;
use crate::stream::{BUFFER_BYTES, ShippedBytes, drain, sort_error};
use crate::tarball::{self, BLOCK};

/// Media types of layers that are read. How the bytes are packed must be what the ending says.
const MEDIA_TYPES: &[&str] = &[
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// One layer and what is odd in it.
pub(super) struct LayerRead {
    pub(super) facts: LayerFacts,
    pub(super) notes: Vec<ReaderNote>,
}

/// What is known of a layer before it is read.
pub(super) struct Expected<'e> {
    /// Name of the place.
    pub(super) source: &'e str,
    /// Number, from 0.
    pub(super) number: usize,
    /// Digest or member name, for messages.
    pub(super) blob: String,
    /// Digest of the stored bytes, where the manifest says it.
    pub(super) digest: Option<Sha256>,
    /// Number of the stored bytes, where the manifest says it.
    pub(super) size: Option<u64>,
    /// Media type, where the manifest says it.
    pub(super) media_type: Option<&'e str>,
    /// The config's diff id.
    pub(super) diff_id: Sha256,
}

/// Reads one layer and checks everything that is stated of it.
///
/// `apart` decodes on a thread of its own. Cost: one pass; SHA-256 over the stored bytes, the uncompressed ones and each file.
pub(super) fn read(
    expected: &Expected<'_>,
    (stored, content): OpenedFile<'_>,
    limits: &Limits,
    meter: &Meter<'_>,
    (opening, counts): (Opening, &Counts),
    apart: bool,
) -> Result<LayerRead, ArtifactError> {
    let fault = |fault| ArtifactError::Image { name: expected.source.to_owned(), fault: Box::new(fault) };
    check_media_type(expected)?;
    let size_differs =
        |wanted, got| fault(ImageFault::SizeDiffers { blob: expected.blob.clone(), expected: wanted, got });
    if let Some(wanted) = expected.size.filter(|wanted| *wanted != stored) {
        return Err(size_differs(wanted, stored));
    }
    let name = format!("{}: layer {} ({})", expected.source, expected.number, expected.blob);
    let mut shipped = ShippedBytes::new(content, meter);
    let mut collector = Collector::of_layer(&name, limits, counts).opening(opening, counts);
    let inflated = inflate(&name, &mut shipped, limits, meter, &mut collector, apart);
    let drained = drain(&mut shipped).map_err(|error| sort_error(&name, None, meter.shipped(), meter.shipped(), error));
    // A blob that was changed is called so, whatever its damage did to the reader. But a limit that was passed is a limit.
    let over = matches!(inflated, Err(ArtifactError::OverLimit { .. }));
    let got = meter.shipped();
    let digest = shipped.digest();
    if !over && drained.is_ok() {
        if got != stored {
            return Err(size_differs(stored, got));
        }
        if expected.digest.is_some_and(|wanted| wanted != digest) {
            return Err(fault(ImageFault::DigestDiffers { blob: expected.blob.clone(), got: digest }));
        }
    }
    let (codec, inflated_digest) = inflated?;
    drained?;
    let diff_id = inflated_digest.unwrap_or(digest);
    if diff_id != expected.diff_id {
        let (blob, wanted) = (expected.blob.clone(), expected.diff_id);
        let layer = expected.number;
        return Err(fault(ImageFault::DiffIdDiffers { layer, blob, expected: wanted, got: diff_id }));
    }
    check_packing(expected, codec)?;
    let inside = by_digest(collector.take_inside());
    let (records, offsets, notes) = collector.into_parts();
    let (records, offsets) = (Arc::new(records), Arc::new(offsets));
    let media_type = expected.media_type.unwrap_or_else(|| docker_type(codec)).to_owned();
    let came_out = meter.came_out();
    Ok(LayerRead {
        facts: LayerFacts { digest, diff_id, size: stored, media_type, records, inside, offsets, came_out },
        notes,
    })
}

/// Checks what a manifest states of a layer that was read under another one.
pub(super) fn check(expected: &Expected<'_>, facts: &LayerFacts) -> Result<(), ArtifactError> {
    let fault = |fault| ArtifactError::Image { name: expected.source.to_owned(), fault: Box::new(fault) };
    check_media_type(expected)?;
    if let Some(wanted) = expected.size.filter(|wanted| *wanted != facts.size) {
        let blob = expected.blob.clone();
        return Err(fault(ImageFault::SizeDiffers { blob, expected: wanted, got: facts.size }));
    }
    if expected.digest.is_some_and(|wanted| wanted != facts.digest) {
        return Err(fault(ImageFault::DigestDiffers { blob: expected.blob.clone(), got: facts.digest }));
    }
    // It was read under a media type that fits its bytes.
    check_packing(expected, packing(&facts.media_type))
}

/// How the bytes of a layer of a media type are packed.
fn packing(media_type: &str) -> Codec {
    match media_type.rsplit(['+', '.']).next() {
        Some("gzip") => Codec::Gzip,
        Some("zstd") => Codec::Zstd,
        _ => Codec::None,
    }
}

/// SPEC: OCI image-spec layer.md; containerd `images.DiffCompression` unpacks nothing where the type is the plain one, umoci refuses.
fn check_packing(expected: &Expected<'_>, found: Codec) -> Result<(), ArtifactError> {
    let Some(media_type) = expected.media_type.filter(|stated| packing(stated) != found) else { return Ok(()) };
    let got = found.name().unwrap_or("not packed");
    let fault = ImageFault::OtherPacking { blob: expected.blob.clone(), media_type: media_type.to_owned(), got };
    Err(ArtifactError::Image { name: expected.source.to_owned(), fault: Box::new(fault) })
}

fn check_media_type(expected: &Expected<'_>) -> Result<(), ArtifactError> {
    let Some(other) = expected.media_type.filter(|media_type| !MEDIA_TYPES.contains(media_type)) else { return Ok(()) };
    let (document, got) = (expected.blob.clone(), super::document::shown(other));
    let fault = Box::new(ImageFault::Unsupported { document, what: "media type of a layer", got });
    Err(ArtifactError::Image { name: expected.source.to_owned(), fault })
}

/// Inflates the layer and gives its entries to the collector.
///
/// Out: how it is compressed, and the digest of what is inside; `None` where nothing is compressed.
fn inflate<'c>(
    name: &'c str,
    shipped: &mut ShippedBytes<'_>,
    limits: &'c Limits,
    meter: &Meter<'_>,
    collector: &mut Collector<'c>,
    apart: bool,
) -> Result<(Codec, Option<Sha256>), ArtifactError> {
    let io_error = |error| sort_error(name, None, meter.shipped(), meter.shipped(), error);
    let head = peek(shipped).map_err(io_error)?;
    let codec = Codec::of(&head);
    if has_two_forms(&head) {
        collector.note(NoteKind::TwoForms, b"", 0);
    }
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head).chain(shipped));
    let decoder = codec.decoder(whole, limits, meter).map_err(io_error)?;
    let sort = |offset, error| sort_error(name, codec.name(), meter.shipped(), offset, error);
    inflated::with(decoder, meter, apart, |inflated| {
        let mut inflated = if codec == Codec::None { inflated } else { inflated.hashed() };
        if codec != Codec::None && has_two_forms(inflated.look(BLOCK).map_err(|error| sort(0, error))?) {
            collector.note(NoteKind::TwoForms, b"", 0);
        }
        tarball::read(&mut inflated, name, limits, meter, collector, &mut |_| {}, &sort)?;
        let digest = inflated.finish().map_err(|error| sort(0, error))?;
        Ok((codec, digest))
    })
}

const fn docker_type(codec: Codec) -> &'static str {
    match codec {
        Codec::None => "application/vnd.docker.image.rootfs.diff.tar",
        Codec::Gzip => "application/vnd.docker.image.rootfs.diff.tar.gzip",
        Codec::Zstd => "application/vnd.docker.image.rootfs.diff.tar.zstd",
    }
}
