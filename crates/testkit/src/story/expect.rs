//! What must come out: the only lines that speak of results, kept apart from the evidence.

use super::line::{Line, StoryError};
use super::{Shows, Variant};

/// One `expect` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The telling it is for.
    pub variant: Variant,
    /// What it says.
    pub expected: Expected,
}

/// What an `expect` line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// `expect ! refused`.
    Verdict(String),
    /// `expect ! LH202 src/main.c by coder-7 in L2`: id, path, actor by its story name, statement by its story name.
    Finding {
        /// Finding id.
        id: String,
        /// Path that it names.
        path: Option<String>,
        /// Actor that it names.
        actor: Option<String>,
        /// Statement that it names.
        statement: Option<String>,
    },
    /// `expect = no LH202`.
    NoFinding(String),
    /// `expect = file src/main.c passes`: path and the word of reports.
    File(String, String),
    /// `expect = proof L1 R1`: statements that the proof must name.
    Proof(Vec<String>),
}

/// Reads `expect !|= ...`.
pub(super) fn read(line: &Line) -> Result<Expectation, StoryError> {
    let words: Vec<&str> = line.words.iter().skip(1).map(String::as_str).collect();
    let (variant, rest) = match words.split_first() {
        Some((&"!", rest)) => (Variant::Attack, rest),
        Some((&"=", rest)) => (Variant::Twin, rest),
        _ => return Err(line.error("expected `expect !` or `expect =`")),
    };
    let expected = match rest {
        [word @ ("accepted" | "refused" | "undecided" | "exception")] => Expected::Verdict((*word).to_owned()),
        ["no", id] if id.starts_with("LH") => Expected::NoFinding((*id).to_owned()),
        ["file", path, "passes"] => Expected::File((*path).to_owned(), "clean".to_owned()),
        ["file", path, word @ ("violation" | "unreviewed" | "indeterminate" | "exception")] => {
            Expected::File((*path).to_owned(), (*word).to_owned())
        }
        ["proof", ids @ ..] if !ids.is_empty() => Expected::Proof(ids.iter().map(|id| (*id).to_owned()).collect()),
        [id, place @ ..] if id.starts_with("LH") => finding(line, id, place)?,
        _ => return Err(line.error("not an expectation")),
    };
    Ok(Expectation { variant, expected })
}

fn finding(line: &Line, id: &str, place: &[&str]) -> Result<Expected, StoryError> {
    let (mut path, mut actor, mut statement) = (None, None, None);
    let mut rest = place;
    while let Some((word, after)) = rest.split_first() {
        let slot = match *word {
            "by" => &mut actor,
            "in" => &mut statement,
            word => {
                path = Some(word.to_owned());
                rest = after;
                continue;
            }
        };
        let (value, after) = after.split_first().ok_or_else(|| line.error("nothing after `by` or `in`"))?;
        *slot = Some((*value).to_owned());
        rest = after;
    }
    Ok(Expected::Finding { id: id.to_owned(), path, actor, statement })
}

/// Reads `finding LH202 positive negative`.
pub(super) fn shows(line: &Line) -> Result<Vec<(String, Shows)>, StoryError> {
    let id = line.words.get(1).ok_or_else(|| line.error("expected a finding id"))?;
    let mut shows = Vec::new();
    for word in line.words.iter().skip(2) {
        let shown = match word.as_str() {
            "positive" => Shows::Positive,
            "negative" => Shows::Negative,
            "bypass" => Shows::Bypass,
            _ => return Err(line.error(&format!("`{word}` is none of: positive, negative, bypass"))),
        };
        shows.push((id.clone(), shown));
    }
    Ok(shows)
}
