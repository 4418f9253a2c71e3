//! The facts, indexed once: which statements are known and usable, who signs under which row, what kind each principal has.

use std::cell::RefCell;
use std::rc::Rc;

use lasthand_model::actor::{ActorKind, Role};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::glob;
use lasthand_model::inventory::Inventory;
use lasthand_model::wire::facts::{
    Actor, Body, Facts, IdentityRow, List, ListKind, ProductRow, RobotRow, Signer, StatementFact,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::finding::FindingId;
use crate::groups::Groups;
use crate::image;
use crate::products::{Products, prefix};
use crate::roster::{Matching, Revoked, Rows, read_persons, read_robots};
use crate::rules::{Rule, Rules};
use crate::trees::{Change, Tree, diff};

/// One signer of a statement under one row that matches him.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) signer: &'a Signer,
    pub(crate) row: &'a IdentityRow,
    /// The row's kind, but agent when any row says that the signer is one.
    pub(crate) kind: ActorKind,
    pub(crate) level: u8,
}

/// A known statement.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) fact: &'a StatementFact,
    /// Signers under rows, without revoked signers.
    pub(crate) pairs: Vec<Pair<'a>>,
    /// Why the statement proves nothing, if so.
    pub(crate) fault: Option<FindingId>,
}

impl Known<'_> {
    pub(crate) const fn digest(&self) -> StatementDigest {
        self.fact.digest
    }

    pub(crate) const fn usable(&self) -> bool {
        self.fault.is_none()
    }
}

/// Known statements by what they say: indices in `World::known`, so in order of digest.
#[derive(Debug, Default)]
pub(crate) struct BySubject {
    pub(crate) landings: Vec<usize>,
    pub(crate) reviews: Vec<usize>,
    pub(crate) edits: Vec<usize>,
    pub(crate) steps: Vec<usize>,
    pub(crate) step_actors: Vec<usize>,
    pub(crate) acts: Vec<usize>,
    pub(crate) approvals: Vec<usize>,
    pub(crate) source_vsas: Vec<usize>,
    lists: Vec<usize>,
}

/// Differences between trees, by the roots of both, computed once.
type Diffs<'a> = FxHashMap<(Sha256, Sha256), Rc<Vec<Change<'a>>>>;

/// The facts, indexed.
pub(crate) struct World<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) product: Option<&'a ProductRow>,
    pub(crate) rules: Rules,
    pub(crate) known: Vec<Known<'a>>,
    /// Statements without any row, or contradicting another of the same digest.
    pub(crate) unknown: Vec<(StatementDigest, &'static str)>,
    pub(crate) by_subject: BySubject,
    /// Steps in the order of the facts document: what one points to lies near what the next points to.
    pub(crate) steps_as_given: Vec<usize>,
    /// Step-actor statements by the known statement that they label.
    pub(crate) labels: Groups,
    /// Products and file materials of the steps.
    pub(crate) products: Products<'a>,
    pub(crate) trees: FxHashMap<Sha256, Tree<'a>>,
    pub(crate) empty_root: Sha256,
    diffs: RefCell<Diffs<'a>>,
    rows: Rows<'a>,
    persons: FxHashMap<&'a str, usize>,
    robots: FxHashMap<&'a str, Vec<&'a RobotRow>>,
    revoked: Revoked<'a>,
}

impl<'a> World<'a> {
    pub(crate) fn new(facts: &'a Facts, rules: Rules) -> Self {
        let empty_root = Inventory::default().root().0;
        let mut trees: FxHashMap<Sha256, Tree<'a>> =
            facts.inventories.iter().filter_map(|(root, entries)| Some((*root, Tree::new(entries)?))).collect();
        trees.insert(empty_root, Tree::default());
        let mut products = facts.trust.products.iter().filter(|row| row.name == facts.question.product);
        // Two rows of one name contradict each other: neither counts.
        let product = products.next().filter(|_| products.next().is_none());
        let mut world = Self {
            facts,
            product,
            rules,
            known: Vec::new(),
            unknown: Vec::new(),
            by_subject: BySubject::default(),
            steps_as_given: Vec::new(),
            labels: Groups::default(),
            products: Products::default(),
            trees,
            empty_root,
            diffs: RefCell::default(),
            rows: Rows::new(&facts.trust.identities),
            persons: read_persons(&facts.trust.persons),
            robots: read_robots(&facts.trust.robots),
            revoked: Revoked::default(),
        };
        world.read_statements();
        world.read_subjects();
        world
    }

