//! The one pattern language of trust files, scopes and globs.
//!
//! `*` matches any run of characters except `/`, `**` any run of characters, every other character itself.
//! There are no classes and no escapes, so a pattern reads the same to everybody.

/// Tells whether `pattern` matches the whole of `text`.
///
/// Cost: O(pattern x text) time in the worst case, no allocation, no recursion.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Two independent restart points: the last `**` and the last `*` after it.
    let (mut p, mut t) = (0usize, 0usize);
    let mut wide: Option<(usize, usize)> = None;
    let mut narrow: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) if pattern.get(p + 1) == Some(&b'*') => {
                p += 2;
                wide = Some((p, t));
                narrow = None;
                continue;
            }
            (Some(b'*'), _) => {
                p += 1;
                narrow = Some((p, t));
                continue;
            }
            (Some(a), Some(b)) if a == b => {
                p += 1;
                t += 1;
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        match (narrow, wide) {
            (Some((np, nt)), _) if text.get(nt).is_some_and(|b| *b != b'/') => {
                narrow = Some((np, nt + 1));
                (p, t) = (np, nt + 1);
            }
            (_, Some((wp, wt))) if wt < text.len() => {
                narrow = None;
                wide = Some((wp, wt + 1));
                (p, t) = (wp, wt + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
    }

    #[test]
    fn stars_stop_at_slashes_and_double_stars_do_not() {
        // pass: `*` stays in one segment, `**` crosses segments
        check("src/*.rs", "src/lib.rs", true);
        check("src/*.rs", "src/a/lib.rs", false);
        check("src/**", "src/a/lib.rs", true);
        check("**", "anything/at/all", true);
        check("**/x", "a/b/x", true);
        check("**/*.lock", "a/b/Cargo.lock", true);
        check("refs/tags/v*", "refs/tags/v1.2", true);
        check("refs/tags/v*", "refs/tags/v1/2", false);
        check("", "", true);
        check("", "a", false);
        check("*", "", true);
        check("a*b*c", "aXbXbc", true);
        check("app", "app2", false);
    }
}
