//! Random worlds: a good world of random shape, then now and then a defect, and now and then what makes it harmless.
//!
//! Every draw is a function of the seed. Accepted and refused worlds are about equally many.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test support: a draw out of range is a bug of the test"
)]

mod chain;
mod defects;
mod defects_edge;
mod defects_source;
mod defects_step;
mod images;
mod outside;
mod parts;
mod rng;
mod source;

use lasthand_model::wire::facts::Facts;

pub use parts::NOW;
pub use rng::Rng;

/// One drawn world.
#[derive(Debug, Clone)]
pub struct World {
    /// The facts document.
    pub facts: Facts,
    /// Names of the defects that were put in, `rule: defect`; empty for a good world.
    pub defects: Vec<&'static str>,
}

/// Draws one world.
///
/// Cost: some microseconds; about ten statements and trees of at most eight entries.
pub fn draw(rng: &mut Rng) -> World {
    let mut facts = chain::good(rng);
    let mut defects = Vec::new();
    if rng.chance(62) {
        defects.extend(defects::apply(&mut facts, rng));
        if rng.chance(15) {
            defects.extend(defects::apply(&mut facts, rng));
        }
    }
    // Few defects end in an exception; without these the rule would hardly decide.
    let (excepted, sound) = (rng.chance(4), rng.chance(70));
    if excepted && !facts.statements.is_empty() && defects_step::exception(&mut facts, rng, sound) {
        defects.push(if sound { "exception: two" } else { "exception: not quite" });
    }
    World { facts, defects }
}
