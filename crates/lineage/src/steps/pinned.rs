//! What the source trees of one step pin, and by which entry.
//!
//! SPEC: docs/rules.md section 5, **pinned** and **pointer**.

use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::EntryType;
use lasthand_model::wire::facts::{Entry, Material, NamedDigest};

use super::layout::Layout;
use super::source_trees;
use crate::cover::Place;
use crate::pins::{Pins, Use};
use crate::rules::Rule;
use crate::run::Run;

/// The source trees of a step, in the order of its materials, with what each pins, and where they lie.
pub(crate) struct Pinned<'a> {
    trees: Vec<(Place<'a>, Pins<'a>)>,
    layout: Layout<'a>,
}

impl<'a> Pinned<'a> {
    /// Cost: O(entries of the trees and pins of their lock files).
    pub(crate) fn of(run: &Run<'_, 'a>, materials: &'a [Material]) -> Self {
        let places = source_trees(materials)
            .filter_map(|tree| Some((tree.repository.as_str(), run.resolve(&tree.repository, &tree.tree)?)));
        let trees = places.filter_map(|place| Some((place, Pins::of(run.world.facts, run.world.trees.get(&place.1)?))));
        Self { trees: trees.collect(), layout: Layout::of(run, materials) }
    }

    /// Where the trees lie.
    pub(crate) const fn layout(&self) -> &Layout<'a> {
        &self.layout
    }

    /// The lock file that pins a name to a digest, and its tree.
    pub(crate) fn name(&self, name: &str, digest: Sha256, used_as: Use) -> Option<(Place<'a>, &'a str)> {
        self.trees.iter().find_map(|(place, pins)| Some((*place, pins.find(name, digest, used_as)?)))
    }

    /// The entry that a file is, and its tree.
    pub(crate) fn own_entry(&self, run: &Run<'_, 'a>, file: &NamedDigest) -> Option<(Place<'a>, &'a str)> {
        self.trees.iter().find_map(|(place, _)| {
            let entry = entry(run, &self.layout, place, file, |digest| digest.0 == file.digest)?;
            Some((*place, entry.path()))
        })
    }

    /// The entry that pins a file: a lock file, else the pointer in its place.
    pub(crate) fn file(&self, run: &Run<'_, 'a>, file: &NamedDigest) -> Option<(Place<'a>, &'a str)> {
        let pointer =
            || self.trees.iter().find_map(|(place, _)| Some((*place, pointer(run, &self.layout, place, file)?.path())));
        self.name(&file.name, file.digest, Use::Input).or_else(pointer)
    }
}

/// The pointer in a tree that stands for a file, at the file's own path.
pub(super) fn pointer<'a>(
    run: &Run<'_, 'a>,
    layout: &Layout<'a>,
    place: &Place<'a>,
    file: &NamedDigest,
) -> Option<Entry<'a>> {
    let facts = run.world.facts;
    if facts.pointers.is_empty() {
        return None;
    }
    entry(run, layout, place, file, |digest| facts.pointers.get(&digest) == Some(&FileDigest(file.digest)))
        .filter(|_| run.world.rules.grant(Rule::Pointer, true))
}

/// The entry of a tree in a file's place, of a content that is asked for and without its execute bit raised.
pub(super) fn entry<'a>(
    run: &Run<'_, 'a>,
    layout: &Layout<'a>,
    place: &Place<'a>,
    file: &NamedDigest,
    is_content: impl Fn(FileDigest) -> bool,
) -> Option<Entry<'a>> {
    let tree = run.world.trees.get(&place.1)?;
    layout.paths_in(place, &file.name).filter_map(|path| tree.find(path)).find(|entry| {
        entry.entry_type() == EntryType::File
            && entry.sha256().is_some_and(&is_content)
            && file.mode.is_none_or(|mode| mode & 0o111 & !entry.mode() == 0)
    })
}
