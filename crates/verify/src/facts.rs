//! Evidence to facts: signatures checked, co-signers merged, trees and lock files taken in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lasthand_lineage::ingest::ingest;
use lasthand_model::digest::{FileDigest, InventoryRoot, StatementDigest};
use lasthand_model::inventory::{EntryType, Inventory};
use lasthand_model::lfs::Pointer;
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::{self, Body, Entries, Facts, Material, Pin, Signer, StatementFact, TreeRef};
use lasthand_model::wire::report::EvidenceStatus;
use lasthand_trust::evidence::{Signed, TrustError, peek_unverified};
use lasthand_trust::keys::KeyRing;
use lasthand_trust::sigstore::SigstoreError;
use lasthand_trust::x509::X509Error;
use lasthand_trust::{Clock, Verified, combine};

use crate::artifact::Opened;
use crate::blob::{self, BLOB_SIGNATURE};
use crate::devices::Noticed;
use crate::error::{VerifyError, with_sources};
use crate::evidence::{Document, Evidence, read_inventory};
use crate::images::{self, Images, Stated};
use crate::locks;
use crate::odd_people::OddPeople;
use crate::trust::LoadedTrust;
use crate::verifier::Expectations;

/// LIMIT: bytes of one lock file.
const LOCK_BYTES: usize = 64 << 20;

/// What is asked, and of which bytes.
pub(crate) struct Question<'a> {
    pub(crate) product: String,
    pub(crate) opened: &'a Opened,
    pub(crate) expectations: &'a Expectations,
}

/// Facts, and what became of each piece of evidence on the way.
pub(crate) struct Gathered {
    pub(crate) facts: Facts,
    pub(crate) items: Vec<Item>,
    pub(crate) noticed: Vec<Noticed>,
    pub(crate) odd_people: Vec<OddPeople>,
}

/// One piece of evidence as it was read.
pub(crate) struct Item {
    pub(crate) source: String,
    pub(crate) digest: Option<StatementDigest>,
    pub(crate) predicate_type: Option<String>,
    pub(crate) signers: Vec<Signer>,
    pub(crate) clock: Option<Clock>,
    pub(crate) status: EvidenceStatus,
    pub(crate) reason: Option<String>,
}

impl Item {
    pub(crate) fn of_file(source: &str, kind: &str, status: EvidenceStatus, reason: Option<String>) -> Self {
        Self {
            source: source.to_owned(),
            digest: None,
            predicate_type: Some(kind.to_owned()),
            signers: Vec::new(),
            clock: None,
            status,
            reason,
        }
    }

    fn verified<T>(source: &str, predicate_type: &str, signed: &Verified<T>) -> Self {
        Self {
            digest: Some(signed.digest()),
            signers: signed.signers().to_vec(),
            clock: signed.clock(),
            ..Self::of_file(source, predicate_type, EvidenceStatus::Verified, None)
        }
    }
}

/// Reads all evidence into one facts document.
///
/// # Errors
/// When the layers of an image cannot be applied.
pub(crate) fn gather(
    question: &Question<'_>,
    evidence: &Evidence,
    trust: &LoadedTrust,
    limits: &Limits,
) -> Result<Gathered, VerifyError> {
    let mut items = Vec::with_capacity(evidence.len());
    // The moment of the question, not that at which the file was read: one file answers many questions.
    let ring = trust.file().ring.at(question.expectations.now);
    let mut told = Told::default();
    let statements = statements(question, evidence, &ring, limits, &mut items, &mut told);
    let mut inventories = BTreeMap::new();
    let mut stated = Stated::by(&statements);
    let mut locks = Locks::of(evidence);
    let wanted = referenced_roots(&statements, trust);
    for file in &evidence.inventories {
        let (status, reason) = match read_inventory(file, limits) {
            Err(reason) => (EvidenceStatus::Rejected, Some(reason)),
            Ok(_) if !wanted.contains(&file.named) => {
                (EvidenceStatus::Unused, Some("no statement that counts refers to this tree".to_owned()))
            }
            Ok(inventory) => {
                locks.read_from(&inventory);
                stated.read_from(&inventory);
                inventories.insert(file.named.0, Entries::from(Arc::new(inventory)));
                (EvidenceStatus::Verified, None)
            }
        };
        items.push(Item::of_file(&file.source, "inventory", status, reason));
    }
    items.append(&mut locks.items);
    for fault in &evidence.faults {
        let reason = Some(fault.reason.clone());
        items.push(Item { predicate_type: None, ..Item::of_file(&fault.source, "", EvidenceStatus::Rejected, reason) });
    }
    let mut images = Images::of(question.opened);
    if !images.is_empty() {
        images.add_bases(&statements, evidence, limits);
        images.add_stated(&stated, evidence, limits);
        items.append(&mut images.items);
    }
    for part in &question.opened.parts {
        // SECURITY: the 65 bytes 0x01 || left || right have the root of a tree as their sha256. A file made of them must not
        // stand in for the tree, nor the tree for it: where they differ, neither is known.
        let is_root = wanted.contains(&InventoryRoot(part.digest.0));
        if !is_root || part.inventory.root().0 == part.digest.0 {
            inventories.insert(part.digest.0, Entries::from(Arc::clone(&part.inventory)));
        } else {
            inventories.remove(&part.digest.0);
        }
    }
    let expectations = question.expectations;
    let mut facts = Facts {
        facts_version: 1,
        now: expectations.now,
        question: facts::Question {
            product: question.product.clone(),
            digest: question.opened.digest,
            index: question.opened.picked_from,
            artifact_name: question.opened.name.clone(),
            target: expectations.target.clone(),
        },
        preset: expectations.preset.clone(),
        trust: trust.file().facts.clone(),
        statements,
        inventories,
        indexes: images.indexes,
        locks: locks.read,
        pointers: locks.pointers,
        images: images.images,
        configs: images.configs,
    };
    images::add_base_entries(&mut facts, question.opened)?;
    Ok(Gathered { facts, items, noticed: told.noticed, odd_people: told.odd_people })
}

