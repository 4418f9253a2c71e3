//! What a landing is, in words.

use lasthand_model::digest::GitId;
use lasthand_observe::git::{Against, LandingClass, MergeNote, ObservedLanding, OutsideTarget};

use crate::output::Output;

/// Paths that are listed; of more, the number is told.
const PATHS: usize = 8;

/// Says of a landing that is more than what it brings in: why, and which paths need a review of their own; and what it only names.
pub(crate) fn say_landing(landing: &ObservedLanding, output: Output) {
    let commit = short(&landing.commit);
    if let LandingClass::Residual { against, why, paths, equal_patch } = &landing.class {
        let what = match against {
            Against::Itself | Against::Parents => format!("merge {commit} is not its own recomputation"),
            Against::Review { base, head } => {
                format!("landing {commit} is not the reviewed change {}..{}", short(base), short(head))
            }
        };
        let patch = if *equal_patch { "; both have one patch id, which explains it and covers nothing" } else { "" };
        output.warn(&format!("{what}: {}; to be reviewed: {}{patch}", reason(*why), list(paths)));
    }
    for outside in &landing.outside {
        let path = one_line(&outside.path);
        match &outside.target {
            OutsideTarget::Submodule { commit: pinned } => output.note(&format!(
                "landing {commit}: `{path}` is commit {pinned} of another repository, which needs evidence of its own"
            )),
            OutsideTarget::Lfs { sha256, size_bytes } => output.note(&format!(
                "landing {commit}: `{path}` stands for a file of {size_bytes} bytes outside of the repository, sha256:{sha256}"
            )),
            _ => output.note(&format!("landing {commit}: the content of `{path}` is not in the repository")),
        }
    }
}

/// How many landings there are of each class.
pub(crate) fn count_classes(landings: &[ObservedLanding]) -> String {
    let count = |word: &str| landings.iter().filter(|landing| landing.class.word() == word).count();
    let counts = ["identity", "replay", "residual"].map(|word| format!("{word} {}", count(word)));
    counts.join(", ")
}

fn reason(why: MergeNote) -> String {
    match why {
        MergeNote::Octopus { parents } => {
            format!("it has {parents} parents, merges are computed for two, so it needs a review of its own")
        }
        MergeNote::NoBase => "its sides have no common ancestor".to_owned(),
        MergeNote::ManyBases { bases } => format!("its sides have {bases} best common ancestors"),
        MergeNote::TooLarge => {
            "a file that both sides changed is too large to be merged by lines, so its content cannot be recomputed"
                .to_owned()
        }
        MergeNote::Conflict => "its sides conflict, so somebody decided its content".to_owned(),
        MergeNote::Differs => "it holds content that the recomputed merge has not".to_owned(),
        _ => "it cannot be recomputed".to_owned(),
    }
}

fn list(paths: &[String]) -> String {
    if paths.is_empty() {
        return "no path, it changes none against its first parent".to_owned();
    }
    let shown: Vec<String> = paths.iter().take(PATHS).map(|path| format!("`{}`", one_line(path))).collect();
    let more = paths.len().saturating_sub(PATHS);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

/// SECURITY: a path can hold line feeds, and with them whole lines of what this program seems to say.
/// A path that cannot begin a line of its own.
pub(crate) fn one_line(path: &str) -> String {
    path.replace(['\n', '\t'], "?")
}

fn short(id: &GitId) -> String {
    id.as_str().chars().take(12).collect()
}
