//! The scenarios and the finding stories, told in both variants, and the vectors made from them.
//!
//! `LASTHAND_UPDATE_VECTORS=1` writes `testdata/vectors/`; without it, drift fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lasthand_lineage::{Finding, FindingId, Outcome, Verdict, solve};
use lasthand_model::wire::facts::{Body, Facts};
use lasthand_testkit::naive;
use lasthand_testkit::story::{Expected, Shows, Story, Variant, parse, parse_all};
use serde_json::{Value, json};

/// Words of conclusions: evidence never uses them.
const FORBIDDEN: [&str; 3] = ["clean", "touched", "covered"];

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// Every `.story` file below `testdata/stories`, sorted: path below it, and text.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["", "findings"] {
        for entry in fs::read_dir(testdata().join("stories").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "story") {
                let name = Path::new(folder).join(path.file_name().unwrap());
                files.push((name.to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Every story; all files that cannot be read are reported at once.
fn stories() -> Vec<Story> {
    let mut errors = String::new();
    let mut stories = Vec::new();
    for (name, text) in files() {
        match parse_all(&name, &text) {
            Ok(told) => stories.extend(told),
            Err(error) => writeln!(errors, "  {error}").unwrap(),
        }
    }
    assert!(errors.is_empty(), "stories that cannot be told:\n{errors}");
    stories
}

/// Lines of `xfails`: what comes out otherwise than it says, such as `48d attack`.
fn expected_failures() -> BTreeSet<String> {
    let text = fs::read_to_string(testdata().join("stories/xfails")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(": ").expect("a line of xfails has a reason").0.to_owned()).collect()
}

/// Fails for what is wrong and not listed, and for what is listed and not wrong.
fn compare_with_xfails(wrong: BTreeMap<String, String>, belongs: impl Fn(&str) -> bool) {
    let listed = expected_failures();
    let mut report = String::new();
    for (name, text) in &wrong {
        if !listed.contains(name) {
            report.push_str(text);
        }
    }
    for name in listed.iter().filter(|name| belongs(name) && !wrong.contains_key(*name)) {
        writeln!(report, "{name} comes out as it says: take its line out of xfails").unwrap();
    }
    assert!(report.is_empty(), "\n{report}");
}

fn outcome(story: &Story, variant: Variant) -> Outcome {
    solve(&story.facts(variant).unwrap())
}

/// Names of statements in a story, for reports that people read.
fn named(story: &Story, outcome: &Outcome) -> String {
    let mut lines = format!("    got {}\n", outcome.verdict.as_str());
    let names: BTreeMap<_, _> =
        story.statement_names().into_iter().map(|id| (Story::statement_digest(&id), id)).collect();
    let name = |digest| names.get(&digest).cloned().unwrap_or_default();
    for finding in &outcome.findings {
        let place = &finding.place;
        let path = place.path.as_deref().unwrap_or_default();
        let at = [place.step, place.evidence].into_iter().flatten().map(&name).collect::<Vec<_>>().join(" ");
        let actor = place.actor.as_deref().unwrap_or_default();
        let (id, severity) = (finding.id, finding.severity.as_str());
        writeln!(lines, "      {id} {severity} path `{path}` in `{at}` by `{actor}`: {}", finding.message).unwrap();
    }
    for file in outcome.files.iter().filter(|file| file.verdict.as_str() != "clean") {
        writeln!(lines, "      file {} {}", file.path, file.verdict.as_str()).unwrap();
    }
    if !outcome.proof.is_empty() {
        let proof: Vec<String> = outcome.proof.iter().map(|item| name(item.statement)).collect();
        writeln!(lines, "      proof {}", proof.join(" ")).unwrap();
    }
    lines
}

fn holds(story: &Story, outcome: &Outcome, expected: &Expected) -> bool {
    match expected {
        Expected::Verdict(word) => outcome.verdict.as_str() == word,
        Expected::NoFinding(id) => outcome.findings.iter().all(|finding| finding.id.id() != id),
        Expected::File(path, word) => {
            outcome.files.iter().any(|file| file.path == *path && file.verdict.as_str() == word)
        }
        Expected::Proof(ids) => ids.iter().all(|id| {
            let digest = Story::statement_digest(id);
            outcome.proof.iter().any(|item| item.statement == digest)
        }),
        Expected::Finding { id, path, actor, statement } => {
            let actor = actor.as_deref().map(|name| Story::principal(name).unwrap_or_else(|| name.to_owned()));
            let statement = statement.as_deref().map(Story::statement_digest);
            let fits = |finding: &Finding| {
                let place = &finding.place;
                finding.id.id() == id
                    && path.as_ref().is_none_or(|path| place.path.as_ref() == Some(path))
                    && actor.as_ref().is_none_or(|actor| names_actor(story, outcome, finding, actor))
                    && statement.is_none_or(|digest| place.step == Some(digest) || place.evidence == Some(digest))
            };
            outcome.findings.iter().any(fits)
        }
    }
}

/// A finding names its actor in its place; the frontier may name more.
fn names_actor(_: &Story, outcome: &Outcome, finding: &Finding, actor: &str) -> bool {
    let in_frontier =
        || outcome.frontier.iter().any(|item| item.finding == *finding && item.actors.iter().any(|who| who == actor));
    finding.place.actor.as_deref() == Some(actor) || in_frontier()
}

#[test]
fn every_story_comes_out_as_it_says() {
    // pass: verdict, findings with their places, files and proof are those of the `expect` lines
    let mut wrong_tellings = BTreeMap::new();
    let stories = stories();
    for story in &stories {
        for variant in Variant::ALL {
            let outcome = outcome(story, variant);
            let wrong: Vec<&Expected> = story
                .expectations
                .iter()
                .filter(|expectation| expectation.variant == variant && !holds(story, &outcome, &expectation.expected))
                .map(|expectation| &expectation.expected)
                .collect();
            if !wrong.is_empty() {
                let mut failures = String::new();
                writeln!(
                    failures,
                    "{}:{} story {} ({}): {}",
                    story.file,
                    story.number,
                    story.id,
                    variant.as_str(),
                    story.title
                )
                .unwrap();
                for expected in wrong {
                    writeln!(failures, "    want {expected:?}").unwrap();
                }
                failures.push_str(&named(story, &outcome));
                wrong_tellings.insert(format!("{} {}", story.id, variant.as_str()), failures);
            }
        }
    }
    compare_with_xfails(wrong_tellings, |name| name.ends_with("attack") || name.ends_with("twin"));
}

#[test]
fn every_row_of_the_scenario_table_has_a_story() {
    // pass: rows 1 to 50 are all told, each story once
    let stories = stories();
    let rows: BTreeSet<u32> = stories.iter().filter_map(Story::row).collect();
    let missing: Vec<u32> = (1..=50).filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "rows without a story: {missing:?}");
    let ids: BTreeSet<&str> = stories.iter().map(|story| story.id.as_str()).collect();
    assert_eq!(ids.len(), stories.len(), "two stories have one id");
}

#[test]
fn every_finding_has_a_positive_a_negative_and_a_bypass_story() {
    // pass: each id appears, is absent from a near variant, and cannot be evaded
    let mut wrong = BTreeMap::new();
    let mut shown: BTreeSet<(String, Shows)> = BTreeSet::new();
    for story in stories() {
        let [attack, twin] = Variant::ALL.map(|variant| outcome(&story, variant));
        for (id, shows) in &story.shows {
            let found = |outcome: &Outcome| outcome.findings.iter().any(|finding| finding.id.id() == id);
            let holds = match shows {
                Shows::Positive => found(&attack) || found(&twin),
                Shows::Negative => !found(&attack) || !found(&twin),
                Shows::Bypass => found(&attack) || attack.verdict.as_str() != "accepted",
            };
            if !holds {
                wrong.insert(format!("{} {id}", story.id), format!("  story {} is no {shows:?} of {id}\n", story.id));
            }
            shown.insert((id.clone(), *shows));
        }
    }
    // What reading an artifact finds is no matter of evidence, and what devices and the people of commits say is no matter of facts:
    // crates/verify/tests/verify.rs, devices.rs and odd_people.rs.
    let of_reading = [
        FindingId::ReadDifferently,
        FindingId::OddEntry,
        FindingId::Untouched,
        FindingId::DeviceCount,
        FindingId::AgentSignOff,
        FindingId::AgentBranch,
    ];
    for id in FindingId::ALL.iter().filter(|id| !of_reading.contains(id)).map(|id| id.id()) {
        for shows in [Shows::Positive, Shows::Negative, Shows::Bypass] {
            if !shown.contains(&(id.to_owned(), shows)) {
                wrong.insert(format!("{id} {shows:?}"), format!("  {id} has no {shows:?} story\n"));
            }
        }
    }
    compare_with_xfails(wrong, |name| name.starts_with("LH") && name.ends_with("tive"));
}

#[test]
fn stories_state_evidence_only() {
    // pass: no story uses a word of conclusions
    for folder in ["", "findings", "bases"] {
        for entry in fs::read_dir(testdata().join("stories").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.extension().is_none_or(|extension| extension != "md") {
                let text = fs::read_to_string(&path).unwrap().to_lowercase();
                for word in FORBIDDEN {
                    assert!(!text.contains(word), "`{word}` in {}", path.display());
                }
            }
        }
    }
}

#[test]
fn tellings_differ_in_exactly_one_line() {
    // pass: at most one line of each kind, at least one
    for story in stories() {
        let (attack, twin) = story.marked_lines();
        assert!(attack <= 1 && twin <= 1 && attack + twin >= 1, "story {}", story.id);
        assert_ne!(
            story.facts(Variant::Attack),
            story.facts(Variant::Twin),
            "story {}: both tellings are one",
            story.id
        );
    }
}

#[test]
fn what_is_not_understood_is_refused_with_file_and_line() {
    // fail: each text breaks one rule of the language
    let whole = "story 1: x\nbased on built\n= review R2 cy approves T0 -> T1\nexpect ! accepted\nexpect = accepted\n";
    assert!(parse("ok.story", whole).is_ok());
    let check = |text: &str, expected: &str| {
        let error = parse("bad.story", text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected), "{text}\n  got `{error}`, expected `{expected}`");
    };
    check("", "expected one story");
    check("tree T0 a=b\n", "bad.story:1: a story begins with");
    check(&whole.replace("= review", "review"), "nothing differs");
    check(&format!("{whole}= drop R1\n"), "not in one");
    check(&whole.replace("expect = accepted\n", ""), "expected one verdict for the twin");
    check(&whole.replace("cy approves", "dee approves"), "bad.story:3: nobody is called `dee`");
    check(&whole.replace("T0 -> T1", "T0 -> T9"), "bad.story:3: no tree is called `T9`");
    check(&whole.replace("review R2 cy approves", "praise R2 cy approves"), "`praise` is not a word of the language");
    check(&whole.replace("expect ! accepted", "expect ! fine"), "bad.story:4: not an expectation");
    check(&whole.replace("on built", "on sand"), "bad.story:2: expected `based on");
}

#[test]
fn the_naive_solver_agrees_on_every_telling() {
    // pass: both solvers give one verdict, and one set of labels for an acceptance
    let mut wrong = BTreeMap::new();
    for story in stories() {
        for variant in Variant::ALL {
            let facts = story.facts(variant).unwrap();
            let (fast, naive) = (solve(&facts), naive::solve(&facts));
            let labels: BTreeSet<_> = fast.labels.iter().copied().collect();
            if fast.verdict.as_str() != naive.verdict || labels != naive.labels {
                let (id, telling) = (&story.id, variant.as_str());
                let text = format!("  story {id} ({telling}): {} {labels:?}, {naive:?}\n", fast.verdict.as_str());
                wrong.insert(format!("{id} {telling} naive"), text);
            }
        }
    }
    compare_with_xfails(wrong, |name| name.ends_with("naive"));
}

#[test]
fn taking_evidence_away_never_makes_a_refused_telling_pass() {
    // pass: without any one landing, review, step, act, approval or VSA, and without the entries of any one tree or container, any one lock file or
    // pointer, what was not accepted still is not, and both solvers say the same
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for story in stories() {
        for variant in Variant::ALL {
            let facts = story.facts(variant).unwrap();
            if solve(&facts).verdict == Verdict::Accepted {
                continue;
            }
            for at in 0..facts.statements.len() {
                let mut fewer = facts.clone();
                let gone = fewer.statements.remove(at);
                let positive =
                    !matches!(gone.body, Body::Edit(_) | Body::StepActor(_) | Body::List(_) | Body::Other(_));
                if positive && solve(&fewer).verdict == Verdict::Accepted {
                    let (id, telling) = (&story.id, variant.as_str());
                    let text = wrong.entry(format!("{id} {telling} without")).or_default();
                    writeln!(text, "  story {id} ({telling}): accepted without {:?}", gone.body).unwrap();
                }
            }
            for (what, fewer) in with_less_read(&facts) {
                let verdict = solve(&fewer).verdict;
                assert_eq!(verdict.as_str(), naive::solve(&fewer).verdict, "story {} without {what}", story.id);
                if verdict == Verdict::Accepted {
                    let (id, telling) = (&story.id, variant.as_str());
                    let text = wrong.entry(format!("{id} {telling} without")).or_default();
                    writeln!(text, "  story {id} ({telling}): accepted without {what}").unwrap();
                }
            }
        }
    }
    compare_with_xfails(wrong, |name| name.ends_with("without"));
}

/// The facts without one inventory, lock file or pointer, each in turn. What is asked about was read.
fn with_less_read(facts: &Facts) -> Vec<(String, Facts)> {
    let mut less = Vec::new();
    // Where `reverted` refuses, a tree shows what was reverted, as its landing does.
    let trees =
        facts.inventories.keys().filter(|root| **root != facts.question.digest.0 && !facts.preset.refuse_reverted);
    for root in trees {
        let mut fewer = facts.clone();
        fewer.inventories.remove(root);
        less.push((format!("the entries of {root}"), fewer));
    }
    for digest in facts.locks.keys().chain(facts.pointers.keys()) {
        let mut fewer = facts.clone();
        fewer.locks.remove(digest);
        fewer.pointers.remove(digest);
        less.push((format!("the content of {}", digest.0), fewer));
    }
    less
}

/// Name of a vector: the story's id and its telling.
fn vector_name(story: &Story, variant: Variant) -> String {
    format!("story-{}-{}", story.id.to_lowercase(), variant.as_str())
}

fn vector(story: &Story, variant: Variant) -> Value {
    let facts = story.facts(variant).unwrap();
    let outcome = solve(&facts);
    let ids: BTreeSet<&str> = outcome.findings.iter().map(|finding| finding.id.id()).collect();
    let files: BTreeMap<String, &str> = outcome.files.iter().map(|file| (file.key(), file.verdict.as_str())).collect();
    let written = sorted(serde_json::to_value(&facts).unwrap());
    assert_eq!(facts, serde_json::from_value(written.clone()).unwrap(), "story {}: a default that is none", story.id);
    json!({
        "name": vector_name(story, variant),
        "about": story.title,
        "facts": written,
        "expect": { "verdict": outcome.verdict.as_str(), "findings": ids, "files": files },
    })
}

/// Members that a facts document may leave out when they are empty, zero or false.
const DEFAULTS: &[&str] = &[
    "accept_simulated",
    "actors_complete",
    "artifacts",
    "export_ignore",
    "gid",
    "indexes",
    "instructions",
    "isolated",
    "locks",
    "marks",
    "materials_gaps",
    "observer",
    "onboarding",
    "only_on_success",
    "parameters",
    "path_map",
    "presence",
    "report_only",
    "required",
    "robots",
    "simulated",
    "solo",
    "trusted_inputs",
    "uid",
    "waivers",
];

fn is_default(name: &str, value: &Value) -> bool {
    let empty = value == &json!(0) || value == &json!(false) || value == &json!([]) || value == &json!({});
    empty && DEFAULTS.contains(&name)
}

/// Sorts the members of every object and leaves defaults out, so that a vector is small and changes only where its content does.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let stated = members.into_iter().filter(|(name, value)| !is_default(name, value));
            let members: BTreeMap<String, Value> = stated.map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        value => value,
    }
}

