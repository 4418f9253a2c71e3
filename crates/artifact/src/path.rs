//! Paths of entries: one spelling each, inside the container.

use crate::error::PathFault;

/// A path in the one spelling that inventories use.
pub(crate) struct PlainPath {
    /// Relative, `/`-separated, no empty, `.` or `..` segment; empty for the root itself.
    pub(crate) path: Vec<u8>,
    /// It ended in `/`.
    pub(crate) trailing_slash: bool,
    /// More than a leading `./` and a trailing `/` had to go.
    pub(crate) rewritten: bool,
}

/// Brings a path to its one spelling.
///
/// SECURITY: a path that leaves the root, or that names one file in two ways, would let a puller write what no inventory lists.
pub(crate) fn plain(raw: &[u8]) -> Result<PlainPath, PathFault> {
    if raw.is_empty() {
        return Err(PathFault::Empty);
    }
    if raw.starts_with(b"/") {
        return Err(PathFault::Absolute);
    }
    if raw.contains(&0) {
        return Err(PathFault::Nul);
    }
    let mut path = Vec::with_capacity(raw.len());
    for segment in raw.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => return Err(PathFault::Parent),
            _ => {
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(segment);
            }
        }
    }
    let without_slash = raw.strip_suffix(b"/").unwrap_or(raw);
    let bare = without_slash.strip_prefix(b"./").unwrap_or(without_slash);
    let rewritten = bare != path && !(path.is_empty() && bare == b".");
    Ok(PlainPath { path, trailing_slash: raw.ends_with(b"/"), rewritten })
}

/// Brings a path of a layer to its one spelling: an absolute one is taken from the root of the image.
///
/// SPEC: containerd `archive/tar.go` `applyNaive`, umoci `tar_extract.go`: every puller roots it there.
pub(crate) fn rooted(raw: &[u8]) -> Result<PlainPath, PathFault> {
    let slashes = raw.iter().take_while(|byte| **byte == b'/').count();
    match raw.get(slashes..) {
        Some(b"") if slashes > 0 => plain(b"./"),
        Some(rest) => plain(rest),
        None => plain(raw),
    }
}

/// The folder that holds `path`; `None` at the root.
pub(crate) fn parent(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    path.get(..slash)
}

/// The last segment.
pub(crate) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &[u8], expected: Result<&[u8], PathFault>) {
        assert_eq!(plain(raw).map(|found| found.path), expected.map(<[u8]>::to_vec), "{}", raw.escape_ascii());
    }

    #[test]
    fn each_path_has_one_spelling_or_none() {
        // pass: leading `./` and trailing `/` go; fail: what leaves the root
        check(b"a/b", Ok(b"a/b"));
        check(b"./a/b/", Ok(b"a/b"));
        check(b"./", Ok(b""));
        check(b".", Ok(b""));
        check(b"a//b/./c", Ok(b"a/b/c"));
        check(b"..a/b..", Ok(b"..a/b.."));
        check(b"", Err(PathFault::Empty));
        check(b"/a", Err(PathFault::Absolute));
        check(b"a/../b", Err(PathFault::Parent));
        check(b"./..", Err(PathFault::Parent));
        check(b"a\0b", Err(PathFault::Nul));
    }

    #[test]
    fn inner_segments_are_marked_as_rewritten() {
        // pass: only what pullers clean differently is marked
        for (raw, expected) in
            [(&b"./a/"[..], false), (b"./", false), (b".", false), (b"a//b", true), (b"././a", true), (b"a/.", true)]
        {
            assert_eq!(plain(raw).map(|found| found.rewritten), Ok(expected), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn parent_and_base_split_at_the_last_slash() {
        // pass: raw bytes, no separator of the platform
        assert_eq!(parent(b"a/b/c"), Some(&b"a/b"[..]));
        assert_eq!(parent(b"a"), None);
        assert_eq!(base(b"a/b/c"), b"c");
    }
}
