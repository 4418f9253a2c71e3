//! The shapes of every JSON document, with serde. Nothing outside this module derives serde.

pub mod bundle;
pub mod diff;
pub mod entries;
pub mod facts;
pub mod image;
pub mod inventory;
pub mod layout;
pub mod link;
pub mod list;
mod nulls;
pub mod provenance;
pub mod report;
pub mod review;
pub mod statement;
pub mod step_actor;
pub mod vsa;
pub mod words;
