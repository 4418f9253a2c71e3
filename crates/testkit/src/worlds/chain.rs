//! A good world: the preset, the trust file, the history, and how the artifact comes from its tip.

use std::collections::BTreeMap;

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, FileDigest, Sha256, StatementDigest};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Act, Body, Bound, EntryFact, External, Facts, IndexMember, Inputs, Label, List, ListEntry, ListKind, Material,
    NamedDigest, PathRule, Pin, Preset, ProductRow, Question, RequiredAct, SignerMethod, SourceTree, Step, StepActor,
    TreeRef, TrustFacts, TrustedInputRow, WaiverRow,
};

use super::images;
use super::outside;
use super::parts::{
    APP, BUILDER, MAIN, NOW, OBSERVER, REL, REPO, actor, ci, credential, digest, entries_of, folder, identities, link,
    persons, push, signer, words,
};
use super::rng::Rng;
use super::source::{Tip, history};

/// Digest number of the artifact asked for.
pub(super) const ASKED: u64 = 500;

/// Draws a world in which, as a rule, the artifact is accepted.
pub(super) fn good(rng: &mut Rng) -> Facts {
    let mut facts = empty(rng);
    let tip = history(&mut facts, rng);
    match rng.below(12) {
        0 => source_archive(&mut facts, rng, &tip),
        1 | 2 => index(&mut facts, rng, &tip),
        3 | 4 => build(&mut facts, rng, &tip, digest(ASKED), "app.bin"),
        5 => built_image(&mut facts, rng, &tip),
        _ => package(&mut facts, rng, &tip, digest(ASKED)),
    }
    acts(&mut facts, rng);
    lists(&mut facts, rng);
    let demanded = facts.preset.require_credential;
    let some = rng.chance(30);
    for (n, statement) in (0..).zip(&mut facts.statements) {
        if matches!(statement.body, Body::StepActor(_) | Body::Act(_)) && (demanded || some) {
            statement.credential = Some(credential(n));
        }
    }
    if rng.chance(5) {
        facts.trust.accept_simulated = true;
        let at = rng.below(facts.statements.len());
        facts.statements[at].simulated = true;
    }
    weak_references(&mut facts, rng);
    facts
}

fn empty(rng: &mut Rng) -> Facts {
    let product = ProductRow {
        name: APP.to_owned(),
        repositories: words(&[REPO, "git/lib"]),
        refs: words(&[MAIN, REL]),
        builders: words(&["ci#*"]),
        artifacts: words(&["app*"]),
        parameters: BTreeMap::from([("target".to_owned(), "x86_64-*".to_owned())]),
        required: Vec::new(),
        onboarding: Vec::new(),
        solo: rng.chance(25),
    };
    Facts {
        facts_version: 1,
        now: NOW,
        question: Question {
            product: APP.to_owned(),
            digest: ArtifactDigest(digest(ASKED)),
            index: None,
            artifact_name: rng.chance(30).then(|| "app.img".to_owned()),
            target: rng.chance(40).then(|| "prod".to_owned()),
        },
        preset: preset(rng),
        trust: TrustFacts {
            identities: identities(rng),
            persons: persons(),
            products: vec![product],
            ..TrustFacts::default()
        },
        statements: Vec::new(),
        inventories: BTreeMap::new(),
        indexes: BTreeMap::new(),
        locks: BTreeMap::new(),
        pointers: BTreeMap::new(),
        images: BTreeMap::new(),
        configs: BTreeMap::new(),
    }
}

fn preset(rng: &mut Rng) -> Preset {
    let standard = Preset {
        name: "standard".to_owned(),
        reviewer_level: 3,
        approver_level: 4,
        builder_level: 3,
        allow_labels: vec![Label::InputsNotBounded, Label::UnpinnedInput, Label::PresenceUnproven, Label::Sha1Join],
        require_lists: Vec::new(),
        revocations_seconds: None,
        human_duties: false,
        refuse_reverted: false,
        credential_seconds: None,
        require_credential: false,
        report_only: false,
    };
    let every = [
        Label::InputsNotBounded,
        Label::UnpinnedInput,
        Label::Sha1Join,
        Label::AgentMarks,
        Label::PresenceUnproven,
        Label::Solo,
    ];
    match rng.below(5) {
        0 => Preset { name: "observe".to_owned(), reviewer_level: 2, allow_labels: every.to_vec(), ..standard },
        1 | 2 => standard,
        3 => Preset {
            name: "strict".to_owned(),
            reviewer_level: 4,
            allow_labels: Vec::new(),
            require_lists: vec![ListKind::Revocation, ListKind::Withdrawal, ListKind::Released],
            revocations_seconds: Some(100),
            human_duties: true,
            refuse_reverted: true,
            credential_seconds: Some(3600),
            require_credential: true,
            ..standard
        },
        _ => {
            let kinds = [ListKind::Revocation, ListKind::Withdrawal, ListKind::Released];
            Preset {
                name: "drawn".to_owned(),
                reviewer_level: 2 + u8::from(rng.chance(50)),
                approver_level: 2 + u8::from(rng.chance(50)),
                builder_level: 3 + u8::from(rng.chance(30)),
                allow_labels: every.into_iter().filter(|_| rng.chance(65)).collect(),
                require_lists: kinds.into_iter().filter(|_| rng.chance(25)).collect(),
                human_duties: rng.chance(50),
                refuse_reverted: rng.chance(50),
                credential_seconds: rng.chance(50).then_some(7200),
                require_credential: rng.chance(30),
                ..standard
            }
        }
    }
}

