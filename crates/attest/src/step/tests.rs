use lasthand_model::actor::ActorKind;
use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::{EntryType, FileRecord};
use lasthand_observe::snapshot::{Snapshot, SnapshotEntry};
use serde_json::json;

use super::*;

const NOW: i64 = 1_767_607_200;

fn key() -> Principal {
    Principal::new(format!("key:{}", "a".repeat(64)), ActorKind::Automation)
}

fn file(path: &str, text: &str, mode: u32) -> SnapshotEntry {
    SnapshotEntry {
        path: path.as_bytes().to_vec(),
        entry_type: EntryType::File,
        mode,
        size: text.len() as u64,
        sha256: Some(FileDigest(Sha256::of(text.as_bytes()))),
        link_target: Vec::new(),
    }
}

fn link(path: &str, target: &str) -> SnapshotEntry {
    let (entry_type, link_target) = (EntryType::Symlink, target.as_bytes().to_vec());
    SnapshotEntry { entry_type, link_target, sha256: None, size: 0, ..file(path, "", 0o777) }
}

fn snapshot(entries: &[SnapshotEntry]) -> Snapshot {
    let mut entries = entries.to_vec();
    entries.sort();
    Snapshot { folders: vec![Vec::new()], entries, exclusions: vec![b".git".to_vec()] }
}

fn record(entry: &SnapshotEntry) -> FileRecord {
    FileRecord {
        path: entry.path.clone(),
        entry_type: entry.entry_type,
        mode: entry.mode,
        uid: 0,
        gid: 0,
        size: entry.size,
        sha256: entry.sha256,
        link_target: entry.link_target.clone(),
        device: None,
        xattrs: Vec::new(),
    }
}

fn tree(entries: &[SnapshotEntry]) -> SourceTreeRef {
    SourceTreeRef {
        repository: Repository { uri: "forge.example/acme/app".into(), ..Repository::default() },
        target_ref: Some("refs/heads/main".into()),
        commit: Some("c".repeat(40).parse().unwrap()),
        git_tree: Some("d".repeat(40).parse().unwrap()),
        inventory: Inventory::from_records(entries.iter().map(record).collect()).unwrap(),
        pointers: BTreeMap::new(),
        submodules: BTreeMap::new(),
    }
}

fn spec(source: Option<SourceTreeRef>) -> StepSpec {
    StepSpec {
        kind: StepKind::Build,
        name: "compile".into(),
        product: Some("app".into()),
        source,
        bases: Vec::new(),
        instructions: vec!["build.sh".into()],
        parameters: BTreeMap::from([("version".to_owned(), "1.2".to_owned())]),
        path_map: Vec::new(),
        normalise: None,
        performer: key(),
        others: Vec::new(),
        actors_complete: true,
        builder: "https://builder.example/one".into(),
        credential: None,
    }
}

fn observed(before: &[SnapshotEntry], after: &[SnapshotEntry], code: i32) -> Observed {
    Observed {
        argv: vec!["sh".into(), "build.sh".into()],
        before: snapshot(before),
        after: snapshot(after),
        outcome: lasthand_observe::run::Outcome::Exited(code),
        started: NOW,
        finished: NOW + 5,
        stragglers: 0,
        gaps: Vec::new(),
        images: Vec::new(),
    }
}

fn script() -> SnapshotEntry {
    file("build.sh", "cc", 0o755)
}

fn state(source: Option<SourceTreeRef>, seen: &Observed, products: &[&str]) -> StepStatements {
    let products: Vec<String> = products.iter().map(|glob| (*glob).to_owned()).collect();
    step_statements(&spec(source), seen, &Surroundings::default(), &products).unwrap()
}

fn material_names(statements: &StepStatements) -> Vec<String> {
    let materials = &statements.provenance.predicate["buildDefinition"]["resolvedDependencies"];
    let name = |material: &Value| material["name"].as_str().or(material["uri"].as_str()).unwrap().to_owned();
    materials.as_array().unwrap().iter().map(name).collect()
}

