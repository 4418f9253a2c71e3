//! Workloads with X.509-SVIDs, from files to verdicts: whose word about an agent's step counts, when, and for what.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

mod support;

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_lineage::Verdict;
use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::SignerMethod;
use lasthand_model::wire::report::{EvidenceStatus, ReportEvidence};
use lasthand_model::wire::step_actor::STEP_ACTOR;
use lasthand_testkit::pki::{Holder, Profile, StampAuthority, spiffe_bundle};
use lasthand_testkit::tokens::{TokenKey, bound};
use lasthand_verify::Verification;
use serde_json::{Value, json};
use support::{NOW, Plan, REPOSITORY, World, agent, landing, statement, tree};

const CODER: &str = "spiffe://acme.example/agent/coder/task/7";
const PLANNER: &str = "spiffe://acme.example/agent/planner/task/3";
const OBSERVER: &str = "spiffe://acme.example/observer";
const BO: &str = "mailto:bo@example.com";
const HOUR: i64 = 3600;

/// A trust domain and a clock, which the trust file names.
struct Domain {
    top: Holder,
    stamps: StampAuthority,
    tokens: TokenKey,
}

impl Domain {
    fn new() -> Self {
        let window = (NOW - 1000 * HOUR, NOW + 1000 * HOUR);
        let stamps = StampAuthority::new("stamps", window);
        Self { top: Holder::top(&Profile::authority("acme", window)), stamps, tokens: TokenKey::generate() }
    }

    /// A statement, signed by the workload of this id in the minutes around `time`.
    fn signed_at(&self, statement: &Value, id: &str, time: Option<i64>) -> Vec<u8> {
        let around = time.unwrap_or(NOW - 2 * HOUR);
        let holder = self.top.issue(&Profile::svid(id, (around - 60, around + 240)));
        let stamps = |signature: &[u8]| time.iter().map(|time| self.stamps.stamp(signature, *time)).collect();
        serde_json::to_vec(&holder.bundle(statement, &[], &stamps)).unwrap()
    }

    fn signed(&self, statement: &Value, id: &str) -> Vec<u8> {
        self.signed_at(statement, id, Some(NOW - 2 * HOUR))
    }

    /// A statement, signed by a key that a token binds to the workload of this id.
    fn signed_by_token(&self, statement: &Value, id: &str) -> Vec<u8> {
        let time = NOW - 2 * HOUR;
        let holder = self.top.issue(&Profile::svid(id, (time, time)));
        let header = json!({ "alg": "ES256", "kid": "tokens", "typ": "wit+jwt" });
        let claims = json!({ "sub": id, "iat": time - 60, "exp": time + 60, "cnf": { "jwk": bound(&holder.key) } });
        let mut bundle = holder.bundle(statement, &[], &|signature| vec![self.stamps.stamp(signature, time)]);
        let material = bundle.get_mut("verificationMaterial").and_then(Value::as_object_mut).unwrap();
        material.remove("x509CertificateChain");
        material.insert("witSvid".to_owned(), self.tokens.token(&header.to_string(), &claims.to_string()).into());
        serde_json::to_vec(&bundle).unwrap()
    }

    /// The world with workloads: the observer's key gives way to its SVID, and agents are known by their task.
    fn world(&self, plan: &Plan) -> World {
        let mut world = World::of(plan);
        let mut bundle = spiffe_bundle(&[&self.top]);
        bundle.get_mut("keys").and_then(Value::as_array_mut).unwrap().push(self.tokens.jwk("tokens", "wit-svid"));
        fs::write(world.path("bundle.json"), bundle.to_string()).unwrap();
        let id = support::key("observer").id();
        let by_key = format!("method = \"key\"\nid = \"{id}\"\nkind = \"automation\"\ncustody = \"isolated\"");
        let by_svid = format!("method = \"x509-svid\"\nid = \"{OBSERVER}\"\nkind = \"automation\"\nisolated = true");
        assert!(world.trust.contains(&by_key));
        world.trust = world.trust.replace(&by_key, &by_svid);
        world.trust.push_str(&format!(
            "\n[[root]]\ntype = \"spiffe\"\ntrust_domain = \"acme.example\"\nfile = \"bundle.json\"\n\n\
             [[root]]\ntype = \"tsa\"\npem = '''\n{}'''\n\n\
             [[identity]]\nmethod = \"x509-svid\"\nid = \"spiffe://acme.example/agent/**\"\nkind = \"agent\"\n",
            self.stamps.pem()
        ));
        for name in ["landing.sigstore.json", "landing-2.sigstore.json"] {
            if let Some(old) = world.evidence.get(name) {
                let again = self.signed(&payload(old), OBSERVER);
                world.evidence.insert(name.to_owned(), again);
            }
        }
        world
    }
}