#[test]
fn vectors_are_those_of_the_stories() {
    // pass: testdata/vectors holds the facts and outcome of every story whose expectations hold, and no other story's
    let folder = testdata().join("vectors");
    let update = std::env::var_os("LASTHAND_UPDATE_VECTORS").is_some();
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for story in stories() {
        for variant in Variant::ALL {
            let outcome = outcome(&story, variant);
            let mut own = story.expectations.iter().filter(|expectation| expectation.variant == variant);
            if own.all(|expectation| holds(&story, &outcome, &expectation.expected)) {
                let text = serde_json::to_string_pretty(&vector(&story, variant)).unwrap();
                wanted.insert(format!("{}.json", vector_name(&story, variant)), text + "\n");
            }
        }
    }
    assert!(wanted.len() >= 60, "only {} vectors", wanted.len());
    fs::create_dir_all(&folder).unwrap();
    let mut drift = String::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("story-") && !wanted.contains_key(&name) {
            if update {
                fs::remove_file(&path).unwrap();
            } else {
                writeln!(drift, "  {name} belongs to no story").unwrap();
            }
        }
    }
    for (name, text) in wanted {
        let path = folder.join(&name);
        if fs::read_to_string(&path).ok().as_ref() == Some(&text) {
            continue;
        }
        if update {
            fs::write(&path, text).unwrap();
        } else {
            writeln!(drift, "  {name} differs").unwrap();
        }
    }
    assert!(drift.is_empty(), "vectors drift (LASTHAND_UPDATE_VECTORS=1 writes them):\n{drift}");
}
