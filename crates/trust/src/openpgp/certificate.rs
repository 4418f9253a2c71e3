//! Certificates: a primary key, whose it says it is, and the subkeys that it vouches for.
//!
//! OFF-SPEC: stricter than GnuPG. What a key may do and until when is what *each* standing self-signature says, the newest of each name;
//! hashes are strong; a revocation that cannot be checked refuses the certificate; a revocation without the word superseded or retired
//! takes back earlier signatures, too.

use std::fmt;

use pgp::packet::{Packet, PublicKey, PublicSubkey, Signature, SignatureType, UserId};
use pgp::types::{KeyDetails as _, Tag};

use super::error::OpenPgpError;
use super::signature::OpenPgpSignature;
use super::stated::Stated;
use super::{OpenPgpSigned, armor, key, packets};

/// LIMIT: bytes, packets and certificates of one file.
const FILE_BYTES: usize = 1 << 20;
const PACKETS: usize = 4_000;
const CERTIFICATES: usize = 64;

const EXPIRED: &str = "it is expired, or not yet valid";
const REVOKED: &str = "it is revoked";

/// A certificate of the trust file: an OpenPGP public key with its names and subkeys.
#[derive(Clone)]
pub struct Certificate {
    primary: PublicKey,
    fingerprint: String,
    /// Direct self-signatures.
    direct: Vec<Stated>,
    revocations: Vec<Stated>,
    users: Vec<User>,
    subkeys: Vec<Subkey>,
}

/// A name, and what the primary key says of it.
#[derive(Clone)]
struct User {
    name: String,
    certified: Vec<Stated>,
    revocations: Vec<Stated>,
}

/// A subkey, and what the primary key says of it.
#[derive(Clone)]
struct Subkey {
    key: PublicSubkey,
    bindings: Vec<Binding>,
    revocations: Vec<Stated>,
}

#[derive(Clone)]
struct Binding {
    stated: Stated,
    /// The subkey's own word that it belongs to the primary key.
    back: Option<Stated>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint)
    }
}

