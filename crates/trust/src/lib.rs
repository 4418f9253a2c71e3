//! Turns foreign bytes into verified statements, and the verifier's own trust file into facts and keys.
//!
//! Main types: [`Verified`], which only this crate can make, and [`TrustFile`](trust_file::TrustFile).
//!
//! Data flow: bytes -> [`evidence`] (DSSE envelope or Sigstore bundle) + [`KeyRing`](keys::KeyRing) -> [`Verified<Statement>`];
//! `lasthand.trust.toml` -> [`trust_file`] -> facts, key ring, places -> [`explain`].
//!
//! **Invariants.** Pure: no file, network, environment, clock or thread; `now` and file contents are arguments.
//! A [`Verified`] exists only after a signature over its exact bytes held under a key that the trust file names.
//! A key id inside evidence never decides anything. One key counts once, however often it signs or is listed.
//! Certificates are not read by this version: a bundle that carries one is an error, never an acceptance.
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

pub mod dsse;
pub mod evidence;
pub mod explain;
pub mod keys;
pub mod level;
pub mod statement;
pub mod trust_file;
mod verified;

pub use verified::{Verified, combine};
