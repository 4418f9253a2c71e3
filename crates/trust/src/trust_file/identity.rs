//! `[[identity]]`: signers and other principals.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::digest::KeyId;
use lasthand_model::wire::facts::{Custody, IdentityRow, Inputs, SignerMethod};

use super::problem::Problem;
use super::reader::{At, Row, shorten, values};
use crate::git_signature::openpgp_principal;
use crate::keys::{DeviceDemand, Group, key_principal};
use crate::level::best_level;
use crate::spiffe::SpiffeId;

pub(super) const KEYS: &[&str] = &[
    "method",
    "issuer",
    "id",
    "keys",
    "threshold",
    "name",
    "kind",
    "max_level",
    "may",
    "where",
    "products",
    "observer",
    "inputs",
    "isolated",
    "custody",
    "actors_complete",
    "user_verification",
    "last_counter",
];

const METHODS: &[(&str, SignerMethod)] = &[
    ("key", SignerMethod::Key),
    ("fulcio-ci", SignerMethod::FulcioCi),
    ("fulcio-email", SignerMethod::FulcioEmail),
    ("x509-svid", SignerMethod::X509Svid),
    ("x509", SignerMethod::X509),
    ("jwt-svid", SignerMethod::JwtSvid),
    ("ssh", SignerMethod::Ssh),
    ("wit-svid", SignerMethod::WitSvid),
    ("ssh-sk", SignerMethod::SshSk),
    ("webauthn", SignerMethod::Webauthn),
    ("openpgp", SignerMethod::Openpgp),
];

/// The word of a method.
pub(crate) fn method_word(method: SignerMethod) -> &'static str {
    METHODS.iter().find(|(_, known)| *known == method).map_or("key", |(word, _)| word)
}

/// Whether signers of this method have a SPIFFE id and a key of their own.
pub(crate) const fn is_svid(method: SignerMethod) -> bool {
    matches!(method, SignerMethod::X509Svid | SignerMethod::WitSvid)
}

/// Statement types beside the step kinds.
const STATEMENT_TYPES: &[&str] = &["landing", "review", "approve", "exception", "inventory", "list", "vsa"];
/// What speaks of a repository, so that `where` must name one.
const ABOUT_REPOSITORIES: &[&str] =
    &["edit", "merge", "build", "test", "package", "configure", "landing", "review", "vsa"];
/// What speaks of a product, so that `products` must name one.
const ABOUT_PRODUCTS: &[&str] = &["build", "package", "sign", "publish", "promote", "approve", "exception", "list"];
/// What proves something, so that no agent may state it.
const NOT_FOR_AGENTS: &[&str] = &[
    "merge",
    "build",
    "package",
    "sign",
    "publish",
    "promote",
    "landing",
    "review",
    "approve",
    "exception",
    "inventory",
    "list",
    "vsa",
];

/// One row as read, with what the checks across rows need.
pub(super) struct Identity<'a> {
    pub(super) row: Row<'a>,
    pub(super) facts: IdentityRow,
    pub(super) name: Option<String>,
    pub(super) keys: Vec<At<KeyId>>,
    /// Fingerprint of a certificate.
    pub(super) certificate: Option<At<String>>,
    pub(super) group: Option<(String, Group)>,
    pub(super) device: Option<DeviceDemand>,
    pub(super) products: Vec<At<String>>,
    pub(super) repositories: Vec<At<String>>,
}

