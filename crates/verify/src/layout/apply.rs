//! Artifact rules, applied: the queue of what is left, and what each rule takes from it.
//!
//! SPEC: in-toto specification 1.0 section 4.3.3 and 5.2; where Python and Go give two answers, the answer is [`Refusal::Readers`].

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use lasthand_model::wire::statement::DigestSet;

use super::budget::{Budget, OverBudget};
use super::pattern::Pattern;
use super::rule::{Rule, Side};

/// Path to digests.
pub(super) type Artifacts = BTreeMap<String, DigestSet>;

/// What a step took in and gave out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) materials: Artifacts,
    pub(super) products: Artifacts,
}

impl Record {
    fn side(&self, side: Side) -> &Artifacts {
        match side {
            Side::Materials => &self.materials,
            Side::Products => &self.products,
        }
    }
}

/// Why rules do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A rule that disallows what is left: which rule, how many artifacts, and the first.
    Disallowed { rule: usize, count: usize, first: String },
    /// A rule that requires what is not left.
    Required { rule: usize, name: String },
    /// A rule about an artifact of which implementations say different things, and why.
    Readers { rule: usize, name: String, why: &'static str },
}

/// Why there is no answer, or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    Refused(Refusal),
    OverBudget,
}

impl From<OverBudget> for Stop {
    fn from(_: OverBudget) -> Self {
        Self::OverBudget
    }
}

type Queue<'a> = BTreeSet<&'a str>;

/// Applies the rules over one side of a step, in their order.
///
/// In: the rules, the step's own record, and the records of all steps by name.
/// Cost: O(rules + what they match) look-ups for rules that name a file or a folder, O(rules x artifacts) for others; the budget pays.
///
/// # Errors
/// [`Stop`]: the first rule that does not hold.
pub(super) fn apply(
    rules: &[Rule],
    side: Side,
    own: &Record,
    steps: &BTreeMap<&str, Record>,
    budget: &mut Budget,
) -> Result<(), Stop> {
    let mut queue: Queue<'_> = own.side(side).keys().map(String::as_str).collect();
    for (index, rule) in rules.iter().enumerate() {
        let taken = match rule {
            Rule::Match { .. } => matched(index, rule, side, own, steps, &queue, budget)?,
            Rule::Allow(pattern) => chosen(&queue, "", pattern, budget)?,
            Rule::Create(pattern) => {
                let mut taken = chosen(&queue, "", pattern, budget)?;
                taken.retain(|path| own.products.contains_key(*path) && !own.materials.contains_key(*path));
                taken
            }
            Rule::Delete(pattern) => {
                let mut taken = chosen(&queue, "", pattern, budget)?;
                taken.retain(|path| own.materials.contains_key(*path) && !own.products.contains_key(*path));
                taken
            }
            Rule::Modify(pattern) => modified(index, chosen(&queue, "", pattern, budget)?, own)?,
            Rule::Disallow(pattern) => {
                let left = chosen(&queue, "", pattern, budget)?;
                if let Some(first) = left.first() {
                    let first = (*first).to_owned();
                    return Err(Stop::Refused(Refusal::Disallowed { rule: index, count: left.len(), first }));
                }
                Vec::new()
            }
            Rule::Require(name) => {
                budget.pay(1 + name.len())?;
                if !queue.contains(name.as_str()) {
                    return Err(Stop::Refused(Refusal::Required { rule: index, name: name.clone() }));
                }
                Vec::new()
            }
        };
        for path in taken {
            queue.remove(path);
        }
    }
    Ok(())
}

/// What of the queue stands below `prefix` and matches behind it.
fn chosen<'a>(
    queue: &Queue<'a>,
    prefix: &str,
    pattern: &Pattern,
    budget: &mut Budget,
) -> Result<Vec<&'a str>, OverBudget> {
    if let Some(exact) = pattern.exact() {
        let name = format!("{prefix}{exact}");
        budget.pay(1 + name.len())?;
        return Ok(queue.get(name.as_str()).copied().into_iter().collect());
    }
    let head = format!("{prefix}{}", pattern.head());
    let mut chosen = Vec::new();
    let from = (Bound::Included(head.as_str()), Bound::Unbounded);
    for path in queue.range::<str, _>(from).take_while(|path| path.starts_with(head.as_str())) {
        if path.strip_prefix(prefix).map_or(Ok(false), |inner| pattern.matches(inner, budget))? {
            chosen.push(*path);
        }
    }
    Ok(chosen)
}

fn modified<'a>(index: usize, mut taken: Vec<&'a str>, own: &Record) -> Result<Vec<&'a str>, Stop> {
    let mut incomparable = None;
    taken.retain(|path| {
        let (Some(before), Some(after)) = (own.materials.get(*path), own.products.get(*path)) else { return false };
        let common = before.keys().any(|algorithm| after.contains_key(algorithm));
        // SECURITY: digests of different algorithms differ whatever the contents are.
        if !common {
            incomparable = Some((*path).to_owned());
        }
        before != after
    });
    match incomparable {
        Some(name) => {
            let why = "its digests before and after are of different algorithms";
            Err(Stop::Refused(Refusal::Readers { rule: index, name, why }))
        }
        None => Ok(taken),
    }
}

fn matched<'a>(
    index: usize,
    rule: &Rule,
    side: Side,
    own: &Record,
    steps: &BTreeMap<&str, Record>,
    queue: &Queue<'a>,
    budget: &mut Budget,
) -> Result<Vec<&'a str>, Stop> {
    let Rule::Match { pattern, source, side: other, destination, from } = rule else { return Ok(Vec::new()) };
    // A step that is not there has nothing, and so the rule takes nothing.
    let Some(record) = steps.get(from.as_str()) else { return Ok(Vec::new()) };
    let (source, destination) = (source.as_deref().unwrap_or_default(), destination.as_deref().unwrap_or_default());
    let (here, there) = (own.side(side), record.side(*other));
    let equal = |path: &str, inner: &str, budget: &mut Budget| {
        budget.pay(1 + path.len() + destination.len())?;
        let target =
            if destination.is_empty() { there.get(inner) } else { there.get(&format!("{destination}{inner}")) };
        // SECURITY: all digests of both; one that only one side has is no agreement.
        Ok::<bool, OverBudget>(target.is_some() && here.get(path) == target)
    };
    let readers = |name: &str, why| Err(Stop::Refused(Refusal::Readers { rule: index, name: name.to_owned(), why }));
    if !source.is_empty() {
        // OFF-SPEC: Go's reader looks for what is not below IN, too; Python's does not.
        for path in chosen(queue, "", pattern, budget)?.into_iter().filter(|path| !path.starts_with(source)) {
            let joined = if destination.is_empty() { path } else { path.trim_start_matches('/') };
            if equal(path, joined, budget)? {
                return readers(path, "it is not below IN, and one implementation takes it all the same");
            }
        }
    }
    let mut taken = Vec::new();
    for path in chosen(queue, source, pattern, budget)? {
        let inner = path.strip_prefix(source).unwrap_or(path);
        if !destination.is_empty() && inner.starts_with('/') {
            return readers(path, "it is absolute, and implementations join it differently");
        }
        if equal(path, inner, budget)? {
            taken.push(path);
        }
    }
    Ok(taken)
}