impl Certificate {
    /// Reads the certificates of a file, armoured in one block or bare, as `gpg --export` writes them.
    ///
    /// # Errors
    /// [`OpenPgpError::Certificates`]; [`OpenPgpError::Certificate`] for one that could never verify anything, or whose state cannot be told.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, OpenPgpError> {
        let fault = |reason| OpenPgpError::Certificates { reason };
        if bytes.len() > FILE_BYTES {
            return Err(fault("it is too large"));
        }
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.starts_with("-----BEGIN"));
        let bare = match text {
            None => bytes.to_vec(),
            Some(text) => {
                armor::strip(text, "PUBLIC KEY BLOCK").ok_or_else(|| fault("it is not one block of public keys"))?
            }
        };
        let packets = packets::read(&bare, PACKETS).ok_or_else(|| fault("its packets cannot be read"))?;
        let mut groups: Vec<(PublicKey, Vec<Packet>)> = Vec::new();
        for packet in packets {
            match (packet, groups.last_mut()) {
                (Packet::PublicKey(primary), _) => groups.push((primary, Vec::new())),
                (Packet::SecretKey(_) | Packet::SecretSubkey(_), _) => return Err(fault("it holds a private key")),
                (other, Some((_, rest))) => rest.push(other),
                (_, None) => return Err(fault("it does not begin with a public key")),
            }
        }
        if groups.is_empty() || groups.len() > CERTIFICATES {
            return Err(fault("it holds none, or too many"));
        }
        groups.into_iter().map(|(primary, rest)| Self::read(primary, rest)).collect()
    }

    fn read(primary: PublicKey, rest: Vec<Packet>) -> Result<Self, OpenPgpError> {
        let fingerprint = key::fingerprint(&primary);
        let fault = |reason| OpenPgpError::Certificate { fingerprint: fingerprint.clone(), reason };
        if let Some(reason) = key::fault(&primary) {
            return Err(fault(reason));
        }
        let mut reader =
            Reader { primary: &primary, direct: vec![], revocations: vec![], users: vec![], subkeys: vec![] };
        let mut about = About::Primary;
        for packet in rest {
            match packet {
                Packet::UserId(id) => {
                    // SECURITY: of a name or key that is there twice, the copy without its revocation would stand.
                    let name = String::from_utf8_lossy(id.id()).into_owned();
                    if reader.users.iter().any(|known| known.name == name) {
                        return Err(fault("it holds a name twice"));
                    }
                    reader.users.push(User { name, certified: vec![], revocations: vec![] });
                    about = About::User(id);
                }
                Packet::UserAttribute(_) => about = About::Ignored,
                Packet::PublicSubkey(key) => {
                    if reader.subkeys.iter().any(|known| key::fingerprint(&known.key) == key::fingerprint(&key)) {
                        return Err(fault("it holds a subkey twice"));
                    }
                    reader.subkeys.push(Subkey { key, bindings: vec![], revocations: vec![] });
                    about = About::Subkey;
                }
                Packet::Signature(signature) => reader.signature(&about, &signature).map_err(fault)?,
                _ => return Err(fault("it holds a packet that does not belong there")),
            }
        }
        let Reader { direct, revocations, users, subkeys, .. } = reader;
        if !users.iter().any(|user| user.certified.iter().any(|stated| stated.strong)) {
            return Err(fault("it certifies no name of its own with a strong hash"));
        }
        Ok(Self { primary, fingerprint, direct, revocations, users, subkeys })
    }

    /// Fingerprint of the primary key, 40 lower-case hex digits.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The names that it certifies for itself. Anybody can write any name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter(|user| !user.certified.is_empty()).map(|user| user.name.as_str())
    }

    /// Why nothing that it signs now would be believed at this moment; absent when something would.
    #[must_use]
    pub fn idle(&self, moment: i64) -> Option<&'static str> {
        let primary = self.primary_may_sign(moment).and_then(|()| self.primary_stands(moment, moment));
        let subkeys = self.subkeys.iter().any(|subkey| {
            self.primary_stands(moment, moment).and_then(|()| self.subkey_may_sign(subkey, moment, moment)).is_ok()
        });
        if subkeys { None } else { primary.err() }
    }

    /// Asks whether a key of this certificate made the signature. Absent when the signature names none of its keys.
    pub(super) fn verify(
        &self,
        message: &[u8],
        signature: &OpenPgpSignature,
        moment: i64,
    ) -> Option<Result<OpenPgpSigned, OpenPgpError>> {
        let claimed = signature.stated.created;
        let mut answer = None;
        if signature.names(&self.primary) {
            let may = self.primary_may_sign(moment).and_then(|()| self.primary_stands(claimed, moment));
            answer = Some(self.answer(
                self.fingerprint.clone(),
                signature,
                signature.holds(&self.primary, message),
                may,
                moment,
            ));
        }
        for subkey in self.subkeys.iter().filter(|subkey| signature.names(&subkey.key)) {
            if matches!(answer, Some(Ok(_))) {
                break;
            }
            let may = self.primary_stands(claimed, moment).and_then(|()| self.subkey_may_sign(subkey, claimed, moment));
            let holds = signature.holds(&subkey.key, message);
            answer = Some(self.answer(key::fingerprint(&subkey.key), signature, holds, may, moment));
        }
        answer
    }

    fn answer(
        &self,
        key: String,
        signature: &OpenPgpSignature,
        holds: bool,
        may: Result<(), &'static str>,
        moment: i64,
    ) -> Result<OpenPgpSigned, OpenPgpError> {
        if !holds {
            return Err(OpenPgpError::NotHeld { key });
        }
        if let Err(reason) = may {
            return Err(OpenPgpError::Key { key, reason });
        }
        if !signature.stated.counts_at(moment) {
            return Err(OpenPgpError::Time { key, reason: "it is from the future, or over" });
        }
        Ok(OpenPgpSigned { certificate: self.fingerprint.clone(), key, claimed: signature.stated.created })
    }

    /// Whether the primary key is there at both times, and not taken back.
    ///
    /// SECURITY: the time of signing is the signer's word: whoever finds an old key writes an old time. So the key must be good at the moment of
    /// the question, too.
    fn primary_stands(&self, claimed: i64, moment: i64) -> Result<(), &'static str> {
        if revoked(&self.revocations, moment) {
            return Err("its certificate is revoked");
        }
        let made = key::made(&self.primary);
        let statements = self.statements(moment);
        // SECURITY: what the newest statement says with a weak hash is not believed, nor is what an older one says in its place.
        if statements.is_empty() || statements.iter().any(|stated| !stated.strong) {
            return Err("no statement of its certificate about itself stands by a strong hash");
        }
        let ends = statements.iter().filter_map(|stated| stated.key_end(made));
        in_time(made, ends, claimed, moment).map_err(|_| "its certificate is expired, or not yet valid")
    }

    fn primary_may_sign(&self, moment: i64) -> Result<(), &'static str> {
        let says: Vec<bool> = self.statements(moment).iter().filter_map(|stated| stated.may_sign).collect();
        if says.is_empty() || says.contains(&false) { Err("it is not for signing") } else { Ok(()) }
    }

    /// The newest standing statements about the primary key: of the direct ones, and of each name that was not taken back.
    fn statements(&self, moment: i64) -> Vec<&Stated> {
        let standing = self.users.iter().filter(|user| !revoked(&user.revocations, moment));
        let of_names: Vec<&Stated> = standing.flat_map(|user| newest(&user.certified, moment)).collect();
        // SPEC: RFC 9580 section 10.1: a certificate of version 4 has a name.
        if of_names.is_empty() {
            return Vec::new();
        }
        newest(&self.direct, moment).into_iter().chain(of_names).collect()
    }

    fn subkey_may_sign(&self, subkey: &Subkey, claimed: i64, moment: i64) -> Result<(), &'static str> {
        if let Some(reason) = key::fault(&subkey.key) {
            return Err(reason);
        }
        if revoked(&subkey.revocations, moment) {
            return Err(REVOKED);
        }
        let time = |binding: &&Binding| binding.stated.created;
        let newest = subkey.bindings.iter().filter(|binding| binding.stated.created <= moment).max_by_key(time);
        let last: Vec<&Binding> = subkey
            .bindings
            .iter()
            .filter(|binding| newest.is_some_and(|newest| time(&newest) == time(binding)))
            .collect();
        if last.is_empty() {
            return Err("its certificate does not vouch for it");
        }
        let made = key::made(&subkey.key);
        for binding in &last {
            if !binding.stated.strong || !binding.stated.counts_at(moment) {
                return Err("its certificate vouches for it by a weak hash, or no longer");
            }
            if binding.stated.may_sign != Some(true) {
                return Err("it is not for signing");
            }
            // SECURITY: without the subkey's own word, anybody could take a stranger's subkey into his certificate and claim what it signed.
            // SPEC: RFC 9580 section 5.2.1.8.
            if !binding.back.as_ref().is_some_and(|back| back.strong && back.counts_at(moment)) {
                return Err("it does not itself say that it belongs to its certificate");
            }
        }
        let ends = last.iter().filter_map(|binding| binding.stated.key_end(made));
        in_time(made, ends, claimed, moment)
    }
}

