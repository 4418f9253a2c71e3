//! The artifact in hand, what it holds, and statements about finished artifacts.

use lasthand_model::actor::{Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256};
use lasthand_model::wire::facts::{
    Act, Approval, Body, IndexMember, List, ListEntry, ListKind, NamedDigest, Other, Pin, SourceVsa,
};

use super::entries::{self, content};
use super::evidence::pairs;
use super::line::{Clauses, Line, StoryError};
use super::teller::{SIGNED, Teller, git_ref, repository};
use super::{NOW, Story};

fn keys<'a>(own: &[&'a str]) -> Vec<&'a str> {
    own.iter().copied().chain(SIGNED).collect()
}

/// `name` or `name=content`.
fn name_and_digest(word: &str) -> (&str, Sha256) {
    let (name, label) = word.split_once('=').unwrap_or((word, word));
    (name, content(label))
}

/// `artifact app.tar.gz[=content] [holds ENTRIES]`: what is asked about.
pub(super) fn artifact(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["holds"])?;
    let (name, digest) = name_and_digest(clauses.head(0, "the artifact")?);
    teller.facts.question.digest = ArtifactDigest(digest);
    teller.facts.question.artifact_name = Some(name.to_owned());
    hold(teller, &clauses, digest)
}

/// `container img-arm64[=content] holds ENTRIES`: another container whose bytes were read.
pub(super) fn container(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["holds"])?;
    let (_, digest) = name_and_digest(clauses.head(0, "a container")?);
    hold(teller, &clauses, digest)
}

fn hold(teller: &mut Teller, clauses: &Clauses<'_>, digest: Sha256) -> Result<(), StoryError> {
    if clauses.has("holds") {
        let entries = entries::read(clauses, clauses.list("holds"), &teller.trees)?;
        teller.facts.inventories.insert(digest, entries.into_values().collect());
    }
    Ok(())
}

/// `index app.idx linux/amd64=img-amd64 ...`: members by content.
pub(super) fn index(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&[])?;
    let (_, digest) = name_and_digest(clauses.head(0, "an index")?);
    let mut members = Vec::new();
    for word in clauses.head.iter().skip(1) {
        let (platform, label) = word.split_once('=').ok_or_else(|| clauses.error("a member is `os/arch=content`"))?;
        members.push(IndexMember { digest: ArtifactDigest(content(label)), platform: platform.to_owned() });
    }
    teller.facts.indexes.insert(ArtifactDigest(digest), members);
    Ok(())
}

/// `lock k1 pins serde=s1 ...`: what the lock file with content `k1` pins.
pub(super) fn lock(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["pins"])?;
    let digest = content(clauses.head(0, "the content of a lock file")?);
    let pins = clauses.list("pins").iter().map(|word| {
        let (name, digest) = name_and_digest(word);
        Pin { name: name.to_owned(), digest }
    });
    teller.facts.locks.insert(FileDigest(digest), pins.collect());
    Ok(())
}

/// `pointer p1 to big`: the file with content `p1` is a pointer to the content `big`.
pub(super) fn pointer(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["to"])?;
    let digest = content(clauses.head(0, "the content of a pointer")?);
    let to = clauses.one("to")?.ok_or_else(|| clauses.error("expected `to CONTENT`"))?;
    teller.facts.pointers.insert(FileDigest(digest), FileDigest(content(to)));
    Ok(())
}

/// `act X1 publish app.tar.gz [to TARGET] [actors ACTORS] ...`.
pub(super) fn act(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["to", "product", "actors", "incomplete", "marks"]))?;
    let action = clauses.head(1, "an action")?;
    let (_, digest) = name_and_digest(clauses.head(2, "an artifact")?);
    let actors = match clauses.has("actors") {
        true => teller.names.actors(&clauses, "actors", Role::Performer)?,
        false => vec![teller.names.actor(&clauses, "releaser", Role::Performer)?],
    };
    let body = Body::Act(Act {
        action: StepKind::parse(action).ok_or_else(|| clauses.error("not an action"))?,
        product: clauses.one("product")?.unwrap_or("app").to_owned(),
        digest: ArtifactDigest(digest),
        target: clauses.one("to")?.map(str::to_owned),
        actors,
        actors_complete: !clauses.flag("incomplete")?,
        marks: clauses.list_if_stated("marks").unwrap_or_default(),
    });
    teller.state(&clauses, "releaser", body)
}

