#![allow(clippy::unwrap_used)]

use super::super::agents::Part;
use super::*;

fn commit(author: &str, committer: &str, message: &str) -> Commit {
    let id = gix::ObjectId::null(gix::hash::Kind::Sha1);
    Commit {
        id,
        tree: id,
        parents: Vec::new(),
        author: format!("{author} 1700000000 +0000").into_bytes(),
        committer: format!("{committer} 1700000000 +0000").into_bytes(),
        message: message.as_bytes().to_vec(),
    }
}

fn check(author: &str, committer: &str, message: &str, expected: &[(&str, ActorKind, &str, Option<&str>)]) {
    let commit = commit(author, committer, message);
    let actors = authors_of(&commit).unwrap();
    let found: Vec<_> =
        actors.iter().map(|a| (a.principal.as_str(), a.kind, a.method.as_str(), a.sponsor.as_deref())).collect();
    assert_eq!(found, expected, "{author} / {committer} / {message}");
}

const ANA: &str = "Ana <Ana@Example.com>";
const GITHUB: &str = "GitHub <noreply@github.com>";
const ANA_AUTHOR: (&str, ActorKind, &str, Option<&str>) = ("mailto:ana@example.com", ActorKind::Human, AUTHOR, None);

#[test]
fn committers_count_unless_forge_or_author() {
    // pass: the forge's committer and the author himself add nobody
    check(ANA, GITHUB, "x", &[ANA_AUTHOR]);
    check(ANA, ANA, "x", &[ANA_AUTHOR]);
    // fail: another committer may have changed the content
    check(ANA, "Bo <bo@example.com>", "x", &[ANA_AUTHOR, ("mailto:bo@example.com", ActorKind::Human, COMMITTER, None)]);
    check(
        ANA,
        "Claude <noreply@anthropic.com>",
        "x",
        &[ANA_AUTHOR, ("mailto:noreply@anthropic.com", ActorKind::Agent, COMMITTER, Some("mailto:ana@example.com"))],
    );
}

#[test]
fn agents_are_found_with_their_sponsors() {
    // fail: each is an agent's work
    let by_ana = Some("mailto:ana@example.com");
    check(
        "Ana (aider) <ana@example.com>",
        "Ana (aider) <ana@example.com>",
        "x",
        &[("agent:aider", ActorKind::Agent, AUTHOR, by_ana)],
    );
    check(
        ANA,
        ANA,
        "x\n\nco-authored-by: Claude Opus 4 <noreply@anthropic.com>\n\nmore",
        &[ANA_AUTHOR, ("mailto:noreply@anthropic.com", ActorKind::Agent, TRAILER, by_ana)],
    );
    check(
        "Copilot <198982749+Copilot@users.noreply.github.com>",
        GITHUB,
        "x\n\nCo-authored-by: Ana <ana@example.com>",
        &[
            ("mailto:198982749+copilot@users.noreply.github.com", ActorKind::Agent, AUTHOR, by_ana),
            ("mailto:ana@example.com", ActorKind::Human, TRAILER, None),
        ],
    );
    check(
        ANA,
        ANA,
        "x\n\nAssisted-by: Claude:opus-4 sparse",
        &[ANA_AUTHOR, ("agent:claude-code", ActorKind::Agent, TRAILER, by_ana)],
    );
    check(ANA, ANA, "x\n\nAmp-Thread-ID: https://x/y", &[ANA_AUTHOR, ("agent:amp", ActorKind::Agent, TRAILER, by_ana)]);
    check(ANA, ANA, "x\n\nMade-with: Cursor", &[ANA_AUTHOR, ("agent:cursor", ActorKind::Agent, TRAILER, by_ana)]);
}

