//! Trust files: one data file for each kind of mistake, with what must be said about it beside.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_trust::explain::explain;
use lasthand_trust::trust_file::{Diagnostic, Severity, TrustFile, TrustFileError};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/trust")
}

fn parse(text: &str) -> Result<TrustFile, TrustFileError> {
    let files = |name: &str| fs::read(folder().join(name)).map_err(|_| "no such file".to_owned());
    TrustFile::parse(text, &files, timestamp::parse("2026-11-23T00:00:00Z").unwrap(), &Limits::DEFAULT)
}

fn render(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        writeln!(text, "{diagnostic}").unwrap();
        for hint in diagnostic.problem.hints() {
            writeln!(text, "  hint: {hint}").unwrap();
        }
    }
    text
}

/// Compares with the file beside; with LASTHAND_BLESS set, writes it.
fn check_file(path: &Path, got: &str) {
    if std::env::var_os("LASTHAND_BLESS").is_some() {
        fs::write(path, got).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(got, expected, "{}", path.display());
}

#[test]
fn every_case_says_what_is_expected() {
    // pass: good and warnings; fail: all the others, each with place, message and hint
    let mut cases: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    cases.sort();
    assert!(cases.len() > 15);
    for path in cases {
        let parsed = parse(&fs::read_to_string(&path).unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let accepted = [
            "agents-wide",
            "authorities",
            "authorities-unused",
            "good",
            "sigstore",
            "sigstore-unused",
            "simulated",
            "stamps-unused",
            "warnings",
        ];
        let accepted = accepted.contains(&name.as_str());
        assert_eq!(parsed.is_ok(), accepted, "{name}: {parsed:?}");
        let text = match &parsed {
            Ok(file) => render(&file.warnings),
            Err(error) => render(error.diagnostics()),
        };
        check_file(&path.with_extension("expected"), &text);
    }
}

#[test]
fn a_good_file_is_explained_row_by_row() {
    // pass: every row has its line
    for name in ["authorities", "good", "sigstore"] {
        let file = parse(&fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap()).unwrap();
        let lines: String = explain(&file).iter().fold(String::new(), |mut text, explained| {
            writeln!(text, "line {}: {}", explained.line, explained.text).unwrap();
            text
        });
        check_file(&folder().join(format!("{name}.explained")), &lines);
    }
}

#[test]
fn a_good_file_becomes_facts_and_keys() {
    // pass: principals, defaults, dates and groups are those of the file
    let file = parse(&fs::read_to_string(folder().join("good.toml")).unwrap()).unwrap();
    let facts = &file.facts;
    let ids: Vec<String> = file.roots.iter().map(|root| root.id.to_string()).collect();
    assert_eq!(file.ring.keys().count(), 3);
    assert_eq!(facts.identities.len(), file.places.identities.len());
    assert_eq!(facts.identities[0].principal, format!("key:{}", ids[0]));
    assert_eq!((facts.identities[0].max_level, facts.identities[5].max_level), (4, 3));
    assert_eq!(facts.identities[1].principal, format!("key:{}", ids[2]));
    assert_eq!(facts.identities[3].principal, "group:release");
    assert!(
        facts.identities[4].principal.starts_with("https://token.actions.githubusercontent.com#https://github.com/")
    );
    assert_eq!(facts.identities[5].principal, "spiffe://acme/agent/*");
    let (name, group) = file.ring.groups().next().unwrap();
    assert_eq!((name, group.threshold.get(), group.keys.len()), ("release", 2, 2));
    assert_eq!(facts.products[0].parameters["version"], "1.*");
    assert_eq!(facts.products[0].required.len(), 2);
    assert_eq!(timestamp::format(facts.waivers[0].expires), "2027-06-30T00:00:00Z");
    assert_eq!(timestamp::format(facts.trusted_inputs[0].expires), "2027-06-29T22:00:00Z");
}

#[test]
fn tables_may_be_written_either_way() {
    // pass: inline lists of tables and `[[ ]]` tables, dotted keys
    let brackets = "[[product]]\nname = 'app'\nrepositories = ['h/a']\nrefs = ['refs/heads/main']\nparameters.v = '1'\n[[product.required]]\naction = 'sign'\n";
    let inline = "product = [{ name = 'app', repositories = ['h/a'], refs = ['refs/heads/main'], parameters = { v = '1' }, required = [{ action = 'sign' }] }]";
    assert_eq!(parse(brackets).unwrap().facts, parse(inline).unwrap().facts);
    assert!(parse("").unwrap().facts.identities.is_empty());
}

#[test]
fn columns_count_characters_and_large_files_are_refused() {
    // fail: a place behind letters of several bytes; a file over the limit
    let error = parse("[[person]]\nname = 'Ána'\naccounts = ['ä#é', 'x*']\n").unwrap_err();
    assert_eq!((error.diagnostics()[0].place.line, error.diagnostics()[0].place.column), (3, 20));
    let limits = Limits { trust_bytes: 3, ..Limits::DEFAULT };
    let error = TrustFile::parse("# long", &|_| Err(String::new()), 0, &limits).unwrap_err();
    assert_eq!(error.to_string(), "trust file is refused, errors: 1, the first at 1:1: file has 6 bytes, limit is 3");
}

#[test]
fn cve_2025_29778_a_member_that_nobody_reads_is_an_error() {
    // fail: what another policy engine reads as a narrower demand, and what it forgot to read, is never passed over, whatever table it stands in
    let row = "[[identity]]\nmethod = 'fulcio-ci'\nissuer = 'https://i.example'\nid = 'https://h.example/a/w.yml@refs/heads/main'\nkind = 'automation'\nmay = ['test']\nwhere = ['h.example/a']\n";
    assert!(parse(row).is_ok());
    for member in ["subjectRegExp", "issuerRegExp", "subject_regexp", "subject", "identity", "Issuer", "ref"] {
        let error = parse(&format!("{row}{member} = 'https://h\\.example/.*'\n")).unwrap_err();
        let said = render(error.diagnostics());
        assert!(said.contains(&format!("8:1: error: unknown key `{member}` in [[identity]]")), "{said}");
        let root = format!(
            "[[root]]\ntype = 'sigstore'\nfile = '../../docs/examples/public-good.trusted_root.json'\n{member} = 'x'\n{row}"
        );
        assert!(render(parse(&root).unwrap_err().diagnostics()).contains(&format!("unknown key `{member}`")));
        let table = parse(&format!("{row}\n[[{member}]]\nsubject = 'x'\n"));
        assert!(
            table.is_err_and(|error| render(error.diagnostics()).contains("unknown table")) || member == "identity"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        // pass: every input is answered
        let _ = parse(&text);
    }

    #[test]
    fn arbitrary_toml_like_text_never_panics(
        lines in proptest::collection::vec(
            "(\\[\\[?(identity|person|product|root|robot|waiver|trusted_input)\\]\\]?|(method|id|kind|keys|threshold|may|where|file|pem|type|name|accounts|expires|issuer|max_level|required|parameters) = (\"[a-z@*/#é]{0,12}\"|\\[\"[a-z*]{0,5}\"\\]|-?[0-9]{1,20}|true|\"key\"|\"fulcio-ci\"|\\[\\{ a = 1 \\}\\]|2027-01-01T00:00:00Z))", 0..20)
    ) {
        // pass: every input is answered, and every error has a place in the file
        let text = lines.join("\n");
        if let Err(error) = parse(&text) {
            prop_assert!(error.diagnostics().iter().any(|found| found.problem.severity() == Severity::Error));
            prop_assert!(error.diagnostics().iter().all(|found| found.place.line <= lines.len().max(1)));
        }
    }

    #[test]
    fn a_damaged_good_file_never_panics(place in 0usize..4000, byte in 32u8..127) {
        // pass: one changed character anywhere
        let mut bytes = fs::read(folder().join("good.toml")).unwrap();
        let place = place % bytes.len();
        bytes[place] = byte;
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }
}