    /// Finds the known statements and what is wrong with each.
    fn read_statements(&mut self) {
        let statements = &self.facts.statements;
        let order = in_digest_order(statements);
        let mut judged: Vec<Option<Known<'a>>> = statements.iter().map(|_| None).collect();
        for (at, contradicted) in &order {
            let Some(fact) = statements.get(*at) else { continue };
            if *contradicted {
                self.unknown.push((fact.digest, "two different statements claim this payload digest"));
            } else if let Some(slot) = judged.get_mut(*at) {
                *slot = Some(Known { fact, pairs: Vec::new(), fault: None });
            }
        }
        // In the order of the document, not of digests: that is how the memory lies.
        for slot in &mut judged {
            if let Some(statement) = slot {
                statement.pairs = self.pairs(&statement.fact.signers);
                if statement.pairs.is_empty() {
                    self.unknown.push((statement.fact.digest, "no row of the trust file matches its signer"));
                    *slot = None;
                }
            }
        }
        self.unknown.sort_unstable();
        let reused = reused_credentials(judged.iter().flatten());
        self.revoked = Revoked::collect(judged.iter().flatten().filter_map(|statement| match &statement.fact.body {
            Body::List(list)
                if matches!(list.kind, ListKind::Revocation | ListKind::Withdrawal)
                    && self.list_counts(statement, list) =>
            {
                Some(list)
            }
            _ => None,
        }));
        for statement in judged.iter_mut().flatten() {
            self.judge(statement, &reused);
        }
        self.known = order.into_iter().filter_map(|(at, _)| judged.get_mut(at)?.take()).collect();
    }

    /// Sorts the known statements by what they say.
    fn read_subjects(&mut self) {
        let by = &mut self.by_subject;
        for (at, statement) in self.known.iter().enumerate() {
            let list = match &statement.fact.body {
                Body::Landing(_) => &mut by.landings,
                Body::Review(_) => &mut by.reviews,
                Body::Edit(_) => &mut by.edits,
                Body::Step(_) => &mut by.steps,
                Body::StepActor(_) => &mut by.step_actors,
                Body::Act(_) => &mut by.acts,
                Body::Approval(_) => &mut by.approvals,
                Body::List(_) => &mut by.lists,
                Body::SourceVsa(_) => &mut by.source_vsas,
                _ => continue,
            };
            list.push(at);
        }
        self.steps_as_given.clone_from(&self.by_subject.steps);
        // Statements lie in one list, so their addresses are in its order.
        self.steps_as_given.sort_by_cached_key(|at| self.known.get(*at).map(|known| std::ptr::from_ref(known.fact)));
        let labels: Vec<(usize, usize)> = self
            .by_subject
            .step_actors
            .iter()
            .filter_map(|at| match &self.known.get(*at)?.fact.body {
                Body::StepActor(actor) => Some((self.find(&actor.labels)?, *at)),
                _ => None,
            })
            .collect();
        self.labels = Groups::new(self.known.len(), labels.iter().copied());
        let steps = self.steps_as_given.iter().filter_map(|at| match &self.known.get(*at)?.fact.body {
            Body::Step(step) => Some((*at, step)),
            _ => None,
        });
        self.products = Products::collect(self.known.len(), steps);
    }

    /// The known statement with a digest.
    pub(crate) fn find(&self, digest: &StatementDigest) -> Option<usize> {
        self.known.binary_search_by(|known| known.fact.digest.cmp(digest)).ok()
    }