fn gaps(statements: &StepStatements, side: &str) -> Vec<String> {
    let gaps = statements.step_actor.predicate["capture"][side]["gaps"].as_array().unwrap();
    gaps.iter().map(|gap| gap.as_str().unwrap().to_owned()).collect()
}

const TREE: &str = "git+forge.example/acme/app@refs/heads/main";

#[test]
fn a_build_of_a_clean_checkout_is_stated_in_full() {
    // pass: both statements, member by member
    let tracked = [script(), file("src/a.c", "a", 0o644)];
    let after = [script(), file("src/a.c", "a", 0o644), file("app", "bin", 0o755)];
    let source = tree(&tracked);
    let root = source.inventory.root().to_string();
    let made = state(Some(source), &observed(&tracked, &after, 0), &[]);
    let subject = json!([{
        "name": "app",
        "digest": {"sha256": Sha256::of(b"bin").to_string()},
        "annotations": {"mode": "755"}
    }]);
    let provenance = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://lasthand.dev/buildtypes/run/v0.1",
                "externalParameters": {"kind": "build", "command": ["sh", "build.sh"], "parameters": {"version": "1.2"}},
                "internalParameters": {"step": "compile"},
                "resolvedDependencies": [{
                    "uri": TREE,
                    "digest": {"gitCommit": "c".repeat(40), "gitTree": "d".repeat(40), "sha256": root},
                    "annotations": {
                        "type": "tree", "repository": "forge.example/acme/app", "ref": "refs/heads/main",
                        "unmodified": 2, "modified": 0, "missing": 0
                    }
                }]
            },
            "runDetails": {
                "builder": {"id": "https://builder.example/one", "version": {"lasthand": env!("CARGO_PKG_VERSION")}},
                "metadata": {"startedOn": "2026-01-05T10:00:00Z", "finishedOn": "2026-01-05T10:00:05Z"}
            }
        }
    });
    assert_eq!(serde_json::to_value(&made.provenance).unwrap(), provenance);
    let payload_digest = payload(&made.provenance).unwrap().digest.to_string();
    let label = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subject,
        "predicateType": "https://lasthand.dev/step-actor/v0.1",
        "predicate": {
            "kind": "build",
            "labels": {"digest": {"sha256": payload_digest}, "mediaType": "application/vnd.in-toto+json"},
            "product": "app",
            "instructions": [{"name": "build.sh", "digest": {"sha256": Sha256::of(b"cc").to_string()}}],
            "parameters": {"version": "1.2"},
            "repository": {"uri": "forge.example/acme/app"},
            "actors": [{
                "role": "performer", "sub": key().id, "sub_profile": "service", "established": [{"method": "dsse-key"}]
            }],
            "actorsComplete": true,
            "capture": {
                "level": "snapshot",
                "materials": {
                    "bound": "lower",
                    "gaps": [
                        "reads outside the recorded folders", "network", "environment variables", "not recorded: .git"
                    ]
                },
                "products": {"bound": "upper", "gaps": ["writes outside the recorded folders", "not recorded: .git"]}
            },
            "outcome": {"status": "success", "exitCode": 0},
            "startedOn": "2026-01-05T10:00:00Z",
            "finishedOn": "2026-01-05T10:00:05Z"
        }
    });
    assert_eq!(serde_json::to_value(&made.step_actor).unwrap(), label);
}

