//! The stream of landings beside `landings`, pauses, shallow clones, and lines.

use std::collections::{BTreeMap, BTreeSet};

use lasthand_model::digest::GitId;
use lasthand_model::history::{LandingDiff, ObjectKey, Version};
use lasthand_model::wire::facts::TreeRef;
use lasthand_model::wire::step_actor::OddPerson;

use super::super::{
    GitError, HistoryWalk, LandingClass, MergeNote, Reached, Repository, Start, TreeCache, diff, landings,
    line_origins, open, placed, tree_inventory, versions_of,
};
use super::{ANA, BO, CODER, Fixture, lines};

fn walked(repository: &Repository, walk: &mut HistoryWalk, tip: &GitId, since: Option<&GitId>) -> Vec<LandingDiff> {
    let mut seen = Vec::new();
    let reached = walk.advance(repository, tip, since, &mut |step| {
        seen.push(step.landing);
        Ok(())
    });
    assert_eq!(reached.unwrap(), Reached::Tip);
    seen
}

fn key(id: &GitId) -> ObjectKey {
    ObjectKey::from_git(id).unwrap()
}

/// Edits, a clean merge, one with more in it, one that decided a conflict, and a removal.
fn history() -> Fixture {
    let fixture = Fixture::new();
    fixture.edit(ANA, "text", &lines(&[]));
    fixture.edit(BO, "other/deep/file", "one\n");
    let mut kept: BTreeMap<usize, String> = BTreeMap::new();
    let with = |kept: &BTreeMap<usize, String>, line: usize, text: &str| {
        let mut kept = kept.clone();
        kept.insert(line, text.to_owned());
        lines(&kept.iter().map(|(line, text)| (*line, text.as_str())).collect::<Vec<_>>())
    };
    for (name, line) in [("clean", 18), ("evil", 16), ("conflict", 2)] {
        fixture.git(&["checkout", "-q", "-b", name]);
        fixture.edit(CODER, "text", &with(&kept, line, name));
        fixture.edit(CODER, &format!("{name}.txt"), name);
        fixture.git(&["checkout", "-q", "main"]);
        fixture.edit(BO, "text", &with(&kept, 2, &format!("main {name}")));
        kept.insert(line, name.to_owned());
        kept.insert(2, format!("main {name}"));
        let (clean, _) = fixture.run(ANA, &["merge", "-q", "--no-ff", "--no-commit", name]);
        assert_eq!(clean, name != "conflict");
        match name {
            "conflict" => fixture.write("text", with(&kept, 2, "decided")),
            "evil" => fixture.write("planted", "more\n"),
            _ => {}
        }
        fixture.commit(ANA, name);
    }
    fixture.git(&["rm", "-q", "clean.txt"]);
    fixture.commit(BO, "remove");
    fixture
}

#[test]
fn a_walk_tells_the_landings_as_differences() {
    // pass: trees, people and merges as `landings` has them, paths as `diff` has them; each path has the commit that touched it last
    let fixture = history();
    let repository = fixture.open();
    let seen = walked(&repository, &mut HistoryWalk::default(), &fixture.id("main"), None);
    let observed = landings(&repository, "main", None).unwrap();
    assert_eq!(seen.len(), observed.len());
    for (seen, observed) in seen.iter().zip(&observed) {
        let tree = |tree: &TreeRef| key(tree.git_tree.as_ref().unwrap());
        assert_eq!(seen.commit, key(&observed.commit));
        assert_eq!((seen.from, seen.to), (observed.from.as_ref().map(tree), tree(&observed.to)));
        assert_eq!(seen.authors, observed.authors, "{:?}", observed.commit);
        let merge = observed.merge_of.as_ref().map(|merge| [tree(&merge.head), tree(&merge.base), tree(&merge.result)]);
        assert_eq!(seen.merge.map(|merge| [merge.head, merge.base, merge.result]), merge);
        assert_eq!(seen.touched.len(), seen.changes.len());
        if let Some(from) = &observed.from {
            let expected = diff(&repository, from.git_tree.as_ref().unwrap(), observed.to.git_tree.as_ref().unwrap());
            let expected: Vec<String> = expected.unwrap().into_iter().map(|change| change.path).collect();
            assert_eq!(seen.changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>(), expected);
        }
    }
    let toucher = |landing: &LandingDiff, path: &str| {
        let at = landing.changes.iter().position(|change| change.path == path).unwrap();
        landing.commits[landing.touched[at]].clone()
    };
    let merged = |name: &str| seen.iter().find(|landing| landing.changes.iter().any(|c| c.path == name)).unwrap();
    // What a branch brought is the branch's; what the merge commit added or decided is the merge's.
    assert_eq!(toucher(merged("clean.txt"), "clean.txt").commit, key(&fixture.id("clean")));
    assert_eq!(toucher(merged("clean.txt"), "text").commit, key(&fixture.id("clean~1")));
    let evil = merged("planted");
    assert_eq!(toucher(evil, "planted").commit, evil.commit);
    assert_eq!(toucher(evil, "evil.txt").commit, key(&fixture.id("evil")));
    let decided = merged("conflict.txt");
    assert_eq!(toucher(decided, "text").commit, decided.commit);
    let Some(change) = seen.last().map(|landing| &landing.changes[0]) else { panic!() };
    assert_eq!((change.path.as_str(), change.after), ("clean.txt", None));
}