/// What a signature of a certificate is about.
enum About {
    Primary,
    User(UserId),
    Subkey,
    Ignored,
}

struct Reader<'a> {
    primary: &'a PublicKey,
    direct: Vec<Stated>,
    revocations: Vec<Stated>,
    users: Vec<User>,
    subkeys: Vec<Subkey>,
}

impl Reader<'_> {
    /// Whether the primary key made a signature, as far as it holds.
    ///
    /// # Errors
    /// It says that it is of the primary key and does not hold, or is by a hash that the library does not take from such a key.
    ///
    /// SECURITY: passed over, what is older would stand in its place.
    fn is_own(&self, signature: &Signature, holds: bool) -> Result<bool, &'static str> {
        let says = signature.issuer_fingerprint().iter().any(|found| **found == self.primary.fingerprint())
            || signature.issuer_key_id().iter().any(|id| **id == self.primary.legacy_key_id());
        if says && !holds { Err("it holds a statement about itself that cannot be checked") } else { Ok(holds) }
    }

    /// Takes in one signature. What others say is passed over, but for a revocation of a key: it may be by whom the owner appointed.
    fn signature(&mut self, about: &About, signature: &Signature) -> Result<(), &'static str> {
        let primary = self.primary;
        match (about, signature.typ()) {
            (About::Primary, Some(SignatureType::Key))
                if self.is_own(signature, signature.verify_key(primary).is_ok())? =>
            {
                self.direct.push(Stated::read(signature)?);
            }
            (_, Some(SignatureType::KeyRevocation)) => {
                // SECURITY: a revocation that cannot be checked is not one that was never made.
                signature.verify_key(primary).map_err(|_| "it holds a revocation that cannot be checked")?;
                self.revocations.push(Stated::read(signature)?);
            }
            // SECURITY: neither is a revocation that stands where it is about nothing.
            (About::Primary | About::User(_) | About::Ignored, Some(SignatureType::SubkeyRevocation))
            | (About::Primary | About::Subkey, Some(SignatureType::CertRevocation)) => {
                return Err("it holds a revocation in a place where it is about nothing");
            }
            (About::Ignored, Some(_)) => {}
            (_, None) => return Err("it holds a signature of a version that is not read"),
            (About::User(id), Some(typ)) => {
                let holds = signature.verify_certification(primary, Tag::UserId, id).is_ok();
                if self.is_own(signature, holds)?
                    && let Some(user) = self.users.last_mut()
                {
                    match typ {
                        SignatureType::CertRevocation => user.revocations.push(Stated::read(signature)?),
                        _ => user.certified.push(Stated::read(signature)?),
                    }
                }
            }
            (About::Subkey, Some(SignatureType::SubkeyBinding)) => {
                let Some(subkey) = self.subkeys.last() else { return Ok(()) };
                let holds = signature.verify_subkey_binding(primary, &subkey.key).is_ok();
                if self.is_own(signature, holds)?
                    && let Some(subkey) = self.subkeys.last_mut()
                {
                    let back = signature.embedded_signature();
                    let back = back.filter(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok());
                    let back = back.and_then(|back| Stated::read(back).ok());
                    subkey.bindings.push(Binding { stated: Stated::read(signature)?, back });
                }
            }
            (About::Subkey, Some(SignatureType::SubkeyRevocation)) => {
                let Some(subkey) = self.subkeys.last_mut() else { return Ok(()) };
                let checked = signature.verify_subkey_binding(primary, &subkey.key);
                checked.map_err(|_| "it holds a revocation that cannot be checked")?;
                subkey.revocations.push(Stated::read(signature)?);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether something was taken back by this moment, or for ever.
fn revoked(revocations: &[Stated], moment: i64) -> bool {
    // SECURITY: of a key that was stolen, no time of signing is believed.
    revocations.iter().any(|stated| !stated.soft || stated.created <= moment)
}

/// The newest statements of one place at a moment, when they still count; several when they are of one second.
fn newest(statements: &[Stated], moment: i64) -> Vec<&Stated> {
    let last = statements.iter().map(|stated| stated.created).filter(|created| *created <= moment).max();
    let of_last = statements.iter().filter(|stated| Some(stated.created) == last);
    of_last.filter(|stated| stated.counts_at(moment)).collect()
}

/// Whether a key that was made at `made` and ends at each of `ends` is there at both times.
fn in_time(made: i64, ends: impl Iterator<Item = i64>, claimed: i64, moment: i64) -> Result<(), &'static str> {
    let last = claimed.max(moment);
    let over = ends.min().is_some_and(|end| end <= last);
    if over || claimed < made || moment < made { Err(EXPIRED) } else { Ok(()) }
}
