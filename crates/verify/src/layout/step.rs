//! The links of one step: which files they are, who signed them, and whether they agree.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::KeyId;
use lasthand_model::wire::layout::{Layout, LayoutStep, LinkAnswer, LinkStatus, SignedLink, StepAnswer};
use lasthand_trust::Verified;
use lasthand_trust::layout::{Content, Document, LayoutKey};

use super::apply::{Artifacts, Record};
use super::chain::Chain;
use super::fault::LayoutFault;
use super::finding::Code;
use super::path::{unplain, weak};
use super::rule::Rule;
use crate::error::with_sources;

/// Digits of a key id in the name of a link.
const PREFIX: usize = 8;

/// The rules of one step.
pub(super) struct StepRules {
    pub(super) materials: Vec<Rule>,
    pub(super) products: Vec<Rule>,
}

/// The links of a folder, by step.
pub(super) struct Folder {
    path: Vec<String>,
    /// Step, then the first digits of a key id.
    links: BTreeMap<String, BTreeSet<String>>,
}

impl Folder {
    /// Takes `STEP.PREFIX.link` apart. Other names are no links.
    pub(super) fn new(path: Vec<String>, names: Vec<String>) -> Self {
        let mut links: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in names {
            let parts = name.strip_suffix(".link").and_then(|name| name.rsplit_once('.'));
            if let Some((step, prefix)) = parts.filter(|(_, prefix)| prefix.chars().count() == PREFIX) {
                links.entry(step.to_owned()).or_default().insert(prefix.to_owned());
            }
        }
        Self { path, links }
    }

    fn shown(&self, name: &str) -> String {
        self.path.iter().map(|folder| format!("{folder}/")).collect::<String>() + name
    }
}

/// What is known of a step while its links are read.
struct Reading {
    answer: StepAnswer,
    /// Who is shown to have done it, and as what; several when one key has several ids.
    records: Vec<(KeyId, String, Record)>,
    /// Something of it is wrong beyond what a threshold says.
    broken: bool,
}

