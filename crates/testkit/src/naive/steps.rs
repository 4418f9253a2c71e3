//! Sections 4, 5 and 7: faithful steps, clean materials, and the comparison of a package with its materials.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::actor::{ActorKind, Role, StepKind};
use lasthand_model::digest::{ArtifactDigest, Sha256, StatementDigest};
use lasthand_model::glob::matches;
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{
    Body, Bound, EntryFact, External, Inputs, Label, Material, NamedDigest, PathRule, SourceTree, Step, StepActor,
};

use super::cover::Cover;
use super::evidence::{Evidence, Known, Pair, level, stated_level};
use super::image;
use super::reviews::entry;
use super::{any_glob, has_word};

/// Everything a step is judged by.
pub(super) struct Steps<'s, 'a> {
    pub(super) evidence: &'s Evidence<'a>,
    pub(super) allowed: &'s BTreeSet<Label>,
    pub(super) cover: &'s Cover<'a>,
    /// (step, product name, product digest) that are faithful so far.
    pub(super) faithful: BTreeSet<(StatementDigest, &'a str, Sha256)>,
}

/// A label that is the step's own, with the pairs that make it so.
struct Own<'a> {
    label: &'a StepActor,
    pairs: Vec<Pair<'a>>,
}

const LOCK_FORMATS: [&str; 16] = [
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "go.sum",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "requirements.txt",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "Dockerfile",
    "Containerfile",
    "flake.lock",
];

