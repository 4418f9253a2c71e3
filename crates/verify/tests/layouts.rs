//! Stories of layouts: who may do a step, what rules say, and every way to make a link count that should not.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a failed test may stop")]

mod layout_kit;

use lasthand_model::limits::Limits;
use lasthand_model::wire::layout::{LayoutReport, LayoutVerdict, LinkStatus};
use lasthand_testkit::layouts::{Functionary, bare, envelope, layout, link, rules, step};
use lasthand_verify::layout::{Inspections, LayoutFault};
use serde_json::{Value, json};

use LayoutVerdict::{Accepted, Refused, Undecided};
use layout_kit::{Links, judged, judged_at, notes, said, told};

/// The functionary of most stories.
fn ana() -> Functionary {
    Functionary::ed25519(10)
}

/// One step with rules over its products, and what it is said to have made.
fn products(rule: &[&str], made: &[&str]) -> LayoutReport {
    one_step(&[], rule, &[], made)
}

fn one_step(material_rules: &[&str], product_rules: &[&str], materials: &[&str], products: &[&str]) -> LayoutReport {
    let ana = ana();
    let layout = layout(&[step("build", &[&ana], 1, material_rules, product_rules)], &[&ana]);
    told(&layout, &Links::default().with("build", &ana, &bare(&link("build", materials, products), &[&ana])))
}

/// Two steps, the rules of the second over its materials.
fn matching(rule: &[&str], first: (&[&str], &[&str]), second: &[&str]) -> LayoutReport {
    let ana = ana();
    let steps = [step("write", &[&ana], 1, &[], &[]), step("build", &[&ana], 1, rule, &[])];
    let links = Links::default().with("write", &ana, &bare(&link("write", first.0, first.1), &[&ana])).with(
        "build",
        &ana,
        &envelope(&link("build", second, &[]), &[&ana]),
    );
    told(&layout(&steps, &[&ana]), &links)
}

#[test]
fn a_chain_that_holds_is_accepted_and_lists_its_products() {
    // pass: two steps, keys of every kind, bare and in envelopes; the last products are those to compare with
    for functionary in [ana(), Functionary::p256(), Functionary::p384(), Functionary::p521(), Functionary::rsa()] {
        for wrap in [bare, envelope] {
            let by = [&functionary];
            let steps = [
                step("write", &by, 1, &["DISALLOW *"], &["CREATE src/*", "DISALLOW *"]),
                step(
                    "build",
                    &by,
                    1,
                    &["MATCH src/* WITH PRODUCTS FROM write", "DISALLOW *"],
                    &["ALLOW app", "DISALLOW *"],
                ),
            ];
            let links = Links::default()
                .with("write", &functionary, &wrap(&link("write", &[], &["src/a.c=1", "src/b/c.c=2"]), &by))
                .with("build", &functionary, &wrap(&link("build", &["src/a.c=1"], &["app=3"]), &by));
            let owner = Functionary::p256();
            let report = judged(&wrap(&layout(&steps, &by), &[&owner]), &[&owner], &links).unwrap();
            assert_eq!(said(&report), (Accepted, vec![]), "{functionary:?}");
            assert_eq!(report.layout.products.keys().collect::<Vec<_>>(), ["app"]);
            assert_eq!(report.layout.steps[1].signed_by.len(), 1);
            assert_eq!(report.layout.steps[1].links[0].status, LinkStatus::Counted);
        }
    }
}

#[test]
fn each_rule_takes_what_it_says_and_nothing_else() {
    // pass and fail: the six rules over one step
    let good = (Accepted, vec![]);
    let disallowed = (Refused, vec!["disallowed"]);
    assert_eq!(said(&products(&["ALLOW app", "DISALLOW *"], &["app=1"])), good);
    assert_eq!(said(&products(&["ALLOW app", "DISALLOW *"], &["app=1", "more=2"])), disallowed);
    assert_eq!(said(&products(&["DISALLOW *.key"], &["x.key=1"])), disallowed);
    assert_eq!(said(&products(&["DISALLOW *.key"], &["a/b.key=1"])), disallowed);
    assert_eq!(said(&products(&["CREATE app", "DISALLOW *"], &["app=1"])), good);
    assert_eq!(said(&one_step(&[], &["CREATE app", "DISALLOW *"], &["app=0"], &["app=1"])), disallowed);
    assert_eq!(said(&one_step(&[], &["MODIFY app", "DISALLOW *"], &["app=0"], &["app=1"])), good);
    assert_eq!(said(&one_step(&[], &["MODIFY app", "DISALLOW *"], &["app=1"], &["app=1"])), disallowed);
    assert_eq!(said(&one_step(&["DELETE old", "DISALLOW *"], &[], &["old=0"], &[])), good);
    assert_eq!(said(&one_step(&["DELETE old", "DISALLOW *"], &[], &["old=0"], &["old=0"])), disallowed);
    assert_eq!(said(&products(&["REQUIRE app"], &["app=1"])), good);
    assert_eq!(said(&products(&["REQUIRE app"], &["app2=1"])), (Refused, vec!["required"]));
    // What a rule took is gone for the next one, and a rule that requires takes nothing.
    assert_eq!(said(&products(&["ALLOW *", "REQUIRE app"], &["app=1"])), (Refused, vec!["required"]));
    assert_eq!(said(&products(&["REQUIRE app", "DISALLOW app"], &["app=1"])), disallowed);
    // SPEC: without DISALLOW, what is left is no fault.
    assert_eq!(said(&products(&["ALLOW app"], &["app=1", "more=2"])), good);
    // A required name is a name, also when it looks like a pattern.
    assert_eq!(said(&products(&["REQUIRE *"], &["app=1"])), (Refused, vec!["required"]));
}

