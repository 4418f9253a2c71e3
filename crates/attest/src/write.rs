//! Evidence to files: whole or not at all, never over other evidence.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::inventory::Inventory;

use crate::error::WriteError;

/// Ending of a bundle's file name.
pub const BUNDLE_ENDING: &str = ".sigstore.json";
/// Ending of an inventory's file name.
pub const INVENTORY_ENDING: &str = ".inv";
/// Folder of the inventories, inside a folder of evidence.
pub const INVENTORIES: &str = "inventories";
/// Folder of the contents by digest, inside a folder of evidence or an OCI layout.
pub(crate) const CONTENTS: &str = "blobs/sha256";

/// Writes a bundle as `KIND-<12 hex of the payload's SHA-256>.sigstore.json`; gives its path.
///
/// The same bytes again change nothing. Another signature over the same payload gets a name of its own, with 8 hex of the bundle's SHA-256 more.
///
/// # Errors
/// [`WriteError::BadKind`] when `kind` is not letters, digits and `-`; [`WriteError::Io`]. No file is left half-written.
pub fn write_bundle(folder: &Path, kind: &str, bundle: &[u8], payload: StatementDigest) -> Result<PathBuf, WriteError> {
    if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(WriteError::BadKind { kind: kind.to_owned() });
    }
    let name = format!("{kind}-{}", payload.0.short());
    let plain = folder.join(format!("{name}{BUNDLE_ENDING}"));
    if !holds_other(&plain, bundle)? {
        return write_whole(plain, bundle);
    }
    let mark: String = Sha256::of(bundle).to_string().chars().take(8).collect();
    write_whole(folder.join(format!("{name}-{mark}{BUNDLE_ENDING}")), bundle)
}

/// Writes the records of an inventory as `inventories/<root>.inv`; gives its path. The name is the root of what the file holds.
///
/// # Errors
/// [`WriteError::Io`]. No file is left half-written.
pub fn write_inventory(folder: &Path, inventory: &Inventory) -> Result<PathBuf, WriteError> {
    write_inventory_blob(folder, &inventory.root().to_string(), &inventory.to_blob())
}

pub(crate) fn write_inventory_blob(folder: &Path, root: &str, blob: &[u8]) -> Result<PathBuf, WriteError> {
    write_whole(folder.join(INVENTORIES).join(format!("{root}{INVENTORY_ENDING}")), blob)
}

/// Writes a content by digest as `blobs/sha256/<hex>`; gives its path. Such a file needs no signature: whoever takes it knows its digest.
///
/// # Errors
/// [`WriteError::Io`]. No file is left half-written.
pub fn write_content(folder: &Path, bytes: &[u8]) -> Result<PathBuf, WriteError> {
    let path = content_path(folder, Sha256::of(bytes));
    if holds_other(&path, bytes)? || !path.exists() { write_whole(path, bytes) } else { Ok(path) }
}

/// Where a content by digest lies, in a folder of evidence and in an OCI layout.
#[must_use]
pub fn content_path(folder: &Path, digest: Sha256) -> PathBuf {
    folder.join(CONTENTS).join(digest.to_string())
}

/// Whether the file is there with other bytes.
fn holds_other(path: &Path, bytes: &[u8]) -> Result<bool, WriteError> {
    match fs::read(path) {
        Ok(there) => Ok(there != bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(WriteError::Io { act: "read", path: path.to_owned(), source }),
    }
}

/// Writes beside, makes it durable, renames. Readers see the whole file or none.
pub(crate) fn write_whole(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, WriteError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |act: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::Io { act, path, source }
    };
    fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_durably(&temporary, bytes).map_err(failed("write", &temporary));
    let renamed = written.and_then(|()| fs::rename(&temporary, &path).map_err(failed("write", &path)));
    if let Err(error) = renamed {
        // What matters is the first error; a file that cannot be removed was most likely never made.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    // A folder that cannot be opened for this, as on some systems, has no more durable way either.
    if let Ok(opened) = File::open(folder) {
        let _ = opened.sync_all();
    }
    Ok(path)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // SECURITY: `create_new` does not follow a link that somebody put there.
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            File::create_new(path)?
        }
        opened => opened?,
    };
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests;
