//! Why no verdict could be formed. A refusal is no error: it is a [`Verification`](crate::Verification).

use std::io;
use std::path::{Path, PathBuf};

use lasthand_artifact::ArtifactError;
use lasthand_artifact::image::ImageFault;
use lasthand_trust::trust_file::{Severity, TrustFileError};
use thiserror::Error;

use crate::artifact::ArtifactRefError;

/// Why there is no verdict.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The trust file could not be read.
    #[error("cannot read the trust file `{}`", file.display())]
    TrustUnreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The trust file is wrong; [`diagnostics`](Self::diagnostics) says all of it.
    #[error("trust file `{}` cannot be used", file.display())]
    Trust {
        /// The file.
        file: PathBuf,
        /// Everything that is wrong.
        source: TrustFileError,
    },
    /// Evidence that was named is not there.
    #[error("there is no evidence at `{}`", path.display())]
    EvidenceMissing {
        /// What was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// More evidence than may be read for one question.
    #[error("more than {limit} pieces of evidence")]
    EvidenceOverLimit {
        /// Pieces allowed.
        limit: usize,
    },
    /// More bytes of evidence than may be held for one question.
    #[error("more than {limit} bytes of evidence")]
    EvidenceTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The trust file names several products, or none, and the call names none.
    #[error("no product is named, and the trust file has {}", count(products))]
    ProductNotNamed {
        /// The products of the trust file, in its order.
        products: Vec<String>,
    },
    /// The artifact could not be opened.
    #[error("cannot open the artifact `{}`", path.display())]
    ArtifactUnreadable {
        /// The artifact.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The artifact could not be read whole and without doubt.
    #[error("artifact cannot be read")]
    Artifact(#[source] ArtifactError),
    /// The place holds several images, or none, of what was named.
    #[error("{} in `{}`; there are: {}", image_named(wanted.as_ref()), path.display(), none_or(offered, rivals))]
    ImageNotNamed {
        /// The place.
        path: PathBuf,
        /// What was named.
        wanted: Option<String>,
        /// What it offers.
        offered: Vec<String>,
        /// What it lists and does not offer, and what programs that pull may take by the same name all the same.
        rivals: Vec<String>,
    },
    /// A platform was asked of what is no image.
    #[error("`{}` is no image, so it has no platform", path.display())]
    NoPlatform {
        /// The artifact.
        path: PathBuf,
    },
    /// None, or more than one, of the images has the platform asked for.
    #[error("no single image of `{}` has the platform", path.display())]
    PlatformNotOffered {
        /// The artifact.
        path: PathBuf,
        /// What was asked for and what there is.
        source: ImageFault,
    },
    /// A pipe or device, where an archive must be read by offset.
    #[error("`{}` is a pipe or a device, and an artifact is read more than once and by offset", path.display())]
    Pipe {
        /// The artifact.
        path: PathBuf,
    },
    /// The text names no artifact here.
    #[error(transparent)]
    Reference(ArtifactRefError),
    /// A form of image that this reader does not know of.
    #[error("`{}` is an image of a form that is not known here", path.display())]
    Unknown {
        /// The artifact.
        path: PathBuf,
    },
}

impl VerifyError {
    /// The exit code: 2 usage or configuration, 4 malformed or over a limit.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::EvidenceOverLimit { .. } | Self::EvidenceTooLarge { .. } => 4,
            Self::Artifact(ArtifactError::Io { .. } | ArtifactError::Entry { .. }) => 2,
            Self::Artifact(_) => 4,
            _ => 2,
        }
    }

    /// The id of the finding that stands for this error in a report.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::TrustUnreadable { .. } | Self::Trust { .. } => "LH901",
            Self::EvidenceMissing { .. } => "LH902",
            Self::ProductNotNamed { .. } => "LH903",
            Self::ImageNotNamed { .. }
            | Self::NoPlatform { .. }
            | Self::PlatformNotOffered { .. }
            | Self::Reference(_) => "LH907",
            Self::ArtifactUnreadable { .. }
            | Self::Pipe { .. }
            | Self::Unknown { .. }
            | Self::Artifact(ArtifactError::Io { .. } | ArtifactError::Entry { .. }) => "LH904",
            Self::Artifact(_) => "LH905",
            Self::EvidenceOverLimit { .. } | Self::EvidenceTooLarge { .. } => "LH906",
        }
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::TrustUnreadable { .. } => {
                vec!["name the trust file with `--trust FILE`, or write one: `lasthand init`".to_owned()]
            }
            Self::Trust { .. } => vec!["see what it says line by line: `lasthand trust check`".to_owned()],
            Self::EvidenceMissing { .. } => vec!["check the path given with `--bundle`".to_owned()],
            Self::EvidenceOverLimit { .. } | Self::EvidenceTooLarge { .. } => {
                vec!["give only the evidence of this artifact".to_owned()]
            }
            Self::ProductNotNamed { products } if products.is_empty() => {
                vec!["add a `[[product]]` to the trust file".to_owned()]
            }
            Self::ProductNotNamed { products } => {
                vec![format!("name one with `--name`: {}", products.join(", "))]
            }
            Self::ImageNotNamed { rivals, offered, .. } if !rivals.is_empty() && !offered.is_empty() => {
                vec![
                    "programs that pull may take another manifest than the one verified: remove it from `index.json`, or \
                     name the image by `:sha256:<digest>` here and where it is pulled"
                        .to_owned(),
                ]
            }
            Self::ImageNotNamed { .. } => {
                vec![
                    "name one: `oci:DIR:TAG`, `docker-archive:FILE:NAME`, or `:sha256:<digest>` behind the path"
                        .to_owned(),
                ]
            }
            Self::PlatformNotOffered { .. } => {
                vec![
                    "give `--platform` one of the platforms that there are, as `os/arch` or `os/arch/variant`"
                        .to_owned(),
                ]
            }
            Self::NoPlatform { .. } => vec!["leave `--platform` out".to_owned()],
            Self::Pipe { .. } => vec!["write it to a file first, and verify the file".to_owned()],
            Self::Reference(source) => source.hints().into_iter().map(str::to_owned).collect(),
            Self::Unknown { .. } => vec!["name the form: `oci:`, `oci-archive:` or `docker-archive:`".to_owned()],
            Self::ArtifactUnreadable { .. } => vec!["check that the path exists and may be read".to_owned()],
            Self::Artifact(source) => source.hints().into_iter().map(str::to_owned).collect(),
        }
    }

    /// Why an artifact could not be opened.
    pub(crate) fn unreadable(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        // Neither a file nor a folder, and there: a pipe, a socket, a device.
        match source.kind() {
            io::ErrorKind::InvalidInput => Self::Pipe { path },
            _ => Self::ArtifactUnreadable { path, source },
        }
    }

    /// Everything that is wrong with the trust file, one line each: `file:line:column: error: problem`, with its hints.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<(String, Vec<String>)> {
        let Self::Trust { file, source } = self else { return Vec::new() };
        source
            .diagnostics()
            .iter()
            .filter(|diagnostic| diagnostic.problem.severity() == Severity::Error)
            .map(|diagnostic| (format!("{}:{diagnostic}", file.display()), diagnostic.problem.hints()))
            .collect()
    }

    /// The error and what lies beneath it, in one line.
    #[must_use]
    pub fn message(&self) -> String {
        with_sources(self)
    }
}

