//! Debian packages: an `ar` archive of three members, two of them tar archives.
//!
//! SPEC: deb(5), ar(5).

use std::io::{BufRead, Read as _};

use lasthand_model::digest::FileDigest;
use lasthand_model::inventory::{EntryType, FileRecord};

use super::passing::Passing;
use super::unpack::Packing;
use super::{Archive, Looked, Tops, members, named, tar};
use crate::codec::has_two_forms;
use crate::collect::Collector;
use crate::digester::Digester;
use crate::error::ArtifactError;
use crate::meter::wide;
use crate::note::{NoteKind, ReaderNote};
use crate::stream::{fill, sort_error};
use crate::tarball::BLOCK;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Reads a package to its end.
pub(super) fn read(archive: &Archive<'_>, content: &mut dyn BufRead) -> Result<Looked, ArtifactError> {
    let collector = Collector::of_inside(archive.name, archive.limits, archive.counts, None);
    let mut package = Package { archive, content, collector, offset: 0, names: Vec::new(), cut: None };
    let read = package.run();
    let form = read.map(|()| "deb");
    if !is_ordered(&package.names) {
        package.collector.note(NoteKind::OddPackage, b"", 0);
    }
    let mut looked = members::settle(form, package.collector)?;
    if let Some(kind) = package.cut {
        looked.inside = None;
        looked.notes.push(ReaderNote::new(kind, Vec::new(), package.offset));
    }
    Ok(looked)
}

struct Package<'p, 'o> {
    archive: &'p Archive<'o>,
    content: &'p mut dyn BufRead,
    collector: Collector<'p>,
    offset: u64,
    /// Names of the members, in order.
    names: Vec<Vec<u8>>,
    /// A part that could not be read to its end.
    cut: Option<NoteKind>,
}

/// One header.
struct Header {
    name: Vec<u8>,
    mode: u32,
    size: u64,
}

impl Package<'_, '_> {
    fn run(&mut self) -> Result<(), ArtifactError> {
        let mut magic = [0; MAGIC.len()];
        self.take(&mut magic)?;
        loop {
            let mut block = [0; HEADER];
            match self.take(&mut block)? {
                0 => return Ok(()),
                HEADER => {}
                _ => return Err(self.truncated()),
            }
            let header = parse(&block).ok_or_else(|| self.malformed("a header that is none of ar"))?;
            self.member(header)?;
        }
    }

    fn member(&mut self, header: Header) -> Result<(), ArtifactError> {
        // LIMIT: a package has a handful of members.
        if self.names.len() >= 64 {
            return Err(self.malformed("more members than a package has"));
        }
        let is_part = header.name.starts_with(b"data.tar") || header.name.starts_with(b"control.tar");
        let mut digester = Digester::default();
        let mut passing = Passing::new(self.content, header.size).digested_by(&mut digester);
        let looked = if is_part { part(self.archive, &header.name, &mut passing).map(Some) } else { Ok(None) };
        let error = |error| {
            let meter = self.archive.meter;
            sort_error(self.archive.name, None, meter.shipped(), self.offset, error)
        };
        let read = passing.finish().map_err(error)?;
        let looked = looked?;
        self.offset += read;
        if read < header.size {
            return Err(self.truncated());
        }
        if read % 2 == 1 {
            let mut padding = [0];
            // The last member may go without.
            if self.take(&mut padding)? == 1 && padding != *b"\n" {
                self.collector.note(NoteKind::OddPackage, &header.name, self.offset);
            }
        }
        let digest = FileDigest(digester.finish().0);
        if let Some(looked) = looked {
            if looked.inside.is_none() {
                // Its own notes say why, and at which place.
                self.cut = Some(NoteKind::InsideMalformed);
            }
            self.collector.keep_inside(&header.name, digest, looked);
        }
        self.collector.push(record(&header, digest), self.offset)?;
        self.names.push(header.name);
        Ok(())
    }

