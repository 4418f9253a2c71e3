//! Patterns of artifact rules, where all readers mean the same.
//!
//! SPEC: in-toto specification 1.0 section 4.3.3. The implementations use Python's `fnmatch` and a rewrite of Go's `path.Match`: `*` is any run of
//! characters, `/` too; `?` any character; `[abc]`, `[a-c]`, `[!abc]` one of a class.
//!
//! OFF-SPEC: what the two read differently is no pattern here: `\` escapes in one and is itself in the other; a `]` or `-` at the edge of a
//! class, a class without end, a range that runs backwards; and what is not in its shortest form (`./a`, `a//b`, `a/`), which one rewrites.

use thiserror::Error;

use super::budget::{Budget, OverBudget};
use super::path::unplain;

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum PatternError {
    #[error("it holds `\\`, which escapes for one reader and is itself for another")]
    Backslash,
    #[error("it holds a class that readers take differently")]
    Class,
    #[error("{0}")]
    Unplain(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Exactly this.
    Char(char),
    /// Any one.
    One,
    /// Any run.
    Run,
    /// One of these ranges, or of none.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    /// What every match begins with.
    head: String,
    /// Absent where the text has no signs.
    tokens: Option<Vec<Token>>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] for what readers take differently.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.contains('\\') {
            return Err(PatternError::Backslash);
        }
        if let Some(reason) = unplain(text) {
            return Err(PatternError::Unplain(reason));
        }
        let mut tokens = Vec::new();
        let mut rest = text.chars();
        while let Some(sign) = rest.next() {
            match sign {
                '*' if tokens.last() == Some(&Token::Run) => {}
                '*' => tokens.push(Token::Run),
                '?' => tokens.push(Token::One),
                '[' => tokens.push(class(&mut rest)?),
                other => tokens.push(Token::Char(other)),
            }
        }
        let plain = |token: &Token| match token {
            Token::Char(sign) => Some(*sign),
            _ => None,
        };
        let head: String = tokens.iter().map_while(plain).collect();
        let tokens = tokens.iter().any(|token| plain(token).is_none()).then_some(tokens);
        Ok(Self { text: text.to_owned(), head, tokens })
    }

    /// What every match begins with.
    pub(super) fn head(&self) -> &str {
        &self.head
    }

    /// The one text that matches, where there is only one.
    pub(super) fn exact(&self) -> Option<&str> {
        self.tokens.is_none().then_some(self.text.as_str())
    }

    /// Tells whether the whole of `name` matches.
    ///
    /// Cost: O(pattern x name) in the worst case, all of which the budget pays; no recursion.
    pub(super) fn matches(&self, name: &str, budget: &mut Budget) -> Result<bool, OverBudget> {
        let Some(tokens) = &self.tokens else {
            budget.pay(1)?;
            return Ok(self.text == name);
        };
        budget.pay(1 + name.len())?;
        if tokens.as_slice() == [Token::Run] {
            return Ok(true);
        }
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut next) = (0, 0);
        // Where to go on when what follows the last run does not fit: behind the run, and one character further.
        let mut again: Option<(usize, usize)> = None;
        loop {
            let fits = match (tokens.get(next), name.get(at)) {
                (None, None) => return Ok(true),
                (Some(Token::Run), _) => {
                    next += 1;
                    again = Some((next, at));
                    continue;
                }
                (Some(token), Some(sign)) => token.takes(*sign),
                _ => false,
            };
            if fits {
                (at, next) = (at + 1, next + 1);
                continue;
            }
            match again {
                Some((behind, from)) if from < name.len() => {
                    budget.pay(1 + at - from)?;
                    again = Some((behind, from + 1));
                    (next, at) = (behind, from + 1);
                }
                _ => return Ok(false),
            }
        }
    }
}

impl Token {
    fn takes(&self, sign: char) -> bool {
        match self {
            Self::Char(own) => *own == sign,
            Self::One => true,
            Self::Run => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&sign)) != *negated
            }
        }
    }
}

/// Reads a class behind its `[`.
fn class(rest: &mut std::str::Chars<'_>) -> Result<Token, PatternError> {
    let text = rest.as_str();
    let (inside, behind) = text.split_once(']').ok_or(PatternError::Class)?;
    let (negated, members) = inside.strip_prefix('!').map_or((false, inside), |members| (true, members));
    // `^` first is itself for both, and the reverse for everybody else.
    if members.is_empty() || members.starts_with('^') || members.contains(['[', '/']) {
        return Err(PatternError::Class);
    }
    let mut signs = members.chars().peekable();
    let mut ranges = Vec::new();
    while let Some(low) = signs.next() {
        let range = if signs.peek() == Some(&'-') { signs.nth(1).ok_or(PatternError::Class)? } else { low };
        if low == '-' || range == '-' || range < low {
            return Err(PatternError::Class);
        }
        ranges.push((low, range));
    }
    *rest = behind.chars();
    Ok(Token::Class { negated, ranges })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may stop")]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, expected: bool) {
        let mut budget = Budget::of(1 << 20);
        assert_eq!(Pattern::parse(pattern).unwrap().matches(name, &mut budget), Ok(expected), "{pattern} on {name}");
    }

    #[test]
    fn patterns_match_as_both_implementations_do() {
        // pass: runs cross slashes, classes, exact names; fail: a part is no match
        for (pattern, name, expected) in [
            ("*", "a/b", true),
            ("src/*", "src/a/b.c", true),
            ("src/*", "src", false),
            ("*.c", "src/a.c", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXcb", false),
            ("?", "\u{e9}", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[!a-c]x", "dx", true),
            ("a[*]b", "a*b", true),
            ("a[*]b", "axb", false),
            ("foo.py", "foo.py", true),
            ("foo.py", "fooxpy", false),
            ("**", "x", true),
            ("*a", "aaaaaaaab", false),
        ] {
            check(pattern, name, expected);
        }
    }

    #[test]
    fn what_readers_take_differently_is_no_pattern() {
        // fail: escapes, classes without end or with edges, names that one of them rewrites
        for pattern in [
            "", ".", "./a", "a/", "a//b", "a/../b", "..", "a\\*", "[", "[a", "[]", "[]a]", "[!]", "[a-]", "[-a]",
            "[z-a]", "[^a]", "[[]", "[a/b]", "a/./*",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_costly_pattern_ends_with_the_budget() {
        // fail: more comparisons than allowed is an error and no answer
        let name = "a".repeat(5_000);
        let pattern = Pattern::parse(&format!("{}b", "*a".repeat(500))).unwrap();
        assert!(pattern.matches(&name, &mut Budget::of(10_000)).is_err());
    }
}
