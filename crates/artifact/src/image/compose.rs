//! Layers, lowest first -> the tree that a puller makes of them.
//!
//! SPEC: OCI image-spec layer.md, "Applying Changesets"; containerd `archive/tar.go` `applyNaive`, `validateWhiteout`; continuity
//! `fs.RootPath`. Whiteouts touch lower layers only, as the image-spec says and as overlay does; where a naive puller, or one that
//! unpacks each layer by itself, makes another tree of it, there is an ambiguous note.

mod attributes;
mod links;
mod paths;
mod sorted;
mod steps;
mod tree;

use std::sync::Arc;

use lasthand_model::inventory::{FileRecord, Inventory, Record, RecordAt, Records};

pub(super) use steps::{Cost, Steps};
use tree::Tree;

use super::facts::LayerFacts;
use super::fault::ImageFault;
use crate::collect::held_bytes;
use crate::collide;
use crate::error::ArtifactError;
use crate::meter::wide;
use crate::note::ReaderNote;

/// A note with the number of its layer.
pub(super) type LayerNote = (Option<usize>, ReaderNote);

/// What the layers make.
pub(super) struct Applied {
    /// The records of the tree. Its tables are those of the layers, then for each layer one of records whose path is not that of their
    /// own entry.
    pub(super) tree: Inventory,
    /// Bytes of memory that applying took beside them.
    pub(super) bytes: usize,
    notes: Vec<LayerNote>,
}

impl Applied {
    /// What is odd about the way the layers lie on each other, and about names beside each other.
    pub(super) fn notes(&self) -> impl Iterator<Item = LayerNote> {
        let tree = &self.tree;
        let names = collide::collisions(tree.records().map(|record| record.path));
        let names = names.into_iter().map(move |(kind, name)| {
            let layer = tree.table_of(&name).and_then(|table| layer_of(table, tree.tables().len() / 2));
            (layer, ReaderNote::new(kind, name, 0))
        });
        self.notes.iter().cloned().chain(names.collect::<Vec<_>>())
    }
}

/// The layer whose table, or whose table of copies, has this number.
pub(super) fn layer_of(table: usize, layers: usize) -> Option<usize> {
    (table < layers.saturating_mul(2)).then(|| table % layers.max(1))
}

/// Applies the layers.
///
/// `steps` are those of all images of the reading.
pub(super) fn apply(name: &str, layers: &[Arc<LayerFacts>], steps: &mut Steps) -> Result<Applied, ArtifactError> {
    let tree = Tree::of(name, layers, steps)?;
    let bytes = tree.bytes();
    let Tree { nodes, paths, notes, steps, .. } = tree;
    let mut copies: Vec<Records> = layers.iter().map(|_| Records::default()).collect();
    let mut rows = Vec::with_capacity(nodes.len());
    for node in nodes.into_iter() {
        let (path, layer) = (paths.path(node.path), paths.layer(node.path));
        steps.add_name(path);
        if steps.are_too_many() {
            return Err(over_steps(name, layer, steps));
        }
        let own = paths.record(node.record);
        if own.path == path && index(node.record.table) == layer {
            rows.push(node.record);
        } else if let Some(table) = copies.get_mut(layer) {
            let at = narrow(table.len());
            // SECURITY: thousands of hard links to one file have its attributes each.
            steps.hold(held_bytes(Record { path, ..own }));
            if steps.hold_too_much() {
                return Err(over_held(name, layer, steps));
            }
            table.push(FileRecord { path: path.to_vec(), ..own.to_record() });
            rows.push(RecordAt { table: narrow(layer + layers.len()), at });
        }
    }
    let tables = layers.iter().map(|layer| Arc::clone(&layer.records)).chain(copies.into_iter().map(Arc::new));
    // The tree has each path once, in order.
    let tree = Inventory::from_tables(tables.collect(), rows).map_err(|path| twice(name, &path))?;
    Ok(Applied { tree, bytes, notes })
}

/// Makes the inventory of a tree and the fields of a configuration.
pub(super) fn inventory(name: &str, tree: Inventory, fields: Records) -> Result<Inventory, ArtifactError> {
    tree.with(fields).map_err(|path| twice(name, &path))
}

fn over_steps(name: &str, layer: usize, steps: &Steps) -> ArtifactError {
    let (document, limit) = (format!("layer {layer}"), wide(steps.limit));
    let fault = Box::new(ImageFault::OverLimit { document, what: "steps to apply the layers", limit });
    ArtifactError::Image { name: name.to_owned(), fault }
}

/// LIMIT: Limits::metadata_bytes, over what applying the layers of all images copies.
pub(super) fn over_held(name: &str, layer: usize, steps: &Steps) -> ArtifactError {
    let (document, limit) = (format!("layer {layer}"), steps.held_limit);
    let fault = Box::new(ImageFault::OverLimit { document, what: "bytes of all paths and attributes", limit });
    ArtifactError::Image { name: name.to_owned(), fault }
}

fn twice(name: &str, path: &[u8]) -> ArtifactError {
    let fault = Box::new(ImageFault::ConfigPath { path: path.escape_ascii().to_string() });
    ArtifactError::Image { name: name.to_owned(), fault }
}

const fn index(number: u32) -> usize {
    number as usize
}

/// LIMIT: layers and entries are counted in 32 bits; `Limits::layers` and `Limits::entries` are far below.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
