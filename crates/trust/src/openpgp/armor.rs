//! Armour: the lines around base64.
//!
//! SPEC: RFC 9580 section 6.2.
//!
//! OFF-SPEC: one block and nothing around it; lines end in a line feed; a checksum that is there must be right.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Takes the bytes out of one block with this label. Absent for anything else.
///
/// SECURITY: what stands before or behind a block is read by some and not by others, and is signed by nobody.
pub(super) fn strip(text: &str, label: &str) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(&format!("-----BEGIN PGP {label}-----\n"))?;
    let inner = inner.strip_suffix('\n').unwrap_or(inner).strip_suffix(&format!("\n-----END PGP {label}-----"))?;
    let mut lines = inner.split('\n');
    for line in lines.by_ref() {
        if line.is_empty() {
            break;
        }
        // Headers such as `Version: ...` say nothing that is believed.
        if !line.contains(": ") || !line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return None;
        }
    }
    let (mut body, mut checksum) = (String::new(), None);
    for line in lines {
        if checksum.is_some() || line.is_empty() {
            return None;
        }
        match line.strip_prefix('=') {
            Some(rest) => checksum = Some(STANDARD.decode(rest).ok()?),
            None => body.push_str(line),
        }
    }
    let bytes = STANDARD.decode(body).ok().filter(|bytes| !bytes.is_empty())?;
    let right = checksum.is_none_or(|checksum| crc24(&bytes).to_be_bytes().get(1..) == Some(checksum.as_slice()));
    right.then_some(bytes)
}

/// SPEC: RFC 9580 section 6.1.1. It finds slips, not attacks.
fn crc24(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 0x80_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x86_4cfb };
    bytes
        .iter()
        .fold(0xb7_04ce, |sum, byte| (0..8).fold(sum ^ (u32::from(*byte) << 16), |sum, _| step(sum) & 0xff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[u8]>) {
        assert_eq!(strip(text, "SIGNATURE").as_deref(), expected, "{text}");
    }

    #[test]
    fn one_block_and_nothing_around_it() {
        // pass: with and without header lines, checksum and last line feed
        check("-----BEGIN PGP SIGNATURE-----\n\nYWJj\n-----END PGP SIGNATURE-----\n", Some(b"abc"));
        check("-----BEGIN PGP SIGNATURE-----\nVersion: 1\n\nYW\nJj\n=uhx7\n-----END PGP SIGNATURE-----", Some(b"abc"));
        // fail: text around it, a wrong checksum, no blank line, something behind the checksum, another label, blanks, nothing inside
        for text in [
            "x\n-----BEGIN PGP SIGNATURE-----\n\nYWJj\n-----END PGP SIGNATURE-----\n",
            "-----BEGIN PGP SIGNATURE-----\n\nYWJj\n-----END PGP SIGNATURE-----\nx",
            "-----BEGIN PGP SIGNATURE-----\n\nYWJj\n-----END PGP SIGNATURE-----\n\n",
            "-----BEGIN PGP SIGNATURE-----\n\nYWJj\n=aaaa\n-----END PGP SIGNATURE-----\n",
            "-----BEGIN PGP SIGNATURE-----\nYWJj\n-----END PGP SIGNATURE-----\n",
            "-----BEGIN PGP SIGNATURE-----\n\n=uhx7\nYWJj\n-----END PGP SIGNATURE-----\n",
            "-----BEGIN PGP MESSAGE-----\n\nYWJj\n-----END PGP MESSAGE-----\n",
            "-----BEGIN PGP SIGNATURE-----\n\nYWJj \n-----END PGP SIGNATURE-----\n",
            "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n",
        ] {
            check(text, None);
        }
    }
}
