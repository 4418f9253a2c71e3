//! Recomputed merges, compared with `git merge-tree`.

use super::*;
use crate::git::recompute;

/// What `git merge-tree` makes of two commits; `None` on a conflict. It always looks for renames, so no case here has one that matters.
fn merge_tree(fixture: &Fixture, ours: &str, theirs: &str) -> Option<GitId> {
    let (clean, output) = fixture.run(ANA, &["merge-tree", "--write-tree", ours, theirs]);
    clean.then(|| String::from_utf8_lossy(&output).lines().next().unwrap().parse().unwrap())
}

/// Two branches, each a list of edits (no content: removal), over one base.
fn check(
    name: &str,
    base: &[(&str, Option<&str>)],
    ours: &[(&str, Option<&str>)],
    theirs: &[(&str, Option<&str>)],
    is_clean: bool,
) {
    let fixture = Fixture::new();
    let apply = |edits: &[(&str, Option<&str>)]| {
        for (path, content) in edits {
            match content {
                Some(content) => fixture.write(path, content),
                None if fixture.path().join(path).is_dir() => {
                    std::fs::remove_dir_all(fixture.path().join(path)).unwrap()
                }
                None => std::fs::remove_file(fixture.path().join(path)).unwrap(),
            }
        }
        fixture.commit(ANA, "step");
    };
    apply(base);
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "theirs"]);
    apply(theirs);
    fixture.git(&["checkout", "-q", "main"]);
    apply(ours);
    let result =
        recompute(&fixture.open(), &fixture.tree("main"), &fixture.tree("base"), &fixture.tree("theirs")).unwrap();
    assert_eq!(result.is_some(), is_clean, "{name}");
    assert_eq!(result, merge_tree(&fixture, "main", "theirs"), "{name}: differs from git");
}

#[test]
fn clean_merges_equal_those_of_git() {
    let base = lines(&[]);
    let (top, low, both) = (lines(&[(2, "ours")]), lines(&[(18, "theirs")]), lines(&[(2, "same"), (10, "same")]));
    // pass: every shape that has one result
    check("other files", &[("a", Some("1\n"))], &[("b", Some("2\n"))], &[("c/d", Some("3\n"))], true);
    check("far hunks", &[("a", Some(&base))], &[("a", Some(&top))], &[("a", Some(&low))], true);
    check(
        "near hunks",
        &[("a", Some(&base))],
        &[("a", Some(&lines(&[(5, "o")])))],
        &[("a", Some(&lines(&[(7, "t")])))],
        true,
    );
    check("same edit", &[("a", Some(&base))], &[("a", Some(&both))], &[("a", Some(&both))], true);
    check(
        "same edit and more",
        &[("a", Some(&base))],
        &[("a", Some(&both))],
        &[("a", Some(&lines(&[(2, "same"), (10, "same"), (19, "t")])))],
        true,
    );
    check("deletion", &[("a", Some("1\n")), ("b", Some("2\n"))], &[("a", None)], &[("b", Some("3\n"))], true);
    check(
        "both delete",
        &[("a", Some("1\n")), ("b", Some("2\n"))],
        &[("a", None)],
        &[("a", None), ("c", Some("3\n"))],
        true,
    );
    check(
        "both add the same",
        &[("a", Some("1\n"))],
        &[("b", Some("2\n"))],
        &[("b", Some("2\n")), ("c", Some("3\n"))],
        true,
    );
    check(
        "folder emptied",
        &[("d/a", Some("1\n")), ("d/b", Some("2\n")), ("x", Some("x\n"))],
        &[("d/a", None)],
        &[("d/b", None)],
        true,
    );
    check(
        "file to folder",
        &[("d", Some("1\n")), ("x", Some("x\n"))],
        &[("d", None), ("d/a", Some("2\n"))],
        &[("x", Some("y\n"))],
        true,
    );
    check(
        "rename is removal and addition",
        &[("a", Some(&base)), ("x", Some("x\n"))],
        &[("a", None), ("b", Some(&base))],
        &[("x", Some("y\n"))],
        true,
    );
    check(
        "no final line feed",
        &[("a", Some("1\n2\n3\n4\n5\n6"))],
        &[("a", Some("0\n2\n3\n4\n5\n6"))],
        &[("a", Some("1\n2\n3\n4\n5\n7"))],
        true,
    );
}

#[test]
fn conflicts_have_no_result() {
    let base = lines(&[]);
    // fail: every shape that needs somebody to decide
    check(
        "same line",
        &[("a", Some(&base))],
        &[("a", Some(&lines(&[(5, "o")])))],
        &[("a", Some(&lines(&[(5, "t")])))],
        false,
    );
    check(
        "edit and delete",
        &[("a", Some(&base)), ("x", Some("x\n"))],
        &[("a", None)],
        &[("a", Some(&lines(&[(5, "t")])))],
        false,
    );
    check("both add", &[("a", Some("1\n"))], &[("b", Some("2\n"))], &[("b", Some("3\n"))], false);
    check(
        "binary",
        &[("a", Some("\0one\n2\n3\n4\n5\n"))],
        &[("a", Some("\0two\n2\n3\n4\n5\n"))],
        &[("a", Some("\0one\n2\n3\n4\n6\n"))],
        false,
    );
    check("file against folder", &[("x", Some("x\n"))], &[("d", Some("1\n"))], &[("d/a", Some("2\n"))], false);
}

#[test]
fn renames_are_not_followed() {
    // fail: git would carry the edit over to the new name, which is a guess; a verifier must not guess
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", &lines(&[]));
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "theirs"]);
    fixture.edit(BO, "a", &lines(&[(5, "t")]));
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["mv", "a", "b"]);
    fixture.commit(ANA, "rename");
    assert!(merge_tree(&fixture, "main", "theirs").is_some(), "git guesses");
    let result = recompute(&fixture.open(), &fixture.tree("main"), &fixture.tree("base"), &fixture.tree("theirs"));
    assert_eq!(result.unwrap(), None);
}

