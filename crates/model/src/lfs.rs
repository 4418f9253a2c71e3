//! Pointers of Git LFS: small text files that stand for content which is kept elsewhere.
//!
//! SPEC: git-lfs, `docs/spec.md`, "The Pointer".

use crate::digest::{FileDigest, Sha256};

const VERSION: &str = "https://git-lfs.github.com/spec/v1";

/// What a pointer says of the file that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// Digest of that file.
    pub sha256: FileDigest,
    /// Its size in bytes.
    pub size_bytes: u64,
}

impl Pointer {
    /// LIMIT: a pointer has fewer bytes than this.
    pub const LIMIT_BYTES: usize = 1024;

    /// Reads a pointer strictly: `version` first, other keys in the order of the alphabet, each once, each line `KEY VALUE`, ended by a line feed.
    ///
    /// Out: none for whatever is no pointer. Attributes are not asked, so that a checkout may leave the pointer as it is.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() >= Self::LIMIT_BYTES {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()?.strip_prefix("version ")? != VERSION {
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
                    let digits = value.strip_prefix("sha256:").filter(|digits| digits.len() == 2 * size_of::<Sha256>());
                    sha256 = Some(digits?.parse::<Sha256>().ok()?);
                }
                "size" => size_bytes = Some(value.parse::<u64>().ok().filter(|size| size.to_string() == value)?),
                _ => {}
            }
        }
        Some(Self { sha256: FileDigest(sha256?), size_bytes: size_bytes? })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    #[test]
    fn pointers_are_read_as_specified() {
        // pass: the example of the specification; an extension
        let plain = format!("version {VERSION}\noid sha256:{OID}\nsize 12345\n");
        let pointer = Some(Pointer { sha256: FileDigest(OID.parse().unwrap()), size_bytes: 12345 });
        assert_eq!(Pointer::parse(plain.as_bytes()), pointer);
        let extended = plain.replace("\noid", &format!("\next-0-foo sha256:{OID}\noid"));
        assert_eq!(Pointer::parse(extended.as_bytes()), pointer);
    }

    #[test]
    fn what_is_no_pointer_names_nothing() {
        // fail: no final line feed, another order, a key twice, no size, a size with a sign or zeros, another digest, text before or after, too long
        let pointer = |rest: &str| format!("version {VERSION}\n{rest}");
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
            pointer(&format!("oid sha256:{OID}\nsize 1\nx {}\n", "y".repeat(1024))),
            format!("# {VERSION}\noid sha256:{OID}\nsize 1\n"),
            String::new(),
        ] {
            assert_eq!(Pointer::parse(text.as_bytes()), None, "{text:?}");
        }
    }
}
