//! Scenarios of sources on repositories that git made, with releases that `lasthand run` packed: who did what, what was reviewed, what comes of it.
//! Each refusal stands beside an acceptance that differs in one act.

use std::ffi::OsStr;
use std::sync::OnceLock;

use lasthand_testkit::need;
use serde_json::Value;

use crate::lab::{Actor, Lab};
use crate::report::Report;
use Actor::{Ana, Bo, Bumper, Coder, Formatter};

const PACK: &str = "set -eu
mkdir -p dist
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar -cf dist/release.tar src docs Cargo.lock
gzip -9 -n dist/release.tar
";

const MAP: [&str; 6] = ["--map", "src/=src/", "--map", "docs/=docs/", "--map", "Cargo.lock=Cargo.lock"];

/// A repository after its onboarding, made once and copied.
fn onboarded(name: &str) -> Option<Lab> {
    static LAB: OnceLock<Option<Lab>> = OnceLock::new();
    let made = LAB.get_or_init(|| {
        need::tool("git")?;
        let lab = Lab::new("histories");
        lab.write("src/app.txt", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
        lab.write("src/other.txt", "other\n");
        lab.write("docs/guide.txt", "guide\n");
        lab.write("Cargo.lock", "version = 4\n");
        lab.write("pack.sh", PACK);
        lab.onboard();
        Some(lab)
    });
    made.as_ref().map(|lab| lab.copy(&format!("histories-{name}")))
}

/// Packs what is checked out, and verifies it.
fn released(lab: &Lab) -> Report {
    packed(lab, &[])
}

/// The same, with more words for the step.
fn packed(lab: &Lab, more: &[&str]) -> Report {
    lab.step("package", "pack.sh", &[&["--output", "dist/release.tar.gz"][..], &MAP, more].concat());
    lab.write_trust();
    lab.verify("repo/dist/release.tar.gz")
}

/// Commits one file as somebody.
fn edit(lab: &Lab, actor: Actor, path: &str, text: &str) {
    lab.write(path, text);
    lab.commit(actor, &format!("change {path}"));
}

fn git(lab: &Lab, actor: Actor, words: &[&str]) {
    lab.run(actor, &[&["git"][..], words].concat());
}

fn branch(lab: &Lab, name: &str, at: &str) {
    git(lab, Ana, &["checkout", "--quiet", "-B", name, at]);
}

fn checkout(lab: &Lab, name: &str) {
    git(lab, Ana, &["checkout", "--quiet", name]);
}

/// A branch with one change of Ana's that Bo approves for main.
fn reviewed_topic(lab: &Lab, path: &str, text: &str) {
    branch(lab, "topic", "main");
    edit(lab, Ana, path, text);
    lab.approve(Bo, "main..topic");
}

fn merge(lab: &Lab, actor: Actor, head: &str) {
    git(lab, actor, &["merge", "--quiet", "--no-ff", "-m", "merge", head]);
}

/// Runs a scenario twice: as it should be, and with one act more or less.
fn twins(name: &str, story: impl Fn(&Lab, bool) -> Report, refused: &[(&str, &str, &str)]) {
    let Some(lab) = onboarded(&format!("{name}-twin")) else { return };
    story(&lab, false).accepted();
    let Some(lab) = onboarded(&format!("{name}-attack")) else { return };
    let report = story(&lab, true);
    refused.iter().fold(report, |report, (id, path, actor)| report.refused_for(id, path, actor));
}

#[test]
fn a_commit_after_approval_is_refused() {
    // pass: what was approved lands; fail: scenario 3, the agent pushes one more commit and the merge takes it
    let story = |lab: &Lab, attack: bool| {
        reviewed_topic(lab, "src/app.txt", "reviewed\n");
        if attack {
            edit(lab, Coder, "src/late.txt", "one more thing\n");
        }
        checkout(lab, "main");
        merge(lab, Bo, "topic");
        lab.land();
        released(lab)
    };
    twins("after-approval", story, &[("LH202", "src/late.txt", "coder-7")]);
}

#[test]
fn an_edit_that_was_undone_before_the_merge_is_accepted_with_a_note() {
    // pass: scenario 4, the tree that is released is the one that was reviewed
    let Some(lab) = onboarded("undone") else { return };
    branch(&lab, "topic", "main");
    edit(&lab, Ana, "src/app.txt", "reviewed\n");
    lab.approve(Bo, "main..topic");
    checkout(&lab, "main");
    merge(&lab, Bo, "topic");
    edit(&lab, Coder, "src/app.txt", "mine\n");
    git(&lab, Coder, &["revert", "--no-edit", "HEAD"]);
    lab.land();
    let report = released(&lab);
    let noted = |report: &Report, severity: &str| {
        report.list("findings").iter().any(|finding| finding["id"] == "LH210" && finding["severity"] == severity)
    };
    assert!(noted(&report, "note"), "{:?}", report.list("findings"));
    report.accepted();
}

/// How a reviewed branch comes onto main, up to the commit.
type Way = fn(&Lab);

#[test]
fn a_change_lands_by_squash_rebase_or_queue() {
    // pass: scenario 5, main moved elsewhere in the file meanwhile, the merge is computed again; fail: a line more than was reviewed
    let ways: [(&str, Way); 3] = [
        ("squash", |lab| {
            git(lab, Bo, &["merge", "--quiet", "--squash", "topic"]);
        }),
        ("rebase", |lab| git(lab, Bo, &["cherry-pick", "--no-commit", "topic"])),
        ("queue", |lab| git(lab, Bo, &["merge", "--quiet", "--no-ff", "--no-commit", "topic"])),
    ];
    for (name, land) in ways {
        let story = |lab: &Lab, attack: bool| {
            reviewed_topic(lab, "src/app.txt", "one\ntwo\nthree\nfour\nfive\nsix\nSEVEN\n");
            checkout(lab, "main");
            edit(lab, Bo, "src/app.txt", "ONE\ntwo\nthree\nfour\nfive\nsix\nseven\n");
            lab.approve(Ana, "HEAD~1..HEAD");
            land(lab);
            if attack {
                lab.write("src/app.txt", "ONE\ntwo\nthree\nfour\nfive\nsix\nSEVEN\neight\n");
            }
            lab.commit(Ana, "land topic");
            lab.land();
            released(lab)
        };
        let id = if name == "queue" { "LH213" } else { "LH201" };
        twins(name, story, &[(id, "src/app.txt", "ana@example.com")]);
    }
}

#[test]
fn an_evil_merge_names_its_file() {
    // pass: the merge as git makes it; fail: scenario 6, the merge commit deletes what nobody asked to delete
    let story = |lab: &Lab, attack: bool| {
        reviewed_topic(lab, "src/app.txt", "reviewed\n");
        checkout(lab, "main");
        edit(lab, Bo, "docs/guide.txt", "better guide\n");
        lab.approve(Ana, "HEAD~1..HEAD");
        git(lab, Ana, &["merge", "--quiet", "--no-ff", "--no-commit", "topic"]);
        if attack {
            lab.write("src/other.txt", "evil\n");
        }
        lab.commit(Ana, "merge topic");
        lab.land();
        released(lab)
    };
    twins("evil-merge", story, &[("LH213", "src/other.txt", "ana@example.com")]);
}

#[test]
fn a_small_review_on_top_does_not_cover_what_lies_below() {
    // fail: scenario 23, the older commit and its file are named; pass: scenario 24, a human reviews the older change later
    let story = |lab: &Lab, attack: bool| {
        edit(lab, Coder, "src/other.txt", "by an agent\n");
        edit(lab, Ana, "docs/guide.txt", "small\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        if !attack {
            lab.approve(Bo, "HEAD~2..HEAD~1");
        }
        lab.land();
        let report = released(lab);
        if attack {
            let older = lab.run(Ana, &["git", "rev-parse", "HEAD~1"]);
            let findings = report.list("findings");
            let named = findings.iter().any(|finding| finding.to_string().contains(&older.trim()[..12]));
            assert!(named, "the older commit {} is not named: {findings:?}", older.trim());
        }
        report
    };
    twins("below", story, &[("LH202", "src/other.txt", "coder-7")]);
}

#[test]
fn a_review_covers_its_scope_alone() {
    // pass: the scope holds both; fail: scenario 31, a scope of docs/ and a change in src/
    let story = |lab: &Lab, attack: bool| {
        lab.write("docs/guide.txt", "better\n");
        edit(lab, Ana, "src/app.txt", "changed\n");
        let scope: &[&str] =
            if attack { &["--scope", "docs/**"] } else { &["--scope", "docs/**", "--scope", "src/**"] };
        lab.approve_with(Bo, "HEAD~1..HEAD", scope);
        lab.land();
        released(lab)
    };
    twins("scope", story, &[("LH208", "src/app.txt", "ana@example.com")]);
}

#[test]
fn equal_patches_in_another_place_are_not_what_was_reviewed() {
    // pass: the change as it was reviewed; fail: scenario 32, the same lines at another indentation, and in another place
    for (name, landed) in [
        ("indentation", "    one\ntwo\n  if a\n    b\n"),
        ("place", "one\ntwo\nif a\n  b\nthree\nfour\nfive\nsix\nseven\n"),
    ] {
        let story = |lab: &Lab, attack: bool| {
            let reviewed = "one\ntwo\nthree\nfour\nfive\nsix\nseven\nif a\n  b\n";
            reviewed_topic(lab, "src/app.txt", reviewed);
            checkout(lab, "main");
            lab.write("src/app.txt", if attack { landed } else { reviewed });
            lab.commit(Ana, "land topic");
            lab.land();
            released(lab)
        };
        twins(&format!("patch-{name}"), story, &[("LH201", "src/app.txt", "ana@example.com")]);
    }
}

#[test]
fn a_fixup_of_the_reviewer_is_answered_by_the_author() {
    // pass: scenario 42, each approves what the other wrote; fail: nobody but the reviewer himself looked at his fixup
    let story = |lab: &Lab, attack: bool| {
        branch(lab, "topic", "main");
        edit(lab, Ana, "src/app.txt", "by ana\n");
        edit(lab, Bo, "src/app.txt", "by ana, and bo\n");
        lab.approve(Bo, "main..topic");
        if !attack {
            lab.approve(Ana, "main..topic");
        }
        checkout(lab, "main");
        merge(lab, Bo, "topic");
        lab.land();
        released(lab)
    };
    twins("fixup", story, &[("LH206", "src/app.txt", "bo@example.com")]);
}

#[test]
fn a_branch_that_the_reviewer_updated_is_what_was_reviewed() {
    // pass: scenario 42, "Update branch" pressed by the reviewer after his approval; fail: the update brings in something of his own
    let story = |lab: &Lab, attack: bool| {
        reviewed_topic(lab, "src/app.txt", "reviewed\n");
        checkout(lab, "main");
        edit(lab, Bo, "docs/guide.txt", "meanwhile\n");
        lab.approve(Ana, "HEAD~1..HEAD");
        checkout(lab, "topic");
        git(lab, Bo, &["merge", "--quiet", "--no-ff", "--no-commit", "main"]);
        if attack {
            lab.write("src/other.txt", "by the way\n");
        }
        lab.commit(Bo, "update branch");
        checkout(lab, "main");
        merge(lab, Bo, "topic");
        lab.land();
        released(lab)
    };
    twins("update-branch", story, &[("LH201", "src/other.txt", "bo@example.com")]);
}

/// A lab in which both robots may change what they are there for, for nobody.
fn with_robots(lab: &Lab) -> Lab {
    let row = |actor: Actor, paths: &str| {
        format!("[[robot]]\nprincipal = \"mailto:{}\"\npaths = [{paths}]\nsponsorless = true\n", actor.mail())
    };
    let more_trust = row(Bumper, "\"Cargo.lock\"") + &row(Formatter, "\"src/**\"");
    Lab { more_trust, ..lab.clone() }
}

#[test]
fn a_robots_pin_needs_a_human() {
    // pass: scenario 46, a human approves the bump; fail: it is merged by itself
    let story = |lab: &Lab, attack: bool| {
        let lab = &with_robots(lab);
        edit(lab, Bumper, "Cargo.lock", "version = 4\n# bumped\n");
        if !attack {
            lab.approve(Bo, "HEAD~1..HEAD");
        }
        lab.land();
        released(lab)
    };
    twins("bump", story, &[("LH201", "Cargo.lock", "dependabot[bot]")]);
}

#[test]
fn a_formatter_after_approval_needs_a_second_look_at_its_own_diff() {
    // fail: scenario 46, the robot formats after approval; pass: its own diff is approved as well, and nothing else is shown
    let story = |lab: &Lab, attack: bool| {
        let lab = &with_robots(lab);
        branch(lab, "topic", "main");
        edit(lab, Ana, "src/app.txt", "fn a( ) { }\n");
        lab.approve(Bo, "main..topic");
        checkout(lab, "main");
        git(lab, Bo, &["merge", "--quiet", "--ff-only", "topic"]);
        edit(lab, Formatter, "src/app.txt", "fn a() {}\n");
        if !attack {
            lab.approve(Bo, "HEAD~1..HEAD");
        }
        lab.land();
        released(lab)
    };
    twins("formatter", story, &[("LH201", "src/app.txt", "pre-commit-ci[bot]")]);
}

#[test]
fn a_release_branch_or_tag_cut_at_a_landed_commit_inherits() {
    // pass: scenario 47, both; fail: a commit on the release branch that nobody reviewed
    for by_tag in [true, false] {
        let story = |lab: &Lab, attack: bool| {
            let lab = &Lab { refs: vec!["refs/heads/main", "refs/heads/release-*"], ..lab.clone() };
            edit(lab, Ana, "src/app.txt", "reviewed\n");
            lab.approve(Bo, "HEAD~1..HEAD");
            lab.land();
            if by_tag {
                git(lab, Ana, &["tag", "v1"]);
                git(lab, Ana, &["checkout", "--quiet", "v1"]);
            } else {
                branch(lab, "release-1", "main");
            }
            if attack {
                edit(lab, Coder, "src/other.txt", "backport\n");
            }
            if !by_tag {
                lab.land_on("release-1", &format!("{}={}", Coder.mail(), Ana.mail()));
            }
            let on: &[&str] = if by_tag { &["--ref", "refs/tags/v1"] } else { &[] };
            packed(lab, on)
        };
        if by_tag {
            // A commit that is on no ref is not landed at all.
            twins("tag", story, &[("LH203", "", "")]);
        } else {
            twins("release-branch", story, &[("LH202", "src/other.txt", "coder-7")]);
        }
    }
}

#[test]
fn a_review_may_come_after_the_merge() {
    // pass: scenario 47, post-merge review; fail: none came
    let story = |lab: &Lab, attack: bool| {
        edit(lab, Coder, "src/app.txt", "merged at once\n");
        lab.land();
        if !attack {
            lab.approve(Bo, "HEAD~1..HEAD");
        }
        released(lab)
    };
    twins("post-merge", story, &[("LH202", "src/app.txt", "coder-7")]);
}

#[test]
fn a_review_on_top_of_an_unreviewed_branch_does_not_land_it() {
    // pass: both parts of the stack are reviewed; fail: scenario 48, the lower one is not
    let story = |lab: &Lab, attack: bool| {
        branch(lab, "feature1", "main");
        edit(lab, Coder, "src/other.txt", "lower\n");
        if !attack {
            lab.approve(Bo, "main..feature1");
        }
        branch(lab, "feature2", "feature1");
        edit(lab, Ana, "src/app.txt", "upper\n");
        lab.approve_with(Bo, "feature1..feature2", &["--target-ref", "refs/heads/main"]);
        checkout(lab, "main");
        git(lab, Bo, &["merge", "--quiet", "--ff-only", "feature2"]);
        lab.land();
        released(lab)
    };
    twins("stack", story, &[("LH202", "src/other.txt", "coder-7")]);
}

#[test]
fn a_review_covers_one_landing() {
    // pass: what was undone is reviewed again; fail: scenario 48, the old review is used a second time
    let story = |lab: &Lab, attack: bool| {
        reviewed_topic(lab, "src/app.txt", "vulnerable\n");
        checkout(lab, "main");
        git(lab, Bo, &["merge", "--quiet", "--ff-only", "topic"]);
        git(lab, Bo, &["revert", "--no-edit", "HEAD"]);
        lab.approve(Ana, "HEAD~1..HEAD");
        edit(lab, Bo, "docs/guide.txt", "meanwhile\n");
        lab.approve(Ana, "HEAD~1..HEAD");
        git(lab, Coder, &["cherry-pick", "topic"]);
        if !attack {
            lab.approve(Bo, "HEAD~1..HEAD");
        }
        lab.land();
        released(lab)
    };
    twins("re-landed", story, &[("LH214", "src/app.txt", "")]);
}

#[test]
fn a_review_for_another_ref_does_not_hold() {
    // pass: approved for main; fail: scenario 48, approved for `experimental`
    let story = |lab: &Lab, attack: bool| {
        edit(lab, Coder, "src/app.txt", "new\n");
        let target = if attack { "refs/heads/experimental" } else { "refs/heads/main" };
        lab.approve_with(Bo, "HEAD~1..HEAD", &["--target-ref", target]);
        lab.land();
        released(lab)
    };
    twins("experimental", story, &[("LH212", "src/app.txt", "")]);
}

#[test]
fn two_half_covers_do_not_add_up() {
    // pass: one landing holds both reviews; fail: scenario 48, the same tree lands on two refs, and each is reviewed in part
    let story = |lab: &Lab, attack: bool| {
        let lab = &Lab { refs: vec!["refs/heads/main", "refs/heads/next"], ..lab.clone() };
        branch(lab, "next", "main");
        lab.write("src/app.txt", "both\n");
        edit(lab, Coder, "src/other.txt", "both\n");
        checkout(lab, "main");
        git(lab, Coder, &["cherry-pick", "next"]);
        lab.approve_with(Bo, "HEAD~1..HEAD", &["--scope", "src/app.txt"]);
        if !attack {
            lab.approve_with(Bo, "HEAD~1..HEAD", &["--scope", "src/other.txt"]);
        }
        lab.land();
        lab.land_on("next", &format!("{}={}", Coder.mail(), Ana.mail()));
        released(lab)
    };
    twins("half-covers", story, &[("LH208", "src/other.txt", "coder-7")]);
}

#[test]
fn approvals_that_leave_a_path_to_its_author_are_refused() {
    // pass: each path is answered by the other; fail: scenario 49, each approves his own half of what both wrote
    let story = |lab: &Lab, attack: bool| {
        branch(lab, "topic", "main");
        edit(lab, Ana, "src/app.txt", "by ana\n");
        edit(lab, Bo, "src/other.txt", "by bo\n");
        let (of_ana, of_bo) = if attack { ("src/app.txt", "src/other.txt") } else { ("src/**", "src/**") };
        lab.approve_with(Ana, "main..topic", &["--scope", of_ana]);
        lab.approve_with(Bo, "main..topic", &["--scope", of_bo]);
        checkout(lab, "main");
        merge(lab, Bo, "topic");
        lab.land();
        released(lab)
    };
    twins("split", story, &[("LH206", "src/app.txt", ""), ("LH206", "src/other.txt", "")]);
}

#[test]
fn an_agent_needs_a_sponsor() {
    // pass: the forge knows whose agent it is; fail: scenario 49, it does not
    let story = |lab: &Lab, attack: bool| {
        edit(lab, Coder, "src/app.txt", "by an agent\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        let alone = Coder.mail();
        let answered = format!("{alone}={}", Ana.mail());
        lab.land_on("main", if attack { &alone } else { &answered });
        released(lab)
    };
    twins("sponsor", story, &[("LH205", "src/app.txt", "")]);
}

#[test]
fn an_approver_whom_no_person_row_knows_is_nobody() {
    // pass: his accounts are one person's; fail: scenario 49, they are in no row
    let story = |lab: &Lab, attack: bool| {
        let persons = if attack { vec![Ana] } else { vec![Ana, Bo] };
        let lab = &Lab { persons, ..lab.clone() };
        edit(lab, Ana, "src/app.txt", "changed\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        lab.land();
        released(lab)
    };
    twins("stranger", story, &[("LH207", "src/app.txt", "")]);
}

#[test]
fn a_reviewed_deletion_heals_what_was_never_reviewed() {
    // pass: scenario 50, an unreviewed file is deleted under review, after other commits; fail: it stays
    let story = |lab: &Lab, attack: bool| {
        edit(lab, Coder, "src/bad.txt", "unreviewed\n");
        edit(lab, Ana, "src/app.txt", "reviewed\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        if !attack {
            git(lab, Ana, &["rm", "--quiet", "src/bad.txt"]);
            lab.commit(Ana, "delete");
            lab.approve(Bo, "HEAD~1..HEAD");
        }
        lab.land();
        released(lab)
    };
    twins("deletion", story, &[("LH202", "src/bad.txt", "coder-7")]);
}

#[test]
fn two_covered_branches_merge() {
    // pass: scenario 50, each side landed on a ref of the product and is covered; fail: one of them is not
    let story = |lab: &Lab, attack: bool| {
        let lab = &Lab { refs: vec!["refs/heads/main", "refs/heads/next"], ..lab.clone() };
        branch(lab, "next", "main");
        edit(lab, Ana, "src/other.txt", "next\n");
        if !attack {
            lab.approve_with(Bo, "HEAD~1..HEAD", &["--target-ref", "refs/heads/next"]);
        }
        checkout(lab, "main");
        edit(lab, Bo, "src/app.txt", "main\n");
        lab.approve(Ana, "HEAD~1..HEAD");
        merge(lab, Bo, "next");
        lab.land();
        lab.land_on("next", "nobody@example.com=ana@example.com");
        released(lab)
    };
    twins("covered-branches", story, &[("LH201", "src/other.txt", "ana@example.com")]);
}

#[test]
fn a_merge_takes_nothing_back_that_was_reviewed() {
    // pass: under review; fail: coder-7 branches off at a reviewed change, takes it back there, and merges that without a conflict
    let story = |lab: &Lab, attack: bool| {
        edit(lab, Ana, "src/other.txt", "fixed\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        branch(lab, "topic", "main");
        checkout(lab, "main");
        edit(lab, Ana, "src/app.txt", "more\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        checkout(lab, "topic");
        git(lab, Coder, &["revert", "--no-edit", "HEAD"]);
        checkout(lab, "main");
        merge(lab, Coder, "topic");
        if !attack {
            lab.approve(Bo, "HEAD~1..HEAD");
        }
        lab.land();
        released(lab)
    };
    twins("merge-back", story, &[("LH202", "src/other.txt", "coder-7")]);
}

#[test]
fn a_parameter_that_the_policy_allows_is_accepted() {
    // pass: scenario 50, a human dispatches `version=1.2`; fail: a value that the trust file does not allow
    let story = |lab: &Lab, attack: bool| {
        let product = "parameters = { version = \"1.*\" }\n".to_owned();
        let lab = &Lab { product, ..lab.clone() };
        edit(lab, Ana, "src/app.txt", "reviewed\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        lab.land();
        let parameter = if attack { "version=debug" } else { "version=1.2" };
        packed(lab, &["--param", parameter])
    };
    twins("dispatch", story, &[("LH303", "", "")]);
}

#[test]
fn an_agent_that_uses_a_persons_account_does_not_vanish_behind_him() {
    // pass: the person's own commits; fail: one of them is an agent's by his address, and nobody answers for the agent
    let story = |lab: &Lab, attack: bool| {
        branch(lab, "topic", "main");
        lab.write("src/app.txt", "changed\n");
        lab.run(Ana, &["git", "add", "--all"]);
        let name = OsStr::new(if attack { "cursor[bot]" } else { "Ana" });
        let names = [("GIT_AUTHOR_NAME", name), ("GIT_COMMITTER_NAME", name)];
        lab.run_with(Ana, &names, &["git", "commit", "--quiet", "-m", "change"]);
        edit(lab, Ana, "docs/guide.txt", "more\n");
        lab.approve(Bo, "main..topic");
        checkout(lab, "main");
        merge(lab, Bo, "topic");
        lab.land();
        released(lab)
    };
    twins("account", story, &[("LH205", "src/app.txt", "")]);
}

#[test]
fn a_report_asks_for_authors_that_a_signed_landing_names() {
    // pass: Ana's agent, approved by Bo; fail: the landing says that it is Bo's own agent, and the history alone does not
    for (sponsor, covered) in [(Ana, true), (Bo, false)] {
        let Some(lab) = onboarded(&format!("stated-{}", sponsor.mail())) else { return };
        edit(&lab, Coder, "src/app.txt", "by an agent\n");
        lab.approve(Bo, "HEAD~1..HEAD");
        lab.land_on("main", &format!("{}={}", Coder.mail(), sponsor.mail()));
        lab.write_trust();
        let words =
            ["source", "report", "--trust", "../trust.toml", "--bundle", "../evidence", "--no-cache", "-o", "json"];
        let report: Value = serde_json::from_str(&lab.lasthand(Bo, &words)).unwrap();
        let open = report["no_human"].as_array().unwrap();
        assert_eq!(open.is_empty(), covered, "{sponsor:?}: {report:#}");
        assert!(covered || open[0]["path"] == "src/app.txt", "{report:#}");
    }
}
