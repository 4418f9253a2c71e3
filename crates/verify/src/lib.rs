//! The read side: evidence and artifact to a report.
