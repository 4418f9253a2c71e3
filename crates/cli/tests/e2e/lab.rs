//! A laboratory: a repository with people, keys and a trust file, and the commands that they type.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lasthand_trust::keys::PublicKey;

use crate::report::Report;

/// Name of the repository in statements.
pub(crate) const REPOSITORY: &str = "forge.example/acme/app";

/// Somebody who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    Ana,
    Bo,
    Coder,
    Forge,
    Ci,
    /// A robot that moves pins; it has no key.
    Bumper,
    /// A robot that formats; it has no key.
    Formatter,
}

impl Actor {
    const ALL: [Self; 7] = [Self::Ana, Self::Bo, Self::Coder, Self::Forge, Self::Ci, Self::Bumper, Self::Formatter];

    const fn name(self) -> &'static str {
        match self {
            Self::Ana => "ana",
            Self::Bo => "bo",
            Self::Coder => "coder-7",
            Self::Forge => "forge",
            Self::Ci => "ci",
            Self::Bumper => "dependabot[bot]",
            Self::Formatter => "pre-commit-ci[bot]",
        }
    }

    pub(crate) fn mail(self) -> String {
        match self {
            Self::Bumper => "49699333+dependabot[bot]@users.noreply.github.com".to_owned(),
            Self::Formatter => "66853113+pre-commit-ci[bot]@users.noreply.github.com".to_owned(),
            _ => format!("{}@example.com", self.name()),
        }
    }

    /// What is seen around him, so that the test does not depend on who runs it.
    const fn surroundings(self) -> &'static str {
        match self {
            Self::Coder => {
                r#"{"marks": [{"source": "environment", "rule": "AI_AGENT", "agent": "coder-7"}], "terminal": false}"#
            }
            _ => r#"{"marks": [], "terminal": false}"#,
        }
    }
}

/// Folders of one test.
#[derive(Debug, Clone)]
pub(crate) struct Lab {
    pub(crate) top: PathBuf,
    /// Rows that the trust file has besides.
    pub(crate) more_trust: String,
    /// Refs that the product lists.
    pub(crate) refs: Vec<&'static str>,
    /// Who has a row as a person.
    pub(crate) persons: Vec<Actor>,
    /// What the product's row says besides.
    pub(crate) product: String,
}

impl Lab {
    /// A new laboratory with keys for everybody.
    pub(crate) fn new(name: &str) -> Self {
        let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e").join(name);
        if top.exists() {
            fs::remove_dir_all(&top).unwrap();
        }
        for folder in ["repo", "keys"] {
            fs::create_dir_all(top.join(folder)).unwrap();
        }
        let lab = Self {
            top,
            more_trust: String::new(),
            refs: vec!["refs/heads/main"],
            persons: vec![Actor::Ana, Actor::Bo],
            product: String::new(),
        };
        for actor in Actor::ALL {
            lab.lasthand(actor, &["key", "generate", "--out", &format!("../keys/{}", actor.name())]);
            fs::write(lab.top.join(format!("keys/{}.json", actor.name())), actor.surroundings()).unwrap();
        }
        lab
    }

    /// A copy of everything under another name: what one test does is not seen by the next.
    pub(crate) fn copy(&self, name: &str) -> Self {
        let top = self.top.parent().unwrap().join(name);
        if top.exists() {
            fs::remove_dir_all(&top).unwrap();
        }
        must(Command::new("cp").arg("-a").arg(&self.top).arg(&top));
        Self { top, ..self.clone() }
    }

    pub(crate) fn repo(&self) -> PathBuf {
        self.top.join("repo")
    }

    /// Writes a file of the repository.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.repo().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs a program in the repository, as somebody; it must succeed. Gives its standard output.
    pub(crate) fn run(&self, actor: Actor, words: &[&str]) -> String {
        self.run_with(actor, &[], words)
    }

    /// The same with variables set.
    pub(crate) fn run_with(&self, actor: Actor, variables: &[(&str, &OsStr)], words: &[&str]) -> String {
        must(self.command(actor, words).envs(variables.iter().copied()))
    }

    /// Runs `lasthand` in the repository, as somebody; it must succeed.
    pub(crate) fn lasthand(&self, actor: Actor, words: &[&str]) -> String {
        self.run(actor, &[&[env!("CARGO_BIN_EXE_lasthand")], words].concat())
    }