impl Chain<'_> {
    /// Reads the links of a step. Out: the step's record, when enough different keys agree on it.
    pub(super) fn step(
        &mut self,
        file: &str,
        layout: &Layout,
        step: &LayoutStep,
        keys: &BTreeMap<String, LayoutKey>,
        folder: &Folder,
    ) -> Result<(StepAnswer, Option<Record>), LayoutFault> {
        let answer = StepAnswer {
            name: step.name.clone(),
            threshold: step.threshold,
            signed_by: Vec::new(),
            links: Vec::new(),
            sublayouts: Vec::new(),
        };
        let mut reading = Reading { answer, records: Vec::new(), broken: false };
        let by_prefix = self.authorised(file, step, keys, &mut reading);
        let none = BTreeSet::new();
        for prefix in folder.links.get(&step.name).unwrap_or(&none) {
            match by_prefix.get(prefix.as_str()) {
                Some(key) => self.link(file, step, key, prefix, folder, &mut reading)?,
                None => self.stranger(file, layout, step, prefix, folder, &mut reading)?,
            }
        }
        let signers: BTreeSet<KeyId> = reading.records.iter().map(|(key, ..)| *key).collect();
        reading.answer.signed_by = signers.iter().map(ToString::to_string).collect();
        // SECURITY: keys, not files or key ids.
        let enough =
            usize::try_from(step.threshold).is_ok_and(|threshold| threshold >= 1 && signers.len() >= threshold);
        if !enough {
            let message =
                format!("{} different keys that may do the step signed a link, {} must", signers.len(), step.threshold);
            self.findings.error(Code::Threshold, file, Some(&step.name), message);
        }
        let mut records = reading.records.into_iter();
        let first = records.next();
        if let Some((_, first_file, first)) = &first
            && let Some((_, other, _)) = records.find(|(_, _, record)| record != first)
        {
            // OFF-SPEC: with a threshold of 1 Python's reader takes the first of them.
            let message = format!("`{first_file}` and `{other}` have different artifacts");
            self.findings.error(Code::LinksDiffer, file, Some(&step.name), message);
            reading.broken = true;
        }
        let record = first.filter(|_| enough && !reading.broken).map(|(_, _, record)| record);
        Ok((reading.answer, record))
    }

    /// The keys that may do a step, by the first digits of their ids.
    fn authorised<'k>(
        &mut self,
        file: &str,
        step: &LayoutStep,
        keys: &'k BTreeMap<String, LayoutKey>,
        reading: &mut Reading,
    ) -> BTreeMap<&'k str, &'k LayoutKey> {
        let mut by_prefix: BTreeMap<&str, &LayoutKey> = BTreeMap::new();
        for keyid in step.pubkeys.iter().collect::<BTreeSet<_>>() {
            let digits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let Some((keyid, key)) = keys.get_key_value(keyid).filter(|(keyid, _)| keyid.bytes().all(digits)) else {
                let message = format!(
                    "key `{}`, which may do the step, is of no use",
                    keyid.chars().take(80).collect::<String>()
                );
                self.findings.note(Code::KeyUnused, file, Some(&step.name), message);
                continue;
            };
            let Some(prefix) = keyid.get(..PREFIX) else { continue };
            if by_prefix.insert(prefix, key).is_some() {
                // SECURITY: one file would be the link of two keys.
                let message = format!("two keys that may do the step have ids that begin with `{prefix}`");
                self.findings.error(Code::KeyPrefix, file, Some(&step.name), message);
                reading.broken = true;
            }
        }
        by_prefix
    }

    /// A file under the name of a key that may do the step.
    fn link(
        &mut self,
        file: &str,
        step: &LayoutStep,
        key: &LayoutKey,
        prefix: &str,
        folder: &Folder,
        reading: &mut Reading,
    ) -> Result<(), LayoutFault> {
        let name = format!("{}.{prefix}.link", step.name);
        let shown = folder.shown(&name);
        let document = match self.read(&folder.path, &name)? {
            Ok(bytes) => Document::read(&bytes, self.limits).map_err(|error| with_sources(&error)),
            Err(reason) => Err(reason),
        };
        let document = match document {
            Ok(document) => document,
            Err(reason) => {
                // OFF-SPEC: Go's reader passes over it, Python's ends there.
                self.findings.error(Code::LinkUnreadable, file, Some(&step.name), format!("`{shown}`: {reason}"));
                reading.ignored(shown, reason);
                reading.broken = true;
                return Ok(());
            }
        };
        match document.verify_by(key) {
            Ok(verified) => self.signed(file, step, key.id(), prefix, folder, verified, reading),
            Err(error) => {
                self.ignore(file, step, shown, error.to_string(), reading);
                Ok(())
            }
        }
    }

    /// A file under the name of a key that may not do the step.
    fn stranger(
        &mut self,
        file: &str,
        layout: &Layout,
        step: &LayoutStep,
        prefix: &str,
        folder: &Folder,
        reading: &mut Reading,
    ) -> Result<(), LayoutFault> {
        let shown = folder.shown(&format!("{}.{prefix}.link", step.name));
        if step.cert_constraints.is_empty() {
            let reason = "no key that may do the step has an id that begins so".to_owned();
            self.ignore(file, step, shown, reason, reading);
            return Ok(());
        }
        let document = match self.read(&folder.path, &format!("{}.{prefix}.link", step.name))? {
            Ok(bytes) => Document::read(&bytes, self.limits).map_err(|error| with_sources(&error)),
            Err(reason) => Err(reason),
        };
        let now = self.demand.now;
        let verified = document.and_then(|document| {
            let verified = document.verify_by_certificate(prefix, layout, step, now);
            verified.map_err(|error| with_sources(&error))
        });
        match verified {
            // A layout in place of a link is verified by a key of the layout above, and a certificate is none.
            Ok(verified) if matches!(verified.value(), Content::Layout(_)) => {
                self.ignore(file, step, shown, "a certificate's holder delegates to nobody".to_owned(), reading);
            }
            Ok(verified) => {
                let key = verified.keys().first().copied();
                if let Some(key) = key {
                    self.signed(file, step, key, prefix, folder, verified, reading)?;
                }
            }
            Err(reason) => self.ignore(file, step, shown, reason, reading),
        }
        Ok(())
    }

    fn ignore(&mut self, file: &str, step: &LayoutStep, shown: String, reason: String, reading: &mut Reading) {
        self.findings.note(Code::LinkIgnored, file, Some(&step.name), format!("`{shown}` does not count: {reason}"));
        reading.ignored(shown, reason);
    }

    /// A link, or the layout in its place, whose signature holds under a key that may do the step.
    #[expect(clippy::too_many_arguments, reason = "what is known of one link, passed on once")]
    fn signed(
        &mut self,
        file: &str,
        step: &LayoutStep,
        key: KeyId,
        prefix: &str,
        folder: &Folder,
        verified: Verified<Content>,
        reading: &mut Reading,
    ) -> Result<(), LayoutFault> {
        let shown = folder.shown(&format!("{}.{prefix}.link", step.name));
        let digest = verified.digest().to_string();
        let record = if matches!(verified.value(), Content::Layout(_)) {
            let mut inner = folder.path.clone();
            inner.push(format!("{}.{prefix}", step.name));
            let judged = self.layout(&shown, &verified, &inner)?;
            reading.answer.sublayouts.push(judged.answer);
            judged.summary
        } else {
            let Content::Link(link) = verified.into_value() else { return Ok(()) };
            // SECURITY: otherwise a link of one step, renamed, is the link of another.
            if link.name != step.name {
                let own: String = link.name.chars().take(80).collect();
                self.ignore(file, step, shown, format!("it is a link of the step `{own}`"), reading);
                return Ok(());
            }
            self.command(file, step, &link, &shown);
            self.artifacts(file, step, *link, &shown)
        };
        let Some(record) = record else {
            reading.broken = true;
            reading.ignored(shown, "what it says cannot be used; see the findings".to_owned());
            return Ok(());
        };
        reading.answer.links.push(LinkAnswer {
            file: shown.clone(),
            status: LinkStatus::Counted,
            reason: None,
            digest: Some(digest),
        });
        reading.records.push((key, shown, record));
        Ok(())
    }

    fn command(&mut self, file: &str, step: &LayoutStep, link: &SignedLink, shown: &str) {
        // SPEC: section 4.3.1: another command than the expected one is a warning.
        if !step.expected_command.is_empty() && step.expected_command != link.command {
            let message = format!("`{shown}` has another command than the layout expects");
            self.findings.note(Code::Command, file, Some(&step.name), message);
        }
    }

    /// The artifacts of a link, when every reader takes them for the same.
    fn artifacts(&mut self, file: &str, step: &LayoutStep, link: SignedLink, shown: &str) -> Option<Record> {
        let fault = |artifacts: &Artifacts| {
            let bad =
                artifacts.iter().find_map(|(path, digests)| Some((path, unplain(path).or_else(|| weak(digests))?)));
            bad.map(|(path, reason)| {
                format!("`{shown}` names `{}`: {reason}", path.chars().take(200).collect::<String>())
            })
        };
        if let Some(message) = fault(&link.materials).or_else(|| fault(&link.products)) {
            self.findings.error(Code::Artifact, file, Some(&step.name), message);
            return None;
        }
        Some(Record { materials: link.materials, products: link.products })
    }
}

impl Reading {
    fn ignored(&mut self, file: String, reason: String) {
        self.answer.links.push(LinkAnswer { file, status: LinkStatus::Ignored, reason: Some(reason), digest: None });
    }
}
