//! Images that a command takes as bases or makes: what their digests stand for, and which files of a folder they are.

mod error;
mod reach;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use lasthand_artifact::image::{Form, ImageStore};
use lasthand_artifact::local::{self, LocalArtifact};
use lasthand_artifact::{Kind, Source};
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::EntryType;
use lasthand_model::json;
use lasthand_model::limits::Limits;
use serde_json::Value;

pub use error::ImageError;
use reach::{Members, Reached};

use crate::snapshot::{Snapshot, SnapshotEntry};

/// Where an image lies, and which of several there it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePlace {
    /// A folder or an archive.
    pub path: PathBuf,
    /// Its form; found out when absent.
    pub form: Option<Form>,
    /// A tag, a name, or `sha256:<hex>`; the only image there when absent.
    pub image: Option<String>,
}

/// A base image, or the tarball of one layer, that a command is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Name by which lock files pin it.
    pub name: String,
    /// Digest of its manifest or index, in a docker archive of its config; of a layer that of its file.
    pub digest: Sha256,
    /// What the digest is of.
    pub kind: BaseKind,
    /// Index, manifests and configs, so that a verifier can tell which layers it gives.
    pub documents: Vec<Vec<u8>>,
    /// Files of the recorded folder that the digest accounts for: path to digest.
    pub files: BTreeMap<Vec<u8>, Sha256>,
}

/// What a base is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseKind {
    /// An image, or an index of images.
    Image,
    /// One layer, as a tar archive.
    Layer,
}

/// Images that a command left at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageProduct {
    /// Path relative to the recorded folder.
    pub path: Vec<u8>,
    /// Indexes, manifests and configs that changed, each once.
    pub ids: Vec<ImageId>,
    /// Files of the recorded folder that these digests account for: path to digest.
    pub files: BTreeMap<Vec<u8>, Sha256>,
}

/// One document of an image by digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageId {
    /// Its digest.
    pub digest: Sha256,
    /// What it is.
    pub media_type: String,
}

/// Reads which image, or layer, a base is; its layers are not read.
///
/// In: `folder`, the one that will be recorded. A file that holds no image must be a tar archive: one layer.
/// Out: with `files` for a layout or layer inside `folder`. An archive of images may hold other things than the image, so its file is
/// accounted for by nothing.
///
/// # Errors
/// [`ImageError`].
pub fn base(name: &str, place: &ImagePlace, folder: &Path, limits: &Limits) -> Result<Base, ImageError> {
    let opened = open(&place.path)?;
    let inside = inside(folder, &place.path);
    let Some(form) = form_of(&place.path, &opened, place.form, limits)? else {
        return layer(name, place, &opened, inside, limits);
    };
    let store = store(&place.path, &opened, form, limits)?;
    let choice = store.find(place.image.as_deref()).ok_or_else(|| ImageError::NotNamed {
        path: place.path.clone(),
        wanted: place.image.clone(),
        offered: store.choices().iter().map(ToString::to_string).collect(),
    })?;
    let reached = Reached::from(&place.path, &store, choice, Members::Some, limits)?;
    let files = match inside.filter(|_| form == Form::OciLayout) {
        Some(inside) => Layout::read(&place.path, &inside, limits)?.files(&reached, limits),
        None => BTreeMap::new(),
    };
    Ok(Base {
        name: name.to_owned(),
        digest: choice.digest.0,
        kind: BaseKind::Image,
        documents: reached.documents.into_iter().map(|document| document.bytes).collect(),
        files,
    })
}

fn layer(
    name: &str,
    place: &ImagePlace,
    opened: &LocalArtifact,
    inside: Option<Vec<u8>>,
    limits: &Limits,
) -> Result<Base, ImageError> {
    let malformed = |source| ImageError::Malformed { path: place.path.clone(), source };
    let read = lasthand_artifact::read(Source::from(opened), None, limits, &mut |_| {}).map_err(malformed)?;
    if !matches!(read.kind, Kind::Tar | Kind::TarGzip | Kind::TarZstd) || place.image.is_some() {
        return Err(ImageError::NoImage { path: place.path.clone() });
    }
    let digest = read.digest.0;
    let files = inside.map(|path| (path, digest)).into_iter().collect();
    Ok(Base { name: name.to_owned(), digest, kind: BaseKind::Layer, documents: Vec::new(), files })
}

