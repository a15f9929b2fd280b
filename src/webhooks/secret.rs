//! The secret that a webhook's receiver shares with us, and what it signs (Standard Webhooks, `v1`).
//!
//! Must never log a secret. At rest it is sealed for its webhook.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::id::WebhookId;
use crate::limits::WEBHOOK_SECRET_BYTES;
use crate::seal::{SealError, Sealer};

/// What a secret's text begins with, so that it is recognised wherever it got lost.
const PREFIX: &str = "whsec_";

/// A secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = vec![0; WEBHOOK_SECRET_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// As its receiver is told, once.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// As the store keeps it.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn seal(&self, sealer: &Sealer, webhook: &WebhookId) -> Result<Vec<u8>, SealError> {
        sealer.seal(&place(webhook), &self.0)
    }

    /// Out of the store.
    ///
    /// # Errors
    /// See [`SealError`].
    pub fn open(sealer: &Sealer, webhook: &WebhookId, sealed: &[u8]) -> Result<Self, SealError> {
        sealer.open(&place(webhook), sealed).map(Self)
    }

    /// The signature of a message, as it stands in `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

fn place(webhook: &WebhookId) -> String {
    format!("webhook/{webhook}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_opens_for_its_webhook_alone_and_is_not_shown() {
        let sealer = Sealer::new(&"a server's secret".to_owned().into()).unwrap();
        let (one, other) = ("one".parse().unwrap(), "other".parse().unwrap());
        let secret = Secret::draw().unwrap();
        let sealed = secret.seal(&sealer, &one).unwrap();
        assert_eq!(Secret::open(&sealer, &one, &sealed), Ok(secret.clone()));
        assert_eq!(Secret::open(&sealer, &other, &sealed), Err(SealError::Damaged));
        assert!(!format!("{secret:?}").contains(&STANDARD.encode(&secret.0)));
    }
}
