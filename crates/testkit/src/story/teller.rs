//! Tells a story: takes the lines of one variant in order and writes down the facts.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::wire::facts::{Body, Credential, Facts, StatementFact, TreeRef};

use super::entries::{self, Entries};
use super::line::{Clauses, Line, StoryError};
use super::names::Names;
use super::{NOW, Story, evidence, images, release, trust, world};

/// Clauses that every statement may have.
pub(super) const SIGNED: [&str; 4] = ["by", "signed-at", "credential", "simulated"];

/// The facts so far, and what the story's names stand for.
pub(super) struct Teller {
    pub(super) facts: Facts,
    pub(super) names: Names,
    /// Name of each identity row, in the order of the rows.
    pub(super) rows: Vec<String>,
    pub(super) trees: BTreeMap<String, Entries>,
    /// Names of rows that the story itself added or changed.
    pub(super) spoken_of: BTreeSet<String>,
    /// Trees whose entries nobody has read.
    pub(super) unread: BTreeSet<String>,
    /// Statements by story name, in the order they were first told.
    pub(super) statements: Vec<(String, StatementFact)>,
}

/// Tells `lines`.
pub(super) fn tell<'a>(lines: impl Iterator<Item = &'a Line>) -> Result<Facts, StoryError> {
    let names = Names::standard();
    let (facts, rows) = world::facts(&names);
    let (trees, spoken_of, unread, statements) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut teller = Teller { facts, names, rows, trees, spoken_of, unread, statements };
    for line in lines {
        teller.take(line)?;
    }
    Ok(teller.finish())
}

impl Teller {
    fn take(&mut self, line: &Line) -> Result<(), StoryError> {
        match line.verb() {
            "tree" => self.tree(line),
            // Entries that only containers hold: `files IMG ...`, to be used as `holds IMG`.
            "files" => {
                self.unread.extend(line.words.get(1).cloned());
                self.tree(line)
            }
            "unread" => {
                self.unread.extend(line.words.iter().skip(1).cloned());
                Ok(())
            }
            "drop" => self.drop_statements(line),
            "landing" => evidence::landing(self, line),
            "review" => evidence::review(self, line),
            "edit" => evidence::edit(self, line),
            "step" | "build" | "package" | "fetch" => evidence::step(self, line),
            "step-actor" => evidence::step_actor(self, line),
            "act" => release::act(self, line),
            "approval" => release::approval(self, line),
            "list" => release::list(self, line),
            "source-vsa" => release::source_vsa(self, line),
            "other" => release::other(self, line),
            "artifact" => release::artifact(self, line),
            "container" => release::container(self, line),
            "index" => release::index(self, line),
            "lock" => release::lock(self, line),
            "pointer" => release::pointer(self, line),
            "image" => images::image(self, line),
            "layers" => images::layers(self, line),
            "config" => images::config(self, line),
            _ => trust::take(self, line),
        }
    }

    fn tree(&mut self, line: &Line) -> Result<(), StoryError> {
        let clauses = line.clauses(&[])?;
        let name = clauses.head(0, "a name for the tree")?;
        let entries = entries::read(&clauses, clauses.head.get(1..).unwrap_or_default(), &self.trees)?;
        self.trees.insert(name.to_owned(), entries);
        Ok(())
    }

    fn drop_statements(&mut self, line: &Line) -> Result<(), StoryError> {
        for id in line.words.iter().skip(1) {
            let before = self.statements.len();
            self.statements.retain(|(known, _)| known != id);
            if self.statements.len() == before {
                return Err(line.error(&format!("no statement is called `{id}`")));
            }
        }
        Ok(())
    }

    pub(super) fn tree_ref(&self, clauses: &Clauses<'_>, word: &str) -> Result<TreeRef, StoryError> {
        entries::tree_ref(clauses, word, &self.trees)
    }

    /// Adds a statement, or says it anew when the story already has one of that name.
    pub(super) fn state(&mut self, clauses: &Clauses<'_>, default_signer: &str, body: Body) -> Result<(), StoryError> {
        let id = clauses.head(0, "a name for the statement")?;
        let time = clauses.number::<i64>("signed-at")?.map(|offset| NOW + offset);
        let mut words = clauses.list("by").to_vec();
        if words.is_empty() {
            words.push(default_signer);
        }
        let signers = words.iter().map(|word| self.names.signer(clauses, word, time)).collect::<Result<_, _>>()?;
        let credential = clauses.one("credential")?.map(|word| credential(clauses, word)).transpose()?;
        let simulated = clauses.flag("simulated")?;
        let fact = StatementFact { digest: Story::statement_digest(id), signers, simulated, credential, body };
        match self.statements.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => *known = fact,
            None => self.statements.push((id.to_owned(), fact)),
        }
        Ok(())
    }

    pub(super) fn body(&self, id: &str) -> Option<&Body> {
        self.statements.iter().find(|(known, _)| known == id).map(|(_, fact)| &fact.body)
    }

    fn finish(mut self) -> Facts {
        for (name, entries) in &self.trees {
            if !self.unread.contains(name) {
                self.facts.inventories.insert(entries::root(entries).0, entries.values().cloned().collect());
            }
        }
        for name in &self.unread {
            if let Some(entries) = self.trees.get(name) {
                self.facts.inventories.remove(&entries::root(entries).0);
            }
        }
        self.facts.statements = self.statements.iter().map(|(_, fact)| fact.clone()).collect();
        self.leave_out_bystanders();
        self.facts
    }

    /// Takes out rows of the standard team that no statement names and the story did not speak of, so that vectors stay small.
    fn leave_out_bystanders(&mut self) {
        let told = format!("{:?}", self.facts.statements);
        let named = |principal: &str| told.contains(principal);
        let spoken_of = &self.spoken_of;
        let mut rows = self.rows.iter();
        self.facts.trust.identities.retain(|row| {
            let name = rows.next();
            named(&row.principal) || name.is_some_and(|name| spoken_of.contains(name))
        });
        let persons = &mut self.facts.trust.persons;
        persons.retain(|row| spoken_of.contains(&row.name) || row.accounts.iter().any(|account| named(account)));
    }
}

/// Reads `NAME,ISSUED,EXPIRES[,TASK]`, moments as seconds from now.
fn credential(clauses: &Clauses<'_>, word: &str) -> Result<Credential, StoryError> {
    let parts: Vec<&str> = word.split(',').collect();
    let (name, issued, expires, task) = match parts.as_slice() {
        [name, issued, expires] => (name, issued, expires, None),
        [name, issued, expires, task] => (name, issued, expires, Some((*task).to_owned())),
        _ => return Err(clauses.error("a credential is `NAME,ISSUED,EXPIRES[,TASK]`")),
    };
    let moment = |text: &str| text.parse::<i64>().map(|offset| NOW + offset).map_err(|_| clauses.error("not a moment"));
    Ok(Credential { digest: entries::content(name), issued: moment(issued)?, expires: moment(expires)?, task })
}

/// Reads `main` as `refs/heads/main`; a text that begins with `refs/` as it is.
pub(super) fn git_ref(word: &str) -> String {
    if word.starts_with("refs/") { word.to_owned() } else { format!("refs/heads/{word}") }
}

/// Reads `app` as the team's repository of that name; a text with a `/` as it is.
pub(super) fn repository(word: &str) -> String {
    if word.contains('/') { word.to_owned() } else { format!("{}{word}", world::REPOSITORIES) }
}
