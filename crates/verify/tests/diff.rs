//! Two releases side by side: what differs, who had the last hand on it, and its cover in both.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use lasthand_lineage::presets;
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::inventory::{Inventory, Record};
use lasthand_model::limits::Limits;
use lasthand_model::wire::diff::{ChangeKind, ChangedPart, Diff, DiffChange};
use lasthand_model::wire::review::REVIEW;
use lasthand_verify::render::{self, Color, Style};
use lasthand_verify::{Evidence, Expectations, Verification, Verifier, diff};
use serde_json::{Value, json};
use support::layout::{Image, write_layout};
use support::{
    NOW, REPOSITORY, World, actor, agent, archive, landing, principal, signed, signed_step, statement, tree, tree_ref,
    trust,
};

const MAIN: &str = "refs/heads/main";
/// Path, content and mode.
type Files = Vec<(&'static str, &'static str, u32)>;

/// A history of landings, and evidence of it.
struct History {
    evidence: BTreeMap<String, Vec<u8>>,
    top: Inventory,
    last: Option<StatementDigest>,
    landings: u32,
}

impl History {
    fn new(start: &Inventory) -> Self {
        let mut history = Self { evidence: BTreeMap::new(), top: start.clone(), last: None, landings: 1 };
        history.add_inventory(start);
        history
    }

    fn add_inventory(&mut self, inventory: &Inventory) {
        self.evidence.insert(format!("inventories/{}.inv", inventory.root()), inventory.to_blob());
    }

    /// Lands a tree; `reviewed` by Ana or not at all.
    fn land(&mut self, files: &Files, author: Value, reviewed: bool) {
        let to = source(files);
        let (from, at) = (self.top.clone(), self.landings);
        let (before, after) = (at.to_string(), (at + 1).to_string());
        self.add_inventory(&to);
        let moved = landing(&from, &before, &to, &after, &[author], self.last);
        let (digest, bundle) = signed(&moved, "observer");
        self.evidence.insert(format!("landing-{at}.sigstore.json"), bundle);
        if reviewed {
            let review = json!({
                "repository": { "uri": REPOSITORY }, "targetRef": MAIN,
                "base": tree_ref(&from, &before), "head": tree_ref(&to, &after), "scope": ["**"],
                "reviewer": actor("approver", &principal("ana"), "user", "dsse-key"),
            });
            let review = signed(&statement("head", &to.root().0, REVIEW, &review), "ana").1;
            self.evidence.insert(format!("review-{at}.sigstore.json"), review);
        }
        (self.top, self.last, self.landings) = (to, Some(digest), at + 1);
    }

    /// Builds and packages what landed last, as `name`; gives the archive.
    fn release(&mut self, name: &str, files: &Files, program: &str) -> Vec<u8> {
        let digest = Sha256::of(program.as_bytes());
        self.add_step("build", name, "bin/app", &digest, &json!([]), &json!([]));
        let mut entries = vec![("app/bin/app", program, 0o755)];
        let placed: Vec<(String, &str, u32)> =
            files.iter().map(|(path, content, mode)| (format!("app/{path}"), *content, *mode)).collect();
        entries.extend(placed.iter().map(|(path, content, mode)| (path.as_str(), *content, *mode)));
        let bytes = archive(&entries);
        let file = json!([{ "name": "bin/app", "digest": { "sha256": digest.to_string() }, "annotations": { "mode": "755" } }]);
        self.add_step("package", name, name, &Sha256::of(&bytes), &file, &json!([{ "from": "", "to": "app/" }]));
        bytes
    }

    fn add_step(&mut self, kind: &str, of: &str, name: &str, product: &Sha256, files: &Value, map: &Value) {
        let (step, label) = signed_step(kind, name, product, &self.top, files, map);
        self.evidence.insert(format!("{of}-{kind}.sigstore.json"), step);
        self.evidence.insert(format!("{of}-{kind}-actor.sigstore.json"), label);
    }
}

fn source(files: &Files) -> Inventory {
    let plain: Vec<(&str, &str)> = files.iter().map(|(path, content, _)| (*path, *content)).collect();
    let mut records = tree(&plain).records().map(Record::to_record).collect::<Vec<_>>();
    for record in &mut records {
        let file = files.iter().find(|(path, _, _)| path.as_bytes() == record.path).unwrap();
        record.mode = file.2;
    }
    Inventory::from_records(records).unwrap()
}

fn start() -> Files {
    vec![
        ("LICENSE", "free", 0o644),
        ("Makefile", "all:", 0o644),
        ("NOTICE", "old", 0o644),
        ("docs/a.md", "one", 0o644),
        ("run.sh", "x", 0o644),
        ("src/main.c", "one", 0o644),
    ]
}

