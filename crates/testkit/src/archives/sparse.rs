//! Features of sparse files: old GNU, and pax formats 0.0, 0.1 and 1.0.

use super::block::{BLOCK, Block, Format, SIZE, SPARSE, SPARSE_EXTENDED, SPARSE_REAL_SIZE};
use super::extension::{raw_pax, record};
use super::feature::Feature;
use super::scene::{Part, Scene};

/// How a map is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Gnu,
    Pax00,
    Pax01,
    Pax10,
}

const FORMS: &[Form] = &[Form::Gnu, Form::Pax00, Form::Pax01, Form::Pax10];
const PAX_FORMS: &[Form] = &[Form::Pax00, Form::Pax01, Form::Pax10];

/// A sparse file before it is written.
#[derive(Debug, Clone)]
struct Sparse {
    form: Form,
    /// Offset and length of each fragment.
    map: Vec<(i64, i64)>,
    real_size: i64,
    data: Vec<u8>,
    /// Text of a pax map, and of the number of fragments, where they are not the map's.
    map_text: Option<String>,
    count_text: Option<&'static str>,
    more: Vec<u8>,
}

/// Applies a feature of this module.
pub(super) fn apply(feature: Feature, scene: &mut Scene) -> bool {
    gnu(feature, scene) || shape(feature, scene) || pax_text(feature, scene) || beside(feature, scene)
}

impl Sparse {
    /// Fragments in order with holes between them, and the data for them.
    fn draw(scene: &mut Scene, form: Form, fragments: usize) -> Self {
        let mut map = Vec::new();
        let mut end = 0;
        for _ in 0..fragments {
            let hole = *scene.rng.pick(&[0, 1, 512, 1000, 4096]);
            let count = *scene.rng.pick(&[1, 5, 100, 511, 512]);
            map.push((end + hole, count));
            end += hole + count;
        }
        let real_size = end + *scene.rng.pick(&[0, 0, 1, 512, 10_000]);
        let mut sparse =
            Self { form, map, real_size, data: Vec::new(), map_text: None, count_text: None, more: Vec::new() };
        sparse.fill(scene);
        sparse
    }

    /// Draws as many data bytes as the map wants.
    fn fill(&mut self, scene: &mut Scene) {
        let count: i64 = self.map.iter().map(|(_, count)| (*count).max(0)).sum();
        self.data = scene.bytes(usize::try_from(count).unwrap_or_default().min(20_000));
    }

    fn write(self, scene: &mut Scene) {
        if self.form == Form::Gnu {
            self.write_gnu(scene);
        } else {
            self.write_pax(scene);
        }
    }

    fn write_gnu(self, scene: &mut Scene) {
        let path = scene.path();
        let mut block = Block::new(Format::Gnu, &path, b'S');
        let pairs: Vec<u8> =
            self.map.iter().flat_map(|(offset, count)| [number(*offset), number(*count)].concat()).collect();
        let (first, rest) = pairs.split_at(pairs.len().min(SPARSE.1));
        block.put(SPARSE, first);
        if !(0..1 << 33).contains(&self.real_size) {
            block.base256(SPARSE_REAL_SIZE, self.real_size);
        } else {
            block.octal(SPARSE_REAL_SIZE, self.real_size.unsigned_abs());
        }
        let mut part = Part::of(block);
        if !rest.is_empty() {
            part.head().put(SPARSE_EXTENDED, &[1]);
            let chunks: Vec<&[u8]> = rest.chunks(21 * 24).collect();
            for (at, chunk) in chunks.iter().enumerate() {
                let mut extension = [0; BLOCK];
                extension[..chunk.len()].copy_from_slice(chunk);
                extension[21 * 24] = u8::from(at + 1 < chunks.len());
                part.between.extend_from_slice(&extension);
            }
        }
        part.fill(self.data);
        scene.push(part);
    }

    fn write_pax(self, scene: &mut Scene) {
        let decimal: Vec<String> =
            self.map.iter().flat_map(|(offset, count)| [offset, count]).map(i64::to_string).collect();
        let count = self.count_text.map_or_else(|| self.map.len().to_string(), str::to_owned);
        let path = scene.path();
        let mut records = self.more;
        let mut put = |key: &str, value: &[u8]| records.extend(record(format!("GNU.sparse.{key}").as_bytes(), value));
        put("name", &path);
        put(if self.form == Form::Pax10 { "realsize" } else { "size" }, self.real_size.to_string().as_bytes());
        let mut body = Vec::new();
        match self.form {
            Form::Pax10 => {
                put("major", b"1");
                put("minor", b"0");
                let text = self.map_text.unwrap_or_else(|| decimal.join("\n"));
                body = format!("{count}\n{text}\n").into_bytes();
                body.resize(body.len().next_multiple_of(BLOCK), 0);
            }
            Form::Pax00 => {
                put("numblocks", count.as_bytes());
                for pair in decimal.chunks(2) {
                    put("offset", pair[0].as_bytes());
                    put("numbytes", pair[1].as_bytes());
                }
            }
            Form::Pax01 | Form::Gnu => {
                put("numblocks", count.as_bytes());
                let text = self.map_text.unwrap_or_else(|| decimal.join(","));
                put("map", text.as_bytes());
            }
        }
        body.extend(self.data);
        let mut part = Part::of(Block::new(Format::Ustar, b"GNUSparseFile.0/f", b'0'));
        part.fill(body);
        scene.push(part);
        scene.before(raw_pax(b'x', &records));
    }
}

