//! Verified statements and inventories to a verdict: the rules, the fixpoint, proof and frontier.
