//! Short names for principals, and actors written with them.

use std::collections::BTreeMap;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{Actor, Signer, SignerMethod};

use super::line::{Clauses, StoryError};

/// What a short name stands for.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) principal: String,
    pub(super) kind: ActorKind,
    /// How he signs.
    pub(super) signs: SignerMethod,
    /// How others say that they know him.
    pub(super) known_by: String,
}

/// All short names of a story.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(pub(super) BTreeMap<String, Name>);

impl Names {
    /// The names of the standard team.
    pub(crate) fn standard() -> Self {
        let mut names = Self::default();
        for human in ["ana", "bo", "cy"] {
            names.add(
                human,
                format!("https://forge.example#{human}"),
                ActorKind::Human,
                SignerMethod::FulcioEmail,
                "forge",
            );
            for (suffix, signs) in [("key", SignerMethod::Key), ("sk", SignerMethod::SshSk)] {
                let name = format!("{human}-{suffix}");
                let key = key(&name);
                names.add(&name, key, ActorKind::Human, signs, if suffix == "sk" { "ssh-sk" } else { "key" });
            }
        }
        let agent = "spiffe://acme.example/agent/coder-7".to_owned();
        names.add("coder-7", agent, ActorKind::Agent, SignerMethod::X509Svid, "forge");
        for observer in ["forge", "lister", "verifier"] {
            names.add(observer, key(observer), ActorKind::Automation, SignerMethod::Key, "key");
        }
        let workflow = "https://ci.example#https://forge.example/acme/app/.ci/release.yml@refs/heads/main".to_owned();
        names.add("ci", workflow, ActorKind::Automation, SignerMethod::FulcioCi, "ci");
        for service in ["sandbox", "releaser", "fetcher"] {
            let id = format!("spiffe://acme.example/{service}");
            names.add(service, id, ActorKind::Automation, SignerMethod::X509Svid, "svid");
        }
        names
    }

    pub(super) fn add(&mut self, name: &str, principal: String, kind: ActorKind, signs: SignerMethod, known_by: &str) {
        self.0.insert(name.to_owned(), Name { principal, kind, signs, known_by: known_by.to_owned() });
    }

    pub(crate) fn principal(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|name| name.principal.clone())
    }

    pub(super) fn find(&self, clauses: &Clauses<'_>, name: &str) -> Result<&Name, StoryError> {
        self.0.get(name).ok_or_else(|| clauses.error(&format!("nobody is called `{name}`")))
    }

    /// Reads `[role:]name[/sponsor][~kind][@method]`.
    pub(super) fn actor(&self, clauses: &Clauses<'_>, word: &str, default_role: Role) -> Result<Actor, StoryError> {
        let (word, method) = cut(word, '@');
        let (word, kind) = cut(word, '~');
        let (word, sponsor) = cut(word, '/');
        let (role, name) = match word.split_once(':') {
            None => (default_role, word),
            Some((role, name)) => {
                (Role::parse(role).ok_or_else(|| clauses.error(&format!("`{role}` is no role")))?, name)
            }
        };
        let who = self.find(clauses, name)?;
        let kind = match kind {
            None => who.kind,
            Some(kind) => ActorKind::parse(kind).ok_or_else(|| clauses.error(&format!("`{kind}` is no kind")))?,
        };
        let sponsor =
            sponsor.map(|sponsor| self.find(clauses, sponsor).map(|name| name.principal.clone())).transpose()?;
        let method = method.unwrap_or(&who.known_by).to_owned();
        Ok(Actor { role, principal: who.principal.clone(), kind, method, sponsor })
    }

    pub(super) fn actors(&self, clauses: &Clauses<'_>, key: &str, role: Role) -> Result<Vec<Actor>, StoryError> {
        clauses.list(key).iter().map(|word| self.actor(clauses, word, role)).collect()
    }

    /// Reads `name` or `name~absent` (a security key used without its owner present).
    pub(super) fn signer(&self, clauses: &Clauses<'_>, word: &str, time: Option<i64>) -> Result<Signer, StoryError> {
        let (name, absent) = cut(word, '~');
        if absent.is_some_and(|word| word != "absent") {
            return Err(clauses.error("only `~absent` may follow a signer"));
        }
        let who = self.find(clauses, name)?;
        let shows_presence = matches!(who.signs, SignerMethod::SshSk | SignerMethod::Webauthn);
        let presence = shows_presence && absent.is_none();
        Ok(Signer { method: who.signs, principal: who.principal.clone(), presence, time })
    }
}

/// Principal of the key that a story calls `name`.
pub(super) fn key(name: &str) -> String {
    format!("key:{}", Sha256::of(format!("public key of {name}").as_bytes()))
}

fn cut(word: &str, at: char) -> (&str, Option<&str>) {
    word.split_once(at).map_or((word, None), |(word, rest)| (word, Some(rest)))
}
