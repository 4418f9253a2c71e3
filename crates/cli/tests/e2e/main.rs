//! End to end: a program that nobody here wrote, built, packaged and verified; and attacks on images, with signatures that hold.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed test may stop")]

mod attacks;
mod histories;
mod lab;
mod landings;
mod large;
mod report;
mod ripgrep;
mod submodules;
