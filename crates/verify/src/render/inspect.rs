//! Steps and files for people: what happened, as far as verified statements tell.

use lasthand_lineage::FileVerdict;
use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::inventory::escape_path;
use lasthand_model::wire::facts::{Body, Material, TreeRef};
use lasthand_model::wire::report::{EvidenceStatus, ReportStep};

use super::Style;
use super::page::{Page, Paint, some};
use super::view::{View, short};
use crate::report::{FileAt, file_verdict};
use crate::verifier::Verification;

const SHOWN: usize = 4;

/// Renders the timeline of steps, the table of files, and the evidence that counts for nothing.
#[must_use]
pub fn inspect(verification: &Verification, style: Style) -> String {
    let view = View::new(verification);
    let report = &verification.report;
    let mut page = Page::new(style);
    let digest = report.artifact.digest.map(|digest| format!(" sha256:{digest}")).unwrap_or_default();
    page.title(Paint::Strong, &report.artifact.name, &digest);
    page.blank();
    page.title(Paint::Strong, "steps", ", in an order in which they can have happened");
    if report.steps.is_empty() {
        page.line(2, 2, "none is told of by verified evidence");
    }
    for (at, step) in report.steps.iter().enumerate() {
        one_step(&mut page, &view, at + 1, step);
    }
    page.blank();
    page.title(Paint::Strong, "files", "");
    let mut base = 0;
    for file in report.files.each() {
        if is_base(file) {
            base += 1;
            continue;
        }
        one_file(&mut page, file);
        for member in file.inside().iter().flat_map(|inside| &inside.members) {
            let path = escape_path(&member.path);
            page.row(&format!("  {:<13} {:<15} {}!/{path}", "", "inside", file.path()));
        }
    }
    if base > 0 {
        let givers = report.inputs.iter().filter(|input| input.gives_layers).map(|input| input.name.clone());
        let givers: Vec<String> = givers.collect();
        let from = if givers.is_empty() { String::new() } else { format!(" {}", some(&givers, SHOWN)) };
        page.row(&format!("  {:<13} {:<15} {} entries as the base{from} has them", "clean", "base", base));
    }
    let silent: Vec<_> = report.evidence.iter().filter(|item| item.status != EvidenceStatus::Verified).collect();
    if !silent.is_empty() {
        page.blank();
        page.title(Paint::Strong, "evidence that counts for nothing", "");
        for item in silent {
            let status = if item.status == EvidenceStatus::Rejected { "rejected" } else { "unused" };
            page.entry(2, status, &format!("{}: {}", item.source, item.reason.as_deref().unwrap_or_default()));
        }
    }
    page.finish()
}

fn one_step(page: &mut Page, view: &View<'_>, number: usize, step: &ReportStep) {
    let product = step.product.as_ref().map(|product| format!(" of {product}")).unwrap_or_default();
    page.title(Paint::Strong, &format!("{number:>3} {}{product}", step.kind), "");
    let stated = view.actors(step.statement);
    let actors: Vec<String> = step
        .actors
        .iter()
        .map(|actor| {
            let method =
                stated.iter().find(|stated| stated.principal == actor.principal).map(|stated| stated.method.as_str());
            format!("{} {}", actor.role, view.actor(actor, method))
        })
        .collect();
    page.entry(4, "who", &if actors.is_empty() { "nobody is stated".to_owned() } else { actors.join("; ") });
    let (went_in, came_out) = contents(view, step.statement);
    for (word, list) in [("in", went_in), ("out", came_out)] {
        if !list.is_empty() {
            page.entry(4, word, &some(&list, SHOWN));
        }
    }
    let signer = view.signed(step.signer.as_ref(), &step.actors);
    page.entry(4, "evidence", &format!("{}{signer}", view.source(step.statement)));
}

/// What went in and what came out, by name and short digest.
fn contents(view: &View<'_>, digest: StatementDigest) -> (Vec<String>, Vec<String>) {
    let named = |name: &str, digest: &Sha256| format!("{name} {}", digest.short());
    match view.statement(digest).map(|statement| &statement.body) {
        Some(Body::Landing(landing)) => (
            landing.from.iter().map(tree).collect(),
            vec![format!("{} of {} at {}", tree(&landing.to), landing.repository, landing.target_ref)],
        ),
        Some(Body::Review(review)) => {
            let base = review.base.as_ref().map(|base| format!("{} -> ", tree(base))).unwrap_or_default();
            let scope = review.scope.join(" ");
            (vec![format!("{base}{} of {}, paths {scope}", tree(&review.head), review.repository)], Vec::new())
        }
        Some(Body::Edit(edit)) => (Vec::new(), vec![format!("{} of {}", tree(&edit.to), edit.repository)]),
        Some(Body::Step(step)) => {
            let materials = step.materials.iter().map(|material| match material {
                Material::Tree(source) => format!("{} of {}", tree(&source.tree), source.repository),
                Material::File(file) => named(&file.name, &file.digest),
                Material::External(external) => external.uri.clone(),
            });
            let products = step.products.iter().map(|product| named(&product.name, &product.digest));
            (materials.collect(), products.collect())
        }
        Some(Body::Act(act)) => {
            let target = act.target.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
            (vec![format!("{}{target}", named(&act.product, &act.digest.0))], Vec::new())
        }
        Some(Body::Approval(approval)) => {
            (vec![format!("{}: {}", approval.action, named(&approval.product, &approval.digest.0))], Vec::new())
        }
        _ => (Vec::new(), Vec::new()),
    }
}

fn tree(tree: &TreeRef) -> String {
    match (&tree.git_commit, &tree.git_tree, &tree.root) {
        (Some(commit), _, _) => format!("commit {}", short(commit.as_str())),
        (None, Some(id), _) => format!("git tree {}", short(id.as_str())),
        (None, None, Some(root)) => format!("tree {}", root.0.short()),
        (None, None, None) => "unknown tree".to_owned(),
    }
}

/// Whether an entry is folded into the line of the base.
fn is_base(file: FileAt<'_>) -> bool {
    file.answer().is_some_and(|answer| answer.verdict == FileVerdict::Clean && answer.explained_by.rule == "base")
}

fn one_file(page: &mut Page, file: FileAt<'_>) {
    let answer = file.answer();
    let verdict = answer.map_or("-", |answer| super::file_word(file_verdict(answer.verdict)));
    let rule = answer.map_or("-", |answer| answer.explained_by.rule);
    let platform = file.platform().map(|platform| format!("{platform} ")).unwrap_or_default();
    page.row(&format!("  {verdict:<13} {rule:<15} {platform}{}", file.path()));
}
