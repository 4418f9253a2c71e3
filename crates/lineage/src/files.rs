//! A verdict for each file of the artifact.
//!
//! SPEC: docs/rules.md section 8.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, Sha256, StatementDigest};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{Entry, External, Material, NamedDigest};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::accept::{self, Decision, Goal};
use crate::answers::{Collector, FileAnswers};
use crate::by_path::ByPath;
use crate::container::{Expected, Origin, Source};
use crate::cover::{Cover, Place, Uncovered};
use crate::explain::{self, Blame, NearMatch};
use crate::finding::FindingId;
use crate::image;
use crate::order::wide;
use crate::outcome::{Explanation, FileVerdict, LandingAuthor, Verdict};
use crate::pins::Use;
use crate::run::Run;
use crate::steps::{self, Clean, Pinned, Standing, source_trees};
use crate::trees::Tree;
use crate::world::Known;

/// Answers for every entry of the artifact, in path order; of an index those of each member, in its order.
pub(crate) fn answers<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>, verdict: Verdict) -> FileAnswers {
    let asked = run.world.facts.question.digest;
    let mut collector = Collector::default();
    match run.world.facts.indexes.get(&asked) {
        None => {
            let asked = Asked { digest: asked.0, goal: decision.goal.clone(), platform: None };
            answers_for(run, decision, asked, &mut collector);
        }
        Some(members) => {
            let members = members.iter().filter(|member| member.platform != accept::INERT);
            let goals: BTreeMap<ArtifactDigest, &Goal<'a>> = match &decision.goal {
                Some(Goal::Index(goals)) => goals.iter().map(|(digest, goal)| (*digest, goal)).collect(),
                _ => BTreeMap::new(),
            };
            for member in members {
                let goal = match &decision.goal {
                    Some(Goal::Index(_)) => goals.get(&member.digest).map(|goal| (*goal).clone()),
                    Some(whole) => Some(whole.clone()),
                    None => accept::prove_one(run, &decision.cover, &decision.steps, member.digest),
                };
                let asked = Asked { digest: member.digest.0, goal, platform: Some(&member.platform) };
                answers_for(run, decision, asked, &mut collector);
            }
        }
    }
    let mut answers = collector.finish();
    if verdict == Verdict::Exception {
        answers.excuse();
    }
    answers
}

/// The authors of the landings that answers name.
pub(crate) fn authors(
    run: &Run<'_, '_>,
    decision: &Decision<'_>,
    answers: &FileAnswers,
) -> BTreeMap<StatementDigest, Vec<LandingAuthor>> {
    let named: FxHashSet<StatementDigest> = answers.reasons().iter().filter_map(|reason| reason.last_landing).collect();
    let landings = decision.cover.landings.iter();
    let landings = landings.filter_map(|landing| {
        let digest =
            run.world.known.get(landing.statement).map(Known::digest).filter(|digest| named.contains(digest))?;
        let authors = landing.authors.iter();
        let authors = authors.map(|author| LandingAuthor { principal: author.principal.to_owned(), kind: author.kind });
        Some((digest, authors.collect()))
    });
    landings.collect()
}

/// One container whose entries are judged.
struct Asked<'a> {
    digest: Sha256,
    /// How it is proven.
    goal: Option<Goal<'a>>,
    /// Of a member of an index.
    platform: Option<&'a str>,
}

fn answers_for<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>, asked: Asked<'a>, collector: &mut Collector) {
    let Some(tree) = run.world.trees.get(&asked.digest) else { return };
    collector.begin(asked.digest, asked.platform, tree);
    let mut judge = Judge {
        run,
        decision,
        asked,
        landings: FxHashMap::default(),
        makers: FxHashMap::default(),
        reviews: FxHashMap::default(),
        last: FxHashMap::default(),
        files: None,
        base: None,
        pinned: None,
    };
    judge.all(tree, collector);
}

