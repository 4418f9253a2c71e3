//! What the verifier brings: the question, the preset and the rows of the trust file.

use lasthand_lineage::presets;
use lasthand_model::actor::{ActorKind, StepKind};
use lasthand_model::wire::facts::{
    Custody, Inputs, Label, ListKind, OnboardingTree, PersonRow, ProductRow, RequiredAct, RobotRow, SignerMethod,
    TrustedInputRow, WaiverRow,
};

use super::entries::{content, kind};
use super::evidence::pairs;
use super::line::{Clauses, Line, StoryError};
use super::teller::{Teller, git_ref, repository};
use super::{NOW, world};

/// Takes a line of the trust file, the preset or the question.
pub(super) fn take(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    match line.verb() {
        "now" => {
            let offset = line.words.get(1).and_then(|word| word.parse::<i64>().ok());
            teller.facts.now = NOW + offset.ok_or_else(|| line.error("expected seconds"))?;
            Ok(())
        }
        "question" => question(teller, line),
        "preset" => preset(teller, line),
        "account" => account(teller, line),
        "identity" => identity(teller, line),
        "distrust" => distrust(teller, line),
        "person" => person(teller, line),
        "product" => product(teller, line),
        "onboard" => onboard(teller, line),
        "robot" => robot(teller, line),
        "waiver" => waiver(teller, line),
        "trusted-input" => trusted_input(teller, line),
        "accept-simulated" => {
            teller.facts.trust.accept_simulated = true;
            Ok(())
        }
        verb => Err(line.error(&format!("`{verb}` is not a word of the language"))),
    }
}

/// `question [product NAME] [for TARGET]`.
fn question(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["product", "for"])?;
    if let Some(product) = clauses.one("product")? {
        product.clone_into(&mut teller.facts.question.product);
    }
    if let Some(target) = clauses.one("for")? {
        teller.facts.question.target = Some(target.to_owned());
    }
    Ok(())
}

/// `preset standard|strict|observe [allow LABELS] [deny LABELS] [lists KINDS] ...`.
fn preset(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let own = [
        "allow",
        "deny",
        "lists",
        "reviewer-level",
        "approver-level",
        "builder-level",
        "human-duties",
        "refuse-reverted",
        "credential-seconds",
        "revocations-seconds",
        "require-credential",
    ];
    let clauses = line.clauses(&own)?;
    let name = clauses.head(0, "a preset")?;
    let mut preset = presets::find(name).ok_or_else(|| clauses.error(&format!("no preset is called `{name}`")))?;
    for word in clauses.list("allow") {
        preset.allow_labels.push(label(&clauses, word)?);
    }
    for word in clauses.list("deny") {
        let label = label(&clauses, word)?;
        preset.allow_labels.retain(|allowed| *allowed != label);
    }
    if clauses.has("lists") {
        preset.require_lists.clear();
        for word in clauses.list("lists") {
            preset.require_lists.push(match *word {
                "revocation" => ListKind::Revocation,
                "withdrawal" => ListKind::Withdrawal,
                "released" => ListKind::Released,
                word => return Err(clauses.error(&format!("`{word}` is no kind of list"))),
            });
        }
    }
    preset.reviewer_level = clauses.number("reviewer-level")?.unwrap_or(preset.reviewer_level);
    preset.approver_level = clauses.number("approver-level")?.unwrap_or(preset.approver_level);
    preset.builder_level = clauses.number("builder-level")?.unwrap_or(preset.builder_level);
    preset.human_duties |= clauses.flag("human-duties")?;
    preset.refuse_reverted |= clauses.flag("refuse-reverted")?;
    preset.require_credential |= clauses.flag("require-credential")?;
    preset.revocations_seconds = clauses.number("revocations-seconds")?.or(preset.revocations_seconds);
    preset.credential_seconds = clauses.number("credential-seconds")?.or(preset.credential_seconds);
    teller.facts.preset = preset;
    Ok(())
}

fn label(clauses: &Clauses<'_>, word: &str) -> Result<Label, StoryError> {
    Ok(match word {
        "inputs-not-bounded" => Label::InputsNotBounded,
        "unpinned-input" => Label::UnpinnedInput,
        "sha1-join" => Label::Sha1Join,
        "agent-marks" => Label::AgentMarks,
        "presence-unproven" => Label::PresenceUnproven,
        "solo" => Label::Solo,
        word => return Err(clauses.error(&format!("`{word}` is no label"))),
    })
}

/// `account dee [kind human] [principal TEXT] [signs METHOD]`: somebody in no row.
fn account(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["kind", "principal", "signs"])?;
    declare(teller, &clauses)
}

