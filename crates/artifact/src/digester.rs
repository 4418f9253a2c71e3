//! The digest of a content that passes, and its beginning where that is asked for.

use lasthand_model::digest::Sha256;
use sha2::Digest as _;

/// What is kept of a content.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keep {
    /// So many bytes of its beginning.
    pub(crate) bytes: usize,
    /// Only where it begins so, behind blanks.
    pub(crate) first: Option<u8>,
}

/// Takes a content piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Digester {
    hasher: sha2::Sha256,
    keep: Keep,
    kept: Vec<u8>,
}

impl Digester {
    /// Memory: no more than came.
    pub(crate) fn keeping(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        let room = self.keep.bytes.saturating_sub(self.kept.len());
        if room > 0 && !bytes.is_empty() {
            self.keep(bytes, room);
        }
    }

    fn keep(&mut self, bytes: &[u8], room: usize) {
        if let Some(wanted) = self.keep.first
            && let Some(first) = bytes.trim_ascii_start().first()
        {
            self.keep.first = None;
            if *first != wanted {
                self.keep.bytes = 0;
                self.kept = Vec::new();
                return;
            }
        }
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// The digest of what came so far.
    pub(crate) fn digest(&self) -> Sha256 {
        Sha256::from_bytes(self.hasher.clone().finalize().into())
    }

    /// The digest of all, and what was kept.
    pub(crate) fn finish(self) -> (Sha256, Vec<u8>) {
        (Sha256::from_bytes(self.hasher.finalize().into()), self.kept)
    }
}