#[test]
fn whoever_took_one_side_in_a_merge_is_the_last_hand() {
    // pass: the side's commit where the merge gives it; fail: for the side's author where the merge gives something else, or a conflict
    let check = |ours: &str, theirs: &str, merge: &[&str], landed: Option<&str>, by_merge: bool| {
        let fixture = Fixture::new();
        fixture.write("text", lines(&[]));
        let base = fixture.edit(ANA, "other", "old\n");
        fixture.git(&["checkout", "-q", "-b", "topic"]);
        fixture.write("other", "new\n");
        fixture.edit(BO, "text", theirs);
        fixture.git(&["checkout", "-q", "main"]);
        fixture.edit(ANA, "text", ours);
        fixture.run(CODER, &[&["merge", "-q", "--no-ff", "--no-commit"], merge, &["topic"]].concat());
        if let Some(landed) = landed {
            fixture.write("text", landed);
        }
        fixture.commit(CODER, "merge");
        let seen = walked(&fixture.open(), &mut HistoryWalk::default(), &fixture.id("main"), Some(&base));
        let last = seen.last().unwrap();
        let toucher = |path: &str| {
            let at = last.changes.iter().position(|change| change.path == path).unwrap();
            last.commits[last.touched[at]].commit
        };
        assert_eq!(toucher("text") == last.commit, by_merge, "{merge:?} {landed:?}");
        assert_ne!(toucher("other"), last.commit, "and nothing else");
    };
    let (ours, theirs) = (lines(&[(2, "fixed")]), lines(&[(18, "topic")]));
    check(&ours, &theirs, &[], None, false);
    check(&ours, &theirs, &[], Some(&theirs), true);
    check(&ours, &theirs, &[], Some(&lines(&[])), true);
    check(&ours, &lines(&[(2, "topic")]), &["-X", "theirs"], None, true);
    // fail: a path that no side changed as it landed, in a merge of three; pass: one that one side brought
    let fixture = Fixture::new();
    let base = fixture.edit(ANA, "a", "1\n");
    for name in ["one", "two"] {
        fixture.git(&["checkout", "-q", "-b", name, base.as_str()]);
        fixture.edit(BO, name, name);
    }
    fixture.git(&["checkout", "-q", "main"]);
    fixture.edit(ANA, "a", "2\n");
    fixture.git(&["merge", "-q", "--no-commit", "one", "two"]);
    fixture.write("a", "1\n");
    fixture.commit(CODER, "octopus");
    let seen = walked(&fixture.open(), &mut HistoryWalk::default(), &fixture.id("main"), Some(&base));
    let last = seen.last().unwrap();
    let by_merge: Vec<bool> = last.touched.iter().map(|at| last.commits[*at].commit == last.commit).collect();
    assert_eq!(by_merge, [true, false, false]);
}

/// Class and odd people of each landing of a walk.
fn measured(fixture: &Fixture) -> Vec<(LandingClass, Vec<OddPerson>)> {
    let mut seen = Vec::new();
    let visited = HistoryWalk::default().advance(&fixture.open(), &fixture.id("main"), None, &mut |step| {
        seen.push((step.class, step.odd));
        Ok(())
    });
    visited.unwrap();
    seen
}

