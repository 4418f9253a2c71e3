//! `lasthand blame`: who touched a file last, and who answered for it.

use std::fmt::Write as _;

use clap::Args;
use lasthand_lineage::ledger::{Approval, Cover, PathState};
use lasthand_model::actor::ActorKind;
use lasthand_model::history::ObjectKey;
use lasthand_model::wire::facts::Actor;
use lasthand_observe::git::{self, LineOrigin};
use lasthand_verify::render::{Style, escape};
use serde_json::{Value, json};

use super::question::{Format, Sink, put, put_document, style, text_or_json};
use super::source_report::{Known, bold, evidence_document, id, notes, short, start_document};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::source_ledger::{LedgerArguments, SourceLedger};

/// Arguments of `blame`.
#[derive(Debug, Args)]
#[command(
    after_help = "Names and addresses are what commits claim; the level says how well somebody is known. A file is followed under its own path. Exit \
                  code 0 whatever the answer is; 2 when there is no such file.\n\nExamples:\n  lasthand blame src/main.rs\n  lasthand blame \
                  src/main.rs:10-20 --ref main\n  lasthand blame build.sh --trust lasthand.trust.toml --bundle evidence -o json"
)]
pub(crate) struct BlameArguments {
    /// The file, from the top of the repository, and the lines of it: PATH, PATH:N or PATH:N-M
    #[arg(value_name = "PATH[:LINES]")]
    place: String,
    #[command(flatten)]
    ledger: LedgerArguments,
    /// What to print, or write to a file: text, json; repeatable
    #[arg(long = "output", short = 'o', value_name = "FORMAT[=PATH]", default_value = "text", value_parser = text_or_json)]
    output: Vec<Sink>,
}

/// Answers.
///
/// # Errors
/// When there is no such file or line, or the history cannot be read.
pub(crate) fn run(arguments: &BlameArguments, context: &Context) -> Result<u8, CommandError> {
    let mut source = arguments.ledger.open(context)?;
    let (path, lines) = place(&arguments.place, &source)?;
    let lines = match lines {
        Some(range) => origins(&mut source, path, range)?,
        None => Vec::new(),
    };
    let Some(state) = source.ledger.path(path) else { return Err(no_such(path)) };
    let answer = Answer { source: &source, known: Known::new(&source.repository), state, lines };
    for sink in &arguments.output {
        match sink.format {
            Format::Text => put(sink, answer.text(style(sink, context)).as_bytes(), context)?,
            Format::Json | Format::Facts => put_document(sink, &answer.document(), context)?,
        }
    }
    Ok(0)
}

/// The first and the last line of a range, from 1.
type Range = (usize, usize);

/// Path and lines; a file whose own name ends like lines is the file.
fn place<'p>(text: &'p str, source: &SourceLedger) -> Result<(&'p str, Option<Range>), CommandError> {
    if source.ledger.path(text).is_some() {
        return Ok((text, None));
    }
    let Some((path, lines)) = text.rsplit_once(':') else { return Err(no_such(text)) };
    let Some(range) = range(lines) else {
        let error = CommandError::usage(format!("`{lines}` names no lines"));
        return Err(error.hint("write N or N-M, from 1: `src/main.rs:10-20`"));
    };
    Ok((path, Some(range)))
}

/// `N` or `N-M`, from 1.
fn range(text: &str) -> Option<Range> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (first <= last).then_some((first, last))
}

fn no_such(path: &str) -> CommandError {
    CommandError::usage(format!("there is no file `{path}` at this revision, and none was removed without an answer"))
        .hint("give the path from the top of the repository, as `lasthand source report --all` writes it")
}

/// A line, and the people of the commit that it comes from.
struct Line {
    origin: LineOrigin,
    people: Vec<Actor>,
}

fn origins(source: &mut SourceLedger, path: &str, range: (usize, usize)) -> Result<Vec<Line>, CommandError> {
    let SourceLedger { repository, revision, walk, .. } = source;
    let origins = git::line_origins(repository, walk, &revision.commit, path, range)?;
    if origins.is_empty() {
        let error = CommandError::usage(format!("`{path}` has no line {}", range.0));
        return Err(error.hint("lines are counted from 1; only files of text have lines"));
    }
    let mut lines = Vec::with_capacity(origins.len());
    for origin in origins {
        let people = match origin.commit.git_id() {
            Some(commit) => walk.people(repository, &commit)?,
            None => Vec::new(),
        };
        lines.push(Line { origin, people });
    }
    Ok(lines)
}

struct Answer<'a> {
    source: &'a SourceLedger,
    known: Known<'a>,
    state: PathState<'a>,
    lines: Vec<Line>,
}

