//! Verified statements to facts.
