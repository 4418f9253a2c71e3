//! The entries of a report, each made when somebody looks at it.

use std::collections::BTreeMap;
use std::sync::Arc;

use lasthand_artifact::image::LayerFacts;
use lasthand_artifact::{Inside, Member};
use lasthand_lineage::{FileAnswer, FileAnswers, MemberAnswers};
use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::{CONFIG, EntryType, Inventory, Record, escape_path};
use lasthand_model::wire::facts::PathRule;
use lasthand_model::wire::report::{MakeFiles, ReportExplanation, ReportFile, ReportMember};

use super::file_verdict;
use crate::artifact::Opened;

/// The files of a report. They share the memory of the inventories and of the answers; in JSON they are the list that the report has.
#[derive(Debug, Clone, Default)]
pub struct Files {
    parts: Arc<[Part]>,
    answers: Arc<FileAnswers>,
}

#[derive(Debug)]
struct Part {
    digest: Sha256,
    /// Of a member of an index.
    platform: Option<String>,
    inventory: Arc<Inventory>,
    /// Fields of the configuration, as canonical JSON.
    fields: BTreeMap<String, String>,
    /// Layers of an image.
    layers: Vec<Arc<LayerFacts>>,
    /// What archives in it hold, where it is no image and they were opened.
    inside: Arc<BTreeMap<FileDigest, Inside>>,
}

/// One entry: as it was read, and how to tell of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileAt<'a> {
    part: &'a Part,
    answers: MemberAnswers<'a>,
    at: usize,
}

impl Files {
    pub(super) fn of(opened: &Opened, answers: &Arc<FileAnswers>) -> Self {
        let parts = opened.parts.iter().map(|part| Part {
            digest: part.digest.0,
            platform: part.platform.clone(),
            inventory: Arc::clone(&part.inventory),
            fields: part.image.as_ref().map(|image| image.fields.clone()).unwrap_or_default(),
            layers: part.image.as_ref().map(|image| image.layers.clone()).unwrap_or_default(),
            inside: Arc::clone(&part.inside),
        });
        Self { parts: parts.collect(), answers: Arc::clone(answers) }
    }

    /// The number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.inventory.len()).sum()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every file: of an index those of each image, in its order, in path order.
    pub fn iter(&self) -> impl Iterator<Item = ReportFile> {
        self.each().map(|file| file.file())
    }

    /// Every file in its place.
    pub(crate) fn each(&self) -> impl Iterator<Item = FileAt<'_>> {
        self.parts.iter().flat_map(|part| {
            let answers = self.answers.of(part.digest, part.platform.as_deref());
            (0..part.inventory.len()).map(move |at| FileAt { part, answers, at })
        })
    }
}

impl MakeFiles for Files {
    fn files(&self) -> impl Iterator<Item = ReportFile> {
        self.iter()
    }
}

impl<'a> FileAt<'a> {
    /// The path, escaped.
    pub(crate) fn path(self) -> &'a str {
        self.part.inventory.path_text(self.at)
    }

    /// The record.
    pub(crate) fn record(self) -> Record<'a> {
        // There is one for each place.
        self.part.inventory.get(self.at).unwrap_or(Record::NOTHING)
    }

    /// The answer for it, where there is one.
    pub(crate) fn answer(self) -> Option<FileAnswer<'a>> {
        self.answers.find(self.path(), self.at)
    }

    /// Platform of the image it is in, where the artifact is an index.
    pub(crate) fn platform(self) -> Option<&'a str> {
        self.part.platform.as_deref()
    }

    /// The file as reports tell of it.
    pub(crate) fn file(self) -> ReportFile {
        let (path, record, answer) = (self.path(), self.record(), self.answer());
        ReportFile {
            platform: self.part.platform.clone(),
            path: path.to_owned(),
            path_bytes: (path.as_bytes() != record.path).then(|| hex::encode(record.path)),
            entry_type: record.entry_type,
            mode: record.mode,
            size: record.size,
            sha256: record.sha256,
            value: self.value(record),
            inside: self.inside().map(|inside| inside.members.iter().map(member).collect()),
            verdict: answer.map(|answer| file_verdict(answer.verdict)),
            explained_by: answer.map(explanation),
        }
    }

    /// What it holds, where it is an archive that was opened.
    pub(crate) fn inside(self) -> Option<&'a Inside> {
        let record = self.record();
        let digest = record.sha256.filter(|_| record.entry_type == EntryType::File)?;
        let of_layers = || self.part.layers.iter().find_map(|layer| layer.inside.get(&digest));
        self.part.inside.get(&digest).or_else(of_layers)
    }

    /// The value of a field of the configuration, as canonical JSON.
    fn value(self, record: Record<'_>) -> Option<String> {
        let is_field = record.entry_type == EntryType::Config;
        let field = record.path.strip_prefix(CONFIG.as_bytes()).filter(|_| is_field)?;
        self.part.fields.get(std::str::from_utf8(field).ok()?).cloned()
    }
}

fn member(member: &Member) -> ReportMember {
    ReportMember {
        path: escape_path(&member.path),
        entry_type: member.entry_type,
        mode: member.mode,
        size: member.size,
        sha256: member.sha256,
    }
}

fn explanation(answer: FileAnswer<'_>) -> ReportExplanation {
    let why = answer.explained_by;
    ReportExplanation {
        rule: why.rule.to_owned(),
        evidence: why.evidence.clone(),
        step: why.step,
        review: why.review,
        last_landing: why.last_landing,
        base: why.base.clone(),
        path_map: why.path_map.clone().map(|(from, to)| PathRule { from, to }),
        source_path: answer.source_path(),
        actors: why.actors.clone(),
    }
}
