//! Layers, lowest first -> the tree that a puller makes of them.
//!
//! SPEC: OCI image-spec layer.md, "Applying Changesets"; containerd `archive/tar.go` `applyNaive`, `validateWhiteout`; continuity
//! `fs.RootPath`. Whiteouts touch lower layers only, as the image-spec says and as overlay does; where a naive puller, or one that
//! unpacks each layer by itself, makes another tree of it, there is an ambiguous note.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use lasthand_model::inventory::{EntryType, FileRecord, Inventory};

use super::facts::LayerFacts;
use super::fault::ImageFault;
use crate::collect::{Notes, OUTSIDE, replacement};
use crate::collide;
use crate::error::ArtifactError;
use crate::note::{NoteKind, ReaderNote};
use crate::path;

/// LIMIT: links followed for one path, as in continuity.
const MAX_LINKS: usize = 255;

/// LIMIT: path segments looked at behind links, over all layers.
const MAX_LINK_STEPS: usize = 50_000_000;

/// LIMIT: paths looked at below folders that are replaced, whited out or opaque, and above entries, over all layers.
const MAX_STEPS: usize = 100_000_000;

/// LIMIT: bytes of a path behind links: `PATH_MAX` of Linux.
const MAX_PATH: usize = 4_096;

const WHITEOUT: &[u8] = b".wh.";
const WHITEOUT_META: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// A note with the number of its layer.
pub(super) type LayerNote = (Option<usize>, ReaderNote);

/// Applies the layers and gives what is odd about the way they lie on each other.
pub(super) fn notes(name: &str, layers: &[Arc<LayerFacts>]) -> Result<Vec<LayerNote>, ArtifactError> {
    let tree = Tree::of(name, layers)?;
    let mut notes = tree.notes;
    for (kind, path) in collide::collisions(tree.nodes.keys().map(AsRef::as_ref)) {
        let layer = tree.nodes.get(path.as_slice()).map(|node| node.layer);
        notes.push((layer, ReaderNote { kind, path, offset: 0 }));
    }
    Ok(notes)
}

/// Applies the layers and lists the tree.
pub(super) fn rootfs(name: &str, layers: &[Arc<LayerFacts>]) -> Result<Vec<FileRecord>, ArtifactError> {
    let nodes = Tree::of(name, layers)?.nodes;
    let records = nodes.into_iter().map(|(path, node)| FileRecord { path: path.into_owned(), ..node.record.clone() });
    Ok(records.collect())
}

/// Applies the layers and says which one wrote each path last.
pub(super) fn written_by(name: &str, layers: &[Arc<LayerFacts>]) -> Result<BTreeMap<Vec<u8>, usize>, ArtifactError> {
    let nodes = Tree::of(name, layers)?.nodes;
    Ok(nodes.into_iter().map(|(path, node)| (path.into_owned(), node.layer)).collect())
}

/// Makes the inventory of sorted records of distinct paths.
pub(super) fn inventory(name: &str, records: Vec<FileRecord>) -> Result<Inventory, ArtifactError> {
    Inventory::from_records(records).map_err(|path| ArtifactError::Image {
        name: name.to_owned(),
        fault: Box::new(ImageFault::ConfigPath { path: path.escape_ascii().to_string() }),
    })
}

/// What lies at a path. A hard link holds the record of its target, whose path then is another one.
#[derive(Clone, Copy)]
struct Node<'f> {
    record: &'f FileRecord,
    layer: usize,
}

struct Tree<'f> {
    name: &'f str,
    nodes: BTreeMap<Cow<'f, [u8]>, Node<'f>>,
    notes: Vec<LayerNote>,
    /// Those of the layer that is applied.
    own_notes: Notes,
    /// The layer that is applied.
    layer: usize,
    /// The header offset of the entry that is applied.
    offset: u64,
    /// Folders with lower content that this layer took away by name.
    emptied: BTreeMap<Vec<u8>, u64>,
    /// Whiteouts of this layer, at the paths that they are resolved to.
    markers: BTreeSet<Vec<u8>>,
    /// Files that a hard link shares, by the path of their own entry.
    linked: BTreeSet<&'f [u8]>,
    /// The last folder resolved, and what it is resolved to.
    last: Option<(&'f [u8], Folder)>,
    link_steps: usize,
    steps: usize,
}

