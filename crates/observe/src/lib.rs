//! What happened: surroundings, a command run, a git history, a review.
