//! Trailers that are written otherwise than git reads them line by line: values that go on in the next line, and keys with another `:`.

use lasthand_model::actor::ActorKind;

use super::super::agents::{Trailer, TrailerAct, recognise_product, trailer_of};
use super::{CommitPeople, LINE_ENDS, agent, named};

impl CommitPeople {
    /// Adds whom such trailers name, beside what each line said by itself.
    ///
    /// SECURITY: it only adds, so that no value that goes on hides what its first line said; and whoever is found here alone answers for no agent.
    ///
    /// SPEC: git-interpret-trailers(1): the lines of a value after its first begin with a blank.
    pub(super) fn read_loosely(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n");
        let mut lines = text.split(LINE_ENDS).peekable();
        while let Some(line) = lines.next() {
            // Whoever asks refuses a commit of so many.
            if self.is_too_many() {
                break;
            }
            let Some(trailer) = trailer_of(line) else { continue };
            if !trailer.is_exact {
                self.add_loosely(trailer.value, trailer);
            }
            let mut parts = vec![trailer.value];
            while let Some(next) = lines.next_if(|next| goes_on(next)) {
                parts.push(next.trim());
            }
            self.add_unfolded(&parts, trailer);
        }
    }

    /// Adds whom a value of several lines names: as a whole, with an address that is broken put together, and each line after the first.
    fn add_unfolded(&mut self, parts: &[&str], trailer: Trailer<'_>) {
        let Some((_, more @ [_, ..])) = parts.split_first() else { return };
        let is_author = matches!(trailer.act, TrailerAct::Author | TrailerAct::Tool);
        for part in more {
            if part.contains('@') {
                self.add_loosely(part, trailer);
            } else if let Some(found) = recognise_product(part).filter(|_| is_author) {
                self.add(agent(found));
            }
        }
        for between in [" ", ""] {
            self.add_loosely(&parts.join(between), trailer);
        }
    }

    /// Adds whom a value names that is no line's whole value as git reads it.
    fn add_loosely(&mut self, value: &str, trailer: Trailer<'_>) {
        let act = match trailer.act {
            act @ (TrailerAct::Author | TrailerAct::Tool) => act,
            act => return self.judge(value, act),
        };
        let known = named(value, act);
        let is_told = match known.actor.kind {
            // An address that was broken has a blank in it.
            ActorKind::Human => trailer.is_exact && !known.actor.principal.contains(char::is_whitespace),
            // What no row knows is unknown by its first line, where git reads one.
            _ => known.rule.is_some() || act == TrailerAct::Tool && !trailer.is_exact,
        };
        if is_told {
            self.add(known);
        }
    }
}

/// Whether a line belongs to the value before it.
fn goes_on(line: &str) -> bool {
    line.starts_with(char::is_whitespace) && !line.trim().is_empty() && trailer_of(line).is_none()
}
