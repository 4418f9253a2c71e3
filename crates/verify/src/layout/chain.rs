//! One layout with its steps, and those that it delegates to.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_model::wire::layout::{InspectionAnswer, Layout, LayoutAnswer};
use lasthand_trust::Verified;
use lasthand_trust::layout::{Content, LayoutKey, expires};

use super::apply::{Record, Refusal, Stop, apply};
use super::budget::Budget;
use super::fault::LayoutFault;
use super::finding::{Code, Findings};
use super::rule::{Rule, Side, words};
use super::source::LinkSource;
use super::step::{Folder, StepRules};
use super::{Inspections, LayoutDemand};

/// What goes on over one question.
pub(super) struct Chain<'a> {
    pub(super) links: &'a dyn LinkSource,
    pub(super) demand: LayoutDemand,
    pub(super) limits: &'a Limits,
    pub(super) findings: Findings,
    budget: Budget,
    files_left: usize,
    bytes_left: u64,
}

/// What a layout came to.
pub(super) struct Judged {
    pub(super) answer: LayoutAnswer,
    /// Materials of the first and products of the last step; absent when a step is not shown.
    pub(super) summary: Option<Record>,
}

impl<'a> Chain<'a> {
    pub(super) fn new(links: &'a dyn LinkSource, demand: LayoutDemand, limits: &'a Limits) -> Self {
        Self {
            links,
            demand,
            limits,
            findings: Findings::default(),
            budget: Budget::of(limits.rule_bytes),
            files_left: limits.bundles,
            bytes_left: limits.evidence_bytes,
        }
    }

    /// Decides about a verified layout whose links are in `folder`.
    pub(super) fn layout(
        &mut self,
        file: &str,
        verified: &Verified<Content>,
        folder: &[String],
    ) -> Result<Judged, LayoutFault> {
        let limit = self.limits.layout_depth;
        // LIMIT: layouts within layouts.
        if folder.len() > limit {
            return Err(LayoutFault::OverLimit { what: "layouts within each other", limit: limit as u64 });
        }
        let Content::Layout(layout) = verified.value() else {
            return Err(LayoutFault::IsLink { file: file.to_owned() });
        };
        let mut answer = LayoutAnswer {
            file: file.to_owned(),
            digest: verified.digest().to_string(),
            signed_by: verified.keys().iter().map(ToString::to_string).collect(),
            expires: layout.expires.clone(),
            ..LayoutAnswer::default()
        };
        let errors = self.findings.errors();
        self.expiry(file, layout);
        self.names(file, layout);
        let rules = self.rules(file, layout);
        answer.inspections = self.inspections(file, layout);
        // Names and rules that cannot be used are no ground for reading files by them.
        let (Some(rules), true) = (rules, self.findings.errors() <= errors + usize::from(self.is_expired(layout)))
        else {
            return Ok(Judged { answer, summary: None });
        };
        let listing = self.list(file, folder)?;
        let keys = self.keys(file, layout);
        let mut records: BTreeMap<&str, Record> = BTreeMap::new();
        for step in &layout.steps {
            let (step_answer, record) = self.step(file, layout, step, &keys, &listing)?;
            answer.steps.push(step_answer);
            if let Some(record) = record {
                records.insert(&step.name, record);
            }
        }
        if records.len() < layout.steps.len() {
            return Ok(Judged { answer, summary: None });
        }
        for (step, rules) in layout.steps.iter().zip(&rules) {
            self.apply(file, &step.name, Side::Materials, &rules.materials, &step.expected_materials, &records)?;
            self.apply(file, &step.name, Side::Products, &rules.products, &step.expected_products, &records)?;
        }
        let (first, last) = (layout.steps.first(), layout.steps.last());
        let of = |step: Option<&lasthand_model::wire::layout::LayoutStep>| {
            step.and_then(|step| records.get(step.name.as_str()))
        };
        let summary = Record {
            materials: of(first).map(|record| record.materials.clone()).unwrap_or_default(),
            products: of(last).map(|record| record.products.clone()).unwrap_or_default(),
        };
        answer.materials = summary.materials.clone();
        answer.products = summary.products.clone();
        Ok(Judged { answer, summary: Some(summary) })
    }

