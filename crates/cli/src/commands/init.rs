//! `lasthand init`: a first trust file, commented, from the keys and git authors at hand.

mod people;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use lasthand_trust::keys::PublicKey;
use lasthand_verify::LoadedTrust;

use crate::command_error::CommandError;
use crate::context::Context;
use crate::files::write_whole;
use crate::source_tree::{Head, RepositoryArguments};

/// Folders of a repository in which public keys are looked for.
const KEY_FOLDERS: [&str; 3] = ["", "keys", ".lasthand"];

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(
    after_help = "Nothing is believed because it was found: the file says of every row what to check. Public keys (*.pub) are looked for \
                  in the repository, in keys/ and in .lasthand/.\n\nExamples:\n  lasthand init\n  lasthand init --product app --key \
                  ~/keys/ana.pub --key ~/keys/ci.pub"
)]
pub(crate) struct InitArguments {
    #[command(flatten)]
    repository: RepositoryArguments,
    /// Name of the product [default: last part of the repository's name]
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// The ref that releases are made from [default: the branch that is checked out]
    #[arg(long = "ref", value_name = "REF")]
    reference: Option<String>,
    /// A public key to write a row for; repeatable
    #[arg(long, value_name = "FILE.pub")]
    key: Vec<PathBuf>,
    /// Where to write the trust file
    #[arg(long, value_name = "FILE", default_value = "lasthand.trust.toml")]
    out: PathBuf,
}

/// A public key, and what it was found as.
pub(super) struct FoundKey {
    /// Its file's name without `.pub`.
    pub(super) stem: String,
    /// Its text.
    pub(super) pem: String,
    /// Its id.
    pub(super) id: String,
}

/// Everything that the file is written from.
pub(super) struct Findings {
    pub(super) product: String,
    pub(super) repository: String,
    pub(super) reference: String,
    pub(super) root: String,
    pub(super) git_tree: String,
    pub(super) keys: Vec<FoundKey>,
    pub(super) people: people::People,
}

/// Writes the trust file; prints its path.
///
/// # Errors
/// When there is one already, or the repository cannot be read.
pub(crate) fn run(arguments: &InitArguments, context: &Context) -> Result<u8, CommandError> {
    if fs::symlink_metadata(&arguments.out).is_ok() {
        let error = CommandError::usage(format!("`{}` exists and is not overwritten", arguments.out.display()));
        return Err(error.hint("look at it: `lasthand trust check`, or write another one: `--out FILE`"));
    }
    let repository = arguments.repository.open()?;
    let name = arguments.repository.name(&repository)?.uri;
    let head = Head::read(&repository)?;
    let last = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let findings = Findings {
        product: arguments.product.clone().unwrap_or(last),
        reference: arguments
            .reference
            .clone()
            .or_else(|| head.reference.clone())
            .unwrap_or_else(|| "refs/heads/main".to_owned()),
        root: head.inventory.root().to_string(),
        git_tree: head.tree.to_string(),
        keys: keys(arguments)?,
        people: people::read(&repository, context)?,
        repository: name,
    };
    let text = text::write(&findings);
    // What is written must be readable: a file that its own reader refuses would be a bad beginning.
    LoadedTrust::parse(&arguments.out, &text, &|_| Err("no files".to_owned()), context.now, &context.limits)
        .map_err(|error| CommandError::bug("the trust file that was written cannot be read").because(error))?;
    write_whole(&arguments.out, text.as_bytes())?;
    let (keys, people, agents) = (findings.keys.len(), findings.people.humans.len(), findings.people.agents.len());
    context.output.note(&format!("keys: {keys}, people: {people}, agents in history: {agents}"));
    context.output.note("read every row, then ask what it means: lasthand trust check");
    context.output.line(&arguments.out.display().to_string())?;
    Ok(0)
}

/// Keys given, or those that lie in the repository.
fn keys(arguments: &InitArguments) -> Result<Vec<FoundKey>, CommandError> {
    let mut paths = arguments.key.clone();
    if paths.is_empty() {
        for folder in KEY_FOLDERS {
            let Ok(listing) = fs::read_dir(arguments.repository.repo.join(folder)) else { continue };
            let files = listing.filter_map(|entry| Some(entry.ok()?.path()));
            paths.extend(files.filter(|path| path.extension().is_some_and(|ending| ending == "pub")));
        }
        paths.sort();
    }
    let mut found: Vec<FoundKey> = Vec::new();
    for path in &paths {
        let key = match read_key(path) {
            Ok(key) => key,
            Err(error) if !arguments.key.is_empty() => return Err(error),
            // A file of another sort that only has the ending.
            Err(_) => continue,
        };
        if !found.iter().any(|known| known.id == key.id) {
            found.push(key);
        }
    }
    Ok(found)
}

fn read_key(path: &Path) -> Result<FoundKey, CommandError> {
    let failed = || CommandError::usage(format!("`{}` is no public key", path.display()));
    let bytes = fs::read(path).map_err(|error| failed().because(error))?;
    let key = PublicKey::parse(&bytes).map_err(|error| failed().because(error))?;
    let pem = String::from_utf8(bytes).map_err(|error| failed().because(error))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FoundKey { stem, pem, id: key.id().to_string() })
}
