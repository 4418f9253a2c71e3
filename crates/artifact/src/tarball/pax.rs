//! The records of one pax header.
//!
//! SPEC: POSIX.1-2017 pax, "pax Extended Header"; Go 1.26 archive/tar `parsePAXRecord`, `mergePAX`.

use std::collections::BTreeMap;

use super::number;

/// LIMIT: keys of one pax header. A table of a hundred thousand of them costs several times as much for each, and packs into nothing.
pub(super) const MAX_KEYS: usize = 4_096;

/// Key -> value; of a repeated key the last value, as Go has it.
#[derive(Default)]
pub(super) struct PaxRecords {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) repeated_key: bool,
    /// Some record has a length, or a number, with a `+`.
    pub(super) signed_number: bool,
    /// Records as they are written, repeated ones each.
    pub(super) count: u64,
}

/// Names and values of extended attributes.
pub(super) type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// Key, value, what follows.
type Split<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// Prefix of the keys that hold extended attributes.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// Keys that say nothing about an inventory.
const NEUTRAL: &[&[u8]] = &[
    b"uname",
    b"gname",
    b"mtime",
    b"atime",
    b"ctime",
    b"comment",
    b"SCHILY.dev",
    b"SCHILY.ino",
    b"SCHILY.nlink",
    b"LIBARCHIVE.creationtime",
];

