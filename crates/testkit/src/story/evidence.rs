//! Statements about sources and steps.

use std::collections::BTreeMap;

use lasthand_model::actor::{Role, StepKind};
use lasthand_model::wire::facts::{
    Body, Bound, Edit, External, Landing, Material, MergeOf, NamedDigest, PathRule, Review, SourceTree, Step, StepActor,
};

use super::Story;
use super::entries::content;
use super::line::{Clauses, Line, StoryError};
use super::teller::{SIGNED, Teller, git_ref, repository};

fn keys<'a>(own: &[&'a str]) -> Vec<&'a str> {
    own.iter().copied().chain(SIGNED).collect()
}

/// `landing L1 T0 -> T1 [on REF] [in REPOSITORY] authors ACTORS ...`; `none` before the arrow when the ref was created.
pub(super) fn landing(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let own = ["on", "in", "authors", "incomplete", "prev", "merge-of", "base", "mode", "result", "export-ignore"];
    let clauses = line.clauses(&keys(&own))?;
    let id = clauses.head(0, "a name for the landing")?;
    let (from, to) = (clauses.head(1, "the tree before, or `none`")?, clauses.head(3, "the tree after")?);
    let from = if from == "none" { None } else { Some(teller.tree_ref(&clauses, from)?) };
    let to = teller.tree_ref(&clauses, to)?;
    let repository = repository(clauses.one("in")?.unwrap_or("app"));
    let target_ref = git_ref(clauses.one("on")?.unwrap_or("main"));
    let prev = match clauses.one("prev")? {
        Some("none") => None,
        Some(id) => Some(id.to_owned()),
        None => teller.statements.iter().rev().find_map(|(known, fact)| match &fact.body {
            Body::Landing(before) => {
                let joins = from.is_some() && from.as_ref().and_then(|tree| tree.root) == before.to.root;
                let same_place = before.repository == repository && before.target_ref == target_ref;
                (known != id && joins && same_place).then(|| known.clone())
            }
            _ => None,
        }),
    };
    let merge_of = match clauses.one("merge-of")? {
        None => None,
        Some(head) => {
            let base = clauses.one("base")?.ok_or_else(|| clauses.error("a merge has a base"))?;
            Some(MergeOf {
                head: teller.tree_ref(&clauses, head)?,
                base: teller.tree_ref(&clauses, base)?,
                mode: clauses.one("mode")?.unwrap_or("merge").to_owned(),
                result: clauses.one("result")?.map_or(Ok(to.clone()), |tree| teller.tree_ref(&clauses, tree))?,
            })
        }
    };
    let body = Body::Landing(Landing {
        repository,
        target_ref,
        from,
        to,
        prev: prev.map(|id| Story::statement_digest(&id)),
        merge_of,
        authors: teller.names.actors(&clauses, "authors", Role::Author)?,
        authors_complete: !clauses.flag("incomplete")?,
        export_ignore: clauses.list_if_stated("export-ignore").unwrap_or_default(),
    });
    teller.state(&clauses, "forge", body)
}

/// `review R1 bo approves T0 -> T1 ...` or `review R1 bo approves all of T1 ...`.
pub(super) fn review(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["on", "in", "scope", "authors", "incomplete", "marks"]))?;
    let who = clauses.head(1, "a reviewer")?;
    let (base, head) = match clauses.head.get(2..) {
        Some(["approves", "all", "of", head]) => (None, *head),
        Some(["approves", base, "->", head]) => (Some(*base), *head),
        _ => return Err(clauses.error("expected `NAME approves BASE -> HEAD` or `NAME approves all of TREE`")),
    };
    let authors = teller.names.actors(&clauses, "authors", Role::Author)?;
    let body = Body::Review(Review {
        repository: repository(clauses.one("in")?.unwrap_or("app")),
        target_ref: git_ref(clauses.one("on")?.unwrap_or("main")),
        base: base.map(|base| teller.tree_ref(&clauses, base)).transpose()?,
        head: teller.tree_ref(&clauses, head)?,
        scope: clauses.list_if_stated("scope").unwrap_or_else(|| vec!["**".to_owned()]),
        reviewer: teller.names.actor(&clauses, who, Role::Approver)?,
        authors_complete: !authors.is_empty() && !clauses.flag("incomplete")?,
        authors,
        marks: clauses.list_if_stated("marks").unwrap_or_default(),
    });
    // A reviewer named by his key signs himself; an account is vouched for by the forge.
    let signer = if who.ends_with("-sk") || who.ends_with("-key") { who } else { "forge" };
    teller.state(&clauses, signer, body)
}

