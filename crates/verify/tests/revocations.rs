//! Lists of revocations from signed bytes to verdicts: whom they take back, from when on, and how old they may be.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_lineage::{Verdict, presets};
use lasthand_model::digest::Sha256;
use lasthand_model::timestamp;
use lasthand_model::wire::facts::{ListKind, Preset};
use lasthand_model::wire::list::LIST;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_testkit::sigstore::{Content, Flaw, Instance, Recipe};
use lasthand_verify::Verification;
use serde_json::{Value, json};
use support::{NOW, World, key, principal, signed, statement};

/// When a workflow signed, where one did; its certificate's log says so.
const SIGNED: i64 = 1_780_000_000;
const WORKFLOW: &str = "https://forge.example/acme/app/.github/workflows/release.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The accepted world, with somebody who may sign lists.
fn world() -> World {
    let mut world = World::accepted();
    let row = |word: &str, kind: &str, more: &str| {
        let (id, pem) = (key(word).id(), key(word).public_pem().unwrap());
        format!(
            "\n[[root]]\ntype = \"key\"\npem = '''\n{pem}'''\n\n[[identity]]\nmethod = \"key\"\nid = \"{id}\"\nkind = \"{kind}\"\n{more}\n"
        )
    };
    world.trust.push_str(&row(
        "lister",
        "automation",
        "custody = \"isolated\"\nmay = [\"list\"]\nproducts = [\"app\"]",
    ));
    world.trust.push_str(&row("coder", "agent", ""));
    world
}

/// What a list says, and who signs it.
struct Plan<'a> {
    entries: Value,
    by: &'a str,
    scope: &'a str,
    issued: i64,
    fresh: i64,
}

impl Plan<'_> {
    /// Issued a minute ago for the product, fresh for an hour.
    fn of(entries: Value) -> Self {
        Self { entries, by: "lister", scope: "app", issued: NOW - 60, fresh: NOW + 3600 }
    }

    fn add_to(&self, world: &mut World, name: &str, sequence: u64) {
        let predicate = json!({
            "kind": "revocation", "scope": self.scope, "issuedAt": timestamp::format(self.issued),
            "freshUntil": timestamp::format(self.fresh), "sequence": sequence, "entries": self.entries,
        });
        let list = statement("app", &Sha256::of(b"app"), LIST, &predicate);
        world.evidence.insert(format!("{name}.sigstore.json"), signed(&list, self.by).1);
    }
}

fn asked(world: &World, preset: Preset) -> (Verdict, bool) {
    let verification = world.verify_under(preset).unwrap();
    (verification.outcome.verdict, has(&verification, "LH007") || has(&verification, "LH008"))
}

fn has(verification: &Verification, id: &str) -> bool {
    verification.report.findings.iter().any(|finding| finding.id == id)
}

fn with(plan: &Plan<'_>) -> (Verdict, bool) {
    let mut world = world();
    plan.add_to(&mut world, "list", 1);
    asked(&world, presets::standard())
}

fn demanding(max_age: Option<i64>) -> Preset {
    let require_lists = vec![ListKind::Revocation];
    Preset { require_lists, revocations_seconds: max_age, ..presets::standard() }
}

fn digest_of(world: &World, name: &str) -> String {
    let bundle: Value = serde_json::from_slice(world.evidence.get(name).unwrap()).unwrap();
    let payload = STANDARD.decode(bundle.pointer("/dsseEnvelope/payload").unwrap().as_str().unwrap()).unwrap();
    Sha256::of(&payload).to_string()
}

#[test]
fn who_or_what_is_revoked_counts_for_nothing() {
    // pass: nobody revoked, a stranger revoked; fail: reviewer, observer, builder, all keys by a glob, a statement, the artifact itself
    let refused = (Verdict::Refused, true);
    assert_eq!(with(&Plan::of(json!([]))), (Verdict::Accepted, false));
    assert_eq!(with(&Plan::of(json!([{ "identity": { "principal": principal("eve") } }]))), (Verdict::Accepted, false));
    for word in ["ana", "observer", "ci"] {
        assert_eq!(with(&Plan::of(json!([{ "identity": { "principal": principal(word) } }]))), refused, "{word}");
    }
    assert_eq!(with(&Plan::of(json!([{ "identity": { "principal": "key:*" } }]))), refused, "all keys, by a glob");
    for name in ["review", "landing", "build", "package", "package-actor"] {
        let digest = digest_of(&world(), &format!("{name}.sigstore.json"));
        assert_eq!(with(&Plan::of(json!([{ "statement": digest }]))), refused, "{name}");
    }
    let artifact = Sha256::of(&world().artifact).to_string();
    assert_eq!(with(&Plan::of(json!([{ "artifact": artifact }]))), refused);
}

