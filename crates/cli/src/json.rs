//! JSON that a terminal cannot obey.

use std::io::{self, Write};

use lasthand_verify::render::is_hostile;
use serde::Serialize;

/// Writes a value as indented JSON. What a terminal would obey, or nobody would see, is written as `\uXXXX`: the same text to whatever
/// reads JSON.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Visible(out), value)?;
    out.write_all(b"\n")
}

/// The same on one line.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(Visible(out), value)?;
    out.write_all(b"\n")
}

/// Takes JSON whose parts each end where a character does, as its writer gives it, and passes it on in visible characters. All that is
/// outside of strings is visible, save the ends of lines.
struct Visible<'w>(&'w mut dyn Write);

impl Write for Visible<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut rest = text;
        while let Some((at, character)) = rest.char_indices().find(|(_, c)| *c != '\n' && is_hostile(*c)) {
            let (plain, from) = rest.split_at(at);
            self.0.write_all(plain.as_bytes())?;
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(self.0, "\\u{unit:04x}")?;
            }
            rest = from.get(character.len_utf8()..).unwrap_or_default();
        }
        self.0.write_all(rest.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn json_reads_the_same_and_has_nothing_that_a_terminal_obeys() {
        // pass: keys and values of any script, within and beyond the basic plane; fail: any such character as it is
        let foreign = "größe 日本 \u{1b}[2K \u{7f} \u{9b}2J \u{202e}txt \u{200b} \u{e0041} \u{2028} \"\\\n";
        let value = json!({ foreign: [foreign, 1, { "a": [] }], "b": {} });
        let (mut pages, mut line) = (Vec::new(), Vec::new());
        super::write(&mut pages, &value).unwrap();
        super::write_line(&mut line, &value).unwrap();
        for bytes in [pages, line] {
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert!(text.contains("größe 日本"));
            let obeyed = |character: char| character != '\n' && lasthand_verify::render::is_hostile(character);
            assert!(!text.contains(obeyed), "{text:?}");
        }
    }
}