    fn command(&self, actor: Actor, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(self.repo()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), actor.name()).env(format!("GIT_{role}_EMAIL"), actor.mail());
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
        command.env("LASTHAND_SURROUNDINGS", self.top.join(format!("keys/{}.json", actor.name())));
        command
    }

    /// Commits everything as somebody.
    pub(crate) fn commit(&self, actor: Actor, message: &str) {
        self.run(actor, &["git", "add", "--all"]);
        self.run(actor, &["git", "commit", "--quiet", "-m", message]);
    }

    /// Makes the repository's first commit out of what lies there: the onboarding tree.
    pub(crate) fn onboard(&self) {
        self.run(Actor::Ana, &["git", "init", "--quiet", "--initial-branch=main"]);
        self.run(Actor::Ana, &["git", "remote", "add", "origin", &format!("https://{REPOSITORY}.git")]);
        self.commit(Actor::Ana, "what is there");
        self.run(Actor::Ana, &["git", "tag", "onboarded"]);
    }

    /// Somebody approves a range; it is shown to nobody, and the approval says so.
    pub(crate) fn approve(&self, actor: Actor, range: &str) {
        self.approve_with(actor, range, &[]);
    }

    /// The same with other words.
    pub(crate) fn approve_with(&self, actor: Actor, range: &str, more: &[&str]) {
        let key = format!("../keys/{}", actor.name());
        let agent = format!("{}={}", Actor::Coder.mail(), Actor::Ana.mail());
        let words =
            ["review", "approve", range, "--agent", &agent, "--key", &key, "--evidence", "../evidence", "--yes"];
        self.lasthand(actor, &[&words[..], more].concat());
    }

    /// The forge states what landed on main since the onboarding commit.
    pub(crate) fn land(&self) {
        self.land_on("main", &format!("{}={}", Actor::Coder.mail(), Actor::Ana.mail()));
    }

    /// The same for a branch, with what the forge knows of the agent.
    pub(crate) fn land_on(&self, branch: &str, agent: &str) {
        let since = self.run(Actor::Forge, &["git", "rev-parse", "onboarded"]);
        let words = ["source", "--ref", branch, "--since", since.trim(), "--agent", agent];
        self.lasthand(Actor::Forge, &[&words[..], &["--key", "../keys/forge", "--evidence", "../evidence"]].concat());
    }

    /// The builder runs `sh SCRIPT` as a step of the product `app`.
    pub(crate) fn step(&self, kind: &str, script: &str, more: &[&str]) {
        self.step_with(&[], kind, script, more);
    }

    /// The same with variables set.
    pub(crate) fn step_with(&self, variables: &[(&str, &OsStr)], kind: &str, script: &str, more: &[&str]) {
        let lasthand = env!("CARGO_BIN_EXE_lasthand");
        let first = [lasthand, "run", "--step", script, "--kind", kind, "--product", "app", "--instruction", script];
        let last = ["--key", "../keys/ci", "--evidence", "../evidence", "--", "sh", script];
        self.run_with(Actor::Ci, variables, &[&first[..], more, &last[..]].concat());
    }

    /// Writes the trust file: the onboarding tree is that of the tag `onboarded`.
    pub(crate) fn write_trust(&self) {
        let tree = self.run(Actor::Ana, &["git", "rev-parse", "onboarded^{tree}"]);
        let key = |actor: Actor| {
            let pem = fs::read_to_string(self.top.join(format!("keys/{}.pub", actor.name()))).unwrap();
            (PublicKey::from_pem(pem.as_bytes()).unwrap().id().to_string(), pem)
        };
        let mut text = format!(
            "accept_simulated = true\n[[product]]\nname = \"app\"\nrepositories = [\"{REPOSITORY}\"]\nrefs = {:?}\n\
             builders = [\"key:{}\"]\nonboarding = [{{ repository = \"{REPOSITORY}\", git_tree = \"{}\" }}]\n{}",
            self.refs,
            key(Actor::Ci).0,
            tree.trim(),
            self.product
        );
        for (actor, rest) in [
            (Actor::Ana, "kind = \"human\"\ncustody = \"personal\"\nmay = [\"review\"]"),
            (Actor::Bo, "kind = \"human\"\ncustody = \"personal\"\nmay = [\"review\"]"),
            (
                Actor::Forge,
                "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"landing\"]\nobserver = [\"git-author\", \"git-committer\", \
                 \"git-trailer\"]",
            ),
            (
                Actor::Ci,
                "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"build\", \"package\"]\nproducts = [\"app\"]\ninputs = \"declared\"",
            ),
        ] {
            let (id, pem) = key(actor);
            write!(text, "[[identity]]\nmethod = \"key\"\nid = \"{id}\"\n{rest}\nwhere = [\"{REPOSITORY}\"]\n")
                .unwrap();
            write!(text, "[[root]]\ntype = \"key\"\npem = \"\"\"\n{}\n\"\"\"\n", pem.trim()).unwrap();
            if self.persons.contains(&actor) {
                let accounts = format!("[\"mailto:{}\", \"key:{id}\"]", actor.mail());
                write!(text, "[[person]]\nname = \"{}\"\naccounts = {accounts}\n", actor.name()).unwrap();
            }
        }
        fs::write(self.top.join("trust.toml"), text + &self.more_trust).unwrap();
    }

    /// Verifies an artifact of the top folder with the evidence beside it.
    pub(crate) fn verify(&self, artifact: &str) -> Report {
        self.verify_with(artifact, &["--bundle", "../evidence"])
    }

    /// Verifies an artifact of the top folder with other words.
    pub(crate) fn verify_with(&self, artifact: &str, more: &[&str]) -> Report {
        let artifact = match artifact.split_once(':') {
            Some((form, path)) => format!("{form}:../{path}"),
            None => format!("../{artifact}"),
        };
        let words = ["verify", &artifact, "--trust", "../trust.toml", "-o", "json"];
        let mut command = self.command(Actor::Bo, &[&[env!("CARGO_BIN_EXE_lasthand")], &words[..], more].concat());
        let output = command.output().unwrap();
        Report::of(&output)
    }

    /// Trusts a digest as a base.
    pub(crate) fn trust_base(&mut self, digest: &str) {
        write!(
            self.more_trust,
            "[[trusted_input]]\ndigest = \"{digest}\"\nas = \"base\"\nproducts = [\"app\"]\nreason = \"the base of the team\"\nexpires = \
             2099-01-01T00:00:00Z\n"
        )
        .unwrap();
    }
}

/// The digest of the only manifest of a layout.
pub(crate) fn manifest_of(layout: &Path) -> String {
    let index: serde_json::Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let digest = index["manifests"][0]["digest"].as_str().unwrap();
    digest.strip_prefix("sha256:").unwrap().to_owned()
}

/// Runs a command that must succeed; gives its standard output.
pub(crate) fn must(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let words = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{command:?}: {}\n{words}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
