//! Paths and where symbolic links lead them, by their text.

use crate::path;

pub(super) fn join(folder: &[u8], base: &[u8]) -> Vec<u8> {
    if folder.is_empty() { base.to_vec() } else { [folder, b"/", base].concat() }
}

/// True for a target that leaves the root, where the root is not that of the container.
pub(super) fn leads_out(link: &[u8], target: &[u8]) -> bool {
    let mut depth = link.iter().filter(|byte| **byte == b'/').count();
    target.starts_with(b"/")
        || target.split(|byte| *byte == b'/').any(|segment| match segment {
            b"" | b"." => false,
            b".." => match depth.checked_sub(1) {
                Some(up) => {
                    depth = up;
                    false
                }
                None => true,
            },
            _ => {
                depth += 1;
                false
            }
        })
}

/// True for a target with a `..` behind a name, such as `a/../b`.
pub(super) fn has_dots_inside(target: &[u8]) -> bool {
    let mut segments = target.split(|byte| *byte == b'/').filter(|segment| !matches!(*segment, b"" | b"."));
    segments.any(|segment| segment != b"..") && segments.any(|segment| segment == b"..")
}

/// The path that `rest` below the link at `link` stands for.
pub(super) fn follow(link: &[u8], target: &[u8], rest: &[u8]) -> Vec<u8> {
    let folder = if target.starts_with(b"/") { b"" } else { path::parent(link).unwrap_or_default() };
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in [folder, target, rest].into_iter().flat_map(|part| part.split(|byte| *byte == b'/')) {
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    segments.join(&b'/')
}
