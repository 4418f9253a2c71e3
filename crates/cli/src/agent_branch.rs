//! Branches that are named as agents name theirs.

use lasthand_observe::git::{Repository, recognise_branch, resolve};

use crate::output::Output;

/// Warns where a ref that somebody named is named as an agent's. A mark of level 1: nobody is an author by it, and nothing is denied or accepted.
///
/// In: a text as [`resolve`] takes it; what counts is the ref that it begins with, also where `~N` or `^N` leads away from its end.
pub(crate) fn say_agent_branch(repository: &Repository, text: &str, output: Output) {
    let name = text.split(['~', '^']).next().filter(|name| !name.is_empty()).unwrap_or("HEAD");
    let Some(reference) = resolve(repository, name).ok().and_then(|revision| revision.reference) else { return };
    if let Some(found) = recognise_branch(&reference) {
        output.warn(&format!(
            "`{reference}` is named as an agent's branch ({}); whose work it is, its commits say",
            found.rule
        ));
    }
}
