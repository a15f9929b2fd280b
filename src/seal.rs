//! Secrets that the store keeps for others, sealed under the server's own: AES-256-GCM, with a key derived from
//! it by HKDF-SHA256.
//!
//! A sealed text says under which key it was made, and opens only in the place it was made for. Must never log
//! what it seals, nor its keys.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::{ExposeSecret, SecretString};

/// What the derived keys are for: the server's secret also signs tokens, with another algorithm.
const SALT: &[u8] = b"atelier/seal";
/// The first byte of a sealed text: its format.
const FORMAT: u8 = 1;
/// Bytes by which a key is told from others.
const KEY_ID_BYTES: usize = 4;
/// Format and key id.
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES;

/// Seals and opens.
pub struct Sealer {
    key: RandomizedNonceKey,
    id: [u8; KEY_ID_BYTES],
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// Why something is not sealed or opened. Never says what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed under another secret of the server.
    #[error("it was sealed under another secret of the server")]
    OtherKey,
    /// It was changed, or made for another place.
    #[error("what was sealed is damaged")]
    Damaged,
    /// The library refuses.
    #[error("nothing can be sealed")]
    Library,
}

impl Sealer {
    /// With the keys of the server's secret.
    ///
    /// # Errors
    /// `Library`.
    pub fn new(secret: &SecretString) -> Result<Self, SealError> {
        let root = Salt::new(HKDF_SHA256, SALT).extract(secret.expose_secret().as_bytes());
        let (mut key, mut id) = ([0; 32], [0; KEY_ID_BYTES]);
        for (out, info) in [(&mut key[..], &b"key 1"[..]), (&mut id[..], &b"key id 1"[..])] {
            let info = [info];
            let derived = root.expand(&info, Length(out.len()));
            derived.and_then(|okm| okm.fill(out)).map_err(|_| SealError::Library)?;
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| SealError::Library)?;
        Ok(Self { key, id })
    }

    /// Seals a text for one place, such as `webhook/<id>`: moved elsewhere, it does not open.
    ///
    /// # Errors
    /// `Library`.
    pub fn seal(&self, place: &str, text: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut body = text.to_vec();
        let nonce = self.key.seal_in_place_append_tag(self.bound(place), &mut body);
        let nonce = nonce.map_err(|_| SealError::Library)?;
        Ok([&[FORMAT][..], &self.id, nonce.as_ref(), &body].concat())
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// `OtherKey` or `Damaged`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (head, rest) = sealed.split_at_checked(HEAD_BYTES).ok_or(SealError::Damaged)?;
        match head {
            [FORMAT, id @ ..] if *id == self.id => {}
            [FORMAT, ..] => return Err(SealError::OtherKey),
            _ => return Err(SealError::Damaged),
        }
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(SealError::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Damaged)?;
        let mut body = body.to_vec();
        let opened = self.key.open_in_place(nonce, self.bound(place), &mut body);
        let length = opened.map_err(|_| SealError::Damaged)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// What is not secret, and yet can't be changed.
    fn bound(&self, place: &str) -> Aad<Vec<u8>> {
        Aad::from([&[FORMAT][..], &self.id, place.as_bytes()].concat())
    }
}

/// A number of derived bytes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(secret: &str) -> Sealer {
        Sealer::new(&SecretString::from(secret)).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_secret_in_the_same_place() {
        for text in [&b""[..], b"a secret", &[0xff; 1000]] {
            let sealed = sealer("one").seal("webhook/1", text).unwrap();
            assert_eq!(sealer("one").open("webhook/1", &sealed).unwrap(), text);
            assert_eq!(sealer("two").open("webhook/1", &sealed), Err(SealError::OtherKey));
            assert_eq!(sealer("one").open("webhook/2", &sealed), Err(SealError::Damaged));
        }
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time_and_never_shows() {
        let sealer = sealer("one");
        let (a, b) =
            (sealer.seal("p", b"a secret").unwrap(), sealer.seal("p", b"a secret").unwrap());
        assert_ne!(a, b);
        assert!(!a.windows(8).any(|part| part == b"a secret"));
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_noticed() {
        let sealer = sealer("one");
        let sealed = sealer.seal("p", b"a secret").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.open("p", &bad).is_err(), "bit {bit}");
        }
        for end in 0..sealed.len() {
            assert_eq!(sealer.open("p", &sealed[..end]), Err(SealError::Damaged), "cut at {end}");
        }
    }
}
