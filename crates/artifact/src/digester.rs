//! The digest of a content that passes, and its beginning where that is asked for.

use lasthand_model::digest::Sha256;
use sha2::Digest as _;

/// Takes a content piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Digester {
    hasher: sha2::Sha256,
    keep: usize,
    kept: Vec<u8>,
}

impl Digester {
    /// Keeps so many bytes of the beginning.
    ///
    /// Memory: no more than came.
    pub(crate) fn keeping(keep: usize) -> Self {
        Self { keep, ..Self::default() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        let room = self.keep - self.kept.len();
        if room > 0 {
            self.kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
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
