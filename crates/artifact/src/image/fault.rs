//! What is wrong with an image.

use lasthand_model::digest::Sha256;
use thiserror::Error;

/// The parts of an image are missing or do not belong together. Blobs are named by the digest they were asked for by.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImageFault {
    /// The place holds no image of the form asked for.
    #[error("no {expected}: {missing} is missing")]
    NoImage {
        /// The form.
        expected: &'static str,
        /// The member that it needs.
        missing: String,
    },
    /// An image archive that is compressed as a whole: its members cannot be read by offset.
    #[error("the archive itself is compressed with {codec}")]
    Compressed {
        /// `gzip`, `zstd`, `bzip2` or `xz`.
        codec: &'static str,
    },
    /// A blob, or a member of the archive, is not there.
    #[error("{blob} is missing")]
    Missing {
        /// Digest or member name.
        blob: String,
    },
    /// A member that should be a file is none, or a link leads nowhere or in a circle.
    #[error("`{member}` is no regular file")]
    NotAFile {
        /// Name of the member.
        member: String,
    },
    /// A blob has another number of bytes than its descriptor says.
    #[error("{blob} has {got} bytes, its descriptor says {expected}")]
    SizeDiffers {
        /// Digest or member name.
        blob: String,
        /// Bytes stated.
        expected: u64,
        /// Bytes there are.
        got: u64,
    },
    /// The bytes of a blob have another digest than they were asked for by.
    #[error("{blob} has the digest sha256:{got}")]
    DigestDiffers {
        /// Digest or member name.
        blob: String,
        /// Digest of the bytes.
        got: Sha256,
    },
    /// The uncompressed bytes of a layer have another digest than the config says.
    #[error("layer {layer} ({blob}) has the diff id sha256:{got}, the config says sha256:{expected}")]
    DiffIdDiffers {
        /// Number of the layer, from 0, lowest first.
        layer: usize,
        /// Digest or member name.
        blob: String,
        /// The config's diff id.
        expected: Sha256,
        /// Digest of the uncompressed bytes.
        got: Sha256,
    },
    /// The bytes of a layer are packed otherwise than its media type says.
    ///
    /// SECURITY: umoci refuses them; containerd unpacks what the media type of OCI says, or what it finds.
    #[error("{blob} has media type `{media_type}`, and its bytes are {got}")]
    OtherPacking {
        /// Digest of the layer.
        blob: String,
        /// Media type stated.
        media_type: String,
        /// How its bytes are packed.
        got: &'static str,
    },
    /// The manifest lists another number of layers than the config has diff ids.
    #[error("{layers} layers, but the config has {diff_ids} diff ids")]
    LayerCount {
        /// Layers of the manifest.
        layers: usize,
        /// Diff ids of the config.
        diff_ids: usize,
    },
    /// A member of a document is absent or of another shape.
    #[error("{document}: member `{member}` is not {expected}")]
    Shape {
        /// Which document.
        document: String,
        /// The member, as a JSON Pointer.
        member: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Two members that a reader without regard to case takes for one.
    ///
    /// SECURITY: Go's `encoding/json` takes the last of them.
    #[error("{document}: member `{member}` is read as another name by readers without regard to case")]
    CaseVariant {
        /// Which document.
        document: String,
        /// The member.
        member: String,
    },
    /// One field of a config stated in two places.
    #[error("{document}: field `{member}` is stated twice")]
    FieldTwice {
        /// Which document.
        document: String,
        /// The field.
        member: String,
    },
    /// A document that is a manifest and an index (CVE-2021-41190).
    #[error("{document} has both `manifests` and `layers` or `config`: readers take it as an index or as a manifest")]
    BothKinds {
        /// Which document.
        document: String,
    },
    /// The media type inside a document is not the one it was found by.
    #[error("{document} says media type `{got}`, its descriptor `{expected}`")]
    MediaTypeDiffers {
        /// Which document.
        document: String,
        /// In the descriptor.
        expected: String,
        /// In the document.
        got: String,
    },
    /// A media type, digest algorithm or version that is not read.
    #[error("{document}: {what} `{got}` is not supported")]
    Unsupported {
        /// Which document.
        document: String,
        /// What it is.
        what: &'static str,
        /// Its text, cut after 80 characters.
        got: String,
    },
    /// Indexes inside indexes, deeper than any puller looks.
    #[error("{document}: an index more than {limit} deep")]
    TooDeep {
        /// Which document.
        document: String,
        /// Depth allowed.
        limit: usize,
    },
    /// A count is over its limit.
    #[error("{document}: more than {limit} {what}")]
    OverLimit {
        /// Which document.
        document: String,
        /// What was counted.
        what: &'static str,
        /// The bound.
        limit: u64,
    },
    /// An archive of both kinds that holds other images to a reader of docker archives than to one of OCI archives.
    #[error("`manifest.json` lists an image with config sha256:{config}, and `index.json` offers none with it")]
    OtherImages {
        /// Digest of the config.
        config: Sha256,
    },
    /// An archive of both kinds in which one name means two images.
    #[error("`manifest.json` and `index.json` give the name `{name}` to different images")]
    OtherName {
        /// The name, cut after 80 characters.
        name: String,
    },
    /// An image of an archive of both kinds that a reader of docker archives does not find.
    #[error("`index.json` offers the image with config sha256:{config}, and `manifest.json` does not list it")]
    NotLoaded {
        /// Digest of the config.
        config: Sha256,
    },
    /// A docker archive with the index of an OCI layout, which is none.
    #[error(
        "both `manifest.json` and `index.json` say which images there are, and without `oci-layout` neither goes first"
    )]
    HalfLayout,
    /// An OCI layout in all but the file that says so.
    ///
    /// SECURITY: some readers never look for `oci-layout`, and copy an image out of what is a folder of files to others.
    #[error(
        "`index.json` lists images that lie in `blobs/`, and `oci-layout` is missing: some readers take it for an OCI layout, others do not"
    )]
    NoLayoutMark,
    /// A file `index.json` beside blobs, without `oci-layout`, of which it is not known what it lists.
    ///
    /// SECURITY: as of [`NoLayoutMark`](Self::NoLayoutMark); some readers take what is no JSON to others, or follow links.
    #[error(
        "it cannot be told whether `index.json` lists images that lie in `blobs/`: it is no file of strict JSON, and `oci-layout` is missing"
    )]
    UnclearIndex,
    /// A folder that skopeo copies an image out of, and nobody else knows as one.
    #[error(
        "`manifest.json` lists blobs that lie beside it, named by their digests: skopeo takes the folder for an image (`dir:`)"
    )]
    DirTransport,
    /// A `manifest.json` beside blobs that are named by their digests, of which it is not known what it lists.
    #[error(
        "it cannot be told whether `manifest.json` lists the blobs beside it, as in a folder of skopeo (`dir:`): it is no file of strict JSON"
    )]
    UnclearManifest,
    /// A layer with an annotation by which some pullers do not unpack its tar stream.
    #[error(
        "{blob} has the annotation `{annotation}`: pullers that know it unpack another list of files than its tar stream"
    )]
    OtherContent {
        /// Digest of the layer.
        blob: String,
        /// The annotation, cut after 80 characters.
        annotation: String,
    },
    /// The choice is not of this place.
    #[error("sha256:{digest} is not offered here")]
    NoSuchChoice {
        /// Digest asked for.
        digest: Sha256,
    },
    /// None, or more than one, of the images has the platform asked for.
    #[error("{found} images for platform `{wanted}`; there are: {offered}")]
    Platform {
        /// Platform asked for.
        wanted: String,
        /// Images that have it.
        found: usize,
        /// Platforms there are, with commas between.
        offered: String,
    },
    /// One variable twice in `Env`, or an item without name or `=`.
    #[error("{document}: `Env` is ambiguous at `{item}`")]
    AmbiguousEnv {
        /// Which document.
        document: String,
        /// The variable's name or the item, cut after 80 characters.
        item: String,
    },
    /// A file of the image has the path under which a field of the config is listed.
    #[error("file `{path}` collides with the name of a config field")]
    ConfigPath {
        /// The path.
        path: String,
    },
    /// An entry of a layer that cannot be applied: what every puller refuses too.
    #[error("layer {layer}: `{}` at byte {offset}: {what}", path.escape_ascii())]
    Apply {
        /// Number of the layer, from 0.
        layer: usize,
        /// Start of the entry's header in the uncompressed layer.
        offset: u64,
        /// The entry's path.
        path: Vec<u8>,
        /// Why.
        what: &'static str,
    },
}

