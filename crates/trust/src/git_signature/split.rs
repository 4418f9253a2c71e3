//! What is signed of an object, and by what.

use std::borrow::Cow;

use lasthand_model::digest::GitId;

use super::TagSays;
use super::error::GitSignatureError;
use crate::git_object::ObjectFormat;

/// LIMIT: bytes of one commit or tag.
const OBJECT_BYTES: usize = 16 << 20;
/// How git tells a signature, at the beginning of a line. SPEC: git, gpg-interface.c.
pub(super) const SSH: &str = "-----BEGIN SSH SIGNATURE-----";
const SSH_END: &str = "-----END SSH SIGNATURE-----";
const OPENPGP: &str = "-----BEGIN PGP SIGNATURE-----";
const MARKERS: [&str; 4] = [OPENPGP, SSH, "-----BEGIN PGP MESSAGE-----", "-----BEGIN SIGNED MESSAGE-----"];
/// How the names of headers begin that git leaves out of what is signed.
const SIGNATURE_HEADER: &[u8] = b"gpgsig";

/// An object in two: what is signed, and the signature.
#[derive(Debug)]
pub(super) struct Split<'o> {
    pub(super) payload: Cow<'o, [u8]>,
    pub(super) signature: String,
    pub(super) format: ObjectFormat,
    pub(super) tag: Option<TagSays>,
}

/// Splits a commit: its signature is the value of one header behind `committer`.
///
/// SECURITY: git leaves *every* header out of what is signed whose name begins with `gpgsig`, so whatever stands in a second one is signed by
/// nobody; and it takes headers in any order, where others take the first or the last. So there is one order, and one such header.
pub(super) fn commit(content: &[u8]) -> Result<Split<'_>, GitSignatureError> {
    let (head, _) = head_and_body(content)?;
    let mut place = Place::Tree;
    let mut format = ObjectFormat::Sha1;
    let mut found: Option<(usize, usize, String)> = None;
    let mut in_signature = false;
    let mut offset = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let (start, end) = (offset, offset + line.len());
        offset = end;
        if let Some(continued) = line.strip_prefix(b" ") {
            if place != Place::Rest {
                return Err(form("one of its first headers is continued"));
            }
            if let (true, Some((_, last, signature))) = (in_signature, &mut found) {
                signature.push_str(text(continued)?);
                *last = end;
            }
            continue;
        }
        let (name, value) = name_and_value(line)?;
        in_signature = false;
        if name.starts_with(SIGNATURE_HEADER) {
            if found.is_some() {
                return Err(GitSignatureError::Several);
            }
            if place != Place::Rest {
                return Err(form("its signature stands before the committer"));
            }
            // SPEC: git, hash-function-transition: the signature over the other form of the object has the other name.
            if name != format.signature_header() {
                return Err(form("its signature is over its form in the other hash"));
            }
            found = Some((start, end, text(value)?.to_owned()));
            in_signature = true;
            continue;
        }
        if name == b"tree" {
            format = ObjectFormat::of(value).ok_or_else(|| form("its first header is not a tree"))?;
        }
        place = place.after(name)?;
    }
    if place != Place::Rest {
        return Err(form("it has no committer"));
    }
    let (start, end, signature) = found.ok_or(GitSignatureError::Unsigned)?;
    let payload = [content.get(..start), content.get(end..)].into_iter().flatten().flatten().copied().collect();
    let signature = one_signature(signature)?;
    Ok(Split { payload: Cow::Owned(payload), signature, format, tag: None })
}

