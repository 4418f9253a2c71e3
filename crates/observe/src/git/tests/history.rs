//! Landings: linear, merged, squashed, rebased, cut.

use lasthand_model::actor::ActorKind;

use super::*;
use crate::git::{
    GitError, MergeNote, ObservedLanding, TreeCache, authors_between, bind_reviews, landings, merge_base, resolve,
    tree_inventory,
};

fn principals(landing: &ObservedLanding) -> Vec<&str> {
    landing.authors.iter().map(|actor| actor.principal.as_str()).collect()
}

fn last(fixture: &Fixture) -> ObservedLanding {
    landings(&fixture.open(), "main", None).unwrap().pop().unwrap()
}

const ANA_ID: &str = "mailto:ana@example.com";
const BO_ID: &str = "mailto:bo@example.com";
const CODER_ID: &str = "mailto:noreply@anthropic.com";

#[test]
fn linear_history_is_a_landing_each() {
    // pass: oldest first, each from the tree before, both names of a tree
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    let second = fixture.edit(BO, "a", "2\n");
    let third = fixture.edit(CODER, "b", "3\n");
    let repository = fixture.open();
    let found = landings(&repository, "main", None).unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].from, None);
    assert_eq!((found[1].from.as_ref(), &found[1].commit), (Some(&found[0].to), &second));
    assert_eq!((&found[2].commit, found[2].to.git_tree.as_ref()), (&third, Some(&fixture.tree("main"))));
    let root = tree_inventory(&repository, &fixture.tree("main"), &mut TreeCache::default()).unwrap().root();
    assert_eq!(found[2].to.root, Some(root));
    assert_eq!([principals(&found[0]), principals(&found[1]), principals(&found[2])], [[ANA_ID], [BO_ID], [CODER_ID]]);
    assert_eq!(found[2].authors[0].kind, ActorKind::Agent);
    // fail: an agent alone has no sponsor
    assert!(found[1].authors_have_sponsors() && !found[2].authors_have_sponsors());
}

#[test]
fn walk_ends_before_since() {
    let fixture = Fixture::new();
    let first = fixture.edit(ANA, "a", "1\n");
    fixture.edit(ANA, "a", "2\n");
    fixture.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
    let side = fixture.edit(ANA, "b", "3\n");
    let repository = fixture.open();
    // pass: by commit and by tree
    assert_eq!(landings(&repository, "main", Some(&first)).unwrap().len(), 1);
    assert_eq!(landings(&repository, "main", Some(&fixture.tree("main~1"))).unwrap().len(), 1);
    assert_eq!(landings(&repository, "main", Some(&fixture.tree("main"))).unwrap().len(), 0);
    // fail: a commit of another branch
    assert!(matches!(landings(&repository, "main", Some(&side)), Err(GitError::SinceNotFound { .. })));
}