    /// Known statements of one sort, with what they say.
    pub(crate) fn each<'w>(
        &'w self,
        list: &'w [usize],
    ) -> impl Iterator<Item = (usize, &'w Known<'a>, &'a Body)> + Clone + 'w {
        list.iter().filter_map(|at| self.known.get(*at).map(|known| (*at, known, &known.fact.body)))
    }

    fn pairs(&self, signers: &'a [Signer]) -> Vec<Pair<'a>> {
        let mut pairs = Vec::new();
        for signer in signers {
            let matching = self.rows.of(&signer.principal);
            pairs.extend(matching.rows.iter().filter(|row| row.method == signer.method).map(|row| {
                let kind = if matching.agent { ActorKind::Agent } else { row.kind };
                Pair { signer, row, kind, level: lasthand_trust::level::level(row, signer) }
            }));
        }
        pairs
    }

    fn judge(&self, statement: &mut Known<'a>, reused: &FxHashSet<Sha256>) {
        let revoked = &self.revoked;
        let fact = statement.fact;
        let simulated_ok = !fact.simulated || self.facts.trust.accept_simulated;
        let simulated = !self.rules.demand(Rule::Simulated, simulated_ok);
        let gone = statement.pairs.iter().filter(|pair| revoked.signer(pair.signer)).count();
        let credential_revoked =
            fact.credential.as_ref().is_some_and(|credential| revoked.credential(&credential.digest));
        let unrevoked = gone < statement.pairs.len() && !revoked.statement(&fact.digest) && !credential_revoked;
        let is_list = matches!(fact.body, Body::List(_));
        // A list goes on to deny when its signer is revoked; see `current_list`.
        if !is_list && gone > 0 && !self.rules.demand(Rule::Revocation, false) {
            statement.pairs.retain(|pair| !revoked.signer(pair.signer));
        }
        statement.fault = if simulated {
            Some(FindingId::Simulated)
        } else if !self.rules.demand(Rule::Revocation, unrevoked) {
            Some(FindingId::Revoked)
        } else if !is_list && !self.rules.demand(Rule::Credential, self.credential_holds(statement, reused)) {
            Some(FindingId::Credential)
        } else {
            None
        };
    }

    fn credential_holds(&self, statement: &Known<'a>, reused: &FxHashSet<Sha256>) -> bool {
        let fact = statement.fact;
        let preset = &self.facts.preset;
        let Some(credential) = &fact.credential else {
            return !(preset.require_credential && matches!(fact.body, Body::StepActor(_) | Body::Act(_)));
        };
        let life = credential.expires.saturating_sub(credential.issued);
        let in_time = statement.pairs.iter().all(|pair| {
            let time = pair.signer.time.unwrap_or(self.facts.now);
            credential.issued <= time && time < credential.expires
        });
        in_time
            && preset.credential_seconds.is_none_or(|longest| life <= longest)
            && !reused.contains(&credential.digest)
    }

    /// Lists of a kind that may speak of the product.
    pub(crate) fn effective_lists(&self, kind: ListKind) -> impl Iterator<Item = (&Known<'a>, &'a List)> {
        self.each(&self.by_subject.lists).filter_map(move |(_, statement, body)| match body {
            Body::List(list) if list.kind == kind && self.list_counts(statement, list) => Some((statement, list)),
            _ => None,
        })
    }

    fn list_counts(&self, statement: &Known<'_>, list: &List) -> bool {
        let name = &self.facts.question.product;
        let simulated_ok = !statement.fact.simulated || self.facts.trust.accept_simulated;
        self.rules.demand(Rule::Simulated, simulated_ok)
            && glob::matches(&list.scope, name)
            && statement
                .pairs
                .iter()
                .any(|pair| may(pair.row, "list") && for_product(pair.row, name) && pair.kind != ActorKind::Agent)
    }

    /// The list of a kind that is in force: the highest sequence issued by now, of signers who are not revoked.
    pub(crate) fn current_list(&self, kind: ListKind) -> Option<(&Known<'a>, &'a List)> {
        self.effective_lists(kind)
            .filter(|(statement, list)| statement.usable() && list.issued_at <= self.facts.now)
            .max_by_key(|(statement, list)| (list.sequence, std::cmp::Reverse(statement.digest())))
    }

    /// Whether a digest is trusted, but never as a dependency: a toolchain or base is no content of the product.
    pub(crate) fn only_tool(&self, digest: Sha256) -> bool {
        let rows = self.facts.trust.trusted_inputs.iter().filter(|row| row.digest == digest);
        let mut rows = rows.filter(|row| image::row_counts(self.facts, row)).peekable();
        rows.peek().is_some() && rows.all(|row| row.used_as != "dependency")
    }

    /// The kind of a principal, from the rows and as stated.
    pub(crate) fn kind(&self, principal: &'a str, stated: ActorKind) -> ActorKind {
        let rows = self.rows.of(principal);
        match stated {
            ActorKind::Agent => ActorKind::Agent,
            _ if rows.agent => ActorKind::Agent,
            _ if rows.automation => ActorKind::Automation,
            ActorKind::Automation if self.is_robot(principal) => ActorKind::Automation,
            ActorKind::Automation => ActorKind::Unknown,
            ActorKind::Human | ActorKind::Unknown if rows.human => ActorKind::Human,
            other => other,
        }
    }

    fn is_robot(&self, principal: &str) -> bool {
        self.robots.contains_key(principal)
    }

    /// The robot rows of a principal.
    pub(crate) fn robots(&self, principal: &str) -> impl Iterator<Item = &'a RobotRow> {
        self.robots.get(principal).into_iter().flatten().copied()
    }

    /// The identity rows that match a principal, by any method.
    pub(crate) fn rows(&self, principal: &'a str) -> Rc<Matching<'a>> {
        self.rows.of(principal)
    }

    /// Whether a principal that a statement speaks of was revoked when it was signed.
    pub(crate) fn revoked(&self, principal: &str, statement: &StatementFact) -> bool {
        let earliest = statement.signers.iter().map(|signer| signer.time).min().flatten();
        !self.rules.demand(Rule::Revocation, !self.revoked.principal(principal, earliest))
    }

    /// The person row that lists a principal.
    pub(crate) fn person(&self, principal: &str) -> Option<usize> {
        self.persons.get(principal).copied()
    }

    /// The differences between two trees whose inventories are known.
    pub(crate) fn diff(&self, before: Sha256, after: Sha256) -> Option<Rc<Vec<Change<'a>>>> {
        if let Some(changes) = self.diffs.borrow().get(&(before, after)) {
            return Some(Rc::clone(changes));
        }
        let changes = Rc::new(diff(self.trees.get(&before)?, self.trees.get(&after)?));
        self.diffs.borrow_mut().insert((before, after), Rc::clone(&changes));
        Some(changes)
    }
}

