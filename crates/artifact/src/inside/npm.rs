//! Packages of npm: tar archives of one folder.
//!
//! SECURITY: npm strips the first segment of every path, so that files of two folders become one.

use super::form::ends;

/// True for paths that npm takes for a package, with more than one folder at the top.
pub(super) fn is_merged<'p>(paths: impl Iterator<Item = &'p [u8]> + Clone) -> bool {
    let mut tops = paths.filter_map(split);
    let is_package = tops.clone().any(|(_, rest)| rest == b"/package.json");
    let first = tops.next();
    is_package && tops.any(|(top, _)| first.is_some_and(|(first, _)| top != first))
}

/// True for an artifact that is a package of npm with more than one folder at the top.
///
/// A `.tgz` of several folders with a `package.json` each is an honest archive of something else. So it is a package when it has the folder
/// that `npm pack` makes, or the name that it gives: `NAME-1.2.3.tgz`.
pub(crate) fn is_odd_package<'p>(name: &[u8], paths: impl Iterator<Item = &'p [u8]> + Clone) -> bool {
    if !ends(name, &[b".tgz"]) {
        return false;
    }
    let is_named = name.get(..name.len() - b".tgz".len()).is_some_and(ends_in_version);
    (is_named || paths.clone().any(|path| path == b"package/package.json")) && is_merged(paths)
}

/// The first segment, and the rest from its slash on.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    path.split_at_checked(path.iter().position(|byte| *byte == b'/')?)
}

/// True for a name that ends in `-` and a version of three numbers, and whatever a version has behind them.
///
/// SPEC: Semantic Versioning 2.0.0, 2, 9 and 10; npm-pack.
fn ends_in_version(name: &[u8]) -> bool {
    let starts = name.iter().enumerate().filter_map(|(at, byte)| (*byte == b'-').then_some(at + 1));
    starts.filter_map(|start| name.get(start..)).any(is_version)
}

fn is_version(text: &[u8]) -> bool {
    let numbers = text.split(|byte| matches!(byte, b'-' | b'+')).next().unwrap_or_default();
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = numbers.split(|byte| *byte == b'.');
    parts.by_ref().take(3).filter(|part| is_number(part)).count() == 3 && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_with_a_version() {
        // pass: what `npm pack` calls its files; fail: other names with digits
        for (name, expected) in [
            (&b"left-pad-1.3.0"[..], true),
            (b"acme-app-10.0.0-rc.1", true),
            (b"acme-app-1.2.3+build.5", true),
            (b"app-1.2", false),
            (b"app-1.2.3.4", false),
            (b"app-1.2.x", false),
            (b"1.2.3", false),
            (b"deploy", false),
            (b"", false),
        ] {
            assert_eq!(ends_in_version(name), expected, "{}", name.escape_ascii());
        }
    }
}
