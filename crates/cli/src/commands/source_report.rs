//! `lasthand source report`: the coverage of a ref's tree, and what has no human behind it.

mod known;
mod noticed;
mod text;

use std::collections::BTreeMap;

use clap::Args;
use lasthand_lineage::ledger::{Cover, PathState};
use lasthand_model::actor::ActorKind;
use lasthand_model::history::ObjectKey;
use lasthand_model::influence::{self, Influence};
use lasthand_model::wire::facts::Actor;
use lasthand_observe::git::{self, Start};
use serde_json::{Value, json};

pub(super) use self::known::Known;
use self::noticed::Submodule;
pub(super) use self::text::{bold, short};
use super::question::{Format, Sink, put, put_document, style, text_or_json};
use crate::command_error::CommandError;
use crate::context::Context;
use crate::source_ledger::{LedgerArguments, SourceLedger};

/// Arguments of `source report`.
#[derive(Debug, Args)]
#[command(
    after_help = "It reads the repository's own history, and believes only the reviews that the trust file gives authority to. It explains, and \
                  decides nothing: `verify` does. Exit code 0 whatever the answer is.\n\nExamples:\n  lasthand source report\n  lasthand source \
                  report --ref main --trust lasthand.trust.toml --bundle evidence\n  lasthand source report --since v1.0 -o json=report.json"
)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    ledger: LedgerArguments,
    /// List every file that has no human behind it and every finding, and not only the first of each
    #[arg(long)]
    all: bool,
    /// What to print, or write to a file: text, json; repeatable
    #[arg(long = "output", short = 'o', value_name = "FORMAT[=PATH]", default_value = "text", value_parser = text_or_json)]
    output: Vec<Sink>,
}

/// Reports.
///
/// # Errors
/// When the history or the evidence cannot be read, or a sink not be written.
pub(crate) fn run(arguments: &ReportArguments, context: &Context) -> Result<u8, CommandError> {
    let source = arguments.ledger.open(context)?;
    let report = Report::of(&source);
    for sink in &arguments.output {
        match sink.format {
            Format::Text => {
                let listed = if arguments.all { usize::MAX } else { text::LISTED };
                put(sink, text::render(&report, style(sink, context), listed).as_bytes(), context)?;
            }
            Format::Json | Format::Facts => put_document(sink, &report.document(), context)?,
        }
    }
    Ok(0)
}

/// What stands behind some paths, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Amount {
    paths: u64,
    bytes: u64,
}

impl Amount {
    const fn add(&mut self, bytes: u64) {
        self.paths += 1;
        // What an object database states of itself may be anything.
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn document(self) -> Value {
        json!({ "paths": self.paths, "bytes": self.bytes })
    }
}

/// The report, before it is written down.
struct Report<'a> {
    source: &'a SourceLedger,
    known: Known<'a>,
    total: Amount,
    reviewed: Amount,
    onboarded: Amount,
    /// As in a tree that was covered before.
    returned: Amount,
    open: Amount,
    /// Paths that were removed, and nobody answered for it.
    removed: u64,
    items: Vec<Item<'a>>,
    /// For each group: what is there, and how many paths were removed.
    groups: BTreeMap<Group, (Amount, u64)>,
    submodules: Vec<Submodule<'a>>,
}

/// A path without a human behind it.
struct Item<'a> {
    state: PathState<'a>,
    group: Group,
    bytes: u64,
}

/// By whose hand, and to what effect. The worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    author: Author,
    influence: Influence,
}

/// Kinds of authors, those first who need a human most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Author {
    Agent,
    Unknown,
    Automation,
    Human,
    /// It was there before the first landing that was read.
    Before,
}

impl Author {
    /// The worst kind among the people of a commit.
    fn of(state: &PathState<'_>) -> Self {
        let Some((_, people)) = state.last else { return Self::Before };
        let kind = |actor: &Actor| match actor.kind {
            ActorKind::Agent => Self::Agent,
            ActorKind::Unknown => Self::Unknown,
            ActorKind::Automation => Self::Automation,
            ActorKind::Human => Self::Human,
        };
        people.iter().map(kind).min().unwrap_or(Self::Unknown)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Unknown => "unknown",
            Self::Automation => "automation",
            Self::Human => "human",
            Self::Before => "before",
        }
    }
}

impl<'a> Report<'a> {
    fn of(source: &'a SourceLedger) -> Self {
        let mut report = Self {
            source,
            known: Known::new(&source.repository),
            total: Amount::default(),
            reviewed: Amount::default(),
            onboarded: Amount::default(),
            returned: Amount::default(),
            open: Amount::default(),
            removed: 0,
            items: Vec::new(),
            groups: BTreeMap::new(),
            submodules: Vec::new(),
        };
        for state in source.ledger.paths() {
            report.submodules.extend(Submodule::at(state.path, state.version));
            let bytes = state.version.map_or(0, |version| git::stored_bytes(&source.repository, &version));
            if state.version.is_some() {
                report.total.add(bytes);
            }
            match state.cover {
                Cover::Nothing { .. } => report.add_open(state, bytes),
                Cover::Reviewed { .. } | Cover::WholeReviewed { .. } => report.reviewed.add(bytes),
                Cover::Onboarded => report.onboarded.add(bytes),
                _ => report.returned.add(bytes),
            }
        }
        let key = |item: &Item<'a>| (item.group, item.state.version.is_none(), item.state.path);
        report.items.sort_by_key(key);
        report
    }