impl Answer<'_> {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let removed = if self.state.version.is_none() { ": removed" } else { "" };
        let _ = writeln!(text, "{}{removed}", bold(&escape(self.state.path), style));
        match self.state.last {
            Some((commit, people)) => {
                let _ = writeln!(text, "  last touched by {}", escape(&self.known.who(&commit, people)));
                let _ = writeln!(text, "  in commit {}", short(id(&commit)));
            }
            None => text.push_str("  there from the beginning of what was read\n"),
        }
        let _ = writeln!(text, "  {}", escape(&cover_text(&self.state.cover)));
        let _ = writeln!(text, "  kinds of actors by table {}; names are what commits claim", git::TABLE);
        for note in notes(self.source) {
            let _ = writeln!(text, "  {}", escape(&note));
        }
        for Line { origin, people } in &self.lines {
            let _ = writeln!(
                text,
                "{:>6} {} {:<40} {}",
                origin.line,
                short(id(&origin.commit)),
                escape(&who_short(people)),
                escape(&origin.text)
            );
        }
        text
    }

    fn people(&self, commit: &ObjectKey, people: &[Actor]) -> Vec<Value> {
        people.iter().map(|actor| self.known.document(commit, actor)).collect()
    }

    /// SPEC: docs/source-report.md.
    fn document(&self) -> Value {
        let line = |Line { origin, people }: &Line| {
            let people = self.people(&origin.commit, people);
            json!({ "line": origin.line, "commit": id(&origin.commit), "people": people, "text": origin.text })
        };
        json!({
            "blame_version": 1,
            "repository": self.source.name,
            "ref": self.source.revision.reference,
            "commit": self.source.revision.commit.as_str(),
            "start": start_document(self.source),
            "evidence": evidence_document(self.source),
            "actor_table": git::TABLE,
            "path": self.state.path,
            "removed": self.state.version.is_none(),
            "last_commit": self.state.last.and_then(|(commit, _)| id(&commit)),
            "people": self.state.last.map(|(commit, people)| self.people(&commit, people)),
            "cover": cover_document(&self.state.cover),
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

/// The kind and the first of the people, the worst kind first.
fn who_short(people: &[Actor]) -> String {
    let worst = people.iter().max_by_key(|actor| match actor.kind {
        ActorKind::Human => 0,
        ActorKind::Automation => 1,
        ActorKind::Unknown => 2,
        ActorKind::Agent => 3,
    });
    worst.map_or_else(|| "nobody is named".to_owned(), |actor| format!("{} {}", actor.kind, actor.principal))
}

fn cover_text(cover: &Cover<'_>) -> String {
    let by = |approvals: &[Approval]| {
        let one = |approval: &Approval| format!("{} ({})", approval.reviewer, approval.statement.0.short());
        approvals.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let at = |landing: &ObjectKey| short(id(landing));
    match cover {
        Cover::Nothing { landing: Some(landing) } => format!("no human answered for it, since landing {}", at(landing)),
        Cover::Nothing { landing: None } => "no human answered for it".to_owned(),
        Cover::Reviewed { landing, approvals } => format!("reviewed by {} at landing {}", by(approvals), at(landing)),
        Cover::WholeReviewed { landing, approvals } => {
            format!("reviewed with the whole tree by {} at landing {}", by(approvals), at(landing))
        }
        Cover::Onboarded => "covered by onboarding: the trust file takes it as reviewed".to_owned(),
        Cover::Returned { landing } => format!("as in a tree that was covered, again since landing {}", at(landing)),
        _ => "covered".to_owned(),
    }
}

fn cover_document(cover: &Cover<'_>) -> Value {
    let by = |approvals: &[Approval]| {
        let one =
            |approval: &Approval| json!({ "review": approval.statement.to_string(), "reviewer": approval.reviewer });
        approvals.iter().map(one).collect::<Vec<Value>>()
    };
    let of = |word: &str, landing: Option<&ObjectKey>, approvals: &[Approval]| json!({ "by": word, "landing": landing.and_then(id), "reviews": by(approvals) });
    match cover {
        Cover::Nothing { landing } => of("nothing", landing.as_ref(), &[]),
        Cover::Reviewed { landing, approvals } => of("review", Some(landing), approvals),
        Cover::WholeReviewed { landing, approvals } => of("whole-tree-review", Some(landing), approvals),
        Cover::Onboarded => of("onboarding", None, &[]),
        Cover::Returned { landing } => of("returned", Some(landing), &[]),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn lines_are_one_number_or_two() {
        // pass: a line, a range; fail: from 0, backwards, words
        assert_eq!(range("7"), Some((7, 7)));
        assert_eq!(range("10-20"), Some((10, 20)));
        for text in ["0", "5-4", "0-3", "", "-", "1-", "x", "1-2-3"] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
