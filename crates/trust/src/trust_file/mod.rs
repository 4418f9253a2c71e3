//! The verifier's own file, `lasthand.trust.toml`: who is believed, for what.
//!
//! Everything that is wrong is found in one pass and told with line and column; a row that could never match is an error,
//! because whoever wrote it believes that it protects him. SPEC: docs/trust-file.md.

mod authorities;
mod check;
mod check_ssh;
mod identity;
mod problem;
mod reader;
mod roots;
mod rows;
mod suggest;

use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::{GroupRow, TrustFacts};
use thiserror::Error;
use toml_edit::Document;

use crate::keys::{KeyRing, PublicKey, key_principal};
use crate::openpgp::Certificate;
use crate::sigstore::SigstoreRoot;
use crate::ssh::AllowedSigners;
use authorities::Authority;
pub use authorities::{RootAuthority, Vouches};
pub(crate) use identity::{is_svid, method_word};
pub use problem::{Diagnostic, Place, Problem, Severity};
use reader::{Row, Sink};
use roots::Root;
pub use roots::{RootKey, RootOpenpgp, RootSigstore, RootSsh};
pub(crate) use rows::label_word;

const TABLES: &[&str] =
    &["accept_simulated", "identity", "person", "product", "robot", "waiver", "trusted_input", "root"];

/// The trust file, read and checked.
#[derive(Debug, Clone)]
pub struct TrustFile {
    /// What is believed, as data.
    pub facts: TrustFacts,
    /// The keys, groups, lists of allowed signers and roots that signatures are verified by; [`KeyRing::at`] asks for a moment.
    pub ring: KeyRing,
    /// Where each row stands.
    pub places: Places,
    /// The keys of the file, in order.
    pub roots: Vec<RootKey>,
    /// The Sigstore roots of the file, in order.
    pub sigstore_roots: Vec<RootSigstore>,
    /// The lists of allowed signers of the file, in order.
    pub ssh_roots: Vec<RootSsh>,
    /// The SPIFFE bundles, private authorities and timestamp authorities of the file, in order.
    pub authorities: Vec<RootAuthority>,
    /// The files of OpenPGP certificates of the file, in order.
    pub openpgp_roots: Vec<RootOpenpgp>,
    /// What the reader should know; none of it refuses the file.
    pub warnings: Vec<Diagnostic>,
}

/// Where the rows stand; each list goes with the list of the same name in [`TrustFacts`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// `[[identity]]`, and the `name` of each, where it has one.
    pub identities: Vec<(Place, Option<String>)>,
    /// `[[person]]`.
    pub persons: Vec<Place>,
    /// `[[product]]`.
    pub products: Vec<Place>,
    /// `[[robot]]`.
    pub robots: Vec<Place>,
    /// `[[waiver]]`.
    pub waivers: Vec<Place>,
    /// `[[trusted_input]]`.
    pub trusted_inputs: Vec<Place>,
}

/// Why a trust file is refused: everything that is wrong with it, by place, warnings among the errors.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("trust file is refused, errors: {}, the first at {}", errors(diagnostics), first(diagnostics))]
pub struct TrustFileError {
    diagnostics: Vec<Diagnostic>,
}

