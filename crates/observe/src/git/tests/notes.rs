//! Notes of git-ai in real repositories, ordinary ones and such as are made to harm.

use super::*;
use crate::git::hints::{GIT_AI_NOTES, Grade, HintError, HintNotes};
use crate::git::{GitError, people_of};

fn note_of(commit: &GitId) -> String {
    format!(
        "a.rs\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-2\n---\n{{\"schema_version\": \"authorship/3.0.0\", \"base_commit_sha\": \"{commit}\", \"prompts\": {{}}, \
         \"sessions\": {{\"s_c9883b05a2487d\": {{\"agent_id\": {{\"tool\": \"claude\", \"id\": \"1\", \"model\": \"m\"}}}}}}}}"
    )
}

fn add_note(fixture: &Fixture, commit: &GitId, text: &str) {
    fixture.write("note.txt", text);
    fixture.git(&["notes", "--ref=ai", "add", "-f", "-F", "note.txt", commit.as_str()]);
    std::fs::remove_file(fixture.path().join("note.txt")).unwrap();
}

#[test]
fn notes_are_found_by_commit_and_name_whom_trailers_do_not() {
    // pass: the note of the commit, self-asserted; fail: nothing of a commit without one, and no actor of the commit by it
    let fixture = Fixture::new();
    let first = fixture.edit(ANA, "a.rs", "1\n2\n");
    let second = fixture.edit(ANA, "b.rs", "1\n");
    add_note(&fixture, &first, &note_of(&first));
    let repository = fixture.open();
    let notes = HintNotes::open(&repository, GIT_AI_NOTES).unwrap();
    assert_eq!(notes.commits().collect::<Vec<_>>(), [&first]);
    let hint = notes.of(&first).unwrap().unwrap();
    assert_eq!(
        (hint.grade(first.as_str()), hint.tools.as_slice()),
        (Grade::SelfAsserted, ["claude".to_owned()].as_slice())
    );
    assert!(hint.files[0].path == "a.rs" && hint.files[0].is_agent_touched());
    assert_eq!(notes.of(&second).unwrap(), None);
    assert!(people_of(&repository, &first).unwrap().actors.iter().all(|known| known.rule.is_none()));
}

#[test]
fn a_note_that_was_copied_to_another_commit_weighs_less() {
    // fail: the lines are those of another revision
    let fixture = Fixture::new();
    let first = fixture.edit(ANA, "a.rs", "1\n2\n");
    let second = fixture.edit(ANA, "a.rs", "1\n2\n3\n");
    add_note(&fixture, &second, &note_of(&first));
    let repository = fixture.open();
    let hint = HintNotes::open(&repository, GIT_AI_NOTES).unwrap().of(&second).unwrap().unwrap();
    assert_eq!(hint.grade(second.as_str()), Grade::SelfAssertedElsewhere);
}

#[test]
fn a_repository_without_notes_has_none() {
    // pass: no ref, no hint
    let fixture = Fixture::new();
    let commit = fixture.edit(ANA, "a.rs", "1\n");
    let repository = fixture.open();
    let notes = HintNotes::open(&repository, GIT_AI_NOTES).unwrap();
    assert!(notes.commits().next().is_none() && notes.of(&commit).unwrap().is_none());
}

#[test]
fn a_ref_that_cannot_be_read_is_not_one_that_is_not_there() {
    // fail: it would take the agents away that the notes name
    for content in ["garbage\n", "ref: refs/notes/gone\n", "ref: refs/notes/ai\n"] {
        let fixture = Fixture::new();
        fixture.edit(ANA, "a.rs", "1\n");
        fixture.write(".git/refs/notes/ai", content);
        let repository = fixture.open();
        assert!(HintNotes::open(&repository, GIT_AI_NOTES).is_err(), "{content}");
    }
}