#[test]
fn modes_merge_apart_from_content() {
    // pass: one side edits, the other sets the execute bit
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", &lines(&[]));
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "theirs"]);
    fixture.git(&["update-index", "--chmod=+x", "a"]);
    fixture.git(&["commit", "-q", "-m", "mode"]);
    fixture.git(&["checkout", "-q", "-f", "main"]);
    fixture.edit(ANA, "a", &lines(&[(3, "x")]));
    let result =
        recompute(&fixture.open(), &fixture.tree("main"), &fixture.tree("base"), &fixture.tree("theirs")).unwrap();
    assert!(result.is_some());
    assert_eq!(result, merge_tree(&fixture, "main", "theirs"));
}

/// A small generator, so that the cases are the same every time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn edit(&mut self, lines: &[String]) -> Vec<String> {
        let mut edited = lines.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(edited.len() as u64) as usize;
            match self.roll(3) {
                0 => edited[at] = format!("{}\n", self.roll(6)),
                1 => edited.insert(at, format!("{}\n", self.roll(6))),
                _ if edited.len() > 3 => drop(edited.remove(at)),
                _ => {}
            }
        }
        edited
    }
}

#[test]
fn random_text_merges_equal_those_of_git() {
    // pass: wherever both find a result it is the same, and they nearly always agree whether there is one
    let fixture = Fixture::new();
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut cases = Vec::new();
    for _ in 0..250 {
        let base: Vec<String> = (0..6 + dice.roll(20)).map(|_| format!("{}\n", dice.roll(6))).collect();
        let [ours, theirs] = [dice.edit(&base), dice.edit(&base)];
        let commit = |text: &[String], parent: Option<&str>| {
            let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], text.concat().as_bytes());
            let tree = fixture.git_in(&["mktree"], format!("100644 blob {blob}\ta\n").as_bytes());
            let mut arguments = vec!["commit-tree", "-m", "x", &tree];
            arguments.extend(parent.map(|parent| ["-p", parent]).into_iter().flatten());
            (fixture.git(&arguments), tree)
        };
        let base = commit(&base, None);
        cases.push((commit(&ours, Some(&base.0)), commit(&theirs, Some(&base.0)), base));
    }
    let repository = fixture.open();
    let (mut clean, mut only_ours, mut only_git) = (0, 0, 0);
    for (ours, theirs, base) in &cases {
        let result =
            recompute(&repository, &ours.1.parse().unwrap(), &base.1.parse().unwrap(), &theirs.1.parse().unwrap())
                .unwrap();
        match (result, merge_tree(&fixture, &ours.0, &theirs.0)) {
            (Some(result), Some(expected)) => {
                assert_eq!(result, expected, "base {} ours {} theirs {}", base.0, ours.0, theirs.0);
                clean += 1;
            }
            (Some(_), None) => only_ours += 1,
            (None, Some(_)) => only_git += 1,
            (None, None) => {}
        }
    }
    // Where lines repeat, two diffs may align them in two ways, so a few cases conflict for one of the two only; the result never differs.
    assert!(
        clean > 100 && (only_ours + only_git) * 20 < clean,
        "clean {clean}, only ours {only_ours}, only git {only_git}"
    );
}

#[test]
fn a_file_too_large_to_be_merged_by_lines_conflicts() {
    // pass: as many lines as are merged; fail: more of them, or more bytes, over the three sides
    let check = |line: &str, count: usize, merged: bool| {
        let fixture = Fixture::new();
        let text = line.repeat(count);
        fixture.edit(ANA, "a", &text);
        fixture.git(&["branch", "base"]);
        fixture.git(&["checkout", "-q", "-b", "theirs"]);
        fixture.edit(BO, "a", &format!("{text}last\n"));
        fixture.git(&["checkout", "-q", "main"]);
        fixture.edit(ANA, "a", &format!("first\n{text}"));
        let (ours, base, theirs) = (fixture.tree("main"), fixture.tree("base"), fixture.tree("theirs"));
        let repository = fixture.open();
        assert_eq!(recompute(&repository, &ours, &base, &theirs).unwrap().is_some(), merged, "{count} of {line:?}");
        // Whatever was merged, it is no replay: its words say why.
        fixture.git(&["merge", "-q", "--no-ff", "-m", "m", "theirs"]);
        let class = crate::git::landings(&repository, "main", None).unwrap().pop().unwrap().class;
        assert_eq!(class.merge_note(), (!merged).then_some(crate::git::MergeNote::TooLarge));
    };
    check("\n", 600_000, true);
    check("\n", 700_000, false);
    let long = format!("{}\n", "x".repeat(999));
    check(&long, 16_000, true);
    check(&long, 17_000, false);
}

#[test]
fn nothing_is_written() {
    // pass: the merged tree can be read, and the folder has no new file
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", &lines(&[]));
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "theirs"]);
    fixture.edit(ANA, "a", &lines(&[(18, "t")]));
    fixture.git(&["checkout", "-q", "main"]);
    fixture.edit(ANA, "a", &lines(&[(2, "o")]));
    let count = || Command::new("find").arg(fixture.path()).output().unwrap().stdout;
    let (before, repository) = (count(), fixture.open());
    let result =
        recompute(&repository, &fixture.tree("main"), &fixture.tree("base"), &fixture.tree("theirs")).unwrap().unwrap();
    let inventory = crate::git::tree_inventory(&repository, &result, &mut crate::git::TreeCache::default()).unwrap();
    assert_eq!(inventory.records().len(), 1);
    assert_eq!(count(), before);
}
