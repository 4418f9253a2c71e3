//! Verified statements and inventories to a verdict: the rules, the fixpoint, proof and frontier.
//!
//! Main types: [`Facts`](lasthand_model::wire::facts::Facts) in, [`Outcome`] out; [`solve`] is the one act.
//!
//! Data flow: facts -> `world` (which statements count) -> `cover` (landings and reviews) -> `steps` (build and package)
//! -> `accept` (for a name) -> [`Outcome`]; a refusal is then walked by `explain`, each file by `files`.
//!
//! **Invariants.** Pure: no file, network, environment, clock or thread. Acceptance is a least fixpoint over positive evidence;
//! nothing is accepted because something is absent. The semantics is `docs/rules.md`, nothing else.
//!
//! ```
//! use lasthand_lineage::presets;
//! assert_eq!(presets::find("standard").map(|preset| preset.reviewer_level), Some(3));
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

mod accept;
mod answers;
mod by_path;
mod container;
mod cover;
mod explain;
mod files;
pub mod finding;
mod groups;
mod image;
pub mod ingest;
mod inputs;
mod labels;
mod landing;
pub mod ledger;
mod level;
mod marks;
mod message;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod odd_people;
mod order;
mod outcome;
mod pairs;
mod people;
mod pins;
pub mod presets;
mod products;
mod proof;
mod review;
mod roster;
mod rules;
mod run;
mod solve;
mod steps;
mod trees;
mod world;

pub use answers::{FileAnswer, FileAnswers, MemberAnswers};
pub use finding::{Finding, FindingId, Place, Severity};
pub use image::{BaseLayers, base_layers};
pub use outcome::{
    Explanation, FileVerdict, FrontierItem, InputAnswer, LandingAuthor, Outcome, Proof, ProofItem, ProofRole, Verdict,
};
pub use pins::LOCK_FORMATS;
pub use solve::solve;
