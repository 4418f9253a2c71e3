//! Section 3, authors: whose work a landing is, whether the list is complete, who answers whom, duties.

use std::collections::BTreeSet;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::glob;
use lasthand_model::wire::facts::{Actor, Body, Label};

use super::cover::LandingView;
use super::evidence::{Evidence, Person};
use super::reviews::ReviewView;
use super::{any_glob, has_word};

/// One principal whose work a landing is.
pub(super) struct Author<'a> {
    pub(super) principal: &'a str,
    pub(super) kind: ActorKind,
    pub(super) sponsors: BTreeSet<&'a str>,
    /// Whether an entry calls it an agent or unknown and names no human as its sponsor.
    unsponsored: bool,
}

/// Somebody whose word answers for others' work, and his level as a reviewer (none for a pusher).
pub(super) type Answerer<'a> = (Person<'a>, Option<u8>);

/// Adds an entry; entries of one principal are pooled and the worst kind wins.
pub(super) fn pool<'a>(evidence: &Evidence, authors: &mut Vec<Author<'a>>, actor: &'a Actor, marked: bool) {
    let borrowed = marked && actor.kind == ActorKind::Human;
    let kind = if borrowed { ActorKind::Agent } else { evidence.kind(&actor.principal, actor.kind) };
    let mut sponsors: BTreeSet<&str> = actor.sponsor.as_deref().into_iter().collect();
    if borrowed {
        sponsors.insert(&actor.principal);
    }
    let unsponsored = matches!(kind, ActorKind::Agent | ActorKind::Unknown)
        && !sponsors.iter().any(|sponsor| is_human(evidence, sponsor, ActorKind::Human));
    match authors.iter_mut().find(|author| author.principal == actor.principal) {
        Some(author) => {
            author.sponsors.append(&mut sponsors);
            author.unsponsored |= unsponsored;
            author.kind = [author.kind, kind].into_iter().max_by_key(|kind| weight(*kind)).unwrap_or(kind);
        }
        None => authors.push(Author { principal: &actor.principal, kind, sponsors, unsponsored }),
    }
}

fn weight(kind: ActorKind) -> u8 {
    match kind {
        ActorKind::Human => 0,
        ActorKind::Automation => 1,
        ActorKind::Unknown => 2,
        ActorKind::Agent => 3,
    }
}

/// Authors of a landing: its own list, those that binding reviews name, and the actors of edits.
pub(super) fn of_landing<'a>(
    evidence: &Evidence<'a>,
    landing: &LandingView<'a>,
    reviews: &[ReviewView<'a>],
) -> Vec<Author<'a>> {
    let mut authors = Vec::new();
    for actor in &landing.landing.authors {
        pool(evidence, &mut authors, actor, false);
    }
    let anyhow = reviews.iter().map(|review| review.anyhow(evidence));
    let binding: Vec<ReviewView> = anyhow.filter(|review| review.binds_by_trees(evidence, landing)).collect();
    for actor in binding.iter().flat_map(|review| &review.review.authors) {
        pool(evidence, &mut authors, actor, false);
    }
    let repository = landing.landing.repository.as_str();
    let merged = landing.landing.merge_of.as_ref().and_then(|merge| evidence.resolve_anyhow(repository, &merge.head));
    for known in &evidence.known {
        let Body::Edit(edit) = &known.statement.body else { continue };
        let to = evidence.resolve_anyhow(&edit.repository, &edit.to);
        let behind =
            to.is_some() && (to == Some(landing.to) || to == merged || binding.iter().any(|review| review.head == to));
        if edit.repository != repository || !behind {
            continue;
        }
        let worked = [Role::Performer, Role::Author, Role::CoAuthor, Role::Pusher, Role::Sponsor];
        for actor in edit.actors.iter().filter(|actor| worked.contains(&actor.role)) {
            pool(evidence, &mut authors, actor, !edit.marks.is_empty());
        }
    }
    let entries = landing.landing.authors.iter().filter(|actor| actor.role == Role::Sponsor);
    let stood_for: BTreeSet<&str> =
        entries.flat_map(|actor| [Some(actor.principal.as_str()), actor.sponsor.as_deref()]).flatten().collect();
    for author in &mut authors {
        if author.unsponsored {
            author.sponsors.extend(&stood_for);
        }
    }
    authors
}

