//! Paths of entries: one spelling each, inside the container.

use crate::error::PathFault;

/// A path in the one spelling that inventories use, and what had to go to get there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Settled {
    /// Relative, `/`-separated, no empty, `.` or `..` segment; empty for the root itself.
    pub(crate) path: Vec<u8>,
    /// It began with `/`: it is taken from the root.
    pub(crate) absolute: bool,
    /// It had a `..` segment: resolved by its text, and never above the root.
    pub(crate) parent: bool,
    /// It had other segments that say nothing, besides a leading `./` and a trailing `/`.
    pub(crate) rewritten: bool,
    /// It ended in `/`.
    pub(crate) trailing_slash: bool,
}

/// Brings a path to its one spelling.
///
/// SPEC: containerd `archive/tar.go` `applyNaive` and umoci `tar_extract.go`: cleaned by its text, and rooted in the container.
pub(crate) fn settle(raw: &[u8]) -> Settled {
    let mut settled = Settled {
        path: Vec::with_capacity(raw.len()),
        absolute: raw.starts_with(b"/"),
        trailing_slash: raw.ends_with(b"/"),
        ..Settled::default()
    };
    let body = raw.get(raw.iter().take_while(|byte| **byte == b'/').count()..).unwrap_or_default();
    let body = body.strip_suffix(b"/").unwrap_or(body);
    for (number, segment) in body.split(|byte| *byte == b'/').enumerate() {
        match segment {
            b"." if number == 0 => {}
            b"" if body.is_empty() => {}
            b"" | b"." => settled.rewritten = true,
            b".." => {
                settled.parent = true;
                let kept = settled.path.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
                settled.path.truncate(kept);
            }
            _ => {
                if !settled.path.is_empty() {
                    settled.path.push(b'/');
                }
                settled.path.extend_from_slice(segment);
            }
        }
    }
    settled
}

/// The path of something that has to have a plain one: inside its root, and not the root itself.
pub(crate) fn strict(raw: &[u8]) -> Result<Vec<u8>, PathFault> {
    let settled = settle(raw);
    match () {
        () if raw.contains(&0) => Err(PathFault::Nul),
        () if settled.absolute => Err(PathFault::Absolute),
        () if settled.parent => Err(PathFault::Parent),
        () if settled.path.is_empty() => Err(PathFault::Empty),
        () => Ok(settled.path),
    }
}

/// The folder that holds `path`; `None` at the root.
pub(crate) fn parent(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    path.get(..slash)
}

/// Which of the marked paths lie above a path, as paths come in order of their bytes.
///
/// Cost: the bytes of all paths, whatever their depth.
#[derive(Default)]
pub(crate) struct Above<'p> {
    /// Marked paths that the latest path begins with, shortest first; not all of them end where a segment does.
    marked: Vec<&'p [u8]>,
}

impl<'p> Above<'p> {
    /// True when a marked path is a folder that holds `path`, at any depth. Paths must not go back.
    pub(crate) fn holds(&mut self, path: &[u8]) -> bool {
        // What does not begin with it now never will again.
        while self.marked.pop_if(|marked| !path.starts_with(marked)).is_some() {}
        self.marked.iter().any(|marked| path.get(marked.len()) == Some(&b'/'))
    }

    /// Marks a path that was asked for.
    pub(crate) fn mark(&mut self, path: &'p [u8]) {
        self.marked.push(path);
    }
}

/// The last segment.
pub(crate) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_spelling() {
        // pass: leading `./` and trailing `/` go without a word, all else is told
        for (raw, path, told) in [
            (&b"a/b"[..], &b"a/b"[..], ""),
            (b"./a/b/", b"a/b", "slash"),
            (b"./", b"", "slash"),
            (b".", b"", ""),
            (b"", b"", ""),
            (b"/", b"", "absolute slash"),
            (b"/a", b"a", "absolute"),
            (b"//a", b"a", "absolute"),
            (b"a//b/./c", b"a/b/c", "rewritten"),
            (b"././a", b"a", "rewritten"),
            (b"a/.", b"a", "rewritten"),
            (b"a//", b"a", "rewritten slash"),
            (b"..a/b..", b"..a/b..", ""),
            (b"a/../b", b"b", "parent"),
            (b"a/b/../c", b"a/c", "parent"),
            (b"../../b", b"b", "parent"),
            (b"./..", b"", "parent"),
        ] {
            let settled = settle(raw);
            let flags = [
                (settled.absolute, "absolute"),
                (settled.parent, "parent"),
                (settled.rewritten, "rewritten"),
                (settled.trailing_slash, "slash"),
            ];
            let found: Vec<&str> = flags.iter().filter_map(|(set, word)| set.then_some(*word)).collect();
            assert_eq!((settled.path.as_slice(), found.join(" ").as_str()), (path, told), "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn marked_paths_are_found_above() {
        // pass: parents at any depth, also with names between that sort before the slash; fail: names that only begin alike
        let mut above = Above::default();
        let found: Vec<bool> = [&b"a"[..], b"a-b", b"a/b", b"a/b/c", b"a/b0", b"a0/b", b"b/a"]
            .into_iter()
            .map(|path| {
                let is_below = above.holds(path);
                if matches!(path, b"a" | b"a-b" | b"a/b") {
                    above.mark(path);
                }
                is_below
            })
            .collect();
        assert_eq!(found, [false, false, true, true, true, false, false]);
    }

    #[test]
    fn parent_and_base_split_at_the_last_slash() {
        // pass: raw bytes, no separator of the platform
        assert_eq!(parent(b"a/b/c"), Some(&b"a/b"[..]));
        assert_eq!(parent(b"a"), None);
        assert_eq!(base(b"a/b/c"), b"c");
    }
}
