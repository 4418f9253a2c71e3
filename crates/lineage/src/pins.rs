//! What the lock files of a source tree pin.
//!
//! SPEC: docs/rules.md section 5, "Known lock formats".

use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::Facts;
use rustc_hash::FxHashMap;

use crate::trees::Tree;

/// Last path segments of lock formats that pin.
pub const LOCK_FORMATS: &[&str] = &[
    "Cargo.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "go.sum",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "requirements.txt",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "Dockerfile",
    "Containerfile",
    "flake.lock",
];

/// Those of them that say on which images a build stands.
const BASE_FORMATS: [&str; 2] = ["Dockerfile", "Containerfile"];

/// What a pinned thing may be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Something that a step reads.
    Input,
    /// An image whose layers become layers of the product.
    Base,
}

/// Names and digests that the lock files of one tree pin, each with the first path that does, for either use.
#[derive(Debug, Default)]
pub(crate) struct Pins<'a>(FxHashMap<(&'a str, Sha256), [Option<&'a str>; 2]>);

impl<'a> Pins<'a> {
    /// Cost: O(entries of the tree and pins of its lock files).
    pub(crate) fn of(facts: &'a Facts, tree: &Tree<'a>) -> Self {
        let mut pins = Self::default();
        for entry in tree.entries() {
            let format = entry.path().rsplit('/').next().unwrap_or(entry.path());
            let Some(sha256) = entry.sha256().filter(|_| LOCK_FORMATS.contains(&format)) else { continue };
            for pin in facts.locks.get(&sha256).into_iter().flatten() {
                let [input, base] = pins.0.entry((&pin.name, pin.digest)).or_default();
                input.get_or_insert(entry.path());
                if BASE_FORMATS.contains(&format) {
                    base.get_or_insert(entry.path());
                }
            }
        }
        pins
    }

    /// The lock file that pins a name, or its last segment, to a digest.
    pub(crate) fn find(&self, name: &str, digest: Sha256, used_as: Use) -> Option<&'a str> {
        let last = name.rsplit('/').next().unwrap_or(name);
        let found = |name: &str| {
            let [input, base] = self.0.get(&(name, digest))?;
            if used_as == Use::Base { *base } else { *input }
        };
        found(name).or_else(|| found(last))
    }
}
