//! The small parts that worlds are made of.

use std::collections::BTreeMap;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{FileDigest, GitId, InventoryRoot, Sha256, StatementDigest};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Actor, Body, Credential, Custody, EntryFact, Facts, IdentityRow, Inputs, PersonRow, Review, Signer, SignerMethod,
    StatementFact, TreeRef,
};

use super::rng::{Rng, mix};

/// The moment of every question.
pub const NOW: i64 = 1_900_000_000;
/// Name of the product.
pub(super) const APP: &str = "app";
/// Its repository.
pub(super) const REPO: &str = "git/app";
/// Its release ref.
pub(super) const MAIN: &str = "refs/heads/main";
/// Its other ref.
pub(super) const REL: &str = "refs/heads/rel";
pub(super) const HUMANS: [&str; 4] = ["ana", "bo", "cyd", "dee"];
/// Two who never wrote anything, so that they may except.
pub(super) const BYSTANDERS: [&str; 2] = ["eve", "fay"];
pub(super) const OBSERVER: &str = "ci#observer";
pub(super) const BUILDER: &str = "ci#builder";
pub(super) const AGENT: &str = "agent:coder";
/// A robot that authors changes and acts for nobody.
pub(super) const BOT: &str = "bot:deps";

/// The n-th digest.
pub(super) fn digest(n: u64) -> Sha256 {
    let mut bytes = [0; 32];
    for (at, chunk) in (0u64..).zip(bytes.chunks_mut(8)) {
        chunk.copy_from_slice(&mix(n.wrapping_mul(4).wrapping_add(at).wrapping_add(0x5151)).to_be_bytes());
    }
    Sha256::from_bytes(bytes)
}

pub(super) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn file(path: &str, content: u64, mode: u32) -> EntryFact {
    EntryFact {
        path: path.to_owned(),
        entry_type: EntryType::File,
        mode,
        uid: 0,
        gid: 0,
        sha256: Some(FileDigest(digest(content))),
        link_target: String::new(),
        device: None,
        xattrs: BTreeMap::new(),
    }
}

pub(super) fn link(path: &str, target: &str, entry_type: EntryType) -> EntryFact {
    EntryFact { entry_type, sha256: None, link_target: target.to_owned(), ..file(path, 0, 0o777) }
}

pub(super) fn folder(path: &str) -> EntryFact {
    EntryFact { entry_type: EntryType::Directory, sha256: None, ..file(path, 0, 0o755) }
}

/// Sorts a tree, enters it into the inventories and gives its reference. Equal trees have equal roots.
pub(super) fn enter(facts: &mut Facts, mut entries: Vec<EntryFact>) -> TreeRef {
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let root = if entries.is_empty() { Sha256::of(b"") } else { digest(fingerprint(&entries)) };
    facts.inventories.insert(root, entries.into());
    let git_tree: GitId = root.to_string()[..40].parse().unwrap();
    TreeRef { root: Some(InventoryRoot(root)), git_tree: Some(git_tree), ..TreeRef::default() }
}

fn fingerprint(entries: &[EntryFact]) -> u64 {
    let mut state = 0x77u64;
    for entry in entries {
        let kind = u64::from(entry.sha256.is_some()) + 2 * u64::from(entry.mode);
        let content = entry.sha256.map_or([0; 32], |content| *content.0.as_bytes());
        let bytes = entry.path.bytes().chain(entry.link_target.bytes()).chain(content);
        state = bytes.fold(mix(state ^ kind), |state, byte| mix(state ^ u64::from(byte)));
    }
    state
}

/// Entries of a tree.
pub(super) fn entries_of(facts: &Facts, tree: &TreeRef) -> Vec<EntryFact> {
    tree.root.and_then(|root| facts.inventories.get(&root.0)).map(|entries| entries.to_vec()).unwrap_or_default()
}

pub(super) fn actor(role: Role, principal: &str, kind: ActorKind) -> Actor {
    Actor { role, principal: principal.to_owned(), kind, method: "oidc".to_owned(), sponsor: None }
}

pub(super) fn account(name: &str) -> String {
    format!("acct:{name}")
}

