//! The layouts and links that come with Go's implementation: every one of them, read in place.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may stop")]

mod layout_kit;

use std::fs;
use std::path::{Path, PathBuf};

use lasthand_model::limits::Limits;
use lasthand_model::timestamp;
use lasthand_model::wire::layout::{LayoutReport, LayoutVerdict, LinkStatus};
use lasthand_testkit::layouts::{Functionary, bare};
use lasthand_testkit::need;
use lasthand_trust::layout::{Content, Document};
use lasthand_trust::scheme::ForeignKey;
use lasthand_verify::layout::{Inspections, LayoutDemand, LayoutFault, LinkFolder, judge, verify_layout};
use serde_json::{Value, json};

use LayoutVerdict::{Accepted, Refused, Undecided};
use layout_kit::{NOW, said};

fn folder() -> Option<PathBuf> {
    let folder = need::testdata()?.join("in-toto-golang");
    need::feature("in-toto-golang", folder.is_dir(), "not among the test data").then_some(folder)
}

fn ask(folder: &Path, layout: &str, key: &str, inspections: Inspections) -> Result<LayoutReport, LayoutFault> {
    let demand = LayoutDemand { now: timestamp::parse(NOW).unwrap(), inspections };
    verify_layout(&folder.join(layout), &[folder.join(key)], folder, demand, &Limits::DEFAULT)
}

#[test]
fn the_demo_chains_are_accepted_bare_and_in_envelopes() {
    // pass: RSA-PSS, MATCH and DISALLOW; the inspection of two of them leaves the answer open until the caller leaves it out
    let Some(folder) = folder() else { return };
    for layout in ["demo.layout", "demo.dsse.layout"] {
        let open = ask(&folder, layout, "alice.pub", Inspections::LeaveOpen).unwrap();
        assert_eq!(said(&open), (Undecided, vec!["inspections"]), "{layout}");
        let report = ask(&folder, layout, "alice.pub", Inspections::Without).unwrap();
        assert_eq!(said(&report), (Accepted, vec![]), "{layout}");
        // The product is the file that comes with the data.
        let product = lasthand_model::digest::Sha256::of(&fs::read(folder.join("foo.tar.gz")).unwrap()).to_string();
        assert_eq!(report.layout.products["foo.tar.gz"]["sha256"], product);
    }
    let report = ask(&folder, "dsse-only.root.layout", "alice.pub", Inspections::LeaveOpen).unwrap();
    assert_eq!(said(&report), (Accepted, vec![]));
    assert_eq!(report.layout.steps.len(), 3);
}

#[test]
fn another_key_than_the_owners_is_refused() {
    // fail: every other key of the data, and those whose curve is not read are no keys
    let Some(folder) = folder() else { return };
    for key in ["carol.pub", "frank.pub", "grace.pub"] {
        let report = ask(&folder, "demo.layout", key, Inspections::Without).unwrap();
        assert_eq!(said(&report), (Refused, vec!["signature"]), "{key}");
    }
    for key in ["erin.pub", "heidi.pub"] {
        let fault = ask(&folder, "demo.layout", key, Inspections::Without);
        assert_eq!(fault.err().map(|fault| fault.exit_code()), Some(2), "{key}");
    }
}

#[test]
fn every_document_is_read_and_every_signature_holds() {
    // pass: each link by the key of the layout that its name says; fail: what nobody signed is signed by nobody
    let Some(folder) = folder() else { return };
    let alice = ForeignKey::from_pem(&fs::read(folder.join("alice.pub")).unwrap()).unwrap();
    let (mut layouts, mut links) = (0, 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".link") && !name.ends_with(".layout") {
            continue;
        }
        let document = Document::read(&fs::read(&path).unwrap(), &Limits::DEFAULT).unwrap();
        match document.content_unverified() {
            Content::Layout(_) => layouts += 1,
            Content::Link(_) => links += 1,
        }
        let signed = document.verify_by_all(&[lasthand_trust::layout::LayoutKey::of_owner(alice.clone())]).is_ok();
        let by_alice = ["demo.layout", "demo.dsse.layout", "dsse-only.root.layout", "sub_layout.70ca5750.link"];
        assert_eq!(signed, by_alice.contains(&name.as_str()), "{name}");
    }
    assert_eq!((layouts, links), (5, 8));
}