impl PaxRecords {
    /// Parses the content of an `x` or `g` header. The regions of a sparse map of form 0.0, one record for each number, become
    /// one map of form 0.1.
    ///
    /// Out: some of them where there are more keys than may be: see [`has_too_many_keys`](Self::has_too_many_keys).
    /// Errors: the rule that is broken.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, &'static str> {
        let mut parsed = Self::default();
        let mut map: Vec<&[u8]> = Vec::new();
        while !bytes.is_empty() && !parsed.has_too_many_keys() {
            let bytes_before = bytes;
            let (key, value, rest) = split_record(bytes)?;
            bytes = rest;
            parsed.count += 1;
            parsed.signed_number |= bytes_before.starts_with(b"+") || is_signed_number(key, value);
            if matches!(key, b"GNU.sparse.offset" | b"GNU.sparse.numbytes") {
                let wanted: &[u8] =
                    if map.len().is_multiple_of(2) { b"GNU.sparse.offset" } else { b"GNU.sparse.numbytes" };
                if key != wanted || value.contains(&b',') {
                    return Err("the map of a sparse file is malformed");
                }
                map.push(value);
            } else if parsed.records.insert(key.to_vec(), value.to_vec()).is_some() {
                parsed.repeated_key = true;
            }
        }
        if !map.is_empty() {
            let joined = map.join(&b',');
            parsed.repeated_key |= parsed.records.insert(b"GNU.sparse.map".to_vec(), joined).is_some();
        }
        Ok(parsed)
    }

    /// True for more keys than one header may have, the rest of which was not read.
    pub(super) fn has_too_many_keys(&self) -> bool {
        self.records.len() > MAX_KEYS
    }

    /// The value of a key; an empty one counts as none, as in Go.
    pub(super) fn value(&self, key: &[u8]) -> Option<&[u8]> {
        self.records.get(key).map(Vec::as_slice).filter(|value| !value.is_empty())
    }

    /// The number of a key.
    pub(super) fn number(&self, key: &[u8]) -> Result<Option<i64>, &'static str> {
        let Some(value) = self.value(key) else { return Ok(None) };
        number::decimal(value).map(Some).ok_or("a number of a pax header is not decimal, or too large")
    }

    /// Checks the times, which no inventory holds: Go refuses an archive with a bad one.
    pub(super) fn check_times(&self) -> Result<(), &'static str> {
        for key in [&b"mtime"[..], b"atime", b"ctime"] {
            if self.value(key).is_some_and(|value| !is_time(value)) {
                return Err("a time of a pax header is not a number");
            }
        }
        Ok(())
    }

    /// The extended attributes by name; what other readers apply and Go does not, under its whole key.
    pub(super) fn xattrs(&self) -> Xattrs {
        let records = self.records.iter();
        let named = records.filter_map(|(key, value)| {
            let name = key.strip_prefix(XATTR).or_else(|| is_foreign_attribute(key).then_some(key.as_slice()))?;
            Some((name.to_vec(), value.clone()))
        });
        named.collect()
    }

    /// True for the keys of sparse files, of GNU tar, of star and of Solaris.
    pub(super) fn is_sparse(&self) -> bool {
        const STAR: [&[u8]; 3] = [b"SCHILY.filetype", b"SCHILY.realsize", b"SUN.holesdata"];
        STAR.iter().any(|key| self.value(key).is_some())
            || self.records.keys().any(|key| key.starts_with(b"GNU.sparse."))
    }

    /// True when some record that a reader applies has no value.
    pub(super) fn has_empty_value(&self) -> bool {
        self.records.iter().any(|(key, value)| value.is_empty() && key != b"comment" && !is_of_a_packager(key))
    }

    /// True when some key lies behind a blank.
    ///
    /// SECURITY: GNU tar 1.34 passes over blanks and tabs behind the length, and applies the key.
    pub(super) fn has_blank_key(&self) -> bool {
        self.records.keys().any(|key| matches!(key.first(), Some(b' ' | b'\t')))
    }

    /// True when some record is an attribute that other readers apply.
    pub(super) fn has_foreign_attribute(&self) -> bool {
        self.records.keys().any(|key| is_foreign_attribute(key))
    }

    /// True when some record is neither applied nor neutral.
    pub(super) fn has_unapplied(&self) -> bool {
        self.records.keys().any(|key| {
            let applied = matches!(key.as_slice(), b"path" | b"linkpath" | b"size" | b"uid" | b"gid");
            let listed = key.starts_with(XATTR) || key.starts_with(b"GNU.sparse.") || is_foreign_attribute(key);
            !applied && !listed && !NEUTRAL.contains(&key.as_slice())
        })
    }

    /// True when no record says more than times, the names of owners and a label.
    pub(super) fn is_metadata_only(&self) -> bool {
        const KEYS: [&[u8]; 7] = [b"comment", b"mtime", b"atime", b"ctime", b"uname", b"gname", b"GNU.volume.label"];
        self.records.keys().all(|key| KEYS.contains(&key.as_slice()))
    }

    /// True when a device has other numbers here than in its header.
    ///
    /// SECURITY: libarchive and star take these, Go the header's.
    pub(super) fn has_other_device(&self, device: (i64, i64)) -> bool {
        let numbers = [(&b"SCHILY.devmajor"[..], device.0), (b"SCHILY.devminor", device.1)];
        numbers.into_iter().any(|(key, own)| self.value(key).is_some_and(|value| number::decimal(value) != Some(own)))
    }

    /// True when there is no record but comments.
    pub(super) fn is_comment_only(&self) -> bool {
        self.records.keys().all(|key| key == b"comment")
    }
}

/// Splits `LENGTH KEY=VALUE\n` off; the length counts the whole record.
fn split_record(bytes: &[u8]) -> Result<Split<'_>, &'static str> {
    let bad = "a record of a pax header is malformed";
    let space = bytes.iter().position(|byte| *byte == b' ').ok_or(bad)?;
    let digits = bytes.get(..space).unwrap_or_default();
    let length = number::decimal(digits).and_then(|length| usize::try_from(length).ok()).ok_or(bad)?;
    if length < 5 {
        return Err(bad);
    }
    let record = bytes.get(space + 1..length).ok_or(bad)?;
    let record = record.strip_suffix(b"\n").ok_or(bad)?;
    let equals = record.iter().position(|byte| *byte == b'=').ok_or(bad)?;
    let key = record.get(..equals).unwrap_or_default();
    let value = record.get(equals + 1..).unwrap_or_default();
    let text_value = matches!(key, b"path" | b"linkpath" | b"uname" | b"gname");
    // SECURITY: readers cut such a value at its NUL, or keep it whole.
    if key.is_empty() || (if text_value { value.contains(&0) } else { key.contains(&0) }) {
        return Err("a record of a pax header has an empty key or a NUL byte");
    }
    Ok((key, value, bytes.get(length..).unwrap_or_default()))
}

