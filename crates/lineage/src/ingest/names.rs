//! Names, digests and actors of the wire as the facts have them.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{GitId, InventoryRoot, Sha256};
use lasthand_model::wire::facts::{Actor, NamedDigest, TreeRef};
use lasthand_model::wire::statement::{DigestSet, ResourceDescriptor};
use lasthand_model::wire::step_actor::{Delegate, Mark, Repository, WireActor};

use super::IngestError;

/// The SHA-256 of a digest set.
pub(super) fn sha256(digests: &DigestSet, member: &'static str) -> Result<Option<Sha256>, IngestError> {
    digests.get("sha256").map(|hex| hex.parse().map_err(|source| IngestError::Digest { member, source })).transpose()
}

fn git_id(digests: &DigestSet, algorithm: &'static str) -> Result<Option<GitId>, IngestError> {
    digests
        .get(algorithm)
        .map(|hex| hex.parse().map_err(|source| IngestError::Digest { member: algorithm, source }))
        .transpose()
}

/// A tree by whatever ids a digest set has; `sha256` is an inventory root.
pub(super) fn tree_ref(digests: &DigestSet) -> Result<TreeRef, IngestError> {
    let sha1 = digests.get("sha1").filter(|_| !digests.contains_key("gitCommit"));
    let git_commit = match git_id(digests, "gitCommit")? {
        Some(commit) => Some(commit),
        // OFF-SPEC: SLSA v0.2 generators name the source commit `sha1`.
        None => {
            sha1.map(|hex| hex.parse().map_err(|source| IngestError::Digest { member: "sha1", source })).transpose()?
        }
    };
    Ok(TreeRef {
        root: sha256(digests, "sha256")?.map(InventoryRoot),
        git_tree: git_id(digests, "gitTree")?,
        git_commit,
    })
}

/// Checks that a statement about a tree has that tree as a subject, by its inventory root.
pub(super) fn about(subjects: &[ResourceDescriptor], tree: &TreeRef) -> Result<(), IngestError> {
    let Some(root) = tree.root else { return Ok(()) };
    for subject in subjects {
        if sha256(&subject.digest, "subject")? == Some(root.0) {
            return Ok(());
        }
    }
    Err(IngestError::OtherSubject { tree: root.to_string() })
}

/// Name, SHA-256 and mode of a descriptor; `None` when it has no SHA-256.
pub(super) fn named_digest(
    descriptor: &ResourceDescriptor,
    member: &'static str,
) -> Result<Option<NamedDigest>, IngestError> {
    let Some(digest) = sha256(&descriptor.digest, member)? else { return Ok(None) };
    let name = descriptor.name.clone().or_else(|| descriptor.uri.clone()).unwrap_or_default();
    Ok(Some(NamedDigest { name: safe_name(&name)?, digest, mode: mode(descriptor) }))
}

/// The permission bits that a recorder saw: octal text or a number.
fn mode(descriptor: &ResourceDescriptor) -> Option<u32> {
    let value = descriptor.annotations.get("mode")?;
    match value.as_str() {
        Some(text) => u32::from_str_radix(text, 8).ok(),
        None => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    }
}

/// A name that stays in its folder.
///
/// SECURITY: CVE-2021-41087, `dir/../foo` passed a rule against `foo`.
pub(super) fn safe_name(name: &str) -> Result<String, IngestError> {
    let escapes = !name.contains("://")
        && (name.starts_with('/')
            || name.contains('\0')
            || name.split('/').any(|segment| matches!(segment, "." | "..")));
    if escapes {
        return Err(IngestError::Name { name: name.chars().take(200).collect() });
    }
    Ok(name.to_owned())
}

/// A repository without scheme, ref, `.git` and final slash: `git+https://github.com/acme/app@refs/heads/main` -> `github.com/acme/app`.
pub(super) fn repository(uri: &str) -> String {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    // A material names a ref or a commit behind `@`; any other `@` belongs to the address.
    let is_revision =
        |text: &str| text.starts_with("refs/") || (text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit()));
    plain(uri.rsplit_once('@').filter(|(_, revision)| is_revision(revision)).map_or(uri, |(before, _)| before))
}