/// `edit E1 T2 actors coder-7/ana marks ...`.
pub(super) fn edit(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["in", "actors", "marks"]))?;
    let body = Body::Edit(Edit {
        repository: repository(clauses.one("in")?.unwrap_or("app")),
        to: teller.tree_ref(&clauses, clauses.head(1, "a tree")?)?,
        actors: teller.names.actors(&clauses, "actors", Role::Performer)?,
        marks: clauses.list_if_stated("marks").unwrap_or_default(),
    });
    teller.state(&clauses, "coder-7", body)
}

/// `build B1 from T1 makes app.bin ...`, `package ...`, `fetch ...`, or `step S1 KIND ...`.
pub(super) fn step(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&keys(&["from", "makes", "instructions", "parameters", "may-fail"]))?;
    let kind = if line.verb() == "step" { clauses.head(1, "a kind of step")? } else { line.verb() };
    let kind = StepKind::parse(kind).ok_or_else(|| clauses.error("not a kind of step"))?;
    let materials: Vec<Material> =
        clauses.list("from").iter().map(|word| material(teller, &clauses, word)).collect::<Result<_, _>>()?;
    let instructions = match clauses.list("instructions") {
        ["none"] => Vec::new(),
        [] => named(teller, &clauses, &["Makefile"], true)?,
        words => named(teller, &clauses, words, false)?,
    };
    let body = Body::Step(Step {
        kind,
        only_on_success: !clauses.flag("may-fail")?,
        materials,
        products: named(teller, &clauses, clauses.list("makes"), false)?,
        instructions: if kind == StepKind::Fetch { Vec::new() } else { instructions },
        parameters: pairs(&clauses, "parameters")?,
    });
    teller.state(&clauses, if kind == StepKind::Fetch { "fetcher" } else { "ci" }, body)
}

/// A tree (`T1`, `lib:T3`), a file (`name=content`, `name`) or something from outside (`https://...[~name][=content]`).
fn material(teller: &Teller, clauses: &Clauses<'_>, word: &str) -> Result<Material, StoryError> {
    if word.contains("://") {
        let (word, label) = word.split_once('=').map_or((word, None), |(word, label)| (word, Some(label)));
        let (uri, name) = word.split_once('~').map_or((word, None), |(uri, name)| (uri, Some(name.to_owned())));
        return Ok(Material::External(External { uri: uri.to_owned(), name, digest: label.map(content) }));
    }
    let (place, tree) = word.split_once(':').unwrap_or(("app", word));
    if teller.trees.contains_key(tree.split('@').next().unwrap_or_default()) {
        let tree = teller.tree_ref(clauses, tree)?;
        return Ok(Material::Tree(SourceTree { repository: repository(place), tree }));
    }
    Ok(Material::File(digest_of(clauses, word)?))
}

/// `name=content{mode=755}`; the content of `name` alone is called `name` too.
fn digest_of(clauses: &Clauses<'_>, word: &str) -> Result<NamedDigest, StoryError> {
    let (word, mode) = match word.strip_suffix('}').and_then(|word| word.split_once("{mode=")) {
        None => (word, None),
        Some((word, mode)) => {
            let mode = u32::from_str_radix(mode, 8).map_err(|_| clauses.error(&format!("`{mode}` is no mode")))?;
            (word, Some(mode))
        }
    };
    let (name, label) = word.split_once('=').unwrap_or((word, word));
    Ok(NamedDigest { name: name.to_owned(), digest: content(label), mode })
}

