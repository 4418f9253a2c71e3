//! What a history shows besides who answers for it: what its landings are, and what is odd about the people of its commits.

use std::collections::VecDeque;

use lasthand_model::history::ObjectKey;
use lasthand_model::pack::{Packer, Unpacker};
use lasthand_model::wire::step_actor::OddPerson;
use lasthand_observe::git::LandingClass;

/// LIMIT: odd people, and residual landings, that are kept: of more, the newest.
const KEPT: usize = 50_000;
/// LIMIT: bytes of text that are kept of each of both.
const KEPT_BYTES: usize = 32 << 20;
/// LIMIT: paths that are kept of one residual landing.
const PATHS: usize = 100;

/// What was noticed, landing by landing.
#[derive(Debug, Default)]
pub(crate) struct Noticed {
    /// How many landings there are of each class.
    pub(crate) classes: Classes,
    /// What is odd about people, oldest first.
    pub(crate) people: Newest<OddPerson>,
    /// Landings that hold more than what they bring in, oldest first.
    pub(crate) residual: Newest<Residual>,
}

/// Landings by class. SPEC: docs/landings.md.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    pub(crate) identity: u64,
    pub(crate) replay: u64,
    pub(crate) residual: u64,
}

/// A landing that is not the merge of its parents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Residual {
    pub(crate) commit: ObjectKey,
    /// Why, in one word.
    pub(crate) why: String,
    /// The paths that need a review of their own: the first.
    pub(crate) paths: Vec<String>,
    /// How many more there are.
    pub(crate) more: u64,
}

/// A list that forgets its oldest.
#[derive(Debug)]
pub(crate) struct Newest<T> {
    items: VecDeque<T>,
    bytes: usize,
    forgotten: u64,
}

/// How much text something holds, and how it is kept.
pub(crate) trait Keep: Sized {
    fn bytes(&self) -> usize;
    fn pack(&self, packer: &mut Packer);
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

impl Noticed {
    /// Takes in a landing.
    pub(super) fn add(&mut self, commit: ObjectKey, class: LandingClass, odd: Vec<OddPerson>) {
        odd.into_iter().for_each(|odd| self.people.push(odd));
        let Classes { identity, replay, residual } = &mut self.classes;
        match class {
            LandingClass::Identity { .. } => *identity += 1,
            LandingClass::Replay { .. } => *replay += 1,
            LandingClass::Residual { why, mut paths, .. } => {
                *residual += 1;
                let more = u64::try_from(paths.len().saturating_sub(PATHS)).unwrap_or(u64::MAX);
                paths.truncate(PATHS);
                self.residual.push(Residual { commit, why: why.word().to_owned(), paths, more });
            }
        }
    }

    /// Everything, to go on later.
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut packer = Packer::default();
        let Classes { identity, replay, residual } = self.classes;
        [identity, replay, residual].iter().for_each(|count| packer.number(*count));
        self.people.pack(&mut packer);
        self.residual.pack(&mut packer);
        packer.finish()
    }

    /// Reads what [`pack`](Self::pack) wrote; `None` when it is damaged.
    pub(super) fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(bytes);
        let classes = Classes { identity: from.number()?, replay: from.number()?, residual: from.number()? };
        let noticed = Self { classes, people: Newest::unpack(&mut from)?, residual: Newest::unpack(&mut from)? };
        from.is_empty().then_some(noticed)
    }
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0, forgotten: 0 }
    }
}

impl<T> Newest<T> {
    /// The newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &T> {
        self.items.iter().rev()
    }

    /// How many were there and are not kept.
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