#[test]
fn match_takes_what_the_other_step_has_with_equal_digests() {
    // pass: same path and digest; prefixes on one side or both; fail: another digest, another path, another side
    let rest = "DISALLOW *";
    let good = (Accepted, vec![]);
    let bad = (Refused, vec!["disallowed"]);
    let check = |rule: &str, first: (&[&str], &[&str]), second: &[&str]| {
        let report = matching(&[rule, rest], first, second);
        (report.verdict, said(&report).1.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let owned = |(verdict, codes): &(LayoutVerdict, Vec<&str>)| {
        (*verdict, codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>())
    };
    for (rule, first, second, expected) in [
        ("MATCH a WITH PRODUCTS FROM write", (&[][..], &["a=1"][..]), &["a=1"][..], &good),
        ("MATCH * WITH PRODUCTS FROM write", (&[], &["a=1", "b=2"]), &["a=1"], &good),
        ("MATCH a WITH PRODUCTS FROM write", (&[], &["a=2"]), &["a=1"], &bad),
        ("MATCH a WITH PRODUCTS FROM write", (&["a=1"], &[]), &["a=1"], &bad),
        ("MATCH a WITH MATERIALS FROM write", (&["a=1"], &[]), &["a=1"], &good),
        ("MATCH * WITH PRODUCTS FROM other", (&[], &["a=1"]), &["a=1"], &bad),
        ("MATCH a IN src WITH PRODUCTS FROM write", (&[], &["a=1"]), &["src/a=1"], &good),
        ("MATCH a IN src/ WITH PRODUCTS IN out FROM write", (&[], &["out/a=1"]), &["src/a=1"], &good),
        ("MATCH * WITH PRODUCTS IN out FROM write", (&[], &["out/x/a=1"]), &["x/a=1"], &good),
        ("MATCH a IN src WITH PRODUCTS FROM write", (&[], &["a=1"]), &["srca=1"], &bad),
        ("MATCH a IN s WITH PRODUCTS FROM write", (&[], &["a=2"]), &["s/a=1"], &bad),
    ] {
        assert_eq!(check(rule, first, second), owned(expected), "{rule} {second:?}");
    }
}

#[test]
fn what_implementations_answer_differently_is_refused() {
    // fail: names, patterns and prefixes that Python and Go take differently, and digests that cannot be compared
    let ghost = matching(&["MATCH * IN src WITH PRODUCTS FROM write"], (&[], &["a=1"]), &["a=1"]);
    assert_eq!(said(&ghost), (Refused, vec!["readers-differ"]));
    let absolute = matching(&["MATCH * WITH PRODUCTS IN out FROM write"], (&[], &["out/a=1"]), &["/a=1"]);
    assert_eq!(said(&absolute), (Refused, vec!["readers-differ"]));
    for rule in
        ["ALLOW ./a", "ALLOW a/", "ALLOW a\\*", "ALLOW [a-]", "ALLOW []a]", "MATCH a IN . WITH PRODUCTS FROM build"]
    {
        assert_eq!(said(&products(&[rule], &["a=1"])), (Refused, vec!["rule-form"]), "{rule}");
    }
    let ana = ana();
    let plan = layout(&[step("build", &[&ana], 1, &[], &["MODIFY a"])], &[&ana]);
    let mut other = link("build", &["a=1"], &[]);
    other["products"] = json!({"a": {"sha512": "0".repeat(128)}});
    let report = told(&plan, &Links::default().with("build", &ana, &bare(&other, &[&ana])));
    assert_eq!(said(&report), (Refused, vec!["readers-differ"]));
}

#[test]
fn cve_2021_41087_a_path_that_walks_passes_no_rule() {
    // fail: `dir/../foo` is `foo` for whoever unpacks it, and another name for a rule
    for path in ["dir/../foo", "./foo", "dir//foo", "foo/", "../foo", "dir\\foo", "foo\u{0}", ""] {
        let report = products(&["DISALLOW foo", "ALLOW *"], &[&format!("{path}=1")]);
        assert_eq!(said(&report), (Refused, vec!["artifact", "threshold"]), "{path:?}");
    }
}

#[test]
fn an_artifact_without_a_strong_digest_proves_nothing() {
    // fail: none, MD5 alone, SHA-256 that is cut; equal on both sides, so that both implementations would match them
    let ana = ana();
    let steps = [
        step("write", &[&ana], 1, &[], &[]),
        step("build", &[&ana], 1, &["MATCH * WITH PRODUCTS FROM write", "DISALLOW *"], &[]),
    ];
    for digests in [json!({}), json!({"md5": "00"}), json!({"sha256": "abcd"}), json!({"sha256": "x".repeat(64)})] {
        let (mut write, mut build) = (link("write", &[], &[]), link("build", &[], &[]));
        write["products"] = json!({ "a": digests });
        build["materials"] = json!({ "a": digests });
        let links =
            Links::default().with("write", &ana, &bare(&write, &[&ana])).with("build", &ana, &bare(&build, &[&ana]));
        assert_eq!(
            said(&told(&layout(&steps, &[&ana]), &links)),
            (Refused, vec!["artifact", "threshold", "artifact", "threshold"]),
            "{digests}"
        );
    }
}

#[test]
fn a_threshold_counts_different_keys() {
    // pass: two people; fail: one person, one key under two ids, a stranger as the second, a threshold of nobody
    let (ana, bo, stranger) = (ana(), Functionary::p256(), Functionary::ed25519(66));
    let twin = Functionary::ed25519(10).called(&"ab".repeat(32));
    let plan = |by: &[&Functionary], threshold| layout(&[step("build", by, threshold, &[], &[])], by);
    let signed = |by: &Functionary| bare(&link("build", &[], &["a=1"]), &[by]);
    let links =
        |by: &[&Functionary]| by.iter().fold(Links::default(), |links, one| links.with("build", one, &signed(one)));
    assert_eq!(said(&told(&plan(&[&ana, &bo], 2), &links(&[&ana, &bo]))), (Accepted, vec![]));
    assert_eq!(said(&told(&plan(&[&ana, &bo], 2), &links(&[&ana]))), (Refused, vec!["threshold"]));
    assert_eq!(said(&told(&plan(&[&ana, &twin], 2), &links(&[&ana, &twin]))), (Refused, vec!["threshold"]));
    assert_eq!(said(&told(&plan(&[&ana, &twin], 1), &links(&[&ana, &twin]))), (Accepted, vec![]));
    let report = told(&plan(&[&ana, &bo], 2), &links(&[&ana, &stranger]));
    assert_eq!((said(&report), notes(&report)), ((Refused, vec!["threshold"]), vec!["link-ignored"]));
    for threshold in [0, -1, -(1 << 52)] {
        assert_eq!(said(&told(&plan(&[&ana], threshold), &links(&[&ana]))), (Refused, vec!["shape"]), "{threshold}");
    }
    assert_eq!(said(&told(&plan(&[&ana], 1 << 52), &links(&[&ana]))), (Refused, vec!["threshold"]));
    // GHSA-9vcr-p3rj-q5q6: one signer again and again is one signer.
    let mut again = plan(&[&ana], 2);
    again["steps"][0]["pubkeys"] = json!([ana.keyid(), ana.keyid()]);
    assert_eq!(said(&told(&again, &links(&[&ana]))), (Refused, vec!["threshold"]));
}

#[test]
fn links_of_a_step_must_agree_also_when_one_would_do() {
    // fail: two links that differ, at a threshold of 1 and of 2
    let (ana, bo) = (ana(), Functionary::p256());
    for threshold in [1, 2] {
        let plan = layout(&[step("build", &[&ana, &bo], threshold, &[], &[])], &[&ana, &bo]);
        let links = Links::default().with("build", &ana, &bare(&link("build", &[], &["a=1"]), &[&ana])).with(
            "build",
            &bo,
            &bare(&link("build", &[], &["a=2"]), &[&bo]),
        );
        assert_eq!(said(&told(&plan, &links)), (Refused, vec!["links-differ"]), "{threshold}");
    }
}

#[test]
fn a_link_counts_only_under_its_own_name_and_key() {
    // fail: a changed link, another's signature, another's key id, a link of another step, two keys under one file name
    let (ana, bo) = (ana(), Functionary::p256());
    let plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana, &bo]);
    let good = bare(&link("build", &[], &["a=1"]), &[&ana]);
    let mut changed = good.clone();
    changed["signed"]["products"] = json!({});
    let forged = bare(&link("build", &[], &["a=1"]), &[&Functionary::ed25519(66).called(ana.keyid())]);
    let mut renamed = good.clone();
    renamed["signatures"][0]["keyid"] = bo.keyid().into();
    let mut empty = good.clone();
    empty["signatures"][0]["sig"] = "".into();
    let mut none = good.clone();
    none["signatures"] = json!([]);
    let of_another_step = bare(&link("write", &[], &["a=1"]), &[&ana]);
    for document in [changed, forged, renamed, empty, none, of_another_step] {
        let report = told(&plan, &Links::default().with("build", &ana, &document));
        assert_eq!((said(&report), notes(&report)), ((Refused, vec!["threshold"]), vec!["link-ignored"]), "{document}");
    }
    // Bo may not build: his link says so and does not count, beside one that does.
    let both =
        Links::default().with("build", &ana, &good).with("build", &bo, &bare(&link("build", &[], &["b=1"]), &[&bo]));
    let report = told(&plan, &both);
    assert_eq!((said(&report), notes(&report)), ((Accepted, vec![]), vec!["link-ignored"]));
    let near = Functionary::p256().called(&format!("{}{}", ana.prefix(), "0".repeat(56)));
    let plan = layout(&[step("build", &[&ana, &near], 1, &[], &[])], &[&ana, &near]);
    assert_eq!(said(&told(&plan, &Links::default().with("build", &ana, &good))), (Refused, vec!["key-prefix"]));
}

