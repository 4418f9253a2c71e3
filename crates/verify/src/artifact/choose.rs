//! Which image of a place is meant.

use lasthand_artifact::image::{Choice, ImageStore};

use super::ArtifactRef;
use crate::error::VerifyError;

/// The image that a reference means: by tag, name or digest, or the only one there is.
///
/// # Errors
/// [`VerifyError::ImageNotNamed`] with what the place offers.
pub(super) fn choose<'s>(artifact: &ArtifactRef, store: &'s ImageStore<'_>) -> Result<&'s Choice, VerifyError> {
    let choices = store.choices();
    let fits = |choice: &&Choice| match &artifact.image {
        None => true,
        Some(wanted) => {
            choice.names.iter().any(|name| name == wanted || tag_of(name) == Some(wanted))
                || wanted.strip_prefix("sha256:") == Some(choice.digest.0.to_string().as_str())
        }
    };
    let mut found = choices.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(VerifyError::ImageNotNamed {
            path: artifact.path.clone(),
            wanted: artifact.image.clone(),
            offered: choices.iter().map(shown).collect(),
        }),
    }
}

/// The tag of a name such as `registry.example/acme/app:1.2`.
fn tag_of(name: &str) -> Option<&str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map(|(_, tag)| tag)
}

fn shown(choice: &Choice) -> String {
    let platform = choice.platform.as_ref().map(|platform| format!(" ({platform})")).unwrap_or_default();
    match choice.names.first() {
        Some(name) => format!("{name}{platform}"),
        None => format!("sha256:{}{platform}", choice.digest.0),
    }
}