/// `main` edited far above, `topic` far below, by Bo and an agent.
fn two_sides() -> Fixture {
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", &lines(&[]));
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.edit(BO, "a", &lines(&[(18, "bo")]));
    fixture.edit(CODER, "b", "coder\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.edit(ANA, "a", &lines(&[(2, "ana")]));
    fixture
}

#[test]
fn merge_has_the_authors_of_what_came_in() {
    // pass: the presser of merge adds nothing
    let fixture = two_sides();
    fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let landing = last(&fixture);
    let merge = landing.merge_of.as_ref().unwrap();
    assert_eq!((merge.mode.as_str(), &merge.result, &landing.class.merge_note()), ("merge", &landing.to, &None));
    assert_eq!(merge.head.git_tree, Some(fixture.tree("topic")));
    assert_eq!(merge.base.git_tree, Some(fixture.tree("base")));
    assert_eq!(principals(&landing), [CODER_ID, BO_ID]);
    assert!(!landing.authors_have_sponsors());
}

#[test]
fn what_is_odd_about_a_clean_merge_is_told_and_makes_nobody_an_author() {
    // fail: an agent signs off and reviews in the message of a merge that adds nothing; pass: it is no author, and beside one that adds something it is one
    let fixture = two_sides();
    let message = "Merge pull request #1 from acme/claude/fix-1\n\nReviewed-by: Claude <noreply@anthropic.com>\nSigned-off-by: Claude <noreply@anthropic.com>\nCo-authored-by: Cy <cy@example.com>";
    fixture.git(&["merge", "-q", "--no-ff", "-m", message, "topic"]);
    let landing = last(&fixture);
    assert_eq!(principals(&landing), [CODER_ID, BO_ID]);
    assert!(landing.commits.iter().all(|commit| commit.commit != landing.commit && commit.odd.is_empty()));
    let [merger] = landing.mergers.as_slice() else { panic!("{:?}", landing.mergers) };
    assert_eq!((&merger.commit, merger.odd.len()), (&landing.commit, 3), "{:?}", merger.odd);
    fixture.write("evil", "evil\n");
    fixture.git(&["add", "evil"]);
    fixture.git(&["commit", "-q", "--amend", "--no-edit"]);
    let landing = last(&fixture);
    assert!(landing.mergers.is_empty() && principals(&landing).contains(&"mailto:cy@example.com"));
}

#[test]
fn what_is_odd_about_a_merge_that_came_in_is_told() {
    // fail: main was merged into the topic first, and an agent signed that off
    let fixture = two_sides();
    fixture.git(&["checkout", "-q", "topic"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "update\n\nSigned-off-by: Claude <noreply@anthropic.com>", "main"]);
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let landing = last(&fixture);
    assert_eq!(landing.mergers.iter().map(|commit| commit.odd.len()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(principals(&landing), [CODER_ID, BO_ID]);
}

#[test]
fn change_under_review_has_its_base_and_authors() {
    // pass: what the topic adds to main; nothing the other way round for a branch that is behind
    let fixture = two_sides();
    let repository = fixture.open();
    let (main, topic, base) = (fixture.id("main"), fixture.id("topic"), fixture.id("base"));
    assert_eq!(merge_base(&repository, &main, &topic).unwrap(), Some(base.clone()));
    let authors = authors_between(&repository, &main, &topic).unwrap();
    assert_eq!(authors.iter().map(|actor| actor.principal.as_str()).collect::<Vec<_>>(), [CODER_ID, BO_ID]);
    assert_eq!(authors_between(&repository, &topic, &base).unwrap(), Vec::new());
}

#[test]
fn evil_merge_is_seen_and_its_maker_is_an_author() {
    // fail: a file added in the merge commit
    let fixture = two_sides();
    fixture.git(&["merge", "-q", "--no-ff", "--no-commit", "topic"]);
    fixture.edit(ANA, "evil", "evil\n");
    let landing = last(&fixture);
    assert_ne!(landing.merge_of.as_ref().unwrap().result, landing.to);
    assert_eq!(
        (landing.class.merge_note(), principals(&landing)),
        (Some(MergeNote::Differs), vec![CODER_ID, BO_ID, ANA_ID])
    );
}

#[test]
fn merge_that_drops_one_side_is_seen() {
    // fail: `-s ours` throws the reviewed change away
    let fixture = two_sides();
    fixture.git(&["merge", "-q", "-s", "ours", "-m", "merge", "topic"]);
    assert_eq!(last(&fixture).class.merge_note(), Some(MergeNote::Differs));
}

#[test]
fn resolved_conflict_has_its_resolver_as_author() {
    // fail: somebody decided the content
    let fixture = two_sides();
    fixture.git(&["checkout", "-q", "topic"]);
    fixture.edit(BO, "a", &lines(&[(2, "bo")]));
    fixture.git(&["checkout", "-q", "main"]);
    assert!(!fixture.run(ANA, &["merge", "-q", "topic"]).0);
    fixture.edit(ANA, "a", &lines(&[(2, "both")]));
    let landing = last(&fixture);
    assert_eq!((landing.merge_of.is_none(), landing.class.merge_note()), (true, Some(MergeNote::Conflict)));
    assert!(principals(&landing).contains(&ANA_ID));
}

#[test]
fn update_branch_by_another_adds_no_author() {
    // pass: Ana presses "Update branch" on the topic, Ana's own work is on main already
    let fixture = two_sides();
    fixture.git(&["checkout", "-q", "topic"]);
    fixture.git(&["merge", "-q", "-m", "update", "main"]);
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    assert_eq!(principals(&last(&fixture)), [CODER_ID, BO_ID]);
}

#[test]
fn octopus_is_refused_as_a_merge() {
    // fail: three parents; everybody is an author, no merge is computed
    let fixture = two_sides();
    fixture.git(&["checkout", "-q", "-b", "other", "base"]);
    fixture.edit(BO, "c", "c\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["merge", "-q", "-m", "octopus", "topic", "other"]);
    let landing = last(&fixture);
    assert_eq!(
        (landing.merge_of.is_none(), landing.class.merge_note()),
        (true, Some(MergeNote::Octopus { parents: 3 }))
    );
    assert_eq!(principals(&landing), [CODER_ID, BO_ID, ANA_ID]);
}

#[test]
fn two_bases_or_none_have_no_merge() {
    // fail: a criss-cross; two roots
    let fixture = two_sides();
    let (main, topic) = (fixture.id("main"), fixture.id("topic"));
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m1", topic.as_str()]);
    fixture.git(&["checkout", "-q", "topic"]);
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m2", main.as_str()]);
    fixture.edit(BO, "d", "d\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.edit(ANA, "e", "e\n");
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m3", "topic"]);
    assert_eq!(last(&fixture).class.merge_note(), Some(MergeNote::ManyBases { bases: 2 }));
    fixture.git(&["checkout", "-q", "--orphan", "alien"]);
    fixture.edit(BO, "f", "f\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["merge", "-q", "--no-ff", "--allow-unrelated-histories", "-m", "m4", "alien"]);
    assert_eq!(last(&fixture).class.merge_note(), Some(MergeNote::NoBase));
}

#[test]
fn dates_do_not_choose_the_base() {
    // pass: the base's date is in the far future; the walk goes by parents
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    fixture.write("a", "2\n");
    fixture.git(&["add", "-A"]);
    let output = fixture
        .command(ANA)
        .env("GIT_COMMITTER_DATE", "4000000000 +0000")
        .env("GIT_AUTHOR_DATE", "4000000000 +0000")
        .args(["commit", "-q", "-m", "future"])
        .status();
    assert!(output.unwrap().success());
    fixture.git(&["branch", "base"]);
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.edit(BO, "b", "b\n");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.edit(ANA, "c", "c\n");
    fixture.git(&["merge", "-q", "--no-ff", "-m", "m", "topic"]);
    let landing = last(&fixture);
    assert_eq!(landing.merge_of.unwrap().base.git_tree, Some(fixture.tree("base")));
    assert_eq!(landing.authors.len(), 1);
}

/// Lands `topic` on a `main` that moved, and binds the review of base -> topic.
fn check_bound(land: impl Fn(&Fixture), bound: usize) {
    let fixture = two_sides();
    let (base, head) = (fixture.tree("base"), fixture.tree("topic"));
    let since = fixture.id("main");
    land(&fixture);
    let repository = fixture.open();
    let mut found = landings(&repository, "main", Some(&since)).unwrap();
    // Claims that anybody can make stand first: the change backwards, and the landing itself.
    let own = found.last().and_then(|landing| Some((landing.from.clone()?.git_tree?, landing.to.git_tree.clone()?)));
    let own = own.filter(|_| bound > 0);
    let claims = [Some((head.clone(), base.clone())), own, Some((base.clone(), head.clone()))];
    let claims: Vec<_> = claims.into_iter().flatten().collect();
    bind_reviews(&repository, &mut found, &claims).unwrap();
    let merges: Vec<_> = found.iter().filter_map(|landing| landing.merge_of.as_ref()).collect();
    assert_eq!(merges.len(), bound);
    for merge in merges {
        assert_eq!(
            (merge.mode.as_str(), merge.head.git_tree.as_ref(), merge.base.git_tree.as_ref()),
            ("squash", Some(&head), Some(&base))
        );
    }
}

#[test]
fn squash_on_a_moved_base_binds_its_review() {
    // pass: the landed tree is the three-way merge of main and head over the review's base
    let squash = |fixture: &Fixture| {
        fixture.git(&["merge", "-q", "--squash", "topic"]);
        fixture.git(&["commit", "-q", "-m", "squashed"]);
    };
    check_bound(squash, 1);
    // fail: one file more in the squashed commit
    check_bound(
        |fixture| {
            fixture.git(&["merge", "-q", "--squash", "topic"]);
            fixture.edit(ANA, "more", "more\n");
        },
        0,
    );
}

#[test]
fn rebase_binds_only_as_a_whole() {
    // pass: one rebased commit with the whole change
    check_bound(
        |fixture| {
            fixture.git(&["checkout", "-q", "topic"]);
            fixture.git(&["reset", "-q", "--soft", "base"]);
            fixture.git(&["commit", "-q", "-m", "one"]);
            fixture.git(&["rebase", "-q", "main"]);
            fixture.git(&["checkout", "-q", "main"]);
            fixture.git(&["merge", "-q", "--ff-only", "topic"]);
        },
        1,
    );
    // fail: of two rebased commits only the last completes the reviewed change; the first needs a review of its own
    check_bound(
        |fixture| {
            fixture.git(&["checkout", "-q", "topic"]);
            fixture.git(&["rebase", "-q", "main"]);
            fixture.git(&["checkout", "-q", "main"]);
            fixture.git(&["merge", "-q", "--ff-only", "topic"]);
            let repository = fixture.open();
            let (base, head) = (fixture.tree("base"), fixture.tree("topic@{1}"));
            let mut first = landings(&repository, "main~1", Some(&fixture.tree("main~2"))).unwrap();
            bind_reviews(&repository, &mut first, &[(base, head)]).unwrap();
            assert_eq!((first.len(), &first[0].merge_of), (1, &None));
        },
        1,
    );
}

#[test]
fn rebased_commit_has_its_rebaser_as_author() {
    // fail: git cannot show that the rebaser changed nothing
    let fixture = two_sides();
    fixture.git(&["checkout", "-q", "topic"]);
    fixture.git(&["rebase", "-q", "main"]);
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git(&["merge", "-q", "--ff-only", "topic"]);
    let landing = last(&fixture);
    assert_eq!(principals(&landing), [CODER_ID, ANA_ID]);
    assert_eq!(landing.authors[0].sponsor.as_deref(), Some(ANA_ID));
}

#[test]
fn deletion_rename_and_mode_change_move_the_tree() {
    // pass: each is a landing of its own with another root
    let fixture = Fixture::new();
    fixture.edit(ANA, "a", "1\n");
    fixture.edit(ANA, "b", "2\n");
    fixture.git(&["mv", "b", "c"]);
    fixture.commit(ANA, "rename");
    fixture.git(&["update-index", "--chmod=+x", "c"]);
    fixture.git(&["commit", "-q", "-m", "mode"]);
    fixture.git(&["rm", "-q", "-f", "a"]);
    fixture.git(&["commit", "-q", "-m", "delete"]);
    let found = landings(&fixture.open(), "main", None).unwrap();
    let mut roots: Vec<_> = found.iter().map(|landing| landing.to.root.unwrap()).collect();
    roots.sort();
    roots.dedup();
    assert_eq!((found.len(), roots.len()), (5, 5));
}

/// Both sides merge the same two commits, then each goes on; the last merge is Bo's.
fn criss_cross(more: Option<&str>) -> (Fixture, [GitId; 2]) {
    let fixture = Fixture::new();
    fixture.write("a", lines(&[]));
    fixture.edit(ANA, "g", "1\n");
    fixture.git(&["checkout", "-q", "-b", "dev"]);
    let first = fixture.edit(ANA, "a", &lines(&[(3, "dev")]));
    fixture.git(&["checkout", "-q", "main"]);
    let other = fixture.edit(ANA, "g", "2\n");
    fixture.git_as(BO, &["merge", "-q", "--no-ff", "-m", "m", first.as_str()]);
    fixture.edit(ANA, "x", "x\n");
    fixture.git(&["checkout", "-q", "dev"]);
    fixture.git_as(BO, &["merge", "-q", "--no-ff", "-m", "m", other.as_str()]);
    let change = [fixture.tree("dev"), fixture.edit(ANA, "y", "y\n")];
    let change = [change[0].clone(), fixture.tree(change[1].as_str())];
    fixture.git(&["checkout", "-q", "main"]);
    fixture.git_as(BO, &["merge", "-q", "--no-ff", "--no-commit", "dev"]);
    if let Some(more) = more {
        fixture.write("more", more);
    }
    fixture.commit(BO, "criss-cross");
    (fixture, change)
}

#[test]
fn who_presses_a_criss_cross_merge_is_no_author_of_it() {
    // pass: a review of the side makes it a replay, and every base gives the very tree; fail: not bound, or content of his own however it was reviewed
    let (fixture, [base, head]) = criss_cross(None);
    let repository = fixture.open();
    let mut found = landings(&repository, "main", None).unwrap();
    let is_bo_author = |found: &[ObservedLanding]| principals(found.last().unwrap()).contains(&"mailto:bo@example.com");
    assert!(is_bo_author(&found), "residual by its parents");
    bind_reviews(&repository, &mut found, &[(base, head)]).unwrap();
    let last = found.last().unwrap();
    assert_eq!((last.class.word(), principals(last)), ("replay", vec!["mailto:ana@example.com"]));
    assert_eq!(last.commits.len(), 1, "{:?}", last.commits);

    let (fixture, _) = criss_cross(Some("more"));
    let repository = fixture.open();
    let mut found = landings(&repository, "main", None).unwrap();
    bind_reviews(&repository, &mut found, &[(fixture.tree("main~1"), fixture.tree("main"))]).unwrap();
    assert_eq!(found.last().unwrap().class.word(), "identity");
    assert!(is_bo_author(&found), "whoever wrote into the merge is an author");
}

#[test]
fn shallow_clone_is_refused_with_a_remedy() {
    let fixture = two_sides();
    fixture.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let clone = TempDir::new().unwrap();
    let source = format!("file://{}", fixture.path().display());
    fixture.git(&["clone", "-q", "--depth", "1", &source, clone.path().to_str().unwrap()]);
    // fail: the history ends before the walk
    let error = landings(&open(clone.path()).unwrap(), "main", None).unwrap_err();
    assert!(matches!(error, GitError::Shallow { .. }) && error.hints()[0].contains("--unshallow"), "{error}");
    // fail: a name of what is behind the cut, as a review's base is
    let error = resolve(&open(clone.path()).unwrap(), "HEAD~1").unwrap_err();
    assert!(matches!(error, GitError::Shallow { .. }) && error.hints()[0].contains("--unshallow"), "{error}");
    // pass: nothing beyond the cut is needed
    assert_eq!(landings(&open(clone.path()).unwrap(), "main", Some(&fixture.tree("main"))).unwrap(), Vec::new());
}

#[test]
fn history_of_two_thousand_commits_is_read() {
    // pass: many landings, with a merge so that the whole graph is walked
    let fixture = Fixture::new();
    let mut stream = String::new();
    for n in 1..=2_000 {
        let body =
            format!("commit refs/heads/main\nmark :{n}\ncommitter {ANA} {} +0000\ndata 1\nx\n", 1_700_000_000 + n);
        let content = format!("{n}\n");
        stream.push_str(&body);
        if n == 1_500 {
            stream.push_str("merge :700\n");
        }
        stream.push_str(&format!("M 100644 inline d{}/f{}\ndata {}\n{content}\n", n % 7, n % 90, content.len()));
    }
    fixture.git_in(&["fast-import", "--quiet"], stream.as_bytes());
    let found = landings(&fixture.open(), "main", None).unwrap();
    assert_eq!(found.len(), 2_000);
    assert_eq!(found.iter().filter(|landing| landing.parents.len() == 2).count(), 1);
}