#[test]
fn a_key_without_a_time_is_revoked_whatever_the_window() {
    // fail: nobody says when a key signed, so a window in the future or in the past takes everything back
    for (from, until) in [(Some(NOW + 1000), None), (None, Some(1)), (Some(1), Some(2))] {
        let entry = json!([{ "identity": { "principal": principal("ci"), "from": from, "until": until } }]);
        assert_eq!(with(&Plan::of(entry)), (Verdict::Refused, true), "{from:?} {until:?}");
    }
}

#[test]
fn what_is_no_list_of_somebody_who_may_takes_nothing_back() {
    // pass: for another product, by an agent, by a reviewer without the right, by a stranger, with a changed byte; the same list counts otherwise
    let revoke = || json!([{ "identity": { "principal": principal("ci") } }]);
    let accepted = (Verdict::Accepted, false);
    assert_eq!(with(&Plan { scope: "other", ..Plan::of(revoke()) }), accepted);
    for by in ["coder", "ana", "eve"] {
        assert_eq!(with(&Plan { by, ..Plan::of(revoke()) }), accepted, "{by}");
    }
    let mut world = world();
    Plan::of(revoke()).add_to(&mut world, "list", 1);
    assert_eq!(asked(&world, presets::standard()), (Verdict::Refused, true));
    let text = String::from_utf8(world.evidence.remove("list.sigstore.json").unwrap()).unwrap();
    let mut bundle: Value = serde_json::from_str(&text).unwrap();
    let payload = bundle.pointer_mut("/dsseEnvelope/payload").unwrap();
    let changed = String::from_utf8(STANDARD.decode(payload.as_str().unwrap()).unwrap()).unwrap().replace("app", "api");
    *payload = json!(STANDARD.encode(changed));
    world.evidence.insert("list.sigstore.json".to_owned(), bundle.to_string().into_bytes());
    assert_eq!(asked(&world, presets::standard()), accepted);
}

#[test]
fn a_list_that_is_demanded_must_be_there_and_young() {
    // pass: fresh by its own word and young enough; fail: none, one for later, a stale one, one older than is allowed: undecided, never refused
    let undecided = (Verdict::Undecided, false);
    let check = |plan: Option<Plan<'_>>, max_age: Option<i64>, expected: (Verdict, bool)| {
        let mut world = world();
        if let Some(plan) = plan {
            plan.add_to(&mut world, "list", 1);
        }
        assert_eq!(asked(&world, demanding(max_age)), expected);
    };
    let issued = |ago: i64| Some(Plan { issued: NOW - ago, fresh: NOW + 86_400, ..Plan::of(json!([])) });
    check(None, None, undecided);
    check(issued(60), None, (Verdict::Accepted, false));
    check(issued(-60), None, undecided);
    check(Some(Plan { fresh: NOW - 1, ..Plan::of(json!([])) }), None, undecided);
    check(issued(3600), Some(3600), (Verdict::Accepted, false));
    check(issued(3601), Some(3600), undecided);
    check(issued(3601), None, (Verdict::Accepted, false));
    let verification = world().verify_under(demanding(Some(3600))).unwrap();
    assert!(has(&verification, "LH006"));
    assert_eq!(lasthand_verify::exit_code(&verification.outcome), 3);
}

#[test]
fn an_old_list_goes_on_to_deny() {
    // fail: stale, too old, or behind a newer list that forgot the entry, and behind one that revokes the list's signer
    let entry = || json!([{ "identity": { "principal": principal("ci") } }]);
    for (issued, fresh) in [(NOW - 100_000, NOW - 90_000), (NOW - 100_000, NOW + 100)] {
        let mut world = world();
        Plan { issued, fresh, ..Plan::of(entry()) }.add_to(&mut world, "old", 1);
        Plan::of(json!([])).add_to(&mut world, "new", 2);
        assert_eq!(asked(&world, demanding(Some(3600))), (Verdict::Refused, true));
        let lister = json!([{ "identity": { "principal": principal("lister") } }]);
        Plan::of(lister).add_to(&mut world, "newest", 3);
        assert_eq!(asked(&world, presets::standard()), (Verdict::Refused, true));
    }
}