fn source(tip: &Tip) -> Material {
    Material::Tree(SourceTree { repository: REPO.to_owned(), tree: tip.tree.clone() })
}

fn named(name: &str, digest: Sha256) -> NamedDigest {
    NamedDigest { name: name.to_owned(), digest, mode: None }
}

/// The digest of a file of the tip.
fn content(facts: &Facts, tree: &TreeRef, path: &str) -> Option<Sha256> {
    entries_of(facts, tree).iter().find(|entry| entry.path == path).and_then(|entry| entry.sha256).map(|sha| sha.0)
}

fn step(facts: &Facts, rng: &mut Rng, tip: &Tip, kind: StepKind, product: NamedDigest) -> Step {
    let instruction = content(facts, &tip.tree, "ci/build.yml").unwrap_or_else(|| digest(3));
    let mut parameters = BTreeMap::new();
    if rng.chance(30) {
        parameters.insert("target".to_owned(), "x86_64-linux".to_owned());
    }
    if rng.chance(30) {
        parameters.insert("ref".to_owned(), MAIN.to_owned());
    }
    Step {
        kind,
        only_on_success: rng.chance(60),
        materials: vec![source(tip)],
        products: vec![product],
        instructions: vec![named("ci/build.yml", instruction)],
        parameters,
    }
}

/// Enters a step and, where one is needed or drawn, its label.
fn enter_step(facts: &mut Facts, rng: &mut Rng, step: Step, path_map: Vec<PathRule>) {
    let (kind, sure) = (step.kind, step.only_on_success);
    let labels = push(facts, ci(BUILDER), Body::Step(step));
    let row = facts.trust.identities.iter().find(|row| row.principal == BUILDER);
    let declared = row.is_some_and(|row| row.inputs == Inputs::Declared);
    let alone = row.is_some_and(|row| row.actors_complete)
        && (declared && facts.preset.allow_labels.contains(&Label::InputsNotBounded))
        && sure
        && path_map.is_empty()
        && !facts.preset.require_credential;
    if !(alone && rng.chance(80)) {
        label(facts, rng, labels, kind, path_map);
    }
}

fn label(facts: &mut Facts, rng: &mut Rng, labels: StatementDigest, kind: StepKind, path_map: Vec<PathRule>) {
    let body = StepActor {
        labels,
        kind,
        product: rng.chance(60).then(|| APP.to_owned()),
        actors: vec![actor(Role::Performer, BUILDER, ActorKind::Automation)],
        actors_complete: true,
        instructions: Vec::new(),
        parameters: BTreeMap::new(),
        materials_bound: if rng.chance(70) { Bound::Exact } else { Bound::Upper },
        materials_gaps: Vec::new(),
        success: Some(true),
        path_map,
        marks: Vec::new(),
    };
    let by = if rng.chance(25) { OBSERVER } else { BUILDER };
    push(facts, ci(by), Body::StepActor(body));
}

