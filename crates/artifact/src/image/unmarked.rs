//! Images in a place that does not say that it holds images: an OCI layout without `oci-layout`, a folder that skopeo wrote as `dir:`, a
//! `manifest.json` too large to be read.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};

use lasthand_model::limits::Limits;
use serde_json::Value;

use super::document::{Names, folds_to, may_hold};
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
/// [`ImageFault::NoLayoutMark`]; beside blobs, for an `index.json` of which it cannot be told, [`ImageFault::OverLimit`] for one that is too
/// large, [`ImageFault::UnclearIndex`] for others.
///
/// SECURITY: readers of OCI layouts in use (containers/image, go-containerregistry) never look for `oci-layout`.
pub(super) fn check(place: &Place<'_>, limits: &Limits) -> Result<(), ArtifactError> {
    let read = place.bytes(INDEX, "index.json", limits.manifest_bytes);
    let fault = match &read {
        Ok(None) => None,
        Ok(Some(bytes)) => fault_of(place, bytes, limits),
        // It may be read by others.
        Err(_) => place.has_blobs().then_some(ImageFault::UnclearIndex),
    };
    match (read, fault) {
        (_, None) => Ok(()),
        (Err(error), _) if is_over_limit(&error) => Err(error),
        (_, Some(fault)) => Err(place.fault(fault)),
    }
}

/// Refuses a folder whose `manifest.json` names blobs that lie beside it by their digests alone, as skopeo writes and reads it (`dir:`).
///
/// # Errors
/// [`ImageFault::DirTransport`]; [`ImageFault::UnclearManifest`] beside files of such names, where it cannot be told.
///
/// SPEC: containers/image `directory/directory_transport.go`: `layerPath`, `manifestPath`.
pub(super) fn check_dir(place: &Place<'_>, limits: &Limits) -> Result<(), ArtifactError> {
    let names = Names { source: place.name(), document: "manifest.json" };
    let unclear = |may_be: bool| match may_be && place.has_file_beside(is_named_by_digest) {
        true => Err(place.fault(ImageFault::UnclearManifest)),
        false => Ok(()),
    };
    let is_image = match place.bytes(MANIFEST, "manifest.json", limits.manifest_bytes) {
        Ok(None) => false,
        Ok(Some(bytes)) => match names.parse(&bytes, limits.manifest_bytes, limits) {
            Ok(value) => {
                let listed = blobs_of(&value);
                !listed.is_empty() && place.has_file_beside(|name| listed.contains(named_by(name)))
            }
            Err(_) => {
                return unclear(bytes.trim_ascii_start().starts_with(b"{") && may_hold(&bytes, &["digest", "blobsum"]));
            }
        },
        // It may be read by others.
        Err(_) => return unclear(true),
    };
    if is_image { Err(place.fault(ImageFault::DirTransport)) } else { Ok(()) }
}

/// The digests that an image manifest of any form, or an index, lists; their digits alone.
fn blobs_of(value: &Value) -> BTreeSet<&[u8]> {
    let config = of_name(value, "config");
    let lists = ["layers", "manifests", "fsLayers"].into_iter().flat_map(|list| of_name(value, list));
    let listed = lists.filter_map(Value::as_array).flatten();
    let digests = config.chain(listed).flat_map(|of| of_name(of, "digest").chain(of_name(of, "blobSum")));
    let hex =
        digests.filter_map(Value::as_str).filter_map(|digest| digest.split_once(':')).map(|(_, hex)| hex.as_bytes());
    hex.filter(|hex| is_named_by_digest(hex)).collect()
}

fn is_named_by_digest(name: &[u8]) -> bool {
    let hex = named_by(name);
    matches!(hex.len(), 64 | 96 | 128) && hex.iter().all(u8::is_ascii_hexdigit)
}

/// What the name of a blob in such a folder says its digest is.
fn named_by(name: &[u8]) -> &[u8] {
    name.strip_suffix(b".manifest.json").unwrap_or(name)
}

/// What is wrong where the bytes of `index.json` list a blob that is there, for any reader.
///
/// SECURITY: other readers take what is no JSON to this one: bytes behind its end, numbers out of range.
fn fault_of(place: &Place<'_>, bytes: &[u8], limits: &Limits) -> Option<ImageFault> {
    let names = Names { source: place.name(), document: "index.json" };
    match names.parse(bytes, limits.manifest_bytes, limits) {
        Ok(value) => lists_blobs(place, &value).then_some(ImageFault::NoLayoutMark),
        Err(_) => (may_have_manifests(bytes) && place.has_blobs()).then_some(ImageFault::UnclearIndex),
    }
}

/// True for an `index.json` that may list images, wherever these are.
pub(super) fn may_list(bytes: &[u8], limits: &Limits) -> bool {
    let names = Names { source: "", document: "index.json" };
    match names.parse(bytes, limits.manifest_bytes, limits) {
        Ok(value) => digests(&value).next().is_some(),
        Err(_) => may_have_manifests(bytes),
    }
}

/// True for bytes that begin as an object and hold the word `manifests`, in any case, or escaped.
fn may_have_manifests(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{") && may_hold(bytes, &["manifests"])
}

/// True when an `index.json` lists a blob that is there.
///
/// SECURITY: Go's `encoding/json` does not tell capitals from small letters, and takes the last of two members.
fn lists_blobs(place: &Place<'_>, value: &Value) -> bool {
    digests(value).any(|digest| has_blob(place, digest))
}

fn digests(value: &Value) -> impl Iterator<Item = &str> {
    let manifests = of_name(value, "manifests").filter_map(Value::as_array).flatten();
    manifests.flat_map(|descriptor| of_name(descriptor, "digest")).filter_map(Value::as_str)
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

/// True for the path of a blob of an OCI layout.
///
/// SPEC: OCI image-spec descriptor.md, "Registered algorithms", and what readers in use know beside them.
pub(super) fn is_blob(path: &[u8]) -> bool {
    const PLACES: [(&[u8], usize); 3] = [(b"blobs/sha256/", 64), (b"blobs/sha384/", 96), (b"blobs/sha512/", 128)];
    PLACES.iter().any(|(folder, digits)| {
        let hex = path.strip_prefix(*folder).filter(|hex| hex.len() == *digits);
        hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    })
}

/// True for the path of a folder of blobs, or of the one that holds these.
pub(super) fn holds_blobs(path: &[u8]) -> bool {
    path == b"blobs" || path::parent(path) == Some(b"blobs")
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
        // pass: each algorithm; fail: other names, other lengths, other algorithms, other folders, a folder itself
        let hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        for (path, expected) in [
            (format!("blobs/sha256/{hex}"), true),
            (format!("blobs/sha512/{hex}{hex}"), true),
            (format!("blobs/sha512/{hex}"), false),
            (format!("blobs/fonts/{hex}"), false),
            (format!("blobs/sha256/{}", hex.replace('a', "g")), false),
            (format!("blobs/{hex}"), false),
            (format!("a/blobs/sha256/{hex}"), false),
            ("blobs/images/cat.png".to_owned(), false),
            ("blobs/sha256".to_owned(), false),
        ] {
            assert_eq!(is_blob(path.as_bytes()), expected, "{path}");
        }
        // The folders that a link may stand for.
        for (path, expected) in [("blobs", true), ("blobs/sha256", true), ("blobs/sha256/a", false), ("a/blobs", false)]
        {
            assert_eq!(holds_blobs(path.as_bytes()), expected, "{path}");
        }
    }
}