/// Whether a row lists a statement type or step kind.
pub(crate) fn may(row: &IdentityRow, what: &str) -> bool {
    row.may.iter().any(|word| word == what)
}

/// Whether a row speaks of a repository.
pub(crate) fn speaks_of(row: &IdentityRow, repository: &str) -> bool {
    any_glob(&row.repositories, repository)
}

/// Whether a row speaks of a product.
pub(crate) fn for_product(row: &IdentityRow, product: &str) -> bool {
    any_glob(&row.products, product)
}

/// Whether a row states other people's acts by a method.
pub(crate) fn observes(row: &IdentityRow, method: &str) -> bool {
    row.observer.iter().any(|word| word == method)
}

/// Whether one of the globs matches.
pub(crate) fn any_glob(globs: &[String], text: &str) -> bool {
    globs.iter().any(|pattern| glob::matches(pattern, text))
}

/// The performers among actors.
pub(crate) fn performers(actors: &[Actor]) -> impl Iterator<Item = &Actor> {
    actors.iter().filter(|actor| actor.role == Role::Performer)
}

/// Credentials that two known statements use for different tasks.
fn reused_credentials<'k, 'a: 'k>(known: impl Iterator<Item = &'k Known<'a>>) -> FxHashSet<Sha256> {
    let mut task_of: FxHashMap<Sha256, Option<&str>> = FxHashMap::default();
    let mut reused = FxHashSet::default();
    for credential in known.filter_map(|statement| statement.fact.credential.as_ref()) {
        let task = credential.task.as_deref();
        if *task_of.entry(credential.digest).or_insert(task) != task {
            reused.insert(credential.digest);
        }
    }
    reused
}

/// The first statement of each digest, by digest, and whether another one of this digest says something else.
fn in_digest_order(statements: &[StatementFact]) -> Vec<(usize, bool)> {
    let mut order: Vec<(u64, usize)> =
        statements.iter().enumerate().map(|(at, fact)| (prefix(&fact.digest.0), at)).collect();
    let digest = |at: usize| statements.get(at).map(|fact| fact.digest);
    // Hardly ever do two share eight bytes: the statements themselves are not visited.
    order.sort_unstable_by(|(a, at_a), (b, at_b)| {
        a.cmp(b).then_with(|| digest(*at_a).cmp(&digest(*at_b))).then_with(|| at_a.cmp(at_b))
    });
    order
        .chunk_by(|(a, at_a), (b, at_b)| a == b && digest(*at_a) == digest(*at_b))
        .filter_map(|same| {
            let (_, first) = *same.first()?;
            let contradicted = same.iter().skip(1).any(|(_, at)| statements.get(*at) != statements.get(first));
            Some((first, contradicted))
        })
        .collect()
}
