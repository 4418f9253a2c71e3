//! The read side: an artifact and its evidence to a verdict, a report, and text for people.
//!
//! Main type: [`Verifier`]; main act: [`Verifier::verify`]; two of its answers side by side: [`diff()`].
//!
//! Data flow: [`LoadedTrust`] (whom to believe) + [`Evidence`] (files, not yet believed) + artifact bytes
//! -> verified statements -> [`Facts`](lasthand_model::wire::facts::Facts) -> [`solve`](lasthand_lineage::solve)
//! -> [`Verification`] -> [`Report`](lasthand_model::wire::report::Report), or text by [`render`].
//!
//! **Invariants.** Nothing is believed that a key of the trust file did not sign; nothing is concluded here that `lineage` did not
//! conclude. One bad piece of evidence is an item of the report, never an abort and never silence. Files are only read. No network,
//! no clock, no signing: the moment is an argument. Text from evidence reaches a terminal only through [`render::escape`].
//!
//! ```no_run
//! use lasthand_model::limits::Limits;
//! use lasthand_verify::{ArtifactRef, Evidence, Expectations, LoadedTrust, Verifier, exit_code, render};
//!
//! let (now, limits) = (1_767_225_600, Limits::DEFAULT);
//! let trust = LoadedTrust::from_file("lasthand.trust.toml".as_ref(), now, &limits)?;
//! let artifact = ArtifactRef::path("release.tar.gz");
//! let evidence = Evidence::beside(artifact.place(), &limits)?;
//! let expectations = Expectations::new(lasthand_lineage::presets::standard(), now);
//! let verification = Verifier::new(trust, limits).verify(artifact, &evidence, &expectations, &mut |_bytes_read| {})?;
//! let text = render::text(&verification, render::Style::plain());
//! let code = exit_code(&verification.outcome);
//! # Ok::<(), lasthand_verify::VerifyError>(())
//! ```
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

mod artifact;
mod behind;
mod blob;
mod cache;
mod devices;
mod diff;
mod error;
mod evidence;
mod facts;
mod hints;
mod images;
mod kept;
mod last;
pub mod layout;
mod locks;
mod odd_people;
mod people;
mod reading;
pub mod render;
mod report;
mod source;
mod timeline;
mod trust;
mod verifier;

pub use artifact::{ArtifactRef, ArtifactRefError};
pub use cache::{CacheError, InventoryCache};
pub use diff::{diff, diff_for_error};
pub use error::{UnknownPathError, VerifyError};
pub use evidence::{Evidence, SIDECAR_ENDING};
pub use kept::KeptStates;
pub use lasthand_artifact::Opening;
pub use locks::is_lock_file;
pub use report::{Files, report_for_error};
pub use source::source_facts;
pub use trust::LoadedTrust;
pub use verifier::{Expectations, Verification, Verifier, exit_code};
