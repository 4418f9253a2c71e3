//! Defects of trust file, statements, landings and reviews.

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::StatementDigest;
use lasthand_model::wire::facts::{
    Actor, Body, Credential, Custody, Edit, Facts, Label, Landing, ListEntry, ListKind, OnboardingTree, RobotRow,
    Signer, SignerMethod,
};

use super::defects::{Defect, with, with_statement};
use super::parts::{
    AGENT, BOT, BUILDER, HUMANS, MAIN, NOW, OBSERVER, REPO, account, actor, ci, credential, digest, enter, entries_of,
    file, push, row, signer, words,
};
use super::rng::Rng;

pub(super) const ALL: &[Defect] = &[
    ("simulated: one statement", |f, r| any(f, r, |statement, _| statement.simulated = true)),
    ("revocation: identity", |f, r| {
        let principal = f.statements[r.below(f.statements.len())].signers[0].principal.clone();
        let from = r.chance(60).then_some(NOW - 600 + 200 * i64::from(r.chance(30)));
        listed(f, r, ListEntry::Identity { principal, from, until: None })
    }),
    ("revocation: statement", |f, r| {
        let digest = f.statements[r.below(f.statements.len())].digest;
        listed(f, r, ListEntry::Statement(digest))
    }),
    ("revocation: credential", |f, r| {
        let found = f.statements.iter().find_map(|statement| statement.credential.clone());
        found.is_some_and(|credential| listed(f, r, ListEntry::Credential(credential.digest)))
    }),
    ("credential: expired, long or reused", |f, r| {
        any(f, r, |statement, rng| {
            let odd = match rng.below(4) {
                0 => Credential { expires: NOW - 500, ..credential(70) },
                1 => Credential { issued: NOW - 9000, ..credential(70) },
                2 => Credential { issued: NOW - 400, ..credential(70) },
                _ => credential(70),
            };
            statement.credential = Some(odd);
        })
    }),
    ("credential: one for two tasks", |f, r| {
        let (a, b) = (r.below(f.statements.len()), r.below(f.statements.len()));
        f.statements[a].credential = Some(credential(71));
        f.statements[b].credential = Some(Credential { task: None, ..credential(71) });
        a != b
    }),
    ("credential: missing", |f, r| any(f, r, |statement, _| statement.credential = None)),
    ("revocation: no row for the signer", |f, r| {
        any(f, r, |statement, _| statement.signers[0].principal = "nobody".to_owned())
    }),
    ("landing-authority: row", |f, r| match r.below(5) {
        0 => change_row(f, OBSERVER, |row| row.may.retain(|word| word != "landing")),
        1 => change_row(f, OBSERVER, |row| row.repositories = words(&["git/other"])),
        2 => change_row(f, OBSERVER, |row| row.max_level = 2),
        3 => change_row(f, OBSERVER, |row| row.observer.retain(|word| word != "oidc")),
        _ => change_row(f, OBSERVER, |row| row.kind = ActorKind::Agent),
    }),
    ("landing-authority: signed by an agent", |f, r| {
        with_statement!(f, r, Landing, |it| it.signers = vec![signer(SignerMethod::X509Svid, AGENT)])
    }),
    ("landing-authority: method unseen", |f, r| {
        with!(f, r, Landing, |it| it.authors.iter_mut().for_each(|author| author.method = "git-email".to_owned()))
    }),
    ("our-ref: other ref", |f, r| with!(f, r, Landing, |it| it.target_ref = "refs/heads/wip".to_owned())),
    ("our-ref: repository not mapped", |f, r| {
        let keep = r.chance(50);
        f.trust.products[0].repositories = words(if keep { &["git/lib"] } else { &[] });
        true
    }),
    ("onboarding: gone", |f, _| drop_onboarding(f)),
    ("onboarding: another tree", |f, _| {
        let tree = enter(f, vec![file("src/a", 77, 0o644)]);
        f.trust.products[0].onboarding.iter_mut().map(|it| it.tree = tree.clone()).count() > 0
    }),
    ("source-vsa: failed or not allowed", |f, r| {
        let row = r.chance(50);
        let by_agent =
            row && with_statement!(f, r, SourceVsa, |it| it.signers = vec![signer(SignerMethod::X509Svid, AGENT)]);
        by_agent || with!(f, r, SourceVsa, |it| it.passed = false)
    }),
    ("prev: missing", |f, r| with!(f, r, Landing, |it| it.prev = None)),
    ("prev: wrong", |f, r| with!(f, r, Landing, |it| it.prev = Some(StatementDigest(digest(404))))),
    ("prev: landing missing", |f, r| remove(f, r, |body| matches!(body, Body::Landing(_)))),
    ("review-binding: review missing", |f, r| remove(f, r, |body| matches!(body, Body::Review(_)))),
    ("review-authority: by somebody else", |f, r| {
        let name = *r.pick(&HUMANS);
        with!(f, r, Review, |it| it.reviewer.principal = format!("key:{name}"))
    }),
    ("review-authority: row", |f, _| change_row(f, "key:*", |row| row.may.retain(|word| word != "review"))),
    ("review-authority: repository", |f, _| change_row(f, "key:*", |row| row.repositories = words(&["git/other"]))),
    ("reviewer-human: agent signs", |f, r| {
        with_statement!(f, r, Review, |it| {
            it.signers = vec![signer(SignerMethod::X509Svid, AGENT)];
            if let Body::Review(review) = &mut it.body {
                review.reviewer = actor(Role::Approver, AGENT, ActorKind::Agent);
            }
        })
    }),
    ("reviewer-human: kind", |f, r| {
        let kind = *r.pick(&[ActorKind::Agent, ActorKind::Automation, ActorKind::Unknown]);
        with!(f, r, Review, |it| it.reviewer.kind = kind)
    }),
    ("reviewer-human: in no person row", |f, r| {
        let at = r.below(f.trust.persons.len());
        f.trust.persons[at].accounts.retain(|account| account.starts_with("acct"));
        true
    }),
    ("reviewer-marks", |f, r| with!(f, r, Review, |it| it.marks = words(&["CLAUDECODE"]))),
    ("reviewer-level: no presence", |f, r| with_statement!(f, r, Review, |it| it.signers[0].presence = false)),
    ("reviewer-level: mail", |f, r| {
        with_statement!(f, r, Review, |it| {
            let name = it.signers[0].principal.rsplit(':').next().unwrap_or_default().to_owned();
            it.signers = vec![signer(SignerMethod::FulcioEmail, &format!("mail:{name}"))];
            if let Body::Review(review) = &mut it.body {
                review.reviewer.principal = format!("mail:{name}");
            }
        })
    }),
    ("reviewer-level: personal key", |f, r| {
        let custody = r.chance(50).then_some(Custody::Personal);
        change_row(f, "pk:*", |row| row.custody = custody);
        with_statement!(f, r, Review, |it| {
            let name = it.signers[0].principal.rsplit(':').next().unwrap_or_default().to_owned();
            it.signers = vec![signer(SignerMethod::Key, &format!("pk:{name}"))];
            if let Body::Review(review) = &mut it.body {
                review.reviewer.principal = format!("pk:{name}");
            }
        })
    }),
    ("reviewer-level: label not allowed", |f, _| disallow(f, Label::PresenceUnproven)),
    ("target-ref: meant for another", |f, r| with!(f, r, Review, |it| it.target_ref = "refs/heads/wip".to_owned())),
    ("target-ref: another repository", |f, r| with!(f, r, Review, |it| it.repository = "git/lib".to_owned())),
    ("binding: other head", |f, r| {
        let head = enter(f, vec![file("src/a", 88, 0o644)]);
        with!(f, r, Review, |it| it.head = head)
    }),
    ("binding: other base", |f, r| {
        let base = enter(f, vec![file("src/a", 89, 0o644)]);
        with!(f, r, Review, |it| it.base = Some(base))
    }),
    ("binding: evil merge", evil_merge),
    ("binding: inventory missing", |f, r| {
        let roots: Vec<_> = f.inventories.keys().copied().collect();
        f.inventories.remove(&roots[r.below(roots.len())]).is_some()
    }),
    ("review-once: undo and land again", land_again),
    ("whole-tree-review: authors", |f, r| {
        let incomplete = r.chance(50);
        let found = f.statements.iter_mut().find_map(|statement| match &mut statement.body {
            Body::Review(review) if review.base.is_none() && review.authors_complete => Some(review),
            _ => None,
        });
        found.map(|review| if incomplete { review.authors_complete = false } else { review.authors.clear() }).is_some()
    }),
    ("authors-complete: not said", |f, r| with!(f, r, Landing, |it| it.authors_complete = false)),
    ("authors-complete: none", |f, r| with!(f, r, Landing, |it| it.authors.clear())),
    ("authors-complete: no sponsor", |f, r| {
        f.trust.robots.clear();
        with!(f, r, Landing, |it| {
            it.authors.retain(|author| author.role != Role::Sponsor);
            it.authors.iter_mut().for_each(|author| author.sponsor = None);
        })
    }),
    ("authors-complete: unknown author", |f, r| {
        with!(f, r, Landing, |it| it.authors.push(actor(Role::CoAuthor, "who:knows", ActorKind::Unknown)))
    }),
    ("independence: second account", |f, r| {
        let name = *r.pick(&HUMANS);
        with!(f, r, Landing, |it| it.authors.push(actor(Role::CoAuthor, &account(name), ActorKind::Human)))
    }),
    ("independence: sponsor reviews", |f, r| {
        let name = *r.pick(&HUMANS);
        let sponsored = Actor { sponsor: Some(account(name)), ..actor(Role::Author, AGENT, ActorKind::Agent) };
        with!(f, r, Landing, |it| it.authors.push(sponsored))
    }),
    ("independence: everybody wrote", |f, r| {
        let every = HUMANS.map(|name| actor(Role::CoAuthor, &account(name), ActorKind::Human));
        with!(f, r, Landing, |it| it.authors.extend(every))
    }),
    ("independence: an edit names him", |f, r| {
        let tree = landed(f, r);
        let marked = r.chance(40);
        let name = *r.pick(&HUMANS);
        let mut actors = vec![actor(Role::Performer, &account(name), ActorKind::Human)];
        if r.chance(30) {
            actors.push(Actor {
                sponsor: r.chance(70).then(|| account(name)),
                ..actor(Role::Author, AGENT, ActorKind::Agent)
            });
        }
        let marks = if marked { words(&["CLAUDECODE"]) } else { Vec::new() };
        tree.is_some_and(|to| {
            push_true(f, ci(OBSERVER), Body::Edit(Edit { repository: REPO.to_owned(), to, actors, marks }))
        })
    }),
    ("independence: a review names him", |f, r| {
        let name = *r.pick(&HUMANS);
        with!(f, r, Review, |it| it.authors.push(actor(Role::Author, &account(name), ActorKind::Human)))
    }),
    ("solo: own work", solo),
    ("duties: the builder wrote", |f, r| duties(f, r, BUILDER, ActorKind::Automation)),
    ("duties: an agent that builds wrote", |f, r| {
        let mut agent = row(SignerMethod::X509Svid, AGENT, ActorKind::Agent, &["build"]);
        agent.products = words(&[*r.pick(&["app", "other"])]);
        f.trust.identities.push(agent);
        duties(f, r, AGENT, ActorKind::Agent)
    }),
    ("duties: a human who publishes wrote", |f, r| {
        let name = *r.pick(&HUMANS);
        f.trust.identities.push(row(SignerMethod::FulcioEmail, &account(name), ActorKind::Human, &["publish"]));
        true
    }),
    ("base-covered: on top of an unreviewed change", unreviewed_below),
    ("heal: reviewed scope too small", |f, r| {
        let scope = *r.pick(&["docs/**", "src/*", "src/a", "*"]);
        with!(f, r, Review, |it| it.scope = words(&[scope]))
    }),
    ("covered-elsewhere: unreviewed at the tip", agent_at_the_tip),
    ("covered-elsewhere: landed again by nobody", |f, r| land_elsewhere(f, r)),
    ("recomputed-merge: squash", |f, r| {
        with!(f, r, Landing, |it| it.merge_of.iter_mut().for_each(|merge| merge.mode = "squash".to_owned()))
    }),
    ("head-landed: a covered tree that landed nowhere", |f, _| merge_of_an_anchor(f)),
    ("head-landed: on the ref itself", |f, r| with!(f, r, Landing, |it| it.target_ref = MAIN.to_owned())),
    ("head-landed: merged before", |f, _| merged_again(f)),
    ("binding: sha1 of two roots", |f, r| {
        let other = enter(f, vec![file("src/a", 91, 0o644)]);
        with!(f, r, Landing, |it| it.to.root = other.root)
    }),
    ("binding: git ids alone", |f, r| {
        if r.chance(50) {
            disallow(f, Label::Sha1Join);
        }
        with!(f, r, Review, |it| it.head.root = None)
    }),
];

