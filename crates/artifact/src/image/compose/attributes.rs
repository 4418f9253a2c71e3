//! What owners, modes and attributes of an entry mean to pullers.

use lasthand_model::inventory::{EntryType, Record};

use crate::note::NoteKind;

pub(super) fn has_default_list(record: Record<'_>) -> bool {
    record.xattrs.iter().any(|(name, _)| name == b"system.posix_acl_default")
}

/// What a folder is that some pullers make anew, with the mode 0755 and root for its owner.
pub(super) fn made_anew(folder: Record<'_>) -> Option<NoteKind> {
    let is_same = (folder.mode, folder.uid, folder.gid) == (0o755, 0, 0) && folder.xattrs.is_empty();
    let is_wider = 0o755 & !folder.mode != 0 || !folder.xattrs.is_empty();
    match folder.entry_type {
        EntryType::Directory if is_wider => Some(NoteKind::WidenedFolder),
        EntryType::Directory if !is_same => Some(NoteKind::ImpliedFolder),
        _ => None,
    }
}

/// SPEC: Linux `filesystems/overlayfs.rst`, "whiteouts and opaque directories", "redirect_dir", "metacopy"; fuse-overlayfs(1);
/// containers/storage `pkg/idtools` `ContainersOverrideXattr`; rootlesscontainers `user.rootlesscontainers`.
pub(super) fn is_overlay_mark(record: Record<'_>) -> bool {
    const MARKS: [&[u8]; 7] = [
        b"trusted.overlay.",
        b"user.overlay.",
        b"user.fuseoverlayfs.",
        b"security.fuseoverlayfs.",
        b"user.containers.override_",
        b"security.containers.override_",
        b"user.rootlesscontainers",
    ];
    let is_attribute = |name: &[u8]| MARKS.iter().any(|mark| name.starts_with(mark));
    (record.entry_type == EntryType::CharDevice && record.device == Some((0, 0)))
        || record.xattrs.iter().any(|(name, _)| is_attribute(name))
}
