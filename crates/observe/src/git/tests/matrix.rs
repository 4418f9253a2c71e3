//! Every way a reviewed change lands, on every way its base moves: the class of each, beside what `git merge-tree` makes of the same commits.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::git::{
    Against, GitError, LandingClass, MergeNote, ObservedLanding, Outside, OutsideTarget, bind_reviews, classes,
    landings,
};

/// How far `main` went from the review's base.
const MOVES: [&str; 4] = ["same", "elsewhere", "near", "far"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Identity,
    Replay,
    /// With the residual paths.
    Residual(MergeNote, &'static [&'static str]),
}

use Class::{Identity as I, Replay as R, Residual as X};
use MergeNote::{Conflict, Differs};

/// Where every row is a landing: its name, the branch under review, the script that lands it from a checked-out `main-$move`, and its class for each move.
///
/// A fast-forward is there only where the base did not move; where it moved it takes a rebase first, so the two are one row.
/// For a conflict `main` has an edit of the reviewed line, too, besides the move of its column.
const ROWS: [(&str, &str, &str, [Class; 4]); 13] = [
    ("fast-forward", "topic", "git checkout -q --detach topic; git rebase -q main-$move", [I, R, R, R]),
    ("merge", "topic", "git merge -q --no-ff -m m topic", [I, R, R, R]),
    ("squash", "topic", "git merge -q --squash topic; git commit -q -m m", [I, R, R, R]),
    (
        "queue",
        "topic",
        "git checkout -q --detach base; test $move = same || git merge -q --no-ff -m other main-$move; git merge -q --no-ff -m m topic",
        [I, R, R, R],
    ),
    ("cherry-pick", "topic", "git cherry-pick topic >/dev/null", [I, R, R, R]),
    (
        "amend",
        "topic",
        "git cherry-pick topic >/dev/null; sed -i 's/^line 1$/amended/' a; git commit -q -a --amend --no-edit",
        [X(Differs, &["a"]); 4],
    ),
    (
        "evil merge add",
        "topic",
        "git merge -q --no-ff --no-commit topic; echo evil > evil; git add evil; git commit -q -m m",
        [X(Differs, &["evil"]); 4],
    ),
    (
        "evil merge delete",
        "topic",
        "git merge -q --no-ff --no-commit topic; git rm -q keep; git commit -q -m m",
        [X(Differs, &["keep"]); 4],
    ),
    (
        "evil merge revert",
        "topic",
        "git merge -q --no-ff --no-commit topic; git checkout -q main-$move -- a; git commit -q -m m",
        [X(Differs, &["a"]); 4],
    ),
    (
        "conflict",
        "topic",
        "git checkout -q --detach conflict-$move; git merge -q topic >/dev/null || true; git checkout -q --ours a; \
         sed -i 's/^conflicting$/both/' a; git commit -q -a -m m",
        [X(Conflict, &["a"]); 4],
    ),
    (
        "rename",
        "rename",
        "git merge -q --no-ff -m m rename",
        // git carries main's edit over to the new name, which is a guess: somebody has to look.
        [I, R, X(Conflict, &["a", "b"]), X(Conflict, &["a", "b"])],
    ),
    ("mode", "mode", "git merge -q --no-ff -m m mode", [I, R, R, R]),
    ("submodule", "submodule", "git merge -q --no-ff -m m submodule", [I, R, R, R]),
];

const MODULES: [&str; 2] = ["1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"];

/// A commit for `git fast-import` on top of `base`.
fn on_base(stream: &mut String, branch: &str, person: &str, files: &[(&str, &str, &str)]) {
    let from = if branch == "base" { "" } else { "from refs/heads/base\n" };
    stream.push_str(&format!(
        "commit refs/heads/{branch}\nauthor {person} 1700000000 +0000\ncommitter {person} 1700000000 +0000\ndata 1\nx\n{from}"
    ));
    for (mode, path, content) in files {
        match *mode {
            "D" => stream.push_str(&format!("D {path}\n")),
            "160000" => stream.push_str(&format!("M 160000 {content} {path}\n")),
            mode => stream.push_str(&format!("M {mode} inline {path}\ndata {}\n{content}\n", content.len())),
        }
    }
    stream.push('\n');
}