/// The verdict, why, and the path of the material it came from.
type Answer<'a> = (FileVerdict, Explanation, Option<Cow<'a, str>>);

struct Judge<'r, 'w, 'a> {
    run: &'r Run<'w, 'a>,
    decision: &'r Decision<'a>,
    asked: Asked<'a>,
    /// The landing that explains a tree, with its uncovered paths.
    landings: FxHashMap<Place<'a>, Option<(usize, Uncovered<'a>)>>,
    /// The answer for products of a step, by candidate.
    makers: FxHashMap<usize, FileVerdict>,
    /// For each tree: the first review of the landing that last changed a path, where that is answered.
    reviews: FxHashMap<Place<'a>, Reviews<'a>>,
    /// For each landing that explains a tree: the landing at or before it that last changed a path.
    last: FxHashMap<usize, ByPath<'a, usize>>,
    /// The standing of each file material of the step that packaged the artifact.
    files: Option<FxHashMap<&'a NamedDigest, Standing>>,
    /// The answer for what the base gives.
    base: Option<Answer<'a>>,
    /// What the source trees of the step that packaged the artifact pin.
    pinned: Option<Pinned<'a>>,
}

type Reviews<'a> = ByPath<'a, Option<usize>>;

/// Walks back along the chain of a tree; of each path the last answered change counts.
fn reviews_behind<'a>(cover: &Cover<'a>, place: Place<'a>) -> Reviews<'a> {
    let mut reviews = Vec::new();
    let mut next = cover.to_tree.get(&place).and_then(|list| list.first()).copied();
    for _ in 0..=cover.landings.len() {
        let Some((at, landing)) = next.and_then(|at| Some((at, cover.landings.get(at)?))) else { break };
        let answered =
            cover.answers_of(at).filter_map(|(change, answer)| Some((change.path, answer?.first().copied())));
        reviews.extend(answered);
        next = landing.prev;
    }
    ByPath::new(reviews)
}

/// Walks back from a landing to the last change of each path, as far as it is known what the landings changed.
fn last_changes<'a>(cover: &Cover<'a>, start: usize) -> ByPath<'a, usize> {
    let mut last = Vec::new();
    let mut next = Some(start);
    for _ in 0..=cover.landings.len() {
        let Some((at, landing)) = next.and_then(|at| Some((at, cover.landings.get(at)?))) else { break };
        // Behind a landing whose trees are not known, an older change would only seem to be the last.
        let Some(changes) = &landing.changes else { break };
        last.extend(changes.iter().map(|change| (change.path, at)));
        next = landing.prev;
    }
    ByPath::new(last)
}

impl<'a> Judge<'_, '_, 'a> {
    fn all(&mut self, tree: &Tree<'a>, collector: &mut Collector) {
        let digest = self.asked.digest;
        let goal = self.asked.goal.clone();
        let by_package = self.package(digest);
        let near = self.near(digest, by_package);
        let comparison = by_package.and_then(|at| self.decision.steps.compare(self.run, at, digest).ok());
        let expected = comparison.as_ref().map(|comparison| comparison.expected.as_slice()).unwrap_or_default();
        let mut expected = expected.iter().peekable();
        for entry in tree.entries() {
            // Both are sorted by path.
            while expected.next_if(|expected| *expected.path < *entry.path()).is_some() {}
            let here = expected.peek().copied().filter(|expected| *expected.path == *entry.path());
            let (verdict, why, source) = match (&goal, by_package, &near) {
                (Some(goal), None, _) => self.by_goal(goal, entry),
                (_, None, Some(near)) => self.by_near(near, entry),
                (None, None, None) => plain(FileVerdict::Indeterminate, rule("no-step")),
                (_, Some(at), _) => match &comparison {
                    Some(comparison) => {
                        let misfit = comparison.misfits.get(entry.path()).copied();
                        self.by_package(at, entry, misfit, here)
                    }
                    None => plain(FileVerdict::Indeterminate, rule("no-path-map")),
                },
            };
            collector.push(entry.path(), verdict, why, source.as_deref());
        }
    }

