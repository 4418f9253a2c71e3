//! Recomputed merges, compared with `git merge-tree`.

use super::*;
use std::collections::BTreeSet;

use crate::git::merge::merge_noting;
use crate::git::{TreeCache, recompute};

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

    fn line(&mut self, alphabet: &[&str]) -> String {
        format!("{}\n", alphabet[self.roll(alphabet.len() as u64) as usize])
    }

    /// One to three runs of lines put in, taken out, or replaced.
    fn mutate(&mut self, lines: &[String], alphabet: &[&str]) -> Vec<String> {
        let mut edited = lines.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(edited.len() as u64 + 1) as usize;
            let removed = if self.roll(3) == 0 { 0 } else { self.roll(4) as usize };
            let added = if self.roll(3) == 0 { 0 } else { self.roll(4) };
            let new: Vec<String> = (0..added).map(|_| self.line(alphabet)).collect();
            let end = (at + removed).min(edited.len());
            drop(edited.splice(at..end, new));
        }
        edited
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

/// Three trees of one file a case, and their commits, the first the base of the others.
fn import(fixture: &Fixture, cases: &[[String; 3]]) -> [(GitId, GitId); 3] {
    let mut stream = String::new();
    for (at, branch) in ["base", "main", "side"].iter().enumerate() {
        stream.push_str(&format!(
            "commit refs/heads/{branch}\nmark :{}\ncommitter {ANA} {} +0000\ndata 1\nx\n",
            at + 1,
            1_700_000_000
        ));
        if at > 0 {
            stream.push_str("from :1\n");
        }
        for (number, texts) in cases.iter().enumerate() {
            stream.push_str(&format!("M 100644 inline f{number}\ndata {}\n{}\n", texts[at].len(), texts[at]));
        }
        stream.push('\n');
    }
    fixture.git_in(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    ["base", "main", "side"].map(|branch| (fixture.id(branch), fixture.tree(branch)))
}

/// Blobs of a tree by path.
fn blobs(fixture: &Fixture, tree: &str) -> std::collections::BTreeMap<String, String> {
    let listed = fixture.git(&["ls-tree", "-r", tree]);
    listed
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(blob, path)| (path.to_owned(), blob.to_owned()))
        .collect()
}

/// What `git merge-file` makes of three texts; `None` on a conflict. It aligns lines otherwise than `git merge-tree`.
fn merge_file(fixture: &Fixture, [base, main, side]: &[String; 3]) -> Option<String> {
    fixture.write("merged/base", base);
    fixture.write("merged/main", main);
    fixture.write("merged/side", side);
    let (clean, text) = fixture.run(ANA, &["merge-file", "-p", "-q", "merged/main", "merged/base", "merged/side"]);
    clean.then(|| String::from_utf8(text).unwrap())
}

/// Merges every case here, by `git merge-tree` and by `git merge-file`, and counts: merged here, a conflict here only, a conflict for `merge-tree`, too.
///
/// Where one of the two conflicts or merges to another text, it is a conflict here.
fn compare(cases: &[[String; 3]]) -> [usize; 3] {
    let fixture = Fixture::new();
    let [base, main, side] = import(&fixture, cases);
    let git = fixture
        .run(
            ANA,
            &[
                "-c",
                "merge.renames=false",
                "merge-tree",
                "--write-tree",
                "--name-only",
                "--no-messages",
                "main",
                "side",
            ],
        )
        .1;
    let git = String::from_utf8(git).unwrap();
    let (tree, conflicts) = git.split_once('\n').unwrap();
    let conflicts: BTreeSet<&str> = conflicts.lines().collect();
    let repository = fixture.open();
    let id = |tree: &GitId| repository.object_id(tree).unwrap();
    let merged = merge_noting(&repository, &mut TreeCache::default(), id(&main.1), id(&base.1), id(&side.1)).unwrap();
    let entries = TreeCache::default().tree(&repository, merged.tree).unwrap();
    let ours: std::collections::BTreeMap<String, String> =
        entries.iter().map(|entry| (String::from_utf8(entry.name.clone()).unwrap(), entry.id.to_string())).collect();
    let theirs = blobs(&fixture, tree);
    let mut counts = [0; 3];
    for (number, texts) in cases.iter().enumerate() {
        let path = format!("f{number}");
        let is_conflict = merged.conflicts.contains(&path.clone().into_bytes());
        match (is_conflict, conflicts.contains(path.as_str())) {
            (false, true) => panic!("git conflicts: {texts:?}"),
            (false, false) => {
                let theirs = theirs.get(&path).unwrap().split(' ').nth(2).unwrap();
                let (ours, blob) = (ours.get(&path).unwrap(), merge_file(&fixture, texts));
                assert_eq!(ours, theirs, "git merge-tree merges otherwise: {texts:?}");
                let blob = blob.unwrap_or_else(|| panic!("git merge-file conflicts: {texts:?}"));
                let text =
                    crate::git::objects::read_blob(&repository, gix::ObjectId::from_hex(ours.as_bytes()).unwrap());
                assert_eq!(blob.as_bytes(), text.unwrap(), "git merge-file merges otherwise: {texts:?}");
                counts[0] += 1;
            }
            (true, false) => counts[1] += 1,
            (true, true) => counts[2] += 1,
        }
    }
    counts
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
    // Where lines repeat, a change may be aligned in several ways: then it is a conflict here, and never the other way round.
    assert!(
        clean > 100 && only_ours == 0 && only_git * 4 < clean,
        "clean {clean}, only ours {only_ours}, only git {only_git}"
    );
}

