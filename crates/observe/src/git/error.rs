//! What stops a repository from being read.

use std::path::PathBuf;

use thiserror::Error;

/// A repository, or what was asked of it, cannot be read; no observation was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no readable repository at the path.
    #[error("no git repository can be opened at `{path}`")]
    Open {
        /// The path that was given.
        path: PathBuf,
        /// What git's reader said.
        #[source]
        source: gix::Error,
    },
    /// The repository borrows objects from a place outside itself.
    #[error("`{path}` takes objects from `{target}`, outside the repository")]
    AlternatesOutside {
        /// The alternates file.
        path: PathBuf,
        /// Where it points.
        target: String,
    },
    /// A file or folder of the repository's own administration lies outside of it.
    #[error("`{path}` leads to `{target}`, outside the repository")]
    FilesOutside {
        /// The link, or the file that names another folder.
        path: PathBuf,
        /// Where it leads.
        target: String,
    },
    /// A file of the repository's own administration is none that git makes.
    #[error("`{path}` is not as git makes it: {reason}")]
    BadOwnFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The repository of a submodule is a folder in the submodule's place.
    #[error("`{path}` is a folder, and whatever lies in it is not recorded; it has to be the file that names one")]
    SubmoduleFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the repository's own administration cannot be read.
    #[error("`{path}` cannot be read")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No ref, tag or commit has the name.
    #[error("`{revision}` names no commit")]
    UnknownRevision {
        /// The text that was given.
        revision: String,
    },
    /// Several refs have the name, or several objects the prefix.
    #[error("`{revision}` is ambiguous: {}", meanings.join(", "))]
    AmbiguousRevision {
        /// The text that was given.
        revision: String,
        /// What it can mean.
        meanings: Vec<String>,
    },
    /// An object is not there.
    #[error("object `{id}` is missing")]
    MissingObject {
        /// Its id.
        id: String,
    },
    /// An object's bytes do not hash to its name, or show a SHA-1 collision attack.
    #[error("the bytes of object `{id}` do not have that id")]
    ObjectMismatch {
        /// Its id.
        id: String,
    },
    /// An object has another type than its use demands.
    #[error("object `{id}` is a {got}, expected a {expected}")]
    WrongKind {
        /// Its id.
        id: String,
        /// The type that is needed.
        expected: &'static str,
        /// The type it has.
        got: String,
    },
    /// An object cannot be decoded, or has headers that git never writes.
    #[error("object `{id}` is malformed: {reason}")]
    Malformed {
        /// Its id.
        id: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// An object database that cannot be read.
    #[error("object `{id}` cannot be read")]
    Object {
        /// Its id.
        id: String,
        /// What git's reader said.
        #[source]
        source: gix::Error,
    },
    /// A bound was reached.
    #[error("{what} is over the limit: got {got}, limit {limit}")]
    OverLimit {
        /// What is bounded.
        what: &'static str,
        /// How much there is.
        got: u64,
        /// How much there may be.
        limit: u64,
    },
    /// A path that an unpacker could use to write outside its folder or into a repository's administration.
    #[error("tree `{tree}` has the hostile entry name `{name}`")]
    HostilePath {
        /// The tree that has the entry.
        tree: String,
        /// The entry's name, escaped.
        name: String,
    },
    /// The clone does not have the history that was asked for.
    #[error("history is cut at commit `{commit}`: this is a shallow clone")]
    Shallow {
        /// The last commit that is there.
        commit: String,
    },
    /// The start of the walk is not among the first parents of the tip.
    #[error("`{since}` is not among the first parents of `{tip}`")]
    SinceNotFound {
        /// The commit or tree that was to be the start.
        since: String,
        /// The commit the walk began with.
        tip: String,
    },
}

impl GitError {
    /// What the reader can do about it, most likely remedy first.
    #[must_use]
    pub fn hints(&self) -> Vec<&'static str> {
        match self {
            Self::Open { .. } => vec!["give the folder that holds `.git`, or a bare repository"],
            Self::AlternatesOutside { .. } => {
                vec![
                    "make the clone complete: `git repack -a -d`, then remove `objects/info/alternates`",
                    "clone without `--reference` and `--shared`",
                ]
            }
            Self::FilesOutside { .. } => {
                vec![
                    "clone it anew: `git clone --no-local OLD NEW`, which copies everything into one folder",
                    "a linked working tree that was moved: `git worktree repair` in it",
                ]
            }
            Self::BadOwnFile { .. } => {
                vec!["the repository is damaged or hostile: clone it again from a source you trust"]
            }
            Self::SubmoduleFolder { .. } => {
                vec!["move it into the superproject's own git folder: `git submodule absorbgitdirs`"]
            }
            Self::UnknownRevision { .. } => {
                vec!["fetch the branch or tag first; `git branch -a` and `git tag` list what is there"]
            }
            Self::AmbiguousRevision { .. } => {
                vec!["write the whole name: `refs/heads/NAME`, `refs/tags/NAME`, or the full commit id"]
            }
            Self::MissingObject { .. } => {
                vec![
                    "a partial clone lacks objects: clone again without `--filter`",
                    "`git fsck` lists what is missing",
                ]
            }
            Self::ObjectMismatch { .. } | Self::Malformed { .. } | Self::WrongKind { .. } | Self::Object { .. } => {
                vec![
                    "the repository is damaged or hostile: run `git fsck --full` and clone again from a source you trust",
                ]
            }
            Self::HostilePath { .. } => {
                vec!["do not check this tree out; remove the entry from history before it is used"]
            }
            Self::Shallow { .. } => {
                vec!["fetch the whole history: `git fetch --unshallow`", "in CI: set the checkout's fetch depth to 0"]
            }
            Self::SinceNotFound { .. } => {
                vec![
                    "give a commit of `git log --first-parent`, or its tree",
                    "was history rewritten? then choose a new onboarding tree",
                ]
            }
            Self::OverLimit { what: "bytes of a path", .. } => {
                vec!["no history with such a path can be read: shorten it, and rewrite the commits that have it"]
            }
            Self::OverLimit { .. } => {
                vec!["the limits are listed in docs/landings.md; give `--since` to leave out what came before"]
            }
            Self::Io { .. } => Vec::new(),
        }
    }
}