/// Reads the images that a command left at a path of the recorded folder. Images that were there before are passed over.
///
/// Out: of a layout every image with a blob that is new or changed; of an archive, when its file changed, every image.
///
/// # Errors
/// [`ImageError`]; [`ImageError::Unchanged`] when there are images and the command made none of them.
///
/// # Proves / does not prove
/// Proves that these images were there afterwards and not before. Does not prove that they are whole, or what they hold.
pub fn product(
    path: &Path,
    folder: &Path,
    before: &Snapshot,
    after: &Snapshot,
    limits: &Limits,
) -> Result<ImageProduct, ImageError> {
    let relative = plain(path).filter(|path| after.covers(path));
    let relative = relative.ok_or_else(|| ImageError::NotRecorded { path: path.to_owned() })?;
    let full = folder.join(OsStr::from_bytes(&relative));
    // SECURITY: the snapshot follows no link; what it did not see is not read here.
    let marker = [relative.as_slice(), b"/oci-layout"].concat();
    let is_file = |path: &[u8]| after.find(path).is_some_and(|entry| entry.entry_type == EntryType::File);
    if !is_file(&relative) && !is_file(&marker) {
        return Err(ImageError::NoImage { path: path.to_owned() });
    }
    let opened = open(&full)?;
    let form = form_of(path, &opened, None, limits)?.ok_or_else(|| ImageError::NoImage { path: path.to_owned() })?;
    let store = store(path, &opened, form, limits)?;
    if store.choices().is_empty() {
        return Err(ImageError::NoImage { path: path.to_owned() });
    }
    let layout = match form {
        Form::OciLayout => Some(Layout::read(&full, &relative, limits)?),
        _ => None,
    };
    let mut product = ImageProduct { path: relative, ids: Vec::new(), files: BTreeMap::new() };
    let changed = |path: &[u8]| after.find(path).is_some_and(|entry| before.find(path) != Some(entry));
    let mut whole = Reached::default();
    for choice in store.choices() {
        let reached = Reached::from(path, &store, choice, Members::All, limits)?;
        let is_new = match &layout {
            Some(layout) => layout.blobs(&reached).keys().any(|path| changed(path)),
            None => changed(&product.path),
        };
        if is_new {
            product.add(&reached);
        }
        whole.add(reached);
    }
    if product.ids.is_empty() {
        return Err(ImageError::Unchanged { path: path.to_owned() });
    }
    if let Some(layout) = &layout {
        product.files = layout.files(&whole, limits);
    }
    Ok(product)
}

impl Base {
    /// Whether a recorded file is one that the digest stands for, with the very bytes.
    #[must_use]
    pub fn accounts_for(&self, entry: &SnapshotEntry) -> bool {
        accounts_for(&self.files, entry)
    }
}

fn accounts_for(files: &BTreeMap<Vec<u8>, Sha256>, entry: &SnapshotEntry) -> bool {
    let own = entry.sha256.filter(|_| entry.entry_type == EntryType::File).map(|digest| digest.0);
    own.is_some() && files.get(&entry.path).copied() == own
}

impl ImageProduct {
    /// Whether a recorded file is one that the digests stand for, with the very bytes.
    #[must_use]
    pub fn accounts_for(&self, entry: &SnapshotEntry) -> bool {
        accounts_for(&self.files, entry)
    }

    /// Whether a path lies in the layout.
    #[must_use]
    pub fn holds(&self, path: &[u8]) -> bool {
        path.strip_prefix(self.path.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
    }

    fn add(&mut self, reached: &Reached) {
        for document in &reached.documents {
            if !self.ids.iter().any(|known| known.digest == document.digest) {
                self.ids.push(ImageId { digest: document.digest, media_type: document.media_type.clone() });
            }
        }
    }
}

fn open(path: &Path) -> Result<LocalArtifact, ImageError> {
    local::open(path).map_err(|source| ImageError::Unreadable { path: path.to_owned(), source })
}

fn form_of(
    path: &Path,
    opened: &LocalArtifact,
    stated: Option<Form>,
    limits: &Limits,
) -> Result<Option<Form>, ImageError> {
    let malformed = |source| ImageError::Malformed { path: path.to_owned(), source };
    match (stated, opened) {
        (Some(form), _) => Ok(Some(form)),
        (None, opened) => match ImageStore::detect(opened, limits).map_err(malformed)? {
            None if matches!(opened, LocalArtifact::Directory(_)) => Err(ImageError::NoImage { path: path.to_owned() }),
            form => Ok(form),
        },
    }
}

fn store<'a>(
    path: &Path,
    opened: &'a LocalArtifact,
    form: Form,
    limits: &Limits,
) -> Result<ImageStore<'a>, ImageError> {
    let malformed = |source| ImageError::Malformed { path: path.to_owned(), source };
    ImageStore::open(opened, Some(form), limits).map_err(malformed)
}

