//! The table of defects, and of what makes a bad world good again.

use lasthand_model::wire::facts::{Body, Facts, StatementFact};

use super::rng::Rng;
use super::{defects_edge, defects_source, defects_step, images, outside};

/// One defect: its name `rule: defect`, and what it does. False when it does not fit the world.
pub(super) type Defect = (&'static str, fn(&mut Facts, &mut Rng) -> bool);

/// Puts in one defect that fits; none when ten draws do not find one.
pub(super) fn apply(facts: &mut Facts, rng: &mut Rng) -> Option<&'static str> {
    let tables = [defects_source::ALL, defects_step::ALL, defects_edge::ALL, outside::DEFECTS].concat();
    // Images are seldom, so their defects are drawn more often where there is one.
    let tables = if facts.images.is_empty() || rng.chance(70) { tables } else { images::DEFECTS.to_vec() };
    for _ in 0..10 {
        if facts.trust.products.is_empty() || facts.statements.is_empty() {
            return None;
        }
        let (name, defect) = *rng.pick(&tables);
        if defect(facts, rng) {
            return Some(name);
        }
    }
    None
}

/// A random statement that `wanted` takes, or nothing.
pub(super) fn some_statement<'f>(
    facts: &'f mut Facts,
    rng: &mut Rng,
    wanted: fn(&Body) -> bool,
) -> Option<&'f mut StatementFact> {
    let count = facts.statements.iter().filter(|statement| wanted(&statement.body)).count();
    let at = rng.below(count);
    facts.statements.iter_mut().filter(|statement| wanted(&statement.body)).nth(at)
}

/// `with!(facts, rng, Landing, |landing| ...)`: changes a random body of one type; false when there is none.
macro_rules! with {
    ($facts:expr, $rng:expr, $body:ident, |$it:ident| $change:expr) => {{
        let found = $crate::worlds::defects::some_statement($facts, $rng, |body| {
            matches!(body, lasthand_model::wire::facts::Body::$body(_))
        });
        match found.map(|statement| &mut statement.body) {
            Some(lasthand_model::wire::facts::Body::$body($it)) => {
                $change;
                true
            }
            _ => false,
        }
    }};
}
pub(super) use with;

/// `with_statement!(facts, rng, Landing, |statement| ...)`: the same for the statement around it.
macro_rules! with_statement {
    ($facts:expr, $rng:expr, $body:ident, |$it:ident| $change:expr) => {{
        let found = $crate::worlds::defects::some_statement($facts, $rng, |body| {
            matches!(body, lasthand_model::wire::facts::Body::$body(_))
        });
        match found {
            Some($it) => {
                $change;
                true
            }
            None => false,
        }
    }};
}
pub(super) use with_statement;
