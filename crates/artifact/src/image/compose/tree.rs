//! Entries of layers, one after another -> what lies where, and what pullers take differently.

use std::sync::Arc;

use lasthand_model::inventory::{EntryType, Record, RecordAt};

use super::attributes::{has_default_list, is_overlay_mark, made_anew};
use super::links::{follow, has_dots_inside, join, leads_out};
use super::paths::{AtPath, PathAt, Paths};
use super::sorted::Sorted;
use super::{LayerNote, Steps, index, narrow, over_held, over_steps};
use crate::collect::{Notes, OUTSIDE, capability, keeps_attributes, replacement};
use crate::error::ArtifactError;
use crate::held::PLACE;
use crate::image::facts::LayerFacts;
use crate::image::fault::ImageFault;
use crate::note::{NoteKind, ReaderNote};
use crate::path;

/// LIMIT: links followed for one path, as in continuity.
const MAX_LINKS: usize = 255;

/// Bytes that a path costs that is looked up or joined, beside its own.
const LOOKUP_BYTES: usize = 256;

/// Bytes that a byte costs that is joined: it is split, and moved one by one.
const JOIN_BYTES: usize = 12;

/// LIMIT: bytes of a path behind links: `PATH_MAX` of Linux.
const MAX_PATH: usize = 4_096;

const WHITEOUT: &[u8] = b".wh.";
const WHITEOUT_META: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What lies at a path. A hard link holds the record of its target, whose path then is another one.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) path: PathAt,
    pub(super) record: RecordAt,
}

impl AtPath for Node {
    fn path(self) -> PathAt {
        self.path
    }
}

/// A whiteout, at the path that it is resolved to.
#[derive(Clone, Copy)]
struct Marker {
    path: PathAt,
    /// The header offset of the last one there.
    offset: u64,
    takes: Takes,
}

/// What a whiteout took away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing by name: it is opaque, marks something else, or is about what its own layer wrote.
    Other,
    /// A path below which lower layers had nothing.
    Path,
    /// A path below which lower layers had something.
    Folder,
}

impl AtPath for Marker {
    fn path(self) -> PathAt {
        self.path
    }
}

pub(super) struct Tree<'f> {
    name: &'f str,
    pub(super) paths: Paths<'f>,
    pub(super) nodes: Sorted<Node>,
    pub(super) notes: Vec<LayerNote>,
    /// Those of the layer that is applied.
    own_notes: Notes,
    /// The layer that is applied.
    layer: usize,
    /// The header offset of the entry that is applied.
    offset: u64,
    /// Whiteouts of this layer.
    markers: Sorted<Marker>,
    /// Where entries of this layer lie that were written through a link.
    linked_to: Sorted<PathAt>,
    /// Folders that have, or had, a default access list.
    defaults: Sorted<PathAt>,
    /// Folders that this layer writes in, and those above them.
    entered: Sorted<PathAt>,
    /// Files that a hard link shares, by the path of their own entry.
    linked: Sorted<PathAt>,
    /// The last folder resolved, and what it is resolved to.
    last: Option<(&'f [u8], Folder)>,
    /// The most places that were held at a time.
    most: usize,
    /// Taken by all images of the reading.
    pub(super) steps: &'f mut Steps,
}

/// What was found below a folder.
#[derive(Default)]
struct Below {
    /// Paths of lower layers.
    lower: usize,
    /// Paths of this layer.
    own: usize,
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
    pub(super) fn of(
        name: &'f str,
        layers: &'f [Arc<LayerFacts>],
        steps: &'f mut Steps,
    ) -> Result<Self, ArtifactError> {
        let mut tree = Self {
            name,
            paths: Paths::of(layers),
            nodes: Sorted::default(),
            notes: Vec::new(),
            own_notes: Notes::default(),
            layer: 0,
            offset: 0,
            markers: Sorted::default(),
            linked_to: Sorted::default(),
            defaults: Sorted::default(),
            entered: Sorted::default(),
            linked: Sorted::default(),
            last: None,
            most: 0,
            steps,
        };
        for (number, layer) in layers.iter().enumerate() {
            tree.layer = number;
            for (record, at) in layer.records.iter().zip(0..) {
                tree.offset = layer.offsets.get(index(at)).unwrap_or_default();
                tree.steps.add(1);
                tree.entry(record, RecordAt { table: narrow(number), at })?;
                tree.most = tree.most.max(tree.places());
                tree.check_steps()?;
            }
            tree.check_emptied();
            tree.check_entered();
            tree.check_steps()?;
            let own = tree.own_notes.take().into_iter();
            tree.notes.extend(own.map(|note| (Some(number), note)));
            tree.markers = Sorted::default();
            tree.linked_to = Sorted::default();
            tree.last = None;
        }
        Ok(tree)
    }

