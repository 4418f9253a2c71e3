//! From files to verdicts: an accepted world, and everything that may be wrong with its evidence.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

mod support;

use std::fs;
use std::path::Path;

use lasthand_lineage::{Verdict, presets};
use lasthand_model::digest::Sha256;
use lasthand_model::limits::Limits;
use lasthand_model::wire::report::{EvidenceStatus, Report, ReportEvidence, ReportFileVerdict, ReportVerdict};
use lasthand_verify::{
    ArtifactRef, Evidence, Expectations, LoadedTrust, Verifier, VerifyError, exit_code, report_for_error,
};
use serde_json::json;
use support::layout::{Image, write_layout};
use support::{NOW, Plan, World, actor, key, principal, signed, statement};

fn item<'a, F: Default>(report: &'a Report<F>, ending: &str) -> &'a ReportEvidence {
    report.evidence.iter().find(|item| item.source.ends_with(ending)).unwrap()
}

#[test]
fn an_accepted_world_is_accepted_end_to_end() {
    // pass: files, keys, trees and archive as they come from disk; four roles in the proof, each with its file
    let verification = World::accepted().verify();
    assert_eq!(verification.outcome.verdict, Verdict::Accepted);
    assert_eq!(exit_code(&verification.outcome), 0);
    let report = &verification.report;
    for role in ["source", "review", "build", "package"] {
        let item = report.proof.iter().find(|item| item.role == role).unwrap();
        assert!(item.evidence_source.as_ref().unwrap().ends_with(".sigstore.json"), "{role}");
    }
    assert!(report.evidence.iter().all(|item| item.status == EvidenceStatus::Verified), "{:?}", report.evidence);
    assert!(report.files.iter().all(|file| file.verdict == Some(ReportFileVerdict::Clean)));
    let app = report.files.iter().nth(1).unwrap();
    assert_eq!((app.path.as_str(), app.size, app.mode), ("app-1.0/bin/app", 7, 0o755));
    assert_eq!(report.labels, ["inputs-not-bounded", "presence-unproven"]);
    let kinds: Vec<&str> = report.steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, ["review", "landing", "build", "package"]);
}

#[test]
fn the_report_survives_a_round_trip_and_is_the_same_every_time() {
    // pass: JSON and back, for acceptance, refusal and error; two runs, one text
    let accepted = World::accepted();
    let refused = World::of(&Plan { agent_changes: vec!["LICENSE"], ..Plan::default() });
    for world in [&accepted, &refused] {
        let report = world.verify().report;
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::to_string(&serde_json::from_str::<Report>(&text).unwrap()).unwrap(), text);
        assert_eq!(serde_json::to_string(&world.verify().report).unwrap(), text);
    }
    let error = VerifyError::ProductNotNamed { products: vec!["a".into(), "b".into()] };
    let report = report_for_error(&error, Path::new("dist/release.tar"));
    assert_eq!(report.artifact.name, "release.tar");
    assert_eq!(serde_json::from_str::<Report>(&serde_json::to_string(&report).unwrap()).unwrap(), report);
}

#[test]
fn an_agents_change_after_review_refuses() {
    // fail: the change is named; its accepting twin is the accepted world
    let verification = World::of(&Plan { agent_changes: vec!["src/main.c"], ..Plan::default() }).verify();
    assert_eq!((verification.outcome.verdict, exit_code(&verification.outcome)), (Verdict::Refused, 1));
    let report = &verification.report;
    assert_eq!(report.verdict, Some(ReportVerdict::Refused));
    assert_eq!(
        (report.findings[0].id.as_str(), report.findings[0].place.path.as_deref()),
        ("LH202", Some("src/main.c"))
    );
    assert!(!report.frontier.is_empty() && report.proof.is_empty());
}

