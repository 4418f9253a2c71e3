//! `cargo xtask bench labels`: how well agents are found, file by file, by what commits say and by what notes of git-ai say.
//!
//! There is no truth to compare with: nobody watched. There are two witnesses, both self-asserted: the people of a commit (written by whoever commits, about the
//! whole commit) and the notes (written by hooks of editors and agents, about lines). Each is measured with the other as reference. A note gives a file to an agent,
//! as reference, when it names an agent for at least one line that the commit itself adds: that much of a note can be checked.
//!
//! Out: for each set of notes, counts and a table of precision and recall; exit 1 when a note of the test data cannot be read.

mod commits;
mod tally;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use lasthand_model::digest::GitId;
use lasthand_observe::git::hints::{GIT_AI_NOTES, Hint, HintNotes, read_git_ai_note};
use lasthand_observe::git::{Repository, open};

use commits::{Seen, see};
use tally::Tally;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// The folder of foreign test data, for its `git-ai-notes-*`
    #[arg(long, value_name = "DIR")]
    testdata: PathBuf,
    /// A repository with the commits that the notes are about, bare or not; repeatable
    #[arg(long, value_name = "DIR")]
    repository: Vec<PathBuf>,
    /// Measure also every note that these repositories have themselves
    #[arg(long)]
    all: bool,
}

/// Measures.
///
/// # Errors
/// When the test data or a repository cannot be read.
pub fn run(options: &Options) -> Result<bool> {
    let repositories = options.repository.iter().map(|path| Ok(open(path)?)).collect::<Result<Vec<Repository>>>()?;
    println!(
        "Labels are self-asserted, references too: whoever commits writes the people of a commit, whoever pushes notes writes notes.\n"
    );
    let mut good = true;
    for set in ["git-ai-notes-git-ai", "git-ai-notes-chainloop"] {
        let mut tally = Tally::default();
        for (commit, bytes) in notes_of(&options.testdata, set)? {
            tally.add_note(read_git_ai_note(&bytes).map(|hint| seen(&repositories, &commit, hint)));
        }
        good &= tally.refused == 0 && tally.notes > 0;
        tally.print(set);
    }
    for (repository, path) in repositories.iter().zip(&options.repository).filter(|_| options.all) {
        let notes = HintNotes::open(repository, GIT_AI_NOTES)?;
        let mut tally = Tally::default();
        for commit in notes.commits() {
            let note = notes.of(commit).map(|hint| hint.map_or(Ok(None), |hint| see(repository, commit, hint)));
            tally.add_note(note);
        }
        tally.print(&format!("{GIT_AI_NOTES} of {}", name_of(path)));
    }
    Ok(good)
}

/// The first repository that has the commit tells of it.
fn seen(repositories: &[Repository], commit: &GitId, hint: Hint) -> Result<Option<Seen>> {
    for repository in repositories {
        if let Some(seen) = see(repository, commit, hint.clone())? {
            return Ok(Some(seen));
        }
    }
    Ok(None)
}

/// Notes of one set, and the commits that the manifest says they are about.
fn notes_of(testdata: &Path, set: &str) -> Result<Vec<(GitId, Vec<u8>)>> {
    let manifest = testdata.join("MANIFEST.tsv");
    let text = std::fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut found = Vec::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let (Some(path), Some(origin)) = (columns.first(), columns.get(5)) else { continue };
        if path.split('/').next() == Some(set) {
            // Notes lie in folders by the first digits of the commit.
            let commit = origin.replace('/', "").parse().with_context(|| format!("no commit: {origin}"))?;
            let file = testdata.join(path);
            found.push((commit, std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?));
        }
    }
    Ok(found)
}

/// The last folder of a path that says something: not `.git`, not `repo`.
fn name_of(path: &Path) -> String {
    let mut names = path.iter().rev().map(|name| name.to_string_lossy().into_owned());
    names.find(|name| !matches!(name.as_str(), ".git" | "repo" | "/")).unwrap_or_default()
}