/// What was found below a folder.
#[derive(Default)]
struct Below {
    /// Paths of lower layers.
    lower: Vec<Vec<u8>>,
    /// Paths of this layer.
    own: Vec<Vec<u8>>,
    /// Something of this layer, below a folder below this one that this layer does not list.
    has_unlisted: bool,
}

/// Where the folder of an entry is.
#[derive(Clone)]
struct Folder {
    path: Vec<u8>,
    through: Option<NoteKind>,
}

impl<'f> Tree<'f> {
    fn of(name: &'f str, layers: &'f [Arc<LayerFacts>]) -> Result<Self, ArtifactError> {
        let mut tree = Self {
            name,
            nodes: BTreeMap::new(),
            notes: Vec::new(),
            own_notes: Notes::default(),
            layer: 0,
            offset: 0,
            emptied: BTreeMap::new(),
            markers: BTreeSet::new(),
            linked: BTreeSet::new(),
            last: None,
            link_steps: 0,
            steps: 0,
        };
        for (number, layer) in layers.iter().enumerate() {
            tree.layer = number;
            for (record, offset) in layer.records.iter().zip(&layer.offsets) {
                tree.offset = *offset;
                tree.entry(record)?;
                tree.check_steps()?;
            }
            tree.check_emptied();
            let own = tree.own_notes.take().into_iter();
            tree.notes.extend(own.map(|note| (Some(number), note)));
            tree.markers.clear();
            tree.last = None;
        }
        Ok(tree)
    }

    fn entry(&mut self, record: &'f FileRecord) -> Result<(), ArtifactError> {
        // The root itself as something else: noted when it was read.
        if record.path == OUTSIDE {
            return Ok(());
        }
        let parent = path::parent(&record.path).unwrap_or_default();
        if parent.split(|byte| *byte == b'/').any(|segment| segment.starts_with(WHITEOUT)) {
            self.note(NoteKind::BelowWhiteout, &record.path);
            return Ok(());
        }
        let folder = self.folder(parent, &record.path)?;
        if let Some(kind) = folder.through {
            self.note(kind, &record.path);
        }
        let base = path::base(&record.path);
        if base.starts_with(WHITEOUT) {
            self.last = None;
            return self.whiteout(base, &folder.path, record);
        }
        let at = if folder.through.is_none() {
            Cow::Borrowed(record.path.as_slice())
        } else {
            Cow::Owned(join(&folder.path, base))
        };
        if is_overlay_mark(record) {
            self.note(NoteKind::OverlayMark, &record.path);
        }
        self.make_room(&at, record)?;
        let record = if record.entry_type == EntryType::Hardlink { self.target(record)? } else { record };
        let old = self.nodes.insert(at, Node { record, layer: self.layer });
        let is_link = |record: &FileRecord| record.entry_type == EntryType::Symlink;
        if is_link(record) || old.is_some_and(|old| is_link(old.record)) {
            self.last = None;
        }
        Ok(())
    }

    /// Removes what an entry replaces, before it is made: everything at and below its path, save that a folder on a folder keeps what is below.
    fn make_room(&mut self, at: &[u8], record: &FileRecord) -> Result<(), ArtifactError> {
        let is_folder = record.entry_type == EntryType::Directory;
        if let Some(old) = self.nodes.get(at).filter(|old| old.layer == self.layer) {
            let is_linked = self.linked.contains(old.record.path.as_slice());
            let kind = replacement(old.record, record, is_linked);
            self.note(kind, &record.path);
        }
        if is_folder {
            return Ok(());
        }
        let Below { lower, own, .. } = self.below(at)?;
        if !own.is_empty() {
            self.note(NoteKind::ReplacedFolder, &record.path);
        }
        if self.nodes.remove(at).is_some() || !lower.is_empty() || !own.is_empty() {
            self.last = None;
        }
        self.remove(lower);
        self.remove(own);
        Ok(())
    }

