//! Defects of steps, artifacts, lists, acts and approvals.

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, FileDigest};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Approval, Body, Bound, EntryFact, External, Facts, IndexMember, Inputs, Label, ListEntry, Material, NamedDigest,
    SignerMethod, SourceTree, WaiverRow,
};

use super::chain::{ASKED, trust_input};
use super::defects::{Defect, with, with_statement};
use super::defects_source::{change_row, disallow, listed, remove};
use super::parts::{
    AGENT, APP, BUILDER, BYSTANDERS, HUMANS, MAIN, NOW, OBSERVER, REL, actor, ci, digest, enter, file, folder,
    hardware, push, signer, words,
};
use super::rng::Rng;

pub(super) const ALL: &[Defect] = &[
    ("step-kind: a test", |f, r| {
        let kind = *r.pick(&[StepKind::Test, StepKind::Configure, StepKind::Edit]);
        with!(f, r, Step, |it| it.kind = kind)
    }),
    ("step-kind: label of another", |f, r| with!(f, r, StepActor, |it| it.kind = StepKind::Test)),
    ("step-authority: row", |f, r| match r.below(4) {
        0 => change_row(f, BUILDER, |row| row.may.retain(|word| word != "build" && word != "package")),
        1 => change_row(f, BUILDER, |row| row.products = words(&["other"])),
        2 => change_row(f, BUILDER, |row| row.repositories = words(&["git/other"])),
        _ => change_row(f, BUILDER, |row| row.kind = ActorKind::Human),
    }),
    ("step-authority: not a builder of it", |f, _| {
        f.trust.products[0].builders = words(&["ci#other"]);
        true
    }),
    ("step-authority: signed by an agent", |f, r| {
        with_statement!(f, r, Step, |it| it.signers = vec![signer(SignerMethod::X509Svid, AGENT)])
    }),
    ("step-level", |f, r| match r.below(2) {
        0 => change_row(f, BUILDER, |row| row.max_level = 2),
        _ => change_row(f, BUILDER, |row| row.isolated = false),
    }),
    ("step-product: another", |f, r| with!(f, r, StepActor, |it| it.product = Some("other".to_owned()))),
    ("step-product: name not ours", |f, _| {
        f.trust.products[0].artifacts = words(&["other*"]);
        true
    }),
    ("performers: not complete", |f, r| with!(f, r, StepActor, |it| it.actors_complete = false)),
    ("performers: none", |f, r| with!(f, r, StepActor, |it| it.actors.clear())),
    ("performers: label gone", |f, r| remove(f, r, |body| matches!(body, Body::StepActor(_)))),
    ("performers: label of a stranger", |f, r| {
        with_statement!(f, r, StepActor, |it| it.signers = vec![signer(SignerMethod::X509Svid, AGENT)])
    }),
    ("performers: observer without `step`", |f, _| {
        change_row(f, OBSERVER, |row| row.observer.retain(|word| word != "step"))
    }),
    ("automation-only: an agent", |f, r| {
        let kind = *r.pick(&[ActorKind::Agent, ActorKind::Human, ActorKind::Unknown]);
        with!(f, r, StepActor, |it| it.actors.push(actor(Role::Performer, "agent:x", kind)))
    }),
    ("automation-only: seen by no observer", |f, r| {
        with!(f, r, StepActor, |it| {
            for actor in &mut it.actors {
                (actor.method, actor.principal) = ("env".to_owned(), "ci#runner".to_owned());
            }
        })
    }),
    ("automation-only: an agent's own label", |f, r| {
        let found = f.statements.iter().find_map(|statement| match &statement.body {
            Body::StepActor(label) => Some(label.clone()),
            _ => None,
        });
        let kind = *r.pick(&[ActorKind::Agent, ActorKind::Automation]);
        found.is_some_and(|mut label| {
            label.actors = vec![actor(Role::Performer, "agent:x", kind)];
            push(f, signer(SignerMethod::X509Svid, AGENT), Body::StepActor(label));
            true
        })
    }),
    ("no-marks: marks", |f, r| with!(f, r, StepActor, |it| it.marks = words(&["CLAUDECODE"]))),
    ("success: failed", |f, r| with!(f, r, StepActor, |it| it.success = Some(false))),
    ("success: not said", |f, r| with!(f, r, StepActor, |it| it.success = None)),
    ("success: type says nothing", |f, r| with!(f, r, Step, |it| it.only_on_success = false)),
    ("has-materials: none", |f, r| with!(f, r, Step, |it| it.materials.clear())),
    ("instructions: none", |f, r| with!(f, r, Step, |it| it.instructions.clear())),
    ("instructions: not in the tree", |f, r| {
        let n = 700 + u64::from(r.chance(50));
        with!(f, r, Step, |it| it.instructions.push(NamedDigest {
            name: "ci/build.yml".to_owned(),
            digest: digest(n),
            mode: None
        }))
    }),
    ("instructions: toolchain", |f, r| {
        for row in &mut f.trust.trusted_inputs {
            row.used_as = "base".to_owned();
        }
        with!(f, r, Step, |it| it.instructions.push(NamedDigest {
            name: "tools/rustc".to_owned(),
            digest: digest(601),
            mode: None
        }))
    }),
    ("parameters: free", parameters),
    ("parameters: free, in the label", |f, r| {
        with!(f, r, StepActor, |it| it.parameters.insert("flags".to_owned(), "--evil".to_owned()))
    }),
    ("parameters: repository or ref", |f, r| {
        let value = *r.pick(&[MAIN, REL, "git/app", "git/lib"]);
        with!(f, r, Step, |it| it.parameters.insert("source".to_owned(), value.to_owned()))
    }),
    ("parameters: a command", |f, r| {
        let value = *r.pick(&[
            "ci/build.yml",
            "sh ci/build.yml",
            "python3 ci/build.yml",
            "node tools/rustc",
            "bash  ci/build.yml",
            "ruby ci/build.yml",
            "sh ci/build.yml --evil",
            "sh src/a",
            "sh ",
        ]);
        let name = if r.chance(85) { "command" } else { "commands" };
        if r.chance(25) {
            return with!(f, r, StepActor, |it| it.parameters.insert(name.to_owned(), value.to_owned()));
        }
        with!(f, r, Step, |it| it.parameters.insert(name.to_owned(), value.to_owned()))
    }),
    ("one-revision: two", |f, r| {
        let tree = f.statements.iter().find_map(|statement| match &statement.body {
            Body::Landing(landing) => landing.from.clone().or_else(|| Some(landing.to.clone())),
            _ => None,
        });
        let material = tree.map(|tree| Material::Tree(SourceTree { repository: "git/app".to_owned(), tree }));
        material.is_some_and(|material| with!(f, r, Step, |it| it.materials.push(material)))
    }),
    ("source-mapped: not ours", |f, r| {
        with!(f, r, Step, |it| {
            for material in &mut it.materials {
                if let Material::Tree(tree) = material {
                    tree.repository = "git/other".to_owned();
                }
            }
        })
    }),
    ("bounded: gaps", |f, r| with!(f, r, StepActor, |it| it.materials_gaps = words(&["io_uring"]))),
    ("bounded: lower", |f, r| {
        if r.chance(40) {
            change_row(f, BUILDER, |row| row.inputs = Inputs::Declared);
        }
        with!(f, r, StepActor, |it| it.materials_bound = Bound::Lower)
    }),
    ("bounded: label not allowed", |f, _| disallow(f, Label::InputsNotBounded)),
    ("materials-clean: unknown file", |f, r| {
        with!(f, r, Step, |it| it.materials.push(Material::File(NamedDigest {
            name: "x".to_owned(),
            digest: digest(701),
            mode: None
        })))
    }),
    ("materials-clean: external without digest", |f, r| {
        let external =
            External { uri: "https://example.com/x".to_owned(), name: None, digest: r.chance(40).then(|| digest(702)) };
        with!(f, r, Step, |it| it.materials.push(Material::External(external)))
    }),
    ("tree-covered: not landed", |f, r| {
        let tree = enter(f, vec![file("src/a", 93, 0o644), file("ci/build.yml", 3, 0o644)]);
        with!(f, r, Step, |it| {
            for material in &mut it.materials {
                if let Material::Tree(source) = material {
                    source.tree = tree.clone();
                }
            }
        })
    }),
    ("own-entry: another content", |f, r| {
        let path = *r.pick(&["src/a", "src/l", "run.sh"]);
        let n = if path == "run.sh" { 5 } else { 94 };
        with!(f, r, Step, |it| it.materials.push(Material::File(NamedDigest {
            name: path.to_owned(),
            digest: digest(n),
            mode: None
        })))
    }),
    ("trusted-input: expired, other product or gone", |f, r| {
        let how = r.below(3);
        let there = !f.trust.trusted_inputs.is_empty();
        match how {
            0 => f.trust.trusted_inputs.iter_mut().for_each(|row| row.expires = NOW),
            1 => f.trust.trusted_inputs.iter_mut().for_each(|row| row.products = words(&["other"])),
            _ => f.trust.trusted_inputs.clear(),
        }
        there
    }),
    ("pinned: wrong name or digest", |f, r| {
        let name = r.chance(50);
        let pins = f.locks.values_mut().flatten();
        pins.map(|pin| if name { pin.name = "serde-2.crate".to_owned() } else { pin.digest = digest(703) }).count() > 0
    }),
    ("product-of-step: build gone", |f, r| {
        remove(f, r, |body| matches!(body, Body::Step(step) if step.kind == StepKind::Build))
    }),
    ("product-of-step: other name", |f, r| with!(f, r, Step, |it| it.products[0].name = "app.other".to_owned())),
    ("product-of-step: made from another tree", |f, r| {
        let of_build = !r.chance(30);
        let trees: Vec<_> = f.statements.iter().filter_map(landed_tree).collect();
        if trees.is_empty() {
            return false;
        }
        let tree = r.pick(&trees).clone();
        let steps = f.statements.iter_mut().filter_map(|statement| match &mut statement.body {
            Body::Step(step) if (step.kind == StepKind::Build) == of_build => Some(step),
            _ => None,
        });
        let materials = steps.flat_map(|step| &mut step.materials);
        let changed = materials.filter_map(|material| match material {
            Material::Tree(source) => Some(source),
            _ => None,
        });
        changed.map(|source| source.tree = tree.clone()).count() > 0
    }),
    ("product-of-step: made from one tree more", |f, r| {
        let tree = enter(f, Vec::new());
        let material = Material::Tree(SourceTree { repository: "git/lib".to_owned(), tree });
        let both = r.chance(40);
        // The empty tree is covered where it has landed.
        let landing = f.statements.iter().find(|it| matches!(it.body, Body::Landing(_))).cloned();
        let Some((signers, Body::Landing(mut landing))) = landing.map(|it| (it.signers, it.body)) else { return false };
        landing.repository = "git/lib".to_owned();
        (landing.from, landing.prev, landing.merge_of) = (None, None, None);
        landing.to = enter(f, Vec::new());
        push(f, signers[0].clone(), Body::Landing(landing));
        let mut added = false;
        for statement in &mut f.statements {
            if let Body::Step(step) = &mut statement.body
                && (step.kind == StepKind::Build || (both && step.kind == StepKind::Package))
            {
                step.materials.push(material.clone());
                added = true;
            }
        }
        added
    }),
    ("fetched: under another name", |f, r| {
        let name = *r.pick(&["data", "data.old", "https://example.com/data"]);
        if r.chance(50) {
            let fetches = f.statements.iter_mut().filter_map(|it| match &mut it.body {
                Body::Step(step) if step.kind == StepKind::Fetch => step.products.first_mut(),
                _ => None,
            });
            return fetches.map(|product| product.name = name.to_owned()).count() > 0;
        }
        let mut there = false;
        for statement in &mut f.statements {
            let Body::Step(step) = &mut statement.body else { continue };
            for material in &mut step.materials {
                match material {
                    Material::External(it) if it.digest == Some(digest(602)) => it.name = Some(name.to_owned()),
                    Material::File(it) if it.digest == digest(602) => it.name = name.to_owned(),
                    _ => continue,
                }
                there = true;
            }
        }
        there
    }),
    ("fetched: no fetch", |f, r| match r.below(2) {
        0 => remove(f, r, |body| matches!(body, Body::Step(step) if step.kind == StepKind::Fetch)),
        _ => change_row(f, OBSERVER, |row| row.may.retain(|word| word != "fetch")),
    }),
    ("fetched: label not allowed", |f, _| disallow(f, Label::UnpinnedInput)),
    ("goal: another digest", |f, r| {
        f.question.digest = ArtifactDigest(digest(if r.chance(50) { 999 } else { 510 }));
        true
    }),
    ("package-compare: content", |f, r| {
        entry(f, r, |entry, _| entry.sha256 = entry.sha256.map(|_| FileDigest(digest(704))))
    }),
    ("package-compare: raised", |f, r| {
        entry(f, r, |entry, rng| match rng.below(6) {
            0 => entry.mode |= 0o4000,
            1 => entry.mode |= 0o111,
            2 => entry.mode |= 0o002,
            3 => entry.uid = 1000,
            4 => drop(entry.xattrs.insert("security.capability".to_owned(), "01".to_owned())),
            _ => entry.device = Some((1, 3)),
        })
    }),
    ("package-compare: type", |f, r| {
        entry(f, r, |entry, rng| {
            entry.entry_type =
                *rng.pick(&[EntryType::Whiteout, EntryType::Fifo, EntryType::Symlink, EntryType::Hardlink]);
        })
    }),
    ("package-compare: extra", |f, r| {
        let extra = if r.chance(70) { file("etc/extra", 705, 0o644) } else { folder("etc") };
        some_container(f, r).map(|entries| entries.push(extra)).is_some()
    }),
    ("package-compare: missing", |f, r| {
        let at = r.next_u64();
        some_container(f, r).filter(|entries| !entries.is_empty()).is_some_and(|entries| {
            let at = usize::try_from(at % u64::try_from(entries.len()).unwrap_or(1)).unwrap_or(0);
            entries.remove(at);
            true
        })
    }),
    ("package-compare: a trusted input in the product", |f, r| {
        let used_as = *r.pick(&["toolchain", "base", "dependency"]);
        trust_input(f, digest(605), used_as);
        if r.chance(20) {
            trust_input(f, digest(605), "dependency");
        }
        let shipped = r.chance(75);
        let asked = if f.inventories.contains_key(&digest(501)) { 501 } else { ASKED };
        let inside = f.inventories.get_mut(&digest(asked)).map(|entries| {
            if shipped {
                entries.push(file("opt/src/rt", 605, 0o644));
            }
        });
        let steps = f.statements.iter_mut().filter_map(|it| match &mut it.body {
            Body::Step(step) if step.kind == StepKind::Package => Some(step),
            _ => None,
        });
        let file = || Material::File(NamedDigest { name: "src/rt".to_owned(), digest: digest(605), mode: None });
        steps.map(|step| step.materials.push(file())).count() > 0 && inside.is_some()
    }),
    ("package-compare: map", |f, r| {
        let how = r.below(3);
        with!(f, r, StepActor, |it| match how {
            0 => it.path_map.clear(),
            1 => it.path_map.truncate(1),
            _ => it.path_map.iter_mut().for_each(|rule| rule.to = "usr/".to_owned()),
        })
    }),
    ("package-compare: inventory missing", |f, r| {
        let n = *r.pick(&[ASKED, 501]);
        f.inventories.remove(&digest(n)).is_some()
    }),
    ("source-archive: export-ignore", |f, r| with!(f, r, Landing, |it| it.export_ignore = words(&["src"]))),
    ("index: foreign member", |f, r| {
        let platform = *r.pick(&["linux/arm64", "unknown/unknown"]);
        let member = IndexMember { digest: ArtifactDigest(digest(706)), platform: platform.to_owned() };
        f.indexes.values_mut().map(|members| members.push(member.clone())).count() > 0
    }),
    ("index: none but unknown", |f, _| {
        let members = f.indexes.values_mut().flatten();
        members.map(|member| member.platform = "unknown/unknown".to_owned()).count() > 0
    }),
    ("required-acts: missing", |f, r| remove(f, r, |body| matches!(body, Body::Act(_)))),
    ("required-acts: not as asked", |f, r| {
        let how = r.below(7);
        with!(f, r, Act, |it| match how {
            0 => it.target = Some("elsewhere".to_owned()),
            1 => it.digest = ArtifactDigest(digest(707)),
            2 => it.actors_complete = false,
            3 => it.actors.clear(),
            4 => it.marks = words(&["CLAUDECODE"]),
            5 => it.actors.push(actor(Role::Performer, AGENT, ActorKind::Agent)),
            _ => it.action = StepKind::Promote,
        })
    }),
    ("lists: missing", |f, r| remove(f, r, |body| matches!(body, Body::List(_)))),
    ("lists: issued long ago", |f, r| with!(f, r, List, |it| it.issued_at = NOW - 101)),
    ("lists: stale", |f, r| with!(f, r, List, |it| it.fresh_until = NOW - 1)),
    ("lists: by whom", |f, r| match r.below(2) {
        0 => change_row(f, "lister", |row| row.kind = ActorKind::Agent),
        _ => with!(f, r, List, |it| it.scope = "other".to_owned()),
    }),
    ("withdrawn", |f, r| {
        let digest = f.question.digest;
        listed(f, r, ListEntry::Artifact(digest))
    }),
    ("rollback", |f, r| {
        let target_ref = (*r.pick(&["", MAIN, REL, "refs/heads/old"])).to_owned();
        let sequence = if r.chance(75) { 9 } else { 6 };
        listed(f, r, ListEntry::Released { target_ref, digest: ArtifactDigest(digest(708)) });
        if let Some(Body::List(list)) = f.statements.last_mut().map(|statement| &mut statement.body) {
            (list.kind, list.sequence) = (lasthand_model::wire::facts::ListKind::Released, sequence);
        }
        true
    }),
    ("reverted: refuses", |f, _| {
        f.preset.refuse_reverted = !f.preset.refuse_reverted;
        true
    }),
    ("exception: two", |f, r| exception(f, r, true)),
    ("exception: not quite", |f, r| exception(f, r, false)),
    ("no product row", |f, r| r.chance(30) && !f.trust.products.drain(..).collect::<Vec<_>>().is_empty()),
    ("solo: waiver", |f, r| {
        let finding =
            *r.pick(&[Label::InputsNotBounded, Label::UnpinnedInput, Label::Sha1Join, Label::PresenceUnproven]);
        let expires = if r.chance(70) { NOW + 1 } else { NOW };
        f.preset.allow_labels.retain(|label| *label != finding);
        f.trust.waivers.push(WaiverRow { finding, products: words(&["app*"]), reason: "why".to_owned(), expires });
        true
    }),
];