impl<'a> Steps<'_, 'a> {
    /// Recomputes the table of faithful steps until nothing changes.
    pub(super) fn settle(&mut self) {
        loop {
            let mut found = BTreeSet::new();
            for known in &self.evidence.known {
                let Body::Step(step) = &known.statement.body else { continue };
                for product in &step.products {
                    let key = (known.statement.digest, product.name.as_str(), product.digest);
                    if self.faithful.contains(&key) || self.is_faithful(known, step, product) {
                        found.insert(key);
                    }
                }
            }
            if found == self.faithful {
                return;
            }
            self.faithful = found;
        }
    }

    fn is_faithful(&self, known: &Known<'a>, step: &'a Step, asked: &NamedDigest) -> bool {
        if !known.usable || !matches!(step.kind, StepKind::Build | StepKind::Package) {
            return false;
        }
        let labels: Vec<(&Known<'a>, &'a StepActor)> = self
            .evidence
            .known
            .iter()
            .filter_map(|other| match &other.statement.body {
                Body::StepActor(label) if label.labels == known.statement.digest => Some((other, label)),
                _ => None,
            })
            .collect();
        let own: Vec<Own> = labels
            .iter()
            .filter(|(other, _)| other.usable)
            .map(|(other, label)| Own { label, pairs: self.own_pairs(known, step, &other.pairs) })
            .filter(|own| !own.pairs.is_empty())
            .collect();
        let unlabelled = labels.iter().all(|(other, _)| {
            let pairs = self.evidence.all_pairs(other.statement);
            self.own_pairs(known, step, &pairs).is_empty()
        });
        let stated = labels.iter().map(|(_, label)| *label).collect::<Vec<_>>();
        let performed_by_automation = stated
            .iter()
            .flat_map(|label| performers(label))
            .all(|actor| self.evidence.kind(&actor.principal, actor.kind) == ActorKind::Automation);
        let unmarked = stated.iter().all(|label| label.marks.is_empty());
        let failed = stated.iter().any(|label| label.success == Some(false));
        if !performed_by_automation || failed || !(unmarked || self.allowed.contains(&Label::AgentMarks)) {
            return false;
        }
        let least = self.evidence.facts.preset.builder_level;
        let rows: Vec<&Pair> =
            known.pairs.iter().filter(|pair| self.has_authority(step, pair) && level(pair) >= least).collect();
        rows.iter().any(|pair| {
            let alone = unlabelled && pair.1.actors_complete && self.holds(step, asked, pair, None);
            alone || own.iter().any(|label| self.holds(step, asked, pair, Some(label)))
        })
    }

    /// The pairs of a label that make it the step's own.
    fn own_pairs(&self, known: &Known<'a>, step: &Step, pairs: &[Pair<'a>]) -> Vec<Pair<'a>> {
        let is_own = |pair: &Pair| {
            let (signer, row) = pair;
            let same = known
                .pairs
                .iter()
                .any(|other| other.0.principal == signer.principal && self.has_authority(step, other));
            let observes = has_word(&row.observer, "step")
                && self.evidence.pair_kind(pair) == ActorKind::Automation
                && has_word(&row.may, step.kind.as_str())
                && any_glob(&row.products, self.evidence.name)
                && level(pair) >= self.evidence.facts.preset.builder_level;
            same || observes
        };
        pairs.iter().copied().filter(is_own).collect()
    }

    /// Rule step-authority, of one row.
    fn has_authority(&self, step: &Step, pair: &Pair) -> bool {
        let (signer, row) = pair;
        let builders = self.evidence.product.map_or(&[][..], |product| &product.builders);
        self.evidence.pair_kind(pair) == ActorKind::Automation
            && has_word(&row.may, step.kind.as_str())
            && any_glob(&row.products, self.evidence.name)
            && trees(step).all(|tree| any_glob(&row.repositories, &tree.repository))
            && any_glob(builders, &signer.principal)
    }

    /// What is left of section 4, for one row and one own label or none.
    fn holds(&self, step: &'a Step, asked: &NamedDigest, pair: &Pair, own: Option<&Own<'a>>) -> bool {
        let Some(product) = self.evidence.product else { return false };
        let label = own.map(|own| own.label);
        let named = match label.and_then(|label| label.product.as_deref()) {
            Some(name) => name == self.evidence.name,
            None => step.products.iter().all(|made| any_glob(&product.artifacts, &made.name)),
        };
        let succeeded = label.and_then(|label| label.success).unwrap_or(step.only_on_success);
        let complete = label.is_none_or(|label| label.actors_complete && performers(label).next().is_some());
        let bounded = label.is_some_and(|label| {
            matches!(label.materials_bound, Bound::Upper | Bound::Exact) && label.materials_gaps.is_empty()
        }) || (pair.1.inputs == Inputs::Declared && self.allowed.contains(&Label::InputsNotBounded));
        named
            && succeeded
            && complete
            && bounded
            && !step.materials.is_empty()
            && label.is_none_or(|label| label.kind == step.kind)
            && own.is_none_or(|own| self.performers_have_level(own))
            && (own.is_some() || !self.evidence.facts.preset.require_credential)
            && self.are_instructions_clean(step, label)
            && self.are_parameters_clean(step, label)
            && self.is_one_revision(step)
            && trees(step).all(|tree| has_word(&product.repositories, &tree.repository))
            && step.materials.iter().all(|material| self.is_clean(step, pair, material))
            && (step.kind != StepKind::Package
                || label.is_some_and(|label| self.is_packaged(step, label, asked.digest)))
    }

    fn performers_have_level(&self, own: &Own) -> bool {
        performers(own.label).all(|actor| {
            let best = own.pairs.iter().filter_map(|pair| stated_level(pair, actor)).max();
            best.is_some_and(|best| best >= self.evidence.facts.preset.builder_level)
        })
    }

    fn are_instructions_clean(&self, step: &'a Step, label: Option<&'a StepActor>) -> bool {
        let mut all =
            step.instructions.iter().chain(label.into_iter().flat_map(|label| &label.instructions)).peekable();
        all.peek().is_some()
            && all.all(|instruction| {
                self.own_entry(step, instruction).is_some()
                    || self.evidence.is_trusted_input(instruction.digest, Some("toolchain"))
            })
    }

    fn are_parameters_clean(&self, step: &'a Step, label: Option<&'a StepActor>) -> bool {
        let labelled = label.into_iter().flat_map(|label| &label.parameters);
        step.parameters.iter().chain(labelled).all(|(name, value)| {
            let fixed = self.evidence.product.and_then(|product| product.parameters.get(name));
            fixed.is_some_and(|glob| matches(glob, value))
                || (name == "command" && runs_an_instruction(value, step, label))
                || trees(step).any(|tree| self.derives_from(tree, value))
                || step.products.iter().any(|made| {
                    super::accept::approvals(self.evidence, "parameters", made.digest)
                        .any(|approval| approval.parameters.get(name) == Some(value))
                })
        })
    }

    fn derives_from(&self, tree: &SourceTree, value: &str) -> bool {
        let root = self.root_of(tree);
        tree.repository == value
            || root.is_some_and(|root| root.to_string() == value)
            || tree.tree.git_tree.as_ref().is_some_and(|id| id.as_str() == value)
            || root.is_some_and(|root| {
                self.cover.landed(&tree.repository, root).any(|landing| landing.landing.target_ref == value)
            })
    }

    fn is_one_revision(&self, step: &Step) -> bool {
        trees(step).all(|tree| {
            trees(step).all(|other| tree.repository != other.repository || self.root_of(tree) == self.root_of(other))
        })
    }

    fn is_clean(&self, step: &'a Step, pair: &Pair, material: &Material) -> bool {
        match material {
            Material::Tree(tree) => self.is_covered(tree),
            Material::File(file) => {
                self.own_entry(step, file).is_some()
                    || self.evidence.is_trusted_input(file.digest, None)
                    || self.is_file_pinned(step, file)
                    || self.makers(step, file).next().is_some()
                    || self.is_fetched(&file.name, file.digest)
            }
            Material::External(External { uri, name, digest: Some(digest) }) => {
                let unpinned = has_word(&pair.1.may, "fetch") && self.allowed.contains(&Label::UnpinnedInput);
                self.evidence.is_trusted_input(*digest, None)
                    || name.as_ref().is_some_and(|name| self.is_pinned(step, name, *digest, &LOCK_FORMATS))
                    || self.is_fetched(name.as_ref().unwrap_or(uri), *digest)
                    || unpinned
            }
            Material::External(External { digest: None, .. }) => false,
        }
    }

    fn is_pinned(&self, step: &'a Step, name: &str, digest: Sha256, formats: &[&str]) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        trees(step).flat_map(|tree| self.entries_of(tree)).any(|entry| {
            let is_lock = entry.path.rsplit('/').next().is_some_and(|segment| formats.contains(&segment));
            let pins = entry.sha256.as_ref().and_then(|sha256| self.evidence.facts.locks.get(sha256));
            is_lock
                && pins.into_iter().flatten().any(|pin| pin.digest == digest && (pin.name == name || pin.name == last))
        })
    }

    /// By a lock file, or by the pointer in its place.
    fn is_file_pinned(&self, step: &'a Step, file: &NamedDigest) -> bool {
        let pointers = &self.evidence.facts.pointers;
        let points = |entry: &EntryFact| {
            entry.sha256.and_then(|sha256| pointers.get(&sha256)).is_some_and(|content| content.0 == file.digest)
        };
        self.is_pinned(step, &file.name, file.digest, &LOCK_FORMATS) || self.in_place(step, file).any(points)
    }

    fn own_entry(&self, step: &'a Step, file: &NamedDigest) -> Option<&'a EntryFact> {
        self.in_place(step, file).find(|entry| entry.sha256.map(|sha256| sha256.0) == Some(file.digest))
    }

    /// File entries of the step's trees in the place of a file, whose execute bit it does not raise.
    fn in_place(&self, step: &'a Step, file: &NamedDigest) -> impl Iterator<Item = &'a EntryFact> {
        let mut found = Vec::new();
        for tree in trees(step) {
            for folder in self.folders(step, tree) {
                let Some(path) = file.name.strip_prefix(&folder) else { continue };
                found.extend(entry(self.entries_of(tree), path).filter(|entry| {
                    let raised = file.mode.is_some_and(|mode| mode & 0o111 & !entry.mode != 0);
                    entry.entry_type == EntryType::File && !raised
                }));
            }
        }
        found.into_iter()
    }

    /// Rule submodule: where a tree lies, as what its paths begin with.
    fn folders(&self, step: &'a Step, tree: &SourceTree) -> Vec<String> {
        if self.has_unread_tree(step) {
            return Vec::new();
        }
        let holders = self.holders(step, tree);
        if holders.is_empty() {
            return vec![String::new()];
        }
        let at_top = holders.into_iter().filter(|(holder, _)| self.holders(step, holder).is_empty());
        at_top.map(|(_, path)| format!("{path}/")).collect()
    }

    /// Whether a step has several trees, and nobody read one of them.
    fn has_unread_tree(&self, step: &Step) -> bool {
        let places: BTreeSet<(&str, Sha256)> =
            trees(step).filter_map(|tree| Some((tree.repository.as_str(), self.root_of(tree)?))).collect();
        places.len() > 1 && places.iter().any(|(_, root)| self.evidence.entries(*root).is_none())
    }

    /// The other trees of a step that have a commit of this one as a submodule, and where.
    fn holders(&self, step: &'a Step, tree: &SourceTree) -> Vec<(&'a SourceTree, &'a str)> {
        let place = |tree: &SourceTree| (tree.repository.clone(), self.root_of(tree));
        let here = place(tree);
        if here.1.is_none() {
            return Vec::new();
        }
        let same = trees(step).filter(|other| place(other) == here);
        let commits: Vec<&str> =
            same.filter_map(|other| other.tree.git_commit.as_ref()).map(|commit| commit.as_str()).collect();
        let mut holders = Vec::new();
        for other in trees(step).filter(|other| place(other) != here) {
            for entry in self.entries_of(other) {
                if entry.entry_type == EntryType::Submodule && commits.contains(&entry.link_target.as_str()) {
                    holders.push((other, entry.path.as_str()));
                }
            }
        }
        holders
    }

    /// Faithful steps that made a file material out of nothing but trees of the step that reads it.
    fn makers(&self, reader: &Step, file: &NamedDigest) -> impl Iterator<Item = StatementDigest> {
        let trees_of = |step: &Step| -> BTreeSet<(String, Option<Sha256>)> {
            trees(step).map(|tree| (tree.repository.clone(), self.root_of(tree))).collect()
        };
        let read = trees_of(reader);
        let made = self.faithful.iter().filter(|(_, name, digest)| *name == file.name && *digest == file.digest);
        made.map(|(maker, ..)| *maker).filter(move |maker| {
            self.evidence.known.iter().any(|known| match &known.statement.body {
                Body::Step(step) => known.statement.digest == *maker && trees_of(step).is_subset(&read),
                _ => false,
            })
        })
    }

    fn is_fetched(&self, name: &str, digest: Sha256) -> bool {
        self.allowed.contains(&Label::UnpinnedInput)
            && self.evidence.known.iter().any(|known| {
                let Body::Step(step) = &known.statement.body else { return false };
                let by_whom = known.pairs.iter().any(|pair| {
                    self.evidence.pair_kind(pair) == ActorKind::Automation
                        && has_word(&pair.1.may, "fetch")
                        && any_glob(&pair.1.products, self.evidence.name)
                        && level(pair) >= self.evidence.facts.preset.builder_level
                });
                known.usable
                    && by_whom
                    && step.kind == StepKind::Fetch
                    && step.products.iter().any(|product| product.name == name && product.digest == digest)
                    && !self.evidence.known.iter().any(|other| self.is_against(other, known.statement.digest))
            })
    }

    /// Whether a statement is a label of a fetch that says failure, marks, or an agent's hand.
    fn is_against(&self, known: &Known, fetch: StatementDigest) -> bool {
        let Body::StepActor(label) = &known.statement.body else { return false };
        let by_agent = performers(label).any(|actor| {
            let kind = self.evidence.kind(&actor.principal, actor.kind);
            matches!(kind, ActorKind::Agent | ActorKind::Unknown)
        });
        label.labels == fetch && (label.success == Some(false) || !label.marks.is_empty() || by_agent)
    }

    fn root_of(&self, tree: &SourceTree) -> Option<Sha256> {
        self.evidence.resolve(&tree.repository, &tree.tree, self.allowed)
    }

    fn entries_of(&self, tree: &SourceTree) -> &'a [EntryFact] {
        self.root_of(tree).and_then(|root| self.evidence.entries(root)).unwrap_or(&[])
    }

    fn is_covered(&self, tree: &SourceTree) -> bool {
        self.root_of(tree).is_some_and(|root| self.cover.is_covered(&tree.repository, root))
    }

    /// The smallest faithful step with a product that is one of the asked product's artifacts.
    pub(super) fn proving(&self, digest: Sha256) -> Option<StatementDigest> {
        let artifacts = self.evidence.product.map_or(&[][..], |product| &product.artifacts);
        let is_artifact = |name: &str| {
            let last = name.rsplit('/').next().unwrap_or(name);
            artifacts.is_empty() || any_glob(artifacts, name) || any_glob(artifacts, last)
        };
        let names = image::names(self.evidence, digest);
        let mut proving = self.faithful.iter().filter(|(_, name, made)| names.contains(made) && is_artifact(name));
        proving.next().map(|(step, ..)| *step)
    }

    /// Trees of a step, and of every step behind it.
    pub(super) fn source_trees(&self, proving: StatementDigest, found: &mut BTreeSet<(String, Sha256)>) {
        let mut waiting = vec![proving];
        let mut seen = BTreeSet::new();
        while let Some(at) = waiting.pop() {
            if !seen.insert(at) {
                continue;
            }
            for known in self.evidence.known.iter().filter(|known| known.statement.digest == at) {
                let Body::Step(step) = &known.statement.body else { continue };
                for tree in trees(step) {
                    found.extend(self.root_of(tree).map(|root| (tree.repository.clone(), root)));
                }
                for material in &step.materials {
                    let Material::File(file) = material else { continue };
                    waiting.extend(self.makers(step, file));
                }
            }
        }
    }

    /// Rule package-compare.
    fn is_packaged(&self, step: &'a Step, label: &'a StepActor, asked: Sha256) -> bool {
        let asked = image::container(self.evidence, asked);
        let Some(product) = self.evidence.entries(asked) else { return false };
        let all_known =
            trees(step).all(|tree| self.root_of(tree).and_then(|root| self.evidence.entries(root)).is_some());
        let mut namespace: BTreeMap<&str, Source> = BTreeMap::new();
        let at_top = trees(step).filter(|tree| self.holders(step, tree).is_empty());
        for entry in at_top.flat_map(|tree| self.entries_of(tree)) {
            if entry.entry_type != EntryType::Submodule {
                let source = Source {
                    entry_type: entry.entry_type,
                    sha256: entry.sha256.map(|digest| digest.0),
                    link_target: &entry.link_target,
                    mode: Some(entry.mode),
                };
                namespace.insert(&entry.path, source);
            }
        }
        let mut files = BTreeMap::new();
        for material in &step.materials {
            let Material::File(file) = material else { continue };
            let is_tool = self.evidence.is_trusted_input(file.digest, None)
                && !self.evidence.is_trusted_input(file.digest, Some("dependency"))
                && !self.is_file_pinned(step, file);
            // Nothing in a product is of this type.
            let entry_type = if is_tool { EntryType::OpaqueWhiteout } else { EntryType::File };
            let source = Source { entry_type, sha256: Some(file.digest), link_target: "", mode: file.mode };
            if namespace.get(file.name.as_str()).is_none_or(|there| there.sha256 != source.sha256) {
                files.insert(file.name.as_str(), source);
            }
        }
        namespace.extend(files);
        let mut expected: BTreeMap<String, &Source> = BTreeMap::new();
        for rule in label.path_map.iter().filter(|rule| rule.to != "config:") {
            for (path, source) in &namespace {
                if let Some(target) = mapped(rule, path) {
                    expected.entry(target).or_insert(source);
                }
            }
        }
        let stating = label.path_map.iter().filter(|rule| rule.to == "config:");
        let stating = stating.filter_map(|rule| namespace.get(rule.from.as_str()));
        let states_by_tool = stating.clone().any(|source| source.entry_type == EntryType::OpaqueWhiteout);
        let stating: Option<Vec<Sha256>> =
            stating.filter(|source| source.entry_type == EntryType::File).map(|source| source.sha256).collect();
        let stating = stating.filter(|_| !states_by_tool);
        let is_image = self.evidence.facts.images.contains_key(&ArtifactDigest(asked));
        if is_image {
            expected.retain(|path, _| !path.starts_with("config:"));
        }
        let Some(stating) = stating.or_else(|| (!is_image).then(Vec::new)) else { return false };
        let is_base_pin = |name: &str, digest| self.is_pinned(step, name, digest, &["Dockerfile", "Containerfile"]);
        let ways = image::inherited(self.evidence, step, asked, &stating, is_base_pin);
        let some_fits = ways.into_iter().any(|mut inherited| {
            inherited.retain(|path, _| !expected.contains_key(path));
            let in_place = product.iter().all(|entry| match inherited.get(&entry.path) {
                Some(wanted) => wanted.is_met_by(entry),
                None => is_in_place(entry, product, &expected),
            });
            in_place && expected.keys().chain(inherited.keys()).all(|path| entry(product, path).is_some())
        });
        !label.path_map.is_empty() && all_known && some_fits && !is_below_a_file(product)
    }
}