#[test]
fn what_cannot_be_read_is_unknown() {
    // fail: two addresses, none, a tool nobody knows, an unknown app
    check(
        "A <a@x.org> <b@y.org>",
        GITHUB,
        "x",
        &[("git-author:A <a@x.org> <b@y.org> 1700000000 +0000", ActorKind::Unknown, AUTHOR, None)],
    );
    check("A <>", GITHUB, "x", &[("git-author:A", ActorKind::Unknown, AUTHOR, None)]);
    check(
        ANA,
        ANA,
        "x\n\nGenerated-by: shinyware",
        &[ANA_AUTHOR, ("git-trailer:shinyware", ActorKind::Unknown, TRAILER, None)],
    );
    check(
        "n <1+new[bot]@users.noreply.github.com>",
        GITHUB,
        "",
        &[("mailto:1+new[bot]@users.noreply.github.com", ActorKind::Unknown, AUTHOR, None)],
    );
}

#[test]
fn names_of_agents_count_with_any_address() {
    // fail: over an address that nobody knows, a person's, the forge's; in a trailer; behind a person's name
    let by_account = Some("mailto:copilot@corp.example");
    let copilot = "GitHub Copilot <copilot@corp.example>";
    check(copilot, copilot, "x", &[("agent:copilot", ActorKind::Agent, AUTHOR, by_account)]);
    let by_ana = Some("mailto:ana@example.com");
    let claude = "Claude Opus 4.1 <ana@example.com>";
    check(claude, GITHUB, "x", &[("agent:claude-code", ActorKind::Agent, AUTHOR, by_ana)]);
    check(
        ANA,
        "Copilot coding agent <noreply@github.com>",
        "x",
        &[ANA_AUTHOR, ("agent:copilot", ActorKind::Agent, COMMITTER, by_ana)],
    );
    let trailer = ("agent:claude-code", ActorKind::Agent, TRAILER, by_ana);
    check(ANA, ANA, "x\n\n* Co-authored-by: Claude Code <ana@example.com>", &[ANA_AUTHOR, trailer]);
    check(ANA, ANA, "x\n\nhttps://claude.ai/code/session_01ab", &[ANA_AUTHOR, trailer]);
    // pass: a person with a first name of an agent; an agent's own address is its principal
    let monet = "Claude Monet <monet@example.com>";
    check(monet, monet, "x", &[("mailto:monet@example.com", ActorKind::Human, AUTHOR, None)]);
    let own = "Claude Code <noreply@anthropic.com>";
    check(own, own, "x", &[("mailto:noreply@anthropic.com", ActorKind::Agent, AUTHOR, None)]);
}

