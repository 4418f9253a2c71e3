//! The proof of an outcome. A large graph has as many items as steps, so they lie in few allocations.

use std::fmt::{self, Arguments, Write as _};
use std::ops::Range;

use lasthand_model::digest::StatementDigest;

use crate::order::{self, short, wide};

/// What a piece of evidence does in a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProofRole {
    /// A landing.
    Source,
    /// A review.
    Review,
    /// A build step, or its step-actor statement.
    Build,
    /// A package step, or its step-actor statement.
    Package,
    /// A fetch step.
    Fetch,
    /// A required act.
    Act,
    /// A list.
    List,
    /// An approval of parameters, or half of an exception.
    Approval,
    /// A source VSA.
    SourceVsa,
}

impl ProofRole {
    const COUNT: usize = Self::SourceVsa as usize + 1;

    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Review => "review",
            Self::Build => "build",
            Self::Package => "package",
            Self::Fetch => "fetch",
            Self::Act => "act",
            Self::List => "list",
            Self::Approval => "approval",
            Self::SourceVsa => "source-vsa",
        }
    }
}

/// One piece of evidence that the acceptance rests on: without it, no acceptance (unless another derivation exists).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProofItem<'p> {
    /// What it does in the proof.
    pub role: ProofRole,
    /// The statement.
    pub statement: StatementDigest,
    /// One line for people: what it shows.
    pub shows: &'p str,
}

/// Pieces of evidence by role, those of a role by digest, each once.
#[derive(Clone, Default)]
pub struct Proof {
    /// As they were found.
    found: Vec<Found>,
    /// Indices in `found`: the order in which they are told.
    told: Vec<u32>,
    /// What they show, one text after the other.
    texts: String,
}

/// An item, where what it shows is a part of the texts.
#[derive(Debug, Clone)]
struct Found {
    role: ProofRole,
    statement: StatementDigest,
    shows: Range<u32>,
}

impl Proof {
    /// The items, in their order.
    pub fn iter(&self) -> impl Iterator<Item = ProofItem<'_>> + Clone {
        self.told.iter().filter_map(|at| self.found.get(wide(*at))).map(|found| self.item(found))
    }

    /// How many items there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.told.len()
    }

    /// Whether nothing is proven, or by the trust file alone.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    fn item(&self, found: &Found) -> ProofItem<'_> {
        let Found { role, statement, shows } = found;
        let shows = self.texts.get(wide(shows.start)..wide(shows.end)).unwrap_or_default();
        ProofItem { role: *role, statement: *statement, shows }
    }
}

impl PartialEq for Proof {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Proof {}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// A proof whose items are still being found.
pub(crate) struct Findings {
    proof: Proof,
    /// By role: the place of each item's statement in the order of digests, at the top, and its index in `found`.
    keys: [Vec<u64>; ProofRole::COUNT],
    /// How far up a place is.
    shift: u32,
}

impl Findings {
    /// None yet. `places` bounds the places of statements in the order of digests.
    pub(crate) fn new(places: usize) -> Self {
        Self { proof: Proof::default(), keys: Default::default(), shift: short(places).leading_zeros() + u32::BITS }
    }

    /// Adds an item, of a statement with a place in the order of digests.
    pub(crate) fn add(&mut self, role: ProofRole, statement: StatementDigest, place: usize, shows: Arguments<'_>) {
        let Proof { found, texts, .. } = &mut self.proof;
        let start = short(texts.len());
        // Writing to a text does not fail.
        let _ = texts.write_fmt(shows);
        if let Some(keys) = self.keys.get_mut(role as usize) {
            keys.push((u64::from(short(place)) << self.shift) | u64::from(short(found.len())));
        }
        found.push(Found { role, statement, shows: start..short(texts.len()) });
    }

    /// The proof: each item once.
    pub(crate) fn told(self) -> Proof {
        let Self { mut proof, keys, shift } = self;
        proof.told.reserve_exact(proof.found.len());
        for keys in keys {
            let sorted = order::sort(keys, |key| *key);
            for same in sorted.chunk_by(|a, b| a >> shift == b >> shift) {
                let first = proof.told.len();
                proof.told.extend(same.iter().map(|key| *key as u32));
                // What it shows only parts two acts of one statement.
                if same.len() > 1 {
                    let mut own = proof.told.split_off(first);
                    let shown = |at: &u32| proof.found.get(wide(*at)).map(|found| proof.item(found));
                    own.sort_by(|a, b| shown(a).cmp(&shown(b)));
                    own.dedup_by_key(|at| shown(at));
                    proof.told.append(&mut own);
                }
            }
        }
        proof
    }
}

#[cfg(test)]
mod tests {
    use lasthand_model::digest::Sha256;

    use super::*;

    #[test]
    fn items_are_told_by_role_then_by_digest_each_once() {
        // pass: found in another order, and twice; two acts of one statement are parted by what they show
        let digest = |first: u8| StatementDigest(Sha256::from_bytes([first; 32]));
        let proof = |found: &[(ProofRole, u8, &str)]| {
            let mut findings = Findings::new(10);
            for (role, place, shows) in found {
                findings.add(*role, digest(*place), usize::from(*place), format_args!("{shows}"));
            }
            findings.told()
        };
        let found = [
            (ProofRole::Act, 1, "b"),
            (ProofRole::Build, 9, "x"),
            (ProofRole::Build, 2, "y"),
            (ProofRole::Act, 1, "a"),
            (ProofRole::Build, 9, "x"),
        ];
        let told = proof(&found);
        let items: Vec<(ProofRole, StatementDigest, &str)> =
            told.iter().map(|item| (item.role, item.statement, item.shows)).collect();
        assert_eq!(
            items,
            [
                (ProofRole::Build, digest(2), "y"),
                (ProofRole::Build, digest(9), "x"),
                (ProofRole::Act, digest(1), "a"),
                (ProofRole::Act, digest(1), "b"),
            ]
        );
        let mut turned = found;
        turned.reverse();
        assert_eq!(told, proof(&turned));
        assert_ne!(told, proof(&found[..2]));
        assert!(Proof::default().is_empty() && told.len() == 4);
    }
}
