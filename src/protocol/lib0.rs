//! lib0 variable-length integers, strings, buffers and state vectors, read totally.
//!
//! PURE. Every read is bounded by what is left of the input: a claimed length or count never
//! allocates. Integers must be minimal and below 2^53, as lib0 writes them; that closes the gap
//! between readers which wrap (yrs) and readers which throw (lib0).

use std::collections::BTreeMap;

use crate::id::ClientId;
use crate::limits::MAX_CLIENTS_PER_UPDATE;

/// Why bytes are malformed: no honest client sends them. Close 4400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// A position in bytes that only moves forward and never past the end.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Bytes that are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// Refuses what is left over.
    pub fn finish(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed("trailing bytes")) }
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        let byte = *self.bytes.get(self.at).ok_or(Malformed("truncated"))?;
        self.at += 1;
        Ok(byte)
    }

    /// `len` raw bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let end = self.at.checked_add(len).ok_or(Malformed("truncated"))?;
        let taken = self.bytes.get(self.at..end).ok_or(Malformed("truncated"))?;
        self.at = end;
        Ok(taken)
    }

    /// varUint: seven bits a byte, lowest first, below 2^53.
    pub fn var_uint(&mut self) -> Result<u64, Malformed> {
        let first = self.u8()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.continue_varint(u64::from(first & 0x7f), 7)
    }

    /// varInt: six bits and a sign in the first byte. Only its bounds matter here.
    pub fn var_int(&mut self) -> Result<i64, Malformed> {
        let first = self.u8()?;
        let low = u64::from(first & 0x3f);
        let size = if first < 0x80 { low } else { self.continue_varint(low, 6)? };
        let size = i64::try_from(size).map_err(|_| Malformed("integer above 2^53"))?;
        Ok(if first & 0x40 == 0 { size } else { -size })
    }

    /// The bytes after the first of a longer integer.
    fn continue_varint(&mut self, low: u64, mut shift: u32) -> Result<u64, Malformed> {
        let mut value = low;
        loop {
            let byte = self.u8()?;
            if shift > 49 {
                return Err(Malformed("integer above 2^53"));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                if byte == 0 {
                    return Err(Malformed("integer with padding"));
                }
                if value >= ClientId::END {
                    return Err(Malformed("integer above 2^53"));
                }
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// A varUint that fits in 32 bits.
    pub fn var_u32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.var_uint()?).map_err(|_| Malformed("integer above 2^32"))
    }

    /// A count of things of at least `min_bytes` bytes each, at most `max`.
    pub fn count(&mut self, min_bytes: usize, max: usize) -> Result<usize, Malformed> {
        let claimed = self.var_uint()?;
        let room = self.remaining() / min_bytes.max(1);
        match usize::try_from(claimed) {
            Ok(count) if count > max => Err(Malformed("count above the limit")),
            Ok(count) if count <= room => Ok(count),
            _ => Err(Malformed("count above what is left")),
        }
    }

    /// varUint8Array: a length and that many bytes.
    pub fn buffer(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.var_uint()?;
        self.take(usize::try_from(len).map_err(|_| Malformed("truncated"))?)
    }

    /// varString: a length in bytes and UTF-8.
    pub fn string(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.buffer()?).map_err(|_| Malformed("bad UTF-8"))
    }

    /// A client id.
    pub fn client(&mut self) -> Result<ClientId, Malformed> {
        self.var_uint().map(ClientId)
    }
}

