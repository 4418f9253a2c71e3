//! Stories, random worlds, random archives, an independent solver, an independent reader and a Sigstore instance for the tests.

#[cfg(feature = "stories")]
pub mod archives;
pub mod layouts;
#[cfg(feature = "stories")]
pub mod naive;
pub mod need;
#[cfg(feature = "stories")]
pub mod oracle;
pub mod sigstore;
pub mod ssh;
#[cfg(feature = "stories")]
pub mod story;
#[cfg(feature = "stories")]
pub mod worlds;
#[cfg(feature = "stories")]
pub mod zips;
