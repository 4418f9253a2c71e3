//! Where two texts differ: aligned by their rarest lines, as git's merges do, and by Myers' algorithm; bounded by work.

use std::ops::Range;

use gix::diff::blob::{Algorithm, Diff, Hunk, Token};

/// Lines that occur more often align nothing, as in git.
const OFTEN: u32 = 64;
/// Steps by which Myers' algorithm goes over each line at least before it gives up on the shortest way.
const STEPS: usize = 256;

/// Work that may still be done: steps over a line.
#[derive(Debug)]
pub(super) struct Work(pub(super) u64);

impl Work {
    /// Takes some; `None` when there is not so much left.
    pub(super) fn take(&mut self, steps: usize) -> Option<()> {
        let left = self.0.checked_sub(steps as u64);
        self.0 = left.unwrap_or_default();
        left.map(drop)
    }
}

/// What differs of two texts, by Myers' algorithm; `None` when it takes too much work.
///
/// In: lines as tokens below `tokens`. Cost: the lines between the first and the last that differ, times the root of their number.
pub(super) fn by_shortest_way(before: &[Token], after: &[Token], tokens: u32, work: &mut Work) -> Option<Vec<Hunk>> {
    let shorter = before.len().min(after.len());
    let front = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let back = before.iter().rev().zip(after.iter().rev()).take(shorter - front);
    let back = back.take_while(|(old, new)| old == new).count();
    let differing = before.len() + after.len() - 2 * (front + back);
    let is_one_sided = shorter == front + back;
    let steps = if is_one_sided { 0 } else { differing.isqrt().max(STEPS.min(differing)) };
    work.take(before.len() + after.len() + differing.saturating_mul(steps))?;
    let mut diff = Diff::default();
    diff.compute_with(Algorithm::Myers, before, after, tokens);
    Some(diff.hunks().collect())
}

/// What differs of two texts: the common lines that are rarest align it, then the longest run, then what is before and behind that in turn; lines that are
/// nowhere rare are aligned by Myers' algorithm. `None` when it takes too much work.
///
/// In: lines as tokens below `tokens`. Cost: O(lines) for each run that is aligned; memory O(lines).
///
/// SPEC: the alignment that `git merge` has by default (`--diff-algorithm=histogram`), without moving changes up or down afterwards.
pub(super) fn by_rare_lines(before: &[Token], after: &[Token], tokens: u32, work: &mut Work) -> Option<Vec<Hunk>> {
    let mut places = Places::new(before.len(), tokens);
    let mut open = vec![(0..before.len(), 0..after.len())];
    let mut hunks: Vec<Hunk> = Vec::new();
    // The last pushed is the first of the text, so that the changes come in order.
    while let Some((old, new)) = open.pop() {
        if old.is_empty() || new.is_empty() {
            push(&mut hunks, &old, &new);
            continue;
        }
        let (lines, others) = (before.get(old.clone())?, after.get(new.clone())?);
        match places.rarest(lines, others, work)? {
            Rarest::Run { old_start, new_start, len } => {
                let (old_start, new_start) = (old.start + old_start, new.start + new_start);
                open.push((old_start + len..old.end, new_start + len..new.end));
                open.push((old.start..old_start, new.start..new_start));
            }
            Rarest::Nothing => push(&mut hunks, &old, &new),
            Rarest::Often => {
                for hunk in by_shortest_way(lines, others, tokens, work)? {
                    let within = |range: Range<u32>, at: usize| range.start as usize + at..range.end as usize + at;
                    push(&mut hunks, &within(hunk.before, old.start), &within(hunk.after, new.start));
                }
            }
        }
    }
    Some(hunks)
}

/// Adds a change behind the others; one that nothing parts from the last is a part of it.
fn push(hunks: &mut Vec<Hunk>, old: &Range<usize>, new: &Range<usize>) {
    let short = |range: &Range<usize>| range.start as u32..range.end as u32;
    let (before, after) = (short(old), short(new));
    if before.is_empty() && after.is_empty() {
        return;
    }
    match hunks.last_mut() {
        Some(last) if last.before.end == before.start && last.after.end == after.start => {
            (last.before.end, last.after.end) = (before.end, after.end);
        }
        _ => hunks.push(Hunk { before, after }),
    }
}

