//! Why an image could not be stated.

use std::path::PathBuf;

use lasthand_artifact::ArtifactError;
use lasthand_model::digest::Sha256;
use thiserror::Error;

/// Why an image could not be stated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The system refused.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no image.
    #[error("`{}` holds no image", path.display())]
    NoImage {
        /// Where it should be.
        path: PathBuf,
    },
    /// It cannot be read as an image.
    #[error("cannot read the image in `{}`", path.display())]
    Malformed {
        /// Where it is.
        path: PathBuf,
        /// Why.
        #[source]
        source: ArtifactError,
    },
    /// A manifest or config is not there.
    #[error("sha256:{digest} is missing in `{}`", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// Its digest.
        digest: Sha256,
    },
    /// None of the images there is meant, or several.
    #[error("not clear which image in `{}` is meant; there are: {}", path.display(), offered.join(", "))]
    NotNamed {
        /// The place.
        path: PathBuf,
        /// What was named.
        wanted: Option<String>,
        /// What it offers.
        offered: Vec<String>,
    },
    /// The images are those that were there before.
    #[error("the image in `{}` did not change while the command ran", path.display())]
    Unchanged {
        /// Where it is.
        path: PathBuf,
    },
    /// A place that was not looked at before the command.
    #[error("`{}` is not in a recorded folder", path.display())]
    NotRecorded {
        /// The place.
        path: PathBuf,
    },
    /// More documents than one image may have.
    #[error("image in `{}` has more than {limit} documents", path.display())]
    OverLimit {
        /// Where it is.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
}

impl ImageError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unreadable { .. } => "check that it exists and may be read",
            Self::NoImage { .. } => {
                "an image is an OCI layout (a folder with `oci-layout`), an OCI archive or a docker archive, not compressed"
            }
            Self::NotNamed { .. } => "name one: `oci:DIR:TAG`, or by digest: `oci:DIR:sha256:<hex>`",
            Self::Unchanged { .. } => "remove it before the command makes it anew, or let the command write elsewhere",
            Self::NotRecorded { .. } => "give a path inside the working folder, and record the folder it lies in",
            Self::Missing { .. } => "copy the image whole; of an index, with every platform that is built",
            Self::Malformed { .. } | Self::OverLimit { .. } => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