fn landed_tree(statement: &lasthand_model::wire::facts::StatementFact) -> Option<lasthand_model::wire::facts::TreeRef> {
    match &statement.body {
        Body::Landing(landing) => Some(landing.to.clone()),
        _ => None,
    }
}

fn some_container<'f>(facts: &'f mut Facts, rng: &mut Rng) -> Option<&'f mut Vec<EntryFact>> {
    let n = if rng.chance(50) && facts.inventories.contains_key(&digest(501)) { 501 } else { ASKED };
    facts.inventories.get_mut(&digest(n)).map(|entries| &mut **entries)
}

fn entry(facts: &mut Facts, rng: &mut Rng, change: fn(&mut EntryFact, &mut Rng)) -> bool {
    let at = rng.below(16);
    let Some(entries) = some_container(facts, rng).filter(|entries| !entries.is_empty()) else { return false };
    let at = at % entries.len();
    change(&mut entries[at], rng);
    true
}

/// A parameter that nothing fixes; half of the time a human approved it.
fn parameters(facts: &mut Facts, rng: &mut Rng) -> bool {
    let asked = facts.statements.iter_mut().find_map(|statement| match &mut statement.body {
        Body::Step(step) if step.kind != StepKind::Fetch => {
            step.parameters.insert("flags".to_owned(), "-O2".to_owned());
            step.products.first().map(|product| product.digest)
        }
        _ => None,
    });
    let Some(asked) = asked else { return false };
    if rng.chance(60) {
        let mut approval = approval("parameters", "ana");
        approval.digest = ArtifactDigest(asked);
        approval.parameters.insert("flags".to_owned(), if rng.chance(80) { "-O2" } else { "-O3" }.to_owned());
        spoil(&mut approval, rng);
        push(facts, hardware("ana"), Body::Approval(approval));
    }
    true
}