    fn add_open(&mut self, state: PathState<'a>, bytes: u64) {
        let group = Group { author: Author::of(&state), influence: influence::of(state.path) };
        let (there, removed) = self.groups.entry(group).or_default();
        if state.version.is_some() {
            self.open.add(bytes);
            there.add(bytes);
        } else {
            self.removed += 1;
            *removed += 1;
        }
        self.items.push(Item { state, group, bytes });
    }

    /// SPEC: docs/source-report.md.
    fn document(&self) -> Value {
        let source = self.source;
        let groups: Vec<Value> = self
            .groups
            .iter()
            .map(|(group, (there, removed))| {
                json!({
                    "author_kind": group.author.word(),
                    "influence": group.influence.as_str(),
                    "paths": there.paths,
                    "bytes": there.bytes,
                    "removed_paths": removed,
                })
            })
            .collect();
        json!({
            "source_report_version": 1,
            "repository": source.name,
            "ref": source.revision.reference,
            "commit": source.revision.commit.as_str(),
            "tree": source.revision.tree.as_str(),
            "start": start_document(source),
            "landings": source.ledger.landings(),
            "classes": noticed::classes(&source.noticed),
            "residual": noticed::residual(&source.noticed),
            "residual_left_out": source.noticed.residual.forgotten(),
            "evidence": evidence_document(source),
            "actor_table": git::TABLE,
            "influence_table": influence::TABLE,
            "coverage": {
                "total": self.total.document(),
                "review": self.reviewed.document(),
                "onboarding": self.onboarded.document(),
                "returned": self.returned.document(),
                "nothing": self.open.document(),
                "removed_paths": self.removed,
            },
            "groups": groups,
            "no_human": self.items.iter().map(|item| item.document(&self.known)).collect::<Vec<_>>(),
            "outside": self.submodules.iter().map(Submodule::document).collect::<Vec<_>>(),
            "findings": noticed::findings(&source.noticed),
            "findings_left_out": source.noticed.people.forgotten(),
        })
    }
}

impl Item<'_> {
    fn document(&self, known: &Known<'_>) -> Value {
        let people = self
            .state
            .last
            .map(|(commit, people)| people.iter().map(|actor| known.document(&commit, actor)).collect::<Vec<_>>());
        let lost = match self.state.cover {
            Cover::Nothing { landing } => landing,
            _ => None,
        };
        json!({
            "path": self.state.path,
            "removed": self.state.version.is_none(),
            "bytes": self.bytes,
            "author_kind": self.group.author.word(),
            "influence": self.group.influence.as_str(),
            "commit": self.state.last.and_then(|(commit, _)| id(&commit)),
            "people": people,
            "lost_at": lost.as_ref().and_then(id),
        })
    }
}

/// The hex digits of an id.
pub(super) fn id(key: &ObjectKey) -> Option<String> {
    key.git_id().map(|id| id.as_str().to_owned())
}

/// Where the history begins that was read, as a document.
pub(super) fn start_document(source: &SourceLedger) -> Value {
    let (kind, ends) = match source.walk.start() {
        Start::Since { commit, tree } => ("since", Some((commit, tree))),
        Start::Cut { commit, tree } => ("shallow", Some((commit, tree))),
        _ => ("root", None),
    };
    json!({
        "kind": kind,
        "commit": ends.and_then(|(commit, _)| id(&commit)),
        "tree": ends.and_then(|(_, tree)| id(&tree)),
        "anchored": source.ledger.is_anchored(),
        "cut_commits": source.walk.cuts(),
    })
}

/// What the evidence comes to, as a document; null without a trust file.
pub(super) fn evidence_document(source: &SourceLedger) -> Value {
    source.survey.as_ref().map_or(Value::Null, |survey| {
        json!({
            "product": source.product,
            "ref_is_the_products": survey.is_ours,
            "reviews": survey.reviews,
            "counting": survey.counting,
            "unplaced": survey.unplaced,
            "rejected_documents": source.rejected,
            "onboarding_trees": survey.anchors,
        })
    })
}

/// What the reader must know of how the answers came about, one line each.
pub(super) fn notes(source: &SourceLedger) -> Vec<String> {
    let short = |key: &ObjectKey| id(key).map_or_else(String::new, |id| id.chars().take(12).collect());
    let mut notes = Vec::new();
    match source.walk.start() {
        Start::Since { commit, .. } => notes.push(format!("the history is read from behind {} on", short(&commit))),
        Start::Cut { commit, .. } => {
            notes.push(format!(
                "this is a shallow clone: nothing before {} is known; `git fetch --unshallow`",
                short(&commit)
            ));
        }
        _ if source.walk.cuts() > 0 => {
            notes.push("this is a shallow clone: what was merged may have authors who are not known".to_owned());
        }
        _ => {}
    }
    let Some(survey) = &source.survey else {
        notes.push("no review is known: give `--trust FILE` and `--bundle DIR` to count them".to_owned());
        return notes;
    };
    let (counting, reviews) = (survey.counting, survey.reviews);
    notes.push(format!(
        "{counting} of {reviews} reviews of this repository count; {} documents hold for nothing",
        source.rejected
    ));
    if !survey.is_ours {
        notes
            .push("repository or ref are none of the product's in the trust file, so no review counts here".to_owned());
    }
    if survey.unplaced > 0 {
        notes.push(format!(
            "{} reviews or edits name trees that this clone does not have: fetch their branches; what they give or take away is not seen",
            survey.unplaced
        ));
    }
    if !source.ledger.is_anchored() {
        notes.push(
            "the history begins at a tree that nobody answers for: name it as onboarding tree in the trust file"
                .to_owned(),
        );
    } else if survey.anchors > 0 {
        notes.push(format!("{} onboarding trees are taken as reviewed", survey.anchors));
    }
    notes
}
