//! Real repositories, made by the `git` command with fixed people and dates.
