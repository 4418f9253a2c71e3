//! The key that a writing command signs with.

use lasthand_attest::{PayloadSigner as _, Principal};
use lasthand_model::actor::ActorKind;
use lasthand_sign::KeyPair;
use lasthand_trust::keys::{KeyRing, PublicKey};

use crate::command_error::CommandError;
use crate::context::Context;

/// A loaded key.
#[derive(Debug)]
pub(crate) struct Signer {
    /// The key.
    pub(crate) key: KeyPair,
}

impl Signer {
    /// Reads a key and warns when others can read it, too.
    ///
    /// # Errors
    /// When there is no usable key.
    pub(crate) fn load(address: &str, context: &Context) -> Result<Self, CommandError> {
        let loaded = lasthand_sign::load(address)?;
        if let Some(warning) = loaded.warning {
            context.output.warn(&format!("{warning}; `chmod 600` mends it"));
        }
        Ok(Self { key: loaded.key })
    }

    /// Who signs, with what he says he is.
    pub(crate) fn principal(&self, kind: ActorKind) -> Principal {
        Principal::new(self.key.principal(), kind)
    }

    /// A ring that knows this key alone: to believe one's own earlier statements, and nobody else's.
    ///
    /// # Errors
    /// Never for a key that was read.
    pub(crate) fn ring(&self) -> Result<KeyRing, CommandError> {
        let pem = self.key.public_pem()?;
        let key = PublicKey::parse(pem.as_bytes())
            .map_err(|error| CommandError::bug("a key that signs cannot be read back").because(error))?;
        let mut ring = KeyRing::new();
        ring.add_key(key);
        Ok(ring)
    }
}
