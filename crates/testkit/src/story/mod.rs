//! The story language: evidence in words, one fact a line, in two variants that differ in one line.
//!
//! A story states who signed what, which marks, trees, lists and trust rows there are; it never states a conclusion. A line that begins with `!`
//! stands only in the attack, one that begins with `=` only in its twin. The words are described in `testdata/stories/README.md`.

mod bases;
mod entries;
mod evidence;
mod expect;
mod images;
mod line;
mod names;
mod release;
mod teller;
mod trust;
mod world;

use lasthand_model::digest::{Sha256, StatementDigest};
use lasthand_model::wire::facts::Facts;

pub use expect::{Expectation, Expected};
pub use line::StoryError;
pub use world::NOW;

use line::{Line, Marker};

/// One of the two tellings of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// With the lines that begin with `!`.
    Attack,
    /// With the lines that begin with `=`.
    Twin,
}

impl Variant {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Attack, Self::Twin];

    /// The word used in names of vectors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attack => "attack",
            Self::Twin => "twin",
        }
    }
}

/// What a story shows about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shows {
    /// The finding appears.
    Positive,
    /// In the other telling it does not.
    Negative,
    /// Somebody tries to evade it, in vain.
    Bypass,
}

/// A story, read and checked.
#[derive(Debug, Clone)]
pub struct Story {
    /// File it was read from.
    pub file: String,
    /// Line on which it begins.
    pub number: usize,
    /// `3`, `12b`, `LH202-bypass`.
    pub id: String,
    /// What happens, in one line.
    pub title: String,
    /// Rules it rests on.
    pub because: String,
    /// Findings it shows.
    pub shows: Vec<(String, Shows)>,
    /// What must come out.
    pub expectations: Vec<Expectation>,
    lines: Vec<Line>,
    base: &'static str,
}

impl Story {
    /// The row of the scenario table, when the story belongs to one.
    #[must_use]
    pub fn row(&self) -> Option<u32> {
        let digits: String = self.id.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// The facts of one telling.
    ///
    /// # Errors
    /// The first line that means nothing; [`parse`] has already tried both tellings, so this fails only for a bug.
    pub fn facts(&self, variant: Variant) -> Result<Facts, StoryError> {
        let base = line::read("base", self.base)?;
        let own = self.lines.iter().filter(|line| line.marker.stands_in(variant));
        teller::tell(base.iter().chain(own))
    }

    /// Digest of the statement that the story calls `id`.
    #[must_use]
    pub fn statement_digest(id: &str) -> StatementDigest {
        StatementDigest(Sha256::of(format!("statement {id}").as_bytes()))
    }

    /// Principal that the story calls `name`.
    #[must_use]
    pub fn principal(name: &str) -> Option<String> {
        names::Names::standard().principal(name)
    }

    /// Names of the statements that either telling states (and a few other words).
    #[must_use]
    pub fn statement_names(&self) -> Vec<String> {
        let base = line::read("base", self.base).unwrap_or_default();
        let lines = base.iter().chain(&self.lines);
        lines.filter_map(|line| line.words.get(1).cloned()).collect()
    }

    /// How many lines stand only in the attack, and only in the twin.
    #[must_use]
    pub fn marked_lines(&self) -> (usize, usize) {
        let count = |marker| self.lines.iter().filter(|line| line.marker == marker).count();
        (count(Marker::Attack), count(Marker::Twin))
    }
}

/// Reads one story and tries both tellings.
///
/// # Errors
/// File, line and reason of the first thing that is not understood, or when the tellings differ in more than one line.
pub fn parse(file: &str, text: &str) -> Result<Story, StoryError> {
    let mut stories = parse_all(file, text)?;
    match (stories.pop(), stories.pop()) {
        (Some(story), None) => Ok(story),
        _ => Err(StoryError::new(file, 1, "expected one story")),
    }
}

/// Reads all stories of a file; each begins with a line `story ID: title`.
///
/// # Errors
/// As [`parse`].
pub fn parse_all(file: &str, text: &str) -> Result<Vec<Story>, StoryError> {
    let mut stories: Vec<Story> = Vec::new();
    for line in line::read(file, text)? {
        if line.verb() == "story" {
            stories.push(begin(file, &line)?);
            continue;
        }
        let story = stories.last_mut().ok_or_else(|| line.error("a story begins with `story ID: title`"))?;
        match line.verb() {
            "because:" => story.because = line.words.get(1..).unwrap_or_default().join(" "),
            "based" => story.base = bases::find(&line)?,
            "finding" => story.shows.extend(expect::shows(&line)?),
            "expect" => story.expectations.push(expect::read(&line)?),
            _ => story.lines.push(line),
        }
    }
    for story in &stories {
        story.check()?;
    }
    Ok(stories)
}

fn begin(file: &str, line: &Line) -> Result<Story, StoryError> {
    let id = line.words.get(1).and_then(|word| word.strip_suffix(':'));
    Ok(Story {
        file: file.to_owned(),
        number: line.number(),
        id: id.ok_or_else(|| line.error("expected `story ID: title`"))?.to_owned(),
        title: line.words.get(2..).unwrap_or_default().join(" "),
        because: String::new(),
        shows: Vec::new(),
        expectations: Vec::new(),
        lines: Vec::new(),
        base: "",
    })
}

impl Story {
    /// Checks that the tellings differ in one line, can be told, and expect one verdict each.
    fn check(&self) -> Result<(), StoryError> {
        let error = |message: &str| Err(StoryError::new(&self.file, self.number, message));
        match self.marked_lines() {
            (0, 0) => return error("nothing differs between the tellings: no line begins with `!` or `=`"),
            (0 | 1, 0 | 1) => {}
            (attack, twin) => {
                return error(&format!("the tellings differ in {attack} `!` and {twin} `=` lines, not in one"));
            }
        }
        for variant in Variant::ALL {
            self.facts(variant)?;
            let verdicts = self.expectations.iter().filter(|expectation| {
                expectation.variant == variant && matches!(expectation.expected, Expected::Verdict(_))
            });
            if verdicts.count() != 1 {
                return error(&format!("expected one verdict for the {}", variant.as_str()));
            }
        }
        Ok(())
    }
}
