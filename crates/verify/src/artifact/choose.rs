//! Which image of a place is meant.

use lasthand_artifact::image::{Choice, ImageStore};

use super::ArtifactRef;
use crate::error::VerifyError;

/// The image that a reference means: by tag, name or digest, or the only one there is.
///
/// # Errors
/// [`VerifyError::ImageNotNamed`] with what the place offers.
pub(super) fn choose<'s>(artifact: &ArtifactRef, store: &'s ImageStore<'_>) -> Result<&'s Choice, VerifyError> {
    store.find(artifact.image.as_deref()).ok_or_else(|| VerifyError::ImageNotNamed {
        path: artifact.path.clone(),
        wanted: artifact.image.clone(),
        offered: store.choices().iter().map(ToString::to_string).collect(),
        rivals: match store.choices() {
            [] => store.hidden().iter().map(ToString::to_string).collect(),
            _ => store.rivals(artifact.image.as_deref()).map(ToString::to_string).collect(),
        },
    })
}