/// Where each line of a text is.
struct Places {
    /// By token, the first place, and how many there are.
    of: Vec<(u32, u32)>,
    /// By place, the next one of the same line.
    next: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

/// What two texts have in common.
enum Rarest {
    /// Nothing.
    Nothing,
    /// Nothing that is rare.
    Often,
    /// This run, by which they are aligned.
    Run { old_start: usize, new_start: usize, len: usize },
}

impl Places {
    fn new(lines: usize, tokens: u32) -> Self {
        Self { of: vec![(NOWHERE, 0); tokens as usize], next: vec![NOWHERE; lines] }
    }

    fn count(&self, token: Token) -> u32 {
        self.of.get(token.0 as usize).map_or(0, |(_, count)| *count)
    }

    fn first(&self, token: Token) -> Option<usize> {
        self.of
            .get(token.0 as usize)
            .map(|(first, _)| *first)
            .filter(|first| *first != NOWHERE)
            .map(|first| first as usize)
    }

    fn after(&self, place: usize) -> Option<usize> {
        self.next.get(place).copied().filter(|next| *next != NOWHERE).map(|next| next as usize)
    }

    /// Takes the places of lines that are looked at together, or forgets them.
    fn set(&mut self, lines: &[Token]) {
        for (at, token) in lines.iter().enumerate().rev() {
            if let (Some((first, count)), Some(next)) = (self.of.get_mut(token.0 as usize), self.next.get_mut(at)) {
                *next = std::mem::replace(first, at as u32);
                *count += 1;
            }
        }
    }

    fn forget(&mut self, lines: &[Token]) {
        for token in lines {
            if let Some(of) = self.of.get_mut(token.0 as usize) {
                *of = (NOWHERE, 0);
            }
        }
    }

    /// The run of common lines of which one is rarest; of equally rare ones a longer one, then the first.
    fn rarest(&mut self, old: &[Token], new: &[Token], work: &mut Work) -> Option<Rarest> {
        work.take(old.len() + new.len())?;
        self.set(old);
        let found = self.search(old, new, work);
        self.forget(old);
        found
    }

    fn search(&self, old: &[Token], new: &[Token], work: &mut Work) -> Option<Rarest> {
        let (mut best, mut rarity, mut is_common) = ((0, 0, 0), OFTEN + 1, false);
        let mut at = 0;
        while let Some(token) = new.get(at) {
            let mut next_at = at + 1;
            let mut place = self.first(*token);
            is_common |= place.is_some();
            if self.count(*token) > rarity {
                place = None;
            }
            while let Some(old_at) = place {
                let (start, end, rare) = self.run(old, new, (old_at, at));
                work.take(end - start)?;
                let (new_start, new_end) = (at + start - old_at, at + end - old_at);
                next_at = next_at.max(new_end);
                // A single line has to be rarer than what is known.
                let is_longer = end - start > best.2.max(1);
                if is_longer || rare < rarity {
                    (best, rarity) = ((start, new_start, end - start), rare);
                }
                place = self.after(old_at);
                while let Some(known) = place.filter(|place| *place < end) {
                    work.take(1)?;
                    place = self.after(known);
                }
            }
            at = next_at;
        }
        let (old_start, new_start, len) = best;
        Some(match (is_common, rarity > OFTEN) {
            (false, _) => Rarest::Nothing,
            (true, true) => Rarest::Often,
            (true, false) => Rarest::Run { old_start, new_start, len },
        })
    }

    /// The common run around a place in both texts: from where to where it is in the old one, and how often its rarest line is there.
    fn run(&self, old: &[Token], new: &[Token], (old_at, new_at): (usize, usize)) -> (usize, usize, u32) {
        let equal = |(old, new): &(&Token, &Token)| old == new;
        let (old_above, old_below) = old.split_at_checked(old_at).unwrap_or_default();
        let (new_above, new_below) = new.split_at_checked(new_at).unwrap_or_default();
        let up = old_above.iter().rev().zip(new_above.iter().rev()).take_while(equal).count();
        let down = old_below.iter().zip(new_below).take_while(equal).count();
        let (start, end) = (old_at - up, old_at + down);
        let rare = old.get(start..end).unwrap_or_default().iter().map(|token| self.count(*token)).min();
        (start, end, rare.unwrap_or_default())
    }
}
