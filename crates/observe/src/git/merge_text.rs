//! Three-way merges of a text by lines: clean only where every way to align the lines gives the same text.
//!
//! Where lines repeat, a change can be aligned in several ways, and two programs merge the same three texts differently. So the merge is made by two
//! alignments, and a change conflicts with whatever is within its reach: where it could be moved to, up or down, and give the same text. The first that conflicts or
//! gives another text ends it. A conflict too many costs a review; a merge too many would cover what somebody decided.

use std::iter::Peekable;
use std::ops::Range;
use std::slice::Iter;

use gix::diff::blob::sources::byte_lines;
use gix::diff::blob::{Hunk, InternedInput, Token};

use super::rare_lines::{Work, by_rare_lines, by_shortest_way};

/// LIMIT: steps of one text; more is a conflict. Some seconds.
const TEXT_WORK: u64 = 1_000_000_000;

/// Finds what differs.
type Align = fn(&[Token], &[Token], u32, &mut Work) -> Option<Vec<Hunk>>;

const ALIGNMENTS: [Align; 2] = [by_rare_lines, by_shortest_way];

type Input<'a> = InternedInput<&'a [u8]>;

/// How a text merges.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TextMerge {
    /// Every alignment gives this text.
    Clean(Vec<u8>),
    /// One of them conflicts, or two give different texts.
    Conflict,
    /// More lines differ than are compared.
    TooLarge,
}

/// Merges three texts by lines.
///
/// In: what is merged onto, the base, the head. Out: how they merge, and the work that it took, in steps over a line.
/// Cost: that work, at most 10^9 steps; memory O(lines).
///
/// SPEC: docs/landings.md, "The merge".
pub(super) fn merge_text([onto, base, head]: [&[u8]; 3]) -> (TextMerge, u64) {
    let mut input = Input::default();
    input.update_before(byte_lines(base));
    input.update_after(byte_lines(head));
    let head = std::mem::take(&mut input.after);
    input.update_after(byte_lines(onto));
    let mut work = Work(TEXT_WORK);
    let merged = merge_lines(&input.before, [&input.after, &head], input.interner.num_tokens(), &mut work);
    let found = match merged {
        Merged::Clean(lines) => {
            TextMerge::Clean(lines.into_iter().flat_map(|token| input.interner[token]).copied().collect())
        }
        Merged::Conflict => TextMerge::Conflict,
        Merged::TooMuch => TextMerge::TooLarge,
    };
    (found, TEXT_WORK - work.0)
}

enum Merged {
    Clean(Vec<Token>),
    Conflict,
    TooMuch,
}

fn merge_lines(base: &[Token], [onto, head]: [&[Token]; 2], tokens: u32, work: &mut Work) -> Merged {
    let mut merged = None;
    for align in ALIGNMENTS {
        let mut changes_of = |side: &[Token]| {
            let hunks = align(base, side, tokens, work)?;
            changes(&hunks, base, side, work)
        };
        let (Some(of_onto), Some(of_head)) = (changes_of(onto), changes_of(head)) else { return Merged::TooMuch };
        let sides = [Side { tokens: onto, changes: &of_onto }, Side { tokens: head, changes: &of_head }];
        let Some(found) = merge_changes(base, sides) else { return Merged::Conflict };
        if merged.as_ref().is_some_and(|merged| *merged != found) {
            return Merged::Conflict;
        }
        merged = Some(found);
    }
    Merged::Clean(merged.unwrap_or_default())
}

/// Lines that differ, and how far up and down the base they can be moved and give the same text.
struct Change {
    hunk: Hunk,
    reach: Range<u32>,
}

/// Changes with their reach; those that can be moved together are one. `None` when it takes too much work.
fn changes(hunks: &[Hunk], base: &[Token], after: &[Token], work: &mut Work) -> Option<Vec<Change>> {
    let mut changes: Vec<Change> = Vec::new();
    for mut hunk in hunks.iter().cloned() {
        let up = loop {
            let gap = hunk.before.start.saturating_sub(changes.last().map_or(0, |above| above.hunk.before.end));
            let up = moves_up(base, &hunk.before, gap).max(moves_up(after, &hunk.after, gap));
            work.take(2 * gap as usize + 1)?;
            let Some(mut above) = changes.pop() else { break up };
            let down = moves_down(base, &above.hunk.before, gap).max(moves_down(after, &above.hunk.after, gap));
            if up < gap && down < gap {
                above.reach.end += down;
                changes.push(above);
                break up;
            }
            (hunk.before.start, hunk.after.start) = (above.hunk.before.start, above.hunk.after.start);
        };
        changes.push(Change { reach: hunk.before.start.saturating_sub(up)..hunk.before.end, hunk });
    }
    if let Some(last) = changes.last_mut() {
        let (old, new) = (&last.hunk.before, &last.hunk.after);
        last.reach.end += moves_down(base, old, u32::MAX).max(moves_down(after, new, u32::MAX));
    }
    Some(changes)
}