fn any(
    facts: &mut Facts,
    rng: &mut Rng,
    change: fn(&mut lasthand_model::wire::facts::StatementFact, &mut Rng),
) -> bool {
    let at = rng.below(facts.statements.len());
    facts.statements.get_mut(at).map(|statement| change(statement, rng)).is_some()
}

pub(super) fn remove(facts: &mut Facts, rng: &mut Rng, wanted: fn(&Body) -> bool) -> bool {
    let places: Vec<usize> = (0..facts.statements.len()).filter(|at| wanted(&facts.statements[*at].body)).collect();
    if places.is_empty() {
        return false;
    }
    facts.statements.remove(*rng.pick(&places));
    true
}

fn push_true(facts: &mut Facts, signer: Signer, body: Body) -> bool {
    push(facts, signer, body);
    true
}

pub(super) fn listed(facts: &mut Facts, rng: &mut Rng, entry: ListEntry) -> bool {
    let kind = if rng.chance(70) { ListKind::Revocation } else { ListKind::Withdrawal };
    let list = lasthand_model::wire::facts::List {
        kind,
        scope: if rng.chance(85) { "app".to_owned() } else { "other".to_owned() },
        issued_at: NOW - 100,
        fresh_until: if rng.chance(80) { NOW + 100 } else { NOW - 1 },
        sequence: 8,
        entries: vec![entry],
    };
    let by = if rng.chance(85) { signer(SignerMethod::Key, "lister") } else { signer(SignerMethod::X509Svid, AGENT) };
    push_true(facts, by, Body::List(list))
}

