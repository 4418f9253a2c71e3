//! Folders of evidence: which file is what, by place and ending only.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lasthand_model::digest::{InventoryRoot, Sha256};
use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::json_lines;
use lasthand_trust::evidence::TrustError;
use lasthand_trust::foreign;

use super::read::read_bounded;
use super::{BlobFile, Content, Document, Evidence, Fault, InventoryFile};
use crate::error::{VerifyError, with_sources};

/// Contents by digest lie in `blobs/sha256/`.
const BLOBS: (&str, &str) = ("blobs", "sha256");

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Document,
    Lines,
    Inventory,
    Blob,
}

pub(super) struct Walk<'a> {
    pub(super) evidence: Evidence,
    limits: &'a Limits,
    seen: BTreeSet<PathBuf>,
    /// Bytes read of documents.
    bytes: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self { evidence: Evidence::default(), limits, seen: BTreeSet::new(), bytes: 0 }
    }

    /// A file that the caller named: its ending decides how it is read, never whether.
    pub(super) fn named_file(&mut self, path: &Path) -> Result<(), VerifyError> {
        let class = class(path).filter(|class| *class != Class::Blob).unwrap_or(Class::Document);
        self.take(path, path, class)
    }

    /// Everything below a folder, in sorted order, files before folders.
    pub(super) fn folder(&mut self, root: &Path) -> Result<(), VerifyError> {
        let inside = fs::canonicalize(root);
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let mut entries = match list(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.fault(&folder, &error.to_string());
                    continue;
                }
            };
            entries.sort();
            let mut below = Vec::new();
            for path in entries {
                match fs::symlink_metadata(&path) {
                    Err(error) => self.fault(&path, &error.to_string()),
                    Ok(metadata) if metadata.is_dir() => below.push(path),
                    Ok(metadata) if metadata.is_symlink() => self.link(&path, inside.as_deref().ok())?,
                    Ok(_) => {
                        if let Some(class) = class(&path) {
                            self.take(&path, &path, class)?;
                        }
                    }
                }
            }
            // INVARIANT (termination): links to folders are never entered, so no folder comes twice.
            folders.extend(below.into_iter().rev());
        }
        Ok(())
    }

    /// SECURITY: a link in foreign evidence could name any file of the verifier; its first bytes would come out in an error message.
    fn link(&mut self, path: &Path, inside: Option<&Path>) -> Result<(), VerifyError> {
        let target = match fs::canonicalize(path) {
            Ok(target) => target,
            Err(error) => {
                if class(path).is_some() {
                    self.fault(path, &format!("symbolic link: {error}"));
                }
                return Ok(());
            }
        };
        let leaves = inside.is_none_or(|inside| !target.starts_with(inside));
        match class(path) {
            _ if target.is_dir() && leaves => self.fault(path, "symbolic link leaves the folder of evidence"),
            // What it names is found by itself.
            _ if target.is_dir() => {}
            None => {}
            Some(_) if leaves => self.fault(path, "symbolic link leaves the folder of evidence"),
            Some(class) => return self.take(path, &target, class),
        }
        Ok(())
    }

    fn take(&mut self, named: &Path, path: &Path, class: Class) -> Result<(), VerifyError> {
        if !self.seen.insert(named.to_owned()) {
            return Ok(());
        }
        let source = name_of(named);
        match class {
            Class::Document => {
                if let Some(bytes) = self.document(named, path)? {
                    self.documents(source, bytes)?;
                }
            }
            Class::Lines => {
                let bytes = self.document(named, path)?.unwrap_or_default();
                for (line, bytes) in json_lines(&bytes) {
                    self.documents(format!("{source}:{line}"), bytes.to_owned())?;
                    self.count()?;
                }
            }
            Class::Inventory => match stem(named).parse::<Sha256>().ok() {
                Some(root) => {
                    let named = InventoryRoot(root);
                    self.evidence.inventories.push(InventoryFile {
                        source,
                        content: Content::File(path.to_owned()),
                        named,
                    });
                }
                None => self.fault(named, "name of an inventory is its root, 64 hex digits, and `.inv`"),
            },
            Class::Blob => match file_name(named).parse::<Sha256>().ok() {
                Some(digest) => {
                    self.evidence
                        .blobs
                        .entry(digest)
                        .or_insert(BlobFile { source, content: Content::File(path.to_owned()) });
                }
                None => self.fault(named, "name of a content is its sha256, 64 hex digits"),
            },
        }
        self.count()
    }

    /// Adds a document, or the attestations that it lists. What is no JSON is told when it is verified; a list that cannot be used is a fault.
    fn documents(&mut self, source: String, bytes: Vec<u8>) -> Result<(), VerifyError> {
        let listed = match foreign::documents(&bytes, self.limits) {
            Ok(listed) if !matches!(listed.as_slice(), [Cow::Borrowed(_)]) => listed,
            Ok(_) | Err(TrustError::Json(_)) => {
                self.evidence.documents.push(Document::json(source, bytes));
                return Ok(());
            }
            Err(error) => {
                self.evidence.faults.push(Fault { source, reason: with_sources(&error) });
                return Ok(());
            }
        };
        for (number, attestation) in (1..).zip(listed) {
            self.evidence.documents.push(Document::json(format!("{source}#{number}"), attestation.into_owned()));
            self.count()?;
        }
        Ok(())
    }

    /// The bytes of a document; none where it cannot be read, which is told.
    fn document(&mut self, named: &Path, path: &Path) -> Result<Option<Vec<u8>>, VerifyError> {
        let limit = self.limits.evidence_bytes;
        let left = usize::try_from(limit.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
        match read_bounded(path, self.limits.json_bytes.min(left)) {
            Ok(bytes) => {
                self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge && left < self.limits.json_bytes => {
                Err(VerifyError::EvidenceTooLarge { limit })
            }
            Err(error) => {
                self.fault(named, &error.to_string());
                Ok(None)
            }
        }
    }

    fn count(&self) -> Result<(), VerifyError> {
        let limit = self.limits.bundles;
        if self.evidence.len() > limit { Err(VerifyError::EvidenceOverLimit { limit }) } else { Ok(()) }
    }

    fn fault(&mut self, path: &Path, reason: &str) {
        self.evidence.faults.push(Fault { source: name_of(path), reason: reason.to_owned() });
    }
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn class(path: &Path) -> Option<Class> {
    let mut folders = path.parent().into_iter().flat_map(Path::ancestors).filter_map(Path::file_name);
    if folders.next().is_some_and(|name| name == BLOBS.1) && folders.next().is_some_and(|name| name == BLOBS.0) {
        return Some(Class::Blob);
    }
    match path.extension()?.to_str()? {
        "json" | "attestation" | "provenance" => Some(Class::Document),
        "jsonl" => Some(Class::Lines),
        "inv" => Some(Class::Inventory),
        _ => None,
    }
}

/// The name under which a file appears in reports.
fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed setup ends the test")]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_in_bytes_and_in_pieces() {
        // pass: at the limits; fail: one byte more over all files together, one line more
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), b"{\"a\":1}").unwrap();
        fs::write(folder.path().join("b.jsonl"), b"{}\n{}\n{}").unwrap();
        let gather = |evidence_bytes, bundles| {
            let limits = Limits { evidence_bytes, bundles, ..Limits::DEFAULT };
            Evidence::gather(&[folder.path().to_owned()], &limits).map(|evidence| evidence.len())
        };
        assert_eq!(gather(15, 4).unwrap(), 4);
        assert!(matches!(gather(14, 4), Err(VerifyError::EvidenceTooLarge { limit: 14 })));
        assert!(matches!(gather(15, 3), Err(VerifyError::EvidenceOverLimit { limit: 3 })));
    }

    #[test]
    fn a_list_that_cannot_be_used_is_told() {
        // pass: one document each, and evidence that only looks like a list; fail: too many, none, and one without its bundle: a fault with the reason
        let folder = tempfile::tempdir().unwrap();
        let gather = |text: &str| {
            fs::write(folder.path().join("a.json"), text).unwrap();
            let evidence = Evidence::gather(&[folder.path().to_owned()], &Limits::DEFAULT).unwrap();
            let reasons: Vec<String> = evidence.faults.into_iter().map(|fault| fault.reason).collect();
            (evidence.documents.len(), reasons.join("; "))
        };
        assert_eq!(gather(r#"{"attestations":[{"bundle":{"a":1}},{"bundle":{"a":2}}]}"#), (2, String::new()));
        assert_eq!(gather(r#"{"payload":"","signatures":[],"attestations":[]}"#), (1, String::new()));
        assert_eq!(gather(r#"{"attestations":7}"#), (1, String::new()));
        assert_eq!(gather("{"), (1, String::new()));
        let unusable = |text: &str, reason: &str| {
            let (documents, said) = gather(text);
            assert_eq!(documents, 0, "{text}");
            assert!(said.contains(reason), "{said}");
        };
        unusable(r#"{"attestations":[]}"#, "it is empty");
        unusable(r#"{"attestations":[{"bundle":{}},{"other":{}}]}"#, "has no `bundle`");
        unusable(r#"{"attestations":[{"bundle":null}]}"#, "has no `bundle`");
        unusable(r#"{"attestation_bundles":[{"attestations":[]}]}"#, "it is empty");
        unusable(r#"{"attestation_bundles":[{}]}"#, "has no `attestations`");
        unusable(r#"{"attestation_bundles":[],"attestations":[]}"#, "of two kinds");
        let many = vec![r#"{"bundle":{}}"#; 257].join(",");
        unusable(&format!("{{\"attestations\":[{many}]}}"), "257 attestations, limit is 256");
    }
}