/// Whether somebody may be the sponsor of an agent: of kind human, and known as one.
pub(super) fn is_human(evidence: &Evidence, principal: &str, stated: ActorKind) -> bool {
    let rows = &evidence.facts.trust.identities;
    let by_row = rows.iter().any(|row| row.kind == ActorKind::Human && glob::matches(&row.principal, principal));
    evidence.kind(principal, stated) == ActorKind::Human && (by_row || evidence.person(principal).is_some())
}

/// Rule authors-complete.
pub(super) fn are_complete(evidence: &Evidence, landing: &LandingView, authors: &[Author]) -> bool {
    let own = &landing.landing.authors;
    let human = |actor: &Actor| is_human(evidence, &actor.principal, actor.kind);
    let named_sponsor = own.iter().any(|actor| actor.role == Role::Sponsor && human(actor));
    landing.landing.authors_complete
        && !own.is_empty()
        && authors.iter().all(|author| {
            let acts_for_nobody = evidence
                .facts
                .trust
                .robots
                .iter()
                .any(|robot| robot.sponsorless && robot.principal == author.principal);
            !author.unsponsored || named_sponsor || acts_for_nobody
        })
}

/// Persons who pushed and may answer for other authors.
///
/// A pusher whose marked edit makes him an agent answers for nobody.
pub(super) fn pushers<'a>(evidence: &Evidence<'a>, landing: &LandingView<'a>, authors: &[Author]) -> Vec<Answerer<'a>> {
    let mut answerers = Vec::new();
    for actor in &landing.landing.authors {
        let human = authors.iter().any(|author| author.principal == actor.principal && author.kind == ActorKind::Human);
        let revoked = evidence.was_revoked(landing.statement, &actor.principal);
        if actor.role == Role::Pusher && human && !revoked && landing.level.min(3) >= 3 {
            answerers.extend(evidence.person(&actor.principal).map(|person| (person, None)));
        }
    }
    answerers
}

/// Whether every author is answered by another person, or under solo by himself.
pub(super) fn are_answered(
    evidence: &Evidence,
    allowed: &BTreeSet<Label>,
    authors: &[Author],
    answerers: &[Answerer],
) -> bool {
    let solo = evidence.product.is_some_and(|row| row.solo) && allowed.contains(&Label::Solo);
    authors.iter().all(|author| {
        let is_his = |person: &Person| {
            person.contains(author.principal) || author.sponsors.iter().any(|sponsor| person.contains(sponsor))
        };
        answerers.iter().any(|(person, _)| !is_his(person))
            || (solo && answerers.iter().any(|(person, level)| *level == Some(4) && is_his(person)))
    })
}

/// Rule duties, for one path.
pub(super) fn are_separate(evidence: &Evidence, authors: &[Author], path: &str) -> bool {
    let trust = &evidence.facts.trust;
    let solo = evidence.product.is_some_and(|row| row.solo);
    authors.iter().all(|author| {
        let asked = author.kind != ActorKind::Human || (evidence.facts.preset.human_duties && !solo);
        let releases = trust.identities.iter().any(|row| {
            lasthand_model::glob::matches(&row.principal, author.principal)
                && ["build", "package", "sign", "publish", "promote"].iter().any(|word| has_word(&row.may, word))
                && any_glob(&row.products, evidence.name)
        });
        let named =
            trust.robots.iter().any(|robot| robot.principal == author.principal && any_glob(&robot.paths, path));
        !asked || !releases || named
    })
}