/// `approval X1 exception|parameters app.bin by ana-sk [with NAME=VALUE ...] [for TARGET] [expires +3600] [reason "..."] ...`.
pub(super) fn approval(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let own = ["for", "product", "approver", "with", "authors", "incomplete", "reason", "expires", "marks"];
    let clauses = line.clauses(&keys(&own))?;
    let (_, digest) = name_and_digest(clauses.head(2, "an artifact")?);
    let signer = clauses.list("by").first().copied().unwrap_or("ana-sk");
    let approver = clauses.one("approver")?.unwrap_or_else(|| signer.split('~').next().unwrap_or(signer));
    let authors = teller.names.actors(&clauses, "authors", Role::Author)?;
    let body = Body::Approval(Approval {
        action: clauses.head(1, "an action")?.to_owned(),
        product: clauses.one("product")?.unwrap_or("app").to_owned(),
        digest: ArtifactDigest(digest),
        target: clauses.one("for")?.map(str::to_owned),
        approver: teller.names.actor(&clauses, approver, Role::Approver)?,
        parameters: pairs(&clauses, "with")?,
        authors_complete: !authors.is_empty() && !clauses.flag("incomplete")?,
        authors,
        reason: clauses.list("reason").join(" "),
        expires: clauses.number::<i64>("expires")?.map(|offset| NOW + offset),
        marks: clauses.list_if_stated("marks").unwrap_or_default(),
    });
    teller.state(&clauses, "ana-sk", body)
}

/// `list K1 revocation [scope app] [issued -60] [fresh 3600] [sequence 1] entries identity:bo-key statement:R1 ...`.
pub(super) fn list(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["scope", "issued", "fresh", "sequence", "entries"]))?;
    let kind = match clauses.head(1, "a kind of list")? {
        "revocation" => ListKind::Revocation,
        "withdrawal" => ListKind::Withdrawal,
        "released" => ListKind::Released,
        word => return Err(clauses.error(&format!("`{word}` is no kind of list"))),
    };
    let entries =
        clauses.list("entries").iter().map(|word| list_entry(teller, &clauses, word)).collect::<Result<_, _>>()?;
    let body = Body::List(List {
        kind,
        scope: clauses.one("scope")?.unwrap_or("app").to_owned(),
        issued_at: NOW + clauses.number::<i64>("issued")?.unwrap_or(-60),
        fresh_until: NOW + clauses.number::<i64>("fresh")?.unwrap_or(3600),
        sequence: clauses.number("sequence")?.unwrap_or(1),
        entries,
    });
    teller.state(&clauses, "lister", body)
}

/// `credential:NAME`, `identity:NAME[:FROM:UNTIL]`, `statement:ID`, `artifact:CONTENT` or `released:[REF]=CONTENT`.
fn list_entry(teller: &Teller, clauses: &Clauses<'_>, word: &str) -> Result<ListEntry, StoryError> {
    let (kind, rest) = word.split_once(':').ok_or_else(|| clauses.error("an entry is `kind:what`"))?;
    Ok(match kind {
        "credential" => ListEntry::Credential(content(rest)),
        "statement" => ListEntry::Statement(Story::statement_digest(rest)),
        "artifact" => ListEntry::Artifact(ArtifactDigest(content(rest))),
        "released" => {
            let (target_ref, label) =
                rest.split_once('=').ok_or_else(|| clauses.error("expected `released:REF=CONTENT`"))?;
            let target_ref = if target_ref.is_empty() { String::new() } else { git_ref(target_ref) };
            ListEntry::Released { target_ref, digest: ArtifactDigest(content(label)) }
        }
        "identity" => {
            let mut parts = rest.split(':');
            let principal = teller.names.find(clauses, parts.next().unwrap_or_default())?.principal.clone();
            let mut moment = || parts.next().and_then(|text| text.parse::<i64>().ok()).map(|offset| NOW + offset);
            ListEntry::Identity { principal, from: moment(), until: moment() }
        }
        _ => return Err(clauses.error(&format!("`{kind}` cannot be listed"))),
    })
}

/// `source-vsa V1 T1 passed|failed [in REPOSITORY]`.
pub(super) fn source_vsa(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["in"]))?;
    let tree = teller.tree_ref(&clauses, clauses.head(1, "a tree")?)?;
    let passed = clauses.head(2, "`passed` or `failed`")? == "passed";
    let repository = repository(clauses.one("in")?.unwrap_or("app"));
    teller.state(&clauses, "verifier", Body::SourceVsa(SourceVsa { repository, tree, passed }))
}

/// `other O1 https://predicate names app.tar.gz=content ...`.
pub(super) fn other(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["names"]))?;
    let predicate_type = clauses.head(1, "a predicate type")?.to_owned();
    let subjects = clauses.list("names").iter().map(|word| {
        let (name, digest) = name_and_digest(word);
        NamedDigest { name: name.to_owned(), digest, mode: None }
    });
    let body = Body::Other(Other { predicate_type, subjects: subjects.collect() });
    teller.state(&clauses, "ci", body)
}
