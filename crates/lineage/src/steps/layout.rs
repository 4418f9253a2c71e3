//! Where the source trees of a step lie: at the top, or in the folders where others of them have a submodule.
//!
//! SPEC: docs/rules.md section 5, **submodule**.

use lasthand_model::wire::facts::Material;
use rustc_hash::FxHashSet;

use super::source_trees;
use crate::cover::Place;
use crate::rules::Rule;
use crate::run::Run;

/// An entry of type submodule: its tree, and its path there.
type Holder<'a> = (Place<'a>, &'a str);

/// The source trees of one step that are submodules. All others lie at the top.
#[derive(Debug, Default)]
pub(crate) struct Layout<'a>(Vec<(Place<'a>, Submodule<'a>)>);

/// Where a submodule lies.
#[derive(Debug)]
struct Submodule<'a> {
    /// The entries of trees at the top that place it.
    holders: Vec<Holder<'a>>,
    /// Their paths.
    folders: FxHashSet<&'a str>,
}

impl<'a> Layout<'a> {
    /// Cost: nothing for a step with one source tree; else its trees with each other, and their submodules.
    pub(crate) fn of(run: &Run<'_, 'a>, materials: &'a [Material]) -> Self {
        if source_trees(materials).nth(1).is_none() {
            return Self::default();
        }
        let mut trees: Vec<(Place<'a>, Option<&'a str>)> = source_trees(materials)
            .filter_map(|tree| {
                let place = (tree.repository.as_str(), run.resolve(&tree.repository, &tree.tree)?);
                Some((place, tree.tree.git_commit.as_ref().map(|commit| commit.as_str())))
            })
            .collect();
        trees.sort_unstable();
        trees.dedup();
        let mut places: Vec<Place<'a>> = trees.iter().map(|(place, _)| *place).collect();
        places.dedup();
        // SECURITY: what an unread tree holds may have any place, so that withholding its entries gives none to anything.
        let is_unread = |(_, root): &Place<'a>| !run.world.trees.contains_key(root);
        if places.len() > 1 && places.iter().any(is_unread) {
            return Self(places.into_iter().map(|place| (place, Submodule::at(Vec::new()))).collect());
        }
        places.retain(|(_, root)| run.world.trees.get(root).is_some_and(|tree| !tree.submodules().is_empty()));
        let named = trees.chunk_by(|(a, _), (b, _)| a == b);
        let found: Vec<(Place<'a>, Vec<Holder<'a>>)> = named
            .filter_map(|named| named.first().map(|(place, _)| (*place, holders(run, &places, *place, named))))
            .collect();
        let (submodules, at_top): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, holders)| run.world.rules.grant(Rule::Submodule, !holders.is_empty()));
        let is_at_top = |tree: &Place<'a>| at_top.binary_search_by(|(place, _)| place.cmp(tree)).is_ok();
        let placed = submodules.into_iter().map(|(place, holders)| {
            (place, Submodule::at(holders.into_iter().filter(|(holder, _)| is_at_top(holder)).collect()))
        });
        Self(placed.collect())
    }

    /// Whether a tree lies in another's folders, and not at the top.
    pub(crate) fn is_submodule(&self, place: &Place<'_>) -> bool {
        self.of_submodule(place).is_some()
    }

    /// The entries that place a submodule, in the order of their trees and paths; none for a tree at the top.
    pub(crate) fn holders(&self, place: &Place<'_>) -> &[Holder<'a>] {
        self.of_submodule(place).map(|submodule| submodule.holders.as_slice()).unwrap_or_default()
    }

    /// The paths in a tree that a path of the step stands for: itself, or for a submodule one for each of its folders that the path is below.
    ///
    /// Cost: one look for each folder above the path.
    pub(crate) fn paths_in<'p>(&self, place: &Place<'_>, path: &'p str) -> impl Iterator<Item = &'p str> {
        let submodule = self.of_submodule(place);
        let at_top = submodule.is_none().then_some(path);
        let below = submodule.into_iter().flat_map(move |submodule| {
            let folders =
                path.match_indices('/').filter_map(move |(at, _)| Some((path.get(..at)?, path.get(at + 1..)?)));
            folders.filter(|(folder, _)| submodule.folders.contains(folder)).map(|(_, rest)| rest)
        });
        at_top.into_iter().chain(below)
    }

    fn of_submodule(&self, place: &Place<'_>) -> Option<&Submodule<'a>> {
        // Sorted by place, as the trees were.
        let at = self.0.binary_search_by(|(submodule, _)| submodule.cmp(place)).ok()?;
        self.0.get(at).map(|(_, submodule)| submodule)
    }
}

impl<'a> Submodule<'a> {
    fn at(holders: Vec<Holder<'a>>) -> Self {
        let folders = holders.iter().map(|(_, folder)| *folder).collect();
        Self { holders, folders }
    }
}

/// The other trees that have a commit of a tree as a submodule, and where. LIMIT: each tree is compared with each that has submodules.
fn holders<'a>(
    run: &Run<'_, 'a>,
    with_submodules: &[Place<'a>],
    place: Place<'a>,
    named: &[(Place<'a>, Option<&'a str>)],
) -> Vec<Holder<'a>> {
    let mut holders = Vec::new();
    for other in with_submodules.iter().filter(|other| **other != place) {
        let Some(tree) = run.world.trees.get(&other.1) else { continue };
        for commit in named.iter().filter_map(|(_, commit)| *commit) {
            holders.extend(tree.submodules_at(commit).map(|path| (*other, path)));
        }
    }
    holders.sort_unstable();
    holders
}
