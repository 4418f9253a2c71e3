//! Counts, precision and recall.

use anyhow::Result;

use super::commits::{Seen, SeenFile};

/// Who labels a file.
const WITNESSES: [&str; 3] = ["trailers alone", "notes alone", "trailers and notes"];
/// What labels are compared with.
const REFERENCES: [&str; 2] = ["notes, on lines added", "trailers"];

/// Labels of one witness by one reference.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    labelled: usize,
    right: usize,
    wanted: usize,
}

impl Score {
    fn add(&mut self, is_labelled: bool, is_wanted: bool) {
        self.labelled += usize::from(is_labelled);
        self.wanted += usize::from(is_wanted);
        self.right += usize::from(is_labelled && is_wanted);
    }

    fn precision(self) -> String {
        share(self.right, self.labelled)
    }

    fn recall(self) -> String {
        share(self.right, self.wanted)
    }
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    // Thousandths, rounded down: a share that is shown as 1 is 1.
    let thousandths = part * 1_000 / whole;
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// What was counted over a set of notes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) notes: usize,
    pub(super) refused: usize,
    reasons: Vec<String>,
    absent: usize,
    merges: usize,
    elsewhere: usize,
    /// Commits by (people name an agent, note names an agent).
    commits: [[usize; 2]; 2],
    files: usize,
    scores: [[Score; REFERENCES.len()]; WITNESSES.len()],
}

impl Tally {
    /// Counts a note, and the commit that it is about where that is known.
    pub(super) fn add_note<E: std::fmt::Display>(&mut self, note: std::result::Result<Result<Option<Seen>>, E>) {
        self.notes += 1;
        match note {
            Err(error) => self.refuse(error.to_string()),
            Ok(Err(error)) => self.refuse(format!("{error:#}")),
            Ok(Ok(None)) => self.absent += 1,
            Ok(Ok(Some(seen))) => self.add_commit(&seen),
        }
    }

    fn refuse(&mut self, reason: String) {
        self.refused += 1;
        if self.reasons.len() < 5 && !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn add_commit(&mut self, seen: &Seen) {
        if seen.is_merge {
            self.merges += 1;
            return;
        }
        self.elsewhere += usize::from(!seen.is_bound);
        let row = self.commits.get_mut(usize::from(seen.people_name_agent));
        if let Some(count) = row.and_then(|row| row.get_mut(usize::from(seen.note_names_agent))) {
            *count += 1;
        }
        for file in &seen.files {
            self.add_file(file, seen.people_name_agent);
        }
    }

    /// Trailers are about a commit, so they label each of its files.
    fn add_file(&mut self, file: &SeenFile, in_trailers: bool) {
        self.files += 1;
        let labels = [in_trailers, file.in_note, in_trailers || file.in_note];
        let references = [file.in_note_and_diff, in_trailers];
        for (scores, is_labelled) in self.scores.iter_mut().zip(labels) {
            for (score, is_wanted) in scores.iter_mut().zip(references) {
                score.add(is_labelled, is_wanted);
            }
        }
    }

    pub(super) fn print(&self, name: &str) {
        println!("{name}");
        println!(
            "  notes {}, refused {}, about commits that no repository given has {}, about merges {}",
            self.notes, self.refused, self.absent, self.merges
        );
        for reason in &self.reasons {
            println!("    refused: {reason}");
        }
        let [[neither, note_only], [people_only, both]] = self.commits;
        println!(
            "  commits {} (the note names another revision: {}); an agent is named by both {both}, by trailers alone {people_only}, by the note alone {note_only}, by neither {neither}",
            neither + note_only + people_only + both,
            self.elsewhere
        );
        println!("  files {}", self.files);
        if self.files > 0 {
            println!(
                "  {:<20} {:<24} {:>9} {:>9} {:>9} {:>10} {:>8}",
                "labels by", "reference", "labelled", "right", "wanted", "precision", "recall"
            );
        }
        for (witness, scores) in WITNESSES.iter().zip(&self.scores).filter(|_| self.files > 0) {
            for (reference, score) in
                REFERENCES.iter().zip(scores).filter(|(reference, _)| !is_itself(witness, reference))
            {
                println!(
                    "  {witness:<20} {reference:<24} {:>9} {:>9} {:>9} {:>10} {:>8}",
                    score.labelled,
                    score.right,
                    score.wanted,
                    score.precision(),
                    score.recall()
                );
            }
        }
        println!();
    }
}

/// Nobody is measured by himself alone.
fn is_itself(witness: &str, reference: &str) -> bool {
    witness == "trailers alone" && reference == "trailers"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_over_the_right_whole() {
        // pass: precision over what is labelled, recall over what is wanted; fail: nothing labelled is no precision of 1
        let mut score = Score::default();
        for (is_labelled, is_wanted) in [(true, true), (true, false), (true, false), (false, true), (false, false)] {
            score.add(is_labelled, is_wanted);
        }
        assert_eq!((score.precision(), score.recall()), ("0.333".to_owned(), "0.500".to_owned()));
        assert_eq!(
            (Score::default().precision(), share(3, 3), share(2_999, 3_000)),
            ("-".to_owned(), "1.000".to_owned(), "0.999".to_owned())
        );
    }

    #[test]
    fn trailers_label_every_file_of_their_commit() {
        // pass: a commit of two files, of which the note gives one to an agent
        let file = |in_note| SeenFile { in_note, in_note_and_diff: in_note };
        let seen = Seen {
            is_merge: false,
            people_name_agent: true,
            note_names_agent: true,
            is_bound: true,
            files: vec![file(true), file(false)],
        };
        let mut tally = Tally::default();
        tally.add_note::<String>(Ok(Ok(Some(seen))));
        tally.add_note::<String>(Ok(Ok(None)));
        tally.add_note(Err("no note"));
        let [[trailers, _], [notes, _], [together, _]] = tally.scores;
        assert_eq!((trailers.labelled, trailers.right, trailers.wanted), (2, 1, 1));
        assert_eq!((notes.labelled, notes.right), (1, 1));
        assert_eq!((together.labelled, together.right), (2, 1));
        assert_eq!((tally.notes, tally.refused, tally.absent, tally.files), (3, 1, 1, 2));
    }
}
