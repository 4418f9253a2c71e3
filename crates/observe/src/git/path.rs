//! Paths of trees: which are refused, and how one is written as text.

use std::fmt::Write as _;

/// Writes a path as text: bytes that are not UTF-8 as `\xNN`, a backslash as `\\`. No two paths have one text.
///
/// SPEC: docs/facts.md, entries.
#[must_use]
pub fn path_text(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Reads what [`path_text`] writes; `None` for a text that it never writes.
pub(super) fn path_bytes(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    while let Some(part) = parts.next() {
        if let Some(rest) = part.strip_prefix('x') {
            let (digits, rest) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            bytes.extend_from_slice(rest.as_bytes());
        } else if part.is_empty() {
            // A backslash is two of them.
            bytes.push(b'\\');
            bytes.extend_from_slice(parts.next()?.as_bytes());
        } else {
            return None;
        }
    }
    Some(bytes)
}

/// Tells whether an entry's name must not occur in a tree.
///
/// SECURITY: names that leave the folder, or that some file system takes for `.git` (CVE-2014-9390 and later): ASCII case, trailing dots and blanks,
/// NTFS streams, separators and short names, and HFS+ ignorable characters.
pub(super) fn is_hostile_name(name: &[u8]) -> bool {
    if name.is_empty() || name == b"." || name == b".." || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
        return true;
    }
    let visible: String = String::from_utf8_lossy(name).chars().filter(|c| !is_hfs_ignored(*c)).collect();
    let stem = visible.split([':', '\\']).next().unwrap_or_default().trim_end_matches(['.', ' ']);
    stem.eq_ignore_ascii_case(".git") || stem.eq_ignore_ascii_case("git~1")
}

/// SPEC: git's utf8.c, `next_hfs_char`.
const fn is_hfs_ignored(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{is_hostile_name, path_bytes, path_text};

    #[test]
    fn names_that_reach_git_are_hostile() {
        // fail: every spelling that some file system takes for `.git`, or that leaves the folder
        for name in [
            "",
            ".",
            "..",
            "a/b",
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            ".git ",
            ".git.",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            ".git\\hooks",
        ] {
            assert!(is_hostile_name(name.as_bytes()), "{name:?}");
        }
        // pass: ordinary names
        for name in [".gitignore", ".github", "git", "...", "a\\b", "..a"] {
            assert!(!is_hostile_name(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn texts_of_paths_are_unique() {
        // pass: what is not UTF-8 is escaped, and so is the escape
        assert_eq!(path_text(b"a\xffb"), "a\\xffb");
        assert_eq!(path_text(b"a\\xffb"), "a\\\\xffb");
        // pass: and back; fail: texts that are none
        for path in [&b"a\xffb"[..], b"a\\xffb", b"\\", b"a\\\\b\xfe", b"plain/x"] {
            assert_eq!(path_bytes(&path_text(path)).as_deref(), Some(path));
        }
        for text in ["a\\b", "a\\", "\\x0", "\\xzz"] {
            assert_eq!(path_bytes(text), None, "{text}");
        }
    }
}