fn payload(bundle: &[u8]) -> Value {
    let bundle: Value = serde_json::from_slice(bundle).unwrap();
    let payload = bundle.pointer("/dsseEnvelope/payload").and_then(Value::as_str).unwrap();
    serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
}

/// What the observer, or somebody else, says: these agents changed the tree that Ana reviewed.
fn step_of(agents: &[&str]) -> Value {
    let base = tree(&[("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "one")]);
    let reviewed = tree(&[("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "two")]);
    let authors: Vec<Value> = agents.iter().map(|id| agent(id, BO)).collect();
    landing(&base, "1", &reviewed, "2", &authors, None)
}

fn item<'a>(verification: &'a Verification, name: &str) -> &'a ReportEvidence {
    verification.report.evidence.iter().find(|item| item.source.ends_with(name)).unwrap()
}

#[test]
fn an_agents_step_is_an_observers_to_state() {
    // pass: the observer's word, also beside the agent's own; fail: the agent's own word. One payload, only the signer differs
    let domain = Domain::new();
    let mut world = domain.world(&Plan::default());
    let step = step_of(&[CODER]);
    let mut verdict = |signers: &[&str]| {
        world.evidence.retain(|name, _| !name.starts_with("landing"));
        for (at, id) in signers.iter().enumerate() {
            world.evidence.insert(format!("landing-{at}.sigstore.json"), domain.signed(&step, id));
        }
        world.verify()
    };
    let by_observer = verdict(&[OBSERVER]);
    assert_eq!(by_observer.outcome.verdict, Verdict::Accepted, "{:?}", by_observer.report.frontier);
    let signer = item(&by_observer, "landing-0.sigstore.json").signer.clone().unwrap();
    assert_eq!(
        (signer.method, signer.id.as_str(), signer.kind, signer.level),
        (SignerMethod::X509Svid, OBSERVER, ActorKind::Automation, 4)
    );
    let time = item(&by_observer, "landing-0.sigstore.json").time.clone().unwrap();
    assert_eq!(time.source, "timestamp");
    let by_agent = verdict(&[CODER]);
    assert_eq!(by_agent.outcome.verdict, Verdict::Refused);
    let signer = item(&by_agent, "landing-0.sigstore.json").signer.clone().unwrap();
    assert_eq!((signer.id.as_str(), signer.kind, signer.level), (CODER, ActorKind::Agent, 4));
    assert_eq!(verdict(&[OBSERVER, CODER]).outcome.verdict, Verdict::Accepted);
    assert_eq!(verdict(&[CODER, OBSERVER]).outcome.verdict, Verdict::Accepted);
    assert_eq!(verdict(&[CODER, PLANNER]).outcome.verdict, Verdict::Refused);
}

#[test]
fn an_observers_word_without_a_trusted_time_is_none() {
    // fail: no timestamp, one after the certificate; pass: one inside. The report says why
    let domain = Domain::new();
    let mut world = domain.world(&Plan::default());
    let step = step_of(&[CODER]);
    let name = "landing.sigstore.json";
    let mut judge = |bundle: Vec<u8>| {
        world.evidence.insert(name.to_owned(), bundle);
        world.verify()
    };
    assert_eq!(judge(domain.signed_at(&step, OBSERVER, Some(NOW - HOUR))).outcome.verdict, Verdict::Accepted);
    let timeless = judge(domain.signed_at(&step, OBSERVER, None));
    assert_eq!(timeless.outcome.verdict, Verdict::Refused);
    assert_eq!(item(&timeless, name).status, EvidenceStatus::Rejected);
    let reason = item(&timeless, name).reason.clone().unwrap();
    assert!(reason.contains("so the certificate proves nothing"), "{reason}");
    let holder = domain.top.issue(&Profile::svid(OBSERVER, (NOW - HOUR, NOW - HOUR + 300)));
    let late = holder.bundle(&step, &[], &|signature| vec![domain.stamps.stamp(signature, NOW - HOUR + 301)]);
    let late = judge(serde_json::to_vec(&late).unwrap());
    assert_eq!(late.outcome.verdict, Verdict::Refused);
    let reason = item(&late, name).reason.clone().unwrap();
    assert!(reason.contains("was not valid"), "{reason}");
}

#[test]
fn workloads_without_a_row_or_a_root_are_told_of() {
    // fail: an id of the domain that no row names, an id of another domain; the report says what would be needed
    let domain = Domain::new();
    let mut world = domain.world(&Plan::default());
    let step = step_of(&[CODER]);
    let name = "landing.sigstore.json";
    world.evidence.insert(name.to_owned(), domain.signed(&step, "spiffe://acme.example/watcher"));
    let verification = world.verify();
    assert_eq!(verification.outcome.verdict, Verdict::Refused);
    let reason = item(&verification, name).reason.clone().unwrap();
    assert!(reason.contains("`x509-svid` and id `spiffe://acme.example/watcher`"), "{reason}");
    world.evidence.insert(name.to_owned(), domain.signed(&step, "spiffe://other.example/observer"));
    let verification = world.verify();
    assert_eq!(verification.outcome.verdict, Verdict::Refused);
    assert_eq!(item(&verification, name).status, EvidenceStatus::Unused);
    let reason = item(&verification, name).reason.clone().unwrap();
    assert!(reason.contains("no root of type `spiffe` for the trust domain `other.example`"), "{reason}");
}

/// An agent's own statement of what it edited.
fn edit(id: &str, content: &str) -> Value {
    let predicate = json!({
        "kind": "edit", "repository": { "uri": REPOSITORY }, "actors": [agent(id, BO)], "actorsComplete": true,
        "targetTree": { "root": Sha256::of(content.as_bytes()).to_string() },
    });
    statement("edit", &Sha256::of(content.as_bytes()), STEP_ACTOR, &predicate)
}

#[test]
fn two_agents_with_two_task_svids() {
    // pass: planner and coder, each with the id of its task, made what Ana reviewed; fail: the planner's next task changes one file more.
    // It is named by its own id, and the coder is not
    let domain = Domain::new();
    let mut world = domain.world(&Plan::default());
    world.evidence.insert("landing.sigstore.json".to_owned(), domain.signed(&step_of(&[CODER, PLANNER]), OBSERVER));
    world.evidence.insert("edit-coder.sigstore.json".to_owned(), domain.signed(&edit(CODER, "c"), CODER));
    world.evidence.insert("edit-planner.sigstore.json".to_owned(), domain.signed(&edit(PLANNER, "p"), PLANNER));
    let accepted = world.verify();
    assert_eq!(accepted.outcome.verdict, Verdict::Accepted, "{:?}", accepted.report.frontier);
    for (name, id) in [("edit-coder.sigstore.json", CODER), ("edit-planner.sigstore.json", PLANNER)] {
        let signer = item(&accepted, name).signer.clone().unwrap();
        assert_eq!((signer.id.as_str(), signer.kind, signer.level), (id, ActorKind::Agent, 4));
    }
    let next = "spiffe://acme.example/agent/planner/task/4";
    let plan = Plan { agent_changes: vec!["src/main.c"], agent: Some(next), ..Plan::default() };
    let refused = domain.world(&plan).verify();
    assert_eq!(refused.outcome.verdict, Verdict::Refused);
    let text = serde_json::to_string(&refused.report).unwrap();
    assert!(text.contains(next) && !text.contains(CODER));
    assert!(refused.report.findings.iter().any(|finding| finding.place.path.as_deref() == Some("src/main.c")));
}

#[test]
fn a_token_that_binds_a_key_says_as_much_as_a_certificate() {
    // pass: an observer with a WIT-SVID, under a row of that method; fail: under the row of the other method, and an agent's
    let domain = Domain::new();
    let mut world = domain.world(&Plan::default());
    let (step, name) = (step_of(&[CODER]), "landing.sigstore.json");
    world.evidence.insert(name.to_owned(), domain.signed_by_token(&step, OBSERVER));
    let other = world.verify();
    assert_eq!(other.outcome.verdict, Verdict::Refused);
    let reason = item(&other, name).reason.clone().unwrap();
    assert!(reason.contains(&format!("`wit-svid` and id `{OBSERVER}`")), "{reason}");
    let row = format!("method = \"x509-svid\"\nid = \"{OBSERVER}\"");
    assert!(world.trust.contains(&row));
    world.trust = world.trust.replace(&row, &row.replace("x509-svid", "wit-svid"));
    let accepted = world.verify();
    assert_eq!(accepted.outcome.verdict, Verdict::Accepted, "{:?}", accepted.report.frontier);
    let signer = item(&accepted, name).signer.clone().unwrap();
    assert_eq!((signer.method, signer.id.as_str(), signer.level), (SignerMethod::WitSvid, OBSERVER, 4));
    let raw = serde_json::from_slice::<Value>(world.evidence.get(name).unwrap()).unwrap();
    let token = raw.pointer("/verificationMaterial/witSvid").and_then(Value::as_str).unwrap();
    assert!(!serde_json::to_string(&accepted.report).unwrap().contains(token));
    world.evidence.insert(name.to_owned(), domain.signed_by_token(&step, CODER));
    assert_eq!(world.verify().outcome.verdict, Verdict::Refused);
}