/// By how many lines a run can be moved up, at most `most`: each time the line above it is its last one.
fn moves_up(lines: &[Token], run: &Range<u32>, most: u32) -> u32 {
    let above = |end: u32| lines.get(..end as usize).unwrap_or_default().iter().rev();
    moves(run, most, above(run.start), above(run.end))
}

/// By how many lines a run can be moved down: each time the line below it is its first one.
fn moves_down(lines: &[Token], run: &Range<u32>, most: u32) -> u32 {
    let below = |start: u32| lines.get(start as usize..).unwrap_or_default().iter();
    moves(run, most, below(run.end), below(run.start))
}

fn moves<'a>(
    run: &Range<u32>,
    most: u32,
    taken: impl Iterator<Item = &'a Token>,
    given: impl Iterator<Item = &'a Token>,
) -> u32 {
    if run.is_empty() {
        return 0;
    }
    (0..most).zip(taken.zip(given)).take_while(|(_, (taken, given))| taken == given).count() as u32
}

/// One side of a merge: its lines, and where they differ from the base.
#[derive(Clone, Copy)]
struct Side<'a> {
    tokens: &'a [Token],
    changes: &'a [Change],
}

/// The merged lines, or `None` where changes of both sides overlap or touch and do not give the same.
fn merge_changes(base: &[Token], [onto, head]: [Side<'_>; 2]) -> Option<Vec<Token>> {
    let (mut of_onto, mut of_head) = (onto.changes.iter().peekable(), head.changes.iter().peekable());
    let mut merged = Vec::with_capacity(base.len());
    let mut done = 0;
    while let Some(start) =
        [of_onto.peek(), of_head.peek()].into_iter().flatten().map(|change| change.reach.start).min()
    {
        merged.extend_from_slice(base.get(done as usize..start as usize)?);
        // As in git, changes without a line between them belong together. One of a side may bring one of the other within reach.
        let (mut end, mut from_onto, mut from_head) = (start, None, None);
        while take_touching(&mut of_onto, &mut end, &mut from_onto)
            | take_touching(&mut of_head, &mut end, &mut from_head)
        {}
        let [from_onto, from_head] = [(onto, from_onto), (head, from_head)]
            .map(|(side, span)| span.map(|span| lines_of(side.tokens, &span, start..end)));
        let taken = match (from_onto, from_head) {
            (Some(onto), Some(head)) if onto != head => return None,
            (Some(taken), _) | (None, Some(taken)) => taken?,
            (None, None) => return None,
        };
        merged.extend_from_slice(taken);
        done = end;
    }
    merged.extend_from_slice(base.get(done as usize..)?);
    Some(merged)
}

/// Takes the changes of one side that reach up to `end`; `span` is from the first to the last of them.
fn take_touching(changes: &mut Peekable<Iter<'_, Change>>, end: &mut u32, span: &mut Option<Hunk>) -> bool {
    let mut found = false;
    while let Some(Change { hunk, reach }) = changes.next_if(|change| change.reach.start <= *end) {
        *end = (*end).max(reach.end);
        let span = span.get_or_insert_with(|| hunk.clone());
        (span.before.end, span.after.end) = (hunk.before.end, hunk.after.end);
        found = true;
    }
    found
}

/// What one side has in place of lines of the base; before and behind `span` it has the base's own.
fn lines_of<'a>(tokens: &'a [Token], span: &Hunk, base: Range<u32>) -> Option<&'a [Token]> {
    let start = span.after.start.checked_sub(span.before.start.checked_sub(base.start)?)?;
    let end = span.after.end.checked_add(base.end.checked_sub(span.before.end)?)?;
    tokens.get(start as usize..end as usize)
}
