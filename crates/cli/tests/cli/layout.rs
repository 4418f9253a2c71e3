//! `verify-layout`: verdict first, exit codes, and the document.

use std::fs;
use std::path::{Path, PathBuf};

use lasthand_testkit::layouts::{Functionary, bare, layout, link, rules, step};
use serde_json::{Value, json};

use crate::support::{Said, call, folder};

/// A layout of one step with its link, in a folder.
fn chain(name: &str, change: &dyn Fn(&mut Value)) -> PathBuf {
    let top = folder(name);
    let (owner, ana) = (Functionary::ed25519(1), Functionary::ed25519(2));
    let mut plan = layout(&[step("build", &[&ana], 1, &[], &["CREATE app", "DISALLOW *"])], &[&ana]);
    change(&mut plan);
    fs::create_dir(top.join("links")).unwrap();
    fs::write(top.join("root.layout"), bare(&plan, &[&owner]).to_string()).unwrap();
    fs::write(top.join("owner.pub"), owner.pem()).unwrap();
    let document = bare(&link("build", &[], &["app=1"]), &[&ana]).to_string();
    fs::write(top.join("links").join(format!("build.{}.link", ana.prefix())), document).unwrap();
    top
}

fn ask(top: &Path, more: &[&str]) -> Said {
    let words =
        ["verify-layout", "-l", "root.layout", "-k", "owner.pub", "-d", "links", "--now", "2026-11-23T00:00:00Z"];
    call(top, words.iter().chain(more))
}

#[test]
fn an_accepted_layout_says_so_first_and_lists_its_products() {
    // pass: exit 0, text and document, the digest to compare a file in hand with
    let top = chain("layout-accepted", &|_| {});
    let said = ask(&top, &["-o", "text", "-o", "json=answer.json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let digest = lasthand_model::digest::Sha256::of(b"1").to_string();
    assert!(said.out.starts_with("ACCEPTED root.layout: 1 steps, 1 links that count, 0 inspections\n"), "{}", said.out);
    assert!(said.out.contains(&format!("  app sha256:{digest}")), "{}", said.out);
    let answer: Value = serde_json::from_slice(&fs::read(top.join("answer.json")).unwrap()).unwrap();
    assert_eq!(
        (&answer["verdict"], &answer["layout"]["products"]["app"]["sha256"]),
        (&json!("accepted"), &json!(digest))
    );
    assert_eq!(answer["layout"]["steps"][0]["links"][0]["status"], "counted");
}

#[test]
fn a_refused_layout_says_why() {
    // fail: exit 1 with the rule and the step, by text and document
    let top = chain("layout-refused", &|plan| plan["steps"][0]["expected_products"] = rules(&["DISALLOW app"]));
    let said = ask(&top, &[]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.starts_with("REFUSED root.layout"), "{}", said.out);
    for part in ["DISALLOW app", "build", "disallowed"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let said = ask(&top, &["-o", "json"]);
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &answer["findings"][0]["code"]), (1, &json!("disallowed")));
}

#[test]
fn inspections_are_not_run_and_leave_it_undecided() {
    // pass: exit 3, and nothing was run; exit 0 when they are left out
    let top = chain("layout-inspection", &|plan| {
        plan["inspect"] = json!([{
            "_type": "inspection", "name": "look", "run": ["touch", "inspected"], "expected_materials": [], "expected_products": [],
        }]);
    });
    let said = ask(&top, &[]);
    assert_eq!(said.code, 3, "{}", said.out);
    assert!(said.out.starts_with("UNDECIDED root.layout"), "{}", said.out);
    let said = ask(&top, &["--without-inspections"]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.out.contains("left out, as asked"), "{}", said.out);
    assert!(!top.join("inspected").exists() && !top.join("links/inspected").exists());
}

#[test]
fn what_is_malformed_or_not_there_is_an_error_with_a_hint() {
    // fail: exit 4 for a malformed layout, exit 2 for a key, a folder or a file that is none, and for no key
    let top = chain("layout-bad", &|_| {});
    fs::write(top.join("bad.layout"), "{}").unwrap();
    fs::write(top.join("bad.pub"), "no key").unwrap();
    for (words, code) in [
        (&["-l", "bad.layout", "-k", "owner.pub", "-d", "links"][..], 4),
        (&["-l", "root.layout", "-k", "bad.pub", "-d", "links"], 2),
        (&["-l", "root.layout", "-k", "owner.pub", "-d", "owner.pub"], 2),
        (&["-l", "nothing", "-k", "owner.pub", "-d", "links"], 2),
        (&["-l", "root.layout", "-d", "links"], 2),
        (&["-l", "root.layout", "-k", "owner.pub", "-d", "links", "--now", "today"], 2),
        (&["-l", "root.layout", "-k", "owner.pub", "-d", "links", "-o", "facts"], 2),
        (&["-l", "root.layout", "-k", "owner.pub", "-d", "links", "--limit", "rule-bytes=0"], 4),
    ] {
        let said = call(&top, ["verify-layout"].iter().chain(words));
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{words:?}: {}", said.err);
        assert!(!said.err.is_empty(), "{words:?}");
    }
}