/// Materials beside the tree, each clean in its own way.
fn inputs(facts: &mut Facts, rng: &mut Rng, tip: &Tip, step: &mut Step) {
    if rng.chance(25)
        && let Some(own) = content(facts, &tip.tree, "src/a")
    {
        step.materials.push(Material::File(named("src/a", own)));
    }
    if rng.chance(30) {
        let lock = content(facts, &tip.tree, "Cargo.lock").unwrap_or_else(|| digest(4));
        let pin = Pin { name: "serde-1.crate".to_owned(), digest: digest(600) };
        facts.locks.insert(FileDigest(lock), vec![pin]);
        let uri = "https://example.com/serde".to_owned();
        step.materials.push(if rng.chance(50) {
            Material::External(External { uri, name: Some("serde-1.crate".to_owned()), digest: Some(digest(600)) })
        } else {
            Material::File(named("vendor/serde-1.crate", digest(600)))
        });
    }
    if rng.chance(25) {
        trust_input(facts, digest(601), if rng.chance(50) { "toolchain" } else { "base" });
        step.materials.push(Material::File(named("tools/rustc", digest(601))));
        let toolchain =
            facts.trust.trusted_inputs.iter().any(|row| row.used_as == "toolchain" && row.digest == digest(601));
        if toolchain && rng.chance(50) {
            step.instructions.push(named("tools/rustc", digest(601)));
        }
    }
    if facts.preset.allow_labels.contains(&Label::UnpinnedInput) && rng.chance(25) {
        let uri = "https://example.com/data".to_owned();
        let name = rng.chance(60).then(|| "data".to_owned());
        let fetched = Step {
            kind: StepKind::Fetch,
            only_on_success: true,
            materials: Vec::new(),
            products: vec![named(name.as_deref().unwrap_or(&uri), digest(602))],
            instructions: Vec::new(),
            parameters: BTreeMap::new(),
        };
        push(facts, ci(OBSERVER), Body::Step(fetched));
        step.materials.push(if name.is_some() && rng.chance(40) {
            Material::File(named("data", digest(602)))
        } else {
            Material::External(External { uri, name, digest: Some(digest(602)) })
        });
    }
    outside::inputs(facts, rng, &tip.tree, step);
}

pub(super) fn trust_input(facts: &mut Facts, digest: Sha256, used_as: &str) {
    let row = TrustedInputRow { digest, used_as: used_as.to_owned(), products: words(&["app"]), expires: NOW + 900 };
    facts.trust.trusted_inputs.push(row);
}

fn build(facts: &mut Facts, rng: &mut Rng, tip: &Tip, product: Sha256, name: &str) {
    let mut step = step(facts, rng, tip, StepKind::Build, named(name, product));
    inputs(facts, rng, tip, &mut step);
    enter_step(facts, rng, step, Vec::new());
}

/// A build of an image as one product, known by its config or by its manifest.
fn built_image(facts: &mut Facts, rng: &mut Rng, tip: &Tip) {
    images::enter(facts, digest(ASKED), images::CONFIG, &[images::OWN]);
    let by_config = rng.chance(75);
    build(facts, rng, tip, if by_config { digest(images::CONFIG) } else { digest(ASKED) }, "app.img");
}

/// A package of the tree's sources and, mostly, of a build's product.
fn package(facts: &mut Facts, rng: &mut Rng, tip: &Tip, product: Sha256) {
    let mut packaging = step(facts, rng, tip, StepKind::Package, named("app.img", product));
    let mut map = vec![PathRule { from: "src/".to_owned(), to: "opt/src/".to_owned() }];
    let mut shipped: Vec<EntryFact> = Vec::new();
    for entry in entries_of(facts, &tip.tree) {
        if entry.path.starts_with("src/") {
            shipped.push(EntryFact { path: format!("opt/{}", entry.path), ..entry });
        }
    }
    if rng.chance(30) {
        map.push(PathRule { from: "run.sh".to_owned(), to: "run.sh".to_owned() });
        shipped.extend(entries_of(facts, &tip.tree).into_iter().filter(|entry| entry.path == "run.sh"));
    }
    if rng.chance(65) {
        if !facts
            .statements
            .iter()
            .any(|statement| matches!(&statement.body, Body::Step(step) if step.kind == StepKind::Build))
        {
            build(facts, rng, tip, digest(510), "app.bin");
        }
        let mode = rng.chance(95).then_some(0o755);
        packaging.materials.push(Material::File(NamedDigest { mode, ..named("app.bin", digest(510)) }));
        map.push(PathRule { from: "app.bin".to_owned(), to: "bin/app".to_owned() });
        let mut binary = super::parts::file("bin/app", 0, 0o755);
        binary.sha256 = Some(FileDigest(digest(510)));
        shipped.extend([folder("bin"), binary]);
        if rng.chance(20) {
            map.push(PathRule { from: "app.bin".to_owned(), to: "bin/hard".to_owned() });
            shipped.push(EntryFact { mode: 0o755, ..link("bin/hard", "bin/app", EntryType::Hardlink) });
        }
    } else {
        inputs(facts, rng, tip, &mut packaging);
        outside::ship(&packaging, rng, &mut map, &mut shipped);
    }
    if rng.chance(40) && shipped.iter().any(|entry| entry.path.starts_with("opt/")) {
        shipped.push(folder("opt"));
    }
    if rng.chance(55) {
        images::wrap(facts, rng, &mut packaging, &mut map, &mut shipped);
    }
    facts.inventories.insert(product, shipped.into());
    enter_step(facts, rng, packaging, map);
}

