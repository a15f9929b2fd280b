//! The bytes of a log row: all updates of a batch in one payload, and the checksums that guard rows, snapshots and bindings.
//!
//! PURE. Must not know which database keeps them.

use bytes::{BufMut, Bytes, BytesMut};

use crate::id::{BatchId, ClientId, DiagramId, NodeId, Seq, UserId};

/// Why a payload can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload is malformed at byte {0}")]
pub struct Malformed(pub usize);

/// One payload out of a batch's updates: their count, then each one's length and bytes (LEB128 integers).
pub fn encode(updates: &[Bytes]) -> Bytes {
    let size: usize = updates.iter().map(|u| u.len() + 10).sum();
    let mut out = BytesMut::with_capacity(size + 10);
    put_varint(&mut out, updates.len() as u64);
    for update in updates {
        put_varint(&mut out, update.len() as u64);
        out.put_slice(update);
    }
    out.freeze()
}

/// The updates of a payload, as slices of it.
///
/// # Errors
/// [`Malformed`] unless the payload is consumed whole.
pub fn decode(payload: &Bytes) -> Result<Vec<Bytes>, Malformed> {
    let mut at = 0;
    let count = varint(payload, &mut at)?;
    let mut updates = Vec::new();
    for _ in 0..count {
        let length = varint(payload, &mut at)?;
        let end =
            usize::try_from(length).ok().and_then(|n| at.checked_add(n)).ok_or(Malformed(at))?;
        if end > payload.len() {
            return Err(Malformed(at));
        }
        updates.push(payload.slice(at..end));
        at = end;
    }
    if at == payload.len() { Ok(updates) } else { Err(Malformed(at)) }
}

/// The checksum of a row: over its place too, so that a row in the wrong place is found out.
pub fn row_checksum(
    room: &DiagramId,
    seq: Seq,
    node: NodeId,
    batch: BatchId,
    payload: &[u8],
) -> u32 {
    let mut hash = placed(room, seq);
    hash.update(&node.0.to_le_bytes());
    hash.update(&batch.0.to_le_bytes());
    hash.update(payload);
    hash.finalize()
}

/// The checksum of a snapshot.
pub fn snapshot_checksum(room: &DiagramId, seq: Seq, state: &[u8]) -> u32 {
    let mut hash = placed(room, seq);
    hash.update(state);
    hash.finalize()
}

/// The checksum of a binding.
pub fn binding_checksum(room: &DiagramId, client: ClientId, user: &UserId) -> u32 {
    let mut hash = placed(room, Seq(client.0));
    hash.update(user.as_str().as_bytes());
    hash.finalize()
}

fn placed(room: &DiagramId, seq: Seq) -> crc32fast::Hasher {
    let mut hash = crc32fast::Hasher::new();
    hash.update(room.as_str().as_bytes());
    hash.update(&seq.0.to_le_bytes());
    hash
}

fn put_varint(out: &mut BytesMut, mut n: u64) {
    while n >= 0x80 {
        out.put_u8((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.put_u8((n & 0x7f) as u8);
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Malformed> {
    let mut n = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or(Malformed(*at))?;
        let low = u64::from(byte & 0x7f);
        if shift == 63 && low > 1 {
            return Err(Malformed(*at));
        }
        *at += 1;
        n |= low << shift;
        if byte & 0x80 == 0 {
            return Ok(n);
        }
    }
    Err(Malformed(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(id: &str) -> DiagramId {
        id.parse().unwrap()
    }

    #[test]
    fn payloads_come_back_as_they_were() {
        for updates in [vec![], vec![0], vec![1, 127, 128, 300], vec![70_000, 0, 0]] {
            let updates: Vec<Bytes> = updates.iter().map(|&n| Bytes::from(vec![7_u8; n])).collect();
            assert_eq!(decode(&encode(&updates)).unwrap(), updates);
        }
    }

    #[test]
    fn a_payload_cut_short_or_with_a_tail_is_malformed() {
        let whole = encode(&[Bytes::from_static(b"abc"), Bytes::from_static(b"defg")]);
        for n in 0..whole.len() {
            assert!(decode(&whole.slice(..n)).is_err(), "cut at {n}");
        }
        let mut long = whole.to_vec();
        long.push(0);
        assert!(decode(&long.into()).is_err());
    }

    #[test]
    fn a_claimed_length_is_not_trusted() {
        for hostile in
            [&[0xff; 16][..], &[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]]
        {
            assert!(decode(&Bytes::copy_from_slice(hostile)).is_err());
        }
    }

    #[test]
    fn every_single_bit_and_every_wrong_place_changes_the_checksum() {
        let payload = encode(&[Bytes::from_static(b"some update")]);
        let (node, batch) = (NodeId(3), BatchId(4));
        let good = row_checksum(&room("a"), Seq(1), node, batch, &payload);
        for bit in 0..payload.len() * 8 {
            let mut bad = payload.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(row_checksum(&room("a"), Seq(1), node, batch, &bad), good, "bit {bit}");
        }
        assert_ne!(row_checksum(&room("b"), Seq(1), node, batch, &payload), good);
        assert_ne!(row_checksum(&room("a"), Seq(2), node, batch, &payload), good);
        assert_ne!(row_checksum(&room("a"), Seq(1), NodeId(4), batch, &payload), good);
        assert_ne!(row_checksum(&room("a"), Seq(1), node, BatchId(5), &payload), good);
    }
}