    /// The package step whose map explains the artifact.
    fn package(&self, digest: Sha256) -> Option<usize> {
        let steps = &self.decision.steps;
        let is_package = |at: &usize| steps.candidates().get(*at).is_some_and(|c| c.body.kind == StepKind::Package);
        if let Some(goal) = &self.asked.goal {
            return match goal {
                Goal::Step(at) => Some(*at).filter(is_package),
                _ => None,
            };
        }
        let of_digest = steps.makers_of(self.run, digest);
        let of_digest_is_empty = of_digest.is_empty();
        self.fewest(of_digest.into_iter().filter(is_package), digest).or_else(|| {
            let name = self.run.world.facts.question.artifact_name.as_deref()?;
            if !of_digest_is_empty {
                return None;
            }
            let named = accept::made_under_name(self.run.world, name);
            let of_name = (0..steps.candidates().len())
                .filter(|at| steps.candidates().get(*at).is_some_and(|c| named.binary_search(&c.statement()).is_ok()))
                .filter(is_package);
            self.fewest(of_name, digest)
        })
    }

    fn fewest(&self, candidates: impl Iterator<Item = usize>, digest: Sha256) -> Option<usize> {
        let steps = &self.decision.steps;
        candidates.min_by_key(|at| {
            let candidate = steps.candidates().get(*at);
            let is_it = |product: &NamedDigest| image::goes_by(self.run.world, digest, product.digest);
            let made = candidate.is_some_and(|c| c.body.products.iter().any(is_it));
            let own = candidate.map_or(0, |c| steps.faults(c).count())
                + if made { steps.product_faults(self.run, *at, digest).len() } else { 0 };
            let statement = candidate.and_then(|c| self.digest(c.statement()));
            let label = candidate.and_then(|c| c.label()).and_then(|label| self.digest(label));
            (own, statement, label)
        })
    }

