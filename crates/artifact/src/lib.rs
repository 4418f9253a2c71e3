//! Directories, files and archives to inventories, as a stream, in bounded memory.
//!
//! Main function: [`read`]; main type: [`ArtifactFacts`].
//!
//! Data flow: [`BlobSource`] -> sha256 of the bytes as shipped -> inflate (gzip, zstd) -> tar headers -> sha256 per file
//! -> [`Inventory`](lasthand_model::inventory::Inventory) and [`ReaderNote`]s. A folder comes as a [`TreeSource`]. Container images are
//! read by [`image`].
//!
//! **Invariants.** One pass; fixed buffers (zstd: its window too); memory grows with the number of entries and never
//! with their content. Nothing is written to disk. No network, no clock. The module [`local`] is the only place that touches
//! `std::fs`; it only reads. Entries are those of Go's `archive/tar`; where other readers take them differently there is a note, and
//! [`ReaderNote::refuses`] says which notes a verifier must not pass over. No inventory is ever returned for a part of an archive.
//! Threads are used where they pay; what is returned does not depend on them.
//!
//! ```
//! use lasthand_artifact::{Kind, MemoryBlob, read};
//! use lasthand_model::limits::Limits;
//!
//! let blob = MemoryBlob::new("notes.txt", b"hello".to_vec());
//! let facts = read(&blob, None, &Limits::DEFAULT, &mut |_bytes_read| {})?;
//! assert_eq!(facts.kind, Kind::File);
//! assert_eq!(facts.size, 5);
//! # Ok::<(), lasthand_artifact::ArtifactError>(())
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

mod cache;
mod error;
mod facts;
mod held;
mod note;
mod read;
mod source;

mod codec;
mod collect;
mod collide;
mod digester;
mod inflated;
mod inside;
mod meter;
mod offsets;
mod path;
mod stream;
mod tarball;
mod tree;
mod turn;

pub mod image;
pub mod local;

pub use cache::{BlobIdentity, CacheKey, FactsCache, LayerKey, READER_VERSION};
pub use error::{ArtifactError, PathFault};
pub use facts::{ArtifactFacts, Kind};
pub use inside::{Inside, Member, Opening, SEPARATOR};
pub use note::{NoteKind, ReaderNote, Severity};
pub use read::{list, read, read_opening};
pub use source::{BlobSource, MemoryBlob, OpenedFile, Opener, Source, TreeEntry, TreeFault, TreeSource};
pub use tarball::RawEntry;