    /// Places in the tree, and of whiteouts, folders and links.
    const fn places(&self) -> usize {
        let of_layer = self.markers.len() + self.linked_to.len() + self.entered.len();
        self.nodes.len() + of_layer + self.linked.len() + self.defaults.len()
    }

    /// Bytes of memory that applying took: the most places at a time, and paths that no entry has.
    pub(super) fn bytes(&self) -> usize {
        self.most * PLACE + self.paths.joined_bytes
    }

    fn entry(&mut self, record: Record<'f>, itself: RecordAt) -> Result<(), ArtifactError> {
        // The root itself as something else: noted when it was read.
        if record.path == OUTSIDE {
            return Ok(());
        }
        let parent = path::parent(record.path).unwrap_or_default();
        if parent.split(|byte| *byte == b'/').any(|segment| segment.starts_with(WHITEOUT)) {
            self.note(NoteKind::BelowWhiteout, record.path);
            return Ok(());
        }
        let folder = self.folder(parent, record.path, itself)?;
        if let Some(kind) = folder.through {
            self.note(kind, record.path);
        }
        let base = path::base(record.path);
        if base.starts_with(WHITEOUT) {
            self.last = None;
            return self.whiteout(base, &folder, (record, itself));
        }
        let path = self.path_in(&folder, base, itself);
        let at = if folder.through.is_none() { record.path } else { &join(&folder.path, base) };
        if folder.through.is_some() {
            // In a table of the tree, too.
            self.steps.hold_path(at);
            self.paths.insert(&mut self.linked_to, path);
        }
        if is_overlay_mark(record) {
            self.note(NoteKind::OverlayMark, record.path);
        }
        // SECURITY: a hard link is a file that is there, and inherits nothing.
        if record.entry_type != EntryType::Hardlink && self.inherits(at) {
            self.note(NoteKind::InheritedAccessList, record.path);
        }
        if has_default_list(record) {
            self.paths.insert(&mut self.defaults, path);
        }
        self.make_room(at, record)?;
        let itself = if record.entry_type == EntryType::Hardlink { self.target(record)? } else { itself };
        let old = self.paths.insert(&mut self.nodes, Node { path, record: itself });
        let is_link = |row: RecordAt| self.paths.record(row).entry_type == EntryType::Symlink;
        if is_link(itself) || old.is_some_and(|old| is_link(old.record)) {
            self.last = None;
        }
        Ok(())
    }

    /// The path of an entry in the folder that it is resolved to.
    fn path_in(&mut self, folder: &Folder, base: &[u8], entry: RecordAt) -> PathAt {
        if folder.through.is_none() {
            let slash = usize::from(!folder.path.is_empty());
            return PathAt { entry, length: narrow(folder.path.len() + slash + base.len()) };
        }
        let at = join(&folder.path, base);
        self.steps.add_bytes(at.len());
        self.steps.hold_path(&at);
        self.paths.keep(&at, self.layer)
    }

    /// Removes what an entry replaces, before it is made: everything at and below its path, save that a folder on a folder keeps what is below.
    fn make_room(&mut self, at: &[u8], record: Record<'_>) -> Result<(), ArtifactError> {
        if !self.paths.has_from(&self.nodes, at) {
            return Ok(());
        }
        let is_folder = record.entry_type == EntryType::Directory;
        if let Some(node) = self.node(at) {
            let old = self.paths.record(node.record);
            let is_own = self.layer_of(node) == self.layer;
            let kind = is_own.then(|| replacement(old, record, self.paths.has(&self.linked, old.path)));
            let kept = keeps_attributes(old, record).then_some(NoteKind::KeptAttributes);
            kind.or(kept).into_iter().for_each(|kind| self.note(kind, record.path));
        }
        if is_folder {
            return Ok(());
        }
        let Below { lower, own, .. } = self.below(at)?;
        if own > 0 {
            self.note(NoteKind::ReplacedFolder, record.path);
        }
        if self.paths.remove(&mut self.nodes, at).is_some() || lower + own > 0 {
            self.last = None;
        }
        if lower + own > 0 {
            self.paths.retain_below(&mut self.nodes, at, |_| false);
        }
        Ok(())
    }