/// Names with digests; a name alone is looked up in the source trees of the line first.
fn named(
    teller: &Teller,
    clauses: &Clauses<'_>,
    words: &[&str],
    only_known: bool,
) -> Result<Vec<NamedDigest>, StoryError> {
    let mut found = Vec::new();
    for word in words {
        let entry = clauses.list("from").iter().find_map(|material| {
            let tree = material.split_once(':').map_or(*material, |(_, tree)| tree);
            teller.trees.get(tree.split('@').next()?)?.get(*word)?.sha256
        });
        match entry {
            Some(digest) => found.push(NamedDigest { name: (*word).to_owned(), digest: digest.0, mode: None }),
            None if only_known => {}
            None => found.push(digest_of(clauses, word)?),
        }
    }
    Ok(found)
}

/// `step-actor A1 of B1 [actors ACTORS] [bound exact] [map FROM:TO ...] ...`.
pub(super) fn step_actor(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let own = [
        "of",
        "kind",
        "product",
        "actors",
        "incomplete",
        "instructions",
        "parameters",
        "bound",
        "gaps",
        "success",
        "failed",
        "map",
        "marks",
    ];
    let clauses = line.clauses(&keys(&own))?;
    let labelled = clauses.one("of")?.ok_or_else(|| clauses.error("expected `of STATEMENT`"))?;
    let kind = match (clauses.one("kind")?, teller.body(labelled)) {
        (Some(word), _) => StepKind::parse(word).ok_or_else(|| clauses.error("not a kind of step"))?,
        (None, Some(Body::Step(step))) => step.kind,
        (None, _) => StepKind::Build,
    };
    let bound = match clauses.one("bound")? {
        None | Some("exact") => Bound::Exact,
        Some("upper") => Bound::Upper,
        Some("lower") => Bound::Lower,
        Some(word) => return Err(clauses.error(&format!("`{word}` is no bound"))),
    };
    let product = clauses.one("product")?.unwrap_or("app");
    let actors = match clauses.has("actors") {
        true => teller.names.actors(&clauses, "actors", Role::Performer)?,
        false => vec![teller.names.actor(&clauses, "ci", Role::Performer)?],
    };
    let body = Body::StepActor(StepActor {
        labels: Story::statement_digest(labelled),
        kind,
        product: (product != "none").then(|| product.to_owned()),
        actors,
        actors_complete: !clauses.flag("incomplete")?,
        instructions: named(teller, &clauses, clauses.list("instructions"), false)?,
        parameters: pairs(&clauses, "parameters")?,
        materials_bound: bound,
        materials_gaps: clauses.list_if_stated("gaps").unwrap_or_default(),
        success: if clauses.flag("failed")? { Some(false) } else { clauses.flag("success")?.then_some(true) },
        path_map: path_map(&clauses)?,
        marks: clauses.list_if_stated("marks").unwrap_or_default(),
    });
    teller.state(&clauses, "ci", body)
}

/// `FROM:TO`; nothing before or after the colon is the top.
fn path_map(clauses: &Clauses<'_>) -> Result<Vec<PathRule>, StoryError> {
    let rule = |word: &&str| {
        let (from, to) = word.split_once(':').ok_or_else(|| clauses.error("a rule of a map is `FROM:TO`"))?;
        Ok(PathRule { from: from.to_owned(), to: to.to_owned() })
    };
    clauses.list("map").iter().map(rule).collect()
}

/// `name=value` pairs.
pub(super) fn pairs(clauses: &Clauses<'_>, key: &str) -> Result<BTreeMap<String, String>, StoryError> {
    let pair = |word: &&str| {
        let (name, value) = word.split_once('=').ok_or_else(|| clauses.error("a parameter is `name=value`"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    clauses.list(key).iter().map(pair).collect()
}