    /// Reads as much as there is, up to the length of the buffer.
    fn take(&mut self, buffer: &mut [u8]) -> Result<usize, ArtifactError> {
        let meter = self.archive.meter;
        let error = |error| sort_error(self.archive.name, None, meter.shipped(), self.offset, error);
        let read = fill(&mut self.content, buffer).map_err(error)?;
        self.offset += wide(read);
        Ok(read)
    }

    fn truncated(&self) -> ArtifactError {
        let (name, offset) = (self.archive.name.to_owned(), self.offset);
        ArtifactError::Truncated { name, offset, expected: "the rest of a member" }
    }

    fn malformed(&self, reason: &'static str) -> ArtifactError {
        ArtifactError::Malformed { name: self.archive.name.to_owned(), offset: self.offset, reason }
    }
}

/// Reads one of the two tar archives.
fn part(archive: &Archive<'_>, name: &[u8], passing: &mut Passing<'_>) -> Result<Looked, ArtifactError> {
    let mut head = vec![0; BLOCK];
    let length = fill(passing, &mut head).unwrap_or_default();
    head.truncate(length);
    let packing = Packing::of(&head);
    // SECURITY: dpkg goes by the name, other readers by the first bytes.
    if named_packing(name) != Some(packing) {
        return Ok(Looked::odd(NoteKind::OddPackage));
    }
    if has_two_forms(&head) {
        return Ok(Looked::odd(NoteKind::TwoForms));
    }
    let name = named(archive.name, name);
    let inner = Archive { name: &name, ..*archive };
    tar(&inner, packing, None, &mut std::io::Cursor::new(head).chain(passing), &mut Tops::default())
}

/// How a part of this name is packed.
///
/// SPEC: deb(5).
fn named_packing(name: &[u8]) -> Option<Packing> {
    let at = name.windows(4).position(|window| window == b".tar")?;
    match name.get(at + 4..)? {
        b"" => Some(Packing::Plain),
        b".gz" => Some(Packing::Gzip),
        b".xz" => Some(Packing::Xz),
        b".zst" => Some(Packing::Zstd),
        _ => None,
    }
}

fn record(header: &Header, digest: FileDigest) -> FileRecord {
    FileRecord {
        path: header.name.clone(),
        entry_type: EntryType::File,
        mode: header.mode & 0o7777,
        uid: 0,
        gid: 0,
        size: header.size,
        sha256: Some(digest),
        link_target: Vec::new(),
        device: None,
        xattrs: Vec::new(),
    }
}

/// A header with a plain name; long names of GNU and BSD are none, and no package has them.
fn parse(block: &[u8; HEADER]) -> Option<Header> {
    let field = |from: usize, to: usize| block.get(from..to).map(<[u8]>::trim_ascii_end);
    let name = field(0, 16)?;
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let is_plain = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/');
    let is_long = name.starts_with(b"#1");
    if !is_plain || is_long || matches!(name, b"." | b"..") || block.get(58..)? != b"`\n" {
        return None;
    }
    let number = |text: &[u8], radix| {
        let text = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        if text.is_empty() { Some(0) } else { u64::from_str_radix(text, radix).ok() }
    };
    let size = field(48, 58).filter(|size| !size.is_empty())?;
    let mode = u32::try_from(number(field(40, 48)?, 8)?).ok()?;
    Some(Header { name: name.to_vec(), mode, size: number(size, 10)? })
}

/// SPEC: deb(5): `debian-binary`, `control.tar*`, `data.tar*`, in this order; members with `_` in between are passed over.
fn is_ordered(names: &[Vec<u8>]) -> bool {
    let kept: Vec<&[u8]> = names.iter().map(Vec::as_slice).filter(|name| !name.starts_with(b"_")).collect();
    let is_tar = |name: &[u8], part: &[u8]| {
        let ending = name.strip_prefix(part);
        ending.is_some_and(|ending| matches!(ending, b".tar" | b".tar.gz" | b".tar.xz" | b".tar.zst"))
    };
    matches!(kept.as_slice(), [b"debian-binary", control, data] if is_tar(control, b"control") && is_tar(data, b"data"))
}
