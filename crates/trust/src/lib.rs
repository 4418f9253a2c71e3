//! Turns foreign bytes into verified statements, and the verifier's own trust file into facts and keys.
//!
//! Main types: [`Verified`], which only this crate can make, and [`TrustFile`](trust_file::TrustFile).
//!
//! Data flow: bytes -> [`evidence`] (DSSE envelope or Sigstore bundle) + [`KeyRing`](keys::KeyRing) -> [`Verified<Statement>`] or
//! [`Verified<BlobSignature>`];
//! one bundle, one signer, one artifact -> [`expected`]; `lasthand.trust.toml` -> [`trust_file`] -> facts, key ring, places -> [`explain`].
//!
//! **Invariants.** Pure: no file, network, environment, clock or thread; `now` and file contents are arguments. One exception: the library
//! behind [`sigstore`] reads the clock to refuse what is dated in the future; the clock proves nothing.
//! A [`Verified`] exists only after a signature over its exact bytes held under a key that the trust file names, or under a certificate
//! that holds by a Sigstore root of the trust file: chain, certificate log, transparency log and time, none of which can be skipped; or that
//! holds at a trusted time by the bundle of its trust domain or by a private authority, as [`x509`] tells them apart.
//! A key id inside evidence never decides anything. One key counts once, however often it signs or is listed.
//!
//! ```
//! use lasthand_model::limits::Limits;
//! use lasthand_trust::trust_file::TrustFile;
//!
//! let text = "[[person]]\nname = \"Ana\"\naccounts = [\"forge.example#ana\"]\n";
//! let file = TrustFile::parse(text, &|_| Err("no files here".to_owned()), 0, &Limits::DEFAULT)?;
//! assert_eq!(file.facts.persons.len(), 1);
//! # Ok::<(), lasthand_trust::trust_file::TrustFileError>(())
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

pub mod content_digest;
pub mod cosign;
pub mod dsse;
pub mod evidence;
pub mod expected;
pub mod explain;
pub mod foreign;
pub mod git_object;
pub mod git_signature;
pub mod keys;
pub mod layout;
pub mod level;
pub mod openpgp;
pub mod scheme;
pub mod sigstore;
pub mod spiffe;
pub mod ssh;
pub mod statement;
pub mod token;
pub mod trust_file;
mod verified;
pub mod x509;

pub use verified::{BlobSignature, Clock, Verified, combine};
