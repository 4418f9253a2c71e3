//! Patch ids, beside those of `git patch-id --stable`; and that they cover nothing.

use std::collections::BTreeMap;

use super::merges::Dice;
use super::*;
use crate::git::{Against, LandingClass, bind_reviews, landings, patch_id_stable};

/// Names that git quotes and names that it does not.
const NAMES: [&[u8]; 14] = [
    b"plain.txt",
    b"src/deep/er/file.rs",
    b"src/deep.rs",
    b"with blank.txt",
    b"with\ttab",
    b"with\nline feed",
    b"quo\"te",
    b"back\\slash",
    "\u{fc}n\u{ef}c\u{f6}de".as_bytes(),
    "\u{65e5}\u{672c}\u{8a9e}/\u{65e5}".as_bytes(),
    b"not utf-8 \xff\xfe",
    b"bell\x07 and \x01\x7f",
    b"-dash",
    b"~tilde'",
];

/// A tree as the generator knows it: mode and content by path; a submodule's content is its commit.
type Files = BTreeMap<Vec<u8>, (u32, Vec<u8>)>;

struct Generator {
    dice: Dice,
    files: Files,
}

impl Generator {
    fn line(&mut self) -> Vec<u8> {
        const LINES: [&[u8]; 12] = [
            b"\n",
            b"}\n",
            b"    }\n",
            b"fn f() {\n",
            b"\tif x {\n",
            b"    x += 1;\n",
            b"  \n",
            b"a\r\n",
            b"a b\n",
            b"ab\n",
            b"x\x0b\x0cy\n",
            b"\xff\xfe\n",
        ];
        match self.dice.roll(3) {
            0 => format!("line {}\n", self.dice.roll(40)).into_bytes(),
            _ => LINES[self.dice.roll(12) as usize].to_vec(),
        }
    }

    fn text(&mut self, lines: u64) -> Vec<u8> {
        (0..lines).flat_map(|_| self.line()).collect()
    }

    fn binary(&mut self) -> Vec<u8> {
        [b"\0", self.text(3).as_slice()].concat()
    }

    /// Edits a text in some places; sometimes its last line loses or gains its line feed.
    fn edited(&mut self, text: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        for _ in 0..=self.dice.roll(4) {
            let at = self.dice.roll(lines.len() as u64 + 1) as usize;
            match self.dice.roll(5) {
                0 => lines.insert(at, self.line()),
                1 => drop(lines.drain(at..lines.len().min(at + 2))),
                2 if at < lines.len() => lines[at] = self.line(),
                // A block that is there already, once more: where it was put in is a matter of taste.
                3 => {
                    let block = lines[at..lines.len().min(at + 4)].to_vec();
                    lines.splice(at..at, block);
                }
                _ if at < lines.len() => lines[at].insert(0, b' '),
                _ => {}
            }
        }
        let mut text = lines.concat();
        match self.dice.roll(12) {
            0 if text.last() == Some(&b'\n') => drop(text.pop()),
            1 => {
                text =
                    text.iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] }).collect()
            }
            _ => {}
        }
        text
    }

    fn path(&mut self) -> Vec<u8> {
        match self.dice.roll(3) {
            0 => NAMES[self.dice.roll(NAMES.len() as u64) as usize].to_vec(),
            1 => format!("d{}/f{}", self.dice.roll(4), self.dice.roll(6)).into_bytes(),
            // A folder's own name: a file in its place.
            _ => format!("d{}", self.dice.roll(8)).into_bytes(),
        }
    }

    /// Puts something at a path, and away what cannot be there beside it.
    fn put(&mut self, path: Vec<u8>, mode: u32, content: Vec<u8>) {
        let below = [path.as_slice(), b"/"].concat();
        self.files
            .retain(|known, _| !known.starts_with(&below) && !path.starts_with(&[known.as_slice(), b"/"].concat()));
        self.files.insert(path, (mode, content));
    }

    fn change(&mut self) {
        let path = self.path();
        let some = self.dice.roll(self.files.len().max(1) as u64) as usize;
        let known = self.files.iter().nth(some).map(|(path, (mode, content))| (path.clone(), *mode, content.clone()));
        let Some((old, mode, content)) = known else {
            let text = self.text(30);
            return self.put(path, 0o100_644, text);
        };
        let is_text = matches!(mode, 0o100_644 | 0o100_755);
        match self.dice.roll(14) {
            0..=4 if is_text => {
                let content = self.edited(&content);
                self.put(old, mode, content);
            }
            0..=6 => {
                let lines = self.dice.roll(60);
                let text = self.text(lines);
                self.put(path, 0o100_644, text);
            }
            7 => drop(self.files.remove(&old)),
            8 if is_text => self.put(old, mode ^ 0o111, content),
            // A rename, sometimes with an edit.
            9 => {
                self.files.remove(&old);
                self.put(path, mode, content);
            }
            10 => {
                let content = self.binary();
                self.put(if is_text { old } else { path }, 0o100_755, content);
            }
            11 => self.put(path, 0o100_644, Vec::new()),
            12 => self.put(path, 0o120_000, format!("to/{some}").into_bytes()),
            13 => self.put(path, 0o160_000, format!("{:040x}", some + 1).into_bytes()),
            // A NUL behind where git looks for one.
            _ => {
                let content = [self.text(2_000), b"x\0y\n".to_vec(), self.text(3)].concat();
                self.put(path, 0o100_644, content);
            }
        }
    }
}