fn approval(action: &str, name: &str) -> Approval {
    Approval {
        action: action.to_owned(),
        product: APP.to_owned(),
        digest: ArtifactDigest(digest(ASKED)),
        target: None,
        approver: actor(Role::Approver, &format!("key:{name}"), ActorKind::Human),
        parameters: std::collections::BTreeMap::new(),
        authors: vec![actor(Role::Author, AGENT, ActorKind::Agent)],
        authors_complete: true,
        reason: "the store burns".to_owned(),
        expires: Some(NOW + 10),
        marks: Vec::new(),
    }
}

/// Sometimes takes something from an approval that it needs.
fn spoil(approval: &mut Approval, rng: &mut Rng) {
    match rng.below(16) {
        0 => approval.expires = Some(NOW),
        1 => approval.marks = words(&["CLAUDECODE"]),
        2 => approval.approver.kind = ActorKind::Agent,
        3 => approval.product = "other".to_owned(),
        4 => approval.approver.principal = "key:zoe".to_owned(),
        _ => {}
    }
}

/// Two exceptions for a world that is broken in some other way.
pub(super) fn exception(facts: &mut Facts, rng: &mut Rng, good: bool) -> bool {
    with!(facts, rng, Step, |it| it.instructions.clear());
    let (first, bystanders, target) = (rng.below(4), rng.chance(70), facts.question.target.clone());
    for at in 0..2 {
        let name = if good || bystanders { BYSTANDERS[at] } else { HUMANS[(first + at) % 4] };
        let mut approval = approval("exception", name);
        approval.target.clone_from(&target);
        if !good {
            spoil(&mut approval, rng);
            match rng.below(8) {
                0 => approval.authors.clear(),
                1 => approval.authors_complete = false,
                2 => approval.reason.clear(),
                3 => approval.expires = None,
                4 => approval.target = Some("elsewhere".to_owned()),
                5 => approval.authors.push(actor(Role::Author, &format!("key:{name}"), ActorKind::Human)),
                _ => {}
            }
        }
        let by = if good || rng.chance(85) { hardware(name) } else { ci(BUILDER) };
        push(facts, by, Body::Approval(approval));
    }
    true
}
