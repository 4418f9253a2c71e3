//! Who acts in the demo, and the trust file that says whom to believe.

use std::fs;
use std::path::Path;

use lasthand_observe::git;
use lasthand_trust::keys::PublicKey;

use crate::command_error::CommandError;
use crate::files::write_whole;
use crate::source_tree::Head;

/// The repository's name in statements.
pub(super) const REPOSITORY: &str = "forge.example/acme/greet";

/// Somebody of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Actor {
    /// Name of his key and of his surroundings file.
    pub(super) name: &'static str,
    /// His address in git.
    pub(super) mail: &'static str,
    /// What is seen around him.
    surroundings: &'static str,
}

const PLAIN: &str = r#"{"marks": [], "terminal": false}"#;
const AGENT: &str =
    r#"{"marks": [{"source": "environment", "rule": "AI_AGENT", "agent": "coder-7"}], "terminal": false}"#;

/// Maintainer.
pub(super) const ANA: Actor = Actor { name: "ana", mail: "ana@example.com", surroundings: PLAIN };
/// Maintainer.
pub(super) const BO: Actor = Actor { name: "bo", mail: "bo@example.com", surroundings: PLAIN };
/// Coding agent; ana answers for it.
pub(super) const CODER: Actor = Actor { name: "coder-7", mail: "coder-7@agents.example", surroundings: AGENT };
/// Observer of the repository.
pub(super) const FORGE: Actor = Actor { name: "forge", mail: "forge@example.com", surroundings: PLAIN };
/// Builder.
pub(super) const CI: Actor = Actor { name: "ci", mail: "ci@example.com", surroundings: PLAIN };

/// Everybody.
pub(super) const ALL: [Actor; 5] = [ANA, BO, CODER, FORGE, CI];

/// Writes what is seen around each actor, so that the demo runs alike on a desk, in CI and under an agent.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write_surroundings(folder: &Path) -> Result<(), CommandError> {
    ALL.iter().try_for_each(|actor| {
        write_whole(&folder.join(format!("{}.json", actor.name)), format!("{}\n", actor.surroundings).as_bytes())
    })
}

/// Writes the trust file: keys inside, so that it can be copied alone.
///
/// # Errors
/// When a key or the repository cannot be read, or the file not be written.
pub(super) fn write_trust(keys: &Path, repository: &Path, base: &str, out: &Path) -> Result<(), CommandError> {
    let head = Head::read(&git::open(repository)?)?;
    let onboarding = format!(
        "onboarding = [{{ repository = \"{REPOSITORY}\", root = \"{}\", git_tree = \"{}\" }}]",
        head.inventory.root(),
        head.tree
    );
    let [ana, bo, forge, ci] = [ANA, BO, FORGE, CI].map(|actor| Key::read(keys, actor));
    let (ana, bo, forge, ci) = (ana?, bo?, forge?, ci?);
    let product = format!(
        "[[product]]\nname = \"greet\"\nrepositories = [\"{REPOSITORY}\"]\nrefs = [\"refs/heads/main\"]\nbuilders = \
         [\"key:{}\"]\n# Everything in this tree is taken as reviewed; every change after it must be.\n{onboarding}\n",
        ci.id
    );
    let base = format!(
        "# The image that the team builds upon, by the digest of its manifest.\n[[trusted_input]]\ndigest = \"{base}\"\nas = \
         \"base\"\nproducts = [\"greet\"]\nreason = \"the base of the demo\"\nexpires = 2099-01-01T00:00:00Z\n"
    );
    let text = [
        HEAD.to_owned(),
        product,
        base,
        ana.person(ANA),
        bo.person(BO),
        ana.identity(ANA, "kind = \"human\"\ncustody = \"personal\"\nmay = [\"review\"]"),
        bo.identity(BO, "kind = \"human\"\ncustody = \"personal\"\nmay = [\"review\"]"),
        forge.identity(
            FORGE,
            "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"landing\"]\nobserver = [\"git-author\", \"git-committer\", \
             \"git-trailer\"]",
        ),
        ci.identity(
            CI,
            "kind = \"automation\"\ncustody = \"isolated\"\nmay = [\"build\", \"package\"]\nproducts = [\"greet\"]\ninputs = \
             \"declared\"",
        ),
        ana.root(),
        bo.root(),
        forge.root(),
        ci.root(),
    ];
    write_whole(out, text.join("\n").as_bytes())
}

const HEAD: &str = "\
# Whom `lasthand verify` believes in the demo. `lasthand trust check` says line by line what it means.
#
# The agent coder-7 has no row: an agent needs none. The forge says who it is and who answers for it, and what it
# changes counts only after a person has reviewed it.

# Only for tests and demos: statements made under LASTHAND_SURROUNDINGS count.
accept_simulated = true
";

struct Key {
    id: String,
    pem: String,
}

impl Key {
    fn read(keys: &Path, actor: Actor) -> Result<Self, CommandError> {
        let path = keys.join(format!("{}.pub", actor.name));
        let failed = || CommandError::bug(format!("the key `{}` cannot be read back", path.display()));
        let pem = fs::read_to_string(&path).map_err(|error| failed().because(error))?;
        let key = PublicKey::from_pem(pem.as_bytes()).map_err(|error| failed().because(error))?;
        Ok(Self { id: key.id().to_string(), pem })
    }

    fn person(&self, actor: Actor) -> String {
        let Actor { name, mail, .. } = actor;
        format!("[[person]]\nname = \"{name}\"\naccounts = [\"mailto:{mail}\", \"key:{}\"]\n", self.id)
    }

    fn identity(&self, actor: Actor, rest: &str) -> String {
        let (id, name) = (&self.id, actor.name);
        format!(
            "[[identity]]\nmethod = \"key\"\nid = \"{id}\"\nname = \"{name}\"\n{rest}\nwhere = [\"{REPOSITORY}\"]\n"
        )
    }

    fn root(&self) -> String {
        format!("[[root]]\ntype = \"key\"\nsha256 = \"{}\"\npem = \"\"\"\n{}\n\"\"\"\n", self.id, self.pem.trim())
    }
}
