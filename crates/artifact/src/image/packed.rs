//! Images in an archive that is compressed as a whole.
//!
//! Its members cannot be read by offset, so it is judged by its files. Engines unpack it and load images out of it: what would be an
//! archive of images once it is unpacked is more than its files.

use lasthand_model::limits::Limits;

use super::docker;
use super::place::{INDEX, MANIFEST};
use super::unmarked;
use crate::digester::Keep;
use crate::path;
use crate::tarball::RawEntry;

/// LIMIT: bytes of the documents of one kind that are read, as many times what one may have; of the others it counts how they begin.
const DOCUMENTS: usize = 8;

/// What an archive holds that makes it one of images.
pub(crate) struct Packed<'a> {
    limits: &'a Limits,
    manifests: Documents,
    indexes: Documents,
    others: Documents,
    /// Some `manifest.json` is a link.
    is_linked: bool,
    has_blobs: bool,
}

/// Documents of one kind.
#[derive(Default)]
struct Documents {
    bytes: usize,
    /// Some of them may list images.
    may_list: bool,
}

impl<'a> Packed<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        let [manifests, indexes, others] = Default::default();
        Self { limits, manifests, indexes, others, is_linked: false, has_blobs: false }
    }

    /// What is to be kept of a content: of a document one byte more than it may have. A link may lead to any list.
    pub(crate) fn keeps(path: &[u8], limits: &Limits) -> Keep {
        Keep { bytes: limits.manifest_bytes.saturating_add(1), first: (!is_document(path)).then_some(b'[') }
    }

    /// Takes one entry, with the beginning of its content where that was to be kept.
    pub(crate) fn add(&mut self, entry: &RawEntry<'_>) {
        if matches!(entry.typeflag, b'5' | b'g') {
            return;
        }
        let (is_link, path) = (entry.sha256.is_none(), path::settle(entry.path).path);
        let (content, limits) = (entry.content, self.limits);
        match path.as_slice() {
            MANIFEST if is_link => self.is_linked = true,
            MANIFEST => self.manifests.add(content, limits, b"[", docker_may_list),
            INDEX if is_link => self.indexes.may_list = true,
            INDEX => self.indexes.add(content, limits, b"{", unmarked::may_list),
            _ => {}
        }
        // What a link may lead to.
        if path != MANIFEST && (begins_as_list_of_objects(content) || is_cut_in_blanks(content, limits)) {
            self.others.add(content, limits, b"[", docker_may_list);
        }
        self.has_blobs |= unmarked::is_blob(&path) || (is_link && unmarked::holds_blobs(&path));
    }

    /// True when some engine finds images in it.
    pub(crate) const fn are_images(&self) -> bool {
        let is_docker = self.manifests.may_list || (self.is_linked && self.others.may_list);
        is_docker || (self.indexes.may_list && self.has_blobs)
    }
}

impl Documents {
    /// Takes one; what is too large, or one too many, may list images when it begins so.
    fn add(&mut self, content: &[u8], limits: &Limits, begin: &[u8], may_list: fn(&[u8], &Limits) -> bool) {
        if self.may_list {
            return;
        }
        self.bytes = self.bytes.saturating_add(content.len());
        let is_read =
            content.len() <= limits.manifest_bytes && self.bytes <= limits.manifest_bytes.saturating_mul(DOCUMENTS);
        let start = content.trim_ascii_start();
        self.may_list = if is_read { may_list(content, limits) } else { start.is_empty() || start.starts_with(begin) };
    }
}

/// True for a list whose first member may be an object, or nothing.
fn begins_as_list_of_objects(content: &[u8]) -> bool {
    let inside = content.trim_ascii_start().strip_prefix(b"[");
    inside.is_some_and(|inside| matches!(inside.trim_ascii_start().first(), None | Some(b'{' | b'n')))
}

/// True for the kept beginning of something larger of which nothing is known yet.
fn is_cut_in_blanks(content: &[u8], limits: &Limits) -> bool {
    content.len() > limits.manifest_bytes && content.trim_ascii_start().is_empty()
}

fn docker_may_list(bytes: &[u8], limits: &Limits) -> bool {
    docker::may_be_manifest("", bytes, limits)
}

fn is_document(path: &[u8]) -> bool {
    let base = path::base(path);
    (base == MANIFEST || base == INDEX) && path::settle(path).path == base
}
