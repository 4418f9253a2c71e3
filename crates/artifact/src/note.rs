//! What the reader saw that is odd but no error.

use std::fmt;

macro_rules! note_kinds {
    ($($(#[$meta:meta])* $variant:ident = $text:literal, $ambiguous:literal;)*) => {
        /// Why an entry is noted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum NoteKind { $($(#[$meta])* $variant),* }

        impl NoteKind {
            /// The word used in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// True when tar readers in use take the entry differently.
            #[must_use]
            pub const fn ambiguous(self) -> bool {
                match self { $(Self::$variant => $ambiguous),* }
            }
        }
    };
}

note_kinds! {
    /// A pax global header that sets more than a comment: Go hands it to its caller, containerd skips it, others apply it.
    GlobalHeader = "global-header", true;
    /// A pax global header with only a comment, as `git archive` writes.
    GlobalComment = "global-comment", false;
    /// One key twice in a pax header; the last counts.
    RepeatedPaxKey = "repeated-pax-key", true;
    /// A pax record without value; the header's own value counts.
    EmptyPaxValue = "empty-pax-value", true;
    /// A pax record that is not applied (vendor keys).
    UnappliedPaxKey = "unapplied-pax-key", false;
    /// A pax record that some readers apply as an access list, file flag or extended attribute, and Go does not.
    ForeignAttribute = "foreign-attribute", true;
    /// Owner or group 0 by number, somebody else by name: readers that go by name give the file to him.
    OwnerByName = "owner-by-name", true;
    /// The entry `./` itself has set-id bits, is writable for others, belongs to somebody or has attributes;
    /// of a layer also: has a mode other than 0755 and 0555.
    RaisedRootEntry = "raised-root-entry", true;
    /// Two extension headers of one type before one entry; the last counts.
    RepeatedExtension = "repeated-extension", true;
    /// Both a pax header and a GNU long name or link before one entry; the GNU one counts.
    MixedExtensions = "mixed-extensions", true;
    /// A GNU long name with bytes after its NUL, or without any before it.
    OddLongName = "odd-long-name", true;
    /// The pax size differs from a header size that could have held it; the pax size counts.
    PaxSizeDiffers = "pax-size-differs", true;
    /// A size on an entry that has no content; it is ignored.
    SizeOnEmptyType = "size-on-empty-type", true;
    /// The checksum only holds when bytes are taken as signed.
    SignedChecksum = "signed-checksum", true;
    /// The GNU time fields hold a ustar prefix, as old Go writers left it; it counts.
    PrefixInGnuHeader = "prefix-in-gnu-header", true;
    /// `ustar` magic with a version that is neither ustar's nor GNU's: readers differ in whether the prefix field counts.
    OddMagic = "odd-magic", true;
    /// A header without `ustar` magic: the old V7 form.
    OldFormat = "old-format", false;
    /// A file whose name ends in `/`; some readers call it a folder.
    TrailingSlashFile = "trailing-slash-file", true;
    /// A path with inner `.` or empty segments; they are dropped.
    RewrittenPath = "rewritten-path", true;
    /// A name that is not UTF-8.
    NonUtf8Name = "non-utf8-name", false;
    /// A name with control characters.
    ControlInName = "control-in-name", false;
    /// A name with the prefix that OCI layers give a meaning to (`.wh.`); here it is a plain file.
    WhiteoutName = "whiteout-name", false;
    /// The entry `./` itself has a mode other than 0755; it is not in the inventory.
    RootEntry = "root-entry", false;
    /// A folder listed again; the last entry counts.
    RepeatedDirectory = "repeated-directory", false;
    /// A hard link whose target is not an earlier entry of this archive.
    HardlinkTargetMissing = "hardlink-target-missing", false;
    /// A hard link to something other than a file.
    HardlinkTargetNotFile = "hardlink-target-not-file", true;
    /// A device or a fifo.
    SpecialFile = "special-file", false;
    /// Set-user-id, set-group-id on a file.
    SetId = "set-id", false;
    /// The end marker has one zero block instead of two.
    ShortEndMarker = "short-end-marker", false;
    /// A compressed stream inside a compressed stream; some readers unwrap both.
    NestedCompression = "nested-compression", true;
    /// An entry of a layer with an absolute path; every puller takes it from the root of the image.
    AbsolutePath = "absolute-path", false;
    /// A whiteout of a path that no lower layer has.
    WhiteoutOfNothing = "whiteout-of-nothing", false;
    /// A whiteout of a path that the same layer writes: some pullers remove it too, others merge it with what lies below.
    WhiteoutOfOwn = "whiteout-of-own", true;
    /// A `.wh..wh.` name other than the opaque marker: bookkeeping of old storage drivers, which is skipped.
    WhiteoutMetadata = "whiteout-metadata", false;
    /// An entry below a folder with a whiteout's name: some pullers write it, others skip it; it is skipped.
    BelowWhiteout = "below-whiteout", true;
    /// An entry below a symbolic link that its own layer wrote before; it lands where the link leads, inside the root.
    ThroughSymlink = "through-symlink", false;
    /// An entry below a symbolic link of a lower layer: pullers that unpack each layer by itself (overlay) put a folder in
    /// place of the link, others follow it inside the root. It is followed.
    ThroughLowerSymlink = "through-lower-symlink", true;
    /// An entry below symbolic links of which pullers resolve a `..` differently: by the text of the path, or where it leads.
    ThroughDottedSymlink = "through-dotted-symlink", true;
    /// A character device 0:0, or an attribute of overlay's: to pullers that unpack a layer by itself it is a whiteout, an
    /// opaque folder or a redirection.
    OverlayMark = "overlay-mark", true;
    /// A hard link whose header gives another mode, owner or attribute than its target has: pullers set it on both. The
    /// target's counts.
    HardlinkMetadataDiffers = "hardlink-metadata-differs", true;
    /// Further notes were dropped.
    NotesCut = "notes-cut", true;
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
}

impl ReaderNote {
    /// True when tar readers in use take the entry differently, so that a puller may see something else.
    #[must_use]
    pub const fn ambiguous(&self) -> bool {
        self.kind.ambiguous()
    }
}

impl fmt::Display for ReaderNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ": `{}`", self.path.escape_ascii()) }
    }
}