/// A path for `git fast-import`, every byte as a number.
fn octal(path: &[u8]) -> String {
    format!("\"{}\"", path.iter().map(|byte| format!("\\{byte:03o}")).collect::<String>())
}

/// Makes so many commits, each changing something, besides some that change nothing and some merges.
fn history(fixture: &Fixture, commits: usize) {
    let mut generator = Generator { dice: Dice(0x9e37_79b9_7f4a_7c15), files: Files::new() };
    let mut stream = Vec::new();
    let (mut changing, mut mark) = (0, 0);
    while changing < commits {
        let before = generator.files.clone();
        for _ in 0..=generator.dice.roll(4) {
            generator.change();
        }
        mark += 1;
        let is_merge = mark % 50 == 0;
        if mark % 40 == 0 {
            generator.files.clone_from(&before);
        }
        changing += usize::from(generator.files != before && !is_merge);
        stream.extend(
            format!("commit refs/heads/main\nmark :{mark}\ncommitter {ANA} {mark} +0000\ndata 1\nx\n").into_bytes(),
        );
        if is_merge {
            stream.extend(format!("merge :{}\n", mark / 2).into_bytes());
        }
        for path in before.keys().filter(|path| !generator.files.contains_key(*path)) {
            stream.extend(format!("D {}\n", octal(path)).into_bytes());
        }
        for (path, (mode, content)) in &generator.files {
            if before.get(path) == Some(&(*mode, content.clone())) {
                continue;
            }
            let path = octal(path);
            if *mode == 0o160_000 {
                stream.extend(format!("M 160000 {} {path}\n", String::from_utf8_lossy(content)).into_bytes());
            } else {
                stream.extend(format!("M {mode:06o} inline {path}\ndata {}\n", content.len()).into_bytes());
                stream.extend(content.iter().chain(b"\n"));
            }
        }
        stream.push(b'\n');
    }
    fixture.git_in(&["fast-import", "--quiet"], &stream);
}