#[test]
fn without_any_one_piece_it_is_never_accepted() {
    // fail: each statement and each inventory, one after the other
    let mut world = World::accepted();
    for name in world.evidence.keys().cloned().collect::<Vec<_>>() {
        let taken = world.evidence.remove(&name).unwrap();
        let verification = world.verify();
        assert!(matches!(exit_code(&verification.outcome), 1 | 3), "{name}");
        assert!(!verification.report.frontier.is_empty(), "{name}");
        world.evidence.insert(name, taken);
    }
    assert_eq!(exit_code(&world.verify().outcome), 0);
}

#[test]
fn with_any_signature_byte_flipped_it_is_never_accepted() {
    // fail: every bit position of every byte is one of eight; the lowest stands for all
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut world = World::accepted();
    for name in world.evidence.keys().filter(|name| name.ends_with(".json")).cloned().collect::<Vec<_>>() {
        let whole = world.evidence[&name].clone();
        let mut bundle: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        let good = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap().to_owned();
        let bytes = base64.decode(good).unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(base64.encode(flipped));
            world.evidence.insert(name.clone(), serde_json::to_vec(&bundle).unwrap());
            let verification = world.verify();
            assert_ne!(exit_code(&verification.outcome), 0, "{name} byte {at}");
            assert_eq!(item(&verification.report, &name).status, EvidenceStatus::Rejected, "{name} byte {at}");
        }
        world.evidence.insert(name, whole);
    }
}

#[test]
fn a_stranger_counts_for_nothing_and_is_told_so() {
    // fail: a review signed by a key that no row names, in place of the real one
    let mut world = World::accepted();
    let review = world.evidence["review.sigstore.json"].clone();
    let bundle: serde_json::Value = serde_json::from_slice(&review).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).unwrap();
    let by_stranger = signed(&serde_json::from_slice(&payload).unwrap(), "stranger").1;
    world.evidence.insert("review.sigstore.json".to_owned(), by_stranger);
    let verification = world.verify();
    assert_eq!(verification.outcome.verdict, Verdict::Refused);
    let stranger = item(&verification.report, "review.sigstore.json");
    assert_eq!(stranger.status, EvidenceStatus::Unused);
    assert!(stranger.reason.as_ref().unwrap().contains("none of 1 signatures holds"));
    assert!(stranger.signer.is_none());
}

#[test]
fn two_bundles_over_one_payload_are_one_statement() {
    // pass: a co-signer is added; both bundles are told of, the facts have one statement with two signers
    let mut world = World::accepted();
    let predicate = json!({ "kind": "edit", "repository": { "uri": support::REPOSITORY }, "actors": [
        actor("author", &principal("ana"), "user", "dsse-key")], "targetTree": { "root": Sha256::of(b"t").to_string() } });
    let edit = statement("t", &Sha256::of(b"t"), "https://lasthand.dev/step-actor/v0.1", &predicate);
    let (digest, first) = signed(&edit, "ana");
    world.evidence.insert("edit-1.json".to_owned(), first);
    world.evidence.insert("edit-2.json".to_owned(), signed(&edit, "observer").1);
    let verification = world.verify();
    let of_edit: Vec<_> = verification.facts.statements.iter().filter(|fact| fact.digest == digest).collect();
    assert_eq!((of_edit.len(), of_edit[0].signers.len()), (1, 2));
    assert_eq!(verification.report.evidence.iter().filter(|item| item.digest == Some(digest)).count(), 2);
    assert_ne!(item(&verification.report, "edit-1.json").signer, item(&verification.report, "edit-2.json").signer);
}