/// An address without scheme, one final slash and one `.git`.
fn plain(uri: &str) -> String {
    let uri = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let uri = uri.strip_suffix('/').unwrap_or(uri);
    uri.strip_suffix(".git").unwrap_or(uri).to_owned()
}

/// The name of the image that an address names, without tag, digest and qualifiers; `None` for any other address.
///
/// `pkg:docker/acme/base@1?platform=linux%2Famd64` and `docker-image://acme/base:1@sha256:...` -> `acme/base`.
///
/// SPEC: package-url, type `docker`; BuildKit writes the first into its provenance.
pub(super) fn image_name(uri: &str) -> Option<String> {
    let name = match uri.strip_prefix("pkg:docker/") {
        Some(rest) => percent_decoded(rest.split(['?', '#']).next().unwrap_or(rest).split('@').next()?)?,
        None => {
            let reference = ["docker-image://", "docker://"].iter().find_map(|scheme| uri.strip_prefix(scheme))?;
            let name = reference.split(['?', '#']).next()?.split('@').next()?;
            let (folders, last) = name.rsplit_once('/').map_or(("", name), |(folders, last)| (folders, last));
            let last = last.split(':').next().unwrap_or(last);
            if folders.is_empty() { last.to_owned() } else { format!("{folders}/{last}") }
        }
    };
    (!name.is_empty()).then_some(name)
}

/// SPEC: RFC 3986 section 2.1.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The repository that a predicate names. An immutable id, where stated, belongs to the name: `github.com/acme/app#12345`.
pub(super) fn repository_of(wire: Option<&Repository>) -> Option<String> {
    wire.map(|wire| match &wire.id {
        Some(id) => format!("{}#{id}", plain(&wire.uri)),
        None => plain(&wire.uri),
    })
}

fn principal(iss: Option<&str>, sub: &str) -> String {
    match iss {
        Some(iss) => format!("{iss}#{sub}"),
        None => sub.to_owned(),
    }
}

/// An actor. With `act`, the outermost acted and `sub` is the sponsor, unless the statement calls it something else than a user: then nobody is.
///
/// SPEC: RFC 8693 section 4.1. Earlier actors of a chain only inform; but a user who acts for an agent counts as one.
pub(super) fn actor(wire: &WireActor) -> Result<Actor, IngestError> {
    let role = Role::parse(&wire.role).ok_or_else(|| IngestError::Word { what: "role", got: wire.role.clone() })?;
    let method = wire.established.first().map(|established| established.method.clone()).unwrap_or_default();
    let stated = |word: Option<&str>| word.map_or(ActorKind::Unknown, ActorKind::from_wire_word);
    let subject = principal(wire.iss.as_deref(), &wire.sub);
    Ok(match &wire.act {
        None => Actor { role, principal: subject, kind: stated(wire.sub_profile.as_deref()), method, sponsor: None },
        Some(act) => {
            let outermost = stated(act.sub_profile.as_deref());
            // SECURITY: nobody can tell what a person did by himself whom an agent sent.
            let sent = outermost == ActorKind::Human && (is_agents(wire.sub_profile.as_deref()) || has_agent(act));
            // SECURITY: an agent that works for an agent has no human behind it, as far as this statement says.
            let by_user = wire.sub_profile.as_deref().is_none_or(|word| stated(Some(word)) == ActorKind::Human);
            Actor {
                role,
                principal: principal(act.iss.as_deref(), &act.sub),
                kind: if sent { ActorKind::Agent } else { outermost },
                method,
                sponsor: by_user.then_some(subject),
            }
        }
    })
}

fn is_agents(word: Option<&str>) -> bool {
    word.is_some_and(|word| ActorKind::from_wire_word(word) == ActorKind::Agent)
}

/// Whether an agent is among the earlier actors.
fn has_agent(act: &Delegate) -> bool {
    // LIMIT: JSON of a statement is nested only so deep.
    std::iter::successors(act.act.as_deref(), |earlier| earlier.act.as_deref())
        .any(|earlier| is_agents(earlier.sub_profile.as_deref()))
}

