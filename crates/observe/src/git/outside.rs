//! What a tree only names: commits of other repositories, and files that a store of large files keeps.

use gix::ObjectId;
use lasthand_model::digest::{FileDigest, GitId, Sha256};

use super::diff::changed;
use super::error::GitError;
use super::inventory::TreeCache;
use super::objects::{EntryKind, read_blob};
use super::open::{Repository, git_id};
use super::path::path_text;

/// LIMIT: a pointer is shorter than this. SPEC: git-lfs docs/spec.md, "The Pointer".
const POINTER_BYTES: u64 = 1024;
const POINTER_VERSION: &str = "https://git-lfs.github.com/spec/v1";

/// A changed path whose content is not in this repository: a review of the change has seen the name of the content, not the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The path, as [`path_text`] writes it.
    pub path: String,
    /// What it names.
    pub target: OutsideTarget,
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutsideTarget {
    /// A commit of another repository: it is expected to have landings of its own.
    Submodule {
        /// The commit.
        commit: GitId,
    },
    /// A pointer of Git LFS. Whether a checkout replaces it depends on attributes; it is named in any case.
    Lfs {
        /// Digest of the file that it stands for.
        sha256: FileDigest,
        /// That file's size in bytes.
        size_bytes: u64,
    },
    /// A file that this clone lacks, as a partial clone does: what it holds is not known here.
    Missing {
        /// The file's object.
        object: GitId,
    },
}

/// Lists what the change from one tree to another brings in that only names content, by path.
///
/// Cost: what differs, and the bytes of changed files that are as small as a pointer.
pub(super) fn outside_of(
    repository: &Repository,
    cache: &mut TreeCache,
    from: ObjectId,
    to: ObjectId,
) -> Result<Vec<Outside>, GitError> {
    let mut found = Vec::new();
    for (path, (_, now)) in changed(repository, cache, from, to)? {
        let target = match now {
            Some((EntryKind::Submodule, id)) => Some(OutsideTarget::Submodule { commit: git_id(id)? }),
            Some((kind, id)) if kind.is_file() => pointer_at(repository, id)?,
            _ => None,
        };
        found.extend(target.map(|target| Outside { path: path_text(&path), target }));
    }
    Ok(found)
}

fn pointer_at(repository: &Repository, id: ObjectId) -> Result<Option<OutsideTarget>, GitError> {
    let header = repository.inner.try_find_header(id);
    let header = header.map_err(|source| GitError::Object { id: id.to_string(), source })?;
    match header {
        Some(header) if header.size() < POINTER_BYTES => Ok(parse_pointer(&read_blob(repository, id)?)),
        Some(_) => Ok(None),
        None => Ok(Some(OutsideTarget::Missing { object: git_id(id)? })),
    }
}

/// SPEC: git-lfs docs/spec.md: `version` first, other keys in the order of the alphabet, each line `KEY VALUE`, ended by a line feed.
fn parse_pointer(bytes: &[u8]) -> Option<OutsideTarget> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.strip_suffix('\n')?.split('\n');
    if lines.next()?.strip_prefix("version ")? != POINTER_VERSION {
        return None;
    }
    let (mut sha256, mut size_bytes, mut before) = (None, None, "");
    for line in lines {
        let (key, value) = line.split_once(' ')?;
        if key <= before
            || value.is_empty()
            || !key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
        {
            return None;
        }
        before = key;
        match key {
            "oid" => {
                let digits = value.strip_prefix("sha256:").filter(|digits| digits.len() == 2 * size_of::<Sha256>())?;
                sha256 = Some(digits.parse::<Sha256>().ok()?);
            }
            "size" => size_bytes = Some(value.parse::<u64>().ok().filter(|size| size.to_string() == value)?),
            _ => {}
        }
    }
    Some(OutsideTarget::Lfs { sha256: FileDigest(sha256?), size_bytes: size_bytes? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    #[test]
    fn pointers_are_read_as_specified() {
        // pass: the example of the specification; an extension
        let plain = format!("version {POINTER_VERSION}\noid sha256:{OID}\nsize 12345\n");
        let target = Some(OutsideTarget::Lfs { sha256: FileDigest(OID.parse().unwrap()), size_bytes: 12345 });
        assert_eq!(parse_pointer(plain.as_bytes()), target);
        let extended = plain.replace("\noid", &format!("\next-0-foo sha256:{OID}\noid"));
        assert_eq!(parse_pointer(extended.as_bytes()), target);
    }

    #[test]
    fn what_is_no_pointer_names_nothing() {
        // fail: no final line feed, another order, a key twice, no size, a size with a sign or zeros, another digest, text before or after
        let pointer = |rest: &str| format!("version {POINTER_VERSION}\n{rest}");
        for text in [
            pointer(&format!("oid sha256:{OID}\nsize 1")),
            pointer(&format!("size 1\noid sha256:{OID}\n")),
            pointer(&format!("oid sha256:{OID}\noid sha256:{OID}\nsize 1\n")),
            pointer(&format!("oid sha256:{OID}\n")),
            pointer(&format!("oid sha256:{OID}\nsize +1\n")),
            pointer(&format!("oid sha256:{OID}\nsize 01\n")),
            pointer(&format!("oid md5:{OID}\nsize 1\n")),
            pointer(&format!("oid sha256:{}\nsize 1\n", &OID[1..])),
            pointer(&format!("oid sha256:sha256:{OID}\nsize 1\n")),
            pointer(&format!("oid sha256:{OID}\nsize 1\n\n")),
            format!("# {POINTER_VERSION}\noid sha256:{OID}\nsize 1\n"),
            String::new(),
        ] {
            assert_eq!(parse_pointer(text.as_bytes()), None, "{text:?}");
        }
    }
}
