//! `Dockerfile` and `Containerfile`: the images that `FROM` and `COPY --from` take by digest.
//!
//! SPEC: BuildKit `frontend/dockerfile/parser` (lines, continuations, directives, heredocs) and `instructions` (flags).
//! SECURITY: a pin is proof. Where this reader is not sure to see the lines that a builder sees, the file pins nothing.

use std::str::Lines;

use lasthand_model::digest::Sha256;
use lasthand_model::wire::facts::Pin;

/// Registries that a name without one means.
const DEFAULT_REGISTRIES: [&str; 2] = ["docker.io/", "index.docker.io/"];
/// The folder of names with one segment.
const LIBRARY: &str = "library/";

/// Each image that is named with its digest is pinned under every name that builders record it by: as written, without its tag,
/// with and without the default registry, and by its last segment.
pub(super) fn pins(bytes: &[u8]) -> Result<Vec<Pin>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("byte {} is not UTF-8", error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut instructions = Instructions { lines: text.lines(), escape: escape_of(text)? };
    let mut pins = Vec::new();
    while let Some(line) = instructions.next_line()? {
        let (word, rest) = line.split_once(is_blank).unwrap_or((line.as_str(), ""));
        let reference = match word.to_ascii_lowercase().as_str() {
            "from" => from(&words(rest, instructions.escape)?),
            "copy" => copied(&words(rest, instructions.escape)?),
            _ => None,
        };
        pins.extend(reference.iter().flat_map(|reference| pins_of(reference)));
    }
    pins.sort();
    pins.dedup();
    Ok(pins)
}

/// Instructions of a file, each as one line.
struct Instructions<'t> {
    lines: Lines<'t>,
    escape: char,
}

impl Instructions<'_> {
    /// The next instruction, without comments and with its continuations; the text of a heredoc is passed over.
    fn next_line(&mut self) -> Result<Option<String>, String> {
        let mut whole = String::new();
        while let Some(line) = self.lines.next() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            let begun = !whole.is_empty();
            let trimmed = line.trim_start_matches(is_blank);
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            // Only the first line loses its leading blanks.
            let (part, goes_on) = without_continuation(if begun { line } else { trimmed }, self.escape);
            whole.push_str(part);
            if goes_on {
                continue;
            }
            if whole.trim_matches(is_blank).is_empty() {
                whole.clear();
                continue;
            }
            return self.past_heredocs(whole).map(Some);
        }
        let rest = whole.trim_matches(is_blank);
        Ok((!rest.is_empty()).then(|| rest.to_owned()))
    }

    /// Passes over the text of the heredocs that an instruction opens.
    fn past_heredocs(&mut self, line: String) -> Result<String, String> {
        let line = line.trim_matches(is_blank).to_owned();
        if !line.contains("<<") || !may_open_heredoc(&line) {
            return Ok(line);
        }
        for word in words(&line, self.escape)? {
            let Some(heredoc) = Heredoc::of(&word)? else { continue };
            let ends = |line: &str| {
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if heredoc.strips_tabs { line.trim_start_matches('\t') } else { line };
                line == heredoc.name
            };
            if !self.lines.by_ref().any(ends) {
                return Err(format!("heredoc `{}` does not end", heredoc.name));
            }
        }
        Ok(line)
    }
}

/// SPEC: BuildKit `Node.canContainHeredoc`.
fn may_open_heredoc(line: &str) -> bool {
    let mut words = line.split(is_blank).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase);
    let mut word = words.next();
    while word.as_deref() == Some("onbuild") {
        word = words.next();
    }
    matches!(word.as_deref(), Some("add" | "copy" | "run"))
}

struct Heredoc {
    name: String,
    strips_tabs: bool,
}

impl Heredoc {
    /// SPEC: BuildKit `reHeredoc`: `^(\d*)<<(-?)([^<]*)$`.
    fn of(word: &str) -> Result<Option<Self>, String> {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let Some(rest) = rest.strip_prefix("<<") else { return Ok(None) };
        let (strips_tabs, name) = rest.strip_prefix('-').map_or((false, rest), |name| (true, name));
        if name.contains('<') {
            return Ok(None);
        }
        let bare = ['"', '\''].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(name);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if bare.is_empty() || !bare.chars().all(plain) {
            return Err(format!("cannot tell where the heredoc `{word}` ends"));
        }
        Ok(Some(Self { name: bare.to_owned(), strips_tabs }))
    }
}

/// A line without the escape character that ends it, and whether it goes on in the next.
///
/// SPEC: BuildKit `reLineContinuation`: `([^\\])\\[ \t]*$|^\\[ \t]*$`.
fn without_continuation(line: &str, escape: char) -> (&str, bool) {
    let Some(part) = line.trim_end_matches([' ', '\t']).strip_suffix(escape) else { return (line, false) };
    if part.ends_with(escape) { (line, false) } else { (part, true) }
}