/// `base`, each change under review, and `main` moved in each way, without and with an edit of the reviewed line.
fn branches() -> Fixture {
    let fixture = Fixture::new();
    let (text, reviewed) = (lines(&[]), lines(&[(10, "reviewed")]));
    let mut stream = String::new();
    let base =
        [("100644", "a", &*text), ("100644", "keep", "keep\n"), ("100644", "x", "x\n"), ("160000", "lib", MODULES[0])];
    on_base(&mut stream, "base", ANA, &base);
    let new = ("100644", "new", "new\n");
    on_base(&mut stream, "topic", BO, &[("100644", "a", &reviewed), new]);
    on_base(&mut stream, "rename", BO, &[("D", "a", ""), ("100644", "b", &text), new]);
    on_base(&mut stream, "mode", BO, &[("100755", "a", &text), new]);
    on_base(&mut stream, "submodule", BO, &[("160000", "lib", MODULES[1]), ("100644", "a", &reviewed)]);
    for (kind, also) in [("main", None), ("conflict", Some((10, "conflicting")))] {
        let a = |edit: Option<(usize, &str)>| lines(&Vec::from_iter(also.into_iter().chain(edit)));
        let unmoved = a(None);
        let plain = ("100644", "a", &*unmoved);
        on_base(&mut stream, &format!("{kind}-same"), ANA, &[plain]);
        on_base(&mut stream, &format!("{kind}-elsewhere"), ANA, &[plain, ("100644", "x", "moved\n")]);
        // Three lines away: in the context of the reviewed hunk, and still no conflict.
        on_base(&mut stream, &format!("{kind}-near"), ANA, &[("100644", "a", &a(Some((13, "near"))))]);
        on_base(&mut stream, &format!("{kind}-far"), ANA, &[("100644", "a", &a(Some((19, "far"))))]);
    }
    fixture.git_in(&["fast-import", "--quiet"], stream.as_bytes());
    fixture.git(&["branch", "-q", "-f", "main-same", "base"]);
    fixture
}

