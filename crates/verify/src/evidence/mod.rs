//! Evidence as files: found, sorted, bounded; not yet believed.

mod read;
mod referrers;
mod walk;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lasthand_model::digest::{InventoryRoot, Sha256};
use lasthand_model::limits::Limits;

use lasthand_trust::cosign;
use lasthand_trust::evidence::{Signed, TrustError, verify_signed};
use lasthand_trust::keys::KeyRing;

use crate::error::VerifyError;
pub(crate) use read::{read_bounded, read_inventory};
pub(crate) use referrers::Taken;
use walk::Walk;

/// Ending of the folder beside an artifact that its evidence lies in.
pub const SIDECAR_ENDING: &str = ".lasthand";

/// Evidence that was found. Nothing of it is believed yet.
///
/// A file that cannot be read, or whose name promises what it does not hold, is kept as a fault and appears in the report.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    pub(crate) documents: Vec<Document>,
    pub(crate) inventories: Vec<InventoryFile>,
    pub(crate) blobs: BTreeMap<Sha256, BlobFile>,
    pub(crate) faults: Vec<Fault>,
}

/// One document that may be a bundle, an envelope, or the payload of a layer of cosign.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) source: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) layer: Option<CosignLayer>,
}

/// What is beside the payload in an image of cosign's.
#[derive(Debug, Clone)]
pub(crate) struct CosignLayer {
    media_type: String,
    annotations: BTreeMap<String, String>,
}

impl Document {
    /// One JSON document that may be a bundle or an envelope.
    pub(crate) const fn json(source: String, bytes: Vec<u8>) -> Self {
        Self { source, bytes, layer: None }
    }

    /// # Errors
    /// [`TrustError`].
    pub(crate) fn verify(&self, ring: &KeyRing, limits: &Limits) -> Result<Signed, TrustError> {
        match &self.layer {
            None => verify_signed(&self.bytes, ring, limits),
            Some(layer) => cosign::verify_layer(&layer.media_type, &self.bytes, &layer.annotations, ring, limits),
        }
    }
}

/// One record blob of an inventory, not yet read.
#[derive(Debug, Clone)]
pub(crate) struct InventoryFile {
    pub(crate) source: String,
    pub(crate) content: Content,
    /// The root that its name promises.
    pub(crate) named: InventoryRoot,
}

/// One content by digest, not yet read.
#[derive(Debug, Clone)]
pub(crate) struct BlobFile {
    pub(crate) source: String,
    pub(crate) content: Content,
}

/// Where bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    File(PathBuf),
    Memory(Vec<u8>),
}

/// A file that is no evidence although it should be.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) source: String,
    pub(crate) reason: String,
}

impl Evidence {
    /// Finds the evidence in files and folders.
    ///
    /// In: files (`*.jsonl` by line, `*.inv` as inventory, any other as one JSON document) and folders, searched whole in sorted order for
    /// `*.json`, `*.jsonl`, `*.inv` and `blobs/sha256/<hex>`; other files of a folder are passed over. A symbolic link inside a
    /// folder is followed only to a file of that folder.
    /// Cost: O(bytes of the JSON documents) time and memory; inventories and blobs are read when a question needs them.
    ///
    /// # Errors
    /// [`VerifyError::EvidenceMissing`] for a path given here that is not there; [`VerifyError::EvidenceOverLimit`]. Anything else that is
    /// wrong with a file becomes a rejected item of the report.
    pub fn gather(paths: &[PathBuf], limits: &Limits) -> Result<Self, VerifyError> {
        let mut walk = Walk::new(limits);
        for path in paths {
            let missing = |source: io::Error| VerifyError::EvidenceMissing { path: path.clone(), source };
            if fs::metadata(path).map_err(missing)?.is_dir() {
                walk.folder(path)?;
            } else {
                walk.named_file(path)?;
            }
        }
        Ok(walk.evidence)
    }

    /// Finds the evidence beside an artifact, in the folder `ARTIFACT.lasthand`; none when there is no such folder.
    ///
    /// # Errors
    /// As [`gather`](Self::gather).
    pub fn beside(artifact: &Path, limits: &Limits) -> Result<Self, VerifyError> {
        let folder = Self::sidecar(artifact);
        if folder.is_dir() { Self::gather(&[folder], limits) } else { Ok(Self::default()) }
    }

    /// The folder beside an artifact that its evidence lies in.
    #[must_use]
    pub fn sidecar(artifact: &Path) -> PathBuf {
        let mut name: OsString = artifact.as_os_str().to_owned();
        name.push(SIDECAR_ENDING);
        PathBuf::from(name)
    }

    /// Whether nothing at all was found, not even something unreadable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pieces found: documents, inventories, contents and faults.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents.len() + self.inventories.len() + self.blobs.len() + self.faults.len()
    }

    /// Adds one JSON document held in memory, under a name for the report.
    pub fn add_document(&mut self, source: &str, bytes: Vec<u8>) {
        self.documents.push(Document::json(source.to_owned(), bytes));
    }

    /// A content by digest: the name under which it was given, and its bytes, or why they cannot be had.
    ///
    /// TRUST: the name is a claim; the bytes must have the digest.
    pub(crate) fn content(&self, digest: Sha256, limit: usize) -> Option<(String, Result<Vec<u8>, String>)> {
        let blob = self.blobs.get(&digest)?;
        let bytes = blob.content.bytes(limit).map_err(|error| error.to_string()).and_then(|bytes| {
            let got = Sha256::of(&bytes);
            if got == digest {
                Ok(bytes.into_owned())
            } else {
                Err(format!("content has sha256 {got}, its name says another"))
            }
        });
        Some((blob.source.clone(), bytes))
    }
}
