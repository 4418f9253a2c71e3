//! What the reader saw that is odd, and how odd it is.

use std::fmt;

/// How a note weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Readers in use disagree, or the entry does not stay in its place: what a puller gets is not known. A verifier refuses.
    Error,
    /// Read alike by the readers that pull images, and worth a look.
    Warning,
    /// Usual, and different from what most archives have.
    Note,
}

macro_rules! note_kinds {
    ($($(#[$meta:meta])* $variant:ident = $text:literal, $severity:ident, $says:literal;)*) => {
        /// Why an entry is noted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum NoteKind { $(#[doc = $says] $(#[$meta])* $variant),* }

        impl NoteKind {
            /// Every kind, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word used in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// How it weighs.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// What it says, as half a sentence.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says),* }
            }
        }
    };
}

note_kinds! {
    // Headers.
    GlobalHeader = "global-header", Error, "a pax global header sets more than a comment; Go hands it to its caller, others apply it to all that follows";
    GlobalComment = "global-comment", Note, "a pax global header with only a comment, as `git archive` writes";
    GlobalMetadata = "global-metadata", Warning, "a pax global header that sets no more than times, names of owners and a label; Go hands it to its caller, others apply it to all that follows";
    RepeatedPaxKey = "repeated-pax-key", Error, "one key twice in a pax header; the last counts";
    EmptyPaxValue = "empty-pax-value", Error, "a pax record without value; the header's own value counts";
    BlankPaxKey = "blank-pax-key", Error, "a pax key behind a blank, which some readers pass over: to them it is another key, and counts";
    SignedPaxNumber = "signed-pax-number", Error, "a number of a pax header with a `+`, which some readers take for nothing: with the size they see other entries";
    UnappliedPaxKey = "unapplied-pax-key", Note, "a pax record that is not applied (vendor keys)";
    ForeignAttribute = "foreign-attribute", Warning, "an access list, file flag or attribute that some readers apply and Go does not; listed as an attribute under its pax key";
    OwnerByName = "owner-by-name", Warning, "owner or group root by number or by name and somebody else by the other, and some readers go by the name; it is listed as an attribute";
    RepeatedExtension = "repeated-extension", Error, "two extension headers of one type before one entry; the last counts";
    MixedExtensions = "mixed-extensions", Error, "both a pax header and a GNU long name or link before one entry; the GNU one counts";
    OddLongName = "odd-long-name", Error, "a GNU long name with bytes after its NUL or behind its end, or without any before it: some readers take them into the name";
    LostExtension = "lost-extension", Error, "an extension header with no entry after it; it applies to nothing";
    PaxSizeDiffers = "pax-size-differs", Warning, "the pax size differs from a header size that could have held it; the pax size counts";
    PaxSizeHides = "pax-size-hides", Error, "where the header's size ends, and not the pax size, other entries begin for readers that go by it";
    SizeOnEmptyType = "size-on-empty-type", Error, "a size on an entry that has no content; no content is read";
    SignedChecksum = "signed-checksum", Error, "the checksum only holds when bytes are taken as signed";
    PrefixInGnuHeader = "prefix-in-gnu-header", Error, "the GNU time fields hold a ustar prefix, as old Go writers left it; it counts";
    OddMagic = "odd-magic", Error, "`ustar` magic with a version that is neither ustar's nor GNU's: readers differ in whether the prefix counts";
    OddVersion = "odd-version", Warning, "`ustar` magic with a version that is neither ustar's nor GNU's, in a header without prefix";
    OddNumber = "odd-number", Error, "a negative number, or one that is too large for its field: of an owner systems keep 32 bits, so that 4294967296 is root";
    LeadingNul = "leading-nul", Error, "a number with digits behind a NUL, which count here and are nothing to others: with the size they see other entries";
    PaxOwnerDiffers = "pax-owner-differs", Error, "a pax owner or group that differs from a header's that could have held it: readers that go by the header see another one";
    LinkOnFile = "link-on-file", Error, "an empty file whose header names a link: some readers make a hard link to that";
    LinkByExtension = "link-by-extension", Warning, "a link whose target stands in an extension header alone: some readers make an empty file";
    NulInNumber = "nul-in-number", Warning, "a number with more bytes behind its NUL; some readers refuse the archive";
    DisputedPrefix = "disputed-prefix", Error, "bytes of the prefix that some readers take into the name and others do not: behind the prefix of star, in the times of GNU, in a header of the old form";
    FolderByHeader = "folder-by-header", Error, "a slash ends the header's name and not the one that counts, or the other way round: a folder to some readers, a file to others";
    NamedFolder = "named-folder", Warning, "a folder by its name and not by its type: a file to some readers";
    OldDevice = "old-device", Warning, "a header of the old form with something else where others have the numbers of a device: some readers take it for no header";
    OldFormat = "old-format", Note, "a header without `ustar` magic: the old V7 form";
    VolumeLabel = "volume-label", Warning, "the label of a GNU archive at its beginning; listed as an empty file, which some readers write and others pass over";
    OddType = "odd-type", Error, "an entry type that pullers refuse or skip; listed as a file with the content that follows it";
    // Content.
    Sparse = "sparse", Warning, "a sparse file, listed with its holes as zeros; readers without sparse files see other bytes";
    SparseOtherName = "sparse-other-name", Error, "a sparse file whose header has the name of another file: readers without sparse files write that one";
    DisputedSparse = "disputed-sparse", Error, "a sparse file with two maps, sizes or forms, or regions behind a NUL: readers that expand it see different bytes";
    UnknownSparse = "unknown-sparse", Error, "marks of a sparse form that Go does not expand, or on an entry that is none; listed as stored";
    NestedCompression = "nested-compression", Error, "a compressed stream inside a compressed stream; some readers unwrap both";
    PackedImages = "packed-images", Error, "an archive of images, compressed as a whole or from a pipe: engines load images out of it that are not judged here; verify the decompressed file";
    // The end.
    MissingEndMarker = "missing-end-marker", Warning, "the archive ends without end marker";
    ShortEndMarker = "short-end-marker", Warning, "the end marker has one zero block instead of two";
    CutPadding = "cut-padding", Error, "the archive ends inside the padding of its last entry";
    TrailingBytes = "trailing-bytes", Warning, "less than a block of bytes other than zero after the end marker";
    AfterEndMarker = "after-end-marker", Error, "bytes other than zero after the end marker: readers that look past it see more entries";
    // Names.
    EmptyName = "empty-name", Error, "an entry without a name";
    NulInName = "nul-in-name", Error, "a name or link target with a NUL, at which other readers cut it";
    AbsolutePath = "absolute-path", Warning, "an absolute path, taken from the root of the container; outside of images listed with an attribute, because some readers write it where it says";
    ParentInPath = "parent-in-path", Error, "a path with `..`, resolved by its text and kept inside the root";
    RewrittenPath = "rewritten-path", Error, "a path with inner `.` or empty segments; they are dropped";
    TrailingSlashFile = "trailing-slash-file", Error, "a file whose name ends in `/`; some readers call it a folder";
    NonUtf8Name = "non-utf8-name", Warning, "a name that is not UTF-8";
    ControlInName = "control-in-name", Warning, "a name with control characters";
    DriveInName = "drive-in-name", Error, "a name that begins with a drive letter or a backslash, which some readers take off";
    BackslashInName = "backslash-in-name", Note, "a name with a backslash, which some systems take for a separator";
    WhiteoutName = "whiteout-name", Note, "a name with the prefix that layers of images give a meaning to (`.wh.`); here it is a plain file";
    CaseCollision = "case-collision", Note, "names that differ in case alone: one file where case is folded";
    UnicodeCollision = "unicode-collision", Warning, "names that differ in Unicode normalisation alone: one file where names are normalised";
    // Entries with each other.
    DuplicatePath = "duplicate-path", Warning, "a file listed again; the last one counts, as on disk after unpacking";
    ReplacedLink = "replaced-link", Error, "an entry in place of a link or device, or of a file that a link shares: readers that write in place change something else too";
    ReplacedFolder = "replaced-folder", Error, "a folder and something else under one path; some readers refuse, others remove what was there";
    KeptAttributes = "kept-attributes", Error, "a folder listed again without an attribute that it had: on disk it keeps it, pullers that unpack each layer by itself drop it";
    AccessListDiffers = "access-list-differs", Error, "an access list that says otherwise than the mode, or no more than it: pullers set the one or the other last";
    InheritedAccessList = "inherited-access-list", Error, "an entry below a folder with a default access list: on disk it gets one that no inventory lists";
    RepeatedDirectory = "repeated-directory", Note, "a folder listed again; the last entry counts";
    BelowNonDirectory = "below-non-directory", Error, "an entry below something that is no folder";
    ReplacedRoot = "replaced-root", Error, "the root itself as something else than a folder";
    RaisedRootEntry = "raised-root-entry", Error, "the entry `./` of a layer has an unusual mode or attributes, which some pullers set on the root of the container and no inventory lists";
    OddRootEntry = "odd-root-entry", Warning, "the entry `./` itself has set-id or sticky bits, can be written by everybody, or has attributes; who unpacks it gives them to the folder that it is unpacked into";
    RootEntry = "root-entry", Note, "the entry `./` itself has a mode other than 0755 or an owner other than root; no inventory lists it";
    // Links.
    EmptyLinkTarget = "empty-link-target", Error, "a link without a target";
    HardlinkTargetSlash = "hardlink-target-slash", Error, "a hard link whose target ends in `/`: some pullers follow a symbolic link there, others fail or link to it";
    HardlinkEscapes = "hardlink-escapes", Error, "a hard link whose target has `..`; it is resolved by its text and kept inside the root";
    HardlinkTargetMissing = "hardlink-target-missing", Warning, "a hard link whose target is no earlier entry of this archive";
    HardlinkToNothing = "hardlink-to-nothing", Error, "a hard link to something that no layer has; pullers fail";
    HardlinkTargetNotFile = "hardlink-target-not-file", Error, "a hard link to something other than a file";
    HardlinkThroughSymlink = "hardlink-through-symlink", Error, "a hard link whose target lies below a symbolic link of this archive: it is a link to whatever lies where that leads";
    HardlinkRaises = "hardlink-raises", Error, "a hard link whose header gives set-id bits or capabilities that its target does not have, or gives them to another owner: some readers set them on both";
    HardlinkHeaderDiffers = "hardlink-header-differs", Warning, "a hard link whose header gives another mode, owner or attribute than its target has: some readers set it on both";
    HardlinkMetadataDiffers = "hardlink-metadata-differs", Error, "a hard link whose header gives another mode, owner or attribute than its target has: pullers set it on both";
    // What an entry may do.
    DeviceDiffers = "device-differs", Error, "a device whose numbers a pax header gives otherwise than the header, which counts";
    SpecialFile = "special-file", Warning, "a device or a fifo";
    SetId = "set-id", Warning, "set-user-id or set-group-id on a file";
    Capability = "capability", Warning, "a file with capabilities";
    // Layers on each other.
    WhiteoutOfNothing = "whiteout-of-nothing", Warning, "a whiteout of a path that no lower layer has";
    WhiteoutOfOwn = "whiteout-of-own", Error, "a whiteout of a path that the same layer writes: some pullers remove it too";
    WhiteoutOfFolder = "whiteout-of-folder", Error, "a whiteout of the folder that it lies in, or of the one above; it is skipped";
    RepeatedWhiteout = "repeated-whiteout", Error, "one whiteout twice in a layer";
    WhiteoutMetadata = "whiteout-metadata", Warning, "a `.wh..wh.` name other than the opaque marker: bookkeeping of old storage drivers, which is skipped";
    OpaqueThroughSymlink = "opaque-through-symlink", Error, "an opaque marker behind a symbolic link of its layer, or above what its layer wrote through one: pullers remove different files";
    ImpliedFolder = "implied-folder", Warning, "a folder of a lower layer that this layer writes in without listing it: pullers that unpack each layer by itself give it mode 0755 and root for its owner";
    WidenedFolder = "widened-folder", Error, "a folder of a lower layer that this layer writes in without listing it, and that not everybody may enter, or that has attributes: pullers that unpack each layer by itself make it anew with mode 0755";
    BelowWhiteout = "below-whiteout", Error, "an entry below a folder with a whiteout's name: some pullers write it, others skip it; it is skipped";
    ThroughSymlink = "through-symlink", Warning, "an entry below a symbolic link that its own layer wrote before; it lands where the link leads, inside the root";
    ThroughEscapingSymlink = "through-escaping-symlink", Error, "an entry below a symbolic link that is absolute or leads above the root, written by its own layer";
    ThroughLowerSymlink = "through-lower-symlink", Error, "an entry below a symbolic link of a lower layer: pullers that unpack each layer by itself put a folder in its place";
    ThroughDottedSymlink = "through-dotted-symlink", Error, "an entry below symbolic links of which pullers resolve a `..` differently";
    OverlayMark = "overlay-mark", Error, "a character device 0:0 or an attribute of overlay: to some pullers a whiteout, an opaque folder or a redirection";
    OpaqueRoot = "opaque-root", Error, "an opaque marker at the root of a layer above others: overlay ignores it, other pullers remove all that is below";
    // Configurations of images.
    ShortHistory = "short-history", Warning, "the history of an image has fewer entries that made a layer than there are layers: it says nothing of some";
    LongHistory = "long-history", Error, "the history of an image has more entries that made a layer than there are layers: some engines refuse";
    // Archives inside, where they are opened.
    NotOpened = "not-opened", Note, "an archive inside an archive inside: it is listed, and not opened";
    InsideCut = "inside-cut", Error, "an archive inside ends where more must follow; what is in it is not known";
    InsideDamaged = "inside-damaged", Error, "a compressed stream inside is damaged; what is in it is not known";
    InsideMalformed = "inside-malformed", Error, "an archive inside breaks its own format; what is in it is not known";
    OddPackage = "odd-package", Error, "a package with other members than its format has, in another order, or packed otherwise than their names say";
    TwoForms = "two-forms", Error, "begins as a tar archive and as something else, a zip file or a compressed stream: readers open the one or the other";
    ZipBehind = "zip-behind", Error, "named as a zip file, begins as something else and ends as one: readers from its start see no archive";
    ZipGap = "zip-gap", Error, "a zip file with bytes between its entries or before its end record that are none of them";
    ZipTrailing = "zip-trailing", Error, "bytes after the end of a zip file: some readers refuse, others look on";
    ZipEnd = "zip-end", Error, "the end record of a zip file is not true, or could be at two places";
    ZipUnlisted = "zip-unlisted", Error, "an entry of a zip file that its central directory does not list: only readers from its start see it";
    ZipOverlap = "zip-overlap", Error, "the central directory of a zip file points to no entry of its own: entries overlap, or lie inside others";
    ZipMismatch = "zip-mismatch", Error, "the local header of a zip entry and the central directory differ in name, size, checksum, method or flags";
    ZipSizes = "zip-sizes", Error, "size or checksum of a zip entry are not those of its content";
    ZipStreamed = "zip-streamed", Error, "a zip entry of which nothing, or more than one thing, says where it ends";
    ZipEncrypted = "zip-encrypted", Error, "an encrypted zip entry: what is in it is not known";
    ZipMethod = "zip-method", Error, "a zip entry packed as few readers unpack it: what is in it is not known";
    ZipExtra = "zip-extra", Error, "extra fields of a zip entry that are malformed or say something else than its header";
    ZipDuplicate = "zip-duplicate", Error, "a zip entry listed again: readers take the first, the last, or both";
    ZipName = "zip-name", Error, "a zip entry whose name is absolute, has a drive, a backslash or a NUL, ends in `;` and a version, or is no UTF-8 where it says so: readers write it at different places";
    ZipEncoding = "zip-encoding", Warning, "a zip entry with a name outside ASCII that does not say its encoding; it is listed by its bytes";
    ZipKind = "zip-kind", Error, "a zip entry that is a link, device or folder to some readers and a file to others";
    NotesCut = "notes-cut", Error, "further notes were dropped";
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One odd thing, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderNote {
    /// What it is.
    pub kind: NoteKind,
    /// The entry's path as inventoried; empty where no entry is concerned.
    pub path: Vec<u8>,
    /// Start of the entry's header in the uncompressed tar stream, in bytes; 0 for folders.
    pub offset: u64,
    /// Further entries of the same archive of which the same is true, and which have no note of their own.
    pub more: u64,
}

impl ReaderNote {
    /// About one entry.
    pub(crate) const fn new(kind: NoteKind, path: Vec<u8>, offset: u64) -> Self {
        Self { kind, path, offset, more: 0 }
    }

    /// How it weighs.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.kind.severity()
    }

    /// True when a verifier must not pass over it.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.severity() == Severity::Error
    }
}

impl fmt::Display for ReaderNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)?;
        if !self.path.is_empty() {
            write!(f, ": `{}`", self.path.escape_ascii())?;
        }
        if self.more == 0 { Ok(()) } else { write!(f, " and {} more", self.more) }
    }
}