fn declare(teller: &mut Teller, clauses: &Clauses<'_>) -> Result<(), StoryError> {
    let name = clauses.head(0, "a name")?;
    let kind = clauses.one("kind")?.map_or(Ok(ActorKind::Human), |word| kind(clauses, word))?;
    let principal = clauses.one("principal")?.map_or_else(|| format!("https://forge.example#{name}"), str::to_owned);
    let principal = if principal == "key" { super::names::key(name) } else { principal };
    let signs = clauses.one("signs")?.map_or(Ok(SignerMethod::FulcioEmail), |word| method(clauses, word))?;
    let known_by =
        if principal.starts_with("https://forge.example#") || kind == ActorKind::Agent { "forge" } else { "key" };
    teller.names.add(name, principal, kind, signs, known_by);
    Ok(())
}

fn method(clauses: &Clauses<'_>, word: &str) -> Result<SignerMethod, StoryError> {
    Ok(match word {
        "key" => SignerMethod::Key,
        "fulcio-ci" => SignerMethod::FulcioCi,
        "fulcio-email" => SignerMethod::FulcioEmail,
        "x509-svid" => SignerMethod::X509Svid,
        "x509" => SignerMethod::X509,
        "wit-svid" => SignerMethod::WitSvid,
        "jwt-svid" => SignerMethod::JwtSvid,
        "ssh" => SignerMethod::Ssh,
        "ssh-sk" => SignerMethod::SshSk,
        "webauthn" => SignerMethod::Webauthn,
        "openpgp" => SignerMethod::Openpgp,
        word => return Err(clauses.error(&format!("`{word}` is no method"))),
    })
}

/// `identity NAME [kind K] [level N] [may ...] [where ...] [products ...] ...`: a row, new or changed in what the line states.
fn identity(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let own = [
        "kind",
        "principal",
        "signs",
        "level",
        "may",
        "where",
        "products",
        "observer",
        "inputs",
        "unreachable",
        "custody",
        "actors-complete",
        "actors-open",
    ];
    let clauses = line.clauses(&own)?;
    let name = clauses.head(0, "a name")?;
    teller.spoken_of.insert(name.to_owned());
    if teller.names.principal(name).is_none() {
        declare(teller, &clauses)?;
    }
    let at = match teller.rows.iter().position(|row| row == name) {
        Some(at) => at,
        None => {
            let mut row = world::row(teller.names.find(&clauses, name)?);
            row.repositories = vec![format!("{}*", world::REPOSITORIES)];
            row.products = vec!["app".to_owned()];
            teller.rows.push(name.to_owned());
            teller.facts.trust.identities.push(row);
            teller.rows.len() - 1
        }
    };
    let row = teller.facts.trust.identities.get_mut(at).ok_or_else(|| clauses.error("no such row"))?;
    row.kind = clauses.one("kind")?.map_or(Ok(row.kind), |word| kind(&clauses, word))?;
    row.max_level = clauses.number("level")?.unwrap_or(row.max_level);
    row.may = clauses.list_if_stated("may").unwrap_or_else(|| row.may.clone());
    if clauses.has("where") {
        row.repositories = clauses.list("where").iter().map(|word| repository(word)).collect();
    }
    row.products = clauses.list_if_stated("products").unwrap_or_else(|| row.products.clone());
    row.observer = clauses.list_if_stated("observer").unwrap_or_else(|| row.observer.clone());
    row.inputs = match clauses.one("inputs")? {
        Some("bounded") => Inputs::Bounded,
        Some("declared") => Inputs::Declared,
        Some(word) => return Err(clauses.error(&format!("`{word}` are no inputs"))),
        None => row.inputs,
    };
    row.custody = match clauses.one("custody")? {
        Some("personal") => Some(Custody::Personal),
        Some("isolated") => Some(Custody::Isolated),
        Some("none") => None,
        Some(word) => return Err(clauses.error(&format!("`{word}` is no custody"))),
        None => row.custody,
    };
    row.isolated |= clauses.flag("unreachable")?;
    row.actors_complete = (row.actors_complete || clauses.flag("actors-complete")?) && !clauses.flag("actors-open")?;
    Ok(())
}

/// `distrust NAME`: there is no row for him.
fn distrust(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let name = line.words.get(1).ok_or_else(|| line.error("expected a name"))?;
    let at = teller.rows.iter().position(|row| row == name).ok_or_else(|| line.error("there is no such row"))?;
    teller.rows.remove(at);
    teller.facts.trust.identities.remove(at);
    Ok(())
}

/// `person bo accounts bo bo-key`: the complete list, instead of what was said before; without accounts there is no row.
fn person(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["accounts"])?;
    let name = clauses.head(0, "a name")?;
    teller.spoken_of.insert(name.to_owned());
    teller.facts.trust.persons.retain(|row| row.name != name);
    let mut accounts = Vec::new();
    for word in clauses.list("accounts") {
        accounts.push(teller.names.find(&clauses, word)?.principal.clone());
    }
    if !accounts.is_empty() {
        teller.facts.trust.persons.push(PersonRow { name: name.to_owned(), accounts });
    }
    Ok(())
}