#[test]
fn a_walk_tells_what_each_landing_is_and_what_is_odd_about_its_people() {
    // pass: class by parents and odd people as `landings` has them: clean, evil and decided merges, several bases, no base, an octopus, a commit
    let fixture = history();
    let message = "x\n\nSigned-off-by: Claude <noreply@anthropic.com>\nReviewed-by: Copilot <copilot@github.com>";
    for (name, onto) in [("left", "main"), ("right", "main~1")] {
        fixture.git(&["checkout", "-q", "-B", name, onto]);
        fixture.edit(CODER, name, name);
        fixture.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }
    fixture.git(&["checkout", "-q", "main"]);
    let merged = |names: &[&str]| {
        let merge = ["merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "Merge branch 'claude/x'"];
        fixture.run(ANA, &[&merge[..], names].concat());
    };
    merged(&["left", "right"]);
    // Each has merged the other: two best common ancestors.
    fixture.git(&["checkout", "-q", "-b", "cross", "main~1"]);
    fixture.edit(BO, "cross", "1\n");
    let crossed = fixture.id("cross");
    merged(&["main"]);
    fixture.git(&["checkout", "-q", "main"]);
    merged(&[crossed.as_str()]);
    fixture.edit(ANA, "more", "1\n");
    merged(&["cross"]);
    fixture.git(&["checkout", "-q", "--orphan", "alien"]);
    fixture.git(&["rm", "-rfq", "."]);
    fixture.edit(BO, "alien", "1\n");
    fixture.git(&["checkout", "-q", "main"]);
    merged(&["alien"]);
    let observed = landings(&fixture.open(), "main", None).unwrap();
    let seen = measured(&fixture);
    assert_eq!(seen.len(), observed.len());
    for ((class, odd), observed) in seen.iter().zip(&observed) {
        assert_eq!(*class, observed.class, "{}", observed.commit);
        let told = observed.commits.iter().chain(&observed.mergers);
        let mut told: Vec<OddPerson> =
            told.flat_map(|commit| commit.odd.iter().map(|odd| odd.told(&commit.commit))).collect();
        let mut odd = odd.clone();
        odd.sort();
        told.sort();
        assert_eq!(odd, told, "{}", observed.commit);
    }
    let whys: BTreeSet<&str> =
        seen.iter().filter_map(|(class, _)| class.merge_note()).map(|note| note.word()).collect();
    assert_eq!(whys.into_iter().collect::<Vec<_>>(), ["conflict", "differs", "no-base", "octopus", "several-bases"]);
    let words: BTreeSet<&str> = seen.iter().flat_map(|(_, odd)| odd).map(|odd| odd.what.as_str()).collect();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), ["agent-branch", "agent-sign-off", "machine-review"]);
}

#[test]
fn a_walk_goes_on_where_it_ended() {
    // pass: every pause and packing gives the same landings; fail: a tip that does not come after, damaged bytes
    let fixture = history();
    let repository = fixture.open();
    let tip = fixture.id("main");
    let whole = walked(&repository, &mut HistoryWalk::default(), &tip, None);
    for back in 1..6 {
        let mut walk = HistoryWalk::default();
        let mut parts = walked(&repository, &mut walk, &fixture.id(&format!("main~{back}")), None);
        let packed = walk.pack().unwrap();
        for length in [0, 1, packed.len() / 2, packed.len() - 1] {
            assert!(HistoryWalk::unpack(&repository, &packed[..length]).is_none());
        }
        let mut walk = HistoryWalk::unpack(&repository, &packed).unwrap();
        assert_eq!(walk.pack().unwrap(), packed);
        parts.extend(walked(&repository, &mut walk, &tip, None));
        assert_eq!(parts, whole, "{back} back");
        assert!(walked(&repository, &mut walk, &tip, None).is_empty());
        let nothing = walk.advance(&repository, &fixture.id("clean"), None, &mut |_| panic!());
        assert_eq!(nothing.unwrap(), Reached::Rewritten);
    }
}

#[test]
fn a_walk_begins_behind_a_commit_or_tree_or_cut() {
    // pass: exclusive; a shallow clone from its cut on; fail: a commit that is not on the way
    let fixture = history();
    let repository = fixture.open();
    let (tip, since) = (fixture.id("main"), fixture.id("main~3"));
    for named in [since.clone(), fixture.tree("main~3")] {
        let mut walk = HistoryWalk::default();
        assert_eq!(walked(&repository, &mut walk, &tip, Some(&named)).len(), 3);
        let tree = key(&fixture.tree("main~3"));
        assert_eq!(walk.start(), Start::Since { commit: key(&since), tree });
    }
    let lost = HistoryWalk::default().advance(&repository, &tip, Some(&fixture.id("clean")), &mut |_| Ok(()));
    assert!(matches!(lost, Err(GitError::SinceNotFound { .. })));

    let clone = Fixture::new();
    let origin = format!("file://{}", fixture.path().display());
    clone.git(&["fetch", "-q", "--depth", "3", &origin, "main"]);
    let cut = clone.open();
    let mut walk = HistoryWalk::default();
    let seen = walked(&cut, &mut walk, &tip, None);
    assert_eq!(seen.len(), 2);
    assert!(matches!(walk.start(), Start::Cut { .. }) && walk.cuts() > 0);
    // What a merge brought in from behind the cut may have more authors.
    assert!(seen.iter().any(|landing| landing.commits.len() > 1 && !landing.authors_complete));
    // Nor is it known where its sides parted.
    let mut classes = Vec::new();
    let visited = HistoryWalk::default().advance(&cut, &tip, None, &mut |step| {
        classes.push((step.class.word(), step.class.merge_note().map(MergeNote::word)));
        Ok(())
    });
    visited.unwrap();
    assert_eq!(classes, [("residual", Some("shallow")), ("identity", None)]);
}

