//! Why a statement could not be made, signed or written.

use std::path::PathBuf;

use lasthand_artifact::ArtifactError;
use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::BlobError;
use lasthand_model::json::JsonError;
use thiserror::Error;

/// Why no statement could be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// A tree without the root of its inventory: a git id alone is SHA-1 and no subject of ours.
    #[error("{what} has no inventory root")]
    NoRoot {
        /// Which tree.
        what: &'static str,
    },
    /// A step of this kind has no statement of this form.
    #[error("kind `{kind}` cannot be stated as {form}")]
    WrongKind {
        /// The kind.
        kind: StepKind,
        /// The form asked for.
        form: &'static str,
    },
    /// Build instructions that were not among the files before the step.
    #[error("instructions `{path}` are not among the recorded files")]
    NoInstructions {
        /// Their path.
        path: String,
    },
    /// A review whose scope is empty approves nothing.
    #[error("scope of the review is empty")]
    EmptyScope,
    /// A list of authors that is stated complete but empty.
    #[error("list of authors is stated complete and names nobody")]
    NobodyComplete,
    /// A member that is not text or number.
    #[error("statement cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

impl StatementError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoRoot { .. } => "compute the inventory of the tree first",
            Self::WrongKind { .. } => {
                "edit takes an edit statement, sign, publish and promote an act, merge a landing, everything else a step"
            }
            Self::NoInstructions { .. } => {
                "give a path relative to the recorded folder, and record the folder it lies in"
            }
            Self::EmptyScope => "give the paths that were reviewed, or `**` for all",
            Self::NobodyComplete => "name the authors, or do not state that the list is complete",
            Self::Json(_) => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

/// Why evidence was not written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file system refused.
    #[error("cannot {act} `{}`", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A kind that cannot be part of a file name.
    #[error("`{kind}` is not a kind word")]
    BadKind {
        /// The word.
        kind: String,
    },
    /// Evidence that is not JSON.
    #[error("`{}` is not a JSON document", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: JsonError,
    },
    /// Records that are no inventory.
    #[error("`{}` is not an inventory", path.display())]
    NotInventory {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: BlobError,
    },
    /// Records under the name of another inventory.
    #[error("`{}` holds the inventory `{got}`", path.display())]
    WrongRoot {
        /// The file.
        path: PathBuf,
        /// The root of what it holds.
        got: String,
    },
    /// A content under the digest of another one.
    #[error("`{}` has the digest {got}", path.display())]
    WrongDigest {
        /// The file.
        path: PathBuf,
        /// The digest of what it holds.
        got: Sha256,
    },
    /// Evidence that is no Sigstore bundle, where only bundles can be attached.
    #[error("`{name}` is not a Sigstore bundle")]
    NotBundle {
        /// Its file name, without ending.
        name: String,
    },
    /// A layout that cannot be read.
    #[error("cannot read the layout `{}`", path.display())]
    Layout {
        /// The layout.
        path: PathBuf,
        /// Why.
        #[source]
        source: ArtifactError,
    },
    /// An `index.json` that is not strict JSON, or no index.
    #[error("`{}` is not an index of an OCI layout", path.display())]
    NotIndex {
        /// The file.
        path: PathBuf,
    },
    /// None of the images of a layout is meant, or several.
    #[error("not clear which image in `{}` is meant; there are: {}", path.display(), offered.join(", "))]
    NotNamed {
        /// The layout.
        path: PathBuf,
        /// What it offers.
        offered: Vec<String>,
    },
    /// An index that lies nowhere but in `index.json`, which attaching would change.
    #[error("the index is `{}` itself, and attaching to it would change it", path.display())]
    RootIndex {
        /// The file.
        path: PathBuf,
    },
    /// More evidence than is read for one question.
    #[error("more than {limit} files of evidence")]
    OverLimit {
        /// The limit.
        limit: usize,
    },
    /// A file that is neither a bundle nor an inventory nor a content.
    #[error("`{}` is no evidence", path.display())]
    NotEvidence {
        /// The file.
        path: PathBuf,
    },
}

impl WriteError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Io { .. } => "check that the folder exists and may be written to",
            Self::BadKind { .. } => "use letters, digits and `-` only",
            Self::NotJson { .. } | Self::NotEvidence { .. } => {
                "give files that end in `.sigstore.json` or `.inv`, contents in `blobs/sha256/`, or folders of these"
            }
            Self::NotInventory { .. } | Self::WrongRoot { .. } => "record the inventory again; the file was changed",
            Self::WrongDigest { .. } => "record the content again; the file was changed",
            Self::NotBundle { .. } => "attach bundles to an image; the folder beside an artifact takes envelopes too",
            Self::Layout { .. } | Self::NotIndex { .. } => {
                "give an OCI layout: a folder with `oci-layout` and `index.json`"
            }
            Self::NotNamed { .. } => "name one: `oci:DIR:TAG`, or by digest: `oci:DIR:sha256:<hex>`",
            Self::RootIndex { .. } => "copy it into a layout that holds the index as a blob, then attach",
            Self::OverLimit { .. } => "give only the evidence of this artifact",
        };
        vec![hint.to_owned()]
    }
}

/// Why a statement was not signed and written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttestError {
    /// It could not be made.
    #[error("could not make the statement")]
    Statement(#[from] StatementError),
    /// It could not be signed.
    #[error("could not sign the statement")]
    Sign(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It could not be written.
    #[error("could not write the evidence")]
    Write(#[from] WriteError),
}
