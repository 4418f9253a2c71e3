//! Foreign text for a terminal.

/// Replaces control characters, line separators, marks of writing direction and invisible characters by `\u{hex}`.
///
/// A backslash stays: paths come escaped already (`\\`, `\xNN`), and neither form looks like `\u{hex}`.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hostile(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// True for what a terminal obeys or nobody sees.
///
/// SECURITY: CVE-2021-42574 (direction marks), terminal sequences, names that differ only in what nobody sees.
#[must_use]
pub fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        // pass: plain text of any script; fail: everything that moves, hides or turns
        assert_eq!(escape("src/größe 日本.rs"), "src/größe 日本.rs");
        assert_eq!(escape("a\x1b[2Kb\nc"), "a\\u{1b}[2Kb\\u{a}c");
        assert_eq!(escape("exe\u{202e}txt.x"), "exe\\u{202e}txt.x");
        assert_eq!(escape("a\u{200b}b\u{9b}"), "a\\u{200b}b\\u{9b}");
    }
}