#[test]
fn trees_are_placed_by_what_is_in_them() {
    // pass: by git id, with its own root, the empty tree; fail: another root, no git id, an id nobody has, a commit's
    let fixture = history();
    let repository = fixture.open();
    let tree = fixture.tree("main");
    let mut cache = TreeCache::default();
    let root = tree_inventory(&repository, &tree, &mut cache).unwrap().root();
    let other = tree_inventory(&repository, &fixture.tree("main~1"), &mut cache).unwrap().root();
    let mut place = |git_tree: Option<&GitId>, root| {
        placed(&repository, &TreeRef { root, git_tree: git_tree.cloned(), git_commit: None }, &mut cache).unwrap()
    };
    assert_eq!(place(Some(&tree), Some(root)), Some(key(&tree)));
    assert_eq!(place(Some(&tree), None), Some(key(&tree)));
    let empty: GitId = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
    assert_eq!(place(Some(&empty), None), Some(ObjectKey::EMPTY));
    assert_eq!(place(Some(&tree), Some(other)), None);
    assert_eq!(place(None, Some(root)), None);
    assert_eq!(place(Some(&"ab".repeat(20).parse().unwrap()), None), None);
    assert_eq!(place(Some(&fixture.id("main")), None), None);
    let listed: Vec<(String, Version)> = versions_of(&repository, &tree).unwrap();
    assert!(listed.iter().any(|(path, version)| path == "other/deep/file" && version.mode == 0o100_644));
    assert!(listed.is_sorted());
}

#[test]
fn lines_are_followed_to_their_commits() {
    // pass: as git blames them, through merges; fail: no such line, a binary file
    let fixture = history();
    fixture.write("binary", [0, 1, 2]);
    fixture.commit(ANA, "binary");
    let repository = open(fixture.path()).unwrap();
    let tip = fixture.id("main");
    let mut walk = HistoryWalk::default();
    for path in ["text", "other/deep/file", "evil.txt"] {
        let origins = line_origins(&repository, &mut walk, &tip, path, (1, usize::MAX)).unwrap();
        let blamed = fixture.git(&["blame", "-l", "--root", "-s", "main", "--", path]);
        let expected: Vec<&str> = blamed.lines().map(|line| line.split(' ').next().unwrap()).collect();
        let found: Vec<String> =
            origins.iter().map(|origin| origin.commit.git_id().unwrap().as_str().to_owned()).collect();
        assert_eq!(found, expected, "{path}");
    }
    let second = line_origins(&repository, &mut walk, &tip, "text", (2, 2)).unwrap();
    assert_eq!((second.len(), second[0].line, second[0].text.as_str()), (1, 2, "decided"));
    for (path, first) in [("text", 21), ("binary", 1), ("nothing", 1), ("other", 1)] {
        let origins = line_origins(&repository, &mut walk, &tip, path, (first, first)).unwrap();
        assert!(origins.is_empty(), "{path}");
    }
}

#[test]
fn a_few_trees_that_list_each_other_many_times_are_refused() {
    // fail: ten million files in eight objects
    let fixture = Fixture::new();
    let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], b"x");
    let mut tree = fixture.git_in(&["mktree"], format!("100644 blob {blob}\tfile\n").as_bytes());
    for _ in 0..7 {
        let entries: String = (0..10).map(|name| format!("040000 tree {tree}\t{name}\n")).collect();
        tree = fixture.git_in(&["mktree"], entries.as_bytes());
    }
    let commit: GitId = fixture.git(&["commit-tree", "-m", "bomb", &tree]).parse().unwrap();
    let refused = HistoryWalk::default().advance(&fixture.open(), &commit, None, &mut |_| Ok(()));
    assert!(matches!(refused, Err(GitError::OverLimit { .. })), "{refused:?}");
}
