//! One certificate, with what is asked of it.
//!
//! SPEC: RFC 5280 sections 4.1 and 4.2.

use std::fmt;

use lasthand_model::digest::Sha256;
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName};

use super::error::X509Error;

/// SPEC: RFC 3161 section 2.3.
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// Members of a certificate that only Fulcio writes.
const FULCIO: &str = "1.3.6.1.4.1.57264.1.";
// LIMIT: bytes of one certificate, and of a name in it; extensions of one.
const CERTIFICATE_BYTES: usize = 16 << 10;
const NAME_BYTES: usize = 2048;
const EXTENSIONS: usize = 64;

/// A certificate that could be read in one way only.
#[derive(Clone)]
pub(crate) struct Read {
    der: Vec<u8>,
    whose: &'static str,
    names: Vec<GeneralName>,
    /// `cA`, and how many authorities may stand between this one and a signer.
    authority: Option<Option<u8>>,
    usage: Option<(bool, KeyUsage)>,
    /// Extended key usage, and whether it is critical.
    purposes: Option<(bool, Vec<ObjectIdentifier>)>,
    extensions: Vec<ObjectIdentifier>,
    window: std::ops::RangeInclusive<i64>,
    spki: Vec<u8>,
    subject: Vec<u8>,
}

impl Read {
    /// Reads a certificate in DER; `whose` is for messages.
    ///
    /// # Errors
    /// [`X509Error::Form`], also for an extension that comes twice.
    pub(crate) fn parse(der: &[u8], whose: &'static str) -> Result<Self, X509Error> {
        let form = |reason: String| X509Error::Form { whose, reason };
        if der.len() > CERTIFICATE_BYTES {
            return Err(form(format!("it is larger than {CERTIFICATE_BYTES} bytes")));
        }
        let certificate = Certificate::from_der(der).map_err(|error| form(error.to_string()))?;
        let body = &certificate.tbs_certificate;
        let extensions: Vec<_> = body.extensions.iter().flatten().map(|extension| extension.extn_id).collect();
        // LIMIT: certificates have about ten.
        if extensions.len() > EXTENSIONS {
            return Err(form(format!("it has more than {EXTENSIONS} extensions")));
        }
        // SECURITY: of an extension that comes twice, each reader believes another one. SPEC: RFC 5280 section 4.2.
        if extensions.iter().enumerate().any(|(at, id)| extensions.iter().skip(at + 1).any(|other| other == id)) {
            return Err(form("an extension comes twice".to_owned()));
        }
        let names = extension::<SubjectAltName>(&certificate).map_err(&form)?;
        let basic = extension::<BasicConstraints>(&certificate).map_err(&form)?;
        let purposes = extension::<ExtendedKeyUsage>(&certificate).map_err(&form)?;
        let seconds =
            |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            der: der.to_vec(),
            whose,
            names: names.map(|(_, names)| names.0).unwrap_or_default(),
            authority: basic.and_then(|(_, basic)| basic.ca.then_some(basic.path_len_constraint)),
            usage: extension::<KeyUsage>(&certificate).map_err(&form)?,
            purposes: purposes.map(|(critical, purposes)| (critical, purposes.0)),
            extensions,
            window: seconds(body.validity.not_before)..=seconds(body.validity.not_after),
            spki: body.subject_public_key_info.to_der().map_err(|error| form(error.to_string()))?,
            subject: body.subject.to_der().map_err(|error| form(error.to_string()))?,
        })
    }

    /// Its name as an issuer, in DER.
    pub(crate) fn subject(&self) -> &[u8] {
        &self.subject
    }

    /// For the library that builds paths.
    pub(crate) fn der(&self) -> CertificateDer<'_> {
        CertificateDer::from(self.der.as_slice())
    }

    /// SubjectPublicKeyInfo in DER.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// How many authorities may stand between this one and a signer; absent for any number.
    pub(crate) fn path_limit(&self) -> Option<u8> {
        self.authority.flatten()
    }

    /// Whether it is valid at a moment. SPEC: RFC 5280 section 4.1.2.5: both ends are inside.
    pub(crate) fn is_valid(&self, moment: i64) -> bool {
        self.window.contains(&moment)
    }

    /// Whether it is one of Fulcio's, by what it says of its run.
    pub(crate) fn is_of_fulcio(&self) -> bool {
        self.extensions.iter().any(|id| id.to_string().starts_with(FULCIO))
    }

    /// Its alternative names that are URIs.
    pub(crate) fn uris(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
            _ => None,
        })
    }

    /// Its only alternative name: an e-mail address, a URI or a DNS name.
    ///
    /// # Errors
    /// [`X509Error::Name`] for none, for several, and for one that could be read as something else.
    pub(crate) fn only_name(&self) -> Result<&str, X509Error> {
        // SECURITY: of several names, a reader who takes the first and one who takes any differ about the signer.
        let [only] = self.names.as_slice() else {
            return Err(X509Error::Name { reason: "it has not exactly one alternative name" });
        };
        let dns = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*');
        // SECURITY: the principal does not say of which kind its name is. So a name has the form of its kind, and no two kinds share one: an
        // authority that lets anybody choose a URI must not thereby give out addresses.
        let (name, has_its_form) = match only {
            GeneralName::Rfc822Name(name) => {
                (name.as_str(), name.as_str().contains('@') && !name.as_str().contains('/'))
            }
            GeneralName::UniformResourceIdentifier(name) => (name.as_str(), name.as_str().contains("://")),
            GeneralName::DnsName(name) => (name.as_str(), name.as_str().chars().all(dns)),
            _ => return Err(X509Error::Name { reason: "its name is neither e-mail address nor URI nor DNS name" }),
        };
        let odd = |c: char| c.is_control() || c.is_whitespace() || c == '*';
        if name.is_empty() || name.len() > NAME_BYTES || name.contains(odd) {
            return Err(X509Error::Name {
                reason: "its name is empty, too long, or holds a space, a control character or `*`",
            });
        }
        if !has_its_form {
            return Err(X509Error::Name { reason: "its name has not the form of its kind" });
        }
        Ok(name)
    }

    /// What a signer's certificate must be: no authority's, and for signatures.
    ///
    /// # Errors
    /// [`X509Error::Usage`].
    ///
    /// SPEC: SPIFFE X509-SVID sections 4.1 and 4.3; asked of private authorities, too.
    pub(crate) fn check_signer(&self) -> Result<(), X509Error> {
        let fault = |reason| Err(X509Error::Usage { whose: self.whose, reason });
        if self.authority.is_some() {
            return fault("it is an authority's");
        }
        match &self.usage {
            None => fault("it has no key usage"),
            Some((false, _)) => fault("its key usage is not critical"),
            Some((true, usage)) if usage.key_cert_sign() || usage.crl_sign() => {
                fault("its key may sign certificates or revocation lists")
            }
            Some((true, usage)) if !usage.digital_signature() => fault("its key is not for digital signatures"),
            Some(_) => Ok(()),
        }
    }

    /// What a certificate must be that stamps: for that alone.
    ///
    /// # Errors
    /// [`X509Error::Usage`].
    ///
    /// SPEC: RFC 3161 section 2.3; RFC 5280 section 4.2.1.12: which key usage goes with it.
    pub(crate) fn check_stamper(&self) -> Result<(), X509Error> {
        let fault = |reason| Err(X509Error::Usage { whose: self.whose, reason });
        match &self.purposes {
            // SECURITY: a key that also signs something else could be brought to sign what reads as a timestamp.
            Some((_, purposes)) if *purposes != [TIME_STAMPING] => {
                return fault("timestamps are not the one thing that it is for");
            }
            Some((false, _)) => return fault("its extended key usage is not critical"),
            Some((true, _)) => {}
            None => return fault("it does not say that it is for timestamps"),
        }
        let signs = KeyUsages::DigitalSignature | KeyUsages::NonRepudiation;
        match &self.usage {
            Some((_, usage)) if usage.0.is_empty() || !signs.contains(usage.0) => {
                fault("its key usage is not for signatures alone")
            }
            _ => Ok(()),
        }
    }

    /// What an authority's certificate must be. SPEC: RFC 5280 sections 4.2.1.3 and 4.2.1.9; SPIFFE X509-SVID section 4.2.
    ///
    /// SECURITY: the library that builds paths does not look at key usage.
    ///
    /// # Errors
    /// [`X509Error::Usage`].
    pub(crate) fn check_authority(&self) -> Result<(), X509Error> {
        let fault = |reason| Err(X509Error::Usage { whose: self.whose, reason });
        if self.authority.is_none() {
            return fault("it is not an authority's");
        }
        match &self.usage {
            Some((_, usage)) if usage.key_cert_sign() => Ok(()),
            _ => fault("its key may not sign certificates"),
        }
    }

    /// Whether it is for one of these purposes; absent when it says nothing of purposes.
    pub(crate) fn is_for(&self, purposes: &[ObjectIdentifier]) -> Option<bool> {
        self.purposes.as_ref().map(|(_, own)| own.iter().any(|purpose| purposes.contains(purpose)))
    }
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Read({} certificate, sha256:{})", self.whose, Sha256::of(&self.der))
    }
}

/// One extension, with whether it is critical.
fn extension<T: for<'a> Decode<'a> + AssociatedOid>(certificate: &Certificate) -> Result<Option<(bool, T)>, String> {
    certificate.tbs_certificate.get::<T>().map_err(|error| format!("extension {}: {error}", T::OID))
}
