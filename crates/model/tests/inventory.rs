//! Inventories: vectors computed by another program, the blob and back, and paths as text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use lasthand_model::digest::{FileDigest, Sha256};
use lasthand_model::inventory::{
    BlobError, EntryType, EscapeError, Field, FileRecord, Inventory, Records, canonical_bytes, escape_path,
    unescape_path,
};
use lasthand_model::json;
use lasthand_model::limits::Limits;
use lasthand_model::wire::facts::EntryFact;
use proptest::prelude::*;
use serde_json::Value;

fn vector(name: &str) -> (Vec<FileRecord>, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/inventory");
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let value = json::parse(&bytes, &Limits::DEFAULT).unwrap();
    let records = value["records"].as_array().unwrap().iter().map(record).collect();
    (records, value["expected"].clone())
}

fn record(value: &Value) -> FileRecord {
    let bytes = |member: &Value| hex::decode(member.as_str().unwrap()).unwrap();
    let path = bytes(&value["path_hex"]);
    assert_eq!(escape_path(&path), value["path"].as_str().unwrap());
    let xattrs = value["xattrs_hex"].as_array().unwrap().iter();
    FileRecord {
        path,
        entry_type: EntryType::parse(value["type"].as_str().unwrap()).unwrap(),
        mode: u32::from_str_radix(value["mode"].as_str().unwrap(), 8).unwrap(),
        uid: value["uid"].as_u64().unwrap(),
        gid: value["gid"].as_u64().unwrap(),
        size: value["size"].as_u64().unwrap(),
        sha256: value["sha256"].as_str().filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()),
        link_target: bytes(&value["link_target_hex"]),
        device: value["device"].as_array().map(|pair| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap())),
        xattrs: xattrs.map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect(),
    }
}

#[test]
fn roots_equal_those_of_another_program() {
    // pass: leaves, blob and root as testdata/inventory/compute.py computes them from the specification
    for name in ["empty.json", "one-file.json", "five-entries.json"] {
        let (records, expected) = vector(name);
        let inventory = Inventory::from_records(records).unwrap();
        let leaves: Vec<Value> = inventory.records().map(|r| hex::encode(canonical_bytes(r)).into()).collect();
        assert_eq!(Value::from(leaves), expected["leaves_hex"], "{name}");
        assert_eq!(inventory.root().to_string(), expected["root"].as_str().unwrap(), "{name}");
        let blob = inventory.to_blob();
        assert_eq!(Sha256::of(&blob).to_string(), expected["blob_sha256"].as_str().unwrap(), "{name}");
        assert_eq!(Inventory::from_blob(&blob, &Limits::DEFAULT).unwrap(), inventory, "{name}");
    }
}