    /// Finds what a hard link leads to, as it is now.
    fn target(&mut self, link: &'f FileRecord) -> Result<&'f FileRecord, ArtifactError> {
        let parent = path::parent(&link.link_target).unwrap_or_default();
        let folder = self.resolve(parent, &link.path)?;
        let at = join(&folder.path, path::base(&link.link_target));
        let found = self.nodes.get(at.as_slice()).map(|node| node.record);
        let target = found.ok_or_else(|| self.refuse(link, "is a hard link to something that is not there"))?;
        if target.entry_type == EntryType::Directory {
            return Err(self.refuse(link, "is a hard link to a folder"));
        }
        // SECURITY: pullers set the mode and owner of the link's header on the file, under all its names.
        let same = (link.mode, link.uid, link.gid) == (target.mode, target.uid, target.gid);
        if !same || !(link.xattrs.is_empty() || link.xattrs == target.xattrs) {
            self.note(NoteKind::HardlinkMetadataDiffers, &link.path);
        }
        if let Some(kind) = folder.through {
            self.note(kind, &link.path);
        }
        self.linked.insert(&target.path);
        Ok(target)
    }

    fn whiteout(&mut self, base: &[u8], folder: &[u8], record: &FileRecord) -> Result<(), ArtifactError> {
        if !self.markers.insert(join(folder, base)) {
            self.note(NoteKind::RepeatedWhiteout, &record.path);
        }
        if base == OPAQUE {
            return self.opaque(folder, record);
        }
        if base.starts_with(WHITEOUT_META) {
            self.note(NoteKind::WhiteoutMetadata, &record.path);
            return Ok(());
        }
        let hidden = base.get(WHITEOUT.len()..).unwrap_or_default();
        // SECURITY: it would remove the folder that it lies in, or the one above.
        if matches!(hidden, b"" | b"." | b"..") {
            return Err(self.refuse(record, "is a whiteout of its own folder"));
        }
        let at = join(folder, hidden);
        let Below { lower, own, .. } = self.below(&at)?;
        let itself = self.nodes.get(at.as_slice()).map(|node| node.layer);
        if !own.is_empty() || itself == Some(self.layer) {
            self.note(NoteKind::WhiteoutOfOwn, &at);
        } else if !lower.is_empty() {
            self.emptied.insert(at.clone(), self.offset);
        } else if itself.is_none() {
            self.note(NoteKind::WhiteoutOfNothing, &record.path);
        }
        if itself.is_some_and(|layer| layer < self.layer) {
            self.nodes.remove(at.as_slice());
        }
        self.remove(lower);
        Ok(())
    }

    /// Removes what lower layers have below a folder.
    fn opaque(&mut self, folder: &[u8], record: &FileRecord) -> Result<(), ArtifactError> {
        let Below { lower, has_unlisted, .. } = self.below(folder)?;
        // A naive puller removes a folder that this layer did not list, with what it put into it before the marker.
        if has_unlisted {
            self.note(NoteKind::WhiteoutOfOwn, &record.path);
        }
        self.remove(lower);
        Ok(())
    }

    /// A layer that takes a folder away and brings it again: overlay lets the old content show through.
    fn check_emptied(&mut self) {
        for (path, offset) in std::mem::take(&mut self.emptied) {
            let itself = self.nodes.get(path.as_slice());
            let again = itself.is_some_and(|node| node.record.entry_type == EntryType::Directory);
            if again || self.range(&path).next().is_some() {
                self.offset = offset;
                self.note(NoteKind::WhiteoutOfOwn, &path);
            }
        }
    }

    /// Looks at what is below a folder.
    fn below(&mut self, folder: &[u8]) -> Result<Below, ArtifactError> {
        let mut found = Below::default();
        let mut looked_at = 0;
        // Paths come in order, so that those of one folder mostly follow each other.
        let mut last: Option<(&[u8], bool)> = None;
        for (path, node) in self.range(folder) {
            looked_at += 1;
            if node.layer < self.layer {
                found.lower.push(path.to_vec());
                continue;
            }
            found.own.push(path.to_vec());
            // An ancestor that is not listed has somewhere below it one whose child is listed: parents are enough.
            let parent = path::parent(path).unwrap_or_default();
            if found.has_unlisted || parent.len() <= folder.len() {
                continue;
            }
            let is_own = match last {
                Some((known, is_own)) if known == parent => is_own,
                _ => self.nodes.get(parent).is_some_and(|node| node.layer == self.layer),
            };
            last = Some((parent, is_own));
            found.has_unlisted = !is_own;
        }
        self.steps += looked_at;
        self.check_steps()?;
        Ok(found)
    }

    /// What is below a folder, in order of the paths.
    fn range(&self, folder: &[u8]) -> impl Iterator<Item = (&[u8], &Node<'f>)> {
        // `0` is the byte after `/`.
        let (first, end) = ([folder, b"/"].concat(), [folder, b"0"].concat());
        let range = match folder {
            b"" => (Bound::Unbounded, Bound::Unbounded),
            _ => (Bound::Included(first.as_slice()), Bound::Excluded(end.as_slice())),
        };
        self.nodes.range::<[u8], _>(range).map(|(path, node)| (path.as_ref(), node))
    }

    fn remove(&mut self, paths: Vec<Vec<u8>>) {
        for path in paths {
            self.nodes.remove(path.as_slice());
        }
    }

    fn check_steps(&self) -> Result<(), ArtifactError> {
        if self.steps <= MAX_STEPS {
            return Ok(());
        }
        let (document, limit) = (format!("layer {}", self.layer), crate::meter::wide(MAX_STEPS));
        Err(self.fault(ImageFault::OverLimit { document, what: "steps to apply the layers", limit }))
    }

    fn folder(&mut self, parent: &'f [u8], entry: &[u8]) -> Result<Folder, ArtifactError> {
        if let Some((_, folder)) = self.last.as_ref().filter(|(last, _)| *last == parent) {
            return Ok(folder.clone());
        }
        let folder = self.resolve(parent, entry)?;
        self.last = Some((parent, folder.clone()));
        Ok(folder)
    }

    /// Follows the links in a folder's path, inside the root.
    ///
    /// SPEC: continuity `fs.RootPath`: `..` is taken off the text of the path, never above the root.
    fn resolve(&mut self, parent: &[u8], entry: &[u8]) -> Result<Folder, ArtifactError> {
        let refuse = |tree: &Self, what| {
            let (layer, offset, path) = (tree.layer, tree.offset, entry.to_vec());
            tree.fault(ImageFault::Apply { layer, offset, path, what })
        };
        let mut at = parent.to_vec();
        let mut through = None;
        let (mut dotted, mut dotted_inside) = (false, false);
        for links in 0..=MAX_LINKS {
            let mut next = None;
            let ends = at.iter().enumerate().filter_map(|(end, byte)| (*byte == b'/').then_some(end));
            for end in ends.chain((!at.is_empty()).then_some(at.len())) {
                let (prefix, rest) = at.split_at_checked(end).unwrap_or_default();
                self.link_steps += usize::from(through.is_some());
                self.steps += 1;
                let Some(node) = self.nodes.get(prefix) else { continue };
                match node.record.entry_type {
                    EntryType::Directory => {}
                    EntryType::Symlink => {
                        let own = node.layer == self.layer && through != Some(NoteKind::ThroughLowerSymlink);
                        let target = node.record.link_target.as_slice();
                        let escapes = through == Some(NoteKind::ThroughEscapingSymlink) || leads_out(prefix, target);
                        through = Some(match (own, escapes) {
                            (false, _) => NoteKind::ThroughLowerSymlink,
                            (true, true) => NoteKind::ThroughEscapingSymlink,
                            (true, false) => NoteKind::ThroughSymlink,
                        });
                        dotted |= !target.starts_with(b"/") && target.split(|byte| *byte == b'/').any(|s| s == b"..");
                        dotted_inside |= has_dots_inside(target);
                        next = Some(follow(prefix, target, rest));
                        break;
                    }
                    _ => return Err(refuse(self, "lies below something that is no folder")),
                }
            }
            match next {
                // Continuity takes `..` off the text of a path whose folder may itself be a link; others follow that link first.
                None if dotted_inside || (dotted && links > 1) => {
                    return Ok(Folder { path: at, through: Some(NoteKind::ThroughDottedSymlink) });
                }
                None => return Ok(Folder { path: at, through }),
                Some(next) if next.len() > MAX_PATH => return Err(refuse(self, "has too long a path behind links")),
                Some(_) if self.link_steps > MAX_LINK_STEPS => {
                    return Err(refuse(self, "is one of too many entries behind links"));
                }
                Some(next) => at = next,
            }
        }
        Err(refuse(self, "lies below too many links"))
    }

    fn note(&mut self, kind: NoteKind, path: &[u8]) {
        self.own_notes.push(ReaderNote { kind, path: path.to_vec(), offset: self.offset });
    }

    fn refuse(&self, record: &FileRecord, what: &'static str) -> ArtifactError {
        let (layer, offset, path) = (self.layer, self.offset, record.path.clone());
        self.fault(ImageFault::Apply { layer, offset, path, what })
    }

    fn fault(&self, fault: ImageFault) -> ArtifactError {
        ArtifactError::Image { name: self.name.to_owned(), fault: Box::new(fault) }
    }
}

fn join(folder: &[u8], base: &[u8]) -> Vec<u8> {
    if folder.is_empty() { base.to_vec() } else { [folder, b"/", base].concat() }
}

/// SPEC: Linux `filesystems/overlayfs.rst`, "whiteouts and opaque directories", "redirect_dir", "metacopy".
fn is_overlay_mark(record: &FileRecord) -> bool {
    let is_attribute = |name: &[u8]| name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.");
    (record.entry_type == EntryType::CharDevice && record.device == Some((0, 0)))
        || record.xattrs.iter().any(|(name, _)| is_attribute(name))
}

/// True for a target that leaves the root, where the root is not that of the container.
fn leads_out(link: &[u8], target: &[u8]) -> bool {
    let mut depth = link.iter().filter(|byte| **byte == b'/').count();
    target.starts_with(b"/")
        || target.split(|byte| *byte == b'/').any(|segment| match segment {
            b"" | b"." => false,
            b".." => match depth.checked_sub(1) {
                Some(up) => {
                    depth = up;
                    false
                }
                None => true,
            },
            _ => {
                depth += 1;
                false
            }
        })
}

/// True for a target with a `..` behind a name, such as `a/../b`.
fn has_dots_inside(target: &[u8]) -> bool {
    let mut segments = target.split(|byte| *byte == b'/').filter(|segment| !matches!(*segment, b"" | b"."));
    segments.any(|segment| segment != b"..") && segments.any(|segment| segment == b"..")
}

/// The path that `rest` below the link at `link` stands for.
fn follow(link: &[u8], target: &[u8], rest: &[u8]) -> Vec<u8> {
    let folder = if target.starts_with(b"/") { b"" } else { path::parent(link).unwrap_or_default() };
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in [folder, target, rest].into_iter().flat_map(|part| part.split(|byte| *byte == b'/')) {
        match segment {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    segments.join(&b'/')
}
