//! Images in a place that does not say that it holds images: an OCI layout without `oci-layout`, a `manifest.json` too large to be read.

use std::io::{BufRead as _, BufReader, Read as _};

use lasthand_model::limits::Limits;
use serde_json::Value;

use super::document::{Names, folds_to};
use super::fault::ImageFault;
use super::place::{INDEX, MANIFEST, Place};
use crate::error::ArtifactError;
use crate::meter::wide;
use crate::path;

/// Refuses a place without `oci-layout` whose `index.json` lists what lies under `blobs/`.
///
/// An `index.json` of anything else, or of images that are not there, is a file like any other.
///
/// # Errors
/// [`ImageFault::NoLayoutMark`]; [`ImageFault::OverLimit`] for an `index.json` that is too large to tell, beside blobs.
///
/// SECURITY: readers of OCI layouts in use (containers/image, go-containerregistry) never look for `oci-layout`.
pub(super) fn check(place: &Place<'_>, limits: &Limits) -> Result<(), ArtifactError> {
    let read = place.bytes(INDEX, "index.json", limits.manifest_bytes);
    let holds_images = match &read {
        Ok(None) => false,
        Ok(Some(bytes)) => lists_blobs(place, bytes, limits),
        // It may be read by others.
        Err(_) => place.has_blobs(),
    };
    match read {
        _ if !holds_images => Ok(()),
        Err(error) if is_over_limit(&error) => Err(error),
        _ => Err(place.fault(ImageFault::NoLayoutMark)),
    }
}

/// True when the bytes of `index.json` list a blob that is there, for any reader.
///
/// SECURITY: Go's `encoding/json` does not tell capitals from small letters, and takes the last of two members.
fn lists_blobs(place: &Place<'_>, bytes: &[u8], limits: &Limits) -> bool {
    let names = Names { source: place.name(), document: "index.json" };
    let Ok(value) = names.parse(bytes, limits.manifest_bytes, limits) else {
        return bytes.trim_ascii_start().starts_with(b"{") && place.has_blobs();
    };
    let manifests = of_name(&value, "manifests").filter_map(Value::as_array).flatten();
    let mut digests = manifests.flat_map(|descriptor| of_name(descriptor, "digest")).filter_map(Value::as_str);
    digests.any(|digest| has_blob(place, digest))
}

/// The members of an object that a reader without regard to case takes for this one.
fn of_name<'v>(value: &'v Value, name: &'static str) -> impl Iterator<Item = &'v Value> {
    let members = value.as_object().into_iter().flatten();
    members.filter(move |(key, _)| folds_to(key, name)).map(|(_, value)| value)
}

fn has_blob(place: &Place<'_>, digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let Ok(member) = path::strict(format!("blobs/{algorithm}/{hex}").as_bytes()) else { return false };
    // What is there and cannot be read here may be read by others.
    !matches!(place.has_file(&member), Ok(false))
}

/// True for the path of a blob of an OCI layout, of whatever algorithm.
pub(super) fn is_blob(path: &[u8]) -> bool {
    let mut segments = path.split(|byte| *byte == b'/');
    let named = segments.next() == Some(b"blobs") && segments.next().is_some();
    named && segments.next().is_some_and(|hex| hex.len() >= 32 && hex.iter().all(u8::is_ascii_hexdigit))
}

/// True when a `manifest.json` that is too large to be read may list images: it begins as a list does.
///
/// # Errors
/// The archive cannot be read.
pub(super) fn may_be_large_manifest(place: &Place<'_>, limits: &Limits) -> Result<bool, ArtifactError> {
    let Some((_, content)) = place.open(MANIFEST)? else { return Ok(false) };
    // LIMIT: Limits::manifest_bytes; blanks alone say nothing.
    let mut content = BufReader::new(content.take(wide(limits.manifest_bytes)));
    let error = |source| ArtifactError::Entry { name: place.name().to_owned(), path: MANIFEST.to_vec(), source };
    loop {
        let ready = content.fill_buf().map_err(error)?;
        if let Some(first) = ready.trim_ascii_start().first() {
            return Ok(*first == b'[');
        }
        let length = ready.len();
        if length == 0 {
            return Ok(true);
        }
        content.consume(length);
    }
}

pub(super) fn is_over_limit(error: &ArtifactError) -> bool {
    matches!(error, ArtifactError::Image { fault, .. } if matches!(**fault, ImageFault::OverLimit { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_known_by_their_place_and_name() {
        // pass: any algorithm; fail: other names, other folders, a folder itself
        let hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        for (path, expected) in [
            (format!("blobs/sha256/{hex}"), true),
            (format!("blobs/sha512/{hex}{hex}"), true),
            (format!("blobs/{hex}"), false),
            (format!("a/blobs/sha256/{hex}"), false),
            ("blobs/images/cat.png".to_owned(), false),
            ("blobs/sha256".to_owned(), false),
        ] {
            assert_eq!(is_blob(path.as_bytes()), expected, "{path}");
        }
    }
}
