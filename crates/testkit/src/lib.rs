//! Stories, random worlds, random archives, an independent solver, an independent reader and a Sigstore instance for the tests.

pub mod archives;
pub mod naive;
pub mod need;
pub mod oracle;
pub mod sigstore;
pub mod story;
pub mod worlds;
