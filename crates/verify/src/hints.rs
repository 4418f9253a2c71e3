//! What to do about a finding, with the commits that it is about where they are known.

use std::collections::BTreeMap;

use lasthand_lineage::Finding;
use lasthand_model::digest::{GitId, StatementDigest};
use lasthand_model::wire::facts::{Body, Facts, Landing};

/// Digits of a commit that people read.
const DIGITS: usize = 12;

/// The landings of an answer, by the statements that tell of them.
pub(crate) struct Hints<'a>(BTreeMap<StatementDigest, &'a Landing>);

impl<'a> Hints<'a> {
    pub(crate) fn of(facts: &'a Facts) -> Self {
        let landing = |fact: &'a lasthand_model::wire::facts::StatementFact| match &fact.body {
            Body::Landing(landing) => Some((fact.digest, landing)),
            _ => None,
        };
        Self(facts.statements.iter().filter_map(landing).collect())
    }

    /// The hint of a finding: `BASE..HEAD` stands for the commits of the landing that it is about, where they are known.
    pub(crate) fn hint(&self, finding: &Finding) -> String {
        match finding.place.step.and_then(|step| self.range(step)) {
            Some(range) => finding.hint().replace("BASE..HEAD", &range),
            None => finding.hint().to_owned(),
        }
    }

    /// The commit that a landing moved its ref to.
    pub(crate) fn commit(&self, digest: StatementDigest) -> Option<&'a str> {
        self.0.get(&digest)?.to.git_commit.as_ref().map(GitId::as_str)
    }

    fn range(&self, digest: StatementDigest) -> Option<String> {
        let landing = self.0.get(&digest)?;
        let base = landing.from.as_ref().and_then(|from| from.git_commit.as_ref()).map(GitId::as_str);
        let base = base.or_else(|| self.commit(landing.prev?))?;
        Some(format!("{}..{}", short(base), short(self.commit(digest)?)))
    }
}

/// The first 12 digits.
pub(crate) fn short(hex: &str) -> String {
    hex.chars().take(DIGITS).collect()
}