fn source_archive(facts: &mut Facts, rng: &mut Rng, tip: &Tip) {
    let prefix = if rng.chance(60) { "app-1/" } else { "" };
    let mut left_out = None;
    if rng.chance(30) {
        for statement in &mut facts.statements {
            if let Body::Landing(landing) = &mut statement.body {
                landing.export_ignore = words(&["ci"]);
                left_out = Some("ci/");
            }
        }
    }
    let mut shipped: Vec<EntryFact> = Vec::new();
    for entry in entries_of(facts, &tip.tree) {
        let kept = left_out.is_none_or(|folder| !entry.path.starts_with(folder));
        if kept && entry.entry_type != EntryType::Submodule {
            shipped.push(EntryFact { path: format!("{prefix}{}", entry.path), ..entry });
        }
    }
    if !prefix.is_empty() {
        shipped.push(folder("app-1"));
    }
    facts.inventories.insert(digest(ASKED), shipped.into());
}

fn index(facts: &mut Facts, rng: &mut Rng, tip: &Tip) {
    let member =
        |n: u64, platform: &str| IndexMember { digest: ArtifactDigest(digest(n)), platform: platform.to_owned() };
    let mut members = vec![member(501, "linux/amd64")];
    package(facts, rng, tip, digest(501));
    if rng.chance(50) {
        build(facts, rng, tip, digest(502), "app-arm");
        members.push(member(502, "linux/arm64"));
    }
    if rng.chance(40) {
        members.push(member(503, "unknown/unknown"));
    }
    facts.indexes.insert(ArtifactDigest(digest(ASKED)), members);
}

fn acts(facts: &mut Facts, rng: &mut Rng) {
    if !rng.chance(30) {
        return;
    }
    let target = rng.chance(50).then(|| "registry".to_owned());
    facts.trust.products[0].required.push(RequiredAct { action: StepKind::Publish, target: target.clone() });
    let act = Act {
        action: StepKind::Publish,
        product: APP.to_owned(),
        digest: ArtifactDigest(digest(ASKED)),
        target,
        actors: vec![actor(Role::Performer, BUILDER, ActorKind::Automation)],
        actors_complete: true,
        marks: Vec::new(),
    };
    push(facts, ci(BUILDER), Body::Act(act));
}

fn lists(facts: &mut Facts, rng: &mut Rng) {
    for kind in [ListKind::Revocation, ListKind::Withdrawal, ListKind::Released] {
        if !facts.preset.require_lists.contains(&kind) && !rng.chance(15) {
            continue;
        }
        let entries = match kind {
            ListKind::Revocation => {
                vec![ListEntry::Identity { principal: BUILDER.to_owned(), from: Some(NOW - 400), until: None }]
            }
            ListKind::Withdrawal => vec![ListEntry::Artifact(ArtifactDigest(digest(599)))],
            ListKind::Released => {
                let by_config = facts.images.contains_key(&ArtifactDigest(digest(images::CONFIG))) && rng.chance(50);
                let digest = ArtifactDigest(digest(if by_config { images::CONFIG } else { ASKED }));
                vec![ListEntry::Released { target_ref: MAIN.to_owned(), digest }]
            }
        };
        let list = List {
            kind,
            scope: if rng.chance(50) { "app".to_owned() } else { "*".to_owned() },
            issued_at: NOW - 100,
            fresh_until: NOW + 100,
            sequence: 7,
            entries,
        };
        push(facts, signer(SignerMethod::Key, "lister"), Body::List(list));
    }
    if rng.chance(5) {
        facts.trust.waivers.push(WaiverRow {
            finding: *rng.pick(&[Label::InputsNotBounded, Label::UnpinnedInput, Label::PresenceUnproven, Label::Solo]),
            products: words(&["app"]),
            reason: "until the move is done".to_owned(),
            expires: NOW + 50,
        });
    }
}

/// Some references keep only their git id, so that the landings must join them.
fn weak_references(facts: &mut Facts, rng: &mut Rng) {
    if !facts.preset.allow_labels.contains(&Label::Sha1Join) || !rng.chance(30) {
        return;
    }
    for statement in &mut facts.statements {
        match &mut statement.body {
            Body::Review(review) => {
                review.head.root = None;
                if let Some(base) = &mut review.base {
                    base.root = None;
                }
            }
            Body::Step(step) => {
                for material in &mut step.materials {
                    if let Material::Tree(tree) = material {
                        tree.tree.root = None;
                    }
                }
            }
            _ => {}
        }
    }
}
