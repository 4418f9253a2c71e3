//! `lasthand run`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Said, call, files, lasthand, plain_surroundings, repository, said, statement, under_an_agent};

/// Runs a shell line as a build step in a repository.
fn run(repository: &Path, line: &str) -> Said {
    call(repository, build_step(line))
}

fn build_step(line: &str) -> Vec<&str> {
    vec![
        "run",
        "--step",
        "s",
        "--kind",
        "build",
        "--product",
        "app",
        "--key",
        "../key",
        "--evidence",
        "../evidence",
        "--",
        "sh",
        "-c",
        line,
    ]
}

/// The newest statement of a kind.
fn recorded(repository: &Path, kind: &str) -> Value {
    let evidence = repository.parent().unwrap().join("evidence");
    let found = files(&evidence, ".sigstore.json")
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("{kind}-")))
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    statement(&found.unwrap())
}

#[test]
fn the_exit_code_is_the_commands_own() {
    // pass: 0, any other, a signal; each with its outcome on record
    let repository = repository("run-codes");
    for (line, code, status) in
        [("echo x > out", 0, "success"), ("exit 3", 3, "failure"), ("kill -9 $$", 137, "failure")]
    {
        let said = run(&repository, line);
        assert_eq!(said.code, code, "{line}: {}", said.err);
        let outcome = recorded(&repository, "step-actor")["predicate"]["outcome"].clone();
        assert_eq!(
            (outcome["status"].as_str(), outcome["exitCode"].as_i64()),
            (Some(status), Some(i64::from(code))),
            "{line}"
        );
    }
}

#[test]
fn a_command_that_cannot_start_gives_125_and_no_statement() {
    // fail: no such program
    let repository = repository("run-125");
    let mut words = build_step("");
    words.truncate(words.len() - 3);
    words.push("./no-such-program");
    let said = call(&repository, words);
    assert_eq!(said.code, 125, "{}", said.err);
    assert!(said.err.contains("no-such-program"), "{}", said.err);
    assert!(!repository.parent().unwrap().join("evidence").exists());
}

#[test]
fn a_step_says_what_went_in_and_what_came_out() {
    // pass: the source tree as one material, an untracked file as one of its own, the new file as subject
    let repository = repository("run-materials");
    fs::write(repository.join("untracked.txt"), "u\n").unwrap();
    let said = run(&repository, "cat a.txt untracked.txt > out.txt");
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.out.lines().count(), 2, "{}", said.out);
    let provenance = recorded(&repository, "build");
    assert_eq!(provenance["subject"][0]["name"], "out.txt");
    let materials = provenance["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
    let names: Vec<&str> =
        materials.iter().map(|material| material["uri"].as_str().or(material["name"].as_str()).unwrap()).collect();
    assert_eq!(names, ["git+forge.example/acme/app@refs/heads/main", "untracked.txt"]);
}

#[test]
fn marks_are_recorded_where_nothing_is_simulated() {
    // pass: a real run under an agent is seen, by name and never by value
    let repository = repository("run-marks");
    let said = said(lasthand(&repository).args(build_step("echo x > out")).env("CLAUDECODE", "secret-value"));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("recorded a mark of an agent"), "{}", said.err);
    let label = recorded(&repository, "step-actor");
    let marks = label["predicate"]["marks"].as_array().unwrap();
    assert!(marks.iter().any(|mark| mark["rule"] == "CLAUDECODE" && mark["agent"] == "claude-code"), "{marks:?}");
    assert!(label["predicate"].get("surroundings").is_none());
    assert!(!label.to_string().contains("secret-value"));
}

#[test]
fn an_agent_above_in_the_process_tree_is_recorded() {
    // pass: nothing in the environment, but the program's name
    let repository = repository("run-ancestor");
    let words = "run --step s --kind build --key ../key --evidence ../evidence -- true";
    let said = said(&mut under_an_agent(&repository, words));
    assert_eq!(said.code, 0, "{}", said.err);
    let marks = recorded(&repository, "step-actor")["predicate"]["marks"].clone();
    let marks = marks.as_array().unwrap();
    assert!(marks.iter().any(|mark| mark["source"] == "ancestry" && mark["rule"] == "claude"), "{marks:?}");
}

