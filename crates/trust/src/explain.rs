//! A trust file in plain sentences, row by row: what `trust check` prints.

use lasthand_model::actor::ActorKind;
use lasthand_model::glob;
use lasthand_model::timestamp;
use lasthand_model::wire::facts::{Custody, IdentityRow, Inputs, PersonRow, ProductRow, SignerMethod, TreeRef};

use crate::git_signature::NAMESPACE;
use crate::level::best_level;
use crate::trust_file::{RootAuthority, RootSsh, TrustFile, Vouches, is_svid, label_word, method_word};

/// What one line of the file means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Line of the row, from 1.
    pub line: usize,
    /// One or more sentences without final full stop, joined by `; `.
    pub text: String,
}

/// Explains every row, then adds the warnings; in the order of lines.
#[must_use]
pub fn explain(file: &TrustFile) -> Vec<Explained> {
    let facts = &file.facts;
    let mut lines: Vec<Explained> = Vec::new();
    let mut add = |line: usize, text: String| lines.push(Explained { line, text });
    for root in &file.roots {
        let origin = root.file.as_ref().map_or_else(String::new, |file| format!(" from {file}"));
        add(
            root.place.line,
            format!("key {} ({}){origin} can verify signatures", short(&root.id.to_string()), root.algorithm),
        );
    }
    for root in &file.sigstore_roots {
        let (counts, digest) = (root.counts, short(&root.digest.to_string()));
        let text = format!(
            "sigstore root {digest} from {} can verify certificates: certificate authorities {}, transparency logs {}, certificate logs {}, timestamp authorities {}; whom it vouches for still needs a row",
            root.file, counts.authorities, counts.logs, counts.certificate_logs, counts.timestamp_authorities
        );
        add(root.place.line, text);
    }
    for root in &file.ssh_roots {
        let (digest, names) = (short(&root.digest.to_string()), list(&root.principals));
        let of = if root.namespace == NAMESPACE { " (commits and tags)" } else { "" };
        let text = format!(
            "list of allowed signers {digest} from {} can verify signatures of SSH for the namespace {}{of}: {names}; each still needs a row of method ssh or, for a key of a device, ssh-sk",
            root.file, root.namespace
        );
        add(root.place.line, text);
    }
    for root in &file.authorities {
        add(root.place.line, authority(root));
    }
    for root in &file.openpgp_roots {
        let digest = short(&root.digest.to_string());
        let names = |(fingerprint, names): &(String, Vec<String>)| format!("{} ({})", short(fingerprint), list(names));
        let names: Vec<String> = root.certificates.iter().map(names).collect();
        let text = format!(
            "file of OpenPGP certificates {digest} from {} can verify commits and tags: {}; each still needs a row of method openpgp",
            root.file,
            list(&names)
        );
        add(root.place.line, text);
    }
    for (row, (place, name)) in facts.identities.iter().zip(&file.places.identities) {
        add(place.line, identity(file, row, name.as_deref()));
    }
    for (row, place) in facts.persons.iter().zip(&file.places.persons) {
        add(place.line, person(row));
    }
    for (row, place) in facts.products.iter().zip(&file.places.products) {
        add(place.line, product(row));
    }
    for (row, place) in facts.robots.iter().zip(&file.places.robots) {
        let sponsor = if row.sponsorless { "acts for nobody" } else { "acts for the sponsors that statements name" };
        let text = format!(
            "{} may change {} although it also builds or releases; it {sponsor}",
            row.principal,
            list(&row.paths)
        );
        add(place.line, text);
    }
    for (row, place) in facts.waivers.iter().zip(&file.places.waivers) {
        let (label, until) = (label_word(row.finding), timestamp::format(row.expires));
        add(place.line, format!("label {label} is allowed for {} until {until}: {}", list(&row.products), row.reason));
    }
    for (row, place) in facts.trusted_inputs.iter().zip(&file.places.trusted_inputs) {
        let (digest, until) = (short(&row.digest.to_string()), timestamp::format(row.expires));
        add(place.line, format!("{digest} counts as clean {} for {} until {until}", row.used_as, list(&row.products)));
    }
    for warning in &file.warnings {
        let hints: String = warning.problem.hints().iter().map(|hint| format!(" ({hint})")).collect();
        add(warning.place.line, format!("warning: {}{hints}", warning.problem));
    }
    lines.sort_by_key(|explained| explained.line);
    lines
}

