//! Changes that look like the reviewed one and are not, landed in real repositories and asked of the whole program.

use crate::lab::{Actor, Lab};
use crate::report::Report;

/// The file that the reviewed change and the landed one change.
const PATH: &str = "src/check.txt";
/// Numbers whose files, a NUL before and a line feed behind, have git ids with the same first seven digits.
const BINARIES: [u32; 2] = [5822, 6365];

/// Lands one version of a file after another was reviewed, both on the onboarding tree, and verifies what is built of it.
fn landed(name: &str, base: &str, reviewed: &str, landed: &str) -> (Lab, Report) {
    let lab = Lab::new(&format!("landing-{name}"));
    lab.write("build.sh", &format!("set -eu\nmkdir -p build\ncp {PATH} build/out\n"));
    lab.write(".gitignore", "build/\n");
    lab.write(PATH, base);
    lab.onboard();
    lab.run(Actor::Ana, &["git", "checkout", "--quiet", "-b", "topic"]);
    lab.write(PATH, reviewed);
    lab.commit(Actor::Coder, "reviewed");
    lab.approve(Actor::Bo, "main..topic");
    lab.run(Actor::Ana, &["git", "checkout", "--quiet", "main"]);
    lab.write(PATH, landed);
    lab.commit(Actor::Coder, "landed");
    lab.land();
    lab.write_trust();
    lab.step("build", "build.sh", &["--output", "build/out"]);
    let report = lab.verify("repo/build/out");
    (lab, report)
}

fn patch_id(lab: &Lab, branch: &str) -> String {
    let script = format!("git diff-tree -p {branch} | git patch-id --stable | cut -d' ' -f1");
    lab.run(Actor::Ana, &["sh", "-c", &script])
}

#[test]
fn an_equal_patch_id_is_not_the_reviewed_change() {
    // fail: scenario 32: the line that denies stands outside of the condition, or in the other function; pass: the twin lands what was reviewed
    let body = "    one\n    two\n    three\n    four\n    five\n    six\n";
    let denied = body.replace("    four", "    deny\n    four");
    for (name, base, reviewed, other) in [
        (
            "indented",
            "if x:\n    log(x)\nreturn\n".to_owned(),
            "if x:\n    log(x)\n    deny(x)\nreturn\n".to_owned(),
            "if x:\n    log(x)\ndeny(x)\nreturn\n".to_owned(),
        ),
        ("place", format!("f\n{body}g\n{body}"), format!("f\n{denied}g\n{body}"), format!("f\n{body}g\n{denied}")),
    ] {
        let (lab, report) = landed(name, &base, &reviewed, &other);
        report.refused("LH202", PATH);
        assert_eq!(patch_id(&lab, "main"), patch_id(&lab, "topic"), "git sees one patch");
        landed(&format!("{name}-twin"), &base, &reviewed, &reviewed).1.accepted();
    }
}

#[test]
fn an_equal_short_id_is_not_the_reviewed_file() {
    // fail: scenario 32: a binary whose id begins like the reviewed one's; pass: the twin lands what was reviewed
    let [reviewed, other] = BINARIES.map(|number| format!("\0{number}\n"));
    let (lab, report) = landed("binary", "\0", &reviewed, &other);
    report.refused("LH202", PATH);
    let ids = ["topic", "main"].map(|branch| lab.run(Actor::Ana, &["git", "rev-parse", &format!("{branch}:{PATH}")]));
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0][..7], ids[1][..7]);
    landed("binary-twin", "\0", &reviewed, &reviewed).1.accepted();
}
