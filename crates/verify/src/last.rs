//! Who had the last hand on an entry, as its explanation tells.
//!
//! Only for display: what counts is decided by `lineage`.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::StatementDigest;
use lasthand_model::wire::facts::Body;
use lasthand_model::wire::report::{ReportActor, ReportFile, ReportFileVerdict, ReportStep};

use crate::behind::behind;
use crate::verifier::Verification;

/// Rules of entries that a step made; with any other rule it only placed what was there.
const MADE: [&str; 6] = ["product", "parent-folder", "unmatched", "changed", "undeclared-input", "path-map-hardlink"];
/// Those of them that stand for what the step read.
const PRODUCTS: [&str; 2] = ["product", "path-map-hardlink"];
/// Rule of a file that a fetch step brought; the fetch is among the evidence.
const FETCHED: &str = "fetched";

/// The actors of a verification, by statement.
pub(crate) struct LastHands<'a> {
    verification: &'a Verification,
    steps: BTreeMap<StatementDigest, &'a ReportStep>,
    /// Of each principal, where he is known best.
    best: BTreeMap<&'a str, &'a ReportActor>,
    /// Of each landing: the one before it.
    before: BTreeMap<StatementDigest, StatementDigest>,
    /// Of each step that was asked for: those behind it who made its products unclean.
    blamed: BTreeMap<StatementDigest, Vec<ReportActor>>,
}

impl<'a> LastHands<'a> {
    /// Cost: O(actors log actors).
    pub(crate) fn new(verification: &'a Verification) -> Self {
        let steps = &verification.report.steps;
        let best = best_known(steps);
        let before = verification.facts.statements.iter().filter_map(|statement| match &statement.body {
            Body::Landing(landing) => Some((statement.digest, landing.prev?)),
            _ => None,
        });
        let before = before.collect();
        Self {
            verification,
            before,
            steps: steps.iter().map(|step| (step.statement, step)).collect(),
            best,
            blamed: BTreeMap::new(),
        }
    }

    /// The last actors of an entry, and whoever reviewed their work; none where nobody is known.
    ///
    /// Of what lies in a tree: the authors of the landing that last changed it, and of the one to look at. Of what a step made: its
    /// performers, and where it is not clean, those behind it whose work nobody answered for.
    pub(crate) fn of(&mut self, file: &ReportFile) -> Vec<ReportActor> {
        let Some(explained) = &file.explained_by else { return Vec::new() };
        let mut hands = explained.last_landing.map(|landing| self.authors(landing)).unwrap_or_default();
        for principal in &explained.actors {
            if !hands.iter().any(|hand| hand.principal == *principal) {
                hands.push(self.known(principal, ActorKind::Unknown));
            }
        }
        if hands.is_empty() {
            let step = match explained.rule.as_str() {
                FETCHED => explained.evidence.iter().find_map(|digest| self.step(*digest, "fetch")),
                rule if MADE.contains(&rule) => explained.step.and_then(|digest| self.steps.get(&digest).copied()),
                _ => None,
            };
            hands = step.map(performers).unwrap_or_default();
            let made = PRODUCTS.contains(&explained.rule.as_str());
            if let Some(step) = explained.step.filter(|_| made && file.verdict != Some(ReportFileVerdict::Clean)) {
                hands.extend(self.blamed(step));
            }
        }
        let review = explained.review.and_then(|review| self.steps.get(&review));
        hands.extend(review.into_iter().flat_map(|review| review.actors.iter().cloned()));
        hands
    }

    fn step(&self, digest: StatementDigest, kind: &str) -> Option<&'a ReportStep> {
        self.steps.get(&digest).copied().filter(|step| step.kind == kind)
    }

    /// The authors that a landing states, and those that other statements add; each as what he is taken for.
    fn authors(&self, landing: StatementDigest) -> Vec<ReportActor> {
        let mut hands = self.steps.get(&landing).map(|step| step.actors.clone()).unwrap_or_default();
        for author in self.verification.outcome.authors.get(&landing).into_iter().flatten() {
            match hands.iter_mut().find(|hand| hand.principal == author.principal) {
                Some(hand) => hand.kind = author.kind,
                None => hands.push(ReportActor { kind: author.kind, ..self.known(&author.principal, author.kind) }),
            }
        }
        hands
    }

    /// Who acted at the things that are missing behind a step.
    fn blamed(&mut self, step: StatementDigest) -> Vec<ReportActor> {
        if let Some(known) = self.blamed.get(&step) {
            return known.clone();
        }
        let verification = self.verification;
        let mut chain: BTreeSet<StatementDigest> = behind(&verification.facts, &[step]).into_iter().collect();
        // What an older landing left uncovered is behind the later ones.
        let mut open: Vec<StatementDigest> = chain.iter().copied().collect();
        while let Some(digest) = open.pop() {
            open.extend(self.before.get(&digest).copied().filter(|before| chain.insert(*before)));
        }
        let missing = verification.outcome.frontier.iter();
        let missing = missing.filter(|item| item.finding.place.step.is_some_and(|step| chain.contains(&step)));
        let principals: BTreeSet<&str> = missing.flat_map(|item| item.actors.iter().map(String::as_str)).collect();
        let blamed: Vec<ReportActor> =
            principals.into_iter().map(|principal| self.known(principal, ActorKind::Unknown)).collect();
        self.blamed.insert(step, blamed.clone());
        blamed
    }

    fn known(&self, principal: &str, kind: ActorKind) -> ReportActor {
        let nobody = || ReportActor { role: Role::Author, principal: principal.to_owned(), kind, level: 0 };
        let best = self.best.get(principal);
        best.map_or_else(nobody, |actor| ReportActor { role: Role::Author, ..(*actor).clone() })
    }
}

/// Every principal of some steps, as he is known best.
pub(crate) fn best_known(steps: &[ReportStep]) -> BTreeMap<&str, &ReportActor> {
    let mut best: BTreeMap<&str, &ReportActor> = BTreeMap::new();
    for actor in steps.iter().flat_map(|step| &step.actors) {
        let known = best.entry(&actor.principal).or_insert(actor);
        if actor.level > known.level {
            *known = actor;
        }
    }
    best
}

/// Whoever performed a step; where nobody is stated, whoever signed for it.
fn performers(step: &ReportStep) -> Vec<ReportActor> {
    let performers: Vec<ReportActor> =
        step.actors.iter().filter(|actor| actor.role == Role::Performer).cloned().collect();
    match (performers.is_empty(), &step.signer) {
        (true, Some(signer)) => {
            let principal = match &signer.issuer {
                Some(issuer) => format!("{issuer}#{}", signer.id),
                None => signer.id.clone(),
            };
            vec![ReportActor { role: Role::Performer, principal, kind: signer.kind, level: signer.level }]
        }
        _ => performers,
    }
}