#[test]
fn bad_files_become_items_with_file_and_reason_and_stop_nothing() {
    // fail: each is rejected by name; pass: the rest still proves the release
    let mut world = World::accepted();
    let review = world.evidence["review.sigstore.json"].clone();
    let mut lines = b"{\n".to_vec();
    lines.extend_from_slice(&review);
    let other = Sha256::of(b"other");
    let inventory = world.evidence.iter().find(|(name, _)| name.ends_with(".inv")).unwrap().1.clone();
    for (name, bytes) in [
        ("broken.json", b"{\"payload\": ".to_vec()),
        ("twice.json", b"{\"a\":1,\"a\":2}".to_vec()),
        ("plain.json", b"{}".to_vec()),
        ("lines.jsonl", lines),
        ("inventories/short.inv", inventory.clone()),
        (format!("inventories/{other}.inv").as_str(), inventory),
        ("blobs/sha256/name", b"x".to_vec()),
        ("notes.txt", b"no evidence".to_vec()),
    ] {
        world.evidence.insert(name.to_owned(), bytes);
    }
    let verification = world.verify();
    assert_eq!(verification.outcome.verdict, Verdict::Accepted);
    let report = &verification.report;
    for (ending, reason) in [
        ("evidence/broken.json", "not JSON at line 1"),
        ("twice.json", "key `a` occurs twice"),
        ("plain.json", "neither a DSSE envelope nor a Sigstore bundle"),
        ("lines.jsonl:1", "not JSON"),
        ("short.inv", "name of an inventory is its root"),
        (&format!("{other}.inv"), "its name says another"),
        ("blobs/sha256/name", "name of a content is its sha256"),
    ] {
        let item = item(report, ending);
        assert_eq!(item.status, EvidenceStatus::Rejected, "{ending}");
        assert!(item.reason.as_ref().unwrap().contains(reason), "{ending}: {:?}", item.reason);
    }
    assert_eq!(item(report, "lines.jsonl:2").status, EvidenceStatus::Verified);
    assert!(!report.evidence.iter().any(|item| item.source.ends_with("notes.txt")));
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed() {
    // fail: to a file and to a folder outside; pass: to a file of the folder
    let mut world = World::accepted();
    let review = world.evidence.remove("review.sigstore.json").unwrap();
    let trust = world.write().unwrap();
    fs::create_dir(world.path("outside")).unwrap();
    fs::write(world.path("outside/review.json"), &review).unwrap();
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(world.path(target), world.path("evidence").join(name)).unwrap()
    };
    link("outside/review.json", "review.json");
    link("outside", "folder");
    let verify = || {
        let evidence = Evidence::gather(&[world.path("evidence")], &Limits::DEFAULT).unwrap();
        let verifier = Verifier::new(trust.clone(), Limits::DEFAULT);
        let expectations = Expectations::new(presets::standard(), NOW);
        verifier.verify(&world.path("release.tar"), &evidence, &expectations, &mut |_| {}).unwrap()
    };
    let verification = verify();
    assert_eq!(verification.outcome.verdict, Verdict::Refused);
    for name in ["evidence/review.json", "evidence/folder"] {
        assert!(item(&verification.report, name).reason.as_ref().unwrap().contains("leaves the folder"), "{name}");
    }
    fs::write(world.path("evidence/kept"), &review).unwrap();
    link("evidence/kept", "inside.json");
    assert_eq!(verify().outcome.verdict, Verdict::Accepted);
}

#[test]
fn evidence_beside_the_artifact_is_found() {
    // pass: the folder ARTIFACT.lasthand; none is no error; fail: a path that was named must be there
    let world = World::accepted();
    world.write().unwrap();
    let artifact = world.path("release.tar");
    assert!(Evidence::beside(&artifact, &Limits::DEFAULT).unwrap().is_empty());
    fs::rename(world.path("evidence"), Evidence::sidecar(&artifact)).unwrap();
    assert_eq!(Evidence::beside(&artifact, &Limits::DEFAULT).unwrap().len(), 8);
    let missing = Evidence::gather(&[world.path("nowhere.json")], &Limits::DEFAULT).unwrap_err();
    assert_eq!((missing.exit_code(), missing.id()), (2, "LH902"));
    let few = Limits { bundles: 3, ..Limits::DEFAULT };
    assert_eq!(Evidence::beside(&artifact, &few).unwrap_err().exit_code(), 4);
}

