//! Artifact rules, read.
//!
//! SPEC: in-toto specification 1.0 section 4.3.3.

use thiserror::Error;

use super::path::unplain;
use super::pattern::{Pattern, PatternError};

/// Why words are no rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum RuleError {
    #[error("`{}` is no artifact rule", words(.0))]
    Form(Vec<String>),
    #[error("`{}`: the pattern cannot be used: {source}", words(rule))]
    Pattern { rule: Vec<String>, source: PatternError },
    #[error("`{}`: the folder behind IN cannot be used: {reason}", words(rule))]
    Prefix { rule: Vec<String>, reason: &'static str },
}

/// Which of the two a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Materials,
    Products,
}

impl Side {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Materials => "materials",
            Self::Products => "products",
        }
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// Takes what is also there, with equal digests, on the other side of a step.
    Match { pattern: Pattern, source: Option<String>, side: Side, destination: Option<String>, from: String },
    /// Takes products that are no materials.
    Create(Pattern),
    /// Takes materials that are no products.
    Delete(Pattern),
    /// Takes what is both, with different digests.
    Modify(Pattern),
    /// Takes.
    Allow(Pattern),
    /// Refuses what is left.
    Disallow(Pattern),
    /// Refuses unless exactly this is left.
    Require(String),
}

impl Rule {
    /// Reads a rule. Key words may be in any case.
    ///
    /// # Errors
    /// [`RuleError`].
    pub(super) fn parse(rule: &[String]) -> Result<Self, RuleError> {
        let form = || RuleError::Form(rule.to_vec());
        let pattern =
            |text: &str| Pattern::parse(text).map_err(|source| RuleError::Pattern { rule: rule.to_vec(), source });
        let words: Vec<&str> = rule.iter().map(String::as_str).collect();
        let (first, behind) = words.split_first().ok_or_else(form)?;
        if !first.eq_ignore_ascii_case("match") {
            let [text] = behind else { return Err(form()) };
            return match first.to_ascii_lowercase().as_str() {
                "create" => pattern(text).map(Self::Create),
                "delete" => pattern(text).map(Self::Delete),
                "modify" => pattern(text).map(Self::Modify),
                "allow" => pattern(text).map(Self::Allow),
                "disallow" => pattern(text).map(Self::Disallow),
                "require" => Ok(Self::Require((*text).to_owned())),
                _ => Err(form()),
            };
        }
        let is = |word: &str, expected: &str| word.eq_ignore_ascii_case(expected);
        let (text, source, side, destination, from) = match behind {
            [text, i, source, w, side, j, destination, f, from]
                if is(i, "in") && is(w, "with") && is(j, "in") && is(f, "from") =>
            {
                (text, *source, side, *destination, from)
            }
            [text, i, source, w, side, f, from] if is(i, "in") && is(w, "with") && is(f, "from") => {
                (text, *source, side, "", from)
            }
            [text, w, side, j, destination, f, from] if is(w, "with") && is(j, "in") && is(f, "from") => {
                (text, "", side, *destination, from)
            }
            [text, w, side, f, from] if is(w, "with") && is(f, "from") => (text, "", side, "", from),
            _ => return Err(form()),
        };
        let side = match side.to_ascii_lowercase().as_str() {
            "materials" => Side::Materials,
            "products" => Side::Products,
            _ => return Err(form()),
        };
        let prefix = |text: &str| match text {
            "" => Ok(None),
            text => {
                let inner = text.strip_suffix('/').unwrap_or(text);
                match unplain(inner) {
                    Some(reason) => Err(RuleError::Prefix { rule: rule.to_vec(), reason }),
                    None => Ok(Some(format!("{inner}/"))),
                }
            }
        };
        let (source, destination) = (prefix(source)?, prefix(destination)?);
        Ok(Self::Match { pattern: pattern(text)?, source, side, destination, from: (*from).to_owned() })
    }
}

/// A rule as people write it.
pub(super) fn words(rule: &[String]) -> String {
    // LIMIT: of a message.
    rule.iter().take(12).map(|word| word.chars().take(120).collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Result<Rule, RuleError> {
        Rule::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_four_forms_of_match_and_the_six_others_are_read() {
        // pass: any case of the key words; fail: words too few, too many or unknown
        for text in [
            "CREATE a",
            "delete a*",
            "Modify a",
            "ALLOW *",
            "DISALLOW *",
            "REQUIRE a",
            "MATCH a WITH PRODUCTS FROM s",
            "match a in x/ with materials from s",
            "MATCH a WITH PRODUCTS IN y FROM s",
            "MATCH a IN x WITH PRODUCTS IN y/z FROM s",
        ] {
            assert!(rule(text).is_ok(), "{text}: {:?}", rule(text));
        }
        for text in [
            "",
            "CREATE",
            "CREATE a b",
            "PERMIT a",
            "MATCH a",
            "MATCH a WITH PRODUCTS FROM",
            "MATCH a WITH THINGS FROM s",
            "MATCH a IN x WITH PRODUCTS IN y FROM s t",
            "MATCH a IN . WITH PRODUCTS FROM s",
            "MATCH a IN ../x WITH PRODUCTS FROM s",
            "MATCH a IN x// WITH PRODUCTS FROM s",
            "ALLOW a\\b",
        ] {
            assert!(rule(text).is_err(), "{text}");
        }
    }
}
