//! Roots in PEM: private authorities, and timestamp authorities.

use lasthand_model::digest::Sha256;

use super::certificate::Read;
use super::error::X509Error;
use crate::sigstore::TimestampAuthority;

// LIMIT: certificates of one file.
const MOST: usize = 64;

/// The authorities of one private PKI. Each of them may vouch for any name, under the one issuer that the trust file calls them by.
#[derive(Debug, Clone)]
pub struct X509Root {
    name: String,
    digest: Sha256,
    pub(crate) authorities: Vec<Read>,
}

impl X509Root {
    /// Reads the certificates of authorities from PEM.
    ///
    /// # Errors
    /// [`X509Error`], also for a certificate that is not an authority's, and for a name that could be another principal's beginning.
    pub fn parse(name: &str, pem: &[u8]) -> Result<Self, X509Error> {
        let fault = |reason: String| X509Error::Root { what: "authority", reason };
        // SECURITY: name and id become `name#id`, which must not be the principal of another method.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(fault("its name is not 1 to 64 of the characters a-z 0-9 - . _".to_owned()));
        }
        let authorities = certificates(pem)
            .map_err(|reason| fault(reason.to_owned()))?
            .iter()
            .map(|der| Read::parse(der, "an authority's"))
            .collect::<Result<Vec<_>, _>>()?;
        authorities.iter().try_for_each(Read::check_authority)?;
        // SECURITY: the library that builds paths takes an anchor as it is.
        if authorities.iter().any(|authority| authority.is_for(&[super::CODE_SIGNING]) == Some(false)) {
            return Err(fault("its purposes leave out code signing".to_owned()));
        }
        Ok(Self { name: name.to_owned(), digest: Sha256::of(pem), authorities })
    }

    /// What the trust file calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the PEM as it was read.
    #[must_use]
    pub const fn digest(&self) -> Sha256 {
        self.digest
    }

    /// How many authorities it has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.authorities.len()
    }
}

impl TimestampAuthority {
    /// Reads the chain of one timestamp authority from PEM: first the certificate that stamps, last the one that is believed.
    ///
    /// # Errors
    /// [`X509Error`], also for fewer than two certificates: the one that stamps cannot vouch for itself; and for one that is not for
    /// timestamps alone.
    pub fn from_pem(pem: &[u8]) -> Result<Self, X509Error> {
        let fault = |reason: &str| X509Error::Root { what: "timestamp authority", reason: reason.to_owned() };
        let all = certificates(pem).map_err(fault)?;
        let [leaf, between @ .., top] = all.as_slice() else {
            return Err(fault("it has not at least two certificates: first the one that stamps, last its authority's"));
        };
        for der in between.iter().chain([top]) {
            Read::parse(der, "a timestamp authority's")?.check_authority()?;
        }
        Read::parse(leaf, "the stamping")?.check_stamper()?;
        Ok(Self::new(leaf, between, top))
    }
}

/// The certificates of a PEM file, in its order; text before a block is passed over, as RFC 7468 section 2 has it.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::str::from_utf8(pem).map_err(|_| "it is not text")?;
    let blocks: Vec<&str> = text.split_inclusive(END).filter(|block| !block.trim().is_empty()).collect();
    if blocks.is_empty() {
        return Err("it has no certificate");
    }
    if blocks.len() > MOST {
        return Err("it has more than 64 certificates");
    }
    let read = |block: &&str| match pem_rfc7468::decode_vec(block.trim().as_bytes()) {
        Ok(("CERTIFICATE", der)) => Ok(der),
        _ => Err("it is not PEM with the label CERTIFICATE, and nothing else"),
    };
    blocks.iter().map(read).collect()
}