/// `product app [repositories ...] [refs ...] [builders ...] [requires publish@TARGET ...] [parameters n=glob] [solo]`.
fn product(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let own = ["repositories", "refs", "builders", "artifacts", "parameters", "requires", "solo"];
    let clauses = line.clauses(&own)?;
    let name = clauses.head(0, "a product")?;
    let fresh = || ProductRow {
        name: name.to_owned(),
        repositories: vec![repository(name)],
        refs: vec![git_ref("main")],
        builders: Vec::new(),
        artifacts: vec![format!("{name}*")],
        parameters: pairs(&clauses, "parameters").unwrap_or_default(),
        required: Vec::new(),
        onboarding: Vec::new(),
        solo: false,
    };
    let at = match teller.facts.trust.products.iter().position(|row| row.name == name) {
        Some(at) => at,
        None => {
            teller.facts.trust.products.push(fresh());
            teller.facts.trust.products.len() - 1
        }
    };
    let mut builders = None;
    if clauses.has("builders") {
        let found =
            clauses.list("builders").iter().map(|word| Ok(teller.names.find(&clauses, word)?.principal.clone()));
        builders = Some(found.collect::<Result<Vec<_>, StoryError>>()?);
    }
    let mut required = Vec::new();
    for word in clauses.list("requires") {
        let (action, target) =
            word.split_once('@').map_or((*word, None), |(action, target)| (action, Some(target.to_owned())));
        let action = StepKind::parse(action).ok_or_else(|| clauses.error("not an action"))?;
        required.push(RequiredAct { action, target });
    }
    let row = teller.facts.trust.products.get_mut(at).ok_or_else(|| clauses.error("no such product"))?;
    if clauses.has("repositories") {
        row.repositories = clauses.list("repositories").iter().map(|word| repository(word)).collect();
    }
    if clauses.has("refs") {
        row.refs = clauses.list("refs").iter().map(|word| git_ref(word)).collect();
    }
    row.builders = builders.unwrap_or_else(|| row.builders.clone());
    row.artifacts = clauses.list_if_stated("artifacts").unwrap_or_else(|| row.artifacts.clone());
    row.parameters.extend(pairs(&clauses, "parameters")?);
    row.required.extend(required);
    row.solo |= clauses.flag("solo")?;
    Ok(())
}

/// `onboard T0 [in REPOSITORY] [product NAME]`.
fn onboard(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["in", "product"])?;
    let tree = teller.tree_ref(&clauses, clauses.head(0, "a tree")?)?;
    let name = clauses.one("product")?.unwrap_or("app");
    let repository = repository(clauses.one("in")?.unwrap_or("app"));
    let row = teller.facts.trust.products.iter_mut().find(|row| row.name == name);
    row.ok_or_else(|| clauses.error("no such product"))?.onboarding.push(OnboardingTree { repository, tree });
    Ok(())
}

/// `robot NAME [paths GLOBS] [sponsorless]`.
fn robot(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["paths", "sponsorless"])?;
    let principal = teller.names.find(&clauses, clauses.head(0, "a name")?)?.principal.clone();
    let paths = clauses.list_if_stated("paths").unwrap_or_default();
    let sponsorless = clauses.flag("sponsorless")?;
    teller.facts.trust.robots.push(RobotRow { principal, paths, sponsorless });
    Ok(())
}

/// `waiver agent-marks [products GLOBS] [expires 3600] [reason "..."]`.
fn waiver(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["products", "expires", "reason"])?;
    let row = WaiverRow {
        finding: label(&clauses, clauses.head(0, "a label")?)?,
        products: clauses.list_if_stated("products").unwrap_or_else(|| vec!["app".to_owned()]),
        reason: clauses.list("reason").join(" "),
        expires: NOW + clauses.number::<i64>("expires")?.unwrap_or(3600),
    };
    teller.facts.trust.waivers.push(row);
    Ok(())
}

/// `trusted-input CONTENT as base|toolchain|dependency [products GLOBS] [expires 3600]`.
fn trusted_input(teller: &mut Teller, line: &Line) -> Result<(), StoryError> {
    let clauses = line.clauses(&["as", "products", "expires"])?;
    let row = TrustedInputRow {
        digest: content(clauses.head(0, "a content")?),
        used_as: clauses.one("as")?.unwrap_or("dependency").to_owned(),
        products: clauses.list_if_stated("products").unwrap_or_else(|| vec!["app".to_owned()]),
        expires: NOW + clauses.number::<i64>("expires")?.unwrap_or(3600),
    };
    teller.facts.trust.trusted_inputs.push(row);
    Ok(())
}
