//! in-toto layouts and links: foreign bytes to [`Verified`](crate::Verified) ones.
//!
//! What they say together is not decided here: see `verify::layout`.

mod canonical;
mod certificate;
mod document;
mod error;
mod key;

pub use certificate::CertificateError;
pub use document::{Content, Document, DocumentSignature, expires};
pub use error::LayoutError;
pub use key::{LayoutKey, LayoutKeyError};
