//! A transparency log: its tree, its checkpoint, its promise.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::digest::Sha256;

use super::x509::Key;

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::of(bytes).as_bytes().to_vec()
}

/// SPEC: RFC 6962 section 2.1.
fn root_of(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => sha256(b""),
        [only] => only.clone(),
        more => {
            let (left, right) = more.split_at(below(more.len()));
            sha256(&[&[1], root_of(left).as_slice(), root_of(right).as_slice()].concat())
        }
    }
}

/// SPEC: RFC 6962 section 2.1.1.
fn path_to(at: usize, leaves: &[Vec<u8>]) -> Vec<Vec<u8>> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(below(leaves.len()));
    let (mut path, other) = if at < left.len() {
        (path_to(at, left), root_of(right))
    } else {
        (path_to(at - left.len(), right), root_of(left))
    };
    path.push(other);
    path
}

/// The largest power of two below this.
fn below(count: usize) -> usize {
    (1..).map(|shift| 1usize << shift).take_while(|power| *power < count).last().unwrap_or(1)
}

/// A place in a tree of seven entries.
pub(super) struct Place {
    pub(super) index: usize,
    pub(super) size: usize,
    pub(super) root: Vec<u8>,
    pub(super) hashes: Vec<Vec<u8>>,
}

/// Puts an entry into a tree, among others.
pub(super) fn place(body: &[u8]) -> Place {
    let mut leaves: Vec<Vec<u8>> = (0..7u8).map(|other| sha256(&[0, other])).collect();
    let index = 4;
    if let Some(leaf) = leaves.get_mut(index) {
        *leaf = sha256(&[&[0], body].concat());
    }
    Place { index, size: leaves.len(), root: root_of(&leaves), hashes: path_to(index, &leaves) }
}

/// The id of a log: SHA-256 of its key.
pub(super) fn log_id(key: &Key) -> Vec<u8> {
    sha256(&key.spki())
}

/// One line of signature below a checkpoint.
pub(super) fn signature_line(name: &str, key: &Key, hint: &[u8], body: &str) -> String {
    let bytes = [hint.get(..4).unwrap_or_default(), &key.sign(body.as_bytes())].concat();
    format!("\u{2014} {name} {}\n", STANDARD.encode(bytes))
}

/// The promise to log: signature over the canonical JSON of entry, time, log and place.
pub(super) fn promise(key: &Key, body: &[u8], time: i64, index: usize) -> Vec<u8> {
    let id: String = log_id(key).iter().map(|byte| format!("{byte:02x}")).collect();
    let body = STANDARD.encode(body);
    let text = format!("{{\"body\":\"{body}\",\"integratedTime\":{time},\"logID\":\"{id}\",\"logIndex\":{index}}}");
    key.sign(text.as_bytes())
}
