//! Archives that are made at random: tar streams, plain or gzip, as they are found, and as an attacker makes them.
//!
//! Every archive is a function of its seed. About 40 of a hundred have nothing that stops a reader of Go, so that whole lists can be
//! compared; the other ones have one thing or several that may. Most are of 2 to 12 KiB.
//!
//! ```
//! use lasthand_testkit::archives::Archive;
//! let archive = Archive::draw(7);
//! assert_eq!(archive.bytes(), Archive::draw(7).bytes());
//! ```
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test support: a draw out of range is a bug of the test"
)]

mod feature;
mod scene;

mod ending;
mod extension;
mod gzip;
mod long;
mod names;
mod numbers;
mod pax;
mod sparse;
mod types;

mod block;

use std::fmt;

pub use feature::Feature;

use crate::worlds::Rng;
use feature::Place;
use scene::{Part, Scene};

/// One archive, still in parts.
#[derive(Debug, Clone)]
pub struct Archive {
    seed: u64,
    features: Vec<Feature>,
    parts: Vec<Part>,
    cut: usize,
}

impl Archive {
    /// Draws the archive of a seed. Seeds in a row lead with each feature in turn.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let lead = Feature::ALL[usize::try_from(seed).unwrap_or_default() % Feature::ALL.len()];
        let (tame, wild) = match rng.below(100) {
            0..72 if lead.is_tame() => (1 + rng.below(5), 0),
            0..87 => (1 + rng.below(4), rng.below(2)),
            _ => (rng.below(4), 1 + rng.below(3)),
        };
        let mut features = vec![lead];
        features.extend((0..tame).map(|_| pick(&mut rng, true)));
        // What may stop a reader stands last, so that there is something to be read before it.
        let late = rng.chance(75);
        features.extend((0..wild).map(|_| pick(&mut rng, false)));
        if !late {
            features.rotate_right(1);
        }
        if late && !lead.is_tame() {
            features.rotate_left(1);
        }
        Self::of(seed, features)
    }

    /// Makes an archive of these features, each drawn by the seed and its own name.
    ///
    /// Of several endings or wrappings the first one holds.
    ///
    /// # Panics
    /// When a feature is not implemented.
    #[must_use]
    pub fn of(seed: u64, features: Vec<Feature>) -> Self {
        let mut scene = Scene::new();
        let mut kept: Vec<Feature> = Vec::new();
        for feature in features {
            let place = feature.place();
            if place != Place::Entry && kept.iter().any(|other| other.place() == place) {
                continue;
            }
            let again = kept.iter().filter(|other| **other == feature).count();
            scene.rng = own(seed, feature, again);
            if place == Place::Entry {
                assert!(apply(feature, &mut scene), "{feature:?} does nothing");
            }
            kept.push(feature);
        }
        Self { seed, features: kept, parts: scene.parts, cut: 0 }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What it was made of, in order.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let at = |place| self.features.iter().copied().find(|feature| feature.place() == place);
        let (ending, wrapping) = (at(Place::Ending), at(Place::Wrapping));
        let chance = |feature: Option<Feature>| feature.map_or(Rng::new(0), |feature| own(self.seed, feature, 0));
        let stream = ending::end(&self.parts, ending, &mut chance(ending));
        gzip::wrap(stream, wrapping, &mut chance(wrapping))
    }

    /// True when a content has a block of zeros: with another size before it, it would be the end of the archive.
    #[must_use]
    pub fn has_zero_block(&self) -> bool {
        self.parts.iter().any(|part| part.body.chunks(512).any(|block| block.iter().all(|byte| *byte == 0)))
    }

    /// Archives with one thing less: a feature, or, once no feature can be left out, a part.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        if self.cut == 0 {
            for at in 0..self.features.len() {
                let mut features = self.features.clone();
                features.remove(at);
                smaller.push(Self::of(self.seed, features));
            }
        }
        for at in 0..self.parts.len() {
            let mut fewer = self.clone();
            fewer.parts.remove(at);
            fewer.cut += 1;
            smaller.push(fewer);
        }
        smaller
    }

    /// The smallest archive that still has a property, found by leaving out one thing after the other.
    #[must_use]
    pub fn shrink(&self, mut has: impl FnMut(&Self) -> bool) -> Self {
        let mut archive = self.clone();
        while let Some(smaller) = archive.smaller().into_iter().find(|smaller| has(smaller)) {
            archive = smaller;
        }
        archive
    }
}

impl fmt::Display for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {:?}", self.seed, self.features)?;
        for part in &self.parts {
            writeln!(f, "  {part}")?;
        }
        if self.cut > 0 { writeln!(f, "  ({} parts left out)", self.cut) } else { Ok(()) }
    }
}

fn pick(rng: &mut Rng, tame: bool) -> Feature {
    loop {
        let feature = *rng.pick(Feature::ALL);
        if feature.is_tame() == tame {
            return feature;
        }
    }
}

/// The chance of one feature: the same whatever other features there are.
fn own(seed: u64, feature: Feature, again: usize) -> Rng {
    let name = u64::try_from(Feature::ALL.iter().position(|other| *other == feature).unwrap_or_default()).unwrap_or(0);
    let again = u64::try_from(again).unwrap_or(0);
    Rng::new(Rng::new(seed).next_u64() ^ Rng::new(name << 32 | again).next_u64())
}

fn apply(feature: Feature, scene: &mut Scene) -> bool {
    types::apply(feature, scene)
        || numbers::apply(feature, scene)
        || long::apply(feature, scene)
        || pax::apply(feature, scene)
        || names::apply(feature, scene)
        || sparse::apply(feature, scene)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_feature_is_drawn_a_hundred_times_in_twenty_thousand_archives() {
        // pass: each one counted in what was made; fail: one that does nothing
        let mut counts: BTreeMap<Feature, usize> = BTreeMap::new();
        for seed in 0..20_000 {
            for feature in Archive::draw(seed).features {
                *counts.entry(feature).or_default() += 1;
            }
        }
        let few: Vec<_> = Feature::ALL
            .iter()
            .map(|feature| (*feature, counts.get(feature).copied().unwrap_or_default()))
            .filter(|(_, count)| *count < 100)
            .collect();
        assert!(few.is_empty(), "{few:?}");
    }

    #[test]
    fn an_archive_is_made_of_its_seed_and_mostly_small() {
        // pass: the same bytes twice; a kilobyte or some on average
        let mut total = 0;
        for seed in 0..400 {
            let archive = Archive::draw(seed);
            let bytes = archive.bytes();
            assert_eq!(bytes, Archive::of(seed, archive.features.clone()).bytes(), "{archive}");
            total += bytes.len().min(1 << 16);
        }
        assert!((2 << 10..24 << 10).contains(&(total / 400)), "{}", total / 400);
    }

    #[test]
    fn shrinking_keeps_the_property() {
        // pass: what is left has it, and nothing less does
        let archive =
            Archive::of(5, vec![Feature::PlainFile, Feature::ChecksumBad, Feature::PaxPath, Feature::PlainFolder]);
        let has = |archive: &Archive| archive.features().contains(&Feature::PaxPath);
        let least = archive.shrink(has);
        assert_eq!(least.features(), [Feature::PaxPath]);
    }
}