/// Splits a tag: its signature is its end, from the one line on that begins a signature.
///
/// SECURITY: git takes the last such line, and all that follows it as the signature, also text behind its end. So there is one such line, and
/// the signature is all that follows; and there is no header that git would leave out.
pub(super) fn tag(content: &[u8]) -> Result<Split<'_>, GitSignatureError> {
    let (head, body) = head_and_body(content)?;
    let mut values: [&[u8]; 4] = [b""; 4];
    let names: [&[u8]; 4] = [b"object", b"type", b"tag", b"tagger"];
    let mut count = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let (name, value) = name_and_value(line)?;
        match (names.get(count), values.get_mut(count)) {
            (Some(expected), Some(place)) if *expected == name => *place = value.trim_ascii_end(),
            _ => return Err(form("its headers are not object, type, tag, tagger")),
        }
        count += 1;
    }
    if count != names.len() {
        return Err(form("its headers are not object, type, tag, tagger"));
    }
    let [object, kind, name, _] = values;
    let odd = || form("what it names cannot be read");
    let format = ObjectFormat::of(object).ok_or_else(odd)?;
    let target: GitId = text(object)?.parse().map_err(|_| odd())?;
    let tag = TagSays { name: text(name)?.to_owned(), target, target_kind: text(kind)?.to_owned() };
    let mut starts = Vec::new();
    let mut offset = content.len() - body.len();
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if is_marker(line) {
            starts.push(offset);
        }
        offset += line.len();
    }
    let start = match starts.as_slice() {
        [] => return Err(GitSignatureError::Unsigned),
        [start] => *start,
        _ => return Err(GitSignatureError::Several),
    };
    let (payload, signature) = content.split_at_checked(start).ok_or(GitSignatureError::Unsigned)?;
    let signature = one_signature(text(signature)?.to_owned())?;
    Ok(Split { payload: Cow::Borrowed(payload), signature, format, tag: Some(tag) })
}

/// Where in the headers of a commit a line may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Tree,
    ParentsOrAuthor,
    Committer,
    Rest,
}

impl Place {
    fn after(self, name: &[u8]) -> Result<Self, GitSignatureError> {
        match (self, name) {
            (Self::Tree, b"tree") | (Self::ParentsOrAuthor, b"parent") => Ok(Self::ParentsOrAuthor),
            (Self::ParentsOrAuthor, b"author") => Ok(Self::Committer),
            (Self::Committer, b"committer") => Ok(Self::Rest),
            (Self::Rest, name) if !matches!(name, b"tree" | b"parent" | b"author" | b"committer") => Ok(Self::Rest),
            _ => Err(form("its headers are not tree, parents, author, committer in this order")),
        }
    }
}

/// The headers with their last line feed, and what follows the empty line.
fn head_and_body(content: &[u8]) -> Result<(&[u8], &[u8]), GitSignatureError> {
    if content.len() > OBJECT_BYTES {
        return Err(GitSignatureError::TooLarge { got: content.len(), limit: OBJECT_BYTES });
    }
    // SECURITY: some of git's own readers end at a NUL, and its hash does not.
    if content.contains(&0) {
        return Err(form("it has a NUL"));
    }
    let end = content.windows(2).position(|pair| pair == b"\n\n").ok_or_else(|| form("it has headers alone"))?;
    content
        .split_at_checked(end + 1)
        .and_then(|(head, rest)| Some((head, rest.get(1..)?)))
        .ok_or_else(|| form("it is cut"))
}

fn name_and_value(line: &[u8]) -> Result<(&[u8], &[u8]), GitSignatureError> {
    let space = line.iter().position(|byte| *byte == b' ').filter(|space| *space > 0);
    let parts = space.and_then(|space| Some((line.get(..space)?, line.get(space + 1..)?)));
    parts.ok_or_else(|| form("a header has no value"))
}

/// Refuses what is not one signature of a kind that is read.
fn one_signature(signature: String) -> Result<String, GitSignatureError> {
    if signature.lines().filter(|line| is_marker(line.as_bytes())).count() > 1 {
        return Err(GitSignatureError::Several);
    }
    match (signature.starts_with(OPENPGP), signature.starts_with(SSH)) {
        (true, _) => Ok(signature),
        (_, true) if is_plain(&signature) => Ok(signature),
        (_, true) => Err(form("its signature has blanks or empty lines")),
        _ => Err(GitSignatureError::Kind),
    }
}

/// Whether the lines between the first and the last one are base64 alone, as `ssh-keygen` writes them.
fn is_plain(signature: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let text = signature.strip_suffix('\n').unwrap_or(signature);
    let inner =
        text.strip_prefix(SSH).and_then(|text| text.strip_prefix('\n')).and_then(|text| text.strip_suffix(SSH_END));
    let inner = inner.and_then(|text| text.strip_suffix('\n'));
    inner.is_some_and(|inner| inner.split('\n').all(|line| !line.is_empty() && line.bytes().all(base64)))
}

fn is_marker(line: &[u8]) -> bool {
    MARKERS.iter().any(|marker| line.starts_with(marker.as_bytes()))
}

fn text(bytes: &[u8]) -> Result<&str, GitSignatureError> {
    std::str::from_utf8(bytes).map_err(|_| form("its signature or name is not UTF-8"))
}

const fn form(reason: &'static str) -> GitSignatureError {
    GitSignatureError::Form { reason }
}
