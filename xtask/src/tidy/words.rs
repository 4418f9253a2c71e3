//! Words that may not stand in the project, or only in some places.

use super::Problems;
use crate::source;

/// Machine paths and registry hosts, split so that this file does not hold them.
const BANNED: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/home", "/"),
    concat!("crates", ".io"),
    concat!("npm", "js"),
    concat!("pypi", ".org"),
    concat!("files.python", "hosted"),
    concat!("proxy.gol", "ang.org"),
    concat!("repo1.ma", "ven"),
    concat!("deb.deb", "ian.org"),
];
const TEMPORARY: &str = concat!("/t", "mp/");
const IGNORED_TEST: &str = concat!("#[ign", "ore");
const LATER: &str = concat!("TO", "DO");
const ASSERTION: &str = concat!("asser", "tion(");
const UNSAFE_HOME: &str = "crates/observe/src/sys";

/// Looks for banned words in any text. Foreign bytes of `testdata/` and the lock file are not ours to word.
pub(super) fn check_text(path: &str, text: &str, problems: &mut Problems) {
    if path.starts_with("testdata/") || path.starts_with("fuzz/corpus/") || path.ends_with(".lock") {
        return;
    }
    for (number, line) in (1..).zip(text.lines()) {
        for word in BANNED.iter().filter(|word| line.contains(**word)) {
            problems.errors.push(format!("{path}:{number}: `{word}` names a machine or a registry"));
        }
        let after = line.split(TEMPORARY).skip(1);
        if after.into_iter().any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())) {
            problems.errors.push(format!("{path}:{number}: a path below the temporary folder of a machine"));
        }
        let is_code = [".rs", ".py", ".sh", ".toml"].iter().any(|ending| path.ends_with(ending));
        if is_code && line.split(LATER).skip(1).any(|rest| !names_an_issue(rest)) && is_whole_word(line) {
            problems.errors.push(format!("{path}:{number}: `{LATER}` must name an issue, as in {LATER}(#1)"));
        }
    }
}

fn names_an_issue(rest: &str) -> bool {
    let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_whole_word(line: &str) -> bool {
    source::words(line).any(|(_, word)| word == LATER)
}

/// Looks for what Rust code may not hold, or only in its own place.
pub(super) fn check_code(path: &str, text: &str, blanked: &str, problems: &mut Problems) {
    let line_of = |at: usize| blanked.get(..at).map_or(0, |before| before.matches('\n').count() + 1);
    for (at, _) in blanked.match_indices(IGNORED_TEST) {
        problems
            .errors
            .push(format!("{path}:{}: a test that is not run; assert today's answer and mark it", line_of(at)));
    }
    for word in ["todo", "unimplemented"] {
        for (at, _) in
            source::words(blanked).filter(|(at, found)| *found == word && blanked[*at + word.len()..].starts_with('!'))
        {
            problems.errors.push(format!("{path}:{}: `{word}!` is not finished", line_of(at)));
        }
    }
    let may_assert = path.starts_with("crates/trust/") || path.starts_with("crates/testkit/");
    for (at, _) in
        source::words(blanked).filter(|(at, word)| *word == "assertion" && blanked[*at..].starts_with(ASSERTION))
    {
        if !may_assert {
            problems.errors.push(format!("{path}:{}: only `trust` and `testkit` may call `{ASSERTION}`", line_of(at)));
        }
    }
    for (at, _) in source::words(blanked).filter(|(_, word)| *word == "unsafe") {
        let line = line_of(at);
        if !path.starts_with(UNSAFE_HOME) {
            problems.errors.push(format!("{path}:{line}: `unsafe` stands in observe::sys only"));
        } else if !is_justified(text, line) {
            problems.errors.push(format!("{path}:{line}: no `// SAFETY:` above this `unsafe`"));
        }
    }
}

/// Whether the comment right above a line, or the line itself, says why it is safe.
fn is_justified(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let mut above = lines.iter().rev();
    let says_why = |line: &&str| line.contains("SAFETY:") || line.trim() == "/// # Safety";
    let own = above.next().is_some_and(says_why);
    let near = above.take_while(|line| !line.trim().is_empty() && !line.trim_end().ends_with('}')).take(6);
    own || near.copied().any(|line| says_why(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(path: &str, text: &str) -> usize {
        let mut problems = Problems::default();
        check_text(path, text, &mut problems);
        if path.ends_with(".rs") {
            check_code(path, text, &source::blank(text), &mut problems);
        }
        problems.errors.len()
    }

    #[test]
    fn banned_words_are_found_in_their_places() {
        // fail: each line holds one thing that may not stand there
        for text in [
            format!("let a = \"{}x\";", BANNED[0]),
            format!("let a = \"{TEMPORARY}x\";"),
            format!("// {LATER}: later"),
            format!("{IGNORED_TEST}]\nfn a() {{}}"),
            "fn a() { todo!() }".to_owned(),
            format!("fn a() {{ Verified::{ASSERTION}x); }}"),
            "fn a() { unsafe { b() } }".to_owned(),
        ] {
            assert_eq!(errors("crates/lineage/src/a.rs", &text), 1, "{text}");
        }
    }

    #[test]
    fn the_same_words_pass_where_they_belong() {
        // pass: an issue is named; trust makes the token; sys says why
        assert_eq!(errors("crates/model/src/a.rs", &format!("// {LATER}(#12): later")), 0);
        assert_eq!(errors("crates/trust/src/a.rs", &format!("fn a() {{ Verified::{ASSERTION}x); }}")), 0);
        assert_eq!(errors("crates/observe/src/sys.rs", "    // SAFETY: nothing is touched.\n    unsafe { b() }\n"), 0);
        assert_eq!(errors("crates/observe/src/sys.rs", "fn a() {\n    unsafe { b() }\n}\n"), 1);
        assert_eq!(errors("testdata/x.rs.txt", BANNED[0]), 0);
    }
}