pub(super) fn change_row(
    facts: &mut Facts,
    principal: &str,
    change: impl Fn(&mut lasthand_model::wire::facts::IdentityRow),
) -> bool {
    facts.trust.identities.iter_mut().filter(|row| row.principal == principal).map(change).count() > 0
}

pub(super) fn disallow(facts: &mut Facts, label: Label) -> bool {
    let before = facts.preset.allow_labels.len();
    facts.preset.allow_labels.retain(|other| *other != label);
    before != facts.preset.allow_labels.len()
}

fn drop_onboarding(facts: &mut Facts) -> bool {
    let onboarding = &mut facts.trust.products[0].onboarding;
    let there = !onboarding.is_empty();
    onboarding.clear();
    there
}

pub(super) fn landed(facts: &Facts, rng: &mut Rng) -> Option<lasthand_model::wire::facts::TreeRef> {
    let trees: Vec<_> = facts
        .statements
        .iter()
        .filter_map(|statement| match &statement.body {
            Body::Landing(landing) => Some(landing.to.clone()),
            _ => None,
        })
        .collect();
    (!trees.is_empty()).then(|| rng.pick(&trees).clone())
}

/// Content in the merge that neither side has.
fn evil_merge(facts: &mut Facts, rng: &mut Rng) -> bool {
    let Some(old) = landed(facts, rng) else { return false };
    let mut entries = entries_of(facts, &old);
    entries.push(file("src/evil", 666, 0o644));
    let new = enter(facts, entries);
    retarget(facts, &old, &new, true);
    true
}

