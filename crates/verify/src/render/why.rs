//! One file for people: where it comes from, link by link.

use lasthand_artifact::SEPARATOR;
use lasthand_model::digest::StatementDigest;
use lasthand_model::wire::facts::Body;
use lasthand_model::wire::report::{ReportFile, ReportMember};

use super::Style;
use super::diff::last_hands;
use super::page::{Page, Paint};
use super::view::View;
use crate::behind::behind;
use crate::error::UnknownPathError;
use crate::last::LastHands;
use crate::report::{FileAt, Files};
use crate::verifier::Verification;

/// Near names that an error offers.
const NEAR: usize = 3;

/// Renders why one entry has its verdict: file, step, actor, review, evidence, each with its level.
///
/// In: a path as reports write it; a leading `./` and a final `/` are passed over.
///
/// # Errors
/// [`UnknownPathError`] with the nearest paths.
pub fn why(verification: &Verification, path: &str, style: Style) -> Result<String, UnknownPathError> {
    let plain = path.strip_prefix("./").unwrap_or(path).trim_end_matches('/');
    let files = &verification.report.files;
    let found = files.each().find(|file| file.path() == path || file.path() == plain);
    // As it is: reports escape backslashes and bytes that are no text.
    let as_it_is = || files.each().find(|file| file.record().path == plain.as_bytes());
    let found = found.or_else(as_it_is).map(|file| (file, None));
    let Some((file, member)) = found.or_else(|| inside(plain, files)) else {
        return Err(UnknownPathError { path: path.to_owned(), near: near(plain, files) });
    };
    let file = file.file();
    let view = View::new(verification);
    let mut page = Page::new(style);
    heading(&mut page, &file, member.as_ref());
    let digest = file.sha256.map(|digest| format!(", sha256 {digest}")).unwrap_or_default();
    if let Some(value) = &file.value {
        page.entry(2, "value", value);
    }
    page.entry(2, "file", &format!("{}, mode {:o}, {} bytes{digest}", file.entry_type, file.mode, file.size));
    if let Some(explained) = &file.explained_by {
        let placed = explained.path_map.as_ref().map(|rule| format!(", placed by `{}` -> `{}`", rule.from, rule.to));
        let from = explained.source_path.as_ref().map(|path| format!(", from `{path}`"));
        let rule = format!("{}{}{}", explained.rule, from.unwrap_or_default(), placed.unwrap_or_default());
        page.entry(2, "rule", &rule);
        let hands = LastHands::new(verification).of(&file);
        page.entry(2, "last by", &last_hands(view.people, &hands, explained.base.as_deref()));
        let mut chain: Vec<StatementDigest> = Vec::new();
        for digest in explained.step.iter().chain(&explained.evidence).chain(&explained.review) {
            if !chain.contains(digest) {
                chain.push(*digest);
            }
        }
        // A copied file has its review already; what was made has the whole source of its step behind it.
        let made = matches!(explained.rule.as_str(), "product" | "path-map-hardlink") && explained.review.is_none();
        if made {
            chain.extend(behind(&verification.facts, &chain));
        }
        for digest in &chain {
            link(&mut page, &view, *digest);
        }
        if made {
            findings_behind(&mut page, verification, &view, &chain);
        }
        if !explained.actors.is_empty() {
            let actors: Vec<String> = explained.actors.iter().map(|actor| view.principal(actor)).collect();
            page.entry(2, "look at", &actors.join(", "));
        }
    }
    findings(&mut page, verification, &view, &file);
    Ok(page.finish())
}

/// The entry, or the member of an archive, and its verdict.
fn heading(page: &mut Page, file: &ReportFile, member: Option<&ReportMember>) {
    let verdict = file.verdict.map_or("no verdict", super::file_word);
    if let Some(member) = member {
        // A member is as good as the file that holds it: its answer is that file's.
        page.title(
            Paint::Strong,
            &format!("{}!/{}", file.path, member.path),
            &format!(": {verdict}, as the archive that holds it"),
        );
        let digest = member.sha256.map(|digest| format!(", sha256 {digest}")).unwrap_or_default();
        page.entry(
            2,
            "member",
            &format!("{}, mode {:o}, {} bytes{digest}", member.entry_type, member.mode, member.size),
        );
        page.entry(2, "inside", &file.path);
    } else {
        page.title(Paint::Strong, &file.path, &format!(": {verdict}"));
    }
}

