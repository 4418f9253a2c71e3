//! Container images in their local forms -> the files a container gets, and the configuration it runs with.
//!
//! Main type: [`ImageStore`]. Data flow: a folder or an archive -> [`ImageStore::open`] -> [`Choice`]s -> [`ImageStore::read`]
//! -> [`ImageFacts`] -> [`ImageFacts::inventory`].
//!
//! **Invariants.** Content is taken by digest and checked against it: manifest, config and layers as shipped, layers once more
//! uncompressed. An archive is indexed once, by the same strict reader as every other archive, and its members are then read by
//! offset; nothing is unpacked to disk. Layers are applied as containerd applies them; where pullers differ there is a note or an
//! error.
//!
//! SPEC: OCI image-spec 1.1 (image-layout.md, image-index.md, manifest.md, config.md, layer.md); docker image spec 1.2 for archives.

mod choice;
mod facts;
mod fault;
mod store;

mod compose;
mod config;
mod describe;
mod docker;
mod document;
mod kept;
mod layer;
mod layers;
mod manifest;
mod names;
pub(crate) mod packed;
mod place;
mod platform;
mod read;
mod unmarked;

pub use choice::{BlobDescriptor, Choice, Form, Hidden, Referrer};
pub use config::{ConfigOrigin, FieldValue, config_fields};
pub use describe::{Described, describe};
pub use facts::{ImageArtifact, ImageFacts, IndexFacts, IndexMemberFacts, LayerFacts, config_record};
pub use fault::ImageFault;
pub use store::ImageStore;
