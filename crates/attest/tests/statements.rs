//! Landings, edits, acts, reviews, approvals, inventories: what they say, and that a signed one verifies.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::collections::BTreeMap;

use lasthand_attest::*;
use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, InventoryRoot, Sha256, StatementDigest};
use lasthand_model::inventory::Inventory;
use lasthand_model::wire::facts::{Actor, TreeRef};
use lasthand_model::wire::step_actor::{OddPerson, Oddity, Repository, WireActor, WireMergeOf};
use lasthand_observe::surroundings::{Ancestor, Surroundings};
use lasthand_sign::{KeyAlgorithm, KeyPair};
use serde_json::{Value, json};

const NOW: i64 = 1_767_607_200;

fn repository() -> Repository {
    Repository { uri: "forge.example/acme/app".into(), id: Some("41".into()), ..Repository::default() }
}

fn tree(name: &str) -> TreeRef {
    let git_tree = Some(name.repeat(40).parse().unwrap());
    TreeRef { root: Some(InventoryRoot(Sha256::of(name.as_bytes()))), git_tree, ..TreeRef::default() }
}

fn git_only(name: &str) -> TreeRef {
    TreeRef { root: None, ..tree(name) }
}

fn author(principal: &str, kind: ActorKind, sponsor: Option<&str>) -> WireActor {
    wire_actor(&Actor {
        role: Role::Author,
        principal: principal.into(),
        kind,
        method: "git-author".into(),
        sponsor: sponsor.map(str::to_owned),
    })
}

fn human() -> Principal {
    Principal::new("key:ana".into(), ActorKind::Human)
}

fn landing() -> LandingSpec {
    LandingSpec {
        repository: repository(),
        target_ref: "refs/heads/main".into(),
        from: Some(tree("a")),
        to: tree("b"),
        commit: Some("c".repeat(40).parse().unwrap()),
        prev: Some(StatementDigest(Sha256::of(b"prev"))),
        authors: vec![author("mail:coder@example.com", ActorKind::Agent, Some("mail:ana@example.com"))],
        authors_complete: true,
        merge_of: Some(WireMergeOf { head: tree("d"), base: tree("a"), mode: "squash".into(), result: tree("b") }),
        pusher: Some(author("mail:bo@example.com", ActorKind::Human, None)),
        export_ignore: vec![".github".into()],
        odd_people: vec![odd_person()],
        observer: "https://observer.example".into(),
        credential: None,
        landed: Some(NOW),
    }
}

fn odd_person() -> OddPerson {
    OddPerson {
        what: Oddity::AgentSignOff.as_str().into(),
        commit: "e".repeat(40).parse().unwrap(),
        principal: Some("mailto:noreply@anthropic.com".into()),
        rule: "mail:noreply@anthropic.com".into(),
    }
}

fn review() -> ReviewSpec {
    ReviewSpec {
        repository: repository(),
        target_ref: "refs/heads/main".into(),
        base: Some(tree("a")),
        head: tree("b"),
        head_commit: None,
        scope: vec!["**".into()],
        reviewer: human(),
        authors: vec![author("mail:bo@example.com", ActorKind::Human, None)],
        authors_complete: true,
        interactive: true,
        credential: None,
        created: Some(NOW),
    }
}

fn at_terminal() -> Surroundings {
    Surroundings { terminal: true, ..Surroundings::default() }
}

#[test]
fn a_landing_says_where_from_where_to_and_who() {
    // pass: member by member; the pusher joins the authoritative list
    let statement = landing_statement(&landing(), &Surroundings::default()).unwrap();
    let [a, b, d] = ["a", "b", "d"]
        .map(|name| json!({"root": Sha256::of(name.as_bytes()).to_string(), "git_tree": name.repeat(40)}));
    let pusher = |role: &str| json!({"role": role, "sub": "mail:bo@example.com", "sub_profile": "user", "established": [{"method": "git-author"}]});
    let expected = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": "refs/heads/main",
            "digest": {"gitCommit": "c".repeat(40), "gitTree": "b".repeat(40), "sha256": Sha256::of(b"b").to_string()}
        }],
        "predicateType": "https://lasthand.dev/step-actor/v0.1",
        "predicate": {
            "kind": "merge",
            "repository": {"uri": "forge.example/acme/app", "id": "41"},
            "actors": [
                {
                    "role": "author", "sub": "mail:ana@example.com", "sub_profile": "user",
                    "act": {"sub": "mail:coder@example.com", "sub_profile": "ai_agent"},
                    "established": [{"method": "git-author"}]
                },
                pusher("pusher")
            ],
            "actorsComplete": true,
            "observer": {"id": "https://observer.example"},
            "targetRef": "refs/heads/main",
            "fromTree": a,
            "targetTree": b,
            "mergeOf": {"head": d, "base": a, "mode": "squash", "result": b},
            "prev": {"sha256": Sha256::of(b"prev").to_string()},
            "pusher": pusher("author"),
            "exportIgnore": [".github"],
            "oddPeople": [{
                "what": "agent-sign-off", "commit": "e".repeat(40), "principal": "mailto:noreply@anthropic.com",
                "rule": "mail:noreply@anthropic.com"
            }],
            "finishedOn": "2026-01-05T10:00:00Z"
        }
    });
    assert_eq!(serde_json::to_value(&statement).unwrap(), expected);
}