/// What is merged is covered, and no ref landed it.
fn merge_of_an_anchor(facts: &mut Facts) -> bool {
    let merges = facts.statements.iter().filter_map(|statement| match &statement.body {
        Body::Landing(landing) => Some((landing.repository.clone(), landing.merge_of.as_ref()?.head.clone())),
        _ => None,
    });
    let merges: Vec<_> = merges.collect();
    let count = facts.statements.len();
    facts.statements.retain(|statement| match &statement.body {
        Body::Landing(landing) => !merges.iter().any(|(_, head)| *head == landing.to),
        _ => true,
    });
    for (repository, tree) in merges {
        for product in &mut facts.trust.products {
            product.onboarding.push(OnboardingTree { repository: repository.clone(), tree: tree.clone() });
        }
    }
    facts.statements.len() < count
}

/// A merge is undone under review by the landing after it, and made once more.
fn merged_again(facts: &mut Facts) -> bool {
    let mut merges = facts.statements.iter().enumerate().filter_map(|(at, statement)| match &statement.body {
        Body::Landing(landing) if landing.merge_of.is_some() => Some((at, landing.clone())),
        _ => None,
    });
    let Some((at, first)) = merges.next_back() else { return false };
    let Some(digest) = facts.statements.get(at).map(|statement| statement.digest) else { return false };
    let back = Landing { prev: Some(digest), from: Some(first.to.clone()), merge_of: None, ..first.clone() };
    let Some(undone) = first.from.clone() else { return false };
    let undone = push(facts, ci(OBSERVER), Body::Landing(Landing { to: undone, ..back }));
    push(facts, ci(OBSERVER), Body::Landing(Landing { prev: Some(undone), ..first }));
    true
}

