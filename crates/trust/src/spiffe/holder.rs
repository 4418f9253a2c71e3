//! Whom an X.509-SVID names, by the bundle of its trust domain.
//!
//! SPEC: SPIFFE X509-SVID, sections 2 to 5.

use x509_cert::der::asn1::ObjectIdentifier;

use super::bundle::SpiffeBundle;
use super::id::{SpiffeId, TrustDomain};
use crate::x509::{Demand, Read, X509Error, at_all};

/// Purposes of which a certificate that lists purposes must list one: SVIDs are for both ends of a connection, and no SPIFFE purpose exists
/// for signing. One that is only for stamping or for revocation is for something else.
const PURPOSES: &[ObjectIdentifier] = &[
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"),
];

/// The SPIFFE id that a signer's certificate claims, and the bundle that it has to be asked of; not verified yet.
pub(crate) fn workload<'b>(
    leaf: &Read,
    bundles: &'b [SpiffeBundle],
) -> Result<(SpiffeId, &'b SpiffeBundle), X509Error> {
    let id = leaf_id(leaf)?;
    // SECURITY: by the bundle of this trust domain alone. Another domain's authority could write this name, too.
    let bundle = bundles.iter().find(|bundle| bundle.domain() == id.domain());
    let bundle = bundle.ok_or_else(|| X509Error::NoTrustDomain { domain: id.domain().to_string() })?;
    Ok((id, bundle))
}

/// Checks that a signer's certificate holds by the bundle at every time.
pub(crate) fn check_path(leaf: &Read, sent: &[Vec<u8>], times: &[i64], bundle: &SpiffeBundle) -> Result<(), X509Error> {
    let authority = |authority: &Read| check_authority(authority, bundle.domain());
    at_all(leaf, sent, &bundle.authorities, times, &Demand { purposes: PURPOSES, authority: &authority })
}

fn leaf_id(leaf: &Read) -> Result<SpiffeId, X509Error> {
    let mut uris = leaf.uris();
    // SPEC: X509-SVID section 2: exactly one URI. Names of other kinds may stand beside it, and name nobody here.
    let (Some(only), None) = (uris.next(), uris.next()) else {
        return Err(X509Error::Name { reason: "it has not exactly one URI" });
    };
    let fault = |reason| X509Error::SpiffeId { got: shorten(only), whose: "the signer's", reason };
    let id: SpiffeId = only.parse().map_err(fault)?;
    if !id.has_path() {
        return Err(fault("it names a trust domain and no workload"));
    }
    Ok(id)
}

/// What an authority of a trust domain must be; its name, where it has one, is the trust domain's.
///
/// SPEC: X509-SVID sections 4.1, 4.2 and 5.1.
pub(super) fn check_authority(authority: &Read, domain: &TrustDomain) -> Result<(), X509Error> {
    authority.check_authority()?;
    let mut uris = authority.uris();
    let Some(first) = uris.next() else { return Ok(()) };
    let fault = |reason| X509Error::SpiffeId { got: shorten(first), whose: "an authority's", reason };
    if uris.next().is_some() {
        return Err(fault("it is one of several URIs"));
    }
    let id: SpiffeId = first.parse().map_err(fault)?;
    if id.has_path() {
        return Err(fault("it has a path, so it is a workload's"));
    }
    if id.domain() != domain {
        return Err(fault("it is of another trust domain"));
    }
    Ok(())
}

fn shorten(text: &str) -> String {
    text.chars().take(120).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
