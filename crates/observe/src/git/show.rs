//! A change as text for a terminal: nothing in it can move the cursor, hide, or change the order of what is read.

use std::fmt::Write as _;

use gix::diff::blob::unified_diff::{ConsumeHunk, ContextSize, DiffLineKind, HunkHeader};
use gix::diff::blob::{Algorithm, InternedInput, UnifiedDiff, diff_with_slider_heuristics};

use super::diff::{ChangeKind, ChangedPath};
use super::error::GitError;
use super::merge::is_binary;
use super::objects::read_blob;
use super::open::Repository;
use super::path::path_text;

const MODE_SUBMODULE: u32 = 0o160_000;
const CONTEXT_LINES: u32 = 3;
/// LIMIT: bytes of a file that is shown by lines.
const TEXT_BYTES: usize = 8 << 20;

/// Replaces what a terminal would act upon or not show by `<U+XXXX>`; tabs and line feeds stay.
///
/// SECURITY: terminal control sequences; "Trojan Source" (CVE-2021-42574): bidirectional marks; invisible characters that carry hidden text.
#[must_use]
pub fn escape_for_terminal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(shown, "<U+{:04X}>", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

const fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // Soft hyphen, combining joiner, Arabic letter mark, fillers, vowel separator.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' => true,
        // Zero width, direction, line separators, invisible operators.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        // Tags and variation selectors that carry hidden text.
        '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Writes one changed path as a unified diff with three lines of context, escaped for a terminal.
///
/// A binary or very large file is one line with both digests; a link shows its targets, a submodule its commits. Bytes that are not UTF-8 are `\xNN`.
///
/// # Errors
/// When a blob cannot be read.
pub fn unified(repository: &Repository, change: &ChangedPath) -> Result<String, GitError> {
    let path = escape_for_terminal(&change.path).replace(['\n', '\t'], "?");
    let side = |present: bool, prefix: &str| if present { format!("{prefix}/{path}") } else { "/dev/null".to_owned() };
    let mut text = format!("--- {}\n+++ {}\n", side(change.old_id.is_some(), "a"), side(change.new_id.is_some(), "b"));
    if change.old_mode != change.new_mode && change.old_mode != 0 && change.new_mode != 0 {
        let _ = writeln!(text, "mode {:06o} -> {:06o}", change.old_mode, change.new_mode);
    } else if change.new_mode == 0o100_755 && change.kind == ChangeKind::Add {
        text.push_str("new file is executable\n");
    }
    if change.kind == ChangeKind::Mode {
        return Ok(text);
    }
    let content = |id: Option<gix::ObjectId>, mode: u32| match id {
        Some(id) if mode == MODE_SUBMODULE => Ok(format!("submodule at {id}\n").into_bytes()),
        Some(id) => read_blob(repository, id),
        None => Ok(Vec::new()),
    };
    let old = content(change.old_id, change.old_mode)?;
    let new = content(change.new_id, change.new_mode)?;
    if [&old, &new].into_iter().any(|bytes| is_binary(bytes) || bytes.len() > TEXT_BYTES) {
        let digest = |digest: Option<_>| digest.map_or_else(|| "none".to_owned(), |digest| format!("sha256:{digest}"));
        let _ = writeln!(
            text,
            "binary: {} bytes, {} -> {} bytes, {}",
            old.len(),
            digest(change.old),
            new.len(),
            digest(change.new)
        );
        return Ok(text);
    }
    let input = InternedInput::new(old.as_slice(), new.as_slice());
    let lines = diff_with_slider_heuristics(Algorithm::Histogram, &input);
    let hunks = UnifiedDiff::new(&lines, &input, Hunks(text), ContextSize::symmetrical(CONTEXT_LINES));
    // Writing into a text cannot fail.
    Ok(hunks.consume().unwrap_or_default())
}

struct Hunks(String);

impl ConsumeHunk for Hunks {
    type Out = String;

    fn consume_hunk(&mut self, header: HunkHeader, lines: &[(DiffLineKind, &[u8])]) -> std::io::Result<()> {
        let HunkHeader { before_hunk_start, before_hunk_len, after_hunk_start, after_hunk_len } = header;
        let _ = writeln!(self.0, "@@ -{before_hunk_start},{before_hunk_len} +{after_hunk_start},{after_hunk_len} @@");
        for (kind, line) in lines {
            let ends = line.ends_with(b"\n");
            let content = if ends { line.strip_suffix(b"\n").unwrap_or(line) } else { line };
            self.0.push(kind.to_prefix());
            self.0.push_str(&escape_for_terminal(&shown_bytes(content)));
            self.0.push_str(if ends { "\n" } else { "\n\\ no line feed at end of file\n" });
        }
        Ok(())
    }

    fn finish(self) -> String {
        self.0
    }
}

/// As [`path_text`] but a backslash stays one, as source code is full of them.
fn shown_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => path_text(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::escape_for_terminal;

    #[test]
    fn what_moves_or_hides_is_shown_as_a_number() {
        // fail: bidirectional override, escape sequence, carriage return, zero width, tag character, variation selector
        assert_eq!(
            escape_for_terminal("a\u{202e}b\u{1b}[2Jc\rd\u{200b}e\u{e0041}f\u{e0100}"),
            "a<U+202E>b<U+001B>[2Jc<U+000D>d<U+200B>e<U+E0041>f<U+E0100>"
        );
        // pass: letters of every script, tabs
        assert_eq!(escape_for_terminal("\tżółć 日本 עברית"), "\tżółć 日本 עברית");
    }
}
