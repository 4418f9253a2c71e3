//! `[[person]]`, `[[product]]`, `[[robot]]`, `[[waiver]]`, `[[trusted_input]]`.

use lasthand_model::actor::StepKind;
use lasthand_model::digest::Sha256;
use lasthand_model::timestamp;
use lasthand_model::wire::facts::{
    Label, OnboardingTree, PersonRow, ProductRow, RequiredAct, RobotRow, TreeRef, TrustedInputRow, WaiverRow,
};

use super::problem::Problem;
use super::reader::{At, Row, shorten, values};

pub(super) const PERSON_KEYS: &[&str] = &["name", "accounts"];
pub(super) const PRODUCT_KEYS: &[&str] =
    &["name", "repositories", "refs", "builders", "artifacts", "parameters", "required", "onboarding", "solo"];
pub(super) const ROBOT_KEYS: &[&str] = &["principal", "paths", "sponsorless"];
pub(super) const WAIVER_KEYS: &[&str] = &["finding", "products", "reason", "expires"];
pub(super) const TRUSTED_INPUT_KEYS: &[&str] = &["digest", "as", "products", "reason", "expires"];
const REQUIRED_KEYS: &[&str] = &["action", "target"];
const ONBOARDING_KEYS: &[&str] = &["repository", "root", "git_tree"];

const LABELS: &[(&str, Label)] = &[
    ("inputs-not-bounded", Label::InputsNotBounded),
    ("unpinned-input", Label::UnpinnedInput),
    ("sha1-join", Label::Sha1Join),
    ("agent-marks", Label::AgentMarks),
    ("presence-unproven", Label::PresenceUnproven),
    ("solo", Label::Solo),
];

/// The word of a label.
pub(crate) fn label_word(label: Label) -> &'static str {
    LABELS.iter().find(|(_, known)| *known == label).map_or("", |(word, _)| word)
}

pub(super) struct Person<'a> {
    pub(super) row: Row<'a>,
    pub(super) facts: PersonRow,
    pub(super) accounts: Vec<At<String>>,
}

pub(super) fn person(row: Row<'_>) -> Option<Person<'_>> {
    let name = row.need_text("name");
    let mut accounts = row.need_texts("accounts");
    for account in &mut accounts {
        // Recorders write mail addresses in lower case; a capital letter here would silently name nobody.
        if account.value.starts_with("mailto:") {
            account.value.make_ascii_lowercase();
        }
    }
    for account in accounts.iter().filter(|account| account.value.contains('*')) {
        row.report(account.place, Problem::Glob { key: "accounts", got: shorten(&account.value) });
    }
    let facts = PersonRow { name: name?.value, accounts: values(&accounts) };
    Some(Person { row, facts, accounts })
}

pub(super) struct Product<'a> {
    pub(super) row: Row<'a>,
    pub(super) facts: ProductRow,
    pub(super) builders: Vec<At<String>>,
}

