//! The write side: observations to signed bundles beside the artifact.