    fn is_expired(&self, layout: &Layout) -> bool {
        // What is no moment was refused when the document was read.
        expires(layout).map_or(true, |moment| moment <= self.demand.now)
    }

    fn expiry(&mut self, file: &str, layout: &Layout) {
        if self.is_expired(layout) {
            let message =
                format!("the layout ended at {}, and it is {}", layout.expires, timestamp::format(self.demand.now));
            self.findings.error(Code::Expired, file, None, message);
        }
    }

    /// Names that every reader takes for the same files, and thresholds that ask for something.
    fn names(&mut self, file: &str, layout: &Layout) {
        if layout.steps.is_empty() {
            let message = "the layout has no step, so it proves nothing".to_owned();
            self.findings.error(Code::Shape, file, None, message);
        }
        let mut seen = BTreeSet::new();
        let steps = layout.steps.iter().map(|step| &step.name);
        for name in steps.chain(layout.inspect.iter().map(|inspection| &inspection.name)) {
            // SECURITY: a name is part of a file's name; one reader even takes it for a pattern.
            let odd = name.is_empty()
                || name.contains(['/', '\\', '*', '?', '[', ']', ':'])
                || name.chars().any(char::is_control);
            if odd || name.len() > 200 {
                let message = "the name cannot be part of a file's name for every reader".to_owned();
                self.findings.error(Code::Shape, file, Some(name), message);
            }
            if !seen.insert(name) {
                let message = "the name stands twice".to_owned();
                self.findings.error(Code::Shape, file, Some(name), message);
            }
        }
        for step in layout.steps.iter().filter(|step| step.threshold < 1) {
            let message = format!("the threshold is {}, so nobody need have done the step", step.threshold);
            self.findings.error(Code::Shape, file, Some(&step.name), message);
        }
    }

    /// All rules, also those of inspections, or what is wrong with them.
    fn rules(&mut self, file: &str, layout: &Layout) -> Option<Vec<StepRules>> {
        let mut good = true;
        let mut read = |findings: &mut Findings, name: &str, rules: &[Vec<String>]| -> Vec<Rule> {
            let mut out = Vec::with_capacity(rules.len());
            for rule in rules {
                match Rule::parse(rule) {
                    Ok(rule) => out.push(rule),
                    Err(error) => {
                        good = false;
                        findings.error(Code::RuleForm, file, Some(name), error.to_string());
                    }
                }
            }
            out
        };
        let steps = layout.steps.iter().map(|step| StepRules {
            materials: read(&mut self.findings, &step.name, &step.expected_materials),
            products: read(&mut self.findings, &step.name, &step.expected_products),
        });
        let rules: Vec<StepRules> = steps.collect();
        for inspection in &layout.inspect {
            read(&mut self.findings, &inspection.name, &inspection.expected_materials);
            read(&mut self.findings, &inspection.name, &inspection.expected_products);
        }
        let names: BTreeSet<&str> = layout.steps.iter().map(|step| step.name.as_str()).collect();
        for (step, rules) in layout.steps.iter().zip(&rules) {
            for rule in rules.materials.iter().chain(&rules.products) {
                if let Rule::Match { from, .. } = rule
                    && !names.contains(from.as_str())
                {
                    let message = format!("a rule matches with `{from}`, which is no step: it takes nothing");
                    self.findings.note(Code::UnknownStep, file, Some(&step.name), message);
                }
            }
        }
        good.then_some(rules)
    }

