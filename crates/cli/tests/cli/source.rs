//! `lasthand source` and `lasthand init`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;
use lasthand_observe::git::hints::read_git_ai_note;
use lasthand_testkit::need;
use serde_json::{Value, json};

use crate::support::{Said, call, commit, files, git, repository, statement};

fn source(repository: &Path, more: &[&str]) -> Said {
    let words = ["source", "--key", "../key", "--evidence", "../evidence"];
    call(repository, words.iter().chain(more))
}

/// The statements that a call wrote, in its order.
fn written(repository: &Path, said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| statement(&repository.join(line))).collect()
}

fn change(repository: &Path, text: &str) {
    fs::write(repository.join("a.txt"), text).unwrap();
    commit(repository, text);
}

#[test]
fn landings_are_chained_and_written_once() {
    // pass: one for each commit, each naming the one before; a second call adds only what is new
    let repository = repository("source-chain");
    change(&repository, "two\n");
    let first = source(&repository, &[]);
    assert_eq!(first.code, 0, "{}", first.err);
    let landings = written(&repository, &first);
    assert_eq!(landings.len(), 2);
    assert!(landings[0]["predicate"].get("fromTree").is_none() && landings[0]["predicate"].get("prev").is_none());
    let digest = |said: &Said, at: usize| -> String {
        let name = PathBuf::from(said.out.lines().nth(at).unwrap());
        name.file_name().unwrap().to_string_lossy()["landing-".len()..][..12].to_owned()
    };
    let prev = |landing: &Value| landing["predicate"]["prev"]["sha256"].as_str().unwrap()[..12].to_owned();
    assert_eq!(prev(&landings[1]), digest(&first, 0));
    let again = source(&repository, &[]);
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{}", again.err);
    change(&repository, "three\n");
    let more = source(&repository, &[]);
    let landings = written(&repository, &more);
    assert_eq!(landings.len(), 1);
    assert_eq!(prev(&landings[0]), digest(&first, 1));
}

#[test]
fn somebody_elses_landings_are_no_part_of_the_chain() {
    // fail: the same folder, another key
    let repository = repository("source-foreign");
    assert_eq!(source(&repository, &[]).code, 0);
    let top = repository.parent().unwrap();
    assert_eq!(call(top, ["key", "generate", "--out", "other"]).code, 0);
    change(&repository, "two\n");
    let said = call(&repository, ["source", "--key", "../other", "--evidence", "../evidence"]);
    let landings = written(&repository, &said);
    assert_eq!(landings.len(), 2);
    assert!(landings[0]["predicate"].get("prev").is_none());
}

#[test]
fn since_begins_after_a_commit_or_tree() {
    // pass: exclusive; fail: a commit that is not on the way
    let repository = repository("source-since");
    change(&repository, "two\n");
    let said = source(&repository, &["--since", "HEAD~1"]);
    let landings = written(&repository, &said);
    assert_eq!(landings.len(), 1);
    assert!(landings[0]["predicate"].get("fromTree").is_some());
    git(&repository, &["checkout", "--quiet", "--orphan", "other"]);
    commit(&repository, "other");
    let said = source(&repository, &["--ref", "other", "--since", "main"]);
    assert_eq!(said.code, 2, "{}", said.out);
}