/// What git makes of a script, without anybody's configuration.
fn shell(fixture: &Fixture, script: &str) -> String {
    let git = fixture.command(ANA);
    let mut command = Command::new("sh");
    command
        .current_dir(fixture.path())
        .env_clear()
        .envs(git.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.args(["-e", "-c", script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Patch ids of every commit that `main` reaches, as git has them.
fn of_git(fixture: &Fixture) -> BTreeMap<String, String> {
    let ids = shell(fixture, "git rev-list main | git diff-tree --stdin -p --root | git patch-id --stable");
    ids.lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(id, commit)| (commit.to_owned(), id.to_owned()))
        .collect()
}

#[test]
fn ids_are_those_of_git() {
    // pass: edits, additions, removals, modes, renames, types, links, submodules, binaries, line feeds, names of all kinds; none for merges and for nothing
    let fixture = Fixture::new();
    history(&fixture, 1_000);
    let (expected, repository) = (of_git(&fixture), fixture.open());
    let commits = fixture.git(&["rev-list", "main"]);
    let mut differing = Vec::new();
    for commit in commits.lines() {
        let id = patch_id_stable(&repository, &commit.parse().unwrap()).unwrap().map(|id| id.to_string());
        if id.as_ref() != expected.get(commit) {
            differing.push(commit);
        }
    }
    assert_eq!(differing, [""; 0], "of {}", expected.len());
    assert!(expected.len() >= 1_000 && commits.lines().count() > expected.len(), "{}", expected.len());
}

/// Numbers whose files, a NUL before and a line feed behind, have ids with the same first seven digits.
const BINARIES: [u32; 2] = [5822, 6365];

/// A base, the change that was reviewed, and another change, each a file.
fn two_changes(path: &str, base: &[u8], reviewed: &[u8], landed: &[u8]) -> (Fixture, (GitId, GitId)) {
    let fixture = Fixture::new();
    fixture.write(path, base);
    fixture.commit(ANA, "base");
    fixture.git(&["checkout", "-q", "-b", "topic"]);
    fixture.write(path, reviewed);
    fixture.commit(CODER, "reviewed");
    fixture.git(&["checkout", "-q", "main"]);
    fixture.write(path, landed);
    fixture.commit(CODER, "landed");
    let review = (fixture.tree("main~1"), fixture.tree("topic"));
    (fixture, review)
}

fn class_of(fixture: &Fixture, review: &(GitId, GitId)) -> LandingClass {
    let repository = fixture.open();
    let mut found = landings(&repository, "main", Some(&fixture.id("main~1"))).unwrap();
    bind_reviews(&repository, &mut found, std::slice::from_ref(review)).unwrap();
    let landing = found.pop().unwrap();
    assert_eq!(
        landing.merge_of.is_some(),
        matches!(landing.class, LandingClass::Identity { .. } | LandingClass::Replay { .. })
    );
    landing.class
}

#[test]
fn a_change_with_the_reviewed_patch_id_is_not_the_reviewed_change() {
    // fail: scenario 32: another indentation, another place; the patch id is the reviewed one's by git's word, and explains only
    let body = "    one\n    two\n    three\n    four\n    five\n    six\n";
    let (inside, outside) = ("if x:\n    log(x)\n    deny(x)\nreturn\n", "if x:\n    log(x)\ndeny(x)\nreturn\n");
    let denied = body.replace("    four", "    deny\n    four");
    for (base, reviewed, landed) in [
        ("if x:\n    log(x)\nreturn\n".to_owned(), inside.to_owned(), outside.to_owned()),
        (format!("f\n{body}g\n{body}"), format!("f\n{denied}g\n{body}"), format!("f\n{body}g\n{denied}")),
    ] {
        let (fixture, review) = two_changes("a", base.as_bytes(), reviewed.as_bytes(), landed.as_bytes());
        let ids = shell(
            &fixture,
            "for c in main topic; do git diff-tree -p $c | git patch-id --stable | cut -d' ' -f1; done",
        );
        let ids: Vec<&str> = ids.lines().collect();
        assert_eq!(ids[0], ids[1], "git sees one patch");
        let class = class_of(&fixture, &review);
        let LandingClass::Residual { against: Against::Review { .. }, paths, equal_patch: true, .. } = &class else {
            panic!("{class:?}")
        };
        assert_eq!(paths, &["a"]);
        // pass: the twin: what landed is what was reviewed
        let (twin, review) = two_changes("a", base.as_bytes(), reviewed.as_bytes(), reviewed.as_bytes());
        assert_eq!(class_of(&twin, &review).word(), "identity");
    }
}

#[test]
fn a_binary_with_the_reviewed_short_id_is_not_the_reviewed_binary() {
    // fail: scenario 32: where only one of two such files is, git abbreviates both alike, and so the patch ids are equal
    let contents = BINARIES.map(|number| format!("\0{number}\n"));
    let [reviewed, evil] = contents.each_ref().map(|content| content.as_bytes());
    let id = |content: &[u8]| {
        let (fixture, _) = two_changes("a", b"\0", b"\0", content);
        let id = patch_id_stable(&fixture.open(), &fixture.id("main")).unwrap().unwrap().to_string();
        assert_eq!(of_git(&fixture)[fixture.id("main").as_str()], id);
        (id, fixture.git(&["rev-parse", "main:a"])[..7].to_owned())
    };
    assert_eq!(id(reviewed), id(evil));
    let (fixture, review) = two_changes("a", b"\0", reviewed, evil);
    let class = class_of(&fixture, &review);
    assert!(matches!(&class, LandingClass::Residual { paths, .. } if paths == &["a"]), "{class:?}");
    // pass: the twin
    let (twin, review) = two_changes("a", b"\0", reviewed, reviewed);
    assert_eq!(class_of(&twin, &review).word(), "identity");
}
