//! What a file is, by its first bytes and its name.

use super::unpack::Packing;
use crate::codec::has_two_forms;
use crate::tarball::looks_like_tar;

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Zip,
    /// Named as a zip, and begins as something else.
    NamedZip,
    /// Begins as a tar archive and as something else at once.
    TwoForms,
    Deb,
    Tar(Packing),
}

/// Names of zip files.
const ZIP: &[&[u8]] =
    &[b".jar", b".war", b".ear", b".aar", b".whl", b".egg", b".zip", b".nupkg", b".vsix", b".pyz", b".xpi"];

/// Names of tar archives, packed or not.
const TAR: &[&[u8]] =
    &[b".tar", b".tar.gz", b".tgz", b".tar.zst", b".tzst", b".tar.xz", b".txz", b".crate", b".gem", b".apk"];

/// True for a name that archives have.
pub(crate) fn named_as_archive(path: &[u8]) -> bool {
    ends(path, ZIP) || ends(path, TAR) || ends(path, &[b".deb"])
}

pub(super) fn ends(name: &[u8], endings: &[&[u8]]) -> bool {
    let folded = name.get(name.len().saturating_sub(10)..).unwrap_or_default().to_ascii_lowercase();
    endings.iter().any(|ending| folded.ends_with(ending))
}

impl Form {
    /// Tells the form; `head` is the first block, or all there is.
    ///
    /// Zip files, Debian packages and plain tar archives are told by their bytes whatever they are named. Compressed files are archives
    /// where their name says so:
    /// most others hold something else.
    pub(super) fn of(name: &[u8], head: &[u8]) -> Option<Self> {
        // SPEC: APPNOTE 4.3.7, 4.3.14, 4.3.16 (an empty archive), 8.5.3 (the mark of a split one).
        let is_zip = [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x06\x06", b"PK\x07\x08"]
            .iter()
            .any(|magic| head.starts_with(magic));
        let is_tar = looks_like_tar(head);
        match Packing::of(head) {
            _ if has_two_forms(head) => Some(Self::TwoForms),
            _ if is_zip => Some(Self::Zip),
            _ if ends(name, ZIP) && !head.is_empty() => Some(Self::NamedZip),
            // SPEC: deb(5).
            _ if head.starts_with(b"!<arch>\ndebian-binary") => Some(Self::Deb),
            _ if is_tar => Some(Self::Tar(Packing::Plain)),
            Packing::Plain => None,
            packing => ends(name, TAR).then_some(Self::Tar(packing)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say_and_compressed_ones_what_their_name_says() {
        // pass: zip by bytes under any name; gzip by name; two forms at once are told; fail: documents, libraries, a page of a manual
        let mut tar = [0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let mut both = tar;
        both[..4].copy_from_slice(b"PK\x03\x04");
        let mut packed = tar;
        packed[..4].copy_from_slice(b"\x1f\x8b\x08\x04");
        for (name, head, form) in [
            (&b"a.jar"[..], &b"PK\x03\x04..."[..], Some(Form::Zip)),
            (b"a.docx", b"PK\x03\x04...", Some(Form::Zip)),
            (b"a.zip", b"PK\x05\x06", Some(Form::Zip)),
            (b"a.JAR", b"#!/bin/sh", Some(Form::NamedZip)),
            (b"a.jar", b"", None),
            (b"a.sh", b"#!/bin/sh", None),
            (b"a.jar", &tar, Some(Form::NamedZip)),
            (b"a", &both, Some(Form::TwoForms)),
            (b"a.tgz", &packed, Some(Form::TwoForms)),
            (b"a", &tar, Some(Form::Tar(Packing::Plain))),
            (b"a.tgz", b"\x1f\x8b\x08", Some(Form::Tar(Packing::Gzip))),
            (b"a.1.gz", b"\x1f\x8b\x08", None),
            (b"a.tar.gz", b"\xfd7zXZ\0", Some(Form::Tar(Packing::Xz))),
            (b"a.tar.gz", b"text", None),
            (b"a", b"!<arch>\ndebian-binary   ", Some(Form::Deb)),
            (b"a.a", b"!<arch>\n/               ", None),
        ] {
            assert_eq!(Form::of(name, head), form, "{}", name.escape_ascii());
        }
    }
}