impl ImageFault {
    /// Advice for the person at the keyboard.
    #[must_use]
    pub fn hints(&self) -> Vec<&'static str> {
        match self {
            Self::NoImage { .. } => vec!["leave the form out to have it detected"],
            Self::OtherImages { .. } | Self::OtherName { .. } | Self::NotLoaded { .. } | Self::HalfLayout => {
                vec!["name the form that will be read: `oci-archive:FILE` or `docker-archive:FILE`"]
            }
            Self::UnclearIndex => vec!["to have its files judged, rename `index.json` or `blobs`"],
            Self::NoLayoutMark => vec![
                "to have its images judged, add the file `oci-layout` with `{\"imageLayoutVersion\":\"1.0.0\"}` in it",
                "to have its files judged, rename `index.json` or `blobs`",
            ],
            Self::UnclearManifest => vec!["to have its files judged, rename `manifest.json`"],
            Self::DirTransport => vec![
                "to have its image judged, copy it into a layout: `skopeo copy dir:FOLDER oci:LAYOUT:TAG`",
                "to have its files judged, rename `manifest.json`",
            ],
            Self::Compressed { .. } => {
                vec!["decompress it first (`gunzip`, `zstd -d`, `unxz`, `bunzip2`): an archive is read by offset"]
            }
            Self::Missing { .. } => vec![
                "copy the image again: its parts do not belong together",
                "where an index was saved with the image of one platform alone, ask for that one: `--platform os/arch`",
            ],
            Self::NoSuchChoice { .. } | Self::Platform { .. } => vec!["name one of the images that the place offers"],
            Self::AmbiguousEnv { .. } | Self::ConfigPath { .. } | Self::Apply { .. } => {
                vec!["build the image again: pullers would not agree on what it holds"]
            }
            Self::OtherContent { .. } => {
                vec!["build or copy the image with plain gzip or zstd layers, not as eStargz or zstd:chunked"]
            }
            Self::Unsupported { .. } | Self::TooDeep { .. } => {
                vec!["copy the image with sha256 digests and plain, gzip or zstd layers"]
            }
            Self::OverLimit { .. } => vec![
                "if the artifact is trusted to be this large, raise the limit: `--limit NAME=NUMBER`; docs/reader.md names them",
            ],
            _ => vec!["copy the image again: its parts do not belong together"],
        }
    }
}