/// The escape character: a directive in the first comment lines may choose another.
fn escape_of(text: &str) -> Result<char, String> {
    for line in text.lines() {
        let Some((key, value)) = line.trim_matches(is_blank).strip_prefix('#').and_then(|line| line.split_once('='))
        else {
            break;
        };
        match key.trim_matches(is_blank).to_ascii_lowercase().as_str() {
            "escape" => {
                return match value.trim_matches(is_blank) {
                    "\\" => Ok('\\'),
                    "`" => Ok('`'),
                    other => Err(format!("`{other}` is no escape character")),
                };
            }
            "syntax" | "check" => {}
            _ => break,
        }
    }
    Ok('\\')
}

/// Words as a shell divides them, quotes and escapes kept.
fn words(line: &str, escape: char) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match quote {
            None if is_blank(character) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if matches!(character, '"' | '\'') => quote = Some(character),
            Some(open) if character == open => quote = None,
            _ => {}
        }
        word.push(character);
        if character == escape && quote != Some('\'') {
            word.extend(characters.next());
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// SPEC: BuildKit `reWhitespace`: `[\t\v\f\r ]+`.
const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\x0b' | '\x0c' | '\r')
}

fn is_flag(word: &&String) -> bool {
    word.starts_with("--")
}

/// `FROM [--platform=...] NAME [AS STAGE]`.
fn from(words: &[String]) -> Option<String> {
    let rest: Vec<&String> = words.iter().skip_while(is_flag).collect();
    match rest.as_slice() {
        [name] => Some((*name).clone()),
        [name, word, _] if word.eq_ignore_ascii_case("as") => Some((*name).clone()),
        _ => None,
    }
}

/// `COPY --from=NAME ...`.
fn copied(words: &[String]) -> Option<String> {
    let mut sources = words.iter().take_while(is_flag).filter_map(|flag| flag.strip_prefix("--from="));
    let source = sources.next()?;
    sources.next().is_none().then(|| source.to_owned())
}

/// Names and digest of a reference that has one: `NAME[:TAG]@sha256:<hex>`. A variable in it may be anything.
fn pins_of(reference: &str) -> Vec<Pin> {
    let Some((digest, written)) = digest_and_name(reference) else { return Vec::new() };
    let last = written.rsplit('/').next().unwrap_or(written);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    let name =
        tag.map_or(written, |tag| written.strip_suffix(tag).and_then(|name| name.strip_suffix(':')).unwrap_or(written));
    let mut names = vec![name.to_owned()];
    if let Some(short) = in_default_registry(name) {
        let library = if short.contains('/') { "" } else { LIBRARY };
        names.extend([short.to_owned(), format!("{library}{short}"), format!("docker.io/{library}{short}")]);
    }
    names.push(name.rsplit('/').next().unwrap_or(name).to_owned());
    let tagged = names.iter().flat_map(|name| tag.map(|tag| format!("{name}:{tag}"))).collect::<Vec<_>>();
    names.extend(tagged);
    names.into_iter().map(|name| Pin { name, digest }).collect()
}

fn digest_and_name(reference: &str) -> Option<(Sha256, &str)> {
    let (name, digest) = reference.split_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    let whole =
        name.split('/').all(|segment| !segment.is_empty() && !segment.starts_with(':') && !segment.ends_with(':'));
    let hex = digest.strip_prefix("sha256:")?;
    (name.chars().all(plain) && whole).then_some(())?;
    // SPEC: OCI image-spec descriptor.md: hex digits in lower case.
    let lower = hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    Some((hex.parse().ok().filter(|_| lower)?, name))
}

