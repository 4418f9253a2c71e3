//! Archives inside a release: listed where that is asked for, and never a reason to accept.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

mod support;

use lasthand_lineage::Verdict;
use lasthand_lineage::presets::standard;
use lasthand_model::limits::Limits;
use lasthand_model::wire::report::{ReportFileVerdict, ReportVerdict};
use lasthand_testkit::zips::{Entry, Zip};
use lasthand_verify::{
    ArtifactRef, Evidence, Expectations, Opening, Verification, Verifier, VerifyError, exit_code, render,
};

use support::{NOW, Plan, World};

fn verify_within(world: &World, opening: Opening, limits: Limits) -> Result<Verification, VerifyError> {
    let trust = world.write()?;
    let evidence = Evidence::gather(&[world.path("evidence")], &Limits::DEFAULT)?;
    let artifact = ArtifactRef::path(world.path("release.tar")).with_opening(opening);
    Verifier::new(trust, limits).verify(artifact, &evidence, &Expectations::new(standard(), NOW), &mut |_| {})
}

fn verify(world: &World, opening: Opening) -> Verification {
    verify_within(world, opening, Limits::DEFAULT).unwrap()
}

/// A release whose program is this archive.
fn shipping(program: Vec<u8>) -> World {
    World::of(&Plan { program: Some(program), ..Plan::default() })
}

fn jar() -> Zip {
    let manifest = Entry::deflated("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n");
    Zip::of(vec![manifest, Entry::streamed("app/Main.class", b"\xca\xfe\xba\xbe", true)])
}

const PATH: &str = "app-1.0/bin/app";

#[test]
fn members_of_a_reviewed_jar_are_listed_with_the_answer_of_the_jar() {
    // pass: accepted with and without; members in the report, in `inspect`, and by `why`; fail: a member that is not there
    let world = shipping(jar().bytes());
    let closed = verify(&world, Opening::Closed);
    assert_eq!(closed.outcome.verdict, Verdict::Accepted);
    assert!(closed.report.files.iter().all(|file| file.inside.is_none()));
    let opened = verify(&world, Opening::Open);
    assert_eq!(opened.outcome, closed.outcome);
    assert_eq!(opened.facts, closed.facts);
    let file = opened.report.files.iter().find(|file| file.path == PATH).unwrap();
    let members = file.inside.as_ref().unwrap();
    let paths: Vec<&str> = members.iter().map(|member| member.path.as_str()).collect();
    assert_eq!(paths, ["META-INF/MANIFEST.MF", "app/Main.class"]);
    assert_eq!((members[1].mode, members[1].size), (0o644, 4));
    assert!(members[1].sha256.is_some());

    let inspected = render::inspect(&opened, render::Style::plain());
    assert!(inspected.contains("app-1.0/bin/app!/app/Main.class"), "{inspected}");
    let member = format!("{PATH}!/app/Main.class");
    let why = render::why(&opened, &member, render::Style::plain()).unwrap();
    assert!(why.starts_with(&format!("{member}: clean, as the archive that holds it\n")), "{why}");
    assert!(why.contains("build"), "{why}");
    assert!(render::why(&opened, &format!("{PATH}!/app/Other.class"), render::Style::plain()).is_err());
    assert!(render::why(&closed, &member, render::Style::plain()).is_err());
}

#[test]
fn a_member_that_leaves_the_archive_refuses_the_release() {
    // fail: zip slip in a file that is clean otherwise: refused at the member, the file is answered by nothing any more
    let mut zip = jar();
    zip.entries.push(Entry::stored("../../etc/cron.d/x", b"1"));
    let world = shipping(zip.bytes());
    assert_eq!(verify(&world, Opening::Closed).outcome.verdict, Verdict::Accepted);
    let opened = verify(&world, Opening::Open);
    assert_eq!((opened.outcome.verdict, exit_code(&opened.outcome)), (Verdict::Refused, 1));
    let finding = opened.report.findings.iter().find(|finding| finding.id == "LH410").unwrap();
    assert_eq!(finding.place.path.as_deref(), Some("app-1.0/bin/app!/etc/cron.d/x"));
    let file = opened.report.files.iter().find(|file| file.path == PATH).unwrap();
    assert_eq!(file.verdict, Some(ReportFileVerdict::Indeterminate));
    let why = render::why(&opened, PATH, render::Style::plain()).unwrap();
    assert!(why.contains("LH410"), "{why}");
}

/// Worse is higher.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Accepted => 0,
        Verdict::Exception => 1,
        Verdict::Undecided => 2,
        Verdict::Refused => 3,
    }
}

#[test]
fn no_verdict_is_better_with_archives_opened() {
    // fail: a program of any kind, or a release with something slipped in, that opening makes better, or turns a finding away
    let true_one = jar().bytes();
    let mut programs = vec![b"program".to_vec(), true_one.clone(), Vec::new(), b"PK\x03\x04".to_vec()];
    for at in (0..true_one.len()).step_by(7) {
        let mut flipped = true_one.clone();
        flipped[at] ^= 0x41;
        programs.push(flipped);
        programs.push(true_one[..at].to_vec());
    }
    for program in programs {
        for slipped in [vec![], vec!["app-1.0/lib/slipped.jar"]] {
            let world = World::of(&Plan { program: Some(program.clone()), slipped, ..Plan::default() });
            let (closed, opened) = (verify(&world, Opening::Closed), verify(&world, Opening::Open));
            assert!(rank(opened.outcome.verdict) >= rank(closed.outcome.verdict), "{}", program.escape_ascii());
            assert!(closed.outcome.findings.iter().all(|finding| opened.outcome.findings.contains(finding)));
            assert_eq!(opened.facts, closed.facts);
            if exit_code(&closed.outcome) != 0 {
                assert_ne!(exit_code(&opened.outcome), 0);
            }
        }
    }
}

#[test]
fn a_limit_that_is_passed_inside_is_no_verdict() {
    // fail: an error that names the limit and the file; with archives closed nothing is passed
    let world = shipping(Zip::of(vec![Entry::deflated("zeros", &vec![0; 1 << 20])]).bytes());
    let limits = Limits { nested_bytes: 1 << 10, ..Limits::DEFAULT };
    let error = verify_within(&world, Opening::Open, limits).unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("archives inside") && text.contains(PATH), "{text}");
    assert_eq!(verify_within(&world, Opening::Closed, limits).unwrap().report.verdict, Some(ReportVerdict::Accepted));
}

#[test]
fn members_of_every_copy_count() {
    // fail: 40 files that are one archive of 30 members, and a limit of 1,200 entries; listed they are 1,200 and each file counts too
    let many = Zip::of((0..30).map(|number| Entry::stored(&number.to_string(), b"")).collect()).bytes();
    let names: Vec<String> = (0..40).map(|number| format!("app-1.0/{number}.jar")).collect();
    let entries: Vec<(&str, &[u8], u32)> = names.iter().map(|name| (name.as_str(), many.as_slice(), 0o644)).collect();
    let mut world = World::accepted();
    world.artifact = support::archive(&entries);
    let read = |entries| verify_within(&world, Opening::Open, Limits { entries, ..Limits::DEFAULT });
    assert!(read(1_100).is_err());
    assert!(read(1_240).is_ok());
}