#[test]
fn the_empty_root_is_the_digest_of_nothing() {
    // pass: RFC 6962 section 2.1
    assert!(Inventory::default().root().to_string().starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
}

/// A blob of one record with these fields.
fn blob(fields: &[&[u8]]) -> Vec<u8> {
    let with_length = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    with_length(&fields.iter().map(|field| with_length(field)).collect::<Vec<_>>().concat())
}

const PLAIN: [&[u8]; 10] = [b"a", b"directory", b"755", b"0", b"0", b"0", b"", b"", b"", b""];

fn refusal(bytes: &[u8]) -> BlobError {
    Inventory::from_blob(bytes, &Limits::DEFAULT).unwrap_err()
}

#[test]
fn every_field_has_one_way_to_be_written() {
    // fail: leading zeros, signs, unknown types, half digests, half devices, modes over 7777
    let cases: &[(usize, &[u8], Field)] = &[
        (1, b"Directory", Field::Type),
        (1, b"", Field::Type),
        (1, b"\xff", Field::Type),
        (2, b"0755", Field::Mode),
        (2, b"10000", Field::Mode),
        (2, b"798", Field::Mode),
        (2, b"", Field::Mode),
        (3, b"00", Field::Uid),
        (3, b"+1", Field::Uid),
        (3, b"18446744073709551616", Field::Uid),
        (4, b"-1", Field::Gid),
        (4, b" 1", Field::Gid),
        (5, b"1e3", Field::Size),
        (6, b"short", Field::Sha256),
        (8, b"1", Field::Device),
        (9, b"03", Field::Device),
    ];
    for (at, text, field) in cases {
        let mut fields = PLAIN.to_vec();
        fields[*at] = text;
        assert_eq!(refusal(&blob(&fields)), BlobError::NotCanonical { offset: 0, field: *field }, "{at} {text:?}");
    }
    assert!(Inventory::from_blob(&blob(&PLAIN), &Limits::DEFAULT).is_ok());
}

#[test]
fn attributes_are_sorted_and_unique() {
    // fail: unsorted, twice, a name without value; pass: sorted
    let with = |more: &[&'static [u8]]| blob(&[&PLAIN[..], more].concat());
    let unsorted = BlobError::NotCanonical { offset: 0, field: Field::Xattrs };
    assert_eq!(refusal(&with(&[b"b", b"", b"a", b""])), unsorted);
    assert_eq!(refusal(&with(&[b"a", b"1", b"a", b"2"])), unsorted);
    assert_eq!(refusal(&with(&[b"a"])), BlobError::Truncated { offset: 0 });
    assert!(Inventory::from_blob(&with(&[b"a", b"1", b"b", b""]), &Limits::DEFAULT).is_ok());
}

#[test]
fn paths_are_sorted_and_unique() {
    // fail: one path twice, or before its predecessor
    let named = |path: &'static [u8]| blob(&[&[path], &PLAIN[1..]].concat());
    assert_eq!(refusal(&[named(b"a"), named(b"a")].concat()), BlobError::NotSorted { path: "a".into() });
    assert_eq!(refusal(&[named(b"b"), named(b"a\xff")].concat()), BlobError::NotSorted { path: "a\\xff".into() });
    assert!(Inventory::from_blob(&[named(b"a"), named(b"b")].concat(), &Limits::DEFAULT).is_ok());
}

#[test]
fn no_byte_may_be_missing_or_left_over() {
    // fail: every proper prefix that is not a record boundary, and every trailing byte
    let (records, _) = vector("five-entries.json");
    let inventory = Inventory::from_records(records).unwrap();
    let whole = inventory.to_blob();
    let mut boundaries = vec![0];
    for record in inventory.records() {
        boundaries.push(boundaries[boundaries.len() - 1] + 4 + canonical_bytes(record).len());
    }
    for length in 0..whole.len() {
        let read = Inventory::from_blob(&whole[..length], &Limits::DEFAULT);
        assert_eq!(read.is_ok(), boundaries.contains(&length), "prefix of {length} bytes");
    }
    let trailing = [&whole[..], b"\0"].concat();
    assert_eq!(refusal(&trailing), BlobError::Truncated { offset: whole.len() });
}

#[test]
fn limits_hold() {
    // fail: one record, path byte or attribute byte too many
    let (records, _) = vector("five-entries.json");
    let bytes = Inventory::from_records(records).unwrap().to_blob();
    let read = |limits: Limits| Inventory::from_blob(&bytes, &limits);
    assert!(read(Limits { entries: 5, ..Limits::DEFAULT }).is_ok());
    assert_eq!(read(Limits { entries: 4, ..Limits::DEFAULT }), Err(BlobError::OverEntries { limit: 4 }));
    let over =
        |field: Field| move |error: BlobError| matches!(error, BlobError::OverLength { field: f, .. } if f == field);
    assert!(read(Limits { path_bytes: 11, ..Limits::DEFAULT }).is_err_and(over(Field::Path)));
    assert!(read(Limits { xattr_bytes: 50, ..Limits::DEFAULT }).is_err_and(over(Field::Xattrs)));
}

#[test]
fn a_record_becomes_a_fact() {
    // pass: bytes that are no text are escaped, attribute values are hex
    let (records, _) = vector("five-entries.json");
    let facts: Vec<EntryFact> = records.iter().map(EntryFact::from).collect();
    assert_eq!(facts[0].xattrs["security.capability"], "0100000200200000000000000000000000000000");
    assert_eq!(facts[0].mode, 0o4755);
    assert_eq!(facts[2].link_target, "tool");
    assert_eq!(facts[3].device, Some((1, 3)));
    assert_eq!(facts[4].path, "caf\\xe9\\\\menu-é");
}

#[test]
fn one_path_has_one_text() {
    // fail: other spellings of a path
    assert_eq!(unescape_path("a\\xc3\\xa9"), Err(EscapeError::NotCanonical));
    assert_eq!(unescape_path("\\x41"), Err(EscapeError::NotCanonical));
    assert_eq!(unescape_path("\\x5c"), Err(EscapeError::NotCanonical));
    for (text, offset) in [("\\", 0), ("ab\\n", 2), ("\\xFF", 0), ("\\xf", 0), ("\\x+f", 0), ("\\xé", 0)] {
        assert_eq!(unescape_path(text), Err(EscapeError::BadEscape { offset }), "{text}");
    }
}

fn any_record() -> impl Strategy<Value = FileRecord> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..12);
    let numbers = (0u32..=0o7777, any::<u64>(), any::<u64>(), any::<u64>());
    let digest = prop::option::of(any::<[u8; 32]>().prop_map(|bytes| FileDigest(Sha256::from_bytes(bytes))));
    let xattrs = prop::collection::btree_map(bytes(), bytes(), 0..4);
    let rest = (digest, bytes(), prop::option::of(any::<(u64, u64)>()), xattrs);
    (bytes(), prop::sample::select(EntryType::ALL), numbers, rest).prop_map(
        |(path, entry_type, (mode, uid, gid, size), (sha256, link_target, device, xattrs))| {
            let xattrs = xattrs.into_iter().collect();
            FileRecord { path, entry_type, mode, uid, gid, size, sha256, link_target, device, xattrs }
        },
    )
}