/// Whether a command is an instruction's name, alone or after an interpreter.
fn runs_an_instruction(value: &str, step: &Step, label: Option<&StepActor>) -> bool {
    let mut all = step.instructions.iter().chain(label.into_iter().flat_map(|label| &label.instructions));
    all.any(|instruction| {
        let named = |interpreter: &&str| value == format!("{interpreter} {}", instruction.name);
        value == instruction.name || ["sh", "bash", "dash", "perl", "python3", "node"].iter().any(named)
    })
}

/// What a path of the namespace is.
struct Source<'a> {
    entry_type: EntryType,
    sha256: Option<Sha256>,
    link_target: &'a str,
    mode: Option<u32>,
}

fn mapped(rule: &PathRule, path: &str) -> Option<String> {
    let is_folder = |side: &str| side.is_empty() || side.ends_with('/');
    match (is_folder(&rule.from), is_folder(&rule.to)) {
        (false, false) => (rule.from == path).then(|| rule.to.clone()),
        (true, true) => path.strip_prefix(&rule.from).map(|rest| format!("{}{rest}", rule.to)),
        _ => None,
    }
}

fn is_in_place(entry: &EntryFact, product: &[EntryFact], expected: &BTreeMap<String, &Source>) -> bool {
    if !is_neutral(entry) {
        return false;
    }
    if entry.entry_type == EntryType::Directory {
        let folder = format!("{}/", entry.path);
        return expected.keys().any(|path| path.starts_with(&folder));
    }
    let Some(source) = expected.get(&entry.path) else { return false };
    if entry.entry_type == EntryType::Symlink {
        return source.entry_type == EntryType::Symlink && entry.link_target == source.link_target;
    }
    // A hard link is the file that it names, with the mode of that file.
    let target = product.iter().find(|other| other.path == entry.link_target && expected.contains_key(&other.path));
    let file = match entry.entry_type {
        EntryType::File => Some(entry),
        EntryType::Hardlink => target,
        _ => None,
    };
    file.is_some_and(|file| {
        let raised = file.mode & 0o111 != 0 && source.mode.is_none_or(|mode| mode & 0o111 == 0);
        file.entry_type == EntryType::File
            && source.entry_type == EntryType::File
            && file.sha256.is_some()
            && file.sha256.map(|digest| digest.0) == source.sha256
            && !raised
    })
}

/// Whether an entry has a neutral owner, no attributes and no raised mode.
pub(super) fn is_neutral(entry: &EntryFact) -> bool {
    entry.uid == 0
        && entry.gid == 0
        && entry.xattrs.is_empty()
        && entry.device.is_none()
        && (entry.entry_type == EntryType::Symlink || entry.mode & 0o7002 == 0)
}

/// Tree materials of a step.
pub(super) fn trees(step: &Step) -> impl Iterator<Item = &SourceTree> {
    step.materials.iter().filter_map(|material| match material {
        Material::Tree(tree) => Some(tree),
        _ => None,
    })
}

fn performers(label: &StepActor) -> impl Iterator<Item = &lasthand_model::wire::facts::Actor> {
    label.actors.iter().filter(|actor| actor.role == Role::Performer)
}

/// Whether an entry lies below one that is not a directory.
pub(super) fn is_below_a_file(entries: &[EntryFact]) -> bool {
    entries.iter().filter(|entry| entry.entry_type != EntryType::Directory).any(|entry| {
        let folder = format!("{}/", entry.path);
        entries.iter().any(|other| other.entry_type != EntryType::Config && other.path.starts_with(&folder))
    })
}
