//! What people read: a snapshot for each kind of answer, and hostile names.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

mod support;

use lasthand_lineage::presets;
use lasthand_model::wire::facts::Preset;
use lasthand_verify::render::{self, Color, Style};
use support::{Plan, World};

fn text(world: &World) -> String {
    render::text(&world.verify(), Style::plain())
}

#[test]
fn an_accepted_release_prints_its_proof() {
    // pass: verdict first, source, review, build and package, the onboarding tree
    insta::assert_snapshot!(text(&World::accepted()), @r#"
    ACCEPTED release.tar as app (standard)

    proof
      source   refs/heads/main moved in forge.example/acme/app (commit 222222222222)
               [landing.sigstore.json]
      review   Ana approved the change [review.sigstore.json]
      build    a build step made bin/app [build.sigstore.json]
      build    who acted in that build step, and how it was captured
               [build-actor.sigstore.json]
      package  who acted in that package step, and how it was captured
               [package-actor.sigstore.json]
      package  a package step made release.tar [package.sigstore.json]
      start    64de7271a268 of forge.example/acme/app, taken as reviewed by the
               trust file

    notes
      - LH108 presence-unproven: a review rests on an account or key, without proof
        that a person was there
      - LH304 inputs-not-bounded: more may have been read than is stated

    3 entries (3 clean); evidence: 8 verified
    "#);
}

#[test]
fn an_agent_commit_after_review_is_named_with_its_files() {
    // fail: files, actor, commit, evidence, and the command that mends it
    let world = World::of(&Plan { agent_changes: vec!["LICENSE", "src/main.c"], ..Plan::default() });
    insta::assert_snapshot!(text(&world), @r#"
    REFUSED release.tar as app (standard)

    LH202 agent-change-unreviewed
      `LICENSE` was changed by agent:coder-7 and no person reviewed the change
        paths    LICENSE, src/main.c
        by       agent:coder-7 (agent, level 3)
        evidence evidence/landing-2.sigstore.json (commit 333333333333, level 3)

    what to do
      - have a person review what the agent changed:
        `lasthand review approve 222222222222..333333333333`

    3 entries (3 violation); evidence: 10 verified
    "#);
}

#[test]
fn a_slipped_file_is_named() {
    // fail: an entry that nothing accounts for
    let world = World::of(&Plan { slipped: vec!["app-1.0/bin/more"], ..Plan::default() });
    insta::assert_snapshot!(text(&world), @r#"
    REFUSED release.tar as app (standard)

    LH401 entry-unmatched
      `app-1.0/bin/more` comes from nothing that was recorded
        evidence evidence/package.sigstore.json (level 3)

    what to do
      - remove the entry, have it come from the reviewed tree through the path map,
        or name the base image that has it (`--base`)

    4 entries (3 clean, 1 unreviewed); evidence: 8 verified
    "#);
}

#[test]
fn no_evidence_is_undecided_and_says_so() {
    // fail: nothing was given
    let mut world = World::accepted();
    world.evidence.clear();
    insta::assert_snapshot!(text(&world), @r#"
    UNDECIDED release.tar as app (standard)

    LH001 no-evidence
      no verified evidence names this artifact

    what to do
      - give the evidence of this artifact with --bundle, or check that this is the
        file that was released

    notes
      - no evidence was given

    3 entries (3 indeterminate); evidence: 0 verified
    "#);
}

#[test]
fn inspect_tells_steps_and_files() {
    // pass: the timeline and the table
    let world = World::of(&Plan { agent_changes: vec!["LICENSE"], ..Plan::default() });
    insta::assert_snapshot!(render::inspect(&world.verify(), Style::plain()), @r#"
    release.tar sha256:5e7c399cd8b16829ff94cff871512401096e462e5a63b9cbca93d13cead5df14

    steps, in an order in which they can have happened
      1 review
        who      approver Ana (human, level 3, by dsse-key)
        in       commit 111111111111 -> commit 222222222222 of
                 forge.example/acme/app, paths **
        evidence evidence/review.sigstore.json
      2 landing
        who      author Bo (human, level 3, by git-author)
        in       commit 111111111111
        out      commit 222222222222 of forge.example/acme/app at refs/heads/main
        evidence evidence/landing.sigstore.json, signed by key:6a1b96d20e1d
                 (automation, level 3)
      3 landing
        who      author agent:coder-7 (agent, level 3, by git-author)
        in       commit 222222222222
        out      commit 333333333333 of forge.example/acme/app at refs/heads/main
        evidence evidence/landing-2.sigstore.json, signed by key:6a1b96d20e1d
                 (automation, level 3)
      4 build of app
        who      performer key:925b710d6cca (automation, level 3, by dsse-key)
        in       tree ff74621e1664 of forge.example/acme/app
        out      bin/app 1310ca2c8932
        evidence evidence/build.sigstore.json
      5 package of app
        who      performer key:925b710d6cca (automation, level 3, by dsse-key)
        in       tree ff74621e1664 of forge.example/acme/app, bin/app 1310ca2c8932
        out      release.tar 5e7c399cd8b1
        evidence evidence/package.sigstore.json

    files
      violation     unreviewed      app-1.0/LICENSE
      violation     product         app-1.0/bin/app
      clean         path-map        app-1.0/main.c
    "#);
}

#[test]
fn why_follows_a_file_back_to_its_review() {
    // pass: file, rule, step, actor, review, evidence, each with its level
    let world = World::accepted();
    let verification = world.verify();
    let why = render::why(&verification, "./app-1.0/main.c", Style::plain()).unwrap();
    insta::assert_snapshot!(why, @r#"
    app-1.0/main.c: clean
      file     file, mode 644, 3 bytes, sha256
               3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3
      rule     path-map, from `src/main.c`, placed by `src/main.c` ->
               `app-1.0/main.c`
      last by  author Bo (human, level 3), approver Ana (human, level 3)
      package  performer key:925b710d6cca (automation, level 3, by dsse-key)
               [evidence/package.sigstore.json]
      actors   performer key:925b710d6cca (automation, level 3, by dsse-key)
               [evidence/package-actor.sigstore.json]
      landing  author Bo (human, level 3, by git-author), signed by key:6a1b96d20e1d
               (automation, level 3) [evidence/landing.sigstore.json]
      review   approver Ana (human, level 3, by dsse-key)
               [evidence/review.sigstore.json]
    "#);
}

#[test]
fn why_of_an_agents_file_names_the_agent() {
    // fail: the finding stands beneath the chain
    let world = World::of(&Plan { agent_changes: vec!["LICENSE"], ..Plan::default() });
    let why = render::why(&world.verify(), "app-1.0/LICENSE", Style::plain()).unwrap();
    insta::assert_snapshot!(why, @r#"
    app-1.0/LICENSE: violation
      file     file, mode 644, 5 bytes, sha256
               d4f0bc5a29de06b510f9aa428f1eedba926012b591fef7a518e776a7c9bd1824
      rule     unreviewed, from `LICENSE`, placed by `LICENSE` -> `app-1.0/LICENSE`
      last by  author agent:coder-7 (agent, level 3)
      package  performer key:925b710d6cca (automation, level 3, by dsse-key)
               [evidence/package.sigstore.json]
      actors   performer key:925b710d6cca (automation, level 3, by dsse-key)
               [evidence/package-actor.sigstore.json]
      landing  author agent:coder-7 (agent, level 3, by git-author), signed by
               key:6a1b96d20e1d (automation, level 3)
               [evidence/landing-2.sigstore.json]
      look at  agent:coder-7 (agent, level 3)

    LH202 agent-change-unreviewed
      `LICENSE` was changed by agent:coder-7 and no person reviewed the change
      - have a person review what the agent changed:
        `lasthand review approve 222222222222..333333333333`
    "#);
}

#[test]
fn why_of_an_unknown_path_offers_the_nearest() {
    // fail: no such entry
    let world = World::accepted();
    let error = render::why(&world.verify(), "app-1.0/bin/ap", Style::plain()).unwrap_err();
    assert_eq!(error.to_string(), "the artifact has no entry `app-1.0/bin/ap`");
    assert_eq!(error.near[0], "app-1.0/bin/app");
    assert!(error.hints()[0].contains("app-1.0/bin/app"));
}

#[test]
fn hostile_names_reach_no_terminal() {
    // fail: names that clear the screen, start a line of their own or turn the text around
    let world = World::of(&Plan {
        agent_changes: vec!["src/\u{202e}cod.c\nACCEPTED"],
        slipped: vec!["app-1.0/\x1b[2J\u{2066}x"],
        agent: Some("agent:\x1b]0;ACCEPTED\x07\r"),
        ..Plan::default()
    });
    let verification = world.verify();
    for style in [Style::plain(), Style::new(Color::Ansi, 80)] {
        for text in [render::text(&verification, style), render::inspect(&verification, style)] {
            let text = text.replace("\x1b[1m", "").replace("\x1b[1;31m", "").replace("\x1b[0m", "");
            let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2066}');
            assert!(!text.contains(bad), "{text:?}");
            assert!(text.lines().all(|line| !line.starts_with("ACCEPTED")), "{text}");
        }
    }
    assert!(render::text(&verification, Style::plain()).contains("\\u{1b}[2J"));
}

#[test]
fn a_common_refusal_fits_one_screen() {
    // pass: 24 lines of 80 columns, also with many files and long names
    let world = World::of(&Plan {
        agent_changes: vec!["LICENSE", "Makefile", "a.c", "b.c", "c.c", "d.c", "src/main.c"],
        slipped: vec!["app-1.0/one", "app-1.0/two"],
        ..Plan::default()
    });
    let text = text(&world);
    assert!(text.lines().count() <= 24, "{}\n{text}", text.lines().count());
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn an_exception_names_its_reason_its_people_and_its_end() {
    // pass: two halves by two persons; the preset asks level 3, which a key can reach
    let mut world = World::of(&Plan { agent_changes: vec!["src/main.c"], ..Plan::default() });
    world.trust =
        world.trust.replacen("may = [\"review\"]", "may = [\"review\", \"exception\"]\nproducts = [\"app\"]", 1);
    world.add_person("Cy", "cy", "may = [\"exception\"]\nproducts = [\"app\"]");
    for word in ["ana", "cy"] {
        let approval = world.exception(word, "hotfix\u{202e} for the outage", "2026-12-24T00:00:00Z");
        world.evidence.insert(format!("exception-{word}.json"), approval);
    }
    let preset = Preset { approver_level: 3, ..presets::standard() };
    let verification = world.verify_under(preset).unwrap();
    insta::assert_snapshot!(render::text(&verification, Style::plain()), @r#"
    EXCEPTION release.tar as app (standard)

    proof
      approval a person signed an exception for this artifact: hotfix\u{202e} for
               the outage, by Ana, until 2026-12-24T00:00:00Z [exception-ana.json]
      approval a person signed an exception for this artifact: hotfix\u{202e} for
               the outage, by Cy, until 2026-12-24T00:00:00Z [exception-cy.json]

    let through although
      LH202 `src/main.c` was changed by agent:coder-7 and no person reviewed the
        change

    3 entries (2 exception, 1 clean); evidence: 12 verified
    "#);
}

#[test]
fn a_color_is_only_around_the_words_that_lead() {
    // pass: one verdict, headings, nothing else
    let text = render::text(&World::accepted().verify(), Style::new(Color::Ansi, 20));
    assert!(text.starts_with("\x1b[1;32mACCEPTED\x1b[0m release.tar as app (standard)\n"), "{text:?}");
    assert_eq!(text.matches("\x1b[0m").count(), 3);
}

#[test]
fn an_error_lists_everything_that_is_wrong() {
    // fail: two mistakes in one trust file, with their places and hints
    let mut world = World::accepted();
    world.trust = "[[persn]]\nname = \"Ana\"\n\n[[person]]\nname = \"Bo\"\n".to_owned();
    let error = world.write().unwrap_err();
    let folder = format!("{}/", world.folder.path().display());
    let text = render::error(&error, Style::new(Color::Plain, 200)).replace(&folder, "");
    insta::assert_snapshot!(text, @r#"
    error: trust file `lasthand.trust.toml` cannot be used
      lasthand.trust.toml:1:3: error: unknown table `persn`, expected one of: accept_simulated, identity, person, product, robot, waiver, trusted_input, root
        hint: did you mean `person`?
      lasthand.trust.toml:4:1: error: [[person]] has no `accounts`
    hint: see what it says line by line: `lasthand trust check`
    "#);
}