#[test]
fn equal_input_gives_equal_bytes() {
    // pass: deterministic payloads
    let tracked = [script()];
    let seen = observed(&tracked, &[script(), file("app", "1", 0o644)], 0);
    let bytes = || payload(&state(Some(tree(&tracked)), &seen, &[]).step_actor).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn an_undeclared_extra_file_is_a_material_of_its_own() {
    // pass: listed by path and digest beside the tree
    let tracked = [script()];
    let made = state(Some(tree(&tracked)), &observed(&[script(), file("payload.o", "evil", 0o644)], &[], 0), &[]);
    assert_eq!(material_names(&made), [TREE, "payload.o"]);
    let extra = &made.provenance.predicate["buildDefinition"]["resolvedDependencies"][1];
    assert_eq!(extra["digest"]["sha256"], Sha256::of(b"evil").to_string());
}

#[test]
fn a_modified_tracked_file_is_a_material_of_its_own() {
    // fail: other content, a raised execute bit, set-uid, a link in its place: none may hide in the tree
    let tracked = [script(), file("a", "1", 0o644), link("l", "a")];
    for (changed, own) in [
        (file("a", "2", 0o644), "a"),
        (file("a", "1", 0o755), "a"),
        (file("a", "1", 0o4644), "a"),
        (link("a", "1"), "a"),
        (link("l", "build.sh"), "l"),
    ] {
        let mut before: Vec<_> = tracked.iter().filter(|entry| entry.path != changed.path).cloned().collect();
        before.push(changed.clone());
        let made = state(Some(tree(&tracked)), &observed(&before, &before, 0), &[]);
        assert_eq!(material_names(&made), [TREE, own], "{changed:?}");
        assert!(gaps(&made, "materials").contains(&format!("tracked file modified: {own}")), "{changed:?}");
    }
    // pass: bits that git does not know
    let before = [script(), file("a", "1", 0o600), link("l", "a")];
    assert_eq!(material_names(&state(Some(tree(&tracked)), &observed(&before, &before, 0), &[])), [TREE]);
}

#[test]
fn a_missing_tracked_file_is_a_gap() {
    // fail: named, and never passed over in silence; so are files that were not recorded
    let tracked = [script(), file("gone", "1", 0o644), file("other/x", "1", 0o644)];
    let mut seen = observed(&[script()], &[script()], 0);
    let made = state(Some(tree(&tracked)), &seen, &[]);
    assert!(gaps(&made, "materials").contains(&"tracked file missing: gone".to_owned()));
    seen.before.folders = vec![b"build.sh".to_vec(), b"gone".to_vec()];
    let made = state(Some(tree(&tracked)), &seen, &[]);
    assert!(gaps(&made, "materials").contains(&"tracked files outside the recorded folders: 1".to_owned()));
}

/// The record of a submodule.
fn submodule(path: &str) -> FileRecord {
    let (entry_type, link_target) = (EntryType::Submodule, "e".repeat(40).into_bytes());
    FileRecord { entry_type, link_target, mode: 0, sha256: None, ..record(&file(path, "", 0)) }
}

/// A source tree with the build script and submodules, those of `checked_out` with these files.
fn with_submodules(paths: &[&str], checked_out: &[(&str, Inventory)]) -> SourceTreeRef {
    let records = paths.iter().map(|path| submodule(path)).chain([record(&script())]);
    let library = |inventory: &Inventory| SourceTreeRef {
        repository: Repository { uri: "forge.example/acme/lib".into(), ..Repository::default() },
        target_ref: None,
        commit: Some("e".repeat(40).parse().unwrap()),
        git_tree: Some("f".repeat(40).parse().unwrap()),
        inventory: inventory.clone(),
        ..tree(&[])
    };
    SourceTreeRef {
        inventory: Inventory::from_records(records.collect()).unwrap(),
        submodules: checked_out.iter().map(|(path, tree)| (path.as_bytes().to_vec(), library(tree))).collect(),
        ..tree(&[])
    }
}

fn inventory(entries: &[SnapshotEntry]) -> Inventory {
    Inventory::from_records(entries.iter().map(record).collect()).unwrap()
}

const LIBRARY: &str = "git+forge.example/acme/lib";

#[test]
fn a_submodule_is_a_tree_beside_its_files() {
    // pass: ids, repository and place of its tree; its files stay materials of their own, under their full names
    let library = inventory(&[file("src/x.c", "x", 0o644)]);
    let root = library.root().to_string();
    let source = with_submodules(&["lib/a"], &[("lib/a", library)]);
    let mut seen = observed(&[script(), file("lib/a/src/x.c", "x", 0o644)], &[], 0);
    seen.before.exclusions = vec![b".git".to_vec(), b"lib/a/.git".to_vec()];
    let made = state(Some(source), &seen, &[]);
    assert_eq!(material_names(&made), [TREE, LIBRARY, "lib/a/src/x.c"]);
    let materials = &made.provenance.predicate["buildDefinition"]["resolvedDependencies"];
    let expected = json!({
        "uri": LIBRARY,
        "digest": {"gitCommit": "e".repeat(40), "gitTree": "f".repeat(40), "sha256": root},
        "annotations": {
            "type": "tree", "repository": "forge.example/acme/lib", "submodule": "lib/a",
            "unmodified": 1, "modified": 0, "missing": 0
        }
    });
    assert_eq!(materials[1], expected);
    let digest = Sha256::of(b"x").to_string();
    let file = json!({"name": "lib/a/src/x.c", "digest": {"sha256": digest}, "annotations": {"mode": "644"}});
    assert_eq!(materials[2], file);
    assert!(!gaps(&made, "materials").iter().any(|gap| gap.contains("submodule") || gap.contains("tracked")));
    // pass: at a branch, which is named as that of the source tree
    let mut source = with_submodules(&["lib/a"], &[("lib/a", inventory(&[]))]);
    source.submodules.values_mut().for_each(|tree| tree.target_ref = Some("refs/heads/main".into()));
    let made = state(Some(source), &seen, &[]);
    assert_eq!(material_names(&made)[1], "git+forge.example/acme/lib@refs/heads/main");
}

#[test]
fn a_submodule_without_a_tree_is_a_gap() {
    // fail: no tree of it, one of its own submodules, none of it in the recorded folders; each is named
    let nested = Inventory::from_records(vec![submodule("deep")]).unwrap();
    let source = with_submodules(&["a", "b", "c"], &[("b", nested), ("c", inventory(&[file("x", "x", 0o644)]))]);
    let mut seen = observed(&[script(), file("a/x", "x", 0o644)], &[], 0);
    seen.before.folders = ["a", "b", "build.sh"].map(|folder| folder.as_bytes().to_vec()).into();
    let made = state(Some(source.clone()), &seen, &[]);
    assert_eq!(material_names(&made), [TREE, LIBRARY, "a/x"]);
    let named = |made: &StepStatements| -> Vec<String> {
        gaps(made, "materials").into_iter().filter(|gap| gap.starts_with("submodule not compared")).collect()
    };
    let expected = ["a", "c", "b/deep"].map(|path| format!("submodule not compared: {path}"));
    assert_eq!(named(&made), expected);
    // pass: a folder of it was recorded
    seen.before.folders.push(b"c/src".to_vec());
    assert_eq!(named(&state(Some(source), &seen, &[])).len(), 2);
}

#[test]
fn a_git_folder_that_nobody_looked_into_hides_no_input() {
    // fail: a `.git` of a submodule without a tree, of one in a submodule, of no submodule, and without a source tree; each is a material without a digest
    let nested = Inventory::from_records(vec![submodule("deep")]).unwrap();
    let source = with_submodules(&["a", "b"], &[("b", nested)]);
    let mut seen = observed(&[script()], &[], 0);
    seen.before.exclusions = [".git", "a/.git", "b/.git", "b/deep/.git", "b/src/.git", "c/.git"].map(Into::into).into();
    let unexplained = |source: Option<SourceTreeRef>| -> Vec<String> {
        let made = state(source, &seen, &[]);
        let materials =
            made.provenance.predicate["buildDefinition"]["resolvedDependencies"].as_array().unwrap().clone();
        let hidden = materials.into_iter().filter(|material| material["annotations"]["type"] == "not recorded");
        let names = hidden.map(|material| {
            assert!(material.get("digest").is_none(), "{material}");
            material["name"].as_str().unwrap().to_owned()
        });
        names.collect()
    };
    assert_eq!(unexplained(Some(source)), ["a/.git", "b/deep/.git", "b/src/.git", "c/.git"]);
    assert_eq!(unexplained(None).len(), 5);
    // pass: the checkout's own, and that of a submodule with its tree
    let source = with_submodules(&["a", "b"], &[("a", inventory(&[])), ("b", inventory(&[]))]);
    assert_eq!(unexplained(Some(source)), ["b/deep/.git", "b/src/.git", "c/.git"]);
}

#[test]
fn what_differs_from_the_tree_of_a_submodule_is_named() {
    // fail: other content, a link, a file that is gone; a file that it has not is a material as any other
    let library = inventory(&[file("gone", "1", 0o644), file("x", "1", 0o644), link("l", "x"), file("y", "1", 0o644)]);
    let source = with_submodules(&["a"], &[("a", library)]);
    let before =
        [script(), file("a/new", "1", 0o644), file("a/x", "2", 0o644), link("a/l", "x"), file("a/y", "1", 0o644)];
    let made = state(Some(source.clone()), &observed(&before, &before, 0), &[]);
    assert_eq!(material_names(&made), [TREE, LIBRARY, "a/l", "a/new", "a/x", "a/y", "a/gone"]);
    let materials = &made.provenance.predicate["buildDefinition"]["resolvedDependencies"];
    for at in [2, 6] {
        assert!(materials[at].get("digest").is_none(), "{}", materials[at]);
    }
    let counts = |name: &str| materials[1]["annotations"][name].as_u64().unwrap();
    assert_eq!([counts("unmodified"), counts("modified"), counts("missing")], [2, 1, 1]);
    let stated = gaps(&made, "materials");
    assert!(stated.contains(&"tracked file modified: a/x".to_owned()), "{stated:?}");
    assert!(stated.contains(&"tracked file missing: a/gone".to_owned()), "{stated:?}");
    // fail: a file of it that the step changes is a product only when it is named
    let after = [script(), file("a/y", "3", 0o644), file("a/made", "1", 0o644)];
    let made = state(Some(source), &observed(&before, &after, 0), &[]);
    let names: Vec<_> = made.provenance.subject.iter().map(|subject| subject.name.clone().unwrap()).collect();
    assert_eq!(names, ["a/made"]);
}

#[test]
fn the_file_of_a_pointer_is_no_modification() {
    // pass: the pointer's own file in its place is a material of its own, counted apart, and no gap; in a submodule too
    let of = |text: &str| FileDigest(Sha256::of(text.as_bytes()));
    let pointing = |mut tree: SourceTreeRef, path: &str| {
        tree.pointers.insert(path.as_bytes().to_vec(), of("real"));
        tree
    };
    let tracked = [script(), file("logo", "pointer", 0o644)];
    let before = |entry: SnapshotEntry| observed(&[script(), entry], &[], 0);
    let source = pointing(tree(&tracked), "logo");
    let annotations = |made: &StepStatements, at: usize| {
        made.provenance.predicate["buildDefinition"]["resolvedDependencies"][at]["annotations"].clone()
    };
    let made = state(Some(source.clone()), &before(file("logo", "real", 0o644)), &[]);
    assert_eq!(material_names(&made), [TREE, "logo"]);
    assert_eq!((&annotations(&made, 0)["pointers"], &annotations(&made, 0)["modified"]), (&json!(1), &json!(0)));
    assert!(!gaps(&made, "materials").iter().any(|gap| gap.starts_with("tracked file")));
    let mut outer = with_submodules(&["a"], &[("a", inventory(&[file("logo", "pointer", 0o644)]))]);
    outer.submodules = outer.submodules.into_iter().map(|(path, tree)| (path, pointing(tree, "logo"))).collect();
    let made = state(Some(outer), &before(file("a/logo", "real", 0o644)), &[]);
    assert_eq!(annotations(&made, 1)["pointers"], 1);
    // fail: other content, a raised execute bit, a link
    for other in [file("logo", "other", 0o644), file("logo", "real", 0o755), link("logo", "real")] {
        let made = state(Some(source.clone()), &before(other.clone()), &[]);
        assert!(gaps(&made, "materials").contains(&"tracked file modified: logo".to_owned()), "{other:?}");
        assert!(annotations(&made, 0).get("pointers").is_none(), "{other:?}");
    }
}

#[test]
fn without_a_source_tree_every_file_is_a_material() {
    // pass: nothing collapses
    let made = state(None, &observed(&[script(), file("a", "1", 0o644)], &[], 0), &[]);
    assert_eq!(material_names(&made), ["a", "build.sh"]);
}

#[test]
fn declared_products_are_subjects_and_the_rest_byproducts() {
    // pass: a log is a byproduct, a link too; a product that did not change is a gap
    let before = [script(), file("dist/stale", "1", 0o644)];
    let after = [
        before[0].clone(),
        before[1].clone(),
        file("dist/app", "1", 0o755),
        file("log", "x", 0o644),
        link("dist/l", "app"),
    ];
    let made = state(None, &observed(&before, &after, 0), &["dist/*", "never"]);
    let names: Vec<_> = made.provenance.subject.iter().map(|subject| subject.name.clone().unwrap()).collect();
    assert_eq!(names, ["dist/app"]);
    assert_eq!(made.provenance.subject, made.step_actor.subject);
    let byproducts = made.provenance.predicate["runDetails"]["byproducts"].as_array().unwrap();
    assert_eq!(byproducts.iter().map(|by| by["name"].as_str().unwrap()).collect::<Vec<_>>(), ["dist/l", "log"]);
    assert!(gaps(&made, "products").contains(&"declared product did not change: never".to_owned()));
}

#[test]
fn a_failed_step_without_products_is_still_stated() {
    // pass: outcome failure, and a subject that is no file's digest
    let made = state(None, &observed(&[script()], &[script()], 3), &[]);
    let outcome = &made.step_actor.predicate["outcome"];
    assert_eq!(outcome, &json!({"status": "failure", "exitCode": 3}));
    assert_eq!(made.provenance.subject[0].name.as_deref(), Some("step:compile"));
    assert_ne!(made.provenance.subject[0].digest["sha256"], Sha256::of(b"").to_string());
}

#[test]
fn marks_and_simulated_surroundings_are_stated() {
    // pass: the rule's name and table; never a value
    let variables = [("CODEX_CI".into(), "s3cr3t".into())];
    let surroundings = Surroundings { simulated: true, ..Surroundings::read_from(variables, [], false) };
    let seen = observed(&[script()], &[script()], 0);
    let made = step_statements(&spec(None), &seen, &surroundings, &[]).unwrap();
    let predicate = &made.step_actor.predicate;
    assert_eq!(predicate["marks"][0]["rule"], "CODEX_CI");
    assert_eq!(predicate["surroundings"], "simulated");
    assert!(!predicate.to_string().contains("s3cr3t"));
}

#[test]
fn what_cannot_be_a_step_is_an_error() {
    // fail: kinds of another form, instructions that were not recorded
    let seen = observed(&[script()], &[script()], 0);
    let check = |spec: StepSpec| step_statements(&spec, &seen, &Surroundings::default(), &[]).unwrap_err();
    for kind in [StepKind::Edit, StepKind::Merge, StepKind::Sign, StepKind::Publish, StepKind::Promote] {
        assert!(matches!(check(StepSpec { kind, ..spec(None) }), StatementError::WrongKind { .. }), "{kind}");
    }
    let unknown = StepSpec { instructions: vec!["Makefile".into()], ..spec(None) };
    assert!(matches!(check(unknown), StatementError::NoInstructions { .. }));
}