fn set(files: &mut Files, path: &str, content: &'static str, mode: u32) {
    let file = files.iter_mut().find(|(known, _, _)| *known == path).unwrap();
    (file.1, file.2) = (content, mode);
}

fn verify(world: &World, artifact: &str) -> Verification {
    let trust =
        lasthand_verify::LoadedTrust::from_file(&world.path("lasthand.trust.toml"), NOW, &Limits::DEFAULT).unwrap();
    let evidence = Evidence::gather(&[world.path("evidence")], &Limits::DEFAULT).unwrap();
    let expectations = Expectations::new(presets::standard(), NOW);
    Verifier::new(trust, Limits::DEFAULT).verify(&world.path(artifact), &evidence, &expectations, &mut |_| {}).unwrap()
}

/// Bo's change, reviewed, is released. Then an agent changes one file with review and one without, and Bo removes a file, adds one and
/// changes a mode, with review; that is released too.
fn two_releases() -> (Verification, Verification) {
    let bo = || actor("author", "mailto:bo@example.com", "user", "git-author");
    let coder = || agent("agent:coder-7", "mailto:bo@example.com");
    let mut files = start();
    let first = source(&files);
    let mut history = History::new(&first);
    set(&mut files, "docs/a.md", "two", 0o644);
    history.land(&files, bo(), true);
    let before = history.release("release-1.tar", &files, "program 1");
    set(&mut files, "src/main.c", "reviewed", 0o644);
    history.land(&files, coder(), true);
    set(&mut files, "docs/a.md", "not reviewed", 0o644);
    history.land(&files, coder(), false);
    files.retain(|(path, _, _)| *path != "NOTICE");
    files.push(("README", "new", 0o644));
    set(&mut files, "run.sh", "x", 0o755);
    history.land(&files, bo(), true);
    let after = history.release("release-2.tar", &files, "program 2");
    let folder = tempfile::tempdir().unwrap();
    let world = World { folder, evidence: history.evidence, trust: trust(&first), artifact: before.clone() };
    world.write().unwrap();
    fs::write(world.path("release-1.tar"), before).unwrap();
    fs::write(world.path("release-2.tar"), after).unwrap();
    (verify(&world, "release-1.tar"), verify(&world, "release-2.tar"))
}

fn find<'a>(diff: &'a Diff, path: &str) -> &'a DiffChange {
    diff.changes.iter().find(|change| change.path == path).unwrap()
}

#[test]
fn each_change_names_its_last_actors_and_cover() {
    // pass: agent reviewed, agent not reviewed, human, product; what differs is said of each
    let (a, b) = two_releases();
    let found = diff(&a, &b);
    let text = render::diff(&found, &b.facts.trust, Style::plain());
    insta::assert_snapshot!(text, @r#"
    DIFF 1 added, 1 removed, 4 changed, 2 unchanged; 3 agent-touched
      A        release-1.tar sha256:e51b93c13ba5: accepted
      B        release-2.tar sha256:eb829ab3869d: refused

    agent-touched
      changed app/bin/app: content
        A        clean (product), performer key:925b710d6cca (automation, level 3)
        B        violation (product), performer key:925b710d6cca (automation, level
                 3), author agent:coder-7 (agent, level 3)
      changed app/docs/a.md: content
        A        clean (path-map), author Bo (human, level 3), approver Ana (human,
                 level 3)
        B        violation (unreviewed), author agent:coder-7 (agent, level 3)
      changed app/src/main.c: content
        A        clean (path-map), nobody known
        B        clean (path-map), author agent:coder-7 (agent, level 3), approver
                 Ana (human, level 3)

    others
      removed app/NOTICE
        A        clean (path-map), nobody known
      added   app/README
        B        clean (path-map), author Bo (human, level 3), approver Ana (human,
                 level 3)
      changed app/run.sh: mode 644 to 755
        A        clean (path-map), nobody known
        B        clean (path-map), author Bo (human, level 3), approver Ana (human,
                 level 3)
    "#);
    let document = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Diff>(&document).unwrap(), found);
    let main = find(&found, "app/src/main.c");
    assert_eq!((main.change, main.what.as_slice()), (ChangeKind::Changed, [ChangedPart::Content].as_slice()));
    let side = main.b.as_ref().unwrap();
    assert!(side.landing.is_some() && side.review.is_some() && main.agent_touched);
    // The file was as it is when the history began.
    assert!(main.a.as_ref().unwrap().actors.is_empty());
    // What an agent touched later was covered in the release before.
    let docs = find(&found, "app/docs/a.md");
    assert_eq!(docs.a.as_ref().unwrap().actors[0].principal, "mailto:bo@example.com");
}

