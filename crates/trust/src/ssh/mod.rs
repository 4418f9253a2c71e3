//! SSH signatures over files: whose they are by a list of allowed signers, and whether somebody was there.
//!
//! `ssh-keygen -Y verify` says that a signature of a security key is good whether or not somebody touched the device. The bit that says so is
//! read here, and so is the device's count.

use lasthand_model::wire::facts::SignerMethod;

mod allowed;
mod error;
mod key;
mod signature;
mod wire;

pub use allowed::AllowedSigners;
pub use error::SshError;
pub use key::SshKey;
pub use signature::{Presence, SshSignature};

/// What is asked of a signature beside that it holds.
#[derive(Debug, Clone, Copy)]
pub struct SshDemand<'a> {
    /// The use that it must be for.
    pub namespace: &'a str,
    /// The moment to decide for, seconds since 1970-01-01T00:00:00Z; without one, a line of the list that is bounded in time is nobody's.
    pub moment: Option<i64>,
    /// The device must have verified its user.
    pub user_verification: bool,
    /// The highest count of this key that was seen before.
    pub last_counter: Option<u32>,
}

/// What is noticed of a signature that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SshFinding {
    /// A security key signed, and nobody touched it: no more than a key in a file.
    PresenceUnproven,
    /// The device counted no further than before: a copy of it may exist. Devices that do not count say 0 each time.
    CounterNotAbove {
        /// The highest seen before.
        last: u32,
        /// What it says now.
        got: u32,
    },
}

/// What is noticed, and of whose key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SshNotice {
    /// The name in the list of allowed signers.
    pub principal: String,
    /// Fingerprint of the key.
    pub fingerprint: String,
    /// What.
    pub finding: SshFinding,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSigned {
    /// The name in the list of allowed signers.
    pub principal: String,
    /// Fingerprint of the key.
    pub fingerprint: String,
    /// What the device says; absent for a key without one, and for none other.
    pub presence: Option<Presence>,
    /// What is noticed.
    pub findings: Vec<SshFinding>,
}

impl SshSigned {
    /// By what kind of key: `ssh-sk` for one of a device, `ssh` for one in a file, so that a row for the one never believes the other.
    #[must_use]
    pub const fn method(&self) -> SignerMethod {
        if self.presence.is_some() { SignerMethod::SshSk } else { SignerMethod::Ssh }
    }

    /// What is noticed, with whose key it is.
    pub fn notices(&self) -> impl Iterator<Item = SshNotice> {
        let of = |finding: &SshFinding| SshNotice {
            principal: self.principal.clone(),
            fingerprint: self.fingerprint.clone(),
            finding: *finding,
        };
        self.findings.iter().map(of)
    }

    /// The level that the signature gives before any row lowers it: 4 when a device says that somebody touched it and its count is above the
    /// last, else 2.
    #[must_use]
    pub fn level(&self) -> u8 {
        if self.presence.is_some_and(|presence| presence.present) && self.findings.is_empty() { 4 } else { 2 }
    }
}

/// Verifies a signature over a message by a list of allowed signers.
///
/// Cost: one signature check; none for a key that is nobody's.
///
/// # Errors
/// [`SshError`]: it does not hold, is for another use, is nobody's, or lacks the verification of the user that was asked.
pub fn verify(
    message: &[u8],
    signature: &SshSignature,
    allowed: &AllowedSigners,
    demand: &SshDemand<'_>,
) -> Result<SshSigned, SshError> {
    signature.check_namespace(demand.namespace)?;
    // LIMIT: strangers' keys, such as RSA of 8192 bits, cost nothing but the look into the list.
    let principal = allowed.principal(signature.key(), demand.namespace, demand.moment)?.to_owned();
    let presence = signature.verify(demand.namespace, message)?;
    // SECURITY: asked of a key without device, it is absent, too. That nobody touched the device is a finding below, and gives no more than level 2.
    if demand.user_verification && !presence.is_some_and(|presence| presence.verified) {
        return Err(SshError::NotVerified);
    }
    let mut findings = Vec::new();
    if let Some(presence) = presence {
        if !presence.present {
            findings.push(SshFinding::PresenceUnproven);
        }
        if let Some(last) = demand.last_counter.filter(|last| presence.counter <= *last) {
            findings.push(SshFinding::CounterNotAbove { last, got: presence.counter });
        }
    }
    Ok(SshSigned { principal, fingerprint: signature.key().fingerprint(), presence, findings })
}