/// Writes lib0 into a byte vector.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A writer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity) }
    }

    /// One byte.
    pub fn u8(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// varUint, minimal.
    pub fn var_uint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Raw bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// varUint8Array.
    pub fn buffer(&mut self, bytes: &[u8]) {
        self.var_uint(bytes.len() as u64);
        self.raw(bytes);
    }

    /// varString.
    pub fn string(&mut self, text: &str) {
        self.buffer(text.as_bytes());
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Bytes that a varUint of this value takes.
pub fn var_uint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// The clock that a replica has reached, per client id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateVector(pub BTreeMap<ClientId, u32>);

impl StateVector {
    /// Reads an encoded state vector, whole.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let count = reader.count(2, MAX_CLIENTS_PER_UPDATE)?;
        let mut clocks = BTreeMap::new();
        for _ in 0..count {
            let (client, clock) = (reader.client()?, reader.var_u32()?);
            if clocks.insert(client, clock).is_some() {
                return Err(Malformed("client named twice"));
            }
        }
        reader.finish()?;
        Ok(Self(clocks))
    }

    /// The encoding that Yjs reads; higher client ids first, as Yjs writes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(2 + self.0.len() * 8);
        out.var_uint(self.0.len() as u64);
        for (client, clock) in self.0.iter().rev() {
            out.var_uint(client.0);
            out.var_uint(u64::from(*clock));
        }
        out.finish()
    }

    /// The clock of one client, 0 where it is not named.
    pub fn clock(&self, client: ClientId) -> u32 {
        self.0.get(&client).copied().unwrap_or(0)
    }

    /// Whether this replica has everything that `other` has, deletions aside.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(client, clock)| self.clock(*client) >= *clock)
    }

    /// The same for yrs.
    pub fn to_yrs(&self) -> yrs::StateVector {
        self.0.iter().map(|(client, clock)| (yrs::block::ClientID::new(client.0), *clock)).collect()
    }

    /// The same from yrs.
    pub fn from_yrs(vector: &yrs::StateVector) -> Self {
        Self(vector.iter().map(|(client, clock)| (ClientId(client.get()), *clock)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var_uint(bytes: &[u8]) -> Result<u64, Malformed> {
        let mut reader = Reader::new(bytes);
        let value = reader.var_uint()?;
        reader.finish().map(|()| value)
    }

    #[test]
    fn integers_come_back_as_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 1 << 32, (1 << 53) - 1] {
            let mut out = Writer::default();
            out.var_uint(value);
            assert_eq!(out.len(), var_uint_len(value));
            assert_eq!(var_uint(&out.finish()), Ok(value));
        }
    }

    #[test]
    fn integers_above_2_53_with_padding_or_cut_off_are_refused() {
        let ten = [0xff; 10];
        let too_big = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
        let wraps = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        for bad in [&ten[..], &too_big, &wraps, &[0x80, 0x00], &[0x81, 0x80, 0x00], &[0x80], &[]] {
            assert!(var_uint(bad).is_err(), "{bad:x?}");
        }
    }

    #[test]
    fn signed_integers_read_like_lib0() {
        for (bytes, value) in
            [(&[0x2a][..], 42), (&[0x6a], -42), (&[0xbf, 0xff, 0xff, 0xff, 0x0f], 2_147_483_647)]
        {
            assert_eq!(Reader::new(bytes).var_int(), Ok(value));
        }
    }

    #[test]
    fn counts_and_lengths_are_held_against_what_is_left() {
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).count(1, usize::MAX).is_err());
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0x7f, 1]).buffer().is_err());
        assert!(Reader::new(&[2, 0xc3, 0x28]).string().is_err());
        assert_eq!(Reader::new(&[2, 0xc3, 0xa4]).string(), Ok("ä"));
    }

    #[test]
    fn state_vectors_come_back_and_are_bounded() {
        let vector = StateVector([(ClientId(7), 3), (ClientId(1 << 40), 900)].into());
        assert_eq!(StateVector::decode(&vector.encode()), Ok(vector.clone()));
        assert_eq!(StateVector::from_yrs(&vector.to_yrs()), vector);
        assert_eq!(StateVector::decode(&[0]), Ok(StateVector::default()));
        for bad in [&[1, 7][..], &[2, 7, 3, 7, 4], &[0, 0], &[0xff, 0xff, 0xff, 0x7f, 1, 1]] {
            assert!(StateVector::decode(bad).is_err(), "{bad:x?}");
        }
    }
}
