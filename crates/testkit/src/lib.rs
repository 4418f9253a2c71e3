//! Stories, random worlds and an independent solver for the tests.

pub mod naive;
pub mod need;
pub mod story;
pub mod worlds;