/// True for a key that other readers apply as an access list, file flag or extended attribute, and Go does not.
fn is_foreign_attribute(key: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 5] =
        [b"SCHILY.acl.", b"SCHILY.fflags", b"LIBARCHIVE.xattr.", b"RHT.security.", b"GNU.dumpdir"];
    PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// True for a key that a packager wrote for itself, such as npm's `NODETAR.*`: no reader of archives applies it.
fn is_of_a_packager(key: &[u8]) -> bool {
    key.starts_with(b"NODETAR.")
}

/// True for a number with a `+`, alone or in a list.
///
/// SECURITY: to BSD tar 3.6 it is 0, GNU tar 1.34 refuses it; Go and Python take it.
fn is_signed_number(key: &[u8], value: &[u8]) -> bool {
    const NUMBERS: [&[u8]; 6] = [b"size", b"uid", b"gid", b"mtime", b"atime", b"ctime"];
    const PREFIXES: [&[u8]; 4] = [b"GNU.sparse.", b"SCHILY.", b"SUN.holesdata", b"LIBARCHIVE.creationtime"];
    let is_text = matches!(key, b"GNU.sparse.name") || key.starts_with(XATTR) || is_foreign_attribute(key);
    let is_number = NUMBERS.contains(&key) || PREFIXES.iter().any(|prefix| key.starts_with(prefix));
    is_number && !is_text && value.split(|byte| matches!(byte, b',' | b' ')).any(|number| number.starts_with(b"+"))
}

fn is_time(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |byte| *byte == b'.');
    let seconds = parts.next().unwrap_or_default();
    let fraction = parts.next().unwrap_or_default();
    let whole = std::str::from_utf8(seconds).is_ok_and(|text| text.parse::<i64>().is_ok());
    whole && fraction.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<&[(&[u8], &[u8])]>) {
        let expected = expected.map(|pairs| pairs.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect());
        assert_eq!(PaxRecords::parse(bytes).ok().map(|parsed| parsed.records), expected, "{}", bytes.escape_ascii());
    }

    #[test]
    fn records_are_split_by_their_length() {
        // pass: cases of Go's TestParsePAXRecord; fail: length, newline, key or NUL wrong
        check(b"6 k=v\n\n", None);
        check(b"6 k=v\n", Some(&[(b"k", b"v")]));
        check(b"19 path=/etc/hosts\n", Some(&[(b"path", b"/etc/hosts")]));
        check(b"27 path=a=b\nname=/etc/host\n", Some(&[(b"path", b"a=b\nname=/etc/host")]));
        check(b"7 a=b\n\n", Some(&[(b"a", b"b\n")]));
        check(b"8 k=v\n", None);
        check(b"5 k=v\n", None);
        check(b"6 k~v\n", None);
        check(b"6 =vv\n", None);
        check(b"0006 k=v\n", None);
        check(b"0009 k=v\n", Some(&[(b"k", b"v")]));
        check(b"+6 k=v\n", None);
        check(b"+7 k=v\n", Some(&[(b"k", b"v")]));
        check(b"9 path=\0\n", None);
        check(b"9 abcd=\0\n", Some(&[(b"abcd", b"\0")]));
    }

    #[test]
    fn the_last_of_a_repeated_key_counts() {
        // pass: as in Go, and marked
        let parsed = PaxRecords::parse(b"6 k=a\n6 k=b\n").unwrap_or_default();
        assert_eq!(parsed.value(b"k"), Some(&b"b"[..]));
        assert!(parsed.repeated_key);
    }
}
