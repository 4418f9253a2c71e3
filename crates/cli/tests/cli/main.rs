//! The built `lasthand`, as people call it: exit code, standard output and standard error together.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed test may stop")]

mod agent_branch;
mod bad_input;
mod cache;
mod demo;
mod diff;
mod explained;
mod help;
mod hostile_repository;
mod images;
mod landings;
mod layout;
mod open_archives;
mod proof;
mod review;
mod run;
mod sigstore;
mod source;
mod source_report;
mod support;
mod tampering;
mod verify_bundle;