#[test]
fn simulated_surroundings_are_recorded_as_such() {
    // pass: the file replaces what is really there, and the statement says so
    let repository = repository("run-simulated");
    let plain = plain_surroundings(repository.parent().unwrap());
    let mut command = lasthand(&repository);
    command.args(build_step("echo x > out")).env("CLAUDECODE", "1").env("LASTHAND_SURROUNDINGS", plain);
    assert_eq!(said(&mut command).code, 0);
    let label = recorded(&repository, "step-actor");
    assert_eq!(label["predicate"]["surroundings"], "simulated");
    assert!(label["predicate"].get("marks").is_none());
}

#[test]
fn an_agents_edit_names_its_sponsor() {
    // pass: the commit that the command made, the agent, and who answers for it
    let repository = repository("run-edit");
    fs::write(repository.join("a.txt"), "two\n").unwrap();
    let edit = [
        "run",
        "--step",
        "e",
        "--kind",
        "edit",
        "--sponsor",
        "ana@example.com",
        "--key",
        "../key",
        "--evidence",
        "../evidence",
        "--",
        "git",
        "-c",
        "user.name=c",
        "-c",
        "user.email=c@example.com",
        "commit",
        "-qam",
        "two",
    ];
    let said = call(&repository, edit);
    assert_eq!(said.code, 0, "{}", said.err);
    let actor = recorded(&repository, "edit")["predicate"]["actors"][0].clone();
    assert_eq!(actor["sub"], "mailto:ana@example.com");
    assert_eq!(actor["act"]["sub_profile"], "ai_agent");
    // fail: a command that commits nothing
    let idle = [
        "run",
        "--step",
        "e",
        "--kind",
        "edit",
        "--key",
        "../key",
        "--evidence",
        "../evidence",
        "--",
        "git",
        "status",
        "--short",
    ];
    let said = call(&repository, idle);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("made no commit"), "{}", said.err);
}

#[test]
fn an_act_is_stated_of_the_artifact() {
    // pass: action, product, target and the artifact's digest
    let repository = repository("run-act");
    fs::write(repository.join("app.tar"), "bytes").unwrap();
    let act = |kind: &'static str, line: &'static str| {
        [
            "run",
            "--step",
            "p",
            "--kind",
            kind,
            "--product",
            "app",
            "--artifact",
            "app.tar",
            "--target",
            "shop",
            "--key",
            "../key",
            "--evidence",
            "../evidence",
            "--",
            "sh",
            "-c",
            line,
        ]
    };
    assert_eq!(call(&repository, act("publish", "true")).code, 0);
    let statement = recorded(&repository, "publish");
    assert_eq!(statement["subject"][0]["name"], "app.tar");
    assert_eq!(statement["predicate"]["target"], "shop");
    // fail: the act failed; the artifact changed meanwhile
    assert_eq!(call(&repository, act("promote", "exit 4")).code, 4);
    let changed = call(&repository, act("promote", "echo more >> app.tar"));
    assert_eq!(changed.code, 2);
    assert!(changed.err.contains("changed while the command ran"), "{}", changed.err);
    assert!(
        files(&repository.parent().unwrap().join("evidence"), ".json")
            .iter()
            .all(|path| !path.to_string_lossy().contains("promote"))
    );
}

#[test]
fn what_does_not_go_together_is_refused_before_anything_runs() {
    // fail: each wrong combination, with nothing run
    let repository = repository("run-usage");
    let base = ["run", "--step", "s", "--key", "../key", "--evidence", "../evidence"];
    let wrong: [&[&str]; 5] = [
        &["--kind", "publish"],
        &["--kind", "build", "--map", "a=b"],
        &["--kind", "build", "--target", "x"],
        &["--kind", "merge"],
        &["--kind", "edit", "--sponsor", "a@b.example", "--as", "human"],
    ];
    for words in wrong {
        let all = base.iter().chain(words).chain(&["--", "touch", "ran"]);
        let said = call(&repository, all);
        assert_eq!(said.code, 2, "{words:?}: {}", said.err);
        assert!(!repository.join("ran").exists(), "{words:?}");
    }
}
