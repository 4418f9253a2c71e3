//! `cargo xtask tidy`: sizes, banned words, and whether the pages match the code.

mod pages;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::run::tool;
use crate::source;

const FILE_WARNS: usize = 500;
const FILE_REFUSES: usize = 800;
const FUNCTION_WARNS: usize = 60;
const FUNCTION_REFUSES: usize = 100;

/// What was found.
#[derive(Debug, Default)]
pub struct Problems {
    /// What must be mended.
    pub errors: Vec<String>,
    /// What should be looked at.
    pub warnings: Vec<String>,
}

/// Checks every file that git knows or would add.
///
/// # Errors
/// When git or a file cannot be read.
pub fn check(root: &Path) -> Result<Problems> {
    let mut problems = Problems::default();
    for path in tracked(root)? {
        let Ok(bytes) = fs::read(root.join(&path)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        words::check_text(&path, &text, &mut problems);
        if path.ends_with(".rs") {
            check_rust(&path, &text, &mut problems);
        }
    }
    pages::check(root, &mut problems)?;
    Ok(problems)
}

/// Checks the pages of findings, given by id and name, and of rules. A test calls it: it knows the code that names them.
///
/// # Errors
/// When a page cannot be read.
pub fn check_named_pages(root: &Path, findings: &[(&str, &str)], rules: &[&str]) -> Result<Problems> {
    let mut problems = Problems::default();
    pages::findings(root, findings, rules, &mut problems)?;
    pages::rules(root, rules, &mut problems)?;
    Ok(problems)
}

/// Checks architecture, decisions and dependencies; a part of [`check`] that a test runs.
///
/// # Errors
/// When a page cannot be read.
pub fn check_pages(root: &Path) -> Result<Problems> {
    let mut problems = Problems::default();
    pages::check(root, &mut problems)?;
    Ok(problems)
}

fn tracked(root: &Path) -> Result<Vec<String>> {
    let listing =
        tool("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root).output();
    let listing = listing.context("cannot start git")?;
    ensure!(listing.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listing.stderr).trim());
    let names = listing.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// The Rust files below a folder, in path order; none when the folder is not there.
pub(crate) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn check_rust(path: &str, text: &str, problems: &mut Problems) {
    let blanked = source::blank(text);
    let lines = source::code_lines(&blanked);
    if lines > FILE_REFUSES {
        problems.errors.push(format!("{path}: {lines} code lines; {FILE_REFUSES} is the most"));
    } else if lines > FILE_WARNS {
        problems.warnings.push(format!("{path}: {lines} code lines; aim at less than {FILE_WARNS}"));
    }
    for function in source::functions(&blanked) {
        let place =
            format!("{path}:{}: function `{}` has {} code lines", function.line, function.name, function.code_lines);
        if function.code_lines > FUNCTION_REFUSES {
            problems.errors.push(format!("{place}; {FUNCTION_REFUSES} is the most"));
        } else if function.code_lines > FUNCTION_WARNS {
            problems.warnings.push(format!("{place}; aim at less than {FUNCTION_WARNS}"));
        }
    }
    words::check_code(path, text, &blanked, problems);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_function_and_a_long_file_are_refused() {
        // fail: 101 lines in a function, 801 in a file; pass: comments do not count
        let mut problems = Problems::default();
        check_rust("a.rs", &format!("fn a() {{\n{}}}\n", "    b();\n".repeat(101)), &mut problems);
        check_rust("b.rs", &"const A: u8 = 1;\n".repeat(801), &mut problems);
        check_rust("c.rs", &"// a comment\n".repeat(900), &mut problems);
        assert_eq!(problems.errors.len(), 2, "{problems:?}");
    }
}