/// The world, whose package step a workflow signed at a time that its log proves.
fn by_workflow() -> World {
    let instance = Instance::new(SIGNED);
    let mut world = world();
    let workflow = format!("{ISSUER}#{WORKFLOW}");
    for name in ["package.sigstore.json", "package-actor.sigstore.json"] {
        let bundle: Value = serde_json::from_slice(world.evidence.get(name).unwrap()).unwrap();
        let payload = STANDARD.decode(bundle.pointer("/dsseEnvelope/payload").unwrap().as_str().unwrap()).unwrap();
        // Only the label names its performer; nothing names the label.
        let payload = String::from_utf8(payload).unwrap().replace(&principal("ci"), &workflow);
        let content = Content::Payload(payload.into_bytes(), PAYLOAD_TYPE.to_owned());
        let made = instance.sign(&content, &Recipe::workflow(WORKFLOW), Flaw::None);
        world.evidence.insert(name.to_owned(), made.bundle.to_string().into_bytes());
    }
    world.evidence.insert("trusted_root".to_owned(), instance.trusted_root().to_string().into_bytes());
    let product = "builders = [";
    assert!(world.trust.contains(product));
    world.trust = world.trust.replace(product, &format!("{product}\"{workflow}\", "));
    world.trust.push_str(&format!(
        "\n[[root]]\ntype = \"sigstore\"\nfile = \"evidence/trusted_root\"\n\n[[identity]]\nmethod = \"fulcio-ci\"\nissuer = \"{ISSUER}\"\n\
         id = \"{WORKFLOW}\"\nkind = \"automation\"\nmay = [\"package\"]\nwhere = [\"{}\"]\nproducts = [\"app\"]\ninputs = \"declared\"\n",
        support::REPOSITORY
    ));
    world
}

#[test]
fn a_certificate_is_revoked_from_a_moment_on() {
    // pass: signed before the window; fail: at its first moment, within it, and after its end, which clears nobody
    let workflow = format!("{ISSUER}#{WORKFLOW}");
    let check = |from: Option<i64>, until: Option<i64>, expected: (Verdict, bool)| {
        let mut world = by_workflow();
        let entry = json!([{ "identity": { "principal": workflow, "from": from, "until": until } }]);
        Plan::of(entry).add_to(&mut world, "list", 1);
        assert_eq!(asked(&world, presets::standard()), expected, "{from:?} {until:?}");
    };
    let (accepted, refused) = ((Verdict::Accepted, false), (Verdict::Refused, true));
    assert_eq!(asked(&by_workflow(), presets::standard()), accepted);
    check(Some(SIGNED + 1), None, accepted);
    check(Some(SIGNED), None, refused);
    check(Some(SIGNED - 1000), Some(SIGNED + 1000), refused);
    check(Some(SIGNED - 1000), Some(SIGNED - 500), refused);
    check(None, None, refused);
}

#[test]
fn a_wide_row_of_an_agent_only_takes_away() {
    // pass: the workflow's own row; fail: beside it, a row of an agent that the workflow meets, whatever it may
    let agent = |id: &str| {
        format!(
            "\n[[identity]]\nmethod = \"fulcio-ci\"\nissuer = \"{ISSUER}\"\nid = \"{id}\"\nkind = \"agent\"\nmay = [\"edit\", \"fetch\", \"test\", \"configure\"]\n\
             where = [\"{}\"]\nproducts = [\"app\"]\n",
            support::REPOSITORY
        )
    };
    let judged = |more: &str| {
        let mut world = by_workflow();
        world.trust.push_str(more);
        asked(&world, presets::standard()).0
    };
    assert_eq!(judged(""), Verdict::Accepted);
    assert_eq!(judged(&agent("https://other.example/**")), Verdict::Accepted);
    for id in ["**", "https://**", "https://forge.example/acme/**"] {
        assert_eq!(judged(&agent(id)), Verdict::Refused, "{id}");
    }
}