/// A name in the default registry, without it and without `library/`.
///
/// SPEC: distribution/reference `splitDockerDomain`: a first segment with `.` or `:`, or `localhost`, is a registry.
fn in_default_registry(name: &str) -> Option<&str> {
    let path = DEFAULT_REGISTRIES.iter().find_map(|registry| name.strip_prefix(registry));
    let path = path.or_else(|| {
        let registry = name.split_once('/').map(|(first, _)| first);
        registry.is_none_or(|first| !first.contains(['.', ':']) && first != "localhost").then_some(name)
    })?;
    Some(path.strip_prefix(LIBRARY).filter(|short| !short.contains('/')).unwrap_or(path))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    fn hex() -> String {
        "ab".repeat(32)
    }

    /// `@D` stands for a digest.
    fn file(text: &str) -> String {
        text.replace("@D", &format!("@sha256:{}", hex()))
    }

    fn names(text: &str) -> Vec<String> {
        pins(file(text).as_bytes()).unwrap().into_iter().map(|pin| pin.name).collect()
    }

    #[test]
    fn an_image_by_digest_is_pinned_under_all_its_names() {
        // pass: short name, with tag, other registry, default registry written out
        let debian = ["debian", "docker.io/library/debian", "library/debian"];
        assert_eq!(names("FROM debian@D\n"), debian);
        assert_eq!(names("FROM docker.io/library/debian@D AS base\n"), debian);
        assert_eq!(
            names("FROM debian:12@D"),
            [
                "debian",
                "debian:12",
                "docker.io/library/debian",
                "docker.io/library/debian:12",
                "library/debian",
                "library/debian:12"
            ]
        );
        assert_eq!(names("FROM acme/base@D"), ["acme/base", "base", "docker.io/acme/base"]);
        assert_eq!(names("FROM registry.example:5000/base@D"), ["base", "registry.example:5000/base"]);
        assert_eq!(names("FROM localhost/base@D"), ["base", "localhost/base"]);
    }

    #[test]
    fn instructions_are_read_as_builders_read_them() {
        // pass: case, flags, continuations with comments and blanks between, another escape, byte order mark, CRLF
        for text in [
            "from --platform=$BUILDPLATFORM debian@D as x",
            "FROM \\\n  # why\n\n  debian@D\n",
            "# escape=`\nFROM `\n debian@D\n",
            "#syntax=docker/dockerfile:1\n# Escape = `\nRUN c:\\\nFROM debian@D\n",
            "\u{feff}FROM debian@D\r\n",
            "FROM scratch\nCOPY --chown=0:0 --from=debian@D /a /b\n",
            "\tFROM\tdebian@D\nRUN <<EOF\nx\nEOF\n",
        ] {
            assert_eq!(names(text), ["debian", "docker.io/library/debian", "library/debian"], "{text}");
        }
        // pass: what comes after heredocs counts again
        let after = "RUN <<A cat > x; cat <<-\"B\" > y\n1\nA\n2\n\tB\nFROM debian@D\n";
        assert_eq!(names(after).len(), 3);
        assert_eq!(names("RUN cat <<< word\nRUN echo $((1<<2)) \"a <<EOF\"\nFROM debian@D").len(), 3);
    }

    #[test]
    fn a_digest_elsewhere_is_no_pin() {
        // fail: comment, other instructions, heredocs, continuations of others, quoted flags, a stage for later builds
        for text in [
            "# FROM debian@D\nFROM scratch",
            "RUN pull debian@D",
            "ENV BASE=debian@D",
            "LABEL base=debian@D",
            "ARG BASE=debian@D\nFROM $BASE",
            "RUN echo \\\nFROM debian@D\n",
            "RUN echo \\\n# x\nFROM debian@D\n",
            "RUN <<EOF\nFROM debian@D\nEOF\n",
            "COPY <<'EOF' /x\nFROM debian@D\nEOF\n",
            "ONBUILD RUN <<-EOF\nFROM debian@D\n\tEOF\n",
            "RUN <<A <<B\nA\nFROM debian@D\nB\n",
            "# escape=`\nRUN x `\nFROM debian@D\n",
            "COPY --chown=\"a --from=debian@D b\" c d",
            "COPY --chown=a\\ --from=debian@D c d",
            "COPY a --from=debian@D b",
            "COPY --from=debian@D --from=x a b",
            "ADD --from=debian@D a b",
            "ONBUILD COPY --from=debian@D a b",
            "HEALTHCHECK CMD FROM debian@D",
        ] {
            assert_eq!(names(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn an_image_that_the_file_does_not_fix_is_not_pinned() {
        // fail: no digest, variables, another algorithm, digests that are none, names that are none
        let upper = hex().to_ascii_uppercase();
        for text in [
            "FROM debian:12".to_owned(),
            file("FROM ${NAME}@D"),
            file("FROM debian:$TAG@D"),
            "FROM debian@$DIGEST".to_owned(),
            "FROM debian@sha256:${DIGEST}".to_owned(),
            format!("FROM debian@sha512:{}", "ab".repeat(64)),
            format!("FROM debian@sha256:{upper}"),
            format!("FROM debian@{}", hex()),
            file("FROM @D"),
            file("FROM a//b@D"),
            file("FROM debian:@D"),
            file("FROM debian@D extra"),
            file("FROM \"debian@D\""),
            file("FROM debian@D@D"),
        ] {
            assert_eq!(pins(text.as_bytes()).unwrap(), [], "{text}");
        }
    }

    #[test]
    fn a_file_that_is_not_surely_understood_pins_nothing() {
        // fail: heredocs without end or with an end that is computed, open quotes, not UTF-8, another escape
        for text in [
            "FROM debian@D\nRUN <<EOF\n",
            "FROM debian@D\nRUN <<$X\n$X\n",
            "FROM debian@D\nRUN <<\"E F\"\nE F\n",
            "FROM debian@D\nRUN echo \"x <<EOF\nEOF\n",
            "# escape=x\nFROM debian@D\n",
        ] {
            assert!(pins(file(text).as_bytes()).is_err(), "{text}");
        }
        assert!(pins(b"\xff").is_err());
        assert_eq!(pins(b"").unwrap(), []);
    }
}
