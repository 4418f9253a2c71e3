//! The tar reader against Go's, which pullers of images use: on archives made at random, and on the archives of the shared test data.
//!
//! Asked of every archive: where Go lists all, the same entries, bit for bit, and where nothing refuses an inventory with Go's owners, modes,
//! devices and attributes; where Go stops, the entries before, and an error or a note that refuses; an error that Go does not give only for
//! a limit.
//!
//! `LASTHAND_ARCHIVES=200000` makes more archives, `LASTHAND_SEED=7` begins with another seed.
#![expect(clippy::unwrap_used, reason = "a test")]

mod inventory;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use base64::Engine as _;
use lasthand_artifact::{ArtifactError, ArtifactFacts, Kind, MemoryBlob, NoteKind, RawEntry, list};
use lasthand_model::limits::Limits;
use lasthand_testkit::archives::{Archive, Feature};
use lasthand_testkit::need;
use lasthand_testkit::oracle::{Answer, Content, Entry, Oracle};

/// Small enough for thousands of huge holes, large enough for everything else that is drawn.
const LIMITS: Limits = Limits { inflate_free_bytes: 4 << 20, ..Limits::DEFAULT };

/// What a limit may stop that Go reads. Anything else is a difference.
const LIMITED: &[&str] = &[
    "uncompressed bytes",
    "uncompressed bytes for one compressed byte",
    "bytes of a path",
    "bytes of a link target",
    "bytes of extended attributes",
];

/// The reserved flags of a gzip header. SPEC: RFC 1952 section 2.3.1.2: one that is set must be refused; Go does not look.
const GZIP_RESERVED: u8 = 0xe0;

/// What must be noted of an archive with such an end that is read without an error: other readers see something else there.
const ENDINGS: &[(Feature, &[NoteKind])] = &[
    (Feature::EndMissing, &[NoteKind::MissingEndMarker]),
    (Feature::EndOneBlock, &[NoteKind::ShortEndMarker]),
    (Feature::EndThenData, &[NoteKind::AfterEndMarker, NoteKind::TrailingBytes]),
    (Feature::EndThenEntries, &[NoteKind::AfterEndMarker, NoteKind::TrailingBytes]),
    (Feature::EndPax, &[NoteKind::LostExtension]),
    (Feature::EndPaxMissing, &[NoteKind::LostExtension]),
    (Feature::EndLong, &[NoteKind::LostExtension]),
    (Feature::EndNoPadding, &[NoteKind::CutPadding]),
    (Feature::EndPartPadding, &[NoteKind::CutPadding]),
];

/// Differences that each thread looks into; of those that shrink to the same features one is shown.
const LOOKED_INTO: usize = 40;

/// What our reader gives.
struct Reading {
    /// Flags of the first gzip member; 0 where there is none.
    gzip_flags: u8,
    entries: Vec<Raw>,
    end: Result<ArtifactFacts, ArtifactError>,
}

/// The part of an entry that both readers give.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Raw {
    path: Vec<u8>,
    typeflag: u8,
    mode: i64,
    size: i64,
    link: Vec<u8>,
    content: Content,
}

impl Raw {
    fn ours(entry: &RawEntry<'_>) -> Self {
        Self {
            path: entry.path.to_vec(),
            typeflag: entry.typeflag,
            mode: entry.mode,
            size: entry.size,
            link: entry.link.to_vec(),
            content: entry.sha256.map_or(Content::Absent, |digest| Content::Sha256(digest.to_string())),
        }
    }

    fn of_go(entry: &Entry) -> Self {
        let Entry { path, typeflag, mode, size, link, content, .. } = entry.clone();
        Self { path, typeflag, mode, size, link, content }
    }

    fn is_same(&self, go: &Self) -> bool {
        let unread = go.content == Content::Unread;
        *self == Self { content: if unread { self.content.clone() } else { go.content.clone() }, ..go.clone() }
    }

    fn show(&self) -> String {
        let content = match &self.content {
            Content::Sha256(digest) => digest.get(..8).unwrap_or_default().to_owned(),
            other => format!("{other:?}"),
        };
        format!(
            "`{}` type {} mode {:o} size {} link `{}` {content}",
            self.path.escape_ascii(),
            self.typeflag.escape_ascii(),
            self.mode,
            self.size,
            self.link.escape_ascii()
        )
    }
}

fn kind_of(bytes: &[u8]) -> Kind {
    match bytes {
        [0x1f, 0x8b, ..] => Kind::TarGzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Kind::TarZstd,
        _ => Kind::Tar,
    }
}