#[test]
fn errors_say_what_where_and_what_next() {
    // fail: trust file with two mistakes, two products, damaged and missing artifacts
    let mut world = World::accepted();
    world.trust.push_str("\n[[persn]]\nname = 1\n\n[[robot]]\nprincipal = \"x\"\npaht = []\n");
    let error = world.write().unwrap_err();
    assert_eq!(error.exit_code(), 2);
    let lines = error.diagnostics();
    assert!(lines.len() >= 2 && lines[0].0.contains("lasthand.trust.toml:"), "{lines:?}");
    assert_eq!(report_for_error(&error, Path::new("x")).findings.len(), lines.len());

    let mut world = World::accepted();
    world.trust.push_str(&format!(
        "\n[[product]]\nname = \"b\"\nrepositories = [\"{}\"]\nrefs = [\"refs/heads/main\"]\n",
        support::REPOSITORY
    ));
    let error = world.verify_under(presets::standard()).unwrap_err();
    assert!(matches!(&error, VerifyError::ProductNotNamed { products } if products == &["app", "b"]), "{error}");

    let mut world = World::accepted();
    world.artifact.truncate(300);
    let error = world.verify_under(presets::standard()).unwrap_err();
    assert_eq!((error.exit_code(), error.id()), (4, "LH905"), "{error}");
    let trust: LoadedTrust = world.write().unwrap();
    let verifier = Verifier::new(trust, Limits::DEFAULT);
    let expectations = Expectations::new(presets::standard(), NOW);
    let none = Evidence::default();
    let error = verifier.verify(&world.path("none.tar"), &none, &expectations, &mut |_| {}).unwrap_err();
    assert_eq!((error.exit_code(), error.id()), (2, "LH904"));
    let missing = LoadedTrust::from_file(&world.path("none.toml"), NOW, &Limits::DEFAULT).unwrap_err();
    assert_eq!((missing.exit_code(), missing.id()), (2, "LH901"));
}

#[test]
fn an_image_that_is_not_clearly_meant_gets_no_verdict() {
    // fail: a platform that is not there; a manifest hidden here that pullers may take in its place
    let world = World::accepted();
    let verifier = Verifier::new(world.write().unwrap(), Limits::DEFAULT);
    let image = |architecture| Image { architecture, layers: &[&[("a", "1", 0o644)]], config: json!({}) };
    write_layout(&world.path("image"), &[image("amd64")]);
    write_layout(&world.path("both"), &[image("amd64"), image("arm64")]);
    let error_of = |name: &str, platform: Option<&str>| {
        let artifact = ArtifactRef::path(world.path(name)).with_platform(platform.map(str::to_owned));
        let expectations = Expectations::new(presets::standard(), NOW);
        let verified = verifier.verify(artifact, &Evidence::default(), &expectations, &mut |_| {});
        let error = verified.unwrap_err();
        assert_eq!((error.exit_code(), error.id()), (2, "LH907"), "{error}");
        error.message() + &error.hints().join(" ")
    };
    for name in ["image", "both"] {
        let text = error_of(name, Some("linux/s390x"));
        assert!(text.contains("linux/s390x") && text.contains("linux/amd64") && text.contains("--platform"), "{text}");
    }
    let index = world.path("image").join("index.json");
    let mut root: serde_json::Value = serde_json::from_slice(&fs::read(&index).unwrap()).unwrap();
    let other = fs::read(world.path("both").join("index.json")).unwrap();
    let mut other = serde_json::from_slice::<serde_json::Value>(&other).unwrap()["manifests"][0].clone();
    let blob = other["digest"].as_str().unwrap().replace(':', "/");
    fs::copy(world.path("both/blobs").join(&blob), world.path("image/blobs").join(&blob)).unwrap();
    other["mediaType"] = json!("application/x-odd");
    root["manifests"].as_array_mut().unwrap().insert(0, other.clone());
    fs::write(&index, root.to_string()).unwrap();
    let text = error_of("image", None);
    assert!(text.contains(other["digest"].as_str().unwrap()) && text.contains("media type"), "{text}");
    // Nothing to choose: why not.
    fs::write(&index, json!({"schemaVersion": 2, "manifests": [other]}).to_string()).unwrap();
    let text = error_of("image", None);
    assert!(text.contains("none; listed too") && text.contains("media type"), "{text}");
}

