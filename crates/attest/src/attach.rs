//! Evidence beside an artifact: the folder `ARTIFACT.lasthand`, or manifests that refer to an image in its own layout.

mod layout;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::inventory::Inventory;
use lasthand_model::json;
use lasthand_model::limits::Limits;

use crate::error::WriteError;
pub use layout::{AttachedToLayout, attach_to_layout};

use crate::write::{
    BUNDLE_ENDING, CONTENTS, INVENTORIES, INVENTORY_ENDING, write_bundle, write_content, write_inventory_blob,
};

/// Ending of the folder beside an artifact.
pub const SIDECAR_ENDING: &str = ".lasthand";

/// What was attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The folder beside the artifact.
    pub folder: PathBuf,
    /// Bundles in it that were given, sorted.
    pub bundles: Vec<PathBuf>,
    /// Inventories in it that were given, sorted.
    pub inventories: Vec<PathBuf>,
    /// Contents by digest in it that were given, sorted.
    pub contents: Vec<PathBuf>,
}

/// The folder beside an artifact that its evidence lies in.
#[must_use]
pub fn sidecar(artifact: &Path) -> PathBuf {
    let mut name: OsString = artifact.as_os_str().to_owned();
    name.push(SIDECAR_ENDING);
    PathBuf::from(name)
}

/// Copies evidence into the folder beside an artifact.
///
/// In: files, and folders of which every `*.sigstore.json`, `inventories/*.inv` and `blobs/sha256/<hex>` is taken. Everything is read
/// and checked before anything is written: bundles must be strict JSON, inventories must have the root that their name says, contents its
/// digest. Signatures are not checked here.
///
/// # Errors
/// [`WriteError`]; then nothing was written, save after an error of writing itself.
pub fn attach(artifact: &Path, evidence: &[PathBuf], limits: &Limits) -> Result<Attached, WriteError> {
    fs::symlink_metadata(artifact).map_err(failed("find", artifact))?;
    let read = read(evidence, limits)?;
    let folder = sidecar(artifact);
    let mut attached =
        Attached { folder: folder.clone(), bundles: Vec::new(), inventories: Vec::new(), contents: Vec::new() };
    for evidence in read {
        match evidence {
            Evidence::Bundle { name, bytes } => attached.bundles.push(copy_bundle(&folder, &name, &bytes)?),
            Evidence::Inventory { root, bytes } => {
                attached.inventories.push(write_inventory_blob(&folder, &root, &bytes)?);
            }
            Evidence::Content { bytes } => attached.contents.push(write_content(&folder, &bytes)?),
        }
    }
    attached.bundles.sort();
    attached.inventories.sort();
    attached.contents.sort();
    Ok(attached)
}

enum Evidence {
    Bundle { name: String, bytes: Vec<u8> },
    Inventory { root: String, bytes: Vec<u8> },
    Content { bytes: Vec<u8> },
}

/// Reads and checks every file given.
fn read(evidence: &[PathBuf], limits: &Limits) -> Result<Vec<Evidence>, WriteError> {
    files(evidence, limits)?.iter().map(|path| check(path, limits)).collect()
}

/// Every file given, and of a folder every file of evidence.
fn files(evidence: &[PathBuf], limits: &Limits) -> Result<Vec<PathBuf>, WriteError> {
    let mut found = Vec::new();
    for path in evidence {
        if path.is_dir() {
            found.extend(files_of(path, BUNDLE_ENDING)?);
            let inventories = path.join(INVENTORIES);
            if inventories.is_dir() {
                found.extend(files_of(&inventories, INVENTORY_ENDING)?);
            }
            let contents = path.join(CONTENTS);
            if contents.is_dir() {
                found.extend(files_of(&contents, "")?);
            }
        } else {
            found.push(path.clone());
        }
        if found.len() > limits.bundles {
            return Err(WriteError::OverLimit { limit: limits.bundles });
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn files_of(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, WriteError> {
    let listing = fs::read_dir(folder).map_err(failed("list", folder))?;
    let paths = listing.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
    let paths = paths.map_err(failed("list", folder))?;
    Ok(paths
        .into_iter()
        .filter(|path| file_name(path).ends_with(ending) && !file_name(path).starts_with('.'))
        .collect())
}

fn check(path: &Path, limits: &Limits) -> Result<Evidence, WriteError> {
    let bytes = fs::read(path).map_err(failed("read", path))?;
    let name = file_name(path);
    if let Some(stem) = name.strip_suffix(BUNDLE_ENDING) {
        json::parse(&bytes, limits).map_err(|source| WriteError::NotJson { path: path.to_owned(), source })?;
        return Ok(Evidence::Bundle { name: stem.to_owned(), bytes });
    }
    if path.parent().is_some_and(|folder| folder.ends_with(CONTENTS)) {
        let got = Sha256::of(&bytes);
        if got.to_string() != name {
            return Err(WriteError::WrongDigest { path: path.to_owned(), got });
        }
        return Ok(Evidence::Content { bytes });
    }
    let Some(stem) = name.strip_suffix(INVENTORY_ENDING) else {
        return Err(WriteError::NotEvidence { path: path.to_owned() });
    };
    let inventory = Inventory::from_blob(&bytes, limits)
        .map_err(|source| WriteError::NotInventory { path: path.to_owned(), source })?;
    let root = inventory.root().to_string();
    if root != stem {
        return Err(WriteError::WrongRoot { path: path.to_owned(), got: root });
    }
    Ok(Evidence::Inventory { root, bytes })
}

/// Keeps the name of a bundle that is named as we name them; any other is named by its own digest.
fn copy_bundle(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, WriteError> {
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let path = folder.join(format!("{name}{BUNDLE_ENDING}"));
    if plain && (!path.exists() || fs::read(&path).is_ok_and(|there| there == bytes)) {
        return crate::write::write_whole(path, bytes);
    }
    write_bundle(folder, "bundle", bytes, StatementDigest(Sha256::of(bytes)))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError::Io { act, path, source }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests;