fn read_ours(bytes: &[u8], limits: &Limits) -> Reading {
    let mut entries = Vec::new();
    let blob = MemoryBlob::new("archive", bytes.to_vec());
    let end = list(&blob, Some(kind_of(bytes)), limits, &mut |entry| entries.push(Raw::ours(entry)));
    let gzip_flags = if kind_of(bytes) == Kind::TarGzip { bytes.get(3).copied().unwrap_or_default() } else { 0 };
    Reading { gzip_flags, entries, end }
}

/// In what the two readings differ against the rule; `None` where they do not.
fn difference(ours: &Reading, go: &Answer) -> Option<String> {
    let theirs: Vec<Raw> = go.entries.iter().map(Raw::of_go).collect();
    let same = ours.entries.iter().zip(&theirs).take_while(|(ours, theirs)| ours.is_same(theirs)).count();
    let is_prefix = same == ours.entries.len();
    let is_one_more = same == theirs.len() && ours.entries.len() == same + 1;
    let is_equal = is_prefix && same == theirs.len();
    let limited = ours.end.as_ref().is_err_and(|error| is_stated(error, ours.gzip_flags));
    // What the oracle did not read may be damaged.
    let stops_unread = theirs.get(same).is_some_and(|entry| entry.content == Content::Unread) && ours.end.is_err();
    let what = match (&ours.end, &go.error) {
        _ if is_prefix && (limited || stops_unread) => return None,
        (Err(_), None) => "an error that Go does not give",
        (Ok(facts), None) if is_equal && facts.refusals().next().is_some() => return None,
        (Ok(facts), None) if is_equal => return inventory::difference(facts, &go.entries),
        (Err(_), Some(_)) if is_equal => return None,
        // Of what lies before a damage one decoder hands out less than the other one, and Go passes over an entry that ends right at it.
        (Err(ArtifactError::Compression { .. }), Some(_)) if is_prefix || is_one_more => return None,
        (Ok(facts), Some(_)) if is_equal && facts.notes.iter().any(|note| note.refuses()) => return None,
        (Ok(_), Some(_)) if is_equal => "Go stops, and we see nothing that refuses",
        _ => "other entries",
    };
    let end = match &ours.end {
        Ok(facts) => format!("notes {:?}", facts.notes.iter().map(|note| note.kind).collect::<Vec<_>>()),
        Err(error) => format!("error {error}"),
    };
    let shown = |entries: &[Raw]| entries.get(same).map_or_else(|| "nothing more".to_owned(), Raw::show);
    Some(format!(
        "{what}, after {same} equal entries\n    ours: {}; {end}\n    go:   {}; error {:?}",
        shown(&ours.entries),
        shown(&theirs),
        go.error
    ))
}

/// The end of an archive that should have been noted and is not.
fn unnoted(archive: &Archive, ours: &Reading) -> Option<String> {
    let facts = ours.end.as_ref().ok()?;
    let (_, wanted) = ENDINGS.iter().find(|(ending, _)| archive.features().contains(ending))?;
    // An end before this end: wild features have sizes that count no body, and of two pax headers the second one hides a size.
    let is_expected = archive.features().iter().all(|feature| feature.is_tame()) && !archive.has_zero_block();
    let is_seen = facts.notes.iter().any(|note| wanted.contains(&note.kind));
    (is_expected && !is_seen).then(|| format!("none of {wanted:?}\n    ours: {:?}", facts.notes))
}

/// Whether an error may stand where Go gives none.
fn is_stated(error: &ArtifactError, gzip_flags: u8) -> bool {
    match error {
        ArtifactError::OverLimit { what, .. } => LIMITED.contains(what),
        ArtifactError::Compression { .. } => gzip_flags & GZIP_RESERVED != 0,
        _ => false,
    }
}

/// Counts over many archives.
#[derive(Default)]
struct Tally {
    archives: usize,
    entries: usize,
    /// Both readers got to the end, with at least one entry.
    whole: usize,
    limited: usize,
    features: BTreeMap<Feature, usize>,
    /// What was left of an archive that differs -> how it differs.
    different: BTreeMap<Vec<Feature>, String>,
    differ: usize,
}

impl Tally {
    fn compare(&mut self, archive: &Archive, oracle: &mut Oracle) {
        let mut judge = |archive: &Archive| {
            let bytes = archive.bytes();
            let go = oracle.ask(&archive.seed().to_string(), &bytes);
            let ours = read_ours(&bytes, &LIMITS);
            (difference(&ours, &go).or_else(|| unnoted(archive, &ours)), ours, go)
        };
        let (found, ours, go) = judge(archive);
        self.archives += 1;
        self.entries += go.entries.len();
        self.whole += usize::from(go.error.is_none() && ours.end.is_ok() && !go.entries.is_empty());
        self.limited += usize::from(go.error.is_none() && ours.end.is_err());
        for feature in archive.features() {
            *self.features.entry(*feature).or_default() += 1;
        }
        if found.is_none() {
            return;
        }
        self.differ += 1;
        if self.differ <= LOOKED_INTO {
            let least = archive.shrink(|smaller| judge(smaller).0.is_some());
            let what = judge(&least).0.unwrap_or_default();
            let seed = archive.seed();
            let shown = format!("{what}\n    LASTHAND_ARCHIVES=1 LASTHAND_SEED={seed} shows it\n{least}");
            self.different.entry(least.features().to_vec()).or_insert(shown);
        }
    }