#[test]
fn names_that_are_no_commits_are_passed_over() {
    // pass: files beside the notes, names in capitals, ids of another length, folders within folders; fail: nothing of them is a note
    let fixture = Fixture::new();
    let commit = fixture.edit(ANA, "a.rs", "1\n");
    let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], note_of(&commit).as_bytes());
    let (folder, rest) = commit.as_str().split_at(2);
    let (middle, rest) = rest.split_at(2);
    let inner = fixture.git_in(&["mktree"], format!("100644 blob {blob}\t{rest}\n").as_bytes());
    let outer = fixture.git_in(&["mktree"], format!("040000 tree {inner}\t{middle}\n").as_bytes());
    let upper = "ABCDEF".repeat(7);
    let tree = fixture.git_in(
        &["mktree"],
        format!(
            "040000 tree {outer}\t{folder}\n100644 blob {blob}\tREADME\n100644 blob {blob}\t{}\n100644 blob {blob}\tabcd\n",
            &upper[..40]
        )
        .as_bytes(),
    );
    let tip = fixture.git(&["commit-tree", "-m", "notes", &tree]);
    fixture.git(&["update-ref", GIT_AI_NOTES, &tip]);
    let repository = fixture.open();
    let notes = HintNotes::open(&repository, GIT_AI_NOTES).unwrap();
    assert_eq!(notes.commits().collect::<Vec<_>>(), [&commit]);
    assert!(notes.of(&commit).unwrap().is_some());
}

#[test]
fn two_notes_of_one_commit_are_refused() {
    // fail: one at the top and another in folders; git's own commands join such notes, other readers take one
    let fixture = Fixture::new();
    let commit = fixture.edit(ANA, "a.rs", "1\n");
    let blob = |text: &str| fixture.git_in(&["hash-object", "-w", "--stdin"], text.as_bytes());
    let (one, two) = (blob("---\n{}"), blob(&note_of(&commit)));
    let (folder, rest) = commit.as_str().split_at(2);
    let inner = fixture.git_in(&["mktree"], format!("100644 blob {one}\t{rest}\n").as_bytes());
    let tree =
        fixture.git_in(&["mktree"], format!("040000 tree {inner}\t{folder}\n100644 blob {two}\t{commit}\n").as_bytes());
    let tip = fixture.git(&["commit-tree", "-m", "notes", &tree]);
    fixture.git(&["update-ref", GIT_AI_NOTES, &tip]);
    let refused = HintNotes::open(&fixture.open(), GIT_AI_NOTES).map(|_| ()).unwrap_err();
    assert!(matches!(refused, HintError::TwoNotes { .. }), "{refused}");
}

#[test]
fn a_note_of_a_gibibyte_is_refused_by_its_header() {
    // fail: a loose object that says it is 1 GiB; of its bytes there are none, so it was not read
    let fixture = Fixture::new();
    let commit = fixture.edit(ANA, "a.rs", "1\n");
    let id = "1111111111111111111111111111111111111111";
    fixture.write(format!(".git/objects/11/{}", &id[2..]), stored_zlib(b"blob 1073741824\0"));
    let tree = fixture.git_in(&["mktree", "--missing"], format!("100644 blob {id}\t{commit}\n").as_bytes());
    let tip = fixture.git(&["commit-tree", "-m", "notes", &tree]);
    fixture.git(&["update-ref", GIT_AI_NOTES, &tip]);
    let repository = fixture.open();
    let refused = HintNotes::open(&repository, GIT_AI_NOTES).unwrap().of(&commit).unwrap_err();
    assert!(
        matches!(refused, HintError::Git(GitError::OverLimit { got: 1_073_741_824, limit: 16_777_216, .. })),
        "{refused:?}"
    );
}

#[test]
fn notes_without_number_are_refused() {
    // fail: folders that hold each other's folders, 256 in each, 15 deep
    let fixture = Fixture::new();
    fixture.edit(ANA, "a.rs", "1\n");
    let blob = fixture.git_in(&["hash-object", "-w", "--stdin"], b"x");
    let mut tree = fixture.git_in(&["mktree"], format!("100644 blob {blob}\t0123456789\n").as_bytes());
    for _ in 0..15 {
        let rows: String = (0..256).map(|name| format!("040000 tree {tree}\t{name:02x}\n")).collect();
        tree = fixture.git_in(&["mktree"], rows.as_bytes());
    }
    let tip = fixture.git(&["commit-tree", "-m", "notes", &tree]);
    fixture.git(&["update-ref", GIT_AI_NOTES, &tip]);
    let refused = HintNotes::open_within(&fixture.open(), GIT_AI_NOTES, 20_000).map(|_| ()).unwrap_err();
    assert!(matches!(refused, HintError::OverLimit { what: "notes", got: 20_001, .. }), "{refused}");
}

/// A zlib stream of one stored block. SPEC: RFC 1950, RFC 1951.
fn stored_zlib(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(bytes);
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}
