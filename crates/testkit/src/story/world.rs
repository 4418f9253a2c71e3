//! The standard team: who there is and what the verifier believes before a story begins.

use std::collections::BTreeMap;

use lasthand_lineage::presets;
use lasthand_model::digest::{ArtifactDigest, Sha256};
use lasthand_model::wire::facts::{Custody, Facts, IdentityRow, Inputs, PersonRow, ProductRow, Question, TrustFacts};

use super::names::Names;

/// The moment of every question, unless the story says another.
pub const NOW: i64 = 1_800_000_000;

/// Repositories of the team.
pub(super) const REPOSITORIES: &str = "forge.example/acme/";

/// A document without evidence: persons ana, bo and cy, agent coder-7, the observer `forge`, the builder `ci`, the product `app`.
pub(super) fn facts(names: &Names) -> (Facts, Vec<String>) {
    let (row_names, identities): (Vec<_>, Vec<_>) = rows(names).into_iter().unzip();
    let persons = ["ana", "bo", "cy"].map(|human| PersonRow {
        name: human.to_owned(),
        accounts: ["", "-key", "-sk"]
            .iter()
            .filter_map(|suffix| names.principal(&format!("{human}{suffix}")))
            .collect(),
    });
    let product = ProductRow {
        name: "app".to_owned(),
        repositories: vec![format!("{REPOSITORIES}app")],
        refs: vec!["refs/heads/main".to_owned()],
        builders: names.principal("ci").into_iter().collect(),
        artifacts: vec!["app*".to_owned()],
        parameters: BTreeMap::new(),
        required: Vec::new(),
        onboarding: Vec::new(),
        solo: false,
    };
    let facts = Facts {
        facts_version: 1,
        now: NOW,
        question: Question {
            product: "app".to_owned(),
            digest: ArtifactDigest(Sha256::of(b"")),
            index: None,
            artifact_name: None,
            target: None,
        },
        preset: presets::standard(),
        trust: TrustFacts { identities, persons: persons.into(), products: vec![product], ..TrustFacts::default() },
        statements: Vec::new(),
        inventories: BTreeMap::new(),
        indexes: BTreeMap::new(),
        locks: BTreeMap::new(),
        pointers: BTreeMap::new(),
        images: BTreeMap::new(),
        configs: BTreeMap::new(),
    };
    (facts, row_names)
}

fn rows(names: &Names) -> Vec<(String, IdentityRow)> {
    let mut rows = Vec::new();
    let mut add = |name: &str, may: &[&str], change: &dyn Fn(&mut IdentityRow)| {
        let Some(who) = names.0.get(name) else { return };
        let mut row = row(who);
        row.may = owned(may);
        row.repositories = vec![format!("{REPOSITORIES}*")];
        row.products = owned(&["app"]);
        change(&mut row);
        rows.push((name.to_owned(), row));
    };
    add("forge", &["landing", "review"], &|row| {
        row.observer = owned(&["forge"]);
        row.custody = Some(Custody::Isolated);
    });
    add("ci", &["build", "package"], &|row| {
        row.repositories = vec![format!("{REPOSITORIES}app")];
        row.inputs = Inputs::Declared;
        row.actors_complete = true;
    });
    add("sandbox", &["build", "package"], &|row| {
        row.isolated = true;
        row.observer = owned(&["step", "sandbox"]);
    });
    add("releaser", &["sign", "publish", "promote"], &|row| row.isolated = true);
    add("fetcher", &["fetch"], &|row| row.isolated = true);
    add("lister", &["list"], &|row| row.custody = Some(Custody::Isolated));
    add("verifier", &["vsa"], &|row| row.custody = Some(Custody::Isolated));
    add("coder-7", &["edit"], &|_| {});
    for human in ["ana", "bo", "cy"] {
        add(&format!("{human}-key"), &["review", "edit"], &|_| {});
        add(&format!("{human}-sk"), &["review", "edit", "approve", "exception"], &|_| {});
    }
    rows
}

/// A row that gives nothing yet.
pub(super) fn row(who: &super::names::Name) -> IdentityRow {
    IdentityRow {
        method: who.signs,
        principal: who.principal.clone(),
        kind: who.kind,
        max_level: 4,
        may: Vec::new(),
        repositories: Vec::new(),
        products: Vec::new(),
        observer: Vec::new(),
        inputs: Inputs::Bounded,
        isolated: false,
        custody: None,
        actors_complete: false,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