    fn add(mut self, other: Self) -> Self {
        self.archives += other.archives;
        self.entries += other.entries;
        self.whole += other.whole;
        self.limited += other.limited;
        for (feature, count) in other.features {
            *self.features.entry(feature).or_default() += count;
        }
        self.different.extend(other.different);
        self.differ += other.differ;
        self
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what a reader of the log wants to see")]
fn random_archives_are_listed_as_go_lists_them() {
    // pass: the rule of this file on every archive, each feature among them; fail: one difference
    let (Some(first), Some(second)) = (Oracle::start(), Oracle::start()) else { return };
    let (archives, start) = (setting("LASTHAND_ARCHIVES", 20_000), setting("LASTHAND_SEED", 0));
    let run = |mut oracle: Oracle, odd: u64| {
        let mut tally = Tally::default();
        for seed in (start + odd..start + archives).step_by(2) {
            tally.compare(&Archive::draw(seed), &mut oracle);
        }
        tally
    };
    let tally = thread::scope(|scope| {
        let other = scope.spawn(|| run(second, 1));
        run(first, 0).add(other.join().unwrap())
    });
    println!(
        "{} archives, {} entries by Go; both read {} to the end; {} stopped by a limit alone",
        tally.archives, tally.entries, tally.whole, tally.limited
    );
    let shown: Vec<_> = tally.different.values().map(String::as_str).collect();
    assert!(shown.is_empty(), "{} archives differ, such as\n{}", tally.differ, shown.join("\n"));
    // A run of one archive, to look at it, asks for no more.
    if archives >= 2_000 {
        let few: Vec<_> = Feature::ALL
            .iter()
            .map(|feature| (*feature, tally.features.get(feature).copied().unwrap_or_default()))
            .filter(|(_, count)| *count < tally.archives / 200)
            .collect();
        assert!(few.is_empty(), "drawn too seldom: {few:?}");
        assert!(tally.whole * 100 >= tally.archives * 40, "only {} archives are read to the end", tally.whole);
        assert!(tally.limited * 100 <= tally.archives * 5, "{} archives are stopped by a limit alone", tally.limited);
    }
}

#[test]
fn shared_archives_are_listed_as_go_lists_them() {
    // pass: the rule of this file on every archive of the test data, zstd inflated for Go; fail: one difference
    let Some(folder) = need::testdata() else { return };
    let Some(mut oracle) = Oracle::start() else { return };
    let mut different = Vec::new();
    let mut compared = 0;
    for path in archives_of(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let bytes = bytes_of(&path);
        let ours = read_ours(&bytes, &Limits::DEFAULT);
        let (inflated, whole) = if kind_of(&bytes) == Kind::TarZstd { unzstd(&bytes) } else { (bytes, true) };
        let mut go = oracle.ask(&name, &inflated);
        if !whole {
            go.error.get_or_insert_with(|| "a bad zstd stream".to_owned());
        }
        compared += 1;
        different.extend(difference(&ours, &go).map(|what| format!("{name}: {what}")));
    }
    assert!(compared > 100, "only {compared} archives in the test data");
    assert!(different.is_empty(), "{} of {compared} differ\n{}", different.len(), different.join("\n"));
}

/// Every file below the folders of archives.
fn archives_of(folder: &Path) -> Vec<PathBuf> {
    let is_wanted = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        ["tar-", "gzip-flate2", "zstd-golden"].iter().any(|family| name.starts_with(family))
    };
    let mut open: Vec<PathBuf> = children(folder).into_iter().filter(|path| is_wanted(path)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(children(&path));
        } else if path.extension().is_none_or(|ending| ending != "bz2" && ending != "md") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn children(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The bytes of a file of the test data; some are stored in base64.
fn bytes_of(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    if path.extension().is_none_or(|ending| ending != "base64") {
        return bytes;
    }
    let text: String = String::from_utf8(bytes).unwrap().split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// All frames inflated, and whether they are whole.
fn unzstd(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut inflated = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).unwrap();
    let whole = decoder.read_to_end(&mut inflated).is_ok();
    (inflated, whole)
}