/// The two files of a layout that are no blobs, and where it lies in the recorded folder.
struct Layout {
    path: Vec<u8>,
    marker: Vec<u8>,
    index: Vec<u8>,
}

impl Layout {
    fn read(folder: &Path, path: &[u8], limits: &Limits) -> Result<Self, ImageError> {
        let bytes = |name: &str| {
            let path = folder.join(name);
            read_bounded(&path, limits.manifest_bytes).map_err(|source| ImageError::Unreadable { path, source })
        };
        Ok(Self { path: path.to_vec(), marker: bytes("oci-layout")?, index: bytes("index.json")? })
    }

    /// Where the blobs of images lie.
    fn blobs(&self, reached: &Reached) -> BTreeMap<Vec<u8>, Sha256> {
        // The root of a layout may be the index itself.
        let index = Sha256::of(&self.index);
        let name = |digest: Sha256| {
            if digest == index { "index.json".to_owned() } else { format!("blobs/sha256/{digest}") }
        };
        reached.blobs.iter().map(|digest| (self.below(&name(*digest)), *digest)).collect()
    }

    /// The files that images account for: their blobs, and `index.json` and `oci-layout` when these say nothing else.
    ///
    /// SECURITY: a file that is not listed as a material is an input that nobody answers for. So each is held against its digest, and
    /// a layout that names other manifests keeps its `index.json` listed.
    fn files(&self, reached: &Reached, limits: &Limits) -> BTreeMap<Vec<u8>, Sha256> {
        let mut files = self.blobs(reached);
        if json::parse(&self.marker, limits).is_ok_and(|document| is_layout_marker(&document)) {
            files.insert(self.below("oci-layout"), Sha256::of(&self.marker));
        }
        if json::parse(&self.index, limits).is_ok_and(|document| names_only(&document, reached)) {
            files.insert(self.below("index.json"), Sha256::of(&self.index));
        }
        files
    }

    fn below(&self, name: &str) -> Vec<u8> {
        if self.path.is_empty() { name.into() } else { [self.path.as_slice(), b"/", name.as_bytes()].concat() }
    }
}

fn is_layout_marker(document: &Value) -> bool {
    document.as_object().is_some_and(|members| members.keys().eq(["imageLayoutVersion"]))
}

/// Whether an index has plain descriptors of blobs that are known, and nothing else.
fn names_only(index: &Value, reached: &Reached) -> bool {
    let only = |members: &serde_json::Map<String, Value>, known: &[&str]| {
        members.keys().all(|member| known.contains(&member.as_str()))
    };
    let known = |descriptor: &Value| {
        let digest = descriptor.get("digest").and_then(Value::as_str).and_then(|text| text.strip_prefix("sha256:"));
        let members = descriptor.as_object();
        members.is_some_and(|members| only(members, &["mediaType", "digest", "size", "platform", "annotations"]))
            && digest.and_then(|hex| hex.parse().ok()).is_some_and(|digest| reached.blobs.contains(&digest))
    };
    index.as_object().is_some_and(|members| only(members, &["schemaVersion", "mediaType", "manifests"]))
        && index.get("manifests").and_then(Value::as_array).is_some_and(|manifests| manifests.iter().all(known))
}

fn read_bounded(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // LIMIT: one byte more than allowed shows that there is more.
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(io::Error::other(format!("more than {limit} bytes"))) } else { Ok(bytes) }
}

/// The path of something inside a folder, or `None` when it lies elsewhere.
fn inside(folder: &Path, path: &Path) -> Option<Vec<u8>> {
    let (folder, path) = (folder.canonicalize().ok()?, path.canonicalize().ok()?);
    path.strip_prefix(folder).ok().map(|path| path.as_os_str().as_bytes().to_vec())
}

/// A relative path without `.` segments; `None` for any other.
fn plain(path: &Path) -> Option<Vec<u8>> {
    let mut segments = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(segment) => segments.push(segment.as_bytes()),
            _ => return None,
        }
    }
    (!segments.is_empty()).then(|| segments.join(&b'/'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]
mod tests;
