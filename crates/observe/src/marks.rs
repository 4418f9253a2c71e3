//! Tables of what agents leave behind: names of variables and programs. Data, versioned, matched by name only.
//!
//! A mark proves that an agent was present, never that none was: whoever runs a command can unset a variable.

pub mod ancestry;
pub mod environment;

/// Version of both tables; a mark carries it, so that a later reader knows which rules were asked.
pub const TABLE: &str = "marks/2026-11-23";
