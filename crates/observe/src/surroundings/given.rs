//! Surroundings given by a file: strict, and always marked as simulated.

use std::path::Path;

use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::step_actor::Mark;
use serde_json::{Map, Value};

use super::{Surroundings, SurroundingsError};
use crate::marks::TABLE;

pub(super) fn read(path: &Path) -> Result<Surroundings, SurroundingsError> {
    let bytes =
        std::fs::read(path).map_err(|source| SurroundingsError::Unreadable { path: path.to_owned(), source })?;
    let document = json::parse(&bytes, &Limits::DEFAULT)
        .map_err(|source| SurroundingsError::NotJson { path: path.to_owned(), source })?;
    surroundings(document).map_err(|wrong| SurroundingsError::WrongMember {
        path: path.to_owned(),
        member: wrong.member,
        expected: wrong.expected,
    })
}

/// Where a document differs from what is asked.
struct Wrong {
    member: String,
    expected: &'static str,
}

fn surroundings(document: Value) -> Result<Surroundings, Wrong> {
    let mut out = Surroundings { simulated: true, ..Surroundings::default() };
    for (name, value) in object(document, "")? {
        match (name.as_str(), value) {
            ("marks", Value::Array(marks)) => {
                let read = marks.into_iter().enumerate().map(|(at, value)| mark(value, &format!("marks/{at}")));
                out.marks = read.collect::<Result<_, _>>()?;
            }
            ("marks", _) => return Err(wrong(name, "a list of marks")),
            ("terminal", Value::Bool(terminal)) => out.terminal = terminal,
            ("terminal", _) => return Err(wrong(name, "true or false")),
            ("user", Value::String(user)) => out.user = Some(user),
            ("user", _) => return Err(wrong(name, "a text")),
            _ => return Err(wrong(name, "only `marks`, `terminal` and `user`")),
        }
    }
    Ok(out)
}

fn mark(value: Value, at: &str) -> Result<Mark, Wrong> {
    let mut members = object(value, at)?;
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(wrong(format!("{at}/{name}"), "a text")),
    };
    let (source, rule, agent) = (text("source")?, text("rule")?, text("agent")?);
    if let Some((name, _)) = members.into_iter().next() {
        return Err(wrong(format!("{at}/{name}"), "only `source`, `rule` and `agent`"));
    }
    if !matches!(source.as_str(), "environment" | "ancestry" | "trailer") {
        return Err(wrong(format!("{at}/source"), "`environment`, `ancestry` or `trailer`"));
    }
    Ok(Mark { source, rule, agent, table: TABLE.to_owned() })
}

fn object(value: Value, at: &str) -> Result<Map<String, Value>, Wrong> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(wrong(at.to_owned(), "an object")),
    }
}

fn wrong(member: String, expected: &'static str) -> Wrong {
    Wrong { member, expected }
}
