//! Random layouts and links, beside Python's and Go's implementation of in-toto.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lasthand_model::limits::Limits;
use lasthand_model::wire::layout::{LayoutReport, LayoutVerdict};
use lasthand_testkit::layouts::{Functionary, bare, envelope, layout, link, step};
use lasthand_testkit::need;
use lasthand_verify::layout::{Inspections, LayoutDemand, verify_layout};
use serde_json::Value;

const CASES: usize = 400;
const PATHS: [&str; 7] = ["a", "b", "src/a", "src/b", "out/a", "x/y/z", "src/x/a"];
const PATTERNS: [&str; 14] =
    ["*", "a", "b", "src/*", "?", "[ab]", "*a", "[!a]*", "s*/a", "nope", "*/*", "x/?/z", "src/[a-b]", "[*]"];
const FOLDERS: [&str; 4] = ["src", "src/", "x/y", "out"];

/// Numbers that are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of.get(self.below(of.len())).unwrap()
    }

    fn rule(&mut self, steps: usize) -> String {
        let pattern = self.one(&PATTERNS);
        match self.below(12) {
            0 | 1 => format!("ALLOW {pattern}"),
            2 => format!("CREATE {pattern}"),
            3 => format!("DELETE {pattern}"),
            4 => format!("MODIFY {pattern}"),
            5 => format!("DISALLOW {pattern}"),
            6 => format!("REQUIRE {}", self.one(&PATHS)),
            _ => {
                let source = if self.below(4) == 0 { format!(" IN {}", self.one(&FOLDERS)) } else { String::new() };
                let target = if self.below(4) == 0 { format!(" IN {}", self.one(&FOLDERS)) } else { String::new() };
                let side = self.one(&["PRODUCTS", "MATERIALS", "products"]);
                format!("MATCH {pattern}{source} WITH {side}{target} FROM s{}", self.below(steps + 1))
            }
        }
    }

    fn rules(&mut self, steps: usize) -> Vec<String> {
        let mut rules: Vec<String> = (0..self.below(4)).map(|_| self.rule(steps)).collect();
        if self.below(3) == 0 {
            rules.push("DISALLOW *".to_owned());
        }
        rules
    }

    fn artifacts(&mut self) -> Vec<String> {
        let mut made: Vec<String> = Vec::new();
        for path in PATHS {
            if self.below(3) == 0 {
                made.push(format!("{path}={}", self.below(2)));
            }
        }
        made
    }
}

fn words(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Writes one case: most chains hold together, some do not.
fn write(folder: &Path, random: &mut Random, people: &[Functionary]) {
    let links = folder.join("links");
    fs::create_dir_all(&links).unwrap();
    let count = 1 + random.below(3);
    let mut steps = Vec::new();
    let mut before: Vec<String> = Vec::new();
    for index in 0..count {
        let name = format!("s{index}");
        let able: Vec<&Functionary> = people.iter().filter(|_| random.below(4) > 0).collect();
        let threshold = 1 + i64::from(random.below(4) == 0);
        let (materials, products) = (random.rules(count), random.rules(count));
        steps.push(step(&name, &able, threshold, &words(&materials), &words(&products)));
        let taken = if random.below(2) == 0 { before.clone() } else { random.artifacts() };
        let made = random.artifacts();
        let document = link(&name, &words(&taken), &words(&made));
        let by: Vec<&Functionary> = people.iter().filter(|_| random.below(5) > 0).collect();
        for one in by {
            let document = if random.below(30) == 0 { link(&name, &[], &["a=9"]) } else { document.clone() };
            let wrap = if random.below(2) == 0 { bare } else { envelope };
            let mut signed = wrap(&document, &[one]);
            if random.below(40) == 0 {
                spoil(&mut signed);
            }
            fs::write(links.join(format!("{name}.{}.link", one.prefix())), signed.to_string()).unwrap();
        }
        before = made;
    }
    let owner = Functionary::ed25519(1);
    let python = Functionary::ed25519(1).called(&owner.keyid_of_python());
    let go = Functionary::ed25519(1).called(&owner.keyid_of_go());
    let all: Vec<&Functionary> = people.iter().collect();
    fs::write(folder.join("root.layout"), bare(&layout(&steps, &all), &[&python, &go]).to_string()).unwrap();
    fs::write(folder.join("owner.pub"), owner.pem()).unwrap();
}

/// Changes a signature.
fn spoil(signed: &mut Value) {
    let text = signed.pointer("/signatures/0/sig").and_then(Value::as_str).unwrap();
    let first = if text.starts_with('0') { "1" } else { "0" };
    let changed = format!("{first}{}", text.get(1..).unwrap());
    *signed.pointer_mut("/signatures/0/sig").unwrap() = changed.into();
}

fn ours(folder: &Path) -> LayoutReport {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let demand = LayoutDemand { now: i64::try_from(now).unwrap(), inspections: Inspections::LeaveOpen };
    let keys = [folder.join("owner.pub")];
    verify_layout(&folder.join("root.layout"), &keys, &folder.join("links"), demand, &Limits::DEFAULT).unwrap()
}

/// What Python says of each case.
fn python(program: &Path, top: &Path) -> BTreeMap<String, String> {
    // The interpreter beside the program is the one that has the library.
    let interpreter = program.canonicalize().unwrap().with_file_name("python3");
    let interpreter = if interpreter.exists() { interpreter } else { PathBuf::from("python3") };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/intoto.py");
    let output = Command::new(interpreter).arg(script).arg(top).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, said)| (name.to_owned(), said.to_owned()))
        .collect()
}

/// What Go says of one case.
fn go(program: &Path, folder: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(["verify", "-l", "root.layout", "-k", "owner.pub", "-d", "links"]).current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn nothing_is_accepted_that_an_implementation_refuses() {
    // pass: accepted exactly when both accept; fail: never otherwise, but for what is refused because they read it differently
    let (Some(python_program), Some(go_program)) = (need::tool("in-toto-verify"), need::tool("in-toto-golang")) else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let people = [Functionary::ed25519(10), Functionary::p256(), Functionary::rsa()];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let name = |case: usize| format!("case-{case:04}");
    for case in 0..CASES {
        write(&place.path().join(name(case)), &mut random, &people);
    }
    let python = python(&python_program, place.path());
    let (mut accepted, mut careful) = (0, 0);
    for case in 0..CASES {
        let folder = place.path().join(name(case));
        let report = ours(&folder);
        let said = python.get(&name(case)).unwrap();
        let both = said == "accepts" && go(&go_program, &folder);
        let differ = report.findings.iter().any(|finding| finding.code == "readers-differ");
        careful += usize::from(differ);
        accepted += usize::from(report.verdict == LayoutVerdict::Accepted);
        let own = report.verdict == LayoutVerdict::Accepted;
        let kept = || fs::read_to_string(folder.join("root.layout")).unwrap();
        if differ {
            assert!(!own, "{case}: python {said}: {:#?}\n{}", report.findings, kept());
        } else {
            assert_eq!(own, both, "{case}: python {said}: {:#?}\n{}", report.findings, kept());
        }
    }
    // Both outcomes are there, or the cases show nothing.
    assert!(
        accepted > CASES / 10 && accepted < CASES * 9 / 10 && careful < CASES / 10,
        "{accepted} {careful} of {CASES}"
    );
}
