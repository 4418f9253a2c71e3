//! Stories, random worlds and an independent solver for the tests.