impl TrustFileError {
    /// Everything that is wrong, by place; at least one is an error.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl TrustFile {
    /// Reads and checks a trust file.
    ///
    /// In: its text; `files`, which gives the bytes of a key or root file named in it (relative to the trust file), or says why not;
    /// `now` in seconds, by which waivers and trusted inputs expire. Out: the file, with its warnings.
    ///
    /// # Errors
    /// [`TrustFileError`] with everything that is wrong. Nothing of a file with an error is used.
    pub fn parse(
        text: &str,
        files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
        now: i64,
        limits: &Limits,
    ) -> Result<Self, TrustFileError> {
        let sink = Sink::new(text);
        let top = Place { line: 1, column: 1 };
        if text.len() > limits.trust_bytes {
            sink.report(top, Problem::TooLarge { got: text.len(), limit: limits.trust_bytes });
            return Err(TrustFileError { diagnostics: sink.finish() });
        }
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let place = error.span().map_or(top, |span| sink.place(span.start));
                let reason = error.message().lines().collect::<Vec<_>>().join(", ");
                sink.report(place, Problem::Syntax { reason: reader::shorten(&reason) });
                return Err(TrustFileError { diagnostics: sink.finish() });
            }
        };
        let table = document.as_table();
        let rows = Rows::read(Row::top(table, &sink), files, now, limits);
        check::check(&rows);
        let mut file = rows.into_file();
        let diagnostics = sink.finish();
        if diagnostics.iter().any(|diagnostic| diagnostic.problem.severity() == Severity::Error) {
            return Err(TrustFileError { diagnostics });
        }
        file.warnings = diagnostics;
        Ok(file)
    }
}

