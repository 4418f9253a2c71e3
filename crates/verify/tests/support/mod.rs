//! A small released world in a temporary folder: two trees, a landing, a review, a build, a package, and who is believed.
#![allow(dead_code, reason = "each test file uses a part")]
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

pub(crate) mod layout;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::{FileDigest, Sha256, StatementDigest};
use lasthand_model::inventory::{EntryType, FileRecord, Inventory};
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::Preset;
use lasthand_model::wire::provenance::PROVENANCE_V1;
use lasthand_model::wire::review::REVIEW;
use lasthand_model::wire::statement::{PAYLOAD_TYPE, STATEMENT_V1};
use lasthand_model::wire::step_actor::STEP_ACTOR;
use lasthand_sign::KeyPair;
use lasthand_verify::{Evidence, Expectations, LoadedTrust, Verification, Verifier, VerifyError};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const NOW: i64 = 1_795_392_000;
pub(crate) const REPOSITORY: &str = "forge.example/acme/app";
const MAIN: &str = "refs/heads/main";

/// The same key for the same word, so that digests are the same in every run.
pub(crate) fn key(word: &str) -> KeyPair {
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend_from_slice(Sha256::of(word.as_bytes()).as_bytes());
    let label = "PRIVATE KEY";
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der));
    KeyPair::from_pem(pem.as_bytes()).unwrap()
}

pub(crate) fn principal(word: &str) -> String {
    format!("key:{}", key(word).id())
}

/// A signed statement: its id and its bundle.
pub(crate) fn signed(statement: &Value, word: &str) -> (StatementDigest, Vec<u8>) {
    let payload = serde_json::to_vec(statement).unwrap();
    let bundle = key(word).sign_bundle(PAYLOAD_TYPE, &payload).unwrap();
    (StatementDigest(Sha256::of(&payload)), serde_json::to_vec(&bundle).unwrap())
}