/// What signatures and statements tell besides, which is no fact.
#[derive(Default)]
struct Told {
    noticed: Vec<Noticed>,
    odd_people: Vec<OddPeople>,
}

/// Verifies and ingests every document; one statement for each payload, by digest.
fn statements(
    question: &Question<'_>,
    evidence: &Evidence,
    ring: &KeyRing,
    limits: &Limits,
    items: &mut Vec<Item>,
    told: &mut Told,
) -> Vec<StatementFact> {
    let (mut verified, mut blobs) = (Vec::new(), Vec::new());
    for document in &evidence.documents {
        match document.verify(ring, limits) {
            Ok(Signed::Statement(statement)) => {
                items.push(Item::verified(&document.source, &statement.value().predicate_type, &statement));
                verified.push(statement);
            }
            Ok(Signed::Blob(blob)) => {
                let item = Item::verified(&document.source, BLOB_SIGNATURE, &blob);
                match blob::foreign(blob.value(), question) {
                    Some(reason) => {
                        items.push(Item { status: EvidenceStatus::Rejected, reason: Some(reason), ..item });
                    }
                    None => {
                        items.push(item);
                        blobs.push(blob);
                    }
                }
            }
            Err(error) => items.push(rejected_item(document, &error, ring, limits)),
        }
    }
    let mut statements: Vec<StatementFact> =
        combine(blobs, ring).iter().filter_map(|blob| blob::fact(blob, &question.product)).collect();
    let mut unusable: BTreeMap<StatementDigest, String> = BTreeMap::new();
    for statement in combine(verified, ring) {
        told.noticed.extend(statement.notices().iter().map(|notice| (notice.clone(), statement.digest())));
        match ingest(&statement) {
            Ok(fact) => {
                told.odd_people.extend(OddPeople::stated(&statement));
                statements.push(fact);
            }
            Err(error) => {
                unusable.insert(statement.digest(), format!("signature holds, but {}", with_sources(&error)));
            }
        }
    }
    for item in items.iter_mut().filter(|item| item.status == EvidenceStatus::Verified) {
        if let Some(reason) = item.digest.and_then(|digest| unusable.get(&digest)) {
            item.status = EvidenceStatus::Rejected;
            item.reason = Some(reason.clone());
        }
    }
    statements.sort_by_key(|statement| statement.digest);
    statements
}

/// Says why a document counts for nothing. Its digest and type are shown as it claims them.
fn rejected_item(document: &Document, error: &TrustError, ring: &KeyRing, limits: &Limits) -> Item {
    let claimed = peek_unverified(&document.bytes, limits).ok();
    let strangers = match error {
        // A stranger's signature may well hold; it is of no use. A known key's signature that fails is something else.
        TrustError::NoKnownSignature { named, .. } => {
            !named.is_empty() && !named.iter().any(|id| ring.keys().any(|key| key.id().to_string() == *id))
        }
        TrustError::Ssh(error) => error.is_of_a_stranger(),
        // Without a root nobody can tell.
        TrustError::Sigstore(SigstoreError::NoRoot) | TrustError::X509(X509Error::NoTrustDomain { .. }) => true,
        _ => false,
    };
    let (status, reason) = if strangers {
        (EvidenceStatus::Unused, with_sources(error))
    } else {
        (EvidenceStatus::Rejected, with_sources(error))
    };
    Item {
        digest: claimed.as_ref().map(|claimed| claimed.digest),
        predicate_type: claimed.map(|claimed| claimed.predicate_type_unverified),
        ..Item::of_file(&document.source, "", status, Some(reason))
    }
}

