//! The vocabulary of lasthand: digests, actors, statements, predicates, inventories, facts, limits.
//!
//! Main types: [`Statement`](wire::statement::Statement), [`FileRecord`](inventory::FileRecord), [`Facts`](wire::facts::Facts).
//!
//! Data flow: bytes -> [`json`] (strict) -> [`wire`] (serde types) -> the crates above.
//!
//! **Invariants.** Pure: no file, network, environment, clock or thread. Only [`wire`] derives serde.
//! A digest that was parsed has the length of its algorithm and lower-case hex. JSON with a duplicate key is never parsed.
//!
//! ```
//! use lasthand_model::digest::Sha256;
//! let digest = Sha256::of(b"abc");
//! assert!(digest.to_string().starts_with("ba7816bf"));
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

pub mod actor;
pub mod digest;
pub mod glob;
pub mod history;
pub mod influence;
pub mod inventory;
pub mod json;
pub mod lfs;
pub mod limits;
pub mod pack;
pub mod timestamp;
pub mod wire;
