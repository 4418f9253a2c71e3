//! Layers on layers: the tree that a puller makes, and the notes where pullers differ.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod image_kit;

use image_kit::*;
use lasthand_artifact::image::{ImageFault, ImageStore};
use lasthand_artifact::{ArtifactError, NoteKind, local};
use lasthand_model::inventory::EntryType;
use lasthand_model::limits::Limits;

/// Paths and notes after all layers.
fn check(layers: &[&[Entry]], expected: &[&str], kinds: &[NoteKind]) {
    let facts = facts(layers);
    assert_eq!(paths(&facts), expected);
    assert_eq!(notes(&facts), kinds);
}

fn check_refused(layers: &[&[Entry]], what: &str) {
    match compose(layers).unwrap_err() {
        ArtifactError::Image { fault, .. } => match *fault {
            ImageFault::Apply { what: got, .. } => assert_eq!(got, what),
            other => panic!("{other:?}"),
        },
        ArtifactError::BadPath { fault, .. } => assert_eq!(what, fault.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_whiteout_removes_what_lower_layers_have() {
    // pass: file, folder with all below, folder that no layer lists; nothing beside it
    check(&[&[file("a", "1"), file("b", "1")], &[file(".wh.a", "")]], &["b"], &[]);
    check(
        &[&[dir("d"), file("d/a", "1"), file("d/e/f", "1"), file("d0", "1"), file("d-", "1")], &[file(".wh.d", "")]],
        &["d-", "d0"],
        &[],
    );
    check(&[&[file("d/a", "1")], &[file(".wh.d", "")]], &[], &[]);
    check(&[&[file("d/a", "1"), file("d/b", "1")], &[file("d/.wh.a", "")]], &["d/b"], &[]);
    check(&[&[file("a", "1")], &[file(".wh.a", "")], &[file("a", "3")]], &["a"], &[]);
}

#[test]
fn a_whiteout_spares_its_own_layer() {
    // pass: gone and back as another file; noted where some pullers remove it or show the old content
    let facts = facts(&[&[file("a", "1")], &[file(".wh.a", ""), file("a", "2")]]);
    assert!(has(&facts, "a", "2"));
    assert_eq!(notes(&facts), []);
    check(&[&[file("a", "1")], &[file("a", "2"), file(".wh.a", "")]], &["a"], &[NoteKind::WhiteoutOfOwn]);
    check(
        &[&[file("d/a", "1")], &[file(".wh.d", ""), dir("d"), file("d/b", "2")]],
        &["d", "d/b"],
        &[NoteKind::WhiteoutOfOwn],
    );
    check(&[&[file("d/a", "1")], &[file("d/b", "2"), file(".wh.d", "")]], &["d/b"], &[NoteKind::WhiteoutOfOwn]);
    check(&[&[file("a", "1")], &[file("x", "1"), file(".wh.no", "")]], &["a", "x"], &[NoteKind::WhiteoutOfNothing]);
}

#[test]
fn a_whiteout_of_what_its_own_layer_has_something_below_of_is_refused() {
    // fail: pullers that put a mark at the path cannot make the folder, or find it made: an entry or another whiteout below, after or before;
    // pass: beside it
    use NoteKind::{WhiteoutOfNothing, WhiteoutOfOwn};
    check(&[&[file(".wh.a", ""), link("a/d", "x")]], &["a/d"], &[WhiteoutOfNothing, WhiteoutOfOwn]);
    check(&[&[file("a/d", "1"), file(".wh.a", "")]], &["a/d"], &[WhiteoutOfOwn]);
    check(
        &[&[dir("d/b"), file("a/d/.wh..wh..opq", ""), file(".wh.a", "")]],
        &["d/b"],
        &[WhiteoutOfNothing, WhiteoutOfOwn],
    );
    let opaque = [file(".wh.b", ""), file("b/.wh..wh..opq", ""), dir("b/b/d")];
    check(&[&[dir("b")], &opaque], &["b/b/d"], &[WhiteoutOfOwn]);
    check(
        &[&[dir("b"), file("b/x", "")], &[file(".wh.b", ""), file("b/.wh.x", "")]],
        &[],
        &[WhiteoutOfNothing, WhiteoutOfOwn],
    );
    check(&[&[dir("b"), file("c", "")], &[file(".wh.b", ""), file("b0", ""), file(".wh.c", "")]], &["b0"], &[]);
}

#[test]
fn an_opaque_folder_keeps_only_its_own_layer() {
    // pass: whatever the order; the folder itself stays; noted at the root of a layer above others, which overlay leaves as it is
    let lower = || [dir("d"), file("d/a", "1"), file("d/e/f", "1"), file("x", "1")];
    check(&[&lower(), &[dir("d"), file("d/.wh..wh..opq", ""), file("d/b", "2")]], &["d", "d/b", "x"], &[]);
    check(&[&lower(), &[dir("d"), file("d/b", "2"), file("d/.wh..wh..opq", "")]], &["d", "d/b", "x"], &[]);
    check(&[&lower(), &[file("d/.wh..wh..opq", "")]], &["d", "x"], &[]);
    check(&[&lower(), &[file(".wh..wh..opq", ""), file("new", "2")]], &["new"], &[NoteKind::OpaqueRoot]);
    check(&[&[file(".wh..wh..opq", ""), file("new", "2")]], &["new"], &[]);
    // The lower folder goes, and a naive puller takes the new file in it along.
    let nested = [dir("d"), dir("d/e"), file("d/e/f", "1")];
    check(&[&nested, &[file("d/e/g", "2"), file("d/.wh..wh..opq", "")]], &["d", "d/e/g"], &[NoteKind::WhiteoutOfOwn]);
    check(&[&nested, &[file("d/.wh..wh..opq", ""), file("d/e/g", "2")]], &["d", "d/e/g"], &[]);
}

#[test]
fn odd_whiteouts_are_refused_or_noted() {
    // fail: of its own folder, twice; pass: bookkeeping of old drivers is skipped
    for name in ["d/.wh.", "d/.wh..", "d/.wh...", ".wh.", ".wh.."] {
        check_refused(&[&[file("d/a", "1")], &[file(name, "")]], "is a whiteout of its own folder");
    }
    check(
        &[&[file("a", "1")], &[file(".wh.a", ""), file("./.wh.a", "")]],
        &[],
        &[NoteKind::RepeatedWhiteout, NoteKind::WhiteoutOfNothing],
    );
    check(
        &[&[file("a", "1")], &[dir(".wh..wh.plnk"), file(".wh..wh.aufs", "")]],
        &["a"],
        &[NoteKind::WhiteoutMetadata, NoteKind::WhiteoutMetadata],
    );
    check(
        &[&[file(".wh..wh.plnk/1.2", "x"), file(".wh.d/a", "x")]],
        &[],
        &[NoteKind::BelowWhiteout, NoteKind::BelowWhiteout],
    );
    check(&[&[dir("a"), file("a/b", "1")], &[dir(".wh.a")]], &[], &[]);
}

#[test]
fn what_replaces_a_path_removes_what_was_below() {
    // pass: file over folder, folder over file, folder over folder, link over folder, folder over link
    check(&[&[dir("d"), file("d/a", "1")], &[file("d", "2")]], &["d"], &[]);
    check(&[&[file("d/a", "1")], &[file("d", "2")]], &["d"], &[]);
    check(&[&[dir("d"), file("d/a", "1")], &[link("d", "e")]], &["d"], &[]);
    check(&[&[file("d", "1")], &[dir("d"), file("d/a", "2")]], &["d", "d/a"], &[]);
    let merged = facts(&[&[dir("d"), file("d/a", "1")], &[dir("d"), file("d/b", "2")]]);
    assert_eq!(paths(&merged), ["d", "d/a", "d/b"]);
    assert_eq!(merged.written_by(b"d"), Some(1));
    assert_eq!(merged.written_by(b"d/a"), Some(0));
    let replaced = facts(&[&[dir("real"), link("d", "real")], &[dir("d"), file("d/a", "2")]]);
    assert_eq!(paths(&replaced), ["d", "d/a", "real"]);
    assert_eq!(notes(&replaced), []);
    assert_eq!(replaced.rootfs(1).unwrap().find(b"d").unwrap().entry_type, EntryType::Symlink);
    assert_eq!(replaced.rootfs(9).unwrap().records().len(), 3);
    assert_eq!(replaced.rootfs(0).unwrap().records().len(), 0);
}

#[test]
fn the_last_entry_of_a_layer_counts() {
    // pass: folders and files; refused: under a link, in place of a folder or of what a hard link shares
    let last = |entries: &[Entry], path: &str, content: &str, kinds: &[NoteKind]| {
        let facts = facts(&[entries]);
        assert!(has(&facts, path, content));
        assert_eq!(notes(&facts), kinds);
    };
    check(&[&[dir("d"), dir("d/")]], &["d"], &[NoteKind::RepeatedDirectory]);
    last(&[file("a", "1"), file("a", "2")], "a", "2", &[NoteKind::DuplicatePath]);
    last(&[link("a", "1"), file("a", "2")], "a", "2", &[NoteKind::ReplacedLink]);
    let linked = [file("a", "1"), hard("b", "a"), file("a", "2")];
    last(&linked, "a", "2", &[NoteKind::ReplacedLink]);
    last(&linked, "b", "1", &[NoteKind::ReplacedLink]);
    check(&[&[file("a", "1"), dir("a")]], &["a"], &[NoteKind::ReplacedFolder]);
    last(&[dir("d"), file("d", "1")], "d", "1", &[NoteKind::ReplacedFolder]);
    last(
        &[link("l", "d"), file("d/a", "1"), file("l/a", "2")],
        "d/a",
        "2",
        &[NoteKind::ThroughSymlink, NoteKind::DuplicatePath],
    );
    last(&[file("d/a", "1"), file("d", "2")], "d", "2", &[NoteKind::ReplacedFolder]);
    check(&[&[file("d/a", "1"), link("d", "e")]], &["d"], &[NoteKind::ReplacedFolder]);
}

#[test]
fn names_that_fall_together_are_noted_over_layers() {
    // pass: with the layer of the second one; refuses nothing
    let facts = facts(&[&[file("README", "1")], &[file("Readme", "2")]]);
    assert_eq!(notes(&facts), [NoteKind::CaseCollision]);
    assert_eq!(facts.notes[0].0, Some(1));
    assert_eq!(facts.refusals().count(), 0);
}

#[test]
fn a_path_below_a_file_is_refused() {
    // fail: as `mkdir` does, in one layer and over layers, also for a whiteout
    let what = "lies below something that is no folder";
    check_refused(&[&[file("a", "1"), file("a/b", "1")]], what);
    check_refused(&[&[file("a", "1")], &[file("a/b", "1")]], what);
    check_refused(&[&[file("a", "1")], &[file("a/.wh.b", "")]], what);
    check_refused(&[&[file("f", "1"), link("l", "f")], &[file("l/b", "1")]], what);
    // What is remembered of a folder is forgotten when it changes.
    check_refused(&[&[dir("a")], &[file("a/.wh.b", ""), file("a", "1"), file("a/c", "1")]], what);
}

#[test]
fn a_path_below_a_link_lands_where_the_link_leads() {
    // pass: inside the root, whatever the target says; ambiguous where the link is of a lower layer
    let through = &[NoteKind::ThroughSymlink];
    let escaping = &[NoteKind::ThroughEscapingSymlink];
    check(&[&[link("lib", "usr/lib"), file("lib/a", "1")]], &["lib", "usr/lib/a"], through);
    check(&[&[link("lib", "/usr/lib"), file("lib/a", "1")]], &["lib", "usr/lib/a"], escaping);
    check(&[&[link("x/lib", "../../../usr/lib"), file("x/lib/a", "1")]], &["usr/lib/a", "x/lib"], escaping);
    check(&[&[link("x/l", "y"), link("x/y", "/z"), file("x/l/q/a", "1")]], &["x/l", "x/y", "z/q/a"], escaping);
    check(&[&[link("r", "/"), file("r/a", "1")]], &["a", "r"], escaping);
    let lower = &[NoteKind::ThroughLowerSymlink];
    let merged = || [link("lib", "usr/lib"), file("usr/lib/old", "1")];
    check(&[&merged(), &[file("lib/a", "2")]], &["lib", "usr/lib/a", "usr/lib/old"], lower);
    check(&[&merged(), &[file("lib/.wh.old", "")]], &["lib"], lower);
    assert_eq!(facts(&[&merged(), &[file("lib/a", "2")]]).refusals().count(), 1);
    assert_eq!(facts(&[&[link("lib", "usr/lib"), file("lib/a", "1")]]).refusals().count(), 0);
    // Where pullers resolve `..` by the text, or by where the path before it leads.
    let dotted = &[NoteKind::ThroughDottedSymlink];
    check(&[&[link("l", "x/../y"), file("l/a", "1")]], &["l", "y/a"], dotted);
    check(&[&[link("x/l", "../y"), link("y", "z"), file("x/l/a", "1")]], &["x/l", "y", "z/a"], dotted);
    // A folder of the upper layer takes the link's place; what follows lies in the folder.
    let over = [file("lib/a", "2"), dir("lib"), file("lib/b", "2")];
    check(&[&merged(), &over], &["lib", "lib/b", "usr/lib/a", "usr/lib/old"], lower);
}

#[test]
fn links_in_a_circle_are_refused() {
    // fail: at 255, as the puller's
    check_refused(&[&[link("a", "b"), link("b", "a"), file("a/x", "1")]], "lies below too many links");
    check_refused(&[&[link("a", "a/a"), file("a/x", "1")]], "lies below too many links");
    let grows = format!("a/{}", "b".repeat(90));
    check_refused(&[&[link("a", &grows), file("a/x", "1")]], "has too long a path behind links");
}

#[test]
fn a_hard_link_is_a_copy_of_what_its_target_is_then() {
    // pass: across layers, also after the target changes or goes; through links; of a symbolic link
    let linked = facts(&[&[file("a", "1")], &[hard("b", "a")], &[file("a", "3")]]);
    assert!(has(&linked, "a", "3") && has(&linked, "b", "1"));
    assert_eq!(notes(&linked), []);
    check(&[&[file("a", "1"), hard("b", "./a")], &[file(".wh.a", "")]], &["b"], &[]);
    check(&[&[file("a", "1"), hard("b", "/a")]], &["a", "b"], &[NoteKind::AbsolutePath]);
    let chained = facts(&[&[file("a", "1"), hard("b", "a"), hard("c", "b")]]);
    assert!(has(&chained, "c", "1"));
    let symbolic = facts(&[&[link("l", "x"), hard_mode("m", "l", 0o777)]]);
    let inventory = symbolic.rootfs(1).unwrap();
    assert_eq!(inventory.find(b"m").unwrap().link_target, b"x");
    check(
        &[&[link("lib", "usr/lib"), file("usr/lib/a", "1"), hard("b", "lib/a")]],
        &["b", "lib", "usr/lib/a"],
        &[NoteKind::ThroughSymlink],
    );
}

#[test]
fn a_hard_link_that_changes_its_target_is_ambiguous() {
    // pass: noted, because the puller sets mode and owner on both names
    let raised = facts(&[&[file("a", "1")], &[hard_mode("b", "a", 0o4755)]]);
    assert_eq!(raised.refusals().map(|(_, note)| note.kind).collect::<Vec<_>>(), [NoteKind::HardlinkMetadataDiffers]);
}

#[test]
fn a_hard_link_to_nothing_is_refused() {
    // fail: as the puller's `link`
    let missing = "is a hard link to something that is not there";
    check_refused(&[&[hard("b", "a")]], missing);
    check_refused(&[&[hard("b", "a"), file("a", "1")]], missing);
    check_refused(&[&[file("a", "1")], &[file(".wh.a", ""), hard("b", "a")]], missing);
    check_refused(&[&[file("a", "1")], &[hard("a", "a")]], missing);
    check_refused(&[&[file("d/a", "1")], &[hard("d", "d/a")]], missing);
    check_refused(&[&[dir("d"), hard("b", "d")]], "is a hard link to a folder");
    check_refused(&[&[file("d/x", "1"), hard("b", "d")]], missing);
}

#[test]
fn paths_of_layers_are_taken_from_the_root() {
    // pass: absolute ones, with a note; refused: what leaves it, though it is brought back
    check(&[&[file("/etc/a", "1")]], &["etc/a"], &[NoteKind::AbsolutePath]);
    check(&[&[file("/etc/a", "1")], &[file("/etc/.wh.a", "")]], &[], &[NoteKind::AbsolutePath, NoteKind::AbsolutePath]);
    check(&[&[file("../a", "1")]], &["a"], &[NoteKind::ParentInPath]);
    check(&[&[file("a/../../b", "1")]], &["b"], &[NoteKind::ParentInPath]);
    check(&[&[file("a", "1"), hard("b", "../a")]], &["a", "b"], &[NoteKind::HardlinkEscapes]);
    assert_eq!(notes(&facts(&[&[dir("/"), file("a", "1")]])), [NoteKind::AbsolutePath]);
}

#[test]
fn marks_of_overlay_are_ambiguous() {
    // pass: noted; to an overlay puller they hide or move what lies below
    let devices = facts(&[&[file("a", "1")], &[device("a")]]);
    assert_eq!(devices.refusals().map(|(_, note)| note.kind).collect::<Vec<_>>(), [NoteKind::OverlayMark]);
    for key in [
        "trusted.overlay.opaque",
        "trusted.overlay.redirect",
        "user.overlay.opaque",
        "user.fuseoverlayfs.opaque",
        "security.fuseoverlayfs.override_stat",
        "user.containers.override_stat",
        "user.rootlesscontainers",
    ] {
        let marked = facts(&[&[file("d/a", "1")], &[pax(&format!("SCHILY.xattr.{key}"), "y"), dir("d")]]);
        assert_eq!(marked.refusals().map(|(_, note)| note.kind).collect::<Vec<_>>(), [NoteKind::OverlayMark], "{key}");
    }
}

#[test]
fn layers_without_entries_change_nothing() {
    // pass: builders write them for steps that touch no file
    check(&[&[], &[file("a", "1")], &[]], &["a"], &[]);
    check(&[], &[], &[]);
}

#[test]
fn folders_that_a_layer_writes_in_are_bounded_while_it_is_applied() {
    // fail: files below 40 folders of their own each, more folders than steps are allowed; pass: somewhat fewer
    let below = "/a".repeat(40);
    for (files, fine) in [(2_400, true), (2_900, false)] {
        let entries: Vec<_> = (0..files).map(|number| file(&format!("{number}{below}"), "")).collect();
        let blob = archive(&Image::new(&[&[file("f", "")], &entries]).layout());
        let limits = Limits { entries: files + 2, ..Limits::DEFAULT };
        let store = ImageStore::open(&blob, None, &limits).unwrap();
        let read = store.read(&store.choices()[0], None, &limits, &mut |_| {});
        assert_eq!(read.is_ok(), fine, "{files}");
        if let Err(error) = read {
            assert!(matches!(fault(error), ImageFault::OverLimit { what: "steps to apply the layers", .. }));
        }
    }
}

#[test]
fn what_is_written_through_a_link_is_of_its_own_layer() {
    // pass: it is where the link leads, and its layer's: another file of that layer there replaces it, and the layer's opaque marker spares it
    let lower: &[Entry] = &[dir("real"), file("real/old", "1"), link("l", "real")];
    let written = facts(&[lower, &[file("l/x", "2")]]);
    assert_eq!(paths(&written), ["l", "real", "real/old", "real/x"]);
    assert_eq!((written.written_by(b"real/x"), written.written_by(b"real/old")), (Some(1), Some(0)));
    let again = facts(&[lower, &[file("l/x", "2"), file("real/x", "3")]]);
    assert!(notes(&again).contains(&NoteKind::DuplicatePath), "{:?}", notes(&again));
    let opaque = facts(&[lower, &[file("l/x", "2"), file("real/.wh..wh..opq", "")]]);
    assert_eq!(paths(&opaque), ["l", "real", "real/x"]);
}

#[test]
fn nested_opaque_folders_cost_no_more_than_what_they_list() {
    // pass: markers x files, and no look at every folder above each file
    let deep = |depth: usize| vec!["a"; depth].join("/");
    let mut entries: Vec<Entry> = Vec::new();
    let mut long = |path: &str, entry: Entry| {
        entries.push(pax("path", path));
        entries.push(entry);
    };
    for depth in 1..=300 {
        long(&deep(depth), dir("d"));
    }
    for number in 0..4_000 {
        long(&format!("{}/{number}", deep(300)), file("f", ""));
    }
    for depth in 1..=300 {
        long(&format!("{}/.wh..wh..opq", deep(depth)), file("f", ""));
    }
    let start = std::time::Instant::now();
    let facts = facts(&[&entries]);
    assert_eq!(paths(&facts).len(), 4_300);
    assert_eq!(facts.refusals().count(), 0);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn the_root_entry_of_a_layer_has_the_mode_that_root_folders_have() {
    // pass: 0755, and 0555 of read-only bases; fail: others are seen by nobody who compares entries
    let root = |mode: u32| {
        let upper = [dir_mode("./", mode)];
        facts(&[&[file("a", "1")], &upper]).refusals().map(|(_, note)| note.kind).collect::<Vec<_>>()
    };
    for mode in [0o755, 0o555] {
        assert_eq!(root(mode), []);
    }
    for mode in [0o700, 0o777, 0o750, 0] {
        assert_eq!(root(mode), [NoteKind::RaisedRootEntry], "{mode:o}");
    }
}

#[test]
fn a_folder_keeps_attributes_that_its_new_entry_has_not() {
    // fail: who writes in place keeps the attribute, who unpacks each layer by itself drops it; pass: the same attribute again
    let acl = || pax("SCHILY.xattr.user.k", "x");
    let paths = &["etc", "etc/shadow"];
    check(&[&[acl(), dir("etc")], &[dir("etc"), file("etc/shadow", "s")]], paths, &[NoteKind::KeptAttributes]);
    check(&[&[acl(), dir("etc"), dir("etc"), file("etc/shadow", "s")]], paths, &[NoteKind::KeptAttributes]);
    check(&[&[acl(), dir("etc")], &[acl(), dir("etc"), file("etc/shadow", "s")]], paths, &[]);
}

#[test]
fn an_opaque_marker_and_a_link_are_refused() {
    // fail: moby walks no link, and removes what the layer wrote under another name; pass: a link beside the opaque folder
    let lower = [dir("d"), file("d/x", "1"), dir("e"), file("e/x", "1")];
    let through = NoteKind::ThroughSymlink;
    let opaque = NoteKind::OpaqueThroughSymlink;
    check(&[&lower, &[link("l", "d"), file("l/.wh..wh..opq", "")]], &["d", "e", "e/x", "l"], &[through, opaque]);
    let written = [dir("d"), link("l", "d"), file("l/new", "2"), file("d/.wh..wh..opq", "")];
    check(&[&lower, &written], &["d", "d/new", "e", "e/x", "l"], &[through, opaque]);
    let beside = [dir("e"), link("l", "d"), file("l/new", "2"), file("e/.wh..wh..opq", "")];
    check(&[&lower, &beside], &["d", "d/new", "d/x", "e", "l"], &[through]);
}

#[test]
fn a_folder_that_a_layer_enters_without_listing_it_may_be_made_anew() {
    // fail: Docker gives a private folder the mode 0755; warned: other modes; pass: 0755 of root, a folder that is listed, one layer alone
    let lower = |mode| [dir_mode("d", mode), file("d/x", "1")];
    for (mode, kind) in [(0o700, NoteKind::WidenedFolder), (0o1777, NoteKind::ImpliedFolder)] {
        check(&[&lower(mode), &[file("d/y", "2")]], &["d", "d/x", "d/y"], &[kind]);
        check(&[&lower(mode), &[file("d/e/f/y", "2")]], &["d", "d/e/f/y", "d/x"], &[kind]);
        check(&[&lower(mode), &[file("d/.wh.x", "")]], &["d"], &[kind]);
        check(&[&lower(mode), &[file("d/y", "2"), dir_mode("d", mode)]], &["d", "d/x", "d/y"], &[]);
        check(&[&[dir_mode("d", mode), file("d/x", "1"), file("d/y", "2")]], &["d", "d/x", "d/y"], &[]);
    }
    check(&[&lower(0o755), &[file("d/y", "2")]], &["d", "d/x", "d/y"], &[]);
}

#[test]
fn what_hard_links_and_links_copy_is_bounded() {
    // fail: attributes of one file under many names, a long path in front of many names: some kilobytes, packed
    let value = "v".repeat(1 << 20);
    let mut shared = vec![pax("SCHILY.xattr.user.k", &value[..(1 << 20) - 100]), file("f", "1")];
    shared.extend((0..300).map(|number| hard(&format!("l{number}"), "f")));
    let long = ["n".repeat(250).as_str(); 15].join("/");
    let mut behind = vec![pax("linkpath", &long), link("l", "x")];
    behind.extend((0..40_000).map(|number| file(&format!("l/{number}"), "")));
    for layer in [shared, behind] {
        match compose(&[&layer]).unwrap_err() {
            ArtifactError::Image { fault, .. } => {
                let is_limit =
                    matches!(*fault, ImageFault::OverLimit { what: "bytes of all paths and attributes", .. });
                assert!(is_limit, "{fault:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_folder_with_a_default_access_list_gets_is_refused() {
    // fail: a file or folder below it inherits a list that nothing says, in whatever layer; pass: before it, a hard link, beside it
    let list = || [pax("SCHILY.xattr.system.posix_acl_default", "x"), dir("d")];
    let inherited = NoteKind::InheritedAccessList;
    let layer =
        |before: Vec<Entry>, after: Vec<Entry>| before.into_iter().chain(list()).chain(after).collect::<Vec<_>>();
    check(&[&layer(vec![], vec![file("d/x", "1")])], &["d", "d/x"], &[inherited]);
    check(&[&layer(vec![], vec![file("d/e/x", "1")])], &["d", "d/e/x"], &[inherited]);
    check(&[&layer(vec![], vec![]), &layer(vec![], vec![file("d/x", "1")])], &["d", "d/x"], &[inherited]);
    check(&[&layer(vec![], vec![]), &[dir("d2"), file("d2/x", "1")]], &["d", "d2", "d2/x"], &[]);
    check(&[&layer(vec![file("d/x", "1")], vec![])], &["d", "d/x"], &[]);
    check(&[&layer(vec![file("x", "1")], vec![hard("d/l", "x")])], &["d", "d/l", "x"], &[]);
}

#[test]
fn a_hard_link_that_is_silent_of_capabilities_is_refused() {
    // fail: setting its owner takes them away; pass: a link that names them, too
    let able = || pax("SCHILY.xattr.security.capability", "x");
    let differs = NoteKind::HardlinkMetadataDiffers;
    check(&[&[able(), file("f", "1"), hard("l", "f")]], &["f", "l"], &[NoteKind::Capability, differs]);
    let notes = notes(&facts(&[&[able(), file("f", "1"), able(), hard("l", "f")]]));
    assert!(!notes.contains(&differs), "{notes:?}");
}

#[test]
fn names_are_bounded_over_all_images_of_an_index() {
    // fail: long names that many images share, which are compared in each; pass: the same in few
    let long = ["\u{e9}".repeat(120).as_str(); 8].join("/");
    let mut entries = Vec::new();
    for number in 0..200 {
        entries.extend([pax("path", &format!("{long}/{number}")), file("f", "")]);
    }
    let image = Image::new(&[&entries]);
    let limits = Limits { entries: 20_000, ..Limits::DEFAULT };
    for (images, fine) in [(5, true), (40, false)] {
        let folder = folder(&many_of(&image, images));
        let artifact = local::open(folder.path()).unwrap();
        let store = ImageStore::open(&artifact, None, &limits).unwrap();
        let read = store.read(&store.choices()[0], None, &limits, &mut |_| {});
        assert_eq!(read.is_ok(), fine, "{images}");
        if let Err(error) = read {
            assert!(matches!(fault(error), ImageFault::OverLimit { what: "steps to apply the layers", .. }));
        }
    }
}