/// Roots of the trees that statements or the trust file name.
fn referenced_roots(statements: &[StatementFact], trust: &LoadedTrust) -> BTreeSet<InventoryRoot> {
    let mut trees: Vec<&TreeRef> = Vec::new();
    for statement in statements {
        match &statement.body {
            Body::Landing(landing) => {
                trees.extend(&landing.from);
                trees.push(&landing.to);
                if let Some(merge) = &landing.merge_of {
                    trees.extend([&merge.head, &merge.base, &merge.result]);
                }
            }
            Body::Review(review) => {
                trees.extend(&review.base);
                trees.push(&review.head);
            }
            Body::Edit(edit) => trees.push(&edit.to),
            Body::Step(step) => trees.extend(step.materials.iter().filter_map(|material| match material {
                Material::Tree(source) => Some(&source.tree),
                _ => None,
            })),
            Body::SourceVsa(vsa) => trees.push(&vsa.tree),
            _ => {}
        }
    }
    let products = &trust.file().facts.products;
    trees.extend(products.iter().flat_map(|product| &product.onboarding).map(|onboarding| &onboarding.tree));
    trees.into_iter().filter_map(|tree| tree.root).collect()
}

/// Lock files and pointers of trees whose bytes are in the evidence.
struct Locks<'a> {
    evidence: &'a Evidence,
    read: BTreeMap<FileDigest, Vec<Pin>>,
    pointers: BTreeMap<FileDigest, FileDigest>,
    /// Contents that were read, each by the reader of each name under which it lies somewhere: one name must not hide what another pins.
    done: BTreeSet<(FileDigest, locks::Format)>,
    /// Contents that were looked at as pointers.
    seen: BTreeSet<FileDigest>,
    items: Vec<Item>,
}

impl<'a> Locks<'a> {
    const fn of(evidence: &'a Evidence) -> Self {
        Self {
            evidence,
            read: BTreeMap::new(),
            pointers: BTreeMap::new(),
            done: BTreeSet::new(),
            seen: BTreeSet::new(),
            items: Vec::new(),
        }
    }

    fn read_from(&mut self, inventory: &Inventory) {
        if self.evidence.blobs.is_empty() {
            return;
        }
        for record in inventory.records().filter(|record| record.entry_type == EntryType::File) {
            let name = record.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let Some(digest) = record.sha256.filter(|digest| self.evidence.blobs.contains_key(&digest.0)) else {
                continue;
            };
            let lock = locks::parser(name);
            if let Some((format, parse)) = lock
                && self.done.insert((digest, format))
            {
                self.read_lock(digest, parse);
            }
            // LIMIT: what is as long as a pointer at most; every other content is what its path says that it is.
            if record.size < Pointer::LIMIT_BYTES as u64 && self.seen.insert(digest) {
                self.read_pointer(digest, lock.is_some());
            }
        }
    }

    fn read_lock(&mut self, digest: FileDigest, parse: locks::Parser) {
        let Some((source, bytes)) = self.evidence.content(digest.0, LOCK_BYTES) else { return };
        let (status, reason) = match bytes.and_then(|bytes| parse(&bytes)) {
            Ok(pins) => {
                let all = self.read.entry(digest).or_default();
                all.extend(pins);
                all.sort();
                all.dedup();
                (EvidenceStatus::Verified, None)
            }
            Err(reason) => (EvidenceStatus::Rejected, Some(reason)),
        };
        self.items.push(Item::of_file(&source, "lock file", status, reason));
    }

    /// Whether a file is meant as a pointer only its content says, so what is none is nothing wrong. What is no content of that name is,
    /// where it was not told as a lock file.
    fn read_pointer(&mut self, digest: FileDigest, is_told: bool) {
        let Some((source, bytes)) = self.evidence.content(digest.0, Pointer::LIMIT_BYTES) else { return };
        match bytes.map(|bytes| Pointer::parse(&bytes)) {
            Ok(Some(pointer)) => {
                self.pointers.insert(digest, pointer.sha256);
                self.items.push(Item::of_file(&source, "pointer", EvidenceStatus::Verified, None));
            }
            Err(reason) if !is_told => {
                self.items.push(Item::of_file(&source, "content", EvidenceStatus::Rejected, Some(reason)));
            }
            Ok(None) | Err(_) => {}
        }
    }
}
