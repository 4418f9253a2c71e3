//! How the materials of a step stand: covered, clean by themselves, products of other steps, or none of these.
//!
//! SPEC: docs/rules.md section 5.

use lasthand_model::actor::ActorKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{External, Label, Material, NamedDigest};

use super::pinned;
use super::read::{Owner, Reader};
use super::revisions::Places;
use super::{Clean, Standing};
use crate::cover::Place;
use crate::order::{short, wide};
use crate::pins::{Pins, Use};
use crate::rules::Rule;
use crate::world::{Known, for_product, may, performers};

impl<'a> Reader<'_, '_, 'a> {
    /// Whether a source tree of a step has a file of this content in its place, without its execute bit raised.
    ///
    /// LIMIT: each file is looked up in each tree material of its step.
    pub(super) fn holds_file(&self, step: Owner<'_, 'a>, file: &NamedDigest) -> bool {
        step.places
            .iter()
            .any(|place| pinned::entry(self.run, step.layout, place, file, |digest| digest.0 == file.digest).is_some())
    }

    fn trusted(&self, digest: Sha256) -> bool {
        let [all, _] = &self.trusted;
        self.run.world.rules.grant(Rule::TrustedInput, all.contains(&digest))
    }

    pub(super) fn trusted_toolchain(&self, digest: Sha256) -> bool {
        let [_, toolchains] = &self.trusted;
        self.run.world.rules.grant(Rule::TrustedInput, toolchains.contains(&digest))
    }

    /// Whether a lock file of the step's trees pins a name to a digest.
    fn pinned(&self, places: &[Place<'a>], name: &str, digest: Sha256) -> bool {
        let facts = self.run.world.facts;
        let pinned = !facts.locks.is_empty()
            && places.iter().any(|place| {
                let mut cache = self.pins.borrow_mut();
                let tree = self.run.world.trees.get(&place.1);
                let of_tree = || tree.map(|tree| Pins::of(facts, tree)).unwrap_or_default();
                cache.entry(place.1).or_insert_with(of_tree).find(name, digest, Use::Input).is_some()
            });
        self.run.world.rules.grant(Rule::Pinned, pinned)
    }

    /// How a material stands. `numbers` are those of the file materials from here on.
    pub(super) fn standing(
        &self,
        step: Owner<'_, 'a>,
        material: &'a Material,
        numbers: &mut impl Iterator<Item = Option<u32>>,
        places: &mut Places<'a>,
    ) -> Standing {
        match material {
            Material::Tree(tree) => self.place(tree).map_or(Standing::Unresolved, |place| {
                let rules = self.run.world.rules;
                places.standing(place, || rules.demand(Rule::TreeCovered, self.cover.tree_covered(&place)))
            }),
            Material::File(file) => self.file_standing(step, file, numbers.next().flatten()),
            Material::External(external) => self.external_standing(step, external),
        }
    }

    fn file_standing(&self, step: Owner<'_, 'a>, file: &'a NamedDigest, number: Option<u32>) -> Standing {
        let rules = self.run.world.rules;
        if rules.grant(Rule::OwnEntry, self.holds_file(step, file)) {
            return Standing::Clean(Clean::OwnEntry);
        }
        if self.trusted(file.digest) {
            return Standing::Clean(Clean::TrustedInput);
        }
        let by_pointer =
            || step.places.iter().any(|place| pinned::pointer(self.run, step.layout, place, file).is_some());
        if self.pinned(step.places, &file.name, file.digest) || by_pointer() {
            return Standing::Clean(Clean::Pinned);
        }
        let made = number.filter(|number| self.run.world.products.is_made(wide(*number)));
        if let Some(number) = made.filter(|_| rules.grant(Rule::ProductOfStep, true)) {
            return Standing::Product(number);
        }
        if rules.grant(Rule::ProductOfStep, false) {
            return Standing::Clean(Clean::Product);
        }
        match self.fetch_of(&file.name, file.digest) {
            Some(fetch) => Standing::Clean(Clean::FetchedBy(short(fetch))),
            None => Standing::Bad,
        }
    }

    /// Whether a fetch step is by an allowed observer, and nothing known speaks against it.
    pub(super) fn may_fetch(&self, at: usize, statement: &Known<'a>) -> bool {
        let world = self.run.world;
        let labels = world.labels.of(at);
        let spoken_against = self.each_label(labels).any(|(_, actor)| {
            actor.success == Some(false)
                || !actor.marks.is_empty()
                || performers(&actor.actors).any(|performer| {
                    matches!(world.kind(&performer.principal, performer.kind), ActorKind::Agent | ActorKind::Unknown)
                })
        });
        !spoken_against
            && statement.usable()
            && statement.pairs.iter().any(|pair| {
                pair.kind == ActorKind::Automation
                    && may(pair.row, "fetch")
                    && for_product(pair.row, &world.facts.question.product)
                    && pair.level >= world.facts.preset.builder_level
            })
    }

    fn fetch_of(&self, name: &str, digest: Sha256) -> Option<usize> {
        let fetch = self.fetched.get(&(name, digest)).copied();
        let usable = fetch.is_some() && self.run.label(Label::UnpinnedInput);
        self.run.world.rules.grant(Rule::Fetched, usable).then_some(fetch).flatten()
    }

    fn external_standing(&self, step: Owner<'_, 'a>, external: &'a External) -> Standing {
        let Some(digest) = external.digest else { return Standing::Bad };
        let world = self.run.world;
        if self.trusted(digest) {
            return Standing::Clean(Clean::TrustedInput);
        }
        if external.name.as_ref().is_some_and(|name| self.pinned(step.places, name, digest)) {
            return Standing::Clean(Clean::Pinned);
        }
        let builder_fetches = step.builder.is_some_and(|pair| may(pair.row, "fetch"));
        let allowed = builder_fetches && self.run.label(Label::UnpinnedInput);
        if world.rules.grant(Rule::Fetched, allowed) {
            return Standing::Clean(Clean::Fetched);
        }
        if let Some(fetch) = self.fetch_of(external.name.as_deref().unwrap_or(&external.uri), digest) {
            return Standing::Clean(Clean::FetchedBy(short(fetch)));
        }
        Standing::Bad
    }
}
