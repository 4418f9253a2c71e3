//! Facts that are as bad as facts of their size can be.

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, FileDigest};
use lasthand_model::wire::facts::{Body, Facts, IndexMember, List, ListEntry, ListKind, Pin};

use super::{
    BUILDER, Ending, NOW, OBSERVER, RECIPE, REVIEWER, actor, build, digest, empty, enter, file, label, land, landing,
    named, object, push, review, row, steps,
};

/// In the refused ending nobody reviewed the first tree.
pub(super) fn flips(ending: Ending, size: usize) -> Facts {
    let mut facts = empty(digest("product", 0));
    let recipe = || file(RECIPE, digest("recipe", 0));
    let one = enter(&mut facts, digest("tree", 1), vec![recipe(), file("a", digest("one", 0))]);
    let two = enter(&mut facts, digest("tree", 2), vec![recipe(), file("a", digest("two", 0))]);
    let mut prev = push(&mut facts, 0, OBSERVER, Body::Landing(landing(None, &one, None)));
    for at in 1..size {
        let (from, to) = if at % 2 == 1 { (&one, &two) } else { (&two, &one) };
        prev = push(&mut facts, at, OBSERVER, Body::Landing(landing(Some(from), to, Some(prev))));
    }
    if ending == Ending::Accepted {
        push(&mut facts, 0, REVIEWER, Body::Review(review(None, &one)));
    }
    push(&mut facts, 0, REVIEWER, Body::Review(review(Some(&one), &two)));
    let step = build(&two, std::iter::empty(), object(0));
    push(&mut facts, 0, BUILDER, Body::Step(step));
    facts
}

/// In the refused ending they are all the author's own.
pub(super) fn reviews(ending: Ending, size: usize) -> Facts {
    let mut facts = empty(digest("product", 0));
    let tree = enter(&mut facts, digest("tree", 1), vec![file(RECIPE, digest("recipe", 0))]);
    let mut landed = landing(None, &tree, None);
    if ending == Ending::Refused {
        landed.authors = vec![actor(Role::Author, REVIEWER.1, ActorKind::Human)];
    }
    push(&mut facts, 0, OBSERVER, Body::Landing(landed));
    for at in 0..size {
        push(&mut facts, at, REVIEWER, Body::Review(review(None, &tree)));
    }
    push(&mut facts, 0, BUILDER, Body::Step(build(&tree, std::iter::empty(), object(0))));
    facts
}

/// In the refused ending one of them tells of a failure.
pub(super) fn labels(ending: Ending, size: usize) -> Facts {
    let mut facts = empty(digest("product", 0));
    let tree = land(&mut facts, vec![file(RECIPE, digest("recipe", 0))]);
    let step = push(&mut facts, 0, BUILDER, Body::Step(build(&tree, std::iter::empty(), object(0))));
    for at in 0..size {
        let mut said = label(step, StepKind::Build, Vec::new());
        said.success = Some(at > 0 || ending == Ending::Accepted);
        push(&mut facts, at, BUILDER, Body::StepActor(said));
    }
    facts
}

/// In the refused ending the builder is one of the revoked.
pub(super) fn revoked(ending: Ending, size: usize) -> Facts {
    let mut facts = steps(Ending::Accepted, size, |at, _| at.checked_sub(1).into_iter().collect());
    let gone = |principal: String| ListEntry::Identity { principal, from: None, until: None };
    let mut entries: Vec<ListEntry> = (0..size).map(|at| gone(format!("key:{at}"))).collect();
    if ending == Ending::Refused {
        entries.push(gone(BUILDER.1.to_owned()));
    }
    let list = List {
        kind: ListKind::Revocation,
        scope: "app".to_owned(),
        sequence: 1,
        issued_at: NOW - 60,
        fresh_until: NOW + 60,
        entries,
    };
    facts
        .trust
        .identities
        .iter_mut()
        .filter(|row| row.principal == OBSERVER.1)
        .for_each(|row| row.may.push("list".to_owned()));
    push(&mut facts, 0, OBSERVER, Body::List(list));
    facts
}

/// In the refused ending the first builder is in no row.
pub(super) fn rows(ending: Ending, size: usize) -> Facts {
    let mut facts = steps(Ending::Accepted, size, |at, _| at.checked_sub(1).into_iter().collect());
    let builders = |facts: &mut Facts, mut rename: Box<dyn FnMut(usize) -> String>| {
        let signed = facts.statements.iter_mut().filter(|fact| matches!(fact.body, Body::Step(_)));
        for (at, signer) in signed.flat_map(|fact| &mut fact.signers).enumerate() {
            signer.principal = rename(at);
        }
    };
    builders(&mut facts, Box::new(|at| format!("ci#builder{at}")));
    let mut template = row(BUILDER, ActorKind::Automation, &["build"]);
    template.actors_complete = true;
    template.inputs = lasthand_model::wire::facts::Inputs::Declared;
    let first = usize::from(ending == Ending::Refused);
    facts.trust.identities.extend((first..size).map(|at| {
        let mut row = template.clone();
        row.principal = format!("ci#builder{at}");
        row
    }));
    for product in &mut facts.trust.products {
        product.builders = vec!["ci#builder*".to_owned()];
    }
    facts
}

/// In the refused ending nothing pins the input.
pub(super) fn locks(ending: Ending, size: usize) -> Facts {
    let mut facts = empty(digest("product", 0));
    let mut entries = vec![file(RECIPE, digest("recipe", 0))];
    for at in 0..size {
        entries.push(file(&format!("part{at}/Cargo.lock"), digest("lock", at)));
        let other = usize::from(ending == Ending::Refused);
        let pin = Pin { name: format!("crate{at}"), digest: digest("crate", at + other) };
        facts.locks.insert(FileDigest(digest("lock", at)), vec![pin]);
    }
    let tree = land(&mut facts, entries);
    let inputs = (0..size).map(|at| named(&format!("crate{at}"), digest("crate", at)));
    push(&mut facts, 0, BUILDER, Body::Step(build(&tree, inputs, object(0))));
    facts
}

/// In the refused ending nothing is known of one member.
pub(super) fn index(ending: Ending, size: usize) -> Facts {
    let mut facts = empty(digest("index", 0));
    let tree = land(&mut facts, vec![file(RECIPE, digest("recipe", 0))]);
    let members = (0..size)
        .map(|at| IndexMember { digest: ArtifactDigest(digest("product", at)), platform: format!("linux/{at}") });
    facts.indexes.insert(facts.question.digest, members.collect());
    for at in usize::from(ending == Ending::Refused)..size {
        push(&mut facts, at, BUILDER, Body::Step(build(&tree, std::iter::empty(), object(at))));
    }
    facts
}

/// In the refused ending the first change is reviewed by nobody.
pub(super) fn unlinked(ending: Ending, size: usize) -> Facts {
    let mut facts = empty(digest("product", 0));
    let mut trees = Vec::new();
    for at in 0..size {
        let entries = vec![file(RECIPE, digest("recipe", 0)), file("a", digest("version", at))];
        trees.push(enter(&mut facts, digest("tree", at), entries));
    }
    for (at, to) in trees.iter().enumerate().rev() {
        let from = at.checked_sub(1).and_then(|before| trees.get(before));
        push(&mut facts, at, OBSERVER, Body::Landing(landing(from, to, None)));
        if at > 0 || ending == Ending::Accepted {
            push(&mut facts, at, REVIEWER, Body::Review(review(from, to)));
        }
    }
    if let Some(last) = trees.last() {
        push(&mut facts, 0, BUILDER, Body::Step(build(last, std::iter::empty(), object(0))));
    }
    facts
}