/// No entry of the artifact has the path that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the artifact has no entry `{path}`")]
pub struct UnknownPathError {
    /// The path asked for.
    pub path: String,
    /// The nearest paths there are, nearest first; three at most.
    pub near: Vec<String>,
}

impl UnknownPathError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        if self.near.is_empty() {
            return vec!["list the entries: `lasthand inspect ARTIFACT`".to_owned()];
        }
        let near: Vec<String> = self.near.iter().map(|path| format!("`{}`", crate::render::escape(path))).collect();
        vec![format!("did you mean {}?", near.join(" or "))]
    }
}

/// An error and its sources, joined by colons.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

fn image_named(wanted: Option<&String>) -> String {
    wanted.map_or_else(|| "no image is named".to_owned(), |wanted| format!("no image, or more than one, is `{wanted}`"))
}

fn none_or(offered: &[String], rivals: &[String]) -> String {
    let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    if rivals.is_empty() {
        return offered;
    }
    // LIMIT: ten in a message.
    let rivals: Vec<String> = rivals.iter().take(10).map(|rival| crate::render::escape(rival)).collect();
    format!("{offered}; listed too, and no image to choose here: {}", rivals.join(", "))
}

fn count(products: &[String]) -> String {
    match products.len() {
        0 => "none".to_owned(),
        several => format!("{several}: {}", products.join(", ")),
    }
}