#[test]
fn the_layout_itself_must_be_signed_by_each_key_asked_for() {
    // pass: by all of them; fail: by one of two, by another, changed, by nobody
    let (ana, owner, second) = (ana(), Functionary::ed25519(1), Functionary::rsa());
    let plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]);
    let links = Links::default().with("build", &ana, &bare(&link("build", &[], &["a=1"]), &[&ana]));
    for wrap in [bare, envelope] {
        let both = wrap(&plan, &[&owner, &second]);
        assert_eq!(said(&judged(&both, &[&owner, &second], &links).unwrap()), (Accepted, vec![]));
        let refused = (Refused, vec!["signature"]);
        assert_eq!(said(&judged(&wrap(&plan, &[&owner]), &[&owner, &second], &links).unwrap()), refused);
        let report = judged(&wrap(&plan, &[&ana]), &[&owner], &links).unwrap();
        assert_eq!(said(&report), refused);
        assert!(report.layout.steps.is_empty() && report.layout.products.is_empty());
        let mut changed = bare(&plan, &[&owner]);
        changed["signed"]["steps"][0]["threshold"] = 0.into();
        assert_eq!(said(&judged(&changed, &[&owner], &links).unwrap()), refused);
    }
    assert!(matches!(judged(&bare(&plan, &[&owner]), &[], &links), Err(LayoutFault::NoKey)));
}

