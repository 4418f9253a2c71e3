//! Signers of a statement under the rows that match them.

use std::ops::Deref;

use lasthand_model::actor::ActorKind;
use lasthand_model::wire::facts::{IdentityRow, Signer};

/// One signer of a statement under one row that matches him.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) signer: &'a Signer,
    pub(crate) row: &'a IdentityRow,
    /// The row's kind, but agent when any row says that the signer is one.
    pub(crate) kind: ActorKind,
    pub(crate) level: u8,
}

/// The pairs of one statement. Most statements have one, which lies in place.
#[derive(Debug)]
pub(crate) enum Pairs<'a> {
    One(Pair<'a>),
    Several(Box<[Pair<'a>]>),
}

impl<'a> From<Vec<Pair<'a>>> for Pairs<'a> {
    fn from(pairs: Vec<Pair<'a>>) -> Self {
        match pairs.as_slice() {
            [one] => Self::One(*one),
            _ => Self::Several(pairs.into_boxed_slice()),
        }
    }
}

impl<'a> Deref for Pairs<'a> {
    type Target = [Pair<'a>];

    fn deref(&self) -> &[Pair<'a>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(pairs) => pairs,
        }
    }
}