#[test]
fn an_artifact_does_not_differ_from_itself() {
    // pass: no change, every entry counted
    let (a, _) = two_releases();
    let found = diff(&a, &a);
    assert!(found.changes.is_empty());
    assert_eq!((found.counts.unchanged, found.counts.other_verdict), (7, 0));
}

#[test]
fn why_names_the_last_hand() {
    // pass: the landing that last changed the path, not the one that the release was made from
    let (a, b) = two_releases();
    let last = |verification: &Verification, path: &str| {
        let text = render::why(verification, path, Style::new(Color::Plain, 200)).unwrap();
        text.lines().find(|line| line.starts_with("  last by")).unwrap().trim().to_owned()
    };
    assert_eq!(last(&a, "app/src/main.c"), "last by  nobody known");
    assert_eq!(
        last(&b, "app/src/main.c"),
        "last by  author agent:coder-7 (agent, level 3), approver Ana (human, level 3)"
    );
    assert_eq!(
        last(&b, "app/bin/app"),
        "last by  performer key:925b710d6cca (automation, level 3), author agent:coder-7 (agent, level 3)"
    );
}

const BASE: &[(&str, &str, u32)] = &[("etc/os-release", "base", 0o644)];

fn image<'a>(architecture: &'a str, layers: &'a [&'a [(&'a str, &'a str, u32)]], entrypoint: &str) -> Image<'a> {
    Image { architecture, layers, config: json!({ "Entrypoint": [entrypoint] }) }
}

#[test]
fn images_are_compared_with_their_configuration() {
    // pass: a field and a file; an index beside an image is told apart by platform
    let world = World::accepted();
    world.write().unwrap();
    let (one, two) = ([BASE, &[("app", "1", 0o755)]], [BASE, &[("app", "2", 0o4755)]]);
    write_layout(&world.path("old"), &[image("amd64", &one, "/app")]);
    write_layout(&world.path("new"), &[image("amd64", &two, "/app2")]);
    write_layout(&world.path("both"), &[image("amd64", &one, "/app"), image("arm64", &one, "/app")]);
    let [old, new, both] = ["old", "new", "both"].map(|name| verify(&world, name));
    let found = diff(&old, &new);
    let entrypoint = find(&found, "config:Entrypoint");
    assert_eq!(
        (entrypoint.change, entrypoint.what.as_slice()),
        (ChangeKind::Changed, [ChangedPart::Content].as_slice())
    );
    assert_eq!(find(&found, "app").what, [ChangedPart::Content, ChangedPart::Mode]);
    assert_eq!((found.changes.len(), found.counts.unchanged), (2, 1));
    assert!(render::diff(&found, &new.facts.trust, Style::plain()).contains("nobody known"));
    // The platform of the image is known, so only the other one is new.
    let found = diff(&old, &both);
    assert!(found.changes.iter().all(|change| change.platform.as_deref() == Some("linux/arm64")));
    assert_eq!((found.counts.added, found.counts.unchanged), (3, 3));
}

#[test]
fn what_a_base_gives_is_named_by_it() {
    // pass: the base is a trusted material of the package step; fail: nothing, it is only told whose it is
    let mut world = World::accepted();
    let layers = [BASE, &[("app/LICENSE", "free", 0o644)]];
    let made = write_layout(&world.path("image"), &[image("amd64", &layers, "/app")])[0];
    let layer = Sha256::of(&archive(BASE));
    let reviewed = tree(&[("LICENSE", "free"), ("Makefile", "all:"), ("src/main.c", "two")]);
    let base = json!([{ "name": "base.tar", "digest": { "sha256": layer.to_string() } }]);
    let map = json!([{ "from": "LICENSE", "to": "app/LICENSE" }]);
    let (step, label) = signed_step("package", "image", &made, &reviewed, &base, &map);
    world.evidence.insert("image.sigstore.json".to_owned(), step);
    world.evidence.insert("image-actor.sigstore.json".to_owned(), label);
    world.trust.push_str(&format!(
        "\n[[trusted_input]]\ndigest = \"{layer}\"\nas = \"base\"\nproducts = [\"app\"]\nreason = \"the base\"\nexpires = 2099-01-01T00:00:00Z\n"
    ));
    world.write().unwrap();
    write_layout(&world.path("empty"), &[image("amd64", &[], "/app")]);
    let after = verify(&world, "image");
    let found = diff(&verify(&world, "empty"), &after);
    let from_base = find(&found, "etc/os-release").b.as_ref().unwrap();
    assert_eq!((from_base.rule.as_str(), from_base.base.as_deref()), ("base", Some("base.tar")));
    assert!(render::diff(&found, &after.facts.trust, Style::plain()).contains("base base.tar"));
}