    fn near(&self, digest: Sha256, package: Option<usize>) -> Option<NearMatch<'a>> {
        let ask = self.asked.goal.is_none()
            && package.is_none()
            && self.decision.steps.makers_of(self.run, digest).is_empty();
        ask.then(|| explain::near_match(self.run, &self.decision.cover, digest)).flatten()
    }

    fn digest(&self, at: usize) -> Option<StatementDigest> {
        self.run.world.known.get(at).map(Known::digest)
    }

    fn by_goal(&mut self, goal: &Goal<'a>, entry: Entry<'a>) -> Answer<'a> {
        match goal {
            Goal::Step(at) => {
                let step = self.decision.steps.candidates().get(*at).and_then(|c| self.digest(c.statement()));
                let explained = Explanation { step, evidence: step.into_iter().collect(), ..rule("product") };
                plain(FileVerdict::Clean, explained)
            }
            Goal::SourceArchive(at, place) => {
                let from = entry.path();
                let mut source = None;
                let mut explained = rule("source-archive");
                if let Some(landing) = self.decision.cover.landings.get(*at) {
                    let tree = self.run.world.trees.get(&place.1);
                    let path = tree
                        .and_then(|tree| {
                            tree.find(from).or_else(|| from.split_once('/').and_then(|(_, rest)| tree.find(rest)))
                        })
                        .map(Entry::path);
                    explained.evidence = self.digest(landing.statement).into_iter().collect();
                    explained.review = path.and_then(|path| self.review_of(*place, path));
                    explained.last_landing = path.and_then(|path| self.last_change(*at, path));
                    source = path.map(Cow::Borrowed);
                }
                (FileVerdict::Clean, explained, source)
            }
            Goal::TrustedInput => plain(FileVerdict::Clean, rule("trusted-input")),
            Goal::Index(_) => plain(FileVerdict::Clean, rule("index")),
        }
    }

    fn by_near(&mut self, near: &NearMatch<'a>, entry: Entry<'a>) -> Answer<'a> {
        if near.diff.misfits.contains_key(entry.path()) {
            return plain(FileVerdict::Unreviewed, rule("unmatched"));
        }
        if entry.entry_type() == EntryType::Directory {
            return plain(FileVerdict::Clean, rule("parent-folder"));
        }
        let path = entry.path().strip_prefix(near.diff.prefix.as_str()).unwrap_or(entry.path());
        self.by_tree(near.place, path)
    }

    fn by_package(
        &mut self,
        at: usize,
        entry: Entry<'a>,
        misfit: Option<FindingId>,
        expected: Option<&Expected<'a>>,
    ) -> Answer<'a> {
        let candidate = self.decision.steps.candidates().get(at);
        let step = candidate.and_then(|candidate| self.digest(candidate.statement()));
        let label = candidate.and_then(|candidate| candidate.label()).and_then(|label| self.digest(label));
        let packaged = || step.into_iter().chain(label);
        if misfit.is_some() {
            let name = if misfit == Some(FindingId::EntryUnmatched) { "unmatched" } else { "changed" };
            return plain(FileVerdict::Unreviewed, Explanation { step, evidence: packaged().collect(), ..rule(name) });
        }
        let Some(expected) = expected else {
            return plain(
                FileVerdict::Clean,
                Explanation { step, evidence: packaged().collect(), ..rule("parent-folder") },
            );
        };
        let (verdict, mut explained, _) = self.by_source(at, expected);
        explained.path_map = expected.rule.map(|rule| (rule.from.clone(), rule.to.clone()));
        let source = expected.rule.map(|_| Cow::Borrowed(expected.from));
        if explained.rule == "tree" {
            explained.rule = match entry.entry_type() {
                EntryType::Symlink => "path-map-symlink",
                EntryType::Hardlink => "path-map-hardlink",
                EntryType::Config => "config-stated",
                _ => "path-map",
            };
        } else if entry.entry_type() == EntryType::Hardlink {
            explained.rule = "path-map-hardlink";
        }
        explained.step = explained.step.or(step);
        let behind = std::mem::take(&mut explained.evidence);
        explained.evidence.reserve_exact(behind.len() + 2);
        explained.evidence.extend(packaged().chain(behind.into_iter().filter(|digest| Some(*digest) != step)));
        let sound = candidate.is_some_and(|candidate| self.decision.steps.faults(candidate).next().is_none());
        let verdict = match verdict {
            FileVerdict::Clean if !sound => verdict_of(explain::own_blame(self.run, self.decision, at)),
            other => other,
        };
        (verdict, explained, source)
    }

    fn by_source(&mut self, at: usize, expected: &Expected<'a>) -> Answer<'a> {
        match expected.source {
            Source::Entry(entry) | Source::Field(_, Origin::Entry(entry)) => {
                let place = source_trees(self.materials(at)).find_map(|tree| {
                    let root = self.run.resolve(&tree.repository, &tree.tree)?;
                    self.run.world.trees.get(&root)?.find(entry.path()).filter(|found| found.is(entry))?;
                    Some((tree.repository.as_str(), root))
                });
                match place {
                    Some(place) => self.by_tree(place, entry.path()),
                    None => plain(FileVerdict::Indeterminate, rule("no-landing")),
                }
            }
            Source::File(file) | Source::Tool(file) | Source::Field(_, Origin::File(file)) => self.by_file(at, file),
            Source::Base(_) | Source::Field(_, Origin::Base) => self.by_base(at),
        }
    }

    /// What a base gives is as clean as all that makes bases of the materials: a row of the trust file, or the entry that pins them.
    fn by_base(&mut self, at: usize) -> Answer<'a> {
        if let Some(known) = &self.base {
            return known.clone();
        }
        let (facts, digest) = (self.run.world.facts, self.asked.digest);
        let mut answer = plain(FileVerdict::Clean, rule("base"));
        let candidate = self.decision.steps.candidates().get(at);
        let givers = candidate.map(|candidate| steps::givers(self.run, candidate.body)).unwrap_or_default();
        let mut most = None;
        for material in candidate.into_iter().flat_map(|candidate| &candidate.body.materials) {
            let Some(own) = image::digest(material) else { continue };
            let Some(reach) = givers.reach(facts, own, digest) else { continue };
            if most.is_none_or(|most| most < reach) {
                most = Some(reach);
                answer.1.base = image::material_name(material);
            }
            let Material::External(External { name: Some(name), .. }) = material else { continue };
            if image::is_base(facts, own) {
                continue;
            }
            let found = self.pinned(at).name(name, own, Use::Base);
            let (verdict, explained, source) = self.by_pin(at, found);
            if verdict != FileVerdict::Clean {
                answer = (verdict, Explanation { base: answer.1.base, ..explained }, source);
            }
        }
        self.base = Some(answer.clone());
        answer
    }

    fn materials(&self, at: usize) -> &'a [Material] {
        self.decision
            .steps
            .candidates()
            .get(at)
            .map(|candidate| candidate.body.materials.as_slice())
            .unwrap_or_default()
    }

    /// What the source trees of the step pin.
    fn pinned(&mut self, at: usize) -> &Pinned<'a> {
        let (run, materials) = (self.run, self.materials(at));
        self.pinned.get_or_insert_with(|| Pinned::of(run, materials))
    }

    /// What is pinned is as clean as the entry that pins it.
    fn by_pin(&mut self, at: usize, found: Option<(Place<'a>, &'a str)>) -> Answer<'a> {
        let Some((place, path)) = found else { return plain(FileVerdict::Unreviewed, rule("undeclared-input")) };
        let (verdict, explained, source) = self.by_place(at, place, path);
        let rule = if verdict == FileVerdict::Clean { "pinned" } else { explained.rule };
        (verdict, Explanation { rule, ..explained }, source)
    }

    /// An entry of a source tree of the step; of a submodule it is only as clean as what places that.
    fn by_place(&mut self, at: usize, place: Place<'a>, path: &str) -> Answer<'a> {
        let answer = self.by_tree(place, path);
        if answer.0 == FileVerdict::Clean {
            for (holder, folder) in self.pinned(at).layout().holders(&place).to_vec() {
                let placed = self.by_tree(holder, folder);
                if placed.0 != FileVerdict::Clean {
                    return placed;
                }
            }
        }
        answer
    }

    fn by_tree(&mut self, place: Place<'a>, path: &str) -> Answer<'a> {
        let (run, decision) = (self.run, self.decision);
        let known = self.landings.entry(place).or_insert_with(|| decision.cover.best_landing(run, &place));
        let Some((landing_at, uncovered)) = known else {
            return plain(FileVerdict::Indeterminate, rule("no-landing"));
        };
        let (top, origin) = (*landing_at, uncovered.get(path).copied());
        let landing_at = origin.unwrap_or(top);
        let Some(landing) = decision.cover.landings.get(landing_at) else {
            return plain(FileVerdict::Indeterminate, rule("no-landing"));
        };
        let evidence: Vec<StatementDigest> = self.digest(landing.statement).into_iter().collect();
        let last_landing = self.last_change(top, path);
        match origin {
            None => {
                let review = self.review_of(place, path);
                plain(FileVerdict::Clean, Explanation { evidence, review, last_landing, ..rule("tree") })
            }
            Some(_) => {
                let verdict = if landing.agent_touched() { FileVerdict::Violation } else { FileVerdict::Unreviewed };
                let actors = landing.authors.iter().map(|author| author.principal.to_owned()).collect();
                plain(verdict, Explanation { evidence, actors, last_landing, ..rule("unreviewed") })
            }
        }
    }

    /// The review behind the landing that last changed a path, walking back along the chain.
    fn review_of(&mut self, place: Place<'a>, path: &str) -> Option<StatementDigest> {
        let cover = &self.decision.cover;
        let reviews = self.reviews.entry(place).or_insert_with(|| reviews_behind(cover, place));
        let review = cover.reviews.get(reviews.get(path)??)?;
        self.digest(review.statement)
    }

    /// The landing that last changed a path, at or before the one that explains its tree.
    fn last_change(&mut self, top: usize, path: &str) -> Option<StatementDigest> {
        let cover = &self.decision.cover;
        let last = self.last.entry(top).or_insert_with(|| last_changes(cover, top));
        let at = last.get(path)?;
        self.digest(cover.landings.get(at)?.statement)
    }

    fn by_file(&mut self, at: usize, file: &'a NamedDigest) -> Answer<'a> {
        let decision = self.decision;
        let files = self.files.get_or_insert_with(|| {
            let mut files = FxHashMap::default();
            if let Some(candidate) = decision.steps.candidates().get(at) {
                let standings = decision.steps.standings(candidate);
                for (material, standing) in candidate.body.materials.iter().zip(standings) {
                    if let Material::File(listed) = material {
                        files.entry(listed).or_insert(*standing);
                    }
                }
            }
            files
        });
        let standing = files.get(file).copied();
        match standing {
            Some(Standing::Clean(Clean::Pinned)) => {
                let run = self.run;
                let found = self.pinned(at).file(run, file);
                self.by_pin(at, found)
            }
            Some(Standing::Clean(Clean::OwnEntry)) => {
                let run = self.run;
                match self.pinned(at).own_entry(run, file) {
                    Some((place, path)) => self.by_place(at, place, path),
                    None => plain(FileVerdict::Unreviewed, rule("undeclared-input")),
                }
            }
            Some(Standing::Clean(clean)) => {
                let evidence = clean.fetch().and_then(|fetch| self.digest(fetch)).into_iter().collect();
                plain(FileVerdict::Clean, Explanation { evidence, ..rule(clean.rule()) })
            }
            Some(Standing::Product(number)) => {
                let clean = decision.steps.clean_for(self.run, at, number);
                let maker = clean.or_else(|| explain::best_maker(self.run, decision, wide(number)));
                let Some(maker) = maker else { return plain(FileVerdict::Unreviewed, rule("unmatched")) };
                let verdict = if clean.is_some() { FileVerdict::Clean } else { self.maker_verdict(maker, file.digest) };
                let candidate = decision.steps.candidates().get(maker);
                let step = candidate.and_then(|candidate| self.digest(candidate.statement()));
                let label = candidate.and_then(|candidate| candidate.label()).and_then(|label| self.digest(label));
                let evidence = step.into_iter().chain(label).collect();
                plain(verdict, Explanation { step, evidence, ..rule("product") })
            }
            _ => plain(FileVerdict::Unreviewed, rule("undeclared-input")),
        }
    }

    /// The worst that is behind a step which is not faithful.
    fn maker_verdict(&mut self, maker: usize, digest: Sha256) -> FileVerdict {
        if let Some(known) = self.makers.get(&maker) {
            return *known;
        }
        let verdict = verdict_of(explain::behind(self.run, self.decision, maker, digest));
        self.makers.insert(maker, verdict);
        verdict
    }
}

/// An answer for what has no path in the materials.
const fn plain<'a>(verdict: FileVerdict, why: Explanation) -> Answer<'a> {
    (verdict, why, None)
}

fn rule(name: &'static str) -> Explanation {
    Explanation { rule: name, ..Explanation::default() }
}

fn verdict_of(blame: Blame) -> FileVerdict {
    match blame {
        Blame::Agent => FileVerdict::Violation,
        Blame::Unreviewed => FileVerdict::Unreviewed,
        Blame::Unknown => FileVerdict::Indeterminate,
    }
}
