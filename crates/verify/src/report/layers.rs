//! Which layer of an image an entry comes from.

use std::collections::BTreeMap;

use lasthand_artifact::SEPARATOR;
use lasthand_lineage::Outcome;
use lasthand_model::digest::Sha256;
use lasthand_model::inventory::{escape_path, unescape_path};

use crate::artifact::Opened;

/// The layers of the entries that findings name.
pub(super) struct Layers {
    written_by: BTreeMap<Vec<u8>, Sha256>,
}

/// The path itself, then the paths of the archives that may hold it.
fn holders(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let marks = path.windows(SEPARATOR.len()).enumerate();
    let marks = marks.filter(|(_, window)| *window == SEPARATOR.as_bytes()).map(|(at, _)| at);
    std::iter::once(path).chain(marks.filter_map(|at| path.get(..at)))
}

impl Layers {
    /// Looks the entries up; none for an artifact without layers, or an index, whose members would have to be told apart.
    pub(super) fn of(opened: &Opened, outcome: &Outcome) -> Self {
        let mut written_by = BTreeMap::new();
        let named: Vec<Vec<u8>> = outcome
            .findings
            .iter()
            .filter_map(|finding| finding.place.path.as_deref())
            .filter_map(|path| unescape_path(path).ok())
            .collect();
        if let ([part], false) = (opened.parts.as_slice(), named.is_empty())
            && let Some(image) = &part.image
        {
            for path in named {
                let holder = holders(&path).find_map(|holder| image.written_by(holder));
                let layer = holder.and_then(|layer| image.layers.get(layer));
                written_by.extend(layer.map(|layer| (path, layer.digest)));
            }
        }
        Self { written_by }
    }

    /// Digest of the layer that wrote an entry last, as shipped.
    pub(super) fn find(&self, path: &str) -> Option<Sha256> {
        let bytes = unescape_path(path).unwrap_or_else(|_| escape_path(path.as_bytes()).into_bytes());
        self.written_by.get(&bytes).copied()
    }
}