#[test]
fn rewritten_history_is_said_and_not_papered_over() {
    // pass: one landing from what was recorded to what is there now; fail: the recorded commit is gone, until somebody says where to begin
    let repository = repository("source-rewritten");
    change(&repository, "two\n");
    let before = written(&repository, &source(&repository, &[])).pop().unwrap();
    git(&repository, &["reset", "--quiet", "--hard", "HEAD~1"]);
    git(&repository, &["commit", "--quiet", "--amend", "-m", "other"]);
    let said = source(&repository, &["--since", "HEAD"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("the ref does not go on from"), "{}", said.err);
    let all = written(&repository, &said);
    let [over] = &all[..] else { panic!("{all:?}") };
    assert_eq!(over["predicate"]["from"]["root"], before["predicate"]["to"]["root"]);
    assert!(over["predicate"]["prev"].is_object(), "{over}");
    assert_eq!(source(&repository, &[]).code, 0);

    git(&repository, &["commit", "--quiet", "--amend", "-m", "once more"]);
    git(&repository, &["reflog", "expire", "--expire=now", "--all"]);
    git(&repository, &["gc", "--quiet", "--prune=now"]);
    let said = source(&repository, &["--since", "HEAD"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("history was rewritten") && said.err.contains("--rewritten"), "{}", said.err);
    assert_eq!(source(&repository, &["--rewritten", "--since", "HEAD"]).code, 0);
}

#[test]
fn a_ref_that_was_moved_back_goes_on_from_there_with_its_history() {
    // pass: the way back is a landing, and what follows names it; fail: it would go on from the first landing of that commit, and nothing had happened between
    let repository = repository("source-moved-back");
    change(&repository, "two\n");
    change(&repository, "three\n");
    assert_eq!(source(&repository, &[]).code, 0);
    git(&repository, &["reset", "--quiet", "--hard", "HEAD~1"]);
    let said = source(&repository, &[]);
    let back = said.out.trim().to_owned();
    assert_eq!(said.code, 0, "{}", said.err);
    change(&repository, "four\n");
    let next = written(&repository, &source(&repository, &[])).pop().unwrap();
    let bundle: Value = serde_json::from_slice(&fs::read(repository.join(&back)).unwrap()).unwrap();
    let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
    let digest = Sha256::of(&payload).to_string();
    assert_eq!(next["predicate"]["prev"]["sha256"], digest, "{next}");
}

#[test]
fn what_comes_back_by_the_first_parent_of_a_merge_is_one_landing_more() {
    // pass: main is merged into a branch that is cut below it, and the ref goes on there: what main took back comes again, in a landing of its own
    let repository = repository("source-foxtrot");
    git(&repository, &["branch", "side"]);
    change(&repository, "two\n");
    change(&repository, "one\n");
    assert_eq!(source(&repository, &[]).code, 0);
    git(&repository, &["checkout", "--quiet", "side"]);
    fs::write(repository.join("b.txt"), "again\n").unwrap();
    commit(&repository, "again");
    git(&repository, &["merge", "--quiet", "--no-ff", "-m", "main", "main"]);
    git(&repository, &["branch", "--force", "main", "side"]);
    git(&repository, &["checkout", "--quiet", "main"]);
    let said = source(&repository, &["--since", "side~2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let all = written(&repository, &said);
    let [over] = &all[..] else { panic!("{all:?}") };
    assert!(over["predicate"]["prev"].is_object() && over["predicate"].get("mergeOf").is_none(), "{over}");
}

#[test]
fn an_agent_without_sponsor_leaves_the_list_incomplete() {
    // fail: nobody answers; pass: somebody is named
    let alone = repository("source-agent");
    let said = source(&alone, &["--agent", "ana@example.com"]);
    assert_eq!(written(&alone, &said)[0]["predicate"]["actorsComplete"], false);
    assert!(said.err.contains("no sponsor"), "{}", said.err);
    let answered = repository("source-sponsor");
    let said = source(&answered, &["--agent", "ana@example.com=bo@example.com"]);
    let landing = &written(&answered, &said)[0]["predicate"];
    assert_eq!(landing["actorsComplete"], true);
    assert_eq!(landing["actors"][0]["sub"], "mailto:bo@example.com");
    assert_eq!(landing["actors"][0]["act"]["sub"], "mailto:ana@example.com");
}

#[test]
fn a_squash_is_recomputed_from_the_review() {
    // pass: a reviewed branch lands as one commit, after main has moved
    let repository = repository("source-squash");
    git(&repository, &["checkout", "--quiet", "-b", "feature"]);
    fs::write(repository.join("b.txt"), "b\n").unwrap();
    commit(&repository, "feature");
    git(&repository, &["checkout", "--quiet", "main"]);
    change(&repository, "two\n");
    let plain = crate::support::plain_surroundings(repository.parent().unwrap());
    let mut approve = crate::support::lasthand(&repository);
    approve.args(["approve", "main..feature", "--key", "../key", "--evidence", "../evidence", "--yes"]);
    assert_eq!(crate::support::said(approve.env("LASTHAND_SURROUNDINGS", plain)).code, 0);
    git(&repository, &["merge", "--quiet", "--squash", "feature"]);
    commit(&repository, "squashed");
    let said = source(&repository, &["--since", "HEAD~1"]);
    let merge = written(&repository, &said)[0]["predicate"]["mergeOf"].clone();
    assert_eq!(merge["mode"], "squash");
    let evidence = repository.parent().unwrap().join("evidence");
    let review = files(&evidence, ".sigstore.json").into_iter().find(|path| path.to_string_lossy().contains("review-"));
    assert_eq!(merge["head"]["root"], statement(&review.unwrap())["predicate"]["head"]["root"]);
}

#[test]
fn a_repository_without_a_name_is_asked_for_one() {
    // fail: no remote; pass: named
    let repository = repository("source-name");
    git(&repository, &["remote", "remove", "origin"]);
    let said = source(&repository, &[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("--repository"), "{}", said.err);
    assert_eq!(source(&repository, &["--repository", "git@forge.example:acme/app.git"]).code, 0);
}

#[test]
fn init_writes_a_file_that_trust_check_reads() {
    // pass: product, onboarding tree, person, his key by its name, agent; fail: over an existing file
    let repository = repository("init");
    git(
        &repository,
        &["commit", "--quiet", "--allow-empty", "-m", "x\n\nCo-Authored-By: Claude <noreply@anthropic.com>"],
    );
    let top = repository.parent().unwrap();
    fs::rename(top.join("key.pub"), top.join("ana.key.pub")).unwrap();
    let said = call(&repository, ["init", "--key", "../ana.key.pub"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let text = fs::read_to_string(repository.join("lasthand.trust.toml")).unwrap();
    for part in [
        "name = \"app\"",
        "forge.example/acme/app",
        "git_tree",
        "mailto:ana@example.com",
        "[[root]]",
        "kind = \"human\"\nmay = [\"review\"]",
        "noreply@anthropic.com (agent)",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let check = call(&repository, ["trust", "check"]);
    assert_eq!(check.code, 0, "{}", check.err);
    assert!(check.out.contains("Ana is one human"), "{}", check.out);
    let again = call(&repository, ["init"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("not overwritten"), "{}", again.err);
    assert_eq!(fs::read_to_string(repository.join("lasthand.trust.toml")).unwrap(), text);
}

#[test]
fn who_signed_his_own_commit_is_known_by_that_too() {
    // pass: the author's key; fail: an unsigned commit, a stranger's key, another person's key, no list: nobody gains anything
    if need::tool("ssh-keygen").is_none() {
        return;
    }
    let repository = repository("source-signed");
    let top = repository.parent().unwrap();
    let mut list = String::new();
    for name in ["ana", "bo", "eve"] {
        let words = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name];
        assert!(Command::new("ssh-keygen").args(words).current_dir(top).output().unwrap().status.success());
        let line = fs::read_to_string(top.join(format!("{name}.pub"))).unwrap();
        if name != "eve" {
            list.push_str(&format!("{name}@example.com {line}"));
        }
    }
    fs::write(top.join("list"), list).unwrap();
    fs::write(top.join("signers.toml"), "[[root]]\ntype = \"ssh\"\nfile = \"list\"\nnamespace = \"git\"\n").unwrap();
    for name in ["ana", "bo", "eve"] {
        fs::write(repository.join("a.txt"), name).unwrap();
        git(&repository, &["add", "a.txt"]);
        let key = format!("user.signingKey=../{name}");
        git(&repository, &["-c", "gpg.format=ssh", "-c", &key, "commit", "-q", "-S", "-m", name]);
    }
    let methods = |said: &Said| -> Vec<Vec<String>> {
        let landings = written(&repository, said);
        let known = |landing: &Value| landing["predicate"]["actors"][0]["established"].as_array().unwrap().clone();
        let words =
            |known: Vec<Value>| known.iter().map(|known| known["method"].as_str().unwrap().to_owned()).collect();
        landings.iter().map(|landing| words(known(landing))).collect()
    };
    let said = source(&repository, &["--signers", "../signers.toml"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let (plain, signed) = (vec!["git-author"], vec!["git-author", "ssh-key"]);
    assert_eq!(methods(&said), [plain.clone(), signed, plain.clone(), plain.clone()]);
    let landings = written(&repository, &said);
    let record = &landings[1]["predicate"]["actors"][0]["established"][1];
    assert_eq!(record["digest"]["gitCommit"], landings[1]["subject"][0]["digest"]["gitCommit"]);
    assert!(said.err.contains("is signed by bo@example.com, who is none of its people"), "{}", said.err);
    assert!(said.err.contains("proves nothing: SSH signature is not believed: key SHA256:"), "{}", said.err);

    // fail: a file that is not read as a trust file, and one that is not there
    fs::write(top.join("signers.toml"), "[[root]]\ntype = \"ssh\"\n").unwrap();
    for file in ["../signers.toml", "../nothing.toml"] {
        assert_eq!(source(&repository, &["--signers", file]).code, 2, "{file}");
    }
}

#[test]
fn how_an_agent_was_recognised_is_recorded_and_odd_people_are_told() {
    // pass: the row and the version of the table; fail: an agent that signs off, in words and in the statement
    let repository = repository("source-rules");
    fs::write(repository.join("a.txt"), "two\n").unwrap();
    commit(
        &repository,
        "two\n\nCo-authored-by: Claude <noreply@anthropic.com>\nSigned-off-by: Claude <noreply@anthropic.com>",
    );
    let said = source(&repository, &["--since", "HEAD~1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("signed off, but is an agent (mail:noreply@anthropic.com) (LH113 "), "{}", said.err);
    let landing = &written(&repository, &said)[0]["predicate"];
    let mail = "mail:noreply@anthropic.com";
    let commit = &written(&repository, &said)[0]["subject"][0]["digest"]["gitCommit"];
    let stated = json!([{
        "what": "agent-sign-off", "commit": commit, "principal": "mailto:noreply@anthropic.com", "rule": mail
    }]);
    assert_eq!(landing["oddPeople"], stated);
    let rules: Vec<_> = landing["actors"].as_array().unwrap().iter().map(|actor| &actor["established"][0]).collect();
    assert_eq!(rules[1]["rule"], "mail:noreply@anthropic.com");
    assert!(rules[1]["table"].is_string() && rules[0].get("rule").is_none());
}

#[test]
fn agents_that_notes_name_become_authors() {
    // pass: with `--notes`, by `git-note`, for the commit's person; fail: without it, and never somebody less
    let repository = repository("source-notes");
    fs::write(repository.join("a.txt"), "two\n").unwrap();
    commit(&repository, "two");
    let head = fs::read_to_string(repository.join(".git/refs/heads/main")).unwrap();
    let note = format!(
        "a.txt\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1\n---\n{{\"schema_version\": \"authorship/3.0.0\", \"base_commit_sha\": \"{}\", \"prompts\": {{}}, \
         \"sessions\": {{\"s_c9883b05a2487d\": {{\"agent_id\": {{\"tool\": \"claude\", \"id\": \"1\", \"model\": \"m\"}}}}}}}}",
        head.trim()
    );
    git(&repository, &["notes", "--ref=ai", "add", "-m", &note, "HEAD"]);
    let actors = |said: &Said| written(&repository, said)[0]["predicate"]["actors"].as_array().unwrap().clone();
    let without = actors(&source(&repository, &["--since", "HEAD~1"]));
    fs::remove_dir_all(repository.parent().unwrap().join("evidence")).unwrap();
    let said = source(&repository, &["--since", "HEAD~1", "--notes"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let with = actors(&said);
    assert_eq!(with[..without.len()], without[..]);
    let [agent] = &with[without.len()..] else { panic!("{with:?}") };
    assert_eq!(agent["act"]["sub"], "agent:claude");
    assert_eq!((&agent["sub"], &agent["established"][0]["method"]), (&with[0]["sub"], &Value::from("git-note")));
}

#[test]
fn whose_agent_it_was_is_asked_of_the_note_too() {
    // fail: the one for whom the agent worked would be nobody, and could approve its work; also of a session whose lines are gone
    for attested in ["a.txt\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1\n", ""] {
        let repository = repository("source-note-sponsor");
        fs::write(repository.join("a.txt"), "two\n").unwrap();
        commit(&repository, "two");
        let head = fs::read_to_string(repository.join(".git/refs/heads/main")).unwrap();
        let note = format!(
            "{attested}---\n{{\"schema_version\": \"authorship/3.0.0\", \"base_commit_sha\": \"{}\", \"prompts\": {{}}, \"sessions\": \
             {{\"s_c9883b05a2487d\": {{\"agent_id\": {{\"tool\": \"claude\"}}, \"human_author\": \"Bo <bo@example.com>\"}}}}}}",
            head.trim()
        );
        git(&repository, &["notes", "--ref=ai", "add", "-m", &note, "HEAD"]);
        let said = source(&repository, &["--since", "HEAD~1", "--notes"]);
        let actors = written(&repository, &said)[0]["predicate"]["actors"].as_array().unwrap().clone();
        let sponsors: Vec<_> = actors.iter().filter(|actor| actor["act"]["sub"] == "agent:claude").collect();
        let sponsors: Vec<_> = sponsors.iter().map(|actor| actor["sub"].as_str().unwrap()).collect();
        assert_eq!(sponsors, ["mailto:ana@example.com", "mailto:bo@example.com"], "{attested:?}");
    }
}

#[test]
fn agents_that_records_name_become_authors_of_the_commits_that_they_name() {
    // pass: one record, records one a line, a statement; a record about another commit, or about none, adds nobody and is told of
    let repository = repository("source-records");
    fs::write(repository.join("a.txt"), "two\n").unwrap();
    commit(&repository, "two");
    let head = fs::read_to_string(repository.join(".git/refs/heads/main")).unwrap();
    let head = head.trim();
    let trace = |revision: &str| {
        json!({
            "version": "0.1.0", "id": "1", "timestamp": "2026-01-01T00:00:00Z", "tool": { "name": "cursor" },
            "vcs": { "type": "git", "revision": revision },
            "files": [{ "path": "a.txt", "conversations": [
                { "contributor": { "type": "ai" }, "ranges": [{ "start_line": 1, "end_line": 1 }] }
            ] }]
        })
        .to_string()
    };
    let statement = json!({
        "subject": [{ "digest": { "gitCommit": head } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": { "buildDefinition": {
            "buildType": "https://refs.arewm.com/agent-commit/v0.3",
            "internalParameters": { "agent": { "runtime": { "name": "claude-code" } } }
        } }
    });
    let other = "7".repeat(40);
    let cases = [
        (trace(head), Some(("agent:cursor", "agent-trace"))),
        (format!("{}\n{}\n", trace(&other), trace(head)), Some(("agent:cursor", "agent-trace"))),
        (statement.to_string(), Some(("agent:claude-code", "agent-commit"))),
        (trace(&other), None),
    ];
    for (text, expected) in cases {
        let file = repository.parent().unwrap().join("records.json");
        fs::write(&file, &text).unwrap();
        drop(fs::remove_dir_all(repository.parent().unwrap().join("evidence")));
        let said = source(&repository, &["--since", "HEAD~1", "--hints", file.to_str().unwrap()]);
        assert_eq!(said.code, 0, "{}", said.err);
        assert_eq!(said.err.contains("no commit that is recorded now"), text.contains(&other), "{}", said.err);
        let actors = written(&repository, &said)[0]["predicate"]["actors"].as_array().unwrap().clone();
        let agents = actors.iter().filter(|actor| actor["act"]["sub"].is_string());
        let agents: Vec<_> = agents.map(|actor| (&actor["act"]["sub"], &actor["established"][0]["method"])).collect();
        let expected = expected.map(|(agent, method)| (Value::from(agent), Value::from(method)));
        assert_eq!(agents, expected.iter().map(|(agent, method)| (agent, method)).collect::<Vec<_>>());
    }
    for bad in ["{}", "no record", "{\"predicateType\": 1}", ""] {
        let file = repository.parent().unwrap().join("records.json");
        fs::write(&file, bad).unwrap();
        let said = source(&repository, &["--since", "HEAD~1", "--hints", file.to_str().unwrap()]);
        assert_eq!(said.code, if bad.is_empty() { 0 } else { 4 }, "{bad}: {}", said.err);
    }
    assert_eq!(source(&repository, &["--hints", "absent.json"]).code, 2);
}

#[test]
fn a_note_that_cannot_be_read_stops_it() {
    // fail: exit 4, and the way out is told
    let repository = repository("source-bad-note");
    git(&repository, &["notes", "--ref=ai", "add", "-m", "no note of the format", "HEAD"]);
    assert_eq!(source(&repository, &[]).code, 0);
    fs::remove_dir_all(repository.parent().unwrap().join("evidence")).unwrap();
    let said = source(&repository, &["--notes"]);
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("divider") && said.err.contains("without `--notes`"), "{}", said.err);
}

#[test]
fn real_notes_are_read() {
    // pass: every note of the foreign test data, each about the commit that its folder is named after
    let Some(testdata) = need::testdata() else { return };
    let mut read = 0;
    for set in ["git-ai-notes-git-ai", "git-ai-notes-chainloop"] {
        for folder in fs::read_dir(testdata.join(set)).unwrap() {
            let folder = folder.unwrap();
            let hint = read_git_ai_note(&fs::read(folder.path().join("authorship.txt")).unwrap()).unwrap();
            assert!(hint.revision.unwrap().starts_with(folder.file_name().to_str().unwrap()));
            read += 1;
        }
    }
    assert_eq!(read, 20);
}
