//! The only unsafe code: processes that cannot outlive the observation.
//!
//! Data flow: this process -> *guard* (forked, never executes another program) -> command -> whatever it starts.
//! The guard is a sub-reaper: every orphan below it becomes its child, however often it forked and whatever session it opened.
//!
//! **Invariants.** The guard ends only after it has no child left, and tells how the command ended only then.
//! The guard dies with this process, and kills everything below it first. If the guard itself is killed, the command is too, and nothing is told.

#[cfg(target_os = "linux")]
mod guard;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(target_os = "linux")]
mod signals;

use crate::run::Outcome;

#[cfg(target_os = "linux")]
pub(crate) use linux::{GAPS, Guarded};
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{GAPS, Guarded};

/// How the command ended, once nothing of it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) stragglers: u32,
}