    fn inspections(&mut self, file: &str, layout: &Layout) -> Vec<InspectionAnswer> {
        if !layout.inspect.is_empty() {
            let count = layout.inspect.len();
            match self.demand.inspections {
                Inspections::LeaveOpen => {
                    let message = format!("{count} inspections were not run, so their rules are open");
                    self.findings.open(Code::Inspections, file, None, message);
                }
                Inspections::Without => {
                    let message = format!("{count} inspections and their rules are left out, as asked");
                    self.findings.note(Code::Inspections, file, None, message);
                }
            }
        }
        let answer = |inspection: &lasthand_model::wire::layout::LayoutInspection| InspectionAnswer {
            name: inspection.name.clone(),
            run: inspection.run.clone(),
        };
        layout.inspect.iter().map(answer).collect()
    }

    /// The keys of the layout that can be used, by id.
    fn keys(&mut self, file: &str, layout: &Layout) -> BTreeMap<String, LayoutKey> {
        let mut keys = BTreeMap::new();
        for (keyid, value) in &layout.keys {
            match LayoutKey::read(keyid, value) {
                Ok(key) => drop(keys.insert(keyid.clone(), key)),
                Err(error) => {
                    let shown: String = keyid.chars().take(80).collect();
                    self.findings.note(Code::KeyUnused, file, None, format!("key `{shown}` is of no use: {error}"));
                }
            }
        }
        keys
    }

    fn list(&mut self, file: &str, folder: &[String]) -> Result<Folder, LayoutFault> {
        let names = self.links.names(folder).map_err(|source| LayoutFault::Unreadable {
            what: "the folder of links of",
            path: file.into(),
            source,
        })?;
        // LIMIT: names of one folder.
        if names.len() > self.limits.bundles {
            return Err(LayoutFault::OverLimit {
                what: "files in a folder of links",
                limit: self.limits.bundles as u64,
            });
        }
        Ok(Folder::new(folder.to_vec(), names))
    }

    /// Reads a link's file; the inner error is one of this file alone.
    pub(super) fn read(&mut self, folder: &[String], name: &str) -> Result<Result<Vec<u8>, String>, LayoutFault> {
        let (files, bytes) = (self.limits.bundles, self.limits.evidence_bytes);
        // LIMIT: links of one question, and their bytes together.
        self.files_left =
            self.files_left.checked_sub(1).ok_or(LayoutFault::OverLimit { what: "links", limit: files as u64 })?;
        let read = match self.links.read(folder, name, self.limits.json_bytes) {
            Ok(read) => read,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let over = LayoutFault::OverLimit { what: "bytes of links", limit: bytes };
        self.bytes_left = self.bytes_left.checked_sub(read.len() as u64).ok_or(over)?;
        Ok(Ok(read))
    }

    fn apply(
        &mut self,
        file: &str,
        name: &str,
        side: Side,
        rules: &[Rule],
        texts: &[Vec<String>],
        records: &BTreeMap<&str, Record>,
    ) -> Result<(), LayoutFault> {
        let Some(own) = records.get(name) else { return Ok(()) };
        let refusal = match apply(rules, side, own, records, &mut self.budget) {
            Ok(()) => return Ok(()),
            Err(Stop::OverBudget) => {
                return Err(LayoutFault::OverLimit { what: "bytes compared for rules", limit: self.limits.rule_bytes });
            }
            Err(Stop::Refused(refusal)) => refusal,
        };
        let text = |rule: usize| texts.get(rule).map(|rule| words(rule)).unwrap_or_default();
        let side = side.as_str();
        let (code, message) = match &refusal {
            Refusal::Disallowed { rule, count, first } => (
                Code::Disallowed,
                format!("{side}: `{}` disallows {count} that are left, `{first}` first", text(*rule)),
            ),
            Refusal::Required { rule, name } => (
                Code::Required,
                format!("{side}: `{}` requires `{name}`, which is not there or was taken before", text(*rule)),
            ),
            Refusal::Readers { rule, name, why } => {
                (Code::ReadersDiffer, format!("{side}: `{}` about `{name}`: {why}", text(*rule)))
            }
        };
        self.findings.error(code, file, Some(name), message);
        Ok(())
    }
}
