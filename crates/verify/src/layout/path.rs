//! Names of artifacts, where all readers mean the same.

use lasthand_model::wire::statement::DigestSet;

/// Says why readers could take a name for another one; absent when it is plain.
///
/// SECURITY: CVE-2021-41087: `dir/../foo` is not `foo` for one reader, and is for another. So no name with `..`, `.`, empty segments or `\`.
pub(super) fn unplain(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.contains('\\') {
        return Some("it holds `\\`, which is a separator for some readers");
    }
    if name.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    let inner = name.strip_prefix('/').unwrap_or(name);
    if inner.split('/').any(|segment| segment == "..") {
        return Some("it holds a `..` segment");
    }
    let folded = inner.split('/').any(|segment| segment.is_empty() || segment == ".");
    folded.then_some("it is not in its shortest form")
}

/// Digests that say which bytes they are of: algorithm and hex digits.
const STRONG: [(&str, usize); 5] =
    [("sha256", 64), ("sha384", 96), ("sha512", 128), ("sha3_256", 64), ("sha3_512", 128)];

/// Says why digests do not tell one content from another; absent when they do.
///
/// SECURITY: two artifacts without any digest are equal for both implementations; MD5 and SHA-1 alone prove nothing.
pub(super) fn weak(digests: &DigestSet) -> Option<&'static str> {
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digests.values().any(|value| !hex(value)) {
        return Some("a digest is not hex");
    }
    let known = |name: &str| STRONG.iter().find(|(strong, _)| *strong == name).map(|(_, length)| *length);
    if digests.iter().any(|(name, value)| known(name).is_some_and(|length| length != value.len())) {
        return Some("a digest has not the length of its algorithm");
    }
    let strong = digests.keys().any(|name| known(name).is_some());
    (!strong).then_some("it has no digest that nobody can make twice (SHA-256, SHA-384, SHA-512)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_those_that_all_readers_keep() {
        // pass: relative, absolute, with odd signs; fail: everything that one reader rewrites
        for name in ["foo", "a/b", "/usr/bin/x", "..foo", "a b", "*", "dir:foo", "\u{e9}"] {
            assert_eq!(unplain(name), None, "{name}");
        }
        for name in ["", ".", "..", "./a", "a/", "a//b", "/", "//a", "dir/../foo", "../a", "a/.", "a\\b", "a\nb", "a\0"]
        {
            assert!(unplain(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn digests_must_tell_contents_apart() {
        // pass: SHA-256, alone or beside others; fail: none, a weak one, one that is cut, no hex
        let set = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<DigestSet>()
        };
        let long = "a".repeat(64);
        assert_eq!(weak(&set(&[("sha256", &long)])), None);
        assert_eq!(weak(&set(&[("sha256", &long), ("md5", "00")])), None);
        for bad in [set(&[]), set(&[("md5", "00")]), set(&[("sha256", "aa")]), set(&[("sha256", &long), ("x", "zz")])] {
            assert!(weak(&bad).is_some(), "{bad:?}");
        }
    }
}
