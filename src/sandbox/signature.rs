//! Standard Webhooks signatures, checked against the platform's own clock.

use base64::Engine as _;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use standardwebhooks::Webhook;

/// A signature is good for this long before and after its time, in seconds.
const WINDOW_S: i64 = 300;

/// Signs what goes out and checks what comes in.
pub(super) struct Signer(Webhook);

/// What is wrong with a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignatureError {
    #[error("缺少签名头 webhook-id、webhook-timestamp 或 webhook-signature")]
    Missing,
    #[error("签名时间超出 5 分钟窗口")]
    Stale,
    #[error("签名不正确")]
    Wrong,
}

impl Signer {
    /// `None` when the secret is empty, or says `whsec_` and is not base64.
    pub(super) fn new(secret: &SecretString) -> Option<Self> {
        let words = secret.expose_secret();
        let bare = words.strip_prefix("whsec_").unwrap_or(words);
        let key = match base64::engine::general_purpose::STANDARD.decode(bare) {
            Ok(key) => key,
            Err(_) if bare.len() == words.len() => words.as_bytes().to_vec(),
            Err(_) => return None,
        };
        if key.is_empty() {
            return None;
        }
        Webhook::from_bytes(key).ok().map(Self)
    }

    /// The value of `webhook-signature`; `None` when the body is not UTF-8.
    pub(super) fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> Option<String> {
        self.0.sign(id, at.as_second(), body).ok()
    }

    /// Checks the three headers of a request against its body.
    pub(super) fn check(&self, headers: &axum::http::HeaderMap, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).ok_or(SignatureError::Missing);
        let (id, at, given) = (text("webhook-id")?, text("webhook-timestamp")?, text("webhook-signature")?);
        let at: i64 = at.parse().map_err(|_| SignatureError::Missing)?;
        if now.as_second().abs_diff(at) > WINDOW_S.unsigned_abs() {
            return Err(SignatureError::Stale);
        }
        let wanted = self.0.sign(id, at, body).map_err(|_| SignatureError::Wrong)?;
        if given.split(' ').any(|one| same(one, &wanted)) { Ok(()) } else { Err(SignatureError::Wrong) }
    }
}

/// Compares in a time that does not depend on where the first difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}
