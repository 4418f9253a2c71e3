//! Layouts and links in memory, judged.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::io;

use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_model::wire::layout::{LayoutReport, LayoutVerdict};
use lasthand_testkit::layouts::{Functionary, bare};
use lasthand_trust::layout::LayoutKey;
use lasthand_trust::scheme::ForeignKey;
use lasthand_verify::layout::{Inspections, LayoutDemand, LayoutFault, LinkSource, judge};
use serde_json::Value;

pub(crate) const NOW: &str = "2026-11-23T00:00:00Z";

/// Links by folder and name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links(pub(crate) BTreeMap<(String, String), Vec<u8>>);

impl Links {
    /// Puts a link of a step under the name of whoever signed it.
    #[must_use]
    pub(crate) fn with(self, step: &str, by: &Functionary, document: &Value) -> Self {
        self.file("", &format!("{step}.{}.link", by.prefix()), document.to_string().as_bytes())
    }

    /// Puts a file into a folder.
    #[must_use]
    pub(crate) fn file(mut self, folder: &str, name: &str, bytes: &[u8]) -> Self {
        self.0.insert((folder.to_owned(), name.to_owned()), bytes.to_vec());
        self
    }
}

impl LinkSource for Links {
    fn names(&self, folder: &[String]) -> io::Result<Vec<String>> {
        let folder = folder.join("/");
        Ok(self.0.keys().filter(|(of, _)| *of == folder).map(|(_, name)| name.clone()).collect())
    }

    fn read(&self, folder: &[String], name: &str, limit: usize) -> io::Result<Vec<u8>> {
        let bytes = self.0.get(&(folder.join("/"), name.to_owned())).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.clone())
    }
}

/// The key of an owner.
pub(crate) fn owner_key(owner: &Functionary) -> LayoutKey {
    LayoutKey::of_owner(ForeignKey::from_pem(owner.pem().as_bytes()).unwrap())
}

/// Judges a document.
pub(crate) fn judged(document: &Value, owners: &[&Functionary], links: &Links) -> Result<LayoutReport, LayoutFault> {
    judged_at(document, owners, links, NOW, Inspections::LeaveOpen, &Limits::DEFAULT)
}

/// Judges a document at a moment, with inspections as told.
pub(crate) fn judged_at(
    document: &Value,
    owners: &[&Functionary],
    links: &Links,
    now: &str,
    inspections: Inspections,
    limits: &Limits,
) -> Result<LayoutReport, LayoutFault> {
    let owners: Vec<LayoutKey> = owners.iter().map(|owner| owner_key(owner)).collect();
    let demand = LayoutDemand { now: timestamp::parse(now).unwrap(), inspections };
    judge("root.layout", document.to_string().as_bytes(), &owners, links, demand, limits)
}

/// Signs a layout by one owner and judges it.
pub(crate) fn told(layout: &Value, links: &Links) -> LayoutReport {
    let owner = Functionary::ed25519(1);
    judged(&bare(layout, &[&owner]), &[&owner], links).unwrap()
}

/// Verdict and codes of what refuses or leaves open.
pub(crate) fn said(report: &LayoutReport) -> (LayoutVerdict, Vec<&str>) {
    use lasthand_model::wire::layout::LayoutSeverity::Note;
    let grave = report.findings.iter().filter(|finding| finding.severity != Note);
    (report.verdict, grave.map(|finding| finding.code.as_str()).collect())
}

/// Codes of what is only told.
pub(crate) fn notes(report: &LayoutReport) -> Vec<&str> {
    use lasthand_model::wire::layout::LayoutSeverity::Note;
    report.findings.iter().filter(|finding| finding.severity == Note).map(|finding| finding.code.as_str()).collect()
}
