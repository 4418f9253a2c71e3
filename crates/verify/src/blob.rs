//! Signatures over an artifact alone, as acts of signing.

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::ArtifactDigest;
use lasthand_model::wire::facts::{Act, Actor, Body, SignerMethod, StatementFact};
use lasthand_trust::{BlobSignature, Verified};

use crate::facts::Question;

/// The type under which a signature over an artifact alone stands in reports. It has no statement, so it has no predicate type.
pub(crate) const BLOB_SIGNATURE: &str = "https://lasthand.dev/blob-signature";

/// Says why a signature is not over the artifact asked; absent when it is.
pub(crate) fn foreign(blob: &BlobSignature, question: &Question<'_>) -> Option<String> {
    let of_this = blob.artifact.sha256().filter(|signed| *signed == question.opened.digest);
    let Some(ArtifactDigest(signed)) = of_this else {
        return Some(format!("signature is over {}, not over this artifact", blob.artifact));
    };
    // SECURITY: the root of a folder is the sha256 of 65 bytes. Whoever signed a file of these bytes did not sign the folder.
    let folder = question.opened.parts.iter().any(|part| part.inventory.root().0 == signed);
    folder.then(|| format!("signature is over a file with sha256:{signed}, and this artifact is a folder"))
}

/// The act that a signature over the artifact asked shows: its signer signed it, as this product.
///
/// The signature names no product: the rows of the trust file say for which products the signer may sign. Its digest says
/// who signed what, so that a list takes it back however the signature is written.
pub(crate) fn fact(blob: &Verified<BlobSignature>, product: &str) -> Option<StatementFact> {
    let signer = blob.signers().first()?;
    let performer = Actor {
        role: Role::Performer,
        principal: signer.principal.clone(),
        // The rows decide what he is.
        kind: ActorKind::Unknown,
        method: method_word(signer.method),
        sponsor: None,
    };
    let act = Act {
        action: StepKind::Sign,
        product: product.to_owned(),
        digest: blob.value().artifact.sha256()?,
        target: None,
        actors: vec![performer],
        actors_complete: true,
        marks: Vec::new(),
    };
    let (digest, signers) = (blob.digest(), blob.signers().to_vec());
    Some(StatementFact { digest, signers, simulated: false, credential: None, body: Body::Act(act) })
}

/// The word of a method, as facts and trust files write it.
pub(crate) fn method_word(method: SignerMethod) -> String {
    serde_json::to_value(method).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