#[test]
fn an_expired_layout_is_refused_to_the_second() {
    // pass: a second before its end; fail: at its end and later
    let (ana, owner) = (ana(), Functionary::ed25519(1));
    let plan = bare(&layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]), &[&owner]);
    let links = Links::default().with("build", &ana, &bare(&link("build", &[], &["a=1"]), &[&ana]));
    let at = |now: &str| {
        let report = judged_at(&plan, &[&owner], &links, now, Inspections::LeaveOpen, &Limits::DEFAULT).unwrap();
        (report.verdict, said(&report).1.join(" "))
    };
    assert_eq!(at("2029-12-31T23:59:59Z"), (Accepted, String::new()));
    assert_eq!(at("2030-01-01T00:00:00Z"), (Refused, "expired".to_owned()));
    assert_eq!(at("2031-01-01T00:00:00Z"), (Refused, "expired".to_owned()));
}

#[test]
fn inspections_are_never_run_and_leave_the_answer_open() {
    // pass: accepted when the caller leaves them out; fail: undecided otherwise, and refused stays refused
    let (ana, owner) = (ana(), Functionary::ed25519(1));
    let mut plan = layout(&[step("build", &[&ana], 1, &[], &["REQUIRE a"])], &[&ana]);
    plan["inspect"] = json!([{
        "_type": "inspection", "name": "untar", "run": ["touch", "inspected"],
        "expected_materials": rules(&["ALLOW *"]), "expected_products": rules(&["DISALLOW *"]),
    }]);
    let links = |made: &[&str]| Links::default().with("build", &ana, &bare(&link("build", &[], made), &[&ana]));
    let ask = |links: &Links, inspections| {
        judged_at(&bare(&plan, &[&owner]), &[&owner], links, layout_kit::NOW, inspections, &Limits::DEFAULT).unwrap()
    };
    let good = links(&["a=1"]);
    assert_eq!(said(&ask(&good, Inspections::LeaveOpen)), (Undecided, vec!["inspections"]));
    let without = ask(&good, Inspections::Without);
    assert_eq!((said(&without), notes(&without)), ((Accepted, vec![]), vec!["inspections"]));
    assert_eq!(without.layout.inspections[0].run, ["touch", "inspected"]);
    assert!(!std::path::Path::new("inspected").exists());
    assert_eq!(said(&ask(&links(&[]), Inspections::LeaveOpen)).0, Refused);
    assert_eq!(said(&ask(&links(&[]), Inspections::Without)).0, Refused);
}

