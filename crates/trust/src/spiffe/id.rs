//! SPIFFE ids.
//!
//! SPEC: SPIFFE-ID, section 2. OFF-SPEC: scheme and trust domain are taken in lower case alone, as SVIDs have to write them; so an id has one text.

use std::fmt;
use std::str::FromStr;

/// SPEC: SPIFFE-ID section 2.3: an id has at most 2048 bytes, its trust domain 255.
const ID_BYTES: usize = 2048;
const DOMAIN_BYTES: usize = 255;

/// A trust domain: `acme.example`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain(String);

impl TrustDomain {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TrustDomain {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        if text.is_empty() || text.len() > DOMAIN_BYTES {
            return Err("its trust domain has not 1 to 255 bytes");
        }
        if !text.chars().all(plain) {
            return Err("its trust domain holds another character than a-z 0-9 . - _");
        }
        Ok(Self(text.to_owned()))
    }
}

/// A SPIFFE id: `spiffe://acme.example/agent/coder/task/7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    text: String,
    domain: TrustDomain,
}

impl SpiffeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its trust domain.
    #[must_use]
    pub const fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// Whether it names a workload, and not the trust domain itself.
    #[must_use]
    pub fn has_path(&self) -> bool {
        self.text.len() > "spiffe://".len() + self.domain.0.len()
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for SpiffeId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > ID_BYTES {
            return Err("it has more than 2048 bytes");
        }
        let rest = text.strip_prefix("spiffe://").ok_or("it does not begin with `spiffe://`")?;
        let (domain, path) = match rest.split_once('/') {
            Some((domain, path)) => (domain, Some(path)),
            None => (rest, None),
        };
        let domain = domain.parse()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        for segment in path.into_iter().flat_map(|path| path.split('/')) {
            match segment {
                "" => return Err("a segment of its path is empty"),
                "." | ".." => return Err("a segment of its path is `.` or `..`"),
                // SECURITY: a percent sign would be another text for the same id, or for another one.
                segment if !segment.chars().all(plain) => {
                    return Err("its path holds another character than a-z A-Z 0-9 . - _");
                }
                _ => {}
            }
        }
        Ok(Self { text: text.to_owned(), domain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_text_or_is_none() {
        // pass: trust domains alone, paths, every character that may be
        for (text, path) in [
            ("spiffe://acme.example", false),
            ("spiffe://acme.example/agent/coder-7/task/1", true),
            ("spiffe://a_b-c.0/A.z_9-/...", true),
            (&format!("spiffe://{}/a", "d".repeat(255)), true),
            (&format!("spiffe://a/{}", "p".repeat(2048 - 11)), true),
        ] {
            let id: SpiffeId = text.parse().unwrap_or_else(|error| unreachable!("{text}: {error}"));
            assert_eq!((id.as_str(), id.has_path()), (text, path));
        }
        // fail: one thing each
        for text in [
            "",
            "spiffe://",
            "spiffe:///a",
            "http://acme.example/a",
            "SPIFFE://acme.example/a",
            "spiffe://Acme.example/a",
            "spiffe://acme.example/",
            "spiffe://acme.example/a/",
            "spiffe://acme.example//a",
            "spiffe://acme.example/./a",
            "spiffe://acme.example/a/../b",
            "spiffe://acme.example/a%2fb",
            "spiffe://acme.example/a?b",
            "spiffe://acme.example/a#b",
            "spiffe://acme.example/a b",
            "spiffe://acme.example/\u{e4}",
            "spiffe://acme.example:8443/a",
            "spiffe://me@acme.example/a",
            "spiffe://acme%2eexample/a",
            "spiffe://acme.example/*",
            &format!("spiffe://{}/a", "d".repeat(256)),
            &format!("spiffe://a/{}", "p".repeat(2048 - 10)),
        ] {
            assert!(text.parse::<SpiffeId>().is_err(), "{text}");
        }
    }
}
