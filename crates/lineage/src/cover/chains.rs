//! Chains of landings: who is before whom.

use lasthand_model::digest::Sha256;
use rustc_hash::FxHashMap;

use crate::landing::LandingInfo;

/// The chains that landings form by `prev`: who is before whom, in constant time.
pub(super) struct Chains {
    /// Entry and exit times of a walk over the forest, and whether every stated `prev` back to the start is known.
    spans: Vec<(usize, usize, bool)>,
    /// By tree: the landings that start from it, less those that come after another of them, by entry time.
    from_tree: FxHashMap<Sha256, Vec<usize>>,
}

impl Chains {
    pub(super) fn new(landings: &[LandingInfo<'_>]) -> Self {
        let mut children = vec![Vec::new(); landings.len()];
        let mut from_tree: FxHashMap<Sha256, Vec<usize>> = FxHashMap::default();
        let mut stack: Vec<(usize, bool, bool)> = Vec::new();
        for (at, landing) in landings.iter().enumerate() {
            from_tree.entry(landing.from).or_default().push(at);
            match landing.prev.and_then(|prev| children.get_mut(prev)) {
                Some(list) => list.push(at),
                None => stack.push((at, landing.body.prev.is_none(), false)),
            }
        }
        // A landing that is on a cycle is reached from no start: it keeps an empty span and is never complete.
        let mut spans = vec![(usize::MAX, 0, false); landings.len()];
        let mut clock = 0;
        while let Some((at, complete, leaving)) = stack.pop() {
            let Some(span) = spans.get_mut(at) else { continue };
            if leaving {
                span.1 = clock;
                continue;
            }
            *span = (clock, clock, complete);
            clock += 1;
            stack.push((at, complete, true));
            let below = children.get(at).into_iter().flatten();
            stack.extend(below.map(|child: &usize| (*child, complete, false)));
        }
        let mut chains = Self { spans, from_tree: FxHashMap::default() };
        for starts in from_tree.values_mut() {
            starts.sort_unstable_by_key(|at| chains.entered(*at));
            starts.dedup_by(|later, first| chains.is_on_way(*first, *later));
        }
        chains.from_tree = from_tree;
        chains
    }

    /// When a walk over the chains comes to a landing: after all those before it.
    pub(super) fn entered(&self, at: usize) -> usize {
        self.spans.get(at).map_or(usize::MAX, |span| span.0)
    }

    pub(super) fn complete(&self, at: usize) -> bool {
        self.spans.get(at).is_some_and(|span| span.2)
    }

    /// Whether `before` is `at` or a landing before it.
    pub(super) fn is_on_way(&self, before: usize, at: usize) -> bool {
        match (self.spans.get(before), self.spans.get(at)) {
            (Some((start, end, ..)), Some((entered, ..))) => start <= entered && entered < end,
            _ => false,
        }
    }

    /// Whether a landing, or one before it, starts from a tree.
    pub(super) fn started_from(&self, tree: &Sha256, at: usize) -> bool {
        // Of those that are left none comes after another, so only the last entered before can be on the way.
        let starts = self.from_tree.get(tree).map(Vec::as_slice).unwrap_or_default();
        let entered = self.entered(at);
        let before = starts.partition_point(|start| self.entered(*start) <= entered);
        let last = before.checked_sub(1).and_then(|last| starts.get(last));
        last.is_some_and(|start| self.is_on_way(*start, at))
    }
}
