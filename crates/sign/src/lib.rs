//! Signs statements with local keys: generate, load, sign.
//!
//! Main type: [`KeyPair`].
//!
//! Data flow: payload bytes -> DSSE pre-authentication encoding -> signature -> [`Envelope`] -> [`Bundle`] with the key id as hint.
//!
//! **Invariants.** A private key is never shown: `Debug` redacts it, no error holds any of its bytes. A key file is never
//! overwritten and is readable by its owner alone. Nothing here verifies or decides: that is `trust` and `lineage`.
//!
//! ```
//! use lasthand_sign::{KeyAlgorithm, KeyPair};
//!
//! let key = KeyPair::generate(KeyAlgorithm::Ed25519)?;
//! let envelope = key.sign(lasthand_model::wire::statement::PAYLOAD_TYPE, b"{}")?;
//! assert_eq!(envelope.signatures.len(), 1);
//! # Ok::<(), lasthand_sign::SignError>(())
//! ```
//!
//! [`Envelope`]: lasthand_model::wire::bundle::Envelope
//! [`Bundle`]: lasthand_model::wire::bundle::Bundle
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

mod file;
mod key;

pub use file::{KeyFileError, LoadedKey, PermissionWarning, load, write};
pub use key::{KeyAlgorithm, KeyPair, SignError};
