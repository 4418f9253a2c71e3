//! Bytes to packets, all of them or none.

use pgp::packet::{Packet, PacketParser, PacketTrait as _};
use pgp::types::PacketLength;

/// Reads every packet; absent when one cannot be read, is of unknown length, or when there are more than `limit`.
///
/// SECURITY: the library's own iterator ends quietly at bytes that begin no whole packet. Here they refuse the whole.
pub(super) fn read(bytes: &[u8], limit: usize) -> Option<Vec<Packet>> {
    let (mut rest, mut packets) = (bytes, Vec::new());
    while !rest.is_empty() {
        if packets.len() >= limit {
            return None;
        }
        let mut parser = PacketParser::new(rest);
        let packet = parser.next()?.ok()?;
        if !matches!(packet.packet_header().packet_length(), PacketLength::Fixed(_)) {
            return None;
        }
        rest = parser.into_inner();
        packets.push(packet);
    }
    Some(packets)
}