fn authority(root: &RootAuthority) -> String {
    let origin = root.file.as_ref().map_or_else(String::new, |file| format!(" from {file}"));
    let digest = short(&root.digest.to_string());
    match &root.vouches {
        Vouches::Spiffe { domain, count } => format!(
            "SPIFFE bundle {digest}{origin} can verify X.509-SVIDs and WIT-SVIDs of trust domain {domain} at a time that a timestamp authority gives: authorities {count}; each workload still needs a row"
        ),
        Vouches::X509 { name, count } => format!(
            "private authority {name} {digest}{origin} can verify certificates at a time that a timestamp authority gives: authorities {count}; whom it vouches for still needs a row with this issuer"
        ),
        Vouches::Time => {
            format!("timestamp authority {digest}{origin} says when something was signed; it vouches for nobody")
        }
    }
}

fn identity(file: &TrustFile, row: &IdentityRow, name: Option<&str>) -> String {
    let mut text = match (row.principal.strip_prefix("key:"), row.principal.strip_prefix("openpgp:")) {
        (Some(id), _) => format!("key {}", short(id)),
        (_, Some(id)) => format!("certificate {}", short(id)),
        _ => row.principal.clone(),
    };
    if let Some(name) = name.filter(|name| row.principal != format!("group:{name}")) {
        text.push_str(&format!(" ({name})"));
    }
    let why = match (row.custody, row.isolated) {
        (Some(Custody::Personal), _) => "custody personal",
        (Some(Custody::Isolated), _) => "custody isolated",
        (None, true) => "isolated",
        (None, false) if row.method == SignerMethod::Key => "static key",
        (None, false) if row.method == SignerMethod::X509 => "x509, a key that stays",
        (None, false) => method_word(row.method),
    };
    let best = best_level(row);
    let level = if matches!(row.method, SignerMethod::SshSk | SignerMethod::Webauthn) && best > 2 {
        format!("level {best} with presence, else 2")
    } else {
        format!("level {best}")
    };
    text.push_str(&format!(" is {}, {level} ({why})", kind(row.kind)));
    let group = row.principal.strip_prefix("group:");
    if let Some((_, group)) = file.ring.groups().find(|(known, _)| group == Some(*known)) {
        text.push_str(&format!("; signs when {} of {} distinct keys do", group.threshold, group.keys.len()));
    }
    if row.method == SignerMethod::SshSk {
        let (verified, counter) = file.ring.device_demand(&row.principal);
        if verified {
            text.push_str("; its device must say that it verified its user");
        }
        if let Some(counter) = counter {
            text.push_str(&format!("; its device must count above {counter}"));
        }
    }
    if row.may.is_empty() {
        text.push_str("; may state nothing: its statements can only deny");
    } else {
        text.push_str(&format!("; may {}", list(&row.may)));
        if !row.products.is_empty() {
            text.push_str(&format!(" for {}", list(&row.products)));
        }
        if !row.repositories.is_empty() {
            text.push_str(&format!(" in {}", list(&row.repositories)));
        }
    }
    if !row.observer.is_empty() {
        text.push_str(&format!("; states what others did, as learnt by {}", list(&row.observer)));
    }
    if row.may.iter().any(|word| word == "build" || word == "package") {
        text.push_str(match row.inputs {
            Inputs::Declared => "; inputs are declared -> label inputs-not-bounded",
            Inputs::Bounded => "; each statement must show that its inputs are bounded",
        });
        if row.actors_complete {
            text.push_str("; nobody else acts in its steps");
        }
    }
    let certified = matches!(row.method, SignerMethod::FulcioCi | SignerMethod::FulcioEmail);
    if row.method == SignerMethod::FulcioCi && !row.may.is_empty() {
        text.push_str("; not asked: who started the run, by what event, on whose runner");
    }
    if certified && file.sigstore_roots.is_empty() {
        text.push_str("; without a sigstore root nothing it signs verifies: the row only says what the principal is");
    } else if let SignerMethod::Ssh | SignerMethod::SshSk = row.method {
        let by_device = row.method == SignerMethod::SshSk;
        // As rows are matched when statements are judged: a row may be a glob.
        let names = |root: &&RootSsh| {
            let names = if by_device { &root.in_devices } else { &root.in_files };
            names.iter().any(|name| glob::matches(&row.principal, name))
        };
        let mut naming = file.ssh_roots.iter().filter(names).peekable();
        if file.ssh_roots.is_empty() {
            text.push_str("; without a list of allowed signers nothing it signs verifies: the row only says what the principal is");
        } else if naming.peek().is_none() {
            text.push_str(
                "; no list of allowed signers names it with such a key: the row only says what the principal is",
            );
        } else if naming.all(|root| root.namespace == NAMESPACE) {
            text.push_str("; its signatures of commits and tags are read, and none over statements");
        }
    } else if let Some(vouched) = vouched(file, row) {
        if !vouched {
            text.push_str("; no root of the file vouches for it: the row only says what the principal is");
        }
    } else if row.method == SignerMethod::Openpgp {
        text.push_str("; its signatures of commits and tags are read, and none over statements");
    } else if !certified && row.method != SignerMethod::Key {
        let method = method_word(row.method);
        text.push_str(&format!(
            "; {method} signatures are not read by this version: the row only says what the principal is"
        ));
    }
    text
}

