//! SPIFFE: ids, bundles of trust domains, and X.509-SVIDs that signed statements.
//!
//! An X.509-SVID binds a key to a SPIFFE id for minutes. It proves who signed only at a trusted time (see [`x509`](crate::x509)), and only
//! by the bundle of its own trust domain, which the trust file names: never by a Sigstore root, nor by another domain's bundle.
//!
//! # Proves / does not prove
//! Proves that a workload with this id held the key. That only one task has the id is what the trust domain's registration says: replicas
//! of one workload share an id, so a row for tasks names a path with the task in it.

mod bundle;
mod holder;
mod id;

pub use bundle::SpiffeBundle;
pub use id::{SpiffeId, TrustDomain};

pub(crate) use holder::{check_path, workload};
