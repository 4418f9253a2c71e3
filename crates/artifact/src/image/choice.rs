//! What a place offers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lasthand_model::digest::{ArtifactDigest, Sha256};

/// How images lie in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Form {
    /// A folder with `oci-layout`, `index.json` and `blobs/`.
    OciLayout,
    /// A tar archive of such a folder.
    OciArchive,
    /// A tar archive as `docker save` writes it, with `manifest.json`.
    DockerArchive,
}

impl Form {
    /// Every form, in order.
    pub const ALL: &'static [Self] = &[Self::OciLayout, Self::OciArchive, Self::DockerArchive];

    /// The word used in options and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OciLayout => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
        }
    }

    /// Finds the form of a word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|form| form.as_str() == text)
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One image or index that a place offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Digest of the manifest or index; in a docker archive of the config.
    pub digest: ArtifactDigest,
    /// Media type of what `digest` is the digest of.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// Names it goes by, each once; often none.
    pub names: Vec<String>,
    /// `os/arch` or `os/arch/variant`, where the place says so without its config being read.
    pub platform: Option<String>,
    /// True for an index.
    pub is_index: bool,
}

impl fmt::Display for Choice {
    /// Its first name, or its digest, and its platform.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names.first() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "sha256:{}", self.digest.0)?,
        }
        match &self.platform {
            Some(platform) => write!(f, " ({platform})"),
            None => Ok(()),
        }
    }
}

/// Choices as they are found.
#[derive(Default)]
pub(super) struct Choices {
    found: Vec<Choice>,
    places: BTreeMap<ArtifactDigest, usize>,
    names: BTreeSet<(ArtifactDigest, String)>,
}

impl Choices {
    /// Adds a choice, or its names to the same one.
    pub(super) fn offer(&mut self, mut new: Choice) {
        let digest = new.digest;
        new.names.retain(|name| self.names.insert((digest, name.clone())));
        let at = *self.places.entry(digest).or_insert(self.found.len());
        match self.found.get_mut(at) {
            Some(known) => known.names.append(&mut new.names),
            None => self.found.push(new),
        }
    }

    /// Them, in the order in which they were found.
    pub(super) fn into_vec(self) -> Vec<Choice> {
        self.found
    }
}

/// What a place lists and does not offer, because it is no image to this reader or is about another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Digest that the place lists it by.
    pub digest: ArtifactDigest,
    /// Names it goes by, each once; often none.
    pub names: Vec<String>,
    /// Why it is not offered.
    pub reason: &'static str,
    /// True when a puller may take it for an image all the same.
    pub is_image: bool,
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.digest.0)?;
        for name in &self.names {
            write!(f, " `{name}`")?;
        }
        write!(f, " ({})", self.reason)
    }
}

/// A manifest that is about another one: a signature, an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// Digest of the manifest.
    pub digest: ArtifactDigest,
    /// Its artifact type; where it has none, the media type of its config.
    pub artifact_type: String,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Its blobs.
    pub layers: Vec<BlobDescriptor>,
}

/// A blob as a manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobDescriptor {
    /// Digest of its bytes.
    pub digest: Sha256,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// What the manifest says beside it.
    pub annotations: BTreeMap<String, String>,
}
