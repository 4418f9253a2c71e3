//! What came into the steps from outside, and what accounts for it.
//!
//! SPEC: docs/rules.md section 5; DESIGN R7: pinned inputs are shown and counted apart.

use std::collections::BTreeSet;

use lasthand_model::actor::StepKind;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{External, Material, NamedDigest};
use rustc_hash::FxHashMap;

use crate::accept::Decision;
use crate::cover::{Place, Uncovered};
use crate::image::{self, Givers};
use crate::outcome::{FileVerdict, InputAnswer};
use crate::pins::Use;
use crate::run::Run;
use crate::steps::{self, Candidate, Clean, Pinned, Standing};
use crate::world::Known;

/// Every file and address that a build or package step read and that is neither of its source trees nor another step's product,
/// in the order of the steps' digests and of their materials.
pub(crate) fn inputs<'a>(run: &Run<'_, 'a>, decision: &Decision<'a>) -> Vec<InputAnswer> {
    let mut inputs = Vec::new();
    let mut landings = Landings::default();
    let steps = &decision.steps;
    let from_outside = |candidate: &Candidate<'a>| {
        matches!(candidate.kind, StepKind::Build | StepKind::Package)
            && steps.standings(candidate).iter().any(|standing| rule(*standing).is_some())
    };
    // Candidates of one step, one for each label, have the same materials.
    let each = steps.candidates().chunk_by(|a, b| a.statement() == b.statement()).filter_map(<[_]>::first);
    let mut told: Vec<&Candidate<'a>> = each.filter(|candidate| from_outside(candidate)).collect();
    told.sort_unstable_by_key(|candidate| run.world.rank(candidate.statement()));
    for candidate in told {
        of_step(run, decision, candidate, &mut landings, &mut inputs);
    }
    inputs
}

/// The verdict on what came from outside, and the rule that accounts for it; none for a source tree or another step's product.
const fn rule(standing: Standing) -> Option<(FileVerdict, &'static str)> {
    match standing {
        Standing::Tree(_) | Standing::BadTree(_) | Standing::Unresolved | Standing::Product(_) => None,
        Standing::Clean(Clean::OwnEntry) => None,
        Standing::Clean(clean) => Some((FileVerdict::Clean, clean.rule())),
        Standing::Bad => Some((FileVerdict::Unreviewed, "undeclared-input")),
    }
}

fn of_step<'a>(
    run: &Run<'_, 'a>,
    decision: &Decision<'a>,
    candidate: &Candidate<'a>,
    landings: &mut Landings<'a>,
    inputs: &mut Vec<InputAnswer>,
) {
    let Some(step) = run.world.known.get(candidate.statement()).map(Known::digest) else { return };
    let mut pinned: Option<Pinned<'a>> = None;
    let products = candidate.body.products.iter().map(|product| image::container(run.world, product.digest));
    let images: BTreeSet<Sha256> =
        products.filter(|digest| run.world.facts.images.contains_key(&ArtifactDigest(*digest))).collect();
    let givers = if images.is_empty() { Givers::default() } else { steps::givers(run, candidate.body) };
    for (material, standing) in candidate.body.materials.iter().zip(decision.steps.standings(candidate)) {
        let (name, digest) = match material {
            Material::Tree(_) => continue,
            Material::File(NamedDigest { name, digest, .. }) => (name, Some(*digest)),
            Material::External(External { uri, name, digest }) => (name.as_ref().unwrap_or(uri), *digest),
        };
        let Some((verdict, rule)) = rule(*standing) else { continue };
        let gives_layers =
            digest.is_some_and(|digest| images.iter().any(|image| givers.gives(run.world.facts, digest, *image)));
        let pin = digest.filter(|_| rule == "pinned").and_then(|digest| {
            let pinned = pinned.get_or_insert_with(|| Pinned::of(run, &candidate.body.materials));
            match material {
                _ if gives_layers => pinned.name(name, digest, Use::Base),
                Material::File(file) => pinned.file(run, file),
                _ => pinned.name(name, digest, Use::Input),
            }
        });
        // A pin is as clean as the entry that states it.
        let verdict = pin.map_or(verdict, |(place, path)| {
            let holders = pinned.as_ref().map(|pinned| pinned.layout().holders(&place)).unwrap_or_default();
            let each = [(place, path)].into_iter().chain(holders.iter().copied());
            let mut answers = each.map(|(place, path)| landings.answer(run, decision, place, path));
            answers.find(|answer| *answer != FileVerdict::Clean).unwrap_or(FileVerdict::Clean)
        });
        let pinned_by = pin.map(|(_, path)| path.to_owned());
        inputs.push(InputAnswer { step, name: name.clone(), digest, verdict, rule, pinned_by, gives_layers });
    }
}

/// The landing that explains a tree, with its uncovered paths, looked up once.
#[derive(Default)]
struct Landings<'a>(FxHashMap<Place<'a>, Option<(usize, Uncovered<'a>)>>);

impl<'a> Landings<'a> {
    fn answer(&mut self, run: &Run<'_, 'a>, decision: &Decision<'a>, place: Place<'a>, path: &str) -> FileVerdict {
        let known = self.0.entry(place).or_insert_with(|| decision.cover.best_landing(run, &place));
        let Some((_, uncovered)) = known else { return FileVerdict::Indeterminate };
        let Some(lost) = uncovered.get(path) else { return FileVerdict::Clean };
        match decision.cover.landings.get(*lost) {
            Some(landing) if landing.agent_touched() => FileVerdict::Violation,
            Some(_) => FileVerdict::Unreviewed,
            None => FileVerdict::Indeterminate,
        }
    }
}
