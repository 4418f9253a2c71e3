//! What happened: who seems to be around, what a command did to its folders, what a repository's history says.
//!
//! Main types: [`Surroundings`](surroundings::Surroundings), [`Snapshot`](snapshot::Snapshot), [`Observed`](run::Observed),
//! [`ImageProduct`](images::ImageProduct).
//!
//! Data flow: environment, processes, folders -> [`surroundings`], [`snapshot`], [`run`] -> plain values -> `attest`.
//!
//! **Invariants.** Nothing here signs, and nothing here knows a key. No value of a variable and no argument of a process is kept, only names.
//! A symbolic link is never followed. No process of an observed command lives when its files are recorded.
//!
//! ```
//! use lasthand_observe::surroundings::{Ancestor, Surroundings};
//! let seen = Surroundings::read_from([("CODEX_CI".into(), "1".into())], [Ancestor::named("sh")], false);
//! assert_eq!(seen.marks.len(), 1);
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

pub mod git;
pub mod images;
pub mod marks;
pub mod run;
pub mod snapshot;
pub mod surroundings;
mod sys;