/// All rows as read, before they are checked against each other.
struct Rows<'a> {
    accept_simulated: bool,
    identities: Vec<identity::Identity<'a>>,
    persons: Vec<rows::Person<'a>>,
    products: Vec<rows::Product<'a>>,
    robots: Vec<rows::Robot<'a>>,
    waivers: Vec<rows::Dated<'a, lasthand_model::wire::facts::WaiverRow>>,
    trusted_inputs: Vec<rows::Dated<'a, lasthand_model::wire::facts::TrustedInputRow>>,
    roots: Vec<(Row<'a>, RootKey, PublicKey)>,
    sigstore_roots: Vec<(Row<'a>, RootSigstore, SigstoreRoot)>,
    ssh_roots: Vec<(Row<'a>, RootSsh, AllowedSigners)>,
    authorities: Vec<(Row<'a>, RootAuthority, Authority)>,
    openpgp_roots: Vec<(Row<'a>, RootOpenpgp, Vec<Certificate>)>,
    now: i64,
    // Rows that could not be read: where there is one, a row that seems to miss it is not blamed as well.
    broken_roots: usize,
    broken_identities: usize,
    broken_products: usize,
}

impl<'a> Rows<'a> {
    fn read(top: Row<'a>, files: &dyn Fn(&str) -> Result<Vec<u8>, String>, now: i64, limits: &Limits) -> Self {
        top.unknown_tables(TABLES);
        let accept_simulated = top.flag("accept_simulated");
        if accept_simulated {
            top.report(top.place_of("accept_simulated"), Problem::Simulated);
        }
        let root_rows = top.rows("root", "[[root]]", roots::KEYS);
        let identity_rows = top.rows("identity", "[[identity]]", identity::KEYS);
        let product_rows = top.rows("product", "[[product]]", rows::PRODUCT_KEYS);
        let (root_count, identity_count, product_count) = (root_rows.len(), identity_rows.len(), product_rows.len());
        let (mut roots, mut sigstore_roots, mut ssh_roots) = (Vec::new(), Vec::new(), Vec::new());
        let (mut authorities, mut openpgp_roots) = (Vec::new(), Vec::new());
        for row in root_rows {
            match roots::read(row, files, limits) {
                Some(Root::Key(root, key)) => roots.push((row, root, key)),
                Some(Root::Sigstore(root, parsed)) => sigstore_roots.push((row, root, parsed)),
                Some(Root::Ssh(root, parsed)) => ssh_roots.push((row, root, parsed)),
                Some(Root::Authority(root, parsed)) => authorities.push((row, root, parsed)),
                Some(Root::Openpgp(root, parsed)) => openpgp_roots.push((row, root, parsed)),
                None => {}
            }
        }
        let identities: Vec<_> = identity_rows.into_iter().filter_map(identity::read).collect();
        let products: Vec<_> = product_rows.into_iter().filter_map(rows::product).collect();
        let named = |name, table, known| top.rows(name, table, known).into_iter();
        Self {
            accept_simulated,
            persons: named("person", "[[person]]", rows::PERSON_KEYS).filter_map(rows::person).collect(),
            robots: named("robot", "[[robot]]", rows::ROBOT_KEYS).filter_map(rows::robot).collect(),
            waivers: named("waiver", "[[waiver]]", rows::WAIVER_KEYS)
                .filter_map(|row| rows::waiver(row, now))
                .collect(),
            trusted_inputs: named("trusted_input", "[[trusted_input]]", rows::TRUSTED_INPUT_KEYS)
                .filter_map(|row| rows::trusted_input(row, now))
                .collect(),
            broken_roots: root_count
                - [roots.len(), sigstore_roots.len(), ssh_roots.len(), authorities.len(), openpgp_roots.len()]
                    .iter()
                    .sum::<usize>(),
            broken_identities: identity_count - identities.len(),
            broken_products: product_count - products.len(),
            roots,
            sigstore_roots,
            ssh_roots,
            authorities,
            openpgp_roots,
            now,
            identities,
            products,
        }
    }

    fn into_file(self) -> TrustFile {
        let mut ring = KeyRing::new();
        let mut roots = Vec::new();
        for (_, root, key) in self.roots {
            ring.add_key(key);
            roots.push(root);
        }
        let mut sigstore_roots = Vec::new();
        for (_, root, parsed) in self.sigstore_roots {
            ring.add_sigstore(parsed);
            sigstore_roots.push(root);
        }
        let mut ssh_roots = Vec::new();
        for (_, root, parsed) in self.ssh_roots {
            ring.add_ssh(parsed, &root.namespace);
            ssh_roots.push(root);
        }
        let mut authorities = Vec::new();
        for (_, root, parsed) in self.authorities {
            match parsed {
                Authority::Spiffe(bundle) => drop(ring.add_spiffe(bundle)),
                Authority::X509(parsed) => drop(ring.add_x509(parsed)),
                Authority::Time(parsed) => ring.add_timestamp_authority(parsed),
            }
            authorities.push(root);
        }
        let mut openpgp_roots = Vec::new();
        for (_, root, parsed) in self.openpgp_roots {
            for certificate in parsed {
                ring.add_openpgp(certificate);
            }
            openpgp_roots.push(root);
        }
        let mut places = Places::default();
        let mut facts = TrustFacts { accept_simulated: self.accept_simulated, ..TrustFacts::default() };
        for identity in self.identities {
            if let Some((name, group)) = identity.group {
                facts.groups.push(GroupRow {
                    principal: identity.facts.principal.clone(),
                    keys: group.keys.iter().map(|key| key_principal(*key)).collect(),
                    threshold: group.threshold.get(),
                });
                ring.add_group(&name, group);
            }
            if let Some(demand) = identity.device {
                ring.add_device_demand(demand);
            }
            places.identities.push((identity.row.place, identity.name));
            facts.identities.push(identity.facts);
        }
        (places.persons, facts.persons) = self.persons.into_iter().map(|row| (row.row.place, row.facts)).unzip();
        (places.products, facts.products) = self.products.into_iter().map(|row| (row.row.place, row.facts)).unzip();
        (places.robots, facts.robots) = self.robots.into_iter().map(|row| (row.row.place, row.facts)).unzip();
        (places.waivers, facts.waivers) = self.waivers.into_iter().map(|row| (row.row.place, row.facts)).unzip();
        (places.trusted_inputs, facts.trusted_inputs) =
            self.trusted_inputs.into_iter().map(|row| (row.row.place, row.facts)).unzip();
        let warnings = Vec::new();
        TrustFile { facts, ring, places, roots, sigstore_roots, ssh_roots, authorities, openpgp_roots, warnings }
    }
}

fn errors(diagnostics: &[Diagnostic]) -> usize {
    diagnostics.iter().filter(|diagnostic| diagnostic.problem.severity() == Severity::Error).count()
}

fn first(diagnostics: &[Diagnostic]) -> String {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.problem.severity() == Severity::Error);
    error.map_or_else(String::new, |diagnostic| format!("{}: {}", diagnostic.place, diagnostic.problem))
}