impl<T: Keep> Newest<T> {
    fn push(&mut self, item: T) {
        self.bytes = self.bytes.saturating_add(item.bytes());
        self.items.push_back(item);
        while self.items.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.items.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.bytes());
            self.forgotten += 1;
        }
    }

    fn pack(&self, packer: &mut Packer) {
        packer.number(self.forgotten);
        packer.count(self.items.len());
        self.items.iter().for_each(|item| item.pack(packer));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let forgotten = from.number()?;
        let items: VecDeque<T> = from.list(T::unpack)?.into();
        let bytes = items.iter().map(T::bytes).sum();
        Some(Self { items, bytes, forgotten })
    }
}

impl Keep for OddPerson {
    fn bytes(&self) -> usize {
        self.what.len() + self.rule.len() + self.principal.as_ref().map_or(0, String::len)
    }

    fn pack(&self, packer: &mut Packer) {
        packer.text(&self.what);
        packer.text(self.commit.as_str());
        packer.option(self.principal.as_deref(), Packer::text);
        packer.text(&self.rule);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            what: from.text()?.to_owned(),
            commit: from.text()?.parse().ok()?,
            principal: from.option(|from| from.text().map(str::to_owned))?,
            rule: from.text()?.to_owned(),
        })
    }
}

impl Keep for Residual {
    fn bytes(&self) -> usize {
        self.paths.iter().map(String::len).sum()
    }

    fn pack(&self, packer: &mut Packer) {
        self.commit.pack(packer);
        packer.text(&self.why);
        packer.count(self.paths.len());
        self.paths.iter().for_each(|path| packer.text(path));
        packer.number(self.more);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            commit: ObjectKey::unpack(from)?,
            why: from.text()?.to_owned(),
            paths: from.list(|from| from.text().map(str::to_owned))?,
            more: from.number()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

    use lasthand_observe::git::{Against, MergeNote};

    use super::*;

    fn odd(principal: &str) -> OddPerson {
        OddPerson {
            what: "agent-sign-off".to_owned(),
            commit: "ab".repeat(20).parse().unwrap(),
            principal: Some(principal.to_owned()),
            rule: "mail:x".to_owned(),
        }
    }

    fn residual(paths: usize) -> LandingClass {
        let paths = (0..paths).map(|path| path.to_string()).collect();
        LandingClass::Residual { against: Against::Parents, why: MergeNote::Conflict, paths, equal_patch: false }
    }

    #[test]
    fn what_was_noticed_comes_back_as_it_was() {
        // pass: counts, people, residual landings with their first paths; fail: a byte less
        let mut noticed = Noticed::default();
        let commit = ObjectKey::from_bytes(&[7; 20]).unwrap();
        noticed.add(commit, LandingClass::Identity { against: Against::Itself }, vec![odd("a"), odd("b")]);
        noticed.add(commit, LandingClass::Replay { against: Against::Parents }, Vec::new());
        noticed.add(commit, residual(102), Vec::new());
        assert_eq!(noticed.classes, Classes { identity: 1, replay: 1, residual: 1 });
        let [landing] = &noticed.residual.newest_first().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!((landing.why.as_str(), landing.paths.len(), landing.more), ("conflict", 100, 2));
        let bytes = noticed.pack();
        let again = Noticed::unpack(&bytes).unwrap();
        assert_eq!(again.pack(), bytes);
        let people: Vec<_> = again.people.newest_first().map(|odd| odd.principal.as_deref().unwrap()).collect();
        assert_eq!(people, ["b", "a"]);
        assert!((0..bytes.len()).all(|length| Noticed::unpack(&bytes[..length]).is_none()));
    }

    #[test]
    fn of_too_many_the_newest_are_kept() {
        // pass: so many and so many bytes; fail: of more the oldest go, and are counted
        let mut people = Newest::default();
        (0..=KEPT).for_each(|_| people.push(odd("a")));
        assert_eq!((people.items.len(), people.forgotten()), (KEPT, 1));
        let mut people = Newest::default();
        let long = "a".repeat(KEPT_BYTES / 3);
        (0..4).for_each(|_| people.push(odd(&long)));
        assert_eq!((people.items.len(), people.forgotten()), (2, 2));
    }
}