/// Replaces a tree wherever landings and steps name it; in `merge_of.result` only when the observer is fooled not at all.
fn retarget(
    facts: &mut Facts,
    old: &lasthand_model::wire::facts::TreeRef,
    new: &lasthand_model::wire::facts::TreeRef,
    steps: bool,
) {
    for statement in &mut facts.statements {
        match &mut statement.body {
            Body::Landing(landing) => {
                for tree in [Some(&mut landing.to), landing.from.as_mut()].into_iter().flatten() {
                    if tree == old {
                        *tree = new.clone();
                    }
                }
            }
            Body::Step(step) if steps => {
                for material in &mut step.materials {
                    if let lasthand_model::wire::facts::Material::Tree(tree) = material
                        && tree.tree == *old
                    {
                        tree.tree = new.clone();
                    }
                }
            }
            _ => {}
        }
    }
}

/// After the tip: the last landing is taken back, something else lands, and it lands again under its old review (T2).
fn land_again(facts: &mut Facts, rng: &mut Rng) -> bool {
    let found = facts.statements.iter().rev().find_map(|statement| match &statement.body {
        Body::Landing(landing) if landing.from.is_some() && landing.target_ref == MAIN => {
            Some((statement.digest, landing.clone()))
        }
        _ => None,
    });
    let Some((prev, last)) = found else { return false };
    let Some(from) = last.from.clone() else { return false };
    let by = vec![actor(Role::Author, &account("ana"), ActorKind::Human)];
    let undone_and_more = |facts: &mut Facts, tree| {
        let mut entries = entries_of(facts, tree);
        entries.push(file("src/more", 31, 0o644));
        enter(facts, entries)
    };
    let (middle, again) = (undone_and_more(facts, &from), undone_and_more(facts, &last.to));
    let undo = lasthand_model::wire::facts::Landing {
        from: Some(last.to.clone()),
        to: middle.clone(),
        prev: Some(prev),
        authors: by,
        merge_of: None,
        ..last.clone()
    };
    let review = super::parts::whole_scope_review(last.to.clone(), middle.clone(), "bo");
    let undo = push(facts, ci(OBSERVER), Body::Landing(undo));
    if rng.chance(80) {
        push(facts, super::parts::hardware("bo"), Body::Review(review));
    }
    let relanded = lasthand_model::wire::facts::Landing {
        from: Some(middle),
        to: again.clone(),
        prev: Some(undo),
        merge_of: None,
        ..last.clone()
    };
    push(facts, ci(OBSERVER), Body::Landing(relanded));
    move_steps(facts, &last.to, &again);
    true
}

