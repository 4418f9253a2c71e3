//! Null where a map or list may stand.

use serde::{Deserialize, Deserializer};

/// Reads null as the empty value.
///
/// SPEC: SLSA build-provenance "Parsing rules": unset, null and empty mean the same.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
