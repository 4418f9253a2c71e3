//! What changed during a step: products as subjects, everything else as byproducts.

use lasthand_model::digest::Sha256;
use lasthand_model::glob;
use lasthand_model::inventory::{EntryType, escape_path};
use lasthand_model::wire::statement::ResourceDescriptor;
use lasthand_observe::run::Observed;
use lasthand_observe::snapshot::{SnapshotEntry, difference};

use super::SourceTreeRef;
use crate::subject;

pub(super) struct Products {
    pub(super) subjects: Vec<ResourceDescriptor>,
    pub(super) byproducts: Vec<ResourceDescriptor>,
    pub(super) gaps: Vec<String>,
}

/// Sorts what changed. `declared` are globs; with none, every new file is a product, and a tracked file is none. A link is always a byproduct: it has no bytes of its own.
pub(super) fn collect(source: Option<&SourceTreeRef>, observed: &Observed, declared: &[String]) -> Products {
    let changed = difference(&observed.before, &observed.after);
    let mut products = Products {
        subjects: Vec::new(),
        byproducts: Vec::new(),
        gaps: vec!["writes outside the recorded folders".to_owned()],
    };
    let mut met = vec![false; declared.len()];
    for entry in changed.products {
        let path = escape_path(&entry.path);
        // A tracked file that changed is a product only when it is named: else anybody's write would pass for the step's.
        let tracked = source.is_some_and(|source| source.tracked(&entry.path).is_some());
        // Beside an image in its layout, only what is named is a product.
        let beside = observed.images.iter().any(|image| image.holds(&entry.path));
        let mut is_declared = declared.is_empty() && !tracked && !beside;
        for (pattern, met) in declared.iter().zip(&mut met) {
            if glob::matches(pattern, &path) {
                (*met, is_declared) = (true, true);
            }
        }
        // What an image's digests stand for is the image, not a file of its own; its archive is both.
        if observed.images.iter().any(|image| image.accounts_for(entry)) {
            continue;
        }
        is_declared |= observed.images.iter().any(|image| image.path == entry.path);
        match file_descriptor(entry) {
            Some(descriptor) if is_declared && entry.entry_type == EntryType::File => {
                products.subjects.push(descriptor)
            }
            Some(descriptor) => products.byproducts.push(descriptor),
            None => products.gaps.push(format!("special file: {path}")),
        }
    }
    for image in &observed.images {
        let path = escape_path(&image.path);
        products.subjects.extend(image.ids.iter().map(|id| ResourceDescriptor {
            media_type: Some(id.media_type.clone()),
            ..subject::named(&path, &id.digest)
        }));
    }
    let unmet = declared.iter().zip(met).filter(|(_, met)| !met);
    products.gaps.extend(unmet.map(|(pattern, _)| format!("declared product did not change: {pattern}")));
    products.gaps.extend(changed.removed.iter().map(|entry| format!("removed: {}", escape_path(&entry.path))));
    products.gaps.extend(observed.after.exclusions.iter().map(|path| format!("not recorded: {}", escape_path(path))));
    products.gaps.extend(observed.gaps.iter().cloned());
    if observed.stragglers > 0 {
        products.gaps.push(format!("processes that outlived the command and were killed: {}", observed.stragglers));
    }
    products
}

/// A file by its content, a link by its target's text; nothing for anything else. `annotations.mode` is octal text.
pub(super) fn file_descriptor(entry: &SnapshotEntry) -> Option<ResourceDescriptor> {
    let digest = match entry.entry_type {
        EntryType::File => entry.sha256?.0,
        EntryType::Symlink => Sha256::of(&entry.link_target),
        _ => return None,
    };
    let mut descriptor = subject::named(&escape_path(&entry.path), &digest);
    descriptor.annotations.insert("mode".to_owned(), subject::text(format!("{:o}", entry.mode)));
    if entry.entry_type == EntryType::Symlink {
        descriptor.annotations.insert("type".to_owned(), subject::text("symlink"));
        descriptor.annotations.insert("target".to_owned(), subject::text(escape_path(&entry.link_target)));
    }
    Some(descriptor)
}
