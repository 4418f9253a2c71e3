//! The way layers lie on each other, kept between two readings of the same layers.
//!
//! What is kept points into the tables of the layers, so that it is small; it means nothing without them.

use std::sync::Arc;

use lasthand_model::inventory::{Inventory, RecordAt, Records};
use lasthand_model::limits::Limits;

use super::compose::{self, Cost, LayerNote, Steps};
use super::facts::LayerFacts;
use super::layers::Shared;
use crate::cache::{CacheKey, FactsCache, array, note, number, push, push_note, push_number, text};
use crate::error::ArtifactError;
use crate::meter::wide;

/// Applies the layers, or takes what was kept of applying them.
///
/// Out: the tree, and what is odd about the way the layers lie on each other and about names beside each other.
pub(super) fn applied(
    name: &str,
    layers: &[Shared],
    limits: &Limits,
    cache: Option<&dyn FactsCache>,
    steps: &mut Steps,
) -> Result<(Inventory, Vec<LayerNote>), ArtifactError> {
    let facts: Vec<_> = layers.iter().map(|layer| Arc::clone(&layer.facts)).collect();
    let keys = layers.iter().map(|layer| layer.key).collect::<Option<Vec<_>>>();
    let kept = cache.zip(keys.map(CacheKey::Tree));
    let known = kept.as_ref().and_then(|(cache, key)| decode(&cache.load(key)?, &facts, limits));
    if let Some((cost, tree, notes)) = known
        && steps.again(cost)
    {
        return Ok((tree, notes));
    }
    let before = steps.cost();
    let applied = compose::apply(name, &facts, steps)?;
    let after = steps.cost();
    let cost = Cost { steps: after.steps.saturating_sub(before.steps), held: after.held.saturating_sub(before.held) };
    let notes: Vec<_> = applied.notes().collect();
    if let Some((cache, key)) = kept {
        cache.store(&key, &[&encode(cost, &applied.tree, layers.len(), &notes)]);
    }
    Ok((applied.tree, notes))
}

fn encode(cost: Cost, tree: &Inventory, layers: usize, notes: &[LayerNote]) -> Vec<u8> {
    let mut out = Vec::new();
    push_number(&mut out, cost.steps);
    push_number(&mut out, usize::try_from(cost.held).unwrap_or(usize::MAX));
    push_number(&mut out, notes.len());
    for (layer, note) in notes {
        push_number(&mut out, layer.unwrap_or(usize::MAX));
        push_note(&mut out, note);
    }
    for copies in tree.tables().iter().skip(layers) {
        push(&mut out, &copies.to_bytes());
    }
    push_number(&mut out, tree.rows().len());
    for row in tree.rows() {
        out.extend_from_slice(&row.table.to_le_bytes());
        out.extend_from_slice(&row.at.to_le_bytes());
    }
    out
}

/// Reads what [`encode`] wrote of these layers; `None` for anything else.
fn decode(bytes: &[u8], layers: &[Arc<LayerFacts>], limits: &Limits) -> Option<(Cost, Inventory, Vec<LayerNote>)> {
    let mut rest = bytes;
    let cost = Cost { steps: number(&mut rest)?, held: wide(number(&mut rest)?) };
    let count = number(&mut rest)?;
    let mut notes = Vec::new();
    for _ in 0..count {
        let layer = number(&mut rest)?;
        notes.push(((layer < layers.len()).then_some(layer), note(&mut rest)?));
    }
    let mut tables: Vec<Arc<Records>> = layers.iter().map(|layer| Arc::clone(&layer.records)).collect();
    for _ in layers {
        tables.push(Arc::new(Records::from_bytes(text(&mut rest)?.to_vec(), 0, limits)?));
    }
    let count = number(&mut rest)?;
    // LIMIT: rows are there in full before room is made for them.
    if count.checked_mul(8)? != rest.len() {
        return None;
    }
    let mut rows: Vec<RecordAt> = Vec::with_capacity(count);
    for _ in 0..count {
        let row = RecordAt { table: u32::from_le_bytes(array(&mut rest)?), at: u32::from_le_bytes(array(&mut rest)?) };
        if row.at as usize >= tables.get(row.table as usize)?.len() {
            return None;
        }
        rows.push(row);
    }
    Some((cost, Inventory::from_tables(tables, rows).ok()?, notes))
}
