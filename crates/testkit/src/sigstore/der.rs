//! DER, as far as certificates and timestamps need it.

use time::OffsetDateTime;

/// One element: tag, length, content.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        length @ 0..=0x7f => bytes.push(length as u8),
        length @ 0x80..=0xff => bytes.extend([0x81, length as u8]),
        length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    bytes.extend_from_slice(content);
    bytes
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub(super) fn set(parts: &[&[u8]]) -> Vec<u8> {
    element(0x31, &parts.concat())
}

/// `[number] EXPLICIT`.
pub(super) fn tagged(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

pub(super) fn integer(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
    let mut content = bytes.iter().skip(skip).copied().collect::<Vec<u8>>();
    if content.first().is_some_and(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    element(0x04, content)
}

pub(super) fn bits(content: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], content].concat())
}

pub(super) fn utf8(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// An object identifier from its dotted form.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let mut numbers = dotted.split('.').map(|number| number.parse::<u64>().unwrap_or(0));
    let first = numbers.next().unwrap_or(0) * 40 + numbers.next().unwrap_or(0);
    let mut content = Vec::new();
    for number in std::iter::once(first).chain(numbers) {
        let septets = (0..10).rev().map(|place| ((number >> (7 * place)) & 0x7f) as u8);
        let septets: Vec<u8> = septets.skip_while(|septet| *septet == 0).collect();
        let last = septets.len().saturating_sub(1);
        if septets.is_empty() {
            content.push(0);
        }
        content.extend(septets.iter().enumerate().map(|(at, septet)| if at == last { *septet } else { septet | 0x80 }));
    }
    element(0x06, &content)
}

/// `UTCTime`, as certificates of this century have it.
pub(super) fn utc_time(moment: i64) -> Vec<u8> {
    let text = digits(moment);
    element(0x17, text.as_bytes().get(2..).unwrap_or_default())
}

/// `GeneralizedTime`, in whole seconds.
pub(super) fn generalized_time(moment: i64) -> Vec<u8> {
    element(0x18, digits(moment).as_bytes())
}

fn digits(moment: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(moment).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (time.date(), time.time());
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}
