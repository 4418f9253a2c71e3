//! Images in an archive that is compressed as a whole.
//!
//! Its members cannot be read by offset, so it is judged by its files. Engines unpack it and load images out of it: what would be an
//! archive of images once it is unpacked is more than its files.

use lasthand_model::limits::Limits;

use super::docker;
use super::place::{INDEX, MANIFEST};
use super::unmarked;
use crate::path;
use crate::tarball::RawEntry;

/// What an archive holds that makes it one of images.
pub(crate) struct Packed<'a> {
    limits: &'a Limits,
    /// Documents that were looked at.
    documents: usize,
    /// Some `manifest.json` may list images.
    is_docker: bool,
    /// Some `index.json` may.
    has_index: bool,
    has_blobs: bool,
}

impl<'a> Packed<'a> {
    /// LIMIT: documents that are read, of all that have the name of one.
    const DOCUMENTS: usize = 8;

    pub(crate) const fn new(limits: &'a Limits) -> Self {
        Self { limits, documents: 0, is_docker: false, has_index: false, has_blobs: false }
    }

    /// Bytes of a content that are to be kept: of a document one more than it may have.
    pub(crate) fn keeps(path: &[u8], limits: &Limits) -> usize {
        if is_document(path) { limits.manifest_bytes.saturating_add(1) } else { 0 }
    }

    /// Takes one entry, with the beginning of its content where that was to be kept.
    pub(crate) fn add(&mut self, entry: &RawEntry<'_>) {
        let is_folder = matches!(entry.typeflag, b'5' | b'g');
        let path = path::settle(entry.path).path;
        if path == MANIFEST && !is_folder {
            self.is_docker |= self.may_be(entry, b"[", |bytes, limits| docker::may_be_manifest("", bytes, limits));
        } else if path == INDEX && !is_folder {
            self.has_index |= self.may_be(entry, b"{", |bytes, _| unmarked::may_have_manifests(bytes));
        } else {
            self.has_blobs |= unmarked::is_blob(&path) || (unmarked::holds_blobs(&path) && !is_folder);
        }
    }

    /// True when some engine finds images in it.
    pub(crate) const fn are_images(&self) -> bool {
        self.is_docker || (self.has_index && self.has_blobs)
    }

    /// True when a document may be one that lists images: as it is, or, where it cannot be read here, as it begins.
    fn may_be(&mut self, entry: &RawEntry<'_>, begin: &[u8], lists: impl Fn(&[u8], &Limits) -> bool) -> bool {
        // SECURITY: what lies behind a link is another member.
        if entry.sha256.is_none() {
            return true;
        }
        self.documents += 1;
        let is_read = entry.content.len() <= self.limits.manifest_bytes && self.documents <= Self::DOCUMENTS;
        let start = entry.content.trim_ascii_start();
        if is_read { lists(entry.content, self.limits) } else { start.is_empty() || start.starts_with(begin) }
    }
}

fn is_document(path: &[u8]) -> bool {
    let base = path::base(path);
    (base == MANIFEST || base == INDEX) && path::settle(path).path == base
}
