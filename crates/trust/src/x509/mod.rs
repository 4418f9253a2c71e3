//! Certificates that are none of Sigstore's: what is common to them, and those of private authorities.
//!
//! A certificate of this kind is in no log, and often valid for minutes. So it proves something only at a *trusted time*: an RFC 3161
//! timestamp over the signature, by an authority that the trust file names. Revocation is not looked at: a list of the trust domain's
//! owner takes a principal back from a moment on (see docs/predicates/list.md).
//!
//! INVARIANT (realms): which roots a certificate is asked of follows from the certificate alone, and there is one kind of root for each:
//! one that speaks of a run as Fulcio does is asked of Sigstore roots, one with a `spiffe:` name of the bundle of its trust domain, any
//! other of private authorities. No root vouches for a certificate of another realm.
//!
//! SPEC: RFC 5280; RFC 3161.

mod certificate;
mod chain;
mod error;
mod material;
mod root;
mod times;

use lasthand_model::wire::bundle::{Envelope, VerificationMaterial, pre_authentication_encoding};
use lasthand_model::wire::facts::{Signer, SignerMethod};
use x509_cert::der::asn1::ObjectIdentifier;

pub use error::X509Error;
pub use root::X509Root;

pub(crate) use certificate::Read;
pub(crate) use chain::Demand;
pub(crate) use material::{Material, stamps};

use crate::dsse::decode_base64;
use crate::keys::KeyRing;
use crate::scheme::{ForeignKey, KeyKind, Scheme};
use crate::sigstore::TimestampAuthority;
use crate::spiffe;

const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

/// Which kind of root a certificate is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Realm {
    /// Roots of type `sigstore`.
    Sigstore,
    /// The bundle of its trust domain.
    Spiffe,
    /// Roots of type `x509`.
    Private,
}

/// Tells by a bundle's certificate which roots it is asked of; one that cannot be read is refused by either checks, which say why.
pub(crate) fn realm(material: &VerificationMaterial, ring: &KeyRing) -> Realm {
    let Ok(leaf) = Material::of(material).and_then(|material| Read::parse(&material.leaf, "the signer's")) else {
        let only_ours = ring.sigstore().is_empty() && !(ring.spiffe().is_empty() && ring.x509().is_empty());
        return if only_ours { Realm::Private } else { Realm::Sigstore };
    };
    let is_spiffe = |uri: &str| uri.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("spiffe:"));
    if leaf.is_of_fulcio() {
        Realm::Sigstore
    } else if leaf.uris().any(is_spiffe) {
        Realm::Spiffe
    } else if ring.x509().is_empty() {
        Realm::Sigstore
    } else {
        Realm::Private
    }
}

/// Verifies the one signature of an envelope by a certificate that is none of Sigstore's.
///
/// Out: who signed, at the earliest proven time, and the exact payload.
///
/// # Errors
/// [`X509Error`].
///
/// # Proves / does not prove
/// Proves that the holder of the certificate's key signed exactly this, at a time at which an authority of the trust file vouched for the
/// name. Does not prove that the authority gives the name to one holder only, nor that he may say it.
pub(crate) fn verify(
    envelope: &Envelope,
    material: &VerificationMaterial,
    realm: Realm,
    ring: &KeyRing,
) -> Result<(Signer, Vec<u8>), X509Error> {
    let material = Material::of(material)?;
    let leaf = Read::parse(&material.leaf, "the signer's")?;
    leaf.check_signer()?;
    // Whom it names comes first: without a root for that there is nothing to say about the rest.
    let workload = if realm == Realm::Spiffe { Some(spiffe::workload(&leaf, ring.spiffe())?) } else { None };
    let key = ForeignKey::from_spki(leaf.spki()).map_err(|error| X509Error::Key { reason: error.to_string() })?;
    let (payload, signature) = signed(envelope, &key)?;
    let times = times(&material.tokens, &signature, ring)?;
    let (method, principal) = match (realm, workload) {
        (Realm::Spiffe, Some((id, bundle))) => {
            spiffe::check_path(&leaf, &material.sent, &times, bundle)?;
            (SignerMethod::X509Svid, id.to_string())
        }
        (Realm::Private, None) => (SignerMethod::X509, holder(&leaf, &material.sent, &times, ring.x509())?),
        _ => return Err(X509Error::Chain { reason: "it is asked of Sigstore roots alone".to_owned() }),
    };
    // The earliest: the signature was there by then.
    Ok((Signer { method, principal, presence: false, time: times.iter().min().copied() }, payload))
}