pub(super) fn signer(method: SignerMethod, principal: &str) -> Signer {
    let presence = matches!(method, SignerMethod::SshSk | SignerMethod::Webauthn);
    Signer { method, principal: principal.to_owned(), presence, time: Some(NOW - 500) }
}

pub(super) fn ci(principal: &str) -> Signer {
    signer(SignerMethod::FulcioCi, principal)
}

/// A human's own hardware key.
pub(super) fn hardware(name: &str) -> Signer {
    signer(SignerMethod::SshSk, &format!("key:{name}"))
}

pub(super) fn push(facts: &mut Facts, signer: Signer, body: Body) -> StatementDigest {
    let mut n = 900_000 + u64::try_from(facts.statements.len()).unwrap_or(0);
    while facts.statements.iter().any(|statement| statement.digest.0 == digest(n)) {
        n += 1;
    }
    let digest = StatementDigest(digest(n));
    let statement = StatementFact { digest, signers: vec![signer], simulated: false, credential: None, body };
    facts.statements.push(statement);
    digest
}

pub(super) fn credential(n: u64) -> Credential {
    Credential { digest: digest(800_000 + n), issued: NOW - 1000, expires: NOW + 600, task: Some(format!("task-{n}")) }
}

pub(super) fn row(method: SignerMethod, principal: &str, kind: ActorKind, may: &[&str]) -> IdentityRow {
    IdentityRow {
        method,
        principal: principal.to_owned(),
        kind,
        max_level: 4,
        may: words(may),
        repositories: words(&["git/*"]),
        products: words(&["app"]),
        observer: Vec::new(),
        inputs: Inputs::Bounded,
        isolated: true,
        custody: None,
        actors_complete: false,
    }
}

/// The rows of every world.
pub(super) fn identities(rng: &mut Rng) -> Vec<IdentityRow> {
    let mut observer = row(
        SignerMethod::FulcioCi,
        OBSERVER,
        ActorKind::Automation,
        &["landing", "review", "vsa", "fetch", "build", "package"],
    );
    observer.observer = words(&["oidc", "step"]);
    let mut builder =
        row(SignerMethod::FulcioCi, BUILDER, ActorKind::Automation, &["build", "package", "publish", "sign"]);
    builder.actors_complete = rng.chance(40);
    if rng.chance(25) {
        builder.inputs = Inputs::Declared;
    }
    if rng.chance(40) {
        builder.may.push("fetch".to_owned());
    }
    builder.observer = words(&["oidc"]);
    let human = ["review", "approve", "exception"];
    let mut personal = row(SignerMethod::Key, "pk:*", ActorKind::Human, &human);
    personal.custody = Some(Custody::Personal);
    let mut lister = row(SignerMethod::Key, "lister", ActorKind::Automation, &["list"]);
    lister.products = words(&["*"]);
    vec![
        observer,
        builder,
        row(SignerMethod::SshSk, "key:*", ActorKind::Human, &human),
        row(SignerMethod::FulcioEmail, "mail:*", ActorKind::Human, &human),
        personal,
        lister,
        row(SignerMethod::X509Svid, "agent:*", ActorKind::Agent, &["edit", "review", "list", "landing", "vsa"]),
        row(SignerMethod::X509Svid, BOT, ActorKind::Automation, &["edit"]),
    ]
}

pub(super) fn persons() -> Vec<PersonRow> {
    let accounts =
        |name: &&str| words(&[&account(name), &format!("key:{name}"), &format!("pk:{name}"), &format!("mail:{name}")]);
    let every = HUMANS.iter().chain(&BYSTANDERS);
    every.map(|name| PersonRow { name: (*name).to_owned(), accounts: accounts(name) }).collect()
}

/// A reviewed change with nothing special about it.
pub(super) fn whole_scope_review(base: TreeRef, head: TreeRef, name: &str) -> Review {
    Review {
        repository: REPO.to_owned(),
        target_ref: MAIN.to_owned(),
        base: Some(base),
        head,
        scope: words(&["**"]),
        reviewer: actor(Role::Approver, &format!("key:{name}"), ActorKind::Human),
        authors: Vec::new(),
        authors_complete: false,
        marks: Vec::new(),
    }
}
