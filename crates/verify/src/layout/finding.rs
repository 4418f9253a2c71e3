//! What is noticed about a layout, and in which words.

use lasthand_model::wire::layout::{LayoutFinding, LayoutSeverity};

/// LIMIT: findings of one report; what comes behind is counted.
const MOST: usize = 1_000;

/// The words by which docs/verify-layout.md explains findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Signature,
    Expired,
    Shape,
    RuleForm,
    Threshold,
    LinkUnreadable,
    KeyPrefix,
    LinksDiffer,
    Artifact,
    Disallowed,
    Required,
    ReadersDiffer,
    Inspections,
    Command,
    KeyUnused,
    LinkIgnored,
    UnknownStep,
    More,
}

impl Code {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::Shape => "shape",
            Self::RuleForm => "rule-form",
            Self::Threshold => "threshold",
            Self::LinkUnreadable => "link-unreadable",
            Self::KeyPrefix => "key-prefix",
            Self::LinksDiffer => "links-differ",
            Self::Artifact => "artifact",
            Self::Disallowed => "disallowed",
            Self::Required => "required",
            Self::ReadersDiffer => "readers-differ",
            Self::Inspections => "inspections",
            Self::Command => "command",
            Self::KeyUnused => "key-unused",
            Self::LinkIgnored => "link-ignored",
            Self::UnknownStep => "unknown-step",
            Self::More => "more",
        }
    }
}

/// Everything noticed so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<LayoutFinding>,
    errors: usize,
    open: usize,
    left_out: usize,
}

impl Findings {
    /// Notices something that refuses.
    pub(super) fn error(&mut self, code: Code, layout: &str, step: Option<&str>, message: String) {
        self.errors += 1;
        self.push(LayoutSeverity::Error, code, layout, step, message);
    }

    /// Notices something that leaves the answer open.
    pub(super) fn open(&mut self, code: Code, layout: &str, step: Option<&str>, message: String) {
        self.open += 1;
        self.push(LayoutSeverity::Open, code, layout, step, message);
    }

    /// Notices something.
    pub(super) fn note(&mut self, code: Code, layout: &str, step: Option<&str>, message: String) {
        self.push(LayoutSeverity::Note, code, layout, step, message);
    }

    fn push(&mut self, severity: LayoutSeverity, code: Code, layout: &str, step: Option<&str>, message: String) {
        if self.all.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let (code, layout, step) = (code.as_str().to_owned(), layout.to_owned(), step.map(str::to_owned));
        self.all.push(LayoutFinding { severity, code, message, layout, step });
    }

    /// How many refuse.
    pub(super) const fn errors(&self) -> usize {
        self.errors
    }

    /// How many leave the answer open.
    pub(super) const fn opens(&self) -> usize {
        self.open
    }

    /// All of them, gravest first, otherwise in the order in which they were noticed.
    pub(super) fn into_sorted(mut self) -> Vec<LayoutFinding> {
        self.all.sort_by_key(|finding| finding.severity);
        if self.left_out > 0 {
            let message = format!("{} more findings are left out", self.left_out);
            let code = Code::More.as_str().to_owned();
            self.all.push(LayoutFinding {
                severity: LayoutSeverity::Note,
                code,
                message,
                layout: String::new(),
                step: None,
            });
        }
        self.all
    }
}