#[test]
fn a_layout_stands_in_for_a_link_under_the_key_that_may_do_the_step() {
    // pass: its first materials and last products are those of the step; fail: signed by another, expired, its own link missing
    let (ana, sub) = (ana(), Functionary::p384());
    let outer = layout(
        &[step("build", &[&sub], 1, &["DISALLOW *"], &["MATCH app WITH PRODUCTS FROM build", "DISALLOW *"])],
        &[&sub],
    );
    let inner = layout(
        &[
            step("compile", &[&ana], 1, &[], &["ALLOW obj"]),
            step("link", &[&ana], 1, &["MATCH obj WITH PRODUCTS FROM compile", "DISALLOW *"], &["ALLOW app"]),
        ],
        &[&ana],
    );
    let folder = format!("build.{}", sub.prefix());
    let compile = format!("compile.{}.link", ana.prefix());
    let links = |inner: &Value| {
        Links::default()
            .with("build", &sub, inner)
            .file(&folder, &compile, bare(&link("compile", &[], &["obj=1"]), &[&ana]).to_string().as_bytes())
            .file(
                &folder,
                &format!("link.{}.link", ana.prefix()),
                bare(&link("link", &["obj=1"], &["app=2"]), &[&ana]).to_string().as_bytes(),
            )
    };
    for wrap in [bare, envelope] {
        let report = told(&outer, &links(&wrap(&inner, &[&sub])));
        assert_eq!(said(&report), (Accepted, vec![]), "{report:#?}");
        assert_eq!(report.layout.products.keys().collect::<Vec<_>>(), ["app"]);
        assert_eq!(report.layout.steps[0].sublayouts[0].steps.len(), 2);
    }
    assert_eq!(said(&told(&outer, &links(&bare(&inner, &[&ana])))), (Refused, vec!["threshold"]));
    let mut expired = inner.clone();
    expired["expires"] = "2020-01-01T00:00:00Z".into();
    assert_eq!(said(&told(&outer, &links(&bare(&expired, &[&sub])))), (Refused, vec!["expired"]));
    let mut lost = links(&bare(&inner, &[&sub]));
    lost.0.remove(&(folder.clone(), compile.clone()));
    let report = told(&outer, &lost);
    assert_eq!(said(&report), (Refused, vec!["threshold", "threshold"]));
    // The links of a layout inside lie in its own folder, and nowhere else.
    let mut outside = links(&bare(&inner, &[&sub]));
    let moved = outside.0.remove(&(folder, compile.clone())).unwrap();
    outside.0.insert((String::new(), compile), moved);
    assert_eq!(said(&told(&outer, &outside)).0, Refused);
}

#[test]
fn layouts_within_layouts_end_at_a_limit() {
    // fail: a layout that delegates to itself again and again is over a limit, and no answer
    let sub = Functionary::ed25519(9);
    let plan = layout(&[step("build", &[&sub], 1, &[], &[])], &[&sub]);
    let document = bare(&plan, &[&sub]).to_string();
    let name = format!("build.{}.link", sub.prefix());
    let mut links = Links::default();
    let mut folder: Vec<String> = Vec::new();
    for _ in 0..40 {
        links = links.file(&folder.join("/"), &name, document.as_bytes());
        folder.push(format!("build.{}", sub.prefix()));
    }
    let fault = judged(&bare(&plan, &[&sub]), &[&sub], &links);
    assert!(matches!(&fault, Err(LayoutFault::OverLimit { .. })), "{fault:?}");
    assert_eq!(fault.err().map(|fault| fault.exit_code()), Some(4));
}