#[test]
fn another_product_name_is_refused() {
    // fail: a name that the trust file does not have; pass: strict demands more than this world has
    let world = World::accepted();
    let trust = world.write().unwrap();
    let evidence = Evidence::gather(&[world.path("evidence")], &Limits::DEFAULT).unwrap();
    let verifier = Verifier::new(trust, Limits::DEFAULT);
    let expectations = Expectations::new(presets::standard(), NOW).with_product("other");
    let verification = verifier.verify(&world.path("release.tar"), &evidence, &expectations, &mut |_| {}).unwrap();
    assert_eq!(verification.report.findings[0].id, "LH002");
    assert_ne!(exit_code(&world.verify_under(presets::strict()).unwrap().outcome), 0);
}

#[test]
fn lock_files_count_by_their_bytes_only() {
    // pass: the bytes that the tree has; fail: other bytes under that name
    let lock = format!("[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nchecksum = \"{}\"\n", "ab".repeat(32));
    let digest = Sha256::of(lock.as_bytes());
    // Nor does it hide them that somebody laid the same bytes under another name.
    let locked = support::tree(&[("A/Dockerfile", &lock), ("Cargo.lock", &lock)]);
    let mut world = World::accepted();
    let tree = json!({ "root": locked.root().to_string() });
    let predicate =
        json!({ "kind": "edit", "repository": { "uri": support::REPOSITORY }, "actors": [], "targetTree": tree });
    let edit = statement("t", &locked.root().0, "https://lasthand.dev/step-actor/v0.1", &predicate);
    world.evidence.insert("edit.json".to_owned(), signed(&edit, "ana").1);
    world.evidence.insert(format!("inventories/{}.inv", locked.root()), locked.to_blob());
    let blob = format!("blobs/sha256/{digest}");
    world.evidence.insert(blob.clone(), lock.into_bytes());
    let verification = world.verify();
    assert_eq!(verification.facts.locks.values().map(Vec::len).collect::<Vec<_>>(), [3]);
    world.evidence.insert(blob.clone(), b"other".to_vec());
    let verification = world.verify();
    assert!(verification.facts.locks.is_empty());
    assert_eq!(item(&verification.report, &blob).status, EvidenceStatus::Rejected);
    assert_eq!(key("ana").id(), key("ana").id());
}

#[test]
fn pointers_count_by_their_bytes_only() {
    // pass: the bytes that the tree has are a pointer; fail: other bytes under that digest, and text that is no pointer
    let content = "ab".repeat(32);
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{content}\nsize 12\n");
    let tree = support::tree(&[("logo.png", &pointer), ("notes.txt", "no pointer")]);
    let mut world = World::accepted();
    let predicate = json!({
        "kind": "edit", "repository": { "uri": support::REPOSITORY }, "actors": [],
        "targetTree": { "root": tree.root().to_string() },
    });
    let edit = statement("t", &tree.root().0, "https://lasthand.dev/step-actor/v0.1", &predicate);
    world.evidence.insert("edit.json".to_owned(), signed(&edit, "ana").1);
    world.evidence.insert(format!("inventories/{}.inv", tree.root()), tree.to_blob());
    let blob = |text: &str| format!("blobs/sha256/{}", Sha256::of(text.as_bytes()));
    world.evidence.insert(blob("no pointer"), b"no pointer".to_vec());
    assert!(world.verify().facts.pointers.is_empty());
    world.evidence.insert(blob(&pointer), pointer.clone().into_bytes());
    let verification = world.verify();
    let found: Vec<_> = verification.facts.pointers.iter().map(|(own, file)| (own.0, file.to_string())).collect();
    assert_eq!(found, [(Sha256::of(pointer.as_bytes()), content)]);
    world.evidence.insert(blob(&pointer), pointer.replace("12", "13").into_bytes());
    let verification = world.verify();
    assert!(verification.facts.pointers.is_empty());
    assert_eq!(item(&verification.report, &blob(&pointer)).status, EvidenceStatus::Rejected);
}