pub(super) fn product(row: Row<'_>) -> Option<Product<'_>> {
    let name = row.need_text("name");
    if let Some(name) = name.as_ref().filter(|name| name.value.contains('*')) {
        row.report(name.place, Problem::Glob { key: "name", got: shorten(&name.value) });
    }
    let repositories = row.need_texts("repositories");
    for repository in &repositories {
        check_repository(&row, "repositories", repository);
    }
    let refs = row.need_texts("refs");
    for pattern in refs.iter().filter(|text| !text.value.starts_with("refs/") && !text.value.starts_with('*')) {
        let expected = "a full ref such as `refs/heads/main`, or a glob of refs";
        let problem = Problem::BadValue { key: "refs".to_owned(), got: shorten(&pattern.value), expected };
        row.report(pattern.place, problem);
    }
    let builders = row.texts("builders");
    let facts = ProductRow {
        name: name?.value,
        repositories: values(&repositories),
        refs: values(&refs),
        builders: values(&builders),
        artifacts: values(&row.texts("artifacts")),
        parameters: row.map("parameters", "parameters"),
        required: row.rows("required", "required", REQUIRED_KEYS).into_iter().filter_map(required).collect(),
        onboarding: row
            .rows("onboarding", "onboarding", ONBOARDING_KEYS)
            .into_iter()
            .filter_map(|tree| onboarding(tree, &repositories))
            .collect(),
        solo: row.flag("solo"),
    };
    Some(Product { row, facts, builders })
}

fn check_repository(row: &Row<'_>, key: &'static str, repository: &At<String>) {
    let got = shorten(&repository.value);
    if repository.value.contains("://") {
        row.report(repository.place, Problem::Scheme { key, got });
    } else if repository.value.contains('*') {
        row.report(repository.place, Problem::Glob { key, got });
    }
}

fn required(row: Row<'_>) -> Option<RequiredAct> {
    const ACTS: &[(&str, StepKind)] =
        &[("sign", StepKind::Sign), ("publish", StepKind::Publish), ("promote", StepKind::Promote)];
    let action = row.need("action").then(|| row.word("action", ACTS)).flatten();
    let target = if row.has("target") { Some(row.need_text("target")?.value) } else { None };
    Some(RequiredAct { action: action?, target })
}

fn onboarding(row: Row<'_>, repositories: &[At<String>]) -> Option<OnboardingTree> {
    let repository = row.need_text("repository");
    if let Some(repository) = &repository {
        check_repository(&row, "repository", repository);
        if !repositories.iter().any(|known| known.value == repository.value) {
            let problem = Problem::ForeignRepository { repository: shorten(&repository.value) };
            row.report(repository.place, problem);
        }
    }
    let root = row.parsed("root", "an inventory root of 64 lower-case hex digits");
    let git_tree = row.parsed("git_tree", "a git tree id of 40 or 64 lower-case hex digits");
    if !row.has("root") && !row.has("git_tree") {
        row.report(row.place, Problem::MissingKey { table: "onboarding", key: "root` or `git_tree" });
        return None;
    }
    Some(OnboardingTree { repository: repository?.value, tree: TreeRef { root, git_tree, ..TreeRef::default() } })
}

pub(super) struct Robot<'a> {
    pub(super) row: Row<'a>,
    pub(super) facts: RobotRow,
    pub(super) principal: At<String>,
}

pub(super) fn robot(row: Row<'_>) -> Option<Robot<'_>> {
    let principal = row.need_text("principal");
    if let Some(principal) = principal.as_ref().filter(|principal| principal.value.contains('*')) {
        row.report(principal.place, Problem::Glob { key: "principal", got: shorten(&principal.value) });
    }
    let paths = values(&row.need_texts("paths"));
    let sponsorless = row.flag("sponsorless");
    let principal = principal?;
    Some(Robot { row, facts: RobotRow { principal: principal.value.clone(), paths, sponsorless }, principal })
}

pub(super) struct Dated<'a, T> {
    pub(super) row: Row<'a>,
    pub(super) facts: T,
    pub(super) products: Vec<At<String>>,
}

pub(super) fn waiver(row: Row<'_>, now: i64) -> Option<Dated<'_, WaiverRow>> {
    let finding = row.need("finding").then(|| row.word("finding", LABELS)).flatten();
    let products = row.need_texts("products");
    let reason = row.need_text("reason");
    let expires = expiry(&row, now);
    let facts = WaiverRow { finding: finding?, products: values(&products), reason: reason?.value, expires: expires? };
    Some(Dated { row, facts, products })
}

pub(super) fn trusted_input(row: Row<'_>, now: i64) -> Option<Dated<'_, TrustedInputRow>> {
    const USES: &[(&str, &str)] = &[("base", "base"), ("toolchain", "toolchain"), ("dependency", "dependency")];
    let digest: Option<Sha256> =
        row.need("digest").then(|| row.parsed("digest", "a SHA-256 of 64 lower-case hex digits")).flatten();
    let used_as = row.need("as").then(|| row.word("as", USES)).flatten();
    let products = row.need_texts("products");
    row.need_text("reason");
    let expires = expiry(&row, now);
    let facts = TrustedInputRow {
        digest: digest?,
        used_as: used_as?.to_owned(),
        products: values(&products),
        expires: expires?,
    };
    Some(Dated { row, facts, products })
}

fn expiry(row: &Row<'_>, now: i64) -> Option<i64> {
    let expires = row.moment("expires")?;
    if expires.value <= now {
        let problem = Problem::Expired { table: row.name, expires: timestamp::format(expires.value) };
        row.report(expires.place, problem);
    }
    Some(expires.value)
}