pub(super) fn actors(wire: &[WireActor]) -> Result<Vec<Actor>, IngestError> {
    wire.iter().map(actor).collect()
}

/// Marks as one text each: `environment:CLAUDECODE`.
pub(super) fn marks(wire: &[Mark]) -> Vec<String> {
    wire.iter().map(|mark| format!("{}:{}", mark.source, mark.rule)).collect()
}

/// Whether the surroundings of a statement were simulated.
///
/// A word nobody knows counts as simulated: it certainly is not plain.
pub(super) fn simulated(wire: Option<&str>) -> bool {
    wire.is_some()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_acted_and_the_subject_is_the_sponsor() {
        // pass: RFC 8693: `act` is who acted, whatever stands within it; fail: a sponsor that is no user, a user whom an agent sent
        let read = |text: &str| {
            let actor = actor(&serde_json::from_str(text).unwrap()).unwrap();
            (actor.principal, actor.kind, actor.sponsor)
        };
        let agent = |sponsor: Option<&str>| ("coder".to_owned(), ActorKind::Agent, sponsor.map(str::to_owned));
        let act = r#""act":{"sub":"coder","sub_profile":"ai_agent"}"#;
        assert_eq!(read(&format!(r#"{{"role":"author","sub":"ana","sub_profile":"user",{act}}}"#)), agent(Some("ana")));
        assert_eq!(read(&format!(r#"{{"role":"author","sub":"ana",{act}}}"#)), agent(Some("ana")));
        for word in ["ai_agent", "service", "unknown", "User"] {
            assert_eq!(read(&format!(r#"{{"role":"author","sub":"p","sub_profile":"{word}",{act}}}"#)), agent(None));
        }
        let chain = |outer: &str, inner: &str| {
            read(&format!(
                r#"{{"role":"author","sub":"ana","sub_profile":"user","act":{{"sub":"x","sub_profile":"{outer}",
                "act":{{"sub":"y","act":{{"sub":"z","sub_profile":"{inner}"}}}}}}}}"#
            ))
        };
        let kind = |outer, inner| chain(outer, inner).1;
        assert_eq!(chain("ai_agent", "user"), ("x".to_owned(), ActorKind::Agent, Some("ana".to_owned())));
        assert_eq!(kind("service", "ai_agent"), ActorKind::Automation);
        assert_eq!(kind("user", "service"), ActorKind::Human);
        assert_eq!(kind("user", "ai_agent"), ActorKind::Agent);
        let sent =
            r#"{"role":"approver","sub":"coder","sub_profile":"ai_agent","act":{"sub":"bo","sub_profile":"user"}}"#;
        assert_eq!(read(sent), ("bo".to_owned(), ActorKind::Agent, None));
        assert_eq!(read(r#"{"role":"author","sub":"ana","act":{"sub":"bo"}}"#).1, ActorKind::Unknown);
    }

    #[test]
    fn images_are_named_by_their_addresses() {
        // pass: purls with and without version, qualifiers and registry; references with tag, digest and port
        for (uri, expected) in [
            ("pkg:docker/debian@bookworm?platform=linux%2Famd64", "debian"),
            ("pkg:docker/acme/base@1.2", "acme/base"),
            (
                "pkg:docker/registry.example%3A5000/acme/base@sha256%3Aab?digest=sha256:ab",
                "registry.example:5000/acme/base",
            ),
            ("pkg:docker/debian", "debian"),
            ("docker-image://docker.io/library/debian:12@sha256:ab", "docker.io/library/debian"),
            ("docker://registry.example:5000/acme/base", "registry.example:5000/acme/base"),
            ("docker-image://debian:12", "debian"),
        ] {
            assert_eq!(image_name(uri).as_deref(), Some(expected), "{uri}");
        }
        // fail: other addresses, no name, percent signs that encode nothing
        for uri in [
            "pkg:deb/debian/bash@5",
            "https://example.com/debian",
            "pkg:docker/",
            "docker://",
            "pkg:docker/a%zz",
            "pkg:docker/%ff",
        ] {
            assert_eq!(image_name(uri), None, "{uri}");
        }
    }
}
