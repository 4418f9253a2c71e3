//! Stories, random worlds, random archives, an independent solver and an independent reader for the tests.

pub mod archives;
pub mod layouts;
pub mod naive;
pub mod need;
pub mod oracle;
pub mod ssh;
pub mod story;
pub mod worlds;
