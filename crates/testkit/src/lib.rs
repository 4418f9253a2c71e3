//! Stories, random worlds, random archives, an independent solver, an independent reader, a Sigstore instance
//! and certificates of other authorities for the tests.

#[cfg(feature = "stories")]
pub mod archives;
pub mod layouts;
#[cfg(feature = "stories")]
pub mod naive;
pub mod need;
#[cfg(feature = "stories")]
pub mod oracle;
pub mod pki;
pub mod sigstore;
pub mod ssh;
#[cfg(feature = "stories")]
pub mod story;
pub mod tokens;
#[cfg(feature = "stories")]
pub mod worlds;
#[cfg(feature = "stories")]
pub mod zips;
