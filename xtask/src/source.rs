//! Rust source with comments and literals blanked out, so that a search finds code only.

/// Blanks comments and the inside of string and character literals; line breaks and offsets stay.
///
/// In: any text. Out: a text of the same length in bytes and the same lines. A lifetime is not a character literal.
pub(crate) fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => at + find(&bytes[at..], b"\n"),
            [b'/', b'*', ..] => comment_end(bytes, at),
            [b'"', ..] => string_end(bytes, at + 1),
            [b'r', b'"' | b'#', ..] if !follows_word(bytes, at) => raw_end(bytes, at),
            [b'\'', ..] => char_end(bytes, at),
            _ => at,
        };
        if end == at {
            at += 1;
            continue;
        }
        out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap_or(bytes.len())
}

fn follows_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && matches!(bytes[at - 1], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_') && bytes[at - 1] != b'b'
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_end(bytes: &[u8], start: usize) -> usize {
    let hashes = bytes[start + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(start + 1 + hashes) != Some(&b'"') {
        return start;
    }
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let inside = start + hashes + 2;
    (inside + find(&bytes[inside..], &close) + close.len()).min(bytes.len())
}

fn char_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start + 1) == Some(&b'\\') {
        return (start + 3 + find(&bytes[(start + 3).min(bytes.len())..], b"'") + 1).min(bytes.len());
    }
    // One character of up to four bytes, else it is a lifetime.
    (2..=5).find(|&length| bytes.get(start + length) == Some(&b'\'')).map_or(start, |length| {
        let inside = &bytes[start + 1..start + length];
        if std::str::from_utf8(inside).is_ok_and(|text| text.chars().count() == 1) { start + length + 1 } else { start }
    })
}

/// The part of a blanked source that is not tests: up to the `mod tests` at its end.
pub(crate) fn without_tests(blanked: &str) -> &str {
    let marker = "#[cfg(test)]\nmod ";
    blanked.rfind(marker).map_or(blanked, |at| blanked.get(..at).unwrap_or(blanked))
}

/// Lines that hold code.
pub(crate) fn code_lines(blanked: &str) -> usize {
    blanked.lines().filter(|line| !line.trim().is_empty()).count()
}

/// One function of a source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    pub(crate) line: usize,
    pub(crate) code_lines: usize,
}

/// Finds every function that has a body.
pub(crate) fn functions(blanked: &str) -> Vec<Function<'_>> {
    let mut functions = Vec::new();
    for (at, word) in words(blanked) {
        if word != "fn" {
            continue;
        }
        let rest = &blanked[at + 2..];
        let name = words(rest).next().map_or("", |(_, name)| name);
        if rest.trim_start().starts_with('(') {
            continue;
        }
        let Some(open) = body_start(rest) else { continue };
        let body = &rest[open..];
        let mut depth = 0usize;
        let close = body.char_indices().find_map(|(at, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (depth == 0).then_some(at)
        });
        let line = blanked[..at].matches('\n').count() + 1;
        let text = &body[..close.unwrap_or(body.len())];
        functions.push(Function { name, line, code_lines: code_lines(text) });
    }
    functions
}

/// Where the body of a function begins: the first `{` outside of `(` and `[`, unless a `;` comes before it.
fn body_start(rest: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return None,
            '{' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The words of a blanked source, with their offsets.
pub(crate) fn words(blanked: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + blanked[at..].find(is_word)?;
        let length = blanked[start..].find(|c| !is_word(c)).unwrap_or(blanked.len() - start);
        at = start + length;
        Some((start, &blanked[start..at]))
    })
}

/// The paths that a blanked source names, with groups of `use` written out: `use std::{fs, io}` gives `std::fs` and `std::io`.
pub(crate) fn std_paths(blanked: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (at, _) in blanked.match_indices("std::") {
        let line = blanked[..at].matches('\n').count() + 1;
        let rest = &blanked[at + "std::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1usize;
            let end = group.find(|c| {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth - 1,
                    _ => depth,
                };
                depth == 0
            });
            let mut depth = 0usize;
            let items = group[..end.unwrap_or(group.len())].split(|c| {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                c == ',' && depth == 0
            });
            paths.extend(items.map(|item| (line, format!("std::{}", item.trim()))));
        } else {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            paths.push((line, format!("std::{}", &rest[..end])));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_comments_are_blanked() {
        // pass: what stands in quotes or comments is not code
        let text =
            "let a = \"fn x() {\"; // fn y() {\nlet b = '{'; let c: &'a str = r#\"unsafe \" {\"#; /* a /* b */ c */ z";
        let blanked = blank(text);
        assert_eq!(blanked.len(), text.len());
        assert!(!blanked.contains("fn ") && !blanked.contains('{') && !blanked.contains("unsafe"));
        assert!(blanked.contains("&'a str") && blanked.ends_with(" z"));
    }

    #[test]
    fn functions_are_measured() {
        // pass: arrays in a signature do not end it; a declaration without body is none
        let text = "fn a(x: [u8; 2]) -> u8 {\n  one;\n\n  two\n}\ntrait T { fn b(); }\ntype F = fn(u8) -> u8;\n";
        let found = functions(text);
        assert_eq!(found, [Function { name: "a", line: 1, code_lines: 3 }]);
    }

    #[test]
    fn groups_of_use_are_written_out() {
        // pass: a group names each of its members
        let paths: Vec<String> =
            std_paths("use std::{collections::{A, B}, fs, io};\nstd::env::var(").into_iter().map(|(_, p)| p).collect();
        assert_eq!(paths, ["std::collections::{A, B}", "std::fs", "std::io", "std::env::var"]);
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        // pass: code before the tests only
        assert_eq!(without_tests("fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n"), "fn a() {}\n");
    }
}
