//! What was read of the steps: candidates, how their materials stand, and what fails. A large graph is solved on these alone.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use lasthand_model::actor::StepKind;
use lasthand_model::wire::facts::{Step, StepActor};
use rustc_hash::FxHashMap;

use super::Fault;
use super::revisions::{Places, Revisions};
use crate::container::Comparison;
use crate::groups::Groups;
use crate::labels::LabelSet;
use crate::marks::Marks;
use crate::order::wide;

/// How a material stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standing {
    /// A covered tree, a number of `Places`.
    Tree(u32),
    /// A tree that is not covered, a number of `Places`.
    BadTree(u32),
    /// A tree that does not resolve.
    Unresolved,
    /// Clean by itself.
    Clean(Clean),
    /// Clean when a step that has this product, a number of `World::products`, is faithful.
    Product(u32),
    /// A file or external that is not clean.
    Bad,
}

/// What makes a material clean by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clean {
    OwnEntry,
    TrustedInput,
    Pinned,
    /// Any product: only a mutant says so.
    Product,
    /// Fetched by the builder.
    Fetched,
    /// Fetched by a step: index in `World::known`.
    FetchedBy(u32),
}

impl Clean {
    /// The name of the rule.
    pub(crate) const fn rule(self) -> &'static str {
        match self {
            Self::OwnEntry => "own-entry",
            Self::TrustedInput => "trusted-input",
            Self::Pinned => "pinned",
            Self::Product => "product",
            Self::Fetched | Self::FetchedBy(_) => "fetched",
        }
    }

    /// The step that fetched it.
    pub(crate) const fn fetch(self) -> Option<usize> {
        match self {
            Self::FetchedBy(at) => Some(wide(at)),
            _ => None,
        }
    }
}

/// A step under one of its own step-actor statements, or under none.
pub(crate) struct Candidate<'a> {
    pub(crate) body: &'a Step,
    pub(crate) actor: Option<&'a StepActor>,
    pub(super) statement: u32,
    pub(super) label: Option<u32>,
    /// Its standings among those of all steps, one for each material.
    pub(super) standings: Range<u32>,
    /// Its products, as `Products::numbers` takes them.
    pub(crate) products: Range<u32>,
    /// What fails, apart from its materials and the comparison, among the faults of all.
    pub(super) faults: Range<u32>,
    pub(crate) kind: StepKind,
    /// Labels without which more would fail.
    pub(super) carried: LabelSet,
}

impl Candidate<'_> {
    /// Index in `World::known`.
    pub(crate) const fn statement(&self) -> usize {
        wide(self.statement)
    }

    /// The own label: index in `World::known`.
    pub(crate) fn label(&self) -> Option<usize> {
        self.label.map(wide)
    }
}

/// Every step, as read under one set of labels.
#[derive(Default)]
pub(super) struct Read<'a> {
    /// In the order of the document; those of one step by digest of the label.
    pub(super) candidates: Vec<Candidate<'a>>,
    /// How the materials of all steps stand; candidates of one step share theirs.
    pub(super) standings: Vec<Standing>,
    pub(super) faults: Vec<Fault>,
    pub(super) places: Places<'a>,
    pub(super) revisions: Revisions,
    /// By candidate: its covered trees, a number of `Revisions`. Apart, because it is asked for whoever reads and makes a product.
    pub(super) revision_of: Vec<u32>,
    /// The candidates that are package steps.
    pub(super) packages: Marks,
    /// The candidates that are build or package steps.
    pub(super) makes: Marks,
    /// Candidates that have a product, by its number; of several by digest.
    pub(super) makers: Groups,
    /// Comparisons of the artifact, by candidate.
    pub(super) kept: RefCell<FxHashMap<usize, Result<Rc<Comparison<'a>>, Fault>>>,
}

impl<'a> Read<'a> {
    /// The covered trees of a candidate, a number of `Revisions`.
    pub(super) fn revision_of(&self, at: usize) -> u32 {
        self.revision_of.get(at).copied().unwrap_or(u32::MAX)
    }

    /// How the materials of a candidate stand, in their order.
    pub(super) fn standings(&self, candidate: &Candidate<'a>) -> &[Standing] {
        let Range { start, end } = candidate.standings;
        self.standings.get(wide(start)..wide(end)).unwrap_or_default()
    }

    /// Notes which candidates are of the kinds that are asked for.
    pub(super) fn mark_kinds(&mut self) {
        self.packages = Marks::new(self.candidates.len());
        self.makes = Marks::new(self.candidates.len());
        for (at, candidate) in self.candidates.iter().enumerate() {
            if matches!(candidate.kind, StepKind::Build | StepKind::Package) {
                self.makes.insert(at);
            }
            if candidate.kind == StepKind::Package {
                self.packages.insert(at);
            }
        }
    }
}