    /// Finds what a hard link leads to, as it is now.
    fn target(&mut self, link: Record<'f>) -> Result<RecordAt, ArtifactError> {
        let parent = path::parent(link.link_target).unwrap_or_default();
        let folder = self.resolve(parent, link.path)?;
        let at = join(&folder.path, path::base(link.link_target));
        let found = self.node(&at).map(|node| node.record);
        let found = found.ok_or_else(|| self.refuse(link, "is a hard link to something that is not there"))?;
        let target = self.paths.record(found);
        if target.entry_type == EntryType::Directory {
            return Err(self.refuse(link, "is a hard link to a folder"));
        }
        // SECURITY: pullers set the mode and owner of the link's header on the file, under all its names.
        let same = (link.mode, link.uid, link.gid) == (target.mode, target.uid, target.gid);
        // Setting the owner takes capabilities away, and whoever names them again sets them again.
        let is_silent = link.xattrs.is_empty() && capability(target).is_none();
        if !same || !(is_silent || link.xattrs == target.xattrs) {
            self.note(NoteKind::HardlinkMetadataDiffers, link.path);
        }
        if let Some(kind) = folder.through {
            self.note(kind, link.path);
        }
        self.paths.insert(&mut self.linked, PathAt { entry: found, length: narrow(target.path.len()) });
        Ok(found)
    }