fn words(text: &str) -> String {
    text.split(' ').map(|word| format!("{word}\n")).collect()
}

#[test]
fn lines_that_repeat_are_merged_only_where_git_merges_them_so() {
    // fail: git conflicts, and one alignment of several would not; pass: what every alignment merges to the same
    let named = ["a b b a", "a b b b b b", "a a b a"].map(words);
    assert_eq!(compare(&[named]), [0, 0, 1]);
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let count = 600;
    let mut cases = Vec::new();
    for number in 0..count {
        let alphabet =
            [&["a", "b"][..], &["a", "b", "c"], &["a", "b", "c", "d", "e", "f", "g", "h"], &["a", "\tb", "}", "{", ""]]
                [dice.roll(4) as usize];
        let base: Vec<String> =
            (0..dice.roll(if number % 10 == 0 { 300 } else { 15 })).map(|_| dice.line(alphabet)).collect();
        let [main, side] = [dice.mutate(&base, alphabet), dice.mutate(&base, alphabet)];
        cases.push([base, main, side].map(|lines| {
            let text = lines.concat();
            if dice.roll(5) == 0 { text.trim_end_matches('\n').to_owned() } else { text }
        }));
    }
    let counts = compare(&cases);
    let [clean, only_here, both] = counts;
    assert!(clean * 4 > count && both * 10 > count && only_here * 4 < clean, "{counts:?}");
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

/// Three blobs of lines of two kinds, which take long to compare, as all files of three trees.
fn slow(fixture: &Fixture, files: usize, lines: usize) -> [GitId; 3] {
    let mut dice = Dice(7);
    same(fixture, files, [0, 1, 2].map(|_| (0..lines).map(|_| dice.line(&["a", "b"])).collect::<String>()))
}

/// Three trees, in each of which all files are one text.
fn same(fixture: &Fixture, files: usize, texts: [String; 3]) -> [GitId; 3] {
    let trees = texts.map(|text| {
        let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], text.as_bytes());
        let tree: String = (0..files).map(|file| format!("100644 blob {blob}\tf{file}\n")).collect();
        fixture.git_in(&["mktree"], tree.as_bytes())
    });
    trees.map(|tree| tree.parse().unwrap())
}

#[test]
fn the_same_three_files_are_merged_once() {
    // fail: a file under many names takes the time of as many; pass: it takes that of one, also in the next merge
    let work_of = |make: &dyn Fn(&Fixture, usize) -> [GitId; 3], files: usize, merges: usize| {
        let fixture = Fixture::new();
        let [onto, base, head] = make(&fixture, files);
        let repository = fixture.open();
        for _ in 0..merges {
            let id = |tree: &GitId| repository.object_id(tree).unwrap();
            let merged = merge_noting(&repository, &mut TreeCache::default(), id(&onto), id(&base), id(&head)).unwrap();
            assert_eq!(merged.conflicts.len(), files);
        }
        repository.merged_texts.borrow().spent
    };
    let work = |files, merges| work_of(&|fixture, files| slow(fixture, files, 6_000), files, merges);
    assert!(work(1, 1) > 1_000_000);
    assert_eq!([work(9, 1), work(3, 3)], [work(1, 1); 2]);
    // fail: one that is not merged by lines is read once, too
    let binary = |fixture: &Fixture, files| same(fixture, files, ["1", "2", "3"].map(|text| format!("\0{text}")));
    assert_eq!([work_of(&binary, 9, 1), work_of(&binary, 1, 1)], [6; 2]);
}

#[test]
fn what_takes_too_long_to_compare_conflicts() {
    // fail: a file of two kinds of lines that is longer than is compared; and all that come after as much work as one repository may take
    let fixture = Fixture::new();
    let [onto, base, head] = slow(&fixture, 1, 660_000);
    let repository = fixture.open();
    let merge = |repository: &crate::git::Repository, [onto, base, head]: [&GitId; 3]| {
        let id = |tree: &GitId| repository.object_id(tree).unwrap();
        let merged = merge_noting(repository, &mut TreeCache::default(), id(onto), id(base), id(head)).unwrap();
        (merged.conflicts.len(), merged.too_large)
    };
    assert_eq!(merge(&repository, [&onto, &base, &head]), (1, true));
    let [onto, base, head] = slow(&fixture, 1, 40);
    assert_eq!(merge(&fixture.open(), [&onto, &base, &head]), (1, false));
    repository.merged_texts.borrow_mut().work = u64::MAX;
    assert_eq!(merge(&repository, [&onto, &base, &head]), (1, true));
    // pass: each merge has some work free, so a long history does not come to that
    repository.merged_texts.borrow_mut().work = 0;
    assert_eq!(merge(&repository, [&head, &base, &onto]), (1, false));
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