/// Twelve bytes of an old GNU map.
fn number(number: i64) -> Vec<u8> {
    let mut block = Block::new(Format::Gnu, b"", b'0');
    if !(0..1 << 33).contains(&number) {
        block.base256(SIZE, number);
    } else {
        block.octal(SIZE, number.unsigned_abs());
    }
    block.field(SIZE).to_vec()
}

fn gnu(feature: Feature, scene: &mut Scene) -> bool {
    let few = scene.rng.below(5);
    let many = 5 + scene.rng.below(45);
    match feature {
        Feature::SparseGnu => Sparse::draw(scene, Form::Gnu, few).write(scene),
        Feature::SparseGnuExtended => {
            Sparse::draw(scene, Form::Gnu, many).write(scene);
            if scene.rng.chance(20) {
                // The last extension block says that another one follows, which is empty.
                let part = scene.current();
                let last = part.between.len() - BLOCK + 21 * 24;
                part.between[last] = 1;
                part.between.extend([0; BLOCK]);
            }
        }
        Feature::SparseGnuExtendedCut => {
            Sparse::draw(scene, Form::Gnu, many).write(scene);
            let part = scene.current();
            part.between.truncate(part.between.len() - BLOCK);
        }
        Feature::SparseGnuRealSizeOdd => {
            Sparse::draw(scene, Form::Gnu, few).write(scene);
            let bytes: &[u8] =
                scene.rng.text(&[&b""[..], b"x", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"7 7"]);
            scene.current().head().put(SPARSE_REAL_SIZE, bytes);
        }
        Feature::SparseGnuInUstar => {
            let format = *scene.rng.pick(&[Format::Ustar, Format::V7, Format::Odd]);
            Sparse::draw(scene, Form::Gnu, few).write(scene);
            scene.current().head().format(format);
        }
        Feature::SparseStar => {
            let body = scene.body();
            let part = scene.entry(b"star", b'S');
            part.head().format(Format::Star);
            part.fill(body);
        }
        _ => return false,
    }
    true
}

fn shape(feature: Feature, scene: &mut Scene) -> bool {
    let form = *scene.rng.pick(FORMS);
    let fragments = 2 + scene.rng.below(3);
    let mut sparse = Sparse::draw(scene, form, fragments);
    match feature {
        Feature::SparsePax00 | Feature::SparsePax01 | Feature::SparsePax10 => {
            sparse.form = match feature {
                Feature::SparsePax00 => Form::Pax00,
                Feature::SparsePax01 => Form::Pax01,
                _ => Form::Pax10,
            };
        }
        Feature::SparseOverlap => sparse.map[1].0 = sparse.map[0].0,
        Feature::SparseOutOfOrder => sparse.map.swap(0, 1),
        Feature::SparseBeyond => sparse.real_size = sparse.map[1].0,
        Feature::SparseNegative => {
            let fragment = &mut sparse.map[1];
            if fragment.1 % 2 == 0 { fragment.0 = -fragment.0 - 1 } else { fragment.1 = -fragment.1 }
        }
        Feature::SparseEmptyFragments => {
            let end = sparse.real_size;
            let at = sparse.map[0].0;
            sparse.map.insert(0, (at, 0));
            sparse.map.push((end, 0));
        }
        Feature::SparseHugeHole => {
            let end = *scene.rng.pick(&[1 << 30, 1 << 34, 1 << 40, (1 << 62) - 1]);
            if scene.rng.chance(50) {
                sparse.map.push((end - 1, 1));
                sparse.fill(scene);
            }
            sparse.real_size = end;
        }
        Feature::SparseNoData => {
            sparse.map.clear();
            sparse.fill(scene);
        }
        Feature::SparseNoHole => {
            sparse.map = vec![(0, sparse.real_size)];
            sparse.fill(scene);
        }
        Feature::SparseMissingData => {
            let kept = sparse.data.len() - 1 - scene.rng.below(sparse.data.len().min(3));
            sparse.data.truncate(kept);
        }
        Feature::SparseExtraData => {
            let more = *scene.rng.pick(&[1, 511, 512, 600]);
            sparse.data.extend(vec![b'+'; more]);
        }
        _ => return false,
    }
    sparse.write(scene);
    true
}

