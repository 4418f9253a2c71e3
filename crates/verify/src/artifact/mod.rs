//! What is verified: where it lies, which of several images there it is, and what it holds.

mod choose;
mod open;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use lasthand_artifact::Opening;
use lasthand_artifact::image::Form;
use thiserror::Error;

pub(crate) use open::{Opened, PartNote, open};

/// Where an artifact lies, and which of several images there it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRef {
    path: PathBuf,
    form: Option<Form>,
    image: Option<String>,
    platform: Option<String>,
    opening: Opening,
}

/// A text that names no artifact here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArtifactRefError {
    /// An image in a registry.
    #[error("`{text}` is in a registry, and registries are not read by this version")]
    Registry {
        /// As given.
        text: String,
    },
    /// A prefix without a path.
    #[error("`{text}` has no path behind `{prefix}:`")]
    NoPath {
        /// As given.
        text: String,
        /// The prefix.
        prefix: &'static str,
    },
}

impl ArtifactRefError {
    /// What the reader can do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<&'static str> {
        match self {
            Self::Registry { .. } => vec!["copy it first, for instance: `skopeo copy docker://NAME oci:DIR`"],
            Self::NoPath { .. } => {
                vec!["write `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME]`"]
            }
        }
    }
}

impl ArtifactRef {
    /// A file or folder; whether it holds images is found out when it is opened.
    #[must_use]
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), form: None, image: None, platform: None, opening: Opening::Closed }
    }

    /// Reads `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME]`, or a path.
    ///
    /// A tag may also be a digest, `sha256:<hex>`. A path that begins like a prefix is written `./oci:...`.
    ///
    /// # Errors
    /// [`ArtifactRefError`].
    pub fn parse(text: &OsStr) -> Result<Self, ArtifactRefError> {
        let Some(word) = text.to_str() else { return Ok(Self::path(text)) };
        if word.starts_with("docker://") {
            return Err(ArtifactRefError::Registry { text: word.to_owned() });
        }
        for form in Form::ALL {
            let Some(rest) = word.strip_prefix(form.as_str()).and_then(|rest| rest.strip_prefix(':')) else { continue };
            // A path may have colons; one that is there as it stands is taken whole.
            let (path, image) = match rest.split_once(':') {
                Some((path, image)) if !Path::new(rest).exists() => (path, Some(image.to_owned())),
                _ => (rest, None),
            };
            if path.is_empty() {
                return Err(ArtifactRefError::NoPath { text: word.to_owned(), prefix: form.as_str() });
            }
            let image = image.filter(|image| !image.is_empty());
            return Ok(Self { form: Some(*form), image, ..Self::path(path) });
        }
        Ok(Self::path(word))
    }

    /// Asks for one platform of a multi-platform image: `os/arch[/variant]`.
    #[must_use]
    pub fn with_platform(self, platform: Option<String>) -> Self {
        Self { platform, ..self }
    }

    /// Has archives inside it opened one level deep, for the report; the verdict is never better for it.
    #[must_use]
    pub fn with_opening(self, opening: Opening) -> Self {
        Self { opening, ..self }
    }

    /// The file or folder.
    #[must_use]
    pub fn place(&self) -> &Path {
        &self.path
    }

    /// The form that the reference states; none when it is to be found out.
    #[must_use]
    pub const fn form(&self) -> Option<Form> {
        self.form
    }

    /// The image that is meant: a tag, a name or a digest.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        self.image.as_deref()
    }

    /// The last segment of the path: the name of the artifact where evidence names it without folders.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let name = self.path.file_name().or_else(|| self.path.components().next_back().map(|last| last.as_os_str()));
        name.map(|name| name.to_string_lossy().into_owned())
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for ArtifactRef {
    fn from(path: &P) -> Self {
        Self::path(path.as_ref())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<Form>, Option<String>) {
        let read = ArtifactRef::parse(OsStr::new(text)).unwrap();
        (read.path.to_string_lossy().into_owned(), read.form, read.image)
    }

    #[test]
    fn prefixes_name_the_form_and_what_follows_the_image() {
        // pass: path, tag, name with a colon, digest
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parsed("release.tar.gz"), ("release.tar.gz".to_owned(), None, None));
        assert_eq!(parsed("oci:out/app:1.2"), ("out/app".to_owned(), Some(Form::OciLayout), some("1.2")));
        assert_eq!(parsed("oci-archive:a.tar"), ("a.tar".to_owned(), Some(Form::OciArchive), None));
        let named = ("a.tar".to_owned(), Some(Form::DockerArchive), some("acme/app:1.2"));
        assert_eq!(parsed("docker-archive:a.tar:acme/app:1.2"), named);
        assert_eq!(parsed("./oci:x"), ("./oci:x".to_owned(), None, None));
        // fail: a registry, no path
        assert!(matches!(ArtifactRef::parse(OsStr::new("docker://a/b")), Err(ArtifactRefError::Registry { .. })));
        assert!(matches!(ArtifactRef::parse(OsStr::new("oci::tag")), Err(ArtifactRefError::NoPath { .. })));
    }
}
