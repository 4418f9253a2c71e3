//! The document of an exit 2 or 4: no verdict, and why.

use std::path::Path;

use lasthand_model::wire::report::{Report, ReportArtifact, ReportFinding, ReportPlace, Severity};

use crate::error::VerifyError;

/// Makes the report of an error: no verdict, and one finding for each thing that is wrong.
#[must_use]
pub fn report_for_error(error: &VerifyError, artifact: &Path) -> Report {
    let name = artifact.file_name().unwrap_or(artifact.as_os_str()).to_string_lossy().into_owned();
    let finding = |message: String, hints: &[String]| ReportFinding {
        id: error.id().to_owned(),
        severity: Severity::Error,
        message,
        hint: (!hints.is_empty()).then(|| hints.join("; ")),
        place: ReportPlace::default(),
    };
    let diagnostics = error.diagnostics();
    let findings = if diagnostics.is_empty() {
        vec![finding(error.message(), &error.hints())]
    } else {
        diagnostics.into_iter().map(|(line, hints)| finding(line, &hints)).collect()
    };
    Report { artifact: ReportArtifact { name, ..ReportArtifact::default() }, findings, ..Report::default() }
}
