//! What an archive can be made of.

/// Where in the archive a feature has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the entries.
    Entry,
    /// At the end of the tar stream; an archive has at most one.
    Ending,
    /// Around the tar stream; an archive has at most one.
    Wrapping,
}

macro_rules! features {
    ($($place:ident { $($(#[$meta:meta])* $variant:ident $temper:ident,)* })*) => {
        /// One thing that archives in the wild, or of an attacker, have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature { $($($(#[$meta])* $variant,)*)* }

        impl Feature {
            /// Every feature.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)*)*];

            pub(super) const fn place(self) -> Place {
                match self { $($(Self::$variant => Place::$place,)*)* }
            }

            /// True when Go's reader, as a rule, gets to the end of an archive that has it.
            #[must_use]
            pub const fn is_tame(self) -> bool {
                match self { $($(Self::$variant => is_tame!($temper),)*)* }
            }
        }
    };
}

macro_rules! is_tame {
    (tame) => {
        true
    };
    (wild) => {
        false
    };
}

features! {
    Entry {
        /// A file.
        PlainFile tame,
        /// A folder, its path with a slash at the end.
        PlainFolder tame,
        /// A symbolic link.
        PlainSymlink tame,
        /// A hard link to an earlier file.
        PlainHardlink tame,
        /// A header without magic.
        FormatV7 tame,
        /// A ustar header.
        FormatUstar tame,
        /// A GNU header.
        FormatGnu tame,
        /// A ustar header with a pax header before it.
        FormatPax tame,
        /// A header of star.
        FormatStar tame,
        /// `ustar` magic with a version that is nobody's.
        FormatOddMagic tame,
        /// A number between spaces.
        NumberSpaces tame,
        /// A number between NULs.
        NumberNuls tame,
        /// A number that fills its field.
        NumberFullWidth tame,
        /// A number in base 256.
        NumberBase256 tame,
        /// A number in base 256 that octal digits could not hold; never the size.
        NumberLarge tame,
        /// Bytes after the NUL of a number.
        NumberJunkAfterNul tame,
        /// A field without a number.
        NumberEmpty tame,
        /// A negative number in base 256.
        NumberNegative wild,
        /// A number in base 256 of more than 63 bits.
        NumberOverflow wild,
        /// A size of which the archive has no bytes.
        NumberHugeSize wild,
        /// Octal digits that are none.
        NumberBadDigit wild,
        /// The size in an unusual form of the same value.
        OddSize tame,
        /// The mode in an unusual form, or with high bits.
        OddMode tame,
        /// The owner in an unusual form.
        OddOwner tame,
        /// The group in an unusual form.
        OddGroup tame,
        /// The time in an unusual form, or negative.
        OddTime tame,
        /// Device numbers on an entry that is no device.
        OddDevice tame,
        /// The prefix field of ustar.
        PrefixUstar tame,
        /// The prefix field of ustar, with an empty name.
        PrefixNoName tame,
        /// The shorter prefix field of star, and what lies behind it.
        PrefixStar tame,
        /// A ustar prefix in a GNU header, as Go's writer made it before 1.8.
        PrefixInGnu tame,
        /// The same with bytes that are not ASCII.
        PrefixInGnuNotAscii tame,
        /// The time fields of a GNU header.
        GnuTimes tame,
        /// A time field of star that is no number.
        StarTimesBad wild,
        /// A GNU long name with NUL.
        LongName tame,
        /// A GNU long link with NUL.
        LongLink tame,
        /// A GNU long name and link before one entry.
        LongBoth tame,
        /// A GNU long name or link without NUL.
        LongNoNul tame,
        /// A GNU long name or link with bytes after its NUL.
        LongAfterNul tame,
        /// A GNU long name or link without bytes, or of NULs.
        LongEmpty tame,
        /// Two GNU long names before one entry.
        LongNameTwice tame,
        /// Two GNU long links before one entry.
        LongLinkTwice tame,
        /// A long name of some thousand bytes.
        LongHuge tame,
        /// An extension header of 1 MiB, which is the most that Go reads, or of one byte more.
        LongOverLimit wild,
        /// A long name whose size is more than the archive has.
        LongCut wild,
        /// A pax header in the format of another writer.
        PaxInGnu tame,
        /// A path in a pax header.
        PaxPath tame,
        /// A link target in a pax header.
        PaxLinkpath tame,
        /// A size in a pax header, the header's own being 0.
        PaxSize tame,
        /// A size in a pax header, the header's own being another one.
        PaxSizeNonZeroBase tame,
        /// A size in a pax header that leaves a part of the body, which holds headers.
        PaxSizeSmaller tame,
        /// A size in a pax header that takes in the next entry.
        PaxSizeLarger tame,
        /// A negative size in a pax header.
        PaxSizeNegative wild,
        /// A size in a pax header with a sign or leading zeros.
        PaxSizeOddDigits tame,
        /// A pax header with a size, then a GNU long name.
        PaxSizeOnLong tame,
        /// A pax header with a size, then a link.
        PaxSizeOnLink tame,
        /// A pax header with a size, then a folder.
        PaxSizeOnFolder tame,
        /// Owner and group in a pax header.
        PaxOwner tame,
        /// A negative or very large owner in a pax header.
        PaxOwnerOdd tame,
        /// Names of owner and group in a pax header.
        PaxOwnerName tame,
        /// Times in a pax header.
        PaxTimes tame,
        /// A time in a pax header that is no number.
        PaxTimesBad wild,
        /// A number in a pax header that is none.
        PaxNumberBad wild,
        /// An extended attribute.
        PaxXattr tame,
        /// The attribute that gives a file capabilities.
        PaxCapability tame,
        /// An extended attribute without a name.
        PaxXattrNoName tame,
        /// A comment in a pax header.
        PaxComment tame,
        /// Keys of vendors in a pax header.
        PaxVendor tame,
        /// One key twice in a pax header.
        PaxKeyTwice tame,
        /// A pax record without a value.
        PaxEmptyValue tame,
        /// A pax value with `=` or a line break.
        PaxOddValue tame,
        /// A pax header without records.
        PaxNoRecords tame,
        /// A length of a pax record that is wrong.
        PaxBadLength wild,
        /// A length of a pax record with a sign or leading zeros.
        PaxOddLength tame,
        /// A pax record that ends in no line break.
        PaxNoNewline wild,
        /// A pax record without `=`.
        PaxNoEquals wild,
        /// A pax record without a key.
        PaxNoKey wild,
        /// A NUL in a pax key.
        PaxNulInKey wild,
        /// A NUL in a pax path, link target or name.
        PaxNulInPath wild,
        /// A NUL in another pax value.
        PaxNulInValue tame,
        /// A pax path that is not UTF-8.
        PaxNotUtf8 tame,
        /// A pax path that ends in a slash.
        PaxPathSlash tame,
        /// A pax header, then a GNU long name.
        PaxBeforeLong tame,
        /// A GNU long name, then a pax header.
        LongBeforePax tame,
        /// Two pax headers before one entry.
        PaxTwice tame,
        /// A pax header, a global one, then the entry.
        PaxThenGlobal tame,
        /// A GNU long name, a global pax header, then the entry.
        LongThenGlobal tame,
        /// A global pax header with a path.
        GlobalPath tame,
        /// A global pax header with a size.
        GlobalSize tame,
        /// A global pax header with a comment.
        GlobalComment tame,
        /// A global pax header that is malformed.
        GlobalBad wild,
        /// A global pax header with a number that is none: Go does not look at it.
        GlobalBadNumber tame,
        /// A pax header whose own size is in base 256.
        PaxHeadBase256 tame,
        /// An old GNU sparse file of up to four fragments.
        SparseGnu tame,
        /// An old GNU sparse file with extension blocks.
        SparseGnuExtended tame,
        /// An old GNU sparse file whose extension blocks are missing.
        SparseGnuExtendedCut wild,
        /// An old GNU sparse file whose real size is odd or no number.
        SparseGnuRealSizeOdd wild,
        /// An old GNU sparse type in a header that is not GNU's.
        SparseGnuInUstar wild,
        /// The sparse type in a header of star.
        SparseStar wild,
        /// A sparse file of pax format 0.0.
        SparsePax00 tame,
        /// A sparse file of pax format 0.1.
        SparsePax01 tame,
        /// A sparse file of pax format 1.0.
        SparsePax10 tame,
        /// A sparse version that nobody knows: no sparse file to Go.
        SparseUnknownVersion tame,
        /// Pairs of pax format 0.0 in the wrong order.
        Sparse00Order wild,
        /// A map of format 0.1 or 1.0 that is no list of numbers.
        SparseMapBad wild,
        /// A number of fragments that is not the map's.
        SparseCountBad wild,
        /// A map of about 1 MiB, which is the most that Go reads: on this side of it, or on the other.
        SparseMapHuge wild,
        /// A map of format 1.0 that is longer than the body.
        SparseMapCut wild,
        /// Fragments that overlap.
        SparseOverlap wild,
        /// Fragments in the wrong order.
        SparseOutOfOrder wild,
        /// A fragment behind the real size.
        SparseBeyond wild,
        /// A fragment with a negative number.
        SparseNegative wild,
        /// Fragments of no bytes.
        SparseEmptyFragments tame,
        /// A hole of many gigabytes.
        SparseHugeHole tame,
        /// No fragment.
        SparseNoData tame,
        /// No hole.
        SparseNoHole tame,
        /// Less data than the map says.
        SparseMissingData wild,
        /// More data than the map says.
        SparseExtraData wild,
        /// A real size that is absent, or given by both keys.
        SparseSizeKeys tame,
        /// Sparse keys on a folder or link.
        SparseOnFolder wild,
        /// A pax size on a sparse file.
        SparsePaxSize tame,
        /// Type NUL.
        TypeOldFile tame,
        /// Type NUL and a slash at the end of the path.
        TypeOldFolder tame,
        /// Type NUL, the slash coming from an extension header.
        TypeOldFolderLong tame,
        /// Type `7`.
        TypeContiguous tame,
        /// Type `V`, a volume label.
        TypeVolume tame,
        /// Type `M`, a continued file.
        TypeMulti tame,
        /// Type `N`, old long names.
        TypeNames tame,
        /// Type `D`, a dumped folder.
        TypeDump tame,
        /// Type `I`, metadata alone.
        TypeInode tame,
        /// Type `X`, the pax header of Solaris.
        TypeSolaris tame,
        /// Another capital letter.
        TypeVendor tame,
        /// Another byte.
        TypeOther tame,
        /// A size on a link, without a body.
        SizeOnLink tame,
        /// A size on a folder, without a body.
        SizeOnFolder tame,
        /// A size on a device or fifo, without a body.
        SizeOnDevice tame,
        /// A size and a body on a link.
        BodyOnLink wild,
        /// A size and a body on a folder.
        BodyOnFolder wild,
        /// A size and a body on a device or fifo.
        BodyOnDevice wild,
        /// A file whose body is an archive.
        BodyIsArchive tame,
        /// A link or folder with a size, followed by blocks that are headers.
        BodyIsHeaders tame,
        /// Padding that is not zero.
        PaddingOdd tame,
        /// An absolute path.
        PathAbsolute tame,
        /// A path with `..`.
        PathParent tame,
        /// An empty path.
        PathEmpty tame,
        /// The path `.` or `./`.
        PathRoot tame,
        /// A path that begins with `./`.
        PathDotSlash tame,
        /// A path with `//`, or with `.` inside.
        PathInnerDots tame,
        /// A file with a slash at the end of its path.
        PathSlashFile tame,
        /// A path with backslashes or a drive.
        PathBackslash tame,
        /// A path with control characters.
        PathControl tame,
        /// A path that is not UTF-8.
        PathNotUtf8 tame,
        /// Two paths that differ in case.
        PathCase tame,
        /// Two paths that are one after normalisation of Unicode.
        PathUnicode tame,
        /// A path of 100 bytes, without NUL.
        PathFull tame,
        /// Names of owner and group without NUL, or not UTF-8.
        OwnerNameOdd tame,
        /// A hard link to a later entry.
        HardlinkForward tame,
        /// A hard link to nothing.
        HardlinkDangling tame,
        /// A hard link to itself.
        HardlinkSelf tame,
        /// A hard link that leads out.
        HardlinkEscaping tame,
        /// A hard link to a folder or symbolic link.
        HardlinkToFolder tame,
        /// A link without a target.
        LinkEmpty tame,
        /// A link target of 100 bytes, without NUL.
        LinkFull tame,
        /// A symbolic link that leads out, then an entry below it.
        SymlinkThenBelow tame,
        /// A symbolic link in place of the root.
        SymlinkRoot tame,
        /// One path twice.
        TwiceFile tame,
        /// One path twice, in two spellings.
        TwiceSpelling tame,
        /// A file, then a folder of the same path.
        TwiceFileFolder tame,
        /// A folder with a file, then a file in place of the folder.
        TwiceFolderFile tame,
        /// A folder listed again.
        TwiceFolder tame,
        /// A file, a hard link to it, then the file again.
        TwiceHardlinkTarget tame,
        /// A character device.
        DeviceChar tame,
        /// A block device.
        DeviceBlock tame,
        /// A fifo.
        DeviceFifo tame,
        /// Set-id and sticky bits.
        SetId tame,
        /// A whiteout, and what it hides.
        WhiteoutPlain tame,
        /// An opaque folder.
        WhiteoutOpaque tame,
        /// A whiteout of nothing.
        WhiteoutNothing tame,
        /// The whiteout `.wh.`.
        WhiteoutRoot tame,
        /// The whiteouts `.wh..` and `.wh...`.
        WhiteoutDots tame,
        /// Bookkeeping of aufs.
        WhiteoutMeta tame,
        /// A wrong checksum.
        ChecksumBad wild,
        /// A checksum over signed bytes.
        ChecksumSigned tame,
        /// A checksum of spaces.
        ChecksumSpaces wild,
        /// A checksum in an unusual form.
        ChecksumOdd tame,
    }
    Ending {
        /// No end marker.
        EndMissing tame,
        /// An end marker of one block.
        EndOneBlock tame,
        /// One block of zeros, then data.
        EndOneThenData wild,
        /// One block of zeros, then entries.
        EndOneThenEntries wild,
        /// Data after the end marker.
        EndThenData tame,
        /// Entries after the end marker.
        EndThenEntries tame,
        /// Many zeros after the end marker.
        EndZeroPadded tame,
        /// Some bytes of a block after the end marker.
        EndPartialBlock tame,
        /// One block of zeros and a part of the other one.
        EndOneThenPart wild,
        /// A pax header without an entry.
        EndPax tame,
        /// A pax header, then no end marker.
        EndPaxMissing tame,
        /// A GNU long name without an entry.
        EndLong tame,
        /// The padding of the last body is missing.
        EndNoPadding tame,
        /// A part of the padding of the last body is missing.
        EndPartPadding tame,
        /// The last body is cut.
        EndCutBody wild,
        /// The last header is cut.
        EndCutHeader wild,
        /// An extension header is cut.
        EndCutExtension wild,
    }
    Wrapping {
        /// One gzip member.
        GzipOne tame,
        /// A gzip member of stored blocks.
        GzipStored tame,
        /// Several members, split anywhere.
        GzipSplit tame,
        /// Empty members between others.
        GzipEmptyMember tame,
        /// Extra field, name, comment and header checksum.
        GzipFields tame,
        /// A header checksum that is wrong.
        GzipFieldsBad wild,
        /// A reserved flag.
        GzipReservedFlag wild,
        /// Zeros after the last member.
        GzipZeros wild,
        /// Other bytes after the last member.
        GzipGarbage wild,
        /// A wrong checksum.
        GzipBadCrc wild,
        /// A wrong length.
        GzipBadLength wild,
        /// A stream that is cut.
        GzipCut wild,
        /// A byte that is changed.
        GzipDamaged wild,
        /// A gzip stream in a gzip stream.
        GzipTwice wild,
    }
}
