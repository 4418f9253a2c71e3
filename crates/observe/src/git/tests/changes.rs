//! Changes under review, as lists and as text.

use super::*;
use crate::git::{ChangeKind, attribute, diff, unified};

fn changed() -> (Fixture, GitId, GitId) {
    let fixture = Fixture::new();
    for path in ["edited", "gone", "moved", "script"] {
        fixture.write(path, lines(&[(1, path)]));
    }
    let base = fixture.commit(ANA, "base");
    fixture.edit(BO, "edited", &lines(&[(1, "edited"), (10, "bo")]));
    fixture.git(&["rm", "-q", "gone"]);
    fixture.git(&["mv", "moved", "a-new-place"]);
    fixture.commit(BO, "move");
    fixture.write("zz-agent", "\u{202e}evil\u{1b}[2J\n");
    fixture.write("image", "\0\u{1}");
    fixture.git(&["add", "-A"]);
    fixture.git(&["update-index", "--chmod=+x", "script"]);
    fixture.git_as(CODER, &["commit", "-q", "-m", "agent"]);
    let head = fixture.id("HEAD");
    (fixture, base, head)
}

#[test]
fn every_changed_path_is_listed_once() {
    // pass: as `git diff --no-renames --name-status`
    let (fixture, base, head) = changed();
    let changes = diff(&fixture.open(), &fixture.tree(base.as_str()), &fixture.tree(head.as_str())).unwrap();
    let expected = fixture.git(&["diff", "--no-renames", "--name-status", base.as_str(), head.as_str()]);
    let found: Vec<String> = changes
        .iter()
        .map(|change| {
            let letter = match change.kind {
                ChangeKind::Add => "A",
                ChangeKind::Remove => "D",
                ChangeKind::Modify | ChangeKind::Mode => "M",
            };
            format!("{letter}\t{}", change.path)
        })
        .collect();
    assert_eq!(found.join("\n"), expected);
    let script = changes.iter().find(|change| change.path == "script").unwrap();
    assert_eq!(
        (script.kind, script.old == script.new, script.old_mode, script.new_mode),
        (ChangeKind::Mode, true, 0o100_644, 0o100_755)
    );
}

#[test]
fn agents_paths_come_first() {
    // pass: who touched what, by commits
    let (fixture, base, head) = changed();
    let repository = fixture.open();
    let mut changes = diff(&repository, &fixture.tree(base.as_str()), &fixture.tree(head.as_str())).unwrap();
    attribute(&repository, &mut changes, &base, &head).unwrap();
    let order: Vec<_> = changes.iter().map(|change| (change.path.as_str(), change.agent_touched())).collect();
    assert_eq!(
        order,
        [
            ("image", true),
            ("script", true),
            ("zz-agent", true),
            ("a-new-place", false),
            ("edited", false),
            ("gone", false),
            ("moved", false)
        ]
    );
}

#[test]
fn text_is_what_git_shows_but_harmless() {
    let (fixture, base, head) = changed();
    let repository = fixture.open();
    let changes = diff(&repository, &fixture.tree(base.as_str()), &fixture.tree(head.as_str())).unwrap();
    let text = |path: &str| unified(&repository, changes.iter().find(|change| change.path == path).unwrap()).unwrap();
    // pass: hunks as git has them
    let expected = fixture.git(&["diff", base.as_str(), head.as_str(), "--", "edited"]);
    let hunks =
        |text: &str| text.lines().skip_while(|line| !line.starts_with("@@")).map(str::to_owned).collect::<Vec<_>>();
    let (ours, theirs) = (hunks(&text("edited")), hunks(&expected));
    assert_eq!(ours[1..], theirs[1..]);
    assert!(theirs[0].starts_with(&ours[0]), "{} {}", ours[0], theirs[0]);
    // fail: what would act upon the terminal is a number
    assert!(text("zz-agent").contains("+<U+202E>evil<U+001B>[2J\n"));
    assert!(text("image").contains("binary: 0 bytes, none -> 2 bytes, sha256:"));
    assert_eq!(text("script"), "--- a/script\n+++ b/script\nmode 100644 -> 100755\n");
    assert!(text("gone").starts_with("--- a/gone\n+++ /dev/null\n@@ -1,20 "));
}
