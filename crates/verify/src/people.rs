//! Principals as the trust file takes them: kind, level, and the name people know them by.
//!
//! SPEC: docs/rules.md section 1. Only for display: what counts is decided by `lineage`.

use lasthand_model::actor::ActorKind;
use lasthand_model::glob;
use lasthand_model::wire::facts::{Actor, IdentityRow, Signer, SignerMethod, TrustFacts};
use lasthand_model::wire::report::{ReportActor, ReportSigner};
use lasthand_trust::level::level;

use crate::blob::method_word;

/// Reads principals by one trust file.
#[derive(Clone, Copy)]
pub(crate) struct People<'a> {
    trust: &'a TrustFacts,
}

impl<'a> People<'a> {
    pub(crate) const fn new(trust: &'a TrustFacts) -> Self {
        Self { trust }
    }

    fn rows(self, principal: &str) -> impl Iterator<Item = &'a IdentityRow> {
        self.trust.identities.iter().filter(move |row| glob::matches(&row.principal, principal))
    }

    /// What a principal is taken for.
    pub(crate) fn kind(self, principal: &str, stated: ActorKind) -> ActorKind {
        let has = |kind| self.rows(principal).any(|row| row.kind == kind);
        if stated == ActorKind::Agent || has(ActorKind::Agent) {
            ActorKind::Agent
        } else if has(ActorKind::Automation) {
            ActorKind::Automation
        } else if has(ActorKind::Human) && matches!(stated, ActorKind::Human | ActorKind::Unknown) {
            ActorKind::Human
        } else {
            stated
        }
    }

    fn signer_level(self, signer: &Signer) -> u8 {
        self.rows(&signer.principal).map(|row| level(row, signer)).max().unwrap_or(0)
    }

    /// The signer that is known best, of several over one payload.
    pub(crate) fn signer(self, signers: &[Signer]) -> Option<ReportSigner> {
        let best = signers.iter().rev().max_by_key(|signer| self.signer_level(signer))?;
        let (issuer, id) = match best.principal.split_once('#') {
            Some((issuer, id)) => (Some(issuer.to_owned()), id.to_owned()),
            None => (None, best.principal.clone()),
        };
        let kind = self.kind(&best.principal, ActorKind::Unknown);
        Some(ReportSigner { method: best.method, issuer, id, kind, level: self.signer_level(best) })
    }

    /// Says which row is missing, where a certificate names somebody whom no row names; absent otherwise.
    pub(crate) fn stranger(self, signers: &[Signer]) -> Option<String> {
        let named = |signer: &Signer| self.rows(&signer.principal).any(|row| row.method == signer.method);
        if signers.iter().any(named) {
            return None;
        }
        signers.iter().find_map(|signer| {
            let method = method_word(signer.method);
            let who = match (signer.method, signer.principal.split_once('#')) {
                (SignerMethod::X509Svid | SignerMethod::WitSvid, _) => {
                    format!("method `{method}` and id `{}`", signer.principal)
                }
                (_, Some((issuer, id))) => format!("method `{method}`, issuer `{issuer}` and id `{id}`"),
                _ => return None,
            };
            Some(format!("no row of the trust file names its signer: add `[[identity]]` with {who} if you believe it"))
        })
    }

    /// An actor of a statement with these signers. `marked`: marks of an agent were seen.
    pub(crate) fn actor(self, actor: &Actor, signers: &[Signer], marked: bool) -> ReportActor {
        let stated = self.kind(&actor.principal, actor.kind);
        let level = self.actor_level(actor, signers);
        let kind = if marked && stated == ActorKind::Human && level < 4 { ActorKind::Agent } else { stated };
        ReportActor { role: actor.role, principal: actor.principal.clone(), kind, level }
    }

    fn actor_level(self, actor: &Actor, signers: &[Signer]) -> u8 {
        let known = signers.iter().flat_map(|signer| self.rows(&signer.principal).map(move |row| (signer, row)));
        let levels = known.map(|(signer, row)| {
            let own = level(row, signer);
            if signer.principal == actor.principal {
                own
            } else if row.observer.contains(&actor.method) {
                own.min(3)
            } else {
                // A claim of somebody who is no observer of it.
                own.min(2)
            }
        });
        levels.max().unwrap_or(0)
    }

    /// The name of the person whose account this is; else the principal, key ids shortened.
    pub(crate) fn name(self, principal: &str) -> String {
        let person = self.trust.persons.iter().find(|row| row.accounts.iter().any(|account| account == principal));
        person.map_or_else(|| short(principal), |row| row.name.clone())
    }

    /// A line of text with every principal in it by name: `key:<64 hex>` anywhere, other accounts as words of their own.
    pub(crate) fn by_name(self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let core = word.trim_matches(['`', ',', '(', ')']);
            if core.is_empty() || !(core.starts_with("key:") || self.is_account(core)) {
                return word.to_owned();
            }
            word.replacen(core, &self.name(core), 1)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn is_account(self, word: &str) -> bool {
        self.trust.persons.iter().any(|row| row.accounts.iter().any(|account| account == word))
    }
}

/// Shortens the 64 hex digits of a key id to 12.
pub(crate) fn short(principal: &str) -> String {
    match principal.strip_prefix("key:") {
        Some(id) if id.len() == 64 && id.is_ascii() => format!("key:{}", id.chars().take(12).collect::<String>()),
        _ => principal.to_owned(),
    }
}