#[test]
fn of_many_odd_people_a_landing_says_how_many_it_leaves_out() {
    // pass: 1,000 are listed and none is left out; fail: of two more the statement says so; of none there is no member
    for (people, listed, left_out) in [(0, 0, None), (1_000, 1_000, None), (1_002, 1_000, Some(2))] {
        let spec = LandingSpec { odd_people: vec![odd_person(); people], ..landing() };
        let predicate = landing_statement(&spec, &Surroundings::default()).unwrap().predicate;
        let written = predicate.get("oddPeople").and_then(|list| list.as_array()).map_or(0, Vec::len);
        assert_eq!(written, listed);
        assert_eq!(predicate.get("oddPeopleLeftOut").and_then(serde_json::Value::as_u64), left_out);
        assert_eq!(predicate.get("oddPeople").is_some(), people > 0);
    }
}

#[test]
fn a_tree_by_git_id_alone_is_no_subject() {
    // fail: SHA-1 alone, before or after; a complete list that names nobody
    let surroundings = at_terminal();
    for spec in [LandingSpec { to: git_only("b"), ..landing() }, LandingSpec { from: Some(git_only("a")), ..landing() }]
    {
        assert!(matches!(landing_statement(&spec, &surroundings), Err(StatementError::NoRoot { .. })));
    }
    for spec in [ReviewSpec { head: git_only("b"), ..review() }, ReviewSpec { base: Some(git_only("a")), ..review() }] {
        assert!(matches!(review_statement(&spec, &surroundings), Err(StatementError::NoRoot { .. })));
    }
    let nobody = LandingSpec { authors: Vec::new(), pusher: None, ..landing() };
    assert!(matches!(landing_statement(&nobody, &surroundings), Err(StatementError::NobodyComplete)));
    let nobody = ReviewSpec { authors: Vec::new(), ..review() };
    assert!(matches!(review_statement(&nobody, &surroundings), Err(StatementError::NobodyComplete)));
}

#[test]
fn a_review_says_what_was_reviewed_and_by_whom() {
    // pass: base, head, scope, reviewer
    let predicate = review_statement(&review(), &at_terminal()).unwrap().predicate;
    assert_eq!(
        predicate["reviewer"],
        json!({
            "role": "approver", "sub": "key:ana", "sub_profile": "user", "established": [{"method": "dsse-key"}]
        })
    );
    assert_eq!((&predicate["scope"], &predicate["interactive"]), (&json!(["**"]), &json!(true)));
    assert_eq!(predicate["base"]["root"], Sha256::of(b"a").to_string());
    // fail: a review of nothing
    let nothing = ReviewSpec { scope: Vec::new(), ..review() };
    assert!(matches!(review_statement(&nothing, &at_terminal()), Err(StatementError::EmptyScope)));
}

#[test]
fn an_agent_around_a_review_is_stated() {
    // fail: marks stand in the statement, and without a terminal nobody was asked
    let surroundings = Surroundings::read_from([], [Ancestor::named("claude")], false);
    let predicate = review_statement(&review(), &surroundings).unwrap().predicate;
    assert_eq!(predicate["marks"][0]["rule"], "claude");
    assert_eq!(predicate["interactive"], false);
}