proptest! {
    #[test]
    fn blob_round_trip(records in prop::collection::vec(any_record(), 0..20)) {
        // pass: from_blob is the inverse of to_blob, and the root follows the records
        let Ok(inventory) = Inventory::from_records(records) else { return Ok(()) };
        let read = Inventory::from_blob(&inventory.to_blob(), &Limits::DEFAULT).unwrap();
        prop_assert_eq!(read.root(), inventory.root());
        prop_assert_eq!(read, inventory);
    }

    #[test]
    fn a_blob_that_is_read_is_written_alike(
        records in prop::collection::vec(any_record(), 1..4), at in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        // fail or pass: whatever is accepted has one blob, also after one bit was turned
        let Ok(inventory) = Inventory::from_records(records) else { return Ok(()) };
        let mut bytes = inventory.to_blob();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = Inventory::from_blob(&bytes, &Limits::DEFAULT) {
            prop_assert_eq!(read.to_blob(), bytes);
            prop_assert_ne!(read.root(), inventory.root());
        }
    }

    #[test]
    fn a_table_that_is_added_lies_as_if_it_had_been_there(
        records in prop::collection::vec(near_record(), 0..12), added in prop::collection::vec(near_record(), 0..6),
    ) {
        // pass: every record in its place; fail: a path of both, a path of the table twice
        let Ok(inventory) = Inventory::from_records(records.clone()) else { return Ok(()) };
        let table: Records = added.iter().cloned().collect();
        let whole = Inventory::from_records(records.into_iter().chain(added).collect());
        prop_assert_eq!(inventory.with(table).ok(), whole.ok());
    }

    #[test]
    fn order_of_texts_is_known_without_a_look_at_all(records in prop::collection::vec(near_record(), 0..80)) {
        // pass and fail: escaped bytes sort as `\\`, which is before most bytes and behind some
        let records: BTreeMap<Vec<u8>, FileRecord> = records.into_iter().map(|record| (record.path.clone(), record)).collect();
        let inventory = Inventory::from_records(records.into_values().collect()).unwrap();
        let texts: Vec<&str> = (0..inventory.len()).map(|at| inventory.path_text(at)).collect();
        prop_assert_eq!(inventory.is_sorted_as_text(), texts.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn escape_is_injective(path in prop::collection::vec(path_byte(), 0..12), other in prop::collection::vec(path_byte(), 0..12)) {
        // pass: what is written is read back, and two paths have two texts
        prop_assert_eq!(unescape_path(&escape_path(&path)), Ok(path.clone()));
        prop_assert_eq!(escape_path(&path) == escape_path(&other), path == other);
    }

    #[test]
    fn unescape_is_injective(text in "[\\\\xa-f0-9é/]{0,12}") {
        // pass: whatever is read is the text of what was read
        if let Ok(path) = unescape_path(&text) {
            prop_assert_eq!(escape_path(&path), text);
        }
    }
}

/// Records whose paths are near each other, some of them no plain text.
fn near_record() -> impl Strategy<Value = FileRecord> {
    let byte = prop_oneof![40 => prop::sample::select(&b"aZ]_~"[..]), 1 => prop::sample::select(&b"\\\xff"[..])];
    (prop::collection::vec(byte, 1..4), any_record()).prop_map(|(path, record)| FileRecord {
        path,
        xattrs: Vec::new(),
        device: None,
        ..record
    })
}

/// Bytes that meet in escapes more often than chance has it.
fn path_byte() -> impl Strategy<Value = u8> {
    prop_oneof![any::<u8>(), prop::sample::select(&b"\\xxc3a9\xc3\xa9\xe2\x82\xac"[..])]
}
