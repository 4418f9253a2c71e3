//! Defects at the edges of the page: what a solver easily reads otherwise than it is written.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{ArtifactDigest, StatementDigest};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Actor, Body, Edit, GroupRow, IdentityRow, IndexMember, Landing, ListEntry, NamedDigest, Signer, SignerMethod,
    SourceVsa, TreeRef,
};

use super::chain::ASKED;
use super::defects::{Defect, with, with_statement};
use super::defects_source::{landed, listed};
use super::defects_step::exception;
use super::parts::{
    AGENT, BUILDER, HUMANS, NOW, OBSERVER, REPO, account, actor, ci, digest, file, hardware, push, row, signer, words,
};
use super::rng::Rng;

pub(super) const ALL: &[Defect] = &[
    ("revocation: a window and times", |f, r| {
        let at = r.below(f.statements.len());
        let statement = &mut f.statements[at];
        let time = *r.pick(&[None, Some(NOW - 700), Some(NOW - 600), Some(NOW - 500), Some(NOW - 400)]);
        statement.signers[0].time = time;
        let principal = statement.signers[0].principal.clone();
        let from = *r.pick(&[None, Some(NOW - 650), Some(NOW - 550)]);
        let until = *r.pick(&[None, Some(NOW - 560), Some(NOW - 460)]);
        listed(f, r, ListEntry::Identity { principal, from, until })
    }),
    ("revocation: somebody spoken of", |f, r| {
        let principal = (*r.pick(&["acct:ana", "acct:cyd", "acct:dee", "key:bo", "key:cyd", BUILDER])).to_owned();
        let from = *r.pick(&[None, Some(NOW - 550), Some(NOW - 450)]);
        listed(f, r, ListEntry::Identity { principal, from, until: Some(NOW - 1) })
    }),
    ("revocation: keys of a group", |f, r| {
        let at = r.below(f.statements.len());
        let (method, whose) = (f.statements[at].signers[0].method, f.statements[at].signers[0].principal.clone());
        let group = || "group:all".to_owned();
        let rows = f.trust.identities.iter().filter(|row| row.method == method && row.principal == whose);
        let rows: Vec<_> =
            rows.cloned().map(|row| IdentityRow { method: SignerMethod::Key, principal: group(), ..row }).collect();
        f.trust.identities.extend(rows);
        let keys = words(&["key:one", "key:two", "key:three"]);
        f.trust.groups.push(GroupRow {
            principal: group(),
            keys: keys.clone(),
            threshold: 1 + u32::from(r.chance(60)),
        });
        let mut signers = vec![signer(SignerMethod::Key, "group:all")];
        signers.extend(keys.iter().filter(|_| r.chance(70)).map(|key| signer(SignerMethod::Key, key)));
        f.statements[at].signers = signers;
        let gone = (*r.pick(&["key:one", "key:t*", "key:*", "group:*", "key:four", "*"])).to_owned();
        listed(f, r, ListEntry::Identity { principal: gone, from: None, until: None })
    }),
    ("lists: taken back", |f, r| {
        let lists = f.statements.iter().filter(|it| matches!(it.body, Body::List(_)));
        let digests: Vec<StatementDigest> = lists.map(|it| it.digest).collect();
        !digests.is_empty() && {
            let digest = *r.pick(&digests);
            listed(f, r, ListEntry::Statement(digest))
        }
    }),
    ("our-ref: a tree that does not resolve", |f, r| {
        let from = r.chance(50);
        let rootless = |tree: &mut TreeRef| {
            (tree.root, tree.git_tree) = (None, "0123456789".repeat(4).parse().ok());
        };
        with!(f, r, Landing, |it| match &mut it.from {
            Some(tree) if from => rootless(tree),
            _ => rootless(&mut it.to),
        })
    }),
    ("our-ref: git ids alone", |f, r| {
        let from = r.chance(50);
        with!(f, r, Landing, |it| match &mut it.from {
            Some(tree) if from => tree.root = None,
            _ => it.to.root = None,
        })
    }),
    ("binding: merge by git ids alone", |f, r| {
        let which = r.below(3);
        with!(f, r, Landing, |it| if let Some(merge) = &mut it.merge_of {
            [&mut merge.head, &mut merge.base, &mut merge.result][which].root = None;
        })
    }),
    ("source-vsa: failed by git id", |f, r| {
        let vsas: Vec<SourceVsa> = f.statements.iter().filter_map(passed).collect();
        vsas.into_iter().next().is_some_and(|mut vsa| {
            vsa.passed = false;
            vsa.tree.root = vsa.tree.root.filter(|_| r.chance(20));
            push(f, ci(OBSERVER), Body::SourceVsa(vsa));
            true
        })
    }),
    ("authors-complete: an entry without sponsor beside one with", |f, r| {
        let Some(to) = landed(f, r) else { return false };
        let agent = |sponsor: &str| Actor { sponsor: Some(account(sponsor)), ..lone_agent() };
        let (mut own, mut more) = (agent("ana"), lone_agent());
        if r.chance(50) {
            std::mem::swap(&mut own, &mut more);
        }
        if r.chance(30) {
            own.sponsor = more.sponsor.clone();
        }
        let sponsor = r.chance(30).then(|| actor(Role::Sponsor, &account("bo"), ActorKind::Human));
        let edit = Edit { repository: REPO.to_owned(), to, actors: vec![more], marks: Vec::new() };
        push(f, signer(SignerMethod::X509Svid, AGENT), Body::Edit(edit));
        with!(f, r, Landing, |it| {
            it.authors = vec![own];
            it.authors.extend(sponsor);
        })
    }),
    ("authors-complete: an agent that a review names", |f, r| {
        let sponsor = r.chance(50).then(|| account(somebody(r)));
        with!(f, r, Review, |it| it.authors.push(Actor { sponsor, ..lone_agent() }))
    }),
    ("independence: a borrowed identity with a sponsor", |f, r| {
        let Some(to) = landed(f, r) else { return false };
        let who = Actor {
            sponsor: r.chance(70).then(|| account(somebody(r))),
            ..actor(*r.pick(&[Role::Performer, Role::Initiator]), &account(somebody(r)), ActorKind::Human)
        };
        let edit = Edit { repository: REPO.to_owned(), to, actors: vec![who], marks: words(&["CLAUDECODE"]) };
        push(f, signer(SignerMethod::X509Svid, AGENT), Body::Edit(edit));
        true
    }),
    ("review-authority: signed by two", |f, r| {
        let second = if r.chance(50) { hardware(somebody(r)) } else { ci(OBSERVER) };
        with_statement!(f, r, Review, |it| it.signers.push(second))
    }),
    ("review-authority: an automation by its row", |f, r| {
        let mut robot = row(SignerMethod::SshSk, "key:*", ActorKind::Automation, &["review"]);
        robot.principal = format!("key:{}", somebody(r));
        robot.kind = *r.pick(&[ActorKind::Automation, ActorKind::Agent, ActorKind::Unknown]);
        f.trust.identities.push(robot);
        true
    }),
    ("automation-only: a label signed by two", |f, r| {
        let mut second = row(SignerMethod::FulcioCi, "ci#runner", ActorKind::Automation, &[]);
        second.observer = words(&["oidc"]);
        let method = *r.pick(&["oidc", "env"]);
        let performer = *r.pick(&["ci#runner", BUILDER]);
        f.trust.identities.push(second);
        with_statement!(f, r, StepActor, |it| {
            it.signers.push(ci("ci#runner"));
            if let Body::StepActor(label) = &mut it.body {
                for actor in &mut label.actors {
                    (actor.method, actor.principal) = (method.to_owned(), performer.to_owned());
                }
            }
        })
    }),
    ("performers: a second label", |f, r| {
        let label = f.statements.iter().find(|it| matches!(it.body, Body::StepActor(_))).cloned();
        label.is_some_and(|label| {
            let again = push(f, label.signers[0].clone(), label.body.clone());
            let odd = *r.pick(&[label.digest, again]);
            if r.chance(40) {
                return listed(f, r, ListEntry::Statement(odd));
            }
            let found = f.statements.iter_mut().find(|it| it.digest == odd).map(|it| &mut it.body);
            if let Some(Body::StepActor(label)) = found {
                label.actors_complete = false;
            }
            true
        })
    }),
    ("package-compare: modes of links", |f, r| {
        let mode = *r.pick(&[0o644, 0o755, 0o4755, 0o777]);
        let links = |it: &&mut lasthand_model::wire::facts::EntryFact| it.entry_type == EntryType::Hardlink;
        let entries = f.inventories.get_mut(&digest(ASKED)).into_iter().flat_map(|entries| entries.iter_mut());
        entries.filter(links).map(|it| it.mode = mode).count() > 0
    }),
    ("package-compare: a link to another of the same bytes", |f, r| {
        let chosen = r.next_u64();
        let Some(entries) = f.inventories.get_mut(&digest(ASKED)) else { return false };
        let files = entries.iter().filter(|it| it.entry_type == EntryType::File);
        let targets: Vec<String> = files.map(|it| it.path.clone()).collect();
        let at = usize::try_from(chosen % 64).unwrap_or(0);
        let target = targets.get(at % targets.len().max(1)).cloned().unwrap_or_default();
        let links = entries.iter_mut().filter(|it| it.entry_type == EntryType::Hardlink);
        links.map(|it| it.link_target.clone_from(&target)).count() > 0
    }),
    ("package-compare: digests not known", |f, r| {
        let trees: Vec<_> = f.inventories.keys().copied().collect();
        let tree = if r.chance(60) { *r.pick(&trees) } else { digest(ASKED) };
        let path = *r.pick(&["src/a", "src/b", "opt/src/a", "bin/app"]);
        let entries = f.inventories.get_mut(&tree).into_iter().flat_map(|entries| entries.iter_mut());
        entries.filter(|it| it.path == path).map(|it| it.sha256 = None).count() > 0
    }),
    ("inventories: a path twice", |f, r| {
        let trees: Vec<_> = f.inventories.keys().copied().collect();
        let tree = *r.pick(&trees);
        let twin = file("src/a", if r.chance(50) { 1 } else { 95 }, 0o644);
        f.inventories.get_mut(&tree).map(|entries| entries.push(twin)).is_some()
    }),
    ("statements: two of one digest", |f, r| {
        let mut twin = f.statements[r.below(f.statements.len())].clone();
        if r.chance(70) {
            twin.simulated = !twin.simulated;
        } else {
            twin.signers.push(Signer { time: None, ..ci(BUILDER) });
        }
        f.statements.push(twin);
        true
    }),
    ("index: an index in an index", |f, r| {
        let nested = ArtifactDigest(digest(520));
        let Some(members) = f.indexes.remove(&f.question.digest) else { return false };
        let mut outer = vec![IndexMember { digest: nested, platform: "linux/amd64".to_owned() }];
        if r.chance(30) {
            outer.extend(members.iter().cloned());
            outer.remove(0);
        }
        f.indexes.insert(nested, members);
        f.indexes.insert(f.question.digest, outer);
        true
    }),
    ("goal: folders in names", |f, r| {
        let artifact = *r.pick(&["dist/*", "app*", "dist/app.*", "", "**"]);
        f.trust.products[0].artifacts = words(&[artifact]);
        f.trust.products[0].artifacts.retain(|glob| !glob.is_empty());
        let asked = f.question.digest.0;
        let named = |it: &mut NamedDigest| it.name = format!("dist/{}", it.name);
        for statement in &mut f.statements {
            match &mut statement.body {
                Body::Step(step) => step.products.iter_mut().filter(|it| it.digest == asked).for_each(named),
                // Without it the names of all products are asked for.
                Body::StepActor(label) => label.product = Some("app".to_owned()),
                _ => {}
            }
        }
        true
    }),
    ("exception: of what is withdrawn", |f, r| {
        let entry = ListEntry::Artifact(f.question.digest);
        let withdrawn = r.chance(70) && listed(f, r, entry);
        exception(f, r, true) || withdrawn
    }),
    ("rollback: landed elsewhere", |f, r| {
        let target_ref = (*r.pick(&["refs/heads/main", "refs/heads/rel", "refs/heads/dev", ""])).to_owned();
        let old = if r.chance(70) { digest(708) } else { f.question.digest.0 };
        listed(f, r, ListEntry::Released { target_ref, digest: ArtifactDigest(old) });
        if let Some(Body::List(list)) = f.statements.last_mut().map(|it| &mut it.body) {
            (list.kind, list.sequence) = (lasthand_model::wire::facts::ListKind::Released, 9);
        }
        f.trust.products[0].refs = words(&[*r.pick(&["refs/heads/*", "refs/heads/main", "refs/heads/rel"])]);
        true
    }),
    ("rollback: by one who was revoked since", |f, r| {
        let mut former = row(SignerMethod::Key, "former", ActorKind::Automation, &["list"]);
        former.products = words(&["*"]);
        f.trust.identities.push(former);
        let old = if r.chance(70) { digest(708) } else { f.question.digest.0 };
        let entry = ListEntry::Released { target_ref: String::new(), digest: ArtifactDigest(old) };
        listed(f, r, entry);
        if let Some(statement) = f.statements.last_mut() {
            statement.signers = vec![signer(SignerMethod::Key, "former")];
            if let Body::List(list) = &mut statement.body {
                list.kind = lasthand_model::wire::facts::ListKind::Released;
                list.issued_at = if r.chance(80) { NOW } else { NOW + 1 };
                list.sequence = if r.chance(80) { 9 } else { 6 };
            }
        }
        let gone = ListEntry::Identity { principal: "former".to_owned(), from: None, until: None };
        listed(f, r, gone)
    }),
    ("base-covered: a landing without inventory below", |f, r| {
        let froms: Vec<_> = f.statements.iter().filter_map(from_root).collect();
        !froms.is_empty() && f.inventories.remove(r.pick(&froms)).is_some()
    }),
];

fn somebody(rng: &mut Rng) -> &'static str {
    HUMANS[rng.below(4)]
}

fn lone_agent() -> Actor {
    actor(Role::Author, AGENT, ActorKind::Agent)
}

fn passed(statement: &lasthand_model::wire::facts::StatementFact) -> Option<SourceVsa> {
    match &statement.body {
        Body::SourceVsa(vsa) => Some(vsa.clone()),
        _ => None,
    }
}

fn from_root(statement: &lasthand_model::wire::facts::StatementFact) -> Option<lasthand_model::digest::Sha256> {
    match &statement.body {
        Body::Landing(Landing { from: Some(tree), .. }) => tree.root.map(|root| root.0),
        _ => None,
    }
}
