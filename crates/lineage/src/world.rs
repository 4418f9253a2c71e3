//! The facts, indexed once: which statements are known and usable, who signs under which row, what kind each principal has.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::glob;
use lasthand_model::inventory::Inventory;
use lasthand_model::wire::facts::{
    Actor, Body, Facts, IdentityRow, List, ListKind, ProductRow, RobotRow, Signer, StatementFact,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::accept;
use crate::finding::FindingId;
use crate::groups::Groups;
use crate::image;
use crate::marks::Marks;
use crate::order::{self, Index, Keyed, short, wide};
pub(crate) use crate::pairs::{Pair, Pairs};
use crate::products::Products;
use crate::roster::{Matching, Revoked, Rows, read_persons, read_robots};
use crate::rules::{Rule, Rules};
use crate::trees::{Change, Tree, diff};

/// A known statement.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    pub(crate) fact: &'a StatementFact,
    /// Signers under rows, without revoked signers.
    pub(crate) pairs: Pairs<'a>,
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

/// Known statements by what they say: indices in `World::known`, in order of digest.
#[derive(Debug, Default)]
pub(crate) struct BySubject {
    pub(crate) landings: Vec<usize>,
    pub(crate) reviews: Vec<usize>,
    pub(crate) edits: Vec<usize>,
    /// In the order of the facts document: what one points to lies near what the next points to.
    pub(crate) steps: Vec<usize>,
    /// The fetch steps among these.
    pub(crate) fetches: Vec<usize>,
    pub(crate) step_actors: Vec<usize>,
    pub(crate) acts: Vec<usize>,
    pub(crate) approvals: Vec<usize>,
    pub(crate) source_vsas: Vec<usize>,
    lists: Vec<usize>,
    /// Those that state a credential, in the order of the facts document.
    credentials: Vec<usize>,
}

impl BySubject {
    fn add(&mut self, at: usize, fact: &StatementFact) {
        if fact.credential.is_some() {
            self.credentials.push(at);
        }
        let list = match &fact.body {
            Body::Landing(_) => &mut self.landings,
            Body::Review(_) => &mut self.reviews,
            Body::Edit(_) => &mut self.edits,
            Body::Step(step) => {
                if step.kind == StepKind::Fetch {
                    self.fetches.push(at);
                }
                &mut self.steps
            }
            Body::StepActor(_) => &mut self.step_actors,
            Body::Act(_) => &mut self.acts,
            Body::Approval(_) => &mut self.approvals,
            Body::List(_) => &mut self.lists,
            Body::SourceVsa(_) => &mut self.source_vsas,
            _ => return,
        };
        list.push(at);
    }
}

/// Differences between trees, by the roots of both, computed once.
type Diffs<'a> = FxHashMap<(Sha256, Sha256), Rc<Vec<Change<'a>>>>;

/// The facts, indexed.
pub(crate) struct World<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) product: Option<&'a ProductRow>,
    pub(crate) rules: Rules,
    /// In the order of the facts document, which is how its memory lies.
    pub(crate) known: Vec<Known<'a>>,
    /// Indices of the known statements, by digest.
    by_digest: Index,
    /// By known statement: its place in the order of digests.
    ranks: Vec<u32>,
    /// Statements without any row, or contradicting another of the same digest.
    pub(crate) unknown: Vec<(StatementDigest, &'static str)>,
    pub(crate) by_subject: BySubject,
    /// Step-actor statements by the known statement that they label.
    pub(crate) labels: Groups,
    /// Products of the steps, and which of them the steps read.
    pub(crate) products: Products<'a>,
    pub(crate) trees: FxHashMap<Sha256, Tree<'a>>,
    pub(crate) empty_root: Sha256,
    asked: OnceCell<Marks>,
    diffs: RefCell<Diffs<'a>>,
    rows: Rows<'a>,
    persons: FxHashMap<&'a str, usize>,
    robots: FxHashMap<&'a str, Vec<&'a RobotRow>>,
    revoked: Revoked<'a>,
    /// Whether some statement was made in simulated surroundings.
    simulated: bool,
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
            by_digest: Index::default(),
            ranks: Vec::new(),
            unknown: Vec::new(),
            by_subject: BySubject::default(),
            labels: Groups::default(),
            products: Products::default(),
            trees,
            empty_root,
            asked: OnceCell::new(),
            diffs: RefCell::default(),
            rows: Rows::new(&facts.trust.identities),
            persons: read_persons(&facts.trust.persons),
            robots: read_robots(&facts.trust.robots),
            revoked: Revoked::default(),
            simulated: false,
        };
        world.read_statements();
        world.read_subjects();
        world
    }

    /// Finds the known statements and what is wrong with each.
    fn read_statements(&mut self) {
        let statements = &self.facts.statements;
        let mut sorted = by_digest(statements);
        let mut repeated: Vec<bool> = vec![false; statements.len()];
        for same in sorted.chunk_by(|a, b| same_digest(statements, a, b)).filter(|same| same.len() > 1) {
            self.hide_repeated(same, &mut repeated);
        }
        self.known.reserve_exact(statements.len());
        self.products = Products::for_statements(statements.len());
        // By statement of the document: which known one it is.
        let mut known: Vec<Option<u32>> = vec![None; statements.len()];
        for ((fact, repeated), slot) in statements.iter().zip(repeated).zip(&mut known) {
            if repeated {
                continue;
            }
            let pairs = self.pairs(&fact.signers);
            if pairs.is_empty() {
                self.unknown.push((fact.digest, "no row of the trust file matches its signer"));
                continue;
            }
            *slot = Some(short(self.known.len()));
            self.by_subject.add(self.known.len(), fact);
            self.products.add(&fact.body);
            self.simulated |= fact.simulated;
            self.known.push(Known { fact, pairs, fault: None });
        }
        self.unknown.sort_unstable();
        sorted.retain_mut(|one| {
            let new = known.get(one.number()).copied().flatten();
            *one = one.with(new.unwrap_or(0));
            new.is_some()
        });
        self.ranks = vec![0; self.known.len()];
        for (rank, one) in (0..).zip(&sorted) {
            if let Some(slot) = self.ranks.get_mut(one.number()) {
                *slot = rank;
            }
        }
        self.by_digest = Index::new(sorted);
        self.judge_all();
    }

    /// Of several statements with one digest the first counts, or none where they are not equal.
    fn hide_repeated(&mut self, same: &[Keyed], repeated: &mut [bool]) {
        let fact = |one: &Keyed| self.facts.statements.get(one.number());
        let Some((first, more)) = same.split_first() else { return };
        let contradicted = more.iter().any(|other| fact(other) != fact(first));
        let hidden = if contradicted { same } else { more };
        for one in hidden {
            if let Some(slot) = repeated.get_mut(one.number()) {
                *slot = true;
            }
        }
        if let Some(fact) = fact(first).filter(|_| contradicted) {
            self.unknown.push((fact.digest, "two different statements claim this payload digest"));
        }
    }

    /// Finds what is wrong with each known statement.
    fn judge_all(&mut self) {
        let mut known = std::mem::take(&mut self.known);
        let credentials = self.by_subject.credentials.iter().filter_map(|at| known.get(*at));
        let reused = reused_credentials(credentials);
        let lists = self.by_subject.lists.iter().filter_map(|at| known.get(*at));
        self.revoked = Revoked::collect(lists.filter_map(|statement| match &statement.fact.body {
            Body::List(list)
                if matches!(list.kind, ListKind::Revocation | ListKind::Withdrawal)
                    && self.list_counts(statement, list) =>
            {
                Some(list)
            }
            _ => None,
        }));
        if self.may_fault() {
            for statement in &mut known {
                self.judge(statement, &reused);
            }
        }
        self.known = known;
    }

    /// Whether anything can be wrong with a statement: most often nobody is revoked, and nothing is to be visited again.
    fn may_fault(&self) -> bool {
        let demands = [Rule::Simulated, Rule::Revocation, Rule::Credential];
        self.simulated
            || !self.revoked.is_empty()
            || !self.by_subject.credentials.is_empty()
            || self.facts.preset.require_credential
            || !demands.into_iter().all(|rule| self.rules.demand(rule, true))
    }

    /// Orders the known statements by what they say.
    fn read_subjects(&mut self) {
        let mut by = std::mem::take(&mut self.by_subject);
        for list in [
            &mut by.fetches,
            &mut by.landings,
            &mut by.reviews,
            &mut by.edits,
            &mut by.step_actors,
            &mut by.acts,
            &mut by.approvals,
            &mut by.lists,
            &mut by.source_vsas,
        ] {
            list.sort_unstable_by_key(|at| self.rank(*at));
        }
        let labels: Vec<(u32, u32)> = by
            .step_actors
            .iter()
            .filter_map(|at| match &self.known.get(*at)?.fact.body {
                Body::StepActor(actor) => Some((short(self.find(&actor.labels)?), short(*at))),
                _ => None,
            })
            .collect();
        self.labels = Groups::new(self.known.len(), labels.iter().copied());
        let steps = by.steps.iter().filter_map(|at| match &self.known.get(*at)?.fact.body {
            Body::Step(step) => Some((*at, step)),
            _ => None,
        });
        self.products.number(steps);
        self.by_subject = by;
    }

    /// The known statement with a digest.
    pub(crate) fn find(&self, digest: &StatementDigest) -> Option<usize> {
        let digest_of = |at: usize| self.known.get(at).map(|known| known.digest().0);
        self.by_digest.of_digest(digest.0, digest_of).next()
    }

    /// The products, by number, with the digest of the artifact or of a member of the index that it is.
    pub(crate) fn asked(&self) -> &Marks {
        self.asked.get_or_init(|| {
            let mut asked = Marks::new(self.products.len());
            for number in accept::asked(self).flat_map(|digest| self.products.with_digest(digest)) {
                asked.insert(number);
            }
            asked
        })
    }

    /// The place of a known statement in the order of digests.
    pub(crate) fn rank(&self, at: usize) -> usize {
        self.ranks.get(at).copied().map_or(usize::MAX, wide)
    }

    /// Known statements of one sort, with what they say.
    pub(crate) fn each<'w>(
        &'w self,
        list: &'w [usize],
    ) -> impl Iterator<Item = (usize, &'w Known<'a>, &'a Body)> + Clone + 'w {
        list.iter().filter_map(|at| self.known.get(*at).map(|known| (*at, known, &known.fact.body)))
    }

    fn pairs(&self, signers: &'a [Signer]) -> Pairs<'a> {
        let mut pairs = Vec::new();
        for signer in signers {
            let matching = self.rows.of(&signer.principal);
            for row in matching.rows.iter().filter(|row| row.method == signer.method) {
                let kind = if matching.agent { ActorKind::Agent } else { row.kind };
                pairs.push(Pair { signer, row, kind, level: lasthand_trust::level::level(row, signer) });
            }
        }
        pairs.into()
    }

    fn judge(&self, statement: &mut Known<'a>, reused: &FxHashSet<Sha256>) {
        let revoked = &self.revoked;
        let fact = statement.fact;
        let simulated_ok = !fact.simulated || self.facts.trust.accept_simulated;
        let simulated = !self.rules.demand(Rule::Simulated, simulated_ok);
        let is_gone = |signer: &Signer| {
            let mut groups = self.facts.trust.groups.iter().filter(|group| group.principal == signer.principal);
            revoked.signer(signer) || groups.any(|group| revoked.group(group, &fact.signers))
        };
        let gone = statement.pairs.iter().filter(|pair| is_gone(pair.signer)).count();
        let credential_revoked =
            fact.credential.as_ref().is_some_and(|credential| revoked.credential(&credential.digest));
        let unrevoked = gone < statement.pairs.len() && !revoked.statement(&fact.digest) && !credential_revoked;
        let is_list = matches!(fact.body, Body::List(_));
        // A list goes on to deny when its signer is revoked; see `current_list`.
        if !is_list && gone > 0 && !self.rules.demand(Rule::Revocation, false) {
            let left = statement.pairs.iter().filter(|pair| !is_gone(pair.signer)).copied();
            statement.pairs = left.collect::<Vec<_>>().into();
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

/// The statements of the document by digest, then in their order.
fn by_digest(statements: &[StatementFact]) -> Vec<Keyed> {
    let keyed = (0..).zip(statements).map(|(at, fact)| Keyed::new(&fact.digest.0, at));
    let mut sorted = order::sort(keyed.collect(), Keyed::spread);
    // Few begin alike: most statements themselves are not visited.
    for alike in sorted.chunk_by_mut(|a, b| a.prefix() == b.prefix()).filter(|alike| alike.len() > 1) {
        alike.sort_by_key(|one| statements.get(one.number()).map(|fact| fact.digest));
    }
    sorted
}

/// Whether two statements of the document have one digest.
fn same_digest(statements: &[StatementFact], a: &Keyed, b: &Keyed) -> bool {
    let digest = |one: &Keyed| statements.get(one.number()).map(|fact| fact.digest);
    a.prefix() == b.prefix() && digest(a) == digest(b)
}
