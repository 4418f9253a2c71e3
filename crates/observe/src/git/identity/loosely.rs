//! Trailers that are written otherwise than git reads them line by line: values that go on in the next line, and keys with another `:`.

use std::collections::BTreeSet;

use lasthand_model::actor::ActorKind;

use super::super::agents::{Trailer, TrailerAct, recognise_product, trailer_of};
use super::{CommitPeople, Identity, KnownActor, LINE_ENDS, TRAILER, agent, named};

impl CommitPeople {
    /// Adds whom such trailers name, beside what each line said by itself.
    ///
    /// SECURITY: it only adds, so that no value that goes on hides what its first line said; and whoever is found here alone answers for no agent. It takes
    /// away nobody but the unknown of a first line that goes on to an address, as git reads it: written in one line, it would name nobody else either.
    pub(super) fn read_loosely(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n");
        self.read_as_git(&text);
        for (trailer, parts) in values(&text) {
            // Whoever asks refuses a commit of so many.
            if self.is_too_many() {
                break;
            }
            if !trailer.is_exact {
                self.add_loosely(trailer.value, trailer);
            }
            self.add_unfolded(&parts, trailer);
        }
    }

    /// Puts whom a value names as git unfolds it into the place of the unknown that its first line is by itself.
    fn read_as_git(&mut self, text: &str) {
        let (mut unfolded, mut alone) = (BTreeSet::new(), BTreeSet::new());
        for (trailer, parts) in values(text).filter(|(trailer, _)| trailer.is_exact && is_author(*trailer)) {
            // SECURITY: lines that were not read may say more of whoever would be taken away.
            if self.is_too_many() {
                return;
            }
            let first = named(trailer.value, trailer.act);
            if !is_unread(&first) {
                continue;
            }
            let value = parts.join(" ");
            let mail = Identity::parse(value.as_bytes()).mail;
            // An address that was broken has a blank in it.
            if mail.contains('@') && !mail.contains(char::is_whitespace) {
                unfolded.insert(first.actor.principal);
                self.add(named(&value, trailer.act));
            } else {
                alone.insert(first.actor.principal);
            }
        }
        let is_read = |principal: &String| unfolded.contains(principal) && !alone.contains(principal);
        self.actors.retain(|known| !(is_unread(known) && is_read(&known.actor.principal)));
    }

    /// Adds whom a value of several lines names: as a whole, with an address that is broken put together, and each line after the first.
    fn add_unfolded(&mut self, parts: &[&str], trailer: Trailer<'_>) {
        let Some((_, more @ [_, ..])) = parts.split_first() else { return };
        for part in more {
            if part.contains('@') {
                self.add_loosely(part, trailer);
            } else if let Some(found) = recognise_product(part).filter(|_| is_author(trailer)) {
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

/// The trailers of a message, each with the lines of its value.
fn values(text: &str) -> impl Iterator<Item = (Trailer<'_>, Vec<&str>)> {
    let mut lines = text.split(LINE_ENDS).peekable();
    std::iter::from_fn(move || {
        let trailer = lines.by_ref().find_map(trailer_of)?;
        let mut parts = vec![trailer.value];
        while let Some(next) = lines.next_if(|next| goes_on(next)) {
            parts.push(next.trim());
        }
        Some((trailer, parts))
    })
}

/// Whether it says who made the commit.
const fn is_author(trailer: Trailer<'_>) -> bool {
    matches!(trailer.act, TrailerAct::Author | TrailerAct::Tool)
}

/// Whether somebody stands for a text without an address that no row knows.
fn is_unread(known: &KnownActor) -> bool {
    known.rule.is_none()
        && known.actor.kind == ActorKind::Unknown
        && known.actor.principal.strip_prefix(TRAILER).is_some_and(|text| text.starts_with(':'))
}

/// Whether a line belongs to the value before it.
fn goes_on(line: &str) -> bool {
    line.starts_with(char::is_whitespace) && !line.trim().is_empty() && trailer_of(line).is_none()
}
