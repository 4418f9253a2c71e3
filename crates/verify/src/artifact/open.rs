//! An artifact, opened and read whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use lasthand_artifact::image::{ImageArtifact, ImageFacts, ImageFault, ImageStore};
use lasthand_artifact::{ArtifactError, FactsCache, Inside, Kind, ReaderNote, Source, local};
use lasthand_model::digest::{ArtifactDigest, FileDigest};
use lasthand_model::inventory::{EntryType, Inventory, Record};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::IndexMember;

use super::ArtifactRef;
use super::choose::choose;
use crate::cache::InventoryCache;
use crate::error::VerifyError;
use crate::evidence::{Evidence, Taken};

/// What an artifact is and holds.
pub(crate) struct Opened {
    pub(crate) name: Option<String>,
    pub(crate) digest: ArtifactDigest,
    pub(crate) media_type: Option<String>,
    /// Of an image.
    pub(crate) platform: Option<String>,
    /// The index that it was picked from, for one platform.
    pub(crate) picked_from: Option<ArtifactDigest>,
    /// What it holds: one part, or one for each image of an index.
    pub(crate) parts: Vec<Part>,
    /// Of an index.
    pub(crate) members: Option<Vec<IndexMember>>,
    /// Evidence that lies with it.
    pub(crate) referrers: Evidence,
    /// What is odd about its bytes.
    pub(crate) notes: Vec<PartNote>,
}

/// What is odd about one entry, and of which part of the artifact.
pub(crate) struct PartNote {
    /// Of a member of an index.
    pub(crate) platform: Option<String>,
    /// Of an image.
    pub(crate) layer: Option<usize>,
    pub(crate) note: ReaderNote,
}

/// One container whose entries are known.
pub(crate) struct Part {
    pub(crate) digest: ArtifactDigest,
    /// Of a member of an index.
    pub(crate) platform: Option<String>,
    pub(crate) inventory: Arc<Inventory>,
    pub(crate) image: Option<ImageFacts>,
    /// What archives in it hold, where it is no image and they were opened.
    pub(crate) inside: Arc<BTreeMap<FileDigest, Inside>>,
}

impl Part {
    /// True when no archive in it was opened.
    fn is_closed(&self) -> bool {
        self.inside.is_empty() && self.image.iter().flat_map(|image| &image.layers).all(|layer| layer.inside.is_empty())
    }

    /// What an entry holds, where it is an archive that was opened.
    pub(crate) fn inside_of(&self, record: Record<'_>) -> Option<&Inside> {
        let digest = record.sha256.filter(|_| record.entry_type == EntryType::File)?;
        let of_image = || self.image.as_ref().and_then(|image| image.inside(digest));
        self.inside.get(&digest).or_else(of_image)
    }
}

