//! Reads a git history: trees as inventories, landings with their authors, recomputed merges, changes under review.
//!
//! Main types: [`Repository`], [`ObservedLanding`], [`LandingClass`], [`ChangedPath`].
//!
//! Data flow: path -> [`open`] -> [`resolve`] -> [`landings`] -> [`bind_reviews`], and [`diff`] -> [`attribute`] -> [`unified`].
//!
//! **Invariants.** Nothing of a repository is ever run: no hook, filter, driver, monitor or external diff, and no configuration is read but the
//! repository's own, as untrusted. Nothing is ever written: objects made by a recomputed merge stay in memory. Every object that a result rests on
//! is hashed again (SHA-1 with collision detection, or SHA-256) and compared with its name; replacement refs, grafts, commit-graph files, the index,
//! the working tree and `info/attributes` are not consulted.
//!
//! Source of all that is read here: git itself, so whoever can push can write it. Names and trailers are claims (level 2).

mod agents;
mod class_by_parents;
mod class_by_reviews;
mod diff;
mod error;
mod export_ignore;
mod graph;
pub mod hints;
mod history;
mod identity;
mod inventory;
mod landing_class;
mod lines;
mod merge;
mod merge_text;
mod objects;
mod open;
mod outside;
mod own_files;
mod patch_id;
mod path;
mod pointers;
mod rare_lines;
mod revision;
mod show;
mod submodule;
mod versions;
mod walk;

#[cfg(test)]
mod tests;

pub use agents::{Part, Recognition, Rule, TABLE, recognise_branch, recognise_mail, rules};
pub use diff::{ChangeKind, ChangedPath, attribute, diff};
pub use error::GitError;
pub use export_ignore::export_ignore;
pub use history::{AuthoredCommit, ObservedLanding, authors_between, bind_reviews, landing_over, landings, merge_base};
pub use identity::{CommitPeople, Identity, KnownActor, OddPeople, people_of, push_new};
pub use inventory::{TreeCache, tree_files, tree_inventory};
pub use landing_class::{Against, ClassedCommit, LandingClass, MergeNote, classes};
pub use lines::{LINES, LineOrigin, line_origins};
pub use merge::recompute;
pub use objects::commit_content;
pub use open::{Repository, open};
pub use outside::{Outside, OutsideTarget};
pub use patch_id::{PatchId, patch_id_stable};
pub use path::path_text;
pub use pointers::{PointerFile, pointers_at};
pub use revision::{Range, Revision, resolve, resolve_range};
pub use show::{escape_for_terminal, unified};
pub use submodule::{SUBMODULES, commit_tree, open_submodule};
pub use versions::{change_between, has_path, placed, stored_bytes, tree_of, versions_of};
pub use walk::{HistoryWalk, Reached, Start, Step};
