//! Who acted, as a statement says it.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::wire::facts::Actor;
use lasthand_model::wire::step_actor::{Delegate, Established, WireActor};

/// Somebody who acts with a signing key of his own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who: `key:<64 hex>` for a key.
    pub id: String,
    /// What he says he is; the reader's trust file decides.
    pub kind: ActorKind,
    /// The person an agent acts for.
    pub sponsor: Option<String>,
}

impl Principal {
    /// Takes a principal that acts for nobody.
    #[must_use]
    pub const fn new(id: String, kind: ActorKind) -> Self {
        Self { id, kind, sponsor: None }
    }

    /// States this principal in a role, established by the key that signs the statement.
    #[must_use]
    pub fn acting_as(&self, role: Role) -> WireActor {
        wire_actor(&Actor {
            role,
            principal: self.id.clone(),
            kind: self.kind,
            method: "dsse-key".to_owned(),
            sponsor: self.sponsor.clone(),
        })
    }
}

/// Writes an actor of the facts as a statement does: with a sponsor, `sub` is the sponsor and `act` who acted.
///
/// SPEC: RFC 8693 section 4.1.
#[must_use]
pub fn wire_actor(actor: &Actor) -> WireActor {
    let kind = Some(actor.kind.wire_word().to_owned());
    let established = vec![Established { method: actor.method.clone(), ..Established::default() }];
    let role = actor.role.as_str().to_owned();
    match &actor.sponsor {
        None => {
            WireActor { role, sub: actor.principal.clone(), sub_profile: kind, established, ..WireActor::default() }
        }
        Some(sponsor) => WireActor {
            role,
            sub: sponsor.clone(),
            sub_profile: Some(ActorKind::Human.wire_word().to_owned()),
            act: Some(Box::new(Delegate { sub: actor.principal.clone(), sub_profile: kind, ..Delegate::default() })),
            established,
            ..WireActor::default()
        },
    }
}