    fn whiteout(
        &mut self,
        base: &[u8],
        folder: &Folder,
        (record, itself): (Record<'_>, RecordAt),
    ) -> Result<(), ArtifactError> {
        let path = self.path_in(folder, base, itself);
        let is_linked = folder.through.is_some();
        let folder = folder.path.as_slice();
        let mut marker = Marker { path, offset: self.offset, takes: Takes::Other };
        if let Some(earlier) = self.paths.get(&self.markers, self.paths.path(path)) {
            self.note(NoteKind::RepeatedWhiteout, record.path);
            marker = earlier;
        }
        self.paths.insert(&mut self.markers, marker);
        if base == OPAQUE {
            // SECURITY: moby and containers/storage walk no link, and remove what its own layer wrote under another name.
            if is_linked || self.paths.below(&self.linked_to, folder).next().is_some() {
                self.note(NoteKind::OpaqueThroughSymlink, record.path);
            }
            return self.opaque(folder, record);
        }
        if base.starts_with(WHITEOUT_META) {
            self.note(NoteKind::WhiteoutMetadata, record.path);
            return Ok(());
        }
        let hidden = base.get(WHITEOUT.len()..).unwrap_or_default();
        // SECURITY: it would remove the folder that it lies in, or the one above.
        if matches!(hidden, b"" | b"." | b"..") {
            return Err(self.refuse(record, "is a whiteout of its own folder"));
        }
        let at = join(folder, hidden);
        let Below { lower, own, .. } = self.below(&at)?;
        let itself = self.node(&at).map(|node| self.layer_of(node));
        if own > 0 || itself == Some(self.layer) {
            self.note(NoteKind::WhiteoutOfOwn, &at);
        } else {
            let takes = if lower > 0 { Takes::Folder } else { Takes::Path };
            self.paths.insert(&mut self.markers, Marker { offset: self.offset, takes, ..marker });
            if lower == 0 && itself.is_none() {
                self.note(NoteKind::WhiteoutOfNothing, record.path);
            }
        }
        if itself.is_some_and(|layer| layer < self.layer) {
            self.paths.remove(&mut self.nodes, &at);
        }
        self.remove_lower(&at, lower);
        Ok(())
    }

    /// Removes what lower layers have below a folder.
    fn opaque(&mut self, folder: &[u8], record: Record<'_>) -> Result<(), ArtifactError> {
        let Below { lower, has_unlisted, .. } = self.below(folder)?;
        // A naive puller removes a folder that this layer did not list, with what it put into it before the marker.
        if has_unlisted {
            self.note(NoteKind::WhiteoutOfOwn, record.path);
        }
        // SECURITY: overlay has no opaque root, so that all lower layers show through; others remove them.
        if folder.is_empty() && lower > 0 {
            self.note(NoteKind::OpaqueRoot, record.path);
        }
        self.remove_lower(folder, lower);
        Ok(())
    }

    /// A layer that takes a folder away and brings it again: overlay lets the old content show through. And one that takes away what it
    /// has something below of, be it another whiteout: pullers that put a mark there first cannot make the folder.
    fn check_emptied(&mut self) {
        let markers = std::mem::take(&mut self.markers);
        for marker in markers.from(|_| false).filter(|marker| marker.takes != Takes::Other) {
            let whiteout = self.paths.path(marker.path);
            let hidden = path::base(whiteout).get(WHITEOUT.len()..).unwrap_or_default();
            let at = join(path::parent(whiteout).unwrap_or_default(), hidden);
            let again = marker.takes == Takes::Folder && self.node(&at).is_some_and(|node| self.is_folder(node));
            let is_marked = self.paths.below(&markers, &at).next().is_some();
            if again || is_marked || self.paths.below(&self.nodes, &at).next().is_some() {
                self.offset = marker.offset;
                self.note(NoteKind::WhiteoutOfOwn, &at);
            }
        }
    }

    /// True for a path below a folder that has a default access list.
    fn inherits(&self, at: &[u8]) -> bool {
        !self.defaults.is_empty()
            && std::iter::successors(path::parent(at), |folder| path::parent(folder))
                .any(|folder| self.paths.has(&self.defaults, folder))
    }

    /// Folders of lower layers that this layer writes in and does not list.
    ///
    /// SECURITY: Docker unpacks each layer by itself and makes them anew; containerd and others leave them as they are.
    fn check_entered(&mut self) {
        let entered = std::mem::take(&mut self.entered);
        for at in entered.into_iter() {
            let folder = self.paths.path(at);
            self.steps.add_bytes(LOOKUP_BYTES + folder.len());
            let lower = self.node(folder).filter(|node| self.layer_of(*node) < self.layer);
            if let Some(kind) = lower.and_then(|node| made_anew(self.paths.record(node.record))) {
                let folder = folder.to_vec();
                self.offset = 0;
                self.note(kind, &folder);
            }
        }
    }

    /// Looks at what is below a folder.
    fn below(&mut self, folder: &[u8]) -> Result<Below, ArtifactError> {
        let mut found = Below::default();
        let (mut looked_at, mut bytes) = (0, 0);
        // Paths come in order, so that those of one folder mostly follow each other.
        let mut last: Option<(&[u8], bool)> = None;
        for (path, node) in self.paths.below(&self.nodes, folder) {
            looked_at += 1;
            bytes += path.len();
            if self.layer_of(node) < self.layer {
                found.lower += 1;
                continue;
            }
            found.own += 1;
            // An ancestor that is not listed has somewhere below it one whose child is listed: parents are enough.
            let parent = path::parent(path).unwrap_or_default();
            if found.has_unlisted || parent.len() <= folder.len() {
                continue;
            }
            let is_own = match last {
                Some((known, is_own)) if known == parent => is_own,
                _ => self.node(parent).is_some_and(|node| self.layer_of(node) == self.layer),
            };
            last = Some((parent, is_own));
            found.has_unlisted = !is_own;
        }
        self.steps.add(looked_at);
        self.steps.add_bytes(bytes);
        self.check_steps()?;
        Ok(found)
    }

    fn node(&self, path: &[u8]) -> Option<Node> {
        self.paths.get(&self.nodes, path)
    }

    /// The layer that wrote a node.
    fn layer_of(&self, node: Node) -> usize {
        self.paths.layer(node.path)
    }

    fn is_folder(&self, node: Node) -> bool {
        self.paths.record(node.record).entry_type == EntryType::Directory
    }

    /// Removes the paths of lower layers below a folder, as many as there are.
    fn remove_lower(&mut self, folder: &[u8], count: usize) {
        let Self { paths, nodes, layer, .. } = self;
        if count > 0 {
            paths.retain_below(nodes, folder, |node| paths.layer(node.path) == *layer);
        }
    }

    fn check_steps(&self) -> Result<(), ArtifactError> {
        if self.steps.hold_too_much() {
            return Err(over_held(self.name, self.layer, self.steps));
        }
        // SECURITY: an entry can lie below thousands of folders that no other one lies below.
        if !self.steps.are_too_many() && self.most <= self.steps.limit {
            return Ok(());
        }
        Err(over_steps(self.name, self.layer, self.steps))
    }

    fn folder(&mut self, parent: &'f [u8], entry: &[u8], itself: RecordAt) -> Result<Folder, ArtifactError> {
        if let Some((_, folder)) = self.last.as_ref().filter(|(last, _)| *last == parent) {
            return Ok(folder.clone());
        }
        let folder = self.resolve(parent, entry)?;
        if self.layer > 0 && !self.paths.has(&self.entered, &folder.path) {
            let at = match folder.through {
                None => PathAt { entry: itself, length: narrow(folder.path.len()) },
                Some(_) => {
                    self.steps.hold_path(&folder.path);
                    self.paths.keep(&folder.path, self.layer)
                }
            };
            // A folder that is known is so with all above it.
            let mut above = Some(at);
            while let Some(at) = above.filter(|at| at.length > 0 && self.paths.insert(&mut self.entered, *at).is_none())
            {
                let parent = path::parent(self.paths.path(at)).map(<[u8]>::len);
                above = parent.map(|length| PathAt { length: narrow(length), ..at });
            }
        }
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
        let mut known = self.known(parent);
        let (mut dotted, mut dotted_inside) = (false, false);
        for links in 0..=MAX_LINKS {
            let mut next = None;
            let ends = at.iter().enumerate().filter_map(|(end, byte)| (*byte == b'/').then_some(end));
            for end in ends.chain((!at.is_empty()).then_some(at.len())).filter(|end| *end > known) {
                let (prefix, rest) = at.split_at_checked(end).unwrap_or_default();
                self.steps.add_bytes(LOOKUP_BYTES + prefix.len());
                let Some(node) = self.node(prefix) else { continue };
                let record = self.paths.record(node.record);
                match record.entry_type {
                    EntryType::Directory => {}
                    EntryType::Symlink => {
                        let own = self.layer_of(node) == self.layer && through != Some(NoteKind::ThroughLowerSymlink);
                        let target = record.link_target;
                        let escapes = through == Some(NoteKind::ThroughEscapingSymlink) || leads_out(prefix, target);
                        through = Some(match (own, escapes) {
                            (false, _) => NoteKind::ThroughLowerSymlink,
                            (true, true) => NoteKind::ThroughEscapingSymlink,
                            (true, false) => NoteKind::ThroughSymlink,
                        });
                        dotted |= !target.starts_with(b"/") && target.split(|byte| *byte == b'/').any(|s| s == b"..");
                        dotted_inside |= has_dots_inside(target);
                        self.steps.add_bytes(LOOKUP_BYTES + JOIN_BYTES * (prefix.len() + target.len() + rest.len()));
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
                Some(next) => at = next,
            }
            known = 0;
            self.check_steps()?;
        }
        Err(refuse(self, "lies below too many links"))
    }

    /// The bytes of a path up to which it is known to go through no link: what it has in common with the last folder.
    fn known(&self, parent: &[u8]) -> usize {
        let Some((last, _)) = self.last.as_ref().filter(|(_, folder)| folder.through.is_none()) else { return 0 };
        let same = parent.iter().zip(*last).take_while(|(a, b)| a == b).count();
        let ends_there = |path: &[u8]| path.get(same).is_none_or(|byte| *byte == b'/');
        if ends_there(parent) && ends_there(last) {
            return same;
        }
        parent.get(..same).and_then(|same| same.iter().rposition(|byte| *byte == b'/')).unwrap_or_default()
    }

    fn note(&mut self, kind: NoteKind, path: &[u8]) {
        self.own_notes.push(ReaderNote::new(kind, path.to_vec(), self.offset));
    }

    fn refuse(&self, record: Record<'_>, what: &'static str) -> ArtifactError {
        let (layer, offset, path) = (self.layer, self.offset, record.path.to_vec());
        self.fault(ImageFault::Apply { layer, offset, path, what })
    }

    fn fault(&self, fault: ImageFault) -> ArtifactError {
        ArtifactError::Image { name: self.name.to_owned(), fault: Box::new(fault) }
    }
}
