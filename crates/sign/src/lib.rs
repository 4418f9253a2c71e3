//! Local keys: generate, load, sign.