/// Lands each row on each move with git itself, as `refs/heads/cell/ROW/MOVE`.
fn land_all(fixture: &Fixture) {
    let mut script = "set -e\n".to_owned();
    for (row, (_, _, land, _)) in ROWS.iter().enumerate() {
        for movement in MOVES {
            script.push_str(&format!(
                "move={movement}; git checkout -q -f --detach main-$move; {land}; git update-ref refs/heads/cell/{row}/$move HEAD\n"
            ));
        }
    }
    let mut command = Command::new("sh");
    let git = fixture.command(ANA);
    command
        .current_dir(fixture.path())
        .env_clear()
        .envs(git.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What git makes of two commits without anybody's configuration; `None` on a conflict. This git knows no way to leave exact renames alone.
fn merge_tree(fixture: &Fixture, onto: &GitId, head: &str) -> Option<GitId> {
    let options =
        ["-c", "merge.directoryRenames=false", "-c", "merge.renames=false", "-c", "merge.conflictStyle=merge"];
    let arguments = [&options[..], &["merge-tree", "--write-tree", onto.as_str(), head]].concat();
    let (clean, output) = fixture.run(ANA, &arguments);
    clean.then(|| String::from_utf8_lossy(&output).lines().next().unwrap().parse().unwrap())
}

/// Commit, tree and first parent of every branch.
fn refs(fixture: &Fixture) -> BTreeMap<String, [String; 3]> {
    let listed =
        fixture.git(&["for-each-ref", "--format=%(refname:short) %(objectname) %(tree) %(parent)", "refs/heads"]);
    let row = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        (words[0].to_owned(), [1, 2, 3].map(|at| words.get(at).copied().unwrap_or_default().to_owned()))
    };
    listed.lines().map(row).collect()
}

fn landing_of(fixture: &Fixture, tip: &str, since: &GitId, review: &(GitId, GitId)) -> ObservedLanding {
    let repository = fixture.open();
    let mut found = landings(&repository, tip, Some(since)).unwrap();
    bind_reviews(&repository, &mut found, std::slice::from_ref(review)).unwrap();
    assert_eq!(found.len(), 1, "{tip}");
    found.pop().unwrap()
}

fn told(class: &LandingClass) -> (&'static str, Option<MergeNote>, Vec<String>) {
    match class {
        LandingClass::Residual { why, paths, .. } => (class.word(), Some(*why), paths.clone()),
        class => (class.word(), None, Vec::new()),
    }
}

fn expected(class: Class) -> (&'static str, Option<MergeNote>, Vec<String>) {
    match class {
        I => ("identity", None, Vec::new()),
        R => ("replay", None, Vec::new()),
        X(why, paths) => ("residual", Some(why), paths.iter().map(|path| (*path).to_owned()).collect()),
    }
}

#[test]
fn every_landing_on_every_base_has_its_class() {
    // pass: identity and replay where git merges to the very tree that landed; fail: residual where git conflicts, makes another tree, or guesses a rename
    let fixture = branches();
    land_all(&fixture);
    let refs = refs(&fixture);
    let id = |name: &str, at: usize| -> GitId { refs[name][at].parse().unwrap() };
    let (mut cells, mut guessed) = (0, BTreeSet::new());
    for (row, (name, topic, _, classes)) in ROWS.iter().enumerate() {
        let review = (id("base", 1), id(topic, 1));
        for (movement, class) in MOVES.iter().zip(classes) {
            let (cell, at) = (format!("cell/{row}/{movement}"), format!("{name}, {movement}"));
            let parent = id(&cell, 2);
            let landing = landing_of(&fixture, &cell, &parent, &review);
            assert_eq!(told(&landing.class), expected(*class), "{at}");
            let landed = landing.to.git_tree.as_ref().unwrap();
            let is_git_s = merge_tree(&fixture, &parent, topic).as_ref() == Some(landed);
            match class {
                I | R => {
                    assert!(is_git_s, "{at}: git merges otherwise");
                    let against = Against::Review { base: review.0.clone(), head: review.1.clone() };
                    assert_eq!(landing.class.against(), &against, "{at}");
                }
                X(..) if is_git_s => drop(guessed.insert(at.clone())),
                X(..) => {}
            }
            let pinned = Outside {
                path: "lib".into(),
                target: OutsideTarget::Submodule { commit: MODULES[1].parse().unwrap() },
            };
            assert_eq!(landing.outside, if *name == "submodule" { vec![pinned] } else { Vec::new() }, "{at}");
            cells += 1;
        }
    }
    assert_eq!(cells, 52);
    assert_eq!(Vec::from_iter(guessed), ["rename, far", "rename, near"], "where git guesses, and only there");
}

#[test]
fn what_the_matrix_leaves_out_has_its_class_too() {
    // pass: another message only; main merged into the topic, and main set to that; fail: each reason why nothing can be merged
    let fixture = branches();
    let base = fixture.tree("base");
    let review = (base.clone(), fixture.tree("topic"));
    let last = |tip: &str| landing_of(&fixture, tip, &fixture.id(&format!("{tip}~1")), &review).class;

    fixture.git(&["checkout", "-q", "-f", "--detach", "topic"]);
    fixture.git_as(CODER, &["commit", "-q", "--amend", "-m", "other words"]);
    assert_eq!(last("HEAD").word(), "identity");

    fixture.git(&["checkout", "-q", "-f", "--detach", "topic"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "update", "main-far"]);
    assert_eq!(last("HEAD"), LandingClass::Replay { against: Against::Parents });

    // Two disjoint topics at once: nothing is merged, so no review holds, and each path that they change needs one.
    fixture.git(&["checkout", "-q", "-f", "-b", "third", "base"]);
    fixture.edit(BO, "keep", "kept\n");
    fixture.git(&["checkout", "-q", "-f", "--detach", "main-elsewhere"]);
    fixture.git(&["merge", "-q", "-m", "octopus", "topic", "third"]);
    let changes = |tip: &str| -> Vec<String> {
        fixture.git(&["diff", "--name-only", &format!("{tip}~1"), tip]).lines().map(str::to_owned).collect()
    };
    let (why, paths) = (Some(MergeNote::Octopus { parents: 3 }), changes("HEAD"));
    assert!(paths.contains(&"keep".to_owned()) && paths.len() > 1, "{paths:?}");
    assert_eq!(told(&last("HEAD")), ("residual", why, paths));
    fixture.write("evil", "evil\n");
    fixture.git(&["add", "evil"]);
    fixture.git(&["commit", "-q", "--amend", "--no-edit"]);
    assert!(told(&last("HEAD")).2.contains(&"evil".to_owned()));

    // Two histories: everything that the merge brings.
    fixture.git(&["checkout", "-q", "-f", "--orphan", "alien"]);
    fixture.git(&["rm", "-q", "-r", "-f", "."]);
    fixture.edit(BO, "f", "f\n");
    fixture.git(&["merge", "-q", "--no-commit", "--allow-unrelated-histories", "topic"]);
    fixture.edit(ANA, "evil", "evil\n");
    assert_eq!(told(&last("alien")), ("residual", Some(MergeNote::NoBase), changes("alien")));

    // A criss-cross.
    fixture.git(&["checkout", "-q", "-f", "-B", "left", "main-elsewhere"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "1", "topic"]);
    fixture.git(&["checkout", "-q", "-f", "-B", "right", "topic"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "2", "main-elsewhere"]);
    fixture.edit(BO, "r", "r\n");
    fixture.git(&["checkout", "-q", "left"]);
    fixture.edit(ANA, "l", "l\n");
    fixture.git(&["merge", "-q", "--no-ff", "-m", "3", "right"]);
    assert_eq!(told(&last("left")), ("residual", Some(MergeNote::ManyBases { bases: 2 }), vec!["r".to_owned()]));
    fixture.git(&["checkout", "-q", "base", "--", "a"]);
    fixture.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
    assert_eq!(told(&last("left")).2, ["a", "r"]);
}

#[test]
fn a_conflict_is_residual_however_it_was_decided() {
    // fail: one side taken whole; a folder against a file; and elsewhere what the other side gave was dropped
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    fixture.edit(ANA, "other", "1\n");
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.write("a", "2\n");
    fixture.write("d/x", "x\n");
    fixture.write("d/y", "y\n");
    fixture.edit(BO, "other", "2\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.write("d", "file\n");
    let parent = fixture.edit(ANA, "a", "3\n");
    let review = (fixture.tree("base"), fixture.tree("topic"));
    fixture.run(ANA, &["merge", "-q", "-s", "ours", "-m", "m", "topic"]);
    let class = landing_of(&fixture, "main", &parent, &review).class;
    assert_eq!(told(&class).2, ["a", "d", "d/x", "d/y", "other"]);
    assert_eq!(told(&class).1, Some(Conflict));
}

#[test]
fn a_landing_is_measured_by_the_review_that_explains_most_of_it() {
    // pass: of two reviews the one that leaves less; a review that landed already explains nothing more; fail: none has to do with it
    let fixture = branches();
    fixture.git(&["checkout", "-q", "-f", "--detach", "main-far"]);
    fixture.git(&["cherry-pick", "topic"]);
    fixture.git(&["branch", "-q", "landed"]);
    fixture.edit(ANA, "x", "later\n");
    let repository = fixture.open();
    let base = fixture.tree("base");
    let reviews = [(base.clone(), fixture.tree("topic")), (base.clone(), fixture.tree("mode"))];
    let class = |reviews: &[(GitId, GitId)], at: usize| {
        let mut found = landings(&repository, "HEAD", Some(&fixture.id("main-far"))).unwrap();
        bind_reviews(&repository, &mut found, reviews).unwrap();
        found[at].class.clone()
    };
    assert_eq!(class(&reviews, 0).word(), "replay");
    assert_eq!(class(&reviews, 1), LandingClass::Identity { against: Against::Itself });
    let half = fixture.git(&["rev-parse", "submodule^{tree}"]).parse().unwrap();
    let reviews = [(base.clone(), fixture.tree("mode")), (base, half)];
    let LandingClass::Residual { against: Against::Review { head, .. }, paths, .. } = class(&reviews, 0) else {
        panic!()
    };
    assert_eq!((head, paths), (reviews[0].1.clone(), vec!["a".to_owned()]));
}

#[test]
fn links_and_pointers_are_told() {
    // pass: a link that one side moved is merged; a pointer names the file that it stands for; fail: a link that both moved
    let fixture = Fixture::new();
    let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer = |size: usize| format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n");
    let mut stream = String::new();
    on_base(&mut stream, "base", ANA, &[("120000", "link", "a"), ("100644", "big", &pointer(1))]);
    on_base(&mut stream, "topic", BO, &[("120000", "link", "b"), ("100644", "big", &pointer(2))]);
    on_base(&mut stream, "main-elsewhere", ANA, &[("100644", "x", "x\n")]);
    on_base(&mut stream, "main-link", ANA, &[("120000", "link", "c")]);
    fixture.git_in(&["fast-import", "--quiet"], stream.as_bytes());
    let review = (fixture.tree("base"), fixture.tree("topic"));
    fixture.git(&["checkout", "-q", "-f", "--detach", "main-elsewhere"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m", "topic"]);
    let landing = landing_of(&fixture, "HEAD", &fixture.id("main-elsewhere"), &review);
    assert_eq!(landing.class.word(), "replay");
    let target = OutsideTarget::Lfs { sha256: oid.parse().unwrap(), size_bytes: 2 };
    assert_eq!(landing.outside, [Outside { path: "big".into(), target }]);
    fixture.git(&["checkout", "-q", "-f", "--detach", "main-link"]);
    fixture.git(&["merge", "-q", "-s", "ours", "-m", "m", "topic"]);
    let class = landing_of(&fixture, "HEAD", &fixture.id("main-link"), &review).class;
    assert_eq!(told(&class), ("residual", Some(Conflict), vec!["big".to_owned(), "link".to_owned()]));
}

/// A history with a merge in every tenth commit, some of them with more than the sides have.
fn history(commits: usize, fixture: &Fixture) {
    let mut stream = String::new();
    let mut tip = 0;
    for mark in 1..=commits {
        let (file, text) = (mark * 7 % 400, format!("{mark}\n"));
        // Of ten commits three are a side that left the line four commits before, and one merges it.
        let (from, merged) = match mark % 10 {
            6 => (mark - 5, None),
            9 => (tip, Some(mark - 1)),
            _ => (mark - 1, None),
        };
        if !(6..=8).contains(&(mark % 10)) {
            tip = mark;
        }
        stream.push_str(&format!("commit refs/heads/{}\nmark :{mark}\n", if tip == mark { "main" } else { "side" }));
        stream.push_str(&format!("committer {ANA} {} +0000\ndata 1\nx\n", 1_700_000_000 + mark));
        if from > 0 {
            stream.push_str(&format!("from :{from}\n"));
        }
        if let Some(merged) = merged {
            stream.push_str(&format!("merge :{merged}\n"));
            for side in mark - 3..mark {
                let text = format!("{side}\n");
                stream.push_str(&format!(
                    "M 100644 inline d{}/f{}\ndata {}\n{text}\n",
                    side * 7 % 400 % 20,
                    side * 7 % 400,
                    text.len()
                ));
            }
        }
        // Every second merge has nothing of its own.
        if merged.is_none() || mark % 20 == 9 {
            stream.push_str(&format!("M 100644 inline d{}/f{file}\ndata {}\n{text}\n", file % 20, text.len()));
        }
        stream.push('\n');
    }
    fixture.git_in(&["fast-import", "--quiet"], stream.as_bytes());
}

#[test]
fn every_commit_of_a_long_history_has_one_class() {
    // pass: 5,000 commits with 500 merges, each once, parents first; half of the merges hold a file that no side has
    let fixture = Fixture::new();
    history(5_000, &fixture);
    let found = classes(&fixture.open(), "main").unwrap();
    let ids: BTreeSet<_> = found.iter().map(|commit| &commit.commit).collect();
    assert_eq!((found.len(), ids.len()), (5_000, 5_000));
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for commit in &found {
        *counts.entry((commit.parents > 1, commit.class.word())).or_default() += 1;
    }
    assert_eq!(
        counts,
        BTreeMap::from([((false, "identity"), 4_500), ((true, "replay"), 250), ((true, "residual"), 250)])
    );
}

#[test]
fn classes_of_the_projects_own_history() {
    // pass: the history that this source lies in, where it lies in one: each commit once; a cut clone says so
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !root.join(".git").exists() {
        return;
    }
    match classes(&open(&root).unwrap(), "HEAD") {
        Ok(found) => {
            let ids: BTreeSet<_> = found.iter().map(|commit| &commit.commit).collect();
            assert!(!found.is_empty() && ids.len() == found.len());
            let merges_are_compared = |commit: &crate::git::ClassedCommit| {
                (commit.parents > 1) == (*commit.class.against() == Against::Parents)
            };
            assert!(found.iter().all(merges_are_compared));
        }
        Err(error) => assert!(matches!(error, GitError::Shallow { .. }), "{error}"),
    }
}

#[test]
fn a_clone_that_lacks_something_says_so() {
    // fail: history that was cut; pass: a file that a partial clone lacks is told, and the class does not need it
    let fixture = branches();
    fixture.git(&["checkout", "-q", "-f", "-B", "main", "topic"]);
    fixture.edit(ANA, "x", "later\n");
    let source = format!("file://{}", fixture.path().display());
    fixture.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = |option: &str| {
        let folder = TempDir::new().unwrap();
        fixture.git(&[
            "clone",
            "-q",
            "--bare",
            option,
            "--single-branch",
            "-b",
            "main",
            &source,
            folder.path().to_str().unwrap(),
        ]);
        let found = open(folder.path()).and_then(|repository| classes(&repository, "main"));
        (folder, found)
    };
    let (_cut, found) = clone("--depth=1");
    assert!(matches!(found, Err(GitError::Shallow { .. })), "{found:?}");
    let (_partial, found) = clone("--filter=blob:none");
    let last = found.unwrap().pop().unwrap();
    assert_eq!(last.class.word(), "identity");
    assert!(matches!(last.outside[..], [Outside { target: OutsideTarget::Missing { .. }, .. }]), "{:?}", last.outside);
}
