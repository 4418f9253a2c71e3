//! One stored layer -> its entries, in one pass.

use std::io::{BufReader, Cursor, Read};

use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use sha2::Digest as _;

use super::facts::LayerFacts;
use super::fault::ImageFault;
use crate::codec::{Codec, peek};
use crate::collect::{Collector, wide};
use crate::error::ArtifactError;
use crate::note::ReaderNote;
use crate::source::OpenedFile;
use crate::stream::{BUFFER_BYTES, ShippedBytes, drain, sort_error};
use crate::tarball;

/// Media types of layers that are read. What is inside is told by its magic, as containerd tells it.
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
/// Cost: one pass; SHA-256 over the stored bytes, the uncompressed ones and each file.
pub(super) fn read(
    expected: &Expected<'_>,
    (stored, content): OpenedFile<'_>,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<(LayerFacts, Vec<ReaderNote>), ArtifactError> {
    let fault = |fault| ArtifactError::Image { name: expected.source.to_owned(), fault: Box::new(fault) };
    if let Some(other) = expected.media_type.filter(|media_type| !MEDIA_TYPES.contains(media_type)) {
        let (document, got) = (expected.blob.clone(), super::document::shown(other));
        return Err(fault(ImageFault::Unsupported { document, what: "media type of a layer", got }));
    }
    let size_differs =
        |wanted, got| fault(ImageFault::SizeDiffers { blob: expected.blob.clone(), expected: wanted, got });
    if let Some(wanted) = expected.size.filter(|wanted| *wanted != stored) {
        return Err(size_differs(wanted, stored));
    }
    let name = format!("{}: layer {} ({})", expected.source, expected.number, expected.blob);
    let mut shipped = ShippedBytes::new(content, limits, progress);
    let count = shipped.count();
    let mut collector = Collector::of_layer(&name, limits);
    let inflated = inflate(&name, &mut shipped, limits, &mut collector);
    let drained = drain(&mut shipped).map_err(|error| sort_error(&name, None, count.get(), count.get(), error));
    // A blob that was changed is called so, whatever its damage did to the reader. But a limit that was passed is a limit.
    let over = matches!(inflated, Err(ArtifactError::OverLimit { .. }));
    let got = count.get();
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
    let (records, notes) = collector.into_parts();
    let (records, offsets) = records.into_iter().unzip();
    let media_type = expected.media_type.unwrap_or_else(|| docker_type(codec)).to_owned();
    Ok((LayerFacts { digest, diff_id, size: stored, media_type, records, offsets }, notes))
}

/// Inflates the layer and gives its entries to the collector.
///
/// Out: how it is compressed, and the digest of what is inside; `None` where nothing is compressed.
fn inflate<'c>(
    name: &'c str,
    shipped: &mut ShippedBytes<'_>,
    limits: &'c Limits,
    collector: &mut Collector<'c>,
) -> Result<(Codec, Option<Sha256>), ArtifactError> {
    let count = shipped.count();
    let io_error = |error| sort_error(name, None, count.get(), count.get(), error);
    let head = peek(shipped).map_err(io_error)?;
    let codec = Codec::of(&head);
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head).chain(shipped));
    let inflated = codec.inflate(whole, &count, limits).map_err(io_error)?;
    let sort = |offset, error| sort_error(name, codec.name(), count.get(), offset, error);
    // The archive's reader stops at the end of the stream, or fails.
    if codec == Codec::None {
        tarball::read(inflated, name, limits, collector, &sort)?;
        return Ok((codec, None));
    }
    let mut hashed = Hashed { inner: inflated, hasher: sha2::Sha256::new() };
    tarball::read(&mut hashed, name, limits, collector, &sort)?;
    drain(&mut hashed).map_err(|error| sort(0, error))?;
    Ok((codec, Some(Sha256::from_bytes(hashed.hasher.finalize().into()))))
}

/// Uncompressed bytes, digested while they pass.
struct Hashed<R> {
    inner: R,
    hasher: sha2::Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

const fn docker_type(codec: Codec) -> &'static str {
    match codec {
        Codec::None => "application/vnd.docker.image.rootfs.diff.tar",
        Codec::Gzip => "application/vnd.docker.image.rootfs.diff.tar.gzip",
        Codec::Zstd => "application/vnd.docker.image.rootfs.diff.tar.zstd",
    }
}

/// LIMIT: Limits::entries, over all layers of one reading.
pub(super) fn check_entries(source: &str, entries: usize, limits: &Limits) -> Result<(), ArtifactError> {
    if entries <= limits.entries {
        return Ok(());
    }
    let (name, limit) = (source.to_owned(), wide(limits.entries));
    Err(ArtifactError::OverLimit { name, what: "entries of all layers", limit, offset: 0 })
}