fn pax_text(feature: Feature, scene: &mut Scene) -> bool {
    let form = *scene.rng.pick(PAX_FORMS);
    let fragments = 1 + scene.rng.below(3);
    let mut sparse = Sparse::draw(scene, form, fragments);
    match feature {
        Feature::SparseUnknownVersion => {
            let version: &[u8] = scene.rng.text(&[&b"2"[..], b"01", b"1", b"x"]);
            sparse.form = Form::Pax01;
            sparse.more = record(b"GNU.sparse.major", version);
        }
        Feature::Sparse00Order => {
            sparse.form = Form::Pax00;
            let key: &[u8] = scene.rng.text(&[&b"GNU.sparse.numbytes"[..], b"GNU.sparse.offset"]);
            let value: &[u8] = scene.rng.text(&[&b"0"[..], b"0,0"]);
            sparse.more = record(key, value);
        }
        Feature::SparseMapBad => {
            sparse.form = *scene.rng.pick(&[Form::Pax01, Form::Pax10]);
            let comma = sparse.form == Form::Pax01;
            let text = match scene.rng.below(5) {
                0 => "x",
                1 if comma => "0,1,",
                1 => "0\n\n1",
                2 if comma => "0, 1",
                2 => " 0\n1",
                3 if comma => "0,9223372036854775808",
                3 => "0\n9223372036854775808",
                _ => "",
            };
            sparse.map_text = Some(text.to_owned());
        }
        Feature::SparseCountBad => {
            sparse.form = *scene.rng.pick(&[Form::Pax00, Form::Pax01, Form::Pax10]);
            sparse.count_text =
                Some(*scene.rng.pick(&["0", "9", "-1", "x", "", "4611686018427387904", "+1", "9223372036854775807"]));
        }
        Feature::SparseMapHuge => return huge(scene),
        Feature::SparseMapCut => {
            sparse.form = Form::Pax10;
            sparse.count_text = Some(*scene.rng.pick(&["400", "100000"]));
            sparse.data.truncate(5);
        }
        Feature::SparseSizeKeys => {
            let key: &[u8] = scene.rng.text(&[&b"GNU.sparse.size"[..], b"GNU.sparse.realsize"]);
            sparse.more = record(key, scene.rng.pick(&["", "1", "100000", "+9000"]).as_bytes());
        }
        _ => return false,
    }
    sparse.write(scene);
    true
}

/// Maps whose blocks are about as many as fit in 1 MiB.
fn huge(scene: &mut Scene) -> bool {
    if scene.rng.chance(50) {
        let blocks = *scene.rng.pick(&[2047, 2048, 2049, 2077, 2078]);
        let mut sparse = Sparse::draw(scene, Form::Gnu, 0);
        sparse.map = vec![(0, 0); 4 + 21 * blocks];
        sparse.write(scene);
    } else {
        let blocks = *scene.rng.pick(&[2047, 2048, 2049]);
        let mut sparse = Sparse::draw(scene, Form::Pax10, 0);
        sparse.count_text = Some("1");
        sparse.map_text = Some(format!("{}\n0", "0".repeat(blocks * BLOCK - b"1\n\n0\n".len())));
        sparse.write(scene);
    }
    true
}

/// A sparse file with something else that a header may say.
fn beside(feature: Feature, scene: &mut Scene) -> bool {
    let form = *scene.rng.pick(PAX_FORMS);
    let sparse = Sparse::draw(scene, form, 2);
    match feature {
        Feature::SparsePaxSize => {
            sparse.write(scene);
            // The size of the stored bytes, in its own header.
            let size = scene.size().to_string();
            scene.before(raw_pax(b'x', &record(b"size", size.as_bytes())));
            scene.merge_pax();
            if scene.rng.chance(50) {
                scene.current().head().octal(SIZE, 0);
            }
        }
        Feature::SparseOnFolder => {
            sparse.write(scene);
            let typeflag = *scene.rng.pick(b"512");
            scene.current().head().typeflag(typeflag);
            if scene.rng.chance(50) {
                let part = scene.current();
                part.fill(Vec::new());
            }
        }
        _ => return false,
    }
    true
}

impl Scene {
    /// Makes one pax header of the two right before the current entry.
    fn merge_pax(&mut self) {
        let Some(second) = self.take_before() else { return };
        if let Some(first) = self.take_before() {
            self.before(raw_pax(b'x', &[first.body, second.body].concat()));
        }
    }
}
