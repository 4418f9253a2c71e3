//! Which keys are read: those that are hard to forge for.

use pgp::ser::Serialize as _;
use pgp::types::{EcdsaPublicParams, EddsaLegacyPublicParams, KeyDetails, KeyVersion, PublicParams};

/// LIMIT: bits of an RSA modulus; smaller ones are broken, larger ones cost too much.
const RSA_BITS: std::ops::RangeInclusive<u16> = 2048..=8192;

/// Why a key cannot sign anything that is believed; absent when it can.
pub(super) fn fault(key: &impl KeyDetails) -> Option<&'static str> {
    // SECURITY: the fingerprint of a key of version 3 is MD5 of a part of it.
    if key.version() != KeyVersion::V4 {
        return Some("its version is not 4");
    }
    match key.public_params() {
        PublicParams::Ed25519(_)
        | PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. })
        | PublicParams::ECDSA(
            EcdsaPublicParams::P256 { .. } | EcdsaPublicParams::P384 { .. } | EcdsaPublicParams::P521 { .. },
        ) => None,
        PublicParams::RSA(_) => match rsa_bits(key.public_params()) {
            Some(bits) if RSA_BITS.contains(&bits) => None,
            _ => Some("its RSA modulus is not of 2048 to 8192 bits"),
        },
        _ => Some("its algorithm is not read: Ed25519, ECDSA P-256, P-384 and P-521, and RSA are"),
    }
}

/// The length of the modulus, which stands first.
fn rsa_bits(params: &PublicParams) -> Option<u16> {
    let bytes = params.to_bytes().ok()?;
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

/// Fingerprint in lower-case hex digits.
pub(super) fn fingerprint(key: &impl KeyDetails) -> String {
    hex::encode(key.fingerprint().as_bytes())
}

/// When it was made, in seconds since 1970-01-01T00:00:00Z.
pub(super) fn made(key: &impl KeyDetails) -> i64 {
    i64::from(key.created_at().as_secs())
}