#[test]
fn lines_of_agents_count_however_they_are_set() {
    // fail: lists, quotations, emphasis, links, blanks and variation selectors hide nothing
    let agents = |message: &str| -> Vec<String> {
        let found = authors_of(&commit(ANA, ANA, &format!("x\n\n{message}"))).unwrap();
        found.into_iter().filter(|actor| actor.kind != ActorKind::Human).map(|actor| actor.principal).collect()
    };
    for (line, agent) in [
        ("- Devin session: https://app.devin.ai/sessions/abc", "agent:devin"),
        ("> **Devin session:** abc", "agent:devin"),
        ("*PR created automatically by Jules for task [1](https://jules.google.com/task/1)*", "agent:jules"),
        ("* Generated with [Claude Code](https://claude.com/claude-code)", "agent:claude-code"),
        ("**\u{1f916} Generated with [Claude Code](https://claude.com/claude-code)**", "agent:claude-code"),
        ("See https://claude.ai/code/session_01abc for the log", "agent:claude-code"),
        ("[session](https://claude.ai/code/session_01abc)", "agent:claude-code"),
        ("[Codex Task](https://chatgpt.com/codex/tasks/task_e_1)", "agent:codex"),
        ("\u{1f916}\u{fe0f} Generated with [Claude Code]", "agent:claude-code"),
        ("\u{1f916}  Generated\u{a0}with [Claude Code]", "agent:claude-code"),
        ("[Co-authored-by: Claude\u{a0}Code <ana@example.com>]", "agent:claude-code"),
        ("_Made-with: Cursor_", "agent:cursor"),
        ("**Made-with:** Cursor", "agent:cursor"),
        ("a\u{2028}Claude-Session: 1", "agent:claude-code"),
        ("Co-authored-by: Cline <noreply@cline.bot>", "mailto:noreply@cline.bot"),
        ("Co-authored-by: Kiro <noreply@kiro.dev>", "mailto:noreply@kiro.dev"),
        ("Co-authored-by: Warp <agent@warp.dev>", "mailto:agent@warp.dev"),
    ] {
        assert_eq!(agents(line), [agent], "{line}");
    }
    let spaced = authors_of(&commit("Claude\u{a0} Code <ana@example.com>", GITHUB, "x")).unwrap();
    assert_eq!(spaced.first().map(|actor| actor.principal.as_str()), Some("agent:claude-code"));
    // pass: a list of people, and words about tools
    for line in [
        "- Ana's session: went well",
        "* Co-authored-by: Bo <bo@example.com>",
        "We read how it was generated with [Claude Code]",
        "See https://claude.ai/code/docs",
    ] {
        assert_eq!(agents(line), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn names_of_apps_count_with_any_address() {
    // fail: the app's name over a mail address that no table has
    check("cursor[bot] <x@example.com>", GITHUB, "", &[("mailto:x@example.com", ActorKind::Agent, AUTHOR, None)]);
    check("new[bot] <x@example.com>", GITHUB, "", &[("mailto:x@example.com", ActorKind::Unknown, AUTHOR, None)]);
}

#[test]
fn robots_are_automation() {
    // pass: a robot is neither human nor agent
    let bot = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>";
    check(
        bot,
        GITHUB,
        "x",
        &[("mailto:49699333+dependabot[bot]@users.noreply.github.com", ActorKind::Automation, AUTHOR, None)],
    );
}

#[test]
fn letters_outside_ascii_keep_their_case() {
    // fail: the Kelvin sign is no `k`
    let mail = Identity::parse("K <\u{212a}ai@example.com>".as_bytes());
    assert_ne!(mail.principal(), "mailto:kai@example.com");
}

#[test]
fn rules_and_levels_are_recorded() {
    // pass: who is recognised, by which row, and how well that is known
    let message = "x\n\nCo-authored-by: Claude <noreply@anthropic.com>\nAssisted-by: GPT 5.6\nCo-authored-by: n <1+n[bot]@users.noreply.github.com>";
    let people = CommitPeople::of(&commit(ANA, "?", message)).unwrap();
    let found: Vec<_> =
        people.actors.iter().map(|known| (known.rule.map(|rule| rule.to_string()), known.level())).collect();
    let rule = |text: &str| Some(text.to_owned());
    let expected =
        [(None, 2), (None, 0), (rule("mail:noreply@anthropic.com"), 2), (rule("tool:gpt"), 2), (rule("app:[bot]"), 1)];
    assert_eq!(found, expected);
}

#[test]
fn branches_of_merges_are_marks_and_nobody_is_an_author_by_them() {
    // pass: as git, the forges and other forges write it; fail: other branches, other subjects
    for (subject, agent) in [
        ("Merge pull request #7 from acme/copilot/fix-55", Some("copilot")),
        ("Merge branch 'codex/tests' into 'main'", Some("codex")),
        ("Merge remote-tracking branch 'origin/cursor/a'", Some("cursor")),
        ("Merged in devin/1-fix (pull request #7)", Some("devin")),
        ("Merge pull request #7 from claude/fix-55", None),
        ("Merge branch 'topic'", None),
        ("copilot/fix-55", None),
        ("Merge branch 'codex/", None),
    ] {
        let people = CommitPeople::of(&commit(ANA, GITHUB, subject)).unwrap();
        assert_eq!(people.branch.map(|found| found.name), agent, "{subject}");
        assert_eq!(people.branch.map(|found| found.rule.level()), agent.map(|_| 1), "{subject}");
        assert_eq!(people.actors.len(), 1, "{subject}");
    }
}

fn odd(author: &str, message: &str) -> Vec<OddPeople> {
    CommitPeople::of(&commit(author, GITHUB, message)).unwrap().odd
}

#[test]
fn machines_that_do_what_only_people_can_are_told() {
    let mail = Rule { part: Part::Mail, pattern: "noreply@anthropic.com" };
    let who = "mailto:noreply@anthropic.com".to_owned();
    // fail: an agent signs off, reviews; a robot reviews
    let message = "x\n\nSigned-off-by: Claude <noreply@anthropic.com>\nReviewed-by: Claude <noreply@anthropic.com>\nAcked-by: Claude <noreply@anthropic.com>";
    let review = OddPeople::MachineReview { who: who.clone(), kind: ActorKind::Agent, rule: mail };
    assert_eq!(odd(ANA, message), [OddPeople::AgentSignOff { who, rule: mail }, review]);
    let robot = odd(ANA, "x\n\nApproved-by: r <1+renovate[bot]@users.noreply.github.com>");
    assert!(matches!(robot.as_slice(), [OddPeople::MachineReview { kind: ActorKind::Automation, .. }]), "{robot:?}");
    // pass: people do; a robot signs off its own work; a person called Claude reviews
    let message = "x\n\nSigned-off-by: Ana <ana@example.com>\nReviewed-by: Claude\nSigned-off-by: d <1+dependabot[bot]@users.noreply.github.com>";
    assert_eq!(odd(ANA, message), []);
}

#[test]
fn borrowed_accounts_are_told() {
    // fail: a tool behind its user's name, an app's name over a person's address, a robot that commits what an agent wrote
    let aider = Rule { part: Part::NameEnd, pattern: " (aider)" };
    let account = "mailto:ana@example.com".to_owned();
    let borrowed = OddPeople::BorrowedIdentity { account, rule: aider };
    assert_eq!(odd("Ana (aider) <ana@example.com>", "x"), [borrowed]);
    assert!(matches!(odd("cursor[bot] <x@example.com>", "x").as_slice(), [OddPeople::BorrowedIdentity { .. }]));
    let actions = "a <41898282+github-actions[bot]@users.noreply.github.com>";
    let by_agent = odd(actions, "x\n\nCo-authored-by: Claude <noreply@anthropic.com>");
    assert!(matches!(by_agent.as_slice(), [OddPeople::BorrowedIdentity { .. }]), "{by_agent:?}");
    // pass: an agent by its own account, a person with an agent beside him, a robot alone, a robot with an agent and its person
    assert_eq!(odd("Claude <noreply@anthropic.com>", "x"), []);
    assert_eq!(odd(ANA, "x\n\nCo-authored-by: Claude <noreply@anthropic.com>"), []);
    assert_eq!(odd(actions, "x"), []);
    let with_person = "x\n\nCo-authored-by: Claude <noreply@anthropic.com>\nCo-authored-by: Ana <ana@example.com>";
    assert_eq!(odd(actions, with_person), []);
}

#[test]
fn people_without_number_are_refused() {
    // fail: more than a thousand; as authors, and as reviewers that are machines
    let lines = |key: &str| -> String {
        (0..2_000).map(|n| format!("{key}: n <{n}+n[bot]@users.noreply.github.com>\n")).collect()
    };
    for key in ["Co-authored-by", "Reviewed-by"] {
        let refused = CommitPeople::of(&commit(ANA, GITHUB, &lines(key)));
        assert!(matches!(refused, Err(GitError::OverLimit { .. })), "{key}");
    }
}

#[test]
fn an_agent_by_a_persons_account_stands_beside_him() {
    // fail: it would vanish behind him, as author, committer, co-author or tool; pass: he answers for it
    let ana = "mailto:ana@example.com";
    let agent = (ana, ActorKind::Agent, COMMITTER, Some(ana));
    check(ANA, "cursor[bot] <ana@example.com>", "x", &[ANA_AUTHOR, agent]);
    let agent = (ana, ActorKind::Agent, TRAILER, Some(ana));
    check(ANA, ANA, "x\n\nCo-authored-by: cursor[bot] <ana@example.com>", &[ANA_AUTHOR, agent]);
    let tool = ("agent:claude-code", ActorKind::Agent, TRAILER, Some(ana));
    check(ANA, ANA, "x\n\nAssisted-by: Claude Code <ana@example.com>", &[ANA_AUTHOR, tool]);
    let unknown = (ana, ActorKind::Unknown, TRAILER, None);
    check(ANA, ANA, "x\n\nAssisted-by: Something New <ana@example.com>", &[ANA_AUTHOR, unknown]);
    let alone = commit("cursor[bot] <ana@example.com>", "cursor[bot] <ana@example.com>", "x");
    let mut pooled = authors_of(&alone).unwrap();
    authors_of(&commit(ANA, ANA, "x")).unwrap().into_iter().for_each(|actor| push_new(&mut pooled, actor));
    assert_eq!(pooled.iter().map(|actor| actor.kind).collect::<Vec<_>>(), [ActorKind::Agent, ActorKind::Human]);
}

#[test]
fn a_robots_name_without_its_address_is_nobodys() {
    // fail: anybody can write a robot's name
    let found = authors_of(&commit("renovate[bot] <x>", GITHUB, "x")).unwrap();
    assert_eq!(found.first().map(|actor| actor.kind), Some(ActorKind::Unknown), "{found:?}");
}

const ANTHROPIC: &str = "mailto:noreply@anthropic.com";

/// Who is no person, of a commit by Ana with this message.
fn machines(message: &str) -> Vec<(String, ActorKind)> {
    let found = authors_of(&commit(ANA, ANA, &format!("x\n\n{message}"))).unwrap();
    let machines = found.into_iter().filter(|actor| actor.kind != ActorKind::Human);
    machines.map(|actor| (actor.principal, actor.kind)).collect()
}

#[test]
fn agents_in_values_that_go_on_are_found() {
    // fail: the address in the next line, behind a tab, in a list, with line ends of Windows, broken in two, behind a person, without an address
    for (message, principal) in [
        ("Co-authored-by: Claude\n <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored-by:\n\tClaude\n\t<noreply@anthropic.com>\n", ANTHROPIC),
        ("* Co-authored-by: Claude\n  <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored-by: Claude\r\n <noreply@anthropic.com>\r\n", ANTHROPIC),
        ("Co-authored-by: Claude <noreply@\n anthropic.com>", ANTHROPIC),
        ("Co-authored-by: Bo <bo@example.com>,\n Claude <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored-by: Bo <bo@example.com>\n Claude Code", "agent:claude-code"),
        ("Assisted-by: Claude\n Opus 4.1", "agent:claude-code"),
        ("Co-authored-by: Claude\n Opus 4.1", "agent:claude-code"),
        ("    Co-authored-by: Bo <bo@example.com>\n    Co-authored-by: Claude\n    <noreply@anthropic.com>", ANTHROPIC),
    ] {
        let found = machines(message);
        assert!(found.contains(&(principal.to_owned(), ActorKind::Agent)), "{message:?}: {found:?}");
    }
    // pass: people, however they are set; a line that is no part of the value
    for message in [
        "    Co-authored-by: Bo <bo@example.com>\n    Co-authored-by: Cy <cy@example.com>",
        "Co-authored-by: Bo <bo@example.com>\n (of Acme)",
        "Co-authored-by: Bo <bo@example.com>\n and cy@example.com",
        "Signed-off-by: Ana <ana@example.com>\n[bo: Claude <noreply@anthropic.com> was not asked]",
        "Co-authored-by: Bo <bo@example.com>\n\n Claude <noreply@anthropic.com> has an address",
    ] {
        let found: Vec<_> = machines(message).into_iter().filter(|(_, kind)| *kind == ActorKind::Agent).collect();
        assert_eq!(found, [], "{message:?}");
    }
}

#[test]
fn what_a_line_says_is_not_hidden_by_the_next() {
    // fail: the agent of the first line, whatever goes on behind it, and what cannot be read
    let agent = (ANTHROPIC.to_owned(), ActorKind::Agent);
    assert_eq!(
        machines("Co-authored-by: Claude <noreply@anthropic.com>\n <bo@example.com>"),
        std::slice::from_ref(&agent)
    );
    let unknown = |name: &str| (format!("git-trailer:{name}"), ActorKind::Unknown);
    assert_eq!(machines("Co-authored-by: Claude <noreply@\n anthropic.com>"), [unknown("Claude <noreply@"), agent]);
    // fail: a person of whom only the next line has the address answers for no agent
    let claude = "Claude <noreply@anthropic.com>";
    let found = authors_of(&commit(claude, claude, "x\n\nCo-authored-by: Bo\n <bo@example.com>")).unwrap();
    let found: Vec<_> = found.iter().map(|a| (a.principal.as_str(), a.kind, a.sponsor.as_deref())).collect();
    let expected = [(ANTHROPIC, ActorKind::Agent, None), ("mailto:bo@example.com", ActorKind::Human, None)];
    assert_eq!(found, expected);
    // fail: nor does he take the warning of a borrowed account away
    let actions = "a <41898282+github-actions[bot]@users.noreply.github.com>";
    let told =
        odd(actions, "x\n\nCo-authored-by: Claude\n <noreply@anthropic.com>\nCo-authored-by: Bo\n <bo@example.com>");
    assert!(matches!(told.as_slice(), [OddPeople::BorrowedIdentity { .. }]), "{told:?}");
}

#[test]
fn a_value_that_git_unfolds_is_not_unknown_by_its_first_line() {
    let unknown = |name: &str| (format!("git-trailer:{name}"), ActorKind::Unknown);
    // pass: a person, in two lines and three, with line ends of Windows; an agent, as with the address in the first line
    let maria = ("mailto:maria@example.com", ActorKind::Human, TRAILER, None);
    for message in [
        "Co-authored-by: Ana Maria\n <maria@example.com>\n",
        "Co-authored-by: Ana\n  Maria\n\t<maria@example.com>",
        "Co-authored-by:\r\n Ana Maria <maria@example.com>\r\nSigned-off-by: Ana <ana@example.com>",
    ] {
        check(ANA, ANA, &format!("x\n\n{message}"), &[ANA_AUTHOR, maria]);
    }
    let agent = (ANTHROPIC.to_owned(), ActorKind::Agent);
    assert_eq!(machines("Co-authored-by: Claude\n <noreply@anthropic.com>"), [agent]);
    // fail: a tool that nobody knows stays one, by its address
    let tool = ("mailto:maria@example.com".to_owned(), ActorKind::Unknown);
    assert_eq!(machines("Assisted-by: Shinyware\n <maria@example.com>"), [tool]);
    // fail: no address, a broken one, none of a mail, a key that git does not read
    for more in ["\n of Acme", "\n <maria@\n example.com>", "\n <maria>", "\n <>"] {
        let found = machines(&format!("Co-authored-by: Ana Maria{more}"));
        assert!(found.contains(&unknown("Ana Maria")), "{more:?}: {found:?}");
    }
    let found = machines("Co-authored-by: Ana Maria\nCo-authored-by\u{ff1a} Ana Maria\n <maria@example.com>");
    assert_eq!(found, [unknown("Ana Maria")]);
    // fail: another line that says no more than the name, before or behind
    let (alone, folded) = ("Co-authored-by: Ana Maria", "Co-authored-by: Ana Maria\n <maria@example.com>");
    for message in [format!("{alone}\n{folded}"), format!("{folded}\n{alone}")] {
        assert_eq!(machines(&message), [unknown("Ana Maria")], "{message:?}");
    }
    // fail: a tool of that name, by a line that git does not read
    assert_eq!(
        machines("Made-with\u{ff1a}Shinyware\nCo-authored-by: Shinyware\n <bo@example.com>"),
        [unknown("Shinyware")]
    );
    let found = machines("Co-authored-by: Shiny ware\n <bo@example.com>\nMade-with\u{ff1a}Shiny\n ware");
    assert!(found.contains(&unknown("Shiny ware")), "{found:?}");
    // fail: whom a row recognised by the first line
    let codex = ("agent:codex".to_owned(), ActorKind::Agent);
    assert_eq!(machines("Assisted-by: Codex\n <maria@example.com>").first(), Some(&codex));
    let claude = ("agent:claude-code".to_owned(), ActorKind::Agent);
    assert_eq!(machines("Co-authored-by: Claude Code\n <maria@example.com>").first(), Some(&claude));
}

#[test]
fn keys_with_what_only_looks_like_a_hyphen_tell_agents() {
    // fail: hyphens, dashes, a minus, small and fullwidth, with either `:`; lines about sessions; a value that goes on
    for hyphen in "\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{fe63}\u{ff0d}".chars() {
        for (message, principal) in [
            (format!("Co{hyphen}authored{hyphen}by: Claude <noreply@anthropic.com>"), ANTHROPIC),
            (format!("Co-authored{hyphen}by\u{ff1a}Claude <noreply@anthropic.com>"), ANTHROPIC),
            (format!("Co-authored{hyphen}by: Claude\n <noreply@anthropic.com>"), ANTHROPIC),
            (format!("Assisted{hyphen}by: Codex"), "agent:codex"),
            (format!("Claude{hyphen}Session: 1"), "agent:claude-code"),
        ] {
            assert_eq!(machines(&message), [(principal.to_owned(), ActorKind::Agent)], "{message:?}");
        }
        // pass: nobody is a person by such a line
        check(ANA, ANA, &format!("x\n\nCo-authored{hyphen}by: Bo <bo@example.com>"), &[ANA_AUTHOR]);
    }
    // pass: what does not look so, another key
    for message in
        ["Co\u{b7}authored-by: Claude <noreply@anthropic.com>", "Co\u{2013}written: Claude <noreply@anthropic.com>"]
    {
        check(ANA, ANA, &format!("x\n\n{message}"), &[ANA_AUTHOR]);
    }
}

#[test]
fn keys_with_what_only_looks_like_a_colon_tell_agents() {
    // fail: fullwidth, small, of vertical text, a letter, a ratio; unseen characters in the key; lines about sessions; a value that goes on
    for (message, principal) in [
        ("Co-authored-by\u{ff1a}Claude <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored-by\u{fe55} Claude <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored-by\u{fe13}Claude <noreply@anthropic.com>", ANTHROPIC),
        ("* **Co-authored-by\u{a789}** Claude <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored-by \u{2236} Claude <noreply@anthropic.com>", ANTHROPIC),
        ("Co-authored\u{200b}-by: Claude <noreply@anthropic.com>", ANTHROPIC),
        ("Assisted-by\u{ff1a}Codex", "agent:codex"),
        ("Assisted-by: Claude\u{ff1a}opus-4", "agent:claude-code"),
        ("Claude-Session\u{ff1a}1", "agent:claude-code"),
        ("Co-authored-by\u{ff1a}Claude\n <noreply@anthropic.com>", ANTHROPIC),
    ] {
        assert_eq!(machines(message), [(principal.to_owned(), ActorKind::Agent)], "{message:?}");
    }
    let unknown = ("git-trailer:shinyware".to_owned(), ActorKind::Unknown);
    assert_eq!(machines("Generated-by\u{ff1a}shinyware"), [unknown]);
    let told = odd(ANA, "x\n\nReviewed-by\u{ff1a}Claude <noreply@anthropic.com>");
    assert!(matches!(told.as_slice(), [OddPeople::MachineReview { .. }]), "{told:?}");
    // pass: nobody is a person by such a line, and no other line counts
    for message in [
        "Co-authored-by\u{ff1a}Bo <bo@example.com>",
        "Co-authored-by\u{ff1a}Bo\n <bo@example.com>",
        "Co-authored-by\u{ff1a}Bo",
        "Written with\u{ff1a}Claude <noreply@anthropic.com>",
        "Co-authored-by\u{2010}Claude <noreply@anthropic.com>",
    ] {
        check(ANA, ANA, &format!("x\n\n{message}"), &[ANA_AUTHOR]);
    }
}