#[test]
fn the_owners_signature_is_under_an_id_of_his_key() {
    // pass: the ids of Python and Go, older types, the digest of the key, none; fail: another one, that of another key, or one in other letters, as
    // Python and Go find no signature there
    let ana = ana();
    let plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]);
    let links = Links::default().with("build", &ana, &bare(&link("build", &[], &["a=1"]), &[&ana]));
    let owners =
        [Functionary::ed25519(1), Functionary::p256(), Functionary::p384(), Functionary::p521(), Functionary::rsa()];
    let cases = owners.iter().flat_map(|owner| [(owner, false), (owner, true)]);
    for (owner, is_wrapped) in cases {
        let wrap = if is_wrapped { envelope } else { bare };
        let under = |keyid: &str| {
            let mut signed = wrap(&plan, &[owner]);
            signed["signatures"][0]["keyid"] = keyid.into();
            judged(&signed, &[owner], &links).unwrap()
        };
        let digest = lasthand_model::digest::Sha256::of(owner.spki()).to_string();
        let mut good = vec![owner.keyid_of_python(), owner.keyid_of_go(), digest.clone(), String::new()];
        good.extend(owner.keyids_of_older_releases());
        for keyid in &good {
            assert_eq!(said(&under(keyid)), (Accepted, vec![]), "{owner:?} {keyid}");
        }
        for keyid in ["00", ana.keyid(), &digest.to_uppercase(), owner.prefix(), &format!("{digest} ")] {
            let report = under(keyid);
            assert_eq!(said(&report), (Refused, vec!["signature"]), "{owner:?} {keyid}");
            assert!(report.findings[0].message.contains("none that implementations give this key"));
            assert!(report.layout.steps.is_empty() && report.layout.products.is_empty());
        }
        // Another signature of the same key under its own id makes up for it.
        let mut twice = wrap(&plan, &[owner]);
        let mut other = twice["signatures"][0].clone();
        other["keyid"] = "00".into();
        twice["signatures"].as_array_mut().unwrap().insert(0, other);
        assert_eq!(said(&judged(&twice, &[owner], &links).unwrap()), (Accepted, vec![]));
    }
}

#[test]
fn key_types_of_older_releases_are_read() {
    // pass: the scheme as the type, for each curve, as Python reads it; fail: the type of one curve with the scheme of another, and both with another key
    let curves = [Functionary::p256(), Functionary::p384(), Functionary::p521()];
    let types = ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
    for (at, functionary) in curves.iter().enumerate() {
        let with = |keytype: &str, scheme: &str| {
            let mut plan = layout(&[step("build", &[functionary], 1, &[], &[])], &[functionary]);
            plan["keys"][functionary.keyid()]["keytype"] = keytype.into();
            plan["keys"][functionary.keyid()]["scheme"] = scheme.into();
            let document = bare(&link("build", &[], &["a=1"]), &[functionary]);
            told(&plan, &Links::default().with("build", functionary, &document))
        };
        for (first, keytype) in types.iter().enumerate() {
            for (second, scheme) in types.iter().enumerate() {
                let report = with(keytype, scheme);
                let is_own = first == at && second == at;
                let expected = if is_own { (Accepted, vec![]) } else { (Refused, vec!["threshold"]) };
                assert_eq!(said(&report), expected, "{functionary:?} {keytype} {scheme}");
                assert_eq!(notes(&report).contains(&"key-unused"), !is_own);
            }
        }
        assert_eq!(said(&with("ed25519", types[at])), (Refused, vec!["threshold"]));
    }
    // One key under both types is one key.
    let [one, ..] = &curves;
    let old = "ab".repeat(32);
    let mut plan = layout(&[step("build", &[one], 2, &[], &[])], &[one]);
    let mut listed = plan["keys"][one.keyid()].clone();
    (listed["keyid"], listed["keytype"]) = (old.as_str().into(), types[0].into());
    plan["keys"][&old] = listed;
    plan["steps"][0]["pubkeys"] = json!([one.keyid(), old]);
    let made = bare(&link("build", &[], &["a=1"]), &[one]);
    let mut again = made.clone();
    again["signatures"][0]["keyid"] = old.as_str().into();
    let links =
        Links::default().with("build", one, &made).file("", "build.abababab.link", again.to_string().as_bytes());
    assert_eq!(said(&told(&plan, &links)), (Refused, vec!["threshold"]));
}