/// Whether a root of the file vouches for a row's certificates; absent for other methods.
fn vouched(file: &TrustFile, row: &IdentityRow) -> Option<bool> {
    let is_of = |root: &RootAuthority| match (&root.vouches, row.method) {
        (Vouches::Spiffe { domain, .. }, method) if is_svid(method) => {
            row.principal.strip_prefix("spiffe://").and_then(|rest| rest.split('/').next()) == Some(domain.as_str())
        }
        (Vouches::X509 { name, .. }, SignerMethod::X509) => row.principal.split('#').next() == Some(name),
        _ => false,
    };
    (is_svid(row.method) || row.method == SignerMethod::X509).then(|| file.authorities.iter().any(is_of))
}

fn person(row: &PersonRow) -> String {
    format!("{} is one human with exactly these accounts: {}", row.name, list(&row.accounts))
}

fn product(row: &ProductRow) -> String {
    let mut text = format!("{} is made from {} on {}", row.name, list(&row.repositories), list(&row.refs));
    if row.builders.is_empty() {
        text.push_str("; nobody may build it: only its source trees and archives can go by this name");
    } else {
        text.push_str(&format!("; built by {}", list(&row.builders)));
    }
    if !row.artifacts.is_empty() {
        text.push_str(&format!("; its artifacts are named {}", list(&row.artifacts)));
    }
    for (name, value) in &row.parameters {
        text.push_str(&format!("; parameter {name} must be {value}"));
    }
    for act in &row.required {
        let target = act.target.as_ref().map_or_else(|| "any target".to_owned(), Clone::clone);
        text.push_str(&format!("; {} to {target} must be proven", act.action));
    }
    for start in &row.onboarding {
        let (repository, tree) = (&start.repository, tree(&start.tree));
        text.push_str(&format!("; tree {tree} of {repository} is taken as reviewed: every verdict shows it"));
    }
    if row.solo {
        text.push_str("; a person may review his own work with presence");
    }
    text
}

fn tree(tree: &TreeRef) -> String {
    let root = tree.root.map(|root| short(&root.to_string()));
    let git = tree.git_tree.as_ref().map(|id| short(id.as_str()));
    list(&root.into_iter().chain(git).collect::<Vec<_>>())
}

const fn kind(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Human => "a human",
        ActorKind::Agent => "an agent",
        ActorKind::Automation => "automation",
        ActorKind::Unknown => "unknown (counts as agent)",
    }
}

fn short(hex: &str) -> String {
    hex.chars().take(12).collect()
}

fn list(words: &[String]) -> String {
    words.join(", ")
}