/// Steps take another tree; what they ship of it is not changed.
fn move_steps(
    facts: &mut Facts,
    old: &lasthand_model::wire::facts::TreeRef,
    new: &lasthand_model::wire::facts::TreeRef,
) {
    for statement in &mut facts.statements {
        if let Body::Step(step) = &mut statement.body {
            for material in &mut step.materials {
                if let lasthand_model::wire::facts::Material::Tree(tree) = material
                    && tree.tree.git_tree == old.git_tree
                {
                    tree.tree = new.clone();
                }
            }
        }
    }
}

/// An author reviews his own work; sometimes policy and label allow it.
fn solo(facts: &mut Facts, rng: &mut Rng) -> bool {
    if rng.chance(70) {
        facts.trust.products[0].solo = true;
        if !facts.preset.allow_labels.contains(&Label::Solo) {
            facts.preset.allow_labels.push(Label::Solo);
        }
    }
    let reviewer = facts.statements.iter().rev().find_map(|statement| match &statement.body {
        Body::Review(review) => Some(review.reviewer.principal.clone()),
        _ => None,
    });
    let Some(reviewer) = reviewer else { return false };
    let own = actor(Role::CoAuthor, &reviewer, ActorKind::Human);
    with!(facts, rng, Landing, |it| it.authors = vec![own])
}

fn duties(facts: &mut Facts, rng: &mut Rng, principal: &str, kind: ActorKind) -> bool {
    if rng.chance(40) {
        let paths = words(&[*rng.pick(&["**", "src/*"])]);
        facts.trust.robots.push(RobotRow { principal: principal.to_owned(), paths, sponsorless: true });
    }
    let author = Actor { sponsor: Some(BOT.to_owned()), ..actor(Role::Author, principal, kind) };
    with!(facts, rng, Landing, |it| it.authors = vec![author])
}

/// An unreviewed landing below the last change: the same path, or another.
fn unreviewed_below(facts: &mut Facts, rng: &mut Rng) -> bool {
    let reviews = facts.statements.iter().filter(|statement| matches!(statement.body, Body::Review(_))).count();
    let landings = facts.statements.iter().filter(|statement| matches!(statement.body, Body::Landing(_))).count();
    landings > 1 && reviews > 0 && {
        let first = facts.statements.iter().position(|statement| matches!(statement.body, Body::Review(_)));
        let mut wild = rng.chance(50);
        if let Some(first) = first {
            wild |= matches!(facts.statements.remove(first).body, Body::Review(_));
        }
        wild
    }
}

/// An agent's landing after the last one, and the steps take its tree.
fn agent_at_the_tip(facts: &mut Facts, rng: &mut Rng) -> bool {
    let found = facts.statements.iter().rev().find_map(|statement| match &statement.body {
        Body::Landing(landing) if landing.target_ref == MAIN => Some((statement.digest, landing.clone())),
        _ => None,
    });
    let Some((prev, last)) = found else { return false };
    let mut entries = entries_of(facts, &last.to);
    let path = *rng.pick(&["docs/x", "AGENTS.md"]);
    entries.push(file(path, 32, 0o644));
    let to = enter(facts, entries);
    let sponsored = Actor { sponsor: Some(account("ana")), ..actor(Role::Author, AGENT, ActorKind::Agent) };
    let landing = lasthand_model::wire::facts::Landing {
        from: Some(last.to.clone()),
        to: to.clone(),
        prev: Some(prev),
        authors: vec![sponsored],
        merge_of: None,
        ..last.clone()
    };
    push(facts, ci(OBSERVER), Body::Landing(landing));
    move_steps(facts, &last.to, &to);
    true
}

/// The tip lands once more, without authors and without a landing before: harmless, for its tree is covered.
fn land_elsewhere(facts: &mut Facts, rng: &mut Rng) -> bool {
    let Some(to) = landed(facts, rng) else { return false };
    with!(facts, rng, Landing, |it| {
        let mut again = it.clone();
        (again.from, again.prev, again.authors_complete) = (None, None, false);
        again.to = to;
        push(facts, ci(OBSERVER), Body::Landing(again));
    })
}
