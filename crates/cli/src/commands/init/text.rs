//! The text of a first trust file.

use std::fmt::Write as _;

use super::{Findings, FoundKey};

const HEAD: &str = "\
# lasthand.trust.toml: whom `lasthand verify` believes, and for what.
#
# Written by `lasthand init` from what was found. Nothing is true because it stands here: check each row, then run
# `lasthand trust check` to read what it means. Keep this file with whoever verifies, never inside what is verified.
";

/// Writes the file.
pub(super) fn write(findings: &Findings) -> String {
    let mut text = HEAD.to_owned();
    product(&mut text, findings);
    let mut unmatched: Vec<&FoundKey> = findings.keys.iter().collect();
    persons(&mut text, findings, &mut unmatched);
    agents(&mut text, findings);
    for key in unmatched {
        machine_key(&mut text, findings, key);
    }
    if findings.keys.is_empty() {
        text.push_str(
            "\n# No public key was found, so nothing can be verified yet. Each person who reviews, the observer of the repository and \
             the builder\n# need one: `lasthand key generate --out NAME`, then `[[root]]` and `[[identity]]` here.\n",
        );
    }
    text
}

fn product(text: &mut String, findings: &Findings) {
    let [name, repository, reference, root, git_tree] =
        [&findings.product, &findings.repository, &findings.reference, &findings.root, &findings.git_tree]
            .map(|value| quoted(value));
    let _ = write!(
        text,
        "
# What may go by which name. CHECK: refs (who can push there?), and the onboarding tree: everything in it is taken as reviewed.
[[product]]
name = {name}
repositories = [{repository}]
refs = [{reference}]
onboarding = [{{ repository = {repository}, root = {root}, git_tree = {git_tree} }}]
# builders = [\"key:...\"]  # who may build it; without one, only source archives can go by this name
"
    );
}

fn persons<'a>(text: &mut String, findings: &'a Findings, unmatched: &mut Vec<&'a FoundKey>) {
    if findings.people.humans.is_empty() {
        return;
    }
    text.push_str(
        "\n# People. CHECK: each row is the complete list of one human's accounts. A human with two rows could review his own work;\n# \
         an account in no row answers for nobody.\n",
    );
    for (name, accounts) in &findings.people.humans {
        let at = unmatched.iter().position(|key| belongs(&key.stem, name, accounts));
        let key = at.map(|at| unmatched.remove(at));
        let mut all = accounts.clone();
        all.extend(key.map(|key| format!("key:{}", key.id)));
        let all: Vec<String> = all.iter().map(|account| quoted(account)).collect();
        let _ = write!(text, "\n[[person]]\nname = {}\naccounts = [{}]\n", quoted(name), all.join(", "));
        if let Some(key) = key {
            human_key(text, findings, key);
        }
    }
}

fn human_key(text: &mut String, findings: &Findings, key: &FoundKey) {
    root(text, key);
    let _ = write!(
        text,
        "
# CHECK: the file is named {stem}.pub, which is all that ties it to this person.
[[identity]]
method = \"key\"
id = {id}
name = {stem_quoted}
kind = \"human\"
may = [\"review\"]
where = [{repository}]
# custody = \"personal\"  # only where no agent runs on that machine; reviews need it (level 3 instead of 2)
",
        stem = comment(&key.stem),
        stem_quoted = quoted(&key.stem),
        id = quoted(&key.id),
        repository = quoted(&findings.repository),
    );
}

fn machine_key(text: &mut String, findings: &Findings, key: &FoundKey) {
    let _ = write!(
        text,
        "\n# Key {}.pub: whose is it? Uncomment what it does; a machine may do both, a person's key needs a row of kind human.",
        comment(&key.stem)
    );
    root(text, key);
    let [id, name, repository, product] =
        [&key.id, &key.stem, &findings.repository, &findings.product].map(|value| quoted(value));
    let _ = write!(
        text,
        "
# The observer of the repository, which runs `lasthand source`:
# [[identity]]
# method = \"key\"
# id = {id}
# name = {name}
# kind = \"automation\"
# may = [\"landing\"]
# where = [{repository}]
# observer = [\"git-author\", \"git-committer\", \"git-trailer\"]
# custody = \"isolated\"  # only where code of the project cannot reach the key
#
# A builder, which runs `lasthand run` (add \"key:{plain}\" to `builders` above):
# [[identity]]
# method = \"key\"
# id = {id}
# name = {name}
# kind = \"automation\"
# may = [\"build\", \"package\"]
# where = [{repository}]
# products = [{product}]
# inputs = \"declared\"    # what it states as input is believed; every verdict then says inputs-not-bounded
# custody = \"isolated\"
",
        plain = comment(&key.id),
    );
}

fn root(text: &mut String, key: &FoundKey) {
    let pem = key.pem.trim().replace('\\', "").replace("\"\"\"", "");
    let _ = write!(text, "\n[[root]]\ntype = \"key\"\nsha256 = {}\npem = \"\"\"\n{pem}\n\"\"\"\n", quoted(&key.id));
}

fn agents(text: &mut String, findings: &Findings) {
    if findings.people.agents.is_empty() {
        return;
    }
    text.push_str(
        "\n# Agents and robots in the history. They need no row: what they change counts only after a person has reviewed it.\n# Whoever \
         runs `lasthand source` says who answers for each: --agent ACCOUNT=SPONSOR\n",
    );
    for (principal, (kind, landings)) in &findings.people.agents {
        let _ = writeln!(text, "#   {} ({kind}), landings: {landings}", comment(principal));
    }
}

/// Whether a key's file is named after a person: his first name, or an account's part before `@`.
fn belongs(stem: &str, name: &str, accounts: &[String]) -> bool {
    let stem = stem.strip_suffix(".key").unwrap_or(stem).to_lowercase();
    let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
    let local = |account: &String| {
        let mail = account.strip_prefix("mailto:").unwrap_or(account);
        mail.split('@').next().unwrap_or_default().to_lowercase()
    };
    !stem.is_empty() && (stem == first || accounts.iter().any(|account| local(account) == stem))
}

/// A TOML text: JSON's escapes are a part of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// SECURITY: a name from git must not end the comment line.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}
