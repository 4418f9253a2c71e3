//! What an acceptance rests on: without it, no acceptance.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Release, call, demo, files, ids};

/// Findings by which a frontier names what was removed.
fn names_removed(role: &str) -> &'static [&'static str] {
    match role {
        "source" => &["LH203", "LH204"],
        "review" => &["LH201", "LH202"],
        "build" => &["LH306", "LH309"],
        "package" => &["LH001", "LH309", "LH312"],
        _ => &[],
    }
}

#[test]
fn removing_anything_that_proof_names_ends_the_acceptance() {
    // fail: each statement of the proof, removed alone; the frontier names what is missing
    let whole = Release::copy(demo(), "proof-whole");
    let (code, report) = whole.verify();
    assert_eq!(code, 0);
    let proof = report["proof"].as_array().unwrap();
    let roles: BTreeSet<&str> = proof.iter().map(|item| item["role"].as_str().unwrap()).collect();
    assert!(roles.is_superset(&BTreeSet::from(["source", "review", "build", "package"])), "{roles:?}");
    assert!(proof.len() >= 4);
    for item in proof {
        let role = item["role"].as_str().unwrap();
        let source = item["evidence_source"].as_str().unwrap();
        let release = Release::copy(demo(), "proof-part");
        let file = source.rsplit('/').next().unwrap();
        fs::remove_file(release.evidence.join(file)).unwrap();
        let (code, report) = release.verify();
        assert!(matches!(code, 1 | 3), "{role} {file}: exit {code}");
        let frontier = ids(&report, "frontier");
        assert!(frontier.iter().any(|id| names_removed(role).contains(&id.as_str())), "{role} {file}: {frontier:?}");
    }
}

#[test]
fn a_removed_review_is_named_by_the_path_it_covered() {
    // fail: the frontier says which file nobody looked at any more
    let (_, report) = Release::copy(demo(), "proof-review").verify();
    let mut paths = BTreeSet::new();
    for item in report["proof"].as_array().unwrap().iter().filter(|item| item["role"] == "review") {
        let release = Release::copy(demo(), "proof-review-part");
        let file = item["evidence_source"].as_str().unwrap().rsplit('/').next().unwrap();
        fs::remove_file(release.evidence.join(file)).unwrap();
        let (_, report) = release.verify();
        for entry in report["frontier"].as_array().unwrap() {
            paths.insert(entry["finding"]["where"]["path"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(Vec::from_iter(paths), ["README.md", "src/greeting.c", "src/options.c"]);
}

#[test]
fn a_list_of_revocations_that_is_demanded_and_missing_leaves_it_undecided() {
    // pass: nothing is demanded; fail: at most a week old, where there is none: exit 3 and LH006; no duration: exit 2
    let release = Release::copy(demo(), "proof-revocations");
    assert_eq!(release.verify().0, 0);
    let (code, report) = release.verify_with(&["--revocations-max-age", "7d"]);
    assert_eq!((code, report["verdict"].as_str()), (3, Some("undecided")));
    assert!(ids(&report, "findings").contains(&"LH006".to_owned()), "{report}");
    let said = call(release.artifact.parent().unwrap(), ["verify", "release.tar.gz", "--revocations-max-age", "soon"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("such as 36h"), "{}", said.err);
}

#[test]
fn without_any_evidence_nothing_is_decided() {
    // fail: an empty folder, and no folder beside the artifact
    let release = Release::copy(demo(), "proof-none");
    fs::remove_dir_all(&release.evidence).unwrap();
    fs::create_dir(&release.evidence).unwrap();
    let (code, report) = release.verify();
    assert_eq!((code, report["verdict"].as_str()), (3, Some("undecided")));
    assert_eq!(ids(&report, "frontier"), ["LH001"]);
}

#[test]
fn every_row_of_the_trust_file_is_needed() {
    // fail: each identity, person, product and root, removed alone
    let release = Release::copy(demo(), "proof-rows");
    let text = fs::read_to_string(&release.trust).unwrap();
    let starts: Vec<usize> = text.match_indices("\n[[").map(|(at, _)| at + 1).chain([text.len()]).collect();
    let mut seen = BTreeSet::new();
    for range in starts.windows(2) {
        let row = &text[range[0]..range[1]];
        fs::write(&release.trust, text.replacen(row, "", 1)).unwrap();
        let (code, _) = release.verify();
        assert!(matches!(code, 1..=3), "exit {code} without {row}");
        seen.insert(row.lines().next().unwrap());
    }
    assert_eq!(Vec::from_iter(seen), ["[[identity]]", "[[person]]", "[[product]]", "[[root]]"]);
    fs::write(&release.trust, &text).unwrap();
    assert_eq!(release.verify().0, 0);
}

#[test]
fn every_inventory_of_the_release_is_needed() {
    // fail: the entries of a tree that a landing or review is about, removed alone
    let inventories = files(&Release::copy(demo(), "proof-inventories").evidence.join("inventories"), ".inv");
    assert!(inventories.len() >= 4, "{inventories:?}");
    for inventory in inventories {
        let release = Release::copy(demo(), "proof-inventory");
        let name = inventory.file_name().unwrap();
        fs::remove_file(release.evidence.join("inventories").join(name)).unwrap();
        let (code, _) = release.verify();
        assert!(matches!(code, 1 | 3), "{name:?}: exit {code}");
    }
}

#[test]
fn withholding_evidence_never_turns_an_attack_into_an_acceptance() {
    // fail: each statement and each inventory of each attack, removed alone
    for attack in ["agent-commit", "slipped-file", "unreviewed-base", "repacked"] {
        let from = demo().join("attacks").join(attack);
        let whole = Release::copy(&from, &format!("withheld-{attack}"));
        let removable = whole.bundles().into_iter().chain(files(&whole.evidence.join("inventories"), ".inv"));
        for file in removable {
            let bytes = fs::read(&file).unwrap();
            fs::remove_file(&file).unwrap();
            assert_ne!(whole.verify().0, 0, "{attack} without {}", file.display());
            fs::write(&file, bytes).unwrap();
        }
    }
}