pub(crate) fn statement(name: &str, digest: &Sha256, predicate_type: &str, predicate: &Value) -> Value {
    json!({
        "_type": STATEMENT_V1,
        "subject": [{ "name": name, "digest": { "sha256": digest.to_string() } }],
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

pub(crate) fn tree(files: &[(&str, &str)]) -> Inventory {
    let record = |(path, content): &(&str, &str)| FileRecord {
        path: path.as_bytes().to_vec(),
        entry_type: EntryType::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: content.len() as u64,
        sha256: Some(FileDigest(Sha256::of(content.as_bytes()))),
        link_target: Vec::new(),
        device: None,
        xattrs: Vec::new(),
    };
    Inventory::from_records(files.iter().map(record).collect()).unwrap()
}

pub(crate) fn actor(role: &str, sub: &str, profile: &str, method: &str) -> Value {
    json!({ "role": role, "sub": sub, "sub_profile": profile, "established": [{ "method": method }] })
}

pub(crate) fn agent(sub: &str, sponsor: &str) -> Value {
    json!({
        "role": "author", "sub": sponsor, "sub_profile": "user",
        "act": { "sub": sub, "sub_profile": "ai_agent" }, "established": [{ "method": "git-author" }]
    })
}

/// What differs from the accepted world.
#[derive(Default)]
pub(crate) struct Plan {
    /// After the reviewed landing, an agent changes these files, and the release is made of that.
    pub(crate) agent_changes: Vec<&'static str>,
    /// Entries of the release that nothing accounts for.
    pub(crate) slipped: Vec<&'static str>,
    /// What the build made, where it is not the word `program`.
    pub(crate) program: Option<Vec<u8>>,
    /// The agent's name.
    pub(crate) agent: Option<&'static str>,
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// File name under `evidence/` to content.
    pub(crate) evidence: BTreeMap<String, Vec<u8>>,
    pub(crate) trust: String,
    pub(crate) artifact: Vec<u8>,
}

impl World {
    pub(crate) fn accepted() -> Self {
        Self::of(&Plan::default())
    }

    pub(crate) fn of(plan: &Plan) -> Self {
        let base = tree(&[("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "one")]);
        let reviewed = tree(&[("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "two")]);
        let mut evidence = BTreeMap::new();
        let mut add = |name: &str, bytes: Vec<u8>| drop(evidence.insert(name.to_owned(), bytes));
        let blob = |inventory: &Inventory| (format!("inventories/{}.inv", inventory.root()), inventory.to_blob());
        for inventory in [&base, &reviewed] {
            let (name, bytes) = blob(inventory);
            add(&name, bytes);
        }
        let bo = actor("author", "mailto:bo@example.com", "user", "git-author");
        let (first, bundle) = signed(&landing(&base, "1", &reviewed, "2", &[bo], None), "observer");
        add("landing.sigstore.json", bundle);
        let review = json!({
            "repository": { "uri": REPOSITORY }, "targetRef": MAIN,
            "base": tree_ref(&base, "1"), "head": tree_ref(&reviewed, "2"), "scope": ["**"],
            "reviewer": actor("approver", &principal("ana"), "user", "dsse-key"),
        });
        add("review.sigstore.json", signed(&statement("head", &reviewed.root().0, REVIEW, &review), "ana").1);

        let mut released = reviewed.clone();
        if !plan.agent_changes.is_empty() {
            let mut files = vec![("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "two")];
            for path in &plan.agent_changes {
                files.retain(|(known, _)| known != path);
                files.push((path, "agent"));
            }
            released = tree(&files);
            let (name, bytes) = blob(&released);
            add(&name, bytes);
            let coder = agent(plan.agent.unwrap_or("agent:coder-7"), "mailto:bo@example.com");
            let moved = landing(&reviewed, "2", &released, "3", &[coder], Some(first));
            add("landing-2.sigstore.json", signed(&moved, "observer").1);
        }
        let made = plan.program.clone().unwrap_or_else(|| b"program".to_vec());
        let program = Sha256::of(&made);
        let mut build = signed_step("build", "bin/app", &program, &released, &json!([]), &json!([]));
        add("build.sigstore.json", std::mem::take(&mut build.0));
        add("build-actor.sigstore.json", std::mem::take(&mut build.1));

        let content = |path, own| if plan.agent_changes.contains(&path) { "agent" } else { own };
        let mut entries = vec![
            ("app-1.0/LICENSE", content("LICENSE", "free").as_bytes(), 0o644),
            ("app-1.0/bin/app", made.as_slice(), 0o755),
            ("app-1.0/main.c", content("src/main.c", "two").as_bytes(), 0o644),
        ];
        entries.extend(plan.slipped.iter().map(|path| (*path, &b"slipped"[..], 0o644)));
        let artifact = archive(&entries);
        let shipped = Sha256::of(&artifact);
        let file = json!([{ "name": "bin/app", "digest": { "sha256": program.to_string() }, "annotations": { "mode": "755" } }]);
        let map = json!([{ "from": "LICENSE", "to": "app-1.0/LICENSE" }, { "from": "bin/", "to": "app-1.0/bin/" }, { "from": "src/main.c", "to": "app-1.0/main.c" }]);
        let mut package = signed_step("package", "release.tar", &shipped, &released, &file, &map);
        add("package.sigstore.json", std::mem::take(&mut package.0));
        add("package-actor.sigstore.json", std::mem::take(&mut package.1));
        let folder = tempfile::tempdir().unwrap();
        Self { folder, evidence, trust: trust(&base), artifact }
    }

    /// Believes one more person, by the key of `word`.
    pub(crate) fn add_person(&mut self, name: &str, word: &str, row: &str) {
        let (id, pem) = (key(word).id(), key(word).public_pem().unwrap());
        self.trust.push_str(&format!(
            "\n[[root]]\ntype = \"key\"\npem = '''\n{pem}'''\n\n[[identity]]\nmethod = \"key\"\nid = \"{id}\"\nkind = \"human\"\n\
             custody = \"personal\"\n{row}\n\n[[person]]\nname = \"{name}\"\naccounts = [\"key:{id}\"]\n"
        ));
    }

    /// One half of an exception for the release.
    pub(crate) fn exception(&self, word: &str, reason: &str, expires: &str) -> Vec<u8> {
        let predicate = json!({
            "action": "exception", "product": "app", "reason": reason, "expiresOn": expires, "scope": [],
            "reviewer": actor("approver", &principal(word), "user", "dsse-key"),
            "authors": [agent("agent:coder-7", "mailto:bo@example.com")], "authorsComplete": true,
        });
        signed(&statement("release.tar", &Sha256::of(&self.artifact), REVIEW, &predicate), word).1
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes everything; gives the trust file read.
    pub(crate) fn write(&self) -> Result<LoadedTrust, VerifyError> {
        let _ = fs::remove_dir_all(self.path("evidence"));
        fs::create_dir_all(self.path("evidence/inventories")).unwrap();
        for (name, bytes) in &self.evidence {
            let path = self.path("evidence").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(self.path("release.tar"), &self.artifact).unwrap();
        fs::write(self.path("lasthand.trust.toml"), &self.trust).unwrap();
        LoadedTrust::from_file(&self.path("lasthand.trust.toml"), NOW, &Limits::DEFAULT)
    }

    pub(crate) fn verify(&self) -> Verification {
        self.verify_under(lasthand_lineage::presets::standard()).unwrap()
    }

    pub(crate) fn verify_under(&self, preset: Preset) -> Result<Verification, VerifyError> {
        let trust = self.write()?;
        let evidence = Evidence::gather(&[self.path("evidence")], &Limits::DEFAULT)?;
        let verifier = Verifier::new(trust, Limits::DEFAULT);
        let expectations = Expectations::new(preset, NOW);
        let mut verification = verifier.verify(&self.path("release.tar"), &evidence, &expectations, &mut |_| {})?;
        // The temporary folder has another name in every run.
        let prefix = format!("{}/", self.folder.path().display());
        for item in &mut verification.report.evidence {
            item.source = item.source.replace(&prefix, "");
        }
        Ok(verification)
    }
}

/// The commit `word` repeated.
pub(crate) fn tree_ref(inventory: &Inventory, commit: &str) -> Value {
    json!({ "root": inventory.root().to_string(), "git_commit": commit.repeat(40) })
}

pub(crate) fn landing(
    from: &Inventory,
    from_commit: &str,
    to: &Inventory,
    commit: &str,
    authors: &[Value],
    prev: Option<StatementDigest>,
) -> Value {
    let mut predicate = json!({
        "kind": "merge", "repository": { "uri": REPOSITORY }, "targetRef": MAIN, "actors": authors, "actorsComplete": true,
        "fromTree": tree_ref(from, from_commit), "targetTree": tree_ref(to, commit),
    });
    if let (Some(prev), Some(members)) = (prev, predicate.as_object_mut()) {
        members.insert("prev".to_owned(), json!({ "sha256": prev.to_string() }));
    }
    statement(MAIN, &to.root().0, STEP_ACTOR, &predicate)
}

/// Provenance and its label, both by the builder.
pub(crate) fn signed_step(
    kind: &str,
    name: &str,
    product: &Sha256,
    source: &Inventory,
    files: &Value,
    path_map: &Value,
) -> (Vec<u8>, Vec<u8>) {
    let mut materials =
        vec![json!({ "uri": format!("git+https://{REPOSITORY}"), "digest": { "sha256": source.root().to_string() } })];
    materials.extend(files.as_array().into_iter().flatten().cloned());
    let provenance = json!({
        "buildDefinition": {
            "buildType": "https://lasthand.dev/buildtypes/run/v0.1",
            "externalParameters": { "kind": kind, "command": ["sh", "Makefile"] },
            "resolvedDependencies": materials,
        },
        "runDetails": { "builder": { "id": "https://ci.example" } },
    });
    let (digest, provenance) = signed(&statement(name, product, PROVENANCE_V1, &provenance), "ci");
    let label = json!({
        "kind": kind, "labels": { "digest": { "sha256": digest.to_string() } }, "product": "app",
        "instructions": [{ "name": "Makefile", "digest": { "sha256": Sha256::of(b"all:").to_string() } }],
        "actors": [actor("performer", &principal("ci"), "service", "dsse-key")], "actorsComplete": true,
        "outcome": { "status": "success" }, "pathMap": path_map,
        "capture": { "level": "snapshot", "materials": { "bound": "lower", "gaps": ["reads were not seen"] } },
    });
    (provenance, signed(&statement(name, product, STEP_ACTOR, &label), "ci").1)
}

pub(crate) fn archive(entries: &[(&str, impl AsRef<[u8]>, u32)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content, mode) in entries {
        let mut header = tar::Header::new_ustar();
        let content = content.as_ref();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        header.set_uid(0);
        header.set_gid(0);
        // Names that the library would refuse are written as they are.
        if let Some(slot) = header.as_mut_bytes().get_mut(..path.len()) {
            slot.copy_from_slice(path.as_bytes());
        }
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn trust(onboarding: &Inventory) -> String {
    let root = |word: &str| format!("[[root]]\ntype = \"key\"\npem = '''\n{}'''\n\n", key(word).public_pem().unwrap());
    let roots: String = ["ana", "ci", "observer"].iter().map(|word| root(word)).collect();
    let (ana, ci, observer) = (key("ana").id(), key("ci").id(), key("observer").id());
    format!(
        r#"{roots}[[identity]]
method = "key"
id = "{ana}"
kind = "human"
custody = "personal"
may = ["review"]
where = ["{REPOSITORY}"]

[[identity]]
method = "key"
id = "{ci}"
kind = "automation"
custody = "isolated"
may = ["build", "package"]
where = ["{REPOSITORY}"]
products = ["app"]
inputs = "declared"

[[identity]]
method = "key"
id = "{observer}"
kind = "automation"
custody = "isolated"
may = ["landing"]
where = ["{REPOSITORY}"]
observer = ["git-author"]

[[person]]
name = "Ana"
accounts = ["key:{ana}", "mailto:ana@example.com"]

[[person]]
name = "Bo"
accounts = ["mailto:bo@example.com"]

[[product]]
name = "app"
repositories = ["{REPOSITORY}"]
refs = ["{MAIN}"]
builders = ["key:{ci}"]

[[product.onboarding]]
repository = "{REPOSITORY}"
root = "{}"
"#,
        onboarding.root()
    )
}