#[test]
fn an_archive_that_readers_take_differently_is_refused() {
    // refused: `app-1.0//x` is unpacked as another path than it says, whatever the evidence says of it
    let world = World::of(&Plan { slipped: vec!["app-1.0//x"], ..Plan::default() });
    let verification = world.verify();
    assert_eq!(exit_code(&verification.outcome), 1);
    let found: Vec<_> = verification.report.findings.iter().filter(|finding| finding.id == "LH410").collect();
    assert!(matches!(found.as_slice(), [one] if one.place.path.as_deref() == Some("app-1.0/x")), "{found:?}");
    assert!(found[0].message.contains("rewritten-path"), "{}", found[0].message);
    assert!(verification.outcome.proof.is_empty());
}

#[test]
fn a_file_made_of_a_trees_last_two_hashes_is_not_that_tree() {
    // fail: RFC 6962 roots are sha256 too; 0x01 || left || right is a file whose digest is the root of the onboarding tree
    let base = support::tree(&[("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "one")]);
    let leaf = |at: usize| {
        let mut bytes = vec![0];
        bytes.extend(lasthand_model::inventory::canonical_bytes(base.get(at).unwrap()));
        Sha256::of(&bytes)
    };
    let preimage = |left: &Sha256, right: &Sha256| [&[1][..], left.as_bytes(), right.as_bytes()].concat();
    let artifact = preimage(&Sha256::of(&preimage(&leaf(0), &leaf(1))), &leaf(2));
    assert_eq!(Sha256::of(&artifact), base.root().0);
    let predicate = json!({
        "kind": "merge", "repository": { "uri": support::REPOSITORY }, "targetRef": "refs/heads/main",
        "actors": [actor("author", "mailto:bo@example.com", "user", "git-author")], "actorsComplete": true,
        "targetTree": support::tree_ref(&base, "1"),
    });
    let created = statement("refs/heads/main", &base.root().0, "https://lasthand.dev/step-actor/v0.1", &predicate);
    let mut world = World::accepted();
    world.artifact = artifact;
    world.evidence.insert("created.sigstore.json".to_owned(), signed(&created, "observer").1);
    assert_ne!(world.verify().outcome.verdict, Verdict::Accepted);
    world.evidence.retain(|name, _| !name.ends_with(".inv"));
    assert_ne!(world.verify().outcome.verdict, Verdict::Accepted);
}

#[test]
fn an_unusual_entry_is_told_and_refuses_nothing() {
    // positive: told once for its kind; negative: not of an ordinary archive; bypass: a duplicate does not bring the old file back
    let plain = World::accepted().verify();
    assert!(plain.report.findings.iter().all(|finding| finding.id != "LH411" && finding.id != "LH410"));
    let mut world = World::accepted();
    let unended = world.artifact.len() - 1024;
    assert!(world.artifact[unended..].iter().all(|byte| *byte == 0));
    world.artifact.truncate(unended);
    let verification = world.verify();
    let told: Vec<_> = verification.report.findings.iter().filter(|finding| finding.id == "LH411").collect();
    assert!(matches!(told.as_slice(), [one] if one.message.contains("missing-end-marker")), "{told:?}");
    assert!(verification.report.findings.iter().all(|finding| finding.id != "LH410"));
}
