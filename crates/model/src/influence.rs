//! What a change of a path can bring about: kinds of influence, by classes of paths. Data, versioned.
//!
//! A kind explains a refusal and groups a report; no verdict rests on one. Whoever may name files may choose what they are called, so a path
//! without a kind of its own is [`Influence::ProductCode`], which nothing treats better.
//!
//! **Patterns** of rows. A pattern with a capital letter is compared as written, any other without regard to the case of ASCII letters: some file
//! systems have none.
//!
//! | pattern | meets |
//! |---|---|
//! | `name*` | a file of that name in any folder; `*` is any run of characters |
//! | `folder/` | everything in a folder of that name, in any folder |
//! | `folder/name` | the file at that place, in any folder |
//! | `/folder/` | everything in that folder at the top |

mod build;
mod forge;
mod packages;
mod people;
mod steering;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::actor::words;
use crate::glob;

/// Version of the table; whoever keeps kinds keeps it beside them.
pub const TABLE: &str = "influence/2026-11-30";

words! {
    /// What a change of a path can bring about; the first kind that a path has counts.
    Influence {
        /// What agents are told to do, and which tools they are given.
        AgentSteering = "agent-steering",
        /// What the forge or the CI runs.
        Ci = "ci",
        /// Who must review, and what checks let through.
        ReviewRules = "review-rules",
        /// How git reads the tree.
        SourceRules = "source-rules",
        /// How the product is made from its source.
        BuildScript = "build-script",
        /// Which bytes of others go in.
        Lock = "lock",
        /// Which version the product says it is.
        Version = "version",
        /// Which dependencies are asked for, and what the package says of itself.
        Manifest = "manifest",
        /// How the product is put to work.
        Deploy = "deploy",
        /// What runs on the machines of those who write the product.
        DeveloperTools = "developer-tools",
        /// What is to find errors.
        Tests = "tests",
        /// What people read.
        Docs = "docs",
        /// Everything else.
        ProductCode = "product-code",
    }
}

/// One class of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The kind of those paths.
    pub kind: Influence,
    /// Which paths; see the module.
    pub pattern: &'static str,
}

/// The classes of each kind, the kind with the most power first.
const ROWS: &[(Influence, &[&str])] = &[
    (Influence::AgentSteering, steering::AGENT_STEERING),
    (Influence::Ci, forge::CI),
    (Influence::ReviewRules, forge::REVIEW_RULES),
    (Influence::SourceRules, forge::SOURCE_RULES),
    (Influence::BuildScript, build::BUILD_SCRIPT),
    (Influence::Lock, packages::LOCK),
    (Influence::Version, packages::VERSION),
    (Influence::Manifest, packages::MANIFEST),
    (Influence::Deploy, people::DEPLOY),
    (Influence::DeveloperTools, people::DEVELOPER_TOOLS),
    (Influence::Tests, people::TESTS),
    (Influence::Docs, people::DOCS),
];

/// Tells the kind of influence of a path.
///
/// In: a path of a tree, relative, `/` between its segments; other bytes than UTF-8 escaped or replaced. Out: the kind of the first row that meets it,
/// [`Influence::ProductCode`] where none does.
/// Cost: a look-up for each segment, then O(rows that have a `*` or a place x length); one copy of the path.
#[must_use]
pub fn of(path: &str) -> Influence {
    row_of(path).map_or(Influence::ProductCode, |row| row.kind)
}

/// Finds the first row that meets a path: the rule by which [`of`] says its kind. Cost: as [`of`].
#[must_use]
pub fn row_of(path: &str) -> Option<Row> {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(Asked::new).first(path)
}

/// Lists every row, in the order in which they are asked.
pub fn rows() -> impl Iterator<Item = Row> {
    ROWS.iter().flat_map(|(kind, patterns)| patterns.iter().map(|pattern| Row { kind: *kind, pattern }))
}

/// The rows, so that the many that are one name need not be asked one by one. A number is a row's place in the order.
struct Asked {
    rows: Vec<Row>,
    names: HashMap<&'static str, usize>,
    folders: HashMap<&'static str, usize>,
    others: Vec<(usize, Pattern)>,
}

impl Asked {
    fn new() -> Self {
        let rows: Vec<Row> = rows().collect();
        let (mut names, mut folders, mut others) = (HashMap::new(), HashMap::new(), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            match Pattern::of(row.pattern) {
                Pattern { is_cased: false, shape: Shape::Name(name) } if !name.contains('*') => {
                    names.insert(name, at);
                }
                Pattern { is_cased: false, shape: Shape::Folder(folder) } if !folder.contains('/') => {
                    folders.insert(folder, at);
                }
                pattern => others.push((at, pattern)),
            }
        }
        Self { rows, names, folders, others }
    }

    fn first(&self, path: &str) -> Option<Row> {
        let lower = path.to_ascii_lowercase();
        let (folders, name) = lower.rsplit_once('/').unwrap_or(("", &lower));
        let first = self.names.get(name).into_iter();
        let first = first.chain(folders.split('/').filter_map(|folder| self.folders.get(folder))).copied().min();
        let mut before = self.others.iter().take_while(|(at, _)| first.is_none_or(|first| *at < first));
        let earlier = before.find(|(_, pattern)| pattern.meets(path, &lower)).map(|(at, _)| *at);
        earlier.or(first).and_then(|at| self.rows.get(at)).copied()
    }
}

/// A pattern as it is asked.
#[derive(Debug, Clone, Copy)]
struct Pattern {
    is_cased: bool,
    shape: Shape,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    /// What the path begins with.
    Top(&'static str),
    /// A folder, or several in a row, without the last slash.
    Folder(&'static str),
    /// What the path ends with.
    Place(&'static str),
    /// The last segment.
    Name(&'static str),
}

impl Pattern {
    fn of(pattern: &'static str) -> Self {
        let shape = if let Some(top) = pattern.strip_prefix('/') {
            Shape::Top(top)
        } else if let Some(folder) = pattern.strip_suffix('/') {
            Shape::Folder(folder)
        } else if pattern.contains('/') {
            Shape::Place(pattern)
        } else {
            Shape::Name(pattern)
        };
        Self { is_cased: pattern.bytes().any(|byte| byte.is_ascii_uppercase()), shape }
    }

    fn meets(self, path: &str, lower: &str) -> bool {
        let path = if self.is_cased { path } else { lower };
        let begins_segment = |before: &str| before.is_empty() || before.ends_with('/');
        match self.shape {
            Shape::Top(top) => path.starts_with(top),
            Shape::Folder(folder) => path.match_indices(folder).any(|(at, _)| {
                let (before, from) = path.split_at(at);
                begins_segment(before) && from.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            }),
            Shape::Place(place) => path.strip_suffix(place).is_some_and(begins_segment),
            Shape::Name(name) => glob::matches(name, path.rsplit('/').next().unwrap_or(path)),
        }
    }
}
