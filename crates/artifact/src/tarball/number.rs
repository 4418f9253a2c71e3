//! Numbers in headers and pax records, as Go's `archive/tar` reads them.
//!
//! SPEC: Go 1.26 archive/tar `strconv.go`: `parseNumeric`, `parseOctal`; strconv `ParseInt` in base 10.

/// Reads a header field: octal digits, or base-256 in two's complement when the first bit is set.
pub(super) fn field(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first()?;
    if first & 0x80 == 0 {
        return octal(bytes);
    }
    let inverted = if first & 0x40 == 0 { 0 } else { 0xff };
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate() {
        let mut byte = byte ^ inverted;
        if at == 0 {
            byte &= 0x7f;
        }
        if value >> 56 != 0 {
            return None;
        }
        value = value << 8 | u64::from(byte);
    }
    let value = i64::try_from(value).ok()?;
    Some(if inverted == 0 { value } else { !value })
}

/// Reads octal digits between blanks and NULs; nothing but these is 0. More than 63 bits turn negative.
pub(super) fn octal(bytes: &[u8]) -> Option<i64> {
    let is_pad = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = bytes.iter().position(|byte| !is_pad(byte)) else { return Some(0) };
    let end = bytes.iter().rposition(|byte| !is_pad(byte))?;
    let digits = super::header::text(bytes.get(start..=end)?);
    let mut value = 0u64;
    for digit in digits {
        if !matches!(digit, b'0'..=b'7') || value >> 61 != 0 {
            return None;
        }
        value = value << 3 | u64::from(digit - b'0');
    }
    Some(value.cast_signed())
}

/// True when digits follow a NUL at the beginning: Go passes over it, and to others the number is 0.
pub(super) fn has_leading_nul(bytes: &[u8]) -> bool {
    let first = bytes.iter().position(|byte| !matches!(byte, b' ' | 0));
    first.is_some_and(|first| bytes.iter().take(first).any(|byte| *byte == 0))
}

/// True when something other than padding follows the NUL that ends the digits: Go passes over it, and BSD tar takes no such header.
pub(super) fn has_rest_behind_nul(bytes: &[u8]) -> bool {
    let is_octal = bytes.first().is_some_and(|first| first & 0x80 == 0);
    let mut rest = bytes.iter().skip_while(|byte| matches!(byte, b' ' | 0)).skip_while(|byte| **byte != 0);
    is_octal && rest.any(|byte| !matches!(byte, b' ' | 0))
}

/// Reads a decimal number with an optional sign.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        // pass: cases of Go's strconv_test.go; fail: overflow, other digits
        for (bytes, expected) in [
            (&b"0000000\0"[..], Some(0)),
            (b" \x0000000644 \0", Some(0o644)),
            (b"  644 \0 ", Some(0o644)),
            (b"644\x00junk", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"0000089\0", None),
            (b"+644", None),
            (b"\x80", Some(0)),
            (b"\x80\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff", Some(-1)),
            (b"\xbf\xff", Some(0x3fff)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xfe", Some(-2)),
            (b"\x80\x80\0\0\0\0\0\0\0", None),
            (b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", Some(i64::MAX)),
            (b"1777777777777777777777", Some(-1)),
            (b"2000000000000000000000", None),
        ] {
            assert_eq!(field(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn digits_behind_a_nul_are_told() {
        // fail: NULs, also among blanks, and then a digit; pass: digits first, blanks first, nothing but padding
        for (bytes, expected) in [
            (&b"\x000000644\0"[..], true),
            (b"\0\0\0\x0007\0\0", true),
            (b" \x00644 \0", true),
            (b"0000644\0", false),
            (b"  644 \0 ", false),
            (b"644\x00junk", false),
            (b"\0\0\0 \0", false),
            (b"\x80\0\0\x01", false),
            (b"", false),
        ] {
            assert_eq!(has_leading_nul(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn bytes_behind_the_nul_of_a_number_are_told() {
        // fail: digits or others behind the NUL that ends the number; pass: padding, digits behind a first NUL, base-256
        for (bytes, expected) in [
            (&b"2000\x0000007\0"[..], true),
            (b"644\x00junk", true),
            (b"0000644\0", false),
            (b"644 \0\0\0", false),
            (b"644\0 \0 ", false),
            (b"\x000000644\0", false),
            (b"\x80\0\0\x01", false),
            (b"\0\0\0\0", false),
            (b"", false),
        ] {
            assert_eq!(has_rest_behind_nul(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn decimals_have_a_sign_and_digits_only() {
        // pass: as strconv.ParseInt in base 10
        for (text, expected) in
            [(&b"12"[..], Some(12)), (b"+12", Some(12)), (b"-0", Some(0)), (b"", None), (b"+", None), (b"1_2", None)]
        {
            assert_eq!(decimal(text), expected, "{}", text.escape_ascii());
        }
    }
}
