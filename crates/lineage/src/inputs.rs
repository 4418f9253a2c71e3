//! What came into the steps from outside, and what accounts for it.
//!
//! SPEC: docs/rules.md section 5; DESIGN R7: pinned inputs are shown and counted apart.

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::{External, Material, NamedDigest};
use rustc_hash::FxHashMap;

use crate::accept::Decision;
use crate::image;
use crate::outcome::{FileVerdict, InputAnswer};
use crate::run::Run;
use crate::steps::{Candidate, LOCK_FORMATS, Standing, source_trees};
use crate::world::Known;

/// Every file and address that a build or package step read and that is neither of its source trees nor another step's product,
/// in the order of the steps' digests and of their materials.
pub(crate) fn inputs<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>) -> Vec<InputAnswer> {
    let mut inputs = Vec::new();
    let mut told: Option<usize> = None;
    for candidate in &decision.steps.candidates {
        // Candidates of one step, one for each label, have the same materials.
        if told.replace(candidate.statement) == Some(candidate.statement) {
            continue;
        }
        if matches!(candidate.body.kind, StepKind::Build | StepKind::Package) {
            of_step(run, decision, candidate, &mut inputs);
        }
    }
    inputs
}

fn of_step<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>, candidate: &Candidate<'a>, inputs: &mut Vec<InputAnswer>) {
    let Some(step) = run.world.known.get(candidate.statement).map(Known::digest) else { return };
    let mut pins: Option<Pins<'a>> = None;
    for (material, standing) in candidate.body.materials.iter().zip(decision.steps.standings(candidate)) {
        let (name, digest) = match material {
            Material::Tree(_) => continue,
            Material::File(NamedDigest { name, digest, .. }) => (name, Some(*digest)),
            Material::External(External { uri, name, digest }) => (name.as_ref().unwrap_or(uri), *digest),
        };
        let (verdict, rule) = match standing {
            Standing::Clean("own-entry", _) | Standing::Product(_) => continue,
            Standing::Clean(rule, _) => (FileVerdict::Clean, *rule),
            _ => (FileVerdict::Unreviewed, "undeclared-input"),
        };
        let pinned_by = digest.filter(|_| rule == "pinned").and_then(|digest| {
            let pins = pins.get_or_insert_with(|| pins_of(run, candidate));
            let last = name.rsplit('/').next().unwrap_or(name);
            pins.get(&(name.as_str(), digest)).or_else(|| pins.get(&(last, digest))).map(|path| (*path).to_owned())
        });
        let gives_layers = candidate
            .body
            .products
            .iter()
            .any(|product| image::gives_layers(run.world, material, image::container(run.world, product.digest)));
        inputs.push(InputAnswer { step, name: name.clone(), digest, verdict, rule, pinned_by, gives_layers });
    }
}

/// The lock file, by path, that pins a name and digest.
type Pins<'a> = FxHashMap<(&'a str, Sha256), &'a str>;

fn pins_of<'a>(run: &Run<'_, 'a>, candidate: &Candidate<'a>) -> Pins<'a> {
    let mut pins = Pins::default();
    let trees = source_trees(&candidate.body.materials)
        .filter_map(|tree| run.world.trees.get(&run.resolve(&tree.repository, &tree.tree)?));
    for entry in trees.flat_map(|tree| tree.entries.iter()) {
        let is_lock = LOCK_FORMATS.contains(&entry.path.rsplit('/').next().unwrap_or(&entry.path));
        let Some(sha256) = entry.sha256.filter(|_| is_lock) else { continue };
        for pin in run.world.facts.locks.get(&sha256).into_iter().flatten() {
            pins.entry((&pin.name, pin.digest)).or_insert(&entry.path);
        }
    }
    pins
}