#[test]
fn the_sublayout_is_accepted_in_place_of_a_link() {
    // pass: signed by the key that may do the step, its links in its own folder; fail: unsigned and expired, as it comes
    let Some(folder) = folder() else { return };
    let report = ask(&folder, "super.layout", "alice.pub", Inspections::Without).unwrap();
    assert_eq!(said(&report), (Refused, vec!["signature"]));
    let owner = Functionary::ed25519(1);
    let document: Value = serde_json::from_slice(&fs::read(folder.join("super.layout")).unwrap()).unwrap();
    let mut plan = document["signed"].clone();
    plan["expires"] = "2030-01-01T00:00:00Z".into();
    let place = tempfile::tempdir().unwrap();
    let inner = place.path().join("sub_layout.70ca5750");
    fs::create_dir(&inner).unwrap();
    fs::copy(folder.join("sub_layout.70ca5750.link"), place.path().join("sub_layout.70ca5750.link")).unwrap();
    for name in ["write-code.b7d643de.link", "package.d3ffd108.link"] {
        fs::copy(folder.join(name), inner.join(name)).unwrap();
    }
    let demand = LayoutDemand { now: timestamp::parse(NOW).unwrap(), inspections: Inspections::Without };
    let links = LinkFolder::new(place.path());
    let owners = [layout_kit::owner_key(&owner)];
    let bytes = bare(&plan, &[&owner]).to_string();
    let report = judge("super.layout", bytes.as_bytes(), &owners, &links, demand, &Limits::DEFAULT).unwrap();
    assert_eq!(said(&report), (Accepted, vec![]));
    assert_eq!(report.layout.products.keys().collect::<Vec<_>>(), ["foo.tar.gz"]);
    assert_eq!(report.layout.steps[0].sublayouts[0].steps.len(), 2);
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    // fail: each signed document of the demo chain with one byte of what was signed changed
    let Some(folder) = folder() else { return };
    let place = tempfile::tempdir().unwrap();
    for name in ["demo.layout", "write-code.b7d643de.link", "package.d3ffd108.link", "alice.pub"] {
        fs::copy(folder.join(name), place.path().join(name)).unwrap();
    }
    let ask = || ask(place.path(), "demo.layout", "alice.pub", Inspections::Without);
    assert_eq!(said(&ask().unwrap()), (Accepted, vec![]));
    for (name, from, to) in [
        ("demo.layout", "\"threshold\": 1", "\"threshold\": 2"),
        ("demo.layout", "\"ALLOW\",", "\"allow\","),
        ("write-code.b7d643de.link", "74dc3727", "74dc3728"),
        ("package.d3ffd108.link", "\"return-value\": 0", "\"return-value\": 1"),
        ("package.d3ffd108.link", "\"environment\": {}", "\"environment\": {\"a\": 1}"),
    ] {
        let path = place.path().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        assert_eq!(ask().unwrap().verdict, Refused, "{name}: {from}");
        fs::write(&path, text).unwrap();
    }
}