/// Every time at which an authority of the ring saw a signature; at least one.
pub(crate) fn times(tokens: &[Vec<u8>], signature: &[u8], ring: &KeyRing) -> Result<Vec<i64>, X509Error> {
    let of_roots = ring.sigstore().iter().flat_map(TimestampAuthority::of_root);
    let authorities: Vec<TimestampAuthority> = ring.stampers().iter().cloned().chain(of_roots).collect();
    times::proven(tokens, signature, &authorities)
}

/// Payload and signature of an envelope whose one signature holds under a key.
pub(crate) fn signed(envelope: &Envelope, key: &ForeignKey) -> Result<(Vec<u8>, Vec<u8>), X509Error> {
    let malformed = |member| X509Error::Malformed { member, reason: "it is not base64" };
    let payload = decode_base64(&envelope.payload).ok_or(malformed("dsseEnvelope.payload"))?;
    let [only] = envelope.signatures.as_slice() else {
        return Err(X509Error::Malformed { member: "dsseEnvelope.signatures", reason: "there is not exactly one" });
    };
    let signature = decode_base64(&only.sig).ok_or(malformed("dsseEnvelope.signatures.sig"))?;
    let scheme = match key.kind() {
        KeyKind::Ed25519 => Scheme::Ed25519,
        KeyKind::P256 => Scheme::P256,
        KeyKind::P384 => Scheme::P384,
        KeyKind::Rsa => Scheme::RsaPkcs1Sha256,
        KeyKind::P521 => Scheme::P521,
    };
    let message = pre_authentication_encoding(&envelope.payload_type, &payload);
    if key.verify(scheme, &message, &signature) { Ok((payload, signature)) } else { Err(X509Error::Signature) }
}

/// The holder of a certificate of a private authority: `<name of the root>#<his name>`.
fn holder(leaf: &Read, sent: &[Vec<u8>], times: &[i64], roots: &[X509Root]) -> Result<String, X509Error> {
    let name = leaf.only_name()?;
    // SECURITY: a private authority gives certificates to every server. One that may sign says so.
    if leaf.is_for(&[CODE_SIGNING]) != Some(true) {
        let reason = "it does not list code signing among its purposes";
        return Err(X509Error::Usage { whose: "the signer's", reason });
    }
    let demand = Demand { purposes: &[CODE_SIGNING], authority: &Read::check_authority };
    let mut reason = X509Error::Chain { reason: "there is no root of type `x509`".to_owned() };
    let mut by: Option<&str> = None;
    for root in roots {
        match (at_all(leaf, sent, &root.authorities, times, &demand), by) {
            // SECURITY: which of the two would name the signer is up to whoever adds certificates that nobody signed for.
            (Ok(()), Some(other)) => {
                let reason = format!("two roots of type `x509` vouch for it, `{other}` and `{}`", root.name());
                return Err(X509Error::Chain { reason });
            }
            (Ok(()), None) => by = Some(root.name()),
            (Err(found), _) if matches!(reason, X509Error::Chain { .. }) => reason = found,
            (Err(_), _) => {}
        }
    }
    by.map(|root| format!("{root}#{name}")).ok_or(reason)
}

/// SECURITY: at every proven time. One that is dated back must not make up for one that is too late.
pub(crate) fn at_all(
    leaf: &Read,
    sent: &[Vec<u8>],
    authorities: &[Read],
    times: &[i64],
    demand: &Demand<'_>,
) -> Result<(), X509Error> {
    if times.is_empty() {
        return Err(X509Error::NoTime);
    }
    times.iter().try_for_each(|time| chain::verify(leaf, sent, authorities, *time, demand))
}