/// Reads one row; absent when what is missing leaves nothing to check.
pub(super) fn read(row: Row<'_>) -> Option<Identity<'_>> {
    let method = row.need("method").then(|| row.word("method", METHODS)).flatten();
    let kinds: Vec<(&'static str, ActorKind)> = ActorKind::ALL.iter().map(|kind| (kind.as_str(), *kind)).collect();
    let kind = row.need("kind").then(|| row.word("kind", &kinds)).flatten();
    let words: Vec<(&'static str, ())> = StepKind::ALL
        .iter()
        .map(|kind| kind.as_str())
        .chain(STATEMENT_TYPES.iter().copied())
        .map(|word| (word, ()))
        .collect();
    let may = row.texts("may");
    for word in &may {
        row.check_word("may", word, &words);
    }
    let max_level = max_level(&row);
    let (repositories, products, observer) = (row.texts("where"), row.texts("products"), row.texts("observer"));
    let inputs = row.word("inputs", &[("bounded", Inputs::Bounded), ("declared", Inputs::Declared)]);
    let custody = row.word("custody", &[("personal", Custody::Personal), ("isolated", Custody::Isolated)]);
    let name = row.text("name").map(|name| name.value);
    let (isolated, actors_complete) = (row.flag("isolated"), row.flag("actors_complete"));
    let principal = principal(&row, method?, kind, name.as_deref())?;
    let facts = IdentityRow {
        method: method?,
        principal: principal.text.clone(),
        kind: kind?,
        max_level,
        may: values(&may),
        repositories: values(&repositories),
        products: values(&products),
        observer: values(&observer),
        inputs: inputs.unwrap_or_default(),
        isolated,
        custody,
        actors_complete,
    };
    let device = device(&row, &facts);
    let Principal { keys, certificate, group, .. } = principal;
    let identity = Identity { row, facts, name, keys, certificate, group, device, products, repositories };
    check_authority(&identity, &may);
    check_level(&identity, &may);
    check_fit(&identity);
    check_wide_workload(&identity.row, &identity.facts);
    Some(identity)
}

/// What the row asks of devices.
fn device(row: &Row<'_>, facts: &IdentityRow) -> Option<DeviceDemand> {
    let asked: Vec<&str> = ["user_verification", "last_counter"].into_iter().filter(|key| row.has(key)).collect();
    if facts.method != SignerMethod::SshSk {
        for key in asked {
            let right = format!("method = \"{}\"", method_word(facts.method));
            let remedy = "only a security key (`method = \"ssh-sk\"`) verifies its user and counts";
            row.report(row.place_of(key), Problem::Mismatch { left: key.to_owned(), right, remedy });
        }
        return None;
    }
    let user_verification = row.flag("user_verification");
    let last_counter = row.integer("last_counter").and_then(|count| {
        let value = u32::try_from(count.value).ok();
        if value.is_none() {
            let (key, got) = ("last_counter".to_owned(), count.value.to_string());
            row.report(count.place, Problem::BadValue { key, got, expected: "0 to 4294967295" });
        }
        value
    });
    let demand = DeviceDemand { principal: facts.principal.clone(), user_verification, last_counter };
    (user_verification || last_counter.is_some()).then_some(demand)
}

fn max_level(row: &Row<'_>) -> u8 {
    let Some(level) = row.integer("max_level") else { return 4 };
    match u8::try_from(level.value) {
        Ok(value @ 1..=4) => value,
        _ => {
            let got = level.value.to_string();
            row.report(level.place, Problem::BadValue { key: "max_level".to_owned(), got, expected: "1 to 4" });
            4
        }
    }
}

struct Principal {
    text: String,
    keys: Vec<At<KeyId>>,
    certificate: Option<At<String>>,
    group: Option<(String, Group)>,
}

fn principal(row: &Row<'_>, method: SignerMethod, kind: Option<ActorKind>, name: Option<&str>) -> Option<Principal> {
    if method == SignerMethod::Key {
        if let Some(issuer) = row.text("issuer") {
            let remedy = "a key has no issuer: leave `issuer` out";
            let problem = Problem::Mismatch { left: "issuer".to_owned(), right: "method = \"key\"".to_owned(), remedy };
            row.report(issuer.place, problem);
        }
        return if row.has("keys") || row.has("threshold") { group(row, name) } else { single_key(row) };
    }
    for key in ["keys", "threshold"].into_iter().filter(|key| row.has(key)) {
        let right = format!("method = \"{}\"", method_word(method));
        let remedy = "only `method = \"key\"` counts keys";
        row.report(row.place_of(key), Problem::Mismatch { left: key.to_owned(), right, remedy });
    }
    if method == SignerMethod::Openpgp {
        return certificate(row);
    }
    let id = row.need_text("id");
    let by_issuer = matches!(method, SignerMethod::FulcioCi | SignerMethod::FulcioEmail | SignerMethod::X509);
    // SECURITY: without issuer, whoever runs any other issuer could give out the same name.
    let issuer = if by_issuer || row.has("issuer") { row.need_text("issuer") } else { None };
    if by_issuer && issuer.is_none() {
        return None;
    }
    if let Some(issuer) = issuer.as_ref().filter(|_| is_svid(method)) {
        let (remedy, right) = ("a SPIFFE id names its trust domain: leave `issuer` out", method_word(method));
        let right = format!("method = \"{right}\"");
        let problem = Problem::Mismatch { left: "issuer".to_owned(), right, remedy };
        row.report(issuer.place, problem);
        return None;
    }
    if let Some(issuer) = issuer.as_ref().filter(|issuer| issuer.value.contains('*')) {
        row.report(issuer.place, Problem::Glob { key: "issuer", got: shorten(&issuer.value) });
    }
    let id = id?;
    // The name of a private authority is the trust file's own.
    let issuer_of_others = issuer.as_ref().filter(|_| method != SignerMethod::X509);
    for text in issuer_of_others.into_iter().chain([&id]).filter(|text| text.value.trim() != text.value) {
        let reason = "it begins or ends with white space";
        row.report(text.place, Problem::NoSuchId { id: shorten(&text.value), reason });
    }
    match method {
        SignerMethod::FulcioCi => check_workflow(row, &id, kind),
        SignerMethod::FulcioEmail => check_address(row, &id),
        SignerMethod::X509Svid | SignerMethod::WitSvid => check_workload(row, &id),
        SignerMethod::X509 => check_certificate_name(row, &id),
        _ => check_wide_name(row, &id, method, kind),
    }
    let text = issuer.map_or_else(|| id.value.clone(), |issuer| format!("{}#{}", issuer.value, id.value));
    Some(Principal { text, keys: Vec::new(), certificate: None, group: None })
}

/// A certificate is named by its fingerprint, exactly.
fn certificate(row: &Row<'_>) -> Option<Principal> {
    if let Some(issuer) = row.text("issuer") {
        let remedy = "a certificate vouches for itself: leave `issuer` out";
        let right = "method = \"openpgp\"".to_owned();
        row.report(issuer.place, Problem::Mismatch { left: "issuer".to_owned(), right, remedy });
    }
    let id = row.need_text("id")?;
    if id.value.len() != 40 || id.value.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        let expected = "the fingerprint of a certificate, 40 lower-case hex digits";
        row.report(id.place, Problem::BadValue { key: "id".to_owned(), got: shorten(&id.value), expected });
        return None;
    }
    Some(Principal { text: openpgp_principal(&id.value), keys: Vec::new(), certificate: Some(id), group: None })
}

fn single_key(row: &Row<'_>) -> Option<Principal> {
    let id = row.need_text("id")?;
    let key = key_id(row, "id", &id)?;
    let keys = vec![At { value: key, place: id.place }];
    Some(Principal { text: key_principal(key), keys, certificate: None, group: None })
}

fn key_id(row: &Row<'_>, name: &str, text: &At<String>) -> Option<KeyId> {
    let id = text.value.parse().ok();
    if id.is_none() {
        let expected = "a key id of 64 lower-case hex digits, as `lasthand key generate` prints it";
        let problem = Problem::BadValue { key: name.to_owned(), got: shorten(&text.value), expected };
        row.report(text.place, problem);
    }
    id
}

fn group(row: &Row<'_>, name: Option<&str>) -> Option<Principal> {
    if row.has("id") {
        let remedy = "a row is for one key (`id`) or for a group (`keys`, `threshold`, `name`)";
        row.report(row.place_of("id"), Problem::Mismatch { left: "id".to_owned(), right: "keys".to_owned(), remedy });
    }
    row.need("name");
    row.need("threshold");
    let texts = row.need_texts("keys");
    let mut keys: Vec<At<KeyId>> = Vec::new();
    for text in &texts {
        let Some(key) = key_id(row, "keys", text) else { continue };
        if let Some(first) = keys.iter().find(|known| known.value == key) {
            let first = first.place.line;
            row.report(text.place, Problem::Duplicate { what: "key", name: key.to_string(), first });
            continue;
        }
        keys.push(At { value: key, place: text.place });
    }
    let threshold = row.integer("threshold")?;
    let count = keys.len();
    let number = u32::try_from(threshold.value).ok().and_then(NonZeroU32::new);
    if number.is_none() {
        let got = threshold.value.to_string();
        let problem = Problem::BadValue { key: "threshold".to_owned(), got, expected: "a number from 1" };
        row.report(threshold.place, problem);
    } else if count > 0 && usize::try_from(threshold.value).is_ok_and(|threshold| threshold > count) {
        row.report(threshold.place, Problem::Threshold { threshold: threshold.value, keys: count });
    }
    let (name, number) = (name?, number?);
    // SECURITY: the name becomes a principal, and principals of rows are globs: a group would speak for another one.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ' | b'@' | b'+');
    if name.is_empty() || !name.bytes().all(is_plain) {
        let (key, got) = ("name".to_owned(), shorten(name));
        let expected = "a name of a group: letters, digits, space and `- _ . @ +`";
        row.report(row.place_of("name"), Problem::BadValue { key, got, expected });
        return None;
    }
    let set: BTreeSet<KeyId> = keys.iter().map(|key| key.value).collect();
    let group = Some((name.to_owned(), Group { keys: set, threshold: number }));
    Some(Principal { text: format!("group:{name}"), keys, certificate: None, group })
}

/// SECURITY: a workflow runs as it stands at its ref. Whoever can push to a ref that the id allows can sign as it.
///
/// A row of an agent may be as wide as it likes: what it states proves nothing, and whoever meets it is an agent by every other row, too.
fn check_workflow(row: &Row<'_>, id: &At<String>, kind: Option<ActorKind>) {
    // `*` alone stops at `/`, so it stands for no scheme.
    if !id.value.contains("://") && !id.value.contains("**") {
        let reason = "a workflow is a URI, such as `https://...`";
        return row.report(id.place, Problem::NoSuchId { id: shorten(&id.value), reason });
    }
    if kind == Some(ActorKind::Agent) {
        return;
    }
    let report = |reason| row.report(id.place, Problem::WideWorkflow { id: shorten(&id.value), reason });
    // The name of a workflow's file may have an `@`; its ref is what follows the last one that a ref can follow.
    let Some(at) = id.value.rfind("@refs/").or_else(|| id.value.find('@')) else {
        return report("it has no `@refs/...`");
    };
    let (path, at) = (id.value.get(..at).unwrap_or_default(), id.value.get(at + 1..).unwrap_or_default());
    if path.contains('*') {
        return report("there is a `*` before `@`");
    }
    match (at.strip_prefix("refs/heads/"), at.strip_prefix("refs/tags/")) {
        (Some(branch), _) if branch.contains('*') => report("a push of another branch satisfies the `*`"),
        (Some(branch), _) if !branch.is_empty() => {}
        (_, Some(tag)) if tag.contains('*') => {
            row.report(id.place, Problem::TagGlob { id: shorten(&id.value) });
        }
        (_, Some(tag)) if !tag.is_empty() => {}
        _ => report("what follows `@` is not `refs/heads/BRANCH` or `refs/tags/TAG`"),
    }
}

/// SECURITY: anybody can have an address of some domain. Whoever gives out the addresses of one domain is somebody.
fn check_address(row: &Row<'_>, id: &At<String>) {
    let domain = id.value.rsplit_once('@').map(|(_, domain)| domain);
    if id.value.contains("://") {
        let reason = "it is a URI and no address";
        row.report(id.place, Problem::NoSuchId { id: shorten(&id.value), reason });
    } else if id.value.contains('*') && domain.is_none_or(|domain| domain.contains('*')) {
        row.report(id.place, Problem::WideAddress { id: shorten(&id.value) });
    } else if domain.is_none() {
        row.report(id.place, Problem::NoSuchId { id: shorten(&id.value), reason: "an address has an `@`" });
    }
}

/// A SPIFFE id, or a glob of ids of one trust domain.
fn check_workload(row: &Row<'_>, id: &At<String>) {
    let report = |reason| row.report(id.place, Problem::NoSuchId { id: shorten(&id.value), reason });
    let path = id.value.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/'));
    match (id.value.replace('*', "x").parse::<SpiffeId>(), path) {
        (Err(reason), _) => report(reason),
        (Ok(_), None) => report("it names a trust domain and no workload"),
        (Ok(_), Some((domain, _))) if domain.contains('*') => report("its trust domain is a glob"),
        (Ok(_), Some(_)) => {}
    }
}

/// SECURITY: every workload of a trust domain has an id in it, those of agents too.
fn check_wide_workload(row: &Row<'_>, facts: &IdentityRow) {
    let machine = matches!(facts.kind, ActorKind::Agent | ActorKind::Unknown);
    let path = facts.principal.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/')).map(|(_, path)| path);
    let first = path.map(|path| path.split('/').next().unwrap_or_default());
    if is_svid(facts.method) && !machine && first.is_some_and(|first| first.contains('*')) {
        row.report(row.place_of("id"), Problem::WideWorkload { id: shorten(&facts.principal) });
    }
}

/// SECURITY: whoever is named so by others is believed to be of this kind: a job of any branch has a subject below its repository's, and a
/// list of allowed signers may have agents in it.
fn check_wide_name(row: &Row<'_>, id: &At<String>, method: SignerMethod, kind: Option<ActorKind>) {
    // Whose keys a list of allowed signers has is the verifier's own word.
    let is_listed = matches!(method, SignerMethod::Ssh | SignerMethod::SshSk);
    let reason = match kind {
        Some(kind @ ActorKind::Automation) if id.value.contains('*') => {
            Some((kind, "a job of a pushed branch, or an agent, may have a name that matches"))
        }
        Some(kind @ ActorKind::Automation) if id.value.starts_with("repo:") && id.value.ends_with(":pull_request") => {
            Some((kind, "whoever opens a pull request has a job of this name"))
        }
        Some(kind @ ActorKind::Human) if !is_listed && id.value.split('@').all(|part| part.contains('*')) => {
            Some((kind, "machines may have a name that matches"))
        }
        _ => None,
    };
    if let Some((kind, reason)) = reason {
        let id_of = shorten(&id.value);
        row.report(id.place, Problem::WideName { id: id_of, kind: kind.as_str(), reason });
    }
}

/// A name in a certificate of a private authority is exact.
fn check_certificate_name(row: &Row<'_>, id: &At<String>) {
    if id.value.contains('*') {
        row.report(id.place, Problem::Glob { key: "id", got: shorten(&id.value) });
    } else if id.value.to_ascii_lowercase().starts_with("spiffe:") {
        let reason = "a certificate with a SPIFFE id is verified by the bundle of its trust domain alone";
        row.report(id.place, Problem::NoSuchId { id: shorten(&id.value), reason });
    }
}

fn check_authority(identity: &Identity<'_>, may: &[At<String>]) {
    let (row, facts) = (&identity.row, &identity.facts);
    let kind = facts.kind.as_str();
    // An agent's row, or the row of an account that others speak of, needs no authority: it says what the principal is.
    let speaks = facts.kind == ActorKind::Automation || (facts.kind == ActorKind::Human && !identity.keys.is_empty());
    if facts.may.is_empty() && (speaks || row.has("may")) {
        row.report(row.place_of("may"), Problem::Empty { table: "[[identity]]", key: "may" });
    }
    let any = |words: &[&str]| facts.may.iter().any(|word| words.contains(&word.as_str()));
    if facts.repositories.is_empty() && any(ABOUT_REPOSITORIES) {
        row.report(row.place_of("where"), Problem::Empty { table: "[[identity]]", key: "where" });
    }
    if facts.products.is_empty() && any(ABOUT_PRODUCTS) {
        row.report(row.place_of("products"), Problem::Empty { table: "[[identity]]", key: "products" });
    }
    for repository in identity.repositories.iter().filter(|repository| repository.value.contains("://")) {
        row.report(repository.place, Problem::Scheme { key: "where", got: shorten(&repository.value) });
    }
    let machine = matches!(facts.kind, ActorKind::Agent | ActorKind::Unknown);
    for word in may {
        if machine && NOT_FOR_AGENTS.contains(&word.value.as_str()) {
            row.report(word.place, Problem::MayNot { kind, word: word.value.clone() });
        } else if word.value == "review" && facts.kind != ActorKind::Human && facts.observer.is_empty() {
            row.report(word.place, Problem::ReviewByMachine { kind });
        } else if facts.kind == ActorKind::Automation && matches!(word.value.as_str(), "approve" | "exception") {
            row.report(word.place, Problem::MayNot { kind, word: word.value.clone() });
        }
    }
    if machine && !facts.observer.is_empty() {
        row.report(row.place_of("observer"), Problem::MayNot { kind, word: "observe".to_owned() });
    }
}

fn check_level(identity: &Identity<'_>, may: &[At<String>]) {
    let (row, facts) = (&identity.row, &identity.facts);
    let level = best_level(facts);
    if !facts.observer.is_empty() && level < 3 {
        row.report(row.place_of("observer"), Problem::ObserverLevel { level });
        return;
    }
    let needed = |word: &str| match (word, facts.kind) {
        ("approve" | "exception", _) => 4,
        ("sign" | "publish" | "promote", ActorKind::Human) if facts.observer.is_empty() => 4,
        ("build" | "package" | "landing" | "review" | "vsa" | "sign" | "publish" | "promote" | "list" | "fetch", _) => {
            3
        }
        _ => 0,
    };
    if matches!(facts.kind, ActorKind::Agent | ActorKind::Unknown) {
        return;
    }
    let highest = may.iter().max_by_key(|word| needed(&word.value)).filter(|word| needed(&word.value) > level);
    if let Some(word) = highest {
        let problem = Problem::LowLevel { word: word.value.clone(), needed: needed(&word.value), level };
        row.report(word.place, problem);
    }
}

fn check_fit(identity: &Identity<'_>) {
    let (row, facts) = (&identity.row, &identity.facts);
    let mismatch = |key: &'static str, left: &str, right: String, remedy| {
        row.report(row.place_of(key), Problem::Mismatch { left: left.to_owned(), right, remedy });
    };
    let method = format!("method = \"{}\"", method_word(facts.method));
    match (facts.custody, facts.kind) {
        (Some(_), _)
            if !matches!(
                facts.method,
                SignerMethod::Key | SignerMethod::X509 | SignerMethod::Openpgp | SignerMethod::Ssh
            ) =>
        {
            mismatch("custody", "custody", method.clone(), "custody is said of keys that stay: leave it out");
        }
        (Some(Custody::Isolated), kind) if kind != ActorKind::Automation => mismatch(
            "custody",
            "custody = \"isolated\"",
            format!("kind {kind}"),
            "`isolated` is for automation; a human's key without agents near it is `personal`",
        ),
        (Some(Custody::Personal), kind) if kind != ActorKind::Human => mismatch(
            "custody",
            "custody = \"personal\"",
            format!("kind {kind}"),
            "`personal` is for a human; a key that project code cannot reach is `isolated`",
        ),
        _ => {}
    }
    if facts.isolated && facts.method != SignerMethod::FulcioCi && !is_svid(facts.method) {
        mismatch("isolated", "isolated", method, "for a static key write `custody = \"isolated\"`");
    }
    let builds = facts.may.iter().any(|word| matches!(word.as_str(), "build" | "package" | "merge" | "test" | "fetch"));
    for key in ["inputs", "actors_complete"] {
        if row.has(key) && !builds {
            let why = "it is about steps, and the row may state none with inputs";
            row.report(row.place_of(key), Problem::NoEffect { key, why });
        }
    }
}