/// A member of an archive that was opened, and the file that is the archive.
fn inside<'f>(path: &str, files: &'f Files) -> Option<(FileAt<'f>, Option<ReportMember>)> {
    path.match_indices(SEPARATOR).find_map(|(at, _)| {
        let (outer, inner) = (path.get(..at)?, path.get(at + SEPARATOR.len()..)?);
        let file = files.each().find(|file| file.path() == outer && file.inside().is_some())?;
        let member = file.file().inside?.into_iter().find(|member| member.path == inner)?;
        Some((file, Some(member)))
    })
}

/// One statement of the chain: what it is, who acted, who signed, where it lies.
fn link(page: &mut Page, view: &View<'_>, digest: StatementDigest) {
    let signers = view.statement(digest).map(|statement| statement.signers.as_slice()).unwrap_or_default();
    let (kind, actors) = match (view.step(digest), view.statement(digest).map(|statement| &statement.body)) {
        (Some(step), _) => (step.kind.as_str(), step.actors.clone()),
        (None, Some(Body::StepActor(label))) => {
            let actors = label.actors.iter().map(|actor| view.people.actor(actor, signers, false));
            ("actors", actors.collect())
        }
        _ => ("evidence", Vec::new()),
    };
    let stated = view.actors(digest);
    let who: Vec<String> = actors
        .iter()
        .map(|actor| {
            let method = stated.iter().find(|stated| stated.principal == actor.principal);
            format!("{} {}", actor.role, view.actor(actor, method.map(|stated| stated.method.as_str())))
        })
        .collect();
    let who = if who.is_empty() { "nobody is stated".to_owned() } else { who.join(", ") };
    let signed = view.signed(view.people.signer(signers).as_ref(), &actors);
    page.entry(2, kind, &format!("{who}{signed} [{}]", view.source(digest)));
}

/// What was found at the steps and landings of a chain.
fn findings_behind(page: &mut Page, verification: &Verification, view: &View<'_>, chain: &[StatementDigest]) {
    let errors = verification.outcome.frontier.iter().map(|item| &item.finding);
    for finding in errors.filter(|finding| finding.place.step.is_some_and(|step| chain.contains(&step))) {
        page.blank();
        page.title(Paint::Strong, &format!("{} {}", finding.id.id(), finding.id.name()), "");
        page.line(2, 2, &view.people.by_name(&finding.message));
        page.line(2, 2, &format!("- {}", view.hint(finding)));
    }
}

fn findings(page: &mut Page, verification: &Verification, view: &View<'_>, file: &ReportFile) {
    let source = file.explained_by.as_ref().and_then(|explained| explained.source_path.as_deref());
    for finding in &verification.outcome.findings {
        let path = finding.place.path.as_deref();
        let is_inside =
            || path.and_then(|path| path.strip_prefix(file.path.as_str())?.strip_prefix(SEPARATOR)).is_some();
        if path.is_some() && (path == Some(file.path.as_str()) || path == source || is_inside()) {
            page.blank();
            page.title(Paint::Strong, &format!("{} {}", finding.id.id(), finding.id.name()), "");
            page.line(2, 2, &view.people.by_name(&finding.message));
            page.line(2, 2, &format!("- {}", view.hint(finding)));
        }
    }
}

/// Paths that share the most at both ends with what was asked for, nearest first.
fn near(path: &str, files: &Files) -> Vec<String> {
    let shared = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| {
        a.zip(b).take_while(|(a, b)| a == b).count()
    };
    let mut ranked: Vec<(usize, &str)> = files
        .each()
        .map(|file| {
            let other = file.path();
            let ends = shared(&mut path.chars(), &mut other.chars())
                + shared(&mut path.chars().rev(), &mut other.chars().rev());
            (ends, other)
        })
        .filter(|(ends, _)| *ends >= 3)
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    ranked.into_iter().take(NEAR).map(|(_, path)| path.to_owned()).collect()
}
