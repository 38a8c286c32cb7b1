//! Standard Webhooks signatures, on both ways, against our own clock.

use base64::Engine as _;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use standardwebhooks::Webhook;

/// A signature is good for this long before and after its time, in seconds.
pub const WINDOW_S: u64 = 300;

/// What is wrong with a secret or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Empty, or `whsec_` without base64 behind it.
    #[error("密钥为空，或 whsec_ 之后不是 base64")]
    Secret,
    /// A header is missing or is not what it should be.
    #[error("缺少签名头 webhook-id、webhook-timestamp 或 webhook-signature")]
    Missing,
    /// Outside of [`WINDOW_S`].
    #[error("签名时间超出 5 分钟窗口")]
    Stale,
    /// Made with another secret or for another body.
    #[error("签名不正确")]
    Wrong,
}

/// The three headers of a signed request, as received.
#[derive(Debug, Clone, Copy)]
pub struct SignedHeaders<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more `v1,…` separated by spaces.
    pub signature: &'a str,
}

/// Signs what goes out and checks what comes in. Its secret never shows.
pub struct Signer(Webhook);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    /// A secret is `whsec_` + base64, plain base64 (as the Standard Webhooks libraries read it), or any other words
    /// taken as bytes.
    ///
    /// # Errors
    /// [`SignatureError::Secret`].
    pub fn new(secret: &SecretString) -> Result<Self, SignatureError> {
        let words = secret.expose_secret();
        let (bare, marked) = words.strip_prefix("whsec_").map_or((words, false), |bare| (bare, true));
        let key = match base64::engine::general_purpose::STANDARD.decode(bare) {
            Ok(key) => key,
            Err(_) if !marked => words.as_bytes().to_vec(),
            Err(_) => return Err(SignatureError::Secret),
        };
        if key.is_empty() {
            return Err(SignatureError::Secret);
        }
        Webhook::from_bytes(key).map(Self).map_err(|_| SignatureError::Secret)
    }

    /// The value of `webhook-signature` for a body.
    ///
    /// # Errors
    /// [`SignatureError::Wrong`] when the body is not UTF-8.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> Result<String, SignatureError> {
        self.0.sign(id, at.as_second(), body).map_err(|_| SignatureError::Wrong)
    }

    /// Checks the headers of a request against its body.
    ///
    /// # Errors
    /// Everything but [`SignatureError::Secret`].
    pub fn check(&self, headers: SignedHeaders<'_>, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
        let SignedHeaders { id, timestamp, signature } = headers;
        if id.is_empty() || signature.is_empty() {
            return Err(SignatureError::Missing);
        }
        let at: i64 = timestamp.parse().map_err(|_| SignatureError::Missing)?;
        if now.as_second().abs_diff(at) > WINDOW_S {
            return Err(SignatureError::Stale);
        }
        let wanted = self.0.sign(id, at, body).map_err(|_| SignatureError::Wrong)?;
        if signature.split(' ').any(|one| same(one, &wanted)) { Ok(()) } else { Err(SignatureError::Wrong) }
    }
}

/// Compares in a time that does not depend on where the first difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}