#[test]
fn a_key_that_cannot_be_used_meets_no_threshold() {
    // fail: OpenPGP, subkeys, a private key beside it, another id inside, another curve than the scheme says, an RSA key that is small
    let (ana, p256) = (ana(), Functionary::p256());
    let with = |change: &dyn Fn(&mut Value)| {
        let mut plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]);
        change(&mut plan["keys"][ana.keyid()]);
        told(&plan, &Links::default().with("build", &ana, &bare(&link("build", &[], &["a=1"]), &[&ana])))
    };
    assert_eq!(said(&with(&|_| {})), (Accepted, vec![]));
    let changes: [&dyn Fn(&mut Value); 7] = [
        &|key| key["subkeys"] = json!({}),
        &|key| key["keyval"]["private"] = "00".into(),
        &|key| key["keyid"] = p256.keyid().into(),
        &|key| key["scheme"] = "rsassa-pss-sha256".into(),
        &|key| {
            *key = json!({"method": "pgp+rsa-pkcsv1.5", "type": "rsa", "keyid": ana.keyid(), "hashes": ["pgp+SHA2"]})
        },
        &|key| {
            let listed = p256.listed();
            key["keytype"] = "ecdsa".into();
            key["scheme"] = "ecdsa-sha2-nistp384".into();
            key["keyval"] = listed["keyval"].clone();
        },
        &|key| key["keyval"]["public"] = "00".into(),
    ];
    for (index, change) in changes.iter().enumerate() {
        let report = with(*change);
        assert_eq!(said(&report), (Refused, vec!["threshold"]), "{index}");
        assert!(notes(&report).contains(&"key-unused"), "{index}");
    }
}

#[test]
fn a_malformed_layout_is_an_error_and_no_verdict() {
    // fail: each with exit code 4
    let (ana, owner) = (ana(), Functionary::ed25519(1));
    let plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut plan = plan.clone();
        change(&mut plan);
        bare(&plan, &[&owner])
    };
    let good = bare(&plan, &[&owner]);
    let mut both = good.clone();
    both["payload"] = "e30=".into();
    let mut twice = good.clone();
    twice["signatures"] = json!([good["signatures"][0], good["signatures"][0]]);
    let mut many = good.clone();
    many["signatures"] = (0..100).map(|index| json!({"keyid": format!("{index:08x}"), "sig": "00"})).collect();
    let mut of_statement = envelope(&plan, &[&owner]);
    of_statement["payloadType"] = "application/json".into();
    for (name, document) in [
        ("unknown member", changed(&|plan| plan["more"] = 1.into())),
        ("other case", changed(&|plan| plan["Steps"] = json!([]))),
        ("unknown member of a step", changed(&|plan| plan["steps"][0]["more"] = 1.into())),
        ("missing member", changed(&|plan| drop(plan.as_object_mut().unwrap().remove("readme")))),
        ("null", changed(&|plan| plan["steps"][0]["expected_products"] = Value::Null)),
        ("fraction", changed(&|plan| plan["steps"][0]["threshold"] = json!(1.0))),
        ("too large", changed(&|plan| plan["steps"][0]["threshold"] = json!(1_u64 << 60))),
        ("type", changed(&|plan| plan["_type"] = "plan".into())),
        ("type of a step", changed(&|plan| plan["steps"][0]["_type"] = "link".into())),
        ("date", changed(&|plan| plan["expires"] = "2030-01-01".into())),
        ("date with offset", changed(&|plan| plan["expires"] = "2030-01-01T00:00:00+01:00".into())),
        ("no date", changed(&|plan| plan["expires"] = "2030-13-01T00:00:00Z".into())),
        ("envelope and bare", both),
        ("two signatures under one id", twice),
        ("many signatures", many),
        ("payload type", of_statement),
        ("a link", bare(&link("build", &[], &[]), &[&owner])),
        ("neither", json!({"steps": []})),
        ("no object", json!([])),
    ] {
        let fault = judged(&document, &[&owner], &Links::default());
        assert_eq!(fault.as_ref().err().map(LayoutFault::exit_code), Some(4), "{name}: {fault:?}");
    }
    for text in [
        &br#"{"signed": {"_type": "layout", "_type": "link"}, "signatures": []}"#[..],
        b"{\"signed\": {\"_type\": \"\xff\"}, \"signatures\": []}",
        b"",
        b"{",
    ] {
        let owners = [layout_kit::owner_key(&owner)];
        let demand = lasthand_verify::layout::LayoutDemand { now: 0, inspections: Inspections::LeaveOpen };
        let fault = lasthand_verify::layout::judge("x", text, &owners, &Links::default(), demand, &Limits::DEFAULT);
        assert_eq!(fault.err().map(|fault| fault.exit_code()), Some(4));
    }
}

