//! One attempt to decide, under one set of allowed labels.

use std::cell::Cell;

use lasthand_model::digest::{GitId, Sha256};
use lasthand_model::wire::facts::{Body, Label, TreeRef};
use rustc_hash::FxHashMap;

use crate::labels::LabelSet;
use crate::landing;
use crate::world::World;

/// What landings say that a SHA-1 id means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    /// The root; nothing where landings disagree.
    root: Option<Sha256>,
    /// The first landing that says so: index in `World::known`.
    landing: usize,
}

impl Named {
    /// A root that no landing is asked for.
    pub(crate) const fn apart(root: Sha256) -> Self {
        Self { root: Some(root), landing: usize::MAX }
    }
}

/// Roots of SHA-1 ids, by repository.
pub(crate) type Roots<'a> = FxHashMap<&'a str, FxHashMap<&'a GitId, Named>>;

/// The world with the labels that derivations may carry.
pub(crate) struct Run<'w, 'a> {
    pub(crate) world: &'w World<'a>,
    allowed: LabelSet,
    consulted: Cell<LabelSet>,
    roots: &'w Roots<'a>,
}

impl<'w, 'a> Run<'w, 'a> {
    pub(crate) fn new(world: &'w World<'a>, roots: &'w Roots<'a>, allowed: LabelSet) -> Self {
        Self { world, allowed, consulted: Cell::default(), roots }
    }

    /// The same attempt under other labels.
    pub(crate) fn under(&self, allowed: LabelSet) -> Self {
        Self::new(self.world, self.roots, allowed)
    }

    /// The same attempt under fewer labels, for what is not read again: it has asked already.
    pub(crate) fn narrowed(&self, allowed: LabelSet) -> Self {
        Self { consulted: self.consulted.clone(), ..self.under(allowed) }
    }

    /// Labels that derivations may carry.
    pub(crate) const fn allowed(&self) -> LabelSet {
        self.allowed
    }

    /// Whether a derivation may carry a label. Asking counts as use.
    pub(crate) fn label(&self, label: Label) -> bool {
        self.consulted.set(self.consulted.get().with(label));
        self.allowed.contains(label)
    }

    /// Labels that made a difference somewhere, perhaps.
    pub(crate) fn consulted(&self) -> LabelSet {
        self.consulted.get()
    }

    /// The inventory root that a reference means, as far as the labels allow.
    pub(crate) fn resolve(&self, repository: &str, tree: &TreeRef) -> Option<Sha256> {
        let root = self.resolve_any(repository, tree)?;
        (tree.root.is_some() || self.label(Label::Sha1Join)).then_some(root)
    }

    /// The inventory root that a reference means, whatever the labels allow: only for what takes cover away.
    pub(crate) fn resolve_any(&self, repository: &str, tree: &TreeRef) -> Option<Sha256> {
        if let Some(root) = tree.root {
            return Some(root.0);
        }
        self.named(repository, tree)?.root
    }

    /// The landing by which a reference without a root means one.
    pub(crate) fn named_by(&self, repository: &str, tree: &TreeRef) -> Option<usize> {
        self.named(repository, tree).filter(|_| tree.root.is_none()).map(|named| named.landing)
    }

    fn named(&self, repository: &str, tree: &TreeRef) -> Option<&Named> {
        let id = tree.git_tree.as_ref().or(tree.git_commit.as_ref())?;
        self.roots.get(repository)?.get(id)
    }
}

/// Git trees and commits that authorised landings name together with exactly one inventory root.
///
/// SECURITY: only who may state landings may say what a SHA-1 id means; else an agent could call its tree a reviewed one.
pub(crate) fn git_roots<'a>(world: &World<'a>) -> Roots<'a> {
    let mut roots: Roots<'a> = FxHashMap::default();
    for (at, statement, body) in world.each(&world.by_subject.landings) {
        let Body::Landing(landing) = body else { continue };
        if !statement.usable() || landing::authority(world, statement, landing).is_none() {
            continue;
        }
        let merge = landing.merge_of.as_ref();
        let trees = [Some(&landing.to), landing.from.as_ref()]
            .into_iter()
            .chain([merge.map(|m| &m.head), merge.map(|m| &m.base), merge.map(|m| &m.result)])
            .flatten();
        for tree in trees {
            let Some(root) = tree.root.map(|root| root.0) else { continue };
            for id in tree.git_tree.iter().chain(&tree.git_commit) {
                let one = |known: &mut Named| known.root = known.root.filter(|known| *known == root);
                let ids = roots.entry(landing.repository.as_str()).or_default();
                ids.entry(id).and_modify(one).or_insert(Named { root: Some(root), landing: at });
            }
        }
    }
    roots
}
