//! The way layers lie on each other, kept between two readings of the same layers.
//!
//! What is kept points into the tables of the layers, so that it is small; it means nothing without them.

use std::io::{self, Read, Write};
use std::sync::Arc;

use lasthand_model::inventory::{Inventory, RecordAt, Records};
use lasthand_model::limits::Limits;

use super::compose::{self, Cost, LayerNote, Steps};
use super::facts::LayerFacts;
use super::layers::Shared;
use crate::cache::{CacheKey, FactsCache, array, ends, note, number, write_note, write_number};
use crate::error::ArtifactError;
use crate::meter::wide;

/// What layers make that lie on each other.
pub(super) struct Stacked {
    pub(super) tree: Inventory,
    /// Bytes of memory that it takes to apply them.
    pub(super) bytes: usize,
    /// What is odd about it, and about names beside each other.
    pub(super) notes: Vec<LayerNote>,
}

/// Applies the layers, or takes what was kept of appstacked them.
pub(super) fn applied(
    name: &str,
    layers: &[Shared],
    limits: &Limits,
    cache: Option<&dyn FactsCache>,
    steps: &mut Steps,
) -> Result<Stacked, ArtifactError> {
    let facts: Vec<_> = layers.iter().map(|layer| Arc::clone(&layer.facts)).collect();
    let keys = layers.iter().map(|layer| layer.key).collect::<Option<Vec<_>>>();
    let kept = cache.zip(keys.map(CacheKey::Tree));
    let known = kept.as_ref().and_then(|(cache, key)| read(&mut *cache.load(key)?, &facts, limits));
    if let Some((cost, stacked)) = known
        && steps.again(cost)
    {
        return Ok(stacked);
    }
    let before = steps.cost();
    let applied = compose::apply(name, &facts, steps)?;
    let after = steps.cost();
    let cost = Cost { steps: after.steps.saturating_sub(before.steps), held: after.held.saturating_sub(before.held) };
    let notes: Vec<_> = applied.notes().collect();
    let stacked = Stacked { tree: applied.tree, bytes: applied.bytes, notes };
    if let Some((cache, key)) = kept {
        cache.store(&key, &mut |out| write(out, cost, &stacked, layers.len()));
    }
    Ok(stacked)
}

fn write(out: &mut dyn Write, cost: Cost, stacked: &Stacked, layers: usize) -> io::Result<()> {
    let Stacked { tree, bytes, notes } = stacked;
    write_number(out, cost.steps)?;
    write_number(out, usize::try_from(cost.held).unwrap_or(usize::MAX))?;
    write_number(out, *bytes)?;
    write_number(out, notes.len())?;
    for (layer, note) in notes {
        write_number(out, layer.unwrap_or(usize::MAX))?;
        write_note(out, note)?;
    }
    for copies in tree.tables().iter().skip(layers) {
        copies.write_to(out)?;
    }
    write_number(out, tree.rows().len())?;
    for row in tree.rows() {
        out.write_all(&row.table.to_le_bytes())?;
        out.write_all(&row.at.to_le_bytes())?;
    }
    Ok(())
}

/// Reads what [`write`] wrote of these layers; `None` for anything else.
fn read(input: &mut dyn Read, layers: &[Arc<LayerFacts>], limits: &Limits) -> Option<(Cost, Stacked)> {
    let cost = Cost { steps: number(input)?, held: wide(number(input)?) };
    let bytes = number(input)?;
    let count = number(input)?;
    let mut notes = Vec::new();
    for _ in 0..count {
        let layer = number(input)?;
        notes.push(((layer < layers.len()).then_some(layer), note(input)?));
    }
    let mut tables: Vec<Arc<Records>> = layers.iter().map(|layer| Arc::clone(&layer.records)).collect();
    for _ in layers {
        tables.push(Arc::new(Records::read_from(input, limits)?));
    }
    // LIMIT: each path of a tree is one of an entry, before there is room for them.
    let count = number(input).filter(|count| *count <= limits.entries)?;
    let mut rows: Vec<RecordAt> = Vec::with_capacity(count);
    for _ in 0..count {
        let row = RecordAt { table: u32::from_le_bytes(array(input)?), at: u32::from_le_bytes(array(input)?) };
        if row.at as usize >= tables.get(row.table as usize)?.len() {
            return None;
        }
        rows.push(row);
    }
    if !ends(input) {
        return None;
    }
    Some((cost, Stacked { tree: Inventory::from_tables(tables, rows).ok()?, bytes, notes }))
}
