//! Prints what every commit of a history is: class, number of parents, commit, and of a residual one why and which paths. With a third word `patch-ids`:
//! the patch id of every commit, as `git patch-id --stable` prints them.
//!
//! `cargo run --release -p lasthand-observe --example classes -- REPOSITORY [REF] [patch-ids]`
#![expect(clippy::print_stdout, reason = "an example's output is what it shows")]

use std::path::Path;

use lasthand_observe::git::{GitError, LandingClass, classes, open, patch_id_stable};

fn main() -> Result<(), GitError> {
    let words: Vec<String> = std::env::args().collect();
    let word = |at: usize| words.get(at).map(String::as_str);
    let repository = open(Path::new(word(1).unwrap_or(".")))?;
    for commit in classes(&repository, word(2).unwrap_or("HEAD"))? {
        if word(3) == Some("patch-ids") {
            if let Some(id) = patch_id_stable(&repository, &commit.commit)? {
                println!("{id} {}", commit.commit);
            }
            continue;
        }
        let rest = match &commit.class {
            LandingClass::Residual { why, paths, .. } => format!(" {why:?} {paths:?}"),
            _ => String::new(),
        };
        println!("{} {} {}{rest}", commit.class.word(), commit.parents, commit.commit);
    }
    Ok(())
}
