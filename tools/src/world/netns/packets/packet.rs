//! Packets of IPv4 as the kernel hands them over: their ends, and the checksum that the kernel left open.

use std::net::Ipv4Addr;

/// The numbers of protocols (IANA, "Protocol Numbers").
const TCP: u8 = 6;
const UDP: u8 = 17;
/// The bytes of a header without options (RFC 791).
const HEADER: usize = 20;

/// Returns the addresses of the sender and the receiver.
pub(super) fn ends(packet: &[u8]) -> Option<[Ipv4Addr; 2]> {
    let address = |at: usize| {
        let bytes: [u8; 4] = packet.get(at..at + 4)?.try_into().ok()?;
        Some(Ipv4Addr::from(bytes))
    };
    Some([address(12)?, address(16)?])
}

/// Completes the checksum of TCP or UDP, where the kernel left it to the hardware. It is then the sum of the
/// pseudo header alone. A complete checksum that is the same by chance is replaced by itself.
pub(super) fn complete(packet: &mut [u8]) {
    let Some((start, field, protocol)) = open_checksum(packet) else { return };
    let length = u32::try_from(packet.len() - start).unwrap_or(0);
    let pseudo = fold(sum(&packet[12..HEADER]) + u32::from(protocol) + length);
    let stored = u16::from_be_bytes([packet[field], packet[field + 1]]);
    if stored != pseudo {
        return;
    }
    // The field holds the sum of the pseudo header, as the kernel means it to: it is summed with the rest.
    let checksum = match !fold(sum(&packet[start..])) {
        // UDP keeps zero for datagrams without a checksum (RFC 768).
        0 if protocol == UDP => u16::MAX,
        checksum => checksum,
    };
    packet[field..field + 2].copy_from_slice(&checksum.to_be_bytes());
}

/// Returns the start of the segment, the place of its checksum and its protocol. A fragment has none: the
/// kernel completes the checksum before it cuts a packet into fragments.
fn open_checksum(packet: &[u8]) -> Option<(usize, usize, u8)> {
    let start = usize::from(packet.first()? & 0x0f) * 4;
    let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x3fff;
    let protocol = *packet.get(9)?;
    let field = start
        + match protocol {
            TCP => 16,
            UDP => 6,
            _ => return None,
        };
    (start >= HEADER && fragment == 0 && packet.len() >= field + 2).then_some((start, field, protocol))
}

/// Returns the sum of big-endian words of 16 bits. A packet has at most 64 KiB, so that the sum cannot overflow.
fn sum(bytes: &[u8]) -> u32 {
    let mut words = bytes.chunks_exact(2);
    let sum: u32 = words.by_ref().map(|word| u32::from(u16::from_be_bytes([word[0], word[1]]))).sum();
    sum + words.remainder().first().map_or(0, |last| u32::from(*last) << 8)
}

/// Folds a sum to 16 bits, in ones' complement (RFC 1071).
fn fold(mut sum: u32) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A datagram from 10.0.1.0:1 to 10.0.1.1:2 with the payload "abc", and a checksum.
    fn datagram(checksum: [u8; 2]) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 31, 0, 1, 0x40, 0, 64, UDP, 0, 0, 10, 0, 1, 0, 10, 0, 1, 1];
        packet.extend([0, 1, 0, 2, 0, 11, checksum[0], checksum[1]]);
        packet.extend(*b"abc");
        packet
    }

    /// The sum of the pseudo header: 0a00 + 0100 + 0a00 + 0101 + 0011 + 000b.
    const OPEN: [u8; 2] = [0x16, 0x1d];

    #[test]
    fn a_packet_names_its_ends() {
        let ends = ends(&datagram(OPEN)).map(|ends| ends.map(|end| end.to_string()));
        assert_eq!(ends, Some(["10.0.1.0".to_owned(), "10.0.1.1".to_owned()]));
        assert_eq!(super::ends(&[0x45; 19]), None);
    }

    #[test]
    fn a_checksum_that_was_left_open_is_completed() {
        let mut packet = datagram(OPEN);
        complete(&mut packet);
        // All words of the datagram and of the pseudo header sum to ffff (RFC 1071).
        let whole = fold(sum(&packet[12..20]) + u32::from(UDP) + 11 + sum(&packet[20..]));
        assert_eq!(whole, 0xffff);
        let done = packet.clone();
        complete(&mut packet);
        assert_eq!(packet, done);
    }

    #[test]
    fn checksums_that_are_wrong_absent_or_of_fragments_stay() {
        for checksum in [[0x12, 0x34], [0, 0]] {
            let mut packet = datagram(checksum);
            complete(&mut packet);
            assert_eq!(packet, datagram(checksum));
        }
        let mut fragment = datagram(OPEN);
        fragment[6] = 0x20;
        let before = fragment.clone();
        complete(&mut fragment);
        assert_eq!(fragment, before);
    }

    #[test]
    fn packets_that_are_cut_short_are_left_alone() {
        for length in 0..datagram(OPEN).len() {
            let mut packet = datagram(OPEN)[..length].to_vec();
            complete(&mut packet);
        }
        let mut strange = datagram(OPEN);
        strange[0] = 0x4f;
        complete(&mut strange);
    }
}
