//! What is behind steps: the steps whose products they read, and the trees of all these.

use super::{Standing, Steps};
use crate::cover::Place;
use crate::marks::Marks;
use crate::order::wide;
use crate::run::Run;

/// The steps of a derivation.
#[derive(Default)]
pub(crate) struct Behind {
    /// Candidates.
    pub(crate) steps: Marks,
    /// Their trees, numbers of `Places`.
    places: Marks,
}

impl Behind {
    /// Walks from candidates to those by which their materials are clean.
    pub(crate) fn new<'a>(run: &Run<'_, 'a>, steps: &Steps<'a>, starts: &[usize]) -> Self {
        let count = steps.candidates().len();
        let mut behind = Self { steps: Marks::new(count), places: Marks::new(steps.places()) };
        let mut wanted = Marks::new(count);
        for at in starts {
            wanted.insert(*at);
        }
        let mut stack: Vec<usize> = Vec::new();
        // Against the order of the document, in which most steps follow what they read: so memory is read in its order.
        for here in (0..count).rev() {
            if wanted.contains(here) {
                stack.push(here);
            }
            while let Some(at) = stack.pop() {
                let Some(candidate) = steps.candidates().get(at).filter(|_| behind.steps.insert(at)) else { continue };
                for standing in steps.standings(candidate) {
                    match standing {
                        Standing::Tree(place) => drop(behind.places.insert(wide(*place))),
                        Standing::Product(number) => match steps.clean_for(run, at, *number) {
                            Some(maker) if maker < here => drop(wanted.insert(maker)),
                            maker => stack.extend(maker),
                        },
                        _ => {}
                    }
                }
            }
        }
        behind
    }

    /// The trees.
    pub(crate) fn places<'a>(&self, steps: &Steps<'a>) -> impl Iterator<Item = Place<'a>> {
        self.places.iter().filter_map(|number| steps.place(number))
    }
}
