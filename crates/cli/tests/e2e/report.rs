//! What `verify -o json` said.

use std::collections::BTreeMap;
use std::process::Output;

use serde_json::Value;

/// Exit code and report.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) json: Value,
}

impl Report {
    pub(crate) fn of(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let json = serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("no report: {text}{}", String::from_utf8_lossy(&output.stderr)));
        Self { code: output.status.code().unwrap_or(-1), json }
    }

    /// Asserts that the artifact is accepted.
    #[track_caller]
    pub(crate) fn accepted(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.told());
        assert_eq!(self.json["verdict"], "accepted");
        self.all_evidence_holds();
        self
    }

    /// Asserts that the artifact is refused for something at a path.
    #[track_caller]
    pub(crate) fn refused(self, id: &str, path: &str) -> Self {
        assert_eq!(self.code, 1, "{}", self.told());
        assert_eq!(self.json["verdict"], "refused");
        self.all_evidence_holds();
        let fits = |item: &Value| {
            item["id"] == id && item["severity"] == "error" && (path.is_empty() || item["where"]["path"] == path)
        };
        assert!(self.list("findings").iter().any(fits), "no {id} at `{path}`: {}", self.told());
        self
    }

    /// The same, and the finding names this actor, with or without the form of his account.
    #[track_caller]
    pub(crate) fn refused_for(self, id: &str, path: &str, actor: &str) -> Self {
        let report = self.refused(id, path);
        let names = |item: &Value| {
            item["id"] == id
                && (path.is_empty() || item["where"]["path"] == path)
                && item["where"]["actor"].as_str().unwrap_or_default().contains(actor)
        };
        assert!(report.list("findings").iter().any(names), "{id} at `{path}` is not {actor}'s: {}", report.told());
        report
    }

    /// What is refused here is refused by what the evidence says, never for evidence that does not hold.
    #[track_caller]
    fn all_evidence_holds(&self) {
        let evidence = self.list("evidence");
        assert!(!evidence.is_empty(), "no evidence");
        assert!(evidence.iter().all(|item| item["status"] == "verified"), "{}", self.told());
    }

    pub(crate) fn list(&self, member: &str) -> Vec<Value> {
        self.json[member].as_array().cloned().unwrap_or_default()
    }

    /// Verdict of each entry by its path; of one platform where the artifact is an index.
    pub(crate) fn verdicts(&self, platform: Option<&str>) -> BTreeMap<String, String> {
        let files = self.list("files").into_iter().filter(|file| file["platform"].as_str() == platform);
        files
            .map(|file| {
                (file["path"].as_str().unwrap().to_owned(), file["verdict"].as_str().unwrap_or("none").to_owned())
            })
            .collect()
    }

    /// The rule that explains each entry, by its path.
    pub(crate) fn rules(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.list("files").iter().map(|file| (text(&file["path"]), text(&file["explained_by"]["rule"]))).collect()
    }

    /// The answer for an entry.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> Value {
        let found = self.list("files").into_iter().find(|file| file["path"] == path);
        found.unwrap_or_else(|| panic!("no entry `{path}`"))
    }

    /// The rule that explains an entry.
    #[track_caller]
    pub(crate) fn rule(&self, path: &str) -> String {
        self.file(path)["explained_by"]["rule"].as_str().unwrap().to_owned()
    }

    /// Findings and frontier, for a message.
    fn told(&self) -> String {
        let lines = self.list("findings").into_iter().map(|finding| {
            format!("{} {} {}: {}\n", finding["severity"], finding["id"], finding["where"], finding["message"])
        });
        let rejected = self.list("evidence").into_iter().filter(|item| item["status"] != "verified");
        let rejected = rejected.map(|item| format!("{} {}: {}\n", item["status"], item["source"], item["reason"]));
        format!("verdict {}\n{}", self.json["verdict"], lines.chain(rejected).collect::<String>())
    }
}