#[test]
fn an_act_names_artifact_product_and_target() {
    // pass: subject is the artifact; fail: another kind is no act
    let spec = |action| ActSpec {
        action,
        product: "app".into(),
        artifact_name: "app.tar".into(),
        digest: ArtifactDigest(Sha256::of(b"app")),
        target: Some("production".into()),
        performer: human(),
        others: Vec::new(),
        actors_complete: true,
        credential: None,
        acted: Some(NOW),
    };
    let statement = act_statement(&spec(StepKind::Promote), &Surroundings::default()).unwrap();
    assert_eq!(statement.subject[0].digest["sha256"], Sha256::of(b"app").to_string());
    let said = ["kind", "product", "target"].map(|member| statement.predicate[member].as_str().unwrap().to_owned());
    assert_eq!(said, ["promote", "app", "production"]);
    let other = act_statement(&spec(StepKind::Build), &Surroundings::default());
    assert!(matches!(other, Err(StatementError::WrongKind { .. })));
}

#[test]
fn an_edit_names_the_tree_after_and_the_editor() {
    // pass: no targetRef, so that it is no landing
    let spec = EditSpec {
        repository: repository(),
        to: tree("b"),
        commit: None,
        performer: Principal {
            sponsor: Some("mail:ana@example.com".into()),
            ..Principal::new("key:coder".into(), ActorKind::Agent)
        },
        others: Vec::new(),
        actors_complete: true,
        credential: None,
    };
    let statement = edit_statement(&spec, None, &Surroundings::default()).unwrap();
    assert_eq!(statement.predicate["targetRef"], Value::Null);
    assert_eq!(statement.predicate["actors"][0]["act"], json!({"sub": "key:coder", "sub_profile": "ai_agent"}));
    assert_eq!(statement.subject[0].digest["gitTree"], "b".repeat(40));
}

#[test]
fn approvals_name_action_and_end() {
    // pass: parameters, and one half of an exception
    let spec = |action| ApprovalSpec {
        action,
        product: "app".into(),
        artifact_name: "app.tar".into(),
        digest: ArtifactDigest(Sha256::of(b"app")),
        target: None,
        expires: Some(NOW + 60),
        approver: human(),
        authors: Vec::new(),
        authors_complete: false,
        interactive: true,
        credential: None,
        created: None,
    };
    let exception = spec(ApprovalAction::Exception { reason: "outage".into() });
    let predicate = approval_statement(&exception, &at_terminal()).unwrap().predicate;
    assert_eq!((&predicate["action"], &predicate["reason"]), (&json!("exception"), &json!("outage")));
    assert_eq!(predicate["expiresOn"], "2026-01-05T10:01:00Z");
    let parameters = spec(ApprovalAction::Parameters(BTreeMap::from([("version".into(), "1".into())])));
    let predicate = approval_statement(&parameters, &at_terminal()).unwrap().predicate;
    assert_eq!((&predicate["action"], &predicate["parameters"]), (&json!("parameters"), &json!({"version": "1"})));
}

#[test]
fn an_inventory_states_root_count_and_bytes() {
    // pass: of a tree, the subject's sha256 is the root itself
    let inventory = Inventory::default();
    let of = InventorySubject::Tree { name: "refs/heads/main".into(), git_tree: "b".repeat(40).parse().unwrap() };
    let statement = inventory_statement(&of, &inventory).unwrap();
    assert_eq!(statement.subject[0].digest["sha256"], inventory.root().to_string());
    assert_eq!(statement.predicate, json!({"root": inventory.root().to_string(), "count": 0, "bytes": 0}));
}

#[test]
fn a_signed_statement_is_written_as_its_exact_payload() {
    // pass: the bundle holds the payload whose digest names the file, signed by the principal
    let folder = tempfile::tempdir().unwrap();
    let statement = landing_statement(&landing(), &Surroundings::default()).unwrap();
    for algorithm in [KeyAlgorithm::Ed25519, KeyAlgorithm::EcdsaP256] {
        let key = KeyPair::generate(algorithm).unwrap();
        let written = sign_and_write(folder.path(), "landing", &statement, &key).unwrap();
        let bytes = std::fs::read(&written.path).unwrap();
        let bundle: lasthand_model::wire::bundle::Bundle = serde_json::from_slice(&bytes).unwrap();
        let envelope = bundle.dsse_envelope.unwrap();
        let payload = payload(&statement).unwrap();
        let again = key.sign(lasthand_model::wire::statement::PAYLOAD_TYPE, &payload.bytes).unwrap();
        assert_eq!((&envelope.payload, &envelope.payload_type), (&again.payload, &again.payload_type));
        assert_eq!(written.digest, payload.digest);
        assert_eq!(PayloadSigner::principal(&key), format!("key:{}", envelope.signatures[0].keyid.clone().unwrap()));
    }
    // Two signers over one payload: both bundles are kept.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