#[test]
fn a_functionary_is_named_by_certificate() {
    // pass: a chain to the root of the layout, with the names that the step asks for; fail: another name, another time, no root
    if need::tool("openssl").is_none() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("sh").arg("-c").arg(CERTIFICATES).current_dir(place.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    let authority = |name: &str| json!({"keyid": "aa", "keyval": {"public": "", "certificate": read(name)}});
    let constraint = json!({
        "common_name": "write-code.example.com", "dns_names": [""], "emails": [], "organizations": ["example"], "roots": ["aa"],
        "uris": ["spiffe://example.com/write-code"],
    });
    let link = lasthand_testkit::layouts::link("write", &[], &["a=1"]);
    // The key signs what any functionary would sign; its id begins as the name of the file does.
    let mut signed = bare(&link, &[]);
    fs::write(place.path().join("message"), canonical_of(&link)).unwrap();
    let sign = std::process::Command::new("sh").arg("-c").arg(SIGN).current_dir(place.path()).output().unwrap();
    assert!(sign.status.success(), "{}", String::from_utf8_lossy(&sign.stderr));
    let signature = hex::encode(fs::read(place.path().join("signature")).unwrap());
    signed["signatures"] = json!([{"keyid": "0123456789abcdef", "sig": signature, "cert": read("leaf.pem")}]);
    let links = layout_kit::Links::default().file("", "write.01234567.link", signed.to_string().as_bytes());
    let owner = Functionary::ed25519(1);
    let ask = |change: &dyn Fn(&mut Value), now: &str| {
        let mut plan = lasthand_testkit::layouts::layout(
            &[lasthand_testkit::layouts::step("write", &[], 1, &[], &["ALLOW a", "DISALLOW *"])],
            &[],
        );
        plan["steps"][0]["cert_constraints"] = json!([constraint.clone()]);
        plan["rootcas"] = json!({"aa": authority("root.pem")});
        plan["intermediatecas"] = json!({"bb": authority("between.pem")});
        plan["expires"] = "2099-01-01T00:00:00Z".into();
        change(&mut plan);
        let document = bare(&plan, &[&owner]);
        layout_kit::judged_at(&document, &[&owner], &links, now, Inspections::LeaveOpen, &Limits::DEFAULT).unwrap()
    };
    let now = timestamp::format(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() + 3600);
    let good = ask(&|_| {}, &now);
    assert_eq!(said(&good), (Accepted, vec![]), "{good:#?}");
    assert_eq!(good.layout.steps[0].links[0].status, LinkStatus::Counted);
    let any = ask(&|plan| plan["steps"][0]["cert_constraints"][0]["common_name"] = "*".into(), &now);
    assert_eq!(said(&any), (Accepted, vec![]));
    let changes: [&dyn Fn(&mut Value); 9] = [
        &|plan| plan["steps"][0]["cert_constraints"][0]["common_name"] = "other.example.com".into(),
        &|plan| plan["steps"][0]["cert_constraints"][0]["uris"] = json!([]),
        &|plan| plan["steps"][0]["cert_constraints"][0]["uris"] = json!(["spiffe://example.com/write-code", "x"]),
        &|plan| plan["steps"][0]["cert_constraints"][0]["organizations"] = json!(["other"]),
        &|plan| plan["steps"][0]["cert_constraints"][0]["emails"] = json!(["a@example.com"]),
        &|plan| plan["steps"][0]["cert_constraints"][0]["roots"] = json!(["cc"]),
        &|plan| plan["steps"][0]["cert_constraints"] = json!([]),
        &|plan| plan["intermediatecas"] = json!({}),
        &|plan| plan["rootcas"] = json!({"aa": authority("other.pem")}),
    ];
    for (index, change) in changes.iter().enumerate() {
        assert_eq!(said(&ask(*change, &now)), (Refused, vec!["threshold"]), "{index}");
    }
    assert_eq!(said(&ask(&|_| {}, "2090-01-01T00:00:00Z")), (Refused, vec!["threshold"]));
}

/// A link has no number, so its canonical form is plain JSON with sorted members.
fn canonical_of(value: &Value) -> String {
    let sorted: std::collections::BTreeMap<String, Value> = serde_json::from_value(value.clone()).unwrap();
    serde_json::to_string(&sorted).unwrap()
}

const CERTIFICATES: &str = r#"set -e
ca() { printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' > ca.ext; }
ca
for name in root other; do
  openssl genrsa -out $name.key 2048
  openssl req -new -x509 -key $name.key -subj "/O=example/CN=$name" -days 3650 -out $name.pem \
    -addext 'keyUsage=critical,keyCertSign,cRLSign'
done
openssl genrsa -out between.key 2048
openssl req -new -key between.key -subj '/O=example/CN=between' -out between.csr
openssl x509 -req -in between.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile ca.ext -out between.pem
openssl genrsa -out leaf.key 2048
openssl req -new -key leaf.key -subj '/CN=write-code.example.com/OU=example/O=example' -out leaf.csr
printf 'basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectAltName=critical,URI:spiffe://example.com/write-code\n' > leaf.ext
openssl x509 -req -in leaf.csr -CA between.pem -CAkey between.key -CAcreateserial -days 3650 -extfile leaf.ext -out leaf.pem
"#;

const SIGN: &str = "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign leaf.key -out signature message";
