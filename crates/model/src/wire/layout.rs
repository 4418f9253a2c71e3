//! in-toto layouts and the links that answer them, as they are signed; and the document that says what came of them.
//!
//! SPEC: in-toto specification 1.0, sections 4.3 (layouts) and 4.4 (links).
//!
//! SECURITY: an unknown member is refused. One reader leaves it out of what it verifies, another refuses it, and a third would sign it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::statement::DigestSet;

/// `_type` of a layout.
pub const LAYOUT: &str = "layout";
/// `_type` of a step.
pub const STEP: &str = "step";
/// `_type` of an inspection.
pub const INSPECTION: &str = "inspection";

/// What must have happened, and who may have done it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// [`LAYOUT`].
    #[serde(rename = "_type")]
    pub layout_type: String,
    /// Steps in their order.
    pub steps: Vec<LayoutStep>,
    /// Commands that a verifier would run.
    pub inspect: Vec<LayoutInspection>,
    /// Key id to public key. Kept as written: keys of a kind nobody here reads are no error, and are of no use.
    pub keys: BTreeMap<String, Value>,
    /// Key id to a certificate that vouches for others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rootcas: BTreeMap<String, Value>,
    /// Key id to a certificate between root and functionary.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intermediatecas: BTreeMap<String, Value>,
    /// `YYYY-MM-DDTHH:MM:SSZ`; from this moment on the layout says nothing.
    pub expires: String,
    /// For people.
    pub readme: String,
}

/// One step that somebody must have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutStep {
    /// [`STEP`].
    #[serde(rename = "_type")]
    pub step_type: String,
    /// Name; that of its links.
    pub name: String,
    /// Rules over what went in.
    pub expected_materials: Vec<Vec<String>>,
    /// Rules over what came out.
    pub expected_products: Vec<Vec<String>>,
    /// Key ids of those who may do it.
    pub pubkeys: Vec<String>,
    /// What the certificate of somebody who may do it holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cert_constraints: Vec<CertificateConstraint>,
    /// The command expected; another one is told, and refuses nothing.
    pub expected_command: Vec<String>,
    /// How many different keys must agree.
    pub threshold: i64,
}

/// One command that a verifier would run over the final product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutInspection {
    /// [`INSPECTION`].
    #[serde(rename = "_type")]
    pub inspection_type: String,
    /// Name.
    pub name: String,
    /// Rules over what was there before.
    pub expected_materials: Vec<Vec<String>>,
    /// Rules over what was there afterwards.
    pub expected_products: Vec<Vec<String>>,
    /// The command.
    pub run: Vec<String>,
}

/// What the certificate of a functionary must hold: exactly these values, `*` alone for any, nothing for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConstraint {
    /// Common name of the subject.
    pub common_name: String,
    /// DNS names among the alternative names.
    pub dns_names: Vec<String>,
    /// E-mail addresses among the alternative names.
    pub emails: Vec<String>,
    /// Organisations of the subject.
    pub organizations: Vec<String>,
    /// Key ids of the roots.
    pub roots: Vec<String>,
    /// URIs among the alternative names.
    pub uris: Vec<String>,
}

/// A classic link as evidence: all of its members, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedLink {
    /// [`CLASSIC_LINK`](super::link::CLASSIC_LINK).
    #[serde(rename = "_type")]
    pub link_type: String,
    /// Name of the step.
    pub name: String,
    /// What went in: path to digests.
    pub materials: BTreeMap<String, DigestSet>,
    /// What came out: path to digests.
    pub products: BTreeMap<String, DigestSet>,
    /// Output of the command and the like.
    pub byproducts: Map<String, Value>,
    /// Command line of the step.
    pub command: Vec<String>,
    /// Surroundings of the command.
    pub environment: Map<String, Value>,
}

/// What came of a layout and its links; printed by `lasthand verify-layout -o json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutReport {
    /// 1.
    pub layout_report_version: u32,
    /// What was decided.
    pub verdict: LayoutVerdict,
    /// The moment that was decided for, RFC 3339.
    pub now: String,
    /// The layout that was asked about, with those that it delegates to.
    pub layout: LayoutAnswer,
    /// What was noticed, gravest first.
    pub findings: Vec<LayoutFinding>,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayoutVerdict {
    /// Every step is shown by enough links, and every rule holds.
    Accepted,
    /// Something does not hold.
    Refused,
    /// Everything that was looked at holds, and there are inspections, which were not run.
    Undecided,
}

impl LayoutVerdict {
    /// The word of reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        }
    }
}

/// What came of one layout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutAnswer {
    /// Its file.
    pub file: String,
    /// SHA-256 of what was signed, hex.
    pub digest: String,
    /// Keys that signed it, of those asked for: SHA-256 of each SubjectPublicKeyInfo, hex.
    pub signed_by: Vec<String>,
    /// When it ends, as written.
    pub expires: String,
    /// Its steps in their order.
    pub steps: Vec<StepAnswer>,
    /// Its inspections, none of which was run.
    pub inspections: Vec<InspectionAnswer>,
    /// Materials of the first step: path to digests. Empty unless every step is shown.
    pub materials: BTreeMap<String, DigestSet>,
    /// Products of the last step: path to digests. Empty unless every step is shown.
    pub products: BTreeMap<String, DigestSet>,
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepAnswer {
    /// Its name.
    pub name: String,
    /// How many different keys must agree.
    pub threshold: i64,
    /// Different keys that did: SHA-256 of each SubjectPublicKeyInfo, hex.
    pub signed_by: Vec<String>,
    /// Every file that goes by the name of this step, and those that should be there.
    pub links: Vec<LinkAnswer>,
    /// The layouts that stand in place of its links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sublayouts: Vec<LayoutAnswer>,
}

/// What came of one file of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkAnswer {
    /// Its file, relative to the folder of links.
    pub file: String,
    /// Whether it counts.
    pub status: LinkStatus,
    /// Why it does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// SHA-256 of what was signed, hex; of a link that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Whether a link counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinkStatus {
    /// A key that may do the step signed it.
    Counted,
    /// Nobody who may do the step signed it.
    Ignored,
}

/// One inspection, which was not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InspectionAnswer {
    /// Its name.
    pub name: String,
    /// Its command.
    pub run: Vec<String>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LayoutSeverity {
    /// It refuses.
    Error,
    /// It leaves the answer open.
    Open,
    /// It is told.
    Note,
}

/// Something noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutFinding {
    /// How grave it is.
    pub severity: LayoutSeverity,
    /// What it is; docs/verify-layout.md explains each word.
    pub code: String,
    /// The same for people.
    pub message: String,
    /// The layout's file.
    pub layout: String,
    /// The step or inspection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}