#[test]
fn a_link_that_readers_take_differently_does_not_count() {
    // fail: at the name of a key that may do the step, so that Python's reader would end there
    let ana = ana();
    let plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]);
    let name = format!("build.{}.link", ana.prefix());
    let with = |change: &dyn Fn(&mut Value)| {
        let mut link = link("build", &[], &["a=1"]);
        change(&mut link);
        bare(&link, &[&ana]).to_string().into_bytes()
    };
    for bytes in [
        with(&|link| link["more"] = 1.into()),
        with(&|link| link["Products"] = json!({})),
        with(&|link| link["command"] = Value::Null),
        with(&|link| drop(link.as_object_mut().unwrap().remove("environment"))),
        with(&|link| link["byproducts"] = json!({"return-value": 0.5})),
        with(&|link| link["_type"] = "https://in-toto.io/Statement/v1".into()),
        b"not JSON".to_vec(),
        b"[".repeat(100_000),
    ] {
        let report = told(&plan, &Links::default().file("", &name, &bytes));
        assert_eq!(said(&report), (Refused, vec!["link-unreadable", "threshold"]));
    }
}

#[test]
fn shapes_that_prove_nothing_or_name_no_file_are_refused() {
    // fail: no step, a name twice, names that are paths or patterns
    let ana = ana();
    assert_eq!(said(&told(&layout(&[], &[]), &Links::default())), (Refused, vec!["shape"]));
    let links = Links::default().with("a", &ana, &bare(&link("a", &[], &["x=1"]), &[&ana]));
    let twice = [step("a", &[&ana], 1, &[], &[]), step("a", &[&ana], 1, &[], &[])];
    assert_eq!(said(&told(&layout(&twice, &[&ana]), &links)), (Refused, vec!["shape"]));
    for name in ["", "../a", "a/b", "a*", "a?", "[a]", "a\nb", &"a".repeat(300)] {
        let report = told(&layout(&[step(name, &[&ana], 1, &[], &[])], &[&ana]), &links);
        assert_eq!(said(&report), (Refused, vec!["shape"]), "{name}");
    }
    for rule in ["PERMIT a", "ALLOW", "MATCH a", "ALLOW a b"] {
        assert_eq!(said(&products(&[rule], &["a=1"])), (Refused, vec!["rule-form"]), "{rule}");
    }
}

#[test]
fn another_command_is_told_and_refuses_nothing() {
    // pass: SPEC section 4.3.1
    let ana = ana();
    let mut plan = layout(&[step("build", &[&ana], 1, &[], &[])], &[&ana]);
    plan["steps"][0]["expected_command"] = json!(["make"]);
    let report = told(&plan, &Links::default().with("build", &ana, &bare(&link("build", &[], &["a=1"]), &[&ana])));
    assert_eq!((said(&report), notes(&report)), ((Accepted, vec![]), vec!["command"]));
}

#[test]
fn a_million_rules_and_artifacts_cost_what_they_weigh() {
    // pass: rules that name their files are looked up; fail: patterns that would be compared without end are over a limit
    let ana = ana();
    let names: Vec<String> = (0..20_000).map(|index| format!("d{}/f{index}=1", index % 7)).collect();
    let made: Vec<&str> = names.iter().map(String::as_str).collect();
    let document = bare(&link("build", &[], &made), &[&ana]);
    let links = Links::default().with("build", &ana, &document);
    let plan = |texts: &[String]| {
        let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        texts.push("DISALLOW *");
        layout(&[step("build", &[&ana], 1, &[], &texts)], &[&ana])
    };
    let named: Vec<String> = made.iter().map(|name| format!("ALLOW {}", name.strip_suffix("=1").unwrap())).collect();
    assert_eq!(said(&told(&plan(&named), &links)), (Accepted, vec![]));
    let costly: Vec<String> = (0..1_000).map(|index| format!("ALLOW *x*{index}*y")).collect();
    let owner = Functionary::ed25519(1);
    let limits = Limits { rule_bytes: 10_000_000, ..Limits::DEFAULT };
    let document = bare(&plan(&costly), &[&owner]);
    let fault = judged_at(&document, &[&owner], &links, layout_kit::NOW, Inspections::LeaveOpen, &limits);
    assert!(matches!(&fault, Err(LayoutFault::OverLimit { .. })), "{:?}", fault.map(|report| report.verdict));
    let limits = Limits { bundles: 0, ..Limits::DEFAULT };
    let fault = judged_at(&document, &[&owner], &links, layout_kit::NOW, Inspections::LeaveOpen, &limits);
    if !matches!(&fault, Err(LayoutFault::OverLimit { .. })) {
        panic!("{fault:?}");
    }
}