/// Opens and reads an artifact whole. `progress` is called with the bytes read so far.
///
/// # Errors
/// [`VerifyError`], when it is not there, not readable, or not clear which image is meant.
pub(crate) fn open(
    artifact: &ArtifactRef,
    limits: &Limits,
    cache: Option<&InventoryCache>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Opened, VerifyError> {
    let path = artifact.path.as_path();
    let opened = local::open(path).map_err(|source| VerifyError::unreadable(path, source))?;
    let store = match artifact.form {
        Some(form) => ImageStore::open(&opened, Some(form), limits).map(Some),
        None => ImageStore::open_if_any(&opened, limits),
    };
    let Some(store) = store.map_err(VerifyError::Artifact)? else {
        if artifact.platform.is_some() {
            return Err(VerifyError::NoPlatform { path: path.to_owned() });
        }
        let opened = plain(artifact, Source::from(&opened), limits, progress)?;
        return bound(&opened, limits).map(|()| opened);
    };
    let store = store.opening(artifact.opening).cached(cache.map(|cache| cache as &dyn FactsCache));
    let choice = choose(artifact, &store)?;
    let wanted = artifact.platform.as_deref();
    let read = store.read(choice, wanted, limits, progress).map_err(|error| not_read(artifact, error))?;
    let mut opened = image(artifact, read)?;
    bound(&opened, limits)?;
    opened.picked_from = Some(choice.digest).filter(|digest| choice.is_index && *digest != opened.digest);
    let parts = opened.parts.iter().map(|part| part.digest).filter(|digest| *digest != opened.digest);
    let mut taken = Taken::default();
    // What is said of an index is said of the image that was picked from it.
    for subject in std::iter::once(opened.digest).chain(opened.picked_from).chain(parts).collect::<Vec<_>>() {
        opened.referrers.add_referrers(&store, subject, &mut taken, limits)?;
    }
    Ok(opened)
}

/// LIMIT: members are listed with each file that has the content, and many files may have it.
fn bound(opened: &Opened, limits: &Limits) -> Result<(), VerifyError> {
    let mut listed = 0_usize;
    for part in opened.parts.iter().filter(|part| !part.is_closed()) {
        let archives = part.inventory.records().filter_map(|record| part.inside_of(record));
        listed = archives.fold(listed, |sum, inside| sum.saturating_add(inside.members.len()));
    }
    if listed <= limits.entries {
        return Ok(());
    }
    Err(VerifyError::Artifact(ArtifactError::OverLimit {
        name: opened.name.clone().unwrap_or_default(),
        what: "entries of archives inside, listed with each file that holds them",
        limit: u64::try_from(limits.entries).unwrap_or(u64::MAX),
        offset: 0,
    }))
}

/// A platform that is not there is a slip of the caller, and no fault of the artifact.
fn not_read(artifact: &ArtifactRef, error: ArtifactError) -> VerifyError {
    match error {
        ArtifactError::Image { fault, .. } if matches!(*fault, ImageFault::Platform { .. }) => {
            VerifyError::PlatformNotOffered { path: artifact.path.clone(), source: *fault }
        }
        error => VerifyError::Artifact(error),
    }
}

fn plain(
    artifact: &ArtifactRef,
    source: Source<'_>,
    limits: &Limits,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<Opened, VerifyError> {
    let read = lasthand_artifact::read_opening(source, None, artifact.opening, limits, progress)
        .map_err(VerifyError::Artifact)?;
    let notes = read.notes.into_iter().map(|note| PartNote { platform: None, layer: None, note });
    Ok(Opened {
        name: artifact.path.file_name().map(|name| name.to_string_lossy().into_owned()),
        digest: read.digest,
        media_type: media_type(read.kind).map(str::to_owned),
        platform: None,
        picked_from: None,
        parts: vec![Part {
            digest: read.digest,
            platform: None,
            inventory: Arc::new(read.inventory),
            image: None,
            inside: Arc::new(read.inside),
        }],
        members: None,
        referrers: Evidence::default(),
        notes: notes.collect(),
    })
}

/// Media types of archives as registries use them; none where the bytes do not tell.
const fn media_type(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Tar => Some("application/x-tar"),
        Kind::TarGzip => Some("application/gzip"),
        Kind::TarZstd => Some("application/zstd"),
        _ => None,
    }
}

fn image(artifact: &ArtifactRef, read: ImageArtifact) -> Result<Opened, VerifyError> {
    let name = artifact.file_name();
    let mut notes = Vec::new();
    let opened = match read {
        ImageArtifact::Image(image) => Opened {
            name,
            digest: image.digest,
            media_type: Some(image.media_type.clone()),
            platform: Some(image.platform.clone()),
            picked_from: None,
            parts: vec![part(image, None, &mut notes)],
            members: None,
            referrers: Evidence::default(),
            notes,
        },
        ImageArtifact::Index(index) => {
            let members = index.members.iter();
            let members = members
                .map(|member| IndexMember { digest: member.digest, platform: member.platform.clone() })
                .collect();
            let mut parts = Vec::new();
            for member in index.members {
                // None of a manifest that the index says is for no platform.
                if let Some(image) = member.image {
                    parts.push(part(image, Some(member.platform), &mut notes));
                }
            }
            Opened {
                name,
                digest: index.digest,
                media_type: Some(index.media_type),
                platform: None,
                picked_from: None,
                parts,
                members: Some(members),
                referrers: Evidence::default(),
                notes,
            }
        }
        _ => return Err(VerifyError::Unknown { path: artifact.path.clone() }),
    };
    Ok(opened)
}

fn part(mut image: ImageFacts, platform: Option<String>, notes: &mut Vec<PartNote>) -> Part {
    let own = std::mem::take(&mut image.notes).into_iter();
    notes.extend(own.map(|(layer, note)| PartNote { platform: platform.clone(), layer, note }));
    Part {
        digest: image.digest,
        platform,
        inventory: Arc::clone(&image.inventory),
        image: Some(image),
        inside: Arc::default(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use std::fs;
    use std::path::Path;

    use lasthand_model::digest::Sha256;
    use lasthand_model::wire::bundle::BUNDLE_MEDIA_TYPES;
    use serde_json::{Value, json};

    use super::*;

    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";

    fn put(folder: &Path, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Sha256::of(bytes);
        fs::write(folder.join(format!("blobs/sha256/{digest}")), bytes).unwrap();
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    }

    #[test]
    fn what_is_attached_to_an_index_is_read_when_one_of_its_images_is_picked() {
        // pass: with and without a platform: a withdrawal of the index must not be lost
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        let config =
            json!({"os": "linux", "architecture": "amd64", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}});
        let config = put(folder, "application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
        let image = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []});
        let image = put(folder, MANIFEST, image.to_string().as_bytes());
        let image = json!({
            "mediaType": MANIFEST, "digest": image.get("digest"), "size": image.get("size"),
            "platform": {"os": "linux", "architecture": "amd64"},
        });
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image]});
        let index = put(folder, INDEX, index.to_string().as_bytes());
        let bundle = put(folder, BUNDLE_MEDIA_TYPES.first().unwrap(), b"{}");
        let about = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x", "config": bundle, "layers": [bundle],
            "subject": index,
        });
        let about = put(folder, MANIFEST, about.to_string().as_bytes());
        fs::write(folder.join("index.json"), json!({"schemaVersion": 2, "manifests": [index, about]}).to_string())
            .unwrap();
        for platform in [None, Some("linux/amd64".to_owned())] {
            let artifact = ArtifactRef { platform, ..ArtifactRef::path(folder) };
            let opened = open(&artifact, &Limits::DEFAULT, None, &mut |_| {}).unwrap();
            assert_eq!(opened.referrers.len(), 1, "{:?}", artifact.platform);
        }
    }
}
